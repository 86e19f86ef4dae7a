//===- Products.td - Matrix products --------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_PRODUCTS
#define DIALECTS_ONNX_PRODUCTS

include "dialects/ONNX/ONNXBase.td"

def ONNX_MatMulOp
    : ONNX_Operator<"MatMul", "kF32 | kF64 | kI32 | kI64", [SameOperandsAndResultElementType,
                                                            ONNX_InfersShape]> {
  let summary = "The matrix product by the rules of numpy.matmul; leading axes are broadcast";
  let description = [{
    Example:
    ```mlir
    %y = onnx.MatMul %a, %b : (tensor<2x3x4xf32>, tensor<4x5xf32>) -> tensor<2x3x5xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

def ONNX_GemmOp : ONNX_Operator<"Gemm", "kF32 | kF64", [ONNX_InfersShape]> {
  let summary = "Y = alpha * A' * B' + beta * C, where A' and B' are transposed as the flags say and C is broadcast";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Gemm %a, %b, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<2x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, ONNX_Optional:$C,
                       DefaultValuedAttr<F32Attr, "1.0f">:$alpha,
                       DefaultValuedAttr<F32Attr, "1.0f">:$beta,
                       DefaultValuedAttr<I64Attr, "0">:$transA,
                       DefaultValuedAttr<I64Attr, "0">:$transB);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

#endif // DIALECTS_ONNX_PRODUCTS
