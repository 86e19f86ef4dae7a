//===- Requirement.h - What must hold of dimensions -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/SymbolicDim.h"
#include "mlir/IR/Value.h"

namespace mlir::bnn::onnx {
/// What an operator needs of its operands, because ONNX says so, where nobody
/// knows at compile time whether it holds.
struct Requirement {
  enum Kind {
    Equal,       ///< left == right
    Broadcast,   ///< left == right, or one of them is 1
    BroadcastTo, ///< left == right, or left is 1
    AtMost,      ///< left <= right
    Multiple,    ///< left is a multiple of right, which is not 0
    InRange,     ///< -right <= i < right for every element i of `indices`
  } kind;
  SymbolicDim left, right;
  mlir::Value indices = {};

  bool operator<(const Requirement &other) const {
    return std::tuple(kind, left, right, indices.getAsOpaquePointer()) <
           std::tuple(other.kind, other.left, other.right,
                      other.indices.getAsOpaquePointer());
  }
};
} // namespace mlir::bnn::onnx
