//===- Shapes.cpp - Constants, shapes, and values made of them ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/OpSupport.h"
#include "dialects/ONNX/ShapeInference.h"
#include <cmath>

using namespace mlir;

namespace mlir::bnn::onnx {

//===----------------------------------------------------------------------===//
// ConstantOp
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || getValue().getShapedType() != type)
    return emitOpError("value has type ")
           << getValue().getShapedType() << " but the result is " << getType();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

LogicalResult ConstantOp::inferShapes(ShapeInference &shapes) {
  ArrayRef<int64_t> sizes = getValue().getShapedType().getShape();
  shapes.setShape(ShapeInference::Dims(sizes.begin(), sizes.end()));
  return success();
}

void ConstantOp::inferElements(ShapeInference &shapes) {
  ShapeInference::Dims elements;
  if (auto values = getConstantIntegers(getResult())) {
    elements.append(values->begin(), values->end());
  } else if (auto view = ConstantView::get(getResult());
             view && isa<FloatType>(view->getElementType())) {
    // Exporters take minima of dimensions in floats, which hold them exactly
    // up to 2^24.
    for (int64_t i = 0; i < shapes.getNumElements(); ++i) {
      double value = view->getFloat(i);
      if (!(std::fabs(value) <= 0x1p24 && value == std::trunc(value)))
        return;
      elements.push_back(int64_t(value));
    }
  }
  shapes.setElements(elements);
}

//===----------------------------------------------------------------------===//
// ConstantOfShapeOp
//===----------------------------------------------------------------------===//

LogicalResult ConstantOfShapeOp::verify() {
  if (getValue().getNumElements() != 1)
    return emitOpError("value must have one element");
  if (getValue().getElementType() != getElementTypeOrSelf(getType()))
    return emitOpError("value and result differ in element type");
  return verifyAxisList(*this, getInput(), "the shape");
}

LogicalResult ConstantOfShapeOp::inferShapes(ShapeInference &shapes) {
  std::optional<ShapeInference::Dims> sizes = shapes.sizesOf(getInput());
  if (!sizes)
    return success();
  if (!shapes.requireSizes(*sizes))
    return emitOpError("shape ")
           << shapes.str(*sizes) << " has a negative dimension";
  shapes.setShape(sizes);
  return success();
}

void ConstantOfShapeOp::inferElements(ShapeInference &shapes) {
  if (auto view = ConstantView::get(getValue()))
    shapes.setElements(ShapeInference::Dims(shapes.getNumElements(),
                                            SymbolicDim(view->getInteger(0))));
}

//===----------------------------------------------------------------------===//
// ShapeOp, SizeOp
//===----------------------------------------------------------------------===//

/// The dimensions that are asked for; nothing if the rank is unknown.
static std::optional<ShapeInference::Dims> takeDims(ShapeOp op,
                                                    ShapeInference &shapes) {
  std::optional<ShapeInference::Dims> dims = shapes.dimsOf(op.getData());
  if (!dims)
    return std::nullopt;
  int64_t rank = dims->size();
  auto clampPosition = [&](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + rank : position, 0,
                               rank);
  };
  int64_t start = clampPosition(op.getStart());
  int64_t end = clampPosition(op.getEnd().value_or(rank));
  return ShapeInference::Dims(dims->begin() + start,
                              dims->begin() + std::max(start, end));
}

LogicalResult ShapeOp::inferShapes(ShapeInference &shapes) {
  if (auto dims = takeDims(*this, shapes))
    shapes.setShape(ShapeInference::Dims{SymbolicDim(dims->size())});
  return success();
}

void ShapeOp::inferElements(ShapeInference &shapes) {
  if (auto dims = takeDims(*this, shapes))
    shapes.setElements(*dims);
}

LogicalResult SizeOp::inferShapes(ShapeInference &shapes) {
  shapes.setShape(ShapeInference::Dims());
  return success();
}

void SizeOp::inferElements(ShapeInference &shapes) {
  if (auto dims = shapes.dimsOf(getData()))
    shapes.setElements(shapes.product(*dims));
}

//===----------------------------------------------------------------------===//
// RangeOp
//===----------------------------------------------------------------------===//

LogicalResult RangeOp::verify() {
  for (Value operand : getOperands())
    if (failed(verifyScalar(*this, operand, "a bound")))
      return failure();
  return success();
}

// Why constant bounds or a constant step make no range; empty where they do.
static StringRef whyNoRange(RangeOp op) {
  auto isNaN = [](Value value) {
    auto view = ConstantView::get(value);
    return view && isa<FloatType>(view->getElementType()) &&
           view->getNumElements() == 1 && std::isnan(view->getFloat(0));
  };
  if (llvm::any_of(op.getOperands(), isNaN))
    return "has a bound or a step that is NaN";
  auto step = ConstantView::get(op.getDelta());
  if (!step || step->getNumElements() != 1)
    return "";
  const bool isZero = isa<FloatType>(step->getElementType())
                          ? step->getFloat(0) == 0
                          : step->getInteger(0) == 0;
  return isZero ? "has a step of 0" : "";
}

LogicalResult RangeOp::inferShapes(ShapeInference &shapes) {
  if (StringRef why = whyNoRange(*this); !why.empty())
    return emitOpError(why);
  auto start = shapes.elementsOf(getStart());
  auto limit = shapes.elementsOf(getLimit());
  auto delta = shapes.elementsOf(getDelta());
  if (start && limit && delta && delta->front().is(1)) {
    SymbolicDim length = shapes.subtract(limit->front(), start->front());
    if (length.isNonNegative()) {
      shapes.setShape(ShapeInference::Dims{length});
      return success();
    }
  }
  shapes.setUnknownShape(1);
  return success();
}
} // namespace mlir::bnn::onnx
