//===- ScoreMask.h - Masks of attention's scores ----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNN.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::bnn {

/// What is done to scores [batch, heads, S, T] before the softmax: numbers are
/// added or multiplied, are bounds, or one number is put in the place of scores
/// where a condition holds.
///
/// The scores may have their batch in two dimensions for that, [images,
/// windows, heads, S, T]: each window of an image has a mask (Swin, arXiv
/// 2103.14030, section 3.2).
struct ScoreMask {
  mlir::Value tensor; ///< f32, or the condition; broadcasts to the scores.
  mlir::Operation *op;
  MaskKind kind = MaskKind::Add;
  bool isInverted = false; ///< The fill is where the condition does not hold.
  bool isNegated = false;  ///< The numbers are subtracted.
  bool isDivisor = false;  ///< Scores are divided by them, not multiplied.
  float fill = 0;
  mlir::Value windows =
      {}; ///< Scores of five dimensions that it broadcasts to.

  bool isFill() const { return kind == MaskKind::Fill; }
};

/// Whether every element of an f32 tensor is 0 or 1, whatever the model's
/// inputs.
bool isZeroOrOne(mlir::Value value);

/// Makes masks what bnn.attention takes. What an Expand repeats is computed
/// once: the operators behind it are written again on its input.
class MaskForms {
public:
  MaskForms(mlir::RewriterBase &rewriter, onnx::SymbolicShapes &shapes)
      : rewriter(rewriter), shapes(shapes) {}

  /// The mask as f32 [B, T] or [B or 1, heads or 1, S or 1, T], where a fill
  /// has NaN where nothing is filled; null where it changes no probability. In
  /// the place of B may be a known number of windows, which sentences take in
  /// turn.
  /// `query` and `key` are [B, S, channels] and [B, T, channels].
  mlir::Value create(mlir::OpBuilder &b, mlir::Location loc,
                     const ScoreMask &mask, mlir::Value key);

private:
  mlir::Value strip(mlir::Value value);
  mlir::Value stripNew(mlir::Value value);
  mlir::Value stripExpand(onnx::ExpandOp op);
  mlir::Value stripUnsqueeze(onnx::UnsqueezeOp op);
  mlir::Value stripElementwise(mlir::Operation *op);
  mlir::Value joinWindows(mlir::OpBuilder &b, mlir::Location loc,
                          mlir::Value source, mlir::Value key);
  bool isBroadcastOf(mlir::Value part, mlir::Value whole);

  mlir::RewriterBase &rewriter;
  onnx::SymbolicShapes &shapes;
  llvm::DenseMap<mlir::Value, mlir::Value> stripped;
};

} // namespace mlir::bnn
