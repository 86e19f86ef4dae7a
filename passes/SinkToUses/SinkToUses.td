//===- SinkToUses.td - Definition of bnn-sink-to-uses ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_SINKTOUSES
#define BNN_PASSES_SINKTOUSES

include "mlir/Pass/PassBase.td"

def SinkToUses : Pass<"bnn-sink-to-uses", "::mlir::func::FuncOp"> {
  let summary = "Compute what is large where it is first read";
  let description = [{
    A model's file says in which order its nodes may run; attention's values come
    before the scores there, which do not need them. Until they are read they
    take memory, and more of it than the quantised activations that they are
    computed from. So an op without effects goes in front of the first that reads
    its result, if the result is larger than what would have to be kept for it:
    those of the tensors which it is the last to read until then. Reshapes, which
    take no memory, go always. Upstream's sinking goes into regions only.

    Sizes are compared by the tensors' types; dynamic dimensions are taken to be
    equal, and of two tensors the one with more of them to be the larger one. The
    order of ops that go to the same place stays, and so does a function of
    several blocks.

    Before:
    ```mlir
    func.func @f(%x: tensor<4x8xi8>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = tensor.empty() : tensor<4x8xf32>
      %v = linalg.copy ins(%x : tensor<4x8xi8>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %s = linalg.exp ins(%y : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %r = linalg.mul ins(%s, %s : tensor<4x8xf32>, tensor<4x8xf32>)
          outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %t = linalg.add ins(%s, %r : tensor<4x8xf32>, tensor<4x8xf32>)
          outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %u = linalg.mul ins(%t, %v : tensor<4x8xf32>, tensor<4x8xf32>)
          outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      return %u : tensor<4x8xf32>
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<4x8xi8>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = tensor.empty() : tensor<4x8xf32>
      %s = linalg.exp ins(%y : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %r = linalg.mul ins(%s, %s : tensor<4x8xf32>, tensor<4x8xf32>)
          outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %t = linalg.add ins(%s, %r : tensor<4x8xf32>, tensor<4x8xf32>)
          outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %v = linalg.copy ins(%x : tensor<4x8xi8>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      %u = linalg.mul ins(%t, %v : tensor<4x8xf32>, tensor<4x8xf32>)
          outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
      return %u : tensor<4x8xf32>
    }
    ```
  }];
  let statistics = [Statistic<"sunk", "sunk", "Number of ops that went to their reader">];
}

#endif // BNN_PASSES_SINKTOUSES
