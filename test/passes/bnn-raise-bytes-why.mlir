// Why products of constant bytes are not computed by bytes.
// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(onnx-fold,bnn-raise{remarks}))" --split-input-file --verify-diagnostics

func.func @scales(%x: tensor<2x3xui8>, %y: tensor<2x3xui8>, %t: tensor<f32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %three = onnx.Constant {value = dense<[0.5, 0.25, 1.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %z = onnx.Constant {value = dense<100> : tensor<i8>} : () -> tensor<i8>
  %none = onnx.NoValue : () -> none
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -128]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %0 = onnx.DequantizeLinear %x, %three, %none {axis = 1 : i64} : (tensor<2x3xui8>, tensor<3xf32>, none) -> tensor<2x3xf32>
  %1 = onnx.DequantizeLinear %y, %t, %none {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, none) -> tensor<2x3xf32>
  %2 = onnx.DequantizeLinear %w, %s, %z {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, tensor<i8>) -> tensor<3x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: the input has more than one scale}}
  %3 = onnx.MatMul %0, %2 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: the input's scale and zero point are not plain constants}}
  %4 = onnx.MatMul %1, %2 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %3, %4 : tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

func.func @unknown_length(%x: tensor<2x?xui8>) -> tensor<2x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -128]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %0 = onnx.DequantizeLinear %x, %s, %none {axis = 1 : i64} : (tensor<2x?xui8>, tensor<f32>, none) -> tensor<2x?xf32>
  %1 = onnx.DequantizeLinear %w, %s, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: the quantised input is broadcast}}
  %2 = onnx.MatMul %0, %1 : (tensor<2x?xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}

// -----

// As many bytes as 32 bits cannot sum.
func.func @long_sums(%x: tensor<1x131072xui8>) -> tensor<1x1xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %fives = onnx.Constant {value = dense<5> : tensor<65536x1xi8>} : () -> tensor<65536x1xi8>
  %least = onnx.Constant {value = dense<-128> : tensor<65536x1xi8>} : () -> tensor<65536x1xi8>
  %z = onnx.Constant {value = dense<100> : tensor<i8>} : () -> tensor<i8>
  %w = onnx.Concat %fives, %least {axis = 0 : i64} : (tensor<65536x1xi8>, tensor<65536x1xi8>) -> tensor<131072x1xi8>
  %0 = onnx.DequantizeLinear %x, %s, %none {axis = 1 : i64} : (tensor<1x131072xui8>, tensor<f32>, none) -> tensor<1x131072xf32>
  %1 = onnx.DequantizeLinear %w, %s, %z {axis = 1 : i64} : (tensor<131072x1xi8>, tensor<f32>, tensor<i8>) -> tensor<131072x1xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: sums of 131072 elements can be beyond 32 bits}}
  %2 = onnx.MatMul %0, %1 : (tensor<1x131072xf32>, tensor<131072x1xf32>) -> tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}
