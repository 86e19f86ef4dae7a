//===- Halves.cpp - Numbers of 16 bits by integer arithmetic --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// On the bits of a float, so that no target needs a library for it and all do
// the same: the instructions that some have flush denormal numbers, or are only
// there for some formats. Additions are of numbers that are not denormal.
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Scalars.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {
using IP = arith::CmpIPredicate;

constexpr uint32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
/// 2^-14, the smallest number of f16 that is not denormal.
constexpr uint32_t kLeastNormal = 0x38800000;
/// The difference of the exponents' biases.
constexpr uint32_t kBias = 112u << 23;

/// Arithmetic on the bits of f32 numbers.
class Bits {
public:
  Bits(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  Value number(uint32_t value) {
    return b.create<arith::ConstantOp>(
        loc, b.getI32IntegerAttr(static_cast<int32_t>(value)));
  }
  Value of(Value x) {
    return b.create<arith::BitcastOp>(loc, b.getI32Type(), x);
  }
  Value asFloat(Value bits) {
    return b.create<arith::BitcastOp>(loc, b.getF32Type(), bits);
  }
  Value add(Value x, Value y) { return b.create<arith::AddIOp>(loc, x, y); }
  Value both(Value x, uint32_t mask) {
    return b.create<arith::AndIOp>(loc, x, number(mask));
  }
  Value either(Value x, Value y) { return b.create<arith::OrIOp>(loc, x, y); }
  Value up(Value x, uint32_t by) {
    return b.create<arith::ShLIOp>(loc, x, number(by));
  }
  Value down(Value x, uint32_t by) {
    return b.create<arith::ShRUIOp>(loc, x, number(by));
  }
  /// Of magnitudes, which are not negative.
  Value less(Value x, uint32_t y) {
    return b.create<arith::CmpIOp>(loc, IP::slt, x, number(y));
  }
  Value select(Value condition, Value x, Value y) {
    return b.create<arith::SelectOp>(loc, condition, x, y);
  }
  Value move(Value magnitude, float by) {
    Value amount = b.create<arith::ConstantOp>(loc, b.getF32FloatAttr(by));
    return b.create<arith::AddFOp>(loc, magnitude, amount);
  }
  /// The bits without the lowest `count`, rounded to even: half a unit less one
  /// is added, and one more where the last bit that stays is 1.
  Value rounded(Value magnitude, uint32_t count) {
    Value odd = both(down(magnitude, count), 1);
    Value sum = add(magnitude, number((1u << (count - 1)) - 1));
    return both(add(sum, odd), ~0u << count);
  }
  /// A magnitude as if it were of bf16 or f16; infinity stays, NaN does not.
  Value rounded(Value magnitude, bool isBrain);

private:
  OpBuilder &b;
  Location loc;
};

Value Bits::rounded(Value magnitude, bool isBrain) {
  if (isBrain)
    return rounded(magnitude, uint32_t(16));
  Value normal = rounded(magnitude, uint32_t(13));
  // 2^16 and more are not numbers of f16.
  normal = select(less(normal, 0x47800000), normal, number(kInfinity));
  // Denormal ones are multiples of 2^-24, the last bit of what is from 0.5 to
  // 1.
  Value small = of(move(move(asFloat(magnitude), 0.5f), -0.5f));
  return select(less(magnitude, kLeastNormal), small, normal);
}
} // namespace

/// The f32 that is nearest to a double and has 1 for its last bit where it is
/// not the same number: rounded once more, it becomes what the double would.
static Value roundToOdd(OpBuilder &b, Location loc, Value x) {
  Value nearest = b.create<arith::TruncFOp>(loc, b.getF32Type(), x);
  Value back = b.create<arith::ExtFOp>(loc, x.getType(), nearest);
  Bits bits(b, loc);
  auto compare = [&](arith::CmpFPredicate predicate, Value y, Value z) {
    return b.create<arith::CmpFOp>(loc, predicate, y, z);
  };
  auto magnitude = [&](Value y) { return b.create<math::AbsFOp>(loc, y); };
  Value isLarger =
      compare(arith::CmpFPredicate::OGT, magnitude(back), magnitude(x));
  Value same = bits.of(nearest);
  Value truncated =
      bits.select(isLarger, bits.add(same, bits.number(~0u)), same);
  Value odd = bits.either(truncated, bits.number(1));
  Value differs = compare(arith::CmpFPredicate::ONE, back, x);
  return bits.asFloat(bits.select(differs, odd, same));
}

Value Scalars::roundToHalf(Value x, Type format) {
  if (x.getType().isF64())
    x = roundToOdd(b, loc, x);
  Bits bits(b, loc);
  Value all = bits.of(x), magnitude = bits.both(all, kMagnitude);
  Value rounded = bits.rounded(magnitude, format.isBF16());
  Value result = bits.either(rounded, bits.both(all, ~kMagnitude));
  return bits.asFloat(bits.select(bits.less(magnitude, kInfinity + 1), result,
                                  bits.number(0x7fc00000)));
}

Value Scalars::widenHalf(Value x) {
  Bits bits(b, loc);
  const bool isBrain = x.getType().isBF16();
  Value half = b.create<arith::BitcastOp>(loc, b.getI16Type(), x);
  half = b.create<arith::ExtUIOp>(loc, b.getI32Type(), half);
  if (isBrain)
    return bits.asFloat(bits.up(half, 16));
  Value sign = bits.up(bits.both(half, 0x8000), 16);
  Value magnitude = bits.up(bits.both(half, 0x7fff), 13);
  Value normal = bits.add(magnitude, bits.number(kBias));
  // 2^-14 and the fraction, less 2^-14.
  Value small = bits.of(bits.move(
      bits.asFloat(bits.add(magnitude, bits.number(kLeastNormal))), -0x1p-14f));
  Value large = bits.add(normal, bits.number(kBias));
  Value result = bits.select(bits.less(magnitude, 0x00800000), small, normal);
  result = bits.select(bits.less(magnitude, 0x0f800000), result, large);
  return bits.asFloat(bits.either(result, sign));
}

Value Scalars::narrowToHalf(Value x, Type format) {
  const bool isBrain = format.isBF16();
  Bits bits(b, loc);
  Value all = bits.of(roundToHalf(x, format));
  Value half;
  if (isBrain) {
    half = bits.down(all, 16);
  } else {
    Value magnitude = bits.both(all, kMagnitude);
    Value normal = bits.down(bits.add(magnitude, bits.number(-kBias)), 13);
    // From 0.5 on the bits count multiples of 2^-24.
    Value small = bits.add(bits.of(bits.move(bits.asFloat(magnitude), 0.5f)),
                           bits.number(-0x3f000000u));
    // Infinity and NaN keep the highest bit of what is left of the fraction.
    Value large = bits.down(bits.add(magnitude, bits.number(-2 * kBias)), 13);
    half = bits.select(bits.less(magnitude, kLeastNormal), small, normal);
    half = bits.select(bits.less(magnitude, kInfinity), half, large);
    half = bits.either(half, bits.down(bits.both(all, ~kMagnitude), 16));
  }
  half = b.create<arith::TruncIOp>(loc, b.getI16Type(), half);
  return b.create<arith::BitcastOp>(loc, format, half);
}
} // namespace mlir::bnn::onnx
