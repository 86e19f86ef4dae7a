//===- Fuse.td - Definition of bnn-fuse -----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_FUSE
#define BNN_PASSES_FUSE

include "passes/Support/Refusals.td"

def Fuse : Pass<"bnn-fuse", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise consumers, binarisation and quantisation into epilogues";
  let description = [{
    Where the result of a `bnn.matmul` (f32 or i32) or a `bnn.attention` (f32) has
    one use, and that is an elementwise `linalg.generic` whose other inputs are scalars, one
    value per output, or of the result's shape, its body moves into the
    epilogue. Where the one use is a `bnn.binarize` or a `bnn.quantize`, the op
    ends in bits: no f32 tensor stands between two binary layers. Those that read
    a `bnn.layer_norm` become outputs of it besides its numbers, however many
    they are and whatever else reads the numbers: a normalised row is packed
    while it is in registers. Repeats until nothing changes; with `remarks` it says
    why each candidate that is left could not be fused.

    Before:
    ```mlir
    func.func @f(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>, %s: f32,
                 %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.s1>) -> tensor<4x32x!bnn.s1> {
      %y = bnn.matmul %a, %w params(%s : f32) outs(%0 : tensor<4x32xf32>)
          : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
      ^bb0(%acc: i32, %p: f32):
        %f = arith.sitofp %acc : i32 to f32
        %r = arith.mulf %f, %p : f32
        bnn.yield %r : f32
      }
      %b = bnn.binarize %y outs(%1 : tensor<4x32x!bnn.s1>) : tensor<4x32xf32> -> tensor<4x32x!bnn.s1>
      return %b : tensor<4x32x!bnn.s1>
    }
    ```
    After:
    ```mlir
    func.func @f(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>, %s: f32,
                 %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.s1>) -> tensor<4x32x!bnn.s1> {
      %b = bnn.matmul %a, %w params(%s : f32) outs(%1 : tensor<4x32x!bnn.s1>)
          : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32x!bnn.s1> {
      ^bb0(%acc: i32, %p: f32):
        %zero = arith.constant 0.0 : f32
        %f = arith.sitofp %acc : i32 to f32
        %r = arith.mulf %f, %p : f32
        %bit = arith.cmpf ogt, %r, %zero : f32
        bnn.yield %bit : i1
      }
      return %b : tensor<4x32x!bnn.s1>
    }
    ```
  }];
  let dependentDialects = ["::mlir::bnn::BNNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [RemarksOption];
  let statistics = [
    Statistic<"elementwiseFused", "elementwise-fused",
              "Number of elementwise ops fused">,
    Statistic<"encodersFused", "encoders-fused",
              "Number of binarisations and quantisations fused">];
}

#endif // BNN_PASSES_FUSE
