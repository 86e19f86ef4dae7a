//===- OpSupport.cpp - What verifiers and folders have in common ----------===//
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
std::optional<int64_t> rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return std::nullopt;
  return type.getRank();
}

bool isOneElement(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getRank() <= 1 &&
         type.getNumElements() == 1;
}

LogicalResult verifyAxis(Operation *op, int64_t axis, Value data,
                         bool endAllowed) {
  std::optional<int64_t> rank = rankOf(data);
  if (!rank)
    return success();
  if (axis < -*rank || axis >= *rank + (endAllowed ? 1 : 0))
    return op->emitOpError("axis ")
           << axis << " is out of range for rank " << *rank;
  return success();
}

LogicalResult verifySameElement(Operation *op, Value a, Value b,
                                StringRef what) {
  if (isa<NoneType>(a.getType()) || isa<NoneType>(b.getType()))
    return success();
  if (getElementTypeOrSelf(a.getType()) != getElementTypeOrSelf(b.getType()))
    return op->emitOpError(what) << ": element types " << a.getType() << " and "
                                 << b.getType() << " differ";
  return success();
}

LogicalResult verifyIntegerList(Operation *op, Value list, StringRef what,
                                bool i32Too) {
  if (isa<NoneType>(list.getType()))
    return success();
  Type element = getElementTypeOrSelf(list.getType());
  if (!element.isSignlessInteger(64) &&
      !(i32Too && element.isSignlessInteger(32)))
    return op->emitOpError(what)
           << " must hold integers, got " << list.getType();
  std::optional<int64_t> rank = rankOf(list);
  if (rank && *rank != 1)
    return op->emitOpError(what) << " must have rank 1, got " << list.getType();
  return success();
}

LogicalResult verifyAxisList(Operation *op, Value list, StringRef what,
                             bool i32Too) {
  if (failed(verifyIntegerList(op, list, what, i32Too)))
    return failure();
  auto type = dyn_cast<RankedTensorType>(list.getType());
  if (type && type.getRank() == 1 && type.getDimSize(0) > kMaxShapeElements)
    return op->emitOpError(what)
           << " has " << type.getDimSize(0) << " elements, and tensors of more "
           << "than " << kMaxShapeElements << " axes are not supported";
  return success();
}

LogicalResult verifyScalar(Operation *op, Value value, StringRef what) {
  std::optional<int64_t> rank = rankOf(value);
  if (rank && *rank != 0)
    return op->emitOpError(what)
           << " must be a scalar, got " << value.getType();
  return success();
}

LogicalResult verifyFlag(Operation *op, int64_t value, StringRef name) {
  if (value != 0 && value != 1)
    return op->emitOpError("attribute ") << name << " must be 0 or 1";
  return success();
}

LogicalResult verifyFloat(Operation *op, Value value) {
  if (!isa<FloatType>(getElementTypeOrSelf(value.getType())))
    return op->emitOpError("needs floating-point elements, got ")
           << value.getType();
  return success();
}

OpFoldResult foldToOperand(Operation *op) {
  Value operand = op->getOperand(0);
  return operand.getType() == op->getResult(0).getType() ? operand
                                                         : OpFoldResult();
}
} // namespace mlir::bnn::onnx
