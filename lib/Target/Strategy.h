//===- Strategy.h - How kernels are shaped for a target ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNNBase.h"
#include "lib/Target/Target.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

namespace mlir::bnn {

/// A register tile of the dots that count bits in words.
struct KernelTile {
  unsigned rows;   ///< Of activations.
  unsigned panels; ///< Of 16 outputs.
};

/// A dot of a strategy, `#bnn.dot<kind, rows = .., panels = .., options>`.
struct StrategyDot {
  DotKind kind;
  KernelTile tile;
  /// What else it has, as it is written in the attribute.
  llvm::StringLiteral options;
  /// Why this one, and this tile.
  llvm::StringLiteral reason;
};

/// The dots for one kind of CPU.
struct KernelStrategy {
  /// What --strategy calls it.
  llvm::StringLiteral name;
  /// The architecture it is meant for: a triple's architecture, or "any".
  llvm::StringLiteral architecture;
  /// The LLVM features it is meant for, "+a,+b". Empty: no demand.
  llvm::StringLiteral features;
  llvm::ArrayRef<StrategyDot> dots;

  /// The tile of the products of bits.
  KernelTile getTile() const;
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

/// The `#bnn.target` of a strategy on a target, with `tile` in place of the
/// tile of its dots that count bits in words, if there is one: 1 to 16 rows by
/// 1 to 4 panels.
TargetAttr getTargetAttr(mlir::MLIRContext *context, const TargetSpec &spec,
                         const KernelStrategy &strategy,
                         std::optional<KernelTile> tile);

/// What --print-targets shows: the strategies, and the architectures that this
/// LLVM can generate code for.
void printTargets(llvm::raw_ostream &out);

} // namespace mlir::bnn
