// RUN: bnn-opt %s --bnn-lower-kernels -verify-diagnostics -split-input-file

// Tensors come before buffers.
func.func @tensors(%x: tensor<4x16xf32>, %0: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{failed to legalize operation 'bnn.reduce'}}
  %1 = bnn.reduce add %x outs(%0 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Kernels read packed bits.
func.func @unpacked(%x: memref<4x16xf32>) {
  // expected-error @+1 {{failed to legalize operation 'memref.alloc'}}
  %0 = memref.alloc() : memref<4x16x!bnn.s1>
  bnn.binarize %x outs(%0 : memref<4x16x!bnn.s1>) : memref<4x16xf32>
  return
}

// -----

// MLIR verifies the layouts of tensors alone.
// expected-error @+1 {{failed to legalize operation 'func.func'}}
func.func @unknown_size(%x: memref<1x?x!bnn.s1, #bnn.rows<word = 32, group = 40>>) {
  return
}

// -----

// What a dot's kernel does not know it does not pass over.
// expected-error @+1 {{the dot xor_count has no parameter "count_nibbles"}}
module attributes {bnn.target = #bnn.target<strategy = "t",
    dots = [#bnn.dot<xor_count, rows = 1, panels = 1, params = {count_bytes, count_nibbles}>]>} {}

// -----

// expected-error @+1 {{the dot fma has no parameter "count_bytes"}}
module attributes {bnn.target = #bnn.target<strategy = "t",
    dots = [#bnn.dot<fma, rows = 1, panels = 1, params = {count_bytes}>]>} {}

// -----

// expected-error @+1 {{the dot dot_bytes has no parameter "count_bytes"}}
module attributes {bnn.target = #bnn.target<strategy = "t",
    dots = [#bnn.dot<dot_bytes, rows = 1, panels = 1, params = {count_bytes}>]>} {}

// -----

// Bytes lie as they are, but not those of weights.
func.func @weights(%x: memref<4x64x!bnn.u8>, %w: memref<8x64x!bnn.s8>, %y: memref<4x8xi32>) {
  // expected-error @+1 {{reads bytes that are not packed as operand #1; run bnn-pack before}}
  bnn.matmul %x, %w outs(%y : memref<4x8xi32>) : memref<4x64x!bnn.u8>, memref<8x64x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// expected-error @+1 {{failed to legalize operation 'func.func' that was explicitly marked illegal}}
func.func @open_rows(%x: memref<4x?xf32>, %step: f32, %y: memref<4x?x!bnn.u8>) {
  bnn.quantize %x step(%step) outs(%y : memref<4x?x!bnn.u8>) : memref<4x?xf32>
  return
}
