//===- Tensor.h - A tensor in memory, and its files -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::bnn {

/// A dense, row-major, little-endian tensor.
struct HostTensor {
  /// A bnn_element_type.
  int32_t elementType = 0;
  std::vector<int64_t> shape;
  /// Element count times element size bytes. A boolean is 0 or 1.
  std::vector<char> data;

  /// The number of elements.
  size_t size() const;
};

/// "f32", "f64", "i64", "i32", "bool", "i8" or "u8"; "unknown" for anything
/// else.
const char *elementTypeName(int32_t elementType);

/// "[2, 16]".
std::string shapeString(llvm::ArrayRef<int64_t> shape);

/// The bytes of a tensor of this type and shape. Fails when a dimension is
/// negative or the size overflows.
llvm::Expected<size_t> tensorBytes(int32_t elementType,
                                   llvm::ArrayRef<int64_t> shape);

/// The element at a flat position, as a double (exact but for i64 beyond 2^53).
double elementAsDouble(const HostTensor &tensor, size_t position);

/// Reads a tensor from a file: NPY when its name ends in ".npy", an ONNX
/// TensorProto when it ends in ".pb". Errors name the file.
llvm::Expected<HostTensor> readTensorFile(llvm::StringRef path);

} // namespace mlir::bnn
