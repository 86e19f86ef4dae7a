//===- CheckBounds.td - Definition of bnn-check-bounds --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_CHECKBOUNDS
#define BNN_PASSES_CHECKBOUNDS

include "mlir/Pass/PassBase.td"

def CheckBounds : Pass<"bnn-check-bounds", "::mlir::ModuleOp"> {
  let summary = "Show that accesses stay within their buffers";
  let description = [{
    For tests: it changes nothing. On loops over buffers, as they are after the
    phase `tile`, it shows of every access that each index is at least 0 and
    that index and extent stay within the buffer's dimension, for all shapes
    that the function's checks let pass. An access of which it cannot show that
    gets a remark, or with `required` an error.

    What is known comes from MLIR's value bounds, from what this pass knows
    beyond them (remainders, masks, steps of loops, conditions), from the
    dimensions that the arguments of `@main` share in their `bnn.argument`, from
    `bnn.check_shape`, and, for the arguments of private functions, from all of
    their calls. Buffers within the workspace are `bnn-plan-workspace`'s to
    place.

    Before:

    ```mlir
    func.func @main(%x: memref<?xf32> {bnn.argument = #bnn.argument<input, "x", ["n"]>},
                    %y: memref<?xf32> {bnn.argument = #bnn.argument<output, "y", ["n"]>}) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %x, %c0 : memref<?xf32>
      scf.for %i = %c0 to %n step %c1 {
        %e = memref.load %x[%i] : memref<?xf32>
        memref.store %e, %y[%i] : memref<?xf32>
      }
      return
    }
    ```

    After, with the remark that 2 of 2 accesses stay within their buffers:

    ```mlir
    ...
        %e = memref.load %x[%i] : memref<?xf32>
        memref.store %e, %y[%i] : memref<?xf32>
    ...
    ```
  }];
  let options = [
    Option<"required", "required", "bool", "false",
           "Fail where an access cannot be shown to stay within its buffer">
  ];
  let statistics = [
    Statistic<"accesses", "accesses", "Number of accesses">,
    Statistic<"shown", "shown", "Number of accesses shown to be in bounds">
  ];
  let dependentDialects = ["::mlir::bnn::BNNDialect"];
}

#endif // BNN_PASSES_CHECKBOUNDS
