// Products of integers of 8 bits, as quantisers spell them.
// RUN: bnn-opt %s --canonicalize --bnn-raise --split-input-file | FileCheck %s
// RUN: bnn-opt %s --pass-pipeline="builtin.module(canonicalize,func.func(bnn-raise{remarks}))" --split-input-file --verify-diagnostics

// Unsigned by signed, one scale: the zero point takes 3 * (the sum of an output's
// weights) from its sum, and the two scales are multiplied before the sum is.
// CHECK-LABEL: func.func @per_tensor
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>)
// CHECK: %[[STEP:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: %[[ZERO:.*]] = arith.constant 3 : i32
// CHECK: %[[Q:.*]] = bnn.quantize %[[X]] step(%[[STEP]]) zero_point(%[[ZERO]]) outs({{.*}} : tensor<?x3x!bnn.u8>)
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}1, -3, 5], [2, 4, -128]]> : tensor<2x3xi8> -> tensor<2x3x!bnn.s8>
// CHECK: %[[SHARE:.*]] = arith.constant dense<[9, -366]> : tensor<2xi32>
// CHECK: %[[SCALE:.*]] = arith.constant 1.250000e-01 : f32
// CHECK: bnn.matmul %[[Q]], %[[W]] params(%[[SHARE]], %[[SCALE]] : tensor<2xi32>, f32) outs({{.*}} : tensor<?x2xf32>) : tensor<?x3x!bnn.u8>, tensor<2x3x!bnn.s8>
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[S:.*]]: i32, %[[F:.*]]: f32):
// CHECK-NEXT: %[[SUM:.*]] = arith.subi %[[ACC]], %[[S]]
// CHECK-NEXT: %[[FLOAT:.*]] = arith.sitofp %[[SUM]]
// CHECK-NEXT: arith.mulf %[[FLOAT]], %[[F]]
// CHECK-NEXT: bnn.yield
// CHECK-NOT: onnx
// CHECK: return
func.func @per_tensor(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -128]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %wz = onnx.Constant {value = dense<0> : tensor<i8>} : () -> tensor<i8>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<?x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x3xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<?x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x3xf32>
  %2 = onnx.DequantizeLinear %w, %ws, %wz {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, tensor<i8>) -> tensor<3x2xf32>
  %3 = onnx.MatMul %1, %2 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

// -----

// Signed by signed, a scale for each output, as lists; no zero points.
// CHECK-LABEL: func.func @per_channel
// CHECK: bnn.quantize %{{[^ ]*}} step(%{{[^ ]*}}) outs({{.*}} : tensor<2x4x3x!bnn.s8>)
// CHECK: bnn.constant dense<{{\[\[}}1, -3, 5], [2, 4, -6]]>
// CHECK: %[[SCALES:.*]] = arith.constant dense<[1.250000e-01, 1.000000e+00]> : tensor<2xf32>
// CHECK: bnn.matmul {{.*}} params(%[[SCALES]] : tensor<2xf32>) outs({{.*}} : tensor<2x4x2xf32>) : tensor<2x4x3x!bnn.s8>, tensor<2x3x!bnn.s8>
// CHECK-NOT: arith.subi
// CHECK-NOT: onnx
// CHECK: return
func.func @per_channel(%x: tensor<2x4x3xf32>) -> tensor<2x4x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %z = onnx.Constant {value = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %ws = onnx.Constant {value = dense<[0.25, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x4x3xf32>, tensor<1xf32>, tensor<1xi8>) -> tensor<2x4x3xi8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<2x4x3xi8>, tensor<1xf32>, tensor<1xi8>) -> tensor<2x4x3xf32>
  %2 = onnx.DequantizeLinear %w, %ws, %none {axis = -1 : i64} : (tensor<3x2xi8>, tensor<2xf32>, none) -> tensor<3x2xf32>
  %3 = onnx.MatMul %1, %2 : (tensor<2x4x3xf32>, tensor<3x2xf32>) -> tensor<2x4x2xf32>
  return %3 : tensor<2x4x2xf32>
}

// -----

// Unsigned weights less their zero point: signed bytes, if that is 128, or if
// the output has no byte out of reach.
// CHECK-LABEL: func.func @unsigned_weights
// CHECK: bnn.constant dense<{{\[\[}}-128, 1, 0], [127, -1, -127]]> : tensor<2x3xi8> -> tensor<2x3x!bnn.s8>
// CHECK: arith.constant dense<[-381, -3]> : tensor<2xi32>
// CHECK: bnn.matmul {{.*}} outs({{.*}} : tensor<?x2xf32>)
// CHECK: bnn.constant dense<{{\[\[}}-2, 127, 126], [23, 125, -1]]> : tensor<2x3xi8> -> tensor<2x3x!bnn.s8>
// CHECK: arith.constant dense<[753, 441]> : tensor<2xi32>
// CHECK: bnn.matmul {{.*}} outs({{.*}} : tensor<?x2xf32>)
// CHECK-NOT: onnx
// CHECK: return
func.func @unsigned_weights(%x: tensor<?x3xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %w = onnx.Constant {value = dense<[[0, 255], [129, 127], [128, 1]]> : tensor<3x2xui8>} : () -> tensor<3x2xui8>
  %v = onnx.Constant {value = dense<[[0, 25], [129, 127], [128, 1]]> : tensor<3x2xui8>} : () -> tensor<3x2xui8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %middle = onnx.Constant {value = dense<128> : tensor<ui8>} : () -> tensor<ui8>
  %low = onnx.Constant {value = dense<2> : tensor<ui8>} : () -> tensor<ui8>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<?x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x3xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<?x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x3xf32>
  %2 = onnx.DequantizeLinear %w, %ws, %middle {axis = 1 : i64} : (tensor<3x2xui8>, tensor<f32>, tensor<ui8>) -> tensor<3x2xf32>
  %3 = onnx.MatMul %1, %2 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %4 = onnx.DequantizeLinear %v, %ws, %low {axis = 1 : i64} : (tensor<3x2xui8>, tensor<f32>, tensor<ui8>) -> tensor<3x2xf32>
  %5 = onnx.MatMul %1, %4 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %3, %5 : tensor<?x2xf32>, tensor<?x2xf32>
}

// -----

// With another zero point, output 0 stays (byte - 128) and has an offset, 128 -
// 5, times the sum of the row, which a product by ones has. Output 1 needs none.
// CHECK-LABEL: func.func @offset
// CHECK: %[[Q:.*]] = bnn.quantize
// CHECK: bnn.constant dense<{{\[\[}}-128, 127, 0], [0, 1, 2]]>
// CHECK: arith.constant dense<[-3, 9]> : tensor<2xi32>
// CHECK: %[[SUMS:.*]] = bnn.matmul %[[Q]], {{.*}} outs({{.*}} : tensor<?x2xi32>)
// CHECK: %[[ONES:.*]] = bnn.constant dense<1> : tensor<1x3xi8> -> tensor<1x3x!bnn.s8>
// CHECK: arith.constant dense<9> : tensor<1xi32>
// CHECK: %[[ROW:.*]] = bnn.matmul %[[Q]], %[[ONES]] {{.*}} outs({{.*}} : tensor<?x1xi32>)
// CHECK: %[[OFFSETS:.*]] = onnx.Constant {value = dense<[123, 0]> : tensor<2xi32>}
// CHECK: %[[SHARE:.*]] = onnx.Mul %[[ROW]], %[[OFFSETS]]
// CHECK: %[[SUM:.*]] = onnx.Add %[[SUMS]], %[[SHARE]] {{.*}} -> tensor<?x2xi32>
// CHECK: %[[FLOAT:.*]] = onnx.Cast %[[SUM]]
// CHECK: %[[SCALES:.*]] = onnx.Constant {value = dense<[1.250000e-01, 2.500000e-01]> : tensor<2xf32>}
// CHECK: onnx.Mul %[[FLOAT]], %[[SCALES]]
func.func @offset(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %w = onnx.Constant {value = dense<[[0, 5], [255, 6], [128, 7]]> : tensor<3x2xui8>} : () -> tensor<3x2xui8>
  %ws = onnx.Constant {value = dense<[0.25, 0.5]> : tensor<2xf32>} : () -> tensor<2xf32>
  %wz = onnx.Constant {value = dense<5> : tensor<2xui8>} : () -> tensor<2xui8>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<?x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x3xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<?x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x3xf32>
  %2 = onnx.DequantizeLinear %w, %ws, %wz {axis = 1 : i64} : (tensor<3x2xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<3x2xf32>
  %3 = onnx.MatMul %1, %2 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

// -----

// torch: weights are [outputs, inputs] with scales along axis 0, transposed
// after DequantizeLinear. The bytes stay as they are.
// CHECK-LABEL: func.func @transposed
// CHECK: bnn.constant dense<{{\[\[}}1, -3, 5], [2, 4, -6]]>
// CHECK: %[[SHARE:.*]] = arith.constant dense<[192, 0]> : tensor<2xi32>
// CHECK: %[[SCALES:.*]] = arith.constant dense<[1.250000e-01, 1.000000e+00]> : tensor<2xf32>
// CHECK: bnn.matmul {{.*}} params(%[[SHARE]], %[[SCALES]] : tensor<2xi32>, tensor<2xf32>)
// CHECK-NOT: onnx
// CHECK: return
func.func @transposed(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %z = onnx.Constant {value = dense<64> : tensor<1xui8>} : () -> tensor<1xui8>
  %w = onnx.Constant {value = dense<[[1, -3, 5], [2, 4, -6]]> : tensor<2x3xi8>} : () -> tensor<2x3xi8>
  %ws = onnx.Constant {value = dense<[0.25, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %wz = onnx.Constant {value = dense<0> : tensor<2xi8>} : () -> tensor<2xi8>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<?x3xf32>, tensor<1xf32>, tensor<1xui8>) -> tensor<?x3xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<?x3xui8>, tensor<1xf32>, tensor<1xui8>) -> tensor<?x3xf32>
  %2 = onnx.DequantizeLinear %w, %ws, %wz {axis = 0 : i64} : (tensor<2x3xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x3xf32>
  %3 = onnx.Transpose %2 {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %4 = onnx.MatMul %1, %3 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %4 : tensor<?x2xf32>
}

// -----

// Gemm: alpha and beta are multiplied afterwards, each result rounded.
// CHECK-LABEL: func.func @gemm
// CHECK-SAME: (%{{.*}}: tensor<4x3xf32>, %[[C:.*]]: tensor<2xf32>)
// CHECK: bnn.constant dense<{{\[\[}}1, -3, 5], [2, 4, -6]]>
// CHECK: arith.constant 1.250000e-01 : f32
// CHECK: %[[PRODUCT:.*]] = bnn.matmul
// CHECK: %[[ALPHA:.*]] = onnx.Constant {value = dense<1.500000e+00> : tensor<f32>}
// CHECK: %[[A:.*]] = onnx.Mul %[[PRODUCT]], %[[ALPHA]]
// CHECK: %[[BETA:.*]] = onnx.Constant {value = dense<2.000000e+00> : tensor<f32>}
// CHECK: %[[B:.*]] = onnx.Mul %[[C]], %[[BETA]]
// CHECK: onnx.Add %[[A]], %[[B]]
func.func @gemm(%x: tensor<4x3xf32>, %c: tensor<2xf32>) -> tensor<4x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %w = onnx.Constant {value = dense<[[1, -3, 5], [2, 4, -6]]> : tensor<2x3xi8>} : () -> tensor<2x3xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<4x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<4x3xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<4x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<4x3xf32>
  %2 = onnx.DequantizeLinear %w, %ws, %none {axis = 1 : i64} : (tensor<2x3xi8>, tensor<f32>, none) -> tensor<2x3xf32>
  %3 = onnx.Gemm %1, %2, %c {alpha = 1.5 : f32, beta = 2.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<4x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %3 : tensor<4x2xf32>
}

// -----

// What moves elements between DequantizeLinear and the product is done before
// they are quantised.
// CHECK-LABEL: func.func @moved
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xf32>)
// CHECK: %[[T:.*]] = onnx.Transpose %[[X]] {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
// CHECK: %[[R:.*]] = onnx.Reshape %[[T]], {{.*}} -> tensor<8x3xf32>
// CHECK: %[[Q:.*]] = bnn.quantize %[[R]] {{.*}} : tensor<8x3xf32> -> tensor<8x3x!bnn.u8>
// CHECK: bnn.matmul %[[Q]]
// CHECK-NOT: onnx
// CHECK: return
func.func @moved(%x: tensor<2x3x4xf32>) -> tensor<8x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %shape = onnx.Constant {value = dense<[8, 3]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3x4xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<2x3x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3x4xf32>
  %2 = onnx.Transpose %1 {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %3 = onnx.Reshape %2, %shape {allowzero = 0 : i64} : (tensor<2x4x3xf32>, tensor<2xi64>) -> tensor<8x3xf32>
  %4 = onnx.DequantizeLinear %w, %ws, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %5 = onnx.MatMul %3, %4 : (tensor<8x3xf32>, tensor<3x2xf32>) -> tensor<8x2xf32>
  return %5 : tensor<8x2xf32>
}

// -----

// Bytes that no QuantizeLinear makes here, or one with another scale: the
// numbers that DequantizeLinear makes of them are quantised anew, exactly.
// CHECK-LABEL: func.func @bytes_from_elsewhere
// CHECK-SAME: (%[[B:.*]]: tensor<4x3xi8>, %[[X:.*]]: tensor<4x3xf32>)
// CHECK: %[[D:.*]] = onnx.DequantizeLinear %[[B]]
// CHECK: %[[STEP:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: %[[ZERO:.*]] = arith.constant -4 : i32
// CHECK: %[[Q:.*]] = bnn.quantize %[[D]] step(%[[STEP]]) zero_point(%[[ZERO]]) outs({{.*}} : tensor<4x3x!bnn.s8>)
// CHECK: bnn.matmul %[[Q]]
// CHECK: %[[BYTES:.*]] = onnx.QuantizeLinear %[[X]]
// CHECK: %[[E:.*]] = onnx.DequantizeLinear %[[BYTES]]
// CHECK: %[[R:.*]] = bnn.quantize %[[E]]
// CHECK: bnn.matmul %[[R]]
func.func @bytes_from_elsewhere(%b: tensor<4x3xi8>, %x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %t = onnx.Constant {value = dense<0.75> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<-4> : tensor<i8>} : () -> tensor<i8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.DequantizeLinear %b, %s, %z {axis = 1 : i64} : (tensor<4x3xi8>, tensor<f32>, tensor<i8>) -> tensor<4x3xf32>
  %1 = onnx.DequantizeLinear %w, %ws, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %2 = onnx.MatMul %0, %1 : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %3 = onnx.QuantizeLinear %x, %t, %z {axis = 1 : i64} : (tensor<4x3xf32>, tensor<f32>, tensor<i8>) -> tensor<4x3xi8>
  %4 = onnx.DequantizeLinear %3, %s, %z {axis = 1 : i64} : (tensor<4x3xi8>, tensor<f32>, tensor<i8>) -> tensor<4x3xf32>
  %5 = onnx.MatMul %4, %1 : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return %2, %5 : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// MatMulInteger of what DynamicQuantizeLinear made: scale and zero point are
// computed, the zero point times the sum of the weights is.
// CHECK-LABEL: func.func @dynamic
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>, %[[S:.*]]: tensor<f32>, %[[Z:.*]]: tensor<ui8>)
// CHECK: %[[POINT:.*]] = onnx.Cast %[[Z]] : (tensor<ui8>) -> tensor<i32>
// CHECK: %[[STEP:.*]] = tensor.extract %[[S]][]
// CHECK: %[[WIDE:.*]] = onnx.Cast %[[Z]] : (tensor<ui8>) -> tensor<i32>
// CHECK: %[[ZERO:.*]] = tensor.extract %[[WIDE]][]
// CHECK: %[[Q:.*]] = bnn.quantize %[[X]] step(%[[STEP]]) zero_point(%[[ZERO]])
// CHECK: %[[SUMS:.*]] = arith.constant dense<[3, 0]> : tensor<2xi32>
// CHECK: %[[P:.*]] = tensor.extract %[[POINT]][]
// CHECK: bnn.matmul %[[Q]], {{.*}} params(%[[SUMS]], %[[P]] : tensor<2xi32>, i32) outs({{.*}} : tensor<?x2xi32>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: i32, %[[W:.*]]: i32, %[[A:.*]]: i32):
// CHECK-NEXT: %[[SHARE:.*]] = arith.muli %[[W]], %[[A]]
// CHECK-NEXT: arith.subi %[[ACC]], %[[SHARE]]
// CHECK-NOT: onnx
// CHECK: return
func.func @dynamic(%x: tensor<?x3xf32>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<?x2xi32> {
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<?x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x3xui8>
  %1 = onnx.Cast %0 : (tensor<?x3xui8>) -> tensor<?x3xi32>
  %2 = onnx.Cast %z : (tensor<ui8>) -> tensor<i32>
  %3 = onnx.Sub %1, %2 : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
  %4 = onnx.Cast %w : (tensor<3x2xi8>) -> tensor<3x2xi32>
  %5 = onnx.MatMul %3, %4 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  return %5 : tensor<?x2xi32>
}

// -----

// Bytes from the graph's input with a constant zero point, by weights that have
// a zero point for each output: an offset for both products.
// CHECK-LABEL: func.func @integers
// CHECK-SAME: (%[[B:.*]]: tensor<?x3xui8>)
// CHECK: %[[F:.*]] = onnx.Cast %[[B]] : (tensor<?x3xui8>) -> tensor<?x3xf32>
// CHECK: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[Q:.*]] = bnn.quantize %[[F]] step(%[[ONE]]) outs({{.*}} : tensor<?x3x!bnn.u8>)
// CHECK: bnn.constant dense<{{\[\[}}-128, 1, 0], [127, -1, -127]]>
// CHECK: arith.constant dense<[-889, -7]> : tensor<2xi32>
// CHECK: %[[SUMS:.*]] = bnn.matmul %[[Q]]
// CHECK: arith.constant dense<21> : tensor<1xi32>
// CHECK: %[[ROW:.*]] = bnn.matmul %[[Q]]
// CHECK: %[[OFFSETS:.*]] = onnx.Constant {value = dense<[0, 125]> : tensor<2xi32>}
// CHECK: %[[SHARE:.*]] = onnx.Mul %[[ROW]], %[[OFFSETS]]
// CHECK: onnx.Add %[[SUMS]], %[[SHARE]]
// CHECK-NOT: onnx
// CHECK: return
func.func @integers(%b: tensor<?x3xui8>) -> tensor<?x2xi32> {
  %z = onnx.Constant {value = dense<7> : tensor<i32>} : () -> tensor<i32>
  %w = onnx.Constant {value = dense<[[0, 255], [129, 127], [128, 1]]> : tensor<3x2xui8>} : () -> tensor<3x2xui8>
  %wz = onnx.Constant {value = dense<[128, 3]> : tensor<2xui8>} : () -> tensor<2xui8>
  %0 = onnx.Cast %b : (tensor<?x3xui8>) -> tensor<?x3xi32>
  %1 = onnx.Sub %0, %z : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
  %2 = onnx.Cast %w : (tensor<3x2xui8>) -> tensor<3x2xi32>
  %3 = onnx.Cast %wz : (tensor<2xui8>) -> tensor<2xi32>
  %4 = onnx.Sub %2, %3 : (tensor<3x2xi32>, tensor<2xi32>) -> tensor<3x2xi32>
  %5 = onnx.MatMul %1, %4 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  return %5 : tensor<?x2xi32>
}

// -----

// Subtrahends that are no zero points of bytes: the input's is computed with
// where sums wrap as the graph's do, and weights less one stay what they are.
// CHECK-LABEL: func.func @no_bytes
// CHECK: %[[Z:.*]] = onnx.Constant {value = dense<2147483647> : tensor<i32>}
// CHECK: %[[P:.*]] = tensor.extract %[[Z]][]
// CHECK: bnn.matmul {{.*}} params(%{{.*}}, %[[P]] : tensor<2xi32>, i32) outs({{.*}} : tensor<?x2xi32>)
// CHECK: %[[W:.*]] = onnx.Constant {value = dense<{{.*}}> : tensor<3x2xi32>}
// CHECK: onnx.MatMul %{{.*}}, %[[W]]
func.func @no_bytes(%b: tensor<?x3xi8>) -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %z = onnx.Constant {value = dense<2147483647> : tensor<i32>} : () -> tensor<i32>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %0 = onnx.Cast %b : (tensor<?x3xi8>) -> tensor<?x3xi32>
  %1 = onnx.Sub %0, %z : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
  %2 = onnx.Cast %w : (tensor<3x2xi8>) -> tensor<3x2xi32>
  %3 = onnx.MatMul %1, %2 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  %4 = onnx.Sub %2, %z : (tensor<3x2xi32>, tensor<i32>) -> tensor<3x2xi32>
  %5 = onnx.MatMul %1, %4 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  return %3, %5 : tensor<?x2xi32>, tensor<?x2xi32>
}

// -----

// What is refused keeps its DequantizeLinear: f32 by the weights' bytes.

// The input has a scale for each of its rows.
// CHECK-LABEL: func.func @two_scales
// CHECK: onnx.QuantizeLinear
// CHECK: %[[X:.*]] = onnx.DequantizeLinear
// CHECK: bnn.matmul %[[X]], {{.*}} : tensor<2x3xf32>, tensor<3x2x!bnn.s8>
func.func @two_scales(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %s = onnx.Constant {value = dense<[0.5, 0.25]> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = onnx.Constant {value = dense<[3, 4]> : tensor<2xui8>} : () -> tensor<2xui8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x3xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 0 : i64} : (tensor<2x3xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x3xf32>
  %2 = onnx.DequantizeLinear %w, %ws, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %3 = onnx.MatMul %1, %2 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}

// -----

// An f32 input: the weights stay bytes, [inputs, outputs], and their scale comes last.
// CHECK-LABEL: func.func @weights_alone
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>)
// CHECK: %[[W:.*]] = bnn.constant dense<{{\[\[}}1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8> -> tensor<3x2x!bnn.s8>
// CHECK: %[[S:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: bnn.matmul %[[X]], %[[W]] params(%[[S]] : f32) outs({{.*}} : tensor<2x2xf32>) : tensor<2x3xf32>, tensor<3x2x!bnn.s8>
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32, %[[F:.*]]: f32):
// CHECK-NEXT: arith.mulf %[[ACC]], %[[F]]
// CHECK-NOT: onnx.MatMul
func.func @weights_alone(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.DequantizeLinear %w, %ws, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %1 = onnx.MatMul %x, %0 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// -----

// Outputs have scales and a zero point, a Gemm has a bias. Less the other zero
// point the weights are no bytes; of one magnitude they are bits.
// CHECK-LABEL: func.func @weights_alone_of_outputs
// CHECK: bnn.constant dense<{{\[\[}}-2, 2], [-6, 4], [2, -6]]> : tensor<3x2xi8> -> tensor<3x2x!bnn.s8>
// CHECK: arith.constant dense<[2.500000e-01, 5.000000e-01]> : tensor<2xf32>
// CHECK: bnn.matmul {{.*}} : tensor<2x3xf32>, tensor<3x2x!bnn.s8>
// CHECK: onnx.Add
// CHECK: onnx.MatMul
// CHECK: bnn.matmul {{.*}} : tensor<2x3xf32>, tensor<2x3x!bnn.s1>
func.func @weights_alone_of_outputs(%x: tensor<2x3xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = onnx.Constant {value = dense<[[1, -3, 5], [2, 4, -6]]> : tensor<2x3xi8>} : () -> tensor<2x3xi8>
  %ws = onnx.Constant {value = dense<[0.25, 0.5]> : tensor<2xf32>} : () -> tensor<2xf32>
  %wz = onnx.Constant {value = dense<[3, 0]> : tensor<2xi8>} : () -> tensor<2xi8>
  %c = onnx.Constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.DequantizeLinear %w, %ws, %wz {axis = 0 : i64} : (tensor<2x3xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x3xf32>
  %1 = onnx.Gemm %x, %0, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %s = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %far = onnx.Constant {value = dense<100> : tensor<i8>} : () -> tensor<i8>
  %wide = onnx.Constant {value = dense<[[1, 2], [-100, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %2 = onnx.DequantizeLinear %wide, %s, %far {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, tensor<i8>) -> tensor<3x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: the weights are integers of 8 bits, but the input is not quantised}}
  %3 = onnx.MatMul %x, %2 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %none = onnx.NoValue : () -> none
  %bits = onnx.Constant {value = dense<[[1, -1], [-1, -1], [1, 1]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %4 = onnx.DequantizeLinear %bits, %s, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %5 = onnx.MatMul %x, %4 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %1, %3, %5 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// Of two products with the same weights, one has a quantised input: the other
// alone reads floats, and each has its bytes as it wants them.
// CHECK-LABEL: func.func @both
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>)
// CHECK: bnn.matmul {{.*}} : tensor<2x3x!bnn.u8>, tensor<2x3x!bnn.s8>
// CHECK: bnn.matmul %[[X]], {{.*}} : tensor<2x3xf32>, tensor<3x2x!bnn.s8>
func.func @both(%x: tensor<2x3xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %ws = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %0 = onnx.DequantizeLinear %w, %ws, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %1 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  %2 = onnx.DequantizeLinear %1, %s, %z {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
  %3 = onnx.MatMul %2, %0 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %4 = onnx.MatMul %x, %0 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %3, %4 : tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// A scale of the input that is computed, one that is no normal number, and a
// scale of the weights for each input.
// CHECK-LABEL: func.func @scales
// CHECK-NOT: bnn.quantize
// CHECK: bnn.matmul {{.*}} : tensor<2x3xf32>, tensor<3x2x!bnn.s8>
// CHECK: bnn.matmul {{.*}} : tensor<2x3xf32>, tensor<3x2x!bnn.s8>
// CHECK: onnx.MatMul
func.func @scales(%b: tensor<2x3xui8>, %t: tensor<f32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %tiny = onnx.Constant {value = dense<1.0e-40> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %each = onnx.Constant {value = dense<[0.25, 0.5, 1.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %none = onnx.NoValue : () -> none
  %0 = onnx.DequantizeLinear %w, %s, %none {axis = 1 : i64} : (tensor<3x2xi8>, tensor<f32>, none) -> tensor<3x2xf32>
  %1 = onnx.DequantizeLinear %b, %t, %z {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
  %2 = onnx.MatMul %1, %0 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %3 = onnx.DequantizeLinear %b, %tiny, %z {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
  %4 = onnx.MatMul %3, %0 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %5 = onnx.DequantizeLinear %w, %each, %none {axis = 0 : i64} : (tensor<3x2xi8>, tensor<3xf32>, none) -> tensor<3x2xf32>
  %6 = onnx.DequantizeLinear %b, %s, %z {axis = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: the scales of the weights are not one for each output}}
  %7 = onnx.MatMul %6, %5 : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %2, %4, %7 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// A product of constants is one, and so is what reads it; a product that nobody
// reads is gone.
// CHECK-LABEL: func.func @constants
// CHECK-NOT: bnn.matmul
// CHECK: return
func.func @constants(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<0> : tensor<i8>} : () -> tensor<i8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4]]> : tensor<2x2xi8>} : () -> tensor<2x2xi8>
  %0 = onnx.DequantizeLinear %w, %s, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %1 = onnx.MatMul %0, %0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x2xf32>, tensor<f32>, tensor<i8>) -> tensor<2x2xi8>
  %3 = onnx.DequantizeLinear %2, %s, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %4 = onnx.MatMul %3, %0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// -----

// Its input is known here, and it is a product of f32 then: what was matched is gone.
// CHECK-LABEL: func.func @constant_input
// CHECK-NOT: bnn.quantize
// CHECK: return
func.func @constant_input(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<0> : tensor<i8>} : () -> tensor<i8>
  %w = onnx.Constant {value = dense<[[1, 2], [-3, 4]]> : tensor<2x2xi8>} : () -> tensor<2x2xi8>
  %c = onnx.Constant {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %0 = onnx.DequantizeLinear %w, %s, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %1 = onnx.Neg %c : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = onnx.QuantizeLinear %1, %s, %z {axis = 1 : i64} : (tensor<2x2xf32>, tensor<f32>, tensor<i8>) -> tensor<2x2xi8>
  %3 = onnx.DequantizeLinear %2, %s, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %4 = onnx.MatMul %3, %0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %5 = onnx.MatMul %x, %0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %4, %5 : tensor<2x2xf32>, tensor<2x2xf32>
}


// -----

// Two activations: the bytes are made where the numbers are, and moved as they
// were, the pair between the moves is none; the scales are multiplied first, and
// the sums are moved before they are scaled. The shape is checked: 33025 terms
// of 255 * 255 fit.
// CHECK-LABEL: func.func @activations
// CHECK-SAME: (%[[X:.*]]: tensor<?x2x?x?xf32> {{.*}}, %[[Y:.*]]: tensor<?x?x2x8xf32>
// CHECK: %[[MOST:.*]] = arith.constant 33025 : index
// CHECK: arith.cmpi ule, %{{.*}}, %[[MOST]] : index
// CHECK: bnn.check_shape
// CHECK: %[[A:.*]] = onnx.QuantizeLinear %[[X]]
// CHECK: %[[B:.*]] = onnx.QuantizeLinear %[[Y]]
// CHECK: %[[MOVED:.*]] = onnx.Transpose %[[B]] {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x8xui8>) -> tensor<?x2x?x8xui8>
// CHECK: %[[SUMS:.*]] = onnx.MatMul %{{.*}}, %{{.*}} : (tensor<?x2x?x?xi32>, tensor<?x2x?x8xi32>) -> tensor<?x2x?x8xi32>
// CHECK: %[[OUT:.*]] = onnx.Transpose %[[SUMS]] {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x8xi32>)
// CHECK: %[[FLOAT:.*]] = onnx.Cast %[[OUT]]
// CHECK: %[[SCALE:.*]] = onnx.Constant {value = dense<1.250000e-01> : tensor<f32>}
// CHECK: onnx.Mul %[[FLOAT]], %[[SCALE]]
// CHECK-NOT: onnx.DequantizeLinear
// CHECK: return
func.func @activations(%x: tensor<?x2x?x?xf32> {onnx.dims = ["b", 2, "m", "k"]}, %y: tensor<?x?x2x8xf32> {onnx.dims = ["b", "k", 2, 8]}) -> tensor<?x?x2x8xf32> {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<255> : tensor<ui8>} : () -> tensor<ui8>
  %t = onnx.Constant {value = dense<0.25> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<?x2x?x?xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x2x?x?xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<?x2x?x?xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x2x?x?xf32>
  %2 = onnx.QuantizeLinear %y, %t, %z {axis = 1 : i64} : (tensor<?x?x2x8xf32>, tensor<1xf32>, tensor<ui8>) -> tensor<?x?x2x8xui8>
  %3 = onnx.DequantizeLinear %2, %t, %z {axis = 1 : i64} : (tensor<?x?x2x8xui8>, tensor<1xf32>, tensor<ui8>) -> tensor<?x?x2x8xf32>
  %4 = onnx.Transpose %3 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x?x8xf32>
  %5 = onnx.QuantizeLinear %4, %t, %z {axis = 1 : i64} : (tensor<?x2x?x8xf32>, tensor<1xf32>, tensor<ui8>) -> tensor<?x2x?x8xui8>
  %6 = onnx.DequantizeLinear %5, %t, %z {axis = 1 : i64} : (tensor<?x2x?x8xui8>, tensor<1xf32>, tensor<ui8>) -> tensor<?x2x?x8xf32>
  %7 = onnx.MatMul %1, %6 : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %8 = onnx.Transpose %7 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x8xf32>) -> tensor<?x?x2x8xf32>
  return %8 : tensor<?x?x2x8xf32>
}

// -----

// One factor of floats, a scale for each channel, and pairs that differ: of the
// last the second is what the product reads.
// CHECK-LABEL: func.func @other_activations
// CHECK-COUNT-2: onnx.MatMul {{.*}} -> tensor<2x2xf32>
// CHECK: %[[AGAIN:.*]] = onnx.QuantizeLinear %{{.*}}
// CHECK: onnx.Cast %[[AGAIN]]
// CHECK: onnx.MatMul {{.*}} -> tensor<2x2xi32>
func.func @other_activations(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<0> : tensor<i8>} : () -> tensor<i8>
  %list = onnx.Constant {value = dense<[0.5, 0.25]> : tensor<2xf32>} : () -> tensor<2xf32>
  %zeros = onnx.Constant {value = dense<0> : tensor<2xi8>} : () -> tensor<2xi8>
  %t = onnx.Constant {value = dense<0.75> : tensor<f32>} : () -> tensor<f32>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x2xf32>, tensor<f32>, tensor<i8>) -> tensor<2x2xi8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: both factors are computed at run time, and it is no part of attention}}
  %2 = onnx.MatMul %1, %y : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = onnx.QuantizeLinear %y, %list, %zeros {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x2xi8>
  %4 = onnx.DequantizeLinear %3, %list, %zeros {axis = 1 : i64} : (tensor<2x2xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x2xf32>
  // expected-remark @below {{'onnx.MatMul' is left as it is: both factors are computed at run time, and it is no part of attention}}
  %5 = onnx.MatMul %1, %4 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %6 = onnx.QuantizeLinear %1, %t, %z {axis = 1 : i64} : (tensor<2x2xf32>, tensor<f32>, tensor<i8>) -> tensor<2x2xi8>
  %7 = onnx.DequantizeLinear %6, %t, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %8 = onnx.MatMul %7, %1 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %2, %5, %8 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
