//===- TileTransposes.td - Definition of bnn-tile-transposes --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_TILETRANSPOSES
#define BNN_PASSES_TILETRANSPOSES

include "mlir/Pass/PassBase.td"

def TileTransposes : Pass<"bnn-tile-transposes", "::mlir::ModuleOp"> {
  let summary = "Transpose f32 matrices in registers, tile by tile";
  let description = [{
    An op of `linalg` that copies f32, where what lies side by side in the input
    does not in the output, reads or writes one element of a cache line after
    the other: the keys of attention that is not binary. It becomes loops over
    tiles of 8 rows by 8 columns (16 by 16 with AVX-512), which are read by rows,
    transposed by shuffles, and written by rows. What is left of rows and columns
    is copied element by element. On a target without vectors, and where the
    elements along the last axis of either buffer do not lie side by side, the op
    stays.

    Before:
    ```mlir
    module attributes {bnn.target = #bnn.target<strategy = "avx512", instructions = "ternary_logic">} {
      func.func @keys(%k: memref<?x64xf32>, %t: memref<64x?xf32>) {
        linalg.transpose ins(%k : memref<?x64xf32>) outs(%t : memref<64x?xf32>) permutation = [1, 0]
        return
      }
    }
    ```
    After:
    ```mlir
    ...
    scf.for % = %c0 to % step %c16 {
    scf.for % = %c0 to %c64 step %c16 {
    % = vector.load %arg0[%, %] : memref<?x64xf32>, vector<16xf32>
    ...
    % = vector.shuffle %, % [0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30] : vector<16xf32>, vector<16xf32>
    ...
    vector.store %, %arg1[%, %] : memref<64x?xf32>, vector<16xf32>
    ...
    ```
  }];
  let dependentDialects = ["::mlir::bnn::BNNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
  let statistics = [Statistic<"tiled", "tiled", "Number of transposes that were tiled">];
}

#endif // BNN_PASSES_TILETRANSPOSES
