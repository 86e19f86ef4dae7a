//===- QuantizedFactor.h - Weights that are bytes ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant folding leaves weights of bytes as they are as long as a product of
// bytes may want them.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/Operation.h"

namespace mlir::bnn {

/// Whether `op` makes numbers of a tensor of 8-bit integers.
bool widensBytes(mlir::Operation *op);

/// Whether all readers of the result are products whose second factor it is,
/// at most transposed or less its zero points on the way, and of which
/// `isProduct` holds.
bool feedsOnlyProducts(mlir::Operation *op,
                       llvm::function_ref<bool(mlir::Operation *)> isProduct);

/// Whether `value` is a constant, or one of bytes that is left as above.
bool isConstantFactor(mlir::Value value);

} // namespace mlir::bnn
