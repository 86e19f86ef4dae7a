//===- Movement.td - Operators that move elements and compute none --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_MOVEMENT
#define DIALECTS_ONNX_MOVEMENT

include "dialects/ONNX/ONNXBase.td"

//===-- Parts of tensors --------------------------------------------------===//

def ONNX_GatherOp
    : ONNX_Operator<"Gather", "kAnything", [ONNX_InfersShape, ONNX_InfersElements,
                                            ONNX_KeepsWholeFloats, ONNX_KeepsHalves]> {
  let summary = "Slices of `data` along `axis`, chosen by `indices`; negative indices count from the end";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Gather %data, %indices {axis = 0 : i64} : (tensor<100x8xf32>, tensor<2x3xi64>) -> tensor<2x3x8xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, TensorOf<[I32, I64]>:$indices,
                       DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_GatherElementsOp
    : ONNX_Operator<"GatherElements", "kAnything", [ONNX_InfersShape, ONNX_KeepsHalves]> {
  let summary = "Elements of `data` at the places of `indices`, but for `axis`, where the index says which; negative indices count from the end";
  let description = [{
    Example:
    ```mlir
    %y = onnx.GatherElements %data, %indices {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let since = 11;
  let arguments = (ins AnyTensor:$data, TensorOf<[I32, I64]>:$indices,
                       DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_ConcatOp
    : ONNX_Operator<"Concat", "kAnything", [SameOperandsAndResultElementType, ONNX_InfersShape,
                                            ONNX_InfersElements, ONNX_KeepsWholeFloats,
                                            ONNX_KeepsHalves]> {
  let summary = "The inputs, one after the other along `axis`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$inputs, I64Attr:$axis);
  let results = (outs AnyTensor:$concat_result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_SliceOp
    : ONNX_Operator<"Slice", "kAnything", [ONNX_InfersShape, ONNX_InfersElements,
                                           ONNX_KeepsWholeFloats, ONNX_KeepsHalves]> {
  let summary = "The part of `data` from `starts` to `ends` by `steps` on `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Slice %data, %starts, %ends, %axes, %none : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<2x8xf32>
    ```
  }];
  let formerAttributes = ["starts", "ends", "axes"];
  let formerUntil = 10;
  let arguments = (ins AnyTensor:$data, ONNX_Known<TensorOf<[I32, I64]>>:$starts,
                       ONNX_Known<TensorOf<[I32, I64]>>:$ends, ONNX_KnownIntegers:$axes,
                       ONNX_KnownIntegers:$steps);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_SplitOp : ONNX_Operator<"Split", "kAnything", [ONNX_InfersShape, ONNX_KeepsHalves]> {
  let summary = "The input cut along `axis` into pieces of the sizes in `split`, or into equal pieces";
  let description = [{
    Example:
    ```mlir
    %a, %b = onnx.Split %x, %none {axis = 0 : i64} : (tensor<4x8xf32>, none) -> (tensor<2x8xf32>, tensor<2x8xf32>)
    ```
  }];
  let nodeAttributes = [ONNX_NodeAttribute<"Int", "num_outputs", 18>];
  let formerAttributes = ["split"];
  let formerUntil = 13;
  let arguments = (ins AnyTensor:$input, ONNX_KnownIntegers:$split,
                       DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs Variadic<AnyTensor>:$outputs);
  let hasVerifier = 1;
}

def ONNX_TriluOp : ONNX_Operator<"Trilu", "kAnything", [ONNX_InfersShape, ONNX_KeepsHalves]> {
  let summary = "The input with zeros below (upper = 1) or above (0) the `k`-th diagonal of its last two axes";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Trilu %x, %none {upper = 1 : i64} : (tensor<2x4x4xf32>, none) -> tensor<2x4x4xf32>
    ```
  }];
  let since = 14;
  let arguments = (ins AnyTensor:$input, ONNX_KnownIntegers:$k,
                       DefaultValuedAttr<I64Attr, "1">:$upper);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_ScatterElementsOp : ONNX_Op<"ScatterElements", [ONNX_InfersShape]> {
  let summary = "`data`, where each element of `updates` is put to the place that its index says along `axis`, or joined with what is there";
  let description = [{
    But for `axis`, the indices have the dimensions of `data`, which the importer sees to; they are
    not negative. `reduction`: 0 takes the last update of a place, 1 adds them to it, 2 multiplies,
    3 takes the largest, 4 the smallest. Each place looks through all updates of its row, so that
    nothing is written by an index.

    Example:
    ```mlir
    %y = onnx.ScatterElements %data, %indices, %updates {axis = 0 : i64, reduction = 0 : i64} : (tensor<8x2xf32>, tensor<3x2xi64>, tensor<3x2xf32>) -> tensor<8x2xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, TensorOf<[I64]>:$indices, AnyTensor:$updates,
                       DefaultValuedAttr<I64Attr, "0">:$axis,
                       DefaultValuedAttr<I64Attr, "0">:$reduction);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

//===-- The same elements, otherwise arranged -----------------------------===//

def ONNX_SqueezeOp
    : ONNX_Operator<"Squeeze", "kAnything", [ONNX_InfersShape, ONNX_KeepsElements,
                                             ONNX_KeepsWholeFloats, ONNX_KeepsHalves]> {
  let summary = "The input without the axes of length 1 that `axes` lists, or without all such axes";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Squeeze %x, %axes : (tensor<1x8xf32>, tensor<1xi64>) -> tensor<8xf32>
    ```
  }];
  let formerAttributes = ["axes"];
  let formerUntil = 13;
  let arguments = (ins AnyTensor:$data, ONNX_KnownIntegers:$axes);
  let results = (outs AnyTensor:$squeezed);
  let hasVerifier = 1;
}

def ONNX_UnsqueezeOp
    : ONNX_Operator<"Unsqueeze", "kAnything", [ONNX_InfersShape, ONNX_KeepsElements,
                                               ONNX_KeepsWholeFloats, ONNX_KeepsHalves]> {
  let summary = "The input with axes of length 1 put in, so that they stand at `axes` of the result";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Unsqueeze %x, %axes : (tensor<8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
    ```
  }];
  let formerAttributes = ["axes"];
  let formerUntil = 13;
  let arguments = (ins AnyTensor:$data, ONNX_Known<TensorOf<[I64]>>:$axes);
  let results = (outs AnyTensor:$expanded);
  let hasVerifier = 1;
}

def ONNX_ReshapeOp
    : ONNX_Operator<"Reshape", "kAnything", [ONNX_InfersShape, ONNX_KeepsElements,
                                             ONNX_KeepsWholeFloats, ONNX_KeepsHalves]> {
  let summary = "The elements of `data` in the same order in another shape";
  let description = [{
    In `shape` one element may be -1, which stands for what is left; 0 copies the dimension
    of `data` at the same position unless `allowzero` is 1.

    Example:
    ```mlir
    %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<2x8xf32>, tensor<3xi64>) -> tensor<2x4x2xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, ONNX_Known<TensorOf<[I64]>>:$shape,
                       DefaultValuedAttr<I64Attr, "0">:$allowzero);
  let results = (outs AnyTensor:$reshaped);
  let hasVerifier = 1;
}

def ONNX_FlattenOp : ONNX_Operator<"Flatten", "kAnything", [ONNX_InfersShape, ONNX_KeepsHalves]> {
  let summary = "The input as a matrix: the axes before `axis` become the rows";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Flatten %x {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_ExpandOp
    : ONNX_Operator<"Expand", "kAnything", [ONNX_InfersShape, ONNX_InfersElements,
                                            ONNX_KeepsHalves]> {
  let summary = "The input broadcast against `shape` by the rules of numpy";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Expand %x, %shape : (tensor<1x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
    ```
  }];
  let since = 8;
  let arguments = (ins AnyTensor:$input, ONNX_Known<TensorOf<[I64]>>:$shape);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_TransposeOp
    : ONNX_Operator<"Transpose", "kAnything", [SameOperandsAndResultElementType, ONNX_InfersShape,
                                               ONNX_KeepsElements, ONNX_KeepsHalves]> {
  let summary = "The input with its axes permuted: axis i of the result is axis perm[i] of the input";
  let description = [{
    Without `perm` the axes are reversed.

    Example:
    ```mlir
    %y = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, OptionalAttr<DenseI64ArrayAttr>:$perm);
  let results = (outs AnyTensor:$transposed);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_TileOp : ONNX_Operator<"Tile", "kAnything", [ONNX_InfersShape, ONNX_KeepsHalves]> {
  let summary = "The input repeated `repeats[i]` times along axis i";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, ONNX_Known<TensorOf<[I64]>>:$repeats);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

#endif // DIALECTS_ONNX_MOVEMENT
