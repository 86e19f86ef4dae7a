// RUN: bnn-opt %s --bnn-lower-reference --canonicalize --cse --split-input-file | FileCheck %s

// A bit is a number: +1 or -1, and 1 or 0. No vector, no packed word.
// CHECK-LABEL: func.func @binarize
// CHECK-SAME: (%[[X:.*]]: memref<4x64xf32>, %[[S:.*]]: memref<64xf32>, %[[B:.*]]: memref<4x64xi8>, %[[Z:.*]]: memref<4x64xi8>)
// CHECK: scf.for %[[M:.*]] = %c0 to %c4
// CHECK: scf.for %[[K:.*]] = %c0 to %c64
// CHECK: %[[V:.*]] = memref.load %[[X]][%[[M]], %[[K]]]
// CHECK: %[[SHIFT:.*]] = memref.load %[[S]][%[[K]]]
// CHECK: %[[SUM:.*]] = arith.addf %[[V]], %[[SHIFT]] : f32
// CHECK: %[[POSITIVE:.*]] = arith.cmpf ogt, %[[SUM]], %{{.*}} : f32
// CHECK: %[[BIT:.*]] = arith.select %[[POSITIVE]], %c1_i8, %c-1_i8 : i8
// CHECK: memref.store %[[BIT]], %[[B]][%[[M]], %[[K]]]
// CHECK: %[[NEITHER:.*]] = arith.cmpf ueq, %[[SUM]], %{{.*}} : f32
// CHECK: %[[ZERO:.*]] = arith.extui %[[NEITHER]] : i1 to i8
// CHECK: memref.store %[[ZERO]], %[[Z]][%[[M]], %[[K]]]
// CHECK-NOT: vector
func.func @binarize(%x: memref<4x64xf32>, %s: memref<64xf32>, %b: memref<4x64x!bnn.s1>, %z: memref<4x64x!bnn.u1>) {
  bnn.binarize %x shift(%s : memref<64xf32>) outs(%b, %z : memref<4x64x!bnn.s1>, memref<4x64x!bnn.u1>) : memref<4x64xf32>
  return
}

// -----

// Above a threshold a bit is 1, elsewhere 0; NaN is not above.
// CHECK-LABEL: func.func @threshold
// CHECK-SAME: (%[[X:.*]]: memref<4x64xf32>, %[[B:.*]]: memref<4x64xi8>)
// CHECK: %[[LEVEL:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: %[[V:.*]] = memref.load %[[X]]
// CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[V]], %[[LEVEL]] : f32
// CHECK: %[[BIT:.*]] = arith.extui %[[ABOVE]] : i1 to i8
// CHECK: memref.store %[[BIT]], %[[B]]
// CHECK-NOT: memref.store
// CHECK: return
func.func @threshold(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.u1>) {
  bnn.binarize %x threshold(0.25) outs(%b : memref<4x64x!bnn.u1>) : memref<4x64xf32>
  return
}

// -----

// Where the sign of 0 is +1 or -1 there is one comparison, which decides about
// NaN as well.
// CHECK-LABEL: func.func @sign_of_zero
// CHECK: arith.cmpf oge, %{{.*}}, %{{.*}} : f32
// CHECK: arith.cmpf ogt, %{{.*}}, %{{.*}} : f32
// CHECK: arith.cmpf uge, %{{.*}}, %{{.*}} : f32
// CHECK: arith.cmpf ugt, %{{.*}}, %{{.*}} : f32
// CHECK: arith.cmpf ugt, %{{.*}}, %{{.*}} : f32
// CHECK-NOT: arith.cmpf
func.func @sign_of_zero(%x: memref<4x64xf32>, %b: memref<4x64x!bnn.s1>, %c: memref<4x64x!bnn.u1>) {
  bnn.binarize %x zero positive outs(%b : memref<4x64x!bnn.s1>) : memref<4x64xf32>
  bnn.binarize %x zero negative outs(%b : memref<4x64x!bnn.s1>) : memref<4x64xf32>
  bnn.binarize %x zero positive nan_positive outs(%b : memref<4x64x!bnn.s1>) : memref<4x64xf32>
  bnn.binarize %x zero negative nan_positive outs(%b : memref<4x64x!bnn.s1>) : memref<4x64xf32>
  bnn.binarize %x threshold(0.25) nan_positive outs(%c : memref<4x64x!bnn.u1>) : memref<4x64xf32>
  return
}

// -----

// A sum of products, in which a masked element is 0; then the epilogue.
// CHECK: memref.global "private" constant @[[W:.*]] : memref<2x3xi8> = dense<{{\[\[}}1, -1, 1], [-1, 1, -1]]>
// CHECK-LABEL: func.func @product
// CHECK-SAME: (%[[X:.*]]: memref<?x3xi8>, %[[Z:.*]]: memref<?x3xi8>, %[[S:.*]]: memref<2xf32>, %[[Y:.*]]: memref<?x2xf32>)
// CHECK: %[[WEIGHTS:.*]] = memref.get_global @[[W]]
// CHECK: scf.for %[[M:.*]] = %c0 to %{{.*}} step
// CHECK: scf.for %[[N:.*]] = %c0 to %c2 step
// CHECK: %[[ACC:.*]] = scf.for %[[K:.*]] = %c0 to %c3 step %c1 iter_args(%[[SUM:.*]] = %c0_i32) -> (i32)
// CHECK: memref.load %[[X]][%[[M]], %[[K]]]
// CHECK: memref.load %[[Z]][%[[M]], %[[K]]]
// CHECK: %[[NONE:.*]] = arith.cmpi ne
// CHECK: %[[A:.*]] = arith.select %[[NONE]], %c0_i32
// CHECK: memref.load %[[WEIGHTS]][%[[N]], %[[K]]]
// CHECK: %[[PRODUCT:.*]] = arith.muli %[[A]], %{{.*}} : i32
// CHECK: arith.addi %[[SUM]], %[[PRODUCT]] : i32
// CHECK: %[[SCALE:.*]] = memref.load %[[S]][%[[N]]]
// CHECK: %[[F:.*]] = arith.sitofp %[[ACC]] : i32 to f32
// CHECK: %[[R:.*]] = arith.mulf %[[F]], %[[SCALE]] : f32
// CHECK: memref.store %[[R]], %[[Y]][%[[M]], %[[N]]]
func.func @product(%x: memref<?x3x!bnn.s1>, %z: memref<?x3x!bnn.u1>, %s: memref<2xf32>, %y: memref<?x2xf32>) {
  %w = bnn.constant dense<[[true, false, true], [false, true, false]]> : tensor<2x3xi1> -> memref<2x3x!bnn.s1>
  bnn.matmul %x, %w zeros(%z : memref<?x3x!bnn.u1>) params(%s : memref<2xf32>) outs(%y : memref<?x2xf32>)
      : memref<?x3x!bnn.s1>, memref<2x3x!bnn.s1> {
  ^bb0(%acc: i32, %p: f32):
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.mulf %f, %p : f32
    bnn.yield %r : f32
  }
  return
}

// -----

// CHECK: memref.global "private" constant @{{.*}} : memref<2x2xi8> = dense<{{\[\[}}1, 0], [0, 1]]>
// CHECK-LABEL: func.func @unsigned
// CHECK: memref.get_global
func.func @unsigned(%w: memref<3x2x!bnn.s1>, %y: memref<2x3xi32>) {
  %x = bnn.constant dense<[[true, false], [false, true]]> : tensor<2x2xi1> -> memref<2x2x!bnn.u1>
  bnn.matmul %x, %w outs(%y : memref<2x3xi32>) : memref<2x2x!bnn.u1>, memref<3x2x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// Sentences take the rows of a mask in turn, where these are fewer.
// CHECK-LABEL: func.func @windows
// CHECK-SAME: %[[MASK:[^:]*]]: memref<2x1x5x5xf32>
// CHECK: scf.for %[[S:.*]] = %{{.*}} to %{{.*}} step
// CHECK: %[[WINDOW:.*]] = arith.remui %[[S]], %{{.*}} : index
// CHECK: memref.load %[[MASK]][%[[WINDOW]], %{{.*}}]
func.func @windows(%q: memref<6x5x12x!bnn.s1>, %m: memref<2x1x5x5xf32>, %s: f32, %o: memref<6x5x12xf32>) {
  bnn.attention %q, %q, %q mask(%m : memref<2x1x5x5xf32>) scale(%s) cutoff(%s) outs(%o : memref<6x5x12xf32>)
      {heads = 3 : i64, divisor = 2.0 : f32} : memref<6x5x12x!bnn.s1>, memref<6x5x12x!bnn.s1>, memref<6x5x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return
}

// -----

// Scores of one query and head: fma of the product, the division, the mask; the
// maximum, exp, the sum, and what exceeds the cut. One row of scores exists.
// CHECK-LABEL: func.func @attention
// CHECK-COUNT-2: memref.alloc
// CHECK-NOT: memref.alloc
// CHECK: arith.muli {{.*}} : i32
// CHECK: %[[BRACKET:.*]] = arith.mulf
// CHECK: math.fma
// CHECK: arith.divf
// CHECK: arith.addf
// CHECK: arith.cmpf ogt
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: %[[CUT:.*]] = arith.mulf
// CHECK: arith.cmpf ogt, %{{.*}}, %[[CUT]] : f32
// CHECK-NOT: vector
func.func @attention(%q: memref<1x?x12x!bnn.s1>, %l: memref<1x?x1xf32>, %r: memref<1x?x1xf32>, %v: memref<1x?x1xf32>,
                     %m: memref<1x?xf32>, %s: f32, %c: f32, %o: memref<1x?x12xf32>) {
  bnn.attention %q, %q, %q low_rank(%l, %r : memref<1x?x1xf32>, memref<1x?x1xf32>)
      value_residual(%v : memref<1x?x1xf32>) mask(%m : memref<1x?xf32>) scale(%s) cutoff(%c)
      outs(%o : memref<1x?x12xf32>) {heads = 3 : i64, divisor = 2.0 : f32}
      : memref<1x?x12x!bnn.s1>, memref<1x?x12x!bnn.s1>, memref<1x?x12x!bnn.s1> {
  ^bb0(%acc: i32, %res: f32):
    %f = arith.sitofp %acc : i32 to f32
    %t = arith.addf %f, %res : f32
    bnn.yield %t : f32
  }
  return
}

// -----

// Sixteen partial results, by the element's number modulo 16.
// CHECK-LABEL: func.func @reduce
// CHECK: %[[PARTIALS:.*]] = memref.alloc() : memref<16xf32>
// CHECK: arith.remui %{{.*}}, %c16
// CHECK: arith.cmpf ogt
// CHECK: arith.select
// CHECK: memref.store {{.*}} : memref<16xf32>
// CHECK: scf.for %{{.*}} = %c0 to %c8
// CHECK: scf.for %{{.*}} = %c0 to %c4
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK: memref.load %[[PARTIALS]][%c1]
func.func @reduce(%x: memref<4x40xf32>, %y: memref<4xf32>) {
  bnn.reduce max %x outs(%y : memref<4xf32>) : memref<4x40xf32>
  return
}

// -----

// CHECK-LABEL: func.func @rows
// CHECK: arith.minsi
// CHECK: arith.maxsi
// CHECK: arith.negf
// CHECK: arith.select
// CHECK: math.fma {{.*}} : f32
// CHECK: arith.addf {{.*}} : f32
func.func @rows(%ids: memref<4xi32>, %t: memref<9x40x!bnn.s1>, %s: memref<9xf32>, %x: memref<4x40xf32>,
                %w: memref<40x7xf32>, %b: memref<7xf32>, %y: memref<4x7xf32>) -> i1 {
  %c9 = arith.constant 9 : index
  %ok = bnn.check_indices %ids limit %c9 : memref<4xi32>
  bnn.embedding %ids, %t, %s outs(%x : memref<4x40xf32>) : memref<4xi32>, memref<9x40x!bnn.s1>, memref<9xf32>
  bnn.matmul %x, %w params(%b : memref<7xf32>) outs(%y : memref<4x7xf32>)
      : memref<4x40xf32>, memref<40x7xf32> {
  ^bb0(%acc: f32, %p: f32):
    %sum = arith.addf %acc, %p : f32
    bnn.yield %sum : f32
  }
  return %ok : i1
}

// -----

// A quantiser as it is written: divide, round, bring into range.
// CHECK-LABEL: func.func @quantize
// CHECK-SAME: (%[[X:.*]]: memref<4x64xf32>, %[[V:.*]]: memref<64xf32>, %[[STEP:.*]]: f32, %[[LOW:.*]]: f32, %[[Q:.*]]: memref<4x64xi8>)
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: %[[DIFFERENCE:.*]] = arith.subf %[[SUM]], %[[LOW]] : f32
// CHECK: %[[QUOTIENT:.*]] = arith.divf %[[DIFFERENCE]], %[[STEP]] : f32
// CHECK: %[[ROUNDED:.*]] = math.roundeven %[[QUOTIENT]] : f32
// CHECK: arith.cmpf uno, %[[ROUNDED]], %[[ROUNDED]]
// CHECK: arith.cmpf ogt
// CHECK: arith.cmpf olt
// CHECK: %[[INTEGER:.*]] = arith.fptosi %{{.*}} : f32 to i32
// CHECK: %[[LEFT:.*]] = arith.shli %[[INTEGER]], %c28_i32
// CHECK: %[[BITS:.*]] = arith.shrui %[[LEFT]], %c28_i32
// CHECK: %[[BYTE:.*]] = arith.trunci %[[BITS]] : i32 to i8
// CHECK: memref.store %[[BYTE]], %[[Q]]
func.func @quantize(%x: memref<4x64xf32>, %v: memref<64xf32>, %s: f32, %m: f32, %q: memref<4x64x!bnn.u4>) {
  bnn.quantize %x shift(%v : memref<64xf32>) step(%s) minimum(%m) outs(%q : memref<4x64x!bnn.u4>) : memref<4x64xf32>
  return
}

// -----

// Attention over integers: a probability is quantised where it is used, and the
// values are summed beside their products.
// CHECK-LABEL: func.func @attention_planes
// CHECK: math.exp
// CHECK: scf.for %{{.*}} iter_args(%[[ACC:.*]] = %c0_i32, %[[SUM:.*]] = %c0_i32) -> (i32, i32)
// CHECK: %[[P:.*]] = arith.divf
// CHECK: %[[D:.*]] = arith.subf %[[P]]
// CHECK: arith.divf %[[D]]
// CHECK: math.roundeven
// CHECK: %[[PRODUCT:.*]] = arith.muli
// CHECK: arith.addi %[[ACC]], %[[PRODUCT]]
// CHECK: arith.addi %[[SUM]]
func.func @attention_planes(%q: memref<1x3x8x!bnn.s4>, %s: f32, %y: memref<1x3x8xi32>) {
  bnn.attention %q, %q, %q scale(%s) probability(!bnn.u4 step(%s) minimum(%s)) outs(%y : memref<1x3x8xi32>)
      {heads = 2 : i64, divisor = 2.0 : f32} : memref<1x3x8x!bnn.s4>, memref<1x3x8x!bnn.s4>, memref<1x3x8x!bnn.s4> {
  ^bb0(%acc: i32, %sum: i32):
    %r = arith.addi %acc, %sum : i32
    bnn.yield %r : i32
  }
  return
}

// -----

// Sums and differences, one after the other; the sign of a bit picks one.
// CHECK-LABEL: func.func @sums_and_differences
// CHECK: scf.for
// CHECK: scf.for
// CHECK: %[[SUM:.*]] = scf.for {{.*}} -> (f32)
// CHECK: %[[PLUS:.*]] = arith.cmpi sgt
// CHECK: %[[MINUS:.*]] = arith.negf %[[X:.*]] : f32
// CHECK: %[[TERM:.*]] = arith.select %[[PLUS]], %[[X]], %[[MINUS]] : f32
// CHECK: arith.addf %{{.*}}, %[[TERM]] : f32
// CHECK: math.fma %[[SUM]], {{.*}} : f32
func.func @sums_and_differences(%x: memref<4x40xf32>, %w: memref<7x40x!bnn.s1>, %s: memref<7xf32>, %b: memref<7xf32>, %y: memref<4x7xf32>) {
  bnn.matmul %x, %w params(%s, %b : memref<7xf32>, memref<7xf32>) outs(%y : memref<4x7xf32>)
      : memref<4x40xf32>, memref<7x40x!bnn.s1> {
  ^bb0(%acc: f32, %p: f32, %q: f32):
    %r = math.fma %acc, %p, %q : f32
    bnn.yield %r : f32
  }
  return
}

// -----

// The sums of blocks 0 and 2 have a number of the correction added: its columns
// 0 to 15 and 16 to 31.
// CHECK-LABEL: func.func @corrected
// CHECK: %[[SUM:.*]] = scf.for
// CHECK: %[[BLOCK:.*]] = arith.divui %[[N:.*]], %c16
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[BLOCK]], %c0
// CHECK: %[[SECOND:.*]] = arith.cmpi eq, %[[BLOCK]], %c2
// CHECK: %[[ANY:.*]] = arith.ori %[[FIRST]], %[[SECOND]]
// CHECK: %[[COLUMN:.*]] = arith.select %[[SECOND]], %c16, %c0
// CHECK: %[[LANE:.*]] = arith.remui %[[N]], %c16
// CHECK: %[[AT:.*]] = arith.addi %[[COLUMN]], %[[LANE]]
// CHECK: %[[MORE:.*]] = memref.load %arg2[%{{.*}}, %[[AT]]]
// CHECK: %[[ADDEND:.*]] = arith.select %[[ANY]], %[[MORE]], %c0_i32
// CHECK: arith.addi %[[SUM]], %[[ADDEND]]
func.func @corrected(%x: memref<?x64x!bnn.s1>, %w: memref<40x64x!bnn.s1>, %c: memref<?x32xi32>, %y: memref<?x40xi32>) {
  bnn.matmul %x, %w correction(%c of [0, 2] : memref<?x32xi32>) outs(%y : memref<?x40xi32>)
      : memref<?x64x!bnn.s1>, memref<40x64x!bnn.s1> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// To bytes, as ONNX writes it: divide, round, add the zero point, which is
// brought into the range before, and bring the sum into the range. NaN is not
// above the least, which it gives.
// CHECK-LABEL: func.func @quantize_bytes
// CHECK-SAME: (%[[X:.*]]: memref<4x64xf32>, %[[STEP:.*]]: f32, %[[POINT:.*]]: i32, %[[Q:.*]]: memref<4x64xi8>)
// CHECK-DAG: %[[LEAST:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[MOST:.*]] = arith.constant 2.550000e+02 : f32
// CHECK: %[[V:.*]] = memref.load %[[X]]
// CHECK: %[[QUOTIENT:.*]] = arith.divf %[[V]], %[[STEP]] : f32
// CHECK: %[[ROUNDED:.*]] = math.roundeven %[[QUOTIENT]] : f32
// CHECK: %[[UP:.*]] = arith.maxsi %[[POINT]], %c0_i32 : i32
// CHECK: %[[ZERO:.*]] = arith.minsi %[[UP]], %c255_i32 : i32
// CHECK: %[[FLOAT:.*]] = arith.sitofp %[[ZERO]] : i32 to f32
// CHECK: %[[SUM:.*]] = arith.addf %[[ROUNDED]], %[[FLOAT]] : f32
// CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[SUM]], %[[LEAST]] : f32
// CHECK: %[[LOW:.*]] = arith.select %[[ABOVE]], %[[SUM]], %[[LEAST]] : f32
// CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[LOW]], %[[MOST]] : f32
// CHECK: %[[BOTH:.*]] = arith.select %[[BELOW]], %[[LOW]], %[[MOST]] : f32
// CHECK: %[[INTEGER:.*]] = arith.fptosi %[[BOTH]] : f32 to i32
// CHECK: memref.store %{{.*}}, %[[Q]]
func.func @quantize_bytes(%x: memref<4x64xf32>, %s: f32, %z: i32, %q: memref<4x64x!bnn.u8>) {
  bnn.quantize %x step(%s) zero_point(%z) outs(%q : memref<4x64x!bnn.u8>) : memref<4x64xf32>
  return
}

// -----

// A product of bytes: those of a row unsigned, those of weights signed, as they
// are in the constant.
// CHECK: memref.global "private" constant @[[W:.*]] : memref<2x3xi8> = dense<{{\[\[}}1, -128, 127], [-1, 0, 5]]>
// CHECK-LABEL: func.func @product_of_bytes
// CHECK-SAME: (%[[X:.*]]: memref<?x3xi8>, %[[Y:.*]]: memref<?x2xi8>)
// CHECK: %[[WEIGHTS:.*]] = memref.get_global @[[W]]
// CHECK: %[[ACC:.*]] = scf.for {{.*}} iter_args(%[[SUM:.*]] = %c0_i32) -> (i32)
// CHECK: %[[BYTE:.*]] = memref.load %[[X]]
// CHECK: %[[A:.*]] = arith.extui %[[BYTE]] : i8 to i32
// CHECK: %[[WEIGHT:.*]] = memref.load %[[WEIGHTS]]
// CHECK: %[[B:.*]] = arith.extsi %[[WEIGHT]] : i8 to i32
// CHECK: %[[PRODUCT:.*]] = arith.muli %[[A]], %[[B]] : i32
// CHECK: arith.addi %[[SUM]], %[[PRODUCT]] : i32
// CHECK: %[[LEFT:.*]] = arith.shli %[[ACC]], %c24_i32 : i32
// CHECK: %[[BITS:.*]] = arith.shrui %[[LEFT]], %c24_i32 : i32
// CHECK: %[[LOW:.*]] = arith.trunci %[[BITS]] : i32 to i8
// CHECK: memref.store %[[LOW]], %[[Y]]
func.func @product_of_bytes(%x: memref<?x3x!bnn.u8>, %y: memref<?x2x!bnn.s8>) {
  %w = bnn.constant dense<[[1, -128, 127], [-1, 0, 5]]> : tensor<2x3xi8> -> memref<2x3x!bnn.s8>
  bnn.matmul %x, %w outs(%y : memref<?x2x!bnn.s8>) : memref<?x3x!bnn.u8>, memref<2x3x!bnn.s8> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return
}

// -----

// The weight is [inputs, outputs].
// CHECK-LABEL: func.func @bytes_beside_floats
// CHECK: scf.for %[[M:.*]] = %c0 to %c4
// CHECK: scf.for %[[N:.*]] = %c0 to %c7
// CHECK: scf.for %[[K:.*]] = %c0 to %c40
// CHECK: memref.load %{{.*}}[%[[K]], %[[N]]] : memref<40x7xi8>
// CHECK: arith.extsi {{.*}} : i8 to i32
// CHECK: arith.sitofp
// CHECK: math.fma {{.*}} : f32
func.func @bytes_beside_floats(%x: memref<4x40xf32>, %w: memref<40x7x!bnn.s8>, %s: f32, %y: memref<4x7xf32>) {
  bnn.matmul %x, %w params(%s : f32) outs(%y : memref<4x7xf32>)
      : memref<4x40xf32>, memref<40x7x!bnn.s8> {
  ^bb0(%acc: f32, %p: f32):
    %r = arith.mulf %acc, %p : f32
    bnn.yield %r : f32
  }
  return
}
