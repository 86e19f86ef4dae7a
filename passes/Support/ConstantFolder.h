//===- ConstantFolder.h - Folds what depends on constants -------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Support/ConstantEvaluator.h"
#include "passes/Support/FoldState.h"

namespace mlir::bnn {

/// Replaces by constants what depends on constants only. Works backwards from
/// each value that something else reads, so that only what one such value needs
/// is in memory at a time.
class ConstantFolder {
public:
  /// `isLeft` holds for what is not evaluated.
  ConstantFolder(FoldState &state, std::function<bool(Operation *)> isLeft)
      : state(state), isLeft(std::move(isLeft)) {}

  /// Evaluates what it can; returns whether another turn may find more. What
  /// was evaluated is dead afterwards, but not erased.
  bool run();
  /// Must be called before an operation is erased.
  void forget(Operation *op) { unevaluated.erase(op); }

private:
  using Operands = SmallVector<EvalTensorPtr>;

  bool isKnown(Value value) const;
  bool isReadOutside(Value value) const;
  SmallVector<Operation *> findRoots();
  void evaluateFor(Operation *root);
  std::optional<Operation *> nextBefore(Operation *op) const;
  bool evaluate(Operation *op);
  std::optional<Operands> takeOperands(Operation *op,
                                       SmallVector<ArrayRef<char>> &finished);
  void keep(Value value, const EvalTensorPtr &tensor);
  void warnOfBudget(Operation *op);
  void publish(Value result, const EvalTensorPtr &tensor, Operation *op);

  FoldState &state;
  std::function<bool(Operation *)> isLeft;
  ConstantEvaluator evaluator;
  /// What evaluate() gave up on.
  llvm::DenseSet<Operation *> unevaluated;
  /// Whether somebody knows that the budget has ended.
  bool warned = false;

  // Of one run.
  /// Operations whose operands are all known, and those that were evaluated.
  llvm::DenseSet<Operation *> constant, done;
  /// How often each value is still read by an evaluation to come.
  llvm::DenseMap<Value, int64_t> readers;
  /// The values that will be read again.
  llvm::DenseMap<Value, EvalTensorPtr> known;
  bool folded = false, gaveUp = false;
};

} // namespace mlir::bnn
