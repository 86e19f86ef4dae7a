//===- StepFunction.h - Functions of one number with few values -*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace mlir::bnn {

/// An element of a tensor as a function of the element of `input` at its place:
/// monotone, with a few values.
struct StepFunction {
  /// f32, of the value's shape.
  mlir::Value input;
  /// Added to the input; empty, or one per element of a row.
  llvm::SmallVector<float> shift;
  /// From values[0], at minus infinity, on: thresholds[i] is the least f32
  /// whose value is values[i + 1]. There are 2 to 16 values.
  llvm::SmallVector<double> values;
  llvm::SmallVector<float> thresholds;
  /// The value at NaN, which may be NaN itself.
  double atNaN;
  /// Whether what a straight-through estimator leaves was left out on the way,
  /// (sign - y) + y, which is the sign but for two roundings.
  bool hasResidue = false;
  /// Whether there are so few steps only because the input is whole everywhere.
  bool isWhole = false;
};

/// What `value`, f32, is a step function of: the tensors behind it, the nearest
/// first, are given to `take` until it returns true. Each is followed through
/// elementwise operations that are exact, or rounded once, by IEEE 754, with
/// scalar constants; a comparison may have a constant for each element of a
/// row. The steps are found by evaluation, and are there because every
/// operation on the way is monotone.
void forEachStepFunction(mlir::Value value,
                         llvm::function_ref<bool(const StepFunction &)> take);

/// The next f32 below a number.
float below(float value);

} // namespace mlir::bnn
