//===- Power.cpp - Pow, by element types and exponent ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Scalars.h"

using namespace mlir;

namespace mlir::bnn::onnx {

/// The exponents that are a few products: those of bnn-expand-math.
static bool isShortExponent(double exponent) {
  return exponent == 0.5 ||
         (exponent == std::floor(exponent) && std::abs(exponent) <= 16);
}

/// The exponent, if it is one constant.
static std::optional<double> constantExponent(Value value) {
  if (std::optional<double> exponent = getConstantScalar(value))
    return exponent;
  if (auto integer = getConstantIntegers(value);
      integer && integer->size() == 1)
    return double(integer->front());
  return std::nullopt;
}

/// x to the power of a short exponent.
static Value powerOfDouble(Scalars &s, Value x, double exponent) {
  Type type = x.getType();
  if (exponent == 0.5) {
    // Unlike the square root, the power of -0 is +0 and that of -inf is +inf.
    Value root = s.sqrt(s.add(x, s.number(type, 0)));
    return s.select(s.equal(x, s.number(type, -INFINITY)),
                    s.number(type, INFINITY), root);
  }
  Value power = s.power(x, unsigned(std::abs(exponent)));
  return exponent < 0 ? s.div(s.number(type, 1), power) : power;
}

Lowered lowerPow(Lowering &l, Operation *operation) {
  auto op = dyn_cast<PowOp>(operation);
  if (!op)
    return std::nullopt;
  Type type = getElementTypeOrSelf(op.getX().getType());
  Type exponentType = getElementTypeOrSelf(op.getY().getType());
  auto isNumber = [](Type t) {
    return t.isF32() || t.isSignlessInteger(32) || t.isSignlessInteger(64);
  };
  std::optional<double> exponent = constantExponent(op.getY());
  bool isShort = exponent && isShortExponent(*exponent);
  if (type.isF64() && isShort)
    return FailureOr<SmallVector<Value>>(
        {l.broadcast(op.getZ(), type, {op.getX(), op.getY()},
                     [&](OpBuilder &b, Location loc, ValueRange x) {
                       Scalars s(b, loc);
                       return powerOfDouble(s, x[0], *exponent);
                     })});
  if (!isNumber(type) || !isNumber(exponentType)) {
    op.emitError("onnx.Pow is not supported on elements of ")
        << type << " and " << exponentType
        << "; cast its inputs to f32, i32 or i64";
    return failure();
  }
  bool isFloat = type.isF32();
  auto body = [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
    Scalars s(b, loc);
    if (isShort && *exponent >= 0 && *exponent != 0.5)
      return s.power(x[0], unsigned(*exponent));
    if (isFloat) {
      Value y = isShort ? s.number(type, *exponent) : s.convert(x[1], type);
      return b.create<math::PowFOp>(loc, x[0], y);
    }
    Value n = s.convert(x[1], b.getI64Type());
    Value whole = s.powerOfIntegers(x[0], n);
    if (!exponentType.isF32())
      return whole;
    // An exponent with a fraction: in f32, and truncated.
    Value power =
        b.create<math::PowFOp>(loc, s.convert(x[0], exponentType), x[1]);
    Value isWhole = s.equal(s.convert(n, exponentType), x[1]);
    return s.select(isWhole, whole, s.convert(power, type));
  };
  return FailureOr<SmallVector<Value>>(
      {l.broadcast(op.getZ(), type, {op.getX(), op.getY()}, body)});
}

} // namespace mlir::bnn::onnx
