// Integers of 2 and 4 bits, as BiT's quantisers spell them.
// RUN: bnn-opt %s --canonicalize --bnn-raise --split-input-file | FileCheck %s

// Signed, with a shift; the division stays a division.
// CHECK-LABEL: func.func @signed
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>)
// CHECK: %[[SHIFT:.*]] = arith.constant dense<[1.000000e-01, 2.000000e-01, 3.000000e-01]> : tensor<3xf32>
// CHECK: %[[STEP:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: %[[Q:.*]] = bnn.quantize %[[X]] shift(%[[SHIFT]] : tensor<3xf32>) step(%[[STEP]]) outs({{.*}} : tensor<?x3x!bnn.s2>)
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}true, false, false], [true, true, false]]> : tensor<2x3xi1>
// CHECK: %[[S:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[BIAS:.*]] = arith.constant dense<[5.000000e+00, 6.000000e+00]> : tensor<2xf32>
// CHECK: bnn.matmul %[[Q]], %[[W]] params(%[[S]], %[[BIAS]] : f32, tensor<2xf32>) outs({{.*}} : tensor<?x2xf32>) : tensor<?x3x!bnn.s2>, tensor<2x3x!bnn.s1>
// CHECK: math.fma
// CHECK-NOT: onnx
func.func @signed(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %shift = onnx.Constant {value = dense<[0.1, 0.2, 0.3]> : tensor<3xf32>} : () -> tensor<3xf32>
  %low = onnx.Constant {value = dense<-2.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %bias = onnx.Constant {value = dense<[5.0, 6.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.Add %x, %shift : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = onnx.Div %0, %alpha : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = onnx.Round %1 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %3 = onnx.Clip %2, %low, %high : (tensor<?x3xf32>, tensor<f32>, tensor<f32>) -> tensor<?x3xf32>
  %4 = onnx.Mul %3, %alpha : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %5 = onnx.MatMul %4, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %6 = onnx.Add %5, %bias : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %6 : tensor<?x2xf32>
}

// -----

// Unsigned, with a minimum of -0.25: output n gets scale * minimum * (the sum of
// its signs), 2 * -0.25 * -1 and 2 * -0.25 * 1, in its bias. Clipped before it is
// rounded, and every commutative op the other way round: the same function.
// CHECK-LABEL: func.func @unsigned
// CHECK-DAG: %[[STEP:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-DAG: %[[LOW:.*]] = arith.constant -2.500000e-01 : f32
// CHECK: bnn.quantize %{{[^ ]*}} step(%[[STEP]]) minimum(%[[LOW]]) outs({{.*}} : tensor<?x3x!bnn.u4>)
// CHECK: arith.constant dense<5.500000e+00> : tensor<2xf32>
// CHECK: bnn.matmul {{.*}} : tensor<?x3x!bnn.u4>, tensor<2x3x!bnn.s1>
// CHECK-NOT: onnx
func.func @unsigned(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %min = onnx.Constant {value = dense<-0.25> : tensor<1xf32>} : () -> tensor<1xf32>
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<15.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %bias = onnx.Constant {value = dense<[5.0, 6.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.Sub %x, %min : (tensor<?x3xf32>, tensor<1xf32>) -> tensor<?x3xf32>
  %1 = onnx.Div %0, %alpha : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<?x3xf32>, tensor<f32>, tensor<f32>) -> tensor<?x3xf32>
  %3 = onnx.Round %2 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %4 = onnx.Mul %alpha, %3 : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %5 = onnx.Add %min, %4 : (tensor<1xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %6 = onnx.MatMul %5, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %7 = onnx.Add %bias, %6 : (tensor<2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %7 : tensor<?x2xf32>
}

// -----

// A minimum of 0: an optimiser may have left it before the division, after the
// multiplication, or nowhere. No bias becomes none.
// CHECK-LABEL: func.func @no_minimum
// CHECK-COUNT-3: bnn.quantize %{{[^ ]*}} step(%{{[^ ]*}}) outs({{.*}} : tensor<4x3x!bnn.u2>)
// CHECK-NOT: math.fma
// CHECK-NOT: onnx
func.func @no_minimum(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>) {
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %a0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %a1 = onnx.Round %a0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %a2 = onnx.Clip %a1, %zero, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %a3 = onnx.Mul %a2, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %a4 = onnx.MatMul %a3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %b0 = onnx.Sub %x, %zero : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %b1 = onnx.Div %b0, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %b2 = onnx.Round %b1 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %b3 = onnx.Clip %b2, %zero, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %b4 = onnx.Mul %b3, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %b5 = onnx.MatMul %b4, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %c4 = onnx.Add %a3, %zero : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %c5 = onnx.MatMul %c4, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %a4, %b5, %c5 : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// Another multiplier after the clip than the divisor before it is the scale of
// the integers; the division stays in front of them.
// CHECK-LABEL: func.func @other_multiplier
// CHECK: %[[D:.*]] = onnx.Div
// CHECK: %[[STEP:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[Q:.*]] = bnn.quantize %[[D]] step(%[[STEP]]) outs(
// CHECK: %[[S:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: bnn.matmul %[[Q]], %{{.*}} params(%[[S]] : f32)
func.func @other_multiplier(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// A scale a token is divided by before the integers, and a factor of the sums:
// CHECK-LABEL: func.func @per_token
// CHECK: %[[D:.*]] = onnx.Div %arg0, %arg1
// CHECK: bnn.quantize %[[D]] step(%{{.*}}) outs({{.*}} : tensor<4x3x!bnn.s4>)
// CHECK: %[[Y:.*]] = bnn.matmul
// CHECK: onnx.Mul %[[Y]], %arg1
func.func @per_token(%x: tensor<4x3xf32>, %t: tensor<4x1xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %t : (tensor<4x3xf32>, tensor<4x1xf32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %t : (tensor<4x3xf32>, tensor<4x1xf32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// Near misses stay as they are. Bounds that are no integers:
// CHECK-LABEL: func.func @bounds_no_integers
// CHECK: onnx.MatMul
// CHECK-NOT: bnn.
func.func @bounds_no_integers(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-1.5> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// A symmetric range, which is that of no number of bits: what was computed is
// integers in a row.
// CHECK-LABEL: func.func @symmetric
// CHECK: %[[Q:.*]] = onnx.Mul
// CHECK: bnn.quantize %[[Q]] step({{.*}} -> tensor<4x3x!bnn.s4>
// CHECK-NOT: onnx.MatMul
func.func @symmetric(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-7.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// More integers than 4 bits have:
// CHECK-LABEL: func.func @seventeen_levels
// CHECK: onnx.MatMul
// CHECK-NOT: bnn.
func.func @seventeen_levels(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// Three bits, of which there are no planes, are as many of four:
// CHECK-LABEL: func.func @three_bits
// CHECK: %[[Q:.*]] = onnx.Mul
// CHECK: bnn.quantize %[[Q]] step({{.*}} -> tensor<4x3x!bnn.s4>
// CHECK-NOT: onnx.MatMul
func.func @three_bits(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-4.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// A step below 0 is a scale below 0 of what was divided; one that is infinite is a
// near miss:
// CHECK-LABEL: func.func @negative_step
// CHECK: %[[D:.*]] = onnx.Div
// CHECK: bnn.quantize %[[D]]
// CHECK: %[[S:.*]] = arith.constant -1.000000e+00 : f32
// CHECK: bnn.matmul {{.*}} params(%[[S]] : f32)
func.func @negative_step(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<-0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<-0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @infinite_step
// CHECK: onnx.MatMul
// CHECK-NOT: bnn.
func.func @infinite_step(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0x7F800000> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0x7F800000> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// Another minimum before the division than after the multiplication, and one that
// is on one side only: integers in a row, computed as they are written, of which a
// minimum is a shift.
// CHECK-LABEL: func.func @other_minimum
// CHECK: %[[Q:.*]] = onnx.Mul
// CHECK: bnn.quantize %[[Q]] shift({{.*}}) step({{.*}}) minimum({{.*}} -> tensor<4x3x!bnn.u4>
// CHECK-NOT: onnx.MatMul
func.func @other_minimum(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<15.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %pre = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %p = onnx.Sub %x, %pre : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %0 = onnx.Div %p, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %post = onnx.Constant {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %q = onnx.Add %3, %post : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %q, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @minimum_after
// CHECK: %[[Q:.*]] = onnx.Mul
// CHECK: bnn.quantize %[[Q]] shift({{.*}}) step({{.*}}) minimum({{.*}} -> tensor<4x3x!bnn.u4>
// CHECK-NOT: onnx.MatMul
func.func @minimum_after(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<15.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %post = onnx.Constant {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %q = onnx.Add %3, %post : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %q, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// A minimum before the division only is a part of the input:
// CHECK-LABEL: func.func @minimum_before
// CHECK: onnx.Sub
// CHECK: %[[D:.*]] = onnx.Div
// CHECK: bnn.quantize %[[D]] step(%{{.*}}) outs(
func.func @minimum_before(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<15.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %pre = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %p = onnx.Sub %x, %pre : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %0 = onnx.Div %p, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// A minimum added to signed integers:
// CHECK-LABEL: func.func @signed_minimum
// CHECK: %[[Q:.*]] = onnx.Mul
// CHECK: bnn.quantize %[[Q]] shift({{.*}}) step({{.*}}) minimum({{.*}} -> tensor<4x3x!bnn.u4>
// CHECK-NOT: onnx.MatMul
func.func @signed_minimum(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %pre = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %p = onnx.Sub %x, %pre : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %0 = onnx.Div %p, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %post = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %q = onnx.Add %3, %post : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %q, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}

// -----

// A minimum added to bits is in the bias:
// CHECK-LABEL: func.func @one_bit_minimum
// CHECK: bnn.binarize %{{.*}} threshold(5.000000e-01)
// CHECK: %[[BIAS:.*]] = arith.constant dense<[-5.000000e-01, 5.000000e-01]> : tensor<2xf32>
// CHECK: bnn.matmul {{.*}} params(%{{.*}}, %[[BIAS]] : f32, tensor<2xf32>)
func.func @one_bit_minimum(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %pre = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %p = onnx.Sub %x, %pre : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %0 = onnx.Div %p, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %low, %high : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %post = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %q = onnx.Add %3, %post : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %q, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4 : tensor<4x2xf32>
}
