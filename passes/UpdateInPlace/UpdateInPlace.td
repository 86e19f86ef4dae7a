//===- UpdateInPlace.td - Definition of bnn-update-in-place ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_UPDATEINPLACE
#define BNN_PASSES_UPDATEINPLACE

include "mlir/Pass/PassBase.td"

def UpdateInPlace : Pass<"bnn-update-in-place", "::mlir::func::FuncOp"> {
  let summary = "Let ops that read an element before they write it do so in one buffer";
  let description = [{
    A product whose epilogue adds a tensor of the output's shape, a layer
    normalisation, and an elementwise op of linalg whose maps are identities
    read an element, or a row, before they write it. Where that tensor, or what
    it is a reshape of, is computed by another op and not read afterwards, it
    becomes the op's output operand in place of an empty tensor, and
    bufferisation gives both one buffer: attention's masked scores, their
    exponentials and the probabilities are in one.

    Before:
    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
      %0 = tensor.empty() : tensor<4x8xf32>
      %1 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %2 = tensor.empty() : tensor<4x8xf32>
      %3 = bnn.layer_norm %1, %g, %b outs(%2 : tensor<4x8xf32>) {epsilon = 1.0e-12 : f32}
          : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<4x8xf32>
      return %3 : tensor<4x8xf32>
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
      %0 = tensor.empty() : tensor<4x8xf32>
      %1 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %3 = bnn.layer_norm %1, %g, %b outs(%1 : tensor<4x8xf32>) {epsilon = 1.0e-12 : f32}
          : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<4x8xf32>
      return %3 : tensor<4x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::bnn::BNNDialect"];
  let statistics = [Statistic<"updated", "updated", "Number of ops that write where they read">];
}

#endif // BNN_PASSES_UPDATEINPLACE
