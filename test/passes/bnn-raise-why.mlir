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
