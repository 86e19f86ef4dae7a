// RUN: bnn-opt %s --bnn-check-bounds=required=true --verify-diagnostics -o /dev/null

// expected-remark @+1 {{0 of 1 accesses are shown to stay within their buffers}}
func.func @beyond(%x: memref<4xf32>, %i: index) {
  // expected-error @+1 {{cannot be shown to stay within its buffer: axis 0 may begin below 0}}
  %e = memref.load %x[%i] : memref<4xf32>
  return
}
