//===- Elementwise.cpp - Operators that compute each element --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Scalars.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {

using FP = arith::CmpFPredicate;
using IP = arith::CmpIPredicate;

/// One element of each operand that is not left out, and what to build on them.
struct Element {
  Scalars &s;
  OpBuilder &b;
  Location loc;
  ValueRange x;
  /// The signless element type of the result.
  Type to;

  Type type() const { return x[0].getType(); }
  Value number(double value) const { return s.number(type(), value); }
  template <typename MathOp> Value unary() const {
    return b.create<MathOp>(loc, x[0]);
  }
};

//===-- On floats
//-----------------------------------------------------------===//

Value element(SqrtOp, Element &e) { return e.unary<math::SqrtOp>(); }
Value element(ExpOp, Element &e) { return e.unary<math::ExpOp>(); }
Value element(LogOp, Element &e) { return e.unary<math::LogOp>(); }
Value element(ErfOp, Element &e) { return e.unary<math::ErfOp>(); }
Value element(TanhOp, Element &e) { return e.unary<math::TanhOp>(); }
Value element(RoundOp, Element &e) { return e.unary<math::RoundEvenOp>(); }
Value element(FloorOp, Element &e) { return e.unary<math::FloorOp>(); }
Value element(CeilOp, Element &e) { return e.unary<math::CeilOp>(); }

Value element(RoundToHalfOp op, Element &e) {
  return e.s.roundToHalf(e.x[0], op.getFormat());
}

Value element(ReciprocalOp, Element &e) { return e.s.div(e.number(1), e.x[0]); }

Value element(SigmoidOp, Element &e) {
  Value one = e.number(1);
  Value exp = e.s.exp(e.b.create<arith::NegFOp>(e.loc, e.x[0]));
  return e.s.div(one, e.s.add(one, exp));
}

Value sum(Element &e) {
  Value sum = e.x[0];
  for (Value other : e.x.drop_front())
    sum = e.s.add(sum, other);
  return sum;
}

Value element(SumOp, Element &e) { return sum(e); }
Value element(MeanOp, Element &e) {
  Value total = sum(e);
  return e.s.div(total, e.number(double(e.x.size())));
}

Value element(PReluOp, Element &e) {
  Value below = e.s.mul(e.x[1], e.x[0]);
  return e.s.select(e.s.less(e.x[0], e.number(0)), below, e.x[0]);
}

//===-- On numbers --------------------------------------------------------===//

Value element(AddOp, Element &e) { return e.s.add(e.x[0], e.x[1]); }
Value element(SubOp, Element &e) { return e.s.sub(e.x[0], e.x[1]); }
Value element(MulOp, Element &e) { return e.s.mul(e.x[0], e.x[1]); }
Value element(AbsOp, Element &e) { return e.s.abs(e.x[0]); }
Value element(SignOp, Element &e) { return e.s.sign(e.x[0]); }

Value element(DivOp, Element &e) {
  return Scalars::isFloat(e.x[0]) ? e.s.div(e.x[0], e.x[1])
                                  : e.s.divideIntegers(e.x[0], e.x[1]);
}

Value element(ModOp op, Element &e) {
  Value rest = e.s.remainder(e.x[0], e.x[1]);
  if (op.getFmod())
    return rest;
  // The sign of the divisor: one divisor more where the two differ.
  Value zero = e.number(0);
  Value differs = e.b.create<arith::XOrIOp>(e.loc, e.s.less(rest, zero),
                                            e.s.less(e.x[1], zero));
  Value isZero = e.s.equal(rest, zero);
  return e.s.select(isZero, rest,
                    e.s.select(differs, e.s.add(rest, e.x[1]), rest));
}

Value element(NegOp, Element &e) {
  if (Scalars::isFloat(e.x[0]))
    return e.unary<arith::NegFOp>();
  return e.s.sub(e.number(0), e.x[0]);
}

Value element(ReluOp, Element &e) {
  return e.s.clip(e.x[0], e.number(0), Value());
}

Value element(ClipOp op, Element &e) {
  size_t next = 1;
  bool hasLow = !isa<NoneType>(op.getMin().getType());
  bool hasHigh = !isa<NoneType>(op.getMax().getType());
  Value low = hasLow ? e.x[next++] : Value();
  Value high = hasHigh ? e.x[next++] : Value();
  return e.s.clip(e.x[0], low, high);
}

Value extreme(bool larger, Element &e) {
  Value result = e.x[0];
  for (Value other : e.x.drop_front())
    result = e.s.extreme(larger, result, other);
  return result;
}

Value element(MaxOp, Element &e) { return extreme(/*larger=*/true, e); }
Value element(MinOp, Element &e) { return extreme(/*larger=*/false, e); }

Value element(GreaterOp, Element &e) { return e.s.greater(e.x[0], e.x[1]); }
Value element(LessOp, Element &e) { return e.s.less(e.x[0], e.x[1]); }
Value element(GreaterOrEqualOp, Element &e) {
  return e.s.compare(FP::OGE, IP::sge, e.x[0], e.x[1]);
}
Value element(LessOrEqualOp, Element &e) {
  return e.s.compare(FP::OLE, IP::sle, e.x[0], e.x[1]);
}

//===-- On anything
//---------------------------------------------------------===//

Value element(AndOp, Element &e) { return e.s.both(e.x[0], e.x[1]); }
Value element(OrOp, Element &e) { return e.s.either(e.x[0], e.x[1]); }
Value element(XorOp, Element &e) {
  return e.b.create<arith::XOrIOp>(e.loc, e.x[0], e.x[1]);
}
Value element(BitwiseAndOp, Element &e) { return e.s.both(e.x[0], e.x[1]); }
Value element(BitwiseOrOp, Element &e) { return e.s.either(e.x[0], e.x[1]); }
Value element(BitwiseXorOp, Element &e) {
  return e.b.create<arith::XOrIOp>(e.loc, e.x[0], e.x[1]);
}
Value element(NotOp, Element &e) {
  return e.b.create<arith::XOrIOp>(e.loc, e.x[0], e.number(1));
}
Value element(EqualOp, Element &e) { return e.s.equal(e.x[0], e.x[1]); }
Value element(WhereOp, Element &e) {
  return e.s.select(e.x[0], e.x[1], e.x[2]);
}
Value element(CastOp op, Element &e) {
  bool isUnsigned = getElementTypeOrSelf(op.getType()).isUnsignedInteger();
  return e.s.convert(e.x[0], e.to, isUnsigned);
}

/// Operators that take the same element types.
template <typename... Ops> struct Family {
  static bool has(Operation *op) { return isa<Ops...>(op); }
  static Value lower(Operation *op, Element &e) {
    return llvm::TypeSwitch<Operation *, Value>(op).template Case<Ops...>(
        [&](auto o) { return element(o, e); });
  }
};
using OnFloats =
    Family<SqrtOp, ReciprocalOp, ExpOp, LogOp, ErfOp, TanhOp, SigmoidOp,
           RoundOp, FloorOp, CeilOp, SumOp, MeanOp, PReluOp, RoundToHalfOp>;
using OnNumbers = Family<AddOp, SubOp, MulOp, DivOp, ModOp, NegOp, AbsOp,
                         SignOp, ReluOp, ClipOp, MaxOp, MinOp, GreaterOp,
                         GreaterOrEqualOp, LessOp, LessOrEqualOp>;
using OnIntegers = Family<BitwiseAndOp, BitwiseOrOp, BitwiseXorOp>;
using OnAnything = Family<AndOp, OrOp, XorOp, NotOp, EqualOp, WhereOp, CastOp>;

/// One element of the result of `op`. Null: not on these element types.
Value lowerElement(Operation *op, Element &e) {
  if (OnAnything::has(op))
    return OnAnything::lower(op, e);
  if (OnNumbers::has(op))
    return e.type().isInteger(1) ? Value() : OnNumbers::lower(op, e);
  if (OnIntegers::has(op))
    return Scalars::isFloat(e.x[0]) ? Value() : OnIntegers::lower(op, e);
  if (!Scalars::isFloat(e.x[0]))
    return {};
  return OnFloats::has(op) ? OnFloats::lower(op, e)
                           : lowerFunction(op, e.s, e.x[0]);
}

} // namespace

Lowered lowerElementwise(Lowering &l, Operation *op) {
  if (!OnFloats::has(op) && !OnNumbers::has(op) && !OnAnything::has(op) &&
      !OnIntegers::has(op) && !isFunction(op))
    return std::nullopt;
  SmallVector<Value> inputs;
  for (Value operand : op->getOperands())
    if (!isa<NoneType>(operand.getType()))
      inputs.push_back(operand);
  Value result = op->getResult(0);
  Type type = getElementTypeOrSelf(result.getType());
  Type signless = Lowering::signlessType(type);
  bool isUnsigned =
      getElementTypeOrSelf(op->getOperand(0).getType()).isUnsignedInteger();
  Value lowered = l.broadcast(result, type, inputs,
                              [&](OpBuilder &b, Location loc, ValueRange x) {
                                Scalars s(b, loc, isUnsigned);
                                Element e{s, b, loc, x, signless};
                                return lowerElement(op, e);
                              });
  if (!lowered) {
    op->emitError() << op->getName() << " is not supported on elements of "
                    << getElementTypeOrSelf(inputs[0].getType())
                    << "; cast its inputs to a type that has the operation";
    return failure();
  }
  return FailureOr<SmallVector<Value>>({lowered});
}

} // namespace mlir::bnn::onnx
