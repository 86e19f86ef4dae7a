#include "dialects/BNN/BNN.h"
#include "passes/OnnxToLinalg/Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bnn::onnx {
namespace {

using Values = FailureOr<SmallVector<Value>>;

Values one(Value value) { return SmallVector<Value>{value}; }

/// A loop over `dims` that may look at the indices.
Value generate(Lowering &l, ArrayRef<OpFoldResult> dims, Type element,
               ValueRange inputs, ArrayRef<AffineMap> maps, Body body) {
  return l.elementwise(dims, element, inputs, maps, body);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// A list of i64 from index values.
Value listOf(Lowering &l, ArrayRef<OpFoldResult> values) {
  SmallVector<int64_t> constants;
  SmallVector<Value> elements;
  for (OpFoldResult value : values) {
    if (std::optional<int64_t> constant = getConstantIntValue(value))
      constants.push_back(*constant);
    Value v = l.asValue(value);
    elements.push_back(
        l.b.create<arith::IndexCastOp>(l.loc, l.b.getI64Type(), v));
  }
  auto type = RankedTensorType::get(int64_t(values.size()), l.b.getI64Type());
  if (constants.size() == values.size())
    return l.constant(DenseElementsAttr::get(type, ArrayRef(constants)));
  return l.b.create<tensor::FromElementsOp>(l.loc, type, elements);
}

Values lowerShape(Lowering &l, ShapeOp op) {
  int64_t rank = Lowering::rankOf(op.getData());
  auto clamp = [&](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + rank : position, 0,
                               rank);
  };
  int64_t start = clamp(int64_t(op.getStart()));
  int64_t end = op.getEnd() ? clamp(int64_t(*op.getEnd())) : rank;
  Dims dims;
  for (int64_t axis = start; axis < end; ++axis)
    dims.push_back(l.dim(op.getData(), axis));
  return one(listOf(l, dims));
}

Values lowerSize(Lowering &l, SizeOp op) {
  Value size = l.asValue(l.product(l.dims(op.getData())));
  Value integer = l.b.create<arith::IndexCastOp>(l.loc, l.b.getI64Type(), size);
  return one(l.b.create<tensor::FromElementsOp>(
      l.loc, RankedTensorType::get({}, l.b.getI64Type()), integer));
}

/// The dimensions that `shape`, a list of sizes, asks for.
Dims dimsFromList(Lowering &l, Value result, Value shape) {
  Dims dims;
  for (int64_t axis = 0; axis < Lowering::rankOf(result); ++axis) {
    OpFoldResult known = l.knownDim(result, axis);
    dims.push_back(known ? known : l.element(shape, axis));
  }
  return dims;
}

Values lowerReshape(Lowering &l, ReshapeOp op) {
  Value data = op.getData(), result = op.getReshaped();
  int64_t rank = Lowering::rankOf(result);
  bool zeroCopies = !op.getAllowzero();
  Dims dims(rank);
  // Which dimensions may turn out to be the -1, and its condition if that is
  // only known at run time.
  SmallVector<std::pair<int64_t, Value>> inferred;
  for (int64_t axis = 0; axis < rank; ++axis) {
    dims[axis] = l.knownDim(result, axis);
    if (dims[axis])
      continue;
    OpFoldResult wanted = l.element(op.getShape(), axis);
    std::optional<int64_t> constant = getConstantIntValue(wanted);
    bool canCopy = zeroCopies && axis < Lowering::rankOf(data);
    if (constant == 0 && canCopy) {
      wanted = l.dim(data, axis);
    } else if (constant == -1) {
      inferred.emplace_back(axis, Value());
      wanted = l.index(1);
    } else if (!constant) {
      auto is = [&](int64_t value) -> Value {
        return l.b.create<arith::CmpIOp>(l.loc, arith::CmpIPredicate::eq,
                                         l.asValue(wanted),
                                         l.asValue(l.index(value)));
      };
      auto choose = [&](Value condition, OpFoldResult x, OpFoldResult y) {
        return OpFoldResult(l.b.create<arith::SelectOp>(
                                   l.loc, condition, l.asValue(x), l.asValue(y))
                                .getResult());
      };
      Value isRest = is(-1);
      inferred.emplace_back(axis, isRest);
      OpFoldResult size = wanted;
      if (canCopy)
        size = choose(is(0), l.dim(data, axis), wanted);
      wanted = choose(isRest, l.index(1), size);
    }
    dims[axis] = wanted;
  }
  // Every candidate counts as 1 so far, so that the product is that of the
  // others.
  if (!inferred.empty()) {
    OpFoldResult rest = l.divide(l.product(l.dims(data)), l.product(dims));
    for (auto [axis, condition] : inferred)
      dims[axis] = condition
                       ? OpFoldResult(l.b.create<arith::SelectOp>(
                                             l.loc, condition, l.asValue(rest),
                                             l.asValue(dims[axis]))
                                          .getResult())
                       : rest;
  }
  return one(l.reshape(data, dims, result));
}

Values lowerFlatten(Lowering &l, FlattenOp op) {
  Dims dims = l.dims(op.getInput());
  int64_t axis = axisOf(op.getAxis(), int64_t(dims.size()));
  ArrayRef<OpFoldResult> all(dims);
  Dims flat{l.product(all.take_front(axis)), l.product(all.drop_front(axis))};
  return one(l.reshape(op.getInput(), flat, op.getOutput()));
}

Values lowerSqueeze(Lowering &l, SqueezeOp op) {
  Value data = op.getData();
  int64_t rank = Lowering::rankOf(data);
  SmallVector<int64_t> axes;
  if (isa<NoneType>(op.getAxes().getType())) {
    for (int64_t axis = 0; axis < rank; ++axis)
      if (Lowering::typeOf(data).getDimSize(axis) == 1)
        axes.push_back(axis);
  } else {
    auto listed = getConstantIntegers(op.getAxes());
    if (!listed)
      return op.emitError("onnx.Squeeze has computed axes; export the model "
                          "with constant axes");
    axes = normalizeAxes(*listed, rank);
  }
  return one(l.dropUnitAxes(data, axes));
}

Values lowerUnsqueeze(Lowering &l, UnsqueezeOp op) {
  auto listed = getConstantIntegers(op.getAxes());
  if (!listed)
    return op.emitError("onnx.Unsqueeze has computed axes; export the model "
                        "with constant axes");
  return one(l.insertUnitAxes(
      op.getData(),
      normalizeAxes(*listed, Lowering::rankOf(op.getExpanded()))));
}

Values lowerExpand(Lowering &l, ExpandOp op) {
  Value input = op.getInput(), result = op.getOutput();
  RankedTensorType type = Lowering::typeOf(input);
  int64_t rank = Lowering::rankOf(result), lead = rank - type.getRank();
  auto listed = op.getShape();
  int64_t listLead = rank - Lowering::typeOf(listed).getDimSize(0);
  if (Lowering::typeOf(listed).isDynamicDim(0))
    return op.emitError("onnx.Expand has a shape of unknown length; export the "
                        "model with shapes of constant rank");
  Dims dims;
  for (int64_t axis = 0; axis < rank; ++axis) {
    OpFoldResult known = l.knownDim(result, axis);
    bool own = axis >= lead && type.getDimSize(axis - lead) != 1;
    if (known)
      dims.push_back(known);
    else if (own)
      dims.push_back(l.dim(input, axis - lead));
    else
      dims.push_back(l.element(listed, axis - listLead));
  }
  Type element = type.getElementType();
  return one(l.elementwise(
      dims, element, input,
      [](OpBuilder &, Location, ValueRange v) -> Value { return v[0]; }));
}

Values lowerConstantOfShape(Lowering &l, ConstantOfShapeOp op) {
  auto values = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!values || values.getNumElements() != 1)
    return op.emitError("onnx.ConstantOfShape needs a value of one element");
  return one(l.filled(dimsFromList(l, op.getOutput(), op.getInput()),
                      cast<TypedAttr>(values.getValues<Attribute>()[0])));
}

/// start, start + delta, ...
Values lowerRange(Lowering &l, RangeOp op) {
  Value result = op.getOutput();
  Type element = Lowering::typeOf(result).getElementType();
  bool isFloat = isa<FloatType>(element);
  Value start =
      l.b.create<tensor::ExtractOp>(l.loc, op.getStart(), ValueRange());
  Value delta =
      l.b.create<tensor::ExtractOp>(l.loc, op.getDelta(), ValueRange());
  OpFoldResult count = l.knownDim(result, 0);
  if (!count) {
    if (isFloat)
      return op.emitError("onnx.Range over floats has a computed length; "
                          "export the model with a range of integers");
    auto step = getConstantIntegers(op.getDelta());
    if (!step || step->size() != 1 || step->front() == 0)
      return op.emitError("onnx.Range has a computed step; export the model "
                          "with a constant step");
    OpFoldResult length =
        l.sub(l.element(op.getLimit(), 0), l.element(op.getStart(), 0));
    if (step->front() < 0)
      length = l.sub(l.index(0), length);
    count = l.max(l.divideUp(length, std::abs(step->front())), l.index(0));
  }
  return one(
      generate(l, count, element, {}, {},
               [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                 Value i = b.create<arith::IndexCastOp>(
                     loc, b.getI64Type(), b.create<linalg::IndexOp>(loc, 0));
                 if (isFloat) {
                   Value f = b.create<arith::SIToFPOp>(loc, element, i);
                   return b.create<arith::AddFOp>(
                       loc, start, b.create<arith::MulFOp>(loc, f, delta));
                 }
                 if (!element.isInteger(64))
                   i = b.create<arith::TruncIOp>(loc, element, i);
                 return b.create<arith::AddIOp>(
                     loc, start, b.create<arith::MulIOp>(loc, i, delta));
               }));
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

Value extractPart(Lowering &l, Value data, ArrayRef<OpFoldResult> offsets,
                  ArrayRef<OpFoldResult> sizes,
                  ArrayRef<OpFoldResult> strides) {
  return l.b.create<tensor::ExtractSliceOp>(l.loc, data, offsets, sizes,
                                            strides);
}

/// A bound of a slice: negative ones count from the end, all are clamped.
OpFoldResult sliceBound(Lowering &l, OpFoldResult bound, OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(bound)) {
    // The bounds that stand for an end of the axis need no arithmetic.
    if (*constant >= std::numeric_limits<int32_t>::max())
      return size;
    if (*constant <= std::numeric_limits<int32_t>::min())
      return l.index(0);
    if (*constant == 0)
      return bound;
    if (*constant < 0)
      return l.max(l.add(size, bound), l.index(0));
    return l.min(bound, size);
  }
  Value b = l.asValue(bound), zero = l.asValue(l.index(0));
  Value fromEnd = l.asValue(l.add(bound, size));
  Value isNegative =
      l.b.create<arith::CmpIOp>(l.loc, arith::CmpIPredicate::slt, b, zero);
  OpFoldResult wrapped =
      l.b.create<arith::SelectOp>(l.loc, isNegative, fromEnd, b).getResult();
  return l.max(l.min(wrapped, size), l.index(0));
}

Values lowerSlice(Lowering &l, SliceOp op) {
  Value data = op.getData();
  int64_t rank = Lowering::rankOf(data);
  int64_t count = Lowering::typeOf(op.getStarts()).getDimSize(0);
  if (ShapedType::isDynamic(count))
    return op.emitError("onnx.Slice has a computed number of axes; export the "
                        "model with constant axes");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  SmallVector<int64_t> steps(count, 1);
  if (!isa<NoneType>(op.getAxes().getType())) {
    auto listed = getConstantIntegers(op.getAxes());
    if (!listed || int64_t(listed->size()) != count)
      return op.emitError("onnx.Slice has computed axes; export the model with "
                          "constant axes");
    axes = *listed;
  }
  if (!isa<NoneType>(op.getSteps().getType())) {
    auto listed = getConstantIntegers(op.getSteps());
    if (!listed || int64_t(listed->size()) != count ||
        llvm::any_of(*listed, [](int64_t step) { return step <= 0; }))
      return op.emitError("onnx.Slice is supported with constant steps greater "
                          "than 0 only; reverse the axis before the export");
    steps = *listed;
  }
  Dims offsets(rank, l.index(0)), sizes = l.dims(data),
                                  strides(rank, l.index(1));
  for (int64_t i = 0; i < count; ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank)
      return op.emitError("onnx.Slice has an axis out of range for rank ")
             << rank;
    OpFoldResult size = sizes[axis];
    OpFoldResult start = sliceBound(l, l.element(op.getStarts(), i), size);
    OpFoldResult end = sliceBound(l, l.element(op.getEnds(), i), size);
    offsets[axis] = start;
    strides[axis] = l.index(steps[i]);
    OpFoldResult known = l.knownDim(op.getOutput(), axis);
    sizes[axis] =
        known ? known
              : l.max(l.divideUp(l.sub(end, start), steps[i]), l.index(0));
  }
  return one(extractPart(l, data, offsets, sizes, strides));
}

Values lowerSplit(Lowering &l, SplitOp op) {
  Value input = op.getInput();
  int64_t rank = Lowering::rankOf(input);
  int64_t axis = axisOf(op.getAxis(), rank);
  Dims dims = l.dims(input);
  int64_t pieces = op.getNumResults();
  Dims lengths;
  if (isa<NoneType>(op.getSplit().getType())) {
    // Equal pieces; the last may be shorter.
    OpFoldResult piece = l.divideUp(dims[axis], pieces);
    for (int64_t i = 0; i + 1 < pieces; ++i)
      lengths.push_back(piece);
    lengths.push_back(l.sub(dims[axis], l.mul(piece, l.index(pieces - 1))));
  } else {
    for (int64_t i = 0; i < pieces; ++i)
      lengths.push_back(l.element(op.getSplit(), i));
  }
  Dims offsets(rank, l.index(0)), strides(rank, l.index(1));
  SmallVector<Value> results;
  for (OpFoldResult length : lengths) {
    Dims sizes = dims;
    sizes[axis] = length;
    results.push_back(extractPart(l, input, offsets, sizes, strides));
    offsets[axis] = l.add(offsets[axis], length);
  }
  return results;
}

Values lowerConcat(Lowering &l, ConcatOp op) {
  int64_t rank = Lowering::rankOf(op.getConcatResult());
  int64_t axis = axisOf(op.getAxis(), rank);
  if (op.getInputs().empty())
    return op.emitError("onnx.Concat needs at least one input");
  Dims dims = l.dims(op.getInputs().front());
  SmallVector<OpFoldResult> lengths;
  OpFoldResult total = l.index(0);
  for (Value input : op.getInputs()) {
    lengths.push_back(l.dim(input, axis));
    total = l.add(total, lengths.back());
    // One input may know what another does not.
    for (int64_t other = 0; other < rank; ++other)
      if (!Lowering::typeOf(input).isDynamicDim(other))
        dims[other] = l.index(Lowering::typeOf(input).getDimSize(other));
  }
  dims[axis] = total;
  Value result =
      l.empty(dims, Lowering::typeOf(op.getConcatResult()).getElementType());
  Dims offsets(rank, l.index(0)), strides(rank, l.index(1));
  for (auto [input, length] : llvm::zip_equal(op.getInputs(), lengths)) {
    Dims sizes = dims;
    sizes[axis] = length;
    Value part = l.castToDims(input, sizes);
    result = l.b.create<tensor::InsertSliceOp>(l.loc, part, result, offsets,
                                               sizes, strides);
    offsets[axis] = l.add(offsets[axis], length);
  }
  return one(result);
}

Values lowerGather(Lowering &l, GatherOp op) {
  Value data = op.getData(), indices = op.getIndices();
  int64_t rank = Lowering::rankOf(data), picks = Lowering::rankOf(indices);
  int64_t axis = axisOf(op.getAxis(), rank);
  Dims dataDims = l.dims(data);
  std::optional<int64_t> limit = getConstantIntValue(dataDims[axis]);
  auto constants = getConstantIntegers(indices);
  if (constants && limit)
    for (int64_t i : *constants)
      if (i < -*limit || i >= *limit)
        return op.emitError("onnx.Gather reads index ")
               << i << " of an axis of length " << *limit;

  // One constant index is a slice.
  if (constants && picks == 0) {
    int64_t i = constants->front();
    Dims offsets(rank, l.index(0)), sizes = dataDims, strides(rank, l.index(1));
    offsets[axis] = i < 0 ? l.add(dataDims[axis], l.index(i)) : l.index(i);
    sizes[axis] = l.index(1);
    return one(
        l.dropUnitAxes(extractPart(l, data, offsets, sizes, strides), {axis}));
  }

  if (!constants && limit && *limit > 0)
    l.b.create<bnn::CheckIndicesOp>(l.loc, l.b.getI1Type(), indices,
                                    l.b.getI64IntegerAttr(*limit));
  ArrayRef<OpFoldResult> all(dataDims);
  Dims dims(all.take_front(axis));
  llvm::append_range(dims, l.dims(indices));
  llvm::append_range(dims, all.drop_front(axis + 1));
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < picks; ++i)
    exprs.push_back(l.b.getAffineDimExpr(unsigned(axis + i)));
  AffineMap map =
      AffineMap::get(unsigned(dims.size()), 0, exprs, l.b.getContext());
  Value length = l.asValue(dataDims[axis]);
  Value zero = l.asValue(l.index(0));
  Value last = l.asValue(l.sub(dataDims[axis], l.index(1)));
  return one(generate(
      l, dims, Lowering::typeOf(data).getElementType(), indices, map,
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value i = b.create<arith::IndexCastOp>(loc, b.getIndexType(), v[0]);
        Value isNegative =
            b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, i, zero);
        Value fromEnd = b.create<arith::AddIOp>(loc, i, length);
        i = b.create<arith::SelectOp>(loc, isNegative, fromEnd, i);
        // Whatever the input says, nothing outside the table is read.
        i = b.create<arith::MinSIOp>(loc, i, last);
        i = b.create<arith::MaxSIOp>(loc, i, zero);
        SmallVector<Value> at;
        for (int64_t d = 0; d < axis; ++d)
          at.push_back(b.create<linalg::IndexOp>(loc, d));
        at.push_back(i);
        for (int64_t d = axis + 1; d < rank; ++d)
          at.push_back(b.create<linalg::IndexOp>(loc, d - 1 + picks));
        return b.create<tensor::ExtractOp>(loc, data, at);
      }));
}

Values lowerTranspose(Lowering &l, TransposeOp op) {
  Value data = op.getData();
  int64_t rank = Lowering::rankOf(data);
  SmallVector<int64_t> perm;
  if (op.getPerm())
    perm.assign(op.getPerm()->begin(), op.getPerm()->end());
  else
    for (int64_t axis = rank - 1; axis >= 0; --axis)
      perm.push_back(axis);
  Dims dims;
  for (int64_t axis : perm)
    dims.push_back(l.dim(data, axis));
  Value out = l.empty(dims, Lowering::typeOf(data).getElementType());
  return one(
      l.b.create<linalg::TransposeOp>(l.loc, data, out, perm)->getResult(0));
}

Values lowerTile(Lowering &l, TileOp op) {
  Value input = op.getInput();
  Dims own = l.dims(input), dims;
  for (auto [axis, dim] : llvm::enumerate(own)) {
    OpFoldResult known = l.knownDim(op.getOutput(), int64_t(axis));
    dims.push_back(known ? known
                         : l.mul(dim, l.element(op.getRepeats(), axis)));
  }
  SmallVector<Value> lengths;
  for (OpFoldResult dim : own)
    lengths.push_back(l.asValue(dim));
  return one(
      generate(l, dims, Lowering::typeOf(input).getElementType(), {}, {},
               [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                 SmallVector<Value> at;
                 for (auto [axis, length] : llvm::enumerate(lengths))
                   at.push_back(b.create<arith::RemUIOp>(
                       loc, b.create<linalg::IndexOp>(loc, axis), length));
                 return b.create<tensor::ExtractOp>(loc, input, at);
               }));
}

} // namespace

Lowered lowerMovement(Lowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, Lowered>(op)
      .Case([&](ShapeOp o) { return lowerShape(l, o); })
      .Case([&](SizeOp o) { return lowerSize(l, o); })
      .Case([&](ReshapeOp o) { return lowerReshape(l, o); })
      .Case([&](FlattenOp o) { return lowerFlatten(l, o); })
      .Case([&](SqueezeOp o) { return lowerSqueeze(l, o); })
      .Case([&](UnsqueezeOp o) { return lowerUnsqueeze(l, o); })
      .Case([&](ExpandOp o) { return lowerExpand(l, o); })
      .Case([&](ConstantOfShapeOp o) { return lowerConstantOfShape(l, o); })
      .Case([&](RangeOp o) { return lowerRange(l, o); })
      .Case([&](SliceOp o) { return lowerSlice(l, o); })
      .Case([&](SplitOp o) { return lowerSplit(l, o); })
      .Case([&](ConcatOp o) { return lowerConcat(l, o); })
      .Case([&](GatherOp o) { return lowerGather(l, o); })
      .Case([&](TransposeOp o) { return lowerTranspose(l, o); })
      .Case([&](TileOp o) { return lowerTile(l, o); })
      .Case([&](IdentityOp o) { return one(o.getX()); })
      .Case([&](DropoutOp o) { return one(o.getData()); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace bnn::onnx
