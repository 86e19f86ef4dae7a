//===- DimBounds.h - How large dimensions can be ----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::bnn::onnx {
/// On a function: the largest sizes that dimensions of its arguments can have,
/// by name.
constexpr llvm::StringLiteral kDimBoundsAttr = "onnx.dim_bounds";

/// The largest sizes of arguments' dimensions with which what operators need
/// can hold: a table of 24 positions that is sliced, or looked up with a range,
/// is for 24 tokens at most, whatever else a caller may wish.
class DimBounds {
public:
  explicit DimBounds(const SymbolicShapes &shapes) : shapes(shapes) {}

  /// Takes a requirement into account, if it is one of a single dimension and
  /// holds for none that is large. An index counts as the largest that it can
  /// be; one that counts the tokens of a mask, as if the mask had none but
  /// ones.
  void add(const Requirement &requirement);
  /// The bounds by name, in the form of kDimBoundsAttr; empty if there are
  /// none.
  mlir::DictionaryAttr get(mlir::MLIRContext *context) const;

private:
  std::optional<SymbolicDim> largestOfSlice(SliceOp op);
  std::optional<SymbolicDim> largestElement(mlir::Value value, unsigned depth);
  /// The named symbol that all dimensions are computed from, if it is one, and
  /// only by sums, differences and minima.
  std::optional<unsigned> onlySymbol(llvm::ArrayRef<SymbolicDim> dims) const;

  const SymbolicShapes &shapes;
  llvm::StringMap<int64_t> bounds;
  /// Sizes that may still be tried: a file can ask for any number.
  int64_t trials = int64_t(1) << 21;
};
} // namespace mlir::bnn::onnx
