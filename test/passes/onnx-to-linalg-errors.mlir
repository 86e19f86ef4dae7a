// RUN: bnn-opt %s --onnx-to-linalg --split-input-file --verify-diagnostics

// All of them at once.
func.func @pow(%x: tensor<4xf64>, %y: tensor<4xi1>) -> tensor<4xf32> {
  // expected-error @+1 {{onnx.Pow is not supported on elements of 'f64' and 'f64'; cast its inputs to f32, i32 or i64}}
  %0 = onnx.Pow %x, %x : (tensor<4xf64>, tensor<4xf64>) -> tensor<4xf64>
  %z = onnx.Cast %0 : (tensor<4xf64>) -> tensor<4xf32>
  // expected-error @+1 {{onnx.Pow is not supported on elements of 'f32' and 'i1'}}
  %1 = onnx.Pow %z, %y : (tensor<4xf32>, tensor<4xi1>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @element(%x: tensor<4xi64>) -> tensor<4xi64> {
  // expected-error @+1 {{onnx.Tanh is not supported on elements of 'i64'; cast its inputs}}
  %0 = onnx.Tanh %x : (tensor<4xi64>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// -----

func.func @booleans(%x: tensor<4x4xi1>) -> tensor<4x1xi1> {
  // expected-error @+1 {{onnx.ReduceMax is not supported on booleans}}
  %0 = onnx.ReduceMax %x {axes = array<i64: -1>, keepdims = 1 : i64} : (tensor<4x4xi1>) -> tensor<4x1xi1>
  return %0 : tensor<4x1xi1>
}

// -----

func.func @axes(%x: tensor<4x8xf32>, %axes: tensor<1xi64>) -> tensor<?x?xf32> {
  // expected-error @+1 {{onnx.ReduceSum has computed axes; export the model with constant axes}}
  %0 = onnx.ReduceSum %x, %axes {keepdims = 1 : i64, noop_with_empty_axes = 0 : i64} : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @steps(%x: tensor<4x8xf32>, %steps: tensor<1xi64>) -> tensor<?x8xf32> {
  %starts = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %ends = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{onnx.Slice is supported with constant steps other than 0 only}}
  %0 = onnx.Slice %x, %starts, %ends, %axes, %steps : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @bytes(%x: tensor<4x8xi8>) -> tensor<4xi8> {
  // expected-error @+1 {{onnx.ReduceL1 is not supported on 'i8'; cast its input to f32 or i32}}
  %0 = onnx.ReduceL1 %x {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<4x8xi8>) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}

// -----

func.func @pick(%x: tensor<4xi1>) -> tensor<1xi64> {
  // expected-error @+1 {{onnx.ArgMax needs a tensor of numbers with an axis}}
  %0 = onnx.ArgMax %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<4xi1>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// -----

func.func @quantize(%x: tensor<4xf64>, %s: tensor<f64>, %n: none) -> tensor<4xi8> {
  // expected-error @+1 {{onnx.QuantizeLinear is supported between f32 and i8 or ui8}}
  %0 = onnx.QuantizeLinear %x, %s, %n {axis = 0 : i64} : (tensor<4xf64>, tensor<f64>, none) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}

// -----

func.func @gather_elements(%x: tensor<2x8xf32>, %i: tensor<3x8xi64>) -> tensor<3x8xf32> {
  // expected-error @+1 {{'onnx.GatherElements' op has more indices than data along axis 0}}
  %0 = onnx.GatherElements %x, %i {axis = 1 : i64} : (tensor<2x8xf32>, tensor<3x8xi64>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// -----

func.func @gather(%table: tensor<100x8xf32>) -> tensor<1x8xf32> {
  %i = onnx.Constant {value = dense<100> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{'onnx.Gather' op reads index 100 of an axis of length 100}}
  %0 = onnx.Gather %table, %i {axis = 0 : i64} : (tensor<100x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// -----

func.func @range(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %i: tensor<i64>) -> (tensor<?xf32>, tensor<?xi64>) {
  // expected-error @+1 {{onnx.Range over floats has a computed length}}
  %0 = onnx.Range %a, %b, %c : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
  // expected-error @+1 {{onnx.Range has a computed step}}
  %1 = onnx.Range %i, %i, %i : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %0, %1 : tensor<?xf32>, tensor<?xi64>
}

// -----

func.func @unranked(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{onnx.Erf has a result of unknown rank}}
  %0 = onnx.Erf %x : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @unranked_operand(%x: tensor<*xf32>) -> tensor<?x?xf32> {
  // expected-error @+1 {{onnx.ReduceMax has an operand of unknown rank}}
  %0 = onnx.ReduceMax %x {keepdims = 1 : i64, noop_with_empty_axes = 0 : i64} : (tensor<*xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @slice_axes(%x: tensor<4x8xf32>, %axes: tensor<1xi64>) -> tensor<?x?xf32> {
  %starts = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %ends = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %none = onnx.NoValue : () -> none
  // expected-error @+1 {{onnx.Slice has computed axes; export the model with constant axes}}
  %0 = onnx.Slice %x, %starts, %ends, %axes, %none : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @slice_count(%x: tensor<4x8xf32>, %bounds: tensor<?xi64>) -> tensor<?x?xf32> {
  %none = onnx.NoValue : () -> none
  // expected-error @+1 {{onnx.Slice has a computed number of axes; export the model with constant axes}}
  %0 = onnx.Slice %x, %bounds, %bounds, %none, %none : (tensor<4x8xf32>, tensor<?xi64>, tensor<?xi64>, none, none) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @squeeze(%x: tensor<4x1xf32>, %axes: tensor<1xi64>) -> tensor<?xf32> {
  // expected-error @+1 {{onnx.Squeeze has computed axes; export the model with constant axes}}
  %0 = onnx.Squeeze %x, %axes : (tensor<4x1xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @unsqueeze(%x: tensor<4x1xf32>, %axes: tensor<1xi64>) -> tensor<?x?x?xf32> {
  // expected-error @+1 {{onnx.Unsqueeze has computed axes; export the model with constant axes}}
  %0 = onnx.Unsqueeze %x, %axes : (tensor<4x1xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}

// -----

func.func @expand(%x: tensor<4x1xf32>, %shape: tensor<?xi64>) -> tensor<?x?xf32> {
  // expected-error @+1 {{onnx.Expand has a shape of unknown length; export the model with shapes of constant rank}}
  %0 = onnx.Expand %x, %shape : (tensor<4x1xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @gemm(%x: tensor<4x4xi32>) -> tensor<4x4xi32> {
  %none = onnx.NoValue : () -> none
  // expected-error @+1 {{onnx.Gemm needs two matrices of floats; use onnx.MatMul for anything else}}
  %0 = onnx.Gemm %x, %x, %none {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<4x4xi32>, tensor<4x4xi32>, none) -> tensor<4x4xi32>
  return %0 : tensor<4x4xi32>
}

// -----

func.func @elsewhere() -> none {
  // expected-error @+1 {{is used by an operation that is not of the onnx dialect}}
  %none = onnx.NoValue : () -> none
  return %none : none
}

// -----

func.func @top_k(%x: tensor<3xf32>) -> tensor<4xi64> {
  // expected-error @+1 {{'onnx.TopKIndices' op takes 4 of an axis of 3}}
  %0 = onnx.TopKIndices %x {axis = 0 : i64, k = 4 : i64} : (tensor<3xf32>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// -----

func.func @scatter(%x: tensor<3x2xf32>, %i: tensor<1x1xi64>, %u: tensor<1x1xf32>) -> tensor<3x2xf32> {
  // expected-error @+1 {{has indices of shape [1, 1] and updates of [1, 1] for data of [3, 2]}}
  %0 = onnx.ScatterElements %x, %i, %u {axis = 0 : i64} : (tensor<3x2xf32>, tensor<1x1xi64>, tensor<1x1xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// -----

func.func @cumulative(%x: tensor<3xi8>) -> tensor<3xi8> {
  // expected-error @+1 {{onnx.CumSum is not supported on 'i8'; cast its input to f32 or i32}}
  %0 = onnx.CumSum %x {axis = 0 : i64} : (tensor<3xi8>) -> tensor<3xi8>
  return %0 : tensor<3xi8>
}

// -----

func.func @normalised_doubles(%x: tensor<4x2xf64>, %g: tensor<2xf64>, %n: none) -> tensor<4x2xf64> {
  // expected-error @+1 {{onnx.LayerNormalization needs a tensor of f32 and an axis of it}}
  %0 = onnx.LayerNormalization %x, %g, %n {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<4x2xf64>, tensor<2xf64>, none) -> tensor<4x2xf64>
  return %0 : tensor<4x2xf64>
}

// -----

func.func @product_of_booleans(%x: tensor<2x2xi1>) -> tensor<2x2xi1> {
  // expected-error @+1 {{onnx.MatMul needs factors of rank 1 or more, of numbers}}
  %0 = onnx.MatMul %x, %x : (tensor<2x2xi1>, tensor<2x2xi1>) -> tensor<2x2xi1>
  return %0 : tensor<2x2xi1>
}

// -----

func.func @largest_boolean(%x: tensor<4xi1>) -> tensor<2xi64> {
  // expected-error @+1 {{onnx.TopKIndices is not supported on booleans; cast}}
  %0 = onnx.TopKIndices %x {axis = 0 : i64, k = 2 : i64} : (tensor<4xi1>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

func.func @dequantized_words(%x: tensor<4xi64>, %s: tensor<f32>, %n: none) -> tensor<4xf32> {
  // expected-error @+1 {{onnx.DequantizeLinear is supported}}
  %0 = onnx.DequantizeLinear %x, %s, %n {axis = 0 : i64} : (tensor<4xi64>, tensor<f32>, none) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @value_elsewhere(%s: tensor<1xi64>) -> tensor<?xf32> {
  // expected-error @+1 {{onnx.ConstantOfShape needs a value that is written as dense<...>}}
  %0 = onnx.ConstantOfShape %s {value = dense_resource<one> : tensor<1xf32>} : (tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @unranked_axes(%x: tensor<*xf32>) -> tensor<?x?xf32> {
  %axes = onnx.Constant {value = dense<0> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{onnx.Unsqueeze has an operand of unknown rank}}
  %0 = onnx.Unsqueeze %x, %axes : (tensor<*xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

{-# dialect_resources: { builtin: { one: "0x040000000000803F" } } #-}
