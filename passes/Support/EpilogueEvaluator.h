//===- EpilogueEvaluator.h - Runs an epilogue at compile time ---*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Region.h"
#include "passes/Support/HostJIT.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::bnn {

/// Compiles epilogues for the host and runs them, so that a float function has
/// one definition: the IR that would have run on the target. Epilogues with the
/// same body share their code.
class EpilogueEvaluator {
public:
  /// For the getDependentDialects() of the pass that uses this.
  static void getDependentDialects(DialectRegistry &registry);

  /// Writes, for each accumulator first, first + 1, ..., the yielded i1 values,
  /// or the low bytes of i32 values, one after the other. `params` points to
  /// one 4-byte value per parameter of the epilogue, f32 or i32.
  using Function = void (*)(int32_t first, int32_t count, const void *params,
                            uint8_t *out);

  /// The compiled epilogue, valid as long as the evaluator.
  llvm::Expected<Function> compile(mlir::Region &epilogue);

private:
  HostJIT jit;
  llvm::StringMap<Function> compiled;
};

} // namespace mlir::bnn
