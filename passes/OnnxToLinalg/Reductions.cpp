#include "dialects/BNN/BNN.h"
#include "passes/OnnxToLinalg/Scalars.h"

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

FailureOr<SmallVector<Value>>
lowerReduction(Lowering &l, Operation *op, Value x,
               std::optional<ArrayRef<int64_t>> listed, bool keepDims) {
  int64_t rank = Lowering::rankOf(x);
  Type element = Lowering::typeOf(x).getElementType();
  if (element.isInteger(1))
    return op->emitError() << op->getName()
                           << " is not supported on booleans; cast its input "
                              "to numbers";
  SmallVector<int64_t> axes =
      listed ? normalizeAxes(*listed, rank)
             : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (!axes.empty() && (axes.front() < 0 || axes.back() >= rank))
    return op->emitError() << op->getName()
                           << " has an axis out of range for rank " << rank;
  Dims dims = l.dims(x);
  // Each element before, and each sum after the reduction.
  auto map = [&](Value value, ArrayRef<OpFoldResult> shape,
                 llvm::function_ref<Value(OpBuilder &, Location, Value)> f) {
    return l.elementwise(shape, element, value,
                         [&](OpBuilder &b, Location loc, ValueRange v) {
                           return f(b, loc, v[0]);
                         });
  };
  auto square = [](OpBuilder &b, Location loc, Value v) {
    return Scalars(b, loc).mul(v, v);
  };
  bool needsFloat = isa<ReduceL2Op, ReduceLogSumOp>(op);
  if (element.isInteger(8) || (needsFloat && !element.isF32())) {
    if (needsFloat || !isa<ReduceMaxOp, ReduceMinOp>(op))
      return op->emitError()
             << op->getName() << " is not supported on " << element
             << "; cast its input to f32" << (needsFloat ? "" : " or i32");
    // Bytes, with a sign or without, are compared as wider integers.
    bool isUnsigned = element.isUnsignedInteger();
    Value wide = l.elementwise(
        dims, l.b.getI32Type(), x,
        [&](OpBuilder &b, Location loc, ValueRange v) {
          return Scalars(b, loc, isUnsigned).convert(v[0], b.getI32Type());
        });
    Kind kind = isa<ReduceMaxOp>(op) ? Kind::Max : Kind::Min;
    Value reduced = reduce(l, wide, dims, axes, kind);
    x = l.elementwise(keptDims(dims, axes), element, reduced,
                      [&](OpBuilder &b, Location loc, ValueRange v) {
                        return Scalars(b, loc).convert(v[0], b.getI8Type());
                      });
  }
  Value result;
  if (element.isInteger(8)) {
    result = x;
  } else if (isa<ReduceMeanOp>(op)) {
    result = axes.empty() ? x : mean(l, x, dims, axes);
  } else if (isa<ReduceL1Op>(op)) {
    Value magnitude = map(x, dims, [](OpBuilder &b, Location loc, Value v) {
      return Scalars(b, loc).abs(v);
    });
    result = reduce(l, magnitude, dims, axes, Kind::Add);
  } else if (isa<ReduceL2Op, ReduceSumSquareOp>(op)) {
    result = reduce(l, map(x, dims, square), dims, axes, Kind::Add);
    if (isa<ReduceL2Op>(op))
      result = map(result, keptDims(dims, axes),
                   [](OpBuilder &b, Location loc, Value v) -> Value {
                     return b.create<math::SqrtOp>(loc, v);
                   });
  } else if (isa<ReduceLogSumOp>(op)) {
    result = map(reduce(l, x, dims, axes, Kind::Add), keptDims(dims, axes),
                 [](OpBuilder &b, Location loc, Value v) -> Value {
                   return b.create<math::LogOp>(loc, v);
                 });
  } else {
    Kind kind = isa<ReduceMaxOp>(op)    ? Kind::Max
                : isa<ReduceMinOp>(op)  ? Kind::Min
                : isa<ReduceProdOp>(op) ? Kind::Mul
                                        : Kind::Add;
    result = reduce(l, x, dims, axes, kind);
  }
  if (keepDims && !axes.empty()) {
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
  if (isa<NoneType>(op.getAxes().getType())) {
    if (op.getNoopWithEmptyAxes())
      return SmallVector<Value>{op.getData()};
    return lowerReduction(l, op, op.getData(), std::nullopt, op.getKeepdims());
  }
  auto axes = getConstantIntegers(op.getAxes());
  if (!axes)
    return op.emitError("onnx.ReduceSum has computed axes; export the model "
                        "with constant axes");
  if (axes->empty()) {
    if (op.getNoopWithEmptyAxes())
      return SmallVector<Value>{op.getData()};
    return lowerReduction(l, op, op.getData(), std::nullopt, op.getKeepdims());
  }
  return lowerReduction(l, op, op.getData(), ArrayRef<int64_t>(*axes),
                        op.getKeepdims());
}

FailureOr<SmallVector<Value>> lowerSoftmax(Lowering &l, Operation *op, Value x,
                                           int64_t axis, bool logarithm) {
  int64_t rank = Lowering::rankOf(x);
  Type element = Lowering::typeOf(x).getElementType();
  if (rank == 0 || axis < -rank || axis >= rank || !isa<FloatType>(element))
    return op->emitError() << op->getName()
                           << " needs a tensor of floats and an axis of it";
  SmallVector<int64_t> axes = normalizeAxes({axis}, rank);
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

  Value center = mean(l, x, dims, axes);
  Value d =
      l.elementwise(dims, element, {x, center}, {identity, row},
                    [&](OpBuilder &b, Location loc, ValueRange v) {
                      return Value(b.create<arith::SubFOp>(loc, v[0], v[1]));
                    });
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
  auto byAttribute = [&](auto o) -> Lowered {
    std::optional<ArrayRef<int64_t>> axes;
    if (o.getAxes())
      axes = *o.getAxes();
    return lowerReduction(l, o, o.getData(), axes, o.getKeepdims());
  };
  if (auto o = dyn_cast<ReduceMeanOp>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ReduceMaxOp>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ReduceMinOp>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ReduceL1Op>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ReduceL2Op>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ReduceProdOp>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ReduceSumSquareOp>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ReduceLogSumOp>(op))
    return byAttribute(o);
  if (auto o = dyn_cast<ArgMaxOp>(op))
    return lowerPick(l, o);
  if (auto o = dyn_cast<ArgMinOp>(op))
    return lowerPick(l, o);
  if (auto o = dyn_cast<ReduceSumOp>(op))
    return lowerReduceSum(l, o);
  if (auto o = dyn_cast<SoftmaxOp>(op))
    return lowerSoftmax(l, o, o.getInput(), int64_t(o.getAxis()), false);
  if (auto o = dyn_cast<LogSoftmaxOp>(op))
    return lowerSoftmax(l, o, o.getInput(), int64_t(o.getAxis()), true);
  if (auto o = dyn_cast<LayerNormalizationOp>(op))
    return lowerLayerNormalization(l, o);
  return std::nullopt;
}

} // namespace mlir::bnn::onnx
