//===- ArgumentRanges.h - The integers that functions get -------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/IR/PassManager.h"

namespace mlir::bnn {

/// Gives the integer arguments of internal functions the ranges that all of
/// their calls keep to: those of what a kernel is called with follow from the
/// checks of the model's function, which lets no dimension pass that is above
/// its maximum.
struct ArgumentRanges : llvm::PassInfoMixin<ArgumentRanges> {
  llvm::PreservedAnalyses run(llvm::Module &module,
                              llvm::ModuleAnalysisManager &analyses);
};

} // namespace mlir::bnn
