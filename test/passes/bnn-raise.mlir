// RUN: bnn-opt %s --canonicalize --bnn-raise --split-input-file | FileCheck %s

// Sign, scale, weights of one magnitude, bias: binarise, multiply, fma. The
// weights of an output are a row of bits; zeros are kept in a mask.
// CHECK-LABEL: func.func @linear
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>) -> tensor<?x2xf32>
// CHECK: %[[SHIFT:.*]] = arith.constant dense<[1.000000e-01, 2.000000e-01, 3.000000e-01]> : tensor<3xf32>
// CHECK: %[[B:.*]]:2 = bnn.binarize %[[X]] shift(%[[SHIFT]] : tensor<3xf32>) outs({{.*}} : tensor<?x3x!bnn.s1>, tensor<?x3x!bnn.u1>)
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}true, false, false], [true, true, false]]> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
// CHECK: %[[S:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[BIAS:.*]] = arith.constant dense<[5.000000e+00, 6.000000e+00]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = bnn.matmul %[[B]]#0, %[[W]] zeros(%[[B]]#1 : tensor<?x3x!bnn.u1>) params(%[[S]], %[[BIAS]] : f32, tensor<2xf32>) outs({{.*}} : tensor<?x2xf32>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[PS:.*]]: f32, %[[PB:.*]]: f32):
// CHECK-NEXT: %[[F:.*]] = arith.sitofp %[[ACC]] : i32 to f32
// CHECK-NEXT: %[[R:.*]] = math.fma %[[F]], %[[PS]], %[[PB]] : f32
// CHECK-NEXT: bnn.yield %[[R]] : f32
// CHECK: return %[[Y]]
// CHECK-NOT: onnx
func.func @linear(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %shift = onnx.Constant {value = dense<[0.1, 0.2, 0.3]> : tensor<3xf32>} : () -> tensor<3xf32>
  %alpha = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %bias = onnx.Constant {value = dense<[5.0, 6.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.Add %x, %shift : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = onnx.Sign %0 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %2 = onnx.Mul %1, %alpha : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %3 = onnx.MatMul %2, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %4 = onnx.Add %3, %bias : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %4 : tensor<?x2xf32>
}

// -----

// Every commutative op the other way round, and a scale per output.
// CHECK-LABEL: func.func @commuted
// CHECK: bnn.binarize %{{.*}} shift(
// CHECK: %[[S:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: bnn.matmul {{.*}} params(%[[S]], %{{.*}} : tensor<2xf32>, tensor<2xf32>)
// CHECK-NOT: onnx
func.func @commuted(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %shift = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<2.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = onnx.Constant {value = dense<[[0.5, 1.0], [-0.5, 1.0], [-0.5, -1.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %bias = onnx.Constant {value = dense<[5.0, 6.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.Add %shift, %x : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = onnx.Sign %0 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %2 = onnx.Mul %alpha, %1 : (tensor<1xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %3 = onnx.MatMul %2, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %4 = onnx.Add %bias, %3 : (tensor<2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %4 : tensor<?x2xf32>
}

// -----

// Neither shift, nor scale, nor bias; three dimensions.
// CHECK-LABEL: func.func @bare
// CHECK: bnn.binarize %{{[^ ]*}} outs({{.*}} : tensor<2x?x3x!bnn.s1>, tensor<2x?x3x!bnn.u1>)
// CHECK: %[[S:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: bnn.matmul {{.*}} params(%[[S]] : f32) outs({{.*}} : tensor<2x?x2xf32>)
// CHECK: arith.mulf
// CHECK-NOT: onnx
func.func @bare(%x: tensor<2x?x3xf32>) -> tensor<2x?x2xf32> {
  %w = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %1 = onnx.Sign %x : (tensor<2x?x3xf32>) -> tensor<2x?x3xf32>
  %3 = onnx.MatMul %1, %w : (tensor<2x?x3xf32>, tensor<3x2xf32>) -> tensor<2x?x2xf32>
  return %3 : tensor<2x?x2xf32>
}

// -----

// Gemm, whose weight may be the other way round already.
// CHECK-LABEL: func.func @gemm
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}true, false, false], [true, true, false]]> : tensor<2x3xi1>
// CHECK: bnn.matmul %{{.*}}, %[[W]]
// CHECK: %[[V:.*]] = bnn.constant dense<{{\[\[}}true, false, false], [true, true, false]]> : tensor<2x3xi1>
// CHECK: bnn.matmul %{{.*}}, %[[V]]
// CHECK-NOT: onnx
func.func @gemm(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %w = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %wt = onnx.Constant {value = dense<[[0.5, -0.5, -0.5], [0.5, 0.5, -0.5]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %bias = onnx.Constant {value = dense<[5.0, 6.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %1 = onnx.Sign %x : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Gemm %1, %w, %bias {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<4x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %3 = onnx.Gemm %1, %wt, %bias {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<4x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %2, %3 : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// A zero among the weights is +1 in one product and -1 in another, whose sum is
// twice what it should be; and a scale a token, or one that is computed, is a
// factor of the sums.
// Near misses: two magnitudes in an output's row, weights that are computed; and
// an input that is no sign is no product of bits.
// CHECK-LABEL: func.func @near_misses
// CHECK: %[[TURNED:.*]] = bnn.constant dense<{{\[\[}}true, false], [true, true]]>
// CHECK: %[[OTHER:.*]] = bnn.matmul %{{.*}}, %[[TURNED]] zeros({{.*}}) outs({{.*}} : tensor<4x2xi32>)
// CHECK: %[[BITS:.*]] = bnn.constant dense<{{\[\[}}true, false], [true, false]]>
// CHECK: %[[HALF:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: bnn.matmul %{{.*}}, %[[BITS]] zeros({{.*}}) params(%[[OTHER]], %[[HALF]] : tensor<4x2xi32>, f32)
// CHECK: %[[SUM:.*]] = arith.addi
// CHECK: arith.sitofp %[[SUM]]
// CHECK: onnx.MatMul
// CHECK: %[[SUMS:.*]] = bnn.matmul {{.*}} outs({{.*}} : tensor<4x2xf32>) : tensor<4x2x!bnn.s1>
// CHECK: onnx.Mul %[[SUMS]], %{{.*}} : (tensor<4x2xf32>, tensor<4x1xf32>)
// CHECK: onnx.MatMul
// CHECK: bnn.matmul {{.*}} : tensor<4x2xf32>, tensor<2x2x!bnn.s1>
func.func @near_misses(%x: tensor<4x2xf32>, %alphas: tensor<4x1xf32>, %v: tensor<2x2xf32>)
    -> (tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>) {
  %ternary = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %two = onnx.Constant {value = dense<[[0.5, 0.5], [-0.25, 0.5]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %w = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %s = onnx.Sign %x : (tensor<4x2xf32>) -> tensor<4x2xf32>
  %0 = onnx.MatMul %s, %ternary : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %1 = onnx.MatMul %s, %two : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %a = onnx.Mul %s, %alphas : (tensor<4x2xf32>, tensor<4x1xf32>) -> tensor<4x2xf32>
  %2 = onnx.MatMul %a, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %3 = onnx.MatMul %s, %v : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %4 = onnx.MatMul %x, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %0, %1, %2, %3, %4 : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// A zero in one of 33 outputs: those of its block of 16 are added up twice, and
// they alone have half the scale.
// CHECK-LABEL: func.func @few_zeros
// CHECK: bnn.constant dense<{{\[\[}}true, true], [false, false], {{.*}}> : tensor<16x2xi1> -> tensor<16x2x!bnn.s1>
// CHECK: %[[MORE:.*]] = bnn.matmul %[[B:.*]], %{{.*}} outs({{.*}} : tensor<4x16xi32>)
// CHECK: %[[BITS:.*]] = bnn.constant dense<{{\[\[}}true, true], {{.*}}, [true, false]]> : tensor<33x2xi1>
// CHECK: %[[SCALE:.*]] = arith.constant dense<[5.000000e-01, {{.*}}, 2.500000e-01]> : tensor<33xf32>
// CHECK: bnn.matmul %[[B]], %[[BITS]] correction(%[[MORE]] of [2] : tensor<4x16xi32>) params(%[[SCALE]] : tensor<33xf32>)
// CHECK-NOT: arith.addi
func.func @few_zeros(%x: tensor<4x2xf32>) -> tensor<4x33xf32> {
  %w = onnx.Constant {value = dense<[
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0]]> : tensor<2x33xf32>} : () -> tensor<2x33xf32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %plus = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %minus = onnx.Constant {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %above = onnx.GreaterOrEqual %x, %zero : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xi1>
  %s = onnx.Where %above, %plus, %minus : (tensor<4x2xi1>, tensor<f32>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %s, %w : (tensor<4x2xf32>, tensor<2x33xf32>) -> tensor<4x33xf32>
  return %y : tensor<4x33xf32>
}

// -----

// A table of signs; the row that is all 0 has the scale 0.
// CHECK-LABEL: func.func @embedding
// CHECK-SAME: (%[[IDS:.*]]: tensor<?x?xi64>)
// CHECK: %[[T:.*]] = bnn.constant dense<{{\[\[}}false, false], [true, false], [false, true]]> : tensor<3x2xi1> -> tensor<3x2x!bnn.s1>
// CHECK: %[[S:.*]] = arith.constant dense<[0.000000e+00, 5.000000e-01, 2.000000e+00]> : tensor<3xf32>
// CHECK: bnn.embedding %[[IDS]], %[[T]], %[[S]] outs(
// CHECK-NOT: onnx
func.func @embedding(%ids: tensor<?x?xi64>) -> tensor<?x?x2xf32> {
  %t = onnx.Constant {value = dense<[[0.0, 0.0], [0.5, -0.5], [-2.0, 2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %e = onnx.Gather %t, %ids {axis = 0 : i64} : (tensor<3x2xf32>, tensor<?x?xi64>) -> tensor<?x?x2xf32>
  return %e : tensor<?x?x2xf32>
}

// -----

// A row with a zero has half its scale, and the other half comes from a table of
// such rows, in which the bit of the zero is turned; all others find a row of
// scale 0 there.
// CHECK-LABEL: func.func @embedding_with_zero
// CHECK: %[[T:.*]] = bnn.constant dense<{{\[\[}}true, false], [false, true], [true, true]]>
// CHECK: %[[S:.*]] = arith.constant dense<[5.000000e-01, 1.000000e+00, 2.500000e-01]> : tensor<3xf32>
// CHECK: %[[MAIN:.*]] = bnn.embedding %arg0, %[[T]], %[[S]]
// CHECK: %[[PLACES:.*]] = onnx.Constant {{.*}}dense<[1, 0, 1]> : tensor<3xi32>
// CHECK: %[[PLACE:.*]] = onnx.Gather %[[PLACES]], %arg0
// CHECK: %[[U:.*]] = bnn.constant dense<{{\[\[}}true, true], [false, false]]> : tensor<2x2xi1>
// CHECK: %[[R:.*]] = arith.constant dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf32>
// CHECK: %[[REST:.*]] = bnn.embedding %[[PLACE]], %[[U]], %[[R]]
// CHECK: onnx.Add %[[MAIN]], %[[REST]]
func.func @embedding_with_zero(%ids: tensor<4xi64>) -> tensor<4x2xf32> {
  %t = onnx.Constant {value = dense<[[0.5, -0.5], [0.0, 2.0], [0.25, 0.25]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %e = onnx.Gather %t, %ids {axis = 0 : i64} : (tensor<3x2xf32>, tensor<4xi64>) -> tensor<4x2xf32>
  return %e : tensor<4x2xf32>
}

// -----

// A table with two magnitudes in a row, and one of one column, stay.
// CHECK-LABEL: func.func @float_embedding
// CHECK-COUNT-2: onnx.Gather
// CHECK-NOT: bnn.
func.func @float_embedding(%ids: tensor<4xi64>) -> (tensor<4x2xf32>, tensor<4x1xf32>) {
  %t = onnx.Constant {value = dense<[[0.5, 0.25], [0.5, -0.5]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %u = onnx.Constant {value = dense<[[0.5], [0.25]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %e = onnx.Gather %t, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<4xi64>) -> tensor<4x2xf32>
  %f = onnx.Gather %u, %ids {axis = 0 : i64} : (tensor<2x1xf32>, tensor<4xi64>) -> tensor<4x1xf32>
  return %e, %f : tensor<4x2xf32>, tensor<4x1xf32>
}

// -----

// BiT's second feed-forward layer: after a ReLU the bits are 0 and 1, cut at half
// the scale, and have no mask. The ReLU itself is no part of it.
// CHECK-LABEL: func.func @unsigned
// CHECK: %[[R:.*]] = onnx.Relu
// CHECK: %[[B:.*]] = bnn.binarize %[[R]] threshold(2.500000e-01) outs({{.*}} : tensor<?x3x!bnn.u1>)
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}true, false, false], [true, true, false]]>
// CHECK: %[[S:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: bnn.matmul %[[B]], %[[W]] params(%[[S]] : f32) outs({{.*}} : tensor<?x2xf32>) : tensor<?x3x!bnn.u1>, tensor<2x3x!bnn.s1>
// CHECK-NOT: onnx
// CHECK: return
func.func @unsigned(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Relu %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = onnx.Div %0, %alpha : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = onnx.Round %1 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %3 = onnx.Clip %2, %zero, %one : (tensor<?x3xf32>, tensor<f32>, tensor<f32>) -> tensor<?x3xf32>
  %4 = onnx.Mul %3, %alpha : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %5 = onnx.MatMul %4, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %5 : tensor<?x2xf32>
}

// -----

// What is not the usual spelling is taken by its steps: another multiplier after
// the clip than the divisor before it is a scale of the bits, and so is one below
// 0. With an upper bound that is no power of 2 less 1 they are fewer integers.
// CHECK-LABEL: func.func @unsigned_near_misses
// CHECK: %[[B:.*]] = bnn.binarize %{{.*}} threshold(5.000000e-01) outs(
// CHECK: %[[S:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: bnn.matmul %[[B]], %{{.*}} params(%[[S]] : f32)
// CHECK: %[[Q:.*]] = onnx.Mul
// CHECK: bnn.quantize %[[Q]] step({{.*}} -> tensor<4x3x!bnn.u2>
// CHECK: %[[C:.*]] = bnn.binarize %{{.*}} threshold(5.000000e-01) outs(
// CHECK: %[[T:.*]] = arith.constant -1.000000e+00 : f32
// CHECK: bnn.matmul %[[C]], %{{.*}} params(%[[T]] : f32)
func.func @unsigned_near_misses(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>) {
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %beta = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %minus = onnx.Constant {value = dense<-0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Div %x, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Clip %1, %zero, %one : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Mul %2, %beta : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %4 = onnx.MatMul %3, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %5 = onnx.Clip %1, %zero, %two : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %6 = onnx.Mul %5, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %7 = onnx.MatMul %6, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %8 = onnx.Div %x, %minus : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %9 = onnx.Round %8 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %10 = onnx.Clip %9, %zero, %one : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %11 = onnx.Mul %10, %minus : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %12 = onnx.MatMul %11, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %4, %7, %12 : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// Bounds one after the other, a factor in pieces, the reciprocal of the step, and a way through integers
// that hold all of the numbers, or not.
// CHECK-LABEL: @quantisers_in_pieces(
// CHECK: %[[STEP:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: bnn.quantize %{{.*}} step(%[[STEP]]) outs(%{{.*}} : tensor<4x3x!bnn.s4>)
// CHECK: %[[U:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: bnn.quantize %{{.*}} step(%[[U]]) outs(%{{.*}} : tensor<4x3x!bnn.u2>)
// CHECK-NOT: bnn.quantize
// CHECK: return
func.func @quantisers_in_pieces(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>) {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %three = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %four = onnx.Constant {value = dense<4.0> : tensor<f32>} : () -> tensor<f32>
  %half = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %step = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.Mul %x, %four : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = onnx.Round %0 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Max %1, %low : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %3 = onnx.Min %high, %2 : (tensor<f32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %4 = onnx.Mul %3, %half : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %5 = onnx.Mul %4, %half : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %6 = onnx.MatMul %5, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %7 = onnx.Div %x, %step : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %8 = onnx.Clip %7, %zero, %three : (tensor<4x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x3xf32>
  %9 = onnx.Round %8 : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %10 = onnx.Cast %9 : (tensor<4x3xf32>) -> tensor<4x3xui8>
  %11 = onnx.Cast %10 : (tensor<4x3xui8>) -> tensor<4x3xf32>
  %12 = onnx.Mul %11, %step : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %13 = onnx.MatMul %12, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %14 = onnx.Cast %3 : (tensor<4x3xf32>) -> tensor<4x3xui8>
  %15 = onnx.Cast %14 : (tensor<4x3xui8>) -> tensor<4x3xf32>
  %16 = onnx.Mul %15, %step : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %17 = onnx.MatMul %16, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %6, %13, %17 : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// Layer normalisation in one op; without a bias it is 0.
// CHECK-LABEL: func.func @layer_norm
// CHECK-SAME: (%[[X:.*]]: tensor<2x?x4xf32>)
// CHECK: %[[S:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
// CHECK: %[[B:.*]] = arith.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK: bnn.layer_norm %[[X]], %[[S]], %[[B]] outs({{.*}} : tensor<2x?x4xf32>) {epsilon = 9.99999996E-13 : f32}
// CHECK: %[[NONE:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK: bnn.layer_norm %[[X]], %{{.*}}, %[[NONE]] outs({{.*}} : tensor<2x?x4xf32>) {epsilon = 9.99999974E-6 : f32}
// CHECK-NOT: onnx
// CHECK: return
func.func @layer_norm(%x: tensor<2x?x4xf32>) -> (tensor<2x?x4xf32>, tensor<2x?x4xf32>) {
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.LayerNormalization %x, %s, %b {axis = -1 : i64, epsilon = 1.0e-12 : f32, stash_type = 1 : i64} : (tensor<2x?x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x?x4xf32>
  %1 = onnx.LayerNormalization %x, %s, %none {axis = 2 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<2x?x4xf32>, tensor<4xf32>, none) -> tensor<2x?x4xf32>
  return %0, %1 : tensor<2x?x4xf32>, tensor<2x?x4xf32>
}

// -----

// The same in nine ops, with the square as a power.
// CHECK-LABEL: func.func @layer_norm_nine
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
// CHECK: %[[S:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
// CHECK: %[[B:.*]] = arith.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK: %[[Y:.*]] = bnn.layer_norm %[[X]], %[[S]], %[[B]] outs({{.*}} : tensor<?x4xf32>) {epsilon = 9.99999996E-13 : f32}
// CHECK-NOT: onnx
// CHECK: return %[[Y]]
func.func @layer_norm_nine(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %eps = onnx.Constant {value = dense<1.0e-12> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = onnx.ReduceMean %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %1 = onnx.Sub %x, %0 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %2 = onnx.Pow %1, %two : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %3 = onnx.ReduceMean %2 {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %4 = onnx.Add %3, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %5 = onnx.Sqrt %4 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %6 = onnx.Div %1, %5 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %7 = onnx.Mul %6, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %8 = onnx.Add %7, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %8 : tensor<?x4xf32>
}

// -----

// Every commutative op the other way round, the square as a product, the axis
// counted from the start.
// CHECK-LABEL: func.func @layer_norm_commuted
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
// CHECK: %[[Y:.*]] = bnn.layer_norm %[[X]], %{{.*}}, %{{.*}} outs({{.*}} : tensor<?x4xf32>) {epsilon = 9.99999996E-13 : f32}
// CHECK-NOT: onnx
// CHECK: return %[[Y]]
func.func @layer_norm_commuted(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %eps = onnx.Constant {value = dense<1.0e-12> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = onnx.ReduceMean %x {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %1 = onnx.Sub %x, %0 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %2 = onnx.Mul %1, %1 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = onnx.ReduceMean %2 {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %4 = onnx.Add %eps, %3 : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %5 = onnx.Sqrt %4 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %6 = onnx.Div %1, %5 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %7 = onnx.Mul %s, %6 : (tensor<4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %8 = onnx.Add %b, %7 : (tensor<4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %8 : tensor<?x4xf32>
}

// -----

// Near miss: the mean of a column.
// CHECK-LABEL: func.func @layer_norm_other_axis
// CHECK-NOT: bnn.
// CHECK: onnx.Sqrt
// CHECK-NOT: bnn.
func.func @layer_norm_other_axis(%x: tensor<4x4xf32>, %other: tensor<4x4xf32>, %scale: tensor<4xf32>) -> tensor<4x4xf32> {
  %eps = onnx.Constant {value = dense<1.0e-12> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = onnx.ReduceMean %x {axes = array<i64: 0>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<1x4xf32>
  %1 = onnx.Sub %x, %0 : (tensor<4x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
  %2 = onnx.Mul %1, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = onnx.ReduceMean %2 {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %4 = onnx.Add %3, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %5 = onnx.Sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = onnx.Div %1, %5 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %7 = onnx.Mul %6, %s : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %8 = onnx.Add %7, %b : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  return %8 : tensor<4x4xf32>
}

// -----

// Near miss: a scale that is an argument.
// CHECK-LABEL: func.func @layer_norm_computed_scale
// CHECK-NOT: bnn.
// CHECK: onnx.Sqrt
// CHECK-NOT: bnn.
func.func @layer_norm_computed_scale(%x: tensor<4x4xf32>, %other: tensor<4x4xf32>, %scale: tensor<4xf32>) -> tensor<4x4xf32> {
  %eps = onnx.Constant {value = dense<1.0e-12> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = onnx.ReduceMean %x {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %1 = onnx.Sub %x, %0 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %2 = onnx.Mul %1, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = onnx.ReduceMean %2 {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %4 = onnx.Add %3, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %5 = onnx.Sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = onnx.Div %1, %5 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %7 = onnx.Mul %6, %scale : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %8 = onnx.Add %7, %b : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  return %8 : tensor<4x4xf32>
}

// -----

// Near miss: the mean of another tensor.
// CHECK-LABEL: func.func @layer_norm_other_mean
// CHECK-NOT: bnn.
// CHECK: onnx.Sqrt
// CHECK-NOT: bnn.
func.func @layer_norm_other_mean(%x: tensor<4x4xf32>, %other: tensor<4x4xf32>, %scale: tensor<4xf32>) -> tensor<4x4xf32> {
  %eps = onnx.Constant {value = dense<1.0e-12> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = onnx.ReduceMean %other {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %1 = onnx.Sub %x, %0 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %2 = onnx.Mul %1, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = onnx.ReduceMean %2 {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %4 = onnx.Add %3, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %5 = onnx.Sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = onnx.Div %1, %5 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %7 = onnx.Mul %6, %s : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %8 = onnx.Add %7, %b : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  return %8 : tensor<4x4xf32>
}

// -----

// Near miss: another tensor is divided than the one that was squared.
// CHECK-LABEL: func.func @layer_norm_other_numerator
// CHECK-NOT: bnn.
// CHECK: onnx.Sqrt
// CHECK-NOT: bnn.
func.func @layer_norm_other_numerator(%x: tensor<4x4xf32>, %other: tensor<4x4xf32>, %scale: tensor<4xf32>) -> tensor<4x4xf32> {
  %eps = onnx.Constant {value = dense<1.0e-12> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = onnx.ReduceMean %x {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %1 = onnx.Sub %x, %0 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %2 = onnx.Mul %1, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = onnx.ReduceMean %2 {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %4 = onnx.Add %3, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %5 = onnx.Sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = onnx.Div %other, %5 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %7 = onnx.Mul %6, %s : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %8 = onnx.Add %7, %b : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  return %8 : tensor<4x4xf32>
}

// -----

// Near miss: a product of two tensors.
// CHECK-LABEL: func.func @layer_norm_no_square
// CHECK-NOT: bnn.
// CHECK: onnx.Sqrt
// CHECK-NOT: bnn.
func.func @layer_norm_no_square(%x: tensor<4x4xf32>, %other: tensor<4x4xf32>, %scale: tensor<4xf32>) -> tensor<4x4xf32> {
  %eps = onnx.Constant {value = dense<1.0e-12> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = onnx.ReduceMean %x {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %1 = onnx.Sub %x, %0 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %2 = onnx.Mul %1, %other : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = onnx.ReduceMean %2 {axes = array<i64: 1>, keepdims = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x1xf32>
  %4 = onnx.Add %3, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %5 = onnx.Sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = onnx.Div %1, %5 : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %7 = onnx.Mul %6, %s : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %8 = onnx.Add %7, %b : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  return %8 : tensor<4x4xf32>
}

// -----

// Near misses of the one op: a scale that is an argument, and two axes.
// CHECK-LABEL: func.func @layer_norm_near_misses
// CHECK-COUNT-2: onnx.LayerNormalization
// CHECK-NOT: bnn.
func.func @layer_norm_near_misses(%x: tensor<2x3x4xf32>, %scale: tensor<4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
  %s = onnx.Constant {value = dense<1.0> : tensor<3x4xf32>} : () -> tensor<3x4xf32>
  %b = onnx.Constant {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32>
  %c = onnx.Constant {value = dense<0.5> : tensor<3x4xf32>} : () -> tensor<3x4xf32>
  %0 = onnx.LayerNormalization %x, %scale, %b {axis = -1 : i64, epsilon = 1.0e-12 : f32, stash_type = 1 : i64} : (tensor<2x3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = onnx.LayerNormalization %x, %s, %c {axis = 1 : i64, epsilon = 1.0e-12 : f32, stash_type = 1 : i64} : (tensor<2x3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<2x3x4xf32>
  return %0, %1 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
}

// -----

// Binary weights and real inputs: sums and differences; the bias goes with them.
// CHECK-LABEL: func.func @real_inputs
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}true, false, true], [false, false, true]]> : tensor<2x3xi1> -> tensor<2x3x!bnn.s1>
// CHECK-DAG: %[[S:.*]] = arith.constant dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: bnn.matmul %arg0, %[[W]] params(%[[S]], %[[B]] : tensor<2xf32>, tensor<2xf32>) outs(%{{.*}} : tensor<?x2xf32>)
// CHECK: ^bb0(%[[ACC:.*]]: f32, %[[PS:.*]]: f32, %[[PB:.*]]: f32):
// CHECK-NEXT: %[[R:.*]] = math.fma %[[ACC]], %[[PS]], %[[PB]] : f32
// CHECK-NEXT: bnn.yield %[[R]] : f32
// CHECK-NOT: onnx.
func.func @real_inputs(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %w = onnx.Constant {value = dense<[[0.5, -0.25], [-0.5, -0.25], [0.5, 0.25]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %b = onnx.Constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.MatMul %x, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %1 = onnx.Add %0, %b : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// -----

// Near misses of it: one weight an output is always a sign times a magnitude,
// and an input with a scale a channel was meant to be binary.
// CHECK-LABEL: func.func @real_inputs_near_misses
// CHECK-COUNT-2: onnx.MatMul
// CHECK-NOT: bnn.
func.func @real_inputs_near_misses(%x: tensor<4x1xf32>, %y: tensor<4x3xf32>, %t: tensor<3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %v = onnx.Constant {value = dense<[[0.5, -0.25]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %w = onnx.Constant {value = dense<[[0.5, -0.25], [-0.5, -0.25], [0.5, 0.25]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.MatMul %x, %v : (tensor<4x1xf32>, tensor<1x2xf32>) -> tensor<4x2xf32>
  %1 = onnx.Sign %y : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = onnx.Mul %1, %t : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %3 = onnx.MatMul %2, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %0, %3 : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// Binary inputs and real weights, as the Gemm's transposed B.
// CHECK-LABEL: func.func @real_weights
// CHECK: %[[X:.*]] = onnx.Mul
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[\[}}5.000000e-01, 1.000000e+00], [7.500000e-01, 2.000000e+00], [2.500000e-01, 3.000000e+00]]> : tensor<3x2xf32>
// CHECK: bnn.matmul %[[X]], %[[W]] params(%{{.*}} : tensor<2xf32>) outs({{.*}}) : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<4x2xf32>
func.func @real_weights(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %alpha = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[0.5, 0.75, 0.25], [1.0, 2.0, 3.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %b = onnx.Constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.Sign %x : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = onnx.Mul %0, %alpha : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %2 = onnx.Gemm %1, %w, %b {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<4x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}

// -----

// Near misses: weights of two magnitudes, of one sign and of both.
// CHECK-LABEL: func.func @few_magnitudes
// CHECK-COUNT-2: onnx.MatMul
// CHECK-NOT: bnn.
func.func @few_magnitudes(%x: tensor<4x3xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  %v = onnx.Constant {value = dense<[[0.5], [0.25], [0.25]]> : tensor<3x1xf32>} : () -> tensor<3x1xf32>
  %w = onnx.Constant {value = dense<[[0.5], [0.25], [-0.5]]> : tensor<3x1xf32>} : () -> tensor<3x1xf32>
  %0 = onnx.Sign %x : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = onnx.MatMul %0, %v : (tensor<4x3xf32>, tensor<3x1xf32>) -> tensor<4x1xf32>
  %2 = onnx.MatMul %0, %w : (tensor<4x3xf32>, tensor<3x1xf32>) -> tensor<4x1xf32>
  return %1, %2 : tensor<4x1xf32>, tensor<4x1xf32>
}

// -----

// A step of 1 may have been optimised away.
// CHECK-LABEL: func.func @step_of_one
// CHECK: bnn.binarize %arg0 threshold(5.000000e-01)
// CHECK: bnn.matmul
// CHECK-NOT: onnx.
func.func @step_of_one(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[0.5], [-0.5]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %0 = onnx.Round %x : (tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = onnx.Clip %0, %zero, %one : (tensor<4x2xf32>, tensor<f32>, tensor<f32>) -> tensor<4x2xf32>
  %2 = onnx.MatMul %1, %w : (tensor<4x2xf32>, tensor<2x1xf32>) -> tensor<4x1xf32>
  return %2 : tensor<4x1xf32>
}
