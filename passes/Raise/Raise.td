//===- Raise.td - Definition of bnn-raise ---------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_RAISE
#define BNN_PASSES_RAISE

include "passes/Support/Refusals.td"

def Raise : Pass<"bnn-raise", "::mlir::func::FuncOp"> {
  let summary = "Recognise what is binary in an onnx graph";
  let description = [{
    Matches by structure, never by name, on a folded graph, where the constant is
    the second operand of what is commutative:

    - `Gather` from a constant table whose rows have one magnitude each:
      `bnn.embedding`;
    - `MatMul` (or `Gemm`) of `Sign(x + shift) * alpha`, or of `Clip(Round((x +
      shift) / alpha), 0, 1) * alpha`, by a constant matrix with one magnitude
      an output, and the bias added to it: `bnn.binarize` and `bnn.matmul`;
    - the same of integers of k = 2 or 4 bits: `Clip(Round((x + shift) / alpha),
      -2^(k-1), 2^(k-1) - 1) * alpha`, or `Clip(Round((x + shift - minimum) /
      alpha), 0, 2^k - 1) * alpha + minimum`: `bnn.quantize` and `bnn.matmul`,
      with what the minimum adds in the bias;
    - any other spelling of these, such as `Where(x >= 0, 1, -1)` or `2 *
      Cast(x > t) - 1`: what is computed of one number, by monotone operations
      that are exact or rounded once, has its steps found by evaluation, and is
      the op that has the same steps to the last bit. `bnn.binarize` says what
      the sign of 0 is. (sign - y) + y, what a straight-through estimator
      leaves, counts as the sign;
    - attention whose query, key and value are signs, whose probabilities are
      `Clip(Round(softmax / alpha), 0, 1) * alpha`, with scores that may have
      low-rank terms `L R^T` and a mask, and values that may have a residual of
      one number a token: `bnn.matmul` and `bnn.attention`; or whose query,
      key, value and probabilities are all integers of k bits, without such a
      residual.

    `MatMul` (or `Gemm`) of integers of 8 bits becomes `bnn.quantize` and
    `bnn.matmul` of bytes: of `DequantizeLinear` of the input, with one scale,
    and of a constant, with one or one for each output; or of such integers as
    they are, less their zero points (ONNX's MatMulInteger), which the input may
    have from run time. What stands for f32 is the exact sum, rounded once,
    times the product of the scales.

    `MatMul` of two activations that `DequantizeLinear` makes of bytes, each with
    one scale and zero point, is the exact sum of the integers' products times
    the product of the scales, rounded to f32 once each: a `MatMul` of i32, as
    ONNX's MatMulInteger is imported, of the bytes less their zero points. Their
    quantisers go before what moves elements, of which pairs with the same scale
    and zero point count as one, and the scale behind it. Where sums of so many
    terms as the shapes may have could be beyond 32 bits, the function checks
    the shape.

    Layer normalisation of the last dimension, spelt as one op or as nine, with
    a constant scale and bias becomes `bnn.layer_norm`, whose sums have the
    canonical order.

    Scales may stand on either side of what moves elements, in a Gemm's alpha and
    beta, or be one for each row, which is a factor of its sums. Weights that are
    0 are +1 in one product and -1 in another: twice the sum, in integers. If few
    blocks of 16 outputs have any, the other product is of those alone. Rows of an
    embedding table with zeros are looked up in a second table as well, with
    half their scale. A row, or an output, that is all 0 has the scale 0.

    What differs in any of this stays as it is: two magnitudes, a range that is
    not that of k bits, a step for each channel. Every recogniser says why it left a layer
    alone; `record-layers` keeps that, for the report, and `remarks` says it.

    Before:
    ```mlir
    func.func @f(%x: tensor<2x2xf32>) -> tensor<2x1xf32> {
      %alpha = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
      %w = onnx.Constant {value = dense<[[0.5], [-0.5]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
      %s = onnx.Sign %x : (tensor<2x2xf32>) -> tensor<2x2xf32>
      %a = onnx.Mul %s, %alpha : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
      %y = onnx.MatMul %a, %w : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>
      return %y : tensor<2x1xf32>
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<2x2xf32>) -> tensor<2x1xf32> {
      %scale = arith.constant 1.0 : f32
      %w = bnn.constant dense<[[true, false]]> : tensor<1x2xi1> -> tensor<1x2x!bnn.s1>
      %0 = tensor.empty() : tensor<2x2x!bnn.s1>
      %1 = tensor.empty() : tensor<2x2x!bnn.u1>
      %b, %z = bnn.binarize %x outs(%0, %1 : tensor<2x2x!bnn.s1>, tensor<2x2x!bnn.u1>)
          : tensor<2x2xf32> -> tensor<2x2x!bnn.s1>, tensor<2x2x!bnn.u1>
      %2 = tensor.empty() : tensor<2x1xf32>
      %y = bnn.matmul %b, %w zeros(%z : tensor<2x2x!bnn.u1>) params(%scale : f32) outs(%2 : tensor<2x1xf32>)
          : tensor<2x2x!bnn.s1>, tensor<1x2x!bnn.s1> -> tensor<2x1xf32> {
      ^bb0(%acc: i32, %s: f32):
        %f = arith.sitofp %acc : i32 to f32
        %r = arith.mulf %f, %s : f32
        bnn.yield %r : f32
      }
      return %y : tensor<2x1xf32>
    }
    ```
  }];
  let options = [
    Option<"recordLayers", "record-layers", "bool", "false",
           "List every linear layer, attention and embedding in the function's "
           "attribute bnn.layers: what it became and, where not binary, why">,
    Option<"budget", "budget", "int64_t", /*default=*/"1",
           "How many times its budget of memory and operations folding weights "
           "of bytes may use that no product takes">,
    RemarksOption];
  let dependentDialects = ["::mlir::bnn::BNNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"linearsRaised", "linears-raised", "Number of linear layers raised">,
    Statistic<"embeddingsRaised", "embeddings-raised",
              "Number of embeddings raised">,
    Statistic<"layerNormsRaised", "layer-norms-raised",
              "Number of layer normalisations raised">,
    Statistic<"attentionsRaised", "attentions-raised",
              "Number of attentions raised">,
    Statistic<"productsRaised", "products-raised",
              "Number of products of quantised activations raised">,
    Statistic<"transposesMoved", "transposes-moved",
              "Number of transposes moved behind a sign">];
}

#endif // BNN_PASSES_RAISE
