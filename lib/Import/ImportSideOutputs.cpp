//===- ImportSideOutputs.cpp - Outputs of a node after its first ----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An operation of the dialect has one result, but for Split; what else a node
// puts out is computed by operations of its own, where something reads it.
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/HalfFloats.h"
#include "lib/Import/Importer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
/// Builds those optional outputs of a node, after the first, that are read.
LogicalResult Importer::addSideOutputs(const ::onnx::NodeProto &node,
                                       Operation *op) {
  int read = 0;
  for (int i = 1; i < node.output_size(); ++i)
    if (isRead(node.output(i)))
      read = i;
  if (!read)
    return success();
  if (isa<onnx::DropoutOp>(op) && read == 1)
    return addDropoutMask(node, op);
  if (auto norm = dyn_cast<onnx::LayerNormalizationOp>(op); norm && read <= 2)
    return addNormStatistics(node, norm);
  return error(node) << "its output '" << node.output(read)
                     << "' is not supported";
}

/// At inference the mask keeps everything.
LogicalResult Importer::addDropoutMask(const ::onnx::NodeProto &node,
                                       Operation *op) {
  Location loc = op->getLoc();
  auto unranked = [](Type element) { return UnrankedTensorType::get(element); };
  auto shape = builder.create<onnx::ShapeOp>(
      loc, unranked(builder.getI64Type()), op->getOperand(0),
      builder.getI64IntegerAttr(0), IntegerAttr());
  if (failed(finish(node, shape)))
    return failure();
  auto type = RankedTensorType::get({1}, builder.getI1Type());
  auto mask = builder.create<onnx::ConstantOfShapeOp>(
      loc, unranked(builder.getI1Type()), shape,
      cast<ElementsAttr>(DenseElementsAttr::get(type, true)));
  values[node.output(1)] = mask;
  return finish(node, mask);
}

/// The mean and the reciprocal of the standard deviation that a
/// LayerNormalization computes on its way.
LogicalResult Importer::addNormStatistics(const ::onnx::NodeProto &node,
                                          onnx::LayerNormalizationOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getX().getType());
  if (!type)
    return error(node) << "its outputs after the first need an input of known "
                          "rank";
  int64_t axis = op.getAxis();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(
      axis < 0 ? axis + type.getRank() : axis, type.getRank()));
  // Of numbers of 16 bits they are f32.
  Value x = op.getX();
  Type element = type.getElementType();
  const bool isHalf = onnx::isHalf(element);
  if (isHalf)
    element = builder.getF32Type();
  Type result = UnrankedTensorType::get(element);
  Location loc = op.getLoc();
  bool good = true;
  auto build = [&](auto made) -> Value {
    good = good && succeeded(finish(node, made));
    return made->getResult(0);
  };
  auto mean = [&](Value of) {
    return build(builder.create<onnx::ReduceMeanOp>(
        loc, result, of, builder.getDenseI64ArrayAttr(axes),
        builder.getI64IntegerAttr(1)));
  };
  if (isHalf)
    x = build(builder.create<onnx::CastOp>(loc, result, x));
  if (!good)
    return failure();
  Value center = mean(x);
  if (!node.output(1).empty())
    values[node.output(1)] = center;
  if (!good || node.output_size() < 3 || node.output(2).empty())
    return success(good);
  Value d = build(builder.create<onnx::SubOp>(loc, result, x, center));
  if (good)
    d = mean(build(builder.create<onnx::MulOp>(loc, result, d, d)));
  if (!good)
    return failure();
  auto scalar = RankedTensorType::get({}, element);
  Value epsilon = build(builder.create<onnx::ConstantOp>(
      loc, scalar,
      cast<ElementsAttr>(DenseElementsAttr::get(
          scalar, Attribute(builder.getFloatAttr(
                      element, op.getEpsilon().convertToFloat()))))));
  Value sum = build(builder.create<onnx::AddOp>(loc, result, d, epsilon));
  if (!good)
    return failure();
  Value root = build(builder.create<onnx::SqrtOp>(loc, result, sum));
  if (!good)
    return failure();
  values[node.output(2)] =
      build(builder.create<onnx::ReciprocalOp>(loc, result, root));
  return success(good);
}
} // namespace mlir::bnn
