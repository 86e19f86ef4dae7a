// Every operation, in the form of the example of its description, survives a
// round trip.
// RUN: bnn-opt %s | bnn-opt | FileCheck %s

// CHECK-LABEL: @Add
// CHECK: onnx.Add{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Add(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %c = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: @Sub
// CHECK: onnx.Sub{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Sub(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %c = onnx.Sub %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: @Mul
// CHECK: onnx.Mul{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Mul(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %c = onnx.Mul %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: @Div
// CHECK: onnx.Div{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Div(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %c = onnx.Div %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: @Pow
// CHECK: onnx.Pow{{.*}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
func.func @Pow(%x: tensor<2x3xf32>, %y: tensor<f32>) -> (tensor<2x3xf32>) {
  %z = onnx.Pow %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// CHECK-LABEL: @Neg
// CHECK: onnx.Neg{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Neg(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Abs
// CHECK: onnx.Abs{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Abs(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Sqrt
// CHECK: onnx.Sqrt{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Sqrt(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Reciprocal
// CHECK: onnx.Reciprocal{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Reciprocal(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Exp
// CHECK: onnx.Exp{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Exp(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Log
// CHECK: onnx.Log{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Log(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Erf
// CHECK: onnx.Erf{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Erf(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Tanh
// CHECK: onnx.Tanh{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Tanh(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Sigmoid
// CHECK: onnx.Sigmoid{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Sigmoid(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Relu
// CHECK: onnx.Relu{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Relu(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Sign
// CHECK: onnx.Sign{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Sign(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Sign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Round
// CHECK: onnx.Round{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Round(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Round %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Floor
// CHECK: onnx.Floor{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Floor(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Ceil
// CHECK: onnx.Ceil{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Ceil(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Clip
// CHECK: onnx.Clip{{.*}} : (tensor<2x3xf32>, tensor<f32>, none) -> tensor<2x3xf32>
func.func @Clip(%x: tensor<2x3xf32>, %lower: tensor<f32>, %upper: none) -> (tensor<2x3xf32>) {
  %y = onnx.Clip %x, %lower, %upper : (tensor<2x3xf32>, tensor<f32>, none) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Max
// CHECK: onnx.Max{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Max(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %m = onnx.Max %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %m : tensor<2x3xf32>
}

// CHECK-LABEL: @Min
// CHECK: onnx.Min{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Min(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %m = onnx.Min %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %m : tensor<2x3xf32>
}

// CHECK-LABEL: @And
// CHECK: onnx.And{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
func.func @And(%a: tensor<2x3xi1>, %b: tensor<3xi1>) -> (tensor<2x3xi1>) {
  %c = onnx.And %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @Or
// CHECK: onnx.Or{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
func.func @Or(%a: tensor<2x3xi1>, %b: tensor<3xi1>) -> (tensor<2x3xi1>) {
  %c = onnx.Or %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @Not
// CHECK: onnx.Not{{.*}} : (tensor<3xi1>) -> tensor<3xi1>
func.func @Not(%x: tensor<3xi1>) -> (tensor<3xi1>) {
  %y = onnx.Not %x : (tensor<3xi1>) -> tensor<3xi1>
  return %y : tensor<3xi1>
}

// CHECK-LABEL: @Equal
// CHECK: onnx.Equal{{.*}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
func.func @Equal(%a: tensor<2x3xf32>, %b: tensor<f32>) -> (tensor<2x3xi1>) {
  %c = onnx.Equal %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @Greater
// CHECK: onnx.Greater{{.*}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
func.func @Greater(%a: tensor<2x3xf32>, %b: tensor<f32>) -> (tensor<2x3xi1>) {
  %c = onnx.Greater %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @GreaterOrEqual
// CHECK: onnx.GreaterOrEqual{{.*}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
func.func @GreaterOrEqual(%a: tensor<2x3xf32>, %b: tensor<f32>) -> (tensor<2x3xi1>) {
  %c = onnx.GreaterOrEqual %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @Less
// CHECK: onnx.Less{{.*}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
func.func @Less(%a: tensor<2x3xf32>, %b: tensor<f32>) -> (tensor<2x3xi1>) {
  %c = onnx.Less %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @LessOrEqual
// CHECK: onnx.LessOrEqual{{.*}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
func.func @LessOrEqual(%a: tensor<2x3xf32>, %b: tensor<f32>) -> (tensor<2x3xi1>) {
  %c = onnx.LessOrEqual %a, %b : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @Where
// CHECK: onnx.Where{{.*}} : (tensor<2x3xi1>, tensor<3xf32>, tensor<f32>) -> tensor<2x3xf32>
func.func @Where(%condition: tensor<2x3xi1>, %x: tensor<3xf32>, %y: tensor<f32>) -> (tensor<2x3xf32>) {
  %z = onnx.Where %condition, %x, %y : (tensor<2x3xi1>, tensor<3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// CHECK-LABEL: @Cast
// CHECK: onnx.Cast{{.*}} : (tensor<2x3xi64>) -> tensor<2x3xf32>
func.func @Cast(%x: tensor<2x3xi64>) -> (tensor<2x3xf32>) {
  %y = onnx.Cast %x : (tensor<2x3xi64>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @NoValue
// CHECK: onnx.NoValue{{.*}} : () -> none
func.func @NoValue() -> (none) {
  %none = onnx.NoValue : () -> none
  return %none : none
}

// CHECK-LABEL: @RoundToHalf
// CHECK: onnx.RoundToHalf{{.*}} {format = bf16} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @RoundToHalf(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.RoundToHalf %x {format = bf16} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Identity
// CHECK: onnx.Identity{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Identity(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Constant
// CHECK: onnx.Constant{{.*}} : () -> tensor<2xi64>
func.func @Constant() -> (tensor<2xi64>) {
  %c = onnx.Constant {value = dense<[1, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  return %c : tensor<2xi64>
}

// CHECK-LABEL: @ConstantOfShape
// CHECK: onnx.ConstantOfShape{{.*}} : (tensor<2xi64>) -> tensor<?x?xi64>
func.func @ConstantOfShape(%shape: tensor<2xi64>) -> (tensor<?x?xi64>) {
  %y = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
  return %y : tensor<?x?xi64>
}

// CHECK-LABEL: @Shape
// CHECK: onnx.Shape{{.*}} : (tensor<?x?xf32>) -> tensor<2xi64>
func.func @Shape(%x: tensor<?x?xf32>) -> (tensor<2xi64>) {
  %s = onnx.Shape %x {start = 0 : i64} : (tensor<?x?xf32>) -> tensor<2xi64>
  return %s : tensor<2xi64>
}

// CHECK-LABEL: @Size
// CHECK: onnx.Size{{.*}} : (tensor<?x?xf32>) -> tensor<i64>
func.func @Size(%x: tensor<?x?xf32>) -> (tensor<i64>) {
  %n = onnx.Size %x : (tensor<?x?xf32>) -> tensor<i64>
  return %n : tensor<i64>
}

// CHECK-LABEL: @Range
// CHECK: onnx.Range{{.*}} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
func.func @Range(%start: tensor<i64>, %limit: tensor<i64>, %delta: tensor<i64>) -> (tensor<?xi64>) {
  %r = onnx.Range %start, %limit, %delta : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

// CHECK-LABEL: @Gather
// CHECK: onnx.Gather{{.*}} : (tensor<100x8xf32>, tensor<2x3xi64>) -> tensor<2x3x8xf32>
func.func @Gather(%data: tensor<100x8xf32>, %indices: tensor<2x3xi64>) -> (tensor<2x3x8xf32>) {
  %y = onnx.Gather %data, %indices {axis = 0 : i64} : (tensor<100x8xf32>, tensor<2x3xi64>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}

// CHECK-LABEL: @Concat
// CHECK: onnx.Concat{{.*}} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
func.func @Concat(%a: tensor<2xi64>, %b: tensor<1xi64>) -> (tensor<3xi64>) {
  %y = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// CHECK-LABEL: @Slice
// CHECK: onnx.Slice{{.*}} : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<2x8xf32>
func.func @Slice(%data: tensor<4x8xf32>, %starts: tensor<1xi64>, %ends: tensor<1xi64>, %axes: tensor<1xi64>, %none: none) -> (tensor<2x8xf32>) {
  %y = onnx.Slice %data, %starts, %ends, %axes, %none : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// CHECK-LABEL: @Split
// CHECK: onnx.Split{{.*}} : (tensor<4x8xf32>, none) -> (tensor<2x8xf32>, tensor<2x8xf32>)
func.func @Split(%x: tensor<4x8xf32>, %none: none) -> (tensor<2x8xf32>, tensor<2x8xf32>) {
  %a, %b = onnx.Split %x, %none {axis = 0 : i64} : (tensor<4x8xf32>, none) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return %a, %b : tensor<2x8xf32>, tensor<2x8xf32>
}

// CHECK-LABEL: @Squeeze
// CHECK: onnx.Squeeze{{.*}} : (tensor<1x8xf32>, tensor<1xi64>) -> tensor<8xf32>
func.func @Squeeze(%x: tensor<1x8xf32>, %axes: tensor<1xi64>) -> (tensor<8xf32>) {
  %y = onnx.Squeeze %x, %axes : (tensor<1x8xf32>, tensor<1xi64>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: @Unsqueeze
// CHECK: onnx.Unsqueeze{{.*}} : (tensor<8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
func.func @Unsqueeze(%x: tensor<8xf32>, %axes: tensor<1xi64>) -> (tensor<1x8xf32>) {
  %y = onnx.Unsqueeze %x, %axes : (tensor<8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}

// CHECK-LABEL: @Reshape
// CHECK: onnx.Reshape{{.*}} : (tensor<2x8xf32>, tensor<3xi64>) -> tensor<2x4x2xf32>
func.func @Reshape(%x: tensor<2x8xf32>, %shape: tensor<3xi64>) -> (tensor<2x4x2xf32>) {
  %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<2x8xf32>, tensor<3xi64>) -> tensor<2x4x2xf32>
  return %y : tensor<2x4x2xf32>
}

// CHECK-LABEL: @Flatten
// CHECK: onnx.Flatten{{.*}} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
func.func @Flatten(%x: tensor<2x3x4xf32>) -> (tensor<2x12xf32>) {
  %y = onnx.Flatten %x {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
  return %y : tensor<2x12xf32>
}

// CHECK-LABEL: @Expand
// CHECK: onnx.Expand{{.*}} : (tensor<1x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
func.func @Expand(%x: tensor<1x8xf32>, %shape: tensor<2xi64>) -> (tensor<?x8xf32>) {
  %y = onnx.Expand %x, %shape : (tensor<1x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: @Transpose
// CHECK: onnx.Transpose{{.*}} : (tensor<2x3xf32>) -> tensor<3x2xf32>
func.func @Transpose(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>) {
  %y = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CHECK-LABEL: @Tile
// CHECK: onnx.Tile{{.*}} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
func.func @Tile(%x: tensor<2x3xf32>, %repeats: tensor<2xi64>) -> (tensor<4x3xf32>) {
  %y = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// CHECK-LABEL: @Dropout
// CHECK: onnx.Dropout{{.*}} : (tensor<2x3xf32>, none, none) -> tensor<2x3xf32>
func.func @Dropout(%x: tensor<2x3xf32>, %none: none) -> (tensor<2x3xf32>) {
  %y = onnx.Dropout %x, %none, %none : (tensor<2x3xf32>, none, none) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @MatMul
// CHECK: onnx.MatMul{{.*}} : (tensor<2x3x4xf32>, tensor<4x5xf32>) -> tensor<2x3x5xf32>
func.func @MatMul(%a: tensor<2x3x4xf32>, %b: tensor<4x5xf32>) -> (tensor<2x3x5xf32>) {
  %y = onnx.MatMul %a, %b : (tensor<2x3x4xf32>, tensor<4x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// CHECK-LABEL: @Gemm
// CHECK: onnx.Gemm{{.*}} : (tensor<2x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<2x5xf32>
func.func @Gemm(%a: tensor<2x4xf32>, %b: tensor<5x4xf32>, %c: tensor<5xf32>) -> (tensor<2x5xf32>) {
  %y = onnx.Gemm %a, %b, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<2x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// CHECK-LABEL: @Softmax
// CHECK: onnx.Softmax{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Softmax(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Softmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @LogSoftmax
// CHECK: onnx.LogSoftmax{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @LogSoftmax(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.LogSoftmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @LayerNormalization
// CHECK: onnx.LayerNormalization{{.*}} : (tensor<2x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
func.func @LayerNormalization(%x: tensor<2x8xf32>, %scale: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<2x8xf32>) {
  %y = onnx.LayerNormalization %x, %scale, %b {axis = -1 : i64, epsilon = 1.0e-12 : f32, stash_type = 1 : i64} : (tensor<2x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// CHECK-LABEL: @ReduceMean
// CHECK: onnx.ReduceMean{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceMean(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceMean %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ReduceMax
// CHECK: onnx.ReduceMax{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceMax(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceMax %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ReduceMin
// CHECK: onnx.ReduceMin{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceMin(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceMin %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ReduceL1
// CHECK: onnx.ReduceL1{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceL1(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceL1 %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ReduceSum
// CHECK: onnx.ReduceSum{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2xf32>
func.func @ReduceSum(%x: tensor<2x3xf32>, %axes: tensor<1xi64>) -> (tensor<2xf32>) {
  %y = onnx.ReduceSum %x, %axes {keepdims = 0 : i64, noop_with_empty_axes = 0 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: @LeakyRelu
// CHECK: onnx.LeakyRelu{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @LeakyRelu(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.LeakyRelu %x {alpha = 0.01 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Elu
// CHECK: onnx.Elu{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Elu(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Elu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Celu
// CHECK: onnx.Celu{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Celu(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Celu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Selu
// CHECK: onnx.Selu{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Selu(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Selu %x {alpha = 1.67326 : f32, gamma = 1.0507 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @HardSigmoid
// CHECK: onnx.HardSigmoid{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @HardSigmoid(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.HardSigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @HardSwish
// CHECK: onnx.HardSwish{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @HardSwish(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.HardSwish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Softplus
// CHECK: onnx.Softplus{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Softplus(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Softplus %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Softsign
// CHECK: onnx.Softsign{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @Softsign(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.Softsign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @ThresholdedRelu
// CHECK: onnx.ThresholdedRelu{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @ThresholdedRelu(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.ThresholdedRelu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @PRelu
// CHECK: onnx.PRelu{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @PRelu(%x: tensor<2x3xf32>, %slope: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %y = onnx.PRelu %x, %slope : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Sum
// CHECK: onnx.Sum{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Sum(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %m = onnx.Sum %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %m : tensor<2x3xf32>
}

// CHECK-LABEL: @Mean
// CHECK: onnx.Mean{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @Mean(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> (tensor<2x3xf32>) {
  %m = onnx.Mean %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %m : tensor<2x3xf32>
}

// CHECK-LABEL: @Xor
// CHECK: onnx.Xor{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
func.func @Xor(%a: tensor<2x3xi1>, %b: tensor<3xi1>) -> (tensor<2x3xi1>) {
  %c = onnx.Xor %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: @IsNaN
// CHECK: onnx.IsNaN{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xi1>
func.func @IsNaN(%x: tensor<2x3xf32>) -> (tensor<2x3xi1>) {
  %y = onnx.IsNaN %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return %y : tensor<2x3xi1>
}

// CHECK-LABEL: @IsInf
// CHECK: onnx.IsInf{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xi1>
func.func @IsInf(%x: tensor<2x3xf32>) -> (tensor<2x3xi1>) {
  %y = onnx.IsInf %x {detect_negative = 1 : i64, detect_positive = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return %y : tensor<2x3xi1>
}

// CHECK-LABEL: @QuantizeLinear
// CHECK: onnx.QuantizeLinear{{.*}} : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
func.func @QuantizeLinear(%x: tensor<2x3xf32>, %scale: tensor<f32>, %zero: tensor<ui8>) -> (tensor<2x3xui8>) {
  %y = onnx.QuantizeLinear %x, %scale, %zero {axis = 1 : i64} : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// CHECK-LABEL: @DequantizeLinear
// CHECK: onnx.DequantizeLinear{{.*}} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
func.func @DequantizeLinear(%x: tensor<2x3xui8>, %scale: tensor<f32>, %zero: tensor<ui8>) -> (tensor<2x3xf32>) {
  %y = onnx.DequantizeLinear %x, %scale, %zero {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// A list of one scale is as good as a scalar: beside a zero point that is one,
// and where the default axis is none of the input's.
// CHECK-LABEL: @OneScale
// CHECK: onnx.QuantizeLinear{{.*}} : (tensor<2x3xf32>, tensor<1xf32>, tensor<ui8>) -> tensor<2x3xui8>
// CHECK: onnx.DequantizeLinear{{.*}} : (tensor<2x3xui8>, tensor<f32>, tensor<1xui8>) -> tensor<2x3xf32>
// CHECK: onnx.DequantizeLinear{{.*}} : (tensor<3xi32>, tensor<1xf32>, tensor<i32>) -> tensor<3xf32>
// CHECK: onnx.DequantizeLinear{{.*}} : (tensor<3xi32>, tensor<1xf32>, none) -> tensor<3xf32>
func.func @OneScale(%x: tensor<2x3xf32>, %b: tensor<3xi32>, %scale: tensor<f32>, %scales: tensor<1xf32>, %zero: tensor<ui8>, %zeros: tensor<1xui8>, %wide: tensor<i32>) -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %none = onnx.NoValue : () -> none
  %q = onnx.QuantizeLinear %x, %scales, %zero {axis = 1 : i64} : (tensor<2x3xf32>, tensor<1xf32>, tensor<ui8>) -> tensor<2x3xui8>
  %y = onnx.DequantizeLinear %q, %scale, %zeros {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<1xui8>) -> tensor<2x3xf32>
  %c = onnx.DequantizeLinear %b, %scales, %wide {axis = 1 : i64} : (tensor<3xi32>, tensor<1xf32>, tensor<i32>) -> tensor<3xf32>
  %d = onnx.DequantizeLinear %b, %scales, %none {axis = 1 : i64} : (tensor<3xi32>, tensor<1xf32>, none) -> tensor<3xf32>
  return %y, %c, %d : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: @GatherElements
// CHECK: onnx.GatherElements{{.*}} : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
func.func @GatherElements(%data: tensor<2x8xf32>, %indices: tensor<2x3xi64>) -> (tensor<2x3xf32>) {
  %y = onnx.GatherElements %data, %indices {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @Trilu
// CHECK: onnx.Trilu{{.*}} : (tensor<2x4x4xf32>, none) -> tensor<2x4x4xf32>
func.func @Trilu(%x: tensor<2x4x4xf32>, %none: none) -> (tensor<2x4x4xf32>) {
  %y = onnx.Trilu %x, %none {upper = 1 : i64} : (tensor<2x4x4xf32>, none) -> tensor<2x4x4xf32>
  return %y : tensor<2x4x4xf32>
}

// CHECK-LABEL: @ReduceL2
// CHECK: onnx.ReduceL2{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceL2(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceL2 %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ReduceProd
// CHECK: onnx.ReduceProd{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceProd(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceProd %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ReduceSumSquare
// CHECK: onnx.ReduceSumSquare{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceSumSquare(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceSumSquare %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ReduceLogSum
// CHECK: onnx.ReduceLogSum{{.*}} : (tensor<2x3xf32>) -> tensor<2x1xf32>
func.func @ReduceLogSum(%x: tensor<2x3xf32>) -> (tensor<2x1xf32>) {
  %y = onnx.ReduceLogSum %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: @ArgMax
// CHECK: onnx.ArgMax{{.*}} : (tensor<2x3xf32>) -> tensor<1x3xi64>
func.func @ArgMax(%x: tensor<2x3xf32>) -> (tensor<1x3xi64>) {
  %y = onnx.ArgMax %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x3xf32>) -> tensor<1x3xi64>
  return %y : tensor<1x3xi64>
}

// CHECK-LABEL: @ArgMin
// CHECK: onnx.ArgMin{{.*}} : (tensor<2x3xf32>) -> tensor<1x3xi64>
func.func @ArgMin(%x: tensor<2x3xf32>) -> (tensor<1x3xi64>) {
  %y = onnx.ArgMin %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2x3xf32>) -> tensor<1x3xi64>
  return %y : tensor<1x3xi64>
}

// CHECK-LABEL: @Mod
// CHECK: onnx.Mod{{.*}} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi64>
func.func @Mod(%a: tensor<2x3xi64>, %b: tensor<3xi64>) -> (tensor<2x3xi64>) {
  %c = onnx.Mod %a, %b {fmod = 1 : i64} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi64>
  return %c : tensor<2x3xi64>
}

// CHECK-LABEL: @BitwiseAnd
// CHECK: onnx.BitwiseAnd{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
func.func @BitwiseAnd(%a: tensor<2x3xi32>, %b: tensor<3xi32>) -> (tensor<2x3xi32>) {
  %c = onnx.BitwiseAnd %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return %c : tensor<2x3xi32>
}

// CHECK-LABEL: @BitwiseOr
// CHECK: onnx.BitwiseOr{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
func.func @BitwiseOr(%a: tensor<2x3xi32>, %b: tensor<3xi32>) -> (tensor<2x3xi32>) {
  %c = onnx.BitwiseOr %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return %c : tensor<2x3xi32>
}

// CHECK-LABEL: @BitwiseXor
// CHECK: onnx.BitwiseXor{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
func.func @BitwiseXor(%a: tensor<2x3xi32>, %b: tensor<3xi32>) -> (tensor<2x3xi32>) {
  %c = onnx.BitwiseXor %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return %c : tensor<2x3xi32>
}

// CHECK-LABEL: @CumSum
// CHECK: onnx.CumSum{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @CumSum(%a: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %c = onnx.CumSum %a {axis = 1 : i64, exclusive = 1 : i64, reverse = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: @CumProd
// CHECK: onnx.CumProd{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @CumProd(%a: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  %c = onnx.CumProd %a {axis = 1 : i64, exclusive = 1 : i64, reverse = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: @TopKIndices
// CHECK: onnx.TopKIndices{{.*}} : (tensor<2x3xf32>) -> tensor<2x2xi64>
func.func @TopKIndices(%a: tensor<2x3xf32>) -> (tensor<2x2xi64>) {
  %c = onnx.TopKIndices %a {axis = 1 : i64, k = 2 : i64, largest = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x2xi64>
  return %c : tensor<2x2xi64>
}

// CHECK-LABEL: @ScatterElements
// CHECK: onnx.ScatterElements{{.*}} : (tensor<8x2xf32>, tensor<3x2xi64>, tensor<3x2xf32>) -> tensor<8x2xf32>
func.func @ScatterElements(%a: tensor<8x2xf32>, %b: tensor<3x2xi64>, %u: tensor<3x2xf32>) -> (tensor<8x2xf32>) {
  %c = onnx.ScatterElements %a, %b, %u {axis = 0 : i64, reduction = 1 : i64} : (tensor<8x2xf32>, tensor<3x2xi64>, tensor<3x2xf32>) -> tensor<8x2xf32>
  return %c : tensor<8x2xf32>
}

// An attribute that is left out has ONNX's default, and the default is not
// printed.
// CHECK-LABEL: @defaults
// CHECK: onnx.Softmax %{{[a-z0-9]+}} :
// CHECK: onnx.Softmax %{{[a-z0-9]+}} :
// CHECK: onnx.Softmax %{{[a-z0-9]+}} {axis = 0 : i64} :
func.func @defaults(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = onnx.Softmax %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = onnx.Softmax %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = onnx.Softmax %x {axis = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1, %2 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}
