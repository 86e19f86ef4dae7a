//===- Scalars.cpp - Arithmetic on scalars of one element type ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Scalars.h"
#include "dialects/ONNX/HalfFloats.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace mlir::bnn::onnx {

using FP = arith::CmpFPredicate;
using IP = arith::CmpIPredicate;

Value Scalars::compare(FP f, IP i, Value x, Value y) {
  if (isFloat(x))
    return b.create<arith::CmpFOp>(loc, f, x, y);
  if (isUnsigned)
    switch (i) {
    case IP::slt:
      i = IP::ult;
      break;
    case IP::sle:
      i = IP::ule;
      break;
    case IP::sgt:
      i = IP::ugt;
      break;
    case IP::sge:
      i = IP::uge;
      break;
    default:
      break;
    }
  return b.create<arith::CmpIOp>(loc, i, x, y);
}

Value Scalars::less(Value x, Value y) {
  return compare(FP::OLT, IP::slt, x, y);
}
Value Scalars::greater(Value x, Value y) {
  return compare(FP::OGT, IP::sgt, x, y);
}
Value Scalars::equal(Value x, Value y) {
  return compare(FP::OEQ, IP::eq, x, y);
}

Value Scalars::extreme(bool larger, Value x, Value y) {
  Value takeX = larger ? greater(x, y) : less(x, y);
  if (isFloat(x))
    takeX = either(takeX, isNaN(x));
  return select(takeX, x, y);
}

Value Scalars::divideIntegers(Value x, Value y) {
  Value zero = number(x.getType(), 0), one = number(x.getType(), 1);
  if (isUnsigned)
    return b.create<arith::DivUIOp>(loc, x, select(equal(y, zero), one, y));
  Value minusOne = number(x.getType(), -1);
  Value isMinusOne = equal(y, minusOne);
  Value trap = either(equal(y, zero), isMinusOne);
  Value quotient = b.create<arith::DivSIOp>(loc, x, select(trap, one, y));
  Value negative = b.create<arith::SubIOp>(loc, zero, x);
  return select(isMinusOne, negative, quotient);
}

/// Long division by halving: x less the largest y * 2^n that is not above it,
/// while there is one. Each difference is exact, since its operands are less
/// than a factor of 2 apart.
Value Scalars::remainderOfFloats(Value x, Value y) {
  Type type = x.getType();
  Value two = number(type, 2), half = number(type, 0.5);
  Value divisor = abs(y), rest = abs(x), infinity = number(type, INFINITY);
  // With these there is no division: the loops below would not end.
  Value isOdd =
      either(either(isNaN(x), isNaN(y)),
             either(equal(rest, infinity), equal(divisor, number(type, 0))));
  Value start = select(isOdd, number(type, 0), rest);
  divisor = select(isOdd, number(type, 1), divisor);
  Value halfRest = mul(start, half);
  // The largest y * 2^n that is not above half of x, or y: no doubling of it
  // overflows.
  auto grow = b.create<scf::WhileOp>(
      loc, TypeRange{type}, ValueRange{divisor},
      [&](OpBuilder &nested, Location at, ValueRange v) {
        Value more = nested.create<arith::CmpFOp>(at, FP::OLE, v[0], halfRest);
        nested.create<scf::ConditionOp>(at, more, v);
      },
      [&](OpBuilder &nested, Location at, ValueRange v) {
        Value doubled = nested.create<arith::MulFOp>(at, v[0], two);
        nested.create<scf::YieldOp>(at, doubled);
      });
  auto shrink = b.create<scf::WhileOp>(
      loc, TypeRange{type, type}, ValueRange{grow.getResult(0), start},
      [&](OpBuilder &nested, Location at, ValueRange v) {
        Value isLeft = nested.create<arith::CmpFOp>(at, FP::OGE, v[0], divisor);
        Value more = nested.create<arith::CmpFOp>(at, FP::OGE, v[1], divisor);
        more = nested.create<arith::AndIOp>(at, isLeft, more);
        nested.create<scf::ConditionOp>(at, more, v);
      },
      [&](OpBuilder &nested, Location at, ValueRange v) {
        Value less = nested.create<arith::SubFOp>(at, v[1], v[0]);
        Value fits = nested.create<arith::CmpFOp>(at, FP::OGE, v[1], v[0]);
        Value rest = nested.create<arith::SelectOp>(at, fits, less, v[1]);
        Value halved = nested.create<arith::MulFOp>(at, v[0], half);
        nested.create<scf::YieldOp>(at, ValueRange{halved, rest});
      });
  Value result = b.create<math::CopySignOp>(loc, shrink.getResult(1), x);
  return select(isOdd, number(type, NAN), result);
}

Value Scalars::remainder(Value x, Value y) {
  if (isFloat(x))
    return remainderOfFloats(x, y);
  return select(equal(y, number(y.getType(), 0)), number(x.getType(), 0),
                sub(x, mul(divideIntegers(x, y), y)));
}

Value Scalars::sign(Value x) {
  Value zero = number(x.getType(), 0);
  Value negative = zero;
  if (!isUnsigned)
    negative = select(less(x, zero), number(x.getType(), -1), zero);
  return select(greater(x, zero), number(x.getType(), 1), negative);
}

Value Scalars::abs(Value x) {
  if (isFloat(x))
    return b.create<math::AbsFOp>(loc, x);
  if (isUnsigned)
    return x;
  Value zero = number(x.getType(), 0);
  Value negative = b.create<arith::SubIOp>(loc, zero, x);
  return select(less(x, zero), negative, x);
}

Value Scalars::clip(Value x, Value low, Value high) {
  if (low)
    x = select(less(x, low), low, x);
  if (high)
    x = select(greater(x, high), high, x);
  return x;
}

Value Scalars::power(Value x, unsigned n) {
  Value result = number(x.getType(), 1);
  bool isOne = true;
  for (; n; n >>= 1) {
    if (n & 1) {
      result = isOne ? x : mul(result, x);
      isOne = false;
    }
    if (n > 1)
      x = mul(x, x);
  }
  return result;
}

Value Scalars::powerOfIntegers(Value x, Value n) {
  Type type = x.getType();
  n = convert(n, b.getI64Type());
  Value zero = number(n.getType(), 0), one = number(n.getType(), 1);
  Value unit = number(type, 1), none = number(type, 0);
  // Squares for the bits of n, the lowest first. A negative n has no turn.
  auto loop = b.create<scf::WhileOp>(
      loc, TypeRange{type, type, n.getType()}, ValueRange{unit, x, n},
      [&](OpBuilder &nested, Location at, ValueRange v) {
        Value more = nested.create<arith::CmpIOp>(at, IP::sgt, v[2], zero);
        nested.create<scf::ConditionOp>(at, more, v);
      },
      [&](OpBuilder &nested, Location at, ValueRange v) {
        Value bit = nested.create<arith::AndIOp>(at, v[2], one);
        Value odd = nested.create<arith::CmpIOp>(at, IP::ne, bit, zero);
        Value product = nested.create<arith::MulIOp>(at, v[0], v[1]);
        Value result = nested.create<arith::SelectOp>(at, odd, product, v[0]);
        Value square = nested.create<arith::MulIOp>(at, v[1], v[1]);
        Value rest = nested.create<arith::ShRSIOp>(at, v[2], one);
        nested.create<scf::YieldOp>(at, ValueRange{result, square, rest});
      });
  // Below zero only the powers of 1 and -1 are not between -1 and 1.
  Value odd = b.create<arith::CmpIOp>(
      loc, IP::ne, b.create<arith::AndIOp>(loc, n, one), zero);
  Value minusOne = number(type, -1);
  Value isMinusOne = b.create<arith::CmpIOp>(loc, IP::eq, x, minusOne);
  Value isOne = b.create<arith::CmpIOp>(loc, IP::eq, x, unit);
  Value inverse = select(isOne, unit,
                         select(isMinusOne, select(odd, minusOne, unit), none));
  Value negative = b.create<arith::CmpIOp>(loc, IP::slt, n, zero);
  return select(negative, inverse, loop.getResult(0));
}

Value Scalars::convert(Value x, Type to, bool toUnsigned) {
  Type from = x.getType();
  bool sameMeaning = isFloat(x) || isUnsigned == toUnsigned;
  if (from == to && (sameMeaning || isa<IntegerType>(to)))
    return x; // Between signs of one width the bits stay: it wraps.
  if (isHalf(from))
    return convert(widenHalf(x), to, toUnsigned);
  if (isHalf(to))
    return narrowToHalf(isFloat(x) ? x : convert(x, b.getF32Type(), toUnsigned),
                        to);
  if (to.isInteger(1)) {
    // Everything but 0 is true, NaN too.
    Value zero = number(from, 0);
    return compare(FP::UNE, IP::ne, x, zero);
  }
  bool fromBool = from.isInteger(1);
  if (auto integer = dyn_cast<IntegerType>(to)) {
    if (isFloat(x))
      return truncateToInteger(x, integer, toUnsigned);
    if (from.getIntOrFloatBitWidth() > integer.getWidth())
      return b.create<arith::TruncIOp>(loc, to, x);
    if (fromBool || isUnsigned)
      return b.create<arith::ExtUIOp>(loc, to, x);
    return b.create<arith::ExtSIOp>(loc, to, x);
  }
  if (!isa<FloatType>(to))
    return {};
  if (fromBool || (isUnsigned && !isFloat(x)))
    return b.create<arith::UIToFPOp>(loc, to, x);
  if (isa<IntegerType>(from))
    return b.create<arith::SIToFPOp>(loc, to, x);
  if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
    return b.create<arith::ExtFOp>(loc, to, x);
  return b.create<arith::TruncFOp>(loc, to, x);
}

Value Scalars::truncateToInteger(Value x, IntegerType to, bool toUnsigned) {
  int width = int(to.getWidth());
  double beyond = std::ldexp(1.0, toUnsigned ? width : width - 1);
  // What truncation brings to the lowest integer is not too low.
  double bound = toUnsigned ? 0.0 : -beyond;
  Value tooHigh =
      b.create<arith::CmpFOp>(loc, FP::OGE, x, number(x.getType(), beyond));
  Value tooLow = less(x, number(x.getType(), bound));
  Value out = either(either(tooHigh, tooLow), isNaN(x));
  Value inside = select(out, number(x.getType(), 0), x);
  Value result;
  if (toUnsigned)
    result = b.create<arith::FPToUIOp>(loc, to, inside);
  else
    result = b.create<arith::FPToSIOp>(loc, to, inside);
  auto constant = [&](const APInt &value) -> Value {
    return b.create<arith::ConstantOp>(loc, b.getIntegerAttr(to, value));
  };
  result = select(tooHigh,
                  constant(toUnsigned ? APInt::getMaxValue(width)
                                      : APInt::getSignedMaxValue(width)),
                  result);
  return select(tooLow,
                constant(toUnsigned ? APInt::getMinValue(width)
                                    : APInt::getSignedMinValue(width)),
                result);
}

Value Scalars::expMinusOne(Value x) {
  Type type = x.getType();
  Value half = b.create<math::TanhOp>(loc, mul(x, number(type, 0.5)));
  return mul(add(exp(x), number(type, 1)), half);
}

Value Scalars::logOnePlus(Value x) {
  Value one = number(x.getType(), 1);
  Value w = add(one, x);
  Value quotient = div(mul(b.create<math::LogOp>(loc, w), x), sub(w, one));
  return select(equal(w, one), x, quotient);
}

} // namespace mlir::bnn::onnx
