//===- HalfFloats.h - Numbers of 16 bits as floats --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// f16 and bf16 exist in a model's inputs, outputs and weights. Everywhere else
// such a number is the float of its value, which every one of them has.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"

namespace mlir::bnn::onnx {
/// Whether the type is f16 or bf16.
bool isHalf(mlir::Type type);

/// The float of the same value as the number with these bits.
float widenHalf(uint16_t bits, mlir::Type format);
/// The bits of the number that is nearest to `value`, the even one of two. What
/// is NaN becomes the one NaN without a sign or a payload.
uint16_t narrowToHalf(double value, mlir::Type format);
/// The value of that number.
inline float roundToHalf(double value, mlir::Type format) {
  return widenHalf(narrowToHalf(value, format), format);
}

/// A constant of f16 or bf16 with its elements as f32; null if they are not
/// available.
mlir::ElementsAttr widenHalves(mlir::ElementsAttr constant);

/// Whether every element of `value`, of f32, is certainly a number of `format`,
/// an infinity or NaN.
bool holdsHalves(mlir::Value value, mlir::Type format);

/// The value, of f32, that `value` is rounded from, or `value` itself.
mlir::Value beforeRounding(mlir::Value value);
} // namespace mlir::bnn::onnx
