//===- Elementwise.td - Operators that work element by element ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DIALECTS_ONNX_ELEMENTWISE
#define DIALECTS_ONNX_ELEMENTWISE

include "dialects/ONNX/ONNXBase.td"

//===-- Functions of one tensor -------------------------------------------===//

def ONNX_AbsOp : ONNX_Unary<"Abs", "kNumbers", [ONNX_KeepsHalves]> {
  let summary = "Y = |X|";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_NegOp : ONNX_Unary<"Neg", "kSigned", [ONNX_KeepsHalves]> {
  let summary = "Y = -X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SqrtOp : ONNX_Unary<"Sqrt", "kF32 | kF64"> {
  let summary = "Y = the square root of X; NaN below zero";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ReciprocalOp : ONNX_Unary<"Reciprocal", "kF32 | kF64"> {
  let summary = "Y = 1 / X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ExpOp : ONNX_Unary<"Exp", "kF32 | kF64"> {
  let summary = "Y = e to the power of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_LogOp : ONNX_Unary<"Log", "kF32 | kF64"> {
  let summary = "Y = the natural logarithm of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ErfOp : ONNX_Unary<"Erf", "kF32 | kF64"> {
  let summary = "Y = the Gauss error function of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let since = 9;
}

def ONNX_TanhOp : ONNX_Unary<"Tanh", "kF32 | kF64"> {
  let summary = "Y = the hyperbolic tangent of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SigmoidOp : ONNX_Unary<"Sigmoid", "kF32 | kF64"> {
  let summary = "Y = 1 / (1 + exp(-X))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ReluOp : ONNX_Unary<"Relu", "kSigned", [ONNX_KeepsHalves]> {
  let summary = "Y = max(0, X)";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SignOp : ONNX_Unary<"Sign", "kNumbers", [ONNX_KeepsHalves]> {
  let summary = "Y = -1, 0 or 1, as X is negative, zero or positive";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Sign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let since = 9;
}

def ONNX_RoundOp : ONNX_Unary<"Round", "kF32 | kF64", [ONNX_KeepsHalves]> {
  let summary = "Y = X rounded to the nearest integer, halves to even";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Round %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let since = 11;
}

def ONNX_FloorOp : ONNX_Unary<"Floor", "kF32 | kF64", [ONNX_KeepsHalves]> {
  let summary = "Y = the largest integer that is not above X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_CeilOp : ONNX_Unary<"Ceil", "kF32 | kF64", [ONNX_KeepsHalves]> {
  let summary = "Y = the smallest integer that is not below X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_LeakyReluOp : ONNX_Unary<"LeakyRelu", "kF32 | kF64"> {
  let summary = "Y = X, or alpha * X where X is negative";
  let description = [{
    Example:
    ```mlir
    %y = onnx.LeakyRelu %x {alpha = 0.01 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "0.01f">:$alpha);
}

def ONNX_EluOp : ONNX_Unary<"Elu", "kF32 | kF64"> {
  let summary = "Y = X, or alpha * (exp(X) - 1) where X is negative";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Elu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}

def ONNX_CeluOp : ONNX_Unary<"Celu", "kF32"> {
  let summary = "Y = max(0, X) + min(0, alpha * (exp(X / alpha) - 1))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Celu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let since = 12;
  let hasHalves = 0;
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}

def ONNX_SeluOp : ONNX_Unary<"Selu", "kF32 | kF64"> {
  let summary = "Y = gamma * X, or gamma * alpha * (exp(X) - 1) where X is not positive";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Selu %x {alpha = 1.67326 : f32, gamma = 1.0507 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X,
                       DefaultValuedAttr<F32Attr, "1.67326319217681884765625f">:$alpha,
                       DefaultValuedAttr<F32Attr, "1.05070102214813232421875f">:$gamma);
}

def ONNX_HardSigmoidOp : ONNX_Unary<"HardSigmoid", "kF32 | kF64"> {
  let summary = "Y = max(0, min(1, alpha * X + beta))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.HardSigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "0.2f">:$alpha,
                       DefaultValuedAttr<F32Attr, "0.5f">:$beta);
}

def ONNX_HardSwishOp : ONNX_Unary<"HardSwish", "kF32 | kF64"> {
  let summary = "Y = X * max(0, min(1, X / 6 + 0.5))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.HardSwish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let since = 14;
}

def ONNX_SoftplusOp : ONNX_Unary<"Softplus", "kF32 | kF64"> {
  let summary = "Y = log(exp(X) + 1)";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Softplus %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SoftsignOp : ONNX_Unary<"Softsign", "kF32 | kF64"> {
  let summary = "Y = X / (1 + |X|)";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Softsign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ThresholdedReluOp : ONNX_Unary<"ThresholdedRelu", "kF32 | kF64", [ONNX_KeepsHalves]> {
  let summary = "Y = X where X is above alpha, else 0";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ThresholdedRelu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let since = 10;
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}

def ONNX_PReluOp
    : ONNX_Operator<"PRelu", "kF32 | kF64", [SameOperandsAndResultElementType, ONNX_InfersShape]> {
  let summary = "Y = X, or slope * X where X is negative; the slope is broadcast to X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.PRelu %x, %slope : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$slope);
  let results = (outs AnyTensor:$Y);
}

def ONNX_ClipOp : ONNX_Operator<"Clip", "kNumbers", [ONNX_ShapeOfFirst, ONNX_KeepsHalves]> {
  let summary = "Y = min(max(X, lower), upper); a bound that is left out does not bind";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Clip %x, %lower, %upper : (tensor<2x3xf32>, tensor<f32>, none) -> tensor<2x3xf32>
    ```
  }];
  let formerAttributes = ["min", "max"];
  let formerUntil = 11;
  let arguments = (ins AnyTensor:$input, ONNX_Optional:$min, ONNX_Optional:$max);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===-- Arithmetic, with numpy broadcasting -------------------------------===//

def ONNX_AddOp : ONNX_Binary<"Add", "kNumbers", [Commutative, ONNX_InfersElements]> {
  let summary = "C = A + B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SubOp : ONNX_Binary<"Sub", "kNumbers", [ONNX_InfersElements]> {
  let summary = "C = A - B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Sub %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_MulOp : ONNX_Binary<"Mul", "kNumbers", [Commutative, ONNX_InfersElements]> {
  let summary = "C = A * B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Mul %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_DivOp : ONNX_Binary<"Div", "kNumbers", [ONNX_InfersElements]> {
  let summary = "C = A / B; for integers the quotient is rounded towards zero";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Div %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ModOp : ONNX_Binary<"Mod", "kNumbers"> {
  let summary = "The rest of A / B: with the sign of B, or with `fmod` that of A";
  let description = [{
    The rest of floats is exact, and their `fmod` is 1. Divided by 0 an integer leaves 0.

    Example:
    ```mlir
    %c = onnx.Mod %a, %b {fmod = 0 : i64} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi64>
    ```
  }];
  let since = 10;
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, DefaultValuedAttr<I64Attr, "0">:$fmod);
  let hasVerifier = 1;
}

def ONNX_PowOp : ONNX_Operator<"Pow", "kF32 | kI32 | kI64", [ONNX_BroadcastShape]> {
  let summary = "Z = X to the power of Y, in the element type of X";
  let description = [{
    Example:
    ```mlir
    %z = onnx.Pow %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let restriction = "exponents of type f32, i32 or i64; f64 to constant powers, whole from -16 to 16 or 0.5";
  let arguments = (ins AnyTensor:$X, AnyTensor:$Y);
  let results = (outs AnyTensor:$Z);
  let hasVerifier = 1;
}

def ONNX_MaxOp
    : ONNX_Operator<"Max", "kNumbers", [SameOperandsAndResultElementType, ONNX_BroadcastShape,
                                        ONNX_KeepsHalves]> {
  let summary = "The elementwise maximum of all inputs, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %m = onnx.Max %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$data);
  let results = (outs AnyTensor:$max);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_MinOp
    : ONNX_Operator<"Min", "kNumbers", [SameOperandsAndResultElementType, ONNX_BroadcastShape,
                                        ONNX_InfersElements, ONNX_KeepsWholeFloats, ONNX_KeepsHalves]> {
  let summary = "The elementwise minimum of all inputs, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %m = onnx.Min %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$data);
  let results = (outs AnyTensor:$min);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_SumOp
    : ONNX_Operator<"Sum", "kF32 | kF64", [SameOperandsAndResultElementType, ONNX_BroadcastShape]> {
  let summary = "The elementwise sum of all inputs, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %m = onnx.Sum %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$data);
  let results = (outs AnyTensor:$sum);
  let hasFolder = 1;
}

def ONNX_MeanOp
    : ONNX_Operator<"Mean", "kF32 | kF64", [SameOperandsAndResultElementType,
                                            ONNX_BroadcastShape]> {
  let summary = "The elementwise mean of all inputs, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %m = onnx.Mean %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$data);
  let results = (outs AnyTensor:$mean);
  let hasFolder = 1;
}

//===-- Bits of integers --------------------------------------------------===//

def ONNX_BitwiseAndOp : ONNX_Binary<"BitwiseAnd", "kIntegers", [Commutative]> {
  let summary = "The bits that A and B both have";
  let description = [{
    Example:
    ```mlir
    %c = onnx.BitwiseAnd %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
    ```
  }];
  let since = 18;
}

def ONNX_BitwiseOrOp : ONNX_Binary<"BitwiseOr", "kIntegers", [Commutative]> {
  let summary = "The bits that A or B has";
  let description = [{
    Example:
    ```mlir
    %c = onnx.BitwiseOr %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
    ```
  }];
  let since = 18;
}

def ONNX_BitwiseXorOp : ONNX_Binary<"BitwiseXor", "kIntegers", [Commutative]> {
  let summary = "The bits that one of A and B has, but not both";
  let description = [{
    Example:
    ```mlir
    %c = onnx.BitwiseXor %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
    ```
  }];
  let since = 18;
}

//===-- Logic, comparison and choice --------------------------------------===//

def ONNX_AndOp : ONNX_Logical<"And"> {
  let summary = "C = A and B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.And %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_OrOp : ONNX_Logical<"Or"> {
  let summary = "C = A or B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Or %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_XorOp : ONNX_Logical<"Xor"> {
  let summary = "C = A or B, but not both";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Xor %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_NotOp : ONNX_Operator<"Not", "kBool", [SameOperandsAndResultShape, ONNX_ShapeOfFirst]> {
  let summary = "Y = not X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Not %x : (tensor<3xi1>) -> tensor<3xi1>
    ```
  }];
  let arguments = (ins ONNX_BoolTensor:$X);
  let results = (outs ONNX_BoolTensor:$Y);
}

def ONNX_EqualOp : ONNX_Compare<"Equal", "kAnything", [Commutative, ONNX_InfersElements]> {
  let summary = "C = (A == B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Equal %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_GreaterOp : ONNX_Compare<"Greater", "kNumbers", [ONNX_InfersElements]> {
  let summary = "C = (A > B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Greater %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_GreaterOrEqualOp : ONNX_Compare<"GreaterOrEqual", "kNumbers", [ONNX_InfersElements]> {
  let summary = "C = (A >= B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.GreaterOrEqual %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
  let since = 12;
}

def ONNX_LessOp : ONNX_Compare<"Less", "kNumbers", [ONNX_InfersElements]> {
  let summary = "C = (A < B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Less %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_LessOrEqualOp : ONNX_Compare<"LessOrEqual", "kNumbers", [ONNX_InfersElements]> {
  let summary = "C = (A <= B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.LessOrEqual %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
  let since = 12;
}

def ONNX_IsNaNOp
    : ONNX_Operator<"IsNaN", "kF32 | kF64", [SameOperandsAndResultShape, ONNX_ShapeOfFirst]> {
  let summary = "Whether X is not a number";
  let description = [{
    Example:
    ```mlir
    %y = onnx.IsNaN %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let since = 9;
  let arguments = (ins AnyTensor:$X);
  let results = (outs ONNX_BoolTensor:$Y);
}

def ONNX_IsInfOp
    : ONNX_Operator<"IsInf", "kF32 | kF64", [SameOperandsAndResultShape, ONNX_ShapeOfFirst]> {
  let summary = "Whether X is an infinity of a sign that is asked for";
  let description = [{
    Example:
    ```mlir
    %y = onnx.IsInf %x {detect_negative = 1 : i64, detect_positive = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let since = 10;
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<I64Attr, "1">:$detect_negative,
                       DefaultValuedAttr<I64Attr, "1">:$detect_positive);
  let results = (outs ONNX_BoolTensor:$Y);
  let hasVerifier = 1;
}

def ONNX_WhereOp
    : ONNX_Operator<"Where", "kAnything", [ONNX_BroadcastShape, ONNX_InfersElements,
                                           ONNX_KeepsHalves]> {
  let summary = "X where the condition holds, else Y, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %z = onnx.Where %condition, %x, %y : (tensor<2x3xi1>, tensor<3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let since = 9;
  let resultElement = "Second";
  let arguments = (ins ONNX_BoolTensor:$condition, AnyTensor:$X, AnyTensor:$Y);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

//===-- The same values ---------------------------------------------------===//

def ONNX_CastOp
    : ONNX_Operator<"Cast", "kAnything", [SameOperandsAndResultShape, ONNX_ShapeOfFirst,
                                          ONNX_InfersElements, ONNX_KeepsWholeFloats]> {
  let summary = "The input in the element type of the result; floats are truncated towards zero when they become integers";
  let description = [{
    ONNX's attribute `to` is the element type of the result.

    Example:
    ```mlir
    %y = onnx.Cast %x : (tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let nodeAttributes = [ONNX_NodeAttribute<"Int", "to">, ONNX_NodeAttribute<"Int", "saturate", 19>,
                        ONNX_NodeAttribute<"String", "round_mode", 24>];
  let resultElement = "Special";
  let restriction = "between these types";
  let arguments = (ins AnyTensor:$input);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
}

def ONNX_RoundToHalfOp : ONNX_Op<"RoundToHalf", [SameOperandsAndResultShape, ONNX_ShapeOfFirst]> {
  let summary = "The number of a format of 16 bits that is nearest to X, as f32";
  let description = [{
    No operator of ONNX: what an operator on FLOAT16 (`format = f16`) or BFLOAT16 (`bf16`) does to
    the number that it has computed. Of two numbers that are as near it is the one whose last bit is
    0; from half a unit above the largest number on it is infinity. Denormal numbers of the format
    are numbers like any other. NaN becomes the one NaN without a sign or a payload. X is f32 or f64.

    Example:
    ```mlir
    %y = onnx.RoundToHalf %x {format = bf16} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins TensorOf<[F32, F64]>:$X, TypeAttrOf<AnyTypeOf<[F16, BF16]>>:$format);
  let results = (outs TensorOf<[F32]>:$Y);
  let hasFolder = 1;
}

def ONNX_IdentityOp
    : ONNX_Unary<"Identity", "kAnything", [ONNX_KeepsElements, ONNX_KeepsWholeFloats,
                                           ONNX_KeepsHalves]> {
  let summary = "Y = X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let restriction = "tensors";
  let hasFolder = 1;
}

def ONNX_DropoutOp : ONNX_Operator<"Dropout", "kF32 | kF64", [ONNX_ShapeOfFirst, ONNX_KeepsHalves]> {
  let summary = "The input: at inference nothing is dropped";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Dropout %x, %none, %none : (tensor<2x3xf32>, none, none) -> tensor<2x3xf32>
    ```
  }];
  let outputs = 2;
  let nodeAttributes = [ONNX_NodeAttribute<"Int", "seed">];
  let restriction = "in inference: training_mode is false, if it is given";
  let arguments = (ins AnyTensor:$data, ONNX_Optional:$ratio, ONNX_KnownOptional:$training_mode);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // DIALECTS_ONNX_ELEMENTWISE
