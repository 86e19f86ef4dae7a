//===- MarkPhase.td - Says which phase a module has behind it -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_MARKPHASE
#define BNN_PASSES_MARKPHASE

include "mlir/Pass/PassBase.td"

def MarkPhase : Pass<"bnn-mark-phase", "::mlir::ModuleOp"> {
  let summary = "Say which phase a module has behind it";
  let description = [{
    Sets `bnn.phase`, as each phase does at its end. A compilation of IR that has
    it goes on with the next phase.

    Before:

    ```mlir
    module {
    }
    ```

    After:

    ```mlir
    module attributes {bnn.phase = #bnn.phase<done = import>} {
    }
    ```
  }];
  let options = [
    Option<"phase", "phase", "std::string", /*default=*/"\"import\"",
           "import, fold, raise, fuse, pack, bufferize, tile or llvm">,
    Option<"reference", "reference", "bool", /*default=*/"false",
           "The module is on its way to the reference lowering">
  ];
  let dependentDialects = ["::mlir::bnn::BNNDialect"];
}

#endif // BNN_PASSES_MARKPHASE
