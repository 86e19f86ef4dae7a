//===- Scalars.h - Arithmetic on scalars of one element type ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/OnnxToLinalg/Lowering.h"
#include <cmath>

namespace mlir::bnn::onnx {

/// Builds arithmetic on floats and integers alike. Integers are signless, so
/// that whether they count from 0 is said here.
class Scalars {
public:
  Scalars(mlir::OpBuilder &b, mlir::Location loc, bool isUnsigned = false)
      : b(b), loc(loc), isUnsigned(isUnsigned) {}

  static bool isFloat(mlir::Value x) {
    return mlir::isa<mlir::FloatType>(x.getType());
  }

  mlir::Value number(mlir::Type type, double value) {
    mlir::TypedAttr attr;
    if (mlir::isa<mlir::FloatType>(type))
      attr = b.getFloatAttr(type, value);
    else
      attr = b.getIntegerAttr(type, int64_t(value));
    return b.create<mlir::arith::ConstantOp>(loc, attr);
  }

  template <typename FloatOp, typename IntOp>
  mlir::Value binary(mlir::Value x, mlir::Value y) {
    if (isFloat(x))
      return b.create<FloatOp>(loc, x, y);
    return b.create<IntOp>(loc, x, y);
  }
  mlir::Value add(mlir::Value x, mlir::Value y) {
    return binary<mlir::arith::AddFOp, mlir::arith::AddIOp>(x, y);
  }
  mlir::Value sub(mlir::Value x, mlir::Value y) {
    return binary<mlir::arith::SubFOp, mlir::arith::SubIOp>(x, y);
  }
  mlir::Value mul(mlir::Value x, mlir::Value y) {
    return binary<mlir::arith::MulFOp, mlir::arith::MulIOp>(x, y);
  }
  /// Of floats.
  mlir::Value div(mlir::Value x, mlir::Value y) {
    return b.create<mlir::arith::DivFOp>(loc, x, y);
  }
  mlir::Value compare(mlir::arith::CmpFPredicate f,
                      mlir::arith::CmpIPredicate i, mlir::Value x,
                      mlir::Value y);
  /// False where one of two floats is NaN.
  mlir::Value less(mlir::Value x, mlir::Value y);
  mlir::Value greater(mlir::Value x, mlir::Value y);
  mlir::Value equal(mlir::Value x, mlir::Value y);
  mlir::Value isNaN(mlir::Value x) {
    return b.create<mlir::arith::CmpFOp>(loc, mlir::arith::CmpFPredicate::UNO,
                                         x, x);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return b.create<mlir::arith::SelectOp>(loc, condition, x, y);
  }
  mlir::Value either(mlir::Value x, mlir::Value y) {
    return b.create<mlir::arith::OrIOp>(loc, x, y);
  }
  mlir::Value both(mlir::Value x, mlir::Value y) {
    return b.create<mlir::arith::AndIOp>(loc, x, y);
  }

  /// The larger (smaller), or NaN where one of the two is.
  mlir::Value extreme(bool larger, mlir::Value x, mlir::Value y);
  /// Truncating. Processors disagree about a divisor of 0 and about the one
  /// quotient that overflows, or trap: they divide by 1, and wrap, here.
  mlir::Value divideIntegers(mlir::Value x, mlir::Value y);
  /// The rest of a truncating division, with the sign of x; exact for floats,
  /// and 0 for integers divided by 0.
  mlir::Value remainder(mlir::Value x, mlir::Value y);
  /// -1, 0 or 1; 0 for NaN.
  mlir::Value sign(mlir::Value x);
  mlir::Value abs(mlir::Value x);
  /// x where it is between the bounds, or NaN; a bound may be null.
  mlir::Value clip(mlir::Value x, mlir::Value low, mlir::Value high);
  /// x to the n-th by repeated squaring.
  mlir::Value power(mlir::Value x, unsigned n);
  /// The integer x to the power of the integer n: 0 where |x| > 1 and n < 0,
  /// and where x is 0 and n < 0. Overflow wraps.
  mlir::Value powerOfIntegers(mlir::Value x, mlir::Value n);
  /// x in the signless type `to`; `toUnsigned` says how it counts. A float
  /// saturates, and NaN gives 0: beyond the integers processors disagree.
  mlir::Value convert(mlir::Value x, mlir::Type to, bool toUnsigned = false);

  /// The number of f16 or bf16 that is nearest to x, of f32 or f64, as f32.
  mlir::Value roundToHalf(mlir::Value x, mlir::Type format);
  /// A number of f16 or bf16 as f32.
  mlir::Value widenHalf(mlir::Value x);
  /// The number of f16 or bf16 that is nearest to x, of f32 or f64.
  mlir::Value narrowToHalf(mlir::Value x, mlir::Type format);

  // Of floats.
  mlir::Value exp(mlir::Value x) { return b.create<mlir::math::ExpOp>(loc, x); }
  mlir::Value log(mlir::Value x) { return b.create<mlir::math::LogOp>(loc, x); }
  mlir::Value sqrt(mlir::Value x) {
    return b.create<mlir::math::SqrtOp>(loc, x);
  }
  /// exp(x) - 1 without cancellation: (exp(x) + 1) * tanh(x / 2).
  mlir::Value expMinusOne(mlir::Value x);
  /// log(1 + x) for x >= 0 without cancellation, by Kahan's quotient
  /// log(w) x / (w - 1), w = 1 + x.
  mlir::Value logOnePlus(mlir::Value x);

private:
  mlir::Value remainderOfFloats(mlir::Value x, mlir::Value y);
  mlir::Value truncateToInteger(mlir::Value x, mlir::IntegerType to,
                                bool toUnsigned);

  mlir::OpBuilder &b;
  mlir::Location loc;
  bool isUnsigned;
};

/// Activation functions and the like: LeakyRelu, Softplus, ...
bool isFunction(mlir::Operation *op);
/// One element of the result of one of them, on a float.
mlir::Value lowerFunction(mlir::Operation *op, Scalars &s, mlir::Value x);

} // namespace mlir::bnn::onnx
