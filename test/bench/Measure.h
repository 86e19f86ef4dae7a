// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times contenders against each other in one interleaved run.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bnn::bench {

/// One of the things that are compared: a name and one call of it.
struct Contender {
  std::string name;
  std::function<void()> run;
};

/// What a row of the table says. Times are seconds of CPU a call.
struct Row {
  std::string name;
  /// The contender that ours was compared with: the fastest of the others.
  std::string other;
  double oursMedian = 0, otherMedian = 0;
  /// The other's time over ours: the median and the 10th percentile of rounds.
  double ratioMedian = 0, ratioP10 = 0;
  int rounds = 0;
};

/// The value below which `fraction` (0 to 1) of the values lie, interpolated
/// between neighbours. `values` must not be empty.
double quantile(std::vector<double> values, double fraction);

/// Runs ours and every other contender in `rounds` rounds (at least 1). In a
/// round each takes its turn, and the order rotates. A turn is one call that is
/// not timed (unless a call takes a tenth of a second), so that nobody finds
/// another's data in the caches, and then as many as take some milliseconds.
Row measure(const std::string &name, const Contender &ours,
            const std::vector<Contender> &others, int rounds);

} // namespace bnn::bench
