// RUN: bnn-opt %s --bnn-hoist-scratch -verify-diagnostics -split-input-file

func.func private @kernel() {
  %0 = memref.alloc() : memref<4xf32>
  return
}
func.func @main() {
  // expected-error @+1 {{is not a call of @kernel, whose scratch memory moves to callers}}
  %0 = func.constant @kernel : () -> ()
  call_indirect %0() : () -> ()
  return
}

// -----

func.func private @kernel(%sizes: memref<1xindex>) {
  %c0 = arith.constant 0 : index
  %n = memref.load %sizes[%c0] : memref<1xindex>
  // expected-error @+1 {{the size of this scratch memory is not computed from the function's arguments}}
  %0 = memref.alloc(%n) : memref<?xf32>
  return
}
func.func @main(%sizes: memref<1xindex>) {
  call @kernel(%sizes) : (memref<1xindex>) -> ()
  return
}
