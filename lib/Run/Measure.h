//===- Measure.h - Time contenders in one interleaved run -------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace mlir::bnn {

/// One of the things that are compared: a name and one call of it.
struct Contender {
  std::string name;
  std::function<void()> run;
};

/// The value below which `fraction` (0 to 1) of the values lie, interpolated
/// between neighbours. `values` must not be empty.
double quantile(std::vector<double> values, double fraction);

/// The quotients of two rows of times, round by round.
std::vector<double> ratios(const std::vector<double> &times,
                           const std::vector<double> &over);

/// Keeps this thread, and those that it starts, on the last core that it may
/// use: the first ones serve interrupts. Returns the core's number, or -1 where
/// the operating system does not allow it.
int pinToOneCore();

/// Runs every contender in `rounds` rounds (at least 1) and returns its times
/// in seconds of CPU a call, [contender][round]. In a round each takes its
/// turn, and the order rotates. A turn is one call that is not timed (unless a
/// call takes a tenth of a second), so that nobody finds another's data in the
/// caches, and then as many as take some milliseconds.
std::vector<std::vector<double>>
interleave(const std::vector<const Contender *> &contenders, int rounds);

/// Cycles a second of this core, now: by a chain of additions, each of which
/// waits for the one before and takes one cycle.
double measureClock();

} // namespace mlir::bnn
