#include "dialects/BNN/BNN.h"
#include "passes/OnnxToLinalg/Lowering.h"

using namespace mlir;

namespace bnn::onnx {
namespace {

using Iterator = utils::IteratorType;

/// What a reduction starts from.
TypedAttr neutral(Builder &b, Type element, ReduceKind kind) {
  if (auto type = dyn_cast<FloatType>(element)) {
    if (kind == ReduceKind::Add)
      return b.getFloatAttr(type, 0.0);
    return b.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(),
                                                kind == ReduceKind::Max));
  }
  unsigned width = element.getIntOrFloatBitWidth();
  if (kind == ReduceKind::Add)
    return b.getIntegerAttr(element, 0);
  return b.getIntegerAttr(element, kind == ReduceKind::Max
                                       ? APInt::getSignedMinValue(width)
                                       : APInt::getSignedMaxValue(width));
}

/// One step: `a` so far, `x` the new element.
Value combine(OpBuilder &b, Location loc, ReduceKind kind, Value a, Value x) {
  bool isFloat = isa<FloatType>(a.getType());
  if (kind == ReduceKind::Add) {
    if (isFloat)
      return b.create<arith::AddFOp>(loc, a, x);
    return b.create<arith::AddIOp>(loc, a, x);
  }
  bool isMax = kind == ReduceKind::Max;
  Value keep;
  if (isFloat)
    keep = b.create<arith::CmpFOp>(
        loc, isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT, a,
        x);
  else
    keep = b.create<arith::CmpIOp>(
        loc, isMax ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::slt, a,
        x);
  return b.create<arith::SelectOp>(loc, keep, a, x);
}

/// Reduces `axes` (sorted) of a tensor of shape `dims` and drops them: in the
/// canonical order if they are the last ones of a tensor of f32, else running
/// through them in order.
Value reduce(Lowering &l, Value x, ArrayRef<OpFoldResult> dims,
             ArrayRef<int64_t> axes, ReduceKind kind) {
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
  if (element.isF32() && axes.front() == lead) {
    if (axes.size() > 1) {
      Groups groups;
      for (int64_t axis = 0; axis < lead; ++axis)
        groups.push_back({axis});
      groups.emplace_back(axes.begin(), axes.end());
      x = l.collapse(x, groups);
    }
    Value out = l.empty(kept, element);
    return l.b
        .create<bnn::ReduceOp>(l.loc, out.getType(), kind, x, ValueRange(out))
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
  Value sum = reduce(l, x, dims, axes, ReduceKind::Add);
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
  Value result;
  if (isa<ReduceMeanOp>(op)) {
    result = axes.empty() ? x : mean(l, x, dims, axes);
  } else if (isa<ReduceL1Op>(op)) {
    Value magnitude =
        l.elementwise(dims, element, x,
                      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                        if (isa<FloatType>(element))
                          return b.create<math::AbsFOp>(loc, v[0]);
                        return b.create<math::AbsIOp>(loc, v[0]);
                      });
    result = reduce(l, magnitude, dims, axes, ReduceKind::Add);
  } else {
    ReduceKind kind = isa<ReduceMaxOp>(op)   ? ReduceKind::Max
                      : isa<ReduceMinOp>(op) ? ReduceKind::Min
                                             : ReduceKind::Add;
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

  Value max = reduce(l, x, dims, axes, ReduceKind::Max);
  auto subtract = [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
    return b.create<arith::SubFOp>(loc, v[0], v[1]);
  };
  auto exponential = [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
    return b.create<math::ExpOp>(loc, subtract(b, loc, v));
  };
  Value exps =
      l.elementwise(dims, element, {x, max}, {identity, row}, exponential);
  Value sum = reduce(l, exps, dims, axes, ReduceKind::Add);
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
  SmallVector<Value> inputs{d, deviation, op.getScale()};
  SmallVector<AffineMap> maps{
      identity, row, l.broadcastMap(Lowering::typeOf(op.getScale()), type)};
  bool hasBias = !isa<NoneType>(op.getB().getType());
  if (hasBias) {
    inputs.push_back(op.getB());
    maps.push_back(l.broadcastMap(Lowering::typeOf(op.getB()), type));
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

} // namespace bnn::onnx
