// RUN: bnn-opt %s --bnn-pack -verify-diagnostics -split-input-file

func.func @given(%x: tensor<4x64xf32>, %0: tensor<4x64x!bnn.s1>) -> tensor<4x64x!bnn.s1> {
  // expected-error @+1 {{packs only into a fresh tensor.empty}}
  %b = bnn.binarize %x outs(%0 : tensor<4x64x!bnn.s1>) : tensor<4x64xf32> -> tensor<4x64x!bnn.s1>
  return %b : tensor<4x64x!bnn.s1>
}

// -----

func.func @dynamic(%x: tensor<4x?xf32>, %n: index) -> tensor<4x?x!bnn.s1> {
  %0 = tensor.empty(%n) : tensor<4x?x!bnn.s1>
  // expected-error @+1 {{bits need a static last dimension, not 'tensor<4x?x!bnn.s1>'}}
  %b = bnn.binarize %x outs(%0 : tensor<4x?x!bnn.s1>) : tensor<4x?xf32> -> tensor<4x?x!bnn.s1>
  return %b : tensor<4x?x!bnn.s1>
}

// -----

func.func @argument(%x: tensor<4x64x!bnn.s1>, %0: tensor<4x8xi32>) -> tensor<4x8xi32> {
  %w = bnn.constant dense<true> : tensor<8x64xi1> -> tensor<8x64x!bnn.s1>
  // expected-error @+1 {{packs the bits of constants and of bnn ops only; operand #0 is neither}}
  %y = bnn.matmul %x, %w outs(%0 : tensor<4x8xi32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x8xi32>
}

// -----

func.func @weights(%x: tensor<4x64xf32>, %w: tensor<8x64x!bnn.s1>, %0: tensor<4x8xi32>) -> tensor<4x8xi32> {
  %1 = tensor.empty() : tensor<4x64x!bnn.s1>
  %b = bnn.binarize %x outs(%1 : tensor<4x64x!bnn.s1>) : tensor<4x64xf32> -> tensor<4x64x!bnn.s1>
  // expected-error @+1 {{packs the bits of constants and of bnn ops only; operand #1 is neither}}
  %y = bnn.matmul %b, %w outs(%0 : tensor<4x8xi32>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x8xi32>
}

// -----

func.func @table(%ids: tensor<4xi64>, %t: tensor<8x64x!bnn.s1>, %s: tensor<8xf32>, %0: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error @+1 {{packs the bits of constants and of bnn ops only; operand #1 is neither}}
  %e = bnn.embedding %ids, %t, %s outs(%0 : tensor<4x64xf32>)
      : tensor<4xi64>, tensor<8x64x!bnn.s1>, tensor<8xf32> -> tensor<4x64xf32>
  return %e : tensor<4x64xf32>
}

// -----

func.func @rows_of_unknown_length(%x: tensor<3x?x!bnn.s1>, %w: tensor<?x?x!bnn.s1>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @+1 {{packs the bits of constants and of bnn ops only; operand #0 is neither}}
  %0 = bnn.matmul %x, %w outs(%y : tensor<?x?xf32>) : tensor<3x?x!bnn.s1>, tensor<?x?x!bnn.s1> -> tensor<?x?xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  return %0 : tensor<?x?xf32>
}

// -----

func.func @rows_of_nothing(%x: tensor<4x0xf32>) -> tensor<4x0x!bnn.s1> {
  %0 = tensor.empty() : tensor<4x0x!bnn.s1>
  // expected-error @+1 {{packs rows of at least one bit, not 'tensor<4x0x!bnn.s1>'}}
  %b = bnn.binarize %x outs(%0 : tensor<4x0x!bnn.s1>) : tensor<4x0xf32> -> tensor<4x0x!bnn.s1>
  return %b : tensor<4x0x!bnn.s1>
}

// -----

func.func @weights_of_nothing(%x: tensor<4x32xf32>, %0: tensor<4x0xi32>) -> tensor<4x0xi32> {
  %1 = tensor.empty() : tensor<4x32x!bnn.s1>
  %b = bnn.binarize %x outs(%1 : tensor<4x32x!bnn.s1>) : tensor<4x32xf32> -> tensor<4x32x!bnn.s1>
  %w = bnn.constant dense<true> : tensor<0x32xi1> -> tensor<0x32x!bnn.s1>
  // expected-error @+1 {{packs rows of at least one bit, not 'tensor<0x32x!bnn.s1>'}}
  %y = bnn.matmul %b, %w outs(%0 : tensor<4x0xi32>)
      : tensor<4x32x!bnn.s1>, tensor<0x32x!bnn.s1> -> tensor<4x0xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x0xi32>
}

// -----

// Byte weights that are no constant, of known sizes or not.
func.func @byte_weights(%x: tensor<4x64x!bnn.u8>, %w: tensor<8x64x!bnn.s8>, %0: tensor<4x8xi32>) -> tensor<4x8xi32> {
  // expected-error @+1 {{packs the bits of constants and of bnn ops only; operand #1 is neither}}
  %y = bnn.matmul %x, %w outs(%0 : tensor<4x8xi32>)
      : tensor<4x64x!bnn.u8>, tensor<8x64x!bnn.s8> -> tensor<4x8xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x8xi32>
}

// -----

func.func @open_byte_weights(%x: tensor<4x64x!bnn.u8>, %w: tensor<?x64x!bnn.s8>, %0: tensor<4x?xi32>) -> tensor<4x?xi32> {
  // expected-error @+1 {{packs the bits of constants and of bnn ops only; operand #1 is neither}}
  %y = bnn.matmul %x, %w outs(%0 : tensor<4x?xi32>)
      : tensor<4x64x!bnn.u8>, tensor<?x64x!bnn.s8> -> tensor<4x?xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x?xi32>
}

// -----

func.func @open_bytes(%x: tensor<4x?xf32>, %step: f32, %0: tensor<4x?x!bnn.u8>) -> tensor<4x?x!bnn.u8> {
  // expected-error @+1 {{bits need a static last dimension, not 'tensor<4x?x!bnn.u8>'}}
  %b = bnn.quantize %x step(%step) outs(%0 : tensor<4x?x!bnn.u8>) : tensor<4x?xf32> -> tensor<4x?x!bnn.u8>
  return %b : tensor<4x?x!bnn.u8>
}

// -----

func.func @no_bytes(%x: tensor<4x0xf32>, %step: f32, %0: tensor<4x0x!bnn.u8>) -> tensor<4x0x!bnn.u8> {
  // expected-error @+1 {{packs rows of at least one bit, not 'tensor<4x0x!bnn.u8>'}}
  %b = bnn.quantize %x step(%step) outs(%0 : tensor<4x0x!bnn.u8>) : tensor<4x0xf32> -> tensor<4x0x!bnn.u8>
  return %b : tensor<4x0x!bnn.u8>
}
