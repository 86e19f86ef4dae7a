//===- Matchers.h - What a binary layer is made of --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNN.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Raise/Remarks.h"
#include <optional>

namespace mlir::bnn {

class MaskForms;

/// A number as a reason names it, with four digits.
std::string inWords(float value);

/// A constant matrix that is a sign, or 0, times one magnitude per row.
struct SignMatrix {
  int64_t rows = 0, columns = 0;
  mlir::DenseElementsAttr bits;   ///< [rows, columns] i1, true for positive.
  llvm::SmallVector<float> scale; ///< Per row; 0 for a row of zeros.
  /// Rows that have zeros and others, and how many zeros they have; and the
  /// bits with true for zeros, so that half the sum of both signs is the
  /// weight. Null where there are no such rows.
  llvm::SmallVector<int64_t> rowsWithZeros;
  int64_t zeros = 0;
  mlir::DenseElementsAttr turned;
  /// How many units in the last place the magnitudes of a row are apart: they
  /// are taken for the one in the middle.
  int64_t apart = 0;

  bool isUniform() const; ///< Whether all rows have one magnitude.
  /// What a report says of zeros and of magnitudes that are not quite one.
  std::string note() const;
};

/// The matrix as bits and magnitudes: of `value` (f32 [N, K]), or of its
/// transpose. Here and below `why`, if not null, is told why there is no match;
/// and of a matrix with zeros why that is none of signs alone.
std::optional<SignMatrix> matchSignMatrix(mlir::Value value, bool transposed,
                                          std::string *why = nullptr);

/// The elements of an f32 constant of shape [N], or broadcast from it ([1, N],
/// [B, S, N] with equal rows), or of one element for all N.
std::optional<llvm::SmallVector<float>> matchRowVector(mlir::Value value,
                                                       int64_t size);

/// The operands of a commutative op as (variable, scalar f32 constant): the
/// constant is the second one.
template <typename OpTy>
std::optional<std::pair<mlir::Value, float>>
matchTimesScalar(mlir::Value value) {
  auto op = value.getDefiningOp<OpTy>();
  if (!op)
    return std::nullopt;
  auto scalar = onnx::getConstantScalar(op.getB());
  if (!scalar ||
      mlir::cast<mlir::ShapedType>(op.getB().getType()).getNumElements() != 1)
    return std::nullopt;
  return std::pair(mlir::Value(op.getA()), static_cast<float>(*scalar));
}

/// Whether a number is a power of two, or one negated, as its reciprocal is.
bool isPowerOfTwo(float x);
/// The factor that two factors are one after the other, if one of them rounds
/// nothing: a power of two. What they are multiplied with must not be so small
/// that the steps between f32 numbers are no longer in proportion.
std::optional<float> exactProduct(float x, float y);

/// clip(round((input - minimum) / step), least, most) * step + minimum, where
/// least and most are the bounds of `element`: of 1, 2 or 4 bits, unsigned, or
/// signed with 2 or 4 bits and no minimum. The step is positive and finite.
struct Quantiser {
  mlir::Value input;
  float step = 1, minimum = 0;
  BitsType element;
};

inline mlir::Value unmoved(mlir::Value value) { return value; }

/// `through` gives what a value was moved from (a transposition undone), or
/// the value itself. `why` is left alone where nothing is clipped.
std::optional<Quantiser> matchQuantiser(
    mlir::Value value,
    llvm::function_ref<mlir::Value(mlir::Value)> through =
        [](mlir::Value moved) { return moved; },
    std::string *why = nullptr);

/// What produces the binary input of a layer: the bits, or integers, of
/// input + shift, each times alpha, plus the minimum.
struct BinaryInput {
  mlir::Value input;
  llvm::SmallVector<float> shift; ///< Empty, or one per element of a row.
  float alpha = 1, minimum = 0;
  BitsType element;
  /// Of +1 and -1: the sign of 0, and whether NaN is +1 or 1.
  ZeroPolicy zero = ZeroPolicy::Zero;
  bool nanPositive = false;
  /// Of 0 and 1: what is above this is 1.
  float threshold = 0;
  /// Of integers: what the input, less the minimum, is divided by.
  float step = 1;
  /// What was left out that rounding alone had put there, in words.
  llvm::StringRef residue = "";
};
/// The shift is looked for, and has a value for each element of a row, if
/// `takesShift`; else it has one, or one for each. Integers in a row that no
/// quantiser gives are only looked for with `takesIntegers`: what they are
/// multiplied with or moved by may be behind one.
std::optional<BinaryInput> matchBinaryInput(mlir::Value value,
                                            std::string *why = nullptr,
                                            bool takesShift = true,
                                            bool takesIntegers = false);

/// The same by what `value` computes: a sign or a quantiser by whichever
/// operations it is written with, if it has the steps of one, to the last bit.
/// No shift is looked for before it.
std::optional<BinaryInput> matchSign(mlir::Value value,
                                     std::string *why = nullptr,
                                     bool takesIntegers = false);

/// The same of a tensor that has two values, or a number, its opposite and 0,
/// whatever it is computed from: the input is the tensor itself.
std::optional<BinaryInput> matchFewValues(mlir::Value value);

/// An empty tensor of f32 or bits with the leading dimensions of `like` and a
/// last dimension of `columns`.
mlir::Value emptyRows(mlir::OpBuilder &b, mlir::Location loc, mlir::Value like,
                      int64_t columns, mlir::Type element);

/// An f32 constant tensor.
mlir::Value constantTensor(mlir::OpBuilder &b, mlir::Location loc,
                           llvm::ArrayRef<float> values,
                           llvm::ArrayRef<int64_t> shape);

/// Moves `source` as what is of the same shape was moved, from the last of
/// `moves` to the first.
mlir::Value repeatMoves(mlir::OpBuilder &b,
                        llvm::ArrayRef<mlir::OpResult> moves,
                        mlir::Value source);

/// The elements of a binary input, and the mask of zeros of signed bits.
struct InputBits {
  mlir::Value bits, zeros;
};
/// Binarises or quantises the rows of an input.
InputBits createInputBits(mlir::OpBuilder &b, mlir::Location loc,
                          const BinaryInput &in);

/// Each rewrites one layer whose result `op` computes, if it is one, and tells
/// the rewriter what became of it (see RaiseRewriter).
mlir::LogicalResult raiseLinear(RaiseRewriter &rewriter, mlir::Operation *op);
mlir::LogicalResult raiseEmbedding(RaiseRewriter &rewriter, onnx::GatherOp op);
mlir::LogicalResult raiseLayerNorm(RaiseRewriter &rewriter,
                                   mlir::Operation *op);
mlir::LogicalResult raiseAttention(RaiseRewriter &rewriter, onnx::ReshapeOp op,
                                   onnx::SymbolicShapes &shapes,
                                   MaskForms &forms);
/// Puts a transpose of a condition behind what a NOT, a cast, or a choice
/// between two numbers makes of it; says how often.
int64_t moveTransposes(RaiseRewriter &rewriter, onnx::TransposeOp transpose,
                       onnx::SymbolicShapes &shapes);
/// Writes attention over [batch * heads, tokens, size], or over one head
/// without a dimension of its own, with four dimensions, where its values are
/// bits; `op` is the product with the values.
mlir::LogicalResult unfoldHeads(RaiseRewriter &rewriter, onnx::MatMulOp op,
                                onnx::SymbolicShapes &shapes);
/// `op` is the product with the values, and nothing joins its heads.
mlir::LogicalResult raiseUnjoinedAttention(RaiseRewriter &rewriter,
                                           onnx::MatMulOp op,
                                           onnx::SymbolicShapes &shapes,
                                           MaskForms &forms);

} // namespace mlir::bnn
