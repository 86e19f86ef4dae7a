//===- Bytes.h - Tensors of 8 bits and what they stand for ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Import/Composer.h"

namespace mlir::bnn {
/// (value - zero) * scale: bytes, a scale in f32, and a zero point of the
/// bytes' type, or null for 0. Scale and zero point have one element or one for
/// each output, of the factor on the left one for each row.
struct Bytes {
  mlir::Value value, scale, zero;
};

/// Three of a node's inputs: `first` and what follows.
Bytes bytesAt(Composer &c, unsigned first);
/// As DynamicQuantizeLinear has it: 0 to 255 between the extremes of x and 0.
Bytes quantizeDynamically(Composer &c, mlir::Value x);
/// Bytes as i32, less their zero point unless that is null.
mlir::Value widenBytes(Composer &c, mlir::Value x, mlir::Value zero);
/// f32 numbers rounded to bytes of this type, from their zero point on unless
/// that is null.
mlir::Value roundToBytes(Composer &c, mlir::Value x, mlir::Value zero,
                         mlir::Type type);
/// The sums of integers of a * b, in i32.
mlir::Value multiplyIntegers(Composer &c, const Bytes &a, const Bytes &b);
/// a * b in f32, plus a bias unless it is null. Of `a` there is one scale.
mlir::Value multiplyToFloat(Composer &c, const Bytes &a, const Bytes &b,
                            mlir::Value bias);
} // namespace mlir::bnn
