// A constant that is -0.0 everywhere keeps its sign.
// RUN: bnn-opt %s --prefix=m --mtriple=x86_64-linux-gnu --strategy=portable -O0 --emit=obj -o %t.o
// RUN: llvm-objdump --full-contents %t.o | FileCheck %s
// CHECK: 00000080 00000080 00000080
func.func @main(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %zero = onnx.Constant {value = dense<-0.0> : tensor<3xf32>} : () -> tensor<3xf32>
  return %zero, %x : tensor<3xf32>, tensor<3xf32>
}
