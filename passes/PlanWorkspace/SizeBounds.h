//===- SizeBounds.h - Bounds of sizes ---------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNNModel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/OpDefinition.h"
#include <optional>
#include <utility>

namespace mlir::bnn {

/// The integers from `lo` to `hi`, both included.
struct Interval {
  int64_t lo, hi;
};

/// Bounds integers by interval arithmetic. It starts from the constants and
/// from the arguments of one function: an argument's `bnn.argument` lists its
/// dimensions, each a number or a name, and `model` has a maximum per name.
///
/// Upstream's two ways do not get there: ValueBoundsOpInterface states linear
/// constraints, and the size of most buffers is a product of dimensions;
/// IntegerRangeAnalysis multiplies, but asks nobody for the dimensions of an
/// argument.
class SizeBounds {
public:
  SizeBounds(mlir::func::FuncOp func, ModelAttr model)
      : func(func), model(model) {}

  /// The bounds of an integer or index, or nothing if they are unknown or do
  /// not fit 64 bits; whyUnknown() says which value was the obstacle.
  std::optional<Interval> value(mlir::Value v);
  /// The bounds of dimension `index` of a memref.
  std::optional<Interval> dim(mlir::Value memref, int64_t index);
  /// The value that a call since the last one of this could not see through.
  mlir::Value whyUnknown() { return std::exchange(unknown, mlir::Value()); }

private:
  std::optional<Interval> compute(mlir::Value v);
  /// Of a loop's counter.
  std::optional<Interval> computeCounter(mlir::BlockArgument arg);
  std::optional<Interval> computeAffine(mlir::Operation *op);
  std::optional<Interval> computeOther(mlir::OpResult v);
  std::optional<Interval> computeDim(mlir::Value memref, int64_t index);
  std::optional<Interval> size(mlir::OpFoldResult size);
  std::optional<Interval> argumentDim(mlir::BlockArgument arg, int64_t index);
  std::optional<Interval> affine(mlir::AffineExpr expr, mlir::ValueRange dims,
                                 mlir::ValueRange symbols);

  mlir::func::FuncOp func;
  ModelAttr model;
  llvm::DenseMap<mlir::Value, std::optional<Interval>> known;
  mlir::Value unknown;
};

} // namespace mlir::bnn
