// RUN: bnn-opt %s --bnn-fuse-elementwise --split-input-file | FileCheck %s

#map = affine_map<(i, j) -> (i, j)>

// Two ops that read and write each element once are one.
// CHECK-LABEL: func.func @chain
// CHECK: linalg.generic
// CHECK: math.tanh
// CHECK-NEXT: arith.addf
// CHECK-NOT: linalg.generic
func.func @chain(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %t = math.tanh %a : f32
    linalg.yield %t : f32
  } -> tensor<4x8xf32>
  %2 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%1, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// What is broadcast is computed once a row, not once an element.
// CHECK-LABEL: func.func @broadcast
// CHECK: %[[T:.*]] = linalg.generic
// CHECK: math.tanh
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[T]]
// CHECK: arith.addf
func.func @broadcast(%x: tensor<4xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tensor.empty() : tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %t = math.tanh %a : f32
    linalg.yield %t : f32
  } -> tensor<4xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = linalg.generic {indexing_maps = [#map, #row, #map], iterator_types = ["parallel", "parallel"]}
      ins(%y, %1 : tensor<4x8xf32>, tensor<4xf32>) outs(%2 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// A factor of a product is read once for each of its outputs.
// CHECK-LABEL: func.func @factor
// CHECK: %[[T:.*]] = linalg.generic
// CHECK: math.tanh
// CHECK: linalg.generic {{.*}} ins(%[[T]]
// CHECK: math.fma
func.func @factor(%x: tensor<4x8xf32>, %w: tensor<8x5xf32>, %init: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %t = math.tanh %a : f32
    linalg.yield %t : f32
  } -> tensor<4x8xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(m, k, n) -> (m, k)>, affine_map<(m, k, n) -> (k, n)>, affine_map<(m, k, n) -> (m, n)>],
                       iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%1, %w : tensor<4x8xf32>, tensor<8x5xf32>) outs(%init : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = math.fma %a, %b, %c : f32
    linalg.yield %s : f32
  } -> tensor<4x5xf32>
  return %2 : tensor<4x5xf32>
}

// -----

// Attention's heads: what is transposed is read where it lies, and the result
// is written where it is wanted. The keys' last axis does not stay the last.
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d0, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d0, d3)>
// CHECK-LABEL: func.func @heads
// CHECK-SAME: %[[Q:.*]]: tensor<7x2x4xf32>, %[[K:.*]]: tensor<5x2x4xf32>)
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[K]] : tensor<5x2x4xf32>) {{.*}} permutation = [1, 2, 0]
// CHECK: %[[F:.*]] = linalg.fill {{.*}} -> tensor<7x2x5xf32>
// CHECK: %[[R:.*]] = linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]],
// CHECK-SAME: ins(%[[Q]], %[[T]] :
// CHECK-SAME: outs(%[[F]] : tensor<7x2x5xf32>)
// CHECK: return %[[R]]
func.func @heads(%q: tensor<7x2x4xf32>, %k: tensor<5x2x4xf32>) -> tensor<7x2x5xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<2x7x4xf32>
  %1 = linalg.transpose ins(%q : tensor<7x2x4xf32>) outs(%0 : tensor<2x7x4xf32>) permutation = [1, 0, 2]
  %2 = tensor.empty() : tensor<2x4x5xf32>
  %3 = linalg.transpose ins(%k : tensor<5x2x4xf32>) outs(%2 : tensor<2x4x5xf32>) permutation = [1, 2, 0]
  %4 = tensor.empty() : tensor<2x7x5xf32>
  %5 = linalg.fill ins(%zero : f32) outs(%4 : tensor<2x7x5xf32>) -> tensor<2x7x5xf32>
  %6 = linalg.generic {indexing_maps = [affine_map<(h, m, k, n) -> (h, m, k)>, affine_map<(h, m, k, n) -> (h, k, n)>, affine_map<(h, m, k, n) -> (h, m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
      ins(%1, %3 : tensor<2x7x4xf32>, tensor<2x4x5xf32>) outs(%5 : tensor<2x7x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = math.fma %a, %b, %c : f32
    linalg.yield %s : f32
  } -> tensor<2x7x5xf32>
  %7 = tensor.empty() : tensor<7x2x5xf32>
  %8 = linalg.transpose ins(%6 : tensor<2x7x5xf32>) outs(%7 : tensor<7x2x5xf32>) permutation = [1, 0, 2]
  return %8 : tensor<7x2x5xf32>
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// An elementwise op reads a transposed tensor as it is; sums whose first term
// is not a fill's keep their transposed result.
// CHECK-LABEL: func.func @transposes
// CHECK-COUNT-2: linalg.transpose
func.func @transposes(%x: tensor<3x4x5xf32>, %init: tensor<3x4xf32>, %y: tensor<3x4x5xf32>) -> (tensor<4x3x5xf32>, tensor<1x3x4xf32>) {
  %0 = tensor.empty() : tensor<4x3x5xf32>
  %1 = linalg.transpose ins(%x : tensor<3x4x5xf32>) outs(%0 : tensor<4x3x5xf32>) permutation = [1, 0, 2]
  %2 = tensor.empty() : tensor<4x3x5xf32>
  %3 = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%1 : tensor<4x3x5xf32>) outs(%2 : tensor<4x3x5xf32>) {
  ^bb0(%a: f32, %out: f32):
    %t = math.tanh %a : f32
    linalg.yield %t : f32
  } -> tensor<4x3x5xf32>
  %4 = tensor.expand_shape %init [[0, 1], [2]] output_shape [3, 1, 4] : tensor<3x4xf32> into tensor<3x1x4xf32>
  %5 = linalg.generic {indexing_maps = [affine_map<(i, u, j, k) -> (i, j, k)>, affine_map<(i, u, j, k) -> (i, u, j)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%y : tensor<3x4x5xf32>) outs(%4 : tensor<3x1x4xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  } -> tensor<3x1x4xf32>
  %6 = tensor.empty() : tensor<1x3x4xf32>
  %7 = linalg.transpose ins(%5 : tensor<3x1x4xf32>) outs(%6 : tensor<1x3x4xf32>) permutation = [1, 0, 2]
  return %3, %7 : tensor<4x3x5xf32>, tensor<1x3x4xf32>
}

// -----

// A product reads bytes as they are, less their zero point, and as they lie: of
// the second factor columns as well as rows. What makes the bytes stays apart.
// CHECK: #[[$LEFT:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d0, d2)>
// CHECK: #[[$RIGHT:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d0, d2)>
// CHECK-LABEL: func.func @bytes
// CHECK-SAME: %[[X:.*]]: tensor<4x2x8xi8>, %[[Y:.*]]: tensor<5x2x8xf32>
// CHECK-NOT: linalg.transpose
// CHECK: %[[BYTES:.*]] = linalg.generic {{.*}} ins(%[[Y]] : tensor<5x2x8xf32>) outs(%{{.*}} : tensor<5x2x8xi8>)
// CHECK: linalg.generic {indexing_maps = [#[[$LEFT]], #[[$RIGHT]], {{.*}}ins(%[[X]], %[[BYTES]] : tensor<4x2x8xi8>, tensor<5x2x8xi8>)
// CHECK: arith.extui
// CHECK: arith.extsi
// CHECK: arith.subi
// CHECK: arith.muli
#three = affine_map<(i, j, k) -> (i, j, k)>
#left = affine_map<(h, m, k, n) -> (h, m, k)>
#right = affine_map<(h, m, k, n) -> (h, k, n)>
#out = affine_map<(h, m, k, n) -> (h, m, n)>
func.func @bytes(%x: tensor<4x2x8xi8>, %y: tensor<5x2x8xf32>) -> tensor<2x4x5xi32> {
  %point = arith.constant 7 : i32
  %zero = arith.constant 0 : i32
  %0 = tensor.empty() : tensor<2x4x8xi8>
  %1 = linalg.transpose ins(%x : tensor<4x2x8xi8>) outs(%0 : tensor<2x4x8xi8>) permutation = [1, 0, 2]
  %2 = tensor.empty() : tensor<2x4x8xi32>
  %3 = linalg.generic {indexing_maps = [#three, #three], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%1 : tensor<2x4x8xi8>) outs(%2 : tensor<2x4x8xi32>) {
  ^bb0(%a: i8, %o: i32):
    %w = arith.extsi %a : i8 to i32
    %s = arith.subi %w, %point : i32
    linalg.yield %s : i32
  } -> tensor<2x4x8xi32>
  %4 = tensor.empty() : tensor<5x2x8xi8>
  %5 = linalg.generic {indexing_maps = [#three, #three], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y : tensor<5x2x8xf32>) outs(%4 : tensor<5x2x8xi8>) {
  ^bb0(%a: f32, %o: i8):
    %i = arith.fptosi %a : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<5x2x8xi8>
  %6 = tensor.empty() : tensor<2x8x5xi8>
  %7 = linalg.transpose ins(%5 : tensor<5x2x8xi8>) outs(%6 : tensor<2x8x5xi8>) permutation = [1, 2, 0]
  %8 = tensor.empty() : tensor<2x8x5xi32>
  %9 = linalg.generic {indexing_maps = [#three, #three], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%7 : tensor<2x8x5xi8>) outs(%8 : tensor<2x8x5xi32>) {
  ^bb0(%a: i8, %o: i32):
    %w = arith.extui %a : i8 to i32
    linalg.yield %w : i32
  } -> tensor<2x8x5xi32>
  %10 = tensor.empty() : tensor<2x4x5xi32>
  %11 = linalg.fill ins(%zero : i32) outs(%10 : tensor<2x4x5xi32>) -> tensor<2x4x5xi32>
  %12 = linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
      ins(%3, %9 : tensor<2x4x8xi32>, tensor<2x8x5xi32>) outs(%11 : tensor<2x4x5xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %p = arith.muli %a, %b : i32
    %s = arith.addi %o, %p : i32
    linalg.yield %s : i32
  } -> tensor<2x4x5xi32>
  return %12 : tensor<2x4x5xi32>
}

// -----

// The bias becomes the product's epilogue later on: the reshape stays behind it.
// CHECK-LABEL: func.func @epilogue
// CHECK: %[[Y:.*]] = bnn.matmul
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%[[Y]]
// CHECK: tensor.expand_shape %[[B]]
func.func @epilogue(%x: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>, %b: tensor<8xf32>) -> tensor<4x2x4xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %y = bnn.matmul %x, %w outs(%0 : tensor<4x8xf32>) : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y, %b : tensor<4x8xf32>, tensor<8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %c: f32, %out: f32):
    %d = arith.addf %a, %c : f32
    linalg.yield %d : f32
  } -> tensor<4x8xf32>
  %2 = tensor.expand_shape %1 [[0], [1, 2]] output_shape [4, 2, 4] : tensor<4x8xf32> into tensor<4x2x4xf32>
  return %2 : tensor<4x2x4xf32>
}
