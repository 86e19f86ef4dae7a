// RUN: bnn-opt %s --bnn-drop-empty-reshapes --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @join(
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<0xf32>
// CHECK: %[[Y:.*]] = tensor.cast %[[EMPTY]] : tensor<0xf32> to tensor<?xf32>
// CHECK: return %[[Y]]
func.func @join(%x: tensor<?x0xf32>) -> tensor<?xf32> {
  %y = tensor.collapse_shape %x [[0, 1]] : tensor<?x0xf32> into tensor<?xf32>
  return %y : tensor<?xf32>
}

// What is known of the other axes stays.
// CHECK-LABEL: func.func @split(
// CHECK-SAME: %{{.*}}: tensor<?x6xf32>, %[[N:.*]]: index)
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N]]) : tensor<?x0x2x3xf32>
// CHECK: return %[[EMPTY]]
func.func @split(%x: tensor<?x6xf32>, %n: index) -> tensor<?x0x2x3xf32> {
  %y = tensor.expand_shape %x [[0, 1], [2, 3]] output_shape [%n, 0, 2, 3] : tensor<?x6xf32> into tensor<?x0x2x3xf32>
  return %y : tensor<?x0x2x3xf32>
}

// CHECK-LABEL: func.func @kept(
// CHECK: tensor.collapse_shape
func.func @kept(%x: tensor<?x2xf32>) -> tensor<?xf32> {
  %y = tensor.collapse_shape %x [[0, 1]] : tensor<?x2xf32> into tensor<?xf32>
  return %y : tensor<?xf32>
}
