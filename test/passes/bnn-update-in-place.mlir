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

// -----

// A softmax in one buffer, from the product's accumulators on.
// CHECK-LABEL: func.func @softmax
// CHECK: %[[X:.*]] = linalg.negf
// CHECK: %[[E:.*]] = linalg.generic {{.*}} ins(%[[X]], %{{.*}} : {{.*}}) outs(%[[X]] : tensor<?x8xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[E]], %{{.*}} : {{.*}}) outs(%[[E]] : tensor<?x8xf32>)
#x = affine_map<(i, j) -> (i, j)>
#m = affine_map<(i, j) -> (i)>
func.func @softmax(%x: tensor<?x8xf32>, %n: index, %m: tensor<?xf32>) -> tensor<?x8xf32> {
  %0 = tensor.empty(%n) : tensor<?x8xf32>
  %1 = linalg.negf ins(%x : tensor<?x8xf32>) outs(%0 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = linalg.generic {indexing_maps = [#x, #m, #x], iterator_types = ["parallel", "parallel"]}
      ins(%1, %m : tensor<?x8xf32>, tensor<?xf32>) outs(%0 : tensor<?x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %d = arith.subf %a, %b : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<?x8xf32>
  %3 = linalg.generic {indexing_maps = [#x, #m, #x], iterator_types = ["parallel", "parallel"]}
      ins(%2, %m : tensor<?x8xf32>, tensor<?xf32>) outs(%0 : tensor<?x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %d = arith.divf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// -----

// What it reads is a reshape of what was computed.
// CHECK-LABEL: func.func @reshaped
// CHECK: %[[V:.*]] = tensor.expand_shape
// CHECK: linalg.exp ins(%[[V]] : tensor<4x2x4xf32>) outs(%[[V]] : tensor<4x2x4xf32>)
func.func @reshaped(%x: tensor<4x8xf32>) -> tensor<4x2x4xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tensor.expand_shape %1 [[0], [1, 2]] output_shape [4, 2, 4] : tensor<4x8xf32> into tensor<4x2x4xf32>
  %3 = tensor.empty() : tensor<4x2x4xf32>
  %4 = linalg.exp ins(%2 : tensor<4x2x4xf32>) outs(%3 : tensor<4x2x4xf32>) -> tensor<4x2x4xf32>
  return %4 : tensor<4x2x4xf32>
}

// -----

// Another view of it is read afterwards.
// CHECK-LABEL: func.func @viewed_later
// CHECK: linalg.exp {{.*}} outs(%{{.*}} : tensor<4x8xf32>)
// CHECK-NOT: ins(%[[X:.*]] : tensor<4x8xf32>) outs(%[[X]]
// CHECK: linalg.reduce
func.func @viewed_later(%x: tensor<4x8xf32>, %s: tensor<f32>) -> (tensor<4x8xf32>, tensor<f32>) {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tensor.collapse_shape %1 [[0, 1]] : tensor<4x8xf32> into tensor<32xf32>
  %3 = linalg.exp ins(%1 : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = linalg.reduce ins(%2 : tensor<32xf32>) outs(%s : tensor<f32>) dimensions = [0]
    (%a: f32, %b: f32) {
      %c = arith.addf %a, %b : f32
      linalg.yield %c : f32
    }
  return %3, %4 : tensor<4x8xf32>, tensor<f32>
}

// -----

// Elements that are read elsewhere than they are written: transposed, in two
// places, or by the body.
// CHECK-LABEL: func.func @elsewhere
// CHECK: %[[E:.*]] = tensor.empty
// CHECK-COUNT-4: outs(%[[E]] : tensor<4x4xf32>)
#id = affine_map<(i, j) -> (i, j)>
#tr = affine_map<(i, j) -> (j, i)>
func.func @elsewhere(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = tensor.empty() : tensor<4x4xf32>
  %1 = linalg.negf ins(%x : tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.generic {indexing_maps = [#tr, #id], iterator_types = ["parallel", "parallel"]}
      ins(%1 : tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  } -> tensor<4x4xf32>
  %3 = linalg.generic {indexing_maps = [#id, #tr, #id], iterator_types = ["parallel", "parallel"]}
      ins(%2, %2 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %e = arith.addf %a, %b : f32
    linalg.yield %e : f32
  } -> tensor<4x4xf32>
  %c0 = arith.constant 0 : index
  %4 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%3 : tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %i = linalg.index 1 : index
    %b = tensor.extract %3[%c0, %i] : tensor<4x4xf32>
    %e = arith.addf %a, %b : f32
    linalg.yield %e : f32
  } -> tensor<4x4xf32>
  return %4 : tensor<4x4xf32>
}

// -----

// What a sum starts from is not what it reads.
// CHECK-LABEL: func.func @reduction
// CHECK: %[[E:.*]] = tensor.empty
// CHECK: outs(%[[E]] : tensor<4x4xf32>)
// CHECK: iterator_types = ["parallel", "parallel", "reduction"]{{.*}} outs(%[[E]] : tensor<4x4xf32>)
#a = affine_map<(i, j, k) -> (i, j)>
func.func @reduction(%x: tensor<4x4xf32>, %y: tensor<3xf32>) -> tensor<4x4xf32> {
  %0 = tensor.empty() : tensor<4x4xf32>
  %1 = linalg.negf ins(%x : tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.generic {indexing_maps = [#a, affine_map<(i, j, k) -> (k)>, #a],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%1, %y : tensor<4x4xf32>, tensor<3xf32>) outs(%0 : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %out, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}
