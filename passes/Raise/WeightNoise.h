//===- WeightNoise.h - What 8 bits make of weights --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNModel.h"

namespace mlir::bnn {

/// The #bnn.noise of a matrix of `rows` rows, an output each, of `columns`
/// weights. Null where they are not all finite, or none, or all 0.
NoiseAttr measureNoise(mlir::MLIRContext *context, int64_t rows,
                       int64_t columns,
                       llvm::function_ref<float(int64_t, int64_t)> weight);

} // namespace mlir::bnn
