//===- TensorBuffers.h - Which tensors will share a buffer ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// What can be said of the buffers of tensors before they have any: a tensor
/// that is a reshape or a cast of another one lies where that one does.
///
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_SUPPORT_TENSORBUFFERS_H
#define BNN_PASSES_SUPPORT_TENSORBUFFERS_H

#include "mlir/IR/Operation.h"

namespace mlir::bnn {

/// Whether the result of `op` is all or some of its first operand, seen
/// otherwise: no element is computed, and no other tensor is read.
bool isTensorView(mlir::Operation *op);

/// The tensor of which `tensor` is a view, or `tensor` itself.
mlir::Value getViewedTensor(mlir::Value tensor);

/// The ops of `block` that read `tensor` or another view of what it is a view
/// of, themselves or inside, the last one behind all others. Making a view is
/// not to read.
llvm::SmallVector<mlir::Operation *> getReaders(mlir::Value tensor,
                                                mlir::Block *block);

} // namespace mlir::bnn

#endif // BNN_PASSES_SUPPORT_TENSORBUFFERS_H
