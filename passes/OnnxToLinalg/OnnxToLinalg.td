//===- OnnxToLinalg.td - Definition of onnx-to-linalg ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_ONNXTOLINALG
#define BNN_PASSES_ONNXTOLINALG

include "mlir/Pass/PassBase.td"

def OnnxToLinalg : Pass<"onnx-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "Lower what is not binary to linalg, tensor and arith";
  let description = [{
    Every operation of the `onnx` dialect that no binary operation has taken
    becomes upstream operations, node for node and with the node's location. The
    order of every float operation is fixed here, so that later passes may tile
    and fuse but never reassociate:

    - elementwise operators become one `linalg.generic` each, with numpy
      broadcasting in the indexing maps. A dynamic dimension that is not known to
      equal the result's may be 1 at run time: its operand is copied to the
      result's shape first;
    - a product accumulates by `math.fma` in the order of k, from +0; by a
      constant f32 matrix it is a `bnn.matmul`, which has the same order;
    - a reduction of f32 over the last axes is a `bnn.reduce`, which has the
      canonical order; over other axes it runs through them in order;
    - softmax is max, subtract, exp, sum, divide; layer normalisation is mean,
      subtract, square, mean, add, sqrt, divide, multiply, add: what an exporter
      writes node for node, and so the same bits;
    - a looked up index is clamped into its axis;
    - shapes come from what is known symbolically: as far as possible from the
      dimensions of the function's arguments. That they fit each other is taken
      for granted: `onnx-insert-checks` has seen to it.

    Where ONNX leaves the result open it is made the same everywhere: a float
    cast to an integer saturates, and NaN gives 0; an integer divided by 0 gives
    itself; the sign of NaN is 0.

    Everything that cannot be lowered is reported, not only the first.

    Before:
    ```mlir
    func.func @main(%x: tensor<4x8xf32>, %shift: tensor<8xf32>) -> tensor<4x8xf32> {
      %y = onnx.Add %x, %shift : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
      return %y : tensor<4x8xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<4x8xf32>, %shift: tensor<8xf32>) -> tensor<4x8xf32> {
      %0 = tensor.empty() : tensor<4x8xf32>
      %y = linalg.generic {
          indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>,
                           affine_map<(d0, d1) -> (d0, d1)>],
          iterator_types = ["parallel", "parallel"]}
          ins(%x, %shift : tensor<4x8xf32>, tensor<8xf32>) outs(%0 : tensor<4x8xf32>) {
      ^bb0(%a: f32, %b: f32, %out: f32):
        %c = arith.addf %a, %b : f32
        linalg.yield %c : f32
      } -> tensor<4x8xf32>
      return %y : tensor<4x8xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"nodesLowered", "nodes-lowered", "Number of operations lowered">
  ];
  let dependentDialects = [
    "::mlir::bnn::BNNDialect",
    "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

#endif // BNN_PASSES_ONNXTOLINALG
