//===- PrepareEntry.td - Definition of bnn-prepare-entry ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_PREPAREENTRY
#define BNN_PASSES_PREPAREENTRY

include "mlir/Pass/PassBase.td"

def PrepareEntry : Pass<"bnn-prepare-entry", "::mlir::ModuleOp"> {
  let summary = "Give the model's function caller-supplied buffers and a status";
  let description = [{
    The function `@main` on tensors becomes one on buffers: an input argument
    for each input, an output argument for each result, and last the workspace.
    Each argument gets a `bnn.argument`, with the name and the dimensions of
    `onnx.name` and `onnx.dims`, if present, and the module's `bnn.model` gets
    the declared maximum of each symbolic dimension, from the options where it
    does not have it yet. Where the function's `onnx.dim_bounds` says less, that
    is the maximum; if more was declared, with a warning.

    The function returns a status, `BNN_OK` unless a check says no. Each check
    becomes a `bnn.return_unless`, so that a run that fails has written no
    output, and has read nothing that the check guards:

    - what follows from the inputs' dimensions and indices is checked before all
      work: first the shapes, in the order of the graph, then the indices. The
      status is that of the first check that fails;
    - a check of what the run computes stays where it is, in front of the op that
      needs it. An output of which a part may be computed before the last of
      these is computed in the workspace, and copied when nothing can fail any
      more.

    Before:
    ```mlir
    func.func @main(%x: tensor<?x4xf32> {onnx.dims = ["batch", 4], onnx.name = "x"})
        -> (tensor<?x4xf32> {onnx.dims = ["batch", 4], onnx.name = "y"}) {
      return %x : tensor<?x4xf32>
    }
    ```
    After:
    ```mlir
    module attributes {bnn.model = #bnn.model<max_dims = {batch = 8}>} {
      func.func @main(%x: memref<?x4xf32> {bnn.argument = #bnn.argument<input, "x", ["batch", 4]>},
                      %y: memref<?x4xf32> {bnn.argument = #bnn.argument<output, "y", ["batch", 4]>},
                      %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> i32 {
        %0 = bufferization.to_tensor %x restrict : memref<?x4xf32>
        bufferization.materialize_in_destination %0 in restrict writable %y : (tensor<?x4xf32>, memref<?x4xf32>) -> ()
        %ok = arith.constant 0 : i32
        return %ok : i32
      }
    }
    ```
  }];
  let options = [
    Option<"maxFirst", "max-first", "int64_t", "8",
           "Declared maximum of a symbolic dimension that is the first of an input (the batch)">,
    Option<"maxOther", "max-other", "int64_t", "512",
           "Declared maximum of every other symbolic dimension">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bnn::BNNDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect"];
}

#endif // BNN_PASSES_PREPAREENTRY
