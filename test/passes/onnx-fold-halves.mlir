// Roundings to 16 bits that change nothing are dropped, and those of constants
// are done.
// RUN: bnn-opt %s --onnx-fold --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @constants
// CHECK: dense<[1.000000e+00, 0x7F800000, 5.96046448E-8, 0x7FC00000, 0.000000e+00, 2.048000e+03]>
// CHECK: dense<[1.000000e+00, 6.553600e+04, 3.0035153E-8, 0x7FC00000, 2.98023224E-8, 2.048000e+03]>
// CHECK-NOT: onnx.RoundToHalf
func.func @constants() -> (tensor<6xf32>, tensor<6xf32>) {
  %x = onnx.Constant {value = dense<[1.0001, 65520.0, 3.0e-8, 0xFFC00001, 2.98e-8, 2049.0]> : tensor<6xf32>} : () -> tensor<6xf32>
  %f = onnx.RoundToHalf %x {format = f16} : (tensor<6xf32>) -> tensor<6xf32>
  %b = onnx.RoundToHalf %x {format = bf16} : (tensor<6xf32>) -> tensor<6xf32>
  return %f, %b : tensor<6xf32>, tensor<6xf32>
}

// -----

// A double that f32 would bring to the middle of two numbers is rounded once.
// CHECK-LABEL: func.func @double
// CHECK: dense<[1.00097656, 1.000000e+00]>
func.func @double() -> tensor<2xf32> {
  %x = onnx.Constant {value = dense<[1.0004882812500003, 1.00048828125]> : tensor<2xf64>} : () -> tensor<2xf64>
  %y = onnx.RoundToHalf %x {format = f16} : (tensor<2xf64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @twice
// CHECK: onnx.RoundToHalf
// CHECK-NOT: onnx.RoundToHalf
func.func @twice(%x: tensor<?xf32>) -> tensor<?xf32> {
  %a = onnx.RoundToHalf %x {format = f16} : (tensor<?xf32>) -> tensor<?xf32>
  %b = onnx.Neg %a : (tensor<?xf32>) -> tensor<?xf32>
  %c = onnx.RoundToHalf %b {format = f16} : (tensor<?xf32>) -> tensor<?xf32>
  return %c : tensor<?xf32>
}

// -----

// The formats have other numbers.
// CHECK-LABEL: func.func @other_format
// CHECK: format = f16
// CHECK: format = bf16
func.func @other_format(%x: tensor<?xf32>) -> tensor<?xf32> {
  %a = onnx.RoundToHalf %x {format = f16} : (tensor<?xf32>) -> tensor<?xf32>
  %c = onnx.RoundToHalf %a {format = bf16} : (tensor<?xf32>) -> tensor<?xf32>
  return %c : tensor<?xf32>
}

// -----

// A sign times a number of the format; 0.1 is none.
// CHECK-LABEL: func.func @scaled_signs
// CHECK: %[[A:.*]] = onnx.Mul
// CHECK: %[[B:.*]] = onnx.Mul
// CHECK: %[[C:.*]] = onnx.RoundToHalf %[[B]]
// CHECK: return %[[A]], %[[C]]
func.func @scaled_signs(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %alpha = onnx.Constant {value = dense<0.0999755859375> : tensor<f32>} : () -> tensor<f32>
  %tenth = onnx.Constant {value = dense<0.1> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Sign %x : (tensor<?xf32>) -> tensor<?xf32>
  %a = onnx.Mul %s, %alpha : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %b = onnx.RoundToHalf %a {format = f16} : (tensor<?xf32>) -> tensor<?xf32>
  %c = onnx.Mul %s, %tenth : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %d = onnx.RoundToHalf %c {format = f16} : (tensor<?xf32>) -> tensor<?xf32>
  return %b, %d : tensor<?xf32>, tensor<?xf32>
}

// -----

// A product of 256 signs, and an eighth of it; f16 has up to 2048, bf16 up to
// 256.
// CHECK-LABEL: func.func @counts
// CHECK: %[[P:.*]] = onnx.MatMul
// CHECK: %[[Q:.*]] = onnx.Div %[[P]]
// CHECK: %[[L:.*]] = onnx.MatMul
// CHECK: %[[R:.*]] = onnx.RoundToHalf %[[L]] {format = bf16}
// CHECK: return %[[Q]], %[[L]], %[[R]]
func.func @counts(%x: tensor<4x256xf32>, %y: tensor<256x4xf32>, %u: tensor<4x512xf32>, %v: tensor<512x4xf32>)
    -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %eight = onnx.Constant {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %a = onnx.Sign %x : (tensor<4x256xf32>) -> tensor<4x256xf32>
  %b = onnx.Sign %y : (tensor<256x4xf32>) -> tensor<256x4xf32>
  %p = onnx.MatMul %a, %b : (tensor<4x256xf32>, tensor<256x4xf32>) -> tensor<4x4xf32>
  %r = onnx.RoundToHalf %p {format = bf16} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %d = onnx.Div %r, %eight : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %e = onnx.RoundToHalf %d {format = bf16} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %su = onnx.Sign %u : (tensor<4x512xf32>) -> tensor<4x512xf32>
  %sv = onnx.Sign %v : (tensor<512x4xf32>) -> tensor<512x4xf32>
  %l = onnx.MatMul %su, %sv : (tensor<4x512xf32>, tensor<512x4xf32>) -> tensor<4x4xf32>
  %lf = onnx.RoundToHalf %l {format = f16} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %lb = onnx.RoundToHalf %l {format = bf16} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %e, %lf, %lb : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// A quotient that is too large for f16, or no whole number of halves, stays
// rounded.
// CHECK-LABEL: func.func @quotients
// CHECK-COUNT-2: onnx.RoundToHalf
func.func @quotients(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %small = onnx.Constant {value = dense<0.0009765625> : tensor<f32>} : () -> tensor<f32>
  %three = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %hundred = onnx.Constant {value = dense<100.0> : tensor<f32>} : () -> tensor<f32>
  %s = onnx.Sign %x : (tensor<?xf32>) -> tensor<?xf32>
  %h = onnx.Mul %s, %hundred : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %a = onnx.Div %h, %small : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %b = onnx.RoundToHalf %a {format = f16} : (tensor<?xf32>) -> tensor<?xf32>
  %c = onnx.Div %h, %three : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %d = onnx.RoundToHalf %c {format = f16} : (tensor<?xf32>) -> tensor<?xf32>
  return %b, %d : tensor<?xf32>, tensor<?xf32>
}
