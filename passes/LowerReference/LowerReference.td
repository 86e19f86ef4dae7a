//===- LowerReference.td - Definition of bnn-lower-reference --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_LOWERREFERENCE
#define BNN_PASSES_LOWERREFERENCE

include "mlir/Pass/PassBase.td"

def LowerReference : Pass<"bnn-lower-reference", "::mlir::ModuleOp"> {
  let summary = "Lower bnn ops on buffers to plain scalar loops: their meaning";
  let description = [{
    Each op becomes the loops that its description states, one element at a
    time: a bit is an i8 that is +1 or -1 (or 1 and 0, unsigned), a product is a
    sum of products. Nothing is packed, tiled or vectorised. This is the
    definition of the dialect; every other lowering gives the same bytes.

    Before:
    ```mlir
    func.func @f(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.s1>) {
      bnn.binarize %x outs(%b : memref<4x64x!bnn.s1>) : memref<4x64xf32>
      return
    }
    ```
    After:
    ```mlir
    func.func @f(%x: memref<4x64xf32>, %b: memref<4x64xi8>) {
      %minus = arith.constant -1 : i8
      %plus = arith.constant 1 : i8
      %c64 = arith.constant 64 : index
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c1 = arith.constant 1 : index
      scf.for %m = %c0 to %c4 step %c1 {
        scf.for %k = %c0 to %c64 step %c1 {
          %v = memref.load %x[%m, %k] : memref<4x64xf32>
          %positive = arith.cmpf ogt, %v, %zero : f32
          %bit = arith.select %positive, %plus, %minus : i8
          memref.store %bit, %b[%m, %k] : memref<4x64xi8>
        }
      }
      return
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

#endif // BNN_PASSES_LOWERREFERENCE
