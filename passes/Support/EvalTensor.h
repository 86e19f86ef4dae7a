//===- EvalTensor.h - Tensors that are being evaluated ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/ONNX/ConstantView.h"
#include <memory>

namespace mlir::bnn {

/// A tensor during evaluation: row-major elements of any type that a
/// ConstantView has, in memory of its own or borrowed from an attribute.
class EvalTensor {
public:
  /// An uninitialised tensor with its own memory, aligned to 64 bytes.
  static std::shared_ptr<EvalTensor> allocate(Type element,
                                              ArrayRef<int64_t> shape);
  /// The value of a constant; borrows its bytes unless they must be unpacked or
  /// aligned.
  static std::shared_ptr<EvalTensor> get(const onnx::ConstantView &view);

  Type element;
  SmallVector<int64_t> shape;

  int64_t numElements() const;
  int64_t numBytes() const {
    return numElements() * onnx::getElementBytes(element);
  }
  const char *bytes() const { return data; }
  /// Null if the memory is borrowed.
  char *ownBytes() const { return owned.get(); }
  template <typename T> const T *as() const {
    return reinterpret_cast<const T *>(data);
  }
  template <typename T> T *mutableAs() const {
    return reinterpret_cast<T *>(owned.get());
  }
  int64_t integerAt(int64_t index) const;

  /// The tensor as an attribute. Large data is handed over, not copied; the
  /// tensor borrows it afterwards.
  ElementsAttr toAttribute();

private:
  const char *data = nullptr;
  std::shared_ptr<char> owned;
};

using EvalTensorPtr = std::shared_ptr<EvalTensor>;

} // namespace mlir::bnn
