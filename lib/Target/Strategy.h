// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the binary kernels are shaped for a target.
#pragma once

#include "dialects/BNN/BNNBase.h"
#include "lib/Target/Target.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

namespace mlir::bnn {

/// One way to shape the binary matmul: its register tile.
struct KernelStrategy {
  /// What --strategy calls it.
  llvm::StringLiteral name;
  /// The architecture it is meant for: a triple's architecture, or "any".
  llvm::StringLiteral architecture;
  /// The LLVM features it is meant for, "+a,+b". Empty: no demand.
  llvm::StringLiteral features;
  /// Rows of activations that a tile holds.
  unsigned rows;
  /// Panels of kLanes outputs that a tile holds; one number of lanes for all
  /// targets, so that one weight layout serves them all.
  unsigned panels;
  /// Whether bits are counted in bytes, for want of a popcount of words.
  bool byteCounts;
  /// Whether the bits of many rows are counted by table, where an instruction
  /// looks up bytes.
  bool lookup;
  /// Whether words go two at a time through a carry-save adder.
  bool parity;
  /// Queries that attention has in flight.
  unsigned queries;
  /// Why this shape.
  llvm::StringLiteral reason;
};

/// Every strategy; among those that a target fits the last one is the best.
llvm::ArrayRef<KernelStrategy> kernelStrategies();

/// What selectStrategy found.
struct StrategyChoice {
  const KernelStrategy *strategy = nullptr;
  /// Set where the user should know that something better is missing.
  std::optional<std::string> warning;
};

/// The strategy for a target, or the one named `forced` unless that is empty.
/// Every strategy is correct on every target; they differ in speed alone. A
/// target of an architecture without one gets the portable one and a warning.
/// Fails when no strategy is called `forced`.
llvm::Expected<StrategyChoice> selectStrategy(const TargetSpec &spec,
                                              llvm::StringRef forced);

/// What --print-targets shows: the strategies, and the architectures that this
/// LLVM can generate code for.
void printTargets(llvm::raw_ostream &out);

} // namespace mlir::bnn
