// RUN: bnn-opt %s --onnx-to-linalg --split-input-file --verify-diagnostics

// All of them at once.
func.func @pow(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{onnx.Pow with a computed exponent cannot be lowered}}
  %0 = onnx.Pow %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %e = onnx.Constant {value = dense<0.3> : tensor<f32>} : () -> tensor<f32>
  // expected-error @+1 {{use constant exponents that are integers from -16 to 16 or 0.5}}
  %1 = onnx.Pow %0, %e : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
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

func.func @backwards(%x: tensor<4x8xf32>) -> tensor<?x8xf32> {
  %starts = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %ends = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %steps = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{onnx.Slice is supported with constant steps greater than 0 only}}
  %0 = onnx.Slice %x, %starts, %ends, %axes, %steps : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @gather(%table: tensor<100x8xf32>) -> tensor<1x8xf32> {
  %i = onnx.Constant {value = dense<100> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @+1 {{onnx.Gather reads index 100 of an axis of length 100}}
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

func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{onnx.Erf has a result of unknown rank}}
  %0 = onnx.Erf %x : (tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
