// Shapes that contradict each other.
// RUN: bnn-opt %s --onnx-fold -split-input-file -verify-diagnostics

func.func @reshape(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[4, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{cannot reshape [2, 3] to [4, 2]}}
  %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @broadcast(%x: tensor<?x3xf32> {onnx.dims = ["n", 3]}, %shape: tensor<2xi64>) -> tensor<*xf32> {
  %y = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<?x3xf32>) -> tensor<*xf32>
  %c = onnx.Constant {value = dense<1.0> : tensor<4x1xf32>} : () -> tensor<4x1xf32>
  // expected-error @+1 {{cannot broadcast [3, n] and [4, 1]}}
  %z = onnx.Add %y, %c : (tensor<*xf32>, tensor<4x1xf32>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

func.func @matmul(%x: tensor<2x3xf32>, %w: tensor<5x3xf32>) -> tensor<*xf32> {
  %y = onnx.Transpose %x : (tensor<2x3xf32>) -> tensor<*xf32>
  // expected-error @+1 {{cannot multiply matrices of shapes [3, 2] and [5, 3]}}
  %z = onnx.MatMul %y, %w : (tensor<*xf32>, tensor<5x3xf32>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

func.func @type(%x: tensor<2x3xf32>) -> tensor<4x?xf32> {
  // expected-error @+1 {{has a result dimension of 3 but its type is 'tensor<4x?xf32>'}}
  %y = onnx.Transpose %x : (tensor<2x3xf32>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

func.func @squeeze(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %axes = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{axis 1 of [2, 3] is not 1}}
  %y = onnx.Squeeze %x, %axes : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @split(%x: tensor<5xf32>) -> tensor<*xf32> {
  %sizes = onnx.Constant {value = dense<[2, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{the pieces make 4 but the axis has 5}}
  %a, %b = onnx.Split %x, %sizes {axis = 0 : i64} : (tensor<5xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %a : tensor<*xf32>
}

// -----

func.func @concat(%x: tensor<2x5xf32>, %y: tensor<3x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{cannot join [2, 5] and [3, 5]}}
  %a = onnx.Concat %x, %y {axis = 1 : i64} : (tensor<2x5xf32>, tensor<3x5xf32>) -> tensor<*xf32>
  return %a : tensor<*xf32>
}

// -----

func.func @range_step(%x: tensor<i64>) -> tensor<?xi64> {
  %none = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  // expected-error @+1 {{has a step of 0}}
  %y = onnx.Range %x, %x, %none : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

func.func @range_nan(%x: tensor<f32>) -> tensor<?xf32> {
  %nan = onnx.Constant {value = dense<0x7FC00000> : tensor<f32>} : () -> tensor<f32>
  // expected-error @+1 {{has a bound or a step that is NaN}}
  %y = onnx.Range %x, %nan, %x : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @tile_overflows(%x: tensor<2xf32>) -> tensor<*xf32> {
  %times = onnx.Constant {value = dense<4611686018427387904> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{repeats a dimension of 2 elements 4611686018427387904 times, which is too large}}
  %y = onnx.Tile %x, %times : (tensor<2xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @inferred_twice(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[-1, -1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{shape [-1, -1] has -1 twice}}
  %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @copied(%x: tensor<6xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[6, 0]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{shape [6, 0] copies axis 1 of [6]}}
  %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<6xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @negative(%x: tensor<6xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[6, -2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{shape [6, -2] has a negative dimension}}
  %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<6xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @negative_constant() -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[6, -2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{shape [6, -2] has a negative dimension}}
  %y = onnx.ConstantOfShape %shape {value = dense<0.0> : tensor<1xf32>} : (tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @negative_expand(%x: tensor<1xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[6, -2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{shape [6, -2] has a negative dimension}}
  %y = onnx.Expand %x, %shape : (tensor<1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @permutation(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %y = onnx.Transpose %x : (tensor<2x3xf32>) -> tensor<*xf32>
  // expected-error @+1 {{perm has 3 axes but the input has rank 2}}
  %z = onnx.Transpose %y {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

func.func @repeats(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %repeats = onnx.Constant {value = dense<2> : tensor<3xi64>} : () -> tensor<3xi64>
  // expected-error @+1 {{repeats has 3 elements for rank 2}}
  %y = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pieces(%x: tensor<6xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %split = onnx.Constant {value = dense<2> : tensor<3xi64>} : () -> tensor<3xi64>
  // expected-error @+1 {{split lists 3 pieces for 2 outputs}}
  %y:2 = onnx.Split %x, %split {axis = 0 : i64} : (tensor<6xf32>, tensor<3xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0, %y#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

func.func @scatter_ranks(%x: tensor<?xf32>, %i: tensor<?x?xi64>, %u: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{data, indices and updates differ in rank}}
  %0 = onnx.ScatterElements %x, %i, %u {axis = 0 : i64, reduction = 0 : i64} : (tensor<?xf32>, tensor<?x?xi64>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @slice_lengths(%x: tensor<4x4xf32>) -> tensor<?x?xf32> {
  %two = onnx.Constant {value = dense<[0, 0]> : tensor<2xi64>} : () -> tensor<2xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %axes = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{starts, ends, axes and steps differ in length}}
  %0 = onnx.Slice %x, %two, %one, %axes, %two : (tensor<4x4xf32>, tensor<2xi64>, tensor<1xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @slice_step(%x: tensor<4xf32>) -> tensor<?xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %two = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{a step is 0}}
  %0 = onnx.Slice %x, %zero, %two, %zero, %zero : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @squeeze(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{axis 0 of [2, 3] is not 1}}
  %0 = onnx.Squeeze %x, %axis : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @tile_negative(%x: tensor<2xf32>) -> tensor<?xf32> {
  %times = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{repeats is negative}}
  %0 = onnx.Tile %x, %times : (tensor<2xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @gemm(%x: tensor<2x3xf32>, %y: tensor<4x2xf32>) -> tensor<2x2xf32> {
  %n = onnx.NoValue : () -> none
  // expected-error @+1 {{operand shapes do not fit: [2, 3] by [4, 2]}}
  %0 = onnx.Gemm %x, %y, %n {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<2x3xf32>, tensor<4x2xf32>, none) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @expand(%x: tensor<2xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<3> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{cannot broadcast [2] and [3]}}
  %0 = onnx.Expand %x, %shape : (tensor<2xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @slice_axis(%x: tensor<4x8xf32>) -> tensor<*xf32> {
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %axes = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{axis 2 is out of range for rank 2}}
  %0 = onnx.Slice %x, %one, %one, %axes, %one : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @another_rank(%x: tensor<2x3xf32>) -> tensor<2x3x1xf32> {
  %shape = onnx.Constant {value = dense<[3, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{has a result of rank 2 but its type is 'tensor<2x3x1xf32>'}}
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3x1xf32>
  return %0 : tensor<2x3x1xf32>
}

// -----

func.func @expand(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %shape = onnx.Constant {value = dense<[4, 3]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{'onnx.Expand' op cannot broadcast [2, 3] and [4, 3]}}
  %y = onnx.Expand %x, %shape : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
