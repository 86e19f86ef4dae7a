// RUN: bnn-opt %s --bnn-tile-products --split-input-file | FileCheck %s

// Tiles of 4 rows where the target says nothing, and what is left in twos and
// ones; 16 columns, and those that are left behind a mask.
// CHECK-LABEL: func.func @rows(
// CHECK-NOT: linalg.generic
// CHECK: scf.for
// CHECK: %[[X:.*]]:4 = scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
// CHECK: %[[B:.*]] = vector.load %{{.*}} : memref<?x40xf32>, vector<16xf32>
// CHECK: math.fma %{{.*}}, %[[B]], %{{.*}} : vector<16xf32>
// CHECK: vector.store %[[X]]#0
// CHECK: -> (vector<16xf32>, vector<16xf32>) {
// CHECK: -> (vector<16xf32>) {
// CHECK: vector.create_mask
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
func.func @rows(%a: memref<?x?xf32>, %b: memref<?x40xf32>, %c: memref<?x40xf32>) {
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<?x?xf32>, memref<?x40xf32>) outs(%c : memref<?x40xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %next = math.fma %x, %y, %sum : f32
    linalg.yield %next : f32
  }
  return
}

// -----

// Batches, of which a factor may have one for all, and 8 rows of 512 bits.
// CHECK-LABEL: func.func @batches(
// CHECK-SAME: %[[A:.*]]: memref<2x1x8x?xf32>, %[[B:.*]]: memref<2x3x?x16xf32>
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: scf.for %[[I:.*]] = %{{.*}} to
// CHECK: scf.for %[[J:.*]] = %{{.*}} to
// CHECK-NOT: vector.create_mask
// CHECK: vector.load %[[B]][%[[I]], %[[J]], %{{.*}}, %{{.*}}]
// CHECK: memref.load %[[A]][%[[I]], %{{.*}}, %{{.*}}, %{{.*}}]
// CHECK-COUNT-8: math.fma
// CHECK-NOT: vector.create_mask
#batch = affine_map<(i, j, m, k, n) -> (i, 0, m, k)>
#right = affine_map<(i, j, m, k, n) -> (i, j, k, n)>
#out = affine_map<(i, j, m, k, n) -> (i, j, m, n)>
module attributes {bnn.target = #bnn.target<strategy = "wide", instructions = "ternary_logic">} {
func.func @batches(%a: memref<2x1x8x?xf32>, %b: memref<2x3x?x16xf32>, %c: memref<2x3x8x16xf32>) {
  linalg.generic {indexing_maps = [#batch, #right, #out],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<2x1x8x?xf32>, memref<2x3x?x16xf32>) outs(%c : memref<2x3x8x16xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %next = math.fma %x, %y, %sum : f32
    linalg.yield %next : f32
  }
  return
}
}

// -----

// The heads of attention as they lie in the rows of tokens; 32 columns of a
// tile, and 16 where they are left.
// CHECK-LABEL: func.func @heads(
// CHECK-SAME: %[[A:.*]]: memref<8x2x64xf32>, %[[B:.*]]: memref<64x2x48xf32>, %[[C:.*]]: memref<8x2x48xf32>
// CHECK: scf.for %[[H:.*]] = %{{.*}} to
// CHECK: scf.for %[[N:.*]] = %{{.*}} to
// CHECK: scf.for %[[M:.*]] = %{{.*}} to
// CHECK: scf.for %[[K:.*]] = %{{.*}} to
// CHECK-COUNT-2: vector.load %[[B]][%[[K]], %[[H]], %{{.*}}]
// CHECK: memref.load %[[A]][%[[M]], %[[H]], %[[K]]]
// CHECK-COUNT-16: math.fma
// CHECK: vector.store %{{.*}}, %[[C]][%[[M]], %[[H]], %[[N]]]
// CHECK: -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
#left = affine_map<(h, m, k, n) -> (m, h, k)>
#right = affine_map<(h, m, k, n) -> (k, h, n)>
#out = affine_map<(h, m, k, n) -> (m, h, n)>
module attributes {bnn.target = #bnn.target<strategy = "wide", instructions = "ternary_logic">} {
func.func @heads(%a: memref<8x2x64xf32>, %b: memref<64x2x48xf32>, %c: memref<8x2x48xf32>) {
  linalg.generic {indexing_maps = [#left, #right, #out],
                  iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<8x2x64xf32>, memref<64x2x48xf32>) outs(%c : memref<8x2x48xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %next = math.fma %x, %y, %sum : f32
    linalg.yield %next : f32
  }
  return
}
}

// -----

// A product and an addition round twice, a transposed factor has no rows of
// columns, and neither has one with gaps: they stay.
// CHECK-LABEL: func.func @others(
// CHECK-COUNT-3: linalg.generic
// CHECK-NOT: vector
#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#t = affine_map<(m, k, n) -> (n, k)>
#c = affine_map<(m, k, n) -> (m, n)>
func.func @others(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %c: memref<4x4xf32>,
                  %gaps: memref<4x4xf32, strided<[8, 2]>>) {
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %product = arith.mulf %x, %y : f32
    %next = arith.addf %product, %sum : f32
    linalg.yield %next : f32
  }
  linalg.generic {indexing_maps = [#a, #t, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %next = math.fma %x, %y, %sum : f32
    linalg.yield %next : f32
  }
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %gaps : memref<4x4xf32>, memref<4x4xf32, strided<[8, 2]>>) outs(%c : memref<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %next = math.fma %x, %y, %sum : f32
    linalg.yield %next : f32
  }
  return
}

// -----

// Bytes: the second factor's, four rows of them, become words of panels, those
// that begin no word one by one; then tiles are added up. A zero point of the
// first factor takes its share of each column's sum.
// CHECK-LABEL: func.func @bytes(
// CHECK-SAME: %[[A:.*]]: memref<?x?xi8>, %[[B:.*]]: memref<?x16xi8>, %[[C:.*]]: memref<?x16xi32>
// CHECK-NOT: linalg.generic
// CHECK: %[[PANELS:.*]] = memref.alloc(%{{.*}}) : memref<1x?x16xi32>
// CHECK-COUNT-4: vector.load %[[B]][%{{.*}}, %{{.*}}] : memref<?x16xi8>, vector<16xi8>
// CHECK: vector.store %{{.*}}, %[[PANELS]]
// CHECK: %[[SUMS:.*]] = scf.for
// CHECK: arith.subi %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK: vector.load %[[A]][%{{.*}}, %{{.*}}] : memref<?x?xi8>, vector<4xi8>
// CHECK: vector.store %{{.*}}, %[[C]]
#a = affine_map<(m, k, n) -> (m, k)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
func.func @bytes(%a: memref<?x?xi8>, %b: memref<?x16xi8>, %c: memref<?x16xi32>) {
  %point = arith.constant 3 : i32
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<?x?xi8>, memref<?x16xi8>) outs(%c : memref<?x16xi32>) {
  ^bb0(%x: i8, %y: i8, %sum: i32):
    %x32 = arith.extui %x : i8 to i32
    %xn = arith.subi %x32, %point : i32
    %y32 = arith.extsi %y : i8 to i32
    %product = arith.muli %xn, %y32 : i32
    %next = arith.addi %product, %sum : i32
    linalg.yield %next : i32
  }
  return
}

// -----

// Columns whose bytes lie side by side, and have no sign: 128 less is signed,
// and each row's sum has a share. The CPU wants the rows' without a sign.
// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[A:.*]]: memref<4x64xi8>, %[[B:.*]]: memref<32x64xui8>
// CHECK: memref.alloc() : memref<2x16x16xi32>
// CHECK: %[[ROWS:.*]] = memref.alloc() : memref<4xi32>
// CHECK: vector.load %[[B]][%{{.*}}, %{{.*}}] : memref<32x64xui8>, vector<4xui8>
// CHECK-NEXT: builtin.unrealized_conversion_cast %{{.*}} : vector<4xui8> to vector<4xi8>
// CHECK: arith.xori %{{.*}} : vector<4xi8>
// CHECK: memref.store %{{.*}}, %[[ROWS]]
// CHECK-COUNT-8: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
#a = affine_map<(m, k, n) -> (m, k)>
#t = affine_map<(m, k, n) -> (n, k)>
#c = affine_map<(m, k, n) -> (m, n)>
module attributes {bnn.target = #bnn.target<strategy = "wide", instructions = "dot_64_bytes", dots = [#bnn.dot<dot_bytes, rows = 4, panels = 2>]>} {
func.func @columns(%a: memref<4x64xi8>, %b: memref<32x64xui8>, %c: memref<4x32xi32>) {
  linalg.generic {indexing_maps = [#a, #t, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<4x64xi8>, memref<32x64xui8>) outs(%c : memref<4x32xi32>) {
  ^bb0(%x: i8, %y: ui8, %sum: i32):
    %x32 = arith.extsi %x : i8 to i32
    %byte = builtin.unrealized_conversion_cast %y : ui8 to i8
    %y32 = arith.extui %byte : i8 to i32
    %product = arith.muli %x32, %y32 : i32
    %next = arith.addi %sum, %product : i32
    linalg.yield %next : i32
  }
  return
}
}

// -----

// Integers of 16 bits, rows of the first factor along m, a sum that is less the
// product, and one of squares are others.
// CHECK-LABEL: func.func @other_bytes(
// CHECK-COUNT-4: linalg.generic
// CHECK-NOT: vector
#a = affine_map<(m, k, n) -> (m, k)>
#ta = affine_map<(m, k, n) -> (k, m)>
#b = affine_map<(m, k, n) -> (k, n)>
#c = affine_map<(m, k, n) -> (m, n)>
func.func @other_bytes(%a: memref<4x4xi8>, %b: memref<4x4xi8>, %c: memref<4x4xi32>, %wide: memref<4x4xi16>) {
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %wide : memref<4x4xi8>, memref<4x4xi16>) outs(%c : memref<4x4xi32>) {
  ^bb0(%x: i8, %y: i16, %sum: i32):
    %x32 = arith.extsi %x : i8 to i32
    %y32 = arith.extsi %y : i16 to i32
    %product = arith.muli %x32, %y32 : i32
    %next = arith.addi %sum, %product : i32
    linalg.yield %next : i32
  }
  linalg.generic {indexing_maps = [#ta, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<4x4xi8>, memref<4x4xi8>) outs(%c : memref<4x4xi32>) {
  ^bb0(%x: i8, %y: i8, %sum: i32):
    %x32 = arith.extsi %x : i8 to i32
    %y32 = arith.extsi %y : i8 to i32
    %product = arith.muli %x32, %y32 : i32
    %next = arith.addi %sum, %product : i32
    linalg.yield %next : i32
  }
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<4x4xi8>, memref<4x4xi8>) outs(%c : memref<4x4xi32>) {
  ^bb0(%x: i8, %y: i8, %sum: i32):
    %x32 = arith.extsi %x : i8 to i32
    %y32 = arith.extsi %y : i8 to i32
    %product = arith.muli %x32, %y32 : i32
    %next = arith.subi %sum, %product : i32
    linalg.yield %next : i32
  }
  linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<4x4xi8>, memref<4x4xi8>) outs(%c : memref<4x4xi32>) {
  ^bb0(%x: i8, %y: i8, %sum: i32):
    %x32 = arith.extsi %x : i8 to i32
    %product = arith.muli %x32, %x32 : i32
    %next = arith.addi %sum, %product : i32
    linalg.yield %next : i32
  }
  return
}
