// RUN: bnn-opt %s --onnx-fold --cse --bnn-raise --onnx-to-linalg --canonicalize --cse --split-input-file | FileCheck %s

// Linears that read one tensor with one shift: it is packed once, for all.
// CHECK-LABEL: func.func @one_shift
// CHECK: %[[BITS:.*]]:2 = bnn.binarize
// CHECK-NOT: bnn.binarize
// CHECK: bnn.matmul %[[BITS]]#0, {{.*}} zeros(%[[BITS]]#1
// CHECK: bnn.matmul %[[BITS]]#0, {{.*}} zeros(%[[BITS]]#1
// CHECK-NOT: bnn.binarize
func.func @one_shift(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %q_shift = onnx.Constant {value = dense<[0.1, 0.2, 0.3]> : tensor<3xf32>} : () -> tensor<3xf32>
  %k_shift = onnx.Constant {value = dense<[0.1, 0.2, 0.3]> : tensor<3xf32>} : () -> tensor<3xf32>
  %q = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %k = onnx.Constant {value = dense<[[0.5, 0.5], [0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Add %x, %q_shift : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %1 = onnx.Sign %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.MatMul %1, %q : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %3 = onnx.Add %x, %k_shift : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %4 = onnx.Sign %3 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %5 = onnx.MatMul %4, %k : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %2, %5 : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// Two shifts: two packings.
// CHECK-LABEL: func.func @two_shifts
// CHECK-DAG: %[[Q:.*]]:2 = bnn.binarize
// CHECK-DAG: bnn.matmul %[[Q]]#0
// CHECK-DAG: %[[K:.*]]:2 = bnn.binarize
// CHECK-DAG: bnn.matmul %[[K]]#0
func.func @two_shifts(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %q_shift = onnx.Constant {value = dense<[0.1, 0.2, 0.3]> : tensor<3xf32>} : () -> tensor<3xf32>
  %k_shift = onnx.Constant {value = dense<[0.1, 0.2, 0.4]> : tensor<3xf32>} : () -> tensor<3xf32>
  %q = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %k = onnx.Constant {value = dense<[[0.5, 0.5], [0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Add %x, %q_shift : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %1 = onnx.Sign %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.MatMul %1, %q : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %3 = onnx.Add %x, %k_shift : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %4 = onnx.Sign %3 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %5 = onnx.MatMul %4, %k : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %2, %5 : tensor<4x2xf32>, tensor<4x2xf32>
}
