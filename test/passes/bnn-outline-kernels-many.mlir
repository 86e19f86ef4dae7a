// RUN: bnn-opt %s --bnn-outline-kernels=most-ops=2 --split-input-file | FileCheck %s
// RUN: bnn-opt %s --bnn-outline-kernels=most-ops=3 --split-input-file | FileCheck %s --check-prefix=FEW
// RUN: bnn-opt %s --bnn-outline-kernels --split-input-file | FileCheck %s --check-prefix=FEW

// Three ops are more than two: those that are equal share a function. One that
// reads what is no operand of its own stays.
// CHECK-LABEL: module
// CHECK: func.func private @[[ADD:generic.*]](%[[A:.*]]: memref<8xf32>, %[[B:.*]]: memref<8xf32>) attributes {passthrough = ["noinline"]}
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[A]] : memref<8xf32>) outs(%[[B]] : memref<8xf32>)
// A constant that its region reads from outside goes with it.
// CHECK: arith.constant 1.000000e+00 : f32
// CHECK: func.func @main(%[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>, %[[Z:.*]]: memref<8xf32>, %[[I:.*]]: index)
// CHECK: call @[[ADD]](%[[X]], %[[Y]])
// CHECK: call @[[ADD]](%[[Y]], %[[Z]])
// CHECK: linalg.generic
// CHECK: memref.load
// FEW-LABEL: func.func @main
// FEW-NOT: call
// FEW-COUNT-3: linalg.generic
#map = affine_map<(d0) -> (d0)>
func.func @main(%x: memref<8xf32>, %y: memref<8xf32>, %z: memref<8xf32>, %i: index) {
  %one = arith.constant 1.0 : f32
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %one : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%y : memref<8xf32>) outs(%z : memref<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %one : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%y : memref<8xf32>) {
  ^bb0(%out: f32):
    %0 = memref.load %x[%i] : memref<8xf32>
    linalg.yield %0 : f32
  }
  return
}
