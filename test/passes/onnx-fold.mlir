// RUN: bnn-opt %s --onnx-fold -split-input-file | FileCheck %s

// The example of the description.
// CHECK-LABEL: @bias
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
// CHECK-NEXT: %[[B:.*]] = onnx.Constant
// CHECK-NEXT: %[[Y:.*]] = onnx.Add %[[X]], %[[B]] : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]] : tensor<?x4xf32>
func.func @bias(%x: tensor<?x4xf32>) -> tensor<?x?xf32> {
  %bias = onnx.Constant {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<?x4xf32>) -> tensor<2xi64>
  %wide = onnx.Expand %bias, %shape : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %minus = onnx.Neg %wide : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = onnx.Add %wide, %x : (tensor<?x?xf32>, tensor<?x4xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// A weight's binarisation, as it is exported, is one constant: the mean is 1,
// the signs are those of W - 1, the scale is 0.5, then the transpose.
// CHECK-LABEL: @binarize
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>)
// CHECK-NEXT: %[[W:.*]] = onnx.Constant {value = dense<{{\[\[}}-5.000000e-01, 5.000000e-01], [0.000000e+00, 5.000000e-01], [5.000000e-01, -5.000000e-01]]> : tensor<3x2xf32>}
// CHECK-NEXT: %[[Y:.*]] = onnx.MatMul %[[X]], %[[W]] : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
// CHECK-NEXT: return %[[Y]]
func.func @binarize(%x: tensor<?x3xf32>) -> tensor<*xf32> {
  %w = onnx.Constant {value = dense<[[0.5, 1.0, 1.5], [2.0, 2.0, -1.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %mean = onnx.ReduceMean %w {keepdims = 0 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  %centred = onnx.Sub %w, %mean : (tensor<2x3xf32>, tensor<*xf32>) -> tensor<*xf32>
  %sign = onnx.Sign %centred : (tensor<*xf32>) -> tensor<*xf32>
  %shape = onnx.Constant {value = dense<[2, 3]> : tensor<2xi64>} : () -> tensor<2xi64>
  %rank = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %ones = onnx.ConstantOfShape %rank {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<*xi64>
  %minus = onnx.Constant {value = dense<-1> : tensor<i64>} : () -> tensor<i64>
  %marks = onnx.Mul %ones, %minus : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %free = onnx.Equal %shape, %marks : (tensor<2xi64>, tensor<*xi64>) -> tensor<*xi1>
  %target = onnx.Where %free, %ones, %shape : (tensor<*xi1>, tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  %scale = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %wide = onnx.Expand %scale, %target : (tensor<f32>, tensor<*xi64>) -> tensor<*xf32>
  %binary = onnx.Mul %sign, %wide : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %t = onnx.Transpose %binary {perm = array<i64: 1, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.MatMul %x, %t : (tensor<?x3xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Heads are split with a constant shape: 0 copies, and one -1 may be left.
// CHECK-LABEL: @heads
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x192xf32>
// CHECK: %[[S:.*]] = onnx.Constant {value = dense<[0, 0, 12, 16]> : tensor<4xi64>}
// CHECK: onnx.Reshape %[[X]], %[[S]] : (tensor<?x?x192xf32>, tensor<4xi64>) -> tensor<?x?x12x16xf32>
// CHECK: %[[F:.*]] = onnx.Constant {value = dense<[-1, 192]> : tensor<2xi64>}
// CHECK: onnx.Reshape %[[X]], %[[F]] : (tensor<?x?x192xf32>, tensor<2xi64>) -> tensor<?x192xf32>
func.func @heads(%x: tensor<?x?x192xf32> {onnx.dims = ["batch", "seq", 192]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<?x?x192xf32>) -> tensor<3xi64>
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %heads = onnx.Constant {value = dense<[12, 16]> : tensor<2xi64>} : () -> tensor<2xi64>
  %width = onnx.Constant {value = dense<192> : tensor<1xi64>} : () -> tensor<1xi64>
  %b = onnx.Gather %shape, %zero {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %s = onnx.Gather %shape, %one {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %b1 = onnx.Unsqueeze %b, %axes : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %s1 = onnx.Unsqueeze %s, %axes : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %to = onnx.Concat %b1, %s1, %heads {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<4xi64>
  %split = onnx.Reshape %x, %to {allowzero = 0 : i64} : (tensor<?x?x192xf32>, tensor<4xi64>) -> tensor<*xf32>
  %rows = onnx.Mul %b1, %s1 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %flat = onnx.Concat %rows, %width {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %matrix = onnx.Reshape %x, %flat {allowzero = 0 : i64} : (tensor<?x?x192xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %split, %matrix : tensor<*xf32>, tensor<*xf32>
}

// -----

// Two symbols of one name are one dimension; others may differ at run time, and
// then the Expand must stay.
// CHECK-LABEL: @same_symbol
// CHECK-NOT: onnx.Expand
// CHECK: return
func.func @same_symbol(%x: tensor<?xf32> {onnx.dims = ["n"]}, %y: tensor<?xf32> {onnx.dims = ["n"]}) -> tensor<?xf32> {
  %shape = onnx.Shape %y {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  %wide = onnx.Expand %x, %shape : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %wide : tensor<?xf32>
}
// CHECK-LABEL: @other_symbol
// CHECK: onnx.Expand
// CHECK: return
func.func @other_symbol(%x: tensor<?xf32> {onnx.dims = ["n"]}, %y: tensor<?xf32> {onnx.dims = ["m"]}) -> tensor<?xf32> {
  %shape = onnx.Shape %y {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  %wide = onnx.Expand %x, %shape : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %wide : tensor<?xf32>
}

// -----

// An Expand is needed where it makes the result larger than its reader would.
// CHECK-LABEL: @needed
// CHECK: onnx.Expand
// CHECK: onnx.Add
func.func @needed(%x: tensor<1x4xf32>, %like: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %shape = onnx.Shape %like {start = 0 : i64} : (tensor<?x4xf32>) -> tensor<2xi64>
  %wide = onnx.Expand %x, %shape : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %y = onnx.Add %wide, %c : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Leading axes of a matrix product are broadcast as well, and a table's rows
// need no second look-up for each sentence.
// CHECK-LABEL: @matmul
// CHECK-SAME: (%[[P:.*]]: tensor<?x12x?x?xf32> {{.*}}, %[[V:.*]]: tensor<?x1x?x1xf32> {{.*}})
// CHECK-NEXT: %[[Y:.*]] = onnx.MatMul %[[P]], %[[V]] : (tensor<?x12x?x?xf32>, tensor<?x1x?x1xf32>) -> tensor<?x12x?x1xf32>
// CHECK-NEXT: return %[[Y]]
func.func @matmul(%p: tensor<?x12x?x?xf32> {onnx.dims = ["b", 12, "s", "s"]}, %v: tensor<?x1x?x1xf32> {onnx.dims = ["b", 1, "s", 1]}) -> tensor<*xf32> {
  %to = onnx.Constant {value = dense<[1, 12, 1, 1]> : tensor<4xi64>} : () -> tensor<4xi64>
  %wide = onnx.Expand %v, %to : (tensor<?x1x?x1xf32>, tensor<4xi64>) -> tensor<?x12x?x1xf32>
  %y = onnx.MatMul %p, %wide : (tensor<?x12x?x?xf32>, tensor<?x12x?x1xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
// CHECK-LABEL: @positions
// CHECK-SAME: (%[[IDS:.*]]: tensor<1x?xi64> {{.*}}, %[[H:.*]]: tensor<?x?x2xf32> {{.*}})
// CHECK: %[[G:.*]] = onnx.Gather %{{.*}}, %[[IDS]] : (tensor<8x2xf32>, tensor<1x?xi64>) -> tensor<1x?x2xf32>
// CHECK: onnx.Add %[[H]], %[[G]]
func.func @positions(%ids: tensor<1x?xi64> {onnx.dims = [1, "s"]}, %h: tensor<?x?x2xf32> {onnx.dims = ["b", "s", 2]}) -> tensor<?x?x2xf32> {
  %table = onnx.Constant {value = dense<[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0], [8.0, 9.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]]> : tensor<8x2xf32>} : () -> tensor<8x2xf32>
  %shape = onnx.Shape %h {start = 0 : i64, end = 2 : i64} : (tensor<?x?x2xf32>) -> tensor<2xi64>
  %wide = onnx.Expand %ids, %shape : (tensor<1x?xi64>, tensor<2xi64>) -> tensor<?x?xi64>
  %g = onnx.Gather %table, %wide {axis = 0 : i64} : (tensor<8x2xf32>, tensor<?x?xi64>) -> tensor<?x?x2xf32>
  %y = onnx.Add %h, %g : (tensor<?x?x2xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// -----

// A bias that an optimiser has spread over batch and sequence is one row again.
// CHECK-LABEL: @shrink
// CHECK: %[[B:.*]] = onnx.Constant {value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>}
// CHECK: onnx.Add %{{.*}}, %[[B]] : (tensor<2x2x2xf32>, tensor<2xf32>) -> tensor<2x2x2xf32>
// CHECK: onnx.Add %{{.*}}, %{{.*}} : (tensor<2x2x2xf32>, tensor<2x2xf32>) -> tensor<2x2x2xf32>
func.func @shrink(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> {
  %rows = onnx.Constant {value = dense<[[[1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]]]> : tensor<2x2x2xf32>} : () -> tensor<2x2x2xf32>
  %halves = onnx.Constant {value = dense<[[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]]> : tensor<2x2x2xf32>} : () -> tensor<2x2x2xf32>
  %a = onnx.Add %x, %rows : (tensor<2x2x2xf32>, tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %b = onnx.Add %a, %halves : (tensor<2x2x2xf32>, tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  return %b : tensor<2x2x2xf32>
}

// -----

// So is a matrix that a product would repeat, but not one for each matrix.
// CHECK-LABEL: @shrink_matrices
// CHECK: onnx.MatMul %{{.*}}, %{{.*}} : (tensor<2x2x2xf32>, tensor<2x2xf32>) -> tensor<2x2x2xf32>
// CHECK: onnx.MatMul %{{.*}}, %{{.*}} : (tensor<2x2x2xf32>, tensor<2x2xf32>) -> tensor<2x2x2xf32>
// CHECK: onnx.MatMul %{{.*}}, %{{.*}} : (tensor<2x2x2xf32>, tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
// CHECK: onnx.MatMul %{{.*}}, %{{.*}} : (tensor<2x2xf32>, tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
func.func @shrink_matrices(%x: tensor<2x2x2xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2x2xf32>, tensor<1x2x2xf32>) {
  %one = onnx.Constant {value = dense<[[[1.0, 2.0], [1.0, 2.0]]]> : tensor<1x2x2xf32>} : () -> tensor<1x2x2xf32>
  %same = onnx.Constant {value = dense<[[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]]> : tensor<2x2x2xf32>} : () -> tensor<2x2x2xf32>
  %two = onnx.Constant {value = dense<[[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 5.0]]]> : tensor<2x2x2xf32>} : () -> tensor<2x2x2xf32>
  %a = onnx.MatMul %x, %one : (tensor<2x2x2xf32>, tensor<1x2x2xf32>) -> tensor<2x2x2xf32>
  %b = onnx.MatMul %a, %same : (tensor<2x2x2xf32>, tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %c = onnx.MatMul %b, %two : (tensor<2x2x2xf32>, tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %d = onnx.MatMul %y, %one : (tensor<2x2xf32>, tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  return %c, %d : tensor<2x2x2xf32>, tensor<1x2x2xf32>
}

// -----

// Operations that change nothing, transposes in a row, constants second.
// CHECK-LABEL: @tidy
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xf32>)
// CHECK-NEXT: %[[C:.*]] = onnx.Constant
// CHECK-NEXT: %[[T:.*]] = onnx.Transpose %[[X]] {perm = array<i64: 1, 0, 2>}
// CHECK-NEXT: %[[Y:.*]] = onnx.Mul %[[T]], %[[C]]
// CHECK-NEXT: return %[[Y]] : tensor<3x2x4xf32>
func.func @tidy(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %c = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %none = onnx.NoValue : () -> none
  %i = onnx.Identity %x : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %d = onnx.Dropout %i, %none, %none : (tensor<2x3x4xf32>, none, none) -> tensor<2x3x4xf32>
  %k = onnx.Cast %d : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %t1 = onnx.Transpose %k : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %t2 = onnx.Transpose %t1 {perm = array<i64: 1, 2, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.Mul %c, %t2 : (tensor<f32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// ONNX's meaning at the edges: halves go to even, Sign(0) is 0, NaN stays, an
// integer divided by 0 is itself, as at run time.
// CHECK-LABEL: @edges
// CHECK-DAG: dense<[0.000000e+00, 2.000000e+00, 2.000000e+00, -0.000000e+00]> : tensor<4xf32>
// CHECK-DAG: dense<[1.000000e+00, 0.000000e+00, 0.000000e+00, -1.000000e+00]> : tensor<4xf32>
// CHECK-DAG: dense<[0x7FC00000, 1.000000e+00]> : tensor<2xf32>
// CHECK-DAG: dense<9> : tensor<i64>
// CHECK-NOT: onnx.Div
// CHECK: return
func.func @edges() -> (tensor<4xf32>, tensor<4xf32>, tensor<2xf32>, tensor<i64>) {
  %h = onnx.Constant {value = dense<[0.5, 1.5, 2.5, -0.5]> : tensor<4xf32>} : () -> tensor<4xf32>
  %r = onnx.Round %h : (tensor<4xf32>) -> tensor<4xf32>
  %z = onnx.Constant {value = dense<[3.0, 0.0, -0.0, -2.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %s = onnx.Sign %z : (tensor<4xf32>) -> tensor<4xf32>
  %n = onnx.Constant {value = dense<[0x7FC00000, -3.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %m = onnx.Max %n, %one : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %i = onnx.Constant {value = dense<9> : tensor<i64>} : () -> tensor<i64>
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %d = onnx.Div %i, %zero : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %r, %s, %m, %d : tensor<4xf32>, tensor<4xf32>, tensor<2xf32>, tensor<i64>
}

// -----

// Only what certainly is as much becomes a -1: 4 * k elements are no 3 * n.
// CHECK-LABEL: @reshape_to_other(
// CHECK: onnx.Concat
func.func @reshape_to_other(%x: tensor<3x?xf32> {onnx.dims = [3, "n"]}, %y: tensor<?xf32> {onnx.dims = ["k"]}) -> tensor<4x?xf32> {
  %four = onnx.Constant {value = dense<4> : tensor<1xi64>} : () -> tensor<1xi64>
  %k = onnx.Shape %y {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  %shape = onnx.Concat %four, %k {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<3x?xf32>, tensor<2xi64>) -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

// -----

// Nobody reads the product, and it still must have a meaning.
// CHECK-LABEL: @dead_product(
// CHECK: onnx.MatMul
func.func @dead_product(%x: tensor<2x?xf32> {onnx.dims = [2, "k"]}, %y: tensor<?x3xf32> {onnx.dims = ["p", 3]}) -> tensor<2xi64> {
  %0 = onnx.MatMul %x, %y : (tensor<2x?xf32>, tensor<?x3xf32>) -> tensor<2x3xf32>
  %1 = onnx.Shape %0 {start = 0 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
  return %1 : tensor<2xi64>
}

// -----

// A slice that runs backwards starts on the axis: far below it, at its first
// element.
// CHECK-LABEL: @slice_from_below(
// CHECK: onnx.Slice {{.*}} -> tensor<1xi64>
func.func @slice_from_below(%x: tensor<17xi64>) -> tensor<?xi64> {
  %start = onnx.Constant {value = dense<-100> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = onnx.Constant {value = dense<-200> : tensor<1xi64>} : () -> tensor<1xi64>
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %y = onnx.Slice %x, %start, %end, %axis, %start : (tensor<17xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

// Operators of one input, bounds that are left out, and shapes that come back.
// CHECK-LABEL: @nothing(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK-NEXT: return %[[X]]
func.func @nothing(%x: tensor<?x4xf32> {onnx.dims = ["n", 4]}) -> tensor<?x4xf32> {
  %none = onnx.NoValue : () -> none
  %axes = onnx.Constant {value = dense<[0, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  %sum = onnx.Sum %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %mean = onnx.Mean %sum : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %mean, %none, %none : (tensor<?x4xf32>, none, none) -> tensor<?x4xf32>
  %wide = onnx.Unsqueeze %clip, %axes : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<1x?x1x4xf32>
  %y = onnx.Squeeze %wide, %axes : (tensor<1x?x1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The Expand that nobody reads any more is gone once its shape is evaluated.
// CHECK-LABEL: @shape_of_dead_expand(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK: %[[C:.*]] = onnx.Constant {{.*}}dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[Y:.*]] = onnx.Mul %[[X]], %[[C]]
// CHECK-NEXT: return %[[Y]]
func.func @shape_of_dead_expand(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %half = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %given = onnx.Constant {value = dense<[2, 3]> : tensor<2xi64>} : () -> tensor<2xi64>
  %keep = onnx.Constant {value = dense<-1> : tensor<2xi64>} : () -> tensor<2xi64>
  %ones = onnx.Constant {value = dense<1> : tensor<2xi64>} : () -> tensor<2xi64>
  %equal = onnx.Equal %given, %keep : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi1>
  %not = onnx.Not %equal : (tensor<2xi1>) -> tensor<2xi1>
  %shape = onnx.Where %not, %given, %ones : (tensor<2xi1>, tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %wide = onnx.Expand %half, %shape : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %y = onnx.Mul %x, %wide : (tensor<2x3xf32>, tensor<?x?xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// What makes numbers of constant bytes for products alone stays, and is raised
// as it is; also less a zero point, and transposed.
// CHECK-LABEL: @bytes_of_products(
// CHECK-SAME: %[[X:.*]]: tensor<?x2xf32>, %[[I:.*]]: tensor<?x2xi32>)
// CHECK: %[[W:.*]] = onnx.DequantizeLinear {{.*}} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
// CHECK: %[[T:.*]] = onnx.Transpose %[[W]]
// CHECK: onnx.MatMul %[[X]], %[[W]]
// CHECK: onnx.Gemm %[[X]], %[[T]]
// CHECK: %[[C:.*]] = onnx.Cast {{.*}} : (tensor<2x2xi8>) -> tensor<2x2xi32>
// CHECK: %[[S:.*]] = onnx.Sub %[[C]], {{.*}} -> tensor<2x2xi32>
// CHECK: onnx.MatMul %[[I]], %[[S]]
func.func @bytes_of_products(%x: tensor<?x2xf32>, %i: tensor<?x2xi32>) -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xi32>) {
  %b = onnx.Constant {value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>} : () -> tensor<2x2xi8>
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<1> : tensor<i8>} : () -> tensor<i8>
  %p = onnx.Constant {value = dense<1> : tensor<i32>} : () -> tensor<i32>
  %none = onnx.NoValue : () -> none
  %w = onnx.DequantizeLinear %b, %s, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %t = onnx.Transpose %w {perm = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %0 = onnx.MatMul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %1 = onnx.Gemm %x, %t, %none {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<?x2xf32>, tensor<2x2xf32>, none) -> tensor<?x2xf32>
  %c = onnx.Cast %b : (tensor<2x2xi8>) -> tensor<2x2xi32>
  %d = onnx.Sub %c, %p : (tensor<2x2xi32>, tensor<i32>) -> tensor<2x2xi32>
  %2 = onnx.MatMul %i, %d : (tensor<?x2xi32>, tensor<2x2xi32>) -> tensor<?x2xi32>
  return %0, %1, %2 : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xi32>
}

// -----

// Read by something else as well, as the first factor, or by nothing but a
// result, they are constants like others.
// CHECK-LABEL: @bytes_of_others(
// CHECK-NOT: onnx.DequantizeLinear
// CHECK-NOT: onnx.Cast
// CHECK: onnx.Constant {value = dense<{{\[\[}}0.000000e+00, 5.000000e-01], [1.000000e+00, 1.500000e+00]]> : tensor<2x2xf32>}
// CHECK-NOT: onnx.DequantizeLinear
// CHECK-NOT: onnx.Cast
// CHECK: return
func.func @bytes_of_others(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xi32>, tensor<2xf32>) {
  %b = onnx.Constant {value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>} : () -> tensor<2x2xi8>
  %v = onnx.Constant {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %s = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %t = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %z = onnx.Constant {value = dense<1> : tensor<i8>} : () -> tensor<i8>
  %none = onnx.NoValue : () -> none
  %w = onnx.DequantizeLinear %b, %s, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %0 = onnx.MatMul %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = onnx.Add %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %l = onnx.DequantizeLinear %b, %t, %z {axis = 1 : i64} : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  %2 = onnx.MatMul %l, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = onnx.Cast %b : (tensor<2x2xi8>) -> tensor<2x2xi32>
  %4 = onnx.DequantizeLinear %v, %s, %none {axis = 0 : i64} : (tensor<2xi32>, tensor<f32>, none) -> tensor<2xf32>
  return %0, %1, %2, %3, %4 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xi32>, tensor<2xf32>
}

// -----

// An int32 bias as quantisers write it: a list of one scale beside a scalar
// zero point, and no axis 1.
// CHECK-LABEL: @one_scale(
// CHECK-NEXT: %[[B:.*]] = onnx.Constant {value = dense<[5.000000e-01, 1.000000e+00]> : tensor<2xf32>}
// CHECK-NEXT: return %[[B]]
func.func @one_scale() -> tensor<*xf32> {
  %v = onnx.Constant {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %s = onnx.Constant {value = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %z = onnx.Constant {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %0 = onnx.DequantizeLinear %v, %s, %z {axis = 1 : i64} : (tensor<2xi32>, tensor<1xf32>, tensor<i32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
