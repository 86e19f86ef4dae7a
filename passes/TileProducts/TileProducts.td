//===- TileProducts.td - Definition of bnn-tile-products ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_TILEPRODUCTS
#define BNN_PASSES_TILEPRODUCTS

include "mlir/Pass/PassBase.td"

def TileProducts : Pass<"bnn-tile-products", "::mlir::ModuleOp"> {
  let summary = "Keep the sums of products of f32 or byte matrices in registers";
  let description = [{
    A `linalg.generic` that is a product of matrices, or of batches of them,
    becomes loops over tiles of rows by 16 columns (32 with AVX-512): what a product of two
    activations is, as in attention that is not binary. Each sum is a chain of
    fused multiply-additions in the order of the terms, from what the output
    has, as it is in `linalg`'s own loops: the same bits. Other ops stay.

    The op has an output of f32 with axes m and n, factors with m and k and with
    k and n, all beside axes of batches in any order, and one `math.fma`; n is
    the last axis of the second factor and of the output, and the elements along
    it lie side by side.

    Factors of bytes have an output of i32, and in the place of the `math.fma`
    the product of both, each extended to i32 and less a constant or a value of
    outside, added to the output. k is the last axis of the first factor, and n
    or k that of the second. For each batch the second factor is packed into
    panels of 16 columns by words of four bytes, in a buffer that all batches
    share; then tiles are added up by what the target has for bytes, as weights
    are (`dot_bytes`). Zero points have a share of each column's sum and each
    row's, which are added up once. Integers are exact, and wrap as `linalg`'s
    own loops do.

    Before:
    ```mlir
    #a = affine_map<(m, k, n) -> (m, k)>
    #b = affine_map<(m, k, n) -> (k, n)>
    #c = affine_map<(m, k, n) -> (m, n)>
    func.func @product(%a: memref<1x?xf32>, %b: memref<?x16xf32>, %c: memref<1x16xf32>) {
      linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
          ins(%a, %b : memref<1x?xf32>, memref<?x16xf32>) outs(%c : memref<1x16xf32>) {
      ^bb0(%x: f32, %y: f32, %sum: f32):
        %next = math.fma %x, %y, %sum : f32
        linalg.yield %next : f32
      }
      return
    }
    ```
    After:
    ```mlir
    func.func @product(%a: memref<1x?xf32>, %b: memref<?x16xf32>, %c: memref<1x16xf32>) {
      %c1 = arith.constant 1 : index
      %c0 = arith.constant 0 : index
      %first = vector.load %c[%c0, %c0] : memref<1x16xf32>, vector<16xf32>
      %k = memref.dim %a, %c1 : memref<1x?xf32>
      %sum = scf.for %i = %c0 to %k step %c1 iter_args(%acc = %first) -> (vector<16xf32>) {
        %y = vector.load %b[%i, %c0] : memref<?x16xf32>, vector<16xf32>
        %x = memref.load %a[%c0, %i] : memref<1x?xf32>
        %all = vector.broadcast %x : f32 to vector<16xf32>
        %next = math.fma %all, %y, %acc : vector<16xf32>
        scf.yield %next : vector<16xf32>
      }
      vector.store %sum, %c[%c0, %c0] : memref<1x16xf32>, vector<16xf32>
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::bnn::BNNDialect", "::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
  let statistics = [
    Statistic<"tiled", "tiled", "Number of products of f32 that were tiled">,
    Statistic<"tiledBytes", "tiled-bytes", "Number of products of bytes that were tiled">
  ];
}

#endif // BNN_PASSES_TILEPRODUCTS
