// With `remarks`, why each layer stays as it is; what is raised is not mentioned.
// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(bnn-raise{remarks}))" --split-input-file --verify-diagnostics

func.func @linears(%x: tensor<1x3xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %s = onnx.Sign %x : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %ternary = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [0.25, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: row 0 of the weights has two magnitudes, 0.25 and 0.5}}
  %0 = onnx.MatMul %s, %ternary : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  %binary = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %1 = onnx.MatMul %s, %binary : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  return %0, %1 : tensor<1x2xf32>, tensor<1x2xf32>
}

// -----

// A product of two variables is no layer of itself: attention is, at its softmax.
func.func @no_heads(%q: tensor<2x3x4xf32>, %k: tensor<2x4x3xf32>, %v: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %s = onnx.MatMul %q, %k : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  // expected-remark @below {{'onnx.Softmax' is left as it is: its heads are not split by Reshape and Transpose, and joined by Transpose and Reshape}}
  %p = onnx.Softmax %s {axis = -1 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = onnx.MatMul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

func.func @tables(%i: tensor<2xi64>, %x: tensor<2x3xf32>, %g: tensor<3xf32>) -> (tensor<2x2xf32>, tensor<2x3xf32>) {
  %t = onnx.Constant {value = dense<[[0.5, 0.25], [0.5, 0.5]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  // expected-remark @below {{'onnx.Gather' is left as it is: row 0 of the weights has two magnitudes, 0.25 and 0.5}}
  %0 = onnx.Gather %t, %i {axis = 0 : i64} : (tensor<2x2xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  %none = onnx.NoValue : () -> none
  // expected-remark @below {{'onnx.LayerNormalization' is left as it is: it is not over the last dimension alone, or its scale or bias is not constant}}
  %1 = onnx.LayerNormalization %x, %g, %none {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<2x3xf32>, tensor<3xf32>, none) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x3xf32>
}

// -----

// A product of two variables that is no part of attention is a layer of its own.
func.func @product(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>) -> tensor<2x3x5xf32> {
  // expected-remark @below {{'onnx.MatMul' is left as it is: both factors are computed at run time, and it is no part of attention}}
  %y = onnx.MatMul %a, %b : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// -----

func.func @alpha(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %w = onnx.Constant {value = dense<0.5> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %n = onnx.NoValue : () -> none
  // expected-remark @below {{'onnx.Gemm' is left as it is: a Gemm with an alpha or beta that is no number}}
  %0 = onnx.Gemm %x, %w, %n {alpha = 0x7FC00000 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<2x3xf32>, tensor<3x2xf32>, none) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// What is added to a Gemm is one number an output, or the Gemm stays.
func.func @bias(%x: tensor<2x4xf32>, %c: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %s = onnx.Sign %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %binary = onnx.Constant {value = dense<[[0.5, 0.5, -0.5], [-0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.5, 0.5, 0.5]]> : tensor<4x3xf32>} : () -> tensor<4x3xf32>
  %real = onnx.Constant {value = dense<[[0.5, 0.5, -0.7], [-0.1, 0.3, 0.2], [0.6, -0.2, 0.9], [0.8, 0.4, 0.1]]> : tensor<4x3xf32>} : () -> tensor<4x3xf32>
  // expected-remark @below {{'onnx.Gemm' is left as it is: the Gemm's C is not one bias per output}}
  %0 = onnx.Gemm %s, %binary, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<2x4xf32>, tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // expected-remark @below {{'onnx.Gemm' is left as it is: the Gemm's C is not one bias per output}}
  %1 = onnx.Gemm %s, %real, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<2x4xf32>, tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // expected-remark @below {{'onnx.Gemm' is left as it is: the Gemm's C is not one bias per output}}
  %2 = onnx.Gemm %x, %binary, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<2x4xf32>, tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1, %2 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

func.func @unknown_length(%x: tensor<?x2xf32>, %i: tensor<2xi64>) -> (tensor<2x2xf32>, tensor<2x1xf32>) {
  %s = onnx.Sign %x : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %t = onnx.Transpose %s {perm = array<i64: 1, 0>} : (tensor<?x2xf32>) -> tensor<2x?xf32>
  %binary = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: the quantised input is broadcast}}
  %0 = onnx.MatMul %t, %binary : (tensor<2x?xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %column = onnx.Constant {value = dense<[[0.5], [0.25]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  // expected-remark @below {{'onnx.Gather' is left as it is: a table of one column}}
  %1 = onnx.Gather %column, %i {axis = 0 : i64} : (tensor<2x1xf32>, tensor<2xi64>) -> tensor<2x1xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x1xf32>
}

// -----

// As many elements of four bits as 32 bits cannot count.
func.func @long_sums(%x: tensor<1x143165577xf32>) -> tensor<1x1xf32> {
  %step = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<15.0> : tensor<f32>} : () -> tensor<f32>
  %d = onnx.Div %x, %step : (tensor<1x143165577xf32>, tensor<f32>) -> tensor<1x143165577xf32>
  %r = onnx.Round %d : (tensor<1x143165577xf32>) -> tensor<1x143165577xf32>
  %c = onnx.Clip %r, %low, %high : (tensor<1x143165577xf32>, tensor<f32>, tensor<f32>) -> tensor<1x143165577xf32>
  %q = onnx.Mul %c, %step : (tensor<1x143165577xf32>, tensor<f32>) -> tensor<1x143165577xf32>
  %w = onnx.Constant {value = dense<0.5> : tensor<143165577x1xf32>} : () -> tensor<143165577x1xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: sums of 143165577 elements can be beyond 32 bits}}
  %0 = onnx.MatMul %q, %w : (tensor<1x143165577xf32>, tensor<143165577x1xf32>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}
