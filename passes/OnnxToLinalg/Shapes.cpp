//===- Shapes.cpp - Shapes, and elements in other shapes ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {

using Values = FailureOr<SmallVector<Value>>;

Values one(Value value) { return SmallVector<Value>{value}; }

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
    auto found = normalizeAxes(op, *listed, rank);
    if (failed(found))
      return failure();
    axes = std::move(*found);
  }
  return one(l.dropUnitAxes(data, axes));
}

Values lowerUnsqueeze(Lowering &l, UnsqueezeOp op) {
  auto listed = getConstantIntegers(op.getAxes());
  if (!listed)
    return op.emitError("onnx.Unsqueeze has computed axes; export the model "
                        "with constant axes");
  const int64_t rank = Lowering::rankOf(op.getExpanded());
  auto axes = normalizeAxes(op, *listed, rank);
  if (failed(axes))
    return failure();
  return one(l.insertUnitAxes(op.getData(), *axes));
}

Values lowerExpand(Lowering &l, ExpandOp op) {
  Value input = op.getInput(), result = op.getOutput();
  RankedTensorType type = Lowering::typeOf(input);
  int64_t rank = Lowering::rankOf(result), lead = rank - type.getRank();
  auto listed = op.getShape();
  if (Lowering::typeOf(listed).isDynamicDim(0))
    return op.emitError("onnx.Expand has a shape of unknown length; export the "
                        "model with shapes of constant rank");
  int64_t listLead = rank - Lowering::typeOf(listed).getDimSize(0);
  Dims dims;
  for (int64_t axis = 0; axis < rank; ++axis) {
    OpFoldResult asked =
        axis < listLead ? l.index(1) : l.element(listed, axis - listLead);
    OpFoldResult known = l.knownDim(result, axis);
    OpFoldResult own = axis < lead ? l.index(1) : l.dim(input, axis - lead);
    dims.push_back(known ? known : l.broadcastDim(own, asked));
  }
  Type element = type.getElementType();
  return one(l.elementwise(
      dims, element, l.align(input, result, dims),
      [](OpBuilder &, Location, ValueRange v) -> Value { return v[0]; }));
}

Values lowerConstantOfShape(Lowering &l, ConstantOfShapeOp op) {
  auto values = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!values)
    return op.emitError("onnx.ConstantOfShape needs a value that is written as "
                        "dense<...>");
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
  return one(l.elementwise(
      count, element, {}, {},
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
        return b.create<arith::AddIOp>(loc, start,
                                       b.create<arith::MulIOp>(loc, i, delta));
      }));
}

} // namespace

Lowered lowerShapes(Lowering &l, Operation *op) {
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
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace mlir::bnn::onnx
