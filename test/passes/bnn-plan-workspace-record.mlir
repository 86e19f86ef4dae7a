// RUN: bnn-opt %s --bnn-plan-workspace=record-buffers | FileCheck %s

// Buffers are named by what first touches them; `first` and `last` are
// positions among the function's operations.
// CHECK-LABEL: func.func @main
// CHECK-SAME: bnn.workspace_buffers = [#bnn.buffer<name = "double", bytes = 64, offset = 0, first = 2, last = 3>
// CHECK-SAME: #bnn.buffer<name = "triple", bytes = 64, offset = 64, first = 3, last = 4>]
func.func @main(%in: memref<16xf32>, %out: memref<16xf32>,
                %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) {
  %a = memref.alloc() : memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  memref.copy %in, %a : memref<16xf32> to memref<16xf32> loc("double")
  memref.copy %a, %b : memref<16xf32> to memref<16xf32> loc("triple")
  memref.copy %b, %out : memref<16xf32> to memref<16xf32> loc("back")
  return
}
