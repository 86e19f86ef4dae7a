//===- HalfFloats.h - Weights of half the size ------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace mlir::bnn {
/// Whether an element type of ONNX is FLOAT16 or BFLOAT16.
bool isHalf(int32_t dataType);

/// Floats of the same value, exactly; `bytes` has two for each.
std::vector<float> widen(int32_t dataType, llvm::ArrayRef<char> bytes);
} // namespace mlir::bnn
