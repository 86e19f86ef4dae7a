//===- NarrowIndices.h - Indices of 32 bits ---------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/IR/PassManager.h"

namespace mlir::bnn {

/// Makes counters of loops 32 bits wide that stay below 2^31, and comparisons,
/// divisions, minima and maxima of such integers. An index has 64 bits
/// everywhere, which takes two registers and twice the instructions on a target
/// of 32 bits. What is known comes from constants, from conditions on the way,
/// and from the ranges of arguments.
struct NarrowIndices : llvm::PassInfoMixin<NarrowIndices> {
  llvm::PreservedAnalyses run(llvm::Function &function,
                              llvm::FunctionAnalysisManager &analyses);
};

} // namespace mlir::bnn
