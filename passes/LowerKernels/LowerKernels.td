//===- LowerKernels.td - Definition of bnn-lower-kernels ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_LOWERKERNELS
#define BNN_PASSES_LOWERKERNELS

include "mlir/Pass/PassBase.td"

def LowerKernels : Pass<"bnn-lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Lower packed bnn ops on buffers to tiled vector loops";
  let description = [{
    Each op becomes a loop nest over vectors of 16 lanes: products run over
    panels of 16 outputs in a register tile of rows by panels, with xor and
    `math.ctpop` on packed words; epilogues are inlined on whole vectors, so a
    product that ends in bits stores bits. Words with parity go two at a time
    through a chain of carry-save adders, whose sums they are: one popcount, of
    the carry, in place of two. Where the target shuffles bytes, products of
    six rows and more count by table instead: one shuffle has the counts of
    four bits of two rows for 32 or 64 outputs. Products of f32 by bits turn the
    input's sign and add, those of f32 by f32 are chains of `math.fma`. Products
    of bytes of 16 rows and more go through registers that are matrices where
    the target has such (`byte_tiles`): the kernel calls `@may_use_tiles`, which
    whoever writes the object defines, and has the loops without them as well.
    Those of eight rows and more have a register for the sums of two rows by two
    outputs where the target adds up such (`byte_squares`), of copies that lie as
    the instruction wants them: the weights lie the same for every CPU.
    Which of these dots adds up a product, and its tile, come from the module's
    `bnn.target`; a parameter of a dot that its kernel does not know is an error. The order of every f32 operation is that of the op's
    definition, so the result does not depend on the tile.

    Where an input has a mask of exact zeros, a tile of rows that holds one
    takes a second loop that leaves those elements out; all others take the loop
    that knows bits only.

    Before:
    ```mlir
    func.func @f(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>) {
      bnn.binarize %x outs(%b : memref<4x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>) : memref<4x64xf32>
      return
    }
    ```
    After:
    ```mlir
    func.func @f(%x: memref<4x64xf32>, %b: memref<4x2xi32>) {
      %c16 = arith.constant 16 : index
      %c32 = arith.constant 32 : index
      %c2 = arith.constant 2 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %c0 = arith.constant 0 : index
      %zero = arith.constant dense<0.0> : vector<16xf32>
      scf.for %m = %c0 to %c4 step %c1 {
        scf.for %w = %c0 to %c2 step %c1 {
          %k = arith.muli %w, %c32 : index
          %x0 = vector.load %x[%m, %k] : memref<4x64xf32>, vector<16xf32>
          %b0 = arith.cmpf ogt, %x0, %zero : vector<16xf32>
          %k1 = arith.addi %k, %c16 : index
          %x1 = vector.load %x[%m, %k1] : memref<4x64xf32>, vector<16xf32>
          %b1 = arith.cmpf ogt, %x1, %zero : vector<16xf32>
          %bits = vector.shuffle %b0, %b1 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<16xi1>, vector<16xi1>
          %words = vector.bitcast %bits : vector<32xi1> to vector<1xi32>
          %word = vector.extract %words[0] : i32 from vector<1xi32>
          memref.store %word, %b[%m, %w] : memref<4x2xi32>
        }
      }
      return
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
  let statistics = [Statistic<"lowered", "lowered", "Number of ops lowered">];
}

#endif // BNN_PASSES_LOWERKERNELS
