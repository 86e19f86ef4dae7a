//===- ExpandMath.cpp - Float functions as exact operations ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/ExpandMath/ExpandMath.h"
#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "passes/ExpandMath/Doubles.h"
#include "passes/ExpandMath/FloatBuilder.h"
#include "passes/ExpandMath/Power.h"
#include "passes/ExpandMath/Rounding.h"
#include "passes/Support/Reciprocal.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

namespace mlir::bnn {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/ExpandMath/ExpandMath.h.inc"
} // namespace mlir::bnn

using namespace mlir;

namespace {

/// Arithmetic on one type: f32 itself, or a vector of it.
class F32Builder : public bnn::FloatBuilder {
public:
  static constexpr float kWhole = 8388608;

  F32Builder(OpBuilder &builder, Location loc, Type type,
             bnn::TargetAttr target)
      : FloatBuilder(builder, loc, type), type(type),
        intType(with(b.getI32Type())), target(target) {}

  Value f(float value) { return constant(type, b.getF32FloatAttr(value)); }
  /// The float whose bits these are; for values that decimals only blur.
  Value fbits(uint32_t bits) { return f(llvm::bit_cast<float>(bits)); }
  Value i(int32_t value) {
    return constant(intType, b.getI32IntegerAttr(value));
  }

  Value sqrt(Value x) { return b.create<math::SqrtOp>(loc, x); }

  /// x, but `bound` where it is more, or less; NaN stays.
  Value atMost(Value x, Value bound) {
    if (does(bnn::Instructions::MaximumFloats))
      return op<arith::MinimumFOp>(x, bound);
    return select(gt(x, bound), bound, x);
  }
  Value atLeast(Value x, Value bound) {
    if (does(bnn::Instructions::MaximumFloats))
      return op<arith::MaximumFOp>(x, bound);
    return select(lt(x, bound), bound, x);
  }

  Value isNaN(Value x) { return cmp(arith::CmpFPredicate::UNO, x, x); }
  Value iadd(Value x, Value y) { return b.create<arith::AddIOp>(loc, x, y); }
  Value isub(Value x, Value y) { return b.create<arith::SubIOp>(loc, x, y); }
  Value iand(Value x, Value y) { return b.create<arith::AndIOp>(loc, x, y); }
  Value ior(Value x, Value y) { return b.create<arith::OrIOp>(loc, x, y); }
  Value shl(Value x, int32_t n) {
    return b.create<arith::ShLIOp>(loc, x, i(n));
  }
  Value ashr(Value x, int32_t n) {
    return b.create<arith::ShRSIOp>(loc, x, i(n));
  }

  Value bits(Value x) { return b.create<arith::BitcastOp>(loc, intType, x); }
  Value fromBits(Value x) { return b.create<arith::BitcastOp>(loc, type, x); }
  Value fromInt(Value x) { return b.create<arith::SIToFPOp>(loc, type, x); }

  Value abs(Value x) { return fromBits(iand(bits(x), i(0x7FFFFFFF))); }
  /// `magnitude`, which is not negative, with the sign of `sign`.
  Value withSign(Value magnitude, Value sign) {
    return fromBits(
        ior(bits(magnitude), iand(bits(sign), i(int32_t(0x80000000u)))));
  }

  /// Whether `scale` is there.
  bool canScale() {
    auto vector = dyn_cast<VectorType>(type);
    return does(bnn::Instructions::ScaleFloats) && vector &&
           vector.getShape() == ArrayRef<int64_t>{16};
  }
  /// x * 2^n, rounded once, n a float with an integer value: vscalefps.
  Value scale(Value x, Value n) {
    auto constant = [&](Type type, int64_t value) -> Value {
      return b.create<LLVM::ConstantOp>(loc, type,
                                        b.getIntegerAttr(type, value));
    };
    Value all = constant(b.getI16Type(), -1);
    Value asSet = constant(b.getI32Type(), 4); // round as MXCSR says
    return b
        .create<LLVM::CallIntrinsicOp>(
            loc, type, b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
            ValueRange{x, n, x, all, asSet}, LLVM::FastmathFlags::none)
        .getResult(0);
  }

  /// A polynomial: coefficients from the highest power down.
  Value poly(Value x, ArrayRef<uint32_t> coefficients) {
    return horner(x, coefficients, [&](uint32_t c) { return fbits(c); });
  }

private:
  Type type;
  Type intType;
  bnn::TargetAttr target;

  bool does(bnn::Instructions which) { return target && target.does(which); }
};

/// What the reduction of exp leaves: exp(x) = 2^n * exp(r), |r| <= ln2 / 2.
struct ExpReduction {
  Value n;       // i32
  Value asFloat; // n as f32
  Value r;       // f32
};

/// Cody and Waite: n = round(x / ln2) by the adder (a float next to 1.5 * 2^23
/// has no fraction bits, and carries n in its low bits), r = x - n ln2 with ln2
/// in two parts. Wants |x| < 2^21.
ExpReduction reduceExp(F32Builder &m, Value x) {
  Value magic = m.fbits(0x4B400000);
  Value shifted = m.fma(x, m.fbits(0x3FB8AA3B), magic);
  Value n = m.sub(shifted, magic);
  Value r = m.fma(n, m.fbits(0xBF317200), x);
  r = m.fma(n, m.fbits(0xB5BFBE8E), r);
  return {m.isub(m.bits(shifted), m.i(0x4B400000)), n, r};
}

/// exp(r) for |r| <= ln2 / 2, far below half an ulp before rounding.
Value expReduced(F32Builder &m, Value r) {
  return m.poly(r, {0x3AB52794, 0x3C091CC1, 0x3D2AAC57, 0x3E2AAA49, 0x3EFFFFFE,
                    0x3F800000, 0x3F800000});
}

/// 2^n as a float, for -126 <= n <= 127.
Value exp2Int(F32Builder &m, Value n) {
  return m.fromBits(m.shl(m.iadd(n, m.i(127)), 23));
}

/// `notPositive`: x is never above 0.
Value expandExp(F32Builder &m, Value x, bool notPositive) {
  // Beyond these bounds the result is +inf or +0 anyway; NaN passes both.
  x = m.atLeast(x, m.f(-104.0f));
  if (!notPositive)
    x = m.atMost(x, m.f(89.0f));
  ExpReduction e = reduceExp(m, x);
  Value p = expReduced(m, e.r);
  if (m.canScale())
    return m.scale(p, e.asFloat);
  // n reaches from -150 to 128, beyond one float's exponent. Two steps: the
  // first is exact, so the second rounds a denormal result once. Up to 0, the
  // second can be the same for all.
  if (notPositive)
    return m.mul(m.mul(p, exp2Int(m, m.iadd(e.n, m.i(64)))), m.f(0x1p-64f));
  Value half = m.ashr(e.n, 1);
  p = m.mul(p, exp2Int(m, half));
  return m.mul(p, exp2Int(m, m.isub(e.n, half)));
}

Value expandLog(F32Builder &m, Value x) {
  Value denormal = m.lt(x, m.fbits(0x00800000));
  Value scaled = m.select(denormal, m.mul(x, m.f(8388608.0f)), x);
  // x = 2^e * (1 + f), 1 + f between sqrt(1/2) and sqrt(2).
  Value ix = m.isub(m.bits(scaled), m.i(0x3F3504F3));
  Value e = m.isub(m.ashr(ix, 23), m.select(denormal, m.i(23), m.i(0)));
  Value f =
      m.sub(m.fromBits(m.iadd(m.iand(ix, m.i(0x007FFFFF)), m.i(0x3F3504F3))),
            m.f(1.0f));
  Value n = m.fromInt(e);
  Value f2 = m.mul(f, f);
  Value q =
      m.poly(f, {0x3D8A3B1D, 0xBDEF016B, 0x3DF35F9C, 0xBDFE1442, 0x3E119DD4,
                 0xBE2AAE23, 0x3E4CD23B, 0xBE800003, 0x3EAAAAA4});
  // The small terms first: n's low part, then the cubic rest, then -f^2 / 2.
  Value y = m.fma(n, m.fbits(0x35BFBE8E), m.mul(m.mul(f, f2), q));
  y = m.fma(m.f(-0.5f), f2, y);
  Value r = m.add(f, y);
  r = m.fma(n, m.fbits(0x3F317200), r);

  Value inf = m.f(INFINITY);
  r = m.select(m.eq(x, inf), inf, r);
  r = m.select(m.lt(x, m.f(0.0f)), m.fbits(0x7FC00000), r);
  r = m.select(m.eq(x, m.f(0.0f)), m.f(-INFINITY), r);
  return m.select(m.isNaN(x), x, r);
}

/// erf(x); `isAtMost4`: its magnitude is known to be.
Value expandErf(F32Builder &m, Value x, bool isAtMost4 = false) {
  Value t = m.abs(x);
  Value x2 = m.mul(x, x);
  // Near zero: x + x q(x^2).
  Value near = m.fma(m.poly(x2, {0xBA1B6031, 0x3BA337E5, 0xBCDB3529, 0x3DE70C2F,
                                 0xBEC0936E, 0x3E0375D3}),
                     x, x);
  // Away from it: 1 - exp(q(t)), which is 1 from 4 on.
  Value c = isAtMost4 ? t : m.atMost(t, m.f(4.0f));
  Value q = m.mul(c, m.poly(c, {0xB74BD67C, 0x39AE0DD3, 0xBB71273D, 0x3CC34D88,
                                0xBDD9C278, 0xBF2295AD, 0xBF9077FF}));
  // exp(q) counts erfc(t) < 0.19 times, so a shorter polynomial will do, and n
  // stays above -26, so one step of scaling.
  ExpReduction e = reduceExp(m, q);
  Value p = m.poly(e.r, {0x3C07CD00, 0x3D2B9D61, 0x3E2AAD45, 0x3EFFFEE2,
                         0x3F7FFFFB, 0x3F800000});
  // -2^n: 256 more in the exponent's field is the sign bit.
  Value scale = exp2Int(m, m.iadd(e.n, m.i(256)));
  Value far = m.withSign(m.fma(p, scale, m.f(1.0f)), x);
  Value useFar = m.gt(t, m.f(0.9375f));
  // NaN compares false, so it takes the near branch and stays.
  return m.select(useFar, far, near);
}

Value expandTanh(F32Builder &m, Value x) {
  Value t = m.abs(x);
  Value x2 = m.mul(x, x);
  // Near zero: x + x^3 q(x^2).
  Value q =
      m.poly(x2, {0xBBBAA7A3, 0x3CA9020E, 0xBD5C1B64, 0x3E08837D, 0xBEAAAA99});
  Value near = m.fma(m.mul(q, x2), t, t);
  // Away from it: 1 - 2 / (exp(2t) + 1), which is 1 from 9.02 on.
  Value c = m.atMost(t, m.f(10.0f));
  ExpReduction e = reduceExp(m, m.add(c, c));
  Value p = m.mul(expReduced(m, e.r), exp2Int(m, e.n));
  Value one = m.f(1.0f);
  Value far = m.sub(one, m.div(m.f(2.0f), m.add(p, one)));
  return m.withSign(m.select(m.gt(t, m.f(0.625f)), far, near), x);
}

Value expandRound(F32Builder &m, Value x) {
  Value t = m.abs(x);
  Value r = truncMagnitude(m, t);
  Value down = m.lt(m.sub(t, r), m.f(0.5f));
  Value up = m.add(r, m.f(1.0f));
  // An infinity minus itself is NaN, which is not less: inf + 1 is inf.
  return m.withSign(m.select(down, r, up), x);
}

/// x to the n-th by repeated squaring, n >= 1.
Value powerByProducts(F32Builder &m, Value x, unsigned n) {
  Value result;
  for (Value square = x;; square = m.mul(square, square)) {
    if (n & 1)
      result = result ? m.mul(result, square) : square;
    n >>= 1;
    if (n == 0)
      return result;
  }
}

/// The one value of a constant, broadcast or not.
std::optional<float> constantSplat(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->getName().getStringRef() != "vector.broadcast" &&
        op->getName().getStringRef() != "vector.splat")
      break;
    value = op->getOperand(0);
  }
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  if (auto scalar = dyn_cast<FloatAttr>(attr))
    return scalar.getValue().convertToFloat();
  if (auto dense = dyn_cast<DenseFPElementsAttr>(attr);
      dense && dense.isSplat())
    return dense.getSplatValue<APFloat>().convertToFloat();
  return std::nullopt;
}

/// Whether all that becomes of an erf is a sum with a number of about 1, as in
/// GELU: what erf is where it is next to nothing does not matter.
bool isAddedToOne(math::ErfOp op) {
  return llvm::all_of(op->getUsers(), [](Operation *user) {
    auto sum = dyn_cast<arith::AddFOp>(user);
    std::optional<float> term;
    if (sum)
      term = constantSplat(sum.getRhs());
    return term && std::abs(*term) >= 0.5f;
  });
}

/// erf(x / d) without a division, where `d` is a constant: GELU's square root
/// of 2. Null where that is not what `op` is, or not its value.
Value expandErfOfQuotient(F32Builder &m, math::ErfOp op) {
  auto division = op.getOperand().getDefiningOp<arith::DivFOp>();
  if (!division || !division->hasOneUse() || !isAddedToOne(op))
    return {};
  std::optional<float> divisor = constantSplat(division.getRhs());
  std::optional<bnn::Reciprocal> r =
      divisor ? bnn::getExactReciprocal(*divisor) : std::nullopt;
  if (!r)
    return {};
  // From 4 on it is 1. Below 2^-70 the quotient may be another, but is less
  // than 2^-50, and what is added is rounded away.
  const float most = 4.0f * *divisor;
  Value x = m.atMost(division.getLhs(), m.f(most));
  x = m.atLeast(x, m.f(-most));
  Value quotient = m.fma(x, m.f(r->high), m.mul(x, m.f(r->low)));
  return expandErf(m, quotient, /*isAtMost4=*/true);
}

constexpr unsigned maxPower = 16;

FailureOr<Value> expandPow(F32Builder &m, math::PowFOp op) {
  Value x = op.getLhs();
  std::optional<float> exponent = constantSplat(op.getRhs());
  auto general = [&] {
    OpBuilder b(op);
    return bnn::expandPower(b, op.getLoc(), x, op.getRhs());
  };
  if (!exponent)
    return general();
  float e = *exponent;
  if (e == 0.0f)
    return m.f(1.0f);
  if (e == 0.5f) {
    // Unlike the square root, the power of -0 is +0 and that of -inf is +inf.
    Value root = m.sqrt(m.add(x, m.f(0.0f)));
    return m.select(m.eq(x, m.f(-INFINITY)), m.f(INFINITY), root);
  }
  if (std::abs(e) > maxPower || e != std::floor(e) || std::isnan(e))
    return general();
  Value power = powerByProducts(m, x, unsigned(std::abs(e)));
  return e > 0 ? power : m.div(m.f(1.0f), power);
}

struct ExpandMath : bnn::impl::ExpandMathBase<ExpandMath> {
  using ExpandMathBase::ExpandMathBase;

  void runOnOperation() override {
    target = bnn::getTarget(getOperation());
    SmallVector<Operation *> work;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
        work.push_back(op);
    });
    bool failed = false;
    for (Operation *op : work)
      failed |= mlir::failed(expand(op));
    if (failed)
      signalPassFailure();
  }

private:
  bnn::TargetAttr target;

  /// What is defined to the last bit already, or has no float in it.
  bool staysAsItIs(Operation *op) {
    if (isa<math::SqrtOp, math::FmaOp, math::AbsFOp, math::CopySignOp>(op))
      return true;
    if (keepRounding &&
        isa<math::RoundEvenOp, math::FloorOp, math::CeilOp, math::TruncOp>(op))
      return true;
    auto isInteger = [](Type type) {
      return getElementTypeOrSelf(type).isSignlessIntOrIndex();
    };
    return llvm::all_of(op->getOperandTypes(), isInteger) &&
           llvm::all_of(op->getResultTypes(), isInteger);
  }

  LogicalResult expand(Operation *op) {
    if (staysAsItIs(op))
      return success();
    Type type = op->getResult(0).getType();
    Type element = getElementTypeOrSelf(type);
    if (!isa<FloatType, VectorType>(type) ||
        !(element.isF32() || element.isF64()))
      return op->emitOpError("has no lowering on ")
             << type << ": only f32, f64 and vectors of them have one";
    if (element.isF64())
      return replace(op, bnn::expandDouble(op));

    OpBuilder builder(op);
    F32Builder m(builder, op->getLoc(), type, target);
    FailureOr<Value> result =
        llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
            .Case([&](math::ExpOp o) {
              return expandExp(m, o.getOperand(),
                               o->hasAttr(bnn::kNotPositiveAttr));
            })
            .Case([&](math::LogOp o) { return expandLog(m, o.getOperand()); })
            .Case([&](math::ErfOp o) {
              Value ofQuotient = expandErfOfQuotient(m, o);
              return ofQuotient ? ofQuotient : expandErf(m, o.getOperand());
            })
            .Case([&](math::TanhOp o) { return expandTanh(m, o.getOperand()); })
            .Case([&](math::RsqrtOp o) {
              return m.div(m.f(1.0f), m.sqrt(o.getOperand()));
            })
            .Case([&](math::RoundEvenOp o) {
              return expandRoundEven(m, o.getOperand());
            })
            .Case(
                [&](math::RoundOp o) { return expandRound(m, o.getOperand()); })
            .Case(
                [&](math::TruncOp o) { return expandTrunc(m, o.getOperand()); })
            .Case(
                [&](math::FloorOp o) { return expandFloor(m, o.getOperand()); })
            .Case([&](math::CeilOp o) { return expandCeil(m, o.getOperand()); })
            .Case([&](math::PowFOp o) { return expandPow(m, o); })
            .Default([](Operation *) { return FailureOr<Value>(Value()); });
    return mlir::failed(result) ? failure() : replace(op, *result);
  }

  /// Null: there is no sequence for it.
  LogicalResult replace(Operation *op, Value result) {
    if (!result)
      return op->emitOpError(
          "has no lowering that gives the same bits on every target");
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
    ++expanded;
    return success();
  }
};

} // namespace
