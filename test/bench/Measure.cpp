// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/bench/Measure.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace bnn::bench {
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

Row measure(const std::string &name, const Contender &ours,
            const std::vector<Contender> &others, int rounds) {
  std::vector<const Contender *> all = {&ours};
  for (const Contender &other : others)
    all.push_back(&other);
  std::vector<Turn> turns;
  for (const Contender *contender : all)
    turns.push_back(planTurn(*contender));
  std::vector<std::vector<double>> times(all.size());
  for (int round = 0; round < rounds; ++round)
    for (size_t turn = 0; turn < all.size(); ++turn) {
      size_t who = (turn + size_t(round)) % all.size();
      if (turns[who].warmUp)
        all[who]->run();
      times[who].push_back(timeCalls(*all[who], turns[who].calls));
    }
  size_t best = 1;
  for (size_t who = 2; who < all.size(); ++who)
    if (quantile(times[who], 0.5) < quantile(times[best], 0.5))
      best = who;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round)
    ratios.push_back(times[best][size_t(round)] / times[0][size_t(round)]);
  Row row;
  row.name = name;
  row.other = all[best]->name;
  row.oursMedian = quantile(times[0], 0.5);
  row.otherMedian = quantile(times[best], 0.5);
  row.ratioMedian = quantile(ratios, 0.5);
  row.ratioP10 = quantile(ratios, 0.1);
  row.rounds = rounds;
  return row;
}

} // namespace bnn::bench
