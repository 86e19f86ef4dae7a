#include "passes/OnnxToLinalg/Scalars.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {

/// One element of the result of `op`, from one element of each operand that is
/// not left out. Null: not on these element types.
Value lowerScalar(Operation *op, OpBuilder &b, Location loc, ValueRange x,
                  Type to) {
  auto isUnsigned = [](Type type) {
    return getElementTypeOrSelf(type).isUnsignedInteger();
  };
  Scalars s(b, loc, isUnsigned(op->getOperand(0).getType()));
  Type type = x[0].getType();
  bool isFloat = isa<FloatType>(type);
  // What only floats have.
  auto onFloat = [&](llvm::function_ref<Value()> f) {
    return isFloat ? f() : Value();
  };
  // What booleans do not have.
  auto onNumber = [&](llvm::function_ref<Value()> f) {
    return type.isInteger(1) ? Value() : f();
  };
  using FP = arith::CmpFPredicate;
  using IP = arith::CmpIPredicate;
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](AddOp) { return onNumber([&] { return s.add(x[0], x[1]); }); })
      .Case([&](SubOp) { return onNumber([&] { return s.sub(x[0], x[1]); }); })
      .Case([&](MulOp) { return onNumber([&] { return s.mul(x[0], x[1]); }); })
      .Case([&](DivOp) {
        return onNumber([&]() -> Value {
          if (isFloat)
            return b.create<arith::DivFOp>(loc, x[0], x[1]);
          return s.divideIntegers(x[0], x[1]);
        });
      })
      .Case([&](NegOp) {
        return onNumber([&]() -> Value {
          if (isFloat)
            return b.create<arith::NegFOp>(loc, x[0]);
          return b.create<arith::SubIOp>(loc, s.number(type, 0), x[0]);
        });
      })
      .Case([&](AbsOp) { return onNumber([&] { return s.abs(x[0]); }); })
      .Case([&](SqrtOp) {
        return onFloat([&] { return b.create<math::SqrtOp>(loc, x[0]); });
      })
      .Case([&](ReciprocalOp) {
        return onFloat([&] {
          return b.create<arith::DivFOp>(loc, s.number(type, 1), x[0]);
        });
      })
      .Case([&](ExpOp) {
        return onFloat([&] { return b.create<math::ExpOp>(loc, x[0]); });
      })
      .Case([&](LogOp) {
        return onFloat([&] { return b.create<math::LogOp>(loc, x[0]); });
      })
      .Case([&](ErfOp) {
        return onFloat([&] { return b.create<math::ErfOp>(loc, x[0]); });
      })
      .Case([&](TanhOp) {
        return onFloat([&] { return b.create<math::TanhOp>(loc, x[0]); });
      })
      .Case([&](SigmoidOp) {
        return onFloat([&] {
          Value one = s.number(type, 1);
          Value e =
              b.create<math::ExpOp>(loc, b.create<arith::NegFOp>(loc, x[0]));
          return b.create<arith::DivFOp>(loc, one,
                                         b.create<arith::AddFOp>(loc, one, e));
        });
      })
      .Case([&](ReluOp) {
        return onNumber(
            [&] { return s.clip(x[0], s.number(type, 0), Value()); });
      })
      .Case([&](SignOp) { return onNumber([&] { return s.sign(x[0]); }); })
      .Case([&](RoundOp) {
        return onFloat([&] { return b.create<math::RoundEvenOp>(loc, x[0]); });
      })
      .Case([&](FloorOp) {
        return onFloat([&] { return b.create<math::FloorOp>(loc, x[0]); });
      })
      .Case([&](CeilOp) {
        return onFloat([&] { return b.create<math::CeilOp>(loc, x[0]); });
      })
      .Case([&](ClipOp o) {
        return onNumber([&] {
          size_t next = 1;
          bool hasLow = !isa<NoneType>(o.getMin().getType());
          bool hasHigh = !isa<NoneType>(o.getMax().getType());
          Value low = hasLow ? x[next++] : Value();
          Value high = hasHigh ? x[next++] : Value();
          return s.clip(x[0], low, high);
        });
      })
      .Case<MaxOp, MinOp>([&](auto o) {
        return onNumber([&] {
          Value result = x[0];
          for (Value other : x.drop_front())
            result =
                s.extreme(std::is_same_v<decltype(o), MaxOp>, result, other);
          return result;
        });
      })
      .Case<SumOp, MeanOp>([&](auto o) {
        return onFloat([&] {
          Value sum = x[0];
          for (Value other : x.drop_front())
            sum = s.add(sum, other);
          if (std::is_same_v<decltype(o), SumOp>)
            return sum;
          return s.div(sum, s.number(type, double(x.size())));
        });
      })
      .Case([&](PReluOp) {
        return onFloat([&] {
          Value below = s.mul(x[1], x[0]);
          return s.select(s.less(x[0], s.number(type, 0)), below, x[0]);
        });
      })
      .Case([&](XorOp) { return b.create<arith::XOrIOp>(loc, x[0], x[1]); })
      .Case([&](AndOp) { return b.create<arith::AndIOp>(loc, x[0], x[1]); })
      .Case([&](OrOp) { return b.create<arith::OrIOp>(loc, x[0], x[1]); })
      .Case([&](NotOp) {
        return b.create<arith::XOrIOp>(loc, x[0], s.number(type, 1));
      })
      .Case([&](EqualOp) { return s.equal(x[0], x[1]); })
      .Case([&](GreaterOp) {
        return onNumber([&] { return s.greater(x[0], x[1]); });
      })
      .Case([&](GreaterOrEqualOp) {
        return onNumber(
            [&] { return s.compare(FP::OGE, IP::sge, x[0], x[1]); });
      })
      .Case(
          [&](LessOp) { return onNumber([&] { return s.less(x[0], x[1]); }); })
      .Case([&](LessOrEqualOp) {
        return onNumber(
            [&] { return s.compare(FP::OLE, IP::sle, x[0], x[1]); });
      })
      .Case([&](WhereOp) { return s.select(x[0], x[1], x[2]); })
      .Case([&](CastOp o) {
        return s.convert(x[0], to, isUnsigned(o.getType()));
      })
      .Default([&](Operation *) {
        return onFloat([&] { return lowerFunction(op, s, x[0]); });
      });
}

} // namespace

Lowered lowerElementwise(Lowering &l, Operation *op) {
  if (!isa<AddOp, SubOp, MulOp, DivOp, NegOp, AbsOp, SqrtOp, ReciprocalOp,
           ExpOp, LogOp, ErfOp, TanhOp, SigmoidOp, ReluOp, SignOp, RoundOp,
           FloorOp, CeilOp, ClipOp, MaxOp, MinOp, SumOp, MeanOp, AndOp, OrOp,
           XorOp, NotOp, EqualOp, GreaterOp, GreaterOrEqualOp, LessOp,
           LessOrEqualOp, WhereOp, CastOp, PReluOp, LeakyReluOp, EluOp, CeluOp,
           SeluOp, HardSigmoidOp, HardSwishOp, SoftplusOp, SoftsignOp,
           ThresholdedReluOp, IsNaNOp, IsInfOp>(op))
    return std::nullopt;
  SmallVector<Value> inputs;
  for (Value operand : op->getOperands())
    if (!isa<NoneType>(operand.getType()))
      inputs.push_back(operand);
  Value result = op->getResult(0);
  Type element = getElementTypeOrSelf(result.getType());
  Type signless = Lowering::signlessType(element);
  Value lowered = l.broadcast(result, element, inputs,
                              [&](OpBuilder &b, Location loc, ValueRange x) {
                                return lowerScalar(op, b, loc, x, signless);
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
