#include "passes/OnnxToLinalg/Lowering.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace bnn::onnx {
namespace {

/// Arithmetic on scalars of one element type, float or integer. What a type
/// does not have is null.
class Scalars {
public:
  Scalars(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  static bool isFloat(Value x) { return isa<FloatType>(x.getType()); }
  static bool isBool(Value x) { return x.getType().isInteger(1); }

  Value number(Type type, double value) {
    TypedAttr attr;
    if (isa<FloatType>(type))
      attr = b.getFloatAttr(type, value);
    else
      attr = b.getIntegerAttr(type, int64_t(value));
    return b.create<arith::ConstantOp>(loc, attr);
  }

  template <typename FloatOp, typename IntOp> Value binary(Value x, Value y) {
    if (isFloat(x))
      return b.create<FloatOp>(loc, x, y);
    return b.create<IntOp>(loc, x, y);
  }
  Value compare(arith::CmpFPredicate f, arith::CmpIPredicate i, Value x,
                Value y) {
    if (isFloat(x))
      return b.create<arith::CmpFOp>(loc, f, x, y);
    return b.create<arith::CmpIOp>(loc, i, x, y);
  }
  /// False where one of two floats is NaN.
  Value less(Value x, Value y) {
    return compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, x, y);
  }
  Value greater(Value x, Value y) {
    return compare(arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt, x, y);
  }
  Value equal(Value x, Value y) {
    return compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return b.create<arith::SelectOp>(loc, condition, x, y);
  }

  /// The larger (smaller), or NaN where one of the two is.
  Value extreme(bool larger, Value x, Value y) {
    Value takeX = larger ? greater(x, y) : less(x, y);
    if (isFloat(x))
      takeX = b.create<arith::OrIOp>(
          loc, takeX,
          b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNO, x, x));
    return select(takeX, x, y);
  }

  /// Truncating. Processors disagree about a divisor of 0 and about the one
  /// quotient that overflows, or trap: they divide by 1, and wrap, here.
  Value divideIntegers(Value x, Value y) {
    Value zero = number(x.getType(), 0), one = number(x.getType(), 1);
    Value minusOne = number(x.getType(), -1);
    Value isMinusOne = equal(y, minusOne);
    Value trap = b.create<arith::OrIOp>(loc, equal(y, zero), isMinusOne);
    Value quotient = b.create<arith::DivSIOp>(loc, x, select(trap, one, y));
    Value negative = b.create<arith::SubIOp>(loc, zero, x);
    return select(isMinusOne, negative, quotient);
  }

  Value sign(Value x) {
    Value zero = number(x.getType(), 0);
    Value negative = select(less(x, zero), number(x.getType(), -1), zero);
    return select(greater(x, zero), number(x.getType(), 1), negative);
  }

  /// x where it is between the bounds, or NaN; a bound may be null.
  Value clip(Value x, Value low, Value high) {
    if (low)
      x = select(less(x, low), low, x);
    if (high)
      x = select(greater(x, high), high, x);
    return x;
  }

  Value power(Value x, unsigned n) {
    Value result = number(x.getType(), 1);
    bool isOne = true;
    for (; n; n >>= 1) {
      if (n & 1) {
        result = isOne ? x : binary<arith::MulFOp, arith::MulIOp>(result, x);
        isOne = false;
      }
      if (n > 1)
        x = binary<arith::MulFOp, arith::MulIOp>(x, x);
    }
    return result;
  }

  Value convert(Value x, Type to) {
    Type from = x.getType();
    if (from == to)
      return x;
    if (to.isInteger(1)) {
      // Everything but 0 is true, NaN too.
      Value zero = number(from, 0);
      return compare(arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne, x,
                     zero);
    }
    if (auto integer = dyn_cast<IntegerType>(to)) {
      if (isFloat(x))
        return truncateToInteger(x, integer);
      if (from.isInteger(1))
        return b.create<arith::ExtUIOp>(loc, to, x);
      if (from.getIntOrFloatBitWidth() < integer.getWidth())
        return b.create<arith::ExtSIOp>(loc, to, x);
      return b.create<arith::TruncIOp>(loc, to, x);
    }
    if (!isa<FloatType>(to))
      return {};
    if (from.isInteger(1))
      return b.create<arith::UIToFPOp>(loc, to, x);
    if (isa<IntegerType>(from))
      return b.create<arith::SIToFPOp>(loc, to, x);
    if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
      return b.create<arith::ExtFOp>(loc, to, x);
    return b.create<arith::TruncFOp>(loc, to, x);
  }

private:
  /// Saturates, and gives 0 for NaN: beyond the integer's range processors
  /// disagree, so that case never reaches them.
  Value truncateToInteger(Value x, IntegerType to) {
    double bound = std::ldexp(1.0, int(to.getWidth()) - 1);
    Value tooHigh = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGE, x,
                                            number(x.getType(), bound));
    Value tooLow = less(x, number(x.getType(), -bound));
    Value isNaN = b.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNO, x, x);
    Value out = b.create<arith::OrIOp>(
        loc, b.create<arith::OrIOp>(loc, tooHigh, tooLow), isNaN);
    Value inside = select(out, number(x.getType(), 0), x);
    Value result = b.create<arith::FPToSIOp>(loc, to, inside);
    auto constant = [&](const APInt &value) -> Value {
      return b.create<arith::ConstantOp>(loc, b.getIntegerAttr(to, value));
    };
    result = select(tooHigh, constant(APInt::getSignedMaxValue(to.getWidth())),
                    result);
    return select(tooLow, constant(APInt::getSignedMinValue(to.getWidth())),
                  result);
  }

  OpBuilder &b;
  Location loc;
};

/// The exponents that have a fixed sequence of roundings: those of
/// bnn-expand-math.
bool isSupportedExponent(double exponent) {
  return exponent == 0.5 ||
         (exponent == std::floor(exponent) && std::abs(exponent) <= 16);
}

/// One element of the result of `op`, from one element of each operand that is
/// not left out. Null: not on these element types.
Value lowerScalar(Operation *op, OpBuilder &b, Location loc, ValueRange x,
                  Type to) {
  Scalars s(b, loc);
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
      .Case([&](AddOp) {
        return onNumber(
            [&] { return s.binary<arith::AddFOp, arith::AddIOp>(x[0], x[1]); });
      })
      .Case([&](SubOp) {
        return onNumber(
            [&] { return s.binary<arith::SubFOp, arith::SubIOp>(x[0], x[1]); });
      })
      .Case([&](MulOp) {
        return onNumber(
            [&] { return s.binary<arith::MulFOp, arith::MulIOp>(x[0], x[1]); });
      })
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
      .Case([&](AbsOp) {
        return onNumber([&]() -> Value {
          if (isFloat)
            return b.create<math::AbsFOp>(loc, x[0]);
          Value zero = s.number(type, 0);
          Value negative = b.create<arith::SubIOp>(loc, zero, x[0]);
          return s.select(s.less(x[0], zero), negative, x[0]);
        });
      })
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
      .Case([&](CastOp) { return s.convert(x[0], to); })
      .Default([](Operation *) { return Value(); });
}

Lowered lowerPow(Lowering &l, PowOp op) {
  std::optional<double> exponent = getConstantScalar(op.getY());
  if (!exponent)
    if (auto integer = getConstantIntegers(op.getY());
        integer && integer->size() == 1)
      exponent = double(integer->front());
  Type type = getElementTypeOrSelf(op.getX().getType());
  bool isFloat = isa<FloatType>(type);
  auto refuse = [&](const Twine &why) -> Lowered {
    op.emitError("onnx.Pow ") << why
                              << ": there is no sequence of operations that "
                                 "gives the same bits on every target; use "
                                 "constant exponents that are integers from "
                                 "-16 to 16 or 0.5";
    return failure();
  };
  if (!exponent)
    return refuse("with a computed exponent cannot be lowered");
  if (!isSupportedExponent(*exponent) ||
      (!isFloat && (*exponent < 0 || *exponent == 0.5)))
    return refuse("with the exponent " + std::to_string(*exponent) +
                  " cannot be lowered");
  Dims dims = l.broadcastDims(op.getZ(), {op.getX(), op.getY()});
  Value result = l.elementwise(
      dims, type, op.getX(), [&](OpBuilder &b, Location loc, ValueRange x) {
        Scalars s(b, loc);
        if (isFloat && (*exponent == 0.5 || *exponent < 0))
          return Value(
              b.create<math::PowFOp>(loc, x[0], s.number(type, *exponent)));
        return s.power(x[0], unsigned(*exponent));
      });
  return FailureOr<SmallVector<Value>>({result});
}

} // namespace

Lowered lowerElementwise(Lowering &l, Operation *op) {
  if (auto pow = dyn_cast<PowOp>(op))
    return lowerPow(l, pow);
  if (!isa<AddOp, SubOp, MulOp, DivOp, NegOp, AbsOp, SqrtOp, ReciprocalOp,
           ExpOp, LogOp, ErfOp, TanhOp, SigmoidOp, ReluOp, SignOp, RoundOp,
           FloorOp, CeilOp, ClipOp, MaxOp, MinOp, AndOp, OrOp, NotOp, EqualOp,
           GreaterOp, GreaterOrEqualOp, LessOp, LessOrEqualOp, WhereOp, CastOp>(
          op))
    return std::nullopt;
  SmallVector<Value> inputs;
  for (Value operand : op->getOperands())
    if (!isa<NoneType>(operand.getType()))
      inputs.push_back(operand);
  Value result = op->getResult(0);
  Type element = getElementTypeOrSelf(result.getType());
  Value lowered =
      l.elementwise(l.broadcastDims(result, inputs), element, inputs,
                    [&](OpBuilder &b, Location loc, ValueRange x) {
                      return lowerScalar(op, b, loc, x, element);
                    });
  if (!lowered) {
    op->emitError() << op->getName() << " is not supported on elements of "
                    << getElementTypeOrSelf(inputs[0].getType())
                    << "; cast its inputs to a type that has the operation";
    return failure();
  }
  return FailureOr<SmallVector<Value>>({lowered});
}

} // namespace bnn::onnx
