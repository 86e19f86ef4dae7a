//===- ONNXTraits.cpp - What families of operators have in common ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ONNXTraits.h"
#include "dialects/ONNX/OpSupport.h"
#include "dialects/ONNX/ShapeInference.h"

using namespace mlir;

namespace mlir::bnn::onnx::detail {
LogicalResult inferShapeOfFirst(Operation *op, ShapeInference &shapes) {
  shapes.setShape(shapes.dimsOf(op->getOperand(0)));
  return success();
}

LogicalResult inferBroadcastShape(Operation *op, ShapeInference &shapes) {
  return shapes.inferBroadcast(op->getOperands());
}

LogicalResult inferReducedShape(ShapeInference &shapes, Value data,
                                std::optional<ArrayRef<int64_t>> axes,
                                bool keepDims) {
  return shapes.inferReduced(data, axes, keepDims);
}

LogicalResult verifyReduction(Operation *op, Value data,
                              std::optional<ArrayRef<int64_t>> axes,
                              int64_t keepDims) {
  if (failed(verifyFlag(op, keepDims, "keepdims")))
    return failure();
  for (int64_t axis : axes.value_or(ArrayRef<int64_t>()))
    if (failed(verifyAxis(op, axis, data)))
      return failure();
  return success();
}

void keepElements(Operation *op, ShapeInference &shapes) {
  if (auto elements = shapes.elementsOf(op->getOperand(0)))
    shapes.setElements(*elements);
}
} // namespace mlir::bnn::onnx::detail
