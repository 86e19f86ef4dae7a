// RUN: bnn-opt %s --bnn-raise --verify-diagnostics

func.func @nan(%x: tensor<1x2xf32>, %i: tensor<1xi64>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %w = onnx.Constant {value = dense<[[0x7FC00000, 0.5], [0.5, 0x7FC00000]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  // expected-warning @below {{2 of the 4 weights of node '' are NaN; check how the model was trained or exported}}
  %0 = onnx.MatMul %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %t = onnx.Constant {value = dense<[[0x7FC00000, 0.5], [0.5, 0.5]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  // expected-warning @below {{1 of the 4 weights of node '' are NaN}}
  %1 = onnx.Gather %t, %i {axis = 0 : i64} : (tensor<2x2xf32>, tensor<1xi64>) -> tensor<1x2xf32>
  return %0, %1 : tensor<1x2xf32>, tensor<1x2xf32>
}
