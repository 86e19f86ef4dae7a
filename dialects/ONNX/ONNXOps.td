// The operators of the `onnx` dialect, in the form of ONNX opset 17.
//
// One operation per ONNX operator. Other opsets are brought into this form by
// the importer, so that a pass meets one spelling only.
#ifndef DIALECTS_ONNX_ONNXOPS
#define DIALECTS_ONNX_ONNXOPS

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::mlir::bnn::onnx";
  let summary = "An imported ONNX graph, node for node.";
  let description = [{
    Every operation stands for the ONNX operator of the same name, with the
    meaning that ONNX gives it at opset 17, and with ONNX's attribute names.
    Nothing of the semantics is decided here: the dialect only checks what ONNX
    itself demands of ranks and element types.

    A missing optional input is the result of `onnx.NoValue`, so that an
    operator's inputs keep their positions. Attributes that ONNX gives a default
    are always present. `bool` is `i1`, `int8`, `int32` and `int64` are `i8`,
    `i32` and `i64`, and `uint8` is `ui8`.
    The function that holds the graph carries the names of inputs, outputs and
    symbolic dimensions as the argument and result attributes `onnx.name` and
    `onnx.dims`.
  }];
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// The files that constants of this context share memory with.
    const std::shared_ptr<MappedFiles> &getMappedFiles() { return mappedFiles; }

  private:
    std::shared_ptr<MappedFiles> mappedFiles;

  public:
  }];
}

// An input that a node may leave out.
def ONNX_Optional : AnyTypeOf<[AnyTensor, NoneType], "tensor or none">;

class ONNX_Op<string mnemonic, list<Trait> traits = []>
    : Op<ONNX_Dialect, mnemonic, !listconcat(traits, [Pure])> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// y[i] = f(x[i]), one element type.
class ONNX_Unary<string mnemonic, list<Trait> traits = []>
    : ONNX_Op<mnemonic, !listconcat(traits, [SameOperandsAndResultElementType,
                                             SameOperandsAndResultShape])> {
  let arguments = (ins AnyTensor:$X);
  let results = (outs AnyTensor:$Y);
}

// C = f(A, B) with numpy broadcasting, one element type.
class ONNX_Binary<string mnemonic, list<Trait> traits = []>
    : ONNX_Op<mnemonic, !listconcat(traits, [SameOperandsAndResultElementType,
                                             ResultsBroadcastableShape])> {
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$C);
}

// C = A f B with numpy broadcasting, a boolean result.
class ONNX_Compare<string mnemonic, list<Trait> traits = []>
    : ONNX_Op<mnemonic, !listconcat(traits, [SameOperandsElementType,
                                             ResultsBroadcastableShape])> {
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs TensorOf<[I1]>:$C);
}

// Boolean operators, with numpy broadcasting.
class ONNX_Logical<string mnemonic>
    : ONNX_Op<mnemonic, [Commutative, ResultsBroadcastableShape]> {
  let arguments = (ins TensorOf<[I1]>:$A, TensorOf<[I1]>:$B);
  let results = (outs TensorOf<[I1]>:$C);
}

// A reduction whose axes are an attribute; without axes it covers all.
class ONNX_Reduce<string mnemonic>
    : ONNX_Op<mnemonic, [SameOperandsAndResultElementType]> {
  let arguments = (ins AnyTensor:$data, OptionalAttr<DenseI64ArrayAttr>:$axes, I64Attr:$keepdims);
  let results = (outs AnyTensor:$reduced);
  let hasVerifier = 1;
}

//===-- Arithmetic ----------------------------------------------------------===//

def ONNX_AddOp : ONNX_Binary<"Add", [Commutative]> {
  let summary = "C = A + B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SubOp : ONNX_Binary<"Sub"> {
  let summary = "C = A - B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Sub %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_MulOp : ONNX_Binary<"Mul", [Commutative]> {
  let summary = "C = A * B";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Mul %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_DivOp : ONNX_Binary<"Div"> {
  let summary = "C = A / B; for integers the quotient is rounded towards zero";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Div %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_PowOp : ONNX_Op<"Pow", [ResultsBroadcastableShape]> {
  let summary = "Z = X to the power of Y, in the element type of X";
  let description = [{
    Example:
    ```mlir
    %z = onnx.Pow %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$Y);
  let results = (outs AnyTensor:$Z);
  let hasVerifier = 1;
}

def ONNX_NegOp : ONNX_Unary<"Neg"> {
  let summary = "Y = -X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_AbsOp : ONNX_Unary<"Abs"> {
  let summary = "Y = |X|";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SqrtOp : ONNX_Unary<"Sqrt"> {
  let summary = "Y = the square root of X; NaN below zero";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ReciprocalOp : ONNX_Unary<"Reciprocal"> {
  let summary = "Y = 1 / X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ExpOp : ONNX_Unary<"Exp"> {
  let summary = "Y = e to the power of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_LogOp : ONNX_Unary<"Log"> {
  let summary = "Y = the natural logarithm of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ErfOp : ONNX_Unary<"Erf"> {
  let summary = "Y = the Gauss error function of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_TanhOp : ONNX_Unary<"Tanh"> {
  let summary = "Y = the hyperbolic tangent of X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SigmoidOp : ONNX_Unary<"Sigmoid"> {
  let summary = "Y = 1 / (1 + exp(-X))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ReluOp : ONNX_Unary<"Relu"> {
  let summary = "Y = max(0, X)";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SignOp : ONNX_Unary<"Sign"> {
  let summary = "Y = -1, 0 or 1, as X is negative, zero or positive";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Sign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_RoundOp : ONNX_Unary<"Round"> {
  let summary = "Y = X rounded to the nearest integer, halves to even";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Round %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_FloorOp : ONNX_Unary<"Floor"> {
  let summary = "Y = the largest integer that is not above X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_CeilOp : ONNX_Unary<"Ceil"> {
  let summary = "Y = the smallest integer that is not below X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ClipOp : ONNX_Op<"Clip"> {
  let summary = "Y = min(max(X, lower), upper); a bound that is left out does not bind";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Clip %x, %lower, %upper : (tensor<2x3xf32>, tensor<f32>, none) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, ONNX_Optional:$min, ONNX_Optional:$max);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_MaxOp : ONNX_Op<"Max", [SameOperandsAndResultElementType, ResultsBroadcastableShape]> {
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

def ONNX_MinOp : ONNX_Op<"Min", [SameOperandsAndResultElementType, ResultsBroadcastableShape]> {
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

def ONNX_LeakyReluOp : ONNX_Unary<"LeakyRelu"> {
  let summary = "Y = X, or alpha * X where X is negative";
  let description = [{
    Example:
    ```mlir
    %y = onnx.LeakyRelu %x {alpha = 0.01 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, F32Attr:$alpha);
}

def ONNX_EluOp : ONNX_Unary<"Elu"> {
  let summary = "Y = X, or alpha * (exp(X) - 1) where X is negative";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Elu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, F32Attr:$alpha);
}

def ONNX_CeluOp : ONNX_Unary<"Celu"> {
  let summary = "Y = max(0, X) + min(0, alpha * (exp(X / alpha) - 1))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Celu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, F32Attr:$alpha);
}

def ONNX_SeluOp : ONNX_Unary<"Selu"> {
  let summary = "Y = gamma * X, or gamma * alpha * (exp(X) - 1) where X is not positive";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Selu %x {alpha = 1.67326 : f32, gamma = 1.0507 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, F32Attr:$alpha, F32Attr:$gamma);
}

def ONNX_HardSigmoidOp : ONNX_Unary<"HardSigmoid"> {
  let summary = "Y = max(0, min(1, alpha * X + beta))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.HardSigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, F32Attr:$alpha, F32Attr:$beta);
}

def ONNX_HardSwishOp : ONNX_Unary<"HardSwish"> {
  let summary = "Y = X * max(0, min(1, X / 6 + 0.5))";
  let description = [{
    Example:
    ```mlir
    %y = onnx.HardSwish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SoftplusOp : ONNX_Unary<"Softplus"> {
  let summary = "Y = log(exp(X) + 1)";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Softplus %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_SoftsignOp : ONNX_Unary<"Softsign"> {
  let summary = "Y = X / (1 + |X|)";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Softsign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

def ONNX_ThresholdedReluOp : ONNX_Unary<"ThresholdedRelu"> {
  let summary = "Y = X where X is above alpha, else 0";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ThresholdedRelu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, F32Attr:$alpha);
}

def ONNX_PReluOp : ONNX_Op<"PRelu", [SameOperandsAndResultElementType]> {
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

def ONNX_SumOp : ONNX_Op<"Sum", [SameOperandsAndResultElementType, ResultsBroadcastableShape]> {
  let summary = "The elementwise sum of all inputs, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %m = onnx.Sum %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$data);
  let results = (outs AnyTensor:$sum);
}

def ONNX_MeanOp : ONNX_Op<"Mean", [SameOperandsAndResultElementType, ResultsBroadcastableShape]> {
  let summary = "The elementwise mean of all inputs, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %m = onnx.Mean %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$data);
  let results = (outs AnyTensor:$mean);
}

//===-- Logic and comparison ------------------------------------------------===//

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

def ONNX_IsNaNOp : ONNX_Op<"IsNaN", [SameOperandsAndResultShape]> {
  let summary = "Whether X is not a number";
  let description = [{
    Example:
    ```mlir
    %y = onnx.IsNaN %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins AnyTensor:$X);
  let results = (outs TensorOf<[I1]>:$Y);
}

def ONNX_IsInfOp : ONNX_Op<"IsInf", [SameOperandsAndResultShape]> {
  let summary = "Whether X is an infinity of a sign that is asked for";
  let description = [{
    Example:
    ```mlir
    %y = onnx.IsInf %x {detect_negative = 1 : i64, detect_positive = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins AnyTensor:$X, I64Attr:$detect_negative, I64Attr:$detect_positive);
  let results = (outs TensorOf<[I1]>:$Y);
  let hasVerifier = 1;
}

def ONNX_NotOp : ONNX_Op<"Not", [SameOperandsAndResultShape]> {
  let summary = "Y = not X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Not %x : (tensor<3xi1>) -> tensor<3xi1>
    ```
  }];
  let arguments = (ins TensorOf<[I1]>:$X);
  let results = (outs TensorOf<[I1]>:$Y);
}

def ONNX_EqualOp : ONNX_Compare<"Equal", [Commutative]> {
  let summary = "C = (A == B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Equal %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_GreaterOp : ONNX_Compare<"Greater"> {
  let summary = "C = (A > B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Greater %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_GreaterOrEqualOp : ONNX_Compare<"GreaterOrEqual"> {
  let summary = "C = (A >= B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.GreaterOrEqual %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_LessOp : ONNX_Compare<"Less"> {
  let summary = "C = (A < B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.Less %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_LessOrEqualOp : ONNX_Compare<"LessOrEqual"> {
  let summary = "C = (A <= B)";
  let description = [{
    Example:
    ```mlir
    %c = onnx.LessOrEqual %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
    ```
  }];
}

def ONNX_WhereOp : ONNX_Op<"Where", [ResultsBroadcastableShape]> {
  let summary = "X where the condition holds, else Y, with numpy broadcasting";
  let description = [{
    Example:
    ```mlir
    %z = onnx.Where %condition, %x, %y : (tensor<2x3xi1>, tensor<3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins TensorOf<[I1]>:$condition, AnyTensor:$X, AnyTensor:$Y);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_CastOp : ONNX_Op<"Cast", [SameOperandsAndResultShape]> {
  let summary = "The input in the element type of the result; floats are truncated towards zero when they become integers";
  let description = [{
    ONNX's attribute `to` is the element type of the result.

    Example:
    ```mlir
    %y = onnx.Cast %x : (tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
}

def ONNX_QuantizeLinearOp : ONNX_Op<"QuantizeLinear"> {
  let summary = "Y = X / scale, rounded half to even, plus the zero point, saturated to the type of the result";
  let description = [{
    The scale has one element, or one for each element of `axis`. A zero point that is left
    out is 0.

    Example:
    ```mlir
    %y = onnx.QuantizeLinear %x, %scale, %zero {axis = 1 : i64} : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
    ```
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$y_scale, ONNX_Optional:$y_zero_point, I64Attr:$axis);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

def ONNX_DequantizeLinearOp : ONNX_Op<"DequantizeLinear"> {
  let summary = "Y = (X - zero point) * scale";
  let description = [{
    The scale has one element, or one for each element of `axis`. A zero point that is left
    out is 0.

    Example:
    ```mlir
    %y = onnx.DequantizeLinear %x, %scale, %zero {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$x_scale, ONNX_Optional:$x_zero_point, I64Attr:$axis);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

//===-- Values and shapes ---------------------------------------------------===//

def ONNX_NoValueOp : ONNX_Op<"NoValue"> {
  let summary = "Stands for an optional input that a node leaves out";
  let description = [{
    Example:
    ```mlir
    %none = onnx.NoValue : () -> none
    ```
  }];
  let arguments = (ins);
  let results = (outs NoneType:$none);
}

def ONNX_IdentityOp : ONNX_Unary<"Identity"> {
  let summary = "Y = X";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let hasFolder = 1;
}

def ONNX_ConstantOp : ONNX_Op<"Constant", [ConstantLike]> {
  let summary = "A tensor that is known at compile time";
  let description = [{
    An initializer of the graph and a Constant node both become this operation.

    Example:
    ```mlir
    %c = onnx.Constant {value = dense<[1, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_ConstantOfShapeOp : ONNX_Op<"ConstantOfShape"> {
  let summary = "A tensor of the given shape, filled with the one element of `value`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
    ```
  }];
  let arguments = (ins TensorOf<[I64]>:$input, ElementsAttr:$value);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_ShapeOp : ONNX_Op<"Shape"> {
  let summary = "The dimensions of the input, from `start` up to but not including `end`";
  let description = [{
    Negative positions count from the rank; positions beyond it are clamped.

    Example:
    ```mlir
    %s = onnx.Shape %x {start = 0 : i64} : (tensor<?x?xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins AnyTensor:$data, I64Attr:$start, OptionalAttr<I64Attr>:$end);
  let results = (outs TensorOf<[I64]>:$shape);
}

def ONNX_SizeOp : ONNX_Op<"Size"> {
  let summary = "The number of elements of the input";
  let description = [{
    Example:
    ```mlir
    %n = onnx.Size %x : (tensor<?x?xf32>) -> tensor<i64>
    ```
  }];
  let arguments = (ins AnyTensor:$data);
  let results = (outs TensorOf<[I64]>:$size);
}

def ONNX_RangeOp : ONNX_Op<"Range", [SameOperandsAndResultElementType]> {
  let summary = "start, start + delta, ... as long as it does not reach limit";
  let description = [{
    Example:
    ```mlir
    %r = onnx.Range %start, %limit, %delta : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    ```
  }];
  let arguments = (ins AnyTensor:$start, AnyTensor:$limit, AnyTensor:$delta);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

//===-- Data movement -------------------------------------------------------===//

def ONNX_GatherOp : ONNX_Op<"Gather"> {
  let summary = "Slices of `data` along `axis`, chosen by `indices`; negative indices count from the end";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Gather %data, %indices {axis = 0 : i64} : (tensor<100x8xf32>, tensor<2x3xi64>) -> tensor<2x3x8xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, TensorOf<[I32, I64]>:$indices, I64Attr:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_GatherElementsOp : ONNX_Op<"GatherElements"> {
  let summary = "Elements of `data` at the places of `indices`, but for `axis`, where the index says which; negative indices count from the end";
  let description = [{
    Example:
    ```mlir
    %y = onnx.GatherElements %data, %indices {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, TensorOf<[I32, I64]>:$indices, I64Attr:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_TriluOp : ONNX_Op<"Trilu"> {
  let summary = "The input with zeros below (upper = 1) or above (0) the `k`-th diagonal of its last two axes";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Trilu %x, %none {upper = 1 : i64} : (tensor<2x4x4xf32>, none) -> tensor<2x4x4xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, ONNX_Optional:$k, I64Attr:$upper);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_ConcatOp : ONNX_Op<"Concat", [SameOperandsAndResultElementType]> {
  let summary = "The inputs, one after the other along `axis`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
    ```
  }];
  let arguments = (ins Variadic<AnyTensor>:$inputs, I64Attr:$axis);
  let results = (outs AnyTensor:$concat_result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_SliceOp : ONNX_Op<"Slice"> {
  let summary = "The part of `data` from `starts` to `ends` by `steps` on `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Slice %data, %starts, %ends, %axes, %none : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<2x8xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, TensorOf<[I32, I64]>:$starts, TensorOf<[I32, I64]>:$ends, ONNX_Optional:$axes, ONNX_Optional:$steps);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_SplitOp : ONNX_Op<"Split"> {
  let summary = "The input cut along `axis` into pieces of the sizes in `split`, or into equal pieces";
  let description = [{
    Example:
    ```mlir
    %a, %b = onnx.Split %x, %none {axis = 0 : i64} : (tensor<4x8xf32>, none) -> (tensor<2x8xf32>, tensor<2x8xf32>)
    ```
  }];
  let arguments = (ins AnyTensor:$input, ONNX_Optional:$split, I64Attr:$axis);
  let results = (outs Variadic<AnyTensor>:$outputs);
  let hasVerifier = 1;
}

def ONNX_SqueezeOp : ONNX_Op<"Squeeze"> {
  let summary = "The input without the axes of length 1 that `axes` lists, or without all such axes";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Squeeze %x, %axes : (tensor<1x8xf32>, tensor<1xi64>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, ONNX_Optional:$axes);
  let results = (outs AnyTensor:$squeezed);
  let hasVerifier = 1;
}

def ONNX_UnsqueezeOp : ONNX_Op<"Unsqueeze"> {
  let summary = "The input with axes of length 1 put in, so that they stand at `axes` of the result";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Unsqueeze %x, %axes : (tensor<8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, TensorOf<[I64]>:$axes);
  let results = (outs AnyTensor:$expanded);
  let hasVerifier = 1;
}

def ONNX_ReshapeOp : ONNX_Op<"Reshape"> {
  let summary = "The elements of `data` in the same order in another shape";
  let description = [{
    In `shape` one element may be -1, which stands for what is left; 0 copies the dimension
    of `data` at the same position unless `allowzero` is 1.

    Example:
    ```mlir
    %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<2x8xf32>, tensor<3xi64>) -> tensor<2x4x2xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, TensorOf<[I64]>:$shape, I64Attr:$allowzero);
  let results = (outs AnyTensor:$reshaped);
  let hasVerifier = 1;
}

def ONNX_FlattenOp : ONNX_Op<"Flatten"> {
  let summary = "The input as a matrix: the axes before `axis` become the rows";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Flatten %x {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, I64Attr:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_ExpandOp : ONNX_Op<"Expand"> {
  let summary = "The input broadcast against `shape` by the rules of numpy";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Expand %x, %shape : (tensor<1x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, TensorOf<[I64]>:$shape);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_TransposeOp : ONNX_Op<"Transpose", [SameOperandsAndResultElementType]> {
  let summary = "The input with its axes permuted: axis i of the result is axis perm[i] of the input";
  let description = [{
    Without `perm` the axes are reversed.

    Example:
    ```mlir
    %y = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, OptionalAttr<DenseI64ArrayAttr>:$perm);
  let results = (outs AnyTensor:$transposed);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ONNX_TileOp : ONNX_Op<"Tile"> {
  let summary = "The input repeated `repeats[i]` times along axis i";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, TensorOf<[I64]>:$repeats);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_DropoutOp : ONNX_Op<"Dropout"> {
  let summary = "The input: at inference nothing is dropped";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Dropout %x, %none, %none : (tensor<2x3xf32>, none, none) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, ONNX_Optional:$ratio, ONNX_Optional:$training_mode);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===-- Linear algebra and reductions ---------------------------------------===//

def ONNX_MatMulOp : ONNX_Op<"MatMul", [SameOperandsAndResultElementType]> {
  let summary = "The matrix product by the rules of numpy.matmul; leading axes are broadcast";
  let description = [{
    Example:
    ```mlir
    %y = onnx.MatMul %a, %b : (tensor<2x3x4xf32>, tensor<4x5xf32>) -> tensor<2x3x5xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

def ONNX_GemmOp : ONNX_Op<"Gemm"> {
  let summary = "Y = alpha * A' * B' + beta * C, where A' and B' are transposed as the flags say and C is broadcast";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Gemm %a, %b, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<2x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, ONNX_Optional:$C, F32Attr:$alpha, F32Attr:$beta, I64Attr:$transA, I64Attr:$transB);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

def ONNX_SoftmaxOp : ONNX_Op<"Softmax", [SameOperandsAndResultElementType, SameOperandsAndResultShape]> {
  let summary = "exp(x) divided by its sum along `axis`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.Softmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, I64Attr:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_LogSoftmaxOp : ONNX_Op<"LogSoftmax", [SameOperandsAndResultElementType, SameOperandsAndResultShape]> {
  let summary = "The logarithm of the softmax along `axis`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.LogSoftmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$input, I64Attr:$axis);
  let results = (outs AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_LayerNormalizationOp : ONNX_Op<"LayerNormalization"> {
  let summary = "(X - mean) / sqrt(variance + epsilon) * Scale + B over the axes from `axis` on";
  let description = [{
    Example:
    ```mlir
    %y = onnx.LayerNormalization %x, %scale, %b {axis = -1 : i64, epsilon = 1.0e-12 : f32, stash_type = 1 : i64} : (tensor<2x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$Scale, ONNX_Optional:$B, I64Attr:$axis, F32Attr:$epsilon, I64Attr:$stash_type);
  let results = (outs AnyTensor:$Y);
  let hasVerifier = 1;
}

def ONNX_ReduceMeanOp : ONNX_Reduce<"ReduceMean"> {
  let summary = "The mean over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceMean %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceMaxOp : ONNX_Reduce<"ReduceMax"> {
  let summary = "The maximum over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceMax %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceMinOp : ONNX_Reduce<"ReduceMin"> {
  let summary = "The minimum over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceMin %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceL1Op : ONNX_Reduce<"ReduceL1"> {
  let summary = "The sum of absolute values over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceL1 %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceL2Op : ONNX_Reduce<"ReduceL2"> {
  let summary = "The square root of the sum of squares over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceL2 %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceProdOp : ONNX_Reduce<"ReduceProd"> {
  let summary = "The product over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceProd %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceSumSquareOp : ONNX_Reduce<"ReduceSumSquare"> {
  let summary = "The sum of squares over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceSumSquare %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ReduceLogSumOp : ONNX_Reduce<"ReduceLogSum"> {
  let summary = "The natural logarithm of the sum over `axes`";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ReduceLogSum %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
}

def ONNX_ArgMaxOp : ONNX_Op<"ArgMax"> {
  let summary = "The index of the largest element along `axis`: of the first one, or with select_last_index of the last";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ArgMax %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x3xf32>) -> tensor<1x3xi64>
    ```
  }];
  let arguments = (ins AnyTensor:$data, I64Attr:$axis, I64Attr:$keepdims, I64Attr:$select_last_index);
  let results = (outs TensorOf<[I64]>:$reduced);
  let hasVerifier = 1;
}

def ONNX_ArgMinOp : ONNX_Op<"ArgMin"> {
  let summary = "The index of the smallest element along `axis`: of the first one, or with select_last_index of the last";
  let description = [{
    Example:
    ```mlir
    %y = onnx.ArgMin %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x3xf32>) -> tensor<1x3xi64>
    ```
  }];
  let arguments = (ins AnyTensor:$data, I64Attr:$axis, I64Attr:$keepdims, I64Attr:$select_last_index);
  let results = (outs TensorOf<[I64]>:$reduced);
  let hasVerifier = 1;
}

def ONNX_ReduceSumOp : ONNX_Op<"ReduceSum"> {
  let summary = "The sum over `axes`";
  let description = [{
    Without axes it covers all, unless `noop_with_empty_axes` is 1.

    Example:
    ```mlir
    %y = onnx.ReduceSum %x, %axes {keepdims = 0 : i64, noop_with_empty_axes = 0 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$data, ONNX_Optional:$axes, I64Attr:$keepdims, I64Attr:$noop_with_empty_axes);
  let results = (outs AnyTensor:$reduced);
  let hasVerifier = 1;
}

#endif // DIALECTS_ONNX_ONNXOPS
