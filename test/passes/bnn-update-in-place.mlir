// RUN: bnn-opt %s --bnn-update-in-place --split-input-file | FileCheck %s

// The normalisation is the last to read what it normalises.
// CHECK-LABEL: func.func @layer_norm
// CHECK: %[[X:.*]] = linalg.negf
// CHECK: bnn.layer_norm %[[X]], %{{.*}}, %{{.*}} outs(%[[X]] : tensor<4x8xf32>)
func.func @layer_norm(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = bnn.layer_norm %1, %g, %b outs(%2 : tensor<4x8xf32>) {epsilon = 1.0e-12 : f32}
      : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// -----

// A residual sum, whose tensor was read before as well.
// CHECK-LABEL: func.func @residual
// CHECK: %[[X:.*]] = linalg.negf
// CHECK: linalg.exp ins(%[[X]]
// CHECK: bnn.matmul %{{.*}}, %{{.*}} params(%[[X]] : tensor<4x8xf32>) outs(%[[X]] : tensor<4x8xf32>)
func.func @residual(%x: tensor<4x8xf32>, %a: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = linalg.exp ins(%1 : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = bnn.matmul %a, %w params(%1 : tensor<4x8xf32>) outs(%2 : tensor<4x8xf32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32, %p: f32):
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.addf %f, %p : f32
    bnn.yield %r : f32
  }
  return %3, %4 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Of several parameters the first that may be written.
// CHECK-LABEL: func.func @second_parameter
// CHECK: %[[X:.*]] = linalg.negf
// CHECK: bnn.matmul {{.*}} outs(%[[X]] : tensor<4x8xf32>)
func.func @second_parameter(%x: tensor<4x8xf32>, %a: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = bnn.matmul %a, %w params(%s, %1 : tensor<8xf32>, tensor<4x8xf32>) outs(%2 : tensor<4x8xf32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32, %q: f32, %p: f32):
    %f = arith.sitofp %acc : i32 to f32
    %r = math.fma %f, %q, %p : f32
    bnn.yield %r : f32
  }
  return %3 : tensor<4x8xf32>
}

// -----

// Read again: by a later op, and by what ends the function.
// CHECK-LABEL: func.func @read_later
// CHECK: %[[OUT:.*]] = tensor.empty
// CHECK: bnn.matmul {{.*}} outs(%[[OUT]] : tensor<4x8xf32>)
func.func @read_later(%x: tensor<4x8xf32>, %a: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = bnn.matmul %a, %w params(%0 : tensor<4x8xf32>) outs(%2 : tensor<4x8xf32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32, %p: f32):
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.addf %f, %p : f32
    bnn.yield %r : f32
  }
  %4 = linalg.exp ins(%0 : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %3, %4 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @returned
// CHECK: %[[OUT:.*]] = tensor.empty
// CHECK: bnn.layer_norm {{.*}} outs(%[[OUT]] : tensor<4x8xf32>)
func.func @returned(%x: tensor<4x8xf32>, %g: tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = bnn.layer_norm %0, %g, %g outs(%2 : tensor<4x8xf32>) {epsilon = 1.0e-12 : f32}
      : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  return %0, %3 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// An argument is the caller's, and a constant everybody's.
// CHECK-LABEL: func.func @not_computed
// CHECK: %[[OUT:.*]] = tensor.empty
// CHECK: bnn.matmul {{.*}} outs(%[[OUT]] : tensor<4x8xf32>)
// CHECK: bnn.layer_norm {{.*}} outs(%[[OUT]] : tensor<4x8xf32>)
func.func @not_computed(%x: tensor<4x8xf32>, %a: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>, %g: tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %c = arith.constant dense<1.0> : tensor<4x8xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = bnn.matmul %a, %w params(%x : tensor<4x8xf32>) outs(%2 : tensor<4x8xf32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32, %p: f32):
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.addf %f, %p : f32
    bnn.yield %r : f32
  }
  %4 = bnn.layer_norm %c, %g, %g outs(%2 : tensor<4x8xf32>) {epsilon = 1.0e-12 : f32}
      : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  return %3, %4 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Somebody chose where the output goes.
// CHECK-LABEL: func.func @no_empty
// CHECK-SAME: %[[OUT:[^:]*]]: tensor<4x8xf32>)
// CHECK: bnn.matmul {{.*}} outs(%[[OUT]] : tensor<4x8xf32>)
func.func @no_empty(%x: tensor<4x8xf32>, %a: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>, %o: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = bnn.matmul %a, %w params(%0 : tensor<4x8xf32>) outs(%o : tensor<4x8xf32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32, %p: f32):
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.addf %f, %p : f32
    bnn.yield %r : f32
  }
  return %3 : tensor<4x8xf32>
}

// -----

// Another element: the parameter is i32.
// CHECK-LABEL: func.func @other_type
// CHECK: %[[OUT:.*]] = tensor.empty() : tensor<4x8xf32>
// CHECK: bnn.matmul {{.*}} outs(%[[OUT]] : tensor<4x8xf32>)
func.func @other_type(%x: tensor<4x8xi32>, %a: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>) -> tensor<4x8xf32> {
  %0 = linalg.add ins(%x, %x : tensor<4x8xi32>, tensor<4x8xi32>) outs(%x : tensor<4x8xi32>) -> tensor<4x8xi32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = bnn.matmul %a, %w params(%0 : tensor<4x8xi32>) outs(%2 : tensor<4x8xf32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32, %p: i32):
    %sum = arith.addi %acc, %p : i32
    %f = arith.sitofp %sum : i32 to f32
    bnn.yield %f : f32
  }
  return %3 : tensor<4x8xf32>
}
