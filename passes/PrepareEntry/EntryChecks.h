//===- EntryChecks.h - What a run checks, and when --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace mlir::bnn {

/// Makes each check in `body`, a function's block that begins with the
/// `bufferization.to_tensor` of its arguments, a `bnn.return_unless`. Those
/// that depend on the arguments alone move in front of all work, with what they
/// are computed from: first those of shapes, which say that the others may
/// read. Each of the rest stays where it is. Returns the last of these, or
/// null.
mlir::Operation *placeChecks(mlir::Block &body);

/// Whether all that may be computed in the buffer that `value`, a tensor, ends
/// up in is computed behind `check`, an op of the same block. May say no where
/// it is.
bool isComputedBehind(mlir::Value value, mlir::Operation *check);

} // namespace mlir::bnn
