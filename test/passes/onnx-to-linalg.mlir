// RUN: bnn-opt %s --onnx-to-linalg --canonicalize --cse --split-input-file | FileCheck %s

//===-- Elementwise ---------------------------------------------------------===//

// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1, d2) -> (d1, 0)>
// CHECK-LABEL: func.func @add(
// CHECK-SAME: %[[X:.*]]: tensor<?x4x8xf32>{{.*}}, %[[Y:.*]]: tensor<4x1xf32>)
// CHECK: %[[BATCH:.*]] = tensor.dim %[[X]], %c0
// CHECK: %[[OUT:.*]] = tensor.empty(%[[BATCH]]) : tensor<?x4x8xf32>
// CHECK: linalg.generic {indexing_maps = [#[[ID]], #[[COLUMN]], #[[ID]]], iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK-SAME: ins(%[[X]], %[[Y]] : tensor<?x4x8xf32>, tensor<4x1xf32>) outs(%[[OUT]]
// CHECK: arith.addf
func.func @add(%x: tensor<?x4x8xf32> {onnx.dims = ["batch", 4, 8]}, %y: tensor<4x1xf32>) -> tensor<?x4x8xf32> {
  %0 = onnx.Add %x, %y : (tensor<?x4x8xf32>, tensor<4x1xf32>) -> tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}

// -----

// Each side broadcasts the other.
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-LABEL: func.func @outer(
// CHECK: linalg.generic {indexing_maps = [#[[ROW]], #[[COLUMN]]
// CHECK: arith.subf
// CHECK: -> tensor<3x8xf32>
func.func @outer(%x: tensor<1x8xf32>, %y: tensor<3x1xf32>) -> tensor<3x8xf32> {
  %0 = onnx.Sub %x, %y : (tensor<1x8xf32>, tensor<3x1xf32>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// -----

// A constant of one element is a scalar in the body.
// CHECK-LABEL: func.func @scalar(
// CHECK: %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}} : tensor<4xf32>)
// CHECK: ^bb0(%[[IN:[a-z0-9_]+]]: f32
// CHECK: arith.mulf %[[IN]], %[[HALF]]
func.func @scalar(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = onnx.Constant {value = dense<5.000000e-01> : tensor<f32>} : () -> tensor<f32>
  %0 = onnx.Mul %x, %c : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @gelu(
// CHECK: arith.divf
// CHECK: math.erf
// CHECK: arith.addf
// CHECK: arith.mulf
func.func @gelu(%x: tensor<4xf32>, %s: tensor<4xf32>) -> tensor<4xf32> {
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %0 = onnx.Div %x, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = onnx.Add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = onnx.Mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @unary(
// CHECK: math.exp
// CHECK: math.log
// CHECK: math.tanh
// CHECK: math.sqrt
// CHECK: math.absf
// CHECK: arith.negf
// CHECK: math.roundeven
// CHECK: math.floor
// CHECK: math.ceil
func.func @unary(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Log %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = onnx.Tanh %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = onnx.Sqrt %2 : (tensor<4xf32>) -> tensor<4xf32>
  %4 = onnx.Abs %3 : (tensor<4xf32>) -> tensor<4xf32>
  %5 = onnx.Neg %4 : (tensor<4xf32>) -> tensor<4xf32>
  %6 = onnx.Round %5 : (tensor<4xf32>) -> tensor<4xf32>
  %7 = onnx.Floor %6 : (tensor<4xf32>) -> tensor<4xf32>
  %8 = onnx.Ceil %7 : (tensor<4xf32>) -> tensor<4xf32>
  return %8 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @reciprocal(
// CHECK: %[[ONE:.*]] = arith.constant 1.000000e+00
// CHECK: arith.divf %[[ONE]], %
func.func @reciprocal(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Reciprocal %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @sigmoid(
// CHECK: arith.negf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
func.func @sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// NaN is neither above nor below: its sign is 0.
// CHECK-LABEL: func.func @sign(
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00
// CHECK-DAG: %[[ONE:.*]] = arith.constant 1.000000e+00
// CHECK-DAG: %[[MINUS:.*]] = arith.constant -1.000000e+00
// CHECK: ^bb0(%[[X:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[X]], %[[ZERO]]
// CHECK: %[[N:.*]] = arith.select %[[BELOW]], %[[MINUS]], %[[ZERO]]
// CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[X]], %[[ZERO]]
// CHECK: arith.select %[[ABOVE]], %[[ONE]], %[[N]]
func.func @sign(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Sign %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// NaN passes through both.
// CHECK-LABEL: func.func @relu_clip(
// CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[X:.*]], %[[ZERO:.*]] : f32
// CHECK: arith.select %[[BELOW]], %[[ZERO]], %[[X]]
// CHECK: arith.cmpf olt
// CHECK: arith.select
// CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[Y:.*]], %[[HIGH:.*]] : f32
// CHECK: arith.select %[[ABOVE]], %[[HIGH]], %[[Y]]
func.func @relu_clip(%x: tensor<4xf32>, %lo: tensor<f32>, %hi: tensor<f32>) -> tensor<4xf32> {
  %0 = onnx.Relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Clip %0, %lo, %hi : (tensor<4xf32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// A bound that is left out.
// CHECK-LABEL: func.func @clip_above(
// CHECK-NOT: olt
// CHECK: arith.cmpf ogt
// CHECK-NOT: olt
func.func @clip_above(%x: tensor<4xf32>, %hi: tensor<f32>) -> tensor<4xf32> {
  %none = onnx.NoValue : () -> none
  %0 = onnx.Clip %x, %none, %hi : (tensor<4xf32>, none, tensor<f32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// NaN in either operand is the result.
// CHECK-LABEL: func.func @max_min(
// CHECK: %[[GT:.*]] = arith.cmpf ogt, %[[A:.*]], %[[B:.*]] : f32
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[A]], %[[A]] : f32
// CHECK: %[[TAKE:.*]] = arith.ori %[[GT]], %[[NAN]]
// CHECK: arith.select %[[TAKE]], %[[A]], %[[B]]
// CHECK: arith.cmpf olt
func.func @max_min(%x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Max %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Min %0, %y, %z : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @pow(
// CHECK: %[[HALF:.*]] = arith.constant 5.000000e-01
// CHECK: ^bb0(%[[X:[a-z0-9_]+]]: f32
// CHECK: arith.mulf %[[X]], %[[X]]
// CHECK: math.powf %{{.*}}, %[[HALF]]
func.func @pow(%x: tensor<4xf32>) -> tensor<4xf32> {
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %half = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = onnx.Pow %x, %two : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = onnx.Pow %0, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @logic(
// CHECK: arith.cmpf oeq
// CHECK: arith.cmpf ogt
// CHECK: arith.cmpf ole
// CHECK: arith.andi
// CHECK: arith.ori
// CHECK: arith.xori
// CHECK: arith.select
func.func @logic(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Equal %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %1 = onnx.Greater %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %2 = onnx.LessOrEqual %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %3 = onnx.And %0, %1 : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  %4 = onnx.Or %3, %2 : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  %5 = onnx.Not %4 : (tensor<4xi1>) -> tensor<4xi1>
  %6 = onnx.Where %5, %x, %y : (tensor<4xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %6 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @cast(
// CHECK: arith.sitofp %{{.*}} : i64 to f32
// Beyond the range of the integer it saturates.
// CHECK: arith.cmpf oge
// CHECK: arith.cmpf olt
// CHECK: arith.cmpf uno
// CHECK: arith.fptosi %{{.*}} : f32 to i32
// CHECK: arith.cmpi ne
// CHECK: arith.uitofp %{{.*}} : i1 to f32
func.func @cast(%x: tensor<4xi64>) -> tensor<4xf32> {
  %0 = onnx.Cast %x : (tensor<4xi64>) -> tensor<4xf32>
  %1 = onnx.Cast %0 : (tensor<4xf32>) -> tensor<4xi32>
  %2 = onnx.Cast %1 : (tensor<4xi32>) -> tensor<4xi1>
  %3 = onnx.Cast %2 : (tensor<4xi1>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

// No divisor traps.
// CHECK-LABEL: func.func @integers(
// CHECK: arith.addi
// CHECK: %[[SAFE:.*]] = arith.select
// CHECK: arith.divsi %{{.*}}, %[[SAFE]] : i64
func.func @integers(%x: tensor<4xi64>, %y: tensor<4xi64>) -> tensor<4xi64> {
  %0 = onnx.Add %x, %y : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  %1 = onnx.Div %0, %y : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  return %1 : tensor<4xi64>
}

// -----

//===-- Products ------------------------------------------------------------===//

// k runs outside n: the order of every sum is that of k.
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-LABEL: func.func @matmul(
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[INIT:.*]] = linalg.fill ins(%[[ZERO]]
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]], iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
// CHECK-SAME: outs(%[[INIT]] : tensor<?x?x5xf32>)
// CHECK: ^bb0(%[[X:.*]]: f32, %[[W:.*]]: f32, %[[ACC:.*]]: f32):
// CHECK: math.fma %[[X]], %[[W]], %[[ACC]]
func.func @matmul(%x: tensor<?x?x8xf32> {onnx.dims = ["batch", "seq", 8]}, %w: tensor<8x5xf32>) -> tensor<?x?x5xf32> {
  %0 = onnx.MatMul %x, %w : (tensor<?x?x8xf32>, tensor<8x5xf32>) -> tensor<?x?x5xf32>
  return %0 : tensor<?x?x5xf32>
}

// -----

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, 0, d2, d3)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d4)>
// CHECK-LABEL: func.func @matmul_batches(
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]]
// CHECK: -> tensor<2x3x4x6xf32>
func.func @matmul_batches(%x: tensor<2x1x4x5xf32>, %y: tensor<3x5x6xf32>) -> tensor<2x3x4x6xf32> {
  %0 = onnx.MatMul %x, %y : (tensor<2x1x4x5xf32>, tensor<3x5x6xf32>) -> tensor<2x3x4x6xf32>
  return %0 : tensor<2x3x4x6xf32>
}

// -----

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @vector_matmul(
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]], iterator_types = ["reduction", "parallel"]}
func.func @vector_matmul(%x: tensor<4xf32>, %y: tensor<4x6xf32>) -> tensor<6xf32> {
  %0 = onnx.MatMul %x, %y : (tensor<4xf32>, tensor<4x6xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

// The bias is added to the finished sum.
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: func.func @gemm(
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]], iterator_types = ["parallel", "reduction", "parallel"]}
// CHECK: math.fma
// CHECK: linalg.generic
// CHECK: arith.mulf %{{.*}}, %cst
// CHECK: arith.addf
func.func @gemm(%x: tensor<2x4xf32>, %w: tensor<5x4xf32>, %c: tensor<5xf32>) -> tensor<2x5xf32> {
  %0 = onnx.Gemm %x, %w, %c {alpha = 0.5 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<2x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// -----

// By a constant matrix: the same order of k, 16 outputs at a time.
// CHECK-LABEL: func.func @projection(
// CHECK-DAG: %[[BIAS:.*]] = arith.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00], [5.000000e+00, 6.000000e+00]]>
// CHECK: %[[Y:.*]] = bnn.matmul %{{.*}}, %[[W]] params(%[[BIAS]] : tensor<2xf32>) outs({{.*}} : tensor<?x2xf32>)
// CHECK: return %[[Y]]
func.func @projection(%x: tensor<?x3xf32> {onnx.dims = ["batch", 3]}) -> tensor<?x2xf32> {
  %w = onnx.Constant {value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %0 = onnx.MatMul %x, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

// The weights that PyTorch's exporter writes are turned at compile time.
// CHECK-LABEL: func.func @turned_projection(
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]>
// CHECK: %[[P:.*]] = bnn.matmul %{{.*}}, %[[W]]
// CHECK: linalg.generic {{.*}} ins(%[[P]]
// CHECK: arith.addf
func.func @turned_projection(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = onnx.Constant {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %c = onnx.Constant {value = dense<[0.5, 0.25]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = onnx.Gemm %x, %w, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 1 : i64} : (tensor<4x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

//===-- Reductions ----------------------------------------------------------===//

// CHECK-LABEL: func.func @reduce_mean(
// CHECK: %[[COUNT:.*]] = arith.constant 8.000000e+00 : f32
// CHECK: bnn.reduce{{ +}}add %{{.*}} : tensor<4x8xf32> -> tensor<4xf32>
// CHECK: arith.divf %{{.*}}, %[[COUNT]]
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [4, 1]
func.func @reduce_mean(%x: tensor<4x8xf32>) -> tensor<4x1xf32> {
  %0 = onnx.ReduceMean %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  return %0 : tensor<4x1xf32>
}

// -----

// Without axes it is one reduction over everything.
// CHECK-LABEL: func.func @reduce_all(
// CHECK: math.absf
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]] : tensor<4x8xf32> into tensor<32xf32>
// CHECK: bnn.reduce{{ +}}add %[[FLAT]] {{.*}} : tensor<32xf32> -> tensor<f32>
func.func @reduce_all(%x: tensor<4x8xf32>) -> tensor<f32> {
  %0 = onnx.ReduceL1 %x {keepdims = 0 : i64} : (tensor<4x8xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @reduce_max_min(
// CHECK: bnn.reduce{{ +}}max
// CHECK: bnn.reduce{{ +}}min
func.func @reduce_max_min(%x: tensor<3x4x8xf32>) -> tensor<3xf32> {
  %0 = onnx.ReduceMax %x {axes = array<i64: 2>, keepdims = 0 : i64} : (tensor<3x4x8xf32>) -> tensor<3x4xf32>
  %1 = onnx.ReduceMin %0 {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<3x4xf32>) -> tensor<3xf32>
  return %1 : tensor<3xf32>
}

// -----

// Over another axis: in order.
// CHECK-DAG: #[[KEPT:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @reduce_sum_rows(
// CHECK: linalg.fill
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[KEPT]]], iterator_types = ["reduction", "parallel"]}
// CHECK: ^bb0(%[[X:.*]]: f32, %[[ACC:.*]]: f32):
// CHECK: arith.addf %[[ACC]], %[[X]]
func.func @reduce_sum_rows(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %0 = onnx.ReduceSum %x, %axes {keepdims = 0 : i64, noop_with_empty_axes = 0 : i64} : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @softmax(
// CHECK: bnn.reduce{{ +}}max
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: bnn.reduce{{ +}}add
// CHECK: arith.divf
func.func @softmax(%x: tensor<?x8xf32> {onnx.dims = ["seq", 8]}) -> tensor<?x8xf32> {
  %0 = onnx.Softmax %x {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @log_softmax(
// CHECK: bnn.reduce{{ +}}max
// CHECK: bnn.reduce{{ +}}add
// CHECK: math.log
// CHECK: arith.subf
// CHECK: arith.subf
func.func @log_softmax(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = onnx.LogSoftmax %x {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @layer_normalization(
// CHECK: %[[COUNT:.*]] = arith.constant 8.000000e+00 : f32
// CHECK: bnn.reduce{{ +}}add
// CHECK: arith.divf %{{.*}}, %[[COUNT]]
// CHECK: arith.subf
// CHECK: arith.mulf
// CHECK: bnn.reduce{{ +}}add
// CHECK: arith.divf %{{.*}}, %[[COUNT]]
// CHECK: arith.addf
// CHECK: math.sqrt
// CHECK: arith.divf
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @layer_normalization(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = onnx.LayerNormalization %x, %g, %b {axis = -1 : i64, epsilon = 1.0e-12 : f32, stash_type = 1 : i64} : (tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

//===-- Values and shapes ---------------------------------------------------===//

// CHECK-LABEL: func.func @constant(
// CHECK: arith.constant dense<[1, 2]> : tensor<2xi64>
func.func @constant() -> tensor<2xi64> {
  %0 = onnx.Constant {value = dense<[1, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  %1 = onnx.Identity %0 : (tensor<2xi64>) -> tensor<2xi64>
  return %1 : tensor<2xi64>
}

// -----

// CHECK-LABEL: func.func @shape(
// CHECK: %[[DIM:.*]] = tensor.dim %{{.*}}, %c0
// CHECK: %[[I:.*]] = arith.index_cast %[[DIM]] : index to i64
// CHECK: tensor.from_elements %[[I]], %{{.*}} : tensor<2xi64>
func.func @shape(%x: tensor<?x8xf32>) -> tensor<2xi64> {
  %0 = onnx.Shape %x {start = 0 : i64} : (tensor<?x8xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

// CHECK-LABEL: func.func @size(
// CHECK: %[[DIM:.*]] = tensor.dim
// CHECK: arith.muli %[[DIM]], %c8
func.func @size(%x: tensor<?x8xf32>) -> tensor<i64> {
  %0 = onnx.Size %x : (tensor<?x8xf32>) -> tensor<i64>
  return %0 : tensor<i64>
}

// -----

// CHECK-LABEL: func.func @constant_of_shape(
// CHECK: %[[ONE:.*]] = arith.constant 1 : i64
// CHECK: %[[DIM:.*]] = tensor.dim %{{.*}}, %c0
// CHECK: %[[OUT:.*]] = tensor.empty(%[[DIM]]) : tensor<?x8xi64>
// CHECK: linalg.fill ins(%[[ONE]] : i64) outs(%[[OUT]]
func.func @constant_of_shape(%x: tensor<?x8xf32>) -> tensor<?x8xi64> {
  %s = onnx.Shape %x {start = 0 : i64} : (tensor<?x8xf32>) -> tensor<2xi64>
  %0 = onnx.ConstantOfShape %s {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x8xi64>
  return %0 : tensor<?x8xi64>
}

// -----

// The positions 0, 1, ... of a sequence: as long as an argument is.
// CHECK-LABEL: func.func @positions(
// CHECK-SAME: %[[IDS:.*]]: tensor<?x?xi64>
// CHECK: %[[SEQ:.*]] = tensor.dim %[[IDS]], %c1
// CHECK: tensor.empty(%[[SEQ]]) : tensor<?xi64>
// CHECK: linalg.index 0
func.func @positions(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "seq"]}) -> tensor<?xi64> {
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %s = onnx.Shape %ids {start = 0 : i64} : (tensor<?x?xi64>) -> tensor<2xi64>
  %seq = onnx.Gather %s, %one {axis = 0 : i64} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %0 = onnx.Range %zero, %seq, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

// A length that only the values tell.
// CHECK-LABEL: func.func @range(
// CHECK: arith.divsi
// CHECK: arith.maxsi
// CHECK: arith.muli
// CHECK: arith.addi
func.func @range(%start: tensor<i64>, %limit: tensor<i64>) -> tensor<?xi64> {
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %0 = onnx.Range %start, %limit, %two : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

//===-- Data movement -------------------------------------------------------===//

// CHECK-LABEL: func.func @gather(
// CHECK-SAME: %[[TABLE:.*]]: tensor<100x8xf32>, %[[IDS:.*]]: tensor<?x?xi64>
// CHECK: %[[I:.*]] = arith.index_cast %{{.*}} : i64 to index
// CHECK: %[[NEGATIVE:.*]] = arith.cmpi slt, %[[I]], %c0
// CHECK: %[[END:.*]] = arith.addi %[[I]], %c100
// CHECK: %[[WRAPPED:.*]] = arith.select %[[NEGATIVE]], %[[END]], %[[I]]
// CHECK: %[[LOW:.*]] = arith.minsi %[[WRAPPED]], %c99
// CHECK: %[[AT:.*]] = arith.maxsi %[[LOW]], %c0
// CHECK: %[[K:.*]] = linalg.index 2
// CHECK: tensor.extract %[[TABLE]][%[[AT]], %[[K]]]
func.func @gather(%table: tensor<100x8xf32>, %ids: tensor<?x?xi64> {onnx.dims = ["batch", "seq"]}) -> tensor<?x?x8xf32> {
  %0 = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<100x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// -----

// One constant index: a slice.
// CHECK-LABEL: func.func @gather_one(
// CHECK-NOT: linalg.generic
// CHECK: tensor.extract_slice %{{.*}}[0, 7, 0] [%{{.*}}, 1, 8] [1, 1, 1]
func.func @gather_one(%x: tensor<?x8x8xf32>) -> tensor<?x8xf32> {
  %last = onnx.Constant {value = dense<-1> : tensor<i64>} : () -> tensor<i64>
  %0 = onnx.Gather %x, %last {axis = 1 : i64} : (tensor<?x8x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @concat(
// CHECK: tensor.empty() : tensor<2x5xf32>
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0] [2, 3] [1, 1]
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 3] [2, 2] [1, 1]
func.func @concat(%x: tensor<2x3xf32>, %y: tensor<2x2xf32>) -> tensor<2x5xf32> {
  %0 = onnx.Concat %x, %y {axis = -1 : i64} : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// -----

// CHECK-LABEL: func.func @slice(
// CHECK: tensor.extract_slice %{{.*}}[1, 0] [2, 4] [1, 2]
func.func @slice(%x: tensor<4x8xf32>) -> tensor<2x4xf32> {
  %starts = onnx.Constant {value = dense<[1, 0]> : tensor<2xi64>} : () -> tensor<2xi64>
  %ends = onnx.Constant {value = dense<[-1, 9223372036854775807]> : tensor<2xi64>} : () -> tensor<2xi64>
  %axes = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %steps = onnx.Constant {value = dense<[1, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = onnx.Slice %x, %starts, %ends, %axes, %steps : (tensor<4x8xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// The first of the stored positions, as many as the sequence is long.
// CHECK-LABEL: func.func @slice_dynamic(
// CHECK-SAME: %{{.*}}: tensor<1x512xi64>, %[[IDS:.*]]: tensor<?x?xi64>
// CHECK: %[[SEQ:.*]] = tensor.dim %[[IDS]], %c1
// CHECK: tensor.extract_slice
func.func @slice_dynamic(%positions: tensor<1x512xi64>, %ids: tensor<?x?xi64> {onnx.dims = ["batch", "seq"]}) -> tensor<1x?xi64> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %none = onnx.NoValue : () -> none
  %seq = onnx.Shape %ids {start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %0 = onnx.Slice %positions, %zero, %seq, %one, %none : (tensor<1x512xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<1x?xi64>
  return %0 : tensor<1x?xi64>
}

// -----

// CHECK-LABEL: func.func @split(
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [4, 3] [1, 1]
// CHECK: tensor.extract_slice %{{.*}}[0, 3] [4, 5] [1, 1]
func.func @split(%x: tensor<4x8xf32>) -> (tensor<4x3xf32>, tensor<4x5xf32>) {
  %sizes = onnx.Constant {value = dense<[3, 5]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0, %1 = onnx.Split %x, %sizes {axis = 1 : i64} : (tensor<4x8xf32>, tensor<2xi64>) -> (tensor<4x3xf32>, tensor<4x5xf32>)
  return %0, %1 : tensor<4x3xf32>, tensor<4x5xf32>
}

// -----

// CHECK-LABEL: func.func @split_equal(
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [2, 8] [1, 1]
// CHECK: tensor.extract_slice %{{.*}}[2, 0] [2, 8] [1, 1]
func.func @split_equal(%x: tensor<4x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>) {
  %none = onnx.NoValue : () -> none
  %0, %1 = onnx.Split %x, %none {axis = 0 : i64} : (tensor<4x8xf32>, none) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return %0, %1 : tensor<2x8xf32>, tensor<2x8xf32>
}

// -----

// CHECK-LABEL: func.func @squeeze_unsqueeze(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]] : tensor<1x8xf32> into tensor<8xf32>
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1, 2]] output_shape [1, 8, 1] : tensor<8xf32> into tensor<1x8x1xf32>
func.func @squeeze_unsqueeze(%x: tensor<1x8xf32>, %other: tensor<8xf32>) -> (tensor<8xf32>, tensor<1x8x1xf32>) {
  %none = onnx.NoValue : () -> none
  %axes = onnx.Constant {value = dense<[0, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = onnx.Squeeze %x, %none : (tensor<1x8xf32>, none) -> tensor<8xf32>
  %1 = onnx.Unsqueeze %other, %axes : (tensor<8xf32>, tensor<2xi64>) -> tensor<1x8x1xf32>
  return %0, %1 : tensor<8xf32>, tensor<1x8x1xf32>
}

// -----

// CHECK-LABEL: func.func @flatten(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]] : tensor<2x3x4xf32> into tensor<2x12xf32>
func.func @flatten(%x: tensor<2x3x4xf32>) -> tensor<2x12xf32> {
  %0 = onnx.Flatten %x {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
  return %0 : tensor<2x12xf32>
}

// -----

// Heads are split off the last axis alone, although two axes are dynamic.
// CHECK-LABEL: func.func @split_heads(
// CHECK-SAME: %[[X:.*]]: tensor<?x?x8xf32>
// CHECK-DAG: %[[BATCH:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[SEQ:.*]] = tensor.dim %[[X]], %c1
// CHECK: tensor.expand_shape %[[X]] {{\[\[}}0], [1], [2, 3]] output_shape [%[[BATCH]], %[[SEQ]], 2, 4]
// CHECK: linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
func.func @split_heads(%x: tensor<?x?x8xf32> {onnx.dims = ["batch", "seq", 8]}) -> tensor<?x2x?x4xf32> {
  %s = onnx.Shape %x {start = 0 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<2xi64>
  %c = onnx.Constant {value = dense<[2, 4]> : tensor<2xi64>} : () -> tensor<2xi64>
  %shape = onnx.Concat %s, %c {axis = 0 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %1 = onnx.Transpose %0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  return %1 : tensor<?x2x?x4xf32>
}

// -----

// 0 copies a dimension, -1 is what is left.
// CHECK-LABEL: func.func @merge_heads(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1], [2, 3]] : tensor<?x?x2x4xf32> into tensor<?x?x8xf32>
func.func @merge_heads(%x: tensor<?x?x2x4xf32>) -> tensor<?x?x8xf32> {
  %shape = onnx.Constant {value = dense<[0, 0, -1]> : tensor<3xi64>} : () -> tensor<3xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<?x?x2x4xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// -----

// Where no axes match, everything is one axis in between.
// CHECK-LABEL: func.func @reshape_static(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]] : tensor<4x6xf32> into tensor<24xf32>
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [3, 8] : tensor<24xf32> into tensor<3x8xf32>
func.func @reshape_static(%x: tensor<4x6xf32>) -> tensor<3x8xf32> {
  %shape = onnx.Constant {value = dense<[3, 8]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<4x6xf32>, tensor<2xi64>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// -----

// Two unknown dimensions come from one: bufferisation wants the shape.
// CHECK-LABEL: func.func @split_batch(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[IDS:.*]]: tensor<?x?xi64>
// CHECK-DAG: %[[BATCH:.*]] = tensor.dim %[[IDS]], %c0
// CHECK-DAG: %[[SEQ:.*]] = tensor.dim %[[IDS]], %c1
// CHECK: %[[SHAPE:.*]] = tensor.from_elements %[[BATCH]], %[[SEQ]], %c8 : tensor<3xindex>
// CHECK: tensor.reshape %[[X]](%[[SHAPE]]) : (tensor<?x8xf32>, tensor<3xindex>) -> tensor<?x?x8xf32>
func.func @split_batch(%x: tensor<?x8xf32>, %ids: tensor<?x?xi64> {onnx.dims = ["batch", "seq"]}) -> tensor<?x?x8xf32> {
  %s = onnx.Shape %ids {start = 0 : i64} : (tensor<?x?xi64>) -> tensor<2xi64>
  %c = onnx.Constant {value = dense<8> : tensor<1xi64>} : () -> tensor<1xi64>
  %shape = onnx.Concat %s, %c {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// -----

// CHECK-LABEL: func.func @expand(
// CHECK-SAME: %{{.*}}: tensor<1x8xf32>, %[[IDS:.*]]: tensor<?x8xi64>
// CHECK: %[[BATCH:.*]] = tensor.dim %[[IDS]], %c0
// CHECK: tensor.empty(%[[BATCH]]) : tensor<?x8xf32>
// CHECK: linalg.generic
func.func @expand(%x: tensor<1x8xf32>, %ids: tensor<?x8xi64> {onnx.dims = ["batch", 8]}) -> tensor<?x8xf32> {
  %shape = onnx.Shape %ids {start = 0 : i64} : (tensor<?x8xi64>) -> tensor<2xi64>
  %0 = onnx.Expand %x, %shape : (tensor<1x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @transpose(
// CHECK: linalg.transpose {{.*}} permutation = [1, 0]
func.func @transpose(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %0 = onnx.Transpose %x : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// -----

// CHECK-LABEL: func.func @tile(
// CHECK: arith.remui %{{.*}}, %c2
// CHECK: arith.remui %{{.*}}, %c3
// CHECK: tensor.extract
// CHECK: -> tensor<4x3xf32>
func.func @tile(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %repeats = onnx.Constant {value = dense<[2, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// CHECK-LABEL: func.func @dropout(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT: return %[[X]]
func.func @dropout(%x: tensor<4xf32>) -> tensor<4xf32> {
  %none = onnx.NoValue : () -> none
  %0 = onnx.Dropout %x, %none, %none : (tensor<4xf32>, none, none) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Either dimension may be 1 at run time: the length is chosen, and each operand
// is brought to it.
// CHECK-LABEL: func.func @run_time(
// CHECK-DAG: %[[N:.*]] = tensor.dim %{{.*}}, %{{.*}} : tensor<?xf32>
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[N]], %{{.*}} : index
// CHECK: %[[LENGTH:.*]] = arith.select %[[ONE]], %{{.*}}, %[[N]] : index
// CHECK: linalg.generic
// CHECK: linalg.index 0
// CHECK: arith.minsi
// CHECK: tensor.extract
// CHECK: tensor.extract
// CHECK: arith.addf
func.func @run_time(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = onnx.Add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Of one name they are equal.
// CHECK-LABEL: func.func @same_name(
// CHECK-NOT: tensor.extract
// CHECK: return
func.func @same_name(%x: tensor<?xf32> {onnx.dims = ["n"]}, %y: tensor<?xf32> {onnx.dims = ["n"]}) -> tensor<?xf32> {
  %0 = onnx.Add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Bytes without sign keep their type in tensors; arithmetic is signless.
// CHECK-LABEL: func.func @bytes(
// CHECK: ^bb0(%[[A:.*]]: ui8, %[[B:.*]]: ui8, %{{.*}}: ui8):
// CHECK: %[[SA:.*]] = builtin.unrealized_conversion_cast %[[A]] : ui8 to i8
// CHECK: %[[SB:.*]] = builtin.unrealized_conversion_cast %[[B]] : ui8 to i8
// CHECK: arith.cmpi ugt, %[[SA]], %[[SB]] : i8
func.func @bytes(%x: tensor<4xui8>, %y: tensor<4xui8>) -> tensor<4xui8> {
  %0 = onnx.Max %x, %y : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// -----

// A slice that runs backwards.
// CHECK-LABEL: func.func @backwards(
// CHECK: linalg.generic
// CHECK: arith.subi
// CHECK: tensor.extract
func.func @backwards(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %starts = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %ends = onnx.Constant {value = dense<-100> : tensor<1xi64>} : () -> tensor<1xi64>
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %0 = onnx.Slice %x, %starts, %ends, %axes, %starts : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// The start of a slice that runs backwards is clamped to the first element and
// the last; its end may be before the first.
// CHECK-LABEL: func.func @slice_from_below(
// CHECK: %[[N:.*]] = tensor.dim %{{.*}}, %c0 : tensor<?xf32>
// CHECK: %[[LAST:.*]] = arith.subi %[[N]], %c1 : index
// CHECK: %[[FROM_END:.*]] = arith.addi %[[N]], %c-3 : index
// CHECK: %[[FIRST:.*]] = arith.maxsi %[[FROM_END]], %c0 : index
// CHECK: %[[START:.*]] = arith.minsi %[[FIRST]], %[[LAST]] : index
// CHECK: %[[FROM_END:.*]] = arith.addi %[[N]], %c-5 : index
// CHECK: %[[END:.*]] = arith.maxsi %[[FROM_END]], %c-1 : index
// CHECK: arith.subi %[[START]], %[[END]] : index
func.func @slice_from_below(%x: tensor<?xf32> {onnx.dims = ["n"]}) -> tensor<?xf32> {
  %start = onnx.Constant {value = dense<-3> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = onnx.Constant {value = dense<-5> : tensor<1xi64>} : () -> tensor<1xi64>
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %step = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %0 = onnx.Slice %x, %start, %end, %axis, %step : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// A sum of all elements up to each: a loop over the row for each element.
// CHECK-LABEL: func.func @cumulative(
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: %[[OUT:.*]] = linalg.index 1
// CHECK: %[[IN:.*]] = linalg.index 2
// CHECK: %[[COUNTS:.*]] = arith.cmpi sle, %[[IN]], %[[OUT]]
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: arith.select %[[COUNTS]], %[[SUM]]
func.func @cumulative(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = onnx.CumSum %x {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// How many elements come before each, and which has that many before it.
// CHECK-LABEL: func.func @top_k(
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
// CHECK: arith.cmpf ogt
// CHECK: arith.cmpf uno
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
// CHECK-SAME: ins(%{{.*}} : tensor<5xi64>) outs(%{{.*}} : tensor<2xi64>)
// CHECK: arith.cmpi eq
func.func @top_k(%x: tensor<5xf32>) -> tensor<2xi64> {
  %0 = onnx.TopKIndices %x {axis = 0 : i64, k = 2 : i64} : (tensor<5xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

// Each place looks through the updates: nothing is written where data say.
// CHECK-LABEL: func.func @scatter(
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<3xi64>, tensor<3xf32>) outs(%{{.*}} : tensor<8xf32>)
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: arith.select %{{.*}}, %[[SUM]]
// CHECK-NOT: tensor.insert
func.func @scatter(%x: tensor<8xf32>, %i: tensor<3xi64>, %u: tensor<3xf32>) -> tensor<8xf32> {
  %0 = onnx.ScatterElements %x, %i, %u {axis = 0 : i64, reduction = 1 : i64} : (tensor<8xf32>, tensor<3xi64>, tensor<3xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// The rest takes the divisor's sign, and no division by 0 happens.
// CHECK-LABEL: func.func @mod(
// CHECK: arith.divsi
// CHECK: arith.xori
// CHECK: arith.addi
func.func @mod(%x: tensor<3xi32>, %y: tensor<3xi32>) -> tensor<3xi32> {
  %0 = onnx.Mod %x, %y : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

// Eight elements and one are as many where the other axis has length 0 alone,
// which a check says before.
// CHECK-LABEL: func.func @reshape_of_nothing(
// CHECK: tensor.reshape %{{.*}}(%{{.*}}) : (tensor<?x8xf32>, tensor<3xindex>) -> tensor<?x1x1xf32>
func.func @reshape_of_nothing(%x: tensor<?x8xf32>) -> tensor<?x1x1xf32> {
  %n = onnx.Shape %x {start = 0 : i64, end = 1 : i64} : (tensor<?x8xf32>) -> tensor<1xi64>
  %ones = onnx.Constant {value = dense<1> : tensor<2xi64>} : () -> tensor<2xi64>
  %shape = onnx.Concat %n, %ones {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x1x1xf32>
  return %0 : tensor<?x1x1xf32>
}

// -----

// One element is not 35 or more, which a check says before.
// CHECK-LABEL: func.func @reshape_of_scalar(
// CHECK: tensor.reshape %{{.*}}(%{{.*}}) : (tensor<f32>, tensor<3xindex>) -> tensor<?x7x5xf32>
func.func @reshape_of_scalar(%x: tensor<f32>, %like: tensor<?x7x5xf32>) -> tensor<?x7x5xf32> {
  %shape = onnx.Shape %like {start = 0 : i64} : (tensor<?x7x5xf32>) -> tensor<3xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<f32>, tensor<3xi64>) -> tensor<?x7x5xf32>
  return %0 : tensor<?x7x5xf32>
}

// -----

// CHECK-LABEL: func.func @reshape_to_scalar(
// CHECK: tensor.reshape %{{.*}}(%{{.*}}) : (tensor<?x7xf32>, tensor<0xindex>) -> tensor<f32>
func.func @reshape_to_scalar(%x: tensor<?x7xf32>) -> tensor<f32> {
  %shape = onnx.Constant {value = dense<> : tensor<0xi64>} : () -> tensor<0xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<?x7xf32>, tensor<0xi64>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// Bytes that are made floats of again with the scale and the zero point that
// they were made with are whole numbers of steps: no byte is made. Others are.
// CHECK-LABEL: func.func @quantized_again
// CHECK: linalg.generic
// CHECK: %[[Q:.*]] = arith.divf
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[TERM:.*]] : f32
// CHECK: %[[N:.*]] = arith.subf %[[SUM]], %[[TERM]] : f32
// CHECK: arith.mulf %[[N]],
// CHECK-NOT: arith.trunci
// CHECK: return
// CHECK-LABEL: func.func @another_scale
// CHECK: arith.trunci
// CHECK: arith.ext
func.func @quantized_again(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = onnx.Constant {value = dense<5.000000e-02> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 0 : i64} : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  %1 = onnx.DequantizeLinear %0, %s, %z {axis = 0 : i64} : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func @another_scale(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = onnx.Constant {value = dense<5.000000e-02> : tensor<f32>} : () -> tensor<f32>
  %t = onnx.Constant {value = dense<6.000000e-02> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<3> : tensor<ui8>} : () -> tensor<ui8>
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 0 : i64} : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  %1 = onnx.DequantizeLinear %0, %t, %z {axis = 0 : i64} : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
