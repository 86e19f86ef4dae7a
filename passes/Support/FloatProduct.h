//===- FloatProduct.h - Products of f32 with a bias -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNN.h"

namespace mlir::bnn {

/// A `bnn.matmul` of `input` [.., K] by `weight` [K, N], both f32, whose
/// epilogue adds `bias` [N]. Writes `out` [.., N] and returns the result.
mlir::Value createFloatProduct(mlir::OpBuilder &builder, mlir::Location loc,
                               mlir::Value input, mlir::Value weight,
                               mlir::Value bias, mlir::Value out);

} // namespace mlir::bnn
