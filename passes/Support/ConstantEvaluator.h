//===- ConstantEvaluator.h - Evaluating single ONNX operations --*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Support/EvalTensor.h"
#include "passes/Support/FoldBudget.h"
#include "passes/Support/LoweredEvaluator.h"

namespace mlir::bnn {

/// Evaluates operations whose operands are constants. An operation has one
/// meaning, whether it is folded or run, to the last bit (but for the bits of a
/// NaN, which processors do not agree on: one that is computed here is the
/// quiet NaN without a sign or payload). So there are four ways:
///
/// - elements that only move are moved;
/// - arithmetic that is exact, or rounded once by IEEE 754, is the same
///   wherever it is done, and done in place: integers, `Add`, `Sub`, `Mul`,
///   `Div`, `Neg`, `Abs`, `Sign`, comparisons and casts;
/// - the statistics of weights, `ReduceMean` and `ReduceL1` of floats, are
///   summed in double and rounded once. This is the one exception: the mean of
///   a weight decides the signs of its binarisation, and the mean of its
///   magnitudes is the scale; both should be the numbers that were meant, and
///   not depend on the order of a sum;
/// - everything else is lowered, compiled and run: what is computed here is
///   computed by the code that would have run.
class ConstantEvaluator {
public:
  /// For the getDependentDialects() of the pass that uses this.
  static void getDependentDialects(DialectRegistry &registry) {
    LoweredEvaluator::getDependentDialects(registry);
  }

  /// Whether evaluate() takes this kind of operation.
  static bool canEvaluate(Operation *op);

  /// The results of `op` for the given operand values (null for onnx.NoValue).
  /// Operands that the caller has given up (use count 1) may be overwritten.
  /// Returns nothing where the operation has no defined value (an index out of
  /// range), where a result's shape is not static, where results or work are
  /// more than the budget has, or where the operation has no lowering.
  std::optional<SmallVector<EvalTensorPtr>>
  evaluate(Operation *op, SmallVector<EvalTensorPtr> operands,
           FoldBudget &budget);

private:
  LoweredEvaluator lowered;
};

} // namespace mlir::bnn
