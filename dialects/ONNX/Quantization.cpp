//===- Quantization.cpp - Quantisation to 8 bits and back -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/OpSupport.h"
#include "dialects/ONNX/ShapeInference.h"

using namespace mlir;

namespace mlir::bnn::onnx {
/// One scale, or a list of them along an axis of `data`; the zero point is of
/// the element type of the quantised side and as many.
static LogicalResult verifyQuantization(Operation *op, Value data, Value scale,
                                        Value zero, Value quantized,
                                        int64_t axis) {
  std::optional<int64_t> scales = rankOf(scale), zeros = rankOf(zero);
  if (scales && *scales > 1)
    return op->emitOpError("the scale must be a scalar or have rank 1, got ")
           << scale.getType();
  const bool isOne = isOneElement(scale);
  if (scales && zeros && *scales != *zeros && !(isOne && isOneElement(zero)))
    return op->emitOpError("scale and zero point differ in rank");
  if (isOne && zeros && *zeros == 1 && !isOneElement(zero))
    return op->emitOpError("has one scale, but zero points ") << zero.getType();
  if (failed(verifyFloat(op, scale)) ||
      failed(verifySameElement(op, quantized, zero,
                               "quantised tensor and zero point")))
    return failure();
  // Of one scale there is no axis, whatever the default says.
  if (scales && *scales == 1 && !isOne)
    return verifyAxis(op, axis, data);
  return success();
}

LogicalResult QuantizeLinearOp::verify() {
  if (!getElementTypeOrSelf(getY().getType()).isInteger(8))
    return emitOpError("the result must have elements i8 or ui8, got ")
           << getY().getType();
  if (failed(verifySameElement(*this, getX(), getYScale(), "X and scale")))
    return failure();
  return verifyQuantization(*this, getX(), getYScale(), getYZeroPoint(), getY(),
                            getAxis());
}

LogicalResult DequantizeLinearOp::verify() {
  if (!isa<IntegerType>(getElementTypeOrSelf(getX().getType())))
    return emitOpError("needs integers, got ") << getX().getType();
  if (failed(verifySameElement(*this, getXScale(), getY(), "scale and result")))
    return failure();
  return verifyQuantization(*this, getX(), getXScale(), getXZeroPoint(), getX(),
                            getAxis());
}

/// The shape is that of `data`; a list of scales has one for each element of
/// the axis, or one in all, and so has that of zero points.
static LogicalResult inferQuantized(ShapeInference &shapes, Value data,
                                    Value scale, Value zero, int64_t axis) {
  std::optional<ShapeInference::Dims> shape = shapes.dimsOf(data);
  shapes.setShape(shape);
  if (!shape)
    return success();
  for (Value list : {scale, zero}) {
    std::optional<ShapeInference::Dims> counts = shapes.dimsOf(list);
    if (!counts || counts->empty() || isOneElement(list))
      continue;
    std::optional<int64_t> position = shapes.wrapAxis(axis, shape->size());
    if (!position)
      return shapes.emitBadAxis(axis, shape->size());
    const SymbolicDim &size = (*shape)[*position], &count = counts->front();
    if (!shapes.requireBroadcastTo(count, size))
      return shapes.emitOpError("has ")
             << shapes.str(count)
             << (list == scale ? " scales" : " zero points")
             << " for an axis of " << shapes.str(size);
  }
  return success();
}

LogicalResult QuantizeLinearOp::inferShapes(ShapeInference &shapes) {
  return inferQuantized(shapes, getX(), getYScale(), getYZeroPoint(),
                        getAxis());
}
LogicalResult DequantizeLinearOp::inferShapes(ShapeInference &shapes) {
  return inferQuantized(shapes, getX(), getXScale(), getXZeroPoint(),
                        getAxis());
}
} // namespace mlir::bnn::onnx
