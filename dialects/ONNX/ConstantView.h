//===- ConstantView.h - Read constants however they are stored --*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading the values of onnx.Constant without caring how they are stored.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <cstring>
#include <optional>

namespace mlir::bnn::onnx {
/// The elements of a constant tensor, in row-major order: stored in the
/// attribute, in a resource blob, or as one repeated element. The view borrows
/// the attribute's memory.
class ConstantView {
public:
  /// The view of `value` if it is the result of an onnx.Constant whose elements
  /// are available (bool, i8, ui8, i32, i64, f32, f64, f16 or bf16).
  static std::optional<ConstantView> get(mlir::Value value);
  /// The same for an attribute.
  static std::optional<ConstantView> get(mlir::ElementsAttr attribute);

  mlir::ShapedType getType() const { return type; }
  mlir::Type getElementType() const { return type.getElementType(); }
  int64_t getNumElements() const { return type.getNumElements(); }
  /// Whether all elements share one stored element.
  bool isSplat() const { return splat; }
  /// The stored bytes: one element if isSplat(), else all of them. Booleans
  /// take one byte each.
  llvm::ArrayRef<char> getBytes() const {
    return owned.empty() ? bytes : llvm::ArrayRef<char>(owned);
  }
  /// Element `index` (row-major), whose type must be T's (bool is uint8_t).
  template <typename T> T at(int64_t index) const {
    T result;
    std::memcpy(&result,
                getBytes().data() + (splat ? 0 : index * int64_t(sizeof(T))),
                sizeof(T));
    return result;
  }
  /// Element `index` of a boolean or integer constant.
  int64_t getInteger(int64_t index) const;
  /// Element `index` of a floating-point constant.
  double getFloat(int64_t index) const;

private:
  mlir::ShapedType type;
  llvm::ArrayRef<char> bytes;
  /// Booleans, unpacked from the attribute's bits.
  llvm::SmallVector<char, 0> owned;
  bool splat = false;
};

/// Frees the memory of a large constant that nothing reads any more; memory
/// that is shared with a file is given back as well. Every attribute that names
/// the same resource loses its elements.
void freeElements(mlir::ElementsAttr attribute);

/// The integers of a small constant (at most 1024 elements), or nothing.
std::optional<llvm::SmallVector<int64_t>>
getConstantIntegers(mlir::Value value);

/// The one value that every element of a floating-point constant has.
std::optional<double> getConstantScalar(mlir::Value value);

/// Bytes that an element of this type takes in a ConstantView; 0 if the type is
/// not one that constants may have.
unsigned getElementBytes(mlir::Type element);
} // namespace mlir::bnn::onnx
