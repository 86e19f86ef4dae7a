// RUN: bnn-opt %s --bnn-pack --split-input-file | FileCheck %s
// RUN: bnn-opt %s --bnn-pack --bnn-pack --split-input-file | FileCheck %s
// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(bnn-pack{remarks}))" --split-input-file 2>&1 >/dev/null \
// RUN:   | FileCheck %s --check-prefix=WHY --implicit-check-not=remark:

// Why what stays, here and below, stays.
// WHY: remark: 'bnn.matmul' has no parity words: 'bnn.attention' reads every word of its bits

// One group a row; the mask of zeros lies like its bits, save for the parity that
// products alone can read.
// CHECK-LABEL: func.func @activations
// CHECK: %[[B:.*]] = tensor.empty(%{{.*}}) : tensor<?x40x!bnn.s1, #bnn.rows<word = 32, group = 40, parity = true>>
// CHECK: %[[Z:.*]] = tensor.empty(%{{.*}}) : tensor<?x40x!bnn.u1, #bnn.rows<word = 32, group = 40>>
// CHECK: %[[R:.*]]:2 = bnn.binarize %{{.*}} outs(%[[B]], %[[Z]] : {{.*}}) : tensor<?x40xf32> -> tensor<?x40x!bnn.s1, #bnn.rows<word = 32, group = 40, parity = true>>, tensor<?x40x!bnn.u1, #bnn.rows<word = 32, group = 40>>
// Outputs pad to two vectors of 16, and inputs to two words: bit k of word w of
// an output is element 32 w + k.
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}[-1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [255, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]], {{\[\[}}0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]]> : tensor<2x2x16xi32> -> tensor<2x40x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 40, out_group = 2, parity = true>>
// CHECK: bnn.matmul %[[R]]#0, %[[W]] zeros(%[[R]]#1 : {{.*}}) outs(%{{.*}} : tensor<?x2xi32>)
func.func @activations(%x: tensor<?x40xf32>, %n: index, %0: tensor<?x2xi32>) -> tensor<?x2xi32> {
  %b = tensor.empty(%n) : tensor<?x40x!bnn.s1>
  %z = tensor.empty(%n) : tensor<?x40x!bnn.u1>
  %1, %2 = bnn.binarize %x outs(%b, %z : tensor<?x40x!bnn.s1>, tensor<?x40x!bnn.u1>)
      : tensor<?x40xf32> -> tensor<?x40x!bnn.s1>, tensor<?x40x!bnn.u1>
  %w = bnn.constant dense<[
      [true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true,
       true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true,
       true, true, true, true, true, true, true, true],
      [true, false, true, false, false, false, false, false, false, false, false, false, false, false, false, false,
       false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false,
       false, true, false, false, false, false, false, false]]> : tensor<2x40xi1> -> tensor<2x40x!bnn.s1>
  %y = bnn.matmul %1, %w zeros(%2 : tensor<?x40x!bnn.u1>) outs(%0 : tensor<?x2xi32>)
      : tensor<?x40x!bnn.s1>, tensor<2x40x!bnn.s1> -> tensor<?x2xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<?x2xi32>
}

// -----

// What attention reads is grouped by head, through the weights that make it,
// and so is what it writes, down to the weights that read that: 3 heads of 2
// elements are 3 words, and 2 outputs of a head take two panels.
// CHECK-LABEL: func.func @heads
// CHECK: bnn.constant dense<{{.*15, 15, 0, .*0, 0, 0.*15, 15, 0, .*0, 0, 0.*15, 15, 0, .*}}> : tensor<6x1x16xi32> -> tensor<6x4x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 4, out_group = 2, parity = true>>
// CHECK: tensor.empty() : tensor<1x5x6x!bnn.s1, #bnn.rows<word = 32, group = 2>>
// CHECK: %[[Q:.*]] = bnn.matmul {{.*}} -> tensor<1x5x6x!bnn.s1, #bnn.rows<word = 32, group = 2>>
// CHECK: tensor.empty() : tensor<1x5x6x!bnn.s1, #bnn.rows<word = 32, group = 2, parity = true>>
// CHECK: tensor.empty() : tensor<1x5x6x!bnn.u1, #bnn.rows<word = 32, group = 2>>
// CHECK: %[[C:.*]]:2 = bnn.attention %[[Q]], %[[Q]], %[[Q]]
// CHECK: bnn.constant {{.*}} : tensor<2x3x16xi32> -> tensor<5x6x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 2, out_group = 5, parity = true>>
// CHECK: bnn.matmul %[[C]]#0, %{{.*}} zeros(%[[C]]#1
func.func @heads(%x: tensor<1x5x4xf32>, %s: f32, %0: tensor<1x5x5xi32>) -> tensor<1x5x5xi32> {
  %b = tensor.empty() : tensor<1x5x4x!bnn.s1>
  %1 = bnn.binarize %x outs(%b : tensor<1x5x4x!bnn.s1>) : tensor<1x5x4xf32> -> tensor<1x5x4x!bnn.s1>
  %w = bnn.constant dense<true> : tensor<6x4xi1> -> tensor<6x4x!bnn.s1>
  %2 = tensor.empty() : tensor<1x5x6x!bnn.s1>
  %q = bnn.matmul %1, %w outs(%2 : tensor<1x5x6x!bnn.s1>)
      : tensor<1x5x4x!bnn.s1>, tensor<6x4x!bnn.s1> -> tensor<1x5x6x!bnn.s1> {
  ^bb0(%acc: i32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    bnn.yield %bit : i1
  }
  %3 = tensor.empty() : tensor<1x5x6x!bnn.s1>
  %4 = tensor.empty() : tensor<1x5x6x!bnn.u1>
  %c, %z = bnn.attention %q, %q, %q scale(%s) cutoff(%s)
      outs(%3, %4 : tensor<1x5x6x!bnn.s1>, tensor<1x5x6x!bnn.u1>) {heads = 3 : i64, divisor = 1.0 : f32}
      : tensor<1x5x6x!bnn.s1>, tensor<1x5x6x!bnn.s1>, tensor<1x5x6x!bnn.s1>
      -> tensor<1x5x6x!bnn.s1>, tensor<1x5x6x!bnn.u1> {
  ^bb0(%acc: i32, %res: f32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    %zero = arith.cmpi eq, %acc, %c0 : i32
    bnn.yield %bit, %zero : i1, i1
  }
  %w2 = bnn.constant dense<true> : tensor<5x6xi1> -> tensor<5x6x!bnn.s1>
  %y = bnn.matmul %c, %w2 zeros(%z : tensor<1x5x6x!bnn.u1>) outs(%0 : tensor<1x5x5xi32>)
      : tensor<1x5x6x!bnn.s1>, tensor<5x6x!bnn.s1> -> tensor<1x5x5xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<1x5x5xi32>
}

// -----

// An embedding's table is packed as rows.
// CHECK-LABEL: func.func @table
// CHECK: %[[T:.*]] = bnn.constant dense<{{\[\[}}5], [2]]> : tensor<2x1xi32> -> tensor<2x3x!bnn.s1, #bnn.rows<word = 32, group = 3>>
// CHECK: bnn.embedding %{{.*}}, %[[T]], %{{.*}} outs
func.func @table(%ids: tensor<?xi64>, %s: tensor<2xf32>, %0: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %t = bnn.constant dense<[[true, false, true], [false, true, false]]> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
  %e = bnn.embedding %ids, %t, %s outs(%0 : tensor<?x3xf32>)
      : tensor<?xi64>, tensor<2x3x!bnn.s1>, tensor<2xf32> -> tensor<?x3xf32>
  return %e : tensor<?x3xf32>
}

// -----

// One constant that two layouts want is packed twice; one empty tensor that two
// ops write into becomes one of each layout.
// CHECK-LABEL: func.func @shared
// CHECK-DAG: bnn.constant {{.*}} : tensor<2x1xi32> -> tensor<2x2x!bnn.s1, #bnn.rows<word = 32, group = 2>>
// CHECK-DAG: bnn.constant {{.*}} : tensor<2x1x16xi32> -> tensor<2x2x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 2, out_group = 2, parity = true>>
// CHECK-NOT: tensor<2x2xi1>
func.func @shared(%x: tensor<4x2xf32>, %ids: tensor<4xi64>, %s: tensor<2xf32>, %0: tensor<4x2xf32>, %1: tensor<4x2xi32>)
    -> (tensor<4x2xf32>, tensor<4x2xi32>) {
  %w = bnn.constant dense<[[true, false], [false, true]]> : tensor<2x2xi1> -> tensor<2x2x!bnn.s1>
  %e = bnn.embedding %ids, %w, %s outs(%0 : tensor<4x2xf32>)
      : tensor<4xi64>, tensor<2x2x!bnn.s1>, tensor<2xf32> -> tensor<4x2xf32>
  %2 = tensor.empty() : tensor<4x2x!bnn.s1>
  %b = bnn.binarize %x outs(%2 : tensor<4x2x!bnn.s1>) : tensor<4x2xf32> -> tensor<4x2x!bnn.s1>
  %y = bnn.matmul %b, %w outs(%1 : tensor<4x2xi32>)
      : tensor<4x2x!bnn.s1>, tensor<2x2x!bnn.s1> -> tensor<4x2xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %e, %y : tensor<4x2xf32>, tensor<4x2xi32>
}

// -----

// The third word holds the parity of the first three: 3 ^ 1 ^ 1; a fifth would
// hold that of five.
// CHECK-LABEL: func.func @parity
// CHECK: bnn.constant dense<"0x03{{0*}}1{{0*}}3{{0*}}1{{0*}}"> : tensor<2x4x16xi32> -> tensor<1x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 1, parity = true>>
// Unsigned bits are and-ed: no parity.
// CHECK: bnn.constant dense<"0x03{{0*}}1{{0*}}1{{0*}}1{{0*}}"> : tensor<2x4x16xi32> -> tensor<1x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 1>>
func.func @parity(%x: tensor<4x128xf32>, %0: tensor<4x1xi32>) -> (tensor<4x1xi32>, tensor<4x1xi32>) {
  %b = tensor.empty() : tensor<4x128x!bnn.s1>
  %z = tensor.empty() : tensor<4x128x!bnn.u1>
  %1, %2 = bnn.binarize %x outs(%b, %z : tensor<4x128x!bnn.s1>, tensor<4x128x!bnn.u1>)
      : tensor<4x128xf32> -> tensor<4x128x!bnn.s1>, tensor<4x128x!bnn.u1>
  // Bits 0 and 1 of the first word, and bit 0 of the others.
  %w = bnn.constant dense<"0x03000000010000000100000001000000"> : tensor<1x128xi1> -> tensor<1x128x!bnn.s1>
  %y = bnn.matmul %1, %w outs(%0 : tensor<4x1xi32>)
      : tensor<4x128x!bnn.s1>, tensor<1x128x!bnn.s1> -> tensor<4x1xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  %u = bnn.matmul %2, %w outs(%0 : tensor<4x1xi32>)
      : tensor<4x128x!bnn.u1>, tensor<1x128x!bnn.s1> -> tensor<4x1xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y, %u : tensor<4x1xi32>, tensor<4x1xi32>
}

// -----

// Planes have the layout of their rows, with parity: products of planes look for
// differing bits, whether the integers have a sign or not.
// CHECK-LABEL: func.func @planes
// CHECK: %[[Q:.*]] = bnn.quantize {{.*}} -> tensor<4x128x!bnn.u4, #bnn.rows<word = 32, group = 128, parity = true>>
// CHECK: bnn.matmul %[[Q]], %{{.*}} : tensor<4x128x!bnn.u4, #bnn.rows<word = 32, group = 128, parity = true>>, tensor<1x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 1, parity = true>>
func.func @planes(%x: tensor<4x128xf32>, %s: f32, %0: tensor<4x1xi32>) -> tensor<4x1xi32> {
  %b = tensor.empty() : tensor<4x128x!bnn.u4>
  %1 = bnn.quantize %x step(%s) outs(%b : tensor<4x128x!bnn.u4>) : tensor<4x128xf32> -> tensor<4x128x!bnn.u4>
  %w = bnn.constant dense<"0x03000000010000000100000001000000"> : tensor<1x128xi1> -> tensor<1x128x!bnn.s1>
  %y = bnn.matmul %1, %w outs(%0 : tensor<4x1xi32>)
      : tensor<4x128x!bnn.u4>, tensor<1x128x!bnn.s1> -> tensor<4x1xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x1xi32>
}

// -----

// Where the target has a parity_chain each word of the weights is the parity of
// all up to it, and words 1, 5, ... the complement: 3, ~(3 ^ 1), 3 ^ 1 ^ 1,
// 3 ^ 1 ^ 1 ^ 1, ... The rows stay as they are. Three words are too few.
// CHECK-LABEL: func.func @running
// CHECK: bnn.binarize {{.*}} -> tensor<4x128x!bnn.s1, #bnn.rows<word = 32, group = 128>>
// CHECK: bnn.constant dense<"0x03{{0*}}FDFFFFFF{{0*}}3{{0*}}2{{0*}}"> : tensor<2x4x16xi32> -> tensor<1x128x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 128, out_group = 1, running = true>>
// CHECK: bnn.constant {{.*}} : tensor<2x3x16xi32> -> tensor<1x96x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 96, out_group = 1>>
module attributes {bnn.target = #bnn.target<strategy = "neon", dots = [#bnn.dot<xor_count, rows = 3, panels = 1>, #bnn.dot<parity_chain, rows = 3, panels = 1>]>} {
  func.func @running(%x: tensor<4x128xf32>, %x3: tensor<4x96xf32>, %0: tensor<4x1xi32>) -> (tensor<4x1xi32>, tensor<4x1xi32>) {
    %1 = tensor.empty() : tensor<4x128x!bnn.s1>
    %b = bnn.binarize %x outs(%1 : tensor<4x128x!bnn.s1>) : tensor<4x128xf32> -> tensor<4x128x!bnn.s1>
    %2 = tensor.empty() : tensor<4x96x!bnn.s1>
    %b3 = bnn.binarize %x3 outs(%2 : tensor<4x96x!bnn.s1>) : tensor<4x96xf32> -> tensor<4x96x!bnn.s1>
    %w = bnn.constant dense<"0x03000000010000000100000001000000"> : tensor<1x128xi1> -> tensor<1x128x!bnn.s1>
    %w3 = bnn.constant dense<true> : tensor<1x96xi1> -> tensor<1x96x!bnn.s1>
    %y = bnn.matmul %b, %w outs(%0 : tensor<4x1xi32>)
        : tensor<4x128x!bnn.s1>, tensor<1x128x!bnn.s1> -> tensor<4x1xi32> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    %z = bnn.matmul %b3, %w3 outs(%0 : tensor<4x1xi32>)
        : tensor<4x96x!bnn.s1>, tensor<1x96x!bnn.s1> -> tensor<4x1xi32> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return %y, %z : tensor<4x1xi32>, tensor<4x1xi32>
  }
}

// -----

// Bytes of weights: four to a word, the first the least significant, and the
// last word of five is filled with zeros. The rows that they are multiplied by
// are bytes in no layout.
// CHECK-LABEL: func.func @bytes
// CHECK: %[[Q:.*]] = bnn.quantize {{.*}} -> tensor<4x5x!bnn.u8>
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}[67305985, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [128, 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]], {{\[\[}}0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]]> : tensor<2x2x16xi32> -> tensor<2x5x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 5, out_group = 2>>
// CHECK: bnn.matmul %[[Q]], %[[W]] outs(%{{.*}} : tensor<4x2x!bnn.s8>)
func.func @bytes(%x: tensor<4x5xf32>, %s: f32, %z: i32) -> tensor<4x2x!bnn.s8> {
  %b = tensor.empty() : tensor<4x5x!bnn.u8>
  %q = bnn.quantize %x step(%s) zero_point(%z) outs(%b : tensor<4x5x!bnn.u8>) : tensor<4x5xf32> -> tensor<4x5x!bnn.u8>
  %w = bnn.constant dense<[[1, 2, 3, 4, -128], [-1, -1, -1, -1, 127]]> : tensor<2x5xi8> -> tensor<2x5x!bnn.s8>
  %0 = tensor.empty() : tensor<4x2x!bnn.s8>
  %y = bnn.matmul %q, %w outs(%0 : tensor<4x2x!bnn.s8>)
      : tensor<4x5x!bnn.u8>, tensor<2x5x!bnn.s8> -> tensor<4x2x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x2x!bnn.s8>
}

// -----

// Where attention reads the bits of a product of bytes, its weights are grouped
// by head: two outputs of each take two panels.
// WHY: remark: 'bnn.matmul' has no parity words: 'bnn.attention' reads every word of its bits
// CHECK-LABEL: func.func @heads_of_bytes
// CHECK: bnn.constant {{.*}} : tensor<6x1x16xi32> -> tensor<6x4x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 4, out_group = 2>>
// CHECK: bnn.matmul {{.*}} -> tensor<1x5x6x!bnn.s1, #bnn.rows<word = 32, group = 2>>
func.func @heads_of_bytes(%x: tensor<1x5x4xf32>, %s: f32, %0: tensor<1x5x6xf32>) -> tensor<1x5x6xf32> {
  %b = tensor.empty() : tensor<1x5x4x!bnn.s8>
  %1 = bnn.quantize %x step(%s) outs(%b : tensor<1x5x4x!bnn.s8>) : tensor<1x5x4xf32> -> tensor<1x5x4x!bnn.s8>
  %w = bnn.constant dense<3> : tensor<6x4xi8> -> tensor<6x4x!bnn.s8>
  %2 = tensor.empty() : tensor<1x5x6x!bnn.s1>
  %q = bnn.matmul %1, %w outs(%2 : tensor<1x5x6x!bnn.s1>)
      : tensor<1x5x4x!bnn.s8>, tensor<6x4x!bnn.s8> -> tensor<1x5x6x!bnn.s1> {
  ^bb0(%acc: i32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    bnn.yield %bit : i1
  }
  %c = bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%0 : tensor<1x5x6xf32>) {heads = 3 : i64, divisor = 1.0 : f32}
      : tensor<1x5x6x!bnn.s1>, tensor<1x5x6x!bnn.s1>, tensor<1x5x6x!bnn.s1> -> tensor<1x5x6xf32> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return %c : tensor<1x5x6xf32>
}

// -----

// Weights are small where no two neighbours of an output's have sizes of more
// than 128 together: the last of a row has none, and the first of the next is no
// neighbour of it. Who has another instruction does not look.
// CHECK-LABEL: func.func @small(
// CHECK: bnn.constant {{.*}} -> tensor<2x5x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 5, out_group = 2, small = true>>
// CHECK: bnn.constant {{.*}} -> tensor<2x5x!bnn.s8, #bnn.panels<lanes = 16, word = 32, group = 5, out_group = 2>>
module attributes {bnn.target = #bnn.target<strategy = "t", instructions = multiply_16_pairs>} {
  func.func @small(%x: tensor<4x5x!bnn.u8>) -> (tensor<4x2x!bnn.s8>, tensor<4x2x!bnn.s8>) {
    %w = bnn.constant dense<[[64, 64, -128, 0, 127], [-127, 1, 3, -125, -128]]> : tensor<2x5xi8> -> tensor<2x5x!bnn.s8>
    %v = bnn.constant dense<[[64, 64, -128, 0, 127], [-127, 1, 4, -125, -128]]> : tensor<2x5xi8> -> tensor<2x5x!bnn.s8>
    %0 = tensor.empty() : tensor<4x2x!bnn.s8>
    %1 = bnn.matmul %x, %w outs(%0 : tensor<4x2x!bnn.s8>) : tensor<4x5x!bnn.u8>, tensor<2x5x!bnn.s8> -> tensor<4x2x!bnn.s8> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    %2 = tensor.empty() : tensor<4x2x!bnn.s8>
    %3 = bnn.matmul %x, %v outs(%2 : tensor<4x2x!bnn.s8>) : tensor<4x5x!bnn.u8>, tensor<2x5x!bnn.s8> -> tensor<4x2x!bnn.s8> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return %1, %3 : tensor<4x2x!bnn.s8>, tensor<4x2x!bnn.s8>
  }
}

// -----

// CHECK-LABEL: func.func @small_beside_dots(
// CHECK: bnn.constant {{.*}} out_group = 2>>
module attributes {bnn.target = #bnn.target<strategy = "t", instructions = "multiply_16_pairs|dot_32_bytes">} {
  func.func @small_beside_dots(%x: tensor<4x5x!bnn.u8>) -> tensor<4x2x!bnn.s8> {
    %w = bnn.constant dense<1> : tensor<2x5xi8> -> tensor<2x5x!bnn.s8>
    %0 = tensor.empty() : tensor<4x2x!bnn.s8>
    %1 = bnn.matmul %x, %w outs(%0 : tensor<4x2x!bnn.s8>) : tensor<4x5x!bnn.u8>, tensor<2x5x!bnn.s8> -> tensor<4x2x!bnn.s8> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return %1 : tensor<4x2x!bnn.s8>
  }
}
