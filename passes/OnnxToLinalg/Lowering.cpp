//===- Lowering.cpp - Tensors and elementwise loops -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Lowering.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace mlir::bnn::onnx {

Lowering::Lowering(func::FuncOp func, SymbolicShapes &shapes)
    : b(func.getContext()), loc(func.getLoc()), shapes(shapes) {
  for (BlockArgument argument : func.getArguments())
    if (std::optional<ArrayRef<SymbolicDim>> known = shapes.shapeOf(argument))
      for (auto [axis, dim] : llvm::enumerate(*known))
        if (dim.getSymbol())
          argumentDims.push_back({dim, argument, int64_t(axis)});
}

void Lowering::startAt(Operation *op) {
  b.setInsertionPoint(op);
  loc = op->getLoc();
}

RankedTensorType typeFor(ArrayRef<OpFoldResult> dims, Type element) {
  SmallVector<int64_t> shape;
  for (OpFoldResult dim : dims)
    shape.push_back(getConstantIntValue(dim).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

Value Lowering::empty(ArrayRef<OpFoldResult> dims, Type element) {
  // A dimension that is a constant operation belongs into the type.
  Dims folded;
  for (OpFoldResult dim : dims) {
    std::optional<int64_t> constant = getConstantIntValue(dim);
    folded.push_back(constant ? index(*constant) : dim);
  }
  return b.create<tensor::EmptyOp>(loc, folded, element);
}

Type Lowering::signlessType(Type element) {
  if (element.isUnsignedInteger())
    return IntegerType::get(element.getContext(),
                            element.getIntOrFloatBitWidth());
  return element;
}

/// The same bits with the sign of `type`, or none.
static Value withSign(OpBuilder &b, Location loc, Value x, Type type) {
  if (x.getType() == type)
    return x;
  return b.create<UnrealizedConversionCastOp>(loc, type, x).getResult(0);
}

Value Lowering::filled(ArrayRef<OpFoldResult> dims, TypedAttr value) {
  Type element = value.getType(), signless = signlessType(element);
  if (element != signless)
    value =
        b.getIntegerAttr(signless, mlir::cast<IntegerAttr>(value).getValue());
  Value scalar = withSign(b, loc, constant(value), element);
  return b.create<linalg::FillOp>(loc, scalar, empty(dims, element))
      .getResult(0);
}

Value Lowering::cast(Value tensor, Type type) {
  if (tensor.getType() == type)
    return tensor;
  return b.create<tensor::CastOp>(loc, type, tensor);
}

Value Lowering::castToDims(Value tensor, ArrayRef<OpFoldResult> dims) {
  return cast(tensor, typeFor(dims, typeOf(tensor).getElementType()));
}

AffineMap Lowering::broadcastMap(RankedTensorType input,
                                 RankedTensorType result) {
  SmallVector<AffineExpr> exprs;
  int64_t lead = result.getRank() - input.getRank();
  for (int64_t axis = 0; axis < input.getRank(); ++axis)
    exprs.push_back(input.getDimSize(axis) == 1 &&
                            result.getDimSize(axis + lead) != 1
                        ? b.getAffineConstantExpr(0)
                        : b.getAffineDimExpr(unsigned(axis + lead)));
  return AffineMap::get(unsigned(result.getRank()), 0, exprs, b.getContext());
}

/// The element that all of a constant's have, or null.
static TypedAttr splatElement(Value value, Builder &b) {
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view || !(view->isSplat() || view->getNumElements() == 1))
    return {};
  Type element = view->getElementType();
  if (isa<FloatType>(element))
    return b.getFloatAttr(element, view->getFloat(0));
  if (isa<IntegerType>(element))
    return b.getIntegerAttr(Lowering::signlessType(element),
                            view->getInteger(0));
  return {};
}

Value Lowering::align(Value input, Value result, ArrayRef<OpFoldResult> dims,
                      ArrayRef<int64_t> axes) {
  RankedTensorType type = typeOf(input);
  SmallVector<Value> last(type.getRank());
  Dims own;
  bool copy = false;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    if (axis >= int64_t(axes.size())) {
      own.push_back(dim(input, axis));
      continue;
    }
    int64_t target = axes[axis];
    own.push_back(type.isDynamicDim(axis) ? dims[target]
                                          : index(type.getDimSize(axis)));
    if (!type.isDynamicDim(axis))
      continue;
    std::optional<SymbolicDim> mine = symbolic(input, axis);
    std::optional<SymbolicDim> wanted = symbolic(result, target);
    if (mine && wanted && *mine == *wanted)
      continue;
    OpFoldResult length = dim(input, axis);
    if (isSameSize(length, dims[target]))
      continue;
    last[axis] = asValue(sub(length, index(1)));
    copy = true;
  }
  if (!copy)
    return input;
  // An axis of length 1 is read at 0 always; and whatever the shapes are,
  // nothing outside the tensor is read.
  Value zero = asValue(index(0));
  return elementwise(
      own, type.getElementType(), {}, {},
      [&](OpBuilder &nested, Location at, ValueRange) -> Value {
        SmallVector<Value> position;
        for (auto [axis, bound] : llvm::enumerate(last)) {
          Value i = nested.create<linalg::IndexOp>(at, axis);
          if (bound) {
            i = nested.create<arith::MinSIOp>(at, i, bound);
            i = nested.create<arith::MaxSIOp>(at, i, zero);
          }
          position.push_back(i);
        }
        Value x = nested.create<tensor::ExtractOp>(at, input, position);
        return withSign(nested, at, x, signlessType(x.getType()));
      });
}

Value Lowering::align(Value input, Value result, ArrayRef<OpFoldResult> dims) {
  int64_t lead = int64_t(dims.size()) - rankOf(input);
  return align(input, result, dims,
               llvm::to_vector(llvm::seq<int64_t>(lead, int64_t(dims.size()))));
}

Value Lowering::broadcast(Value result, Type element, ValueRange inputs,
                          Body body) {
  Dims dims = broadcastDims(result, inputs);
  SmallVector<Value> aligned;
  for (Value input : inputs)
    aligned.push_back(align(input, result, dims));
  return elementwise(dims, element, aligned, body);
}

Value Lowering::elementwise(ArrayRef<OpFoldResult> dims, Type element,
                            ValueRange inputs, Body body) {
  RankedTensorType result = typeFor(dims, element);
  SmallVector<AffineMap> maps;
  for (Value input : inputs)
    maps.push_back(broadcastMap(typeOf(input), result));
  return elementwise(dims, element, inputs, maps, body);
}

Value Lowering::elementwise(ArrayRef<OpFoldResult> dims, Type element,
                            ValueRange inputs, ArrayRef<AffineMap> maps,
                            Body body) {
  // Constants of one element are read once, before the loop.
  SmallVector<Value> scalars(inputs.size()), operands;
  SmallVector<AffineMap> operandMaps;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    if (TypedAttr scalar = splatElement(input, b)) {
      scalars[i] = constant(scalar);
      continue;
    }
    operands.push_back(input);
    operandMaps.push_back(maps[i]);
  }
  int64_t rank = int64_t(dims.size());
  operandMaps.push_back(b.getMultiDimIdentityMap(unsigned(rank)));
  Value out = empty(dims, element);
  bool supported = true;
  auto generic = b.create<linalg::GenericOp>(
      loc, out.getType(), operands, out, operandMaps,
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &nested, Location at, ValueRange args) {
        SmallVector<Value> values;
        size_t next = 0;
        for (Value scalar : scalars) {
          Value x = scalar ? scalar : args[next++];
          values.push_back(withSign(nested, at, x, signlessType(x.getType())));
        }
        Value result = body(nested, at, values);
        supported = bool(result);
        nested.create<linalg::YieldOp>(
            at, result ? withSign(nested, at, result, element) : args.back());
      });
  if (!supported) {
    generic.erase();
    return {};
  }
  return generic.getResult(0);
}

} // namespace mlir::bnn::onnx
