// RUN: bnn-opt %s --bnn-outline-kernels --split-input-file | FileCheck %s
// RUN: bnn-opt %s --bnn-outline-kernels --split-input-file | bnn-opt --bnn-outline-kernels --split-input-file | FileCheck %s --check-prefix=TWICE

// Two layers of one shape share a kernel: weights, scales and bounds are
// operands. Another shape or another epilogue has its own.
// CHECK-LABEL: module
// CHECK: func.func private @[[OTHER:.*]](%{{.*}}: memref<4x8xi32>) attributes {passthrough = ["noinline"]}
// CHECK: bnn.yield %{{.*}} : i32
// CHECK: func.func private @[[ONE:.*]](%[[A:.*]]: memref<4x64x!bnn.s1>, %[[W:.*]]: memref<8x64x!bnn.s1>, %[[S:.*]]: memref<8xf32>, %[[Y:.*]]: memref<4x8xf32>) attributes {passthrough = ["noinline"]}
// CHECK-NEXT: bnn.matmul %[[A]], %[[W]] params(%[[S]] : memref<8xf32>) outs(%[[Y]] : memref<4x8xf32>)
// A constant that the epilogue reads from outside goes with it.
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.constant 5.000000e-01 : f32
// CHECK: return
// CHECK: func.func @main(%[[X:.*]]: memref<4x64x!bnn.s1>, %[[W0:.*]]: memref<8x64x!bnn.s1>, %[[W1:.*]]: memref<8x64x!bnn.s1>, %[[S0:.*]]: memref<8xf32>, %[[S1:.*]]: memref<8xf32>
// CHECK: call @[[ONE]](%[[X]], %[[W0]], %[[S0]], %{{.*}})
// CHECK: call @[[ONE]](%[[X]], %[[W1]], %[[S1]], %{{.*}})
// CHECK: call @[[OTHER]](%[[X]], %[[W1]], %{{.*}})
// CHECK-NOT: bnn.matmul
// TWICE-COUNT-2: func.func private
// TWICE: func.func @main
func.func @main(%x: memref<4x64x!bnn.s1>, %w0: memref<8x64x!bnn.s1>, %w1: memref<8x64x!bnn.s1>,
                %s0: memref<8xf32>, %s1: memref<8xf32>, %y0: memref<4x8xf32>, %y1: memref<4x8xf32>,
                %y2: memref<4x8xi32>) {
  %half = arith.constant 0.5 : f32
  bnn.matmul %x, %w0 params(%s0 : memref<8xf32>) outs(%y0 : memref<4x8xf32>)
      : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32, %s: f32):
    %0 = arith.mulf %s, %half : f32
    bnn.yield %0 : f32
  }
  bnn.matmul %x, %w1 params(%s1 : memref<8xf32>) outs(%y1 : memref<4x8xf32>)
      : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32, %s: f32):
    %0 = arith.mulf %s, %half : f32
    bnn.yield %0 : f32
  }
  bnn.matmul %x, %w1 outs(%y2 : memref<4x8xi32>) : memref<4x64x!bnn.s1>, memref<8x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// One value used twice is two arguments. Names that are taken stay. Reductions
// and checks stay where they are.
// CHECK-LABEL: module
// CHECK: func.func private @[[LOW:matmul.*]](
// CHECK: func.func private @[[EMBED:embedding.*]](
// CHECK: func.func private @[[ATT:attention.*]](%[[Q:.*]]: memref<1x4x8x!bnn.s1>, %[[K:.*]]: memref<1x4x8x!bnn.s1>, %[[V:.*]]: memref<1x4x8x!bnn.s1>, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: memref<1x4x8xf32>)
// CHECK: bnn.attention %[[Q]], %[[K]], %[[V]]
// CHECK: func.func private @[[BIN:binarize_.*]](
// CHECK: func.func @binarize(
// CHECK: call @[[BIN]](
// CHECK: call @[[ATT]](%[[BITS:.*]], %[[BITS]], %[[BITS]], %[[SCALE:.*]], %[[SCALE]], %{{.*}})
// CHECK: call @[[EMBED]](
// CHECK: call @[[LOW]](
// CHECK: bnn.reduce
// CHECK: bnn.check_indices
func.func @binarize(%x: memref<1x4x8xf32>, %b: memref<1x4x8x!bnn.s1>, %s: f32, %c: memref<1x4x8xf32>,
                    %ids: memref<1x4xi64>, %t: memref<9x8x!bnn.s1>, %m: memref<9xf32>,
                    %w: memref<8x8xf32>, %d: memref<8xf32>, %r: memref<1x4xf32>) -> i1 {
  bnn.binarize %x outs(%b : memref<1x4x8x!bnn.s1>) : memref<1x4x8xf32>
  bnn.attention %b, %b, %b scale(%s) cutoff(%s) outs(%c : memref<1x4x8xf32>) {heads = 2 : i64, divisor = 2.0 : f32}
      : memref<1x4x8x!bnn.s1>, memref<1x4x8x!bnn.s1>, memref<1x4x8x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  bnn.embedding %ids, %t, %m outs(%c : memref<1x4x8xf32>) : memref<1x4xi64>, memref<9x8x!bnn.s1>, memref<9xf32>
  bnn.matmul %c, %w params(%d : memref<8xf32>) outs(%x : memref<1x4x8xf32>)
      : memref<1x4x8xf32>, memref<8x8xf32> {
  ^bb0(%acc: f32, %p: f32):
    %sum = arith.addf %acc, %p : f32
    bnn.yield %sum : f32
  }
  bnn.reduce add %x outs(%r : memref<1x4xf32>) : memref<1x4x8xf32>
  %c9 = arith.constant 9 : index
  %ok = bnn.check_indices %ids limit %c9 : memref<1x4xi64>
  return %ok : i1
}

// -----

// Tensors are not outlined.
// CHECK-LABEL: func.func @tensors
// CHECK: bnn.reduce
// CHECK: bnn.binarize
// CHECK-NOT: call
func.func @tensors(%x: tensor<4x8xf32>, %b: tensor<4x8x!bnn.s1>, %r: tensor<4xf32>) -> (tensor<4x8x!bnn.s1>, tensor<4xf32>) {
  %0 = bnn.reduce add %x outs(%r : tensor<4xf32>) : tensor<4x8xf32> -> tensor<4xf32>
  %1 = bnn.binarize %x outs(%b : tensor<4x8x!bnn.s1>) : tensor<4x8xf32> -> tensor<4x8x!bnn.s1>
  return %1, %0 : tensor<4x8x!bnn.s1>, tensor<4xf32>
}
