//===- Encoding.cpp - Numbers to bits, element by element -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/Encoding.h"

using namespace mlir;

namespace mlir::bnn {

Value f32Like(ImplicitLocOpBuilder &b, float value, Value like) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return b.create<arith::ConstantOp>(DenseElementsAttr::get(vector, value));
  return b.create<arith::ConstantOp>(b.getF32FloatAttr(value));
}

Value selectOrdered(ImplicitLocOpBuilder &b, arith::CmpFPredicate order,
                    Value x, Value y) {
  return b.create<arith::SelectOp>(b.create<arith::CmpFOp>(order, x, y), x, y);
}

Value isNeither(ImplicitLocOpBuilder &b, Value v, Value level) {
  return b.create<arith::CmpFOp>(arith::CmpFPredicate::UEQ, v, level);
}

bool sumFits(BitsType type, int64_t count) {
  int64_t magnitude = std::max(type.getMost(), -type.getLeast());
  // By signed bytes.
  if (type.isByte())
    magnitude *= 128;
  return count <= std::numeric_limits<int32_t>::max() / magnitude;
}

Value quantizedBits(ImplicitLocOpBuilder &b, Value v, Value step,
                    BitsType type) {
  Value scaled = b.create<arith::DivFOp>(v, step);
  if (type.getIsSigned()) {
    Value isNumber =
        b.create<arith::CmpFOp>(arith::CmpFPredicate::ORD, scaled, scaled);
    scaled = b.create<arith::SelectOp>(isNumber, scaled, f32Like(b, 0, scaled));
  }
  // A number that is not above 0 is 0 where 0 is the lower bound, and NaN with
  // it.
  Value least = f32Like(b, type.getLeast(), scaled);
  return roundedBits(b, scaled, least, f32Like(b, type.getMost(), scaled));
}

namespace {
/// What a quotient is brought into before it is rounded.
struct Bounds {
  Value least, most; // integers as floats, less the zero point
  Value zeroPoint;   // i32, or null for 0
};
} // namespace

// The range of a byte `type` for quotients like `v`.
static Bounds boundsOf(ImplicitLocOpBuilder &b, Value v, Value zeroPoint,
                       BitsType type) {
  Value least = f32Like(b, type.getLeast(), v),
        most = f32Like(b, type.getMost(), v);
  if (!zeroPoint)
    return {least, most, zeroPoint};
  auto bound = [&](int64_t value) -> Value {
    TypedAttr attr = b.getI32IntegerAttr(int32_t(value));
    if (auto vector = dyn_cast<VectorType>(zeroPoint.getType()))
      attr = DenseElementsAttr::get(vector, attr);
    return b.create<arith::ConstantOp>(attr);
  };
  zeroPoint = b.create<arith::MaxSIOp>(zeroPoint, bound(type.getLeast()));
  zeroPoint = b.create<arith::MinSIOp>(zeroPoint, bound(type.getMost()));
  // The bounds less the zero point are integers, too.
  Value zero = b.create<arith::SIToFPOp>(v.getType(), zeroPoint);
  return {b.create<arith::SubFOp>(least, zero),
          b.create<arith::SubFOp>(most, zero), zeroPoint};
}

// `v`, brought into the range of two integers, and rounded: the sum with
// kRoundingTerm. The bounds are integers, so rounding may come last.
static Value roundedSum(ImplicitLocOpBuilder &b, Value v, Value least,
                        Value most) {
  v = selectOrdered(b, arith::CmpFPredicate::OGT, v, least);
  v = selectOrdered(b, arith::CmpFPredicate::OLT, v, most);
  return b.create<arith::AddFOp>(v, f32Like(b, kRoundingTerm, v));
}

Value quantizedByte(ImplicitLocOpBuilder &b, Value v, Value step,
                    Value zeroPoint, BitsType type) {
  Value scaled = b.create<arith::DivFOp>(v, step);
  Bounds bounds = boundsOf(b, scaled, zeroPoint, type);
  Value rounded = roundedBits(b, scaled, bounds.least, bounds.most);
  if (!zeroPoint)
    return rounded;
  return b.create<arith::AddIOp>(rounded, bounds.zeroPoint);
}

Value quantizedNumber(ImplicitLocOpBuilder &b, Value v, Value step,
                      Value zeroPoint, BitsType type) {
  Value scaled = b.create<arith::DivFOp>(v, step);
  Bounds bounds = boundsOf(b, scaled, zeroPoint, type);
  Value sum = roundedSum(b, scaled, bounds.least, bounds.most);
  return b.create<arith::SubFOp>(sum, f32Like(b, kRoundingTerm, sum));
}

Value roundedBits(ImplicitLocOpBuilder &b, Value v, Value least, Value most) {
  Value sum = roundedSum(b, v, least, most);
  Type bits = b.getI32Type();
  if (auto vector = dyn_cast<VectorType>(sum.getType()))
    bits = VectorType::get(vector.getShape(), bits);
  return b.create<arith::BitcastOp>(bits, sum);
}

} // namespace mlir::bnn
