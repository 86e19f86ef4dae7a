// Tables of bytes: rows are looked up first.
// RUN: bnn-opt %s --onnx-fold --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @one_scale
// CHECK-SAME: (%[[IDS:.*]]: tensor<?x3xi64>)
// CHECK-DAG: %[[TABLE:.*]] = onnx.Constant {{.*}} tensor<2x4xi8>
// CHECK-DAG: %[[S:.*]] = onnx.Constant {{.*}} tensor<1xf32>
// CHECK-DAG: %[[Z:.*]] = onnx.Constant {{.*}} tensor<1xi8>
// CHECK: %[[ROWS:.*]] = onnx.Gather %[[TABLE]], %[[IDS]] : (tensor<2x4xi8>, tensor<?x3xi64>) -> tensor<?x3x4xi8>
// CHECK-NEXT: onnx.DequantizeLinear %[[ROWS]], %[[S]], %[[Z]] : (tensor<?x3x4xi8>, tensor<1xf32>, tensor<1xi8>) -> tensor<?x3x4xf32>
// CHECK-NEXT: return
func.func @one_scale(%ids: tensor<?x3xi64>) -> tensor<?x3x4xf32> {
  %t = onnx.Constant {value = dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi8>} : () -> tensor<2x4xi8>
  %s = onnx.Constant {value = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %z = onnx.Constant {value = dense<3> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = onnx.DequantizeLinear %t, %s, %z {axis = 1 : i64} : (tensor<2x4xi8>, tensor<1xf32>, tensor<1xi8>) -> tensor<2x4xf32>
  %1 = onnx.Gather %0, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x3xi64>) -> tensor<?x3x4xf32>
  return %1 : tensor<?x3x4xf32>
}

// -----

// Columns keep their scales; their axis is the last one still.
// CHECK-LABEL: func.func @columns
// CHECK: onnx.Gather {{.*}} -> tensor<5x3x4xui8>
// CHECK: onnx.DequantizeLinear {{.*}} {axis = 2 : i64} : (tensor<5x3x4xui8>, tensor<4xf32>, tensor<4xui8>) -> tensor<5x3x4xf32>
func.func @columns(%ids: tensor<5x3xi64>) -> tensor<5x3x4xf32> {
  %t = onnx.Constant {value = dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xui8>} : () -> tensor<2x4xui8>
  %s = onnx.Constant {value = dense<[0.5, 0.25, 0.125, 1.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %z = onnx.Constant {value = dense<[3, 4, 5, 6]> : tensor<4xui8>} : () -> tensor<4xui8>
  %0 = onnx.DequantizeLinear %t, %s, %z {axis = -1 : i64} : (tensor<2x4xui8>, tensor<4xf32>, tensor<4xui8>) -> tensor<2x4xf32>
  %1 = onnx.Gather %0, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<5x3xi64>) -> tensor<5x3x4xf32>
  return %1 : tensor<5x3x4xf32>
}

// -----

// Scales of rows, a table that something else reads, one that may be bits, and
// columns that are looked up: f32 as before.
// CHECK-LABEL: func.func @others
// CHECK-NOT: onnx.DequantizeLinear
// CHECK: return
func.func @others(%ids: tensor<3xi64>, %x: tensor<4x4xf32>) -> (tensor<3x4xf32>, tensor<3x4xf32>, tensor<4x4xf32>, tensor<3x4xf32>, tensor<4x3xf32>) {
  %t = onnx.Constant {value = dense<[[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3], [4, 5, 6, 7]]> : tensor<4x4xi8>} : () -> tensor<4x4xi8>
  %b = onnx.Constant {value = dense<[[1, -1, 0, 1], [-1, -1, -1, -1], [-1, 1, 1, 1], [1, -1, -1, 1]]> : tensor<4x4xi8>} : () -> tensor<4x4xi8>
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %rows = onnx.Constant {value = dense<[0.5, 0.25, 0.125, 1.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.DequantizeLinear %t, %rows, %none {axis = 0 : i64} : (tensor<4x4xi8>, tensor<4xf32>, none) -> tensor<4x4xf32>
  %1 = onnx.Gather %0, %ids {axis = 0 : i64} : (tensor<4x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %2 = onnx.DequantizeLinear %t, %s, %none {axis = 1 : i64} : (tensor<4x4xi8>, tensor<f32>, none) -> tensor<4x4xf32>
  %3 = onnx.Gather %2, %ids {axis = 0 : i64} : (tensor<4x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %4 = onnx.Add %x, %2 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %5 = onnx.DequantizeLinear %b, %s, %none {axis = 1 : i64} : (tensor<4x4xi8>, tensor<f32>, none) -> tensor<4x4xf32>
  %6 = onnx.Gather %5, %ids {axis = 0 : i64} : (tensor<4x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %7 = onnx.DequantizeLinear %t, %s, %none {axis = 1 : i64} : (tensor<4x4xi8>, tensor<f32>, none) -> tensor<4x4xf32>
  %8 = onnx.Gather %7, %ids {axis = 1 : i64} : (tensor<4x4xf32>, tensor<3xi64>) -> tensor<4x3xf32>
  return %1, %3, %4, %6, %8 : tensor<3x4xf32>, tensor<3x4xf32>, tensor<4x4xf32>, tensor<3x4xf32>, tensor<4x3xf32>
}

// -----

// More values than bits have, whichever bytes they are.
// CHECK-LABEL: func.func @four_values
// CHECK: onnx.Gather {{.*}} -> tensor<3x4xi8>
// CHECK: onnx.DequantizeLinear
func.func @four_values(%ids: tensor<3xi64>) -> tensor<3x4xf32> {
  %t = onnx.Constant {value = dense<[[1, -1, 0, -2], [-1, -2, -1, -1]]> : tensor<2x4xi8>} : () -> tensor<2x4xi8>
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.DequantizeLinear %t, %s, %none {axis = 1 : i64} : (tensor<2x4xi8>, tensor<f32>, none) -> tensor<2x4xf32>
  %1 = onnx.Gather %0, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// -----

// A table that is quantised in the graph is one of bytes too, unless those may
// be bits.
// CHECK-LABEL: func.func @quantised_here
// CHECK: onnx.Constant {{.*}} tensor<2x4xi8>
// CHECK-NOT: onnx.QuantizeLinear
// CHECK: onnx.Gather {{.*}} -> tensor<?x4xi8>
// CHECK: onnx.DequantizeLinear
// CHECK-NOT: onnx.DequantizeLinear
// CHECK: onnx.Gather {{.*}} -> tensor<?x4xf32>
func.func @quantised_here(%ids: tensor<?xi64>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %t = onnx.Constant {value = dense<[[0.1, 0.6, 1.1, 1.6], [-0.4, -0.9, -1.4, -1.9]]> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %b = onnx.Constant {value = dense<[[0.5, 0.5, -0.5, -0.5], [-0.5, 0.5, -0.5, 0.5]]> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<0> : tensor<i8>} : () -> tensor<i8>
  %0 = onnx.QuantizeLinear %t, %s, %z : (tensor<2x4xf32>, tensor<f32>, tensor<i8>) -> tensor<2x4xi8>
  %1 = onnx.DequantizeLinear %0, %s, %z : (tensor<2x4xi8>, tensor<f32>, tensor<i8>) -> tensor<2x4xf32>
  %2 = onnx.Gather %1, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %3 = onnx.QuantizeLinear %b, %s, %z : (tensor<2x4xf32>, tensor<f32>, tensor<i8>) -> tensor<2x4xi8>
  %4 = onnx.DequantizeLinear %3, %s, %z : (tensor<2x4xi8>, tensor<f32>, tensor<i8>) -> tensor<2x4xf32>
  %5 = onnx.Gather %4, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  return %2, %5 : tensor<?x4xf32>, tensor<?x4xf32>
}
