//===- FoldThresholds.td - Definition of bnn-fold-thresholds --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_FOLDTHRESHOLDS
#define BNN_PASSES_FOLDTHRESHOLDS

include "passes/Support/Refusals.td"

def FoldThresholds : Pass<"bnn-fold-thresholds", "::mlir::ModuleOp"> {
  let summary = "Replace an epilogue that ends in bits by an interval test or a line";
  let description = [{
    The accumulator of a product over K elements has at most 2 K + 1 values, and
    where the epilogue's parameters are constants, its bits are a function of
    that value and the channel. The epilogue's own IR is compiled for the host
    and run for each value and channel. Where the set of accumulators that give
    1 is an interval, or all but an interval, the epilogue becomes
    `(acc - low) < length`, unsigned, with one pair of constants a channel:
    scale, bias, GELU, ReLU and a shift are gone, exactly. A mask of zeros that
    is 0 for every value is dropped, and with it every check for zeros in the
    consumers.

    The accumulator of integers of a few bits has more values, and all of them
    are run as well. Where the epilogue yields such integers, they are steps: if
    some line `fma(acc, slope, offset)`, brought into a range and rounded, half
    to even, has exactly these steps in every channel, it takes the epilogue's
    place. The line is fitted through the middles of the steps and then compared
    with every value: a quantiser's division is gone, and nothing else.

    An epilogue that depends on anything else, or whose set has more than one
    gap in some channel, or whose steps are those of no line, stays as it is;
    with `remarks` the pass says which of these it was.

    Before:
    ```mlir
    func.func @f(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>,
                 %0: tensor<4x2x!bnn.s1>) -> tensor<4x2x!bnn.s1> {
      %s = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
      %b = bnn.matmul %a, %w params(%s : tensor<2xf32>) outs(%0 : tensor<4x2x!bnn.s1>)
          : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1> {
      ^bb0(%acc: i32, %p: f32):
        %zero = arith.constant 0.0 : f32
        %f = arith.sitofp %acc : i32 to f32
        %r = arith.mulf %f, %p : f32
        %bit = arith.cmpf ogt, %r, %zero : f32
        bnn.yield %bit : i1
      }
      return %b : tensor<4x2x!bnn.s1>
    }
    ```
    After:
    ```mlir
    func.func @f(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>,
                 %0: tensor<4x2x!bnn.s1>) -> tensor<4x2x!bnn.s1> {
      // An interval that touches an end of what can occur goes on beyond it.
      %low = arith.constant dense<[1, -2147483648]> : tensor<2xi32>
      %length = arith.constant dense<-2147483648> : tensor<2xi32>  // 2^31, unsigned
      %b = bnn.matmul %a, %w params(%low, %length : tensor<2xi32>, tensor<2xi32>)
          outs(%0 : tensor<4x2x!bnn.s1>)
          : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1> {
      ^bb0(%acc: i32, %l: i32, %n: i32):
        %d = arith.subi %acc, %l : i32
        %bit = arith.cmpi ult, %d, %n : i32
        bnn.yield %bit : i1
      }
      return %b : tensor<4x2x!bnn.s1>
    }
    ```
  }];
  // Those of the evaluator come from the evaluator.
  let dependentDialects = [
    "::mlir::bnn::BNNDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect"];
  let options = [RemarksOption];
  let statistics = [
    Statistic<"folded", "folded",
              "Number of epilogues folded to interval tests or lines">,
    Statistic<"kept", "kept",
              "Number of epilogues with constant parameters that are neither">,
    Statistic<"masksDropped", "masks-dropped",
              "Number of masks of zeros shown to be empty">,
    Statistic<"valuesEvaluated", "values-evaluated",
              "Number of values that epilogues were run for">];
}

#endif // BNN_PASSES_FOLDTHRESHOLDS
