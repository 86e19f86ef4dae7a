// RUN: bnn-opt %s --bnn-prepare-entry --split-input-file | FileCheck %s
// RUN: bnn-opt %s '--bnn-prepare-entry=max-first=3 max-other=77' --split-input-file | FileCheck %s --check-prefix=MAXIMA

// CHECK: module attributes {bnn.model = #bnn.model<max_dims = {batch = 8 : i64}>} {
// CHECK: func.func @main(%[[X:.*]]: memref<?x4xf32> {bnn.argument = #bnn.argument<input, "x", ["batch", 4]>}, %[[Y:.*]]: memref<?x4xf32> {bnn.argument = #bnn.argument<output, "y", ["batch", 4]>}, %{{.*}}: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}) -> i32 {
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[X]] restrict : memref<?x4xf32>
// CHECK: bufferization.materialize_in_destination %[[T]] in restrict writable %[[Y]]
// CHECK: %[[OK:.*]] = arith.constant 0 : i32
// CHECK: return %[[OK]] : i32
// MAXIMA: bnn.model = #bnn.model<max_dims = {batch = 3 : i64}>
func.func @main(%x: tensor<?x4xf32> {onnx.dims = ["batch", 4], onnx.name = "x"})
    -> (tensor<?x4xf32> {onnx.dims = ["batch", 4], onnx.name = "y"}) {
  return %x : tensor<?x4xf32>
}

// -----

// Without the importer's notes, inputs, outputs and dimensions get names. One
// symbol is one maximum: that of its first use. Declared ones stay.
// CHECK: module attributes {bnn.model = #bnn.model<max_dims = {input0_d0 = 8 : i64, input0_d1 = 512 : i64, seq = 64 : i64, words = 512 : i64}>} {
// CHECK: memref<?x?xi64> {bnn.argument = #bnn.argument<input, "input0", ["input0_d0", "input0_d1"]>}
// CHECK-SAME: memref<2x?x?xf32> {bnn.argument = #bnn.argument<input, "s", [2, "seq", "words"]>}
// CHECK-SAME: memref<?x?xi64> {bnn.argument = #bnn.argument<output, "output0", [#bnn.computed<value = "?">, #bnn.computed<value = "?">]>}
// CHECK-SAME: memref<f32> {bnn.argument = #bnn.argument<output, "output1", []>}
// MAXIMA: bnn.model = #bnn.model<max_dims = {input0_d0 = 3 : i64, input0_d1 = 77 : i64, seq = 64 : i64, words = 77 : i64}>
module attributes {bnn.model = #bnn.model<max_dims = {seq = 64}>} {
  func.func @main(%ids: tensor<?x?xi64>, %s: tensor<2x?x?xf32> {onnx.dims = [2, "seq", "words"], onnx.name = "s"})
      -> (tensor<?x?xi64>, tensor<f32>) {
    %c = arith.constant dense<1.0> : tensor<f32>
    return %ids, %c : tensor<?x?xi64>, tensor<f32>
  }
}

// -----

// An input's dimension without a name gets one that no other input's has.
// CHECK: func.func @main(%{{.*}}: memref<?xf32> {bnn.argument = #bnn.argument<input, "input0", ["input0_d0_"]>}, %{{.*}}: memref<?xf32> {bnn.argument = #bnn.argument<input, "input1", ["input0_d0"]>}
// A name for an output's is none that an input has.
// CHECK-SAME: #bnn.argument<output, "y", [#bnn.computed<value = "2*n", declared = "k">]>
func.func @main(%x: tensor<?xf32>, %y: tensor<?xf32> {onnx.dims = ["input0_d0"]})
    -> (tensor<?xf32> {onnx.dims = [#bnn.computed<value = "2*n", declared = "k">], onnx.name = "y"}) {
  return %x : tensor<?xf32>
}

// -----

// What arguments alone determine is checked before everything else: shapes
// first, then indices; what they are computed from comes with them.
// CHECK: func.func @main(
// CHECK: %[[X:.*]] = bufferization.to_tensor
// CHECK-NEXT: %[[IDS:.*]] = bufferization.to_tensor
// CHECK-NEXT: %[[C0:.*]] = arith.constant 0 : index
// CHECK-NEXT: %[[N:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK-NEXT: %[[C5:.*]] = arith.constant 5 : index
// CHECK-NEXT: %[[FITS:.*]] = arith.cmpi eq, %[[N]], %[[C5]] : index
// CHECK-NEXT: bnn.return_unless %[[FITS]], 2
// CHECK-NEXT: %[[C6:.*]] = arith.constant 6 : index
// CHECK-NEXT: %[[LESS:.*]] = arith.cmpi ult, %[[N]], %[[C6]] : index
// CHECK-NEXT: bnn.return_unless %[[LESS]], 2
// CHECK-NEXT: %[[FLAT:.*]] = tensor.collapse_shape %[[IDS]]
// CHECK-NEXT: %[[C10:.*]] = arith.constant 10 : index
// CHECK-NEXT: %[[KNOWN:.*]] = bnn.check_indices %[[FLAT]] limit %[[C10]]
// CHECK-NEXT: bnn.return_unless %[[KNOWN]], 4
// CHECK-NEXT: tensor.empty
// CHECK: bnn.reduce
// CHECK-NOT: bnn.check
// CHECK: bufferization.materialize_in_destination
// CHECK: %[[OK:.*]] = arith.constant 0 : i32
// CHECK: return %[[OK]] : i32
func.func @main(%x: tensor<?x16xf32>, %ids: tensor<2x2xi64>) -> tensor<?xf32> {
  %flat = tensor.collapse_shape %ids [[0, 1]] : tensor<2x2xi64> into tensor<4xi64>
  %ten = arith.constant 10 : index
  %known = bnn.check_indices %flat limit %ten : tensor<4xi64>
  %zero = arith.constant 0 : index
  %n = tensor.dim %x, %zero : tensor<?x16xf32>
  %0 = tensor.empty(%n) : tensor<?xf32>
  %1 = bnn.reduce add %x outs(%0 : tensor<?xf32>) : tensor<?x16xf32> -> tensor<?xf32>
  %five = arith.constant 5 : index
  %fits = arith.cmpi eq, %n, %five : index
  bnn.check_shape %fits : i1
  %six = arith.constant 6 : index
  %less = arith.cmpi ult, %n, %six : index
  bnn.check_shape %less : i1
  return %1 : tensor<?xf32>
}

// -----

// A check of what is computed stays where it is. What may be in an output's
// buffer before that is copied at the end; what is computed behind it is not.
// CHECK: func.func @main(
// CHECK-SAME: %[[EARLY:[^:]*]]: memref<4xf32> {bnn.argument = #bnn.argument<output, "output0"
// CHECK-SAME: %[[LATE:[^:]*]]: memref<4xf32> {bnn.argument = #bnn.argument<output, "output1"
// CHECK: %[[X:.*]] = bufferization.to_tensor
// CHECK-NOT: bnn.return_unless
// CHECK: %[[SUM:.*]] = bnn.reduce add
// CHECK: %[[IDS:.*]] = linalg.generic
// CHECK: %[[KNOWN:.*]] = bnn.check_indices %[[IDS]] limit %{{.*}}
// CHECK-NEXT: bnn.return_unless %[[KNOWN]], 4
// CHECK: %[[MOST:.*]] = bnn.reduce max
// CHECK: %[[COMPUTED:.*]] = bufferization.to_memref %[[SUM]] read_only
// CHECK: linalg.generic {{.*}} ins(%[[COMPUTED]] : memref<4xf32>) outs(%[[EARLY]] : memref<4xf32>)
// CHECK: bufferization.materialize_in_destination %[[MOST]] in restrict writable %[[LATE]]
#id = affine_map<(d0) -> (d0)>
func.func @main(%x: tensor<4x16xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = tensor.empty() : tensor<4xf32>
  %sum = bnn.reduce add %x outs(%0 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  %1 = tensor.empty() : tensor<4xi64>
  %ids = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%sum : tensor<4xf32>) outs(%1 : tensor<4xi64>) {
  ^bb0(%in: f32, %out: i64):
    %i = arith.fptosi %in : f32 to i64
    linalg.yield %i : i64
  } -> tensor<4xi64>
  %ten = arith.constant 10 : index
  %known = bnn.check_indices %ids limit %ten : tensor<4xi64>
  %2 = tensor.empty() : tensor<4xf32>
  %most = bnn.reduce max %x outs(%2 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  return %sum, %most : tensor<4xf32>, tensor<4xf32>
}

// -----

// Two ops that CSE gave one empty tensor would both be given one output.
// CHECK: func.func @main
// CHECK-DAG: %[[E0:.*]] = tensor.empty() : tensor<4xf32>
// CHECK-DAG: %[[E1:.*]] = tensor.empty() : tensor<4xf32>
// CHECK: bnn.reduce add %{{.*}} outs(%[[FIRST:.*]] : tensor<4xf32>)
// CHECK-NOT: bnn.reduce max %{{.*}} outs(%[[FIRST]] : tensor<4xf32>)
// CHECK: bnn.reduce max
func.func @main(%x: tensor<4x16xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = tensor.empty() : tensor<4xf32>
  %1 = bnn.reduce add %x outs(%0 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  %2 = bnn.reduce max %x outs(%0 : tensor<4xf32>) : tensor<4x16xf32> -> tensor<4xf32>
  return %1, %2 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Nor two that CSE gave one filled tensor: each is filled where it is read.
// CHECK: func.func @main
// CHECK: %[[F0:.*]] = linalg.fill
// CHECK-NEXT: linalg.matmul {{.*}} outs(%[[F0]] : tensor<4x4xf32>)
// CHECK: %[[F1:.*]] = linalg.fill
// CHECK-NEXT: linalg.matmul {{.*}} outs(%[[F1]] : tensor<4x4xf32>)
func.func @main(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<4x4xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.matmul ins(%x, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = linalg.matmul ins(%2, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// One op may read several.
// CHECK: func.func @main
// CHECK-COUNT-2: linalg.fill
// CHECK-NOT: linalg.fill
// CHECK: linalg.add
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %0 = tensor.empty() : tensor<4xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<4xf32>) -> tensor<4xf32>
  %2 = linalg.fill ins(%one : f32) outs(%0 : tensor<4xf32>) -> tensor<4xf32>
  %3 = linalg.add ins(%x, %2 : tensor<4xf32>, tensor<4xf32>) outs(%1 : tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

// Only @main is the model's function.
// CHECK-LABEL: func.func @other
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: return %[[X]]
func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
