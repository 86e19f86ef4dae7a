//===- FuseElementwise.td - Definition of bnn-fuse-elementwise ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_FUSEELEMENTWISE
#define BNN_PASSES_FUSEELEMENTWISE

include "mlir/Pass/PassBase.td"

def FuseElementwise : Pass<"bnn-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise ops that compute each element once";
  let description = [{
    Upstream's elementwise fusion of `linalg.generic` and its folding of
    reshapes and constants, but for producers that the consumer would compute
    again and again: those that it broadcasts, and those of a reduction's
    factors. A tanh before a classifier of 150 outputs would be computed 150
    times an element. What widens a byte, and takes a zero point from it, is fused into
    sums of integers all the same: bytes are read as they lie then, a quarter of
    the memory. A `linalg.transpose` that keeps the last axis is folded into sums
    that read it, or whose result it reads; one of bytes, too, that moves the last
    axis of a sum's second factor, which is packed anyhow (`bnn-tile-products`).
    Bodies of more than 128 operations stay apart: fusing a chain copies what it
    has at each step. A reshape stays behind what can become the epilogue of a
    product (`bnn-fuse`), as a bias in front of attention's heads.

    Before:
    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = tensor.empty() : tensor<4x8xf32>
      %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
      ^bb0(%a: f32, %out: f32):
        %t = math.tanh %a : f32
        linalg.yield %t : f32
      } -> tensor<4x8xf32>
      %2 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%1, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
      ^bb0(%a: f32, %b: f32, %out: f32):
        %s = arith.addf %a, %b : f32
        linalg.yield %s : f32
      } -> tensor<4x8xf32>
      return %2 : tensor<4x8xf32>
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = tensor.empty() : tensor<4x8xf32>
      %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%x, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
      ^bb0(%a: f32, %b: f32, %out: f32):
        %t = math.tanh %a : f32
        %s = arith.addf %t, %b : f32
        linalg.yield %s : f32
      } -> tensor<4x8xf32>
      return %1 : tensor<4x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect"];
  let statistics = [Statistic<"kept", "kept", "Number of producers that would be computed again and again">];
}

#endif // BNN_PASSES_FUSEELEMENTWISE
