//===- ReduceDivisions.td - Definition of bnn-reduce-divisions ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_REDUCEDIVISIONS
#define BNN_PASSES_REDUCEDIVISIONS

include "mlir/Pass/PassBase.td"

def ReduceDivisions : Pass<"bnn-reduce-divisions", "::mlir::ModuleOp"> {
  let summary = "Quantise by multiplying where a quotient is rounded to an integer";
  let description = [{
    A division takes as long as sixteen multiplications, and a quantiser divides
    by its step. Where the quotient is brought between two integers and rounded
    by an addition of 1.5 * 2^23, as `bnn.quantize` and its like are lowered,
    and the divisor is a constant, or an argument for which all callers give
    constants, the quotient becomes a product with the two parts of the
    divisor's reciprocal, `fma(x, high, x * low)`. x is brought between the
    bounds, times the divisor, before, so that no infinity is multiplied.

    The integers are the same: for each divisor all places are tried where they
    could differ (passes/Support/Reciprocal.h). Where one does, and where
    nothing is known of the divisor, the division stays.

    Before:
    ```mlir
    func.func @quantize(%x: f32) -> f32 {
      %step = arith.constant 2.000000e-02 : f32
      %least = arith.constant 0.000000e+00 : f32
      %most = arith.constant 2.550000e+02 : f32
      %term = arith.constant 0x4B400000 : f32
      %q = arith.divf %x, %step : f32
      %0 = arith.cmpf ogt, %q, %least : f32
      %1 = arith.select %0, %q, %least : f32
      %2 = arith.cmpf olt, %1, %most : f32
      %3 = arith.select %2, %1, %most : f32
      %4 = arith.addf %3, %term : f32
      return %4 : f32
    }
    ```
    After:
    ```mlir
    func.func @quantize(%x: f32) -> f32 {
      %most = arith.constant 5.09999990 : f32
      %term = arith.constant 0x4B400000 : f32
      %high = arith.constant 5.000000e+01 : f32
      %low = arith.constant 1.11758709E-6 : f32
      %least = arith.constant 0.000000e+00 : f32
      %0 = arith.cmpf ogt, %x, %least : f32
      %1 = arith.select %0, %x, %least : f32
      %2 = arith.cmpf olt, %1, %most : f32
      %3 = arith.select %2, %1, %most : f32
      %4 = arith.mulf %3, %low : f32
      %5 = math.fma %3, %high, %4 : f32
      %6 = arith.addf %5, %term : f32
      return %6 : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
  let statistics = [
    Statistic<"reduced", "reduced", "Number of divisions that became products">,
    Statistic<"kept", "kept", "Number of divisions before a rounding that stay">];
}

#endif // BNN_PASSES_REDUCEDIVISIONS
