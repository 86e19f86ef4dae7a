//===- ExpandMath.td - Definition of bnn-expand-math ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef BNN_PASSES_EXPANDMATH
#define BNN_PASSES_EXPANDMATH

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"bnn-expand-math", ""> {
  let summary = "Write float functions out as fixed sequences of exact operations";
  let description = [{
    A library's `expf` differs from target to target, and one rounding is enough
    to flip the sign that a binarisation stores. This pass replaces the functions
    of the `math` dialect on f32, scalars and vectors alike, by sequences of
    operations that IEEE 754 defines to the last bit (`addf`, `mulf`, `divf`,
    `math.fma`, `math.sqrt`, compare and select, integer operations on the bits),
    so that every target and every vector width computes the same value, and no
    libm is called. The polynomials are our own (`passes/ExpandMath/fit.py`). On f64 the same functions
    but `round` and `powf` have series of Taylor's, to within 4 ulp (erf 1e-15 absolute).

    The erf of a quotient by a constant, where 1 is added to it, as in GELU, is
    had without a division: the product with the two parts of the divisor's
    reciprocal is the quotient, which is found out for each divisor
    (passes/Support/Reciprocal.h), but where both are next to nothing.

    Two shorter sequences for exp give the same bits. On a module whose
    `bnn.target` has `scale_floats`, 16 lanes are scaled by one `vscalefps`. With the
    attribute `bnn.not_positive` the argument is never above 0, as in a softmax,
    or nobody reads the result: there is no upper bound to look at.

    | operation | error | special values |
    | --- | --- | --- |
    | `math.exp` | 1.5 ulp | overflow to +inf, gradual underflow to denormals and +0, exp(-inf) = +0 |
    | `math.log` | 1.5 ulp, denormals included | log(+-0) = -inf, log(x < 0) = NaN, log(+inf) = +inf |
    | `math.erf` | 2 ulp, 1e-7 absolute | odd; erf(+-0) = +-0, erf(+-inf) = +-1 |
    | `math.tanh` | 2 ulp | odd; tanh(+-0) = +-0, tanh(+-inf) = +-1 |
    | `math.rsqrt` | two roundings: 1 / sqrt(x) | those of its parts |
    | `math.powf`, constant integers from -16 to 16, and 0.5 | a product per step | |
    | `math.powf`, any other exponent | 0.51 ulp, by way of f64 | those of C's `pow` |
    | `math.roundeven`, `round`, `floor`, `ceil`, `trunc` | exact | the sign of zero is kept |

    NaN gives NaN, but where C's `pow` gives 1. What one rounding defines already stays as it is: `math.sqrt`,
    `math.fma`, `math.absf`, `math.copysign` and integer operations. Every other
    float function is an error: there is no fixed sequence for it.

    Before:
    ```mlir
    func.func @rsqrt(%x: vector<8xf32>) -> vector<8xf32> {
      %y = math.rsqrt %x : vector<8xf32>
      return %y : vector<8xf32>
    }
    ```
    After:
    ```mlir
    func.func @rsqrt(%x: vector<8xf32>) -> vector<8xf32> {
      %one = arith.constant dense<1.0> : vector<8xf32>
      %s = math.sqrt %x : vector<8xf32>
      %y = arith.divf %one, %s : vector<8xf32>
      return %y : vector<8xf32>
    }
    ```
  }];
  let options = [
    Option<"keepRounding", "keep-rounding", "bool", "false",
           "Leave roundeven, floor, ceil and trunc alone: the target has "
           "instructions for them (x86-64 with SSE4.1, AArch64)">
  ];
  let statistics = [
    Statistic<"expanded", "expanded", "Number of operations written out">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect"
  ];
}

#endif // BNN_PASSES_EXPANDMATH
