// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(bnn-raise{record-layers}))" --split-input-file | FileCheck %s
// RUN: bnn-opt %s --bnn-raise --split-input-file | FileCheck %s --check-prefix=OFF
// OFF-NOT: bnn.layers

// A binary layer, an f32 one that reads it, and a table. Counts are sums of
// products of a number and symbolic dimensions.
// CHECK-DAG: loc("table")
// CHECK-DAG: loc("dense")
// CHECK-DAG: loc("head")
// CHECK-LABEL: func.func @layers
// CHECK-SAME: bnn.layers = [#bnn.layer<kind = embedding, op = "Gather", loc = #{{[a-z0-9]+}}, sizes = [2, 3], weights = !bnn.s1, activations = !bnn.s1, rows = <[]>, macs = <[]>, other_macs = <[]>>
// CHECK-SAME: #bnn.layer<kind = linear, op = "MatMul", loc = #{{[a-z0-9]+}}, sizes = [3, 2], weights = !bnn.s1, activations = !bnn.s1, rows = <{{\[}}[1, "batch", "seq"]]>, macs = <{{\[}}[6, "batch", "seq"]]>, other_macs = <[]>>
// CHECK-SAME: #bnn.layer<kind = linear, op = "MatMul", loc = #{{[a-z0-9]+}}, sizes = [2, 2], weights = f32, activations = f32, reason = "no sign or quantiser before the input; row 0 of the weights has two magnitudes, 1 and 3", rows = <{{\[}}[1, "batch", "seq"]]>, macs = <{{\[}}[4, "batch", "seq"]]>, other_macs = <[]>, noise = <kurtosis = 1.6{{[0-9.e+]+}} : f64, row_kurtosis = 1.000000e+00 : f64, peak = 1.46{{[0-9]+}} : f64
// CHECK-SAME: histogram = [0, {{.*}}, 1]>>]
func.func @layers(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "seq"]}) -> tensor<?x?x2xf32> {
  %table = onnx.Constant {value = dense<[[0.5, 0.5, -0.5], [0.0, 0.0, 0.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %w = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %v = onnx.Constant {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %x = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<2x3xf32>, tensor<?x?xi64>) -> tensor<?x?x3xf32> loc("table")
  %s = onnx.Sign %x : (tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
  %h = onnx.MatMul %s, %w : (tensor<?x?x3xf32>, tensor<3x2xf32>) -> tensor<?x?x2xf32> loc("dense")
  %y = onnx.MatMul %h, %v : (tensor<?x?x2xf32>, tensor<2x2xf32>) -> tensor<?x?x2xf32> loc("head")
  return %y : tensor<?x?x2xf32>
}

// -----

// Every reason that concerns the weights.
// CHECK-LABEL: func.func @weights
// CHECK-SAME: weights = !bnn.s1, activations = !bnn.s1, reason = "1 of the 6 weights are 0: a second plane of bits says which"
// CHECK-SAME: reason = "row 1 of the weights has two magnitudes, 0.25 and 0.5"
// CHECK-SAME: reason = "no sign or quantiser before the input; row 0 of the weights has two distinct values, 0 and 0.5, that are no +a and -a"
// CHECK-SAME: weights = !bnn.s1, activations = !bnn.s1, rows
// CHECK-SAME: reason = "row 0 of the weights has a NaN or an infinity"
// CHECK-SAME: reason = "the weights have 3 dimensions, not 2"
// CHECK-SAME: reason = "the constant is the left factor"
func.func @weights(%x: tensor<1x3xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x1x2xf32>, tensor<1x3xf32>) {
  %s = onnx.Sign %x : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %ternary = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.5], [0.0, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.MatMul %s, %ternary : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32> loc("ternary")
  %magnitudes = onnx.Constant {value = dense<[[0.5, 0.5], [-0.5, 0.25], [0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %1 = onnx.MatMul %s, %magnitudes : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32> loc("magnitudes")
  %offset = onnx.Constant {value = dense<[[0.5, 0.5], [0.0, 0.5], [0.5, -0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %2 = onnx.MatMul %x, %offset : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32> loc("offset")
  %zeros = onnx.Constant {value = dense<[[0.5, 0.0], [0.5, 0.0], [0.5, 0.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %3 = onnx.MatMul %s, %zeros : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32> loc("zeros")
  %infinite = onnx.Constant {value = dense<[[0x7F800000, 0.5], [0.5, 0.5], [0.5, 0.5]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %4 = onnx.MatMul %s, %infinite : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32> loc("infinite")
  %stack = onnx.Constant {value = dense<0.5> : tensor<1x3x2xf32>} : () -> tensor<1x3x2xf32>
  %5 = onnx.MatMul %s, %stack : (tensor<1x3xf32>, tensor<1x3x2xf32>) -> tensor<1x1x2xf32> loc("stack")
  %left = onnx.Constant {value = dense<0.5> : tensor<1x1xf32>} : () -> tensor<1x1xf32>
  %6 = onnx.MatMul %left, %s : (tensor<1x1xf32>, tensor<1x3xf32>) -> tensor<1x3xf32> loc("left")
  return %0, %1, %2, %3, %4, %5, %6 : tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x1x2xf32>, tensor<1x3xf32>
}

// -----

// A softmax that feeds no product of variables is no attention; nor is a Gather
// of a computed table, or along another axis, an embedding. What nobody reads is
// no layer at all.
// CHECK-LABEL: func.func @others
// CHECK-SAME: bnn.layers = []
func.func @others(%x: tensor<4x3xf32>, %i: tensor<2xi64>) -> (tensor<4x3xf32>, tensor<2x3xf32>) {
  %w = onnx.Constant {value = dense<1.0> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %dead = onnx.MatMul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %0 = onnx.Softmax %x {axis = -1 : i64} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = onnx.Gather %0, %i {axis = 0 : i64} : (tensor<4x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return %0, %1 : tensor<4x3xf32>, tensor<2x3xf32>
}

// -----

// Attention without heads: one product of each kind, all f32.
// CHECK-LABEL: func.func @no_heads
// CHECK-SAME: #bnn.layer<kind = attention, op = "Softmax", loc = #{{[a-z0-9]+}}, sizes = [1, 4], weights = f32, activations = f32, reason = "its heads are not split by Reshape and Transpose, and joined by Transpose and Reshape; the match ended at MatMul", rows = <{{\[}}[3]]>, macs = <{{\[}}[72], [72]]>, other_macs = <[]>>
func.func @no_heads(%q: tensor<2x3x4xf32>, %k: tensor<2x4x3xf32>, %v: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %s = onnx.MatMul %q, %k : (tensor<2x3x4xf32>, tensor<2x4x3xf32>) -> tensor<2x3x3xf32>
  %p = onnx.Softmax %s {axis = -1 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32> loc("p")
  %y = onnx.MatMul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
