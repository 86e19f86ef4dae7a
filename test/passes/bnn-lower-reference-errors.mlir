// RUN: bnn-opt %s --bnn-lower-reference -verify-diagnostics -split-input-file

// Tensors come before buffers.
func.func @tensors(%x: tensor<4x16xf32>, %0: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{failed to legalize operation 'bnn.reduce'}}
  %1 = bnn.reduce add %x outs(%0 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Packed bits are for kernels.
func.func @packed(%x: memref<4x16xf32>) {
  // expected-error @+1 {{failed to legalize operation 'memref.alloc'}}
  %0 = memref.alloc() : memref<4x16x!bnn.s1, #bnn.rows<word = 32, group = 16>>
  bnn.binarize %x outs(%0 : memref<4x16x!bnn.s1, #bnn.rows<word = 32, group = 16>>) : memref<4x16xf32>
  return
}
