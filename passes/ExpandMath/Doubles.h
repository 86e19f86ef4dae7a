//===- Doubles.h - Functions of f64 -----------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Operation.h"

namespace mlir::bnn {
/// Writes a function of the math dialect on f64, or vectors of it, out as
/// operations that IEEE 754 defines to the last bit; null if there is no
/// sequence for it.
mlir::Value expandDouble(mlir::Operation *op);
} // namespace mlir::bnn
