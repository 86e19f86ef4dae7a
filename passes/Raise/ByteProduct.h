//===- ByteProduct.h - Products of 8-bit integers ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/BNNTarget.h"
#include "passes/Raise/Matchers.h"

namespace mlir::bnn {

/// A scalar: a constant, or that added to the one element of a tensor at run
/// time.
template <typename T> struct ScalarOr {
  T constant;
  mlir::Value tensor = {}; ///< Null for the constant.
};

/// A constant matrix of weights: (byte + offset) * scale, where scale and
/// offset are those of the output.
struct ByteWeights {
  int64_t outputs = 0, inputs = 0;
  llvm::SmallVector<int8_t, 0> bytes;   ///< [outputs, inputs]
  llvm::SmallVector<float> scale;       ///< Of each output; empty: integers.
  llvm::SmallVector<int32_t> offsets{}; ///< Of each output; empty: none.

  /// The sum of the bytes of an output.
  int64_t sumOf(int64_t output) const;
  /// The greatest sum of magnitudes of the numbers of an output.
  int64_t mostOfOutputs() const;
};

/// A tensor of whole numbers of 8 bits: (byte - point) * scale.
struct ByteInput {
  /// What the bytes are made of: an f32 tensor, with a step and a zero point,
  /// and then moved; the last move first.
  mlir::Value source;
  llvm::SmallVector<mlir::OpResult> moves;
  /// No number is added to a step.
  ScalarOr<float> step{1};
  ScalarOr<int32_t> zero{0};
  BitsType element;
  ScalarOr<int32_t> point{0};
  float scale = 1; ///< Of f32 tensors.
};

/// A MatMul or Gemm of both. The sums are f32, or i32 if the weights have no
/// scale: the factors of ONNX's MatMulInteger (opset 10), as they are imported.
struct ByteProduct {
  mlir::Operation *op;
  ByteInput input;
  ByteWeights weights;
};

/// The weights of a MatMul or Gemm of f32 by constant bytes with a scale, where
/// (byte - zero point) is a byte; what the input is is not asked.
std::optional<ByteWeights> matchByteWeights(mlir::Operation *op);

/// `why` is told why a product of constant bytes is none.
std::optional<ByteProduct> matchByteProduct(mlir::Operation *op,
                                            std::string *why);

/// The same input in signed or unsigned bytes, whichever the instructions of
/// `target` (null: any) want: 128 less, or more, and so are both points.
ByteInput asWanted(ByteInput input, TargetAttr target);

/// Rewrites the product: sums are exact in i32, less the zero point's share.
/// Those of f32 become float(sum) * (scale of the input * scale of the
/// weights), the factors' product rounded to f32: DequantizeLinear of both and
/// MatMul with one rounding for each operation, and none inside the sum.
/// With `noise` the layer's record says what 8 bits made of the weights.
void raiseByteProduct(RaiseRewriter &rewriter, const ByteProduct &product,
                      bool noise);

/// Rewrites a product of f32 whose second factor is, folded, what these weights
/// are worth, and fails if it is not: sums of f32 by the bytes, times the scale
/// of the output. DequantizeLinear multiplies first: the two are within
/// rounding of each other. `why` is why it is no product of bytes.
llvm::LogicalResult raiseFloatsByBytes(RaiseRewriter &rewriter,
                                       mlir::Operation *op,
                                       const ByteWeights &weights,
                                       llvm::StringRef why, bool noise);

/// Rewrites a MatMul of two activations that DequantizeLinear makes of bytes,
/// each with one constant scale and zero point: the exact sum of the products
/// of (byte - zero point), an i32, times the product of the scales, rounded to
/// f32. As MatMulInteger of the bytes, which bnn-tile-products multiplies.
/// Where nothing bounds the number of terms, the function checks that the sums
/// fit 32 bits.
llvm::LogicalResult raiseQuantizedProduct(RaiseRewriter &rewriter,
                                          onnx::MatMulOp op,
                                          const onnx::SymbolicShapes &shapes);

/// Whether the op moves elements and does nothing else.
bool isMove(mlir::Operation *op);
/// Whether a scale stands for no other: products with it are normal numbers.
bool isPlainScale(float scale);
/// The zero points of a constant of one element or of `count`; of none zeros.
/// What is no byte is none: sums and differences of bytes fit 32 bits.
std::optional<llvm::SmallVector<int32_t>> matchZeroPoints(mlir::Value value,
                                                          int64_t count);

} // namespace mlir::bnn
