//===- ConstantView.cpp - Read constants however they are stored ----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/HalfFloats.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace mlir::bnn::onnx {
unsigned getElementBytes(Type element) {
  if (element.isInteger(1) || element.isInteger(8))
    return 1;
  if (isHalf(element))
    return 2;
  if (element.isSignlessInteger(32) || element.isF32())
    return 4;
  if (element.isSignlessInteger(64) || element.isF64())
    return 8;
  return 0;
}

std::optional<ConstantView> ConstantView::get(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return std::nullopt;
  return get(constant.getValue());
}

std::optional<ConstantView> ConstantView::get(ElementsAttr attribute) {
  unsigned width = getElementBytes(attribute.getElementType());
  if (!width)
    return std::nullopt;
  ConstantView view;
  view.type = attribute.getShapedType();
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
    view.splat = dense.isSplat();
    if (view.getElementType().isInteger(1)) {
      if (view.splat)
        view.owned.push_back(dense.getSplatValue<bool>());
      else
        for (bool bit : dense.getValues<bool>())
          view.owned.push_back(bit);
      return view;
    }
    view.bytes = dense.getRawData();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    view.bytes = blob->getData();
  } else {
    return std::nullopt;
  }
  int64_t stored = view.splat ? 1 : view.getNumElements();
  if (int64_t(view.bytes.size()) != stored * int64_t(width))
    return std::nullopt;
  return view;
}

int64_t ConstantView::getInteger(int64_t index) const {
  switch (getElementBytes(getElementType())) {
  case 1:
    return getElementType().isSignlessInteger(8) ? int64_t(at<int8_t>(index))
                                                 : at<uint8_t>(index);
  case 4:
    return at<int32_t>(index);
  default:
    return at<int64_t>(index);
  }
}

double ConstantView::getFloat(int64_t index) const {
  if (isHalf(getElementType()))
    return widenHalf(at<uint16_t>(index), getElementType());
  return getElementType().isF32() ? double(at<float>(index))
                                  : at<double>(index);
}

void freeElements(ElementsAttr attribute) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
    resource.getRawHandle().getResource()->setBlob(AsmResourceBlob());
}

std::optional<SmallVector<int64_t>> getConstantIntegers(Value value) {
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view || !isa<IntegerType>(view->getElementType()) ||
      view->getNumElements() > 1024)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (int64_t i = 0, e = view->getNumElements(); i < e; ++i)
    result.push_back(view->getInteger(i));
  return result;
}

std::optional<double> getConstantScalar(Value value) {
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view || !isa<FloatType>(view->getElementType()) ||
      view->getNumElements() == 0 ||
      (!view->isSplat() && view->getNumElements() != 1))
    return std::nullopt;
  return view->getFloat(0);
}
} // namespace mlir::bnn::onnx
