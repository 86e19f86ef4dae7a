// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(onnx-fold))" --split-input-file --mlir-elide-elementsattrs-if-larger=16 --mlir-elide-resource-strings-if-larger=16 2>%t.txt | FileCheck %s
// RUN: FileCheck %s --check-prefix=WHY --implicit-check-not=warning: < %t.txt
// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(onnx-fold{budget=100}))" --split-input-file --mlir-elide-elementsattrs-if-larger=16 --mlir-elide-resource-strings-if-larger=16 2>&1 \
// RUN:   | FileCheck %s --check-prefix=MORE --implicit-check-not=warning:
// RUN: not bnn-opt %s --pass-pipeline="builtin.module(func.func(onnx-fold{budget=0}))" 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not bnn-opt %s --emit=obj --fold-budget=0 -o %t.o 2>&1 | FileCheck %s --check-prefix=FLAG
// ZERO: error: the budget of onnx-fold is a factor of at least 1, not 0
// FLAG: error: the budget of folding is a factor of at least 1

// 80 MB that a constant of 4 bytes asks for stay for run time; what comes
// after them and is small is folded all the same.
// WHY: warning: onnx.Expand of constants is left to run time, and perhaps others: folding may use 64 MiB, and operations in proportion to the model's size; --fold-budget=<factor> allows more
// CHECK-LABEL: func.func @memory
// CHECK: onnx.Expand
// CHECK-NOT: onnx.Neg
// MORE-LABEL: func.func @memory
// MORE-NOT: onnx.Expand
func.func @memory() -> (tensor<20000000xf32>, tensor<f32>) {
  %one = onnx.Constant {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %shape = onnx.Constant {value = dense<20000000> : tensor<1xi64>} : () -> tensor<1xi64>
  %wide = onnx.Expand %one, %shape : (tensor<1xf32>, tensor<1xi64>) -> tensor<20000000xf32>
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %n = onnx.Neg %two : (tensor<f32>) -> tensor<f32>
  return %wide, %n : tensor<20000000xf32>, tensor<f32>
}

// -----

// Many small results are one large one.
// WHY: warning: onnx.Tile of constants is left to run time
// CHECK-LABEL: func.func @many
// CHECK-COUNT-1: onnx.Tile
// CHECK-NOT: onnx.Tile
// MORE-LABEL: func.func @many
// MORE-NOT: onnx.Tile
func.func @many() -> (tensor<6000000xf32>, tensor<6000000xf32>, tensor<6000000xf32>) {
  %times = onnx.Constant {value = dense<3000000> : tensor<1xi64>} : () -> tensor<1xi64>
  %1 = onnx.Constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %2 = onnx.Constant {value = dense<[2.0, 3.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = onnx.Constant {value = dense<[3.0, 4.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %a = onnx.Tile %1, %times : (tensor<2xf32>, tensor<1xi64>) -> tensor<6000000xf32>
  %b = onnx.Tile %2, %times : (tensor<2xf32>, tensor<1xi64>) -> tensor<6000000xf32>
  %c = onnx.Tile %3, %times : (tensor<2xf32>, tensor<1xi64>) -> tensor<6000000xf32>
  return %a, %b, %c : tensor<6000000xf32>, tensor<6000000xf32>, tensor<6000000xf32>
}
