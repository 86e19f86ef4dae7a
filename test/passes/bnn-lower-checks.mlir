// RUN: bnn-opt %s --bnn-lower-checks --split-input-file | FileCheck %s

// Both checks share the block that returns their status, and nothing of what
// stands behind a check is in front of its branch.
// CHECK-LABEL: func.func @two
// CHECK-SAME: (%[[A:.*]]: i1, %[[B:.*]]: i1, %[[OUT:.*]]: memref<f32>, %[[X:.*]]: f32) -> i32
// CHECK-NEXT: %[[SHAPE:.*]] = arith.constant 2 : i32
// CHECK-NEXT: cf.cond_br %[[A]], ^[[SECOND:.*]], ^[[FAILURE:.*]](%[[SHAPE]] : i32)
// CHECK-NEXT: ^[[SECOND]]:
// CHECK-NEXT: %[[INDEX:.*]] = arith.constant 4 : i32
// CHECK-NEXT: cf.cond_br %[[B]], ^[[WORK:.*]], ^[[FAILURE]](%[[INDEX]] : i32)
// CHECK-NEXT: ^[[WORK]]:
// CHECK-NEXT: memref.store %[[X]], %[[OUT]][]
// CHECK-NEXT: %[[OK:.*]] = arith.constant 0 : i32
// CHECK-NEXT: return %[[OK]] : i32
// CHECK-NEXT: ^[[FAILURE]](%[[STATUS:.*]]: i32):
// CHECK-NEXT: return %[[STATUS]] : i32
func.func @two(%a: i1, %b: i1, %out: memref<f32>, %x: f32) -> i32 {
  bnn.return_unless %a, 2
  bnn.return_unless %b, 4
  memref.store %x, %out[] : memref<f32>
  %done = arith.constant 0 : i32
  return %done : i32
}

// -----

// Without a check there is no second block.
// CHECK-LABEL: func.func @none
// CHECK-NEXT: %[[OK:.*]] = arith.constant 0 : i32
// CHECK-NEXT: return %[[OK]] : i32
// CHECK-NEXT: }
func.func @none() -> i32 {
  %done = arith.constant 0 : i32
  return %done : i32
}
