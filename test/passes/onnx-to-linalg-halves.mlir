// Numbers of 16 bits: integer arithmetic on the bits of f32, and no conversion
// that a target might do by a library, or otherwise than the others.
// RUN: bnn-opt %s --onnx-to-linalg --split-input-file | FileCheck %s --implicit-check-not=arith.truncf --implicit-check-not=arith.extf

// CHECK-LABEL: func.func @brain
// CHECK: linalg.generic
// CHECK: ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[BITS:.*]] = arith.bitcast %[[X]] : f32 to i32
// CHECK: arith.shrui %{{.*}}, %{{.*}} : i32
// CHECK: arith.addi
// CHECK: arith.select
// CHECK: arith.bitcast %{{.*}} : i32 to f32
func.func @brain(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = onnx.RoundToHalf %x {format = bf16} : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @there_and_back
// CHECK: ins(%{{.*}} : tensor<4xf16>)
// CHECK: arith.bitcast %{{.*}} : f16 to i16
// CHECK: arith.extui %{{.*}} : i16 to i32
// CHECK: ins(%{{.*}} : tensor<4xf32>)
// CHECK: arith.trunci %{{.*}} : i32 to i16
// CHECK: arith.bitcast %{{.*}} : i16 to f16
func.func @there_and_back(%x: tensor<4xf16>) -> tensor<4xf16> {
  %y = onnx.Cast %x : (tensor<4xf16>) -> tensor<4xf32>
  %z = onnx.Cast %y : (tensor<4xf32>) -> tensor<4xf16>
  return %z : tensor<4xf16>
}
