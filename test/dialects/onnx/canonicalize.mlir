// What the operations themselves fold.
// RUN: bnn-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: @without_effect
// CHECK-SAME:  (%[[X:.*]]: tensor<2x3xf32>)
// CHECK-NEXT:  return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @without_effect(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %none = onnx.NoValue : () -> none
  %0 = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = onnx.Dropout %x, %none, %none : (tensor<2x3xf32>, none, none) -> tensor<2x3xf32>
  %2 = onnx.Cast %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = onnx.Concat %x {axis = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %4 = onnx.Max %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %5 = onnx.Min %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %6 = onnx.Transpose %x {perm = array<i64: 0, 1>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// A fold may not change a type: what is known of the result would be lost.
// CHECK-LABEL: @more_is_known_of_the_result
// CHECK:       onnx.Identity
// CHECK:       onnx.Transpose
func.func @more_is_known_of_the_result(%x: tensor<?x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = onnx.Identity %x : (tensor<?x3xf32>) -> tensor<2x3xf32>
  %1 = onnx.Transpose %x {perm = array<i64: 0, 1>} : (tensor<?x3xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: @another_element_type
// CHECK:       onnx.Cast
func.func @another_element_type(%x: tensor<3xi32>) -> tensor<3xf32> {
  %0 = onnx.Cast %x : (tensor<3xi32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// CHECK-LABEL: @reversed
// CHECK:       onnx.Transpose %{{.*}} {perm = array<i64: 2, 1, 0>}
func.func @reversed(%x: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  %0 = onnx.Transpose %x : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  return %0 : tensor<4x3x2xf32>
}

// CHECK-LABEL: @of_unknown_rank
// CHECK:       onnx.Transpose %{{[a-z0-9]*}} :
func.func @of_unknown_rank(%x: tensor<*xf32>) -> tensor<*xf32> {
  %0 = onnx.Transpose %x : (tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: @two_transposes
// CHECK-SAME:  (%[[X:.*]]: tensor<2x3x4xf32>)
// CHECK-NEXT:  %[[Y:.*]] = onnx.Transpose %[[X]] {perm = array<i64: 2, 0, 1>}
// CHECK-NEXT:  return %[[Y]], %[[X]]
func.func @two_transposes(%x: tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<2x3x4xf32>) {
  %0 = onnx.Transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  %2 = onnx.Transpose %1 {perm = array<i64: 1, 2, 0>} : (tensor<4x2x3xf32>) -> tensor<2x3x4xf32>
  return %1, %2 : tensor<4x2x3xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: @constant_second
// CHECK-SAME:  (%[[X:.*]]: tensor<3xf32>, %[[P:.*]]: tensor<3xi1>)
// CHECK-DAG:   %[[C:.*]] = onnx.Constant {value = dense<{{.*}}> : tensor<3xf32>}
// CHECK-DAG:   %[[B:.*]] = onnx.Constant {value = dense<{{.*}}> : tensor<3xi1>}
// CHECK:       onnx.Add %[[X]], %[[C]]
// CHECK:       onnx.Mul %[[X]], %[[C]]
// CHECK:       onnx.Equal %[[X]], %[[C]]
// CHECK:       onnx.And %[[P]], %[[B]]
// CHECK:       onnx.Or %[[P]], %[[B]]
// CHECK:       onnx.Xor %[[P]], %[[B]]
// CHECK:       onnx.Sub %[[C]], %[[X]]
// CHECK:       onnx.Less %[[C]], %[[X]]
func.func @constant_second(%x: tensor<3xf32>, %p: tensor<3xi1>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xi1>) {
  %c = onnx.Constant {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %b = onnx.Constant {value = dense<[true, false, true]> : tensor<3xi1>} : () -> tensor<3xi1>
  %0 = onnx.Add %c, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = onnx.Mul %c, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = onnx.Equal %c, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
  %3 = onnx.And %b, %p : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
  %4 = onnx.Or %b, %p : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
  %5 = onnx.Xor %b, %p : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
  %6 = onnx.Sub %c, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %7 = onnx.Less %c, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xi1>
}

// Equal constants of one block are one.
// CHECK-LABEL: @one_constant
// CHECK-COUNT-1: onnx.Constant
// CHECK-NOT:   onnx.Constant
func.func @one_constant(%x: tensor<1xf32>) -> (tensor<1xf32>, tensor<1xf32>) {
  %c = onnx.Constant {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %d = onnx.Constant {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = onnx.Sub %c, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  %1 = onnx.Sub %d, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %0, %1 : tensor<1xf32>, tensor<1xf32>
}

// Permutations of unequal rank are an error of shapes, which this leaves alone.
// CHECK-LABEL: @permutations_of_two_ranks
// CHECK-COUNT-2: onnx.Transpose
func.func @permutations_of_two_ranks(%x: tensor<*xf32>) -> tensor<*xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 1, 2, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}
