//===- Epilogue.h - What epilogues have in common ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Region.h"

namespace mlir::bnn {

/// Whether everything that the region uses from outside is a constant.
bool capturesOnlyConstants(mlir::Region &region);

/// Gives the region copies of the constants that it uses from outside (common
/// subexpression elimination moves them there), so that it can be moved.
void sinkConstants(mlir::Region &region);

} // namespace mlir::bnn
