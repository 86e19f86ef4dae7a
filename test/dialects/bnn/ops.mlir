// Every op, type and layout of the dialect is read and printed as it was
// written, on tensors and on buffers; generic form included.
// RUN: bnn-opt %s | FileCheck %s
// RUN: bnn-opt %s | bnn-opt | FileCheck %s
// RUN: bnn-opt %s --mlir-print-op-generic | bnn-opt | FileCheck %s

// CHECK: module attributes {bnn.target = #bnn.target<strategy = "avx512-vpopcntdq", dots = [#bnn.dot<xor_count, rows = 4, panels = 2, parity = true, queries = 2, params = {count_bytes}>, #bnn.dot<fma, rows = 4, panels = 1>], instructions = "ternary_logic|scale_floats">}
module attributes {bnn.target = #bnn.target<strategy = "avx512-vpopcntdq", dots = [#bnn.dot<xor_count, rows = 4, panels = 2, parity = true, queries = 2, params = {count_bytes}>, #bnn.dot<fma, rows = 4, panels = 1>], instructions = "ternary_logic|scale_floats">} {

// CHECK-LABEL: func.func private @types
// CHECK-SAME: tensor<?x768x!bnn.s1>, tensor<?x768x!bnn.u1>
// CHECK-SAME: tensor<4x!bnn.s2>, tensor<4x!bnn.u2>, tensor<4x!bnn.s4>, tensor<4x!bnn.u4>
// CHECK-SAME: memref<4x!bnn.s8>, memref<4x!bnn.u8>
func.func private @types(tensor<?x768x!bnn.s1>, tensor<?x768x!bnn.u1>,
    tensor<4x!bnn.s2>, tensor<4x!bnn.u2>, tensor<4x!bnn.s4>, tensor<4x!bnn.u4>,
    memref<4x!bnn.s8>, memref<4x!bnn.u8>)

// CHECK-LABEL: func.func private @layouts
// CHECK-SAME: tensor<?x96x!bnn.s1, #bnn.rows<word = 32, group = 48>>
// CHECK-SAME: tensor<64x96x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 96, out_group = 16>>
// CHECK-SAME: memref<?x96x!bnn.s1, #bnn.rows<word = 32, group = 96, parity = true>>
// CHECK-SAME: memref<64x96x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 96, out_group = 64>>
func.func private @layouts(tensor<?x96x!bnn.s1, #bnn.rows<word = 32, group = 48>>,
    tensor<64x96x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 96, out_group = 16>>,
    memref<?x96x!bnn.s1, #bnn.rows<word = 32, group = 96, parity = true>>,
    memref<64x96x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 96, out_group = 64>>)

// CHECK-LABEL: func.func private @plane_layout
// CHECK-SAME: memref<?x96x!bnn.u4, #bnn.rows<word = 32, group = 96, parity = true>>
func.func private @plane_layout(memref<?x96x!bnn.u4, #bnn.rows<word = 32, group = 96, parity = true>>)

// Bytes of weights, of which an output's groups are whole words.
// CHECK-LABEL: func.func private @byte_layout
// CHECK-SAME: memref<64x96x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 48, out_group = 64>>
func.func private @byte_layout(memref<64x96x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 48, out_group = 64>>)

// What a CPU does with bytes, in the order of the bits.
// CHECK-LABEL: func.func private @byte_target
// CHECK-SAME: target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 8, panels = 2>, #bnn.dot<byte_tiles, rows = 16, panels = 2>, #bnn.dot<byte_squares, rows = 4, panels = 1>], instructions = "dot_32_bytes|dot_64_bytes|dot_signed_16_bytes|multiply_16_pairs|multiply_32_pairs|dot_tiles|dot_squares">
func.func private @byte_target() attributes {target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 8, panels = 2>, #bnn.dot<byte_tiles, rows = 16, panels = 2>, #bnn.dot<byte_squares, rows = 4, panels = 1>],
    instructions = "dot_squares|dot_tiles|multiply_32_pairs|multiply_16_pairs|dot_signed_16_bytes|dot_64_bytes|dot_32_bytes">}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @constant
func.func @constant() {
  // CHECK: bnn.constant dense<{{\[\[}}true, false, true], [false, false, true]]> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
  %0 = bnn.constant dense<[[true, false, true], [false, false, true]]> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
  // CHECK: bnn.constant dense<true> : tensor<4xi1> -> tensor<4x!bnn.u1>
  %1 = bnn.constant dense<true> : tensor<4xi1> -> tensor<4x!bnn.u1>
  // CHECK: bnn.constant dense<5> : tensor<2x2xi32> -> tensor<2x40x!bnn.s1, #bnn.rows<word = 32, group = 40>>
  %2 = bnn.constant dense<5> : tensor<2x2xi32> -> tensor<2x40x!bnn.s1, #bnn.rows<word = 32, group = 40>>
  // Groups of 24 take a word each, and 40 outputs four panels.
  // CHECK: bnn.constant dense<5> : tensor<4x2x16xi32> -> tensor<40x48x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 24, out_group = 40>>
  %3 = bnn.constant dense<5> : tensor<4x2x16xi32> -> tensor<40x48x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 24, out_group = 40>>
  // CHECK: bnn.constant dense_resource<w> : tensor<2x2xi1> -> memref<2x2x!bnn.s1>
  %4 = bnn.constant dense_resource<w> : tensor<2x2xi1> -> memref<2x2x!bnn.s1>
  // CHECK: bnn.constant dense<{{\[\[}}-128, 127, 0], [1, -1, 5]]> : tensor<2x3xi8> -> tensor<2x3x!bnn.s8>
  %5 = bnn.constant dense<[[-128, 127, 0], [1, -1, 5]]> : tensor<2x3xi8> -> tensor<2x3x!bnn.s8>
  // CHECK: bnn.constant dense<-1> : tensor<4xi8> -> memref<4x!bnn.u8>
  %6 = bnn.constant dense<255> : tensor<4xi8> -> memref<4x!bnn.u8>
  // Five bytes take two words, and 40 outputs four panels.
  // CHECK: bnn.constant dense<5> : tensor<4x2x16xi32> -> tensor<40x5x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 5, out_group = 40>>
  %7 = bnn.constant dense<5> : tensor<4x2x16xi32> -> tensor<40x5x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 5, out_group = 40>>
  return
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @binarize
func.func @binarize(%x: tensor<?x768xf32>, %s: tensor<768xf32>, %b: tensor<?x768x!bnn.s1>,
                    %z: tensor<?x768x!bnn.u1>) -> tensor<?x768x!bnn.s1> {
  // CHECK: bnn.binarize %{{.*}} outs(%{{.*}} : tensor<?x768x!bnn.s1>) : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>
  %0 = bnn.binarize %x outs(%b : tensor<?x768x!bnn.s1>) : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>
  // CHECK: %{{.*}}:2 = bnn.binarize %{{.*}} shift(%{{.*}} : tensor<768xf32>) outs(%{{.*}}, %{{.*}} : tensor<?x768x!bnn.s1>, tensor<?x768x!bnn.u1>) {note = 1 : i64} : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>, tensor<?x768x!bnn.u1>
  %1, %2 = bnn.binarize %x shift(%s : tensor<768xf32>)
      outs(%b, %z : tensor<?x768x!bnn.s1>, tensor<?x768x!bnn.u1>) {note = 1 : i64}
      : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>, tensor<?x768x!bnn.u1>
  // Unsigned bits, above a threshold.
  // CHECK: bnn.binarize %{{.*}} shift(%{{.*}} : tensor<768xf32>) threshold(2.500000e-01) outs(%{{.*}} : tensor<?x768x!bnn.u1>) : tensor<?x768xf32> -> tensor<?x768x!bnn.u1>
  %3 = bnn.binarize %x shift(%s : tensor<768xf32>) threshold(0.25) outs(%z : tensor<?x768x!bnn.u1>)
      : tensor<?x768xf32> -> tensor<?x768x!bnn.u1>
  // CHECK: bnn.binarize %{{.*}} zero positive outs(%{{.*}} : tensor<?x768x!bnn.s1>) : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>
  %5 = bnn.binarize %x zero positive outs(%b : tensor<?x768x!bnn.s1>) : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>
  // CHECK: bnn.binarize %{{.*}} shift(%{{.*}} : tensor<768xf32>) zero negative nan_positive outs(%{{.*}} : tensor<?x768x!bnn.s1>) :
  %6 = bnn.binarize %x shift(%s : tensor<768xf32>) zero negative nan_positive outs(%b : tensor<?x768x!bnn.s1>)
      : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>
  // What is the default is not printed.
  // CHECK: bnn.binarize %{{.*}} outs(%{{.*}} : tensor<?x768x!bnn.s1>) :
  %7 = bnn.binarize %x zero zero outs(%b : tensor<?x768x!bnn.s1>) : tensor<?x768xf32> -> tensor<?x768x!bnn.s1>
  // CHECK: bnn.binarize %{{.*}} threshold(2.500000e-01) nan_positive outs(%{{.*}} : tensor<?x768x!bnn.u1>) :
  %8 = bnn.binarize %x threshold(0.25) nan_positive outs(%z : tensor<?x768x!bnn.u1>)
      : tensor<?x768xf32> -> tensor<?x768x!bnn.u1>
  return %0 : tensor<?x768x!bnn.s1>
}

// CHECK-LABEL: func.func @matmul
func.func @matmul(%x: tensor<2x?x48x!bnn.s1>, %w: tensor<40x48x!bnn.s1>, %z: tensor<2x?x48x!bnn.u1>,
                  %s: f32, %v: tensor<40xf32>, %t: tensor<2x?x40xi32>, %f: tensor<2x?x40xf32>,
                  %b: tensor<2x?x40x!bnn.s1>, %m: tensor<2x?x40x!bnn.u1>) {
  // CHECK: bnn.matmul %{{.*}}, %{{.*}} outs(%{{.*}} : tensor<2x?x40xi32>) : tensor<2x?x48x!bnn.s1>, tensor<40x48x!bnn.s1> -> tensor<2x?x40xi32> {
  // CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32):
  // CHECK-NEXT: bnn.yield %[[ACC]] : i32
  %0 = bnn.matmul %x, %w outs(%t : tensor<2x?x40xi32>)
      : tensor<2x?x48x!bnn.s1>, tensor<40x48x!bnn.s1> -> tensor<2x?x40xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  // A scalar, one value per output, and a value per element.
  // CHECK: bnn.matmul %{{.*}}, %{{.*}} zeros(%{{.*}} : tensor<2x?x48x!bnn.u1>) params(%{{.*}}, %{{.*}}, %{{.*}} : f32, tensor<40xf32>, tensor<2x?x40xi32>) outs(%{{.*}} : tensor<2x?x40xf32>)
  // CHECK-NEXT: ^bb0(%{{.*}}: i32, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: i32):
  %1 = bnn.matmul %x, %w zeros(%z : tensor<2x?x48x!bnn.u1>)
      params(%s, %v, %t : f32, tensor<40xf32>, tensor<2x?x40xi32>) outs(%f : tensor<2x?x40xf32>)
      : tensor<2x?x48x!bnn.s1>, tensor<40x48x!bnn.s1> -> tensor<2x?x40xf32> {
  ^bb0(%acc: i32, %ps: f32, %pv: f32, %pt: i32):
    %sum = arith.addi %acc, %pt : i32
    %g = arith.sitofp %sum : i32 to f32
    %r = math.fma %g, %ps, %pv : f32
    bnn.yield %r : f32
  }
  // Bits and the mask of zeros of the bits.
  // CHECK: %{{.*}}:2 = bnn.matmul %{{.*}}, %{{.*}} outs(%{{.*}}, %{{.*}} : tensor<2x?x40x!bnn.s1>, tensor<2x?x40x!bnn.u1>)
  // CHECK: bnn.yield %{{.*}}, %{{.*}} : i1, i1
  %2, %3 = bnn.matmul %x, %w outs(%b, %m : tensor<2x?x40x!bnn.s1>, tensor<2x?x40x!bnn.u1>)
      : tensor<2x?x48x!bnn.s1>, tensor<40x48x!bnn.s1> -> tensor<2x?x40x!bnn.s1>, tensor<2x?x40x!bnn.u1> {
  ^bb0(%acc: i32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    %zero = arith.cmpi eq, %acc, %c0 : i32
    bnn.yield %bit, %zero : i1, i1
  }
  return
}

// Unsigned bits times signed weights.
// CHECK-LABEL: func.func @matmul_corrected
func.func @matmul_corrected(%x: tensor<?x64x!bnn.s1>, %w: tensor<40x64x!bnn.s1>, %c: tensor<?x32xi32>,
                            %0: tensor<?x40xi32>) -> tensor<?x40xi32> {
  // CHECK: bnn.matmul %{{.*}}, %{{.*}} correction(%{{.*}} of [0, 2] : tensor<?x32xi32>) outs(%{{.*}} : tensor<?x40xi32>)
  %1 = bnn.matmul %x, %w correction(%c of [0, 2] : tensor<?x32xi32>) outs(%0 : tensor<?x40xi32>)
      : tensor<?x64x!bnn.s1>, tensor<40x64x!bnn.s1> -> tensor<?x40xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %1 : tensor<?x40xi32>
}

// CHECK-LABEL: func.func @matmul_unsigned
func.func @matmul_unsigned(%x: tensor<4x64x!bnn.u1>, %w: tensor<16x64x!bnn.s1>, %0: tensor<4x16xi32>) {
  // CHECK: bnn.matmul {{.*}} : tensor<4x64x!bnn.u1>, tensor<16x64x!bnn.s1> -> tensor<4x16xi32>
  %1 = bnn.matmul %x, %w outs(%0 : tensor<4x16xi32>)
      : tensor<4x64x!bnn.u1>, tensor<16x64x!bnn.s1> -> tensor<4x16xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// Integers of a few bits: the low bits of an i32 are an element.
// CHECK-LABEL: func.func @planes
func.func @planes(%x: tensor<?x64xf32>, %v: tensor<64xf32>, %s: f32, %w: tensor<16x64x!bnn.s1>,
                  %b: tensor<?x64x!bnn.s4>, %u: tensor<?x64x!bnn.u2>, %y: tensor<?x16x!bnn.u2>) {
  // CHECK: %[[Q:.*]] = bnn.quantize %{{.*}} shift(%{{.*}} : tensor<64xf32>) step(%{{.*}}) outs(%{{.*}} : tensor<?x64x!bnn.s4>) : tensor<?x64xf32> -> tensor<?x64x!bnn.s4>
  %0 = bnn.quantize %x shift(%v : tensor<64xf32>) step(%s) outs(%b : tensor<?x64x!bnn.s4>)
      : tensor<?x64xf32> -> tensor<?x64x!bnn.s4>
  // CHECK: bnn.quantize %{{.*}} step(%{{.*}}) minimum(%{{.*}}) outs(%{{.*}} : tensor<?x64x!bnn.u2>) {note = 1 : i64} : tensor<?x64xf32> -> tensor<?x64x!bnn.u2>
  %1 = bnn.quantize %x step(%s) minimum(%s) outs(%u : tensor<?x64x!bnn.u2>) {note = 1 : i64}
      : tensor<?x64xf32> -> tensor<?x64x!bnn.u2>
  // CHECK: bnn.matmul %[[Q]], %{{.*}} outs(%{{.*}} : tensor<?x16x!bnn.u2>) : tensor<?x64x!bnn.s4>, tensor<16x64x!bnn.s1> -> tensor<?x16x!bnn.u2>
  %2 = bnn.matmul %0, %w outs(%y : tensor<?x16x!bnn.u2>)
      : tensor<?x64x!bnn.s4>, tensor<16x64x!bnn.s1> -> tensor<?x16x!bnn.u2> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// Integers of 8 bits, with a zero point or without, and the longest rows whose sums fit.
// CHECK-LABEL: func.func @bytes
func.func @bytes(%x: tensor<?x64xf32>, %v: tensor<64xf32>, %s: f32, %z: i32, %w: tensor<16x64x!bnn.s8>,
                 %b: tensor<?x64x!bnn.s8>, %u: tensor<?x64x!bnn.u8>, %y: tensor<?x16x!bnn.u8>,
                 %long: tensor<?x65793x!bnn.u8>, %longer: tensor<?x131071x!bnn.s8>, %w2: tensor<16x65793x!bnn.s8>,
                 %w3: tensor<16x131071x!bnn.s8>, %i: tensor<?x16xi32>) {
  // CHECK: %[[Q:.*]] = bnn.quantize %{{.*}} shift(%{{.*}} : tensor<64xf32>) step(%{{.*}}) zero_point(%{{.*}}) outs(%{{.*}} : tensor<?x64x!bnn.u8>) {note = 1 : i64} : tensor<?x64xf32> -> tensor<?x64x!bnn.u8>
  %0 = bnn.quantize %x shift(%v : tensor<64xf32>) step(%s) zero_point(%z) outs(%u : tensor<?x64x!bnn.u8>) {note = 1 : i64}
      : tensor<?x64xf32> -> tensor<?x64x!bnn.u8>
  // CHECK: %[[S:.*]] = bnn.quantize %{{.*}} step(%{{.*}}) outs(%{{.*}} : tensor<?x64x!bnn.s8>) : tensor<?x64xf32> -> tensor<?x64x!bnn.s8>
  %1 = bnn.quantize %x step(%s) outs(%b : tensor<?x64x!bnn.s8>) : tensor<?x64xf32> -> tensor<?x64x!bnn.s8>
  // CHECK: bnn.matmul %[[Q]], %{{.*}} outs(%{{.*}} : tensor<?x16x!bnn.u8>) : tensor<?x64x!bnn.u8>, tensor<16x64x!bnn.s8> -> tensor<?x16x!bnn.u8>
  %2 = bnn.matmul %0, %w outs(%y : tensor<?x16x!bnn.u8>)
      : tensor<?x64x!bnn.u8>, tensor<16x64x!bnn.s8> -> tensor<?x16x!bnn.u8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  // CHECK: bnn.matmul %[[S]], %{{.*}} outs(%{{.*}} : tensor<?x16xi32>) : tensor<?x64x!bnn.s8>, tensor<16x64x!bnn.s8> -> tensor<?x16xi32>
  %3 = bnn.matmul %1, %w outs(%i : tensor<?x16xi32>)
      : tensor<?x64x!bnn.s8>, tensor<16x64x!bnn.s8> -> tensor<?x16xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  // CHECK: bnn.matmul {{.*}} : tensor<?x65793x!bnn.u8>, tensor<16x65793x!bnn.s8> -> tensor<?x16xi32>
  %4 = bnn.matmul %long, %w2 outs(%i : tensor<?x16xi32>)
      : tensor<?x65793x!bnn.u8>, tensor<16x65793x!bnn.s8> -> tensor<?x16xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  // CHECK: bnn.matmul {{.*}} : tensor<?x131071x!bnn.s8>, tensor<16x131071x!bnn.s8> -> tensor<?x16xi32>
  %5 = bnn.matmul %longer, %w3 outs(%i : tensor<?x16xi32>)
      : tensor<?x131071x!bnn.s8>, tensor<16x131071x!bnn.s8> -> tensor<?x16xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @attention_planes
func.func @attention_planes(%q: tensor<?x?x64x!bnn.s4>, %s: f32, %0: tensor<?x?x64xf32>) {
  // CHECK: bnn.attention %{{.*}}, %{{.*}}, %{{.*}} scale(%{{.*}}) probability(!bnn.u4 step(%{{.*}}) minimum(%{{.*}})) outs(%{{.*}} : tensor<?x?x64xf32>) {divisor = 4.000000e+00 : f32, heads = 4 : i64} : tensor<?x?x64x!bnn.s4>, tensor<?x?x64x!bnn.s4>, tensor<?x?x64x!bnn.s4> -> tensor<?x?x64xf32> {
  // CHECK-NEXT: ^bb0(%{{.*}}: i32, %{{.*}}: i32):
  %1 = bnn.attention %q, %q, %q scale(%s) probability(!bnn.u4 step(%s) minimum(%s))
      outs(%0 : tensor<?x?x64xf32>) {heads = 4 : i64, divisor = 4.0 : f32}
      : tensor<?x?x64x!bnn.s4>, tensor<?x?x64x!bnn.s4>, tensor<?x?x64x!bnn.s4> -> tensor<?x?x64xf32> {
  ^bb0(%acc: i32, %sum: i32):
    %r = arith.sitofp %sum : i32 to f32
    bnn.yield %r : f32
  }
  return
}

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<?x?x64x!bnn.s1>, %z: tensor<?x?x64x!bnn.u1>, %l: tensor<?x?x3xf32>,
                     %r: tensor<?x?x1xf32>, %m: tensor<?x?xf32>, %s: f32, %v: tensor<64xf32>,
                     %f: tensor<?x?x64xf32>, %b: tensor<?x?x64x!bnn.s1>, %bz: tensor<?x?x64x!bnn.u1>) {
  // CHECK: bnn.attention %{{.*}}, %{{.*}}, %{{.*}} scale(%{{.*}}) cutoff(%{{.*}}) outs(%{{.*}} : tensor<?x?x64xf32>) {divisor = 4.000000e+00 : f32, heads = 4 : i64} : tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1> -> tensor<?x?x64xf32> {
  %0 = bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%f : tensor<?x?x64xf32>)
      {heads = 4 : i64, divisor = 4.0 : f32}
      : tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1> -> tensor<?x?x64xf32> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  // CHECK: %{{.*}}:2 = bnn.attention %{{.*}}, %{{.*}}, %{{.*}} query_zeros(%{{.*}} : tensor<?x?x64x!bnn.u1>) key_zeros(%{{.*}} : tensor<?x?x64x!bnn.u1>) value_zeros(%{{.*}} : tensor<?x?x64x!bnn.u1>) low_rank(%{{.*}}, %{{.*}} : tensor<?x?x3xf32>, tensor<?x?x3xf32>) value_residual(%{{.*}} : tensor<?x?x1xf32>) mask(%{{.*}} : tensor<?x?xf32>) scale(%{{.*}}) cutoff(%{{.*}}) params(%{{.*}}, %{{.*}} : f32, tensor<64xf32>) outs(%{{.*}}, %{{.*}} : tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.u1>)
  // CHECK-NEXT: ^bb0(%{{.*}}: i32, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
  %1, %2 = bnn.attention %q, %q, %q query_zeros(%z : tensor<?x?x64x!bnn.u1>)
      key_zeros(%z : tensor<?x?x64x!bnn.u1>) value_zeros(%z : tensor<?x?x64x!bnn.u1>)
      low_rank(%l, %l : tensor<?x?x3xf32>, tensor<?x?x3xf32>) value_residual(%r : tensor<?x?x1xf32>)
      mask(%m : tensor<?x?xf32>) scale(%s) cutoff(%s) params(%s, %v : f32, tensor<64xf32>)
      outs(%b, %bz : tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.u1>)
      {heads = 1 : i64, divisor = 8.0 : f32}
      : tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1>
      -> tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.u1> {
  ^bb0(%acc: i32, %res: f32, %ps: f32, %pv: f32):
    %c0 = arith.constant 0.0 : f32
    %bit = arith.cmpf ogt, %res, %c0 : f32
    %zero = arith.cmpf ueq, %res, %c0 : f32
    bnn.yield %bit, %zero : i1, i1
  }
  return
}

// CHECK-LABEL: func.func @embedding
func.func @embedding(%i32: tensor<1x16xi32>, %i64: tensor<?xi64>, %t: tensor<10x192x!bnn.s1>,
                     %s: tensor<10xf32>, %0: tensor<1x16x192xf32>, %1: tensor<?x192xf32>) {
  // CHECK: bnn.embedding %{{.*}}, %{{.*}}, %{{.*}} outs(%{{.*}} : tensor<1x16x192xf32>) : tensor<1x16xi32>, tensor<10x192x!bnn.s1>, tensor<10xf32> -> tensor<1x16x192xf32>
  %2 = bnn.embedding %i32, %t, %s outs(%0 : tensor<1x16x192xf32>)
      : tensor<1x16xi32>, tensor<10x192x!bnn.s1>, tensor<10xf32> -> tensor<1x16x192xf32>
  // CHECK: bnn.embedding {{.*}} : tensor<?xi64>, tensor<10x192x!bnn.s1>, tensor<10xf32> -> tensor<?x192xf32>
  %3 = bnn.embedding %i64, %t, %s outs(%1 : tensor<?x192xf32>)
      : tensor<?xi64>, tensor<10x192x!bnn.s1>, tensor<10xf32> -> tensor<?x192xf32>
  // CHECK: bnn.check_indices %{{.*}} limit %{{.*}} : tensor<1x16xi32>
  %c10 = arith.constant 10 : index
  %4 = bnn.check_indices %i32 limit %c10 : tensor<1x16xi32>
  // CHECK: bnn.check_shape %{{.*}} : i1
  bnn.check_shape %4 : i1
  // CHECK: bnn.check_indices %{{.*}} limit %{{.*}} {note = "ids"} : tensor<?xi64>
  %5 = bnn.check_indices %i64 limit %c10 {note = "ids"} : tensor<?xi64>
  return
}

// CHECK-LABEL: func.func @sums_and_differences
func.func @sums_and_differences(%x: tensor<2x?x40xf32>, %w: tensor<7x40x!bnn.s1>, %s: tensor<7xf32>, %0: tensor<2x?x7xf32>,
                      %xm: memref<?x40xf32>, %wm: memref<7x40x!bnn.s1>, %sm: memref<7xf32>, %om: memref<?x7xf32>) {
  // CHECK: bnn.matmul %{{.*}}, %{{.*}} params(%{{.*}}, %{{.*}} : tensor<7xf32>, tensor<7xf32>) outs(%{{.*}} : tensor<2x?x7xf32>) : tensor<2x?x40xf32>, tensor<7x40x!bnn.s1> -> tensor<2x?x7xf32> {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
  %1 = bnn.matmul %x, %w params(%s, %s : tensor<7xf32>, tensor<7xf32>) outs(%0 : tensor<2x?x7xf32>)
      : tensor<2x?x40xf32>, tensor<7x40x!bnn.s1> -> tensor<2x?x7xf32> {
  ^bb0(%acc: f32, %p: f32, %q: f32):
    %r = math.fma %acc, %p, %q : f32
    bnn.yield %r : f32
  }
  // CHECK: bnn.matmul {{.*}} : memref<?x40xf32>, memref<7x40x!bnn.s1> {
  bnn.matmul %xm, %wm params(%sm, %sm : memref<7xf32>, memref<7xf32>) outs(%om : memref<?x7xf32>)
      : memref<?x40xf32>, memref<7x40x!bnn.s1> {
  ^bb0(%acc: f32, %p: f32, %q: f32):
    %r = math.fma %acc, %p, %q : f32
    bnn.yield %r : f32
  }
  return
}

// CHECK-LABEL: func.func @float
func.func @float(%x: tensor<2x?x192xf32>, %w: tensor<192x7xf32>, %b: tensor<7xf32>, %g: tensor<192xf32>,
                 %0: tensor<2x?x7xf32>, %1: tensor<2x?xf32>, %bits: tensor<2x?x192x!bnn.s1>) {
  // CHECK: bnn.matmul %{{.*}}, %{{.*}} params(%{{.*}} : tensor<7xf32>) outs(%{{.*}} : tensor<2x?x7xf32>) : tensor<2x?x192xf32>, tensor<192x7xf32> -> tensor<2x?x7xf32> {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
  %2 = bnn.matmul %x, %w params(%b : tensor<7xf32>) outs(%0 : tensor<2x?x7xf32>)
      : tensor<2x?x192xf32>, tensor<192x7xf32> -> tensor<2x?x7xf32> {
  ^bb0(%acc: f32, %p: f32):
    %sum = arith.addf %acc, %p : f32
    bnn.yield %sum : f32
  }
  // CHECK: bnn.layer_norm %{{.*}}, %{{.*}}, %{{.*}} outs(%{{.*}} : tensor<2x?x192xf32>) {epsilon = 9.99999996E-13 : f32} : tensor<2x?x192xf32>, tensor<192xf32>, tensor<192xf32> -> tensor<2x?x192xf32>
  %6 = bnn.layer_norm %x, %g, %g outs(%x : tensor<2x?x192xf32>) {epsilon = 1.0e-12 : f32}
      : tensor<2x?x192xf32>, tensor<192xf32>, tensor<192xf32> -> tensor<2x?x192xf32>
  // CHECK: bnn.layer_norm %{{.*}}, %{{.*}}, %{{.*}} params(%{{.*}} : tensor<192xf32>) outs(%{{.*}}, %{{.*}} : tensor<2x?x192xf32>, tensor<2x?x192x!bnn.s1>) {epsilon = 9.99999996E-13 : f32} : tensor<2x?x192xf32>, tensor<192xf32>, tensor<192xf32> -> tensor<2x?x192xf32>, tensor<2x?x192x!bnn.s1> {
  // CHECK-NEXT: ^bb0(%[[Y:.*]]: f32, %[[P:.*]]: f32):
  // CHECK-NEXT: %[[BIT:.*]] = arith.cmpf ogt, %[[Y]], %[[P]] : f32
  // CHECK-NEXT: bnn.yield %[[Y]], %[[BIT]] : f32, i1
  %7:2 = bnn.layer_norm %x, %g, %g params(%g : tensor<192xf32>)
      outs(%x, %bits : tensor<2x?x192xf32>, tensor<2x?x192x!bnn.s1>) {epsilon = 1.0e-12 : f32}
      : tensor<2x?x192xf32>, tensor<192xf32>, tensor<192xf32> -> tensor<2x?x192xf32>, tensor<2x?x192x!bnn.s1> {
  ^bb0(%y: f32, %p: f32):
    %bit = arith.cmpf ogt, %y, %p : f32
    bnn.yield %y, %bit : f32, i1
  }
  // CHECK: bnn.reduce add %{{.*}} outs(%{{.*}} : tensor<2x?xf32>) : tensor<2x?x192xf32> -> tensor<2x?xf32>
  %3 = bnn.reduce add %x outs(%1 : tensor<2x?xf32>) : tensor<2x?x192xf32> -> tensor<2x?xf32>
  // CHECK: bnn.reduce max
  %4 = bnn.reduce max %x outs(%1 : tensor<2x?xf32>) : tensor<2x?x192xf32> -> tensor<2x?xf32>
  // CHECK: bnn.reduce min
  %5 = bnn.reduce min %x outs(%1 : tensor<2x?xf32>) : tensor<2x?x192xf32> -> tensor<2x?xf32>
  return
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @buffers
func.func @buffers(%x: memref<?x64xf32>, %s: memref<64xf32>,
                   %b: memref<?x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>,
                   %z: memref<?x64x!bnn.u1, #bnn.rows<word = 32, group = 64>>,
                   %w: memref<64x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>>,
                   %lw: memref<64x16xf32>, %lb: memref<16xf32>, %lo: memref<?x16xf32>, %o: memref<?xf32>,
                   %ids: memref<?xi64>, %t: memref<10x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>,
                   %scale: memref<10xf32>, %q: memref<?x64x!bnn.u8>,
                   %bw: memref<64x64x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>>) {
  // CHECK: bnn.binarize %{{.*}} shift(%{{.*}} : memref<64xf32>) outs(%{{.*}}, %{{.*}} : memref<?x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>, memref<?x64x!bnn.u1, #bnn.rows<word = 32, group = 64>>) : memref<?x64xf32>{{$}}
  bnn.binarize %x shift(%s : memref<64xf32>)
      outs(%b, %z : memref<?x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>, memref<?x64x!bnn.u1, #bnn.rows<word = 32, group = 64>>)
      : memref<?x64xf32>
  // CHECK: bnn.binarize %{{.*}} threshold(-0.000000e+00) outs(%{{.*}} : memref<?x64x!bnn.u1, #bnn.rows<word = 32, group = 64>>) : memref<?x64xf32>{{$}}
  bnn.binarize %x threshold(-0.0) outs(%z : memref<?x64x!bnn.u1, #bnn.rows<word = 32, group = 64>>) : memref<?x64xf32>
  // CHECK: bnn.quantize %{{.*}} step(%{{.*}}) zero_point(%{{.*}}) outs(%{{.*}} : memref<?x64x!bnn.u8>) : memref<?x64xf32>{{$}}
  %step = arith.constant 0.5 : f32
  %zero = arith.constant 128 : i32
  bnn.quantize %x step(%step) zero_point(%zero) outs(%q : memref<?x64x!bnn.u8>) : memref<?x64xf32>
  // CHECK: bnn.matmul %{{.*}}, %{{.*}} outs(%{{.*}} : memref<?x64xf32>) : memref<?x64x!bnn.u8>, memref<64x64x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>> {
  bnn.matmul %q, %bw outs(%x : memref<?x64xf32>)
      : memref<?x64x!bnn.u8>, memref<64x64x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  // CHECK: bnn.matmul %{{.*}}, %{{.*}} zeros(%{{.*}}) params(%{{.*}} : memref<64xf32>) outs(%{{.*}} : memref<?x64xf32>)
  bnn.matmul %b, %w zeros(%z : memref<?x64x!bnn.u1, #bnn.rows<word = 32, group = 64>>)
      params(%s : memref<64xf32>) outs(%x : memref<?x64xf32>)
      : memref<?x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>,
        memref<64x64x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>> {
  ^bb0(%acc: i32, %p: f32):
    bnn.yield %p : f32
  }
  // CHECK: bnn.embedding {{.*}} : memref<?xi64>, memref<10x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>, memref<10xf32>{{$}}
  bnn.embedding %ids, %t, %scale outs(%x : memref<?x64xf32>)
      : memref<?xi64>, memref<10x64x!bnn.s1, #bnn.rows<word = 32, group = 64>>, memref<10xf32>
  // CHECK: bnn.check_indices %{{.*}} limit %{{.*}} : memref<?xi64>
  %c10 = arith.constant 10 : index
  %ok = bnn.check_indices %ids limit %c10 : memref<?xi64>
  // CHECK: bnn.matmul {{.*}} : memref<?x64xf32>, memref<64x16xf32> {
  bnn.matmul %x, %lw params(%lb : memref<16xf32>) outs(%lo : memref<?x16xf32>)
      : memref<?x64xf32>, memref<64x16xf32> {
  ^bb0(%acc: f32, %p: f32):
    %sum = arith.addf %acc, %p : f32
    bnn.yield %sum : f32
  }
  // CHECK: bnn.layer_norm %{{.*}}, %{{.*}}, %{{.*}} outs(%{{.*}} : memref<?x64xf32>) {{.*}} : memref<?x64xf32>, memref<64xf32>, memref<64xf32>{{$}}
  bnn.layer_norm %x, %s, %s outs(%x : memref<?x64xf32>) {epsilon = 1.0e-5 : f32} : memref<?x64xf32>, memref<64xf32>, memref<64xf32>
  // CHECK: bnn.reduce max %{{.*}} outs(%{{.*}} : memref<?xf32>) : memref<?x64xf32>{{$}}
  bnn.reduce max %x outs(%o : memref<?xf32>) : memref<?x64xf32>
  return
}

// CHECK-LABEL: func.func @attention_forms
func.func @attention_forms(%q: tensor<?x?x64x!bnn.s1>, %k: tensor<?x?x64x!bnn.s1>, %m: tensor<?x?xf32>,
                           %n: tensor<1x4x?x?xf32>, %s: f32, %o: tensor<?x?x64xf32>) {
  // CHECK: bnn.attention %{{.*}} mask(%{{.*}}, %{{.*}} : tensor<1x4x?x?xf32>, tensor<?x?xf32>) scale(%{{.*}}) cutoff(%{{.*}}) outs(%{{.*}} : tensor<?x?x64xf32>) {causal, divisor = 4.000000e+00 : f32, early_masks = 1 : i64, heads = 4 : i64, mask_kinds = [#bnn.mask_kind<max>, #bnn.mask_kind<fill>]}
  %0 = bnn.attention %q, %q, %q mask(%n, %m : tensor<1x4x?x?xf32>, tensor<?x?xf32>) scale(%s) cutoff(%s)
      outs(%o : tensor<?x?x64xf32>)
      {causal, divisor = 4.0 : f32, early_masks = 1 : i64, mask_kinds = [#bnn.mask_kind<max>, #bnn.mask_kind<fill>], heads = 4 : i64}
      : tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1> -> tensor<?x?x64xf32> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  // CHECK: bnn.attention %{{.*}} scale(%{{.*}}) threshold(-2.500000e-01) outs(%{{.*}} : tensor<?x?x64xf32>) {cross, divisor = 4.000000e+00 : f32, heads = 4 : i64, inclusive}
  %1 = bnn.attention %q, %k, %k scale(%s) threshold(-0.25) outs(%o : tensor<?x?x64xf32>)
      {cross, divisor = 4.0 : f32, heads = 4 : i64, inclusive}
      : tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1>, tensor<?x?x64x!bnn.s1> -> tensor<?x?x64xf32> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// CHECK-LABEL: func.func @attention_buffers
func.func @attention_buffers(%q: memref<?x?x64x!bnn.s1, #bnn.rows<word = 32, group = 16>>,
                             %m: memref<?x?xf32>, %s: f32, %o: memref<?x?x64xf32>) {
  // CHECK: bnn.attention %{{.*}} mask(%{{.*}} : memref<?x?xf32>) {{.*}} outs(%{{.*}} : memref<?x?x64xf32>)
  bnn.attention %q, %q, %q mask(%m : memref<?x?xf32>) scale(%s) cutoff(%s) outs(%o : memref<?x?x64xf32>)
      {heads = 4 : i64, divisor = 4.0 : f32}
      : memref<?x?x64x!bnn.s1, #bnn.rows<word = 32, group = 16>>,
        memref<?x?x64x!bnn.s1, #bnn.rows<word = 32, group = 16>>,
        memref<?x?x64x!bnn.s1, #bnn.rows<word = 32, group = 16>> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x0100000001000001"
    }
  }
#-}

// CHECK-LABEL: func.func @checks
// CHECK: bnn.return_unless %{{.*}}, 2{{$}}
func.func @checks(%ok: i1) -> i32 {
  bnn.return_unless %ok, 2
  %done = arith.constant 0 : i32
  return %done : i32
}
