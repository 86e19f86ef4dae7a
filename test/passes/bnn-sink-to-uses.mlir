// RUN: bnn-opt %s --bnn-sink-to-uses --split-input-file | FileCheck %s

// Values go behind the scores, with all that only they need: the input that they
// are made of is the caller's. What goes to the same reader keeps its order: the
// queries stay in front of the keys, the values in front of the exponentials.
// CHECK-LABEL: func.func @attention
// CHECK: linalg.copy {{.*}} -> tensor<4x8xf32>
// CHECK-NEXT: linalg.copy {{.*}} -> tensor<8x4xf32>
// CHECK-NEXT: linalg.fill
// CHECK-NEXT: linalg.matmul {{.*}} -> tensor<4x4xf32>
// CHECK-NEXT: linalg.negf {{.*}} -> tensor<4x8xf32>
// CHECK-NEXT: linalg.abs
// CHECK-NEXT: linalg.exp
// CHECK-NEXT: linalg.matmul
func.func @attention(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>, %z: f32) -> tensor<4x8xf32> {
  %1 = tensor.empty() : tensor<4x8xf32>
  %2 = tensor.empty() : tensor<8x4xf32>
  %3 = tensor.empty() : tensor<4x4xf32>
  %q = linalg.copy ins(%x : tensor<4x8xf32>) outs(%1 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %v0 = linalg.negf ins(%x : tensor<4x8xf32>) outs(%1 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %v = linalg.abs ins(%v0 : tensor<4x8xf32>) outs(%1 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %k = linalg.copy ins(%w : tensor<8x4xf32>) outs(%2 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %fill = linalg.fill ins(%z : f32) outs(%3 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %s = linalg.matmul ins(%q, %k : tensor<4x8xf32>, tensor<8x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e = linalg.exp ins(%s : tensor<4x4xf32>) outs(%3 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %r = linalg.matmul ins(%e, %v : tensor<4x4xf32>, tensor<4x8xf32>) outs(%1 : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

// Bytes are less to keep than the numbers that are made of them, and than those
// that they are made of.
// CHECK-LABEL: func.func @bytes
// CHECK: linalg.log
// CHECK-NEXT: %[[U:.*]] = bnn.quantize
// CHECK-NEXT: linalg.exp
// CHECK-NEXT: linalg.abs
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[U]]
// CHECK: linalg.add
#id = affine_map<(i, j) -> (i, j)>
func.func @bytes(%x: tensor<?x8xf32>, %n: index) -> tensor<?x8xf32> {
  %0 = tensor.empty(%n) : tensor<?x8x!bnn.u8>
  %1 = tensor.empty(%n) : tensor<?x8xf32>
  %step = arith.constant 1.0 : f32
  %y = linalg.log ins(%x : tensor<?x8xf32>) outs(%1 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %u = bnn.quantize %y step(%step) outs(%0 : tensor<?x8x!bnn.u8>) : tensor<?x8xf32> -> tensor<?x8x!bnn.u8>
  %v = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%u : tensor<?x8x!bnn.u8>) outs(%1 : tensor<?x8xf32>) {
  ^bb0(%a: !bnn.u8, %out: f32):
    %b = builtin.unrealized_conversion_cast %a : !bnn.u8 to i8
    %c = arith.uitofp %b : i8 to f32
    linalg.yield %c : f32
  } -> tensor<?x8xf32>
  %s = linalg.exp ins(%y : tensor<?x8xf32>) outs(%1 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %t = linalg.abs ins(%s : tensor<?x8xf32>) outs(%1 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %r = linalg.add ins(%t, %v : tensor<?x8xf32>, tensor<?x8xf32>) outs(%1 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %q = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%t, %r : tensor<?x8xf32>, tensor<?x8xf32>) outs(%1 : tensor<?x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %c = arith.divf %a, %b : f32
    linalg.yield %c : f32
  } -> tensor<?x8xf32>
  return %q : tensor<?x8xf32>
}

// -----

// What would have to be kept is as large as the result.
// CHECK-LABEL: func.func @as_large
// CHECK: linalg.exp
// CHECK-NEXT: linalg.negf
// CHECK-NEXT: linalg.abs
func.func @as_large(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>, %n: index) -> tensor<?x8xf32> {
  %0 = tensor.empty(%n) : tensor<?x8xf32>
  %a = linalg.exp ins(%x : tensor<?x8xf32>) outs(%0 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %b = linalg.negf ins(%a : tensor<?x8xf32>) outs(%0 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.abs ins(%y : tensor<?x8xf32>) outs(%0 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %d = linalg.add ins(%a, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%0 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.mul ins(%b, %d : tensor<?x8xf32>, tensor<?x8xf32>) outs(%0 : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %e : tensor<?x8xf32>
}
