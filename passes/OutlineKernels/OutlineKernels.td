//===- OutlineKernels.td - Definition of bnn-outline-kernels --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_OUTLINEKERNELS
#define BNN_PASSES_OUTLINEKERNELS

include "mlir/Pass/PassBase.td"

def OutlineKernels : Pass<"bnn-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Move each bnn op on buffers into a function, once a shape";
  let description = [{
    Twelve layers of one shape need one kernel, not twelve: each product,
    attention, binarisation and low-rank projection becomes a call of a private
    function that holds the op alone, and ops that are equal but for their
    operands share it. Weights, scales and bounds are operands, so they do not
    tell two layers apart.

    Reductions and the ops of linalg stay where they are, unless they are many:
    LLVM's time grows with the square of a function's length.

    Before:
    ```mlir
    func.func @main(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.s1>) {
      bnn.binarize %x outs(%b : memref<4x64x!bnn.s1>) : memref<4x64xf32>
      return
    }
    ```
    After:
    ```mlir
    func.func private @binarize(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.s1>)
        attributes {passthrough = ["noinline"]} {
      bnn.binarize %x outs(%b : memref<4x64x!bnn.s1>) : memref<4x64xf32>
      return
    }
    func.func @main(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.s1>) {
      call @binarize(%x, %b) : (memref<4x64xf32>, memref<4x64x!bnn.s1>) -> ()
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
  let options = [
    Option<"mostOps", "most-ops", "unsigned", /*default=*/"128",
           "Number of reductions and linalg ops that may stay in a function; where there are more, they become calls">];
  let statistics = [
    Statistic<"outlined", "outlined", "Number of ops that became calls">,
    Statistic<"functionsMade", "functions-made", "Number of functions made for them">];
}

#endif // BNN_PASSES_OUTLINEKERNELS
