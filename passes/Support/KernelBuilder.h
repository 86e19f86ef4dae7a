//===- KernelBuilder.h - Loops and vectors of 16 lanes ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNTarget.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Support/LoopBuilder.h"

namespace mlir::bnn {

/// The builder that all kernels are written with: vectors of `kLanes` lanes.
class KernelBuilder : public LoopBuilder {
public:
  using LoopBuilder::LoopBuilder;

  /// Whose instructions may be used beyond what all have (null: none).
  void setTarget(TargetAttr on) { target = on; }
  bool does(Instructions which) { return target && target.does(which); }

  mlir::VectorType vectorOf(mlir::Type element) {
    return mlir::VectorType::get(kLanes, element);
  }
  /// `value` in all lanes; a vector is returned as it is.
  mlir::Value splat(mlir::Value value);
  mlir::Value splatI32(int64_t value) { return splat(i32(value)); }
  mlir::Value splatF32(float value) { return splat(f32(value)); }
  /// 0, 1, 2, ... as i32.
  mlir::Value iota();

  mlir::Value popcount(mlir::Value a);
  /// Where bit `bit` of an i32 vector is 1.
  mlir::Value hasBit(mlir::Value a, int64_t bit);
  /// Whether an i32 is not 0.
  mlir::Value isNonZero(mlir::Value a);
  /// Whether any bit of a buffer of words is 1.
  mlir::Value anyBit(mlir::Value words);
  mlir::Value bitNot(mlir::Value a);

  /// Loads the `valid` (1 to 16) lanes from `indices` on; the others are 0.
  mlir::Value loadLanes(mlir::Value buffer, mlir::ValueRange indices,
                        int64_t valid = kLanes);
  void storeLanes(mlir::Value value, mlir::Value buffer,
                  mlir::ValueRange indices, int64_t valid = kLanes);

  /// Calls `body(row, count)` for all rows from `first` to `end` in steps of
  /// `tile` rows, then of the powers of two that make up the rest.
  void tileRows(mlir::Value first, mlir::Value end, int64_t tile,
                llvm::function_ref<void(mlir::Value, int64_t)> body);

  /// Two masks of 16 lanes as one word, `low` in its lower half.
  mlir::Value packMasks(mlir::Value low, mlir::Value high);
  /// The lanes of `mask` below `valid`.
  mlir::Value keepLanes(mlir::Value mask, int64_t valid);
  /// Folds 16 lanes to one value: l with l + 8, l + 4, l + 2, l + 1.
  mlir::Value fold(mlir::Value vector, ReduceKind kind);

  /// Clones the body of `block` with each value replaced by 16 lanes.
  /// `arguments` are vectors. Returns what the terminator yields.
  llvm::SmallVector<mlir::Value> vectorize(mlir::Block &block,
                                           mlir::ValueRange arguments);

private:
  TargetAttr target;

  mlir::Value shiftMasks(mlir::Value low, mlir::Value high);
};

} // namespace mlir::bnn
