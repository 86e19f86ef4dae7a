// RUN: bnn-opt %s --bnn-hoist-scratch --split-input-file | FileCheck %s

// Each caller allocates what its own arguments ask for.
// CHECK-LABEL: func.func private @kernel
// CHECK-SAME: (%[[X:.*]]: memref<?xf32>, %[[S:.*]]: memref<?xf32>) {
// CHECK-NOT: memref.alloc
// CHECK: memref.copy %[[X]], %[[S]]
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: memref<?xf32>, %[[Y:.*]]: memref<?xf32>)
// CHECK: %[[N:.*]] = memref.dim %[[X]]
// CHECK: %[[A:.*]] = memref.alloc(%[[N]]) {alignment = 64 : i64} : memref<?xf32>
// CHECK: call @kernel(%[[X]], %[[A]])
// CHECK: %[[M:.*]] = memref.dim %[[Y]]
// CHECK: %[[B:.*]] = memref.alloc(%[[M]]) {alignment = 64 : i64} : memref<?xf32>
// CHECK: call @kernel(%[[Y]], %[[B]])
func.func private @kernel(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %scratch = memref.alloc(%n) {alignment = 64 : i64} : memref<?xf32>
  memref.copy %x, %scratch : memref<?xf32> to memref<?xf32>
  return
}
func.func @main(%x: memref<?xf32>, %y: memref<?xf32>) {
  call @kernel(%x) : (memref<?xf32>) -> ()
  call @kernel(%y) : (memref<?xf32>) -> ()
  return
}

// -----

// Several buffers; a size that is computed; a result.
// CHECK-LABEL: func.func private @several
// CHECK-SAME: (%{{.*}}: memref<4xf32>, %{{.*}}: index, %[[A:.*]]: memref<8xi32>, %[[B:.*]]: memref<?xi32>) -> i32 {
// CHECK-NOT: memref.alloc
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[N:[^:]*]]: index
// CHECK-DAG: %[[A:.*]] = memref.alloc() : memref<8xi32>
// CHECK-DAG: %[[TWICE:.*]] = arith.addi %[[N]], %[[N]]
// CHECK-DAG: %[[B:.*]] = memref.alloc(%[[TWICE]]) : memref<?xi32>
// CHECK: %[[R:.*]] = call @several(%{{.*}}, %[[N]], %[[A]], %[[B]]) : (memref<4xf32>, index, memref<8xi32>, memref<?xi32>) -> i32
func.func private @several(%x: memref<4xf32>, %n: index) -> i32 {
  %c0 = arith.constant 0 : index
  %a = memref.alloc() : memref<8xi32>
  %twice = arith.addi %n, %n : index
  %b = memref.alloc(%twice) : memref<?xi32>
  %0 = memref.load %a[%c0] : memref<8xi32>
  memref.store %0, %b[%c0] : memref<?xi32>
  return %0 : i32
}
func.func @main(%x: memref<4xf32>, %n: index) -> i32 {
  %0 = call @several(%x, %n) : (memref<4xf32>, index) -> i32
  return %0 : i32
}

// -----

// What stays: allocations of public functions, of @main, and inside of loops.
// CHECK-LABEL: func.func @public
// CHECK: memref.alloc
// CHECK-LABEL: func.func private @looped
// CHECK-SAME: (%{{.*}}: index) {
// CHECK: scf.for
// CHECK: memref.alloc
// CHECK-LABEL: func.func private @main
// CHECK: memref.alloc
func.func @public() {
  %a = memref.alloc() : memref<8xi32>
  return
}
func.func private @looped(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc() : memref<8xi32>
  }
  return
}
func.func private @main(%n: index) {
  %a = memref.alloc() : memref<8xi32>
  call @looped(%n) : (index) -> ()
  call @public() : () -> ()
  return
}
