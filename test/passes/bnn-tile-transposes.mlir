// RUN: bnn-opt %s --bnn-tile-transposes --canonicalize --split-input-file | FileCheck %s

// Tiles of 16 by 16, then the tokens that are left, channel by channel.
// CHECK-LABEL: func.func @keys(
// CHECK-SAME: %[[K:.*]]: memref<2x?x3x64xf32>, %[[T:.*]]: memref<2x3x64x?xf32>)
// CHECK: scf.for %[[B:.*]] = %c0 to %c2 step %c1 {
// CHECK: scf.for %[[H:.*]] = %c0 to %c3 step %c1 {
// CHECK: %[[TOKENS:.*]] = memref.dim %[[T]], %{{.*}} : memref<2x3x64x?xf32>
// CHECK: %[[REST:.*]] = arith.remui %[[TOKENS]], %c16
// CHECK: %[[WHOLE:.*]] = arith.subi %[[TOKENS]], %[[REST]]
// CHECK: scf.for %[[J:.*]] = %c0 to %[[WHOLE]] step %c16 {
// CHECK: scf.for %[[C:.*]] = %c0 to %c64 step %c16 {
// CHECK: %[[X0:.*]] = vector.load %[[K]][%[[B]], %[[J]], %[[H]], %[[C]]] : memref<2x?x3x64xf32>, vector<16xf32>
// CHECK: %[[J1:.*]] = arith.addi %[[J]], %c1
// CHECK: %[[X1:.*]] = vector.load %[[K]][%[[B]], %[[J1]], %[[H]], %[[C]]] : memref<2x?x3x64xf32>, vector<16xf32>
// CHECK-COUNT-14: vector.load
// CHECK: vector.shuffle %[[X0]], %[[X1]] [0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30]
// CHECK: vector.shuffle %[[X0]], %[[X1]] [1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31]
// CHECK-COUNT-62: vector.shuffle
// CHECK-NOT: vector.shuffle
// CHECK: vector.store %{{.*}}, %[[T]][%[[B]], %[[H]], %[[C]], %[[J]]] : memref<2x3x64x?xf32>, vector<16xf32>
// CHECK: %[[C1:.*]] = arith.addi %[[C]], %c1
// CHECK: vector.store %{{.*}}, %[[T]][%[[B]], %[[H]], %[[C1]], %[[J]]] : memref<2x3x64x?xf32>, vector<16xf32>
// CHECK-COUNT-14: vector.store
// CHECK: scf.for %[[C:.*]] = %c0 to %c64 step %c1 {
// CHECK: scf.for %[[J:.*]] = %[[WHOLE]] to %[[TOKENS]] step %c1 {
// CHECK: %[[X:.*]] = memref.load %[[K]][%[[B]], %[[J]], %[[H]], %[[C]]]
// CHECK: memref.store %[[X]], %[[T]][%[[B]], %[[H]], %[[C]], %[[J]]]
module attributes {bnn.target = #bnn.target<strategy = "avx512", instructions = "ternary_logic">} {
func.func @keys(%k: memref<2x?x3x64xf32>, %t: memref<2x3x64x?xf32>) {
  linalg.transpose ins(%k : memref<2x?x3x64xf32>) outs(%t : memref<2x3x64x?xf32>) permutation = [0, 2, 3, 1]
  return
}
}

// -----

// 8 by 8 elsewhere; a generic op is one too. No column is left.
// CHECK-LABEL: func.func @generic(
// CHECK-SAME: %[[X:.*]]: memref<20x16xf32, strided<[64, 1], offset: 3>>, %[[Y:.*]]: memref<16x20xf32>)
// CHECK-DAG: %c16 = arith.constant 16 : index
// CHECK: scf.for %{{.*}} = %c0 to %c16 step %c8 {
// CHECK: scf.for %{{.*}} = %c0 to %c16 step %c8 {
// CHECK-COUNT-8: vector.load {{.*}}, vector<8xf32>
// CHECK-COUNT-24: vector.shuffle
// CHECK-COUNT-8: vector.store
// CHECK: scf.for %{{.*}} = %c0 to %c16 step %c1 {
// CHECK: scf.for %{{.*}} = %c16 to %c20 step %c1 {
// CHECK-NOT: scf.for
// CHECK: return
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (j, i)>
func.func @generic(%x: memref<20x16xf32, strided<[64, 1], offset: 3>>, %y: memref<16x20xf32>) {
  linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<20x16xf32, strided<[64, 1], offset: 3>>) outs(%y : memref<16x20xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

// What computes, keeps rows, has gaps or other elements, or sums up stays.
// CHECK-LABEL: func.func @others(
// CHECK-COUNT-5: linalg.
// CHECK-NOT: vector.
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (j, i)>
#sum = affine_map<(i, j) -> (j)>
module attributes {bnn.target = #bnn.target<strategy = "avx512", instructions = "ternary_logic">} {
func.func @others(%x: memref<32x32xf32>, %y: memref<32x32xf32>, %gaps: memref<32x32xf32, strided<[64, 2]>>,
                  %ints: memref<32x32xi8>, %turned: memref<32x32xi8>, %heads: memref<4x32x8xf32>,
                  %moved: memref<32x4x8xf32>, %sums: memref<32xf32>) {
  linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<32x32xf32>) outs(%y : memref<32x32xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.negf %a : f32
    linalg.yield %c : f32
  }
  linalg.transpose ins(%gaps : memref<32x32xf32, strided<[64, 2]>>) outs(%y : memref<32x32xf32>) permutation = [1, 0]
  linalg.transpose ins(%ints : memref<32x32xi8>) outs(%turned : memref<32x32xi8>) permutation = [1, 0]
  linalg.transpose ins(%heads : memref<4x32x8xf32>) outs(%moved : memref<32x4x8xf32>) permutation = [1, 0, 2]
  linalg.generic {indexing_maps = [#in, #sum], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<32x32xf32>) outs(%sums : memref<32xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}
}

// -----

// So does everything where there are no vectors.
// CHECK-LABEL: func.func @portable(
// CHECK: linalg.transpose
module attributes {bnn.target = #bnn.target<strategy = "cortex-m">} {
func.func @portable(%x: memref<32x32xf32>, %y: memref<32x32xf32>) {
  linalg.transpose ins(%x : memref<32x32xf32>) outs(%y : memref<32x32xf32>) permutation = [1, 0]
  return
}
}
