//===- EvalTensor.cpp - Tensors that are being evaluated ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/EvalTensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <cstdlib>
#include <numeric>

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
/// Below this, data lives in the attribute itself.
static constexpr int64_t kResourceBytes = 1024;

EvalTensorPtr EvalTensor::allocate(Type element, ArrayRef<int64_t> shape) {
  auto tensor = std::make_shared<EvalTensor>();
  tensor->element = element;
  tensor->shape.assign(shape.begin(), shape.end());
  size_t bytes = (std::max<int64_t>(tensor->numBytes(), 1) + 63) / 64 * 64;
  tensor->owned = std::shared_ptr<char>(
      static_cast<char *>(std::aligned_alloc(64, bytes)), std::free);
  if (!tensor->owned)
    llvm::report_bad_alloc_error("constant evaluation");
  tensor->data = tensor->owned.get();
  return tensor;
}

EvalTensorPtr EvalTensor::get(const ConstantView &view) {
  ShapedType type = view.getType();
  ArrayRef<char> bytes = view.getBytes();
  bool aligned = reinterpret_cast<uintptr_t>(bytes.data()) %
                     getElementBytes(view.getElementType()) ==
                 0;
  if (!view.isSplat() && aligned && !view.getElementType().isInteger(1)) {
    auto tensor = std::make_shared<EvalTensor>();
    tensor->element = type.getElementType();
    tensor->shape.assign(type.getShape().begin(), type.getShape().end());
    tensor->data = bytes.data();
    return tensor;
  }
  EvalTensorPtr tensor = allocate(type.getElementType(), type.getShape());
  char *out = tensor->ownBytes();
  if (!view.isSplat()) {
    llvm::copy(bytes, out); // Of no bytes there may be no address.
  } else {
    for (int64_t i = 0, e = tensor->numElements(); i < e; ++i)
      std::memcpy(out + i * bytes.size(), bytes.data(), bytes.size());
  }
  return tensor;
}

int64_t EvalTensor::numElements() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

int64_t EvalTensor::integerAt(int64_t index) const {
  switch (getElementBytes(element)) {
  case 1:
    return element.isSignlessInteger(8) ? int64_t(as<int8_t>()[index])
                                        : as<uint8_t>()[index];
  case 4:
    return as<int32_t>()[index];
  default:
    return as<int64_t>()[index];
  }
}

ElementsAttr EvalTensor::toAttribute() {
  auto type = RankedTensorType::get(shape, element);
  if (element.isInteger(1)) {
    SmallVector<bool> bits(numElements());
    for (int64_t i = 0, e = numElements(); i < e; ++i)
      bits[i] = as<uint8_t>()[i];
    return DenseElementsAttr::get(type, bits);
  }
  int64_t bytes = numBytes(), width = getElementBytes(element);
  ArrayRef<char> raw(data, bytes);
  if (bytes < kResourceBytes)
    return DenseElementsAttr::getFromRawBuffer(type, raw);
  // One value everywhere needs no storage.
  if (std::memcmp(data, data + width, bytes - width) == 0)
    return DenseElementsAttr::getFromRawBuffer(type, raw.take_front(width));
  if (!owned) {
    std::shared_ptr<EvalTensor> copy = allocate(element, shape);
    std::memcpy(copy->ownBytes(), data, bytes);
    owned = copy->owned;
    data = owned.get();
  }
  auto attribute = DenseResourceElementsAttr::get(
      type, "folded",
      UnmanagedAsmResourceBlob::allocateWithAlign(
          ArrayRef<char>(owned.get(), bytes), 64,
          [keep = owned](void *, size_t, size_t) mutable { keep.reset(); }));
  owned.reset();
  return attribute;
}
} // namespace mlir::bnn
