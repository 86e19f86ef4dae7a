// What certainly does not hold, whatever the shapes are.
// RUN: bnn-opt %s --onnx-insert-checks --split-input-file --verify-diagnostics

func.func @matmul(%a: tensor<2x?xf32> {onnx.dims = [2, "k"]}) -> tensor<2x2xf32> {
  %b = onnx.Concat %a, %a {axis = 1 : i64} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %one = onnx.Constant {value = dense<1.0> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %c = onnx.Concat %b, %one {axis = 1 : i64} : (tensor<2x?xf32>, tensor<2x1xf32>) -> tensor<2x?xf32>
  %t = onnx.Transpose %b {perm = array<i64: 1, 0>} : (tensor<2x?xf32>) -> tensor<?x2xf32>
  // expected-error @+1 {{cannot multiply matrices of shapes [2, 1+2*k] and [2*k, 2]}}
  %y = onnx.MatMul %c, %t : (tensor<2x?xf32>, tensor<?x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

func.func @gemm(%a: tensor<1x2xf32>, %b: tensor<2x3xf32>, %c: tensor<5x3xf32>) -> tensor<1x3xf32> {
  // expected-error @+1 {{operand shapes do not fit}}
  %y = onnx.Gemm %a, %b, %c : (tensor<1x2xf32>, tensor<2x3xf32>, tensor<5x3xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// -----

func.func @prelu(%x: tensor<1xf32>, %s: tensor<4xf32>) -> tensor<1xf32> {
  // expected-error @+1 {{cannot broadcast [4] to [1]}}
  %y = onnx.PRelu %x, %s : (tensor<1xf32>, tensor<4xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @split(%x: tensor<5xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue : () -> none
  // expected-error @+1 {{cannot cut an axis of 5 into 2 equal pieces}}
  %y:2 = onnx.Split %x, %none {axis = 0 : i64} : (tensor<5xf32>, none) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @pieces(%x: tensor<5xf32>) -> tensor<*xf32> {
  %sizes = onnx.Constant {value = dense<[7, -2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{a piece has a negative size}}
  %y:2 = onnx.Split %x, %sizes {axis = 0 : i64} : (tensor<5xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @trilu(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %k = onnx.Constant {value = dense<[1, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{k must have one element, got 'tensor<2xi64>'}}
  %y = onnx.Trilu %x, %k : (tensor<4x4xf32>, tensor<2xi64>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

func.func @gather(%x: tensor<4xf32>) -> tensor<1xf32> {
  %i = onnx.Constant {value = dense<-5> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{reads index -5 of an axis of length 4}}
  %y = onnx.Gather %x, %i {axis = 0 : i64} : (tensor<4xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @quantize(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %z: tensor<2xui8>) -> tensor<2x3xui8> {
  // expected-error @+1 {{has 2 zero points for an axis of 3}}
  %y = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3xf32>, tensor<2xui8>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}
