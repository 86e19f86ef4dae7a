// RUN: bnn-opt %s --canonicalize --split-input-file | FileCheck %s

// Constants of equal bits and type are one, however they are written.
// CHECK-LABEL: func.func @constants
// CHECK: %[[W:.*]] = bnn.constant dense<true> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
// CHECK: %[[U:.*]] = bnn.constant dense<true> : tensor<2x3xi1> -> tensor<2x3x!bnn.u1>
// CHECK-NOT: bnn.constant
// CHECK: return %[[W]], %[[W]], %[[U]]
func.func @constants() -> (tensor<2x3x!bnn.s1>, tensor<2x3x!bnn.s1>, tensor<2x3x!bnn.u1>) {
  %0 = bnn.constant dense<true> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
  %1 = bnn.constant dense<[[true, true, true], [true, true, true]]> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
  %2 = bnn.constant dense<true> : tensor<2x3xi1> -> tensor<2x3x!bnn.u1>
  return %0, %1, %2 : tensor<2x3x!bnn.s1>, tensor<2x3x!bnn.s1>, tensor<2x3x!bnn.u1>
}

// -----

// A mask of zeros that nobody reads, and with it the parameter that it needs.
// CHECK-LABEL: func.func @mask
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x3x!bnn.s1>, %[[W:[^:]*]]: tensor<2x3x!bnn.s1>, %[[P:[^:]*]]: tensor<2xi32>, %[[Q:[^:]*]]: i32
// CHECK: %[[Y:.*]] = bnn.matmul %[[X]], %[[W]] params(%[[P]] : tensor<2xi32>) outs(%{{[^,]*}} : tensor<4x2x!bnn.s1>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[A:.*]]: i32):
// CHECK-NEXT: %[[BIT:.*]] = arith.cmpi sgt, %[[ACC]], %[[A]]
// CHECK-NEXT: bnn.yield %[[BIT]] : i1
// CHECK: return %[[Y]]
func.func @mask(%x: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %p: tensor<2xi32>, %q: i32,
                %0: tensor<4x2x!bnn.s1>, %1: tensor<4x2x!bnn.u1>) -> tensor<4x2x!bnn.s1> {
  %y, %z = bnn.matmul %x, %w params(%q, %p : i32, tensor<2xi32>) outs(%0, %1 : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1> {
  ^bb0(%acc: i32, %b: i32, %a: i32):
    %bit = arith.cmpi sgt, %acc, %a : i32
    %zero = arith.cmpi eq, %acc, %b : i32
    bnn.yield %bit, %zero : i1, i1
  }
  return %y : tensor<4x2x!bnn.s1>
}

// -----

// The first output stays: a mask belongs to it.
// CHECK-LABEL: func.func @bits
// CHECK: %[[Y:.*]]:2 = bnn.matmul
// CHECK: return %[[Y]]#1
func.func @bits(%x: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>,
                %0: tensor<4x2x!bnn.s1>, %1: tensor<4x2x!bnn.u1>) -> tensor<4x2x!bnn.u1> {
  %y, %z = bnn.matmul %x, %w outs(%0, %1 : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1> {
  ^bb0(%acc: i32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    %zero = arith.cmpi eq, %acc, %c0 : i32
    bnn.yield %bit, %zero : i1, i1
  }
  return %z : tensor<4x2x!bnn.u1>
}

// -----

// A normalisation's bits between others.
// CHECK-LABEL: func.func @norm
// CHECK: %[[Y:.*]]:2 = bnn.layer_norm {{.*}} outs(%{{[^,]*}}, %{{[^,]*}} : tensor<4x8xf32>, tensor<4x8x!bnn.u1>)
// CHECK: bnn.yield %{{[^,]*}}, %{{[^,]*}} : f32, i1
// CHECK: return %[[Y]]#0, %[[Y]]#1
func.func @norm(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %0: tensor<4x8xf32>, %1: tensor<4x8x!bnn.s1>,
                %2: tensor<4x8x!bnn.u1>) -> (tensor<4x8xf32>, tensor<4x8x!bnn.u1>) {
  %y:3 = bnn.layer_norm %x, %g, %g outs(%0, %1, %2 : tensor<4x8xf32>, tensor<4x8x!bnn.s1>, tensor<4x8x!bnn.u1>)
      {epsilon = 1.0e-5 : f32} : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32>
      -> tensor<4x8xf32>, tensor<4x8x!bnn.s1>, tensor<4x8x!bnn.u1> {
  ^bb0(%v: f32):
    %c0 = arith.constant 0.0 : f32
    %bit = arith.cmpf ogt, %v, %c0 : f32
    %zero = arith.cmpf ueq, %v, %c0 : f32
    bnn.yield %v, %bit, %zero : f32, i1, i1
  }
  return %y#0, %y#2 : tensor<4x8xf32>, tensor<4x8x!bnn.u1>
}
