//===- DropEmptyReshapes.td - Definition of bnn-drop-empty-reshapes -------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_DROPEMPTYRESHAPES
#define BNN_PASSES_DROPEMPTYRESHAPES

include "mlir/Pass/PassBase.td"

def DropEmptyReshapes : Pass<"bnn-drop-empty-reshapes", "::mlir::func::FuncOp"> {
  let summary = "Make tensors of no elements anew rather than reshape them";
  let description = [{
    A reshape whose source or result has an axis of length 0 has nothing to
    keep: a `tensor.empty` of its shape takes its place. MLIR's ops on buffers
    disagree about whether an axis that is made of an unknown length and of 0
    has a known length.

    Before:
    ```mlir
    func.func @join(%x: tensor<?x0xf32>) -> tensor<?xf32> {
      %y = tensor.collapse_shape %x [[0, 1]] : tensor<?x0xf32> into tensor<?xf32>
      return %y : tensor<?xf32>
    }
    ```
    After:
    ```mlir
    func.func @join(%x: tensor<?x0xf32>) -> tensor<?xf32> {
      %0 = tensor.empty() : tensor<0xf32>
      %y = tensor.cast %0 : tensor<0xf32> to tensor<?xf32>
      return %y : tensor<?xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"dropped", "dropped", "Number of reshapes that are made anew">];
}

#endif // BNN_PASSES_DROPEMPTYRESHAPES
