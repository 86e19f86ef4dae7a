// RUN: bnn-opt %s --bnn-fold-thresholds --split-input-file | FileCheck %s
// RUN: bnn-opt %s --pass-pipeline="builtin.module(bnn-fold-thresholds{remarks})" --split-input-file 2>&1 >/dev/null \
// RUN:   | FileCheck %s --check-prefix=WHY --implicit-check-not=remark:

// Why what stays, here and below, stays.
// WHY: remark: 'bnn.matmul' is left as it is: the accumulators that set bit 1 are no interval
// WHY: remark: 'bnn.matmul' is left as it is: parameter #0 is no constant of one value per output
// WHY: remark: 'bnn.matmul' is left as it is: parameter #0 is no constant of one value per output
// WHY: remark: 'bnn.matmul' is left as it is: the number of its outputs is not known
// WHY: remark: 'bnn.matmul' is left as it is: the accumulators of its outputs have more than 1073741824 values
// WHY: remark: 'bnn.matmul' is left as it is: the steps of output 0 are those of no line

// A scale: above 0 for a positive one, below for a negative one. Beyond the
// accumulators that can occur an interval goes on to half of all numbers.
// CHECK-LABEL: func.func @scale
// CHECK-DAG: %[[LOW:.*]] = arith.constant dense<[1, -2147483648]> : tensor<2xi32>
// CHECK-DAG: %[[LENGTH:.*]] = arith.constant dense<-2147483648> : tensor<2xi32>
// CHECK: %[[B:.*]] = bnn.matmul %{{.*}}, %{{.*}} params(%[[LOW]], %[[LENGTH]] : tensor<2xi32>, tensor<2xi32>) outs(%{{.*}} : tensor<4x2x!bnn.s1>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[L:.*]]: i32, %[[N:.*]]: i32):
// CHECK-NEXT: %[[D:.*]] = arith.subi %[[ACC]], %[[L]] : i32
// CHECK-NEXT: %[[BIT:.*]] = arith.cmpi ult, %[[D]], %[[N]] : i32
// CHECK-NEXT: bnn.yield %[[BIT]] : i1
// CHECK-NEXT: }
// CHECK-NEXT: return %[[B]]
func.func @scale(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %0: tensor<4x2x!bnn.s1>) -> tensor<4x2x!bnn.s1> {
  %s = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
  %b = bnn.matmul %a, %w params(%s : tensor<2xf32>) outs(%0 : tensor<4x2x!bnn.s1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1> {
  ^bb0(%acc: i32, %p: f32):
    %zero = arith.constant 0.0 : f32
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.mulf %f, %p : f32
    %bit = arith.cmpf ogt, %r, %zero : f32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x2x!bnn.s1>
}

// -----

// Scalar parameters, and a constant that the epilogue reads from outside.
// Always and never are intervals too.
// CHECK-LABEL: func.func @scalars
// CHECK-DAG: arith.constant dense<[-7, 0, 2]> : tensor<3xi32>
// CHECK-DAG: arith.constant dense<[-2147483648, 0, -2147483648]> : tensor<3xi32>
// CHECK: arith.cmpi ult
func.func @scalars(%a: tensor<4x7x!bnn.s1>, %w: tensor<3x7x!bnn.s1>, %0: tensor<4x3x!bnn.s1>) -> tensor<4x3x!bnn.s1> {
  %s = arith.constant 2.0 : f32
  %i = arith.constant -1 : i32
  %bias = arith.constant dense<[100.0, -100.0, -1.5]> : tensor<3xf32>
  %zero = arith.constant 0.0 : f32
  %b = bnn.matmul %a, %w params(%s, %bias, %i : f32, tensor<3xf32>, i32) outs(%0 : tensor<4x3x!bnn.s1>)
      : tensor<4x7x!bnn.s1>, tensor<3x7x!bnn.s1> -> tensor<4x3x!bnn.s1> {
  ^bb0(%acc: i32, %ps: f32, %pb: f32, %pi: i32):
    %less = arith.addi %acc, %pi : i32
    %f = arith.sitofp %less : i32 to f32
    %r = math.fma %f, %ps, %pb : f32
    %bit = arith.cmpf ogt, %r, %zero : f32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x3x!bnn.s1>
}

// -----

// 4 > acc * acc: -1, 0 and 1.
// CHECK-LABEL: func.func @interval
// CHECK-DAG: arith.constant dense<-1> : tensor<1xi32>
// CHECK-DAG: arith.constant dense<3> : tensor<1xi32>
// CHECK: arith.cmpi ult
func.func @interval(%a: tensor<4x9x!bnn.s1>, %w: tensor<1x9x!bnn.s1>, %0: tensor<4x1x!bnn.s1>) -> tensor<4x1x!bnn.s1> {
  %b = bnn.matmul %a, %w outs(%0 : tensor<4x1x!bnn.s1>)
      : tensor<4x9x!bnn.s1>, tensor<1x9x!bnn.s1> -> tensor<4x1x!bnn.s1> {
  ^bb0(%acc: i32):
    %four = arith.constant 4 : i32
    %q = arith.muli %acc, %acc : i32
    %bit = arith.cmpi sgt, %four, %q : i32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x1x!bnn.s1>
}

// -----

// ReLU, and unsigned bits above 1.5: from 2 on, or, with the negative scale, up
// to -4; the interval starts among numbers that no accumulator reaches.
// CHECK-LABEL: func.func @relu
// CHECK-DAG: arith.constant dense<[2, 2147483645]> : tensor<2xi32>
// CHECK-DAG: arith.constant dense<-2147483648> : tensor<2xi32>
// CHECK: bnn.matmul {{.*}} outs(%{{.*}} : tensor<4x2x!bnn.u1>)
// CHECK: arith.cmpi ult
// CHECK-NOT: arith.select
// CHECK: return
func.func @relu(%a: tensor<4x9x!bnn.s1>, %w: tensor<2x9x!bnn.s1>, %0: tensor<4x2x!bnn.u1>) -> tensor<4x2x!bnn.u1> {
  %s = arith.constant dense<[1.0, -0.5]> : tensor<2xf32>
  %b = bnn.matmul %a, %w params(%s : tensor<2xf32>) outs(%0 : tensor<4x2x!bnn.u1>)
      : tensor<4x9x!bnn.s1>, tensor<2x9x!bnn.s1> -> tensor<4x2x!bnn.u1> {
  ^bb0(%acc: i32, %p: f32):
    %zero = arith.constant 0.0 : f32
    %level = arith.constant 1.5 : f32
    %f = arith.sitofp %acc : i32 to f32
    %v = arith.mulf %f, %p : f32
    %positive = arith.cmpf ogt, %v, %zero : f32
    %relu = arith.select %positive, %v, %zero : f32
    %bit = arith.cmpf ogt, %relu, %level : f32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x2x!bnn.u1>
}

// -----

// GELU plus 0.04 is below 0 at -2 and -1 only: all but an interval, which wraps
// around.
// CHECK-LABEL: func.func @gelu
// CHECK-DAG: arith.constant dense<0> : tensor<1xi32>
// CHECK-DAG: arith.constant dense<-2> : tensor<1xi32>
// CHECK: arith.cmpi ult
// CHECK-NOT: math.erf
func.func @gelu(%a: tensor<4x9x!bnn.s1>, %w: tensor<1x9x!bnn.s1>, %0: tensor<4x1x!bnn.s1>) -> tensor<4x1x!bnn.s1> {
  %shift = arith.constant dense<0.04> : tensor<1xf32>
  %b = bnn.matmul %a, %w params(%shift : tensor<1xf32>) outs(%0 : tensor<4x1x!bnn.s1>)
      : tensor<4x9x!bnn.s1>, tensor<1x9x!bnn.s1> -> tensor<4x1x!bnn.s1> {
  ^bb0(%acc: i32, %s: f32):
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %half = arith.constant 0.5 : f32
    %root = arith.constant 0.707106769 : f32
    %f = arith.sitofp %acc : i32 to f32
    %t = arith.mulf %f, %root : f32
    %e = math.erf %t : f32
    %u = arith.addf %e, %one : f32
    %h = arith.mulf %f, %half : f32
    %g = arith.mulf %h, %u : f32
    %v = arith.addf %g, %s : f32
    %bit = arith.cmpf ogt, %v, %zero : f32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x1x!bnn.s1>
}

// -----

// Bit 1 of the accumulator changes more than twice in one of two channels:
// all stays.
// CHECK-LABEL: func.func @more_gaps
// CHECK: arith.andi
// CHECK-NOT: arith.subi
// CHECK: return
func.func @more_gaps(%a: tensor<4x9x!bnn.s1>, %w: tensor<2x9x!bnn.s1>, %0: tensor<4x2x!bnn.s1>) -> tensor<4x2x!bnn.s1> {
  %which = arith.constant dense<[0, 2]> : tensor<2xi32>
  %b = bnn.matmul %a, %w params(%which : tensor<2xi32>) outs(%0 : tensor<4x2x!bnn.s1>)
      : tensor<4x9x!bnn.s1>, tensor<2x9x!bnn.s1> -> tensor<4x2x!bnn.s1> {
  ^bb0(%acc: i32, %p: i32):
    %zero = arith.constant 0 : i32
    %and = arith.andi %acc, %p : i32
    %bit = arith.cmpi ne, %and, %zero : i32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x2x!bnn.s1>
}

// -----

// No accumulator times 0.5 plus 0.25 is 0: the mask goes, and the next product
// does without it.
// CHECK-LABEL: func.func @mask_dropped
// CHECK: %[[B:.*]] = bnn.matmul {{.*}} outs(%{{.*}} : tensor<4x2x!bnn.s1>) : {{.*}} -> tensor<4x2x!bnn.s1> {
// CHECK: bnn.matmul %[[B]], %{{[^ ]*}} outs(
// CHECK-NOT: !bnn.u1{{.*}}->
func.func @mask_dropped(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %w2: tensor<5x2x!bnn.s1>,
    %0: tensor<4x2x!bnn.s1>, %1: tensor<4x2x!bnn.u1>, %2: tensor<4x5xi32>) -> tensor<4x5xi32> {
  %bias = arith.constant dense<[0.25, -0.25]> : tensor<2xf32>
  %b, %z = bnn.matmul %a, %w params(%bias : tensor<2xf32>) outs(%0, %1 : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1> {
  ^bb0(%acc: i32, %p: f32):
    %half = arith.constant 0.5 : f32
    %c0 = arith.constant 0.0 : f32
    %f = arith.sitofp %acc : i32 to f32
    %r = math.fma %f, %half, %p : f32
    %bit = arith.cmpf ogt, %r, %c0 : f32
    %zero = arith.cmpf ueq, %r, %c0 : f32
    bnn.yield %bit, %zero : i1, i1
  }
  %y = bnn.matmul %b, %w2 zeros(%z : tensor<4x2x!bnn.u1>) outs(%2 : tensor<4x5xi32>)
      : tensor<4x2x!bnn.s1>, tensor<5x2x!bnn.s1> -> tensor<4x5xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x5xi32>
}

// -----

// CHECK-LABEL: func.func @mask_dropped_in_attention
// CHECK: bnn.matmul
// CHECK: bnn.attention %[[B:.*]], %[[B]], %[[B]] scale
func.func @mask_dropped_in_attention(%a: tensor<1x4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %s: f32,
    %0: tensor<1x4x2x!bnn.s1>, %1: tensor<1x4x2x!bnn.u1>, %2: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %b, %z = bnn.matmul %a, %w outs(%0, %1 : tensor<1x4x2x!bnn.s1>, tensor<1x4x2x!bnn.u1>)
      : tensor<1x4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<1x4x2x!bnn.s1>, tensor<1x4x2x!bnn.u1> {
  ^bb0(%acc: i32):
    %half = arith.constant 0.5 : f32
    %f = arith.sitofp %acc : i32 to f32
    %bit = arith.cmpf ogt, %f, %half : f32
    %zero = arith.cmpf ueq, %f, %half : f32
    bnn.yield %bit, %zero : i1, i1
  }
  %y = bnn.attention %b, %b, %b query_zeros(%z : tensor<1x4x2x!bnn.u1>) key_zeros(%z : tensor<1x4x2x!bnn.u1>)
      value_zeros(%z : tensor<1x4x2x!bnn.u1>) scale(%s) cutoff(%s) outs(%2 : tensor<1x4x2xf32>)
      {heads = 1 : i64, divisor = 1.0 : f32}
      : tensor<1x4x2x!bnn.s1>, tensor<1x4x2x!bnn.s1>, tensor<1x4x2x!bnn.s1> -> tensor<1x4x2xf32> {
  ^bb0(%acc: i32, %res: f32):
    bnn.yield %res : f32
  }
  return %y : tensor<1x4x2xf32>
}

// -----

// With masked inputs any accumulator can be 0, and the mask is an interval too,
// which ends next to the last accumulator where K is 1.
// CHECK-LABEL: func.func @mask_kept
// CHECK: %[[LOW:.*]] = arith.constant dense<1> : tensor<2xi32>
// CHECK: %[[LENGTH:.*]] = arith.constant dense<-2147483648> : tensor<2xi32>
// CHECK: %[[ZERO:.*]] = arith.constant dense<0> : tensor<2xi32>
// CHECK: %[[ONE:.*]] = arith.constant dense<1> : tensor<2xi32>
// CHECK: bnn.matmul {{.*}} params(%[[LOW]], %[[LENGTH]], %[[ZERO]], %[[ONE]] : {{.*}}) outs(%{{.*}}, %{{.*}} : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %{{.*}}: i32, %{{.*}}: i32, %[[L:.*]]: i32, %[[N:.*]]: i32):
// CHECK: %[[D:.*]] = arith.subi %[[ACC]], %[[L]]
// CHECK: arith.cmpi ult, %[[D]], %[[N]]
// CHECK: bnn.yield %{{.*}}, %{{.*}} : i1, i1
// CHECK: bnn.matmul {{.*}} zeros(
func.func @mask_kept(%a: tensor<4x1x!bnn.s1>, %za: tensor<4x1x!bnn.u1>, %w: tensor<2x1x!bnn.s1>, %w2: tensor<5x2x!bnn.s1>,
    %0: tensor<4x2x!bnn.s1>, %1: tensor<4x2x!bnn.u1>, %2: tensor<4x5xi32>) -> tensor<4x5xi32> {
  %b, %z = bnn.matmul %a, %w zeros(%za : tensor<4x1x!bnn.u1>) outs(%0, %1 : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>)
      : tensor<4x1x!bnn.s1>, tensor<2x1x!bnn.s1> -> tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1> {
  ^bb0(%acc: i32):
    %c0 = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %c0 : i32
    %zero = arith.cmpi eq, %acc, %c0 : i32
    bnn.yield %bit, %zero : i1, i1
  }
  %y = bnn.matmul %b, %w2 zeros(%z : tensor<4x2x!bnn.u1>) outs(%2 : tensor<4x5xi32>)
      : tensor<4x2x!bnn.s1>, tensor<5x2x!bnn.s1> -> tensor<4x5xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x5xi32>
}

// -----

// An empty mask that something else reads stays, and is computed.
// CHECK-LABEL: func.func @mask_used
// CHECK: %[[B:.*]]:2 = bnn.matmul
// CHECK: return %[[B]]#0, %[[B]]#1
func.func @mask_used(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %0: tensor<4x2x!bnn.s1>, %1: tensor<4x2x!bnn.u1>)
    -> (tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>) {
  %b, %z = bnn.matmul %a, %w outs(%0, %1 : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1> {
  ^bb0(%acc: i32):
    %half = arith.constant 0.5 : f32
    %f = arith.sitofp %acc : i32 to f32
    %bit = arith.cmpf ogt, %f, %half : f32
    %zero = arith.cmpf ueq, %f, %half : f32
    bnn.yield %bit, %zero : i1, i1
  }
  return %b, %z : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>
}

// -----

// A mask is the input of a product: it stays.
// CHECK-LABEL: func.func @mask_multiplied
// CHECK: %[[B:.*]]:2 = bnn.matmul
// CHECK: bnn.matmul %[[B]]#1
func.func @mask_multiplied(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %w2: tensor<5x2x!bnn.s1>,
    %0: tensor<4x2x!bnn.s1>, %1: tensor<4x2x!bnn.u1>, %2: tensor<4x5xi32>) -> tensor<4x5xi32> {
  %b, %z = bnn.matmul %a, %w outs(%0, %1 : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.u1> {
  ^bb0(%acc: i32):
    %half = arith.constant 0.5 : f32
    %f = arith.sitofp %acc : i32 to f32
    %bit = arith.cmpf ogt, %f, %half : f32
    %zero = arith.cmpf ueq, %f, %half : f32
    bnn.yield %bit, %zero : i1, i1
  }
  %y = bnn.matmul %z, %w2 outs(%2 : tensor<4x5xi32>) : tensor<4x2x!bnn.u1>, tensor<5x2x!bnn.s1> -> tensor<4x5xi32> {
  ^bb0(%acc: i32):
    bnn.yield %acc : i32
  }
  return %y : tensor<4x5xi32>
}

// -----

// A parameter that is not constant, one per element, a dynamic number of
// channels, an epilogue that ends in f32: all stay.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-3: arith.cmpf ogt
// CHECK: bnn.yield %{{.*}} : f32
// CHECK-NOT: arith.subi
func.func @stays(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %wd: tensor<?x3x!bnn.s1>, %s: tensor<2xf32>,
                 %0: tensor<4x2x!bnn.s1>, %1: tensor<4x?x!bnn.s1>, %2: tensor<4x2xf32>)
    -> (tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.s1>, tensor<4x?x!bnn.s1>, tensor<4x2xf32>) {
  %full = arith.constant dense<0.5> : tensor<4x2xf32>
  %c0 = arith.constant 0.0 : f32
  %3 = bnn.matmul %a, %w params(%s : tensor<2xf32>) outs(%0 : tensor<4x2x!bnn.s1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1> {
  ^bb0(%acc: i32, %p: f32):
    %bit = arith.cmpf ogt, %p, %c0 : f32
    bnn.yield %bit : i1
  }
  %4 = bnn.matmul %a, %w params(%full : tensor<4x2xf32>) outs(%0 : tensor<4x2x!bnn.s1>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1> {
  ^bb0(%acc: i32, %p: f32):
    %bit = arith.cmpf ogt, %p, %c0 : f32
    bnn.yield %bit : i1
  }
  %5 = bnn.matmul %a, %wd outs(%1 : tensor<4x?x!bnn.s1>)
      : tensor<4x3x!bnn.s1>, tensor<?x3x!bnn.s1> -> tensor<4x?x!bnn.s1> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    %bit = arith.cmpf ogt, %f, %c0 : f32
    bnn.yield %bit : i1
  }
  %6 = bnn.matmul %a, %w outs(%2 : tensor<4x2xf32>)
      : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2xf32> {
  ^bb0(%acc: i32):
    %f = arith.sitofp %acc : i32 to f32
    bnn.yield %f : f32
  }
  return %3, %4, %5, %6 : tensor<4x2x!bnn.s1>, tensor<4x2x!bnn.s1>, tensor<4x?x!bnn.s1>, tensor<4x2xf32>
}

// -----

// Nobody has the time.
// CHECK-LABEL: func.func @many_outputs
// CHECK: arith.cmpi sgt
func.func @many_outputs(%a: tensor<4x1x!bnn.s1>, %w: tensor<2147483648x1x!bnn.s1>,
                        %0: tensor<4x2147483648x!bnn.s1>) -> tensor<4x2147483648x!bnn.s1> {
  %b = bnn.matmul %a, %w outs(%0 : tensor<4x2147483648x!bnn.s1>)
      : tensor<4x1x!bnn.s1>, tensor<2147483648x1x!bnn.s1> -> tensor<4x2147483648x!bnn.s1> {
  ^bb0(%acc: i32):
    %zero = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %zero : i32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x2147483648x!bnn.s1>
}

// -----

// Steps of a quantiser: a scale, a division and a rounding become one fma, with
// a slope near 0.3 / 1.1 or -0.7 / 1.1 that keeps away from what decides. The
// range of the type is where the line ends.
// CHECK-LABEL: func.func @steps
// CHECK-DAG: %[[SLOPE:.*]] = arith.constant dense<[0.285714298, -0.666666686]> : tensor<2xf32>
// CHECK: bnn.matmul %{{.*}}, %{{.*}} params(%[[SLOPE]], %{{.*}} : tensor<2xf32>, {{.*}}) outs(%{{.*}} : tensor<4x2x!bnn.s2>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK: %[[F:.*]] = arith.sitofp %[[ACC]]
// CHECK: %[[Y:.*]] = math.fma %[[F]], %[[A]], %[[B]]
// CHECK-DAG: %[[LEAST:.*]] = arith.constant -2.000000e+00 : f32
// CHECK-DAG: %[[MOST:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: arith.cmpf ogt, %[[Y]], %[[LEAST]]
// CHECK: arith.cmpf olt, %{{.*}}, %[[MOST]]
// CHECK-NOT: arith.divf
// CHECK: bnn.yield %{{.*}} : i32
func.func @steps(%a: tensor<4x9x!bnn.s2>, %w: tensor<2x9x!bnn.s1>, %0: tensor<4x2x!bnn.s2>) -> tensor<4x2x!bnn.s2> {
  %s = arith.constant dense<[0.3, -0.7]> : tensor<2xf32>
  %b = bnn.matmul %a, %w params(%s : tensor<2xf32>) outs(%0 : tensor<4x2x!bnn.s2>)
      : tensor<4x9x!bnn.s2>, tensor<2x9x!bnn.s1> -> tensor<4x2x!bnn.s2> {
  ^bb0(%acc: i32, %p: f32):
    %step = arith.constant 1.1 : f32
    %least = arith.constant -2.0 : f32
    %most = arith.constant 1.0 : f32
    %magic = arith.constant 12582912.0 : f32
    %f = arith.sitofp %acc : i32 to f32
    %r = arith.mulf %f, %p : f32
    %d = arith.divf %r, %step : f32
    %g = arith.cmpf ogt, %d, %least : f32
    %h = arith.select %g, %d, %least : f32
    %i = arith.cmpf olt, %h, %most : f32
    %j = arith.select %i, %h, %most : f32
    %k = arith.addf %j, %magic : f32
    %bits = arith.bitcast %k : f32 to i32
    bnn.yield %bits : i32
  }
  return %b : tensor<4x2x!bnn.s2>
}

// -----

// A floor above the least number of the type, as after a ReLU: the line ends
// there. A channel that never moves is a line as well.
// CHECK-LABEL: func.func @floor
// CHECK-DAG: %[[LEAST:.*]] = arith.constant dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf32>
// CHECK: bnn.matmul %{{.*}}, %{{.*}} params(%{{.*}}, %{{.*}}, %[[LEAST]], %{{.*}} :
// CHECK: math.fma
func.func @floor(%a: tensor<4x9x!bnn.u2>, %w: tensor<2x9x!bnn.s1>, %0: tensor<4x2x!bnn.u2>) -> tensor<4x2x!bnn.u2> {
  %s = arith.constant dense<[1, -100]> : tensor<2xi32>
  %b = bnn.matmul %a, %w params(%s : tensor<2xi32>) outs(%0 : tensor<4x2x!bnn.u2>)
      : tensor<4x9x!bnn.u2>, tensor<2x9x!bnn.s1> -> tensor<4x2x!bnn.u2> {
  ^bb0(%acc: i32, %p: i32):
    %c3 = arith.constant 3 : i32
    %c0 = arith.constant 0 : i32
    %four = arith.constant 4 : i32
    %scaled = arith.divsi %acc, %four : i32
    %sum = arith.maxsi %scaled, %c0 : i32
    %shifted = arith.addi %sum, %p : i32
    %low = arith.maxsi %shifted, %c0 : i32
    %r = arith.minsi %low, %c3 : i32
    bnn.yield %r : i32
  }
  return %b : tensor<4x2x!bnn.u2>
}

// -----

// What goes up and down again is no line, and stays.
// CHECK-LABEL: func.func @no_line
// CHECK: arith.muli
// CHECK-NOT: math.fma
func.func @no_line(%a: tensor<4x9x!bnn.s2>, %w: tensor<2x9x!bnn.s1>, %0: tensor<4x2x!bnn.u4>) -> tensor<4x2x!bnn.u4> {
  %b = bnn.matmul %a, %w outs(%0 : tensor<4x2x!bnn.u4>)
      : tensor<4x9x!bnn.s2>, tensor<2x9x!bnn.s1> -> tensor<4x2x!bnn.u4> {
  ^bb0(%acc: i32):
    %most = arith.constant 15 : i32
    %q = arith.muli %acc, %acc : i32
    %r = arith.minsi %q, %most : i32
    bnn.yield %r : i32
  }
  return %b : tensor<4x2x!bnn.u4>
}

// -----

// One bit of a product of integers: the accumulator goes further than the number
// of elements, 9, here to 72: above 10 is possible, above 100 is not.
// CHECK-LABEL: func.func @bit_of_integers
// CHECK-DAG: arith.constant dense<[11, 0]> : tensor<2xi32>
// CHECK-DAG: arith.constant dense<[-2147483648, 0]> : tensor<2xi32>
// CHECK: arith.cmpi ult
func.func @bit_of_integers(%a: tensor<4x9x!bnn.s4>, %w: tensor<2x9x!bnn.s1>, %0: tensor<4x2x!bnn.s1>) -> tensor<4x2x!bnn.s1> {
  %t = arith.constant dense<[10, 100]> : tensor<2xi32>
  %b = bnn.matmul %a, %w params(%t : tensor<2xi32>) outs(%0 : tensor<4x2x!bnn.s1>)
      : tensor<4x9x!bnn.s4>, tensor<2x9x!bnn.s1> -> tensor<4x2x!bnn.s1> {
  ^bb0(%acc: i32, %p: i32):
    %bit = arith.cmpi sgt, %acc, %p : i32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x2x!bnn.s1>
}
