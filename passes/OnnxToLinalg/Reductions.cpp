//===- Reductions.cpp - Reductions ----------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNN.h"
#include "passes/OnnxToLinalg/Scalars.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {

using Iterator = utils::IteratorType;

/// The reductions that are not made of others.
enum class Kind { Add, Mul, Max, Min };

/// What a reduction starts from.
TypedAttr neutral(Builder &b, Type element, Kind kind) {
  if (kind == Kind::Mul)
    return b.getOneAttr(element);
  if (kind == Kind::Add)
    return b.getZeroAttr(element);
  bool isMax = kind == Kind::Max;
  if (auto type = dyn_cast<FloatType>(element))
    return b.getFloatAttr(type,
                          APFloat::getInf(type.getFloatSemantics(), isMax));
  unsigned width = element.getIntOrFloatBitWidth();
  return b.getIntegerAttr(element, isMax ? APInt::getSignedMinValue(width)
                                         : APInt::getSignedMaxValue(width));
}

/// One step: `a` so far, `x` the new element.
Value combine(OpBuilder &b, Location loc, Kind kind, Value a, Value x) {
  Scalars s(b, loc);
  if (kind == Kind::Add)
    return s.add(a, x);
  if (kind == Kind::Mul)
    return s.mul(a, x);
  return s.select(kind == Kind::Max ? s.greater(a, x) : s.less(a, x), a, x);
}

/// The kind of reduction that bnn.reduce has, in the canonical order.
std::optional<ReduceKind> canonicalKind(Kind kind) {
  switch (kind) {
  case Kind::Add:
    return ReduceKind::Add;
  case Kind::Max:
    return ReduceKind::Max;
  case Kind::Min:
    return ReduceKind::Min;
  case Kind::Mul:
    return std::nullopt;
  }
  llvm_unreachable("a kind of reduction");
}

/// Reduces `axes` (sorted) of a tensor of shape `dims` and drops them: in the
/// canonical order if they are the last ones of a tensor of f32, else running
/// through them in order.
Value reduce(Lowering &l, Value x, ArrayRef<OpFoldResult> dims,
             ArrayRef<int64_t> axes, Kind kind) {
  if (axes.empty())
    return x;
  int64_t rank = Lowering::rankOf(x);
  Type element = Lowering::typeOf(x).getElementType();
  Dims kept;
  SmallVector<AffineExpr> keptExprs;
  SmallVector<Iterator> iterators;
  for (int64_t axis = 0; axis < rank; ++axis) {
    bool isReduced = llvm::is_contained(axes, axis);
    iterators.push_back(isReduced ? Iterator::reduction : Iterator::parallel);
    if (isReduced)
      continue;
    kept.push_back(dims[axis]);
    keptExprs.push_back(l.b.getAffineDimExpr(unsigned(axis)));
  }

  int64_t lead = rank - int64_t(axes.size());
  std::optional<ReduceKind> canonical = canonicalKind(kind);
  if (element.isF32() && axes.front() == lead && canonical) {
    if (axes.size() > 1) {
      Groups groups;
      for (int64_t axis = 0; axis < lead; ++axis)
        groups.push_back({axis});
      groups.emplace_back(axes.begin(), axes.end());
      x = l.collapse(x, groups);
    }
    Value out = l.empty(kept, element);
    return l.b
        .create<bnn::ReduceOp>(l.loc, out.getType(), *canonical, x,
                               ValueRange(out))
        ->getResult(0);
  }

  Value init = l.filled(kept, neutral(l.b, element, kind));
  AffineMap maps[] = {
      l.b.getMultiDimIdentityMap(unsigned(rank)),
      AffineMap::get(unsigned(rank), 0, keptExprs, l.b.getContext())};
  auto generic = l.b.create<linalg::GenericOp>(
      l.loc, init.getType(), ValueRange(x), init, maps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange v) {
        b.create<linalg::YieldOp>(loc, combine(b, loc, kind, v[1], v[0]));
      });
  return generic.getResult(0);
}

/// From the axes of a tensor of rank `rank` to those that a reduction keeps.
AffineMap keptMap(Lowering &l, int64_t rank, ArrayRef<int64_t> reduced) {
  SmallVector<AffineExpr> exprs;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(reduced, axis))
      exprs.push_back(l.b.getAffineDimExpr(unsigned(axis)));
  return AffineMap::get(unsigned(rank), 0, exprs, l.b.getContext());
}

Dims keptDims(ArrayRef<OpFoldResult> dims, ArrayRef<int64_t> reduced) {
  Dims result;
  for (auto [axis, dim] : llvm::enumerate(dims))
    if (!llvm::is_contained(reduced, int64_t(axis)))
      result.push_back(dim);
  return result;
}

/// The number of elements along `axes`, as an element of type `element`.
Value countAs(Lowering &l, ArrayRef<OpFoldResult> dims, ArrayRef<int64_t> axes,
              Type element) {
  OpFoldResult count = l.index(1);
  for (int64_t axis : axes)
    count = l.mul(count, dims[axis]);
  bool isFloat = isa<FloatType>(element);
  if (std::optional<int64_t> constant = getConstantIntValue(count)) {
    if (isFloat)
      return l.constant(l.b.getFloatAttr(element, double(*constant)));
    return l.constant(l.b.getIntegerAttr(element, *constant));
  }
  if (!isFloat)
    return l.b.create<arith::IndexCastOp>(l.loc, element, l.asValue(count));
  Value integer =
      l.b.create<arith::IndexCastOp>(l.loc, l.b.getI64Type(), l.asValue(count));
  return l.b.create<arith::SIToFPOp>(l.loc, element, integer);
}

Value mean(Lowering &l, Value x, ArrayRef<OpFoldResult> dims,
           ArrayRef<int64_t> axes) {
  Type element = Lowering::typeOf(x).getElementType();
  Value sum = reduce(l, x, dims, axes, Kind::Add);
  Value count = countAs(l, dims, axes, element);
  return l.elementwise(keptDims(dims, axes), element, sum,
                       [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                         if (isa<FloatType>(element))
                           return b.create<arith::DivFOp>(loc, v[0], count);
                         return b.create<arith::DivSIOp>(loc, v[0], count);
                       });
}

/// Each element of `x`, of shape `dims`, through `f`.
Value map(Lowering &l, Value x, ArrayRef<OpFoldResult> dims,
          llvm::function_ref<Value(Scalars &, Value)> f) {
  return l.elementwise(dims, Lowering::typeOf(x).getElementType(), x,
                       [&](OpBuilder &b, Location loc, ValueRange v) {
                         Scalars s(b, loc);
                         return f(s, v[0]);
                       });
}

/// A tensor and the axes of it that a reduction takes.
struct Reduced {
  Value x;
  ArrayRef<OpFoldResult> dims;
  ArrayRef<int64_t> axes;

  Value by(Lowering &l, Kind kind) const {
    return reduce(l, x, dims, axes, kind);
  }
};

Value reduceTo(Lowering &l, ReduceSumOp, const Reduced &r) {
  return r.by(l, Kind::Add);
}
Value reduceTo(Lowering &l, ReduceProdOp, const Reduced &r) {
  return r.by(l, Kind::Mul);
}
Value reduceTo(Lowering &l, ReduceMeanOp, const Reduced &r) {
  return r.axes.empty() ? r.x : mean(l, r.x, r.dims, r.axes);
}
Value reduceTo(Lowering &l, ReduceL1Op, const Reduced &r) {
  Value magnitudes =
      map(l, r.x, r.dims, [](Scalars &s, Value v) { return s.abs(v); });
  return reduce(l, magnitudes, r.dims, r.axes, Kind::Add);
}
Value reduceTo(Lowering &l, ReduceSumSquareOp, const Reduced &r) {
  Value squares =
      map(l, r.x, r.dims, [](Scalars &s, Value v) { return s.mul(v, v); });
  return reduce(l, squares, r.dims, r.axes, Kind::Add);
}
Value reduceTo(Lowering &l, ReduceL2Op, const Reduced &r) {
  Value sum = reduceTo(l, ReduceSumSquareOp(), r);
  return map(l, sum, keptDims(r.dims, r.axes),
             [](Scalars &s, Value v) { return s.sqrt(v); });
}
Value reduceTo(Lowering &l, ReduceLogSumOp, const Reduced &r) {
  return map(l, r.by(l, Kind::Add), keptDims(r.dims, r.axes),
             [](Scalars &s, Value v) { return s.log(v); });
}

/// Bytes, with a sign or without, are compared as wider integers.
Value reduceTo(Lowering &l, const Reduced &r, Kind kind) {
  Type element = Lowering::typeOf(r.x).getElementType();
  if (!element.isInteger(8))
    return r.by(l, kind);
  bool isUnsigned = element.isUnsignedInteger();
  Type i32 = l.b.getI32Type(), i8 = l.b.getI8Type();
  Value wide = l.elementwise(
      r.dims, i32, r.x, [&](OpBuilder &b, Location loc, ValueRange v) {
        return Scalars(b, loc, isUnsigned).convert(v[0], i32);
      });
  Value reduced = reduce(l, wide, r.dims, r.axes, kind);
  return l.elementwise(keptDims(r.dims, r.axes), element, reduced,
                       [&](OpBuilder &b, Location loc, ValueRange v) {
                         return Scalars(b, loc).convert(v[0], i8);
                       });
}
Value reduceTo(Lowering &l, ReduceMaxOp, const Reduced &r) {
  return reduceTo(l, r, Kind::Max);
}
Value reduceTo(Lowering &l, ReduceMinOp, const Reduced &r) {
  return reduceTo(l, r, Kind::Min);
}

/// Whether `op` is lowered for elements of type `element`; an error otherwise.
LogicalResult checkElements(Operation *op, Type element) {
  if (element.isInteger(1))
    return op->emitError() << op->getName()
                           << " is not supported on booleans; cast its input "
                              "to numbers";
  bool needsFloat = isa<ReduceL2Op, ReduceLogSumOp>(op);
  bool isSupported =
      needsFloat ? isa<FloatType>(element)
                 : !element.isInteger(8) || isa<ReduceMaxOp, ReduceMinOp>(op);
  if (isSupported)
    return success();
  return op->emitError() << op->getName() << " is not supported on " << element
                         << "; cast its input to f32"
                         << (needsFloat ? "" : " or i32");
}

template <typename Op>
FailureOr<SmallVector<Value>>
lowerReduction(Lowering &l, Op op, std::optional<ArrayRef<int64_t>> listed) {
  Value x = op.getData();
  int64_t rank = Lowering::rankOf(x);
  if (failed(checkElements(op, Lowering::typeOf(x).getElementType())))
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (listed) {
    auto found = normalizeAxes(op, *listed, rank);
    if (failed(found))
      return failure();
    axes = std::move(*found);
  }
  Dims dims = l.dims(x);
  Value result = reduceTo(l, op, Reduced{x, dims, axes});
  if (op.getKeepdims() && !axes.empty()) {
    Dims full = dims;
    for (int64_t axis : axes)
      full[axis] = l.index(1);
    result = l.reshape(result, full, op->getResult(0));
  }
  return SmallVector<Value>{result};
}

/// The index of the largest or smallest element along an axis, from a walk
/// along it that keeps the best so far and where it was.
template <typename Op>
FailureOr<SmallVector<Value>> lowerPick(Lowering &l, Op op) {
  constexpr bool largest = std::is_same_v<Op, ArgMaxOp>;
  Value x = op.getData();
  int64_t rank = Lowering::rankOf(x), axis = axisOf(op.getAxis(), rank);
  Type element = Lowering::typeOf(x).getElementType(), i64 = l.b.getI64Type();
  if (element.isInteger(1) || rank == 0)
    return op.emitError() << op->getName()
                          << " needs a tensor of numbers with an axis; cast "
                             "its input to numbers";
  bool isUnsigned = element.isUnsignedInteger();
  Dims dims = l.dims(x), rows = keptDims(dims, {axis});
  if (isUnsigned) {
    x = l.elementwise(dims, l.b.getI32Type(), x,
                      [&](OpBuilder &b, Location loc, ValueRange v) {
                        return Scalars(b, loc, /*isUnsigned=*/true)
                            .convert(v[0], b.getI32Type());
                      });
    element = l.b.getI32Type();
  }
  SmallVector<Iterator> iterators(rank, Iterator::parallel);
  iterators[axis] = Iterator::reduction;
  AffineMap row = keptMap(l, rank, {axis});
  AffineMap maps[] = {l.b.getMultiDimIdentityMap(unsigned(rank)), row, row};
  Value best = l.filled(rows, cast<TypedAttr>(l.b.getZeroAttr(element)));
  Value where = l.filled(rows, l.b.getI64IntegerAttr(0));
  bool last = op.getSelectLastIndex();
  auto generic = l.b.create<linalg::GenericOp>(
      l.loc, TypeRange{best.getType(), where.getType()}, ValueRange(x),
      ValueRange{best, where}, maps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        Value i = b.create<arith::IndexCastOp>(
            loc, i64, b.create<linalg::IndexOp>(loc, axis));
        Value take = largest ? s.greater(v[0], v[1]) : s.less(v[0], v[1]);
        if (last)
          take = s.either(take, s.equal(v[0], v[1]));
        take = s.either(take, s.equal(i, s.number(i64, 0)));
        b.create<linalg::YieldOp>(loc, ValueRange{s.select(take, v[0], v[1]),
                                                  s.select(take, i, v[2])});
      });
  Value result = generic.getResult(1);
  if (op.getKeepdims()) {
    Dims full = dims;
    full[axis] = l.index(1);
    result = l.reshape(result, full, op.getReduced());
  }
  return SmallVector<Value>{result};
}

FailureOr<SmallVector<Value>> lowerReduceSum(Lowering &l, ReduceSumOp op) {
  SmallVector<int64_t> axes;
  if (!isa<NoneType>(op.getAxes().getType())) {
    auto listed = getConstantIntegers(op.getAxes());
    if (!listed)
      return op.emitError("onnx.ReduceSum has computed axes; export the model "
                          "with constant axes");
    axes = *listed;
  }
  if (!axes.empty())
    return lowerReduction(l, op, ArrayRef<int64_t>(axes));
  if (op.getNoopWithEmptyAxes())
    return SmallVector<Value>{op.getData()};
  return lowerReduction(l, op, std::nullopt);
}

FailureOr<SmallVector<Value>> lowerSoftmax(Lowering &l, Operation *op, Value x,
                                           int64_t axis, bool logarithm) {
  int64_t rank = Lowering::rankOf(x);
  Type element = Lowering::typeOf(x).getElementType();
  SmallVector<int64_t> axes = {axisOf(axis, rank)};
  Dims dims = l.dims(x), rows = keptDims(dims, axes);
  AffineMap identity = l.b.getMultiDimIdentityMap(unsigned(rank));
  AffineMap row = keptMap(l, rank, axes);

  Value max = reduce(l, x, dims, axes, Kind::Max);
  auto subtract = [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
    return b.create<arith::SubFOp>(loc, v[0], v[1]);
  };
  auto exponential = [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
    return b.create<math::ExpOp>(loc, subtract(b, loc, v));
  };
  Value exps =
      l.elementwise(dims, element, {x, max}, {identity, row}, exponential);
  Value sum = reduce(l, exps, dims, axes, Kind::Add);
  if (!logarithm)
    return SmallVector<Value>{
        l.elementwise(dims, element, {exps, sum}, {identity, row},
                      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                        return b.create<arith::DivFOp>(loc, v[0], v[1]);
                      })};
  Value logSum =
      l.elementwise(rows, element, sum,
                    [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                      return b.create<math::LogOp>(loc, v[0]);
                    });
  return SmallVector<Value>{l.elementwise(
      dims, element, {x, max, logSum}, {identity, row, row},
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        return b.create<arith::SubFOp>(loc, subtract(b, loc, v), v[2]);
      })};
}

FailureOr<SmallVector<Value>> lowerLayerNormalization(Lowering &l,
                                                      LayerNormalizationOp op) {
  Value x = op.getX();
  int64_t rank = Lowering::rankOf(x);
  Type element = Lowering::typeOf(x).getElementType();
  int64_t axis = axisOf(op.getAxis(), rank);
  if (axis < 0 || axis >= rank || !element.isF32())
    return op.emitError("onnx.LayerNormalization needs a tensor of f32 and an "
                        "axis of it");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(axis, rank));
  Dims dims = l.dims(x), rows = keptDims(dims, axes);
  AffineMap identity = l.b.getMultiDimIdentityMap(unsigned(rank));
  AffineMap row = keptMap(l, rank, axes);

  // Rounded, the mean of equal numbers is not that number; what is left over of
  // it is the mean of the deviations, and epsilon may be far below its square.
  auto deviations = [&](Value from) {
    return l.elementwise(
        dims, element, {from, mean(l, from, dims, axes)}, {identity, row},
        [&](OpBuilder &b, Location loc, ValueRange v) {
          return Value(b.create<arith::SubFOp>(loc, v[0], v[1]));
        });
  };
  Value d = deviations(deviations(x));
  Value squares = l.elementwise(
      dims, element, d, [&](OpBuilder &b, Location loc, ValueRange v) {
        return Value(b.create<arith::MulFOp>(loc, v[0], v[0]));
      });
  Value variance = mean(l, squares, dims, axes);
  Value epsilon =
      l.constant(l.b.getF32FloatAttr(op.getEpsilon().convertToFloat()));
  Value deviation = l.elementwise(
      rows, element, variance, [&](OpBuilder &b, Location loc, ValueRange v) {
        Value sum = b.create<arith::AddFOp>(loc, v[0], epsilon);
        return Value(b.create<math::SqrtOp>(loc, sum));
      });

  RankedTensorType type = RankedTensorType::get(
      SmallVector<int64_t>(rank, ShapedType::kDynamic), element);
  Value scale = l.align(op.getScale(), op.getY(), dims);
  SmallVector<Value> inputs{d, deviation, scale};
  SmallVector<AffineMap> maps{identity, row,
                              l.broadcastMap(Lowering::typeOf(scale), type)};
  bool hasBias = !isa<NoneType>(op.getB().getType());
  if (hasBias) {
    Value bias = l.align(op.getB(), op.getY(), dims);
    inputs.push_back(bias);
    maps.push_back(l.broadcastMap(Lowering::typeOf(bias), type));
  }
  return SmallVector<Value>{
      l.elementwise(dims, element, inputs, maps,
                    [&](OpBuilder &b, Location loc, ValueRange v) {
                      Value y = b.create<arith::DivFOp>(loc, v[0], v[1]);
                      y = b.create<arith::MulFOp>(loc, y, v[2]);
                      if (hasBias)
                        y = b.create<arith::AddFOp>(loc, y, v[3]);
                      return y;
                    })};
}

} // namespace

Lowered lowerReductions(Lowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, Lowered>(op)
      .Case<ReduceMeanOp, ReduceMaxOp, ReduceMinOp, ReduceL1Op, ReduceL2Op,
            ReduceProdOp, ReduceSumSquareOp, ReduceLogSumOp>(
          [&](auto o) { return lowerReduction(l, o, o.getAxes()); })
      .Case<ArgMaxOp, ArgMinOp>([&](auto o) { return lowerPick(l, o); })
      .Case([&](ReduceSumOp o) { return lowerReduceSum(l, o); })
      .Case([&](SoftmaxOp o) {
        return lowerSoftmax(l, o, o.getInput(), int64_t(o.getAxis()), false);
      })
      .Case([&](LogSoftmaxOp o) {
        return lowerSoftmax(l, o, o.getInput(), int64_t(o.getAxis()), true);
      })
      .Case(
          [&](LayerNormalizationOp o) { return lowerLayerNormalization(l, o); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace mlir::bnn::onnx
