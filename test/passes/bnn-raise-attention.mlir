// RUN: bnn-opt %s --bnn-raise --split-input-file | FileCheck %s

// Three signs, the product of their scales as the score's, half the
// probabilities' scale as the cut, and theirs times the value's at the end.
// CHECK-LABEL: func.func @plain
// CHECK-SAME: (%[[Q:.*]]: tensor<1x3x8xf32>, %[[K:.*]]: tensor<1x3x8xf32>, %[[V:.*]]: tensor<1x3x8xf32>)
// CHECK: %[[QB:.*]]:2 = bnn.binarize %[[Q]] outs({{.*}} : tensor<1x3x8x!bnn.s1>, tensor<1x3x8x!bnn.u1>)
// CHECK: %[[KB:.*]]:2 = bnn.binarize %[[K]]
// CHECK: %[[VB:.*]]:2 = bnn.binarize %[[V]]
// CHECK-DAG: %[[SCALE:.*]] = arith.constant 1.500000e+00 : f32
// CHECK-DAG: %[[CUT:.*]] = arith.constant 1.250000e-01 : f32
// CHECK-DAG: %[[PV:.*]] = arith.constant 1.750000e+00 : f32
// CHECK-DAG: %[[P:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: bnn.attention %[[QB]]#0, %[[KB]]#0, %[[VB]]#0 query_zeros(%[[QB]]#1 : tensor<1x3x8x!bnn.u1>) key_zeros(%[[KB]]#1 : tensor<1x3x8x!bnn.u1>) value_zeros(%[[VB]]#1 : tensor<1x3x8x!bnn.u1>) scale(%[[SCALE]]) cutoff(%[[CUT]]) params(%[[PV]], %[[P]] : f32, f32) outs({{.*}}) {divisor = 2.000000e+00 : f32, heads = 2 : i64}
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[RES:.*]]: f32, %[[PVA:.*]]: f32, %[[PA:.*]]: f32):
// CHECK-DAG: %[[F:.*]] = arith.sitofp %[[ACC]] : i32 to f32
// CHECK-DAG: %[[R:.*]] = arith.mulf %[[RES]], %[[PA]] : f32
// CHECK: %[[Y:.*]] = math.fma %[[F]], %[[PVA]], %[[R]] : f32
// CHECK: bnn.yield %[[Y]] : f32
// CHECK-NOT: onnx
func.func @plain(%q: tensor<1x3x8xf32>, %k: tensor<1x3x8xf32>, %v: tensor<1x3x8xf32>) -> tensor<1x3x8xf32> {
  %split = onnx.Constant {value = dense<[1, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %ak = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %k3 = onnx.Mul %k2, %ak : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %kt = onnx.Transpose %k3 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = onnx.Div %s0, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p0 = onnx.Softmax %s2 {axis = -1 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p4 = onnx.Mul %p3, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %d = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<1x3x2x4xf32>, tensor<3xi64>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// BiPFT's layer: two terms of rank 1, the residual of the values, a mask. All
// projections of the layer's input are one op, whose columns are padded to whole vectors.
// CHECK-LABEL: func.func @rank_1
// CHECK-SAME: %[[H:[^:]*]]: tensor<1x3x8xf32>, %[[M:[^:]*]]: tensor<1x1x1x3xf32>)
// CHECK: %[[P:.*]] = bnn.matmul %[[H]], %{{.*}} params(%{{.*}} : tensor<8xf32>) outs({{.*}}) : tensor<1x3x8xf32>, tensor<8x8xf32> -> tensor<1x3x8xf32>
// CHECK: %[[L:.*]] = tensor.extract_slice %[[P]][0, 0, 0] [1, 3, 2] [1, 1, 1]
// CHECK: %[[R:.*]] = tensor.extract_slice %[[P]][0, 0, 2] [1, 3, 2] [1, 1, 1]
// CHECK: %[[V:.*]] = tensor.extract_slice %[[P]][0, 0, 4] [1, 3, 1] [1, 1, 1]
// CHECK: %[[MASK:.*]] = tensor.collapse_shape %[[M]] {{\[\[}}0, 1, 2], [3]] : tensor<1x1x1x3xf32> into tensor<1x3xf32>
// CHECK: bnn.attention {{.*}} low_rank(%[[L]], %[[R]] : tensor<1x3x2xf32>, tensor<1x3x2xf32>) value_residual(%[[V]] : tensor<1x3x1xf32>) mask(%[[MASK]] : tensor<1x3xf32>)
// CHECK-NOT: onnx
func.func @rank_1(%q: tensor<1x3x8xf32>, %k: tensor<1x3x8xf32>, %v: tensor<1x3x8xf32>, %h: tensor<1x3x8xf32>, %m: tensor<1x1x1x3xf32>) -> tensor<1x3x8xf32> {
  %split = onnx.Constant {value = dense<[1, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %ak = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %k3 = onnx.Mul %k2, %ak : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %kt = onnx.Transpose %k3 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %axis = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %wl0 = onnx.Constant {value = dense<1.0> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  %bl0 = onnx.Constant {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %ml0 = onnx.MatMul %h, %wl0 : (tensor<1x3x8xf32>, tensor<8x1xf32>) -> tensor<1x3x1xf32>
  %pl0 = onnx.Add %ml0, %bl0 : (tensor<1x3x1xf32>, tensor<1xf32>) -> tensor<1x3x1xf32>
  %wr0 = onnx.Constant {value = dense<1.5> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  %br0 = onnx.Constant {value = dense<1.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %mr0 = onnx.MatMul %h, %wr0 : (tensor<1x3x8xf32>, tensor<8x1xf32>) -> tensor<1x3x1xf32>
  %pr0 = onnx.Add %mr0, %br0 : (tensor<1x3x1xf32>, tensor<1xf32>) -> tensor<1x3x1xf32>
  %t0 = onnx.Transpose %pr0 {perm = array<i64: 0, 2, 1>} : (tensor<1x3x1xf32>) -> tensor<1x1x3xf32>
  %u0 = onnx.MatMul %pl0, %t0 : (tensor<1x3x1xf32>, tensor<1x1x3xf32>) -> tensor<1x3x3xf32>
  %x0 = onnx.Unsqueeze %u0, %axis : (tensor<1x3x3xf32>, tensor<1xi64>) -> tensor<1x1x3x3xf32>
  %wl1 = onnx.Constant {value = dense<2.0> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  %bl1 = onnx.Constant {value = dense<2.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %ml1 = onnx.MatMul %h, %wl1 : (tensor<1x3x8xf32>, tensor<8x1xf32>) -> tensor<1x3x1xf32>
  %pl1 = onnx.Add %ml1, %bl1 : (tensor<1x3x1xf32>, tensor<1xf32>) -> tensor<1x3x1xf32>
  %wr1 = onnx.Constant {value = dense<2.5> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  %br1 = onnx.Constant {value = dense<2.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %mr1 = onnx.MatMul %h, %wr1 : (tensor<1x3x8xf32>, tensor<8x1xf32>) -> tensor<1x3x1xf32>
  %pr1 = onnx.Add %mr1, %br1 : (tensor<1x3x1xf32>, tensor<1xf32>) -> tensor<1x3x1xf32>
  %t1 = onnx.Transpose %pr1 {perm = array<i64: 0, 2, 1>} : (tensor<1x3x1xf32>) -> tensor<1x1x3xf32>
  %u1 = onnx.MatMul %pl1, %t1 : (tensor<1x3x1xf32>, tensor<1x1x3xf32>) -> tensor<1x3x3xf32>
  %x1 = onnx.Unsqueeze %u1, %axis : (tensor<1x3x3xf32>, tensor<1xi64>) -> tensor<1x1x3x3xf32>
  %y0 = onnx.Add %x0, %x1 : (tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  %s1 = onnx.Add %s0, %y0 : (tensor<1x2x3x3xf32>, tensor<1x1x3x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = onnx.Div %s1, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %s3 = onnx.Add %s2, %m : (tensor<1x2x3x3xf32>, tensor<1x1x1x3xf32>) -> tensor<1x2x3x3xf32>
  %p0 = onnx.Softmax %s3 {axis = -1 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p4 = onnx.Mul %p3, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %last = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %wv = onnx.Constant {value = dense<9.0> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  %bv = onnx.Constant {value = dense<9.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %mv = onnx.MatMul %h, %wv : (tensor<1x3x8xf32>, tensor<8x1xf32>) -> tensor<1x3x1xf32>
  %pv = onnx.Add %mv, %bv : (tensor<1x3x1xf32>, tensor<1xf32>) -> tensor<1x3x1xf32>
  %e0 = onnx.Unsqueeze %pv, %last : (tensor<1x3x1xf32>, tensor<1xi64>) -> tensor<1x3x1x1xf32>
  %e1 = onnx.Transpose %e0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x1x1xf32>) -> tensor<1x1x3x1xf32>
  %e2 = onnx.MatMul %p4, %e1 : (tensor<1x2x3x3xf32>, tensor<1x1x3x1xf32>) -> tensor<1x2x3x1xf32>
  %c1 = onnx.Add %c0, %e2 : (tensor<1x2x3x4xf32>, tensor<1x2x3x1xf32>) -> tensor<1x2x3x4xf32>
  %d = onnx.Transpose %c1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<1x3x2x4xf32>, tensor<3xi64>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// CHECK-LABEL: func.func @rank_2
// CHECK: bnn.matmul
// CHECK: bnn.attention {{.*}} low_rank(%{{.*}}, %{{.*}} : tensor<1x3x2xf32>, tensor<1x3x2xf32>) scale
// CHECK-NOT: onnx
func.func @rank_2(%q: tensor<1x3x8xf32>, %k: tensor<1x3x8xf32>, %v: tensor<1x3x8xf32>, %h: tensor<1x3x8xf32>) -> tensor<1x3x8xf32> {
  %split = onnx.Constant {value = dense<[1, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %ak = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %k3 = onnx.Mul %k2, %ak : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %kt = onnx.Transpose %k3 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %axis = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %wl0 = onnx.Constant {value = dense<1.0> : tensor<8x2xf32>} : () -> tensor<8x2xf32>
  %bl0 = onnx.Constant {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %ml0 = onnx.MatMul %h, %wl0 : (tensor<1x3x8xf32>, tensor<8x2xf32>) -> tensor<1x3x2xf32>
  %pl0 = onnx.Add %ml0, %bl0 : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %wr0 = onnx.Constant {value = dense<1.5> : tensor<8x2xf32>} : () -> tensor<8x2xf32>
  %br0 = onnx.Constant {value = dense<1.5> : tensor<2xf32>} : () -> tensor<2xf32>
  %mr0 = onnx.MatMul %h, %wr0 : (tensor<1x3x8xf32>, tensor<8x2xf32>) -> tensor<1x3x2xf32>
  %pr0 = onnx.Add %mr0, %br0 : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %t0 = onnx.Transpose %pr0 {perm = array<i64: 0, 2, 1>} : (tensor<1x3x2xf32>) -> tensor<1x2x3xf32>
  %u0 = onnx.MatMul %pl0, %t0 : (tensor<1x3x2xf32>, tensor<1x2x3xf32>) -> tensor<1x3x3xf32>
  %x0 = onnx.Unsqueeze %u0, %axis : (tensor<1x3x3xf32>, tensor<1xi64>) -> tensor<1x1x3x3xf32>
  %s1 = onnx.Add %s0, %x0 : (tensor<1x2x3x3xf32>, tensor<1x1x3x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = onnx.Div %s1, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p0 = onnx.Softmax %s2 {axis = -1 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p4 = onnx.Mul %p3, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %d = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<1x3x2x4xf32>, tensor<3xi64>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// Another multiplier after the clip than the divisor before it is a scale of the bits.
// CHECK-LABEL: func.func @other_multiplier
// CHECK: %[[CUTOFF:.*]] = arith.constant 1.250000e-01 : f32
// CHECK: bnn.attention {{.*}} cutoff(%[[CUTOFF]])
// CHECK-NOT: onnx
func.func @other_multiplier(%q: tensor<1x3x8xf32>, %k: tensor<1x3x8xf32>, %v: tensor<1x3x8xf32>) -> tensor<1x3x8xf32> {
  %split = onnx.Constant {value = dense<[1, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %other = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %ak = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %k3 = onnx.Mul %k2, %ak : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %kt = onnx.Transpose %k3 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = onnx.Div %s0, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p0 = onnx.Softmax %s2 {axis = -1 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p4 = onnx.Mul %p3, %other : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %d = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<1x3x2x4xf32>, tensor<3xi64>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// Scores that have a dimension for the windows of an image while a mask is
// added: two images have the same one.
// CHECK-LABEL: func.func @windows
// CHECK-SAME: %[[F:[^:]*]]: tensor<1x2x1x3x3xf32>)
// CHECK: %[[MASK:.*]] = tensor.collapse_shape %[[F]] {{\[}}[0, 1], [2], [3], [4]] : tensor<1x2x1x3x3xf32> into tensor<2x1x3x3xf32>
// CHECK: bnn.attention {{.*}} mask(%[[MASK]] : tensor<2x1x3x3xf32>) {{.*}}early_masks = 1 : i64
// CHECK-NOT: onnx
func.func @windows(%q: tensor<4x3x8xf32>, %k: tensor<4x3x8xf32>, %v: tensor<4x3x8xf32>, %f: tensor<1x2x1x3x3xf32>) -> tensor<4x3x8xf32> {
  %split = onnx.Constant {value = dense<[4, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[4, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<4x3x8xf32>, tensor<4xi64>) -> tensor<4x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<4x3x2x4xf32>) -> tensor<4x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<4x2x3x4xf32>) -> tensor<4x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<4x2x3x4xf32>, tensor<f32>) -> tensor<4x2x3x4xf32>
  %ak = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<4x3x8xf32>, tensor<4xi64>) -> tensor<4x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<4x3x2x4xf32>) -> tensor<4x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<4x2x3x4xf32>) -> tensor<4x2x3x4xf32>
  %k3 = onnx.Mul %k2, %ak : (tensor<4x2x3x4xf32>, tensor<f32>) -> tensor<4x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<4x3x8xf32>, tensor<4xi64>) -> tensor<4x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<4x3x2x4xf32>) -> tensor<4x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<4x2x3x4xf32>) -> tensor<4x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<4x2x3x4xf32>, tensor<f32>) -> tensor<4x2x3x4xf32>
  %kt = onnx.Transpose %k3 {perm = array<i64: 0, 1, 3, 2>} : (tensor<4x2x3x4xf32>) -> tensor<4x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<4x2x3x4xf32>, tensor<4x2x4x3xf32>) -> tensor<4x2x3x3xf32>
  %spread = onnx.Constant {value = dense<[2, 2, 2, 3, 3]> : tensor<5xi64>} : () -> tensor<5xi64>
  %again = onnx.Constant {value = dense<[4, 2, 3, 3]> : tensor<4xi64>} : () -> tensor<4xi64>
  %w0 = onnx.Reshape %s0, %spread {allowzero = 0 : i64} : (tensor<4x2x3x3xf32>, tensor<5xi64>) -> tensor<2x2x2x3x3xf32>
  %w1 = onnx.Add %w0, %f : (tensor<2x2x2x3x3xf32>, tensor<1x2x1x3x3xf32>) -> tensor<2x2x2x3x3xf32>
  %s1 = onnx.Reshape %w1, %again {allowzero = 0 : i64} : (tensor<2x2x2x3x3xf32>, tensor<4xi64>) -> tensor<4x2x3x3xf32>
  %s2 = onnx.Div %s1, %two : (tensor<4x2x3x3xf32>, tensor<f32>) -> tensor<4x2x3x3xf32>
  %p0 = onnx.Softmax %s2 {axis = -1 : i64} : (tensor<4x2x3x3xf32>) -> tensor<4x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<4x2x3x3xf32>, tensor<f32>) -> tensor<4x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<4x2x3x3xf32>) -> tensor<4x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<4x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<4x2x3x3xf32>
  %p4 = onnx.Mul %p3, %alpha : (tensor<4x2x3x3xf32>, tensor<f32>) -> tensor<4x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<4x2x3x3xf32>, tensor<4x2x3x4xf32>) -> tensor<4x2x3x4xf32>
  %d = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<4x2x3x4xf32>) -> tensor<4x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<4x3x2x4xf32>, tensor<3xi64>) -> tensor<4x3x8xf32>
  return %y : tensor<4x3x8xf32>
}

// -----

// A bias in the scores that is no product of two projections is a mask, which
// applies before the division.
// CHECK-LABEL: func.func @full_rank
// CHECK-SAME: %[[F:[^:]*]]: tensor<1x2x3x3xf32>)
// CHECK: bnn.attention {{.*}} mask(%[[F]] : tensor<1x2x3x3xf32>) {{.*}}early_masks = 1 : i64
// CHECK-NOT: onnx
func.func @full_rank(%q: tensor<1x3x8xf32>, %k: tensor<1x3x8xf32>, %v: tensor<1x3x8xf32>, %f: tensor<1x2x3x3xf32>) -> tensor<1x3x8xf32> {
  %split = onnx.Constant {value = dense<[1, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %ak = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %k3 = onnx.Mul %k2, %ak : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %kt = onnx.Transpose %k3 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %s1 = onnx.Add %s0, %f : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = onnx.Div %s1, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p0 = onnx.Softmax %s2 {axis = -1 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p4 = onnx.Mul %p3, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %d = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<1x3x2x4xf32>, tensor<3xi64>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// A sign times a number of 16 bits is rounded to itself.
// CHECK-LABEL: func.func @scale_of_16_bits
// CHECK: bnn.attention
// CHECK-NOT: onnx
func.func @scale_of_16_bits(%q: tensor<1x3x8xf32>, %k: tensor<1x3x8xf32>, %v: tensor<1x3x8xf32>) -> tensor<1x3x8xf32> {
  %split = onnx.Constant {value = dense<[1, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %ak = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %k3 = onnx.Transpose %k2 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %k4 = onnx.Mul %k3, %ak : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %kt = onnx.RoundToHalf %k4 {format = f16} : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = onnx.Div %s0, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p0 = onnx.Softmax %s2 {axis = -1 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p4 = onnx.Mul %p3, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %d = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<1x3x2x4xf32>, tensor<3xi64>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// And this one is not.
// CHECK-LABEL: func.func @scale_of_32_bits
// CHECK-NOT: bnn.attention
// CHECK: return
func.func @scale_of_32_bits(%q: tensor<1x3x8xf32>, %k: tensor<1x3x8xf32>, %v: tensor<1x3x8xf32>) -> tensor<1x3x8xf32> {
  %split = onnx.Constant {value = dense<[1, 3, 2, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %whole = onnx.Constant {value = dense<[1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %alpha = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %aq = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %q0 = onnx.Reshape %q, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %q1 = onnx.Transpose %q0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %q2 = onnx.Sign %q1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %q3 = onnx.Mul %q2, %aq : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %ak = onnx.Constant {value = dense<0.1> : tensor<f32>} : () -> tensor<f32>
  %k0 = onnx.Reshape %k, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %k1 = onnx.Transpose %k0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k2 = onnx.Sign %k1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %av = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %v0 = onnx.Reshape %v, %split {allowzero = 0 : i64} : (tensor<1x3x8xf32>, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  %v1 = onnx.Transpose %v0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v2 = onnx.Sign %v1 : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v3 = onnx.Mul %v2, %av : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xf32>
  %k3 = onnx.Transpose %k2 {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %k4 = onnx.Mul %k3, %ak : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %kt = onnx.RoundToHalf %k4 {format = f16} : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %s0 = onnx.MatMul %q3, %kt : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %s2 = onnx.Div %s0, %two : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p0 = onnx.Softmax %s2 {axis = -1 : i64} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p1 = onnx.Div %p0, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p2 = onnx.Round %p1 : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %p3 = onnx.Clip %p2, %zero, %one : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %p4 = onnx.Mul %p3, %alpha : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  %c0 = onnx.MatMul %p4, %v3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %d = onnx.Transpose %c0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.Reshape %d, %whole {allowzero = 0 : i64} : (tensor<1x3x2x4xf32>, tensor<3xi64>) -> tensor<1x3x8xf32>
  return %y : tensor<1x3x8xf32>
}

// -----

// Transposes of conditions come after what is made of them.
// CHECK-LABEL: func.func @transposed_condition
// CHECK: %[[NOT:.*]] = onnx.Not %{{.*}} : (tensor<2x3xi1>) -> tensor<2x3xi1>
// CHECK: %[[SIGN:.*]] = onnx.Where %[[NOT]], %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<f32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK: onnx.Transpose %[[SIGN]] {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK: %[[CAST:.*]] = onnx.Cast %{{.*}} : (tensor<2x3xi1>) -> tensor<2x3xf32>
// CHECK: onnx.Transpose %[[CAST]]
// CHECK: onnx.Where %{{.*}}, %{{.*}}, %{{.*}} : (tensor<3x2xi1>, tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
func.func @transposed_condition(%x: tensor<2x3xf32>, %v: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) {
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %minus = onnx.Constant {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %less = onnx.Less %x, %zero : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
  %turned = onnx.Transpose %less {perm = array<i64: 1, 0>} : (tensor<2x3xi1>) -> tensor<3x2xi1>
  %not = onnx.Not %turned : (tensor<3x2xi1>) -> tensor<3x2xi1>
  %0 = onnx.Where %not, %one, %minus : (tensor<3x2xi1>, tensor<f32>, tensor<f32>) -> tensor<3x2xf32>
  %1 = onnx.Cast %turned : (tensor<3x2xi1>) -> tensor<3x2xf32>
  // Not behind a choice of other tensors.
  %2 = onnx.Where %turned, %v, %zero : (tensor<3x2xi1>, tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %0, %1, %2 : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>
}
