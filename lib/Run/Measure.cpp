//===- Measure.cpp - Time contenders in one interleaved run ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/Measure.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <sched.h>

namespace mlir::bnn {
namespace {

// CPU time of the whole process, helper threads included: what other programs
// on a shared machine take from the core does not count, for anyone.
double now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

double timeCalls(const Contender &contender, int calls) {
  double start = now();
  for (int i = 0; i < calls; ++i)
    contender.run();
  return (now() - start) / calls;
}

// Long enough for the clock, short enough to interleave finely.
constexpr double turnSeconds = 2e-3;

// A call this long hardly gains from warm caches.
constexpr double longSeconds = 0.1;

struct Turn {
  int calls = 1;
  bool warmUp = true;
};

Turn planTurn(const Contender &contender) {
  contender.run();
  for (Turn turn;; turn.calls *= 2) {
    double seconds = timeCalls(contender, turn.calls) * turn.calls;
    turn.warmUp = seconds < longSeconds;
    if (seconds >= turnSeconds || turn.calls >= 1 << 20)
      return turn;
  }
}

} // namespace

double quantile(std::vector<double> values, double fraction) {
  std::sort(values.begin(), values.end());
  double place = fraction * double(values.size() - 1);
  size_t below = size_t(place);
  size_t above = std::min(below + 1, values.size() - 1);
  return values[below] +
         (place - double(below)) * (values[above] - values[below]);
}

std::vector<double> ratios(const std::vector<double> &times,
                           const std::vector<double> &over) {
  std::vector<double> result;
  for (size_t round = 0; round < times.size(); ++round)
    result.push_back(times[round] / over[round]);
  return result;
}

int pinToOneCore() {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed))
    return -1;
  int core = CPU_SETSIZE - 1;
  while (core > 0 && !CPU_ISSET(core, &allowed))
    --core;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  return sched_setaffinity(0, sizeof one, &one) ? -1 : core;
}

std::vector<std::vector<double>>
interleave(const std::vector<const Contender *> &contenders, int rounds) {
  std::vector<Turn> turns;
  for (const Contender *contender : contenders)
    turns.push_back(planTurn(*contender));
  std::vector<std::vector<double>> times(contenders.size());
  for (int round = 0; round < rounds; ++round)
    for (size_t turn = 0; turn < contenders.size(); ++turn) {
      size_t who = (turn + size_t(round)) % contenders.size();
      if (turns[who].warmUp)
        contenders[who]->run();
      times[who].push_back(timeCalls(*contenders[who], turns[who].calls));
    }
  return times;
}

double measureClock() {
  constexpr int64_t additions = 1 << 20;
  // What the compiler cannot see through it can neither fold nor vectorise.
  uint64_t sum = 0, step = 1;
  double start = now();
  for (int64_t i = 0; i < additions; i += 8) {
    asm volatile("" : "+r"(sum), "+r"(step));
    for (int j = 0; j < 8; ++j) {
      sum += step;
      asm volatile("" : "+r"(sum));
    }
  }
  return double(additions) / (now() - start);
}

} // namespace mlir::bnn
