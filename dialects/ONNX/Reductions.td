//===- Reductions.td - Reductions and normalisations over axes ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_REDUCTIONS
#define DIALECTS_ONNX_REDUCTIONS

include "dialects/ONNX/ONNXBase.td"

//===-- Reductions over axes ----------------------------------------------===//

def ONNX_ReduceMeanOp : ONNX_Reduce<"ReduceMean", "kF32 | kF64 | kI32 | kI64"> {
  let summary = "The mean over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceMean %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceMaxOp : ONNX_Reduce<"ReduceMax", "kNumbers", [ONNX_KeepsHalves]> {
  let summary = "The maximum over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceMax %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceMinOp : ONNX_Reduce<"ReduceMin", "kNumbers", [ONNX_KeepsHalves]> {
  let summary = "The minimum over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceMin %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceL1Op : ONNX_Reduce<"ReduceL1", "kF32 | kF64 | kI32 | kI64"> {
  let summary = "The sum of absolute values over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceL1 %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceL2Op : ONNX_Reduce<"ReduceL2", "kF32 | kF64"> {
  let summary = "The square root of the sum of squares over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceL2 %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceProdOp : ONNX_Reduce<"ReduceProd", "kF32 | kF64 | kI32 | kI64"> {
  let summary = "The product over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceProd %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceSumSquareOp : ONNX_Reduce<"ReduceSumSquare", "kF32 | kF64 | kI32 | kI64"> {
  let summary = "The sum of squares over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceSumSquare %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceLogSumOp : ONNX_Reduce<"ReduceLogSum", "kF32 | kF64"> {
  let summary = "The natural logarithm of the sum over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceLogSum %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceSumOp : ONNX_Operator<"ReduceSum", "kF32 | kF64 | kI32 | kI64", [ONNX_InfersShape]> {
  let summary = "The sum over `axes`";
  let description = [{
    Without axes it covers all, unless `noop_with_empty_axes` is 1.

    Example:
    ```mlir
    %y = onnx.ReduceSum %x, %axes {keepdims = 0 : i64, noop_with_empty_axes = 0 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2xf32>
    ```
  }];
  let formerAttributes = ["axes"];
  let formerUntil = 13;
  let arguments = (ins AnyTensor:$data, ONNX_KnownIntegers:$axes,
                       DefaultValuedAttr<I64Attr, "1">:$keepdims,
                       DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes);
  let results = (outs AnyTensor:$reduced);
  let hasVerifier = 1;
}

def ONNX_ArgMaxOp : ONNX_Operator<"ArgMax", "kNumbers", [ONNX_InfersShape]> {
  let summary = "The index of the largest element along `axis`: of the first one, or with select_last_index of the last";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ArgMax %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x3xf32>) -> tensor<1x3xi64>
    ```
  }];
  let restriction = "where an input is NaN the index is not specified";
  let arguments = (ins AnyTensor:$data, DefaultValuedAttr<I64Attr, "0">:$axis,
                       DefaultValuedAttr<I64Attr, "1">:$keepdims,
                       DefaultValuedAttr<I64Attr, "0">:$select_last_index);
  let results = (outs ONNX_Int64Tensor:$reduced);
  let hasVerifier = 1;
}

def ONNX_ArgMinOp : ONNX_Operator<"ArgMin", "kNumbers", [ONNX_InfersShape]> {
  let summary = "The index of the smallest element along `axis`: of the first one, or with select_last_index of the last";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ArgMin %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x3xf32>) -> tensor<1x3xi64>
    ```
  }];
  let restriction = "where an input is NaN the index is not specified";
  let arguments = (ins AnyTensor:$data, DefaultValuedAttr<I64Attr, "0">:$axis,
                       DefaultValuedAttr<I64Attr, "1">:$keepdims,
                       DefaultValuedAttr<I64Attr, "0">:$select_last_index);
  let results = (outs ONNX_Int64Tensor:$reduced);
  let hasVerifier = 1;
}

//===-- Along an axis, step by step ---------------------------------------===//

// y[i] = x[0] f ... f x[i] along `axis`; the importer knows the axis, which ONNX has as an input.
class ONNX_Cumulative<string mnemonic>
    : ONNX_Op<mnemonic, [SameOperandsAndResultElementType, SameOperandsAndResultShape,
                         ONNX_ShapeOfFirst]> {
  let arguments = (ins AnyTensor:$x, I64Attr:$axis, DefaultValuedAttr<I64Attr, "0">:$exclusive,
                       DefaultValuedAttr<I64Attr, "0">:$reverse);
  let results = (outs AnyTensor:$y);
  let hasVerifier = 1;
}

def ONNX_CumSumOp : ONNX_Cumulative<"CumSum"> {
  let summary = "The sums of all elements up to each along `axis`, without it if `exclusive`; from the end if `reverse`";
  let description = [{
    Each sum is added up from its first element on, so that n elements take n * n steps.

    Example:
    ```mlir
    %y = onnx.CumSum %x {axis = 1 : i64, exclusive = 0 : i64, reverse = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_CumProdOp : ONNX_Cumulative<"CumProd"> {
  let summary = "The products of all elements up to each along `axis`, without it if `exclusive`; from the end if `reverse`";
  let description = [{
    As CumSum.

    Example:
    ```mlir
    %y = onnx.CumProd %x {axis = 1 : i64, exclusive = 0 : i64, reverse = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_TopKIndicesOp : ONNX_Op<"TopKIndices", [ONNX_InfersShape]> {
  let summary = "The second output of TopK: where the `k` largest (or smallest) elements along `axis` are, in order";
  let description = [{
    Of equal elements the first comes first. NaN counts as the largest number. The first output of
    TopK is a GatherElements of these. n elements take n * n steps, and k of them n * k more.

    Example:
    ```mlir
    %i = onnx.TopKIndices %x {axis = 1 : i64, k = 2 : i64, largest = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x2xi64>
    ```
  }];
  let arguments = (ins AnyTensor:$X, I64Attr:$k, DefaultValuedAttr<I64Attr, "-1">:$axis,
                       DefaultValuedAttr<I64Attr, "1">:$largest);
  let results = (outs ONNX_Int64Tensor:$Indices);
  let hasVerifier = 1;
}

//===-- Normalisation along axes ------------------------------------------===//

def ONNX_SoftmaxOp
    : ONNX_Operator<"Softmax", "kF32 | kF64", [SameOperandsAndResultElementType,
                                        SameOperandsAndResultShape, ONNX_ShapeOfFirst]> {
  let summary = "exp(x) divided by its sum along `axis`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Softmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, DefaultValuedAttr<I64Attr, "-1">:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_LogSoftmaxOp
    : ONNX_Operator<"LogSoftmax", "kF32 | kF64", [SameOperandsAndResultElementType,
                                           SameOperandsAndResultShape, ONNX_ShapeOfFirst]> {
  let summary = "The logarithm of the softmax along `axis`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.LogSoftmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, DefaultValuedAttr<I64Attr, "-1">:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_LayerNormalizationOp : ONNX_Operator<"LayerNormalization", "kF32 | kF64", [ONNX_InfersShape]> {
  let summary = "(X - mean) / sqrt(variance + epsilon) * Scale + B over the axes from `axis` on";
  let description = [{
    Example:
    ```mlir
    %y = onnx.LayerNormalization %x, %scale, %b {axis = -1 : i64, epsilon = 1.0e-12 : f32, stash_type = 1 : i64} : (tensor<2x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
    ```
  }];
  let outputs = 3;
  let since = 17;
  let arguments = (ins AnyTensor:$X, AnyTensor:$Scale, ONNX_Optional:$B,
                       DefaultValuedAttr<I64Attr, "-1">:$axis,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$stash_type);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

#endif // DIALECTS_ONNX_REDUCTIONS
