//===- Instrument.td - Definition of bnn-instrument -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_INSTRUMENT
#define BNN_PASSES_INSTRUMENT

include "mlir/Pass/PassBase.td"

def Instrument : Pass<"bnn-instrument", "::mlir::ModuleOp"> {
  let summary = "Call a hook before each operation of the model";
  let description = [{
    The function `@main` on buffers gets two more arguments, a hook and a
    context for it, and calls the hook before each operation that does work
    (those of `bnn`, of `linalg`, loops and copies) with the operation's number
    and its binary multiply-accumulates, and once more at the end with the
    number of operations. What it does in between is the operation's own: the
    hook's reader can tell how long each took.

    The module gets `bnn.profiled_ops`, what each number stands for: a kind, the
    name of the node in the ONNX graph, and from `bnn.port_limits`, if it is
    there, the multiply-accumulates a cycle that the CPU's execution ports allow.

    A product of M x K by N x K bits is M K N multiply-accumulates, and as many
    for each plane of a left operand of more bits; attention of B x S x C bits is
    B S S C for the scores and as many for the context, for each pair of planes.

    Before:
    ```mlir
    func.func @main(%x: memref<?x64xf32>, %b: memref<?x64x!bnn.s1>) -> i32 {
      %ok = arith.constant 0 : i32
      bnn.binarize %x outs(%b : memref<?x64x!bnn.s1>) : memref<?x64xf32>
      return %ok : i32
    }
    ```
    After:
    ```mlir
    module attributes {bnn.profiled_ops = [#bnn.profiled<kind = "binarize", limit = 0.0>]} {
      func.func @main(%x: memref<?x64xf32>, %b: memref<?x64x!bnn.s1>,
                      %hook: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>},
                      %context: !llvm.ptr {bnn.argument = #bnn.argument<profile_context>}) -> i32 {
        %c1 = arith.constant 1 : i32
        %c0 = arith.constant 0 : i32
        %none = arith.constant 0 : i64
        llvm.call %hook(%context, %c0, %none) : !llvm.ptr, (!llvm.ptr, i32, i64) -> ()
        bnn.binarize %x outs(%b : memref<?x64x!bnn.s1>) : memref<?x64xf32>
        llvm.call %hook(%context, %c1, %none) : !llvm.ptr, (!llvm.ptr, i32, i64) -> ()
        return %c0 : i32
      }
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bnn::BNNDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
  let statistics = [Statistic<"instrumented", "instrumented",
                              "Number of operations with a call before them">];
}

#endif // BNN_PASSES_INSTRUMENT
