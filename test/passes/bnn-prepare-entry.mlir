// RUN: bnn-opt %s --bnn-prepare-entry --split-input-file | FileCheck %s
// RUN: bnn-opt %s '--bnn-prepare-entry=max-first=3 max-other=77' --split-input-file | FileCheck %s --check-prefix=MAXIMA

// CHECK: module attributes {bnn.model = #bnn.model<max_dims = {batch = 8 : i64}>} {
// CHECK: func.func @main(%[[X:.*]]: memref<?x4xf32> {bnn.argument = #bnn.argument<input, "x", ["batch", 4]>}, %[[Y:.*]]: memref<?x4xf32> {bnn.argument = #bnn.argument<output, "y", ["batch", 4]>}, %{{.*}}: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> i32 {
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[X]] restrict : memref<?x4xf32>
// CHECK: bufferization.materialize_in_destination %[[T]] in restrict writable %[[Y]]
// CHECK: %[[OK:.*]] = arith.constant 0 : i32
// CHECK: return %[[OK]] : i32
// MAXIMA: bnn.model = #bnn.model<max_dims = {batch = 3 : i64}>
func.func @main(%x: tensor<?x4xf32> {onnx.dims = ["batch", 4], onnx.name = "x"})
    -> (tensor<?x4xf32> {onnx.dims = ["batch", 4], onnx.name = "y"}) {
  return %x : tensor<?x4xf32>
}

// -----

// Without the importer's notes, inputs, outputs and dimensions get names. One
// symbol is one maximum: that of its first use. Declared ones stay.
// CHECK: module attributes {bnn.model = #bnn.model<max_dims = {input0_d0 = 8 : i64, input0_d1 = 512 : i64, seq = 64 : i64, words = 512 : i64}>} {
// CHECK: memref<?x?xi64> {bnn.argument = #bnn.argument<input, "input0", ["input0_d0", "input0_d1"]>}
// CHECK-SAME: memref<2x?x?xf32> {bnn.argument = #bnn.argument<input, "s", [2, "seq", "words"]>}
// CHECK-SAME: memref<?x?xi64> {bnn.argument = #bnn.argument<output, "output0", ["output0_d0", "output0_d1"]>}
// CHECK-SAME: memref<f32> {bnn.argument = #bnn.argument<output, "output1", []>}
// MAXIMA: bnn.model = #bnn.model<max_dims = {input0_d0 = 3 : i64, input0_d1 = 77 : i64, seq = 64 : i64, words = 77 : i64}>
module attributes {bnn.model = #bnn.model<max_dims = {seq = 64}>} {
  func.func @main(%ids: tensor<?x?xi64>, %s: tensor<2x?x?xf32> {onnx.dims = [2, "seq", "words"], onnx.name = "s"})
      -> (tensor<?x?xi64>, tensor<f32>) {
    %c = arith.constant dense<1.0> : tensor<f32>
    return %ids, %c : tensor<?x?xi64>, tensor<f32>
  }
}

// -----

// Each check of indices can turn the status into BNN_ERROR_INDEX.
// CHECK: func.func @main
// CHECK: %[[A:.*]] = bnn.check_indices %{{.*}} limit %c10
// CHECK: %[[B:.*]] = bnn.check_indices %{{.*}} limit %c2
// CHECK: %[[OK:.*]] = arith.constant 0 : i32
// CHECK: %[[WRONG:.*]] = arith.constant 4 : i32
// CHECK: %[[S0:.*]] = arith.select %[[A]], %[[OK]], %[[WRONG]] : i32
// CHECK: %[[S1:.*]] = arith.select %[[B]], %[[S0]], %[[WRONG]] : i32
// CHECK: return %[[S1]] : i32
func.func @main(%ids: tensor<4xi64>, %types: tensor<4xi32>) -> tensor<4xi64> {
  %c10 = arith.constant 10 : index
  %c2 = arith.constant 2 : index
  %0 = bnn.check_indices %ids limit %c10 : tensor<4xi64>
  %1 = bnn.check_indices %types limit %c2 : tensor<4xi32>
  return %ids : tensor<4xi64>
}

// -----

// A dimension that does not fit turns it into BNN_ERROR_SHAPE.
// CHECK: func.func @main
// CHECK: %[[FITS:.*]] = arith.cmpi eq
// CHECK-NOT: bnn.check_shape
// CHECK: %[[OK:.*]] = arith.constant 0 : i32
// CHECK: %[[MISFIT:.*]] = arith.constant 2 : i32
// CHECK: %[[S:.*]] = arith.select %[[FITS]], %[[OK]], %[[MISFIT]] : i32
// CHECK: return %[[S]] : i32
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %zero = arith.constant 0 : index
  %five = arith.constant 5 : index
  %n = tensor.dim %x, %zero : tensor<?xf32>
  %fits = arith.cmpi eq, %n, %five : index
  bnn.check_shape %fits : i1
  return %x : tensor<?xf32>
}

// -----

// Two ops that CSE gave one empty tensor would both be given one output.
// CHECK: func.func @main
// CHECK-DAG: %[[E0:.*]] = tensor.empty() : tensor<4xf32>
// CHECK-DAG: %[[E1:.*]] = tensor.empty() : tensor<4xf32>
// CHECK: bnn.reduce add %{{.*}} outs(%[[FIRST:.*]] : tensor<4xf32>)
// CHECK-NOT: bnn.reduce max %{{.*}} outs(%[[FIRST]] : tensor<4xf32>)
// CHECK: bnn.reduce max
func.func @main(%x: tensor<4x16xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = tensor.empty() : tensor<4xf32>
  %1 = bnn.reduce add %x outs(%0 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  %2 = bnn.reduce max %x outs(%0 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  return %1, %2 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Nor two that CSE gave one filled tensor.
// CHECK: func.func @main
// CHECK: %[[F0:.*]] = linalg.fill
// CHECK: %[[F1:.*]] = linalg.fill
// CHECK: linalg.matmul {{.*}} outs(%[[A:.*]] : tensor<4x4xf32>)
// CHECK-NOT: linalg.matmul {{.*}} outs(%[[A]] : tensor<4x4xf32>)
// CHECK: linalg.matmul
func.func @main(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<4x4xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.matmul ins(%x, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = linalg.matmul ins(%2, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Only @main is the model's function.
// CHECK-LABEL: func.func @other
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: return %[[X]]
func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
