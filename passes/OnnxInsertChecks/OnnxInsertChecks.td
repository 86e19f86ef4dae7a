//===- OnnxInsertChecks.td - Definition of onnx-insert-checks -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_ONNXINSERTCHECKS
#define BNN_PASSES_ONNXINSERTCHECKS

include "mlir/Pass/PassBase.td"

def OnnxInsertChecks : Pass<"onnx-insert-checks", "::mlir::func::FuncOp"> {
  let summary = "Check at run time what operators need of shapes and indices";
  let description = [{
    An operator's shape inference states what ONNX asks of its operands'
    dimensions: that a product's inner ones are equal, that a Reshape keeps the
    number of elements, that an axis which is squeezed has length 1, and so on.
    Where that is certainly wrong, it is an error; where it is certainly right,
    nothing need be done. For everything else this pass inserts a
    `bnn.check_shape`, and for indices that are looked up a `bnn.check_indices`,
    so that every pass after it may take what the operators need for granted.
    Constant indices are a matter of shapes: they say how long an axis must be.

    A condition is computed from dimensions of the function's arguments as far as
    these are what it depends on, and stands at the start of the function then;
    else it stands before the operator, or after one that gives it dimensions
    which are known only then. A condition is checked once.

    A condition that no large size of an argument's dimension can meet bounds
    that dimension: the function's `onnx.dim_bounds` has the largest size by the
    dimension's name. A table of positions that is sliced or looked up by a
    range is one; where positions count the tokens of a mask, the mask is taken
    to have ones only.

    Operations that nothing reads are erased: their conditions stay.

    Before:
    ```mlir
    func.func @main(%a: tensor<2x?xf32> {onnx.dims = [2, "k"]},
                    %b: tensor<?x8xf32> {onnx.dims = ["p", 8]}) -> tensor<2x8xf32> {
      %y = onnx.MatMul %a, %b : (tensor<2x?xf32>, tensor<?x8xf32>) -> tensor<2x8xf32>
      return %y : tensor<2x8xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%a: tensor<2x?xf32> {onnx.dims = [2, "k"]},
                    %b: tensor<?x8xf32> {onnx.dims = ["p", 8]}) -> tensor<2x8xf32> {
      %c1 = arith.constant 1 : index
      %k = tensor.dim %a, %c1 : tensor<2x?xf32>
      %c0 = arith.constant 0 : index
      %p = tensor.dim %b, %c0 : tensor<?x8xf32>
      %fits = arith.cmpi eq, %k, %p : index
      bnn.check_shape %fits : i1
      %y = onnx.MatMul %a, %b : (tensor<2x?xf32>, tensor<?x8xf32>) -> tensor<2x8xf32>
      return %y : tensor<2x8xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"checksInserted", "checks-inserted", "Number of conditions that are checked at run time">
  ];
  let dependentDialects = [
    "::mlir::bnn::BNNDialect",
    "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

#endif // BNN_PASSES_ONNXINSERTCHECKS
