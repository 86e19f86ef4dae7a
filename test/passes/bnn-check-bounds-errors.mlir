// RUN: bnn-opt %s --bnn-check-bounds=required=true --split-input-file --verify-diagnostics -o /dev/null

// expected-remark @+1 {{0 of 1 accesses are shown to stay within their buffers}}
func.func @beyond(%x: memref<4xf32>, %i: index) {
  // expected-error @+1 {{cannot be shown to stay within its buffer: axis 0 may begin below 0}}
  %e = memref.load %x[%i] : memref<4xf32>
  return
}

// -----

func.func @axis(%x: memref<3xi8>) -> index {
  %c = arith.constant -2 : index
  // expected-error @+1 {{asks for axis -2 of 'memref<3xi8>'}}
  %0 = memref.dim %x, %c : memref<3xi8>
  return %0 : index
}

// -----

func.func @tensor_axis(%x: tensor<?x3xi8>) -> index {
  %c = arith.constant 2 : index
  // expected-error @+1 {{asks for axis 2 of 'tensor<?x3xi8>'}}
  %0 = tensor.dim %x, %c : tensor<?x3xi8>
  return %0 : index
}
