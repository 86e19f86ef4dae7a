//===- Encoding.h - Numbers to bits, element by element ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `bnn.binarize` and `bnn.quantize` do with an element, an f32 or a vector
// of them: the same operations in an epilogue and in a kernel.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNBase.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::bnn {

/// At 1.5 * 2^23 the unit in the last place is 1: an addition to it rounds to
/// an integer, half to even, whose low bits are those of the sum.
constexpr float kRoundingTerm = 0x1.8p23f;

/// `value` as a constant of the type of `like`: f32, or a vector of them.
Value f32Like(ImplicitLocOpBuilder &b, float value, Value like);

/// `a > b ? a : b` and `a < b ? a : b`, spelt out so that NaN goes the same
/// way on every target.
Value selectOrdered(ImplicitLocOpBuilder &b, arith::CmpFPredicate order,
                    Value x, Value y);

/// The i1 of the mask of zeros of a `bnn.binarize` whose shifted input is `v`:
/// neither above nor below `level`, 0 of the type of `v`.
Value isNeither(ImplicitLocOpBuilder &b, Value v, Value level);

/// Whether an i32 holds every sum of `count` elements of `type`, each added or
/// subtracted, or bytes times signed bytes.
bool sumFits(BitsType type, int64_t count);

/// An i32, or a vector of them, whose low bits are round(v / step), half to
/// even, in the range of `type`; NaN gives 0. `v` and `step` are of one type.
Value quantizedBits(ImplicitLocOpBuilder &b, Value v, Value step,
                    BitsType type);

/// An i32, or a vector of them: round(v / step), half to even, plus
/// `zeroPoint`, in the range of `type`, of 8 bits, as the zero point is before;
/// NaN gives the least. `v` and `step` are of one type, f32, `zeroPoint` is of
/// as many i32, or null for 0.
Value quantizedByte(ImplicitLocOpBuilder &b, Value v, Value step,
                    Value zeroPoint, BitsType type);

/// What a byte of quantizedByte() stands for, in steps: an f32, or a vector of
/// them, that is the byte less its zero point.
Value quantizedNumber(ImplicitLocOpBuilder &b, Value v, Value step,
                      Value zeroPoint, BitsType type);

/// An i32 whose low bits are those of `v`, a number, brought into the range of
/// two integers and rounded, half to even. All are of one type, f32 or vectors.
Value roundedBits(ImplicitLocOpBuilder &b, Value v, Value least, Value most);

} // namespace mlir::bnn
