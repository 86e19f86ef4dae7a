//===- Profile.cpp - Where the time of a run goes -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Run/Profile.h"

#include "lib/Run/Measure.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <chrono>

using namespace llvm;

namespace mlir::bnn {

namespace {
using Clock = std::chrono::steady_clock;

/// What the hook notes: when each operation began, and its work.
struct Record {
  std::vector<Clock::time_point> starts;
  std::vector<uint64_t> binaryMACs;
};
} // namespace

static void note(void *context, uint32_t index, uint64_t binaryMACs) {
  Clock::time_point now = Clock::now();
  Record &record = *static_cast<Record *>(context);
  record.starts[index] = now;
  record.binaryMACs[index] = binaryMACs;
}

Expected<Profile> profileModel(BoundModel &model, ArrayRef<bnn_profiled_op> ops,
                               unsigned rounds) {
  // The hook is called once more at the end.
  Record record;
  record.starts.resize(ops.size() + 1);
  record.binaryMACs.resize(ops.size() + 1);
  bnn_options options = {};
  options.struct_size = sizeof options;
  options.profile = note;
  options.profile_context = &record;
  std::vector<std::vector<double>> times(ops.size());
  std::vector<double> clocks;
  for (unsigned round = 0; round <= rounds; ++round) {
    clocks.push_back(measureClock());
    if (int32_t status = model.run(&options); status != BNN_OK)
      return make_error<ModelError>(status);
    // The first one warms the caches.
    for (size_t i = 0; round && i < ops.size(); ++i)
      times[i].push_back(
          std::chrono::duration<double>(record.starts[i + 1] - record.starts[i])
              .count());
  }
  Profile profile;
  profile.rounds = rounds;
  profile.clock = quantile(clocks, 0.5);
  for (size_t i = 0; i < ops.size(); ++i) {
    profile.ops.push_back(
        {ops[i], quantile(times[i], 0.5), record.binaryMACs[i]});
    profile.seconds += profile.ops.back().seconds;
  }
  return profile;
}

/// The last columns: what the binary arithmetic reached.
static void printRate(double binaryMACs, double seconds, double limit,
                      double clock, raw_ostream &out) {
  double rate = binaryMACs / (seconds * clock);
  if (binaryMACs > 0)
    out << format("%8.1f", rate);
  else
    out << "       -";
  if (binaryMACs > 0 && limit > 0)
    out << format(" %7.1f%%", 100 * rate / limit);
  else
    out << "        -";
}

void printProfile(const Profile &profile, raw_ostream &out) {
  out << format("%u runs after a first one, medians; clock %.2f GHz\n\n",
                profile.rounds, profile.clock * 1e-9)
      << "       us  share  MAC/cyc  of port  kind             node\n";
  struct Total {
    unsigned count = 0;
    double seconds = 0, binaryMACs = 0;
    // Cycles that the ports need; 0 where one operation's limit is not known.
    double portCycles = 0;
    bool known = true;
  };
  MapVector<StringRef, Total> totals;
  for (const OpProfile &op : profile.ops) {
    out << format("%9.2f %5.1f%% ", op.seconds * 1e6,
                  100 * op.seconds / profile.seconds);
    printRate(op.binaryMACs, op.seconds, op.op.port_limit, profile.clock, out);
    out << "  " << left_justify(op.op.kind, 16) << ' ' << op.op.name << '\n';
    Total &total = totals[op.op.kind];
    ++total.count;
    total.seconds += op.seconds;
    total.binaryMACs += op.binaryMACs;
    if (op.op.port_limit > 0)
      total.portCycles += op.binaryMACs / op.op.port_limit;
    else
      total.known = false;
  }
  auto sorted = totals.takeVector();
  llvm::sort(sorted, [](const auto &a, const auto &b) {
    return a.second.seconds > b.second.seconds;
  });
  out << "\n       us  share  MAC/cyc  of port  kind             operations\n";
  for (const auto &[kind, total] : sorted) {
    out << format("%9.2f %5.1f%% ", total.seconds * 1e6,
                  100 * total.seconds / profile.seconds);
    printRate(total.binaryMACs, total.seconds,
              total.known && total.portCycles > 0
                  ? total.binaryMACs / total.portCycles
                  : 0,
              profile.clock, out);
    out << "  " << left_justify(kind, 16) << ' ' << total.count << '\n';
  }
  out << format("%9.2f 100.0%%                    total            %zu\n",
                profile.seconds * 1e6, profile.ops.size());
}

} // namespace mlir::bnn
