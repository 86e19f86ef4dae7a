//===- EmitEntry.td - Definition of bnn-emit-entry ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_EMITENTRY
#define BNN_PASSES_EMITENTRY

include "mlir/Pass/PassBase.td"

def EmitEntry : Pass<"bnn-emit-entry", "::mlir::ModuleOp"> {
  let summary = "Add the model's C interface around its entry function";
  let description = [{
    Adds `<prefix>_run`, `<prefix>_workspace_size` and `<prefix>_describe`,
    whose C declarations are in `bnn/runtime.h`, and the constant descriptor.
    The entry function is the one with a `bnn.workspace_size`; each of its
    arguments has a `bnn.argument`. It becomes internal and is renamed
    `<prefix>_main`, so that several models link into one program; so do all
    other private functions.

    `<prefix>_run` checks everything that a caller can get wrong before it calls
    the entry function: null pointers, the alignment of the workspace, static
    dimensions, symbolic dimensions against their maxima and against each
    other, and the options. Everything it does is written in the LLVM dialect,
    but for the call and for the casts from descriptors to memrefs, which the
    conversion of `func` folds away. So the pass runs before that conversion, and
    keeps in `bnn.entry` what it takes from the function: its type and arguments.

    Indices are taken to be 64 bits wide.

    Before:

    ```mlir
    module attributes {bnn.model = #bnn.model<prefix = "model", max_dims = {batch = 8}>} {
      func.func private @main(
          %in: memref<?xi64> {bnn.argument = #bnn.argument<input, "ids", ["batch"]>},
          %out: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", ["batch"]>},
          %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> i32
          attributes {bnn.workspace_size = 128 : i64} {
        %ok = arith.constant 0 : i32
        return %ok : i32
      }
    }
    ```

    After, with `...` for what is left out:
    ```mlir
    module attributes {bnn.entry = #bnn.entry<...>, bnn.model = #bnn.model<prefix = "model", max_dims = {batch = 8 : i64}>} {
      func.func private @model_main(%ids: memref<?xi64> ...) -> i32 attributes {bnn.workspace_size = 128 : i64, llvm.linkage = #llvm.linkage<internal>} {
      ...
      llvm.func @model_run(%inputs: !llvm.ptr, %outputs: !llvm.ptr, %workspace: !llvm.ptr, %options: !llvm.ptr) -> i32 {
        ...
        %set = llvm.icmp "ne" %inputs, %null : !llvm.ptr
        llvm.cond_br %set, ^bb5, ^bb12(%null_pointer : i32)
        ...
        %ids = builtin.unrealized_conversion_cast %descriptor : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)> to memref<?xi64>
        ...
        %status = func.call @model_main(%ids, %y, %workspace) : (memref<?xi64>, memref<?xf32>, memref<?xi8>) -> i32
        llvm.return %status : i32
      ...
      llvm.mlir.global private constant @model_info() {addr_space = 0 : i32} : !llvm.struct<(i32, i32, i32, i32, ptr, ptr, ptr, i64, i64, i64, ptr, ptr, ptr)> {
      ...
      llvm.func @model_describe(%max_abi: i32) -> !llvm.ptr {
      ...
      llvm.func @model_workspace_size() -> i64 {
        %size = llvm.mlir.constant(128 : i64) : i64
        llvm.return %size : i64
      }
      ...
    ```
  }];
  let options = [
    Option<"prefix", "prefix", "std::string", /*default=*/"\"\"",
           "What the model's symbols begin with; overrides that of 'bnn.model'">
  ];
  let dependentDialects = ["::mlir::bnn::BNNDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::func::FuncDialect"];
}

#endif // BNN_PASSES_EMITENTRY
