//===- VectorizeElementwise.td - Definition of the pass -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_VECTORIZEELEMENTWISE
#define BNN_PASSES_VECTORIZEELEMENTWISE

include "mlir/Pass/PassBase.td"

def VectorizeElementwise : Pass<"bnn-vectorize-elementwise", "::mlir::ModuleOp"> {
  let summary = "Compute elementwise ops of linalg in vectors";
  let description = [{
    An elementwise `linalg.generic` becomes loops over vectors of 8 elements of a
    row (16 with AVX-512, and with NEON where few are computed, and no functions),
    then of half as many, down to 4, and over those that are left one by one. What is the same for a whole row, as the maximum that a
    softmax subtracts, or the place of a row in a table, is read and computed
    before the row. LLVM's own vectorizer would have to prove that the row's
    outputs do not overwrite it, and all buffers of a model lie in one workspace:
    there it leaves such loops as they are, element by element.

    The outputs are of one shape, their maps permutations. Operands whose elements
    change along a row are of f32, i32, i8 or ui8, and lie side by side there. Inside,
    a table may be read whose last index is that along the row. Ops that copy, and
    such as divide integers, stay, and so do all on a target without vectors.

    Before:
    ```mlir
    #x = affine_map<(i, j) -> (i, j)>
    #m = affine_map<(i, j) -> (i)>
    func.func @exp(%x: memref<2x8xf32>, %max: memref<2xf32>, %y: memref<2x8xf32>) {
      linalg.generic {indexing_maps = [#x, #m, #x], iterator_types = ["parallel", "parallel"]}
          ins(%x, %max : memref<2x8xf32>, memref<2xf32>) outs(%y : memref<2x8xf32>) {
      ^bb0(%a: f32, %b: f32, %out: f32):
        %d = arith.subf %a, %b : f32
        %e = math.exp %d : f32
        linalg.yield %e : f32
      }
      return
    }
    ```
    After:
    ```mlir
    func.func @exp(%x: memref<2x8xf32>, %max: memref<2xf32>, %y: memref<2x8xf32>) {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %c2 step %c1 {
        %b = memref.load %max[%i] : memref<2xf32>
        %a = vector.load %x[%i, %c0] : memref<2x8xf32>, vector<8xf32>
        %all = vector.broadcast %b : f32 to vector<8xf32>
        %d = arith.subf %a, %all : vector<8xf32>
        %e = math.exp %d : vector<8xf32>
        vector.store %e, %y[%i, %c0] : memref<2x8xf32>, vector<8xf32>
      }
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::bnn::BNNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
  let statistics = [Statistic<"vectorized", "vectorized", "Number of ops that were vectorized">];
}

#endif // BNN_PASSES_VECTORIZEELEMENTWISE
