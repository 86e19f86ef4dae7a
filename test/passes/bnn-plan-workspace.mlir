// RUN: bnn-opt %s --bnn-plan-workspace --allow-unregistered-dialect --split-input-file | FileCheck %s

// Two buffers whose lives do not meet share a place; the third overlaps the
// second.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[IN:.*]]: memref<16xf32>, %[[OUT:.*]]: memref<16xf32>, %[[WS:.*]]: memref<?xi8>
// CHECK-SAME: bnn.workspace_size = 128 : i64
// CHECK: %[[O0:.*]] = arith.constant 0 : index
// CHECK: %[[A:.*]] = memref.view %[[WS]][%[[O0]]][] : memref<?xi8> to memref<16xf32>
// CHECK: memref.copy %[[IN]], %[[A]]
// CHECK: %[[O1:.*]] = arith.constant 64 : index
// CHECK: %[[B:.*]] = memref.view %[[WS]][%[[O1]]][]
// CHECK: memref.copy %[[A]], %[[B]]
// CHECK: %[[O2:.*]] = arith.constant 0 : index
// CHECK: %[[C:.*]] = memref.view %[[WS]][%[[O2]]][]
// CHECK: memref.copy %[[B]], %[[C]]
// CHECK: memref.copy %[[C]], %[[OUT]]
// CHECK-NOT: memref.dealloc
func.func @main(%in: memref<16xf32>, %out: memref<16xf32>,
                %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %a = memref.alloc() {alignment = 64 : i64} : memref<16xf32>
  memref.copy %in, %a : memref<16xf32> to memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  memref.copy %a, %b : memref<16xf32> to memref<16xf32>
  memref.dealloc %a : memref<16xf32>
  %c = memref.alloc() : memref<16xf32>
  memref.copy %b, %c : memref<16xf32> to memref<16xf32>
  memref.copy %c, %out : memref<16xf32> to memref<16xf32>
  memref.dealloc %b : memref<16xf32>
  memref.dealloc %c : memref<16xf32>
  return
}

// -----

// The largest goes first; a small one fits the gap that a dead one leaves.
// CHECK-LABEL: func.func @best_fit(
// CHECK-SAME: bnn.workspace_size = 1408 : i64
// CHECK: %[[BIG:.*]] = arith.constant 0 : index
// CHECK: memref.view %{{.*}}[%[[BIG]]][] : memref<?xi8> to memref<1024xi8>
// CHECK: %[[MID:.*]] = arith.constant 1024 : index
// CHECK: memref.view %{{.*}}[%[[MID]]][] : memref<?xi8> to memref<200xi8>
// CHECK: %[[SMALL:.*]] = arith.constant 1280 : index
// CHECK: memref.view %{{.*}}[%[[SMALL]]][] : memref<?xi8> to memref<100xi8>
// CHECK: %[[LATE:.*]] = arith.constant 1024 : index
// CHECK: memref.view %{{.*}}[%[[LATE]]][] : memref<?xi8> to memref<130xi8>
func.func @best_fit(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %big = memref.alloc() : memref<1024xi8>
  %mid = memref.alloc() : memref<200xi8>
  %small = memref.alloc() : memref<100xi8>
  "test.use"(%big, %mid, %small) : (memref<1024xi8>, memref<200xi8>, memref<100xi8>) -> ()
  %late = memref.alloc() : memref<130xi8>
  "test.use"(%big, %small, %late) : (memref<1024xi8>, memref<100xi8>, memref<130xi8>) -> ()
  return
}

// -----

// A dynamic size counts with its upper bound: 8 * 64 * 192 floats and, for the
// second one, 8 * 64 rows of 6 + 6 + 5 words.
module attributes {bnn.model = #bnn.model<max_dims = {batch = 8, seq = 64}>} {
  // CHECK-LABEL: func.func @dynamic(
  // CHECK-SAME: bnn.workspace_size = 428032 : i64
  // CHECK: %[[N:.*]] = arith.muli
  // CHECK: %[[O0:.*]] = arith.constant 0 : index
  // CHECK: memref.view %{{.*}}[%[[O0]]][%[[N]]] : memref<?xi8> to memref<?x192xf32>
  // CHECK: %[[W:.*]] = affine.apply
  // CHECK: %[[O1:.*]] = arith.constant 393216 : index
  // CHECK: memref.view %{{.*}}[%[[O1]]][%[[N]], %[[W]]] : memref<?xi8> to memref<?x?xi32>
  func.func @dynamic(%in: memref<?x?x192xf32> {bnn.argument = #bnn.argument<input, "in", ["batch", "seq", 192]>},
                     %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %b = memref.dim %in, %c0 : memref<?x?x192xf32>
    %s = memref.dim %in, %c1 : memref<?x?x192xf32>
    %n = arith.muli %b, %s : index
    %a = memref.alloc(%n) : memref<?x192xf32>
    %d = memref.dim %a, %c1 : memref<?x192xf32>
    %w = affine.apply affine_map<()[s0] -> (s0 ceildiv 32 + (s0 ceildiv 32) mod 7 + 5)>()[%d]
    %p = memref.alloc(%n, %w) : memref<?x?xi32>
    "test.use"(%a, %p) : (memref<?x192xf32>, memref<?x?xi32>) -> ()
    return
  }
}

// -----

// Every operation that the bounds see through.
module attributes {bnn.model = #bnn.model<max_dims = {seq = 64}>} {
  // 2 * (min(63, 40) + max(64 / 3, 1)) + 64 ceildiv 16 + (64 or 7) + 10
  // = 2 * (40 + 21) + 4 + 64 + 10 = 200 bytes, rounded up.
  // CHECK-LABEL: func.func @arithmetic(
  // CHECK-SAME: bnn.workspace_size = 256 : i64
  func.func @arithmetic(%in: memref<?xi8> {bnn.argument = #bnn.argument<input, "in", ["seq"]>}, %c: i1,
                        %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c7 = arith.constant 7 : index
    %c16 = arith.constant 16 : index
    %c40 = arith.constant 40 : i64
    %s = memref.dim %in, %c0 : memref<?xi8>
    %0 = arith.subi %s, %c1 : index
    %1 = arith.index_cast %0 : index to i64
    %2 = arith.minsi %1, %c40 : i64
    %3 = arith.index_cast %2 : i64 to index
    %4 = arith.divui %s, %c3 : index
    %5 = arith.maxsi %4, %c1 : index
    %6 = arith.addi %3, %5 : index
    %7 = arith.muli %6, %c2 : index
    %8 = arith.ceildivui %s, %c16 : index
    %9 = arith.addi %7, %8 : index
    %10 = arith.select %c, %s, %c7 : index
    %11 = arith.addi %9, %10 : index
    %12 = affine.min affine_map<(d0) -> (10, d0)>(%s)
    %13 = arith.addi %11, %12 : index
    %a = memref.alloc(%13) : memref<?xi8>
    "test.use"(%a) : (memref<?xi8>) -> ()
    return
  }
}

// -----

// Dimensions are traced through views: 4 * 16 * 3 * 4 bytes each.
module attributes {bnn.model = #bnn.model<max_dims = {seq = 64}>} {
  // CHECK-LABEL: func.func @view_dims(
  // CHECK-SAME: bnn.workspace_size = 4864 : i64
  func.func @view_dims(%in: memref<?x12xi32> {bnn.argument = #bnn.argument<input, "in", ["seq", 12]>},
                       %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = memref.dim %in, %c0 : memref<?x12xi32>
    %flat = memref.collapse_shape %in [[0, 1]] : memref<?x12xi32> into memref<?xi32>
    %m = memref.dim %flat, %c0 : memref<?xi32>
    %a = memref.alloc(%m) : memref<?xi32>
    %sub = memref.subview %in[0, 0] [%n, 3] [1, 1] : memref<?x12xi32> to memref<?x3xi32, strided<[12, 1]>>
    %t = memref.transpose %sub (i, j) -> (j, i) : memref<?x3xi32, strided<[12, 1]>> to memref<3x?xi32, strided<[1, 12]>>
    %k = memref.dim %t, %c1 : memref<3x?xi32, strided<[1, 12]>>
    %cast = memref.cast %in : memref<?x12xi32> to memref<?x?xi32>
    %b = memref.alloc(%k) : memref<?x7xi32>
    "test.use"(%a, %b) : (memref<?xi32>, memref<?x7xi32>) -> ()
    return
  }
}

// -----

// A buffer inside a loop lives as long as the loop, so it overlaps the one that
// is used there, but not the one after.
// CHECK-LABEL: func.func @loop(
// CHECK-SAME: bnn.workspace_size = 128 : i64
// CHECK: arith.constant 9
// CHECK: %[[A:.*]] = arith.constant 0 : index
// CHECK: memref.view %{{.*}}[%[[A]]][]
// CHECK: scf.for
// CHECK: %[[B:.*]] = arith.constant 64 : index
// CHECK: memref.view %{{.*}}[%[[B]]][]
// CHECK: %[[C:.*]] = arith.constant 0 : index
// CHECK: memref.view %{{.*}}[%[[C]]][]
func.func @loop(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %a = memref.alloc() : memref<64xi8>
  scf.for %i = %c0 to %c9 step %c1 {
    %b = memref.alloc() : memref<64xi8>
    "test.write"(%b) : (memref<64xi8>) -> ()
    "test.use"(%a, %b) : (memref<64xi8>, memref<64xi8>) -> ()
    memref.dealloc %b : memref<64xi8>
  }
  %c = memref.alloc() : memref<64xi8>
  "test.write"(%c) : (memref<64xi8>) -> ()
  return
}

// -----

// A view keeps its buffer alive: %a and %b may not share although %a itself is
// not named again.
// CHECK-LABEL: func.func @view_keeps_alive(
// CHECK-SAME: bnn.workspace_size = 128 : i64
func.func @view_keeps_alive(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %a = memref.alloc() : memref<64xi8>
  "test.write"(%a) : (memref<64xi8>) -> ()
  %view = memref.subview %a[32] [16] [1] : memref<64xi8> to memref<16xi8, strided<[1], offset: 32>>
  %again = memref.expand_shape %view [[0, 1]] output_shape [4, 4] : memref<16xi8, strided<[1], offset: 32>> into memref<4x4xi8, strided<[4, 1], offset: 32>>
  %b = memref.alloc() : memref<64xi8>
  "test.write"(%b) : (memref<64xi8>) -> ()
  "test.use"(%again) : (memref<4x4xi8, strided<[4, 1], offset: 32>>) -> ()
  return
}

// -----

// So does a branch that chooses, and an address.
// CHECK-LABEL: func.func @other_aliases(
// CHECK-SAME: bnn.workspace_size = 256 : i64
func.func @other_aliases(%c: i1, %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %a = memref.alloc() : memref<64xi8>
  %b = memref.alloc() : memref<64xi8>
  "test.write"(%a, %b) : (memref<64xi8>, memref<64xi8>) -> ()
  %chosen = scf.if %c -> memref<64xi8> {
    scf.yield %a : memref<64xi8>
  } else {
    scf.yield %b : memref<64xi8>
  }
  %d = memref.alloc() : memref<64xi8>
  "test.write"(%d) : (memref<64xi8>) -> ()
  %address = memref.extract_aligned_pointer_as_index %d : memref<64xi8> -> index
  %pointer = arith.index_cast %address : index to i64
  %e = memref.alloc() : memref<64xi8>
  "test.write"(%e) : (memref<64xi8>) -> ()
  "test.use"(%chosen, %pointer) : (memref<64xi8>, i64) -> ()
  return
}

// -----

// The stack stays the stack, and nothing needs nothing.
// CHECK-LABEL: func.func @stack(
// CHECK-SAME: bnn.workspace_size = 0 : i64
// CHECK: memref.alloca
func.func @stack(%ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %a = memref.alloca() : memref<64xi8>
  "test.write"(%a) : (memref<64xi8>) -> ()
  return
}

// -----

// The shape operand of a reshape is read by it, and what it holds bounds the
// dimensions: 256 bytes and 2 * 64 * 3. The table lives with %b, but not with %c.
module attributes {bnn.model = #bnn.model<max_dims = {seq = 64}>} {
  // CHECK-LABEL: func.func @reshape(
  // CHECK-SAME: bnn.workspace_size = 640 : i64
  func.func @reshape(%in: memref<384xi8> {bnn.argument = #bnn.argument<input, "in", [384]>}, %other: memref<?xi8> {bnn.argument = #bnn.argument<input, "other", ["seq"]>},
                     %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %n = memref.dim %other, %c0 : memref<?xi8>
    %table = memref.alloc() : memref<3xindex>
    memref.store %c2, %table[%c0] : memref<3xindex>
    memref.store %n, %table[%c1] : memref<3xindex>
    memref.store %c3, %table[%c2] : memref<3xindex>
    %b = memref.alloc() : memref<256xi8>
    "test.write"(%b) : (memref<256xi8>) -> ()
    %view = memref.reshape %in(%table) : (memref<384xi8>, memref<3xindex>) -> memref<?x?x?xi8>
    %d = memref.dim %view, %c1 : memref<?x?x?xi8>
    %e = memref.load %table[%c2] : memref<3xindex>
    %c = memref.alloc(%d, %e) : memref<2x?x?xi8>
    "test.use"(%b, %view, %c) : (memref<256xi8>, memref<?x?x?xi8>, memref<2x?x?xi8>) -> ()
    return
  }
}
