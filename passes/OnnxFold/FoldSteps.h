//===- FoldSteps.h - What folding does besides evaluating -------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Support/FoldState.h"

namespace mlir::bnn {

/// Goes once over the function and rewrites what shapes alone decide; returns
/// whether it did anything. New dead operations stay, and types are refined for
/// new values only.
bool simplify(FoldState &state);

/// Whether an operation makes f32 of a table of bytes whose rows are looked up
/// by indices of run time alone or beside others: simplify() looks up bytes as
/// soon as they are known.
bool isTableOfBytes(Operation *op);

/// Copies the constants that a file holds at an address which is not aligned
/// for their type, so that nobody after this pass need care.
void alignConstants(func::FuncOp func);

/// Names the dimensions of the function's results by what is known of them.
void nameResultDims(FoldState &state);

} // namespace mlir::bnn
