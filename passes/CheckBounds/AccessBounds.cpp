//===- AccessBounds.cpp - What is known of an access's indices ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/CheckBounds/AccessBounds.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using presburger::BoundType;

namespace mlir::bnn {

/// Whether an index is not negative, so that what is said of it as unsigned is
/// true of it as signed. Sizes and counters do not come near 2^63.
static bool isNonNegative(Value value) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return *constant >= 0;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && argument == loop.getInductionVar() &&
           isNonNegative(loop.getLowerBound());
  }
  auto operandsAre = [](Operation *op) {
    return llvm::all_of(op->getOperands(), isNonNegative);
  };
  return llvm::TypeSwitch<Operation *, bool>(value.getDefiningOp())
      .Case([](memref::DimOp) { return true; })
      .Case<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::MinUIOp,
            arith::DivUIOp, arith::DivSIOp, arith::RemUIOp, arith::RemSIOp,
            arith::CeilDivUIOp, arith::CeilDivSIOp, arith::FloorDivSIOp,
            arith::ShRUIOp, arith::ShLIOp>(
          [&](auto op) { return operandsAre(op); })
      .Case<arith::MaxSIOp, arith::AndIOp>([](auto op) {
        return isNonNegative(op.getLhs()) || isNonNegative(op.getRhs());
      })
      .Case([](arith::SelectOp op) {
        return isNonNegative(op.getTrueValue()) &&
               isNonNegative(op.getFalseValue());
      })
      .Case([](arith::SubIOp op) { // x - x % c
        auto rest = op.getRhs().getDefiningOp<arith::RemUIOp>();
        return rest && rest.getLhs() == op.getLhs() &&
               isNonNegative(op.getLhs());
      })
      .Default([](Operation *) { return false; });
}

/// What is stored, once, at a place of a table of sizes; null where that is not
/// to be seen. Nothing else shares its place in the workspace while it lives.
static Value storedAt(Value table, int64_t place) {
  Value found;
  for (Operation *user : table.getUsers()) {
    auto store = dyn_cast<memref::StoreOp>(user);
    if (!store || store.getMemRef() != table)
      continue;
    if (store.getIndices().size() != 1)
      return {};
    std::optional<int64_t> at = getConstantIntValue(store.getIndices()[0]);
    if (!at || (*at == place && found))
      return {};
    if (*at == place)
      found = store.getValueToStore();
  }
  if (!found)
    return {};
  if (auto cast = found.getDefiningOp<arith::IndexCastOp>())
    found = cast.getIn();
  return found.getType().isIndex() ? found : Value();
}

Value CallContext::operandFor(BlockArgument argument) const {
  Operation *function = argument.getOwner()->getParentOp();
  for (func::CallOp call : calls)
    if (auto callee = dyn_cast<func::FuncOp>(function);
        callee && call.getCallee() == callee.getSymName())
      return call.getOperand(argument.getArgNumber());
  return {};
}

AccessBounds::AccessBounds(MLIRContext *context, CallContext where)
    : ValueBoundsConstraintSet(
          context,
          [](Value value, std::optional<int64_t> dim,
             ValueBoundsConstraintSet &set) {
            return static_cast<AccessBounds &>(set).addOwnBounds(value, dim);
          }),
      where(where) {}

bool AccessBounds::proves(AffineExpr less, AffineExpr more) {
  int64_t column = insert(/*isSymbol=*/true);
  addBound(BoundType::EQ, column, less - more);
  processWorklist();
  FlatLinearConstraints wrong = cstr;
  wrong.addBound(BoundType::LB, column, 1);
  // The exact test is for what no rational number shows, such as multiples.
  return wrong.isEmpty() || wrong.isIntegerEmpty();
}

//===----------------------------------------------------------------------===//
// Bounds of values
//===----------------------------------------------------------------------===//

bool AccessBounds::addOwnBounds(Value value, std::optional<int64_t> dim) {
  if (dim)
    bound(value)[*dim] >= 0;
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && isa<func::FuncOp>(argument.getOwner()->getParentOp())) {
    addBoundsOfArgument(argument, dim);
    return true;
  }
  return dim ? addBoundsOfDim(value, *dim) : addIndexBounds(value);
}

void AccessBounds::addBoundsOfArgument(BlockArgument argument,
                                       std::optional<int64_t> dim) {
  int64_t column = getPos(argument, dim);
  if (Value operand = where.operandFor(argument))
    return addBound(BoundType::EQ, column, getExpr(operand, dim));
  for (const EntryFact &fact : where.facts) {
    if (fact.size != Size(argument, dim))
      continue;
    if (fact.equal)
      addBound(BoundType::EQ, column,
               getExpr(fact.equal->first, fact.equal->second));
    addBound(BoundType::LB, column, getExpr(1));
    if (fact.most) // upper bounds are open
      addBound(BoundType::UB, column, getExpr(*fact.most + 1));
  }
}

Size AccessBounds::rootOf(Size size) const {
  auto [value, dim] = size;
  if (auto dimOp = value.getDefiningOp<memref::DimOp>())
    if (std::optional<int64_t> axis = dimOp.getConstantIndex())
      return rootOf({dimOp.getSource(), *axis});
  if (dim && value.getDefiningOp<memref::ViewOp>()) {
    auto view = value.getDefiningOp<memref::ViewOp>();
    if (view.getType().isDynamicDim(*dim))
      return rootOf({view.getSizes()[view.getType().getDynamicDimIndex(*dim)],
                     std::nullopt});
  }
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (Value operand = where.operandFor(argument))
      return rootOf({operand, dim});
    for (const EntryFact &fact : where.facts)
      if (fact.size == size && fact.equal)
        return *fact.equal;
  }
  return size;
}

AffineExpr AccessBounds::product(ArrayRef<Size> factors) {
  SmallVector<Size> roots;
  for (const Size &factor : factors)
    roots.push_back(rootOf(factor));
  llvm::sort(roots, [](const Size &a, const Size &b) {
    return std::pair(a.first.getAsOpaquePointer(), a.second) <
           std::pair(b.first.getAsOpaquePointer(), b.second);
  });
  for (const auto &[known, column] : products)
    if (known == roots)
      return getPosExpr(column);
  int64_t column = insert(/*isSymbol=*/true);
  addBound(BoundType::LB, column, getExpr(0));
  products.push_back({roots, column});
  return getPosExpr(column);
}

bool AccessBounds::addIndexBounds(Value value) {
  if (isNonNegative(value))
    bound(value) >= 0;
  Operation *op = value.getDefiningOp();
  if (!op) {
    addBoundsOfCounter(value);
    return false;
  }
  if (isa<arith::RemUIOp, arith::RemSIOp, arith::DivUIOp, arith::DivSIOp,
          arith::FloorDivSIOp, arith::CeilDivUIOp, arith::CeilDivSIOp,
          arith::ShRUIOp, arith::ShLIOp, arith::AndIOp>(op)) {
    addBoundsOfDivision(value);
    return true;
  }
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](memref::LoadOp load) {
        std::optional<int64_t> place =
            load.getIndices().size() == 1
                ? getConstantIntValue(load.getIndices()[0])
                : std::nullopt;
        if (Value size = place ? storedAt(load.getMemRef(), *place) : Value())
          bound(value) == getExpr(size);
        return true;
      })
      .Case([&](arith::AddIOp add) {
        addBoundsOfRowMajor(add, add.getLhs(), add.getRhs());
        addBoundsOfRowMajor(add, add.getRhs(), add.getLhs());
        return false;
      })
      .Case([&](arith::MulIOp mul) {
        if (getConstantIntValue(mul.getLhs()) ||
            getConstantIntValue(mul.getRhs()))
          return false;
        bound(value) == product({{mul.getLhs(), {}}, {mul.getRhs(), {}}});
        return true;
      })
      .Case<arith::MinSIOp, arith::MinUIOp>([&](auto min) {
        addBoundsOfClamp(value);
        if (isShownNonNegative(min.getLhs()) &&
            isShownNonNegative(min.getRhs()))
          bound(value) >= 0;
        if (isa<arith::MinSIOp>(op) ||
            (isNonNegative(min.getLhs()) && isNonNegative(min.getRhs()))) {
          bound(value) <= getExpr(min.getLhs());
          bound(value) <= getExpr(min.getRhs());
        }
        return true;
      })
      .Case([&](arith::MaxSIOp max) {
        addBoundsOfClamp(value);
        bound(value) >= getExpr(max.getLhs());
        bound(value) >= getExpr(max.getRhs());
        return true;
      })
      .Default([](Operation *) { return false; });
}

bool AccessBounds::isShownNonNegative(Value value) const {
  if (isNonNegative(value))
    return true;
  AccessBounds bounds(value.getContext(), where);
  AffineExpr expr = bounds.expr(value);
  return bounds.proves(bounds.constant(0), expr);
}

/// Of an op that divides what is not negative by a constant, or as shifts and
/// masks do.
void AccessBounds::addBoundsOfDivision(Value value) {
  Operation *op = value.getDefiningOp();
  int64_t by = getConstantIntValue(op->getOperand(1)).value_or(0);
  if (by <= 0)
    return;
  AffineExpr whole = getExpr(op->getOperand(0));
  if (!isNonNegative(op->getOperand(0))) {
    if (isa<arith::DivSIOp>(op)) { // rounded towards 0
      bound(value) <= (whole + (by - 1)).floorDiv(by);
      bound(value) >= (whole - (by - 1)).ceilDiv(by);
    }
    return;
  }
  llvm::TypeSwitch<Operation *>(op)
      .Case<arith::RemUIOp, arith::RemSIOp>(
          [&](auto) { bound(value) == whole % by; })
      .Case<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp>(
          [&](auto) { bound(value) == whole.floorDiv(by); })
      .Case<arith::CeilDivUIOp, arith::CeilDivSIOp>(
          [&](auto) { bound(value) == whole.ceilDiv(by); })
      .Case([&](arith::ShRUIOp) {
        if (by < 62)
          bound(value) == whole.floorDiv(int64_t(1) << by);
      })
      .Case([&](arith::ShLIOp) {
        if (by < 31)
          bound(value) == whole *(int64_t(1) << by);
      })
      .Case([&](arith::AndIOp) {
        if (llvm::isPowerOf2_64(by)) // one bit
          bound(value) == whole.floorDiv(by) % 2 * by;
        else if (llvm::isMask_64(by))
          bound(value) == whole % (by + 1);
        else
          bound(value) <= by;
      });
}

/// The largest of `low` and the least of `high` and something is at most `high`
/// where `low` is, and the other way round.
void AccessBounds::addBoundsOfClamp(Value outer) {
  Operation *op = outer.getDefiningOp();
  bool isMax = isa<arith::MaxSIOp>(op);
  for (unsigned side : {0, 1}) {
    Operation *inner = op->getOperand(side).getDefiningOp();
    if (!inner ||
        !(isMax ? isa<arith::MinSIOp>(inner) : isa<arith::MaxSIOp>(inner)))
      continue;
    Value outside = op->getOperand(1 - side);
    for (Value inside : inner->getOperands()) {
      AccessBounds ends(outer.getContext(), where);
      AffineExpr a = ends.expr(isMax ? outside : inside);
      AffineExpr b = ends.expr(isMax ? inside : outside);
      if (!ends.proves(a, b))
        continue;
      if (isMax)
        bound(outer) <= getExpr(inside);
      else
        bound(outer) >= getExpr(inside);
    }
  }
}

/// The index `row * width + column` of an element is below `rows * width`,
/// where the row is a loop's counter below `rows` and the column below `width`.
void AccessBounds::addBoundsOfRowMajor(Value index, Value start, Value column) {
  auto mul = start.getDefiningOp<arith::MulIOp>();
  if (!mul)
    return;
  for (auto [row, width] : {std::pair(mul.getLhs(), mul.getRhs()),
                            std::pair(mul.getRhs(), mul.getLhs())}) {
    auto counter = dyn_cast<BlockArgument>(row);
    auto loop = counter
                    ? dyn_cast<scf::ForOp>(counter.getOwner()->getParentOp())
                    : scf::ForOp();
    if (!loop || counter != loop.getInductionVar() || !isNonNegative(width) ||
        !isNonNegative(row))
      continue;
    AccessBounds inRow(index.getContext(), where);
    AffineExpr next = inRow.expr(column) + 1, end = inRow.expr(width);
    if (!inRow.proves(next, end))
      continue;
    std::optional<int64_t> rows = getConstantIntValue(loop.getUpperBound());
    bound(index) < (rows ? getExpr(width) * *rows
                         : product({{loop.getUpperBound(), {}}, {width, {}}}));
  }
}

/// A counter is its lower bound and a multiple of the step; MLIR knows where it
/// begins and ends.
void AccessBounds::addBoundsOfCounter(Value counter) {
  auto loop = dyn_cast<scf::ForOp>(counter.getParentBlock()->getParentOp());
  if (!loop || counter != loop.getInductionVar())
    return;
  // A counter from 0 that is below the larger of 0 and something is below that.
  if (auto most = loop.getUpperBound().getDefiningOp<arith::MaxSIOp>();
      most && getConstantIntValue(loop.getLowerBound()) == 0)
    for (auto [some, other] : {std::pair(most.getLhs(), most.getRhs()),
                               std::pair(most.getRhs(), most.getLhs())})
      if (getConstantIntValue(some) == 0)
        bound(counter) < getExpr(other);
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  if (!step || *step == 1)
    return;
  AffineExpr lower = getExpr(loop.getLowerBound());
  int64_t round = insert(/*isSymbol=*/true);
  addBound(BoundType::LB, round, getExpr(0));
  bound(counter) == lower + getPosExpr(round) * *step;
}

AffineExpr AccessBounds::elements(Value buffer, ArrayRef<int64_t> dims) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t factor = 1;
  SmallVector<Size> open;
  for (int64_t dim : dims)
    if (type.isDynamicDim(dim))
      open.push_back({buffer, dim});
    else
      factor *= type.getDimSize(dim);
  if (open.empty())
    return getExpr(factor);
  AffineExpr product =
      open.size() == 1 ? getExpr(buffer, open[0].second) : this->product(open);
  return product * factor;
}

bool AccessBounds::addBoundsOfDim(Value buffer, int64_t dim) {
  Operation *op = buffer.getDefiningOp();
  if (!op)
    return false;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](memref::ViewOp view) {
        bound(buffer)[dim] ==
            getExpr(OpFoldResult(
                view.getSizes()[view.getType().getDynamicDimIndex(dim)]));
        return true;
      })
      .Case([&](memref::ReinterpretCastOp cast) {
        bound(buffer)[dim] == getExpr(cast.getMixedSizes()[dim]);
        return true;
      })
      .Case([&](memref::ExpandShapeOp expand) {
        Builder b(op->getContext());
        bound(buffer)[dim] ==
            getExpr(getMixedValues(expand.getStaticOutputShape(),
                                   expand.getOutputShape(), b)[dim]);
        return true;
      })
      .Case([&](memref::TransposeOp transpose) {
        unsigned from = transpose.getPermutation().getDimPosition(dim);
        bound(buffer)[dim] == getExpr(transpose.getIn(), from);
        return true;
      })
      .Case([&](memref::CollapseShapeOp collapse) {
        ReassociationIndices group = collapse.getReassociationIndices()[dim];
        bound(buffer)[dim] == elements(collapse.getSrc(), group);
        return true;
      })
      .Case([&](memref::ReshapeOp reshape) {
        if (Value size = storedAt(reshape.getShape(), dim))
          bound(buffer)[dim] == getExpr(size);
        return true;
      })
      .Default([](Operation *) { return false; });
}

//===----------------------------------------------------------------------===//
// Assumptions
//===----------------------------------------------------------------------===//

void AccessBounds::assume(Value condition, bool holds) {
  Operation *op = condition.getDefiningOp();
  if (!op)
    return;
  if (holds ? isa<arith::AndIOp>(op) : isa<arith::OrIOp>(op))
    for (Value part : op->getOperands())
      assume(part, holds);
  else if (isa<arith::CmpIOp>(op))
    assumeComparison(op, holds);
}

void AccessBounds::assumeComparison(Operation *comparison, bool holds) {
  auto cmp = cast<arith::CmpIOp>(comparison);
  if (!cmp.getLhs().getType().isIndex())
    return;
  using Predicate = arith::CmpIPredicate;
  Predicate predicate =
      holds ? cmp.getPredicate() : arith::invertPredicate(cmp.getPredicate());
  AffineExpr lhs = getExpr(cmp.getLhs()), rhs = getExpr(cmp.getRhs());
  int64_t column = insert(/*isSymbol=*/true);
  addBound(BoundType::EQ, column, lhs - rhs);
  bool isSigned = isNonNegative(cmp.getLhs()) && isNonNegative(cmp.getRhs());
  auto between = [&](std::optional<int64_t> low, std::optional<int64_t> high) {
    if (low)
      addBound(BoundType::LB, column, getExpr(*low));
    if (high) // upper bounds are open
      addBound(BoundType::UB, column, getExpr(*high + 1));
  };
  switch (predicate) {
  case Predicate::eq:
    return between(0, 0);
  case Predicate::ne:
    // A bit that is set, or a size that is not 0.
    if (getConstantIntValue(cmp.getRhs()) == 0 && isNonNegative(cmp.getLhs()))
      between(1, std::nullopt);
    return;
  case Predicate::ult:
    return isSigned ? between(std::nullopt, -1) : void();
  case Predicate::slt:
    return between(std::nullopt, -1);
  case Predicate::ule:
    return isSigned ? between(std::nullopt, 0) : void();
  case Predicate::sle:
    return between(std::nullopt, 0);
  case Predicate::ugt:
    return isSigned ? between(1, std::nullopt) : void();
  case Predicate::sgt:
    return between(1, std::nullopt);
  case Predicate::uge:
    return isSigned ? between(0, std::nullopt) : void();
  case Predicate::sge:
    return between(0, std::nullopt);
  }
}

void AccessBounds::assumeSurroundings(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  for (Operation *inner = op, *outer = op->getParentOp(); outer != function;
       inner = outer, outer = outer->getParentOp())
    if (auto branch = dyn_cast<scf::IfOp>(outer))
      assume(branch.getCondition(),
             inner->getParentRegion() == &branch.getThenRegion());
  Operation *top = function.getBody().front().findAncestorOpInBlock(*op);
  for (auto check : function.getBody().front().getOps<CheckOpInterface>())
    if (top && check->isBeforeInBlock(top))
      assume(check.getOk(), true);
  for (func::CallOp call : where.calls)
    if (call.getCallee() == function.getSymName())
      return assumeSurroundings(call);
}

} // namespace mlir::bnn
