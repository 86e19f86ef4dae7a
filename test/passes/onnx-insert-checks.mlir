// Every operator's requirements that shapes do not prove, as conditions at the
// start of the function.
// RUN: bnn-opt %s --onnx-insert-checks --split-input-file | FileCheck %s

// The inner dimensions of a product are equal.
// CHECK-LABEL: func.func @matmul(
// CHECK: %[[K:.*]] = tensor.dim %arg0
// CHECK: %[[P:.*]] = tensor.dim %arg1
// CHECK: %[[OK:.*]] = arith.cmpi eq, %[[K]], %[[P]] : index
// CHECK-NEXT: bnn.check_shape %[[OK]] : i1
// CHECK-NOT: bnn.check
// CHECK: onnx.MatMul
func.func @matmul(%a: tensor<2x?xf32> {onnx.dims = [2, "k"]}, %b: tensor<?x3xf32> {onnx.dims = ["p", 3]}) -> tensor<2x3xf32> {
  %y = onnx.MatMul %a, %b : (tensor<2x?xf32>, tensor<?x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// Batches are broadcast: they are equal, or one of them is 1.
// CHECK-LABEL: func.func @matmul_batch(
// CHECK: %[[EQUAL:.*]] = arith.cmpi eq, %[[B:.*]], %[[C:.*]] : index
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[B]], %c1
// CHECK: %[[OTHER:.*]] = arith.cmpi eq, %[[C]], %c1
// CHECK: %[[EITHER:.*]] = arith.ori %[[ONE]], %[[OTHER]] : i1
// CHECK: %[[OK:.*]] = arith.ori %[[EQUAL]], %[[EITHER]] : i1
// CHECK-NEXT: bnn.check_shape %[[OK]] : i1
// CHECK-NOT: bnn.check
// CHECK: onnx.MatMul
func.func @matmul_batch(%a: tensor<?x2x4xf32> {onnx.dims = ["b", 2, 4]}, %b: tensor<?x4x3xf32> {onnx.dims = ["c", 4, 3]}) -> tensor<?x2x3xf32> {
  %y = onnx.MatMul %a, %b : (tensor<?x2x4xf32>, tensor<?x4x3xf32>) -> tensor<?x2x3xf32>
  return %y : tensor<?x2x3xf32>
}

// -----

// The matrix that is added takes the shape of the product, not the reverse.
// CHECK-LABEL: func.func @gemm(
// CHECK: arith.cmpi eq, %[[K:.*]], %[[P:.*]] : index
// CHECK-NEXT: bnn.check_shape
// CHECK: %[[Q:.*]] = tensor.dim %arg2
// CHECK: %[[EQUAL:.*]] = arith.cmpi eq, %[[Q]], %c2
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[Q]], %c1
// CHECK: %[[OK:.*]] = arith.ori %[[EQUAL]], %[[ONE]] : i1
// CHECK-NEXT: bnn.check_shape %[[OK]] : i1
// CHECK-NOT: bnn.check
// CHECK: onnx.Gemm
func.func @gemm(%a: tensor<?x2xf32> {onnx.dims = ["k", 2]}, %b: tensor<3x?xf32> {onnx.dims = [3, "p"]}, %c: tensor<?x3xf32> {onnx.dims = ["q", 3]}) -> tensor<2x3xf32> {
  %y = onnx.Gemm %a, %b, %c {transA = 1 : i64, transB = 1 : i64} : (tensor<?x2xf32>, tensor<3x?xf32>, tensor<?x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// What fits is part of what was broadcast before; the reverse of a condition is
// another one.
// CHECK-LABEL: func.func @add(
// CHECK: arith.cmpi eq
// CHECK: bnn.check_shape
// CHECK-NOT: arith.select
// CHECK: arith.cmpi eq
// CHECK: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: return
func.func @add(%a: tensor<?xf32> {onnx.dims = ["n"]}, %b: tensor<?xf32> {onnx.dims = ["m"]}, %c: tensor<?xf32> {onnx.dims = ["n"]}) -> (tensor<?xf32>, tensor<?xf32>) {
  %x = onnx.Add %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %y = onnx.Mul %x, %c : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %z = onnx.Sub %b, %a : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %y, %z : tensor<?xf32>, tensor<?xf32>
}

// -----

// A constant length leaves two that fit.
// CHECK-LABEL: func.func @where_constant(
// CHECK: %[[EQUAL:.*]] = arith.cmpi eq, %[[N:.*]], %c4
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[N]], %c1
// CHECK: arith.ori %[[EQUAL]], %[[ONE]] : i1
// CHECK-NEXT: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Where
func.func @where_constant(%c: tensor<?xi1> {onnx.dims = ["n"]}, %x: tensor<4xf32>, %y: tensor<f32>) -> tensor<4xf32> {
  %z = onnx.Where %c, %x, %y : (tensor<?xi1>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}

// -----

// The slope takes the shape of the input, not the reverse.
// CHECK-LABEL: func.func @prelu(
// CHECK: arith.cmpi eq, %{{.*}}, %c20 : index
// CHECK-NEXT: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.PRelu
func.func @prelu(%x: tensor<?xf32> {onnx.dims = ["n"]}, %s: tensor<20xf32>) -> tensor<?xf32> {
  %y = onnx.PRelu %x, %s : (tensor<?xf32>, tensor<20xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Scale and bias are as long: one condition.
// CHECK-LABEL: func.func @layer_norm(
// CHECK: arith.cmpi eq, %{{.*}}, %c64 : index
// CHECK-NEXT: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.LayerNormalization
func.func @layer_norm(%x: tensor<?x?xf32> {onnx.dims = ["n", "k"]}, %s: tensor<64xf32>) -> tensor<?x?xf32> {
  %y = onnx.LayerNormalization %x, %s, %s {axis = -1 : i64, epsilon = 1.0e-05 : f32} : (tensor<?x?xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// The other axes of what is joined are equal.
// CHECK-LABEL: func.func @concat(
// CHECK: arith.cmpi eq
// CHECK-NEXT: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Concat
func.func @concat(%a: tensor<?x4xf32> {onnx.dims = ["m", 4]}, %b: tensor<?x4xf32> {onnx.dims = ["p", 4]}) -> tensor<?x8xf32> {
  %y = onnx.Concat %a, %b {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// The number of elements stays: all of it, a multiple of the rest, and with a
// dimension that is copied.
// CHECK-LABEL: func.func @reshape(
// CHECK: %[[COUNT:.*]] = arith.muli %[[N:.*]], %[[M:.*]] : index
// CHECK: arith.cmpi eq, %[[COUNT]], %c5
// CHECK-NEXT: bnn.check_shape
// CHECK: %[[REST:.*]] = arith.remsi %{{.*}}, %c5{{.*}} : index
// CHECK: %[[OK:.*]] = arith.cmpi eq, %[[REST]], %c0
// CHECK: bnn.check_shape
// CHECK: %[[COUNT:.*]] = arith.muli %[[N:.*]], %[[M:.*]] : index
// CHECK: %[[SIX:.*]] = arith.muli %{{.*}}, %c6
// CHECK: arith.cmpi eq, %[[COUNT]], %[[SIX]] : index
// CHECK-NEXT: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Reshape
func.func @reshape(%a: tensor<?x?xf32> {onnx.dims = ["n", "m"]}) -> (tensor<5xf32>, tensor<?x5xf32>, tensor<?x6xf32>) {
  %five = onnx.Constant {value = dense<5> : tensor<1xi64>} : () -> tensor<1xi64>
  %rest = onnx.Constant {value = dense<[-1, 5]> : tensor<2xi64>} : () -> tensor<2xi64>
  %keep = onnx.Constant {value = dense<[0, 6]> : tensor<2xi64>} : () -> tensor<2xi64>
  %x = onnx.Reshape %a, %five : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<5xf32>
  %y = onnx.Reshape %a, %rest : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x5xf32>
  %z = onnx.Reshape %a, %keep : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x6xf32>
  return %x, %y, %z : tensor<5xf32>, tensor<?x5xf32>, tensor<?x6xf32>
}

// -----

// What 0 and -1 of a computed shape stand for, the result tells.
// CHECK-LABEL: func.func @reshape_computed(
// CHECK: %[[Y:.*]] = onnx.Reshape
// CHECK: %[[P:.*]] = tensor.dim %[[Y]], %c0
// CHECK: arith.cmpi sge, %[[P]], %c0{{.*}} : index
// CHECK-NEXT: bnn.check_shape
// CHECK: %[[Q:.*]] = tensor.dim %[[Y]], %c1
// CHECK: arith.cmpi sge, %[[Q]], %c0{{.*}} : index
// CHECK-NEXT: bnn.check_shape
// CHECK: arith.muli
// CHECK: arith.cmpi eq
// CHECK-NEXT: bnn.check_shape
// CHECK-NEXT: return %[[Y]]
func.func @reshape_computed(%a: tensor<?xf32> {onnx.dims = ["n"]}, %shape: tensor<2xi64>) -> tensor<?x?xf32> {
  %y = onnx.Reshape %a, %shape : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// An axis that goes has length 1.
// CHECK-LABEL: func.func @squeeze(
// CHECK: %[[M:.*]] = tensor.dim %arg0, %c0
// CHECK: arith.cmpi eq, %[[M]], %c1
// CHECK-NEXT: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Softmax
func.func @squeeze(%a: tensor<?x?xf32> {onnx.dims = ["m", "n"]}) -> tensor<?xf32> {
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %s = onnx.Softmax %a {axis = -1 : i64} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = onnx.Squeeze %s, %axes : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// The pieces make the axis, or it is a multiple of their number.
// CHECK-LABEL: func.func @split(
// CHECK: arith.cmpi eq, %{{.*}}, %c5 : index
// CHECK-NEXT: bnn.check_shape
// CHECK: arith.remsi %{{.*}}, %c2
// CHECK: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Split
func.func @split(%a: tensor<?xf32> {onnx.dims = ["n"]}) -> (tensor<2xf32>, tensor<?xf32>) {
  %sizes = onnx.Constant {value = dense<[2, 3]> : tensor<2xi64>} : () -> tensor<2xi64>
  %none = onnx.NoValue : () -> none
  %x:2 = onnx.Split %a, %sizes {axis = 0 : i64} : (tensor<?xf32>, tensor<2xi64>) -> (tensor<2xf32>, tensor<3xf32>)
  %y:2 = onnx.Split %a, %none {axis = 0 : i64} : (tensor<?xf32>, none) -> (tensor<?xf32>, tensor<?xf32>)
  return %x#0, %y#0 : tensor<2xf32>, tensor<?xf32>
}

// -----

// Sizes that are computed are not negative either.
// CHECK-LABEL: func.func @split_computed(
// CHECK: %[[E:.*]] = tensor.extract %arg1[%{{.*}}] : tensor<2xi64>
// CHECK: %[[I:.*]] = arith.index_cast %[[E]] : i64 to index
// CHECK: arith.cmpi sge, %[[I]], %c0{{.*}} : index
// CHECK-NEXT: bnn.check_shape
// CHECK: arith.cmpi sge
// CHECK: bnn.check_shape
// CHECK: arith.addi
// CHECK: arith.cmpi eq
// CHECK: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Split
func.func @split_computed(%a: tensor<?xf32> {onnx.dims = ["n"]}, %sizes: tensor<2xi64>) -> (tensor<?xf32>, tensor<?xf32>) {
  %x:2 = onnx.Split %a, %sizes {axis = 0 : i64} : (tensor<?xf32>, tensor<2xi64>) -> (tensor<?xf32>, tensor<?xf32>)
  return %x#0, %x#1 : tensor<?xf32>, tensor<?xf32>
}

// -----

// An input and the shape that it is expanded to are broadcast.
// CHECK-LABEL: func.func @expand(
// CHECK: arith.cmpi eq
// CHECK: arith.ori
// CHECK: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Expand
func.func @expand(%a: tensor<?xf32> {onnx.dims = ["n"]}, %b: tensor<?xf32> {onnx.dims = ["m"]}) -> tensor<?xf32> {
  %m = onnx.Shape %b {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  %y = onnx.Expand %a, %m : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// A difference of dimensions is a size only if it is not negative; and so is a
// number of repetitions.
// CHECK-LABEL: func.func @constant_of_shape(
// CHECK: arith.cmpi sge, %{{.*}}, %c0
// CHECK: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Tile
func.func @constant_of_shape(%a: tensor<?xf32> {onnx.dims = ["n"]}, %b: tensor<?xf32> {onnx.dims = ["m"]}) -> (tensor<?xf32>, tensor<?xf32>) {
  %n = onnx.Shape %a {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  %m = onnx.Shape %b {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  %d = onnx.Sub %n, %m : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %y = onnx.ConstantOfShape %d {value = dense<1.0> : tensor<1xf32>} : (tensor<1xi64>) -> tensor<?xf32>
  %z = onnx.Tile %a, %d : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %y, %z : tensor<?xf32>, tensor<?xf32>
}

// -----

// There are no more indices than elements along the other axes.
// CHECK-LABEL: func.func @gather_elements(
// CHECK: arith.cmpi sle, %[[M:.*]], %[[N:.*]] : index
// CHECK-NEXT: bnn.check_shape
// CHECK: %[[LENGTH:.*]] = arith.constant 8 : index
// CHECK: bnn.check_indices %arg1 limit %[[LENGTH]] : tensor<?x4xi64>
// CHECK: onnx.GatherElements
func.func @gather_elements(%a: tensor<?x8xf32> {onnx.dims = ["n", 8]}, %i: tensor<?x4xi64> {onnx.dims = ["m", 4]}) -> tensor<?x4xf32> {
  %y = onnx.GatherElements %a, %i {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x4xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Constant indices say how long the axis must be; every axis has a first element.
// CHECK-LABEL: func.func @gather_constant(
// CHECK: arith.cmpi sge, %{{.*}}, %c4 : index
// CHECK-NEXT: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: return
func.func @gather_constant(%a: tensor<?xf32> {onnx.dims = ["n"]}) -> (tensor<3xf32>, tensor<f32>) {
  %i = onnx.Constant {value = dense<[1, -4, 0]> : tensor<3xi64>} : () -> tensor<3xi64>
  %y = onnx.Gather %a, %i {axis = 0 : i64} : (tensor<?xf32>, tensor<3xi64>) -> tensor<3xf32>
  %first = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %z = onnx.Gather %a, %first {axis = 0 : i64} : (tensor<?xf32>, tensor<i64>) -> tensor<f32>
  return %y, %z : tensor<3xf32>, tensor<f32>
}

// -----

// As many scales, and zero points, as elements of the axis, or one for all.
// CHECK-LABEL: func.func @quantize(
// CHECK: %[[SCALES:.*]] = tensor.dim %arg1
// CHECK: %[[ALL:.*]] = arith.cmpi eq, %[[SCALES]], %{{.*}} : index
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[SCALES]], %c1{{.*}} : index
// CHECK: %[[EITHER:.*]] = arith.ori %[[ALL]], %[[ONE]]
// CHECK: bnn.check_shape %[[EITHER]]
// CHECK: arith.ori
// CHECK: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.QuantizeLinear
func.func @quantize(%x: tensor<2x?xf32> {onnx.dims = [2, "n"]}, %s: tensor<?xf32> {onnx.dims = ["m"]}, %z: tensor<?xui8> {onnx.dims = ["k"]}) -> tensor<2x?xui8> {
  %y = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x?xf32>, tensor<?xf32>, tensor<?xui8>) -> tensor<2x?xui8>
  return %y : tensor<2x?xui8>
}

// -----

// One diagonal.
// CHECK-LABEL: func.func @trilu(
// CHECK: arith.cmpi eq, %{{.*}}, %c1
// CHECK: bnn.check_shape
// CHECK-NOT: bnn.check
// CHECK: onnx.Trilu
func.func @trilu(%x: tensor<4x?xf32> {onnx.dims = [4, "n"]}, %k: tensor<?xi64> {onnx.dims = ["k"]}) -> tensor<4x?xf32> {
  %y = onnx.Trilu %x, %k : (tensor<4x?xf32>, tensor<?xi64>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

// A length that only run time knows is read there, before it matters.
// CHECK-LABEL: func.func @sliced(
// CHECK-NOT: bnn.check
// CHECK: %[[S:.*]] = onnx.Slice
// CHECK: tensor.dim %[[S]], %c0
// CHECK: bnn.check_shape
// CHECK: onnx.Add
func.func @sliced(%a: tensor<?xf32> {onnx.dims = ["n"]}, %b: tensor<?xf32> {onnx.dims = ["m"]}, %end: tensor<1xi64>) -> tensor<?xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %none = onnx.NoValue : () -> none
  %s = onnx.Slice %a, %zero, %end, %none, %none : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<?xf32>
  %y = onnx.Add %s, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// What symbols prove is not checked.
// CHECK-LABEL: func.func @proved(
// CHECK-NOT: bnn.check
// CHECK: return
func.func @proved(%a: tensor<?x16xf32> {onnx.dims = ["n", 16]}, %b: tensor<?x4x4xf32> {onnx.dims = ["n", 4, 4]}) -> tensor<?x4x4xf32> {
  %shape = onnx.Constant {value = dense<[0, 4, 4]> : tensor<3xi64>} : () -> tensor<3xi64>
  %x = onnx.Reshape %a, %shape : (tensor<?x16xf32>, tensor<3xi64>) -> tensor<?x4x4xf32>
  %y = onnx.Add %x, %b : (tensor<?x4x4xf32>, tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
  return %y : tensor<?x4x4xf32>
}

// -----

// Nobody reads the product: its condition stays.
// CHECK-LABEL: func.func @dead(
// CHECK: bnn.check_shape
// CHECK-NOT: onnx.MatMul
// CHECK: return
func.func @dead(%a: tensor<2x?xf32> {onnx.dims = [2, "k"]}, %b: tensor<?x3xf32> {onnx.dims = ["p", 3]}) -> tensor<2x?xf32> {
  %y = onnx.MatMul %a, %b : (tensor<2x?xf32>, tensor<?x3xf32>) -> tensor<2x3xf32>
  return %a : tensor<2x?xf32>
}

// -----

// Indices that are known at run time only: an input's are looked at first, those
// that are computed where they are looked up. Each list once for each length.
// CHECK-LABEL: func.func @gather(
// CHECK: %[[N:.*]] = tensor.dim %arg0, %c0
// CHECK: bnn.check_indices %arg1 limit %[[N]] : tensor<?xi32>
// CHECK: %[[K:.*]] = onnx.Neg
// CHECK: onnx.Gather
// CHECK: onnx.Gather
// CHECK: %[[N:.*]] = tensor.dim %arg0, %c0
// CHECK: bnn.check_indices %[[K]] limit %[[N]] : tensor<?xi32>
// CHECK-NOT: bnn.check
// CHECK: onnx.Gather
func.func @gather(%a: tensor<?xf32> {onnx.dims = ["n"]}, %i: tensor<?xi32> {onnx.dims = ["m"]}) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %k = onnx.Neg %i : (tensor<?xi32>) -> tensor<?xi32>
  %x = onnx.Gather %a, %i {axis = 0 : i64} : (tensor<?xf32>, tensor<?xi32>) -> tensor<?xf32>
  %y = onnx.Gather %x, %i {axis = 0 : i64} : (tensor<?xf32>, tensor<?xi32>) -> tensor<?xf32>
  %z = onnx.Gather %a, %k {axis = 0 : i64} : (tensor<?xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %x, %y, %z : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// -----

// What operators that look through rows need.
// CHECK-LABEL: func.func @rows(
// CHECK: bnn.check_shape
// CHECK: onnx.TopKIndices
// CHECK: onnx.ScatterElements
func.func @rows(%x: tensor<?xf32> {onnx.dims = ["n"]}, %i: tensor<?xi64> {onnx.dims = ["m"]}, %u: tensor<?xf32> {onnx.dims = ["k"]}) -> (tensor<2xi64>, tensor<?xf32>) {
  %0 = onnx.TopKIndices %x {axis = 0 : i64, k = 2 : i64} : (tensor<?xf32>) -> tensor<2xi64>
  %1 = onnx.ScatterElements %x, %i, %u {axis = 0 : i64} : (tensor<?xf32>, tensor<?xi64>, tensor<?xf32>) -> tensor<?xf32>
  return %0, %1 : tensor<2xi64>, tensor<?xf32>
}
