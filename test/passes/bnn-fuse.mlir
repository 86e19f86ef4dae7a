// RUN: bnn-opt %s --bnn-fuse --split-input-file | FileCheck %s
// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(bnn-fuse{remarks}))" --split-input-file 2>&1 >/dev/null \
// RUN:   | FileCheck %s --check-prefix=WHY --implicit-check-not=remark:

// Why what stays, here and below, stays.
// WHY: remark: 'linalg.generic' is left as it is: its result is neither f32 nor i32
// WHY: remark: 'linalg.generic' is left as it is: an input is no scalar, value per output or tensor of the result's shape
// WHY: remark: 'linalg.generic' is left as it is: it reads the producer's result in another order
// WHY: remark: 'linalg.generic' is left as it is: it is not elementwise
// WHY: remark: 'bnn.binarize' is left as it is: the producer's result has other users
// WHY: remark: 'bnn.binarize' is left as it is: it has a parameter that is computed after the producer
// WHY: remark: 'bnn.binarize' is left as it is: a reader wants the bits in groups
// WHY: remark: 'linalg.generic' is left as it is: the producer's result is where the outputs go
// WHY: remark: 'linalg.generic' is left as it is: the producer has several results
// WHY: remark: 'linalg.generic' is left as it is: the producer's result is no tensor of f32 or i32
// WHY: remark: 'linalg.generic' is left as it is: the producer keeps its first output
// WHY-COUNT-2: remark: 'bnn.binarize' is left as it is: the producer is in another block
// WHY: remark: 'bnn.binarize' is left as it is: it does not read the producer's first output

// The binarisation that reads a product becomes its end.
// CHECK-LABEL: func.func @binarize
// CHECK-SAME: %[[S:[^:]*]]: f32, %{{[^:]*}}: tensor<4x32xf32>, %[[OUT:[^:]*]]: tensor<4x32x!bnn.s1>)
// CHECK: %[[B:.*]] = bnn.matmul %{{.*}}, %{{.*}} params(%[[S]] : f32) outs(%[[OUT]] : tensor<4x32x!bnn.s1>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[P:.*]]: f32):
// CHECK: %[[ZERO:.*]] = arith.constant 0.0
// CHECK: %[[F:.*]] = arith.sitofp %[[ACC]]
// CHECK: %[[R:.*]] = arith.mulf %[[F]], %[[P]]
// CHECK: %[[BIT:.*]] = arith.cmpf ogt, %[[R]], %[[ZERO]]
// CHECK: bnn.yield %[[BIT]] : i1
// CHECK-NOT: bnn.binarize
// CHECK: return %[[B]]
func.func @binarize(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>, %s: f32,
             %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.s1>) -> tensor<4x32x!bnn.s1> {
  %y = bnn.matmul %a, %w params(%s : f32) outs(%0 : tensor<4x32xf32>)
      : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32, %p: f32):
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.mulf %f, %p : f32
    bnn.yield %r : f32
  }
  %b = bnn.binarize %y outs(%1 : tensor<4x32x!bnn.s1>) : tensor<4x32xf32> -> tensor<4x32x!bnn.s1>
  return %b : tensor<4x32x!bnn.s1>
}

// -----

// The shift is a parameter more, the mask of zeros a second output: NaN is
// neither above nor below 0.
// CHECK-LABEL: func.func @shift_and_mask
// CHECK-SAME: %[[S:[^:]*]]: tensor<32xf32>
// CHECK: %[[B:.*]]:2 = bnn.matmul {{.*}} params(%[[S]] : tensor<32xf32>) outs(%{{.*}}, %{{.*}} : tensor<4x32x!bnn.s1>, tensor<4x32x!bnn.u1>)
// CHECK-NEXT: ^bb0(%{{.*}}: i32, %[[P:.*]]: f32):
// CHECK: %[[V:.*]] = arith.addf %{{.*}}, %[[P]]
// CHECK: %[[BIT:.*]] = arith.cmpf ogt, %[[V]]
// CHECK: %[[NONE:.*]] = arith.cmpf ueq, %[[V]]
// CHECK: bnn.yield %[[BIT]], %[[NONE]] : i1, i1
// CHECK: return %[[B]]#0, %[[B]]#1
func.func @shift_and_mask(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>, %s: tensor<32xf32>,
             %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.s1>, %2: tensor<4x32x!bnn.u1>)
             -> (tensor<4x32x!bnn.s1>, tensor<4x32x!bnn.u1>) {
  %y = bnn.matmul %a, %w outs(%0 : tensor<4x32xf32>)
      : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %b, %z = bnn.binarize %y shift(%s : tensor<32xf32>)
      outs(%1, %2 : tensor<4x32x!bnn.s1>, tensor<4x32x!bnn.u1>)
      : tensor<4x32xf32> -> tensor<4x32x!bnn.s1>, tensor<4x32x!bnn.u1>
  return %b, %z : tensor<4x32x!bnn.s1>, tensor<4x32x!bnn.u1>
}

// -----

// A threshold takes the place of 0, and the bits are unsigned.
// CHECK-LABEL: func.func @threshold
// CHECK: %[[B:.*]] = bnn.matmul {{.*}} outs(%{{.*}} : tensor<4x32x!bnn.u1>)
// CHECK: %[[LEVEL:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: %[[F:.*]] = arith.sitofp
// CHECK: %[[BIT:.*]] = arith.cmpf ogt, %[[F]], %[[LEVEL]]
// CHECK-NOT: arith.cmpf
// CHECK: bnn.yield %[[BIT]] : i1
// CHECK-NOT: bnn.binarize
// CHECK: return %[[B]]
func.func @threshold(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>,
             %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.u1>) -> tensor<4x32x!bnn.u1> {
  %y = bnn.matmul %a, %w outs(%0 : tensor<4x32xf32>)
      : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %b = bnn.binarize %y threshold(0.25) outs(%1 : tensor<4x32x!bnn.u1>) : tensor<4x32xf32> -> tensor<4x32x!bnn.u1>
  return %b : tensor<4x32x!bnn.u1>
}

// -----

// Elementwise: a scalar, a value per output and a whole tensor become
// parameters, a constant from outside moves in, and the binarisation follows.
// CHECK-LABEL: func.func @elementwise
// CHECK-SAME: %[[V:[^:]*]]: tensor<32xf32>, %[[T:[^:]*]]: tensor<4x32xf32>, %[[S:[^:]*]]: tensor<f32>
// CHECK: %[[E:.*]] = tensor.extract %[[S]][] : tensor<f32>
// CHECK: bnn.matmul {{.*}} params(%[[V]], %[[T]], %[[E]] : tensor<32xf32>, tensor<4x32xf32>, f32) outs(%{{.*}} : tensor<4x32x!bnn.s1>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[PV:.*]]: f32, %[[PT:.*]]: f32, %[[PS:.*]]: f32):
// CHECK: %[[HALF:.*]] = arith.constant 5.0{{.*}}e-01
// CHECK: %[[A:.*]] = arith.mulf %{{.*}}, %[[PV]]
// CHECK: %[[B:.*]] = arith.addf %[[A]], %[[PT]]
// CHECK: %[[C:.*]] = arith.subf %[[B]], %[[PS]]
// CHECK: arith.mulf %[[C]], %[[HALF]]
// CHECK-NOT: linalg.generic
#id = affine_map<(m, n) -> (m, n)>
#col = affine_map<(m, n) -> (n)>
#none = affine_map<(m, n) -> ()>
func.func @elementwise(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>, %v: tensor<32xf32>,
             %t: tensor<4x32xf32>, %s: tensor<f32>, %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.s1>)
             -> tensor<4x32x!bnn.s1> {
  %half = arith.constant 0.5 : f32
  %y = bnn.matmul %a, %w outs(%0 : tensor<4x32xf32>)
      : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %g = linalg.generic {indexing_maps = [#col, #id, #id, #none, #id], iterator_types = ["parallel", "parallel"]}
      ins(%v, %y, %t, %s : tensor<32xf32>, tensor<4x32xf32>, tensor<4x32xf32>, tensor<f32>) outs(%0 : tensor<4x32xf32>) {
  ^bb0(%pv: f32, %py: f32, %pt: f32, %ps: f32, %o: f32):
    %2 = arith.mulf %py, %pv : f32
    %3 = arith.addf %2, %pt : f32
    %4 = arith.subf %3, %ps : f32
    %5 = arith.mulf %4, %half : f32
    linalg.yield %5 : f32
  } -> tensor<4x32xf32>
  %b = bnn.binarize %g outs(%1 : tensor<4x32x!bnn.s1>) : tensor<4x32xf32> -> tensor<4x32x!bnn.s1>
  return %b : tensor<4x32x!bnn.s1>
}

// -----

// An op that reads the product twice takes its value twice.
// CHECK-LABEL: func.func @twice
// CHECK: bnn.matmul
// CHECK: %[[F:.*]] = arith.sitofp
// CHECK: %[[Q:.*]] = arith.mulf %[[F]], %[[F]]
// CHECK: bnn.yield %[[Q]] : f32
// CHECK-NOT: linalg.generic
#id = affine_map<(m, n) -> (m, n)>
func.func @twice(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>, %0: tensor<4x32xf32>) -> tensor<4x32xf32> {
  %y = bnn.matmul %a, %w outs(%0 : tensor<4x32xf32>)
      : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %g = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %y : tensor<4x32xf32>, tensor<4x32xf32>) outs(%0 : tensor<4x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %2 = arith.mulf %p, %q : f32
    linalg.yield %2 : f32
  } -> tensor<4x32xf32>
  return %g : tensor<4x32xf32>
}

// -----

// The sum of a product of bits and one of floats, in either order, moves into
// the product of bits.
// CHECK-LABEL: func.func @bits_and_floats
// CHECK: %[[L:.*]] = bnn.matmul %{{.*}}, %{{.*}} outs({{.*}}) : tensor<4x2xf32>, tensor<2x32xf32> -> tensor<4x32xf32>
// CHECK: bnn.matmul %{{.*}}, %{{.*}} params(%[[L]] : tensor<4x32xf32>) outs({{.*}}) : tensor<4x64x!bnn.s1>
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[P:.*]]: f32):
// CHECK: %[[F:.*]] = arith.sitofp %[[ACC]]
// CHECK: arith.addf %[[F]], %[[P]]
// CHECK: %[[M:.*]] = bnn.matmul %{{.*}}, %{{.*}} outs({{.*}}) : tensor<4x2xf32>, tensor<2x32xf32> -> tensor<4x32xf32>
// CHECK: bnn.matmul %{{.*}}, %{{.*}} params(%[[M]] : tensor<4x32xf32>) outs({{.*}}) : tensor<4x64x!bnn.s1>
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[P:.*]]: f32):
// CHECK: %[[F:.*]] = arith.sitofp %[[ACC]]
// CHECK: arith.addf %[[P]], %[[F]]
// CHECK-NOT: linalg.generic
#id = affine_map<(m, n) -> (m, n)>
func.func @bits_and_floats(%a: tensor<4x64x!bnn.s1>, %w: tensor<32x64x!bnn.s1>,
             %x: tensor<4x2xf32>, %v: tensor<2x32xf32>, %0: tensor<4x32xf32>)
             -> (tensor<4x32xf32>, tensor<4x32xf32>) {
  %l0 = bnn.matmul %x, %v outs(%0 : tensor<4x32xf32>) : tensor<4x2xf32>, tensor<2x32xf32> -> tensor<4x32xf32> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  %b0 = bnn.matmul %a, %w outs(%0 : tensor<4x32xf32>) : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %y0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%b0, %l0 : tensor<4x32xf32>, tensor<4x32xf32>) outs(%0 : tensor<4x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %sum = arith.addf %p, %q : f32
    linalg.yield %sum : f32
  } -> tensor<4x32xf32>
  %l1 = bnn.matmul %x, %v outs(%0 : tensor<4x32xf32>) : tensor<4x2xf32>, tensor<2x32xf32> -> tensor<4x32xf32> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  %b1 = bnn.matmul %a, %w outs(%0 : tensor<4x32xf32>) : tensor<4x64x!bnn.s1>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %y1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%l1, %b1 : tensor<4x32xf32>, tensor<4x32xf32>) outs(%0 : tensor<4x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %sum = arith.addf %p, %q : f32
    linalg.yield %sum : f32
  } -> tensor<4x32xf32>
  return %y0, %y1 : tensor<4x32xf32>, tensor<4x32xf32>
}

// -----

// Attention's context takes its scale and ends in bits.
// CHECK-LABEL: func.func @attention
// CHECK: bnn.attention {{.*}} params(%{{.*}} : tensor<64xf32>) outs(%{{.*}} : tensor<1x?x64x!bnn.s1>) {divisor = 4.000000e+00 : f32, heads = 4 : i64}
// CHECK-NEXT: ^bb0(%{{.*}}: i32, %{{.*}}: f32, %{{.*}}: f32):
// CHECK: bnn.yield %{{.*}} : i1
func.func @attention(%q: tensor<1x?x64x!bnn.s1>, %s: f32, %v: tensor<64xf32>,
                     %0: tensor<1x?x64xf32>, %1: tensor<1x?x64x!bnn.s1>) -> tensor<1x?x64x!bnn.s1> {
  %c = bnn.attention %q, %q, %q scale(%s) cutoff(%s) outs(%0 : tensor<1x?x64xf32>)
      {heads = 4 : i64, divisor = 4.0 : f32}
      : tensor<1x?x64x!bnn.s1>, tensor<1x?x64x!bnn.s1>, tensor<1x?x64x!bnn.s1> -> tensor<1x?x64xf32> {
  ^bb0(%acc: i32, %res: f32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %b = bnn.binarize %c shift(%v : tensor<64xf32>) outs(%1 : tensor<1x?x64x!bnn.s1>)
      : tensor<1x?x64xf32> -> tensor<1x?x64x!bnn.s1>
  return %b : tensor<1x?x64x!bnn.s1>
}

// -----

// What stays: a product with two users, one that is reduced, transposed,
// broadcast along rows, or turned into something that no epilogue yields.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-5: bnn.matmul {{.*}} outs(%{{.*}} : tensor<4x4xf32>)
// CHECK: bnn.binarize
// CHECK-COUNT-4: linalg.generic
#id = affine_map<(m, n) -> (m, n)>
#turned = affine_map<(m, n) -> (n, m)>
#row = affine_map<(m, n) -> (m)>
func.func @stays(%a: tensor<4x64x!bnn.s1>, %w: tensor<4x64x!bnn.s1>, %v: tensor<4xf32>, %0: tensor<4x4xf32>,
                 %1: tensor<4x4x!bnn.s1>, %2: tensor<4xf32>, %3: tensor<4x4xi1>)
    -> (tensor<4x4xf32>, tensor<4x4x!bnn.s1>, tensor<4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xi1>) {
  %zero = arith.constant 0.0 : f32
  %y0 = bnn.matmul %a, %w outs(%0 : tensor<4x4xf32>) : tensor<4x64x!bnn.s1>, tensor<4x64x!bnn.s1> -> tensor<4x4xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %y1 = bnn.matmul %a, %w outs(%0 : tensor<4x4xf32>) : tensor<4x64x!bnn.s1>, tensor<4x64x!bnn.s1> -> tensor<4x4xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %y2 = bnn.matmul %a, %w outs(%0 : tensor<4x4xf32>) : tensor<4x64x!bnn.s1>, tensor<4x64x!bnn.s1> -> tensor<4x4xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %y3 = bnn.matmul %a, %w outs(%0 : tensor<4x4xf32>) : tensor<4x64x!bnn.s1>, tensor<4x64x!bnn.s1> -> tensor<4x4xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %y4 = bnn.matmul %a, %w outs(%0 : tensor<4x4xf32>) : tensor<4x64x!bnn.s1>, tensor<4x64x!bnn.s1> -> tensor<4x4xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %b = bnn.binarize %y0 outs(%1 : tensor<4x4x!bnn.s1>) : tensor<4x4xf32> -> tensor<4x4x!bnn.s1>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%y1 : tensor<4x4xf32>) outs(%2 : tensor<4xf32>) {
  ^bb0(%p: f32, %o: f32):
    %4 = arith.addf %o, %p : f32
    linalg.yield %4 : f32
  } -> tensor<4xf32>
  %t = linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y2 : tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) {
  ^bb0(%p: f32, %o: f32):
    linalg.yield %p : f32
  } -> tensor<4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y3, %v : tensor<4x4xf32>, tensor<4xf32>) outs(%0 : tensor<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %4 = arith.addf %p, %q : f32
    linalg.yield %4 : f32
  } -> tensor<4x4xf32>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y4 : tensor<4x4xf32>) outs(%3 : tensor<4x4xi1>) {
  ^bb0(%p: f32, %o: i1):
    %4 = arith.cmpf ogt, %p, %zero : f32
    linalg.yield %4 : i1
  } -> tensor<4x4xi1>
  return %y0, %b, %sum, %t, %r, %c
      : tensor<4x4xf32>, tensor<4x4x!bnn.s1>, tensor<4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xi1>
}

// -----

// A quantiser: shift, minimum and step are parameters more. The division stays;
// the low bits of what comes out of the addition of 1.5 * 2^23 are the integer.
// CHECK-LABEL: func.func @quantize
// CHECK-SAME: %[[SHIFT:[^:]*]]: tensor<32xf32>, %[[STEP:[^:]*]]: f32, %[[LOW:[^:]*]]: f32
// CHECK: %[[Q:.*]] = bnn.matmul {{.*}} params(%[[SHIFT]], %[[LOW]], %[[STEP]] : tensor<32xf32>, f32, f32) outs(%{{.*}} : tensor<4x32x!bnn.u4>) : tensor<4x64x!bnn.s2>, tensor<32x64x!bnn.s1>
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32):
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00
// CHECK-DAG: %[[MOST:.*]] = arith.constant 1.500000e+01
// CHECK-DAG: %[[MAGIC:.*]] = arith.constant 0x4B400000
// CHECK: %[[F:.*]] = arith.sitofp %[[ACC]]
// CHECK: %[[V:.*]] = arith.addf %[[F]], %[[A]]
// CHECK: %[[W:.*]] = arith.subf %[[V]], %[[B]]
// CHECK: %[[D:.*]] = arith.divf %[[W]], %[[C]]
// CHECK: %[[G:.*]] = arith.cmpf ogt, %[[D]], %[[ZERO]]
// CHECK: %[[E:.*]] = arith.select %[[G]], %[[D]], %[[ZERO]]
// CHECK: %[[H:.*]] = arith.cmpf olt, %[[E]], %[[MOST]]
// CHECK: %[[I:.*]] = arith.select %[[H]], %[[E]], %[[MOST]]
// CHECK: %[[J:.*]] = arith.addf %[[I]], %[[MAGIC]]
// CHECK: %[[BITS:.*]] = arith.bitcast %[[J]] : f32 to i32
// CHECK: bnn.yield %[[BITS]] : i32
// CHECK-NOT: bnn.quantize
// CHECK: return %[[Q]]
func.func @quantize(%shift: tensor<32xf32>, %step: f32, %low: f32, %a: tensor<4x64x!bnn.s2>, %w: tensor<32x64x!bnn.s1>,
             %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.u4>) -> tensor<4x32x!bnn.u4> {
  %y = bnn.matmul %a, %w outs(%0 : tensor<4x32xf32>)
      : tensor<4x64x!bnn.s2>, tensor<32x64x!bnn.s1> -> tensor<4x32xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %q = bnn.quantize %y shift(%shift : tensor<32xf32>) step(%step) minimum(%low)
      outs(%1 : tensor<4x32x!bnn.u4>) : tensor<4x32xf32> -> tensor<4x32x!bnn.u4>
  return %q : tensor<4x32x!bnn.u4>
}

// -----

// A signed quantiser has no minimum, and NaN is 0 in its middle. Attention ends
// in planes as well.
// CHECK-LABEL: func.func @quantize_attention
// CHECK: bnn.attention {{.*}} params(%{{[^ ]*}} : f32) outs(%{{.*}} : tensor<1x3x8x!bnn.s2>)
// CHECK: %[[D:.*]] = arith.divf
// CHECK: %[[ORD:.*]] = arith.cmpf ord, %[[D]], %[[D]]
// CHECK: arith.select %[[ORD]], %[[D]], %{{.*}}
// CHECK: bnn.yield %{{.*}} : i32
// CHECK-NOT: bnn.quantize
func.func @quantize_attention(%a: tensor<1x3x8x!bnn.s2>, %s: f32, %0: tensor<1x3x8xf32>, %1: tensor<1x3x8x!bnn.s2>)
             -> tensor<1x3x8x!bnn.s2> {
  %y = bnn.attention %a, %a, %a scale(%s) probability(!bnn.u2 step(%s) minimum(%s))
      outs(%0 : tensor<1x3x8xf32>) {heads = 2 : i64, divisor = 2.0 : f32}
      : tensor<1x3x8x!bnn.s2>, tensor<1x3x8x!bnn.s2>, tensor<1x3x8x!bnn.s2> -> tensor<1x3x8xf32> {
  ^bb0(%acc: i32, %sum: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %q = bnn.quantize %y step(%s) outs(%1 : tensor<1x3x8x!bnn.s2>) : tensor<1x3x8xf32> -> tensor<1x3x8x!bnn.s2>
  return %q : tensor<1x3x8x!bnn.s2>
}

// -----

// A normalised row is packed where it is made, as often as it is read as bits,
// and keeps its other readers. A shift that comes later is a constant.
// CHECK-LABEL: func.func @layer_norm
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x32xf32>, %[[G:[^:]*]]: tensor<32xf32>, %[[STEP:[^:]*]]: f32, %[[OUT:[^:]*]]: tensor<?x32xf32>
// CHECK-DAG: %[[SHIFT:.*]] = arith.constant dense<5.000000e-01>
// CHECK-DAG: %[[DIM:.*]] = tensor.dim %[[OUT]]
// CHECK: %[[N:.*]]:4 = bnn.layer_norm %[[X]], %[[G]], %[[G]] params(%[[A:.*]], %[[B:.*]] : {{.*}}) outs({{.*}} : tensor<?x32xf32>, {{.*}}) {epsilon = 9.99999974E-6 : f32}
// CHECK-NEXT: ^bb0(%[[Y:.*]]: f32, %[[P:.*]]: f32, %[[Q:.*]]: f32):
// CHECK-DAG: arith.addf %[[Y]], %{{.*}} : f32
// CHECK-DAG: arith.divf %[[Y]], %{{.*}} : f32
// CHECK: bnn.yield %[[Y]], %{{.*}}, %{{.*}}, %{{.*}} : f32
// CHECK-NOT: bnn.binarize
// CHECK-NOT: bnn.quantize
// CHECK: return %[[N]]#0,
func.func @layer_norm(%x: tensor<?x32xf32>, %g: tensor<32xf32>, %step: f32, %0: tensor<?x32xf32>,
                      %1: tensor<?x32x!bnn.s1>, %2: tensor<?x32x!bnn.u1>, %3: tensor<?x32x!bnn.s4>)
    -> (tensor<?x32xf32>, tensor<?x32x!bnn.s1>, tensor<?x32x!bnn.u1>, tensor<?x32x!bnn.s4>) {
  %y = bnn.layer_norm %x, %g, %g outs(%0 : tensor<?x32xf32>) {epsilon = 1.0e-5 : f32}
      : tensor<?x32xf32>, tensor<32xf32>, tensor<32xf32> -> tensor<?x32xf32>
  %shift = arith.constant dense<0.5> : tensor<32xf32>
  %b, %z = bnn.binarize %y shift(%shift : tensor<32xf32>) outs(%1, %2 : tensor<?x32x!bnn.s1>, tensor<?x32x!bnn.u1>)
      : tensor<?x32xf32> -> tensor<?x32x!bnn.s1>, tensor<?x32x!bnn.u1>
  %q = bnn.quantize %y step(%step) outs(%3 : tensor<?x32x!bnn.s4>) : tensor<?x32xf32> -> tensor<?x32x!bnn.s4>
  return %y, %b, %z, %q : tensor<?x32xf32>, tensor<?x32x!bnn.s1>, tensor<?x32x!bnn.u1>, tensor<?x32x!bnn.s4>
}

// -----

// Attention lays its bits out by heads, and a shift that is computed later is
// not there yet.
// CHECK-LABEL: func.func @layer_norm_apart
// CHECK: bnn.layer_norm {{.*}} outs(%{{[^ ]*}} : tensor<1x3x8xf32>)
// CHECK: bnn.binarize
// CHECK: bnn.reduce
// CHECK: bnn.binarize
func.func @layer_norm_apart(%x: tensor<1x3x8xf32>, %m: tensor<8x4xf32>, %g: tensor<8xf32>, %s: f32,
                            %0: tensor<1x3x8xf32>, %1: tensor<1x3x8x!bnn.s1>, %2: tensor<8xf32>)
    -> (tensor<1x3x8xf32>, tensor<1x3x8x!bnn.s1>) {
  %y = bnn.layer_norm %x, %g, %g outs(%0 : tensor<1x3x8xf32>) {epsilon = 1.0e-5 : f32}
      : tensor<1x3x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<1x3x8xf32>
  %b = bnn.binarize %y outs(%1 : tensor<1x3x8x!bnn.s1>) : tensor<1x3x8xf32> -> tensor<1x3x8x!bnn.s1>
  %c = bnn.attention %b, %b, %b scale(%s) cutoff(%s) outs(%0 : tensor<1x3x8xf32>) {heads = 2 : i64, divisor = 2.0 : f32}
      : tensor<1x3x8x!bnn.s1>, tensor<1x3x8x!bnn.s1>, tensor<1x3x8x!bnn.s1> -> tensor<1x3x8xf32> {
  ^bb0(%acc: i32, %res: f32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %shift = bnn.reduce add %m outs(%2 : tensor<8xf32>) : tensor<8x4xf32> -> tensor<8xf32>
  %d = bnn.binarize %y shift(%shift : tensor<8xf32>) outs(%1 : tensor<1x3x8x!bnn.s1>) : tensor<1x3x8xf32> -> tensor<1x3x8x!bnn.s1>
  return %c, %d : tensor<1x3x8xf32>, tensor<1x3x8x!bnn.s1>
}

// -----

// Products of floats end in epilogues as those of bits do: a bias, a residual,
// and the sign of the sum.
// CHECK-LABEL: func.func @float_product
// CHECK-SAME: (%[[X:[^:]*]]: tensor<4x64xf32>, %[[W:[^:]*]]: tensor<64x32xf32>, %[[B:[^:]*]]: tensor<32xf32>, %[[R:[^:]*]]: tensor<4x32xf32>
// CHECK-NOT: linalg.generic
// CHECK: %[[Y:.*]] = bnn.matmul %[[X]], %[[W]] params(%[[B]], %[[R]] : tensor<32xf32>, tensor<4x32xf32>) outs({{.*}} : tensor<4x32x!bnn.s1>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32, %[[PB:.*]]: f32, %[[PR:.*]]: f32):
// CHECK-DAG: %[[SUM:.*]] = arith.addf %[[ACC]], %[[PB]] : f32
// CHECK-DAG: %[[V:.*]] = arith.addf %[[SUM]], %[[PR]] : f32
// CHECK: %[[BIT:.*]] = arith.cmpf ogt, %[[V]], %{{.*}} : f32
// CHECK-NEXT: bnn.yield %[[BIT]] : i1
// CHECK: return %[[Y]]
#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @float_product(%x: tensor<4x64xf32>, %w: tensor<64x32xf32>, %b: tensor<32xf32>, %r: tensor<4x32xf32>,
                         %0: tensor<4x32xf32>, %1: tensor<4x32x!bnn.s1>) -> tensor<4x32x!bnn.s1> {
  %y = bnn.matmul %x, %w params(%b : tensor<32xf32>) outs(%0 : tensor<4x32xf32>)
      : tensor<4x64xf32>, tensor<64x32xf32> -> tensor<4x32xf32> {
  ^bb0(%acc: f32, %p: f32):
    %s = arith.addf %acc, %p : f32
    bnn.yield %s : f32
  }
  %z = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%y, %r : tensor<4x32xf32>, tensor<4x32xf32>) outs(%0 : tensor<4x32xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %v = arith.addf %a, %c : f32
    linalg.yield %v : f32
  } -> tensor<4x32xf32>
  %q = bnn.binarize %z outs(%1 : tensor<4x32x!bnn.s1>) : tensor<4x32xf32> -> tensor<4x32x!bnn.s1>
  return %q : tensor<4x32x!bnn.s1>
}

// -----

// What is written over the producer's result does not take its place.
// CHECK-LABEL: func.func @in_place
// CHECK: %[[Y:.*]] = bnn.matmul
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %{{.*}} : {{.*}}) outs(%[[Y]] :
#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @in_place(%x: tensor<4x64xf32>, %w: tensor<64x32xf32>, %r: tensor<4x32xf32>,
                    %0: tensor<4x32xf32>) -> tensor<4x32xf32> {
  %y = bnn.matmul %x, %w outs(%0 : tensor<4x32xf32>)
      : tensor<4x64xf32>, tensor<64x32xf32> -> tensor<4x32xf32> {
  ^bb0(%acc: f32):
    bnn.yield %acc : f32
  }
  %z = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%y, %r : tensor<4x32xf32>, tensor<4x32xf32>) outs(%y : tensor<4x32xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %v = arith.addf %a, %c : f32
    linalg.yield %v : f32
  } -> tensor<4x32xf32>
  return %z : tensor<4x32xf32>
}

// -----

// What an epilogue does not take over: what runs in another block, what would
// change a row that is read as it is, what reads bits or one of several results.
// CHECK-LABEL: func.func @left
// CHECK-COUNT-2: scf.if
// CHECK: bnn.binarize
// CHECK-COUNT-3: linalg.generic
#same = affine_map<(m, n) -> (m, n)>
func.func @left(%c: i1, %a: tensor<4x64x!bnn.s1>, %w: tensor<8x64x!bnn.s1>, %x: tensor<4x8xf32>, %g: tensor<8xf32>,
                %0: tensor<4x8xf32>, %1: tensor<4x8x!bnn.s1>, %2: tensor<4x8x!bnn.u1>)
    -> (tensor<4x8x!bnn.s1>, tensor<4x8x!bnn.s1>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0 : i32
  %y = bnn.matmul %a, %w outs(%0 : tensor<4x8xf32>) : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  %n = bnn.layer_norm %x, %g, %g outs(%0 : tensor<4x8xf32>) {epsilon = 1.0e-5 : f32}
      : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  %b = scf.if %c -> tensor<4x8x!bnn.s1> {
    %t = bnn.binarize %y outs(%1 : tensor<4x8x!bnn.s1>) : tensor<4x8xf32> -> tensor<4x8x!bnn.s1>
    scf.yield %t : tensor<4x8x!bnn.s1>
  } else {
    scf.yield %1 : tensor<4x8x!bnn.s1>
  }
  %d = scf.if %c -> tensor<4x8x!bnn.s1> {
    %t = bnn.binarize %n outs(%1 : tensor<4x8x!bnn.s1>) : tensor<4x8xf32> -> tensor<4x8x!bnn.s1>
    scf.yield %t : tensor<4x8x!bnn.s1>
  } else {
    scf.yield %1 : tensor<4x8x!bnn.s1>
  }
  %e = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%n : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %4 = arith.negf %p : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  %i = bnn.matmul %a, %w outs(%1 : tensor<4x8x!bnn.s1>) : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8x!bnn.s1> {
  ^bb0(%acc: i32):
    %f = arith.cmpi sgt, %acc, %zero : i32
    bnn.yield %f : i1
  }
  %h = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<4x8x!bnn.s1>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%p: !bnn.s1, %o: f32):
    linalg.yield %one : f32
  } -> tensor<4x8xf32>
  %j:2 = bnn.matmul %a, %w outs(%1, %2 : tensor<4x8x!bnn.s1>, tensor<4x8x!bnn.u1>)
      : tensor<4x64x!bnn.s1>, tensor<8x64x!bnn.s1> -> tensor<4x8x!bnn.s1>, tensor<4x8x!bnn.u1> {
  ^bb0(%acc: i32):
    %f = arith.cmpi sgt, %acc, %zero : i32
    bnn.yield %f, %f : i1, i1
  }
  %k = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%j#0 : tensor<4x8x!bnn.s1>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%p: !bnn.s1, %o: f32):
    linalg.yield %one : f32
  } -> tensor<4x8xf32>
  return %b, %d, %e, %h, %k : tensor<4x8x!bnn.s1>, tensor<4x8x!bnn.s1>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @second_result
// CHECK: bnn.layer_norm
// CHECK: bnn.binarize
func.func @second_result(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %0: tensor<4x8xf32>, %1: tensor<4x8x!bnn.s1>)
    -> tensor<4x8x!bnn.s1> {
  %n:2 = bnn.layer_norm %x, %g, %g outs(%0, %0 : tensor<4x8xf32>, tensor<4x8xf32>) {epsilon = 1.0e-5 : f32}
      : tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<4x8xf32>, tensor<4x8xf32> {
  ^bb0(%p: f32):
    %m = arith.negf %p : f32
    bnn.yield %p, %m : f32, f32
  }
  %d = bnn.binarize %n#1 outs(%1 : tensor<4x8x!bnn.s1>) : tensor<4x8xf32> -> tensor<4x8x!bnn.s1>
  return %d : tensor<4x8x!bnn.s1>
}
