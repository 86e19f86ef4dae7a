//===- HoistScratch.td - Definition of bnn-hoist-scratch ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_HOISTSCRATCH
#define BNN_PASSES_HOISTSCRATCH

include "mlir/Pass/PassBase.td"

def HoistScratch : Pass<"bnn-hoist-scratch", "::mlir::ModuleOp"> {
  let summary = "Let the caller of a kernel allocate its scratch memory";
  let description = [{
    An allocation at the top level of a private function becomes an argument,
    and each caller allocates it, so that one plan covers all memory. What
    computes its size is repeated in the caller.

    Before:
    ```mlir
    func.func private @kernel(%x: memref<?xf32>) {
      %c0 = arith.constant 0 : index
      %n = memref.dim %x, %c0 : memref<?xf32>
      %scratch = memref.alloc(%n) : memref<?xf32>
      memref.copy %x, %scratch : memref<?xf32> to memref<?xf32>
      return
    }
    func.func @main(%x: memref<?xf32>) {
      call @kernel(%x) : (memref<?xf32>) -> ()
      return
    }
    ```
    After:
    ```mlir
    func.func private @kernel(%x: memref<?xf32>, %scratch: memref<?xf32>) {
      memref.copy %x, %scratch : memref<?xf32> to memref<?xf32>
      return
    }
    func.func @main(%x: memref<?xf32>) {
      %c0 = arith.constant 0 : index
      %n = memref.dim %x, %c0 : memref<?xf32>
      %scratch = memref.alloc(%n) : memref<?xf32>
      call @kernel(%x, %scratch) : (memref<?xf32>, memref<?xf32>) -> ()
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
  let statistics = [Statistic<"hoisted", "hoisted", "Number of allocations moved to callers">];
}

#endif // BNN_PASSES_HOISTSCRATCH
