// RUN: bnn-opt %s --onnx-insert-checks --split-input-file | FileCheck %s
// RUN: bnn-opt %s --onnx-insert-checks --bnn-prepare-entry --split-input-file 2>/dev/null | FileCheck %s --check-prefix=MAX
// RUN: bnn-opt %s --onnx-insert-checks --bnn-prepare-entry --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=WARN
// WARN: warning: dimension 'seq' has a maximum of 24, not 128: what the model holds, such as a table of positions, is for no more

// A table that is sliced to as many rows as there are tokens.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {onnx.dim_bounds = {seq = 24 : i64}}
// MAX: max_dims = {batch = 8 : i64, seq = 24 : i64}
func.func @main(%x: tensor<?x?x4xf32> {onnx.dims = ["batch", "seq", 4], onnx.name = "x"}) -> tensor<?x?x4xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %table = onnx.Constant {value = dense<1.0> : tensor<24x4xf32>} : () -> tensor<24x4xf32>
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %n = onnx.Gather %shape, %one {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %rows = onnx.Slice %table, %zero, %n, %zero, %one : (tensor<24x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
  %y = onnx.Add %x, %rows : (tensor<?x?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// One that is looked up with a range, behind a first row of its own.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {onnx.dim_bounds = {seq = 22 : i64}}
// MAX: max_dims = {seq = 22 : i64}
func.func @main(%x: tensor<1x?xf32> {onnx.dims = [1, "seq"], onnx.name = "x"}) -> tensor<?x4xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %table = onnx.Constant {value = dense<1.0> : tensor<24x4xf32>} : () -> tensor<24x4xf32>
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<1x?xf32>) -> tensor<2xi64>
  %n = onnx.Gather %shape, %one {axis = 0 : i64} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %range = onnx.Range %zero, %n, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %ids = onnx.Add %range, %two : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %y = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<24x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Positions that count the tokens of a mask, behind those of the padding.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {onnx.dim_bounds = {seq = 22 : i64}}
// MAX: max_dims = {batch = 8 : i64, seq = 22 : i64}
func.func @main(%mask: tensor<?x?xi64> {onnx.dims = ["batch", "seq"], onnx.name = "mask"}) -> tensor<?x?x4xf32> {
  %pad = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %table = onnx.Constant {value = dense<1.0> : tensor<24x4xf32>} : () -> tensor<24x4xf32>
  %sum = onnx.CumSum %mask {axis = 1 : i64, exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %masked = onnx.Mul %sum, %mask : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %ids = onnx.Add %masked, %pad : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %y = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<24x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// OPT's positions, which begin with 2, and are counted from 0 before.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {onnx.dim_bounds = {seq = 22 : i64}}
// MAX: max_dims = {batch = 8 : i64, seq = 22 : i64}
func.func @main(%mask: tensor<?x?xi64> {onnx.dims = ["batch", "seq"], onnx.name = "mask"}) -> tensor<?x?x4xf32> {
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %table = onnx.Constant {value = dense<1.0> : tensor<24x4xf32>} : () -> tensor<24x4xf32>
  %sum = onnx.CumSum %mask {axis = 1 : i64, exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %masked = onnx.Mul %sum, %mask : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %from = onnx.Sub %masked, %one : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %ids = onnx.Add %from, %two : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %y = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<24x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Ones of a shape that are counted.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {onnx.dim_bounds = {seq = 24 : i64}}
// MAX: max_dims = {batch = 8 : i64, seq = 24 : i64}
func.func @main(%x: tensor<?x?xf32> {onnx.dims = ["batch", "seq"], onnx.name = "x"}) -> tensor<?x?x4xf32> {
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %table = onnx.Constant {value = dense<1.0> : tensor<24x4xf32>} : () -> tensor<24x4xf32>
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<?x?xf32>) -> tensor<2xi64>
  %ones = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
  %sum = onnx.CumSum %ones {axis = -1 : i64, exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %ids = onnx.Sub %sum, %one : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %y = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<24x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A buffer of more positions than the table has, of which the first ones are taken.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {onnx.dim_bounds = {seq = 21 : i64}}
// MAX: max_dims = {seq = 21 : i64}
func.func @main(%x: tensor<1x?xf32> {onnx.dims = [1, "seq"], onnx.name = "x"}) -> tensor<1x?x4xf32> {
  %first = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %none = onnx.NoValue : () -> none
  %buffer = onnx.Constant {value = dense<[[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]]> : tensor<1x23xi64>} : () -> tensor<1x23xi64>
  %table = onnx.Constant {value = dense<1.0> : tensor<24x4xf32>} : () -> tensor<24x4xf32>
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<1x?xf32>) -> tensor<2xi64>
  %n = onnx.Gather %shape, %one {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %ids = onnx.Slice %buffer, %first, %n, %one, %none : (tensor<1x23xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<1x?xi64>
  %rows = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<24x4xf32>, tensor<1x?xi64>) -> tensor<1x?x4xf32>
  %axis = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %x3 = onnx.Unsqueeze %x, %axis : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %y = onnx.Add %rows, %x3 : (tensor<1x?x4xf32>, tensor<1x?x1xf32>) -> tensor<1x?x4xf32>
  return %y : tensor<1x?x4xf32>
}

// -----

// What holds for many sizes, and for any index, is no bound; a maximum that is wished for counts
// where it is the least, and is lowered where it is not.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: onnx.dim_bounds
// MAX: max_dims = {n = 512 : i64}
func.func @main(%x: tensor<1x?xi64> {onnx.dims = [1, "n"], onnx.name = "x"}) -> (tensor<?x4xi64>, tensor<1x?x4xf32>) {
  %shape = onnx.Constant {value = dense<[-1, 4]> : tensor<2xi64>} : () -> tensor<2xi64>
  %table = onnx.Constant {value = dense<1.0> : tensor<24x4xf32>} : () -> tensor<24x4xf32>
  %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<1x?xi64>, tensor<2xi64>) -> tensor<?x4xi64>
  %z = onnx.Gather %table, %x {axis = 0 : i64} : (tensor<24x4xf32>, tensor<1x?xi64>) -> tensor<1x?x4xf32>
  return %y, %z : tensor<?x4xi64>, tensor<1x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {onnx.dim_bounds = {seq = 24 : i64}}
// MAX: max_dims = {seq = 24 : i64}
module attributes {bnn.model = #bnn.model<max_dims = {seq = 128}>} {
  func.func @main(%x: tensor<?xf32> {onnx.dims = ["seq"], onnx.name = "x"}) -> tensor<24xf32> {
    %table = onnx.Constant {value = dense<1.0> : tensor<24xf32>} : () -> tensor<24xf32>
    %y = onnx.Add %x, %table : (tensor<?xf32>, tensor<24xf32>) -> tensor<24xf32>
    return %y : tensor<24xf32>
  }
}
