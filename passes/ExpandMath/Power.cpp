//===- Power.cpp - x to the power of y, for any y -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/ExpandMath/Power.h"
#include "passes/ExpandMath/FloatBuilder.h"
#include <cmath>

using namespace mlir;

namespace {
/// Arithmetic on f32 and f64 of one shape.
class Doubles : public bnn::FloatBuilder {
public:
  Doubles(OpBuilder &b, Location loc, Type like)
      : FloatBuilder(b, loc, like), f32(like), f64(with(b.getF64Type())),
        i64(with(b.getI64Type())) {}

  Value number(double value) { return constant(f64, b.getF64FloatAttr(value)); }
  Value integer(int64_t value) {
    return constant(i64, b.getI64IntegerAttr(value));
  }
  Value widen(Value x) { return b.create<arith::ExtFOp>(loc, f64, x); }
  Value narrow(Value x) { return b.create<arith::TruncFOp>(loc, f32, x); }
  Value bits(Value x) { return b.create<arith::BitcastOp>(loc, i64, x); }
  Value fromBits(Value x) { return b.create<arith::BitcastOp>(loc, f64, x); }
  Value fromInt(Value x) { return b.create<arith::SIToFPOp>(loc, f64, x); }

  Value both(Value x, Value y) { return op<arith::AndIOp>(x, y); }
  Value either(Value x, Value y) { return op<arith::OrIOp>(x, y); }
  Value abs(Value x) { return b.create<math::AbsFOp>(loc, x); }

  /// The integer nearest to x, for |x| < 2^51: next to 1.5 * 2^52 a double has
  /// no fraction.
  Value nearest(Value x, Value *low = nullptr) {
    Value magic = number(0x1.8p52), shifted = add(x, magic);
    if (low) // Its low bits are the integer's.
      *low = op<arith::SubIOp>(bits(shifted), bits(magic));
    return sub(shifted, magic);
  }
  /// A polynomial: coefficients from the highest power down.
  Value poly(Value x, ArrayRef<double> coefficients) {
    return horner(x, coefficients, [&](double c) { return number(c); });
  }

private:
  Type f32, f64, i64;
};

/// log2(a) for a >= 0 that came from f32, so that no a is denormal here;
/// relative error 2^-45.
Value log2(Doubles &m, Value a) {
  // a = 2^e * (1 + f), 1 + f between sqrt(1/2) and sqrt(2).
  Value offset = m.integer(0x3FE6A09E667F3BCD);
  Value shifted = m.op<arith::SubIOp>(m.bits(a), offset);
  Value e = m.op<arith::ShRSIOp>(shifted, m.integer(52));
  Value mantissa = m.fromBits(m.op<arith::AddIOp>(
      m.op<arith::AndIOp>(shifted, m.integer(0x000FFFFFFFFFFFFF)), offset));
  // log(1 + f) = 2 atanh(s), s = f / (2 + f), |s| < 0.1716: the series up to
  // s^17.
  Value f = m.sub(mantissa, m.number(1));
  Value s = m.div(f, m.add(m.number(2), f));
  Value s2 = m.mul(s, s);
  Value series = m.poly(s2, {1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9,
                             1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0});
  // 2 / ln 2.
  Value fraction = m.mul(m.mul(s, m.number(2.8853900817779268)), series);
  Value log = m.add(m.fromInt(e), fraction);
  log = m.select(m.eq(a, m.number(0)), m.number(-INFINITY), log);
  return m.select(m.eq(a, m.number(INFINITY)), a, log);
}

/// 2^t for |t| <= 200; relative error 2^-42.
Value exp2(Doubles &m, Value t) {
  Value n;
  Value r = m.mul(m.sub(t, m.nearest(t, &n)), m.number(0.6931471805599453));
  SmallVector<double> coefficients;
  double factorial = 39916800; // 11!
  for (int k = 11; k >= 0; --k) {
    coefficients.push_back(1 / factorial);
    factorial /= k ? k : 1;
  }
  Value scale = m.fromBits(m.op<arith::ShLIOp>(
      m.op<arith::AddIOp>(n, m.integer(1023)), m.integer(52)));
  return m.mul(m.poly(r, coefficients), scale);
}
} // namespace

Value bnn::expandPower(OpBuilder &builder, Location loc, Value x32, Value y32) {
  Doubles m(builder, loc, x32.getType());
  Value x = m.widen(x32), y = m.widen(y32);
  Value zero = m.number(0), one = m.number(1);
  Value a = m.abs(x), size = m.abs(y);

  // 0 times infinity would be NaN where |x| is 1.
  Value t = m.mul(y, log2(m, a));
  t = m.select(m.eq(a, one), zero, t);
  Value low = m.number(-200), high = m.number(200);
  t = m.select(m.lt(t, low), low, t);
  t = m.select(m.lt(high, t), high, t);
  Value isNaN = m.cmp(arith::CmpFPredicate::UNO, x, y);
  Value power = exp2(m, m.select(isNaN, zero, t));

  // From 2^24 on every f32 is an even integer; NaN is no integer.
  Value isBig = m.cmp(arith::CmpFPredicate::OGE, size, m.number(0x1p24));
  Value small = m.select(m.lt(size, m.number(0x1p24)), size, zero);
  Value half = m.mul(small, m.number(0.5));
  Value isWhole = m.eq(m.nearest(small), small);
  Value isEven = m.either(isBig, m.eq(m.nearest(half), half));
  // The sign bit tells -0 from 0.
  Value isNegative = builder.create<arith::CmpIOp>(
      loc, arith::CmpIPredicate::slt, m.bits(x), m.integer(0));
  Value negated = m.sub(m.number(-0.0), power);
  Value isOdd = m.select(isEven, m.eq(one, zero), isWhole);
  power = m.select(m.both(isNegative, isOdd), negated, power);

  // A root of a finite negative number is none.
  Value isFraction =
      m.select(m.either(isWhole, isBig), m.eq(one, zero), m.eq(one, one));
  Value hasNoRoot = m.both(m.lt(x, zero), isFraction);
  hasNoRoot = m.both(hasNoRoot, m.lt(a, m.number(INFINITY)));
  power = m.select(m.either(isNaN, hasNoRoot), m.number(NAN), power);
  power = m.select(m.either(m.eq(y, zero), m.eq(x, one)), one, power);
  return m.narrow(power);
}
