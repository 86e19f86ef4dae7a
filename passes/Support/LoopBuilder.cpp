//===- LoopBuilder.cpp - Scalars, buffers and loops -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Support/LoopBuilder.h"
#include "dialects/BNN/Encoding.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "passes/Support/CollapsibleShape.h"
#include <functional>
#include <limits>

using namespace mlir;
using namespace mlir::bnn;

Value LoopBuilder::index(int64_t value) {
  return create<arith::ConstantIndexOp>(value);
}

Value LoopBuilder::i32(int64_t value) {
  return create<arith::ConstantIntOp>(value, 32);
}

Value LoopBuilder::f32(float value) {
  return create<arith::ConstantOp>(getF32FloatAttr(value));
}

Value LoopBuilder::f32Like(float value, Value like) {
  return bnn::f32Like(*this, value, like);
}

Value LoopBuilder::add(Value a, Value b) { return create<arith::AddIOp>(a, b); }

Value LoopBuilder::mul(Value a, Value b) { return create<arith::MulIOp>(a, b); }

Value LoopBuilder::offset(Value a, int64_t constant) {
  return constant ? add(a, index(constant)) : a;
}

Value LoopBuilder::roundDown(Value length, int64_t step) {
  Value rest = create<arith::RemUIOp>(length, index(step));
  return create<arith::SubIOp>(length, rest);
}

bool bnn::hasDenseRows(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && type.getElementType().isF32() && type.getRank() >= 2 &&
         isLastMemrefDimUnitStride(type);
}

Value LoopBuilder::dim(Value buffer, int64_t dimension) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!type.isDynamicDim(dimension))
    return index(type.getDimSize(dimension));
  return create<memref::DimOp>(buffer, dimension);
}

Value LoopBuilder::load(Value buffer, ValueRange indices) {
  return create<memref::LoadOp>(buffer, indices);
}

void LoopBuilder::store(Value value, Value buffer, ValueRange indices) {
  create<memref::StoreOp>(value, buffer, indices);
}

// Merges dimensions.
static Value collapse(LoopBuilder &b, Value buffer,
                      ArrayRef<ReassociationIndices> groups) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> shape = getCollapsibleShape(type.getShape(), groups);
  if (ArrayRef(shape) != type.getShape())
    buffer = b.create<memref::CastOp>(type.clone(shape), buffer);
  return b.create<memref::CollapseShapeOp>(buffer, groups);
}

Value LoopBuilder::rows2d(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t rank = type.getRank();
  if (rank == 2)
    return buffer;
  if (rank == 1) {
    SmallVector<ReassociationIndices> all = {{0, 1}};
    SmallVector<int64_t> shape = {1, type.getDimSize(0)};
    Value size = dim(buffer, 0);
    return create<memref::ExpandShapeOp>(
        shape, buffer, all,
        getMixedValues(shape,
                       type.isDynamicDim(0) ? ValueRange(size) : ValueRange(),
                       *this));
  }
  SmallVector<ReassociationIndices> groups(2);
  for (int64_t i = 0; i + 1 < rank; ++i)
    groups[0].push_back(i);
  groups[1].push_back(rank - 1);
  return collapse(*this, buffer, groups);
}

Value LoopBuilder::parts2d(Value buffer, int64_t parts) {
  Value rows = rows2d(buffer);
  if (parts == 1)
    return rows;
  auto type = cast<MemRefType>(rows.getType());
  SmallVector<int64_t> shape = {type.getDimSize(0), parts,
                                type.getDimSize(1) / parts};
  auto cut = create<memref::ExpandShapeOp>(
      shape, rows, ArrayRef<ReassociationIndices>{{0}, {1, 2}});
  return create<memref::CollapseShapeOp>(
      cut, ArrayRef<ReassociationIndices>{{0, 1}, {2}});
}

Value LoopBuilder::flat(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return buffer;
  SmallVector<ReassociationIndices> groups;
  if (type.getRank() == 0)
    return create<memref::ExpandShapeOp>(
        MemRefType::get({1}, type.getElementType()), buffer, groups);
  groups.emplace_back();
  for (int64_t i = 0; i < type.getRank(); ++i)
    groups[0].push_back(i);
  return collapse(*this, buffer, groups);
}

SmallVector<Value> LoopBuilder::loop(
    Value lower, Value upper, int64_t step, ValueRange init,
    llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto forOp = create<scf::ForOp>(
      lower, upper, index(step), init,
      [&](OpBuilder &, Location, Value iv, ValueRange carried) {
        // `body` builds through this builder; the callback's own is not used.
        OpBuilder::InsertionGuard guard(*this);
        setInsertionPointToEnd(iv.getParentBlock());
        SmallVector<Value> next = body(iv, carried);
        create<scf::YieldOp>(next);
      });
  return SmallVector<Value>(forOp.getResults());
}

void LoopBuilder::loop(Value lower, Value upper, int64_t step,
                       llvm::function_ref<void(Value)> body) {
  loop(lower, upper, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

Value LoopBuilder::select(arith::CmpFPredicate order, Value a, Value b) {
  return selectOrdered(*this, order, a, b);
}

Value LoopBuilder::isNeither(Value v, Value level) {
  return bnn::isNeither(*this, v, level);
}

Value LoopBuilder::quantizedByte(Value v, Value step, Value zeroPoint,
                                 BitsType type) {
  return bnn::quantizedByte(*this, v, step, zeroPoint, type);
}

Value LoopBuilder::quantizedBits(Value v, Value step, BitsType type) {
  return bnn::quantizedBits(*this, v, step, type);
}

Value LoopBuilder::roundedBits(Value v, Value least, Value most) {
  return bnn::roundedBits(*this, v, least, most);
}

Value LoopBuilder::combine(ReduceKind kind, Value a, Value next) {
  switch (kind) {
  case ReduceKind::Add:
    return create<arith::AddFOp>(a, next);
  case ReduceKind::Max:
    return select(arith::CmpFPredicate::OGT, a, next);
  case ReduceKind::Min:
    return select(arith::CmpFPredicate::OLT, a, next);
  }
  llvm_unreachable("a kind of reduction");
}

float LoopBuilder::neutral(ReduceKind kind) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  return kind == ReduceKind::Add ? 0 : kind == ReduceKind::Max ? -inf : inf;
}

Value LoopBuilder::applyMask(MaskKind kind, Value score, Value mask) {
  auto whereTrue = [&](arith::CmpFPredicate order, Value other) -> Value {
    Value isTaken = create<arith::CmpFOp>(order, mask, other);
    return create<arith::SelectOp>(isTaken, mask, score);
  };
  switch (kind) {
  case MaskKind::Add:
    return create<arith::AddFOp>(score, mask);
  case MaskKind::Multiply:
    return create<arith::MulFOp>(score, mask);
  case MaskKind::Max:
    return whereTrue(arith::CmpFPredicate::OGT, score);
  case MaskKind::Min:
    return whereTrue(arith::CmpFPredicate::OLT, score);
  case MaskKind::Fill: {
    Value isKept = create<arith::CmpFOp>(arith::CmpFPredicate::UNO, mask, mask);
    return create<arith::SelectOp>(isKept, score, mask);
  }
  }
  llvm_unreachable("no kind of masks");
}

Value LoopBuilder::reciprocalDeviation(Value squares, Value count,
                                       float epsilon) {
  Value variance = create<arith::DivFOp>(squares, count);
  Value deviation =
      create<math::SqrtOp>(create<arith::AddFOp>(variance, f32(epsilon)));
  return create<arith::DivFOp>(f32(1), deviation);
}

Value LoopBuilder::tableRow(Value id, int64_t rows) {
  Value zero = index(0);
  id = create<arith::IndexCastOp>(getIndexType(), id);
  Value negative = create<arith::CmpIOp>(arith::CmpIPredicate::slt, id, zero);
  id = create<arith::SelectOp>(negative, offset(id, rows), id);
  return create<arith::MaxSIOp>(create<arith::MinSIOp>(id, index(rows - 1)),
                                zero);
}

std::pair<Value, Value> LoopBuilder::correctedColumn(Value block,
                                                     ArrayRef<int64_t> blocks) {
  Value isOne = create<arith::ConstantOp>(getBoolAttr(false)),
        column = index(0);
  for (auto [place, listed] : llvm::enumerate(blocks)) {
    Value is =
        create<arith::CmpIOp>(arith::CmpIPredicate::eq, block, index(listed));
    isOne = create<arith::OrIOp>(isOne, is);
    column =
        create<arith::SelectOp>(is, index(int64_t(place) * kLanes), column);
  }
  return {isOne, column};
}

Value LoopBuilder::indicesInRange(Value ids, Value limit) {
  // One loop where nothing lies between the elements.
  if (cast<MemRefType>(ids.getType()).getLayout().isIdentity())
    ids = flat(ids);
  auto list = cast<MemRefType>(ids.getType());
  Type type = list.getElementType();
  std::optional<int64_t> constant = getConstantIntValue(limit);
  // An i32 is as wide as its comparison need be, unless the limit is not.
  if (!constant || *constant > std::numeric_limits<int32_t>::max())
    type = getIndexType();
  auto bound = [&](int64_t sign) -> Value {
    if (constant)
      return create<arith::ConstantOp>(getIntegerAttr(type, sign * *constant));
    return sign > 0 ? limit : create<arith::SubIOp>(index(0), limit);
  };
  Value low = bound(-1), high = bound(1);
  SmallVector<Value> at;
  std::function<Value(Value)> check = [&](Value ok) -> Value {
    if (int64_t(at.size()) < list.getRank())
      return loop(index(0), dim(ids, at.size()), 1, ok,
                  [&](Value i, ValueRange carried) -> SmallVector<Value> {
                    at.push_back(i);
                    return {check(carried[0])};
                  })[0];
    Value id = load(ids, at);
    if (id.getType() != type)
      id = create<arith::IndexCastOp>(type, id);
    Value above = create<arith::CmpIOp>(arith::CmpIPredicate::sge, id, low);
    Value below = create<arith::CmpIOp>(arith::CmpIPredicate::slt, id, high);
    Value both = create<arith::AndIOp>(above, below);
    return create<arith::AndIOp>(ok, both);
  };
  return check(create<arith::ConstantOp>(getBoolAttr(true)));
}
