//===- Triangle.h - What lies above and below a diagonal --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/SymbolicShapes.h"
#include <optional>

namespace mlir::bnn {

/// Whether the sizes of two operands that are broadcast to each other are
/// equal, once the graph's checks have let them pass: they are the same, or the
/// first is a minimum of the second and of a number above 1, and so is 1 only
/// if the second is.
bool isSameSize(const onnx::SymbolicShapes &shapes,
                const onnx::SymbolicDim &size, const onnx::SymbolicDim &whole);

/// The one number that a tensor [.., i, j] has wherever j > i, and the one
/// wherever j <= i; a boolean is 0 or 1. Nothing where it is not known that
/// there is one.
struct Triangle {
  std::optional<double> above, below;
  bool isOneNumber() const { return above && above == below; }
};

/// Of `value`, which nobody broadcasts along its last two axes unless it has
/// one number. Looks through what exporters write causal masks with: constants
/// and parts of them, Trilu, comparisons of ranges, and operators element by
/// element.
Triangle matchTriangle(mlir::Value value, const onnx::SymbolicShapes &shapes);

} // namespace mlir::bnn
