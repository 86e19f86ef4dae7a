//===- RequireBinary.td - Definition of bnn-require-binary ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_REQUIREBINARY
#define BNN_PASSES_REQUIREBINARY

include "mlir/Pass/PassBase.td"

def RequireBinary : Pass<"bnn-require-binary", "::mlir::func::FuncOp"> {
  let summary = "Refuse layers with products that are not binary";
  let description = [{
    Reads `bnn.layers`, which `bnn-raise` writes with `record-layers`. Each linear
    layer, attention and product of two activations of which neither side has few
    bits (1, 2 or 4) is an error, with the recogniser's reason, unless its node's
    name matches a pattern of `allow-float`: `*` and `?` stand for any characters
    and any one, `[abc]` for one of those. All are listed at once. A pattern that
    none of them matches is a warning. Nothing is changed. With `takes-bytes`,
    layers of integers of 8 bits on both sides are accepted as well.

    Before:
    ```mlir
    func.func @main() attributes {bnn.layers = [
        #bnn.layer<kind = linear, op = "MatMul", loc = loc("dense"),
                   sizes = [192, 192], weights = !bnn.s1, activations = !bnn.s1>]} {
      return
    }
    ```
    After:
    ```mlir
    func.func @main() attributes {bnn.layers = [
        #bnn.layer<kind = linear, op = "MatMul", loc = loc("dense"),
                   sizes = [192, 192], weights = !bnn.s1, activations = !bnn.s1>]} {
      return
    }
    ```
  }];
  let options = [
    ListOption<"allowFloat", "allow-float", "std::string",
               "Accept layers whose node's name matches this pattern">,
    Option<"takesBytes", "takes-bytes", "bool", /*default=*/"false",
           "Accept layers of 8-bit integers">];
  let statistics = [
    Statistic<"layersRefused", "layers-refused",
              "Number of layers refused">,
    Statistic<"layersAllowed", "layers-allowed",
              "Number of layers allowed to be float">];
}

#endif // BNN_PASSES_REQUIREBINARY
