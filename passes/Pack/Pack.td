//===- Pack.td - Definition of bnn-pack -----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_PACK
#define BNN_PASSES_PACK

include "passes/Support/Refusals.td"

def Pack : Pass<"bnn-pack", "::mlir::func::FuncOp"> {
  let summary = "Choose packed layouts and pack constant bits";
  let description = [{
    Gives every tensor of bits a layout: rows for activations, masks of zeros
    and embedding tables, panels for the weights of a product. Bits that an
    attention reads or writes are grouped by head, so that a head starts on a
    word; all others are one group a row. Bits that products alone read, and
    their weights, have parity words. Tensors of 8 bits stay bytes and have no
    layout, but for the weights of a product of bytes: in their panels a word is four
    bytes of an output. Constants are packed into words here, at compile time.

    Before:
    ```mlir
    func.func @f(%x: tensor<4x64xf32>, %0: tensor<4x32xi32>) -> tensor<4x32xi32> {
      %e = tensor.empty() : tensor<4x64x!bnn.s1>
      %b = bnn.binarize %x outs(%e : tensor<4x64x!bnn.s1>) : tensor<4x64xf32> -> tensor<4x64x!bnn.s1>
      %w = bnn.constant dense<true> : tensor<32x64xi1> -> tensor<32x64x!bnn.s1>
      %y = bnn.matmul %b, %w outs(%0 : tensor<4x32xi32>)
          : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xi32> {
      ^bb0(%acc: i32):
        bnn.yield %acc : i32
      }
      return %y : tensor<4x32xi32>
    }
    ```
    After:
    ```mlir
    #rows = #bnn.rows<word = 32, group = 64, parity = true>
    #panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 32, parity = true>
    func.func @f(%x: tensor<4x64xf32>, %0: tensor<4x32xi32>) -> tensor<4x32xi32> {
      %e = tensor.empty() : tensor<4x64x!bnn.s1, #rows>
      %b = bnn.binarize %x outs(%e : tensor<4x64x!bnn.s1, #rows>)
          : tensor<4x64xf32> -> tensor<4x64x!bnn.s1, #rows>
      %w = bnn.constant dense<-1> : tensor<2x2x16xi32> -> tensor<32x64x!bnn.s1, #panels>
      %y = bnn.matmul %b, %w outs(%0 : tensor<4x32xi32>)
          : tensor<4x64x!bnn.s1, #rows>, tensor<32x64x!bnn.s1, #panels> -> tensor<4x32xi32> {
      ^bb0(%acc: i32):
        bnn.yield %acc : i32
      }
      return %y : tensor<4x32xi32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::bnn::BNNDialect"];
  let options = [RemarksOption];
  let statistics = [
    Statistic<"constantsPacked", "constants-packed",
              "Number of constants packed">,
    Statistic<"bytesPacked", "bytes-packed", "Bytes of packed constants">];
}

#endif // BNN_PASSES_PACK
