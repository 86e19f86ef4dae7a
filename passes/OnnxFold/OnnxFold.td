//===- OnnxFold.td - Definition of onnx-fold ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_ONNXFOLD
#define BNN_PASSES_ONNXFOLD

include "mlir/Pass/PassBase.td"

def OnnxFold : Pass<"onnx-fold", "::mlir::func::FuncOp"> {
  let summary = "Evaluate constant subgraphs and clear away shape arithmetic";
  let description = [{
    Does at compile time what an exporter left for run time:

    - every operation whose inputs are all constants is evaluated; a chain of
      them leaves one `onnx.Constant`, intermediate values never become
      attributes, and weights that only such chains read leave the module. An
      operation has one meaning: it is lowered, compiled for the host and run,
      unless its elements only move, or its arithmetic is exact or rounded once
      by IEEE 754 and so the same wherever it is done. The one exception are the
      statistics of weights, `ReduceMean` and `ReduceL1` of floats, which are
      summed in double and rounded once;
      What makes numbers of constant bytes for products alone stays, for
      `bnn-raise`;
    - shapes are followed symbolically through the graph: result types become as
      precise as they can be, shape arithmetic whose result is known becomes a
      constant, and a `Reshape` gets a constant shape where 0 and -1 can express
      it;
    - rows of a constant table of bytes are looked up before they are
      dequantised, where the scale is that of all or of a column;
    - an `Expand` whose reader broadcasts anyway is dropped, and so is a leading
      axis along which a constant in front of such a reader only repeats itself;
    - operations that change nothing (`Identity`, `Dropout`, a `Cast` or
      `Reshape` to the same type, ...) are dropped, `Transpose`s are merged, and
      a commutative operation has its constant second.

    Contradictory shapes are an error. Folding may hold 64 MiB and twice the
    bytes of the function's constants, and take 1e9 operations and 64 for each
    of these bytes; `budget` multiplies both. What would take more is left to
    run time, with a warning.

    Before:
    ```mlir
    func.func @main(%x: tensor<?x4xf32>) -> tensor<?x?xf32> {
      %bias = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
      %shape = onnx.Shape %x {start = 0 : i64} : (tensor<?x4xf32>) -> tensor<2xi64>
      %wide = onnx.Expand %bias, %shape : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
      %y = onnx.Add %wide, %x : (tensor<?x?xf32>, tensor<?x4xf32>) -> tensor<?x?xf32>
      return %y : tensor<?x?xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %bias = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
      %y = onnx.Add %x, %bias : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
    ```
  }];
  // Those of the evaluation come from the evaluator.
  let dependentDialects = ["::mlir::bnn::BNNDialect",
                           "::mlir::bnn::onnx::ONNXDialect"];
  let options = [
    Option<"budget", "budget", "int64_t", /*default=*/"1",
           "How many times its budget of memory and operations folding may use">
  ];
  let statistics = [
    Statistic<"valuesFolded", "values-folded", "Number of constants that replaced computed values">,
    Statistic<"bytesEvaluated", "bytes-evaluated", "Bytes of results computed at compile time">,
    Statistic<"expandsRemoved", "expands-removed", "Number of uses of an Expand that were replaced by its input">
  ];
}

#endif // BNN_PASSES_ONNXFOLD
