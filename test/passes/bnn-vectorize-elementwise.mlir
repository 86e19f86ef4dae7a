// RUN: bnn-opt %s --bnn-vectorize-elementwise --canonicalize --cse --split-input-file | FileCheck %s

// Vectors of 16, 8 and 4, then one by one; what is of the row is read before it.
// CHECK-LABEL: func.func @exp(
// CHECK-SAME: %[[X:.*]]: memref<?x?xf32>, %[[MAX:.*]]: memref<?xf32>, %[[Y:.*]]: memref<?x?xf32>)
// CHECK: scf.for %[[I:.*]] = %c0 to %{{.*}} step %c1 {
// CHECK: %[[M:.*]] = memref.load %[[MAX]][%[[I]]]
// CHECK: scf.for %[[J:.*]] = %c0 to %[[END:.*]] step %c16 {
// CHECK-NEXT: %[[V:.*]] = vector.load %[[X]][%[[I]], %[[J]]] : memref<?x?xf32>, vector<16xf32>
// CHECK-NEXT: %[[ALL:.*]] = vector.broadcast %[[M]] : f32 to vector<16xf32>
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[V]], %[[ALL]] : vector<16xf32>
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]] {bnn.not_positive} : vector<16xf32>
// CHECK-NEXT: vector.store %[[E]], %[[Y]][%[[I]], %[[J]]]
// CHECK: scf.for %{{.*}} = %[[END]] to %[[END8:.*]] step %c8 {
// CHECK: scf.for %{{.*}} = %[[END8]] to %[[END4:.*]] step %c4 {
// CHECK: scf.for %[[J:.*]] = %[[END4]] to %{{.*}} step %c1 {
// CHECK-NEXT: %[[V:.*]] = memref.load %[[X]][%[[I]], %[[J]]]
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[V]], %[[M]] : f32
// CHECK-NEXT: %[[E:.*]] = math.exp %[[D]] {bnn.not_positive} : f32
// CHECK-NEXT: memref.store %[[E]], %[[Y]][%[[I]], %[[J]]]
#row = affine_map<(i, j) -> (i, j)>
#of_row = affine_map<(i, j) -> (i)>
module attributes {bnn.target = #bnn.target<strategy = "avx512", instructions = "ternary_logic">} {
func.func @exp(%x: memref<?x?xf32>, %max: memref<?xf32>, %y: memref<?x?xf32>) {
  linalg.generic {indexing_maps = [#row, #of_row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : memref<?x?xf32>, memref<?xf32>) outs(%y : memref<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %d = arith.subf %a, %b : f32
    %e = math.exp %d {bnn.not_positive} : f32
    linalg.yield %e : f32
  }
  return
}
}

// -----

// Rows of a table: where one is is found out once. Bytes, comparisons and a
// constant; 12 is a vector of 8 and one of 4.
// CHECK-LABEL: func.func @lookup(
// CHECK-SAME: %[[IDS:.*]]: memref<3xi64>, %[[TABLE:.*]]: memref<9x12xf32>, %[[X:.*]]: memref<3x12xi8>, %[[Y:.*]]: memref<3x12xf32>)
// CHECK: %[[ONES:.*]] = arith.constant dense<1.000000e+00> : vector<8xf32>
// CHECK: scf.for %[[I:.*]] = %c0 to %c3 step %c1 {
// CHECK: %[[ID:.*]] = memref.load %[[IDS]][%[[I]]]
// CHECK: %[[ROW:.*]] = arith.index_cast %[[ID]] : i64 to index
// CHECK-NOT: scf.for
// CHECK: %[[B:.*]] = vector.load %[[X]][%[[I]], %c0] : memref<3x12xi8>, vector<8xi8>
// CHECK: %[[T:.*]] = vector.load %[[TABLE]][%[[ROW]], %c0] : memref<9x12xf32>, vector<8xf32>
// CHECK: %[[F:.*]] = arith.sitofp %[[B]] : vector<8xi8> to vector<8xf32>
// CHECK: %[[LESS:.*]] = arith.cmpf olt, %[[F]], %[[ONES]] : vector<8xf32>
// CHECK: arith.select %[[LESS]], %[[T]], %[[F]] : vector<8xi1>, vector<8xf32>
// CHECK: vector.load %[[TABLE]][%[[ROW]], %c8] : memref<9x12xf32>, vector<4xf32>
// CHECK: vector.store %{{.*}}, %[[Y]][%[[I]], %c8]
#row = affine_map<(i, j) -> (i, j)>
#of_row = affine_map<(i, j) -> (i)>
func.func @lookup(%ids: memref<3xi64>, %table: memref<9x12xf32>, %x: memref<3x12xi8>, %y: memref<3x12xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.generic {indexing_maps = [#of_row, #row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%ids, %x : memref<3xi64>, memref<3x12xi8>) outs(%y : memref<3x12xf32>) {
  ^bb0(%id: i64, %a: i8, %out: f32):
    %row = arith.index_cast %id : i64 to index
    %j = linalg.index 1 : index
    %t = memref.load %table[%row, %j] : memref<9x12xf32>
    %f = arith.sitofp %a : i8 to f32
    %less = arith.cmpf olt, %f, %one : f32
    %s = arith.select %less, %t, %f : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Two outputs whose rows are the op's first loop; one is read as well.
// CHECK-LABEL: func.func @turned(
// CHECK: scf.for %[[J:.*]] = %c0 to %c2 step %c1 {
// CHECK: %[[S:.*]] = memref.load %{{.*}}[%[[J]], %c0] : memref<2x1xf32>
// CHECK: scf.for %[[I:.*]] = %c0 to %c16 step %c8 {
// CHECK: vector.load %arg1[%[[J]], %[[I]]]
// CHECK: %[[ALL:.*]] = vector.broadcast %[[S]] : f32 to vector<8xf32>
// CHECK: vector.store %[[ALL]], %arg2[%[[J]], %[[I]]]
#of_column = affine_map<(i, j) -> (j, 0)>
#turned = affine_map<(i, j) -> (j, i)>
func.func @turned(%s: memref<2x1xf32>, %y: memref<2x16xf32>, %z: memref<2x16xf32>) {
  linalg.generic {indexing_maps = [#of_column, #turned, #turned], iterator_types = ["parallel", "parallel"]}
      ins(%s : memref<2x1xf32>) outs(%y, %z : memref<2x16xf32>, memref<2x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %sum = arith.addf %a, %b : f32
    linalg.yield %sum, %a : f32, f32
  }
  return
}

// -----

// What stays: copies, integers of 64 bits, divided integers, columns that do not
// lie side by side, a place of the row as a number, rows of 3.
// CHECK-LABEL: func.func @stay(
// CHECK-COUNT-7: linalg.generic
// CHECK-NOT: vector
// CHECK: return
#row = affine_map<(i, j) -> (i, j)>
func.func @stay(%x: memref<2x8xf32>, %y: memref<2x8xf32>, %l: memref<2x8xi64>, %n: memref<2x8xi32>,
                %apart: memref<2x8xf32, strided<[32, 2]>>, %few: memref<2x3xf32>) {
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<2x8xf32>) outs(%y : memref<2x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%l : memref<2x8xi64>) outs(%y : memref<2x8xf32>) {
  ^bb0(%a: i64, %out: f32):
    %f = arith.sitofp %a : i64 to f32
    linalg.yield %f : f32
  }
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%n : memref<2x8xi32>) outs(%n : memref<2x8xi32>) {
  ^bb0(%a: i32, %out: i32):
    %q = arith.divsi %a, %a : i32
    linalg.yield %q : i32
  }
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%n : memref<2x8xi32>) outs(%n : memref<2x8xi32>) {
  ^bb0(%a: i32, %out: i32):
    %q = arith.floordivsi %a, %a : i32
    linalg.yield %q : i32
  }
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%apart : memref<2x8xf32, strided<[32, 2]>>) outs(%y : memref<2x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %f = arith.negf %a : f32
    linalg.yield %f : f32
  }
  linalg.generic {indexing_maps = [#row], iterator_types = ["parallel", "parallel"]} outs(%n : memref<2x8xi32>) {
  ^bb0(%out: i32):
    %j = linalg.index 1 : index
    %i = arith.index_cast %j : index to i32
    linalg.yield %i : i32
  }
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%few : memref<2x3xf32>) outs(%few : memref<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %f = arith.negf %a : f32
    linalg.yield %f : f32
  }
  return
}

// -----

// A CPU without vectors.
// CHECK-LABEL: func.func @words(
// CHECK: linalg.generic
#row = affine_map<(i, j) -> (i, j)>
module attributes {bnn.target = #bnn.target<strategy = "words">} {
func.func @words(%x: memref<2x8xf32>, %y: memref<2x8xf32>) {
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<2x8xf32>) outs(%y : memref<2x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %f = arith.negf %a : f32
    linalg.yield %f : f32
  }
  return
}
}

// -----

// A byte that counts from 0 is a byte.
// CHECK-LABEL: func.func @unsigned(
// CHECK-NOT: linalg.generic
// CHECK: builtin.unrealized_conversion_cast %{{.*}} : vector<8xi8> to vector<8xui8>
// CHECK: vector.store %{{.*}} : memref<2x8xui8>, vector<8xui8>
#row = affine_map<(i, j) -> (i, j)>
func.func @unsigned(%x: memref<2x8xi32>, %y: memref<2x8xui8>) {
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<2x8xi32>) outs(%y : memref<2x8xui8>) {
  ^bb0(%a: i32, %out: ui8):
    %t = arith.trunci %a : i32 to i8
    %b = builtin.unrealized_conversion_cast %t : i8 to ui8
    linalg.yield %b : ui8
  }
  return
}

// -----

// Twice as many with NEON where little is computed.
// CHECK-LABEL: func.func @sum(
// CHECK-COUNT-2: vector.load %{{.*}} : memref<4x32xf32>, vector<16xf32>
// CHECK-NOT: vector<8xf32>
// CHECK-LABEL: func.func @negated_exp(
// CHECK: vector.load %{{.*}} : memref<4x32xf32>, vector<8xf32>
// CHECK-NOT: vector<16xf32>
#row = affine_map<(i, j) -> (i, j)>
module attributes {bnn.target = #bnn.target<strategy = "neon", instructions = "add_pairs">} {
func.func @sum(%x: memref<4x32xf32>, %y: memref<4x32xf32>, %z: memref<4x32xf32>) {
  linalg.generic {indexing_maps = [#row, #row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : memref<4x32xf32>, memref<4x32xf32>) outs(%z : memref<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}
func.func @negated_exp(%x: memref<4x32xf32>, %y: memref<4x32xf32>) {
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4x32xf32>) outs(%y : memref<4x32xf32>) {
  ^bb0(%a: f32, %out: f32):
    %n = arith.negf %a : f32
    %e = math.exp %n : f32
    linalg.yield %e : f32
  }
  return
}
}
