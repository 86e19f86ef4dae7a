//===- LoopBuilder.h - Scalars, buffers and loops ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNN.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::bnn {

/// A builder with short names for what every loop nest needs: constants, index
/// arithmetic, loads and stores, and `scf.for`.
class LoopBuilder : public mlir::ImplicitLocOpBuilder {
public:
  LoopBuilder(mlir::Location loc, mlir::OpBuilder &builder)
      : mlir::ImplicitLocOpBuilder(loc, builder) {}

  mlir::Value index(int64_t value);
  mlir::Value i32(int64_t value);
  mlir::Value f32(float value);
  mlir::Value f32Like(float value, mlir::Value like);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  /// a + constant, for indices.
  mlir::Value offset(mlir::Value a, int64_t constant);
  /// The multiple of `step` next below `length`, or that itself, in the form in
  /// which bnn-check-bounds knows it to be within the length.
  mlir::Value roundDown(mlir::Value length, int64_t step);

  mlir::Value dim(mlir::Value buffer, int64_t dimension);
  mlir::Value load(mlir::Value buffer, mlir::ValueRange indices);
  void store(mlir::Value value, mlir::Value buffer, mlir::ValueRange indices);
  /// The buffer as [rows, columns]: leading dimensions collapsed into one.
  mlir::Value rows2d(mlir::Value buffer);
  /// The buffer as [rows * parts, columns / parts]: rows cut into equal parts,
  /// which follow each other.
  mlir::Value parts2d(mlir::Value buffer, int64_t parts);
  /// The buffer with all dimensions collapsed into one.
  mlir::Value flat(mlir::Value buffer);

  /// for (i = lower; i < upper; i += step) with values carried along; returns
  /// their last values.
  llvm::SmallVector<mlir::Value>
  loop(mlir::Value lower, mlir::Value upper, int64_t step,
       mlir::ValueRange init,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value,
                                                         mlir::ValueRange)>
           body);
  void loop(mlir::Value lower, mlir::Value upper, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);

  /// The encodings of dialects/BNN/Encoding.h.
  mlir::Value select(mlir::arith::CmpFPredicate order, mlir::Value a,
                     mlir::Value b);
  mlir::Value isNeither(mlir::Value v, mlir::Value level);
  mlir::Value quantizedBits(mlir::Value v, mlir::Value step, BitsType type);
  mlir::Value quantizedByte(mlir::Value v, mlir::Value step,
                            mlir::Value zeroPoint, BitsType type);
  mlir::Value roundedBits(mlir::Value v, mlir::Value least, mlir::Value most);
  /// One step of `bnn.reduce`.
  mlir::Value combine(ReduceKind kind, mlir::Value a, mlir::Value next);
  /// What a reduction starts from.
  static float neutral(ReduceKind kind);

  /// A score after a mask of `bnn.attention`.
  mlir::Value applyMask(MaskKind kind, mlir::Value score, mlir::Value mask);

  /// 1 / sqrt(squares / count + epsilon), as `bnn.layer_norm` defines it.
  mlir::Value reciprocalDeviation(mlir::Value squares, mlir::Value count,
                                  float epsilon);

  /// A row of a table of `rows` rows: counted from the end if negative, and
  /// clamped.
  mlir::Value tableRow(mlir::Value id, int64_t rows);
  /// Of the corrected blocks of a `bnn.matmul`: whether `block` is one of them,
  /// and the first of its columns (0 if it is none).
  std::pair<mlir::Value, mlir::Value>
  correctedColumn(mlir::Value block, llvm::ArrayRef<int64_t> blocks);
  /// The value of `bnn.check_indices`.
  mlir::Value indicesInRange(mlir::Value ids, mlir::Value limit);
};

/// Whether a value is a buffer of f32 with two axes or more, along the last of
/// which elements lie side by side.
bool hasDenseRows(mlir::Value buffer);

} // namespace mlir::bnn
