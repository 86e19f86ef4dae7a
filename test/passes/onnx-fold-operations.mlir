// RUN: bnn-opt %s --onnx-fold 2>&1 | FileCheck %s

// Eight billion multiply-accumulates are for run time.
// CHECK: warning: onnx.MatMul of constants is left to run time
// CHECK-LABEL: func.func @work
// CHECK: onnx.MatMul
func.func @work(%x: tensor<2000xf32>) -> (tensor<2000x2000xf32>) {
  %a = onnx.Constant {value = dense<1.0> : tensor<2000x2000xf32>} : () -> tensor<2000x2000xf32>
  %p = onnx.MatMul %a, %a : (tensor<2000x2000xf32>, tensor<2000x2000xf32>) -> tensor<2000x2000xf32>
  %y = onnx.Add %p, %x : (tensor<2000x2000xf32>, tensor<2000xf32>) -> tensor<2000x2000xf32>
  return %y : tensor<2000x2000xf32>
}
