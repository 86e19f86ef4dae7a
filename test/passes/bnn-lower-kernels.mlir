// RUN: bnn-opt %s --bnn-lower-kernels --canonicalize --cse --split-input-file | FileCheck %s

// The tile of 4 rows by 2 panels of 16 outputs: xor, popcount, add, eight times
// a word, and nothing else but loads; then the interval test on vectors, and 32
// outputs of a row as one word.
// CHECK-LABEL: func.func @product
// CHECK-SAME: (%[[X:.*]]: memref<8x2xi32>, %[[W:.*]]: memref<4x2x16xi32>, %[[LOW:.*]]: memref<64xi32>, %[[LENGTH:.*]]: memref<64xi32>, %[[Y:.*]]: memref<8x2xi32>)
// CHECK: %[[K:.*]] = arith.constant dense<64> : vector<16xi32>
// CHECK: scf.for
// CHECK: vector.load %[[LOW]]
// CHECK: vector.load %[[LENGTH]]
// CHECK: scf.for %{{.*}} = %c0 to %c8 step %c4
// CHECK: %[[ACC:.*]]:8 = scf.for
// CHECK: %[[WORDS:.*]] = vector.load %[[W]][{{.*}}] : memref<4x2x16xi32>, vector<16xi32>
// CHECK: %[[BITS:.*]] = memref.load %[[X]]
// CHECK: %[[ROW:.*]] = vector.broadcast %[[BITS]] : i32 to vector<16xi32>
// CHECK: %[[DIFFER:.*]] = arith.xori %[[ROW]], %[[WORDS]] : vector<16xi32>
// CHECK: %[[COUNT:.*]] = math.ctpop %[[DIFFER]] : vector<16xi32>
// CHECK: arith.addi %{{.*}}, %[[COUNT]] : vector<16xi32>
// CHECK-COUNT-7: math.ctpop {{.*}} : vector<16xi32>
// CHECK-NOT: math.ctpop
// CHECK: scf.yield
// CHECK: %[[TWICE:.*]] = arith.addi %[[ACC]]#0, %[[ACC]]#0
// CHECK: arith.subi %[[K]], %[[TWICE]]
// CHECK: arith.cmpi ult, {{.*}} : vector<16xi32>
// CHECK: arith.cmpi ult, {{.*}} : vector<16xi32>
// CHECK: %[[BITS:.*]] = vector.bitcast %{{.*}} : vector<32xi1> to vector<1xi32>
// CHECK: %[[WORD:.*]] = vector.extract %[[BITS]][0] : i32 from vector<1xi32>
// CHECK: memref.store %[[WORD]], %[[Y]]
// CHECK-COUNT-3: memref.store
// CHECK-NOT: memref.store
// CHECK: return
#rows = #bnn.rows<word = 32, group = 64>
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>
module attributes {bnn.target = #bnn.target<strategy = "avx512-vpopcntdq", dots = [#bnn.dot<xor_count, rows = 4, panels = 2, parity = true>]>} {
  func.func @product(%x: memref<8x64x!bnn.s1, #rows>, %w: memref<64x64x!bnn.s1, #panels>,
                     %l: memref<64xi32>, %n: memref<64xi32>, %y: memref<8x64x!bnn.s1, #rows>) {
    bnn.matmul %x, %w params(%l, %n : memref<64xi32>, memref<64xi32>) outs(%y : memref<8x64x!bnn.s1, #rows>)
        : memref<8x64x!bnn.s1, #rows>, memref<64x64x!bnn.s1, #panels> {
    ^bb0(%acc: i32, %low: i32, %length: i32):
      %d = arith.subi %acc, %low : i32
      %bit = arith.cmpi ult, %d, %length : i32
      bnn.yield %bit : i1
    }
    return
  }
}

// -----

// Words with parity, two a step: they are the sums of a chain of carry-save
// adders, so that only carries are counted, one popcount for two words. The last
// sum is counted after the loop, and of six words the last one by itself. The
// rows that binarize writes get their parity from shuffles.
// CHECK-LABEL: func.func @parity
// CHECK-SAME: %[[B:[^:]*]]: memref<1x6xi32>, %[[W:.*]]: memref<2x6x16xi32>
// CHECK: %[[FIRST:.*]] = vector.load %[[W]][%{{.*}}, %c0, %c0]
// CHECK: %[[SUM0:.*]] = arith.xori %{{.*}}, %[[FIRST]]
// CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[CARRIES:.*]] = %{{.*}}, %[[SUM:.*]] = %[[SUM0]])
// CHECK-DAG: %[[WORD:.*]] = arith.xori
// CHECK-DAG: %[[NEXT:.*]] = arith.xori
// CHECK: %[[CARRY:.*]] = llvm.call_intrinsic "llvm.x86.avx512.pternlog.d.512"(%[[WORD]], %[[SUM]], %[[NEXT]], %{{.*}})
// CHECK: %[[COUNT:.*]] = math.ctpop %[[CARRY]]
// CHECK: %[[MORE:.*]] = arith.addi %[[CARRIES]], %[[COUNT]]
// CHECK-NEXT: scf.yield %[[MORE]], %[[NEXT]]
// CHECK: %[[LAST:.*]] = math.ctpop %[[R]]#1
// CHECK: %[[TWICE:.*]] = arith.addi %[[R]]#0, %[[R]]#0
// CHECK: arith.addi %[[LAST]], %[[TWICE]]
// CHECK: math.ctpop
// CHECK-LABEL: func.func @store_parity
// CHECK: memref.store %{{.*}}, %[[OUT:.*]][
// CHECK: vector.maskedload %[[OUT]]
// CHECK-COUNT-4: vector.shuffle
// CHECK: arith.select
// CHECK: vector.maskedstore %[[OUT]]
#rows = #bnn.rows<word = 32, group = 192, parity = true>
#panels = #bnn.panels<lanes = 16, word = 32, group = 192, out_group = 32, parity = true>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<xor_count, rows = 1, panels = 1, parity = true>], instructions = ternary_logic>} {
  func.func @parity(%x: memref<1x192x!bnn.s1, #rows>, %w: memref<32x192x!bnn.s1, #panels>, %y: memref<1x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<1x32xi32>) : memref<1x192x!bnn.s1, #rows>, memref<32x192x!bnn.s1, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @store_parity(%x: memref<1x192xf32>, %y: memref<1x192x!bnn.s1, #rows>) {
    bnn.binarize %x outs(%y : memref<1x192x!bnn.s1, #rows>) : memref<1x192xf32>
    return
  }
}

// -----

// Without a target one row and one panel. 40 outputs are a whole word's and
// half a panel, whose 8 lanes are masked. Rows are not a multiple of any tile:
// one loop. No loop that looks for zeros.
// CHECK-LABEL: func.func @tails
// CHECK-SAME: (%{{.*}}: memref<?x2xi32>, %{{.*}}: memref<4x2x16xi32>, %{{.*}}: f32, %[[B:.*]]: memref<40xf32>, %[[T:.*]]: memref<?x40xf32>, %[[Y:.*]]: memref<?x40xf32>)
// CHECK-NOT: scf.if
// CHECK: vector.load %[[B]]
// CHECK: math.fma
// CHECK: vector.store %{{.*}}, %[[Y]][{{.*}}] : memref<?x40xf32>, vector<16xf32>
// CHECK: vector.store %{{.*}}, %[[Y]][{{.*}}] : memref<?x40xf32>, vector<16xf32>
// CHECK: vector.maskedload %[[B]]
// CHECK: vector.maskedload %[[T]]
// CHECK: vector.maskedstore %[[Y]]
// CHECK: return
#rows = #bnn.rows<word = 32, group = 40>
#panels = #bnn.panels<lanes = 16, word = 32, group = 40, out_group = 40>
func.func @tails(%x: memref<?x40x!bnn.s1, #rows>, %w: memref<40x40x!bnn.s1, #panels>, %s: f32, %b: memref<40xf32>,
                 %t: memref<?x40xf32>, %y: memref<?x40xf32>) {
  bnn.matmul %x, %w params(%s, %b, %t : f32, memref<40xf32>, memref<?x40xf32>) outs(%y : memref<?x40xf32>)
      : memref<?x40x!bnn.s1, #rows>, memref<40x40x!bnn.s1, #panels> {
  ^bb0(%acc: i32, %ps: f32, %pb: f32, %pt: f32):
    %f = arith.sitofp %acc : i32 to f32
    %d = math.fma %f, %ps, %pb : f32
    %e = arith.addf %d, %pt : f32
    bnn.yield %e : f32
  }
  return
}

// -----

// A mask of zeros: where the whole mask is 0 nothing looks at it again. Rows
// without a zero take the loop that knows bits only, and others one that leaves the masked elements out of both counts. Bits past the
// last output stay 0: they are masked before they are stored.
// CHECK-LABEL: func.func @zeros
// CHECK-SAME: (%[[X:.*]]: memref<4x2xi32>, %[[Z:.*]]: memref<4x2xi32>, %{{.*}}: memref<4x2x16xi32>, %[[Y:.*]]: memref<4x2xi32>, %[[M:.*]]: memref<4x2xi32>)
// CHECK: %[[SEEN:.*]] = arith.cmpi ne
// CHECK: %[[ANY:.*]] = scf.if %[[SEEN]] -> (i1) {
// CHECK: memref.load %[[Z]]
// CHECK: scf.if %[[ANY]]
// CHECK: %[[ZEROS:.*]] = memref.load %[[Z]]
// CHECK: %[[SOME:.*]] = vector.broadcast %[[ZEROS]]
// CHECK: %[[LIVE:.*]] = arith.xori %[[SOME]], %{{.*}} : vector<16xi32>
// CHECK: %[[DIFFER:.*]] = arith.xori {{.*}} : vector<16xi32>
// CHECK: arith.andi %[[DIFFER]], %[[LIVE]]
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK: math.ctpop {{.*}} : i32
// CHECK: } else {
// CHECK-NOT: memref.load %[[Z]]
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK-NOT: arith.andi
// CHECK: vector.bitcast
// CHECK: memref.store %{{.*}}, %[[Y]]
// CHECK: memref.store %{{.*}}, %[[M]]
// CHECK: %[[KEEP:.*]] = vector.constant_mask [8] : vector<16xi1>
// CHECK: arith.andi %{{.*}}, %[[KEEP]] : vector<16xi1>
#rows = #bnn.rows<word = 32, group = 40>
#panels = #bnn.panels<lanes = 16, word = 32, group = 40, out_group = 40>
func.func @zeros(%x: memref<4x40x!bnn.s1, #rows>, %z: memref<4x40x!bnn.u1, #rows>, %w: memref<40x40x!bnn.s1, #panels>,
                 %y: memref<4x40x!bnn.s1, #rows>, %m: memref<4x40x!bnn.u1, #rows>) {
  bnn.matmul %x, %w zeros(%z : memref<4x40x!bnn.u1, #rows>)
      outs(%y, %m : memref<4x40x!bnn.s1, #rows>, memref<4x40x!bnn.u1, #rows>)
      : memref<4x40x!bnn.s1, #rows>, memref<40x40x!bnn.s1, #panels> {
  ^bb0(%acc: i32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    %zero = arith.cmpi eq, %acc, %c0 : i32
    bnn.yield %bit, %zero : i1, i1
  }
  return
}

// -----

// Heads of 16 channels: each starts a word, whose upper half stays empty. The
// product's outputs are cut alike: one panel of a head's two, one vector's bits.
// CHECK-LABEL: func.func @heads
// CHECK-SAME: memref<4x3xi32>, %{{.*}}: memref<6x3x16xi32>
// CHECK: math.ctpop
// CHECK: vector.bitcast
// CHECK-NOT: arith.shli
// CHECK: return
#heads = #bnn.rows<word = 32, group = 16>
#panels = #bnn.panels<lanes = 16, word = 32, group = 16, out_group = 16>
func.func @heads(%x: memref<4x48x!bnn.s1, #heads>, %w: memref<48x48x!bnn.s1, #panels>, %y: memref<4x48x!bnn.s1, #heads>) {
  bnn.matmul %x, %w outs(%y : memref<4x48x!bnn.s1, #heads>) : memref<4x48x!bnn.s1, #heads>, memref<48x48x!bnn.s1, #panels> {
  ^bb0(%acc: i32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    bnn.yield %bit : i1
  }
  return
}

// -----

// {0, 1} times {-1, +1}: and, and the ones of the row.
// CHECK-LABEL: func.func @unsigned
// CHECK: arith.andi {{.*}} : vector<16xi32>
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK: %[[ONES:.*]] = scf.for
// CHECK: math.ctpop {{.*}} : i32
// CHECK: %[[BASE:.*]] = vector.broadcast %[[ONES]]
// CHECK: %[[TWICE:.*]] = arith.addi
// CHECK: arith.subi %[[TWICE]], %[[BASE]] : vector<16xi32>
#rows = #bnn.rows<word = 32, group = 64>
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>
func.func @unsigned(%x: memref<4x64x!bnn.u1, #rows>, %w: memref<16x64x!bnn.s1, #panels>, %y: memref<4x16xi32>) {
  bnn.matmul %x, %w outs(%y : memref<4x16xi32>) : memref<4x64x!bnn.u1, #rows>, memref<16x64x!bnn.s1, #panels> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// CHECK-LABEL: func.func @binarize
// CHECK: %[[S:.*]] = vector.load {{.*}} : memref<64xf32>, vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: arith.cmpf ogt, {{.*}} : vector<16xf32>
// CHECK: arith.cmpf ueq, {{.*}} : vector<16xf32>
// CHECK: vector.bitcast %{{.*}} : vector<32xi1> to vector<1xi32>
// CHECK-COUNT-2: memref.store {{.*}} : memref<?x2xi32>
#rows = #bnn.rows<word = 32, group = 64>
func.func @binarize(%x: memref<?x64xf32>, %s: memref<64xf32>, %b: memref<?x64x!bnn.s1, #rows>, %z: memref<?x64x!bnn.u1, #rows>) {
  bnn.binarize %x shift(%s : memref<64xf32>) outs(%b, %z : memref<?x64x!bnn.s1, #rows>, memref<?x64x!bnn.u1, #rows>)
      : memref<?x64xf32>
  return
}

// -----

// Above a threshold: one word of bits, and no look for what is neither.
// CHECK-LABEL: func.func @threshold
// CHECK: %[[LEVEL:.*]] = arith.constant dense<2.500000e-01> : vector<16xf32>
// CHECK: %[[V:.*]] = vector.load {{.*}} : memref<?x64xf32>, vector<16xf32>
// CHECK: arith.cmpf ogt, %[[V]], %[[LEVEL]] : vector<16xf32>
// CHECK-NOT: arith.cmpf ueq
// CHECK: vector.bitcast %{{.*}} : vector<32xi1> to vector<1xi32>
// CHECK: memref.store {{.*}} : memref<?x2xi32>
// CHECK-NOT: memref.store
// CHECK: return
#rows = #bnn.rows<word = 32, group = 64>
func.func @threshold(%x: memref<?x64xf32>, %b: memref<?x64x!bnn.u1, #rows>) {
  bnn.binarize %x threshold(0.25) outs(%b : memref<?x64x!bnn.u1, #rows>) : memref<?x64xf32>
  return
}

// -----

// A sign of 0 that is +1: no look for what is neither.
// CHECK-LABEL: func.func @sign_of_zero
// CHECK: arith.cmpf uge, {{.*}} : vector<16xf32>
// CHECK-NOT: arith.cmpf ueq
// CHECK: vector.bitcast %{{.*}} : vector<32xi1> to vector<1xi32>
// CHECK: memref.store {{.*}} : memref<?x2xi32>
// CHECK-NOT: memref.store
// CHECK: return
#rows = #bnn.rows<word = 32, group = 64>
func.func @sign_of_zero(%x: memref<?x64xf32>, %b: memref<?x64x!bnn.s1, #rows>) {
  bnn.binarize %x zero positive nan_positive outs(%b : memref<?x64x!bnn.s1, #rows>) : memref<?x64xf32>
  return
}

// -----

// Counts by table: entries for four bits of two rows, looked up for 32 outputs
// at a time, three summed before the rows part; few rows go the plain way.
// CHECK-LABEL: memref.global "private" constant @differing_bits : memref<4096xi8>
// CHECK-LABEL: func.func @lookup
// CHECK: %[[TABLE:.*]] = memref.get_global @differing_bits
// CHECK: %[[OFFSETS:.*]] = memref.alloc() : memref<64x24xi16>
// CHECK: %[[DIGITS:.*]] = memref.alloc() : memref<24x64xi8>
// CHECK: vector.store {{.*}}, %[[OFFSETS]]{{.*}} : memref<64x24xi16>, vector<8xi16>
// CHECK: arith.andi {{.*}} : vector<16xi32>
// CHECK: vector.store {{.*}}, %[[DIGITS]]{{.*}} : memref<24x64xi8>, vector<64xi8>
// CHECK: vector.load %[[TABLE]]{{.*}} : memref<4096xi8>, vector<16xi8>
// CHECK-COUNT-6: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// CHECK-NOT: llvm.x86.avx2.pshuf.b
// CHECK: math.ctpop {{.*}} : vector<64xi8>
// CHECK: return
#rows = #bnn.rows<word = 32, group = 96, parity = true>
#panels = #bnn.panels<lanes = 16, word = 32, group = 96, out_group = 64, parity = true>
module attributes {bnn.target = #bnn.target<strategy = "avx2", dots = [#bnn.dot<xor_count, rows = 2, panels = 1, parity = true, params = {count_bytes}>, #bnn.dot<byte_table, rows = 2, panels = 4>], instructions = shuffle_32_bytes>} {
func.func @lookup(%x: memref<?x96x!bnn.s1, #rows>, %w: memref<64x96x!bnn.s1, #panels>, %y: memref<?x64xi32>) {
  bnn.matmul %x, %w outs(%y : memref<?x64xi32>) : memref<?x96x!bnn.s1, #rows>, memref<64x96x!bnn.s1, #panels> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}
}

// -----

// With few registers: two rows share the weights, unless one has a zero. Then
// the words of one row are counted, and those of the other after them.
// CHECK-LABEL: func.func @zeros_by_row
// CHECK: scf.if %{{.*}} -> (vector<16xi32>, vector<16xi32>) {
// CHECK-COUNT-1: math.ctpop {{.*}} : vector<16xi32>
// CHECK: scf.yield %{{[^,]*}} : vector<16xi32>
// CHECK-COUNT-1: math.ctpop {{.*}} : vector<16xi32>
// CHECK: scf.yield %{{[^,]*}} : vector<16xi32>
// CHECK: } else {
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK-NEXT: arith.addi
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK-NEXT: arith.addi
// CHECK-NEXT: scf.yield %{{.*}}, %{{.*}} : vector<16xi32>, vector<16xi32>
#rows = #bnn.rows<word = 32, group = 40>
#panels = #bnn.panels<lanes = 16, word = 32, group = 40, out_group = 40>
module attributes {bnn.target = #bnn.target<strategy = "few", dots = [#bnn.dot<xor_count, rows = 2, panels = 1, params = {mask_one_row}>]>} {
func.func @zeros_by_row(%x: memref<4x40x!bnn.s1, #rows>, %z: memref<4x40x!bnn.u1, #rows>, %w: memref<40x40x!bnn.s1, #panels>,
                        %y: memref<4x40xi32>) {
  bnn.matmul %x, %w zeros(%z : memref<4x40x!bnn.u1, #rows>) outs(%y : memref<4x40xi32>)
      : memref<4x40x!bnn.s1, #rows>, memref<40x40x!bnn.s1, #panels> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}
}

// -----

// With few registers attention counts what differs, twice, and zeros in one, and
// what becomes of a score has a loop of its own, where there are zeros. Values
// count twice as well, and into the same sums as their zeros.
// CHECK-LABEL: func.func @attention_in_one_count
// CHECK: scf.if
// CHECK: scf.for
// CHECK: %[[DIFFER:.*]] = math.ctpop {{.*}} : vector<16xi32>
// CHECK-NEXT: %[[TWICE:.*]] = arith.addi %[[DIFFER]], %[[DIFFER]] : vector<16xi32>
// CHECK-NEXT: %[[ZEROS:.*]] = math.ctpop {{.*}} : vector<16xi32>
// CHECK-NEXT: %[[LOST:.*]] = arith.addi %[[TWICE]], %[[ZEROS]] : vector<16xi32>
// CHECK-NEXT: arith.subi %{{.*}}, %[[LOST]] : vector<16xi32>
// CHECK-NOT: arith.divf
// CHECK: scf.for
// CHECK: arith.divf
// CHECK: } else {
// CHECK: math.exp
// CHECK: scf.for {{.*}} -> (vector<16xi32>, vector<16xi32>) {
// CHECK: %[[ONES:.*]] = math.ctpop {{.*}} : vector<16xi32>
// CHECK-NEXT: arith.addi %[[ONES]], %[[ONES]] : vector<16xi32>
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK: return
#heads = #bnn.rows<word = 32, group = 32>
module attributes {bnn.target = #bnn.target<strategy = "few", dots = [#bnn.dot<xor_count, rows = 2, panels = 1, params = {mask_one_row}>]>} {
func.func @attention_in_one_count(%q: memref<1x?x64x!bnn.s1, #heads>, %z: memref<1x?x64x!bnn.u1, #heads>, %s: f32,
                                  %o: memref<1x?x64xf32>) {
  bnn.attention %q, %q, %q query_zeros(%z : memref<1x?x64x!bnn.u1, #heads>) value_zeros(%z : memref<1x?x64x!bnn.u1, #heads>)
      scale(%s) cutoff(%s) outs(%o : memref<1x?x64xf32>) {heads = 2 : i64, divisor = 8.0 : f32}
      : memref<1x?x64x!bnn.s1, #heads>, memref<1x?x64x!bnn.s1, #heads>, memref<1x?x64x!bnn.s1, #heads> {
  ^bb0(%acc: i32, %res: f32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  return
}
}

// -----

// With weights of running parities rows become such as well, each word four
// times, and half a panel counts the carries of two words by a bit select: those
// of the first two of four words are added, of the others, complements, taken
// off. The first four words start the sums. What LLVM makes of it keeps its
// order.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: %[[X:[^:]*]]: memref<?x16xi32>, %[[W:[^:]*]]: memref<2x16x16xi32>
// CHECK-SAME: attributes {passthrough = ["bnn-keep-order"]}
// CHECK: %[[ROWS:.*]] = memref.alloc() : memref<96x16x4xi32>
// CHECK: %[[COPIES:.*]] = vector.broadcast %{{.*}} : i32 to vector<4xi32>
// CHECK: vector.store %[[COPIES]], %[[ROWS]]
// CHECK-COUNT-6: math.ctpop {{.*}} : vector<32xi8>
// CHECK: scf.for {{.*}} -> (vector<32xi8>, vector<32xi8>, vector<32xi8>, vector<8xi32>, vector<8xi32>, vector<8xi32>)
// CHECK: vector.load %[[W]]{{.*}} : memref<2x16x16xi32>, vector<8xi32>
// CHECK: vector.load %[[ROWS]]{{.*}} : memref<96x16x4xi32>, vector<4xi32>
// CHECK: arith.ori {{.*}} : vector<8xi32>
// CHECK: %[[COUNT:.*]] = math.ctpop {{.*}} : vector<32xi8>
// CHECK: arith.addi %{{.*}}, %[[COUNT]]
// CHECK: arith.subi {{.*}} : vector<32xi8>
// CHECK: return
#rows = #bnn.rows<word = 32, group = 512>
#panels = #bnn.panels<lanes = 16, word = 32, group = 512, out_group = 32, running = true>
module attributes {bnn.target = #bnn.target<strategy = "neon", dots = [#bnn.dot<xor_count, rows = 3, panels = 1>, #bnn.dot<parity_chain, rows = 3, panels = 1>]>} {
  func.func @chain(%x: memref<?x512x!bnn.s1, #rows>, %w: memref<32x512x!bnn.s1, #panels>, %y: memref<?x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<?x32xi32>) : memref<?x512x!bnn.s1, #rows>, memref<32x512x!bnn.s1, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Where pairs of lanes are added in one instruction counts are of 16 bits, and
// where vectors are shifted over each other 32 outputs become a word by that.
// CHECK-LABEL: func.func @chain_to_bits
// CHECK: memref.alloc() : memref<3x32xi16>
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.uaddlp.v8i16.v16i8"
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.addp.v8i16"
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.addp.v16i8"
// CHECK: vector.store {{.*}} : memref<3x32xi16>, vector<8xi16>
// CHECK: arith.subi {{.*}} : vector<16xi16>
// CHECK: arith.extsi {{.*}} : vector<16xi16> to vector<16xi32>
// CHECK-COUNT-7: llvm.call_intrinsic "llvm.aarch64.neon.vsli.v4i32"
// CHECK: vector.reduction <add>, {{.*}} : vector<4xi32> into i32
// CHECK: return
#rows = #bnn.rows<word = 32, group = 512>
#bits = #bnn.rows<word = 32, group = 32>
#panels = #bnn.panels<lanes = 16, word = 32, group = 512, out_group = 32, running = true>
module attributes {bnn.target = #bnn.target<strategy = "neon", dots = [#bnn.dot<xor_count, rows = 3, panels = 1>, #bnn.dot<parity_chain, rows = 3, panels = 1>], instructions = "add_pairs|shift_insert">} {
  func.func @chain_to_bits(%x: memref<?x512x!bnn.s1, #rows>, %w: memref<32x512x!bnn.s1, #panels>, %y: memref<?x32x!bnn.s1, #bits>) {
    bnn.matmul %x, %w outs(%y : memref<?x32x!bnn.s1, #bits>) : memref<?x512x!bnn.s1, #rows>, memref<32x512x!bnn.s1, #panels> {
    ^bb0(%acc: i32):
      %zero = arith.constant 0 : i32
      %bit = arith.cmpi sgt, %acc, %zero : i32
      bnn.yield %bit : i1
    }
    return
  }
}

// -----

// Attention: popcounts against 16 keys, exp and one bit on whole vectors, and
// popcounts of the probabilities' bits against the values'. The scratch is one
// row of scores: no buffer has both tokens' dimensions.
// CHECK-LABEL: func.func @attention
// CHECK-NOT: memref.alloc(%[[TOKENS:.*]], %[[TOKENS]])
// CHECK: arith.xori {{.*}} : vector<16xi32>
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK: math.exp {{.*}} : vector<16xf32>
// CHECK: arith.cmpf ogt, {{.*}} : vector<16xf32>
// CHECK: vector.bitcast %{{.*}} : vector<32xi1> to vector<1xi32>
// CHECK: math.ctpop {{.*}} : vector<16xi32>
// CHECK: return
#heads = #bnn.rows<word = 32, group = 64>
func.func @attention(%q: memref<1x?x128x!bnn.s1, #heads>, %m: memref<1x?xf32>, %s: f32, %o: memref<1x?x128xf32>) {
  bnn.attention %q, %q, %q mask(%m : memref<1x?xf32>) scale(%s) cutoff(%s) outs(%o : memref<1x?x128xf32>)
      {heads = 2 : i64, divisor = 8.0 : f32}
      : memref<1x?x128x!bnn.s1, #heads>, memref<1x?x128x!bnn.s1, #heads>, memref<1x?x128x!bnn.s1, #heads> {
  ^bb0(%acc: i32, %res: f32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  return
}

// -----

// Sentences take the rows of a mask in turn, where these are fewer.
// CHECK-LABEL: func.func @windows
// CHECK-SAME: %[[ROW:[^:]*]]: memref<2x64xf32>, %[[ROWS:[^:]*]]: memref<3x1x64x64xf32>
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: %[[OF_TWO:.*]] = arith.remui %[[S:.*]], %[[C2]] : index
// CHECK: memref.load %[[ROW]][%[[OF_TWO]], %{{.*}}]
// CHECK: %[[OF_THREE:.*]] = arith.remui %[[S]], %[[C3]] : index
// CHECK: vector.load %[[ROWS]][%[[OF_THREE]], %{{.*}}]
#heads = #bnn.rows<word = 32, group = 64>
func.func @windows(%q: memref<6x64x128x!bnn.s1, #heads>, %m: memref<2x64xf32>, %n: memref<3x1x64x64xf32>, %s: f32,
                   %o: memref<6x64x128xf32>) {
  bnn.attention %q, %q, %q mask(%m, %n : memref<2x64xf32>, memref<3x1x64x64xf32>) scale(%s) cutoff(%s)
      outs(%o : memref<6x64x128xf32>) {heads = 2 : i64, divisor = 8.0 : f32}
      : memref<6x64x128x!bnn.s1, #heads>, memref<6x64x128x!bnn.s1, #heads>, memref<6x64x128x!bnn.s1, #heads> {
  ^bb0(%acc: i32, %res: f32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  return
}

// -----

// Sixteen partial sums, folded by halves.
// CHECK-LABEL: func.func @rest
// CHECK: vector.load {{.*}} : memref<4x40xf32>, vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<8xf32>
// CHECK: arith.addf {{.*}} : vector<4xf32>
// CHECK: arith.addf {{.*}} : vector<2xf32>
// CHECK: arith.addf {{.*}} : vector<1xf32>
// An index is counted from the end if negative, and clamped into the table.
// CHECK: %[[TABLE:.*]] = memref.get_global @bits : memref<9x2xi32>
// CHECK: arith.select
// CHECK: arith.minsi
// CHECK: %[[ROW:.*]] = arith.maxsi
// CHECK: memref.load %[[TABLE]][%[[ROW]]
// CHECK: math.fma {{.*}} : vector<16xf32>
#rows = #bnn.rows<word = 32, group = 40>
func.func @rest(%x: memref<4x40xf32>, %r: memref<4xf32>, %ids: memref<4xi64>, %s: memref<9xf32>,
                %w: memref<40x16xf32>, %b: memref<16xf32>, %y: memref<4x16xf32>) -> i1 {
  bnn.reduce add %x outs(%r : memref<4xf32>) : memref<4x40xf32>
  %c9 = arith.constant 9 : index
  %ok = bnn.check_indices %ids limit %c9 : memref<4xi64>
  %t = bnn.constant dense<5> : tensor<9x2xi32> -> memref<9x40x!bnn.s1, #rows>
  bnn.embedding %ids, %t, %s outs(%x : memref<4x40xf32>) : memref<4xi64>, memref<9x40x!bnn.s1, #rows>, memref<9xf32>
  bnn.matmul %x, %w params(%b : memref<16xf32>) outs(%y : memref<4x16xf32>)
      : memref<4x40xf32>, memref<40x16xf32> {
  ^bb0(%acc: f32, %p: f32):
    %sum = arith.addf %acc, %p : f32
    bnn.yield %sum : f32
  }
  return %ok : i1
}

// -----

// Integers of 2 bits: the planes of a row lie one after the other, and take the
// place of rows in the tile of 4 rows by 1 panel. First the weights that are +1
// are counted, once for all rows; the sign plane adds, the other one subtracts.
// CHECK-LABEL: func.func @planes
// CHECK-SAME: (%[[X:.*]]: memref<8x4xi32>, %[[W:.*]]: memref<2x2x16xi32>, %{{.*}}: memref<8x16xi32>)
// CHECK: %[[CUT:.*]] = memref.expand_shape %[[X]] {{\[\[}}0], [1, 2]] output_shape [8, 2, 2]
// CHECK: %[[ROWS:.*]] = memref.collapse_shape %[[CUT]] {{\[\[}}0, 1], [2]] : memref<8x2x2xi32> into memref<16x2xi32>
// CHECK: %[[POSITIVES:.*]] = scf.for
// CHECK-NOT: memref.load
// CHECK: math.ctpop
// CHECK-NOT: math.ctpop
// CHECK: scf.for %{{.*}} = %c0 to %c8 step %c2
// CHECK: %[[COUNTS:.*]]:4 = scf.for
// CHECK-COUNT-4: memref.load %[[ROWS]]
// CHECK: scf.yield
// CHECK: %[[BASE:.*]] = arith.muli %[[POSITIVES]], %{{.*}} : vector<16xi32>
// CHECK: %[[DOT:.*]] = arith.subi %[[BASE]], %[[COUNTS]]#0
// CHECK: %[[SIGN:.*]] = arith.shli %[[COUNTS]]#1
// CHECK: arith.addi %[[DOT]], %[[SIGN]]
#two_bits = #bnn.rows<word = 32, group = 64>
#one_panel = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "avx512-vpopcntdq", dots = [#bnn.dot<xor_count, rows = 4, panels = 1, parity = true>]>} {
  func.func @planes(%x: memref<8x64x!bnn.s2, #two_bits>, %w: memref<16x64x!bnn.s1, #one_panel>, %y: memref<8x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<8x16xi32>)
        : memref<8x64x!bnn.s2, #two_bits>, memref<16x64x!bnn.s1, #one_panel> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// A quantiser divides, brings into range, and rounds by an addition; each bit of
// 32 integers is a word of its plane.
// CHECK-LABEL: func.func @quantize
// CHECK-SAME: (%[[X:.*]]: memref<?x32xf32>, %{{.*}}: f32, %[[Q:.*]]: memref<?x2xi32>)
// CHECK: arith.divf {{.*}} : vector<16xf32>
// CHECK-COUNT-2: arith.cmpf {{.*}} : vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: arith.bitcast {{.*}} : vector<16xf32> to vector<16xi32>
// CHECK: memref.store %{{.*}}, %[[Q]][%{{.*}}, %c0]
// CHECK: memref.store %{{.*}}, %[[Q]][%{{.*}}, %c1]
// CHECK-NOT: memref.store
func.func @quantize(%x: memref<?x32xf32>, %s: f32, %q: memref<?x32x!bnn.u2, #bnn.rows<word = 32, group = 32>>) {
  bnn.quantize %x step(%s) outs(%q : memref<?x32x!bnn.u2, #bnn.rows<word = 32, group = 32>>) : memref<?x32xf32>
  return
}

// -----

// Attention over integers of 2 bits: four products of planes a score, and four
// for the context, and what both planes have, not where they differ.
// CHECK-LABEL: func.func @attention_planes
// CHECK-COUNT-4: math.ctpop {{.*}} : vector<16xi32>
// CHECK: math.exp
// CHECK: arith.divf {{.*}} : vector<16xf32>
// CHECK: arith.divf {{.*}} : vector<16xf32>
// CHECK-COUNT-4: math.ctpop {{.*}} : vector<16xi32>
// CHECK-NOT: math.ctpop
// CHECK: return
func.func @attention_planes(%q: memref<1x32x32x!bnn.s2, #bnn.rows<word = 32, group = 16>>, %s: f32, %y: memref<1x32x32xi32>) {
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.u2 step(%s) minimum(%s)) outs(%y : memref<1x32x32xi32>)
      {heads = 2 : i64, divisor = 4.0 : f32} : memref<1x32x32x!bnn.s2, #bnn.rows<word = 32, group = 16>>,
      memref<1x32x32x!bnn.s2, #bnn.rows<word = 32, group = 16>>, memref<1x32x32x!bnn.s2, #bnn.rows<word = 32, group = 16>> {
  ^bb0(%acc: i32, %sum: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// Whether a panel's sums are corrected is known before any row is read: one
// branch a panel and row, and 16 numbers at once.
// CHECK-LABEL: func.func @corrected
// CHECK: scf.for
// CHECK: %[[IS:.*]] = arith.cmpi eq, %{{.*}}, %c2
// CHECK: scf.for
// CHECK: %[[SUMS:.*]] = arith.subi
// CHECK: %[[RESULT:.*]] = scf.if %[[IS]] -> (vector<16xi32>) {
// CHECK:   %[[MORE:.*]] = vector.load %arg2[%{{.*}}, %c0] : memref<8x16xi32>, vector<16xi32>
// CHECK:   %[[CORRECTED:.*]] = arith.addi %{{.*}}, %[[MORE]]
// CHECK:   scf.yield %[[CORRECTED]]
// CHECK: } else {
// CHECK: }
#rows = #bnn.rows<word = 32, group = 64>
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 64>
module attributes {bnn.target = #bnn.target<strategy = "avx512-vpopcntdq", dots = [#bnn.dot<xor_count, rows = 1, panels = 1>]>} {
  func.func @corrected(%x: memref<8x64x!bnn.s1, #rows>, %w: memref<64x64x!bnn.s1, #panels>,
                       %c: memref<8x16xi32>, %y: memref<8x64xi32>) {
    bnn.matmul %x, %w correction(%c of [2] : memref<8x16xi32>) outs(%y : memref<8x64xi32>)
        : memref<8x64x!bnn.s1, #rows>, memref<64x64x!bnn.s1, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Heads of 24 outputs start within blocks: output by output.
// CHECK-LABEL: func.func @corrected_heads
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (vector<16xi32>) {
// CHECK: arith.divui
// CHECK: arith.remui
// CHECK: %[[MORE:.*]] = memref.load %arg2
// CHECK: %[[SUM:.*]] = vector.extractelement
// CHECK: vector.insertelement
#rows = #bnn.rows<word = 32, group = 64>
#out = #bnn.rows<word = 32, group = 24>
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 24>
module attributes {bnn.target = #bnn.target<strategy = "avx512-vpopcntdq", dots = [#bnn.dot<xor_count, rows = 1, panels = 1>]>} {
  func.func @corrected_heads(%x: memref<8x64x!bnn.s1, #rows>, %w: memref<48x64x!bnn.s1, #panels>,
                             %c: memref<8x16xi32>, %y: memref<8x48x!bnn.s1, #out>) {
    bnn.matmul %x, %w correction(%c of [1] : memref<8x16xi32>) outs(%y : memref<8x48x!bnn.s1, #out>)
        : memref<8x64x!bnn.s1, #rows>, memref<48x64x!bnn.s1, #panels> {
    ^bb0(%acc: i32):
      %c0 = arith.constant 0 : i32
      %bit = arith.cmpi sgt, %acc, %c0 : i32
      bnn.yield %bit : i1
    }
    return
  }
}

// -----

// Unsigned bytes by signed ones: a word of four bytes of a row, in all lanes, and
// one instruction for the products of 16 outputs. Two bytes are left at the end,
// which are put together without a look past the row.
// CHECK-LABEL: func.func @bytes_64
// CHECK-SAME: (%[[X:.*]]: memref<10x66xi8>, %[[W:.*]]: memref<2x17x16xi32>, %[[Y:.*]]: memref<10x16xi32>)
// CHECK: %[[ZERO:.*]] = arith.constant dense<0> : vector<16xi32>
// CHECK: scf.for %[[I:.*]] = %c0 to %c16 step %c1 iter_args(%[[ACC:[a-z0-9]+]] = %[[ZERO]], {{.*}}
// CHECK: %[[K:.*]] = arith.muli %[[I]], %c4
// CHECK: %[[FOUR:.*]] = vector.load %[[X]][%c0, %[[K]]] : memref<10x66xi8>, vector<4xi8>
// CHECK: %[[BITS:.*]] = vector.bitcast %[[FOUR]] : vector<4xi8> to vector<1xi32>
// CHECK: %[[WORD:.*]] = vector.extract %[[BITS]][0] : i32 from vector<1xi32>
// CHECK: %[[ROW:.*]] = vector.broadcast %[[WORD]] : i32 to vector<16xi32>
// CHECK: %[[WEIGHTS:.*]] = vector.load %[[W]][%c0, %[[I]], %c0] : memref<2x17x16xi32>, vector<16xi32>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%[[ACC]], %[[ROW]], %[[WEIGHTS]]) : (vector<16xi32>, vector<16xi32>, vector<16xi32>) -> vector<16xi32>
// CHECK-COUNT-9: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK-NOT: llvm.call_intrinsic
// CHECK: scf.yield
// CHECK: %[[LOW:.*]] = memref.load %[[X]][%c0, %c64]
// CHECK: %[[FIRST:.*]] = arith.extui %[[LOW]] : i8 to i32
// CHECK: %[[HIGH:.*]] = memref.load %[[X]][%c0, %c65]
// CHECK: %[[SECOND:.*]] = arith.extui %[[HIGH]] : i8 to i32
// CHECK: %[[SHIFTED:.*]] = arith.shli %[[SECOND]], %c8_i32 : i32
// CHECK: arith.ori %[[FIRST]], %[[SHIFTED]] : i32
// CHECK-NOT: vector.load %[[X]]
// CHECK-COUNT-10: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK-NOT: llvm.call_intrinsic
// CHECK: vector.store {{.*}}, %[[Y]]
#panels = #bnn.panels<lanes = 16, word = 32, group = 66, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 10, panels = 1>], instructions = dot_64_bytes>} {
  func.func @bytes_64(%x: memref<10x66x!bnn.u8>, %w: memref<16x66x!bnn.s8, #panels>, %y: memref<10x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<10x16xi32>) : memref<10x66x!bnn.u8>, memref<16x66x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// The instruction takes unsigned bytes of a row: 128 is added to signed ones, and
// the sums start with 128 times those of the weights taken off. Half a panel each.
// CHECK-LABEL: func.func @bytes_32_turned
// CHECK-SAME: (%[[X:.*]]: memref<10x64xi8>, %[[W:.*]]: memref<2x16x16xi32>, %[[Y:.*]]: memref<10x16xi32>)
// CHECK-DAG: %[[SEVEN:.*]] = arith.constant dense<7> : vector<16xi32>
// CHECK-DAG: %[[ONES:.*]] = arith.constant dense<16843009> : vector<8xi32>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0> : vector<16xi32>
// CHECK: %[[SUMS:.*]] = scf.for
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"(%{{.*}}, %[[ONES]], %{{.*}}) : (vector<8xi32>, vector<8xi32>, vector<8xi32>) -> vector<8xi32>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"(%{{.*}}, %[[ONES]], %{{.*}})
// CHECK: scf.yield
// CHECK: %[[TIMES:.*]] = arith.shli %[[SUMS]], %[[SEVEN]]
// CHECK: %[[START:.*]] = arith.subi %[[ZERO]], %[[TIMES]]
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[START]], %{{.*}} = %[[START]],
// CHECK: arith.xori %{{.*}}, %c-2139062144_i32 : i32
// CHECK-COUNT-20: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"
// CHECK-NOT: llvm.call_intrinsic
// CHECK: scf.yield
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 10, panels = 1>], instructions = dot_32_bytes>} {
  func.func @bytes_32_turned(%x: memref<10x64x!bnn.s8>, %w: memref<16x64x!bnn.s8, #panels>, %y: memref<10x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<10x16xi32>) : memref<10x64x!bnn.s8>, memref<16x64x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Registers that are matrices: eight, four of sums, two of rows and two of
// weights, whose shapes are set once it is known that there are such. A row has
// two steps of nine words. Two tiles of rows at a time; the last begins where 16
// rows are left, and its sums lie behind those of 16 rows. The last outputs, and
// all where there are no such registers, are as on a CPU without.
// CHECK: memref.global "private" constant @tile_shapes_36 : memref<64xi8> = dense<[1, 0, {{.*}} 64, 0, 64, 0, 64, 0, 64, 0, 36, 0, 36, 0, 64, 0, 64, 0, {{.*}} 16, 16, 16, 16, 16, 16, 9, 9, {{.*}}]> {alignment = 64 : i64}
// CHECK: func.func private @may_use_tiles() -> i1
// CHECK-LABEL: func.func @byte_tiles
// CHECK-SAME: (%[[X:.*]]: memref<?x72xi8>, %[[W:.*]]: memref<4x18x16xi32>, %[[Y:.*]]: memref<?x48xi32>)
// CHECK: %[[ROWS:.*]] = memref.dim %[[X]]
// CHECK: %[[SUMS:.*]] = memref.alloc() : memref<48x32xi32>
// CHECK: %[[ENOUGH:.*]] = arith.cmpi uge, %[[ROWS]], %c16
// CHECK: %[[MAY:.*]] = call @may_use_tiles() : () -> i1
// CHECK: %[[BOTH:.*]] = arith.andi %[[ENOUGH]], %[[MAY]]
// CHECK: scf.if %[[BOTH]] {
// CHECK: llvm.call_intrinsic "llvm.x86.ldtilecfg"
// CHECK: scf.for %[[ROW:.*]] = %c0 to %[[ROWS]] step %c32
// CHECK: %[[LAST:.*]] = arith.subi %[[ROWS]], %c16
// CHECK: %[[IS_LAST:.*]] = arith.cmpi uge, %[[ROW]], %[[LAST]]
// CHECK: scf.if %[[IS_LAST]] {
// CHECK-COUNT-2: "llvm.x86.tilezero"
// CHECK: scf.for {{.*}} step %c36
// A quarter of the weights of the next outputs: 8 bytes of them for each of a row.
// CHECK: %[[PART:.*]] = arith.andi %[[ROW]], %c96
// CHECK-COUNT-5: llvm.intr.prefetch
// CHECK-COUNT-2: "llvm.x86.tileloadd64"
// CHECK: "llvm.x86.tdpbssd"
// CHECK: "llvm.x86.tileloadd64"
// CHECK: "llvm.x86.tdpbssd"
// CHECK-COUNT-2: "llvm.x86.tilestored64"
// CHECK: } else {
// CHECK-COUNT-4: "llvm.x86.tilezero"
// CHECK: scf.for {{.*}} step %c36
// Each register is loaded just before it is needed.
// CHECK-COUNT-2: "llvm.x86.tileloadd64"
// CHECK: "llvm.x86.tdpbssd"
// CHECK: "llvm.x86.tileloadd64"
// CHECK: "llvm.x86.tdpbssd"
// CHECK: "llvm.x86.tileloadd64"
// CHECK-COUNT-2: "llvm.x86.tdpbssd"
// CHECK-COUNT-4: "llvm.x86.tilestored64"
// CHECK: scf.for
// CHECK-COUNT-2: vector.load %[[SUMS]]
// CHECK-COUNT-2: vector.store {{.*}}, %[[Y]]
// CHECK: "llvm.x86.avx512.vpdpbusd.512"
// CHECK: "llvm.x86.tilerelease"
// CHECK: } else {
// CHECK-NOT: llvm.x86.t
// CHECK: "llvm.x86.avx512.vpdpbusd.512"
// CHECK-NOT: llvm.x86.t
// CHECK: return
#panels = #bnn.panels<lanes = 16, word = 32, group = 72, out_group = 48>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 8, panels = 1>, #bnn.dot<byte_tiles, rows = 16, panels = 2>], instructions = "dot_64_bytes|dot_tiles">} {
  func.func @byte_tiles(%x: memref<?x72x!bnn.s8>, %w: memref<48x72x!bnn.s8, #panels>, %y: memref<?x48xi32>) {
    bnn.matmul %x, %w outs(%y : memref<?x48xi32>) : memref<?x72x!bnn.s8>, memref<48x72x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Not for fewer rows, nor where a row is no whole words or its words have no
// divisor that fills half a register, nor without the instruction.
// CHECK-LABEL: func.func @few_rows
// CHECK-NOT: llvm.x86.t
// CHECK-LABEL: func.func @part_of_a_word
// CHECK-NOT: llvm.x86.t
// CHECK-LABEL: func.func @prime
// CHECK-NOT: llvm.x86.t
#panels = #bnn.panels<lanes = 16, word = 32, group = 72, out_group = 32>
#panels66 = #bnn.panels<lanes = 16, word = 32, group = 66, out_group = 32>
#panels68 = #bnn.panels<lanes = 16, word = 32, group = 68, out_group = 32>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 1, panels = 1>, #bnn.dot<byte_tiles, rows = 16, panels = 2>], instructions = "dot_64_bytes|dot_tiles">} {
  func.func @few_rows(%x: memref<15x72x!bnn.u8>, %w: memref<32x72x!bnn.s8, #panels>, %y: memref<15x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<15x32xi32>) : memref<15x72x!bnn.u8>, memref<32x72x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @part_of_a_word(%x: memref<?x66x!bnn.u8>, %w: memref<32x66x!bnn.s8, #panels66>, %y: memref<?x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<?x32xi32>) : memref<?x66x!bnn.u8>, memref<32x66x!bnn.s8, #panels66> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @prime(%x: memref<?x68x!bnn.u8>, %w: memref<32x68x!bnn.s8, #panels68>, %y: memref<?x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<?x32xi32>) : memref<?x68x!bnn.u8>, memref<32x68x!bnn.s8, #panels68> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// CHECK-LABEL: func.func @no_instruction
// CHECK-NOT: llvm.x86.t
#panels = #bnn.panels<lanes = 16, word = 32, group = 72, out_group = 32>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 1, panels = 1>, #bnn.dot<byte_tiles, rows = 16, panels = 2>], instructions = "dot_64_bytes">} {
  func.func @no_instruction(%x: memref<?x72x!bnn.u8>, %w: memref<32x72x!bnn.s8, #panels>, %y: memref<?x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<?x32xi32>) : memref<?x72x!bnn.u8>, memref<32x72x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Signed bytes by signed ones, a quarter of a panel each, as vectors of bytes:
// four words of a row at a time, each of which an instruction takes by lane.
// CHECK-LABEL: func.func @bytes_signed
// CHECK-SAME: (%[[X:.*]]: memref<10x64xi8>, %[[W:.*]]: memref<2x16x16xi32>, %[[Y:.*]]: memref<10x16xi32>)
// CHECK-NOT: arith.xori
// CHECK: scf.for
// CHECK: vector.load %[[X]]{{.*}} : memref<10x64xi8>, vector<16xi8>
// CHECK: vector.shuffle {{.*}} [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]
// CHECK: %[[WEIGHTS:.*]] = vector.bitcast %{{.*}} : vector<4xi32> to vector<16xi8>
// CHECK: %[[ROW:.*]] = vector.bitcast %{{.*}} : vector<4xi32> to vector<16xi8>
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%{{.*}}, %[[WEIGHTS]], %[[ROW]]) : (vector<4xi32>, vector<16xi8>, vector<16xi8>) -> vector<4xi32>
// CHECK-COUNT-159: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
// CHECK-NOT: llvm.call_intrinsic
// CHECK: scf.yield
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 10, panels = 1>], instructions = dot_signed_16_bytes>} {
  func.func @bytes_signed(%x: memref<10x64x!bnn.s8>, %w: memref<16x64x!bnn.s8, #panels>, %y: memref<10x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<10x16xi32>) : memref<10x64x!bnn.s8>, memref<16x64x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Pairs of products of 16 bits, in two sums an output, which become one: of
// rows two at a time. Unsigned bytes are turned here, and a panel's sums of
// weights are added at the end.
// CHECK-LABEL: func.func @byte_products
// CHECK: %[[TWO:.*]] = scf.for {{.*}} -> (vector<32xi32>)
// CHECK: %[[EVEN:.*]] = vector.shuffle %[[TWO]], %[[TWO]] [0, 2, 4, {{.*}}, 30]
// CHECK: %[[ODD:.*]] = vector.shuffle %[[TWO]], %[[TWO]] [1, 3, 5, {{.*}}, 31]
// CHECK: %[[ONE:.*]] = arith.addi %[[EVEN]], %[[ODD]] : vector<16xi32>
// CHECK: %[[START:.*]] = arith.shli %[[ONE]]
// CHECK: scf.for {{.*}} step %c2
// CHECK: %[[SUMS:.*]]:2 = scf.for {{.*}} -> (vector<32xi32>, vector<32xi32>)
// CHECK-COUNT-2: llvm.inline_asm
// CHECK: %[[X:.*]] = arith.extsi {{.*}} : vector<8xi8> to vector<8xi16>
// CHECK: arith.muli %{{.*}}, %[[X]] : vector<8xi16>
// CHECK-COUNT-16: "llvm.aarch64.neon.saddlp.v4i32.v8i16"
// CHECK: arith.addi {{.*}}, %[[START]] : vector<16xi32>
// CHECK: return
#panels = #bnn.panels<lanes = 16, word = 32, group = 19, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 5, panels = 1>], instructions = add_pairs>} {
  func.func @byte_products(%x: memref<?x19x!bnn.u8>, %w: memref<16x19x!bnn.s8, #panels>, %y: memref<?x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<?x16xi32>) : memref<?x19x!bnn.u8>, memref<16x19x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Squares of sums, of two rows by two outputs: four rows of a block lie eight
// bytes after each other, and so do the outputs of a panel. The last three bytes
// of a row are stored one by one, with zeros after them. Other rows, the outputs
// that are no panel, and all where there are few rows, are as on a CPU without.
// CHECK-LABEL: func.func @byte_squares
// CHECK-SAME: (%[[X:.*]]: memref<?x19xi8>, %[[W:.*]]: memref<2x5x16xi32>, %[[Y:.*]]: memref<?x24xi32>)
// CHECK-DAG: %[[ROWS:.*]] = memref.alloc() : memref<32x3x32xi8>
// CHECK-DAG: %[[WEIGHTS:.*]] = memref.alloc() : memref<3x128xi8>
// CHECK: scf.for {{.*}} step %c128
// CHECK: arith.cmpi uge, %{{.*}}, %c8
// CHECK: vector.load %[[X]]{{.*}} vector<8xi8>
// CHECK: vector.store {{.*}}, %[[ROWS]]
// CHECK-COUNT-8: memref.store {{.*}}, %[[ROWS]]
// CHECK: scf.if
// CHECK: vector.interleave {{.*}} : vector<16xi32> -> vector<32xi32>
// CHECK-COUNT-2: vector.store {{.*}}, %[[WEIGHTS]]
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-2: vector.load %[[ROWS]]{{.*}} : memref<32x3x32xi8>, vector<16xi8>
// CHECK-COUNT-8: vector.load %[[WEIGHTS]]{{.*}} : memref<3x128xi8>, vector<16xi8>
// CHECK: llvm.inline_asm
// CHECK-COUNT-16: "llvm.aarch64.neon.usmmla.v4i32.v16i8"
// CHECK: vector.shuffle {{.*}} [0, 1, 4, 5] : vector<4xi32>, vector<4xi32>
// CHECK: vector.shuffle {{.*}} [2, 3, 6, 7] : vector<4xi32>, vector<4xi32>
// CHECK-COUNT-4: vector.store {{.*}}, %[[Y]]
// CHECK: "llvm.aarch64.neon.sdot.v4i32.v16i8"
#panels = #bnn.panels<lanes = 16, word = 32, group = 19, out_group = 24>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 2, panels = 1>, #bnn.dot<byte_squares, rows = 4, panels = 1>], instructions = "dot_signed_16_bytes|dot_squares">} {
  func.func @byte_squares(%x: memref<?x19x!bnn.u8>, %w: memref<24x19x!bnn.s8, #panels>, %y: memref<?x24xi32>) {
    bnn.matmul %x, %w outs(%y : memref<?x24xi32>) : memref<?x19x!bnn.u8>, memref<24x19x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Signed rows have an instruction of their own. Of 12 rows there are three
// tiles, which are all that is prepared.
// CHECK-LABEL: func.func @signed_squares
// CHECK: memref.alloc() : memref<3x2x32xi8>
// CHECK-COUNT-16: "llvm.aarch64.neon.smmla.v4i32.v16i8"
// Not for fewer than eight rows, for rows of less than a step, for fewer outputs
// than a panel, and for outputs of bits, whose words have those of two panels.
// CHECK-LABEL: func.func @few_rows
// CHECK-NOT: mmla
// CHECK-LABEL: func.func @short_rows
// CHECK-NOT: mmla
// CHECK-LABEL: func.func @few_outputs
// CHECK-NOT: mmla
// CHECK-LABEL: func.func @bits
// CHECK-NOT: mmla
// CHECK: return
#panels = #bnn.panels<lanes = 16, word = 32, group = 16, out_group = 32>
#panels7 = #bnn.panels<lanes = 16, word = 32, group = 7, out_group = 32>
#panels15 = #bnn.panels<lanes = 16, word = 32, group = 16, out_group = 15>
#rows = #bnn.rows<word = 32, group = 32>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 1, panels = 1>, #bnn.dot<byte_squares, rows = 4, panels = 1>], instructions = "dot_signed_16_bytes|dot_squares">} {
  func.func @signed_squares(%x: memref<12x16x!bnn.s8>, %w: memref<32x16x!bnn.s8, #panels>, %y: memref<12x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<12x32xi32>) : memref<12x16x!bnn.s8>, memref<32x16x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @few_rows(%x: memref<7x16x!bnn.s8>, %w: memref<32x16x!bnn.s8, #panels>, %y: memref<7x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<7x32xi32>) : memref<7x16x!bnn.s8>, memref<32x16x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @short_rows(%x: memref<12x7x!bnn.s8>, %w: memref<32x7x!bnn.s8, #panels7>, %y: memref<12x32xi32>) {
    bnn.matmul %x, %w outs(%y : memref<12x32xi32>) : memref<12x7x!bnn.s8>, memref<32x7x!bnn.s8, #panels7> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @few_outputs(%x: memref<12x16x!bnn.s8>, %w: memref<15x16x!bnn.s8, #panels15>, %y: memref<12x15xi32>) {
    bnn.matmul %x, %w outs(%y : memref<12x15xi32>) : memref<12x16x!bnn.s8>, memref<15x16x!bnn.s8, #panels15> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @bits(%x: memref<12x16x!bnn.s8>, %w: memref<32x16x!bnn.s8, #panels>, %y: memref<12x32x!bnn.s1, #rows>) {
    bnn.matmul %x, %w outs(%y : memref<12x32x!bnn.s1, #rows>) : memref<12x16x!bnn.s8>, memref<32x16x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      %c0 = arith.constant 0 : i32
      %bit = arith.cmpi sgt, %acc, %c0 : i32
      bnn.yield %bit : i1
    }
    return
  }
}

// -----

// Here 128 is taken off unsigned bytes, and the sums start with what that lacks;
// bytes that are not there are turned as well, but their weights are 0.
// CHECK-LABEL: func.func @bytes_signed_turned
// CHECK-SAME: (%[[X:.*]]: memref<10x7xi8>, %[[W:.*]]: memref<2x2x16xi32>, %[[Y:.*]]: memref<10x16xi32>)
// CHECK: %[[SUMS:.*]] = scf.for
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
// CHECK: scf.yield
// CHECK: arith.shli %[[SUMS]], %{{.*}} : vector<16xi32>
// CHECK-NOT: arith.subi
// CHECK: arith.xori %{{.*}}, %c-2139062144_i32 : i32
// CHECK-COUNT-40: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
// CHECK: memref.load %[[X]][%c0, %c4]
// CHECK: memref.load %[[X]][%c0, %c5]
// CHECK: memref.load %[[X]][%c0, %c6]
// CHECK: arith.xori %{{.*}}, %c-2139062144_i32 : i32
// CHECK-COUNT-40: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
// CHECK-NOT: llvm.call_intrinsic
#panels = #bnn.panels<lanes = 16, word = 32, group = 7, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 10, panels = 1>], instructions = dot_signed_16_bytes>} {
  func.func @bytes_signed_turned(%x: memref<10x7x!bnn.u8>, %w: memref<16x7x!bnn.s8, #panels>, %y: memref<10x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<10x16xi32>) : memref<10x7x!bnn.u8>, memref<16x7x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Without such an instruction bytes are widened: sums of two products of 16 bits,
// of the even bytes and of the odd ones. Those of a row are unsigned, those of
// weights are not; neither is turned.
// CHECK-LABEL: func.func @bytes_pairs_32
// CHECK-SAME: (%[[X:.*]]: memref<10x64xi8>, %[[W:.*]]: memref<2x16x16xi32>, %[[Y:.*]]: memref<10x16xi32>)
// CHECK: scf.for
// CHECK: %[[EVEN:.*]] = arith.shrsi %{{.*}}, %{{.*}} : vector<32xi16>
// CHECK: arith.shrui %{{.*}}, %{{.*}} : vector<32xi16>
// CHECK: %[[PAIRS:.*]] = llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"(%{{.*}}, %[[EVEN]]) : (vector<32xi16>, vector<32xi16>) -> vector<16xi32>
// CHECK: arith.addi %{{.*}}, %[[PAIRS]] : vector<16xi32>
// CHECK-COUNT-19: llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// CHECK-NOT: llvm.call_intrinsic
// CHECK: scf.yield
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 10, panels = 1>], instructions = multiply_32_pairs>} {
  func.func @bytes_pairs_32(%x: memref<10x64x!bnn.u8>, %w: memref<16x64x!bnn.s8, #panels>, %y: memref<10x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<10x16xi32>) : memref<10x64x!bnn.u8>, memref<16x64x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// The same by half a panel, of signed bytes.
// CHECK-LABEL: func.func @bytes_pairs_16
// CHECK-SAME: (%[[X:.*]]: memref<10x64xi8>, %[[W:.*]]: memref<2x16x16xi32>, %[[Y:.*]]: memref<10x16xi32>)
// CHECK-NOT: arith.shrui
// CHECK: scf.for
// CHECK-COUNT-40: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"({{.*}}) : (vector<16xi16>, vector<16xi16>) -> vector<8xi32>
// CHECK-NOT: llvm.call_intrinsic
// CHECK-NOT: arith.shrui
// CHECK: scf.yield
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 10, panels = 1>], instructions = multiply_16_pairs>} {
  func.func @bytes_pairs_16(%x: memref<10x64x!bnn.s8>, %w: memref<16x64x!bnn.s8, #panels>, %y: memref<10x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<10x16xi32>) : memref<10x64x!bnn.s8>, memref<16x64x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// The widest that there is.
// CHECK-LABEL: func.func @bytes_best
// CHECK-SAME: (%[[X:.*]]: memref<10x64xi8>, %[[W:.*]]: memref<2x16x16xi32>, %[[Y:.*]]: memref<10x16xi32>)
// CHECK-COUNT-10: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK-NOT: llvm.call_intrinsic
// CHECK: return
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 10, panels = 1>], instructions = "dot_32_bytes|dot_64_bytes|multiply_16_pairs|multiply_32_pairs">} {
  func.func @bytes_best(%x: memref<10x64x!bnn.u8>, %w: memref<16x64x!bnn.s8, #panels>, %y: memref<10x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<10x16xi32>) : memref<10x64x!bnn.u8>, memref<16x64x!bnn.s8, #panels> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}

// -----

// Without a target plain arithmetic, a row and a byte of each lane at a time,
// that of the weights signed. Five outputs are a part of a panel, and outputs
// of bytes the low ones of what is yielded.
// CHECK-LABEL: func.func @bytes_plain
// CHECK-SAME: (%[[X:.*]]: memref<4x64xi8>, %[[W:.*]]: memref<2x16x16xi32>, %[[Y:.*]]: memref<4x5xi8>)
// CHECK-NOT: llvm.call_intrinsic
// CHECK: scf.for
// CHECK: arith.shli {{.*}} : vector<16xi32>
// CHECK: %[[BYTE:.*]] = arith.shrsi {{.*}} : vector<16xi32>
// CHECK: arith.shli {{.*}} : vector<16xi32>
// CHECK: %[[ROW:.*]] = arith.shrui {{.*}} : vector<16xi32>
// CHECK: arith.muli %[[ROW]], %[[BYTE]] : vector<16xi32>
// CHECK-COUNT-3: arith.muli {{.*}} : vector<16xi32>
// CHECK-NOT: arith.muli {{.*}} : vector<16xi32>
// CHECK: scf.yield
// CHECK: %[[OUT:.*]] = arith.trunci %{{.*}} : vector<16xi32> to vector<16xi8>
// CHECK: vector.maskedstore %[[Y]][{{.*}}], %{{.*}}, %[[OUT]] : memref<4x5xi8>, vector<16xi1>, vector<16xi8>
// CHECK-NOT: llvm.call_intrinsic
// CHECK: return
#panels = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 5>
func.func @bytes_plain(%x: memref<4x64x!bnn.u8>, %w: memref<5x64x!bnn.s8, #panels>, %y: memref<4x5x!bnn.s8>) {
  bnn.matmul %x, %w outs(%y : memref<4x5x!bnn.s8>) : memref<4x64x!bnn.u8>, memref<5x64x!bnn.s8, #panels> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// Bytes are stored as such: the zero point is brought into the range of the
// element, the number into that less the zero point, which is added last. The
// last 8 of 40 are a part of a vector.
// CHECK-LABEL: func.func @quantize_bytes
// CHECK-SAME: (%[[X:.*]]: memref<?x40xf32>, %[[STEP:.*]]: f32, %[[POINT:.*]]: i32, %[[Q:.*]]: memref<?x40xi8>)
// CHECK-DAG: %[[LEAST:.*]] = arith.constant dense<-1.280000e+02> : vector<16xf32>
// CHECK-DAG: %[[MOST:.*]] = arith.constant dense<1.270000e+02> : vector<16xf32>
// CHECK: arith.divf {{.*}} : vector<16xf32>
// CHECK: %[[UP:.*]] = arith.maxsi
// CHECK: %[[ZERO:.*]] = arith.minsi %[[UP]]
// CHECK: %[[FLOAT:.*]] = arith.sitofp %[[ZERO]]
// CHECK-DAG: arith.subf %[[LEAST]], %[[FLOAT]] : vector<16xf32>
// CHECK-DAG: arith.subf %[[MOST]], %[[FLOAT]] : vector<16xf32>
// CHECK: arith.cmpf ogt
// CHECK: arith.cmpf olt
// CHECK: %[[BITS:.*]] = arith.bitcast {{.*}} : vector<16xf32> to vector<16xi32>
// CHECK: %[[SUM:.*]] = arith.addi %[[BITS]], %[[ZERO]]
// CHECK: arith.trunci {{.*}} : vector<16xi32> to vector<16xi8>
// CHECK: vector.store {{.*}}, %[[Q]]
// CHECK: vector.store {{.*}}, %[[Q]]
// CHECK: vector.maskedstore %[[Q]]
// CHECK: return
func.func @quantize_bytes(%x: memref<?x40xf32>, %s: f32, %z: i32, %q: memref<?x40x!bnn.s8>) {
  bnn.quantize %x step(%s) zero_point(%z) outs(%q : memref<?x40x!bnn.s8>) : memref<?x40xf32>
  return
}

// -----

// Bytes become f32 as they are loaded, once for the rows of a tile; the last outputs by a mask.
// CHECK-LABEL: func.func @bytes_beside_floats
// CHECK: vector.load {{.*}} : memref<40x17xi8>, vector<16xi8>
// CHECK: arith.extsi {{.*}} : vector<16xi8> to vector<16xi32>
// CHECK: %[[W:.*]] = arith.sitofp {{.*}} : vector<16xi32> to vector<16xf32>
// CHECK-COUNT-4: math.fma %{{.*}}, %[[W]], {{.*}} : vector<16xf32>
// CHECK: vector.maskedload {{.*}} : memref<40x17xi8>, vector<8xi1>, vector<8xi8> into vector<8xi8>
func.func @bytes_beside_floats(%x: memref<4x40xf32>, %w: memref<40x17x!bnn.s8>, %s: f32, %y: memref<4x17xf32>) {
  bnn.matmul %x, %w params(%s : f32) outs(%y : memref<4x17xf32>)
      : memref<4x40xf32>, memref<40x17x!bnn.s8> {
  ^bb0(%acc: f32, %p: f32):
    %r = arith.mulf %acc, %p : f32
    bnn.yield %r : f32
  }
  return
}

// -----

// Small weights: sums of two products of bytes, which are never cut off, and of
// two of these. Signed rows are turned.
// CHECK-LABEL: func.func @small_bytes
// CHECK: scf.for
// CHECK: %[[TWO:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%{{.*}}, %{{.*}}) : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"({{.*}}) : (vector<16xi16>, vector<16xi16>) -> vector<8xi32>
// CHECK: arith.shli
// CHECK: arith.subi
// CHECK: arith.xori
// CHECK-COUNT-4: "llvm.x86.avx2.pmadd.ub.sw"
// CHECK-LABEL: func.func @small_bytes_unsigned
// CHECK-NOT: arith.xori
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
#small = #bnn.panels<lanes = 16, word = 32, group = 64, out_group = 16, small = true>
module attributes {bnn.target = #bnn.target<strategy = "t", dots = [#bnn.dot<dot_bytes, rows = 2, panels = 1>], instructions = multiply_16_pairs>} {
  func.func @small_bytes(%x: memref<2x64x!bnn.s8>, %w: memref<16x64x!bnn.s8, #small>, %y: memref<2x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<2x16xi32>) : memref<2x64x!bnn.s8>, memref<16x64x!bnn.s8, #small> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
  func.func @small_bytes_unsigned(%x: memref<2x64x!bnn.u8>, %w: memref<16x64x!bnn.s8, #small>, %y: memref<2x16xi32>) {
    bnn.matmul %x, %w outs(%y : memref<2x16xi32>) : memref<2x64x!bnn.u8>, memref<16x64x!bnn.s8, #small> {
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }
    return
  }
}
