//===- LoweredEvaluator.h - Evaluating by compiled code ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Support/EvalTensor.h"
#include "passes/Support/HostJIT.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::bnn {
struct Evaluation;

/// Evaluates an operation by the code that would have run it: the operation is
/// lowered to linalg and then by the reference lowering, compiled for the host,
/// and called. Operations that differ in their operands' values only share
/// their code.
class LoweredEvaluator {
public:
  /// For the getDependentDialects() of the pass that uses this.
  static void getDependentDialects(DialectRegistry &registry);

  /// The result, or null where the operation has no lowering for these types;
  /// what the lowering says about that is left to be said when it is met again.
  EvalTensorPtr evaluate(const Evaluation &evaluation);

private:
  HostJIT::Packed compile(const Evaluation &evaluation, StringRef name);

  HostJIT jit;
  /// By the operation with its types, attributes and known operands; null where
  /// there is no lowering.
  llvm::StringMap<HostJIT::Packed> compiled;
};

} // namespace mlir::bnn
