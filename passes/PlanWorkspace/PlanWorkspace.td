//===- PlanWorkspace.td - Definition of bnn-plan-workspace ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_PLANWORKSPACE
#define BNN_PASSES_PLANWORKSPACE

include "mlir/Pass/PassBase.td"

def PlanWorkspace : Pass<"bnn-plan-workspace", "::mlir::ModuleOp"> {
  let summary = "Give every buffer a fixed place in the caller's workspace";
  let description = [{
    A compiled model allocates nothing: the caller hands over one block of
    memory, the last argument of the entry function. This pass turns every
    `memref.alloc` of that function into a view at a constant byte offset of the
    block. `memref.alloca` stays on the stack.

    A buffer is live from the first to the last operation of the function's
    block that touches it or a view of it; inside a loop or a branch that is the
    whole loop or branch. Buffers that are live together never share a byte; the
    largest is placed first, each in the smallest gap that is big enough.

    Offsets hold for every shape that the model accepts, so a dynamic size counts
    with its upper bound. Bounds come from interval arithmetic over the index
    computations; what they start from are the dimensions in the arguments'
    `bnn.argument` (a number, or the name of a dimension) and the maxima in the
    module's `bnn.model`. A size that cannot be bounded, a buffer carried from
    one iteration of a loop to the next, and a buffer in a function without a
    workspace are errors.

    The function's attribute `bnn.workspace_size` says how many bytes are needed,
    for a workspace whose start has the alignment of the option.

    Before:
    ```mlir
    module attributes {bnn.model = #bnn.model<max_dims = {seq = 64}>} {
      func.func @main(%in: memref<?xf32> {bnn.argument = #bnn.argument<input, "in", ["seq"]>},
                      %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
        %c0 = arith.constant 0 : index
        %n = memref.dim %in, %c0 : memref<?xf32>
        %a = memref.alloc(%n) : memref<?xf32>
        memref.copy %in, %a : memref<?xf32> to memref<?xf32>
        memref.dealloc %a : memref<?xf32>
        return
      }
    }
    ```
    After:
    ```mlir
    module attributes {bnn.model = #bnn.model<max_dims = {seq = 64}>} {
      func.func @main(%in: memref<?xf32> {bnn.argument = #bnn.argument<input, "in", ["seq"]>},
                      %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>})
                      attributes {bnn.workspace_size = 256 : i64} {
        %c0 = arith.constant 0 : index
        %n = memref.dim %in, %c0 : memref<?xf32>
        %offset = arith.constant 0 : index
        %a = memref.view %ws[%offset][%n] : memref<?xi8> to memref<?xf32>
        memref.copy %in, %a : memref<?xf32> to memref<?xf32>
        return
      }
    }
    ```
  }];
  let options = [
    Option<"alignment", "alignment", "int64_t", "64",
           "Bytes to which every buffer and the workspace's size are aligned; "
           "a power of two">,
    Option<"recordBuffers", "record-buffers", "bool", "false",
           "List the buffers in the function's attribute bnn.workspace_buffers">
  ];
  let statistics = [
    Statistic<"buffersPlaced", "buffers-placed", "Number of buffers placed">,
    Statistic<"bytesUnshared", "bytes-unshared",
              "Bytes needed if no two buffers shared memory">,
    Statistic<"bytesPlanned", "bytes-planned", "Bytes of workspace needed">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::bnn::BNNDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

#endif // BNN_PASSES_PLANWORKSPACE
