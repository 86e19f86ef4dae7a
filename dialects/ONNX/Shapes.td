//===- Shapes.td - Constants, shapes, and values made of them -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_SHAPES
#define DIALECTS_ONNX_SHAPES

include "dialects/ONNX/ONNXBase.td"

def ONNX_NoValueOp : ONNX_Op<"NoValue"> {
  let summary = "Stands for an optional input that a node leaves out";
  let description = [{
    Example:
    ```mlir
    %none = onnx.NoValue : () -> none
    ```
  }];
  let arguments = (ins);
  let results = (outs NoneType:$none);
}

def ONNX_ConstantOp
    : ONNX_Operator<"Constant", "kAnything", [ConstantLike, ONNX_InfersShape, ONNX_InfersElements,
                                              ONNX_KeepsWholeFloats, ONNX_KeepsHalves]> {
  let summary = "A tensor that is known at compile time";
  let description = [{
    An initializer of the graph and a Constant node both become this operation.

    Example:
    ```mlir
    %c = onnx.Constant {value = dense<[1, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
    ```
  }];
  let nodeAttributes = [ONNX_NodeAttribute<"Tensor", "value">,
                        ONNX_NodeAttribute<"SparseTensor", "sparse_value">,
                        ONNX_NodeAttribute<"Float", "value_float">,
                        ONNX_NodeAttribute<"Floats", "value_floats">,
                        ONNX_NodeAttribute<"Int", "value_int">,
                        ONNX_NodeAttribute<"Ints", "value_ints">,
                        ONNX_NodeAttribute<"String", "value_string">,
                        ONNX_NodeAttribute<"Strings", "value_strings">];
  let resultElement = "Special";
  let restriction = "dense tensors and numbers";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_ConstantOfShapeOp
    : ONNX_Operator<"ConstantOfShape", "kAnything", [ONNX_InfersShape, ONNX_InfersElements,
                                                     ONNX_KeepsHalves]> {
  let summary = "A tensor of the given shape, filled with the one element of `value`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
    ```
  }];
  let since = 9;
  let nodeAttributes = [ONNX_NodeAttribute<"Tensor", "value">];
  let resultElement = "Special";
  let arguments = (ins ONNX_Known<TensorOf<[I64]>>:$input, ElementsAttr:$value);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_ShapeOp : ONNX_Operator<"Shape", "kAnything", [ONNX_InfersShape, ONNX_InfersElements]> {
  let summary = "The dimensions of the input, from `start` up to but not including `end`";
  let description = [{
    Negative positions count from the rank; positions beyond it are clamped.

    Example:
    ```mlir
    %s = onnx.Shape %x {start = 0 : i64} : (tensor<?x?xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins AnyTensor:$data, DefaultValuedAttr<I64Attr, "0">:$start,
                       OptionalAttr<I64Attr>:$end);
  let results = (outs ONNX_Int64Tensor:$shape);
}

def ONNX_SizeOp : ONNX_Operator<"Size", "kAnything", [ONNX_InfersShape, ONNX_InfersElements]> {
  let summary = "The number of elements of the input";
  let description = [{
    Example:
    ```mlir
    %n = onnx.Size %x : (tensor<?x?xf32>) -> tensor<i64>
    ```
  }];
  let arguments = (ins AnyTensor:$data);
  let results = (outs ONNX_Int64Tensor:$size);
}

def ONNX_RangeOp
    : ONNX_Operator<"Range", "kF32 | kI32 | kI64", [SameOperandsAndResultElementType,
                                                    ONNX_InfersShape]> {
  let summary = "start, start + delta, ... as long as it does not reach limit";
  let description = [{
    Example:
    ```mlir
    %r = onnx.Range %start, %limit, %delta : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    ```
  }];
  let since = 11;
  let hasHalves = 0;
  let nodeAttributes = [ONNX_NodeAttribute<"Int", "stash_type", 27>];
  let arguments = (ins ONNX_Known<AnyTensor>:$start, ONNX_Known<AnyTensor>:$limit,
                       ONNX_Known<AnyTensor>:$delta);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

#endif // DIALECTS_ONNX_SHAPES
