//===- LowerChecks.td - Definition of bnn-lower-checks --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_LOWERCHECKS
#define BNN_PASSES_LOWERCHECKS

include "mlir/Pass/PassBase.td"

def LowerChecks : Pass<"bnn-lower-checks", "::mlir::func::FuncOp"> {
  let summary = "Make branches of the checks that end a run";
  let description = [{
    Each `bnn.return_unless` becomes a branch to one block at the function's end
    that returns its argument, the status; so does any other check without
    results. The function has several blocks then, so the pass runs behind those
    that want one.

    Before:
    ```mlir
    func.func @main(%ok: i1, %out: memref<f32>, %x: f32) -> i32 {
      bnn.return_unless %ok, 2
      memref.store %x, %out[] : memref<f32>
      %done = arith.constant 0 : i32
      return %done : i32
    }
    ```
    After:
    ```mlir
    func.func @main(%ok: i1, %out: memref<f32>, %x: f32) -> i32 {
      %status = arith.constant 2 : i32
      cf.cond_br %ok, ^bb1, ^bb2(%status : i32)
    ^bb1:
      memref.store %x, %out[] : memref<f32>
      %done = arith.constant 0 : i32
      return %done : i32
    ^bb2(%failure: i32):
      return %failure : i32
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect"];
  let statistics = [
    Statistic<"branches", "branches", "Number of checks that became a branch">];
}

#endif // BNN_PASSES_LOWERCHECKS
