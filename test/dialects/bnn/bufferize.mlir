// What the ops become on buffers.
// RUN: bnn-opt %s --bnn-phase-bufferize | FileCheck %s

// A column is no row: kernels read vectors of elements that follow each other.
// CHECK-LABEL: func.func @main(
// CHECK: %[[COLUMN:.*]] = memref.subview {{.*}} to memref<6xf32, strided<[4], offset: 1>>
// CHECK: %[[ROW:.*]] = memref.alloc() {{.*}} : memref<6xf32>
// CHECK: linalg.generic {{.*}} ins(%[[COLUMN]] : {{.*}}) outs(%[[ROW]] : memref<6xf32>)
// CHECK: bnn.reduce add %[[ROW]]
func.func @main(%x: tensor<6x4xf32>) -> tensor<f32> {
  %column = tensor.extract_slice %x[0, 1] [6, 1] [1, 1] : tensor<6x4xf32> to tensor<6xf32>
  %empty = tensor.empty() : tensor<f32>
  %y = bnn.reduce add %column outs(%empty : tensor<f32>) : tensor<6xf32> -> tensor<f32>
  return %y : tensor<f32>
}
