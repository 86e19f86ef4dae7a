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

Value quantizedByte(ImplicitLocOpBuilder &b, Value v, Value step,
                    Value zeroPoint, BitsType type) {
  Value scaled = b.create<arith::DivFOp>(v, step);
  Value least = f32Like(b, type.getLeast(), scaled),
        most = f32Like(b, type.getMost(), scaled);
  if (!zeroPoint)
    return roundedBits(b, scaled, least, most);
  auto bound = [&](int64_t value) -> Value {
    TypedAttr attr = b.getI32IntegerAttr(int32_t(value));
    if (auto vector = dyn_cast<VectorType>(zeroPoint.getType()))
      attr = DenseElementsAttr::get(vector, attr);
    return b.create<arith::ConstantOp>(attr);
  };
  zeroPoint = b.create<arith::MaxSIOp>(zeroPoint, bound(type.getLeast()));
  zeroPoint = b.create<arith::MinSIOp>(zeroPoint, bound(type.getMost()));
  // The bounds less the zero point are integers, too.
  Value zero = b.create<arith::SIToFPOp>(scaled.getType(), zeroPoint);
  least = b.create<arith::SubFOp>(least, zero);
  most = b.create<arith::SubFOp>(most, zero);
  return b.create<arith::AddIOp>(roundedBits(b, scaled, least, most),
                                 zeroPoint);
}

Value roundedBits(ImplicitLocOpBuilder &b, Value v, Value least, Value most) {
  // The bounds are integers, so rounding may come last.
  v = selectOrdered(b, arith::CmpFPredicate::OGT, v, least);
  v = selectOrdered(b, arith::CmpFPredicate::OLT, v, most);
  // At 1.5 * 2^23 the unit in the last place is 1: the addition rounds to an
  // integer, half to even, whose low bits are those of the sum.
  Value sum = b.create<arith::AddFOp>(v, f32Like(b, 0x1.8p23f, v));
  Type bits = b.getI32Type();
  if (auto vector = dyn_cast<VectorType>(sum.getType()))
    bits = VectorType::get(vector.getShape(), bits);
  return b.create<arith::BitcastOp>(bits, sum);
}

} // namespace mlir::bnn
