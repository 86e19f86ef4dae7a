//===- Quantization.td - Quantisation to 8 bits and back ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_QUANTIZATION
#define DIALECTS_ONNX_QUANTIZATION

include "dialects/ONNX/ONNXBase.td"

def ONNX_QuantizeLinearOp : ONNX_Operator<"QuantizeLinear", "kF32", [ONNX_InfersShape]> {
  let summary = "Y = X / scale, rounded half to even, plus the zero point, saturated to the type of the result";
  let description = [{
    The scale has one element, or one for each element of `axis`. A zero point that is left
    out is 0.

    Example:
    ```mlir
    %y = onnx.QuantizeLinear %x, %scale, %zero {axis = 1 : i64} : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
    ```
  }];
  let since = 10;
  let nodeAttributes = [ONNX_NodeAttribute<"Int", "saturate", 19>,
                        ONNX_NodeAttribute<"Int", "block_size", 21>,
                        ONNX_NodeAttribute<"Int", "output_dtype", 21>,
                        ONNX_NodeAttribute<"Int", "precision", 23>];
  let resultElement = "Third";
  let restriction = "to u8 and i8";
  let arguments = (ins AnyTensor:$X, AnyTensor:$y_scale, ONNX_Optional:$y_zero_point,
                       DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

def ONNX_DequantizeLinearOp
    : ONNX_Operator<"DequantizeLinear", "kI8 | kU8 | kI32", [ONNX_InfersShape]> {
  let summary = "Y = (X - zero point) * scale";
  let description = [{
    The scale has one element, or one for each element of `axis`. A zero point that is left
    out is 0.

    Example:
    ```mlir
    %y = onnx.DequantizeLinear %x, %scale, %zero {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
    ```
  }];
  let since = 10;
  let nodeAttributes = [ONNX_NodeAttribute<"Int", "block_size", 21>,
                        ONNX_NodeAttribute<"Int", "output_dtype", 23>];
  let resultElement = "Float";
  let arguments = (ins AnyTensor:$X, AnyTensor:$x_scale, ONNX_Optional:$x_zero_point,
                       DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

#endif // DIALECTS_ONNX_QUANTIZATION
