//===- Doubles.cpp - Functions of f64 -------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models compute little in f64, so that these are short, and not fast: Taylor's
// coefficients in place of fitted ones.
//
//===----------------------------------------------------------------------===//

#include "passes/ExpandMath/Doubles.h"
#include "passes/ExpandMath/Rounding.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace {

/// Arithmetic on one type: f64, or a vector of it.
class F64Builder : public bnn::FloatBuilder {
public:
  static constexpr double kWhole = 0x1p52;

  F64Builder(OpBuilder &b, Location loc, Type type)
      : FloatBuilder(b, loc, type), type(type), intType(with(b.getI64Type())) {}

  Value f(double value) { return constant(type, b.getF64FloatAttr(value)); }
  Value i(int64_t value) {
    return constant(intType, b.getI64IntegerAttr(value));
  }
  Value bits(Value x) { return b.create<arith::BitcastOp>(loc, intType, x); }
  Value fromBits(Value x) { return b.create<arith::BitcastOp>(loc, type, x); }
  Value iadd(Value x, Value y) { return b.create<arith::AddIOp>(loc, x, y); }
  Value isub(Value x, Value y) { return b.create<arith::SubIOp>(loc, x, y); }
  Value iand(Value x, int64_t y) {
    return b.create<arith::AndIOp>(loc, x, i(y));
  }
  Value ashr(Value x, int64_t n) {
    return b.create<arith::ShRSIOp>(loc, x, i(n));
  }
  Value abs(Value x) { return b.create<math::AbsFOp>(loc, x); }
  Value sqrt(Value x) { return b.create<math::SqrtOp>(loc, x); }
  Value withSign(Value magnitude, Value sign) {
    return b.create<math::CopySignOp>(loc, magnitude, sign);
  }
  Value isNaN(Value x) { return cmp(arith::CmpFPredicate::UNO, x, x); }
  /// 2^n, for -1022 <= n <= 1023.
  Value powerOfTwo(Value n) {
    return fromBits(b.create<arith::ShLIOp>(loc, iadd(n, i(1023)), i(52)));
  }
  Value poly(Value x, ArrayRef<double> coefficients) {
    return horner(x, coefficients, [&](double c) { return f(c); });
  }

private:
  Type type, intType;
};

/// The coefficients of exp from x^13 down to x^`least`.
SmallVector<double> expCoefficients(int least) {
  SmallVector<double> result;
  for (int n = 13; n >= least; --n)
    result.push_back(1 / std::tgamma(n + 1.0));
  return result;
}

/// exp(x) = 2^n exp(r), |r| <= ln2 / 2, as in f32: n is what is left of the
/// quotient beside 1.5 * 2^52.
Value expandExp(F64Builder &m, Value x) {
  Value low = m.f(-746), high = m.f(710);
  x = m.select(m.lt(x, low), low, x);
  x = m.select(m.gt(x, high), high, x);
  Value magic = m.f(0x1.8p52);
  Value shifted = m.fma(x, m.f(0x1.71547652b82fep0), magic);
  Value n = m.sub(shifted, magic);
  Value r = m.fma(n, m.f(-0x1.62e42fefa39efp-1), x);
  r = m.fma(n, m.f(-0x1.abc9e3b39803fp-56), r);
  Value p = m.poly(r, expCoefficients(0));
  // In two steps, of which the first is exact: a denormal is rounded once.
  Value whole = m.isub(m.bits(shifted), m.bits(magic));
  Value half = m.ashr(whole, 1);
  p = m.mul(p, m.powerOfTwo(half));
  return m.mul(p, m.powerOfTwo(m.isub(whole, half)));
}

/// exp(x) - 1 for 0 <= x <= 45, without cancellation.
Value expMinusOne(F64Builder &m, Value x) {
  Value near = m.mul(x, m.poly(x, expCoefficients(1)));
  Value far = m.sub(expandExp(m, x), m.f(1));
  return m.select(m.lt(x, m.f(0.34)), near, far);
}

Value expandTanh(F64Builder &m, Value x) {
  // From 19.1 on it is 1. NaN is not above 20.
  Value t = m.abs(x), bound = m.f(20);
  t = m.select(m.gt(t, bound), bound, t);
  Value e = expMinusOne(m, m.add(t, t));
  return m.withSign(m.div(e, m.add(e, m.f(2))), x);
}

/// x = 2^e (1 + f), 1 + f between sqrt(1/2) and sqrt(2); then, by the series of
/// s = f / (2 + f), log(1 + f) = f - (h - s (h + R)), h = f^2 / 2.
Value expandLog(F64Builder &m, Value x) {
  constexpr int64_t kRootOfHalf = 0x3fe6a09e667f3bcd;
  constexpr int64_t kFraction = 0x000fffffffffffff;
  Value denormal = m.lt(x, m.f(0x1p-1022));
  Value scaled = m.select(denormal, m.mul(x, m.f(0x1p54)), x);
  Value ix = m.isub(m.bits(scaled), m.i(kRootOfHalf));
  Value exponent = m.isub(m.ashr(ix, 52), m.select(denormal, m.i(54), m.i(0)));
  Value f = m.sub(m.fromBits(m.iadd(m.iand(ix, kFraction), m.i(kRootOfHalf))),
                  m.f(1));
  // The exponent as a float, beside 1.5 * 2^52.
  Value magic = m.f(0x1.8p52);
  Value n = m.sub(m.fromBits(m.iadd(m.bits(magic), exponent)), magic);
  Value s = m.div(f, m.add(m.f(2), f));
  Value z = m.mul(s, s), h = m.mul(m.mul(m.f(0.5), f), f);
  SmallVector<double> series;
  for (int k = 12; k >= 1; --k)
    series.push_back(2.0 / (2 * k + 1));
  Value rest = m.mul(z, m.poly(z, series));
  Value small = m.fma(n, m.f(0x1.a39ef35793c76p-33), m.mul(s, m.add(h, rest)));
  Value result =
      m.sub(m.mul(n, m.f(0x1.62e42feep-1)), m.sub(m.sub(h, small), f));
  Value infinity = m.f(INFINITY), zero = m.f(0);
  result = m.select(m.eq(x, infinity), infinity, result);
  result = m.select(m.lt(x, zero), m.f(NAN), result);
  result = m.select(m.eq(x, zero), m.f(-INFINITY), result);
  return m.select(m.isNaN(x), x, result);
}

/// Up to 2 a series of terms that are all positive, beyond it the continued
/// fraction of 1 - erf; from 6 on it is 1.
Value expandErf(F64Builder &m, Value x) {
  Value t = m.abs(x), bound = m.f(6);
  t = m.select(m.gt(t, bound), bound, t);
  Value square = m.mul(t, t);
  Value bell = expandExp(m, m.sub(m.f(0), square));
  SmallVector<double> series;
  double term = 1;
  for (int n = 0; n < 32; ++n) {
    series.insert(series.begin(), term);
    term *= 2.0 / (2 * n + 3);
  }
  constexpr double kTwoByRootOfPi = 0x1.20dd750429b6dp0;
  Value near =
      m.mul(m.mul(m.f(kTwoByRootOfPi), t), m.mul(bell, m.poly(square, series)));
  Value fraction = m.f(0);
  for (int k = 40; k >= 1; --k)
    fraction = m.div(m.f(k / 2.0), m.add(t, fraction));
  Value far = m.sub(
      m.f(1), m.div(m.mul(bell, m.f(kTwoByRootOfPi / 2)), m.add(t, fraction)));
  Value result = m.select(m.gt(t, m.f(2)), far, near);
  return m.withSign(m.select(m.eq(t, bound), m.f(1), result), x);
}

} // namespace

Value bnn::expandDouble(Operation *op) {
  OpBuilder builder(op);
  F64Builder m(builder, op->getLoc(), op->getResult(0).getType());
  Value x = op->getOperand(0);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return expandExp(m, x); })
      .Case([&](math::LogOp) { return expandLog(m, x); })
      .Case([&](math::ErfOp) { return expandErf(m, x); })
      .Case([&](math::TanhOp) { return expandTanh(m, x); })
      .Case([&](math::RsqrtOp) { return m.div(m.f(1), m.sqrt(x)); })
      .Case([&](math::RoundEvenOp) { return expandRoundEven(m, x); })
      .Case([&](math::TruncOp) { return expandTrunc(m, x); })
      .Case([&](math::FloorOp) { return expandFloor(m, x); })
      .Case([&](math::CeilOp) { return expandCeil(m, x); })
      .Default([](Operation *) { return Value(); });
}
