//===- ReduceDivisions.cpp - Quantisers that multiply ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/ReduceDivisions/ReduceDivisions.h"
#include "dialects/BNN/Encoding.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Support/Reciprocal.h"
#include "llvm/Support/Debug.h"

#define DEBUG_TYPE "bnn-reduce-divisions"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_REDUCEDIVISIONS
#include "passes/ReduceDivisions/ReduceDivisions.h.inc"

namespace {

/// A quotient that is brought between two integers and rounded.
struct RoundedQuotient {
  arith::DivFOp division;
  /// NaN is 0 before anything else.
  arith::SelectOp withoutNaN; // or null
  arith::SelectOp atLeast, atMost;

  Value getLeast() { return atLeast.getFalseValue(); }
  Value getMost() { return atMost.getFalseValue(); }
};

/// Integers from `least` to `most`.
struct Interval {
  int64_t least, most;
};

} // namespace

static Value withoutBroadcast(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<vector::BroadcastOp, vector::SplatOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

// The one value of a constant, of a vector or not.
static Attribute oneValueOf(Value value) {
  Attribute attribute;
  if (!matchPattern(withoutBroadcast(value), m_Constant(&attribute)))
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute))
    return dense.isSplat() ? dense.getSplatValue<Attribute>() : Attribute();
  return attribute;
}

static std::optional<float> floatOf(Value value) {
  auto attribute = dyn_cast_or_null<FloatAttr>(oneValueOf(value));
  if (!attribute || !attribute.getType().isF32())
    return std::nullopt;
  return attribute.getValue().convertToFloat();
}

// What an i32 lies between.
static Interval integersOf(Value value) {
  value = withoutBroadcast(value);
  if (auto attribute = dyn_cast_or_null<IntegerAttr>(oneValueOf(value)))
    return {attribute.getInt(), attribute.getInt()};
  if (auto op = value.getDefiningOp<arith::MaxSIOp>()) {
    Interval x = integersOf(op.getLhs()), y = integersOf(op.getRhs());
    return {std::max(x.least, y.least), std::max(x.most, y.most)};
  }
  if (auto op = value.getDefiningOp<arith::MinSIOp>()) {
    Interval x = integersOf(op.getLhs()), y = integersOf(op.getRhs());
    return {std::min(x.least, y.least), std::min(x.most, y.most)};
  }
  return {std::numeric_limits<int32_t>::min(),
          std::numeric_limits<int32_t>::max()};
}

// What a float lies between that is an integer; nothing where it may be none.
static std::optional<Interval> wholeNumbersOf(Value value) {
  value = withoutBroadcast(value);
  if (std::optional<float> number = floatOf(value)) {
    if (std::abs(*number) > 0x1p31f || *number != std::floor(*number))
      return std::nullopt;
    return Interval{int64_t(*number), int64_t(*number)};
  }
  if (auto op = value.getDefiningOp<arith::SIToFPOp>())
    return integersOf(op.getIn());
  auto op = value.getDefiningOp<arith::SubFOp>();
  if (!op)
    return std::nullopt;
  std::optional<Interval> x = wholeNumbersOf(op.getLhs()),
                          y = wholeNumbersOf(op.getRhs());
  if (!x || !y)
    return std::nullopt;
  return Interval{x->least - y->most, x->most - y->least};
}

static bool hasUses(Value value, unsigned count) {
  return llvm::hasNItems(value.getUses(), count);
}

// The bound of `select(cmpf(order, x, bound), x, bound)` if nothing else reads
// x, or null.
static arith::SelectOp boundingOf(Value x, arith::CmpFPredicate order) {
  if (!hasUses(x, 2))
    return {};
  for (Operation *user : x.getUsers()) {
    auto select = dyn_cast<arith::SelectOp>(user);
    if (!select || select.getTrueValue() != x)
      continue;
    auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
    if (!compare || compare.getPredicate() != order || compare.getLhs() != x)
      continue;
    if (compare.getRhs() == select.getFalseValue() && compare->hasOneUse())
      return select;
  }
  return {};
}

static std::optional<RoundedQuotient> matchRounded(arith::DivFOp division) {
  RoundedQuotient result{division, {}, {}, {}};
  Value value = division.getResult();
  // A comparison with itself counts twice.
  if (hasUses(value, 3)) {
    for (Operation *user : value.getUsers())
      if (auto select = dyn_cast<arith::SelectOp>(user))
        result.withoutNaN = select;
    auto compare =
        result.withoutNaN
            ? result.withoutNaN.getCondition().getDefiningOp<arith::CmpFOp>()
            : arith::CmpFOp();
    if (!compare || compare.getPredicate() != arith::CmpFPredicate::ORD ||
        compare.getLhs() != value || compare.getRhs() != value ||
        !compare->hasOneUse() || result.withoutNaN.getTrueValue() != value ||
        floatOf(result.withoutNaN.getFalseValue()) != 0.0f)
      return std::nullopt;
    value = result.withoutNaN;
  }
  result.atLeast = boundingOf(value, arith::CmpFPredicate::OGT);
  if (!result.atLeast)
    return std::nullopt;
  result.atMost = boundingOf(result.atLeast, arith::CmpFPredicate::OLT);
  if (!result.atMost || !result.atMost->hasOneUse())
    return std::nullopt;
  auto sum = dyn_cast<arith::AddFOp>(*result.atMost->getUsers().begin());
  if (!sum || floatOf(sum.getRhs()) != kRoundingTerm)
    return std::nullopt;
  return result;
}

// Erases a selection that nobody reads, with its condition.
static void eraseSelect(arith::SelectOp select) {
  Operation *condition = select.getCondition().getDefiningOp();
  select.erase();
  condition->erase();
}

namespace {

struct ReduceDivisions : impl::ReduceDivisionsBase<ReduceDivisions> {
  using ReduceDivisionsBase::ReduceDivisionsBase;

  void runOnOperation() override {
    SmallVector<RoundedQuotient> work;
    getOperation().walk([&](arith::DivFOp division) {
      if (!getElementTypeOrSelf(division.getType()).isF32())
        return;
      if (std::optional<RoundedQuotient> found = matchRounded(division))
        work.push_back(*found);
    });
    for (RoundedQuotient &quotient : work) {
      if (reduce(quotient)) {
        ++reduced;
      } else {
        LLVM_DEBUG(llvm::dbgs() << "kept: " << quotient.division << "\n");
        ++kept;
      }
    }
  }

private:
  /// The parts of a divisor's reciprocal, as arguments.
  struct Parts {
    Value high, low;
  };
  DenseMap<Value, Parts> arguments;

  bool reduce(RoundedQuotient quotient) {
    arith::DivFOp division = quotient.division;
    std::optional<Interval> least = wholeNumbersOf(quotient.getLeast()),
                            most = wholeNumbersOf(quotient.getMost());
    constexpr int64_t kMost = 512;
    if (!least || !most || least->least < -kMost || most->most > kMost)
      return false;
    ImplicitLocOpBuilder b(division.getLoc(), division);
    Value divisor = division.getRhs();
    std::optional<Parts> parts = partsOf(b, divisor, kMost);
    if (!parts)
      return false;
    Type type = division.getType();
    auto spread = [&](Value value) -> Value {
      if (value.getType() == type)
        return value;
      return b.create<vector::BroadcastOp>(type, value);
    };
    b.setInsertionPoint(quotient.atMost);
    Value x = division.getLhs();
    if (quotient.withoutNaN)
      x = b.create<arith::SelectOp>(
          b.create<arith::CmpFOp>(arith::CmpFPredicate::ORD, x, x), x,
          f32Like(b, 0, x));
    x = selectOrdered(b, arith::CmpFPredicate::OGT, x,
                      b.create<arith::MulFOp>(quotient.getLeast(), divisor));
    x = selectOrdered(b, arith::CmpFPredicate::OLT, x,
                      b.create<arith::MulFOp>(quotient.getMost(), divisor));
    Value low = b.create<arith::MulFOp>(x, spread(parts->low));
    Value result = b.create<math::FmaOp>(x, spread(parts->high), low);
    quotient.atMost.getResult().replaceAllUsesWith(result);
    eraseSelect(quotient.atMost);
    eraseSelect(quotient.atLeast);
    if (quotient.withoutNaN)
      eraseSelect(quotient.withoutNaN);
    division.erase();
    return true;
  }

  /// Scalars, or of the divisor's type.
  std::optional<Parts> partsOf(ImplicitLocOpBuilder &b, Value divisor,
                               int64_t most) {
    if (std::optional<float> number = floatOf(divisor)) {
      std::optional<Reciprocal> r = getRoundingReciprocal(*number, most);
      if (!r)
        return std::nullopt;
      return Parts{f32Like(b, r->high, divisor), f32Like(b, r->low, divisor)};
    }
    auto argument = dyn_cast<BlockArgument>(withoutBroadcast(divisor));
    if (!argument)
      return std::nullopt;
    if (auto known = arguments.find(argument); known != arguments.end())
      return known->second;
    auto func = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    if (!func || !func.isPrivate() || func.getName() == "main")
      return std::nullopt;
    return addArguments(func, argument, most);
  }

  /// Lets all callers of `func`, who give constants for `divisor`, give the
  /// parts of their reciprocals as well.
  std::optional<Parts> addArguments(func::FuncOp func, BlockArgument divisor,
                                    int64_t most) {
    std::optional<SymbolTable::UseRange> uses =
        func.getSymbolUses(getOperation());
    SmallVector<std::pair<func::CallOp, Reciprocal>> callers;
    for (SymbolTable::SymbolUse use : *uses) {
      auto call = dyn_cast<func::CallOp>(use.getUser());
      std::optional<float> number =
          call ? floatOf(call.getOperand(divisor.getArgNumber()))
               : std::nullopt;
      std::optional<Reciprocal> r =
          number ? getRoundingReciprocal(*number, most) : std::nullopt;
      if (!r)
        return std::nullopt;
      callers.push_back({call, *r});
    }
    for (auto [call, r] : callers) {
      OpBuilder b(call);
      for (float part : {r.high, r.low})
        call.getOperandsMutable().append(
            b.create<arith::ConstantOp>(call.getLoc(), b.getF32FloatAttr(part))
                .getResult());
    }
    Block &body = func.getBody().front();
    Parts parts{body.addArgument(divisor.getType(), divisor.getLoc()),
                body.addArgument(divisor.getType(), divisor.getLoc())};
    func.setFunctionType(FunctionType::get(
        &getContext(), body.getArgumentTypes(), func.getResultTypes()));
    arguments[divisor] = parts;
    return parts;
  }
};

} // namespace
} // namespace mlir::bnn
