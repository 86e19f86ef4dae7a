//===- Power.h - x to the power of y, for any y -----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Builders.h"

namespace mlir::bnn {
/// Writes x^y out, for f32 or vectors of it, as operations that IEEE 754
/// defines to the last bit: 2^(y log2 |x|) in f64, whose error is far below
/// half an ulp of f32, and the special cases of C's pow.
mlir::Value expandPower(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value x, mlir::Value y);
} // namespace mlir::bnn
