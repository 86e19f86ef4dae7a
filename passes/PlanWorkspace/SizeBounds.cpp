//===- SizeBounds.cpp - Bounds of sizes -----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/PlanWorkspace/SizeBounds.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <functional>

using namespace mlir;

namespace mlir::bnn {
namespace {

using MaybeInterval = std::optional<Interval>;

/// What `f` makes of the four pairs of bounds: right for functions that are
/// monotone in each operand, whichever the direction.
MaybeInterval
corners(Interval a, Interval b,
        llvm::function_ref<std::optional<int64_t>(int64_t, int64_t)> f) {
  MaybeInterval result;
  for (int64_t x : {a.lo, a.hi})
    for (int64_t y : {b.lo, b.hi}) {
      std::optional<int64_t> v = f(x, y);
      if (!v)
        return std::nullopt;
      if (!result)
        result = Interval{*v, *v};
      result->lo = std::min(result->lo, *v);
      result->hi = std::max(result->hi, *v);
    }
  return result;
}

MaybeInterval add(Interval a, Interval b) {
  return corners(a, b, [](int64_t x, int64_t y) {
    int64_t r;
    return llvm::AddOverflow(x, y, r) ? std::nullopt : std::optional(r);
  });
}

MaybeInterval subtract(Interval a, Interval b) {
  return corners(a, b, [](int64_t x, int64_t y) {
    int64_t r;
    return llvm::SubOverflow(x, y, r) ? std::nullopt : std::optional(r);
  });
}

MaybeInterval multiply(Interval a, Interval b) {
  return corners(a, b, [](int64_t x, int64_t y) {
    int64_t r;
    return llvm::MulOverflow(x, y, r) ? std::nullopt : std::optional(r);
  });
}

enum class Rounding { TowardsZero, Down, Up };

/// Only positive divisors: a size divided by a size. Zero divides nothing.
MaybeInterval divide(Interval a, Interval b, Rounding rounding) {
  if (b.hi < 1)
    return std::nullopt;
  b.lo = std::max<int64_t>(b.lo, 1);
  return corners(a, b, [&](int64_t x, int64_t y) -> std::optional<int64_t> {
    int64_t q = x / y, r = x % y;
    if (rounding == Rounding::Down && r < 0)
      --q;
    if (rounding == Rounding::Up && r > 0)
      ++q;
    return q;
  });
}

/// The remainder that is not negative.
MaybeInterval remainder(Interval a, Interval b) {
  if (b.hi < 1)
    return std::nullopt;
  if (a.lo >= 0 && a.hi < std::max<int64_t>(b.lo, 1))
    return a;
  return Interval{0, a.lo >= 0 ? std::min(a.hi, b.hi - 1) : b.hi - 1};
}

MaybeInterval smaller(Interval a, Interval b) {
  return Interval{std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
}

MaybeInterval larger(Interval a, Interval b) {
  return Interval{std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
}

MaybeInterval either(Interval a, Interval b) {
  return Interval{std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

MaybeInterval shiftLeft(Interval a, Interval b) {
  if (b.hi > 62)
    return std::nullopt;
  return multiply(a, {int64_t(1) << b.lo, int64_t(1) << b.hi});
}

MaybeInterval shiftRight(Interval a, Interval b) {
  return Interval{a.lo >> std::min<int64_t>(b.hi, 63),
                  a.hi >> std::min<int64_t>(b.lo, 63)};
}

MaybeInterval bitwiseAnd(Interval a, Interval b) {
  return Interval{0, std::min(a.hi, b.hi)};
}

template <Rounding rounding> MaybeInterval divideTo(Interval a, Interval b) {
  return divide(a, b, rounding);
}

/// What an operation makes of the intervals of its two operands.
using Combine = MaybeInterval (*)(Interval, Interval);

/// Null if the operation is none whose operands may be of any sign.
Combine getCombine(Operation *op) {
  return llvm::TypeSwitch<Operation *, Combine>(op)
      .Case([](arith::AddIOp) { return add; })
      .Case([](arith::SubIOp) { return subtract; })
      .Case([](arith::MulIOp) { return multiply; })
      .Case([](arith::DivSIOp) { return divideTo<Rounding::TowardsZero>; })
      .Case([](arith::FloorDivSIOp) { return divideTo<Rounding::Down>; })
      .Case([](arith::CeilDivSIOp) { return divideTo<Rounding::Up>; })
      .Case([](arith::MinSIOp) { return smaller; })
      .Case([](arith::MaxSIOp) { return larger; })
      .Default([](Operation *) { return nullptr; });
}

/// The same for operations whose result is only clear where no operand is
/// negative: what an unsigned one does then needs no thought about the sign.
Combine getUnsignedCombine(Operation *op) {
  return llvm::TypeSwitch<Operation *, Combine>(op)
      .Case([](arith::DivUIOp) { return divideTo<Rounding::Down>; })
      .Case([](arith::CeilDivUIOp) { return divideTo<Rounding::Up>; })
      .Case<arith::RemUIOp, arith::RemSIOp>([](auto) { return remainder; })
      .Case([](arith::MinUIOp) { return smaller; })
      .Case([](arith::MaxUIOp) { return larger; })
      .Case([](arith::ShLIOp) { return shiftLeft; })
      .Case<arith::ShRSIOp, arith::ShRUIOp>([](auto) { return shiftRight; })
      .Case([](arith::AndIOp) { return bitwiseAnd; })
      .Default([](Operation *) { return nullptr; });
}

/// The constant indices, or nothing if one is not constant.
std::optional<SmallVector<int64_t>> constantIndices(ValueRange indices) {
  SmallVector<int64_t> result;
  for (Value index : indices) {
    std::optional<int64_t> constant = getConstantIntValue(index);
    if (!constant)
      return std::nullopt;
    result.push_back(*constant);
  }
  return result;
}

/// What a load at these indices reads from a small table of sizes, such as the
/// shape operand of a reshape: the only value that is ever stored there. Null
/// if the table is used in any other way.
Value storedElement(Value table, ArrayRef<int64_t> at) {
  if (!table.getDefiningOp<memref::AllocOp>())
    return {};
  Value result;
  for (Operation *user : table.getUsers()) {
    if (isa<memref::LoadOp, memref::DeallocOp>(user))
      continue;
    if (auto reshape = dyn_cast<memref::ReshapeOp>(user);
        reshape && reshape.getSource() != table)
      continue;
    auto store = dyn_cast<memref::StoreOp>(user);
    if (!store || store.getMemRef() != table)
      return {};
    auto indices = constantIndices(store.getIndices());
    if (!indices)
      return {};
    if (ArrayRef(*indices) != at)
      continue;
    if (result)
      return {};
    result = store.getValueToStore();
  }
  return result;
}

bool nonNegative(Interval a) { return a.lo >= 0; }

} // namespace

std::optional<Interval> SizeBounds::value(Value v) {
  auto found = known.find(v);
  if (found != known.end()) {
    if (!found->second && !unknown)
      unknown = v;
    return found->second;
  }
  // While it is computed a value has no bounds of its own: a loop ends here.
  known[v] = std::nullopt;
  MaybeInterval result = compute(v);
  if (!result && !unknown)
    unknown = v;
  known[v] = result;
  return result;
}

std::optional<Interval> SizeBounds::dim(Value memref, int64_t index) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(index))
    return Interval{type.getDimSize(index), type.getDimSize(index)};
  MaybeInterval result = computeDim(memref, index);
  if (!result && !unknown)
    unknown = memref;
  // The dimension of a buffer is not negative, however it was computed.
  if (result)
    result->lo = std::max<int64_t>(result->lo, 0);
  return result;
}

std::optional<Interval> SizeBounds::size(OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return Interval{*constant, *constant};
  return value(size.get<Value>());
}

std::optional<Interval> SizeBounds::argumentDim(BlockArgument arg,
                                                int64_t index) {
  ArgumentAttr argument = getArgument(func, arg.getArgNumber());
  if (!argument || !argument.getDims() ||
      index >= int64_t(argument.getDims().size()))
    return std::nullopt;
  Attribute dim = argument.getDims()[index];
  if (auto number = dyn_cast<IntegerAttr>(dim))
    return Interval{number.getInt(), number.getInt()};
  // One that is computed is none of an input's, and has no maximum.
  auto symbol = dyn_cast<StringAttr>(dim);
  auto maximum = symbol ? model.getMaximum(symbol) : std::nullopt;
  if (!maximum)
    return std::nullopt;
  return Interval{0, *maximum};
}

std::optional<Interval> SizeBounds::compute(Value v) {
  APInt constant;
  if (matchPattern(v, m_ConstantInt(&constant))) {
    if (constant.getSignificantBits() > 64)
      return std::nullopt;
    int64_t c = constant.getSExtValue();
    return Interval{c, c};
  }
  if (auto arg = dyn_cast<BlockArgument>(v))
    return computeCounter(arg);

  Operation *op = v.getDefiningOp();
  if (Combine combine = getCombine(op)) {
    MaybeInterval a = value(op->getOperand(0)), b = value(op->getOperand(1));
    return a && b ? combine(*a, *b) : std::nullopt;
  }
  if (Combine combine = getUnsignedCombine(op)) {
    MaybeInterval a = value(op->getOperand(0)), b = value(op->getOperand(1));
    return a && b && nonNegative(*a) && nonNegative(*b) ? combine(*a, *b)
                                                        : std::nullopt;
  }
  if (isa_and_nonnull<affine::AffineDialect>(op->getDialect()))
    return computeAffine(op);
  return computeOther(cast<OpResult>(v));
}

std::optional<Interval> SizeBounds::computeCounter(BlockArgument arg) {
  auto loop = dyn_cast<scf::ForOp>(arg.getOwner()->getParentOp());
  if (!loop || arg != loop.getInductionVar())
    return std::nullopt;
  MaybeInterval lower = value(loop.getLowerBound());
  MaybeInterval upper = value(loop.getUpperBound());
  if (!lower || !upper)
    return std::nullopt;
  return Interval{lower->lo, std::max(lower->lo, upper->hi - 1)};
}

std::optional<Interval> SizeBounds::computeOther(OpResult v) {
  auto eitherOf = [&](Value x, Value y) {
    MaybeInterval a = value(x), b = value(y);
    return a && b ? either(*a, *b) : std::nullopt;
  };
  return llvm::TypeSwitch<Operation *, MaybeInterval>(v.getOwner())
      .Case([&](memref::DimOp o) -> MaybeInterval {
        std::optional<int64_t> index = o.getConstantIndex();
        auto type = dyn_cast<MemRefType>(o.getSource().getType());
        if (!index || !type || *index < 0 || *index >= type.getRank())
          return std::nullopt;
        return dim(o.getSource(), *index);
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>(
          [&](auto o) { return value(o.getIn()); })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>([&](auto o) -> MaybeInterval {
        MaybeInterval a = value(o.getIn());
        return a && nonNegative(*a) ? a : std::nullopt;
      })
      .Case([&](arith::TruncIOp o) -> MaybeInterval {
        MaybeInterval a = value(o.getIn());
        unsigned width = o.getType().getIntOrFloatBitWidth();
        if (a && llvm::isIntN(width, a->lo) && llvm::isIntN(width, a->hi))
          return a;
        return std::nullopt;
      })
      .Case([&](arith::SelectOp o) {
        return eitherOf(o.getTrueValue(), o.getFalseValue());
      })
      .Case([&](scf::IfOp o) {
        unsigned number = v.getResultNumber();
        return eitherOf(o.thenYield().getOperand(number),
                        o.elseYield().getOperand(number));
      })
      .Case([&](memref::LoadOp o) -> MaybeInterval {
        auto indices = constantIndices(o.getIndices());
        Value stored =
            indices ? storedElement(o.getMemRef(), *indices) : Value();
        return stored ? value(stored) : std::nullopt;
      })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<Interval> SizeBounds::computeAffine(Operation *op) {
  AffineMap map;
  Combine combine = nullptr;
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
    map = apply.getAffineMap();
  } else if (auto min = dyn_cast<affine::AffineMinOp>(op)) {
    map = min.getAffineMap();
    combine = smaller;
  } else if (auto max = dyn_cast<affine::AffineMaxOp>(op)) {
    map = max.getAffineMap();
    combine = larger;
  } else {
    return std::nullopt;
  }
  ValueRange operands = op->getOperands();
  MaybeInterval result;
  for (AffineExpr expr : map.getResults()) {
    MaybeInterval part = affine(expr, operands.take_front(map.getNumDims()),
                                operands.drop_front(map.getNumDims()));
    if (!part)
      return std::nullopt;
    result = result ? combine(*result, *part) : part;
  }
  return result;
}

std::optional<Interval> SizeBounds::affine(AffineExpr expr, ValueRange dims,
                                           ValueRange symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return Interval{constant.getValue(), constant.getValue()};
  if (auto d = dyn_cast<AffineDimExpr>(expr))
    return value(dims[d.getPosition()]);
  if (auto s = dyn_cast<AffineSymbolExpr>(expr))
    return value(symbols[s.getPosition()]);
  auto binary = cast<AffineBinaryOpExpr>(expr);
  MaybeInterval a = affine(binary.getLHS(), dims, symbols);
  MaybeInterval b = affine(binary.getRHS(), dims, symbols);
  if (!a || !b)
    return std::nullopt;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return add(*a, *b);
  case AffineExprKind::Mul:
    return multiply(*a, *b);
  case AffineExprKind::Mod:
    return remainder(*a, *b);
  case AffineExprKind::FloorDiv:
    return divide(*a, *b, Rounding::Down);
  case AffineExprKind::CeilDiv:
    return divide(*a, *b, Rounding::Up);
  default:
    return std::nullopt;
  }
}

std::optional<Interval> SizeBounds::computeDim(Value memref, int64_t index) {
  if (auto arg = dyn_cast<BlockArgument>(memref)) {
    if (arg.getOwner() == &func.getBody().front())
      return argumentDim(arg, index);
    // A buffer that a loop carries keeps its shape only if the type says so;
    // what it starts with tells nothing about later iterations.
    return std::nullopt;
  }

  Operation *op = memref.getDefiningOp();
  return llvm::TypeSwitch<Operation *, MaybeInterval>(op)
      .Case<memref::AllocOp, memref::AllocaOp>([&](auto o) {
        return value(
            o.getDynamicSizes()[o.getType().getDynamicDimIndex(index)]);
      })
      .Case([&](memref::SubViewOp o) -> MaybeInterval {
        llvm::SmallBitVector dropped = o.getDroppedDims();
        int64_t kept = -1;
        for (auto [i, s] : llvm::enumerate(o.getMixedSizes()))
          if (!dropped.test(i) && ++kept == index)
            return size(s);
        return std::nullopt;
      })
      .Case([&](memref::ReinterpretCastOp o) {
        return size(o.getMixedSizes()[index]);
      })
      .Case([&](memref::ViewOp o) {
        return value(o.getSizes()[o.getType().getDynamicDimIndex(index)]);
      })
      .Case([&](memref::CastOp o) -> MaybeInterval {
        if (!isa<MemRefType>(o.getSource().getType()))
          return std::nullopt;
        return dim(o.getSource(), index);
      })
      .Case([&](memref::TransposeOp o) {
        return dim(o.getIn(),
                   o.getPermutation().getDimPosition(unsigned(index)));
      })
      .Case([&](memref::ExpandShapeOp o) {
        Builder b(o.getContext());
        return size(getMixedValues(o.getStaticOutputShape(), o.getOutputShape(),
                                   b)[index]);
      })
      .Case([&](memref::ReshapeOp o) -> MaybeInterval {
        Value stored = storedElement(o.getShape(), index);
        return stored ? value(stored) : std::nullopt;
      })
      .Case([&](memref::CollapseShapeOp o) -> MaybeInterval {
        MaybeInterval product = Interval{1, 1};
        ReassociationIndices merged = o.getReassociationIndices()[index];
        for (int64_t i : merged) {
          MaybeInterval d = dim(o.getSrc(), i);
          product = d ? multiply(*product, *d) : std::nullopt;
          if (!product)
            return std::nullopt;
        }
        return product;
      })
      .Case([&](arith::SelectOp o) -> MaybeInterval {
        MaybeInterval a = dim(o.getTrueValue(), index);
        MaybeInterval b = dim(o.getFalseValue(), index);
        return a && b ? MaybeInterval(either(*a, *b)) : std::nullopt;
      })
      .Case([&](scf::IfOp o) -> MaybeInterval {
        unsigned number = cast<OpResult>(memref).getResultNumber();
        MaybeInterval a = dim(o.thenYield().getOperand(number), index);
        MaybeInterval b = dim(o.elseYield().getOperand(number), index);
        return a && b ? MaybeInterval(either(*a, *b)) : std::nullopt;
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace mlir::bnn
