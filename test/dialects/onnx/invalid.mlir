// Every rule of the verifiers.
// RUN: bnn-opt %s -split-input-file -verify-diagnostics

func.func @element_types(%a: tensor<2xf32>, %b: tensor<2xi64>) {
  // expected-error @+1 {{requires the same element type for all operands and results}}
  %0 = "onnx.Add"(%a, %b) : (tensor<2xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @broadcast(%a: tensor<2xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{operands don't have broadcast-compatible shapes}}
  %0 = onnx.Add %a, %b : (tensor<2xf32>, tensor<3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @unary_shape(%a: tensor<2xf32>) {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %0 = onnx.Exp %a : (tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @compare(%a: tensor<2xf32>) {
  // expected-error @+1 {{must be tensor of 1-bit signless integer values}}
  %0 = onnx.Less %a, %a : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @pow(%a: tensor<2xf32>, %b: tensor<2xi64>) {
  // expected-error @+1 {{X and Z: element types 'tensor<2xf32>' and 'tensor<2xi64>' differ}}
  %0 = onnx.Pow %a, %b : (tensor<2xf32>, tensor<2xi64>) -> tensor<2xi64>
  return
}

// -----

func.func @clip_element(%x: tensor<2xf32>, %low: tensor<i64>, %n: none) {
  // expected-error @+1 {{input and bound: element types 'tensor<2xf32>' and 'tensor<i64>' differ}}
  %0 = onnx.Clip %x, %low, %n : (tensor<2xf32>, tensor<i64>, none) -> tensor<2xf32>
  return
}

// -----

func.func @clip_rank(%x: tensor<2xf32>, %low: tensor<2xf32>, %n: none) {
  // expected-error @+1 {{a bound must be a scalar, got 'tensor<2xf32>'}}
  %0 = onnx.Clip %x, %low, %n : (tensor<2xf32>, tensor<2xf32>, none) -> tensor<2xf32>
  return
}

// -----

func.func @max() {
  // expected-error @+1 {{expected 1 or more operands, but found 0}}
  %0 = "onnx.Max"() : () -> tensor<2xf32>
  return
}

// -----

func.func @where(%c: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xi64>) {
  // expected-error @+1 {{X and Y: element types 'tensor<2xf32>' and 'tensor<2xi64>' differ}}
  %0 = onnx.Where %c, %x, %y : (tensor<2xi1>, tensor<2xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @constant() {
  // expected-error @+1 {{value has type 'tensor<2xi64>' but the result is 'tensor<3xi64>'}}
  %0 = onnx.Constant {value = dense<1> : tensor<2xi64>} : () -> tensor<3xi64>
  return
}

// -----

func.func @constant_of_shape(%s: tensor<2xi64>) {
  // expected-error @+1 {{value must have one element}}
  %0 = onnx.ConstantOfShape %s {value = dense<1> : tensor<2xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
  return
}

// -----

func.func @constant_of_shape_element(%s: tensor<2xi64>) {
  // expected-error @+1 {{value and result differ in element type}}
  %0 = onnx.ConstantOfShape %s {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @range(%a: tensor<i64>, %b: tensor<1xi64>) {
  // expected-error @+1 {{a bound must be a scalar, got 'tensor<1xi64>'}}
  %0 = onnx.Range %a, %b, %a : (tensor<i64>, tensor<1xi64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @gather_axis(%x: tensor<2x3xf32>, %i: tensor<i64>) {
  // expected-error @+1 {{axis 2 is out of range for rank 2}}
  %0 = onnx.Gather %x, %i {axis = 2 : i64} : (tensor<2x3xf32>, tensor<i64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_indices(%x: tensor<2x3xf32>, %i: tensor<f32>) {
  // expected-error @+1 {{operand #1 must be tensor of 32-bit signless integer or 64-bit signless integer values}}
  %0 = onnx.Gather %x, %i {axis = 0 : i64} : (tensor<2x3xf32>, tensor<f32>) -> tensor<3xf32>
  return
}

// -----

func.func @concat_rank(%a: tensor<2xf32>, %b: tensor<2x1xf32>) {
  // expected-error @+1 {{inputs differ in rank}}
  %0 = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2xf32>, tensor<2x1xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @concat_axis(%a: tensor<2xf32>) {
  // expected-error @+1 {{axis -2 is out of range for rank 1}}
  %0 = onnx.Concat %a {axis = -2 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @slice_rank(%x: tensor<4xf32>, %b: tensor<i64>, %n: none) {
  // expected-error @+1 {{a bound must have rank 1, got 'tensor<i64>'}}
  %0 = onnx.Slice %x, %b, %b, %n, %n : (tensor<4xf32>, tensor<i64>, tensor<i64>, none, none) -> tensor<?xf32>
  return
}

// -----

func.func @slice_steps(%x: tensor<4xf32>, %b: tensor<1xi64>, %s: tensor<1xf32>, %n: none) {
  // expected-error @+1 {{operand #4 must be tensor of i32 or i64, or none, but got 'tensor<1xf32>'}}
  %0 = onnx.Slice %x, %b, %b, %n, %s : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, none, tensor<1xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @split_axis(%x: tensor<4xf32>, %n: none) {
  // expected-error @+1 {{axis 1 is out of range for rank 1}}
  %0 = onnx.Split %x, %n {axis = 1 : i64} : (tensor<4xf32>, none) -> tensor<4xf32>
  return
}

// -----

func.func @split_outputs(%x: tensor<4xf32>, %n: none) {
  // expected-error @+1 {{needs an output}}
  "onnx.Split"(%x, %n) {axis = 0 : i64} : (tensor<4xf32>, none) -> ()
  return
}

// -----

func.func @squeeze(%x: tensor<1x4xf32>, %a: tensor<1xi32>) {
  // expected-error @+1 {{axes must hold integers, got 'tensor<1xi32>'}}
  %0 = onnx.Squeeze %x, %a : (tensor<1x4xf32>, tensor<1xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @squeeze_count(%x: tensor<1x1x4xf32>, %a: tensor<3xi64>) {
  // expected-error @+1 {{lists 3 axes between ranks 3 and 1}}
  %0 = onnx.Squeeze %x, %a : (tensor<1x1x4xf32>, tensor<3xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @unsqueeze_count(%x: tensor<4xf32>, %a: tensor<3xi64>) {
  // expected-error @+1 {{lists 3 axes between ranks 3 and 1}}
  %0 = onnx.Unsqueeze %x, %a : (tensor<4xf32>, tensor<3xi64>) -> tensor<1x4x1xf32>
  return
}

// -----

func.func @unsqueeze(%x: tensor<4xf32>, %a: tensor<i64>) {
  // expected-error @+1 {{axes must have rank 1, got 'tensor<i64>'}}
  %0 = onnx.Unsqueeze %x, %a : (tensor<4xf32>, tensor<i64>) -> tensor<1x4xf32>
  return
}

// -----

func.func @reshape_flag(%x: tensor<4xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{attribute allowzero must be 0 or 1}}
  %0 = onnx.Reshape %x, %s {allowzero = 2 : i64} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  return
}

// -----

func.func @reshape_shape(%x: tensor<4xf32>, %s: tensor<1x2xi64>) {
  // expected-error @+1 {{the shape must have rank 1, got 'tensor<1x2xi64>'}}
  %0 = onnx.Reshape %x, %s {allowzero = 0 : i64} : (tensor<4xf32>, tensor<1x2xi64>) -> tensor<2x2xf32>
  return
}

// -----

func.func @flatten(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{axis 3 is out of range for rank 2}}
  %0 = onnx.Flatten %x {axis = 3 : i64} : (tensor<2x4xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @expand(%x: tensor<2x4xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{input and output: element types 'tensor<2x4xf32>' and 'tensor<2x4xi64>' differ}}
  %0 = onnx.Expand %x, %s : (tensor<2x4xf32>, tensor<2xi64>) -> tensor<2x4xi64>
  return
}

// -----

func.func @transpose_rank(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{perm has 3 axes but the input has rank 2}}
  %0 = onnx.Transpose %x {perm = array<i64: 0, 1, 2>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @transpose_perm(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{perm is not a permutation}}
  %0 = onnx.Transpose %x {perm = array<i64: 1, 1>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @tile(%x: tensor<2x4xf32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{operand #1 must be tensor of 64-bit signless integer values}}
  %0 = onnx.Tile %x, %r : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @dropout(%x: tensor<2xf32>, %r: tensor<2xf32>, %n: none) {
  // expected-error @+1 {{ratio must be a scalar, got 'tensor<2xf32>'}}
  %0 = onnx.Dropout %x, %r, %n : (tensor<2xf32>, tensor<2xf32>, none) -> tensor<2xf32>
  return
}

// -----

func.func @matmul_scalar(%x: tensor<f32>, %y: tensor<2x2xf32>) {
  // expected-error @+1 {{operands must not be scalars}}
  %0 = onnx.MatMul %x, %y : (tensor<f32>, tensor<2x2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @matmul_inner(%x: tensor<2x3xf32>, %y: tensor<4x2xf32>) {
  // expected-error @+1 {{inner dimensions differ: 3 and 4}}
  %0 = onnx.MatMul %x, %y : (tensor<2x3xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @gemm_rank(%x: tensor<1x2x3xf32>, %y: tensor<3x2xf32>, %n: none) {
  // expected-error @+1 {{A and B must have rank 2, got 'tensor<1x2x3xf32>'}}
  %0 = onnx.Gemm %x, %y, %n {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<1x2x3xf32>, tensor<3x2xf32>, none) -> tensor<2x2xf32>
  return
}

// -----

func.func @gemm_c(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>, %c: tensor<1x2x2xf32>) {
  // expected-error @+1 {{C must have rank 2 or less, got 'tensor<1x2x2xf32>'}}
  %0 = onnx.Gemm %x, %y, %c {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 0 : i64} : (tensor<2x3xf32>, tensor<3x2xf32>, tensor<1x2x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @gemm_flag(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>, %n: none) {
  // expected-error @+1 {{attribute transB must be 0 or 1}}
  %0 = onnx.Gemm %x, %y, %n {alpha = 1.0 : f32, beta = 1.0 : f32, transA = 0 : i64, transB = 7 : i64} : (tensor<2x3xf32>, tensor<3x2xf32>, none) -> tensor<2x2xf32>
  return
}

// -----

func.func @softmax(%x: tensor<2x3xi64>) {
  // expected-error @+1 {{needs floating-point elements, got 'tensor<2x3xi64>'}}
  %0 = onnx.Softmax %x {axis = -1 : i64} : (tensor<2x3xi64>) -> tensor<2x3xi64>
  return
}

// -----

func.func @layer_norm(%x: tensor<2x3xf32>, %s: tensor<3xf64>, %n: none) {
  // expected-error @+1 {{X and Scale: element types 'tensor<2x3xf32>' and 'tensor<3xf64>' differ}}
  %0 = onnx.LayerNormalization %x, %s, %n {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<2x3xf32>, tensor<3xf64>, none) -> tensor<2x3xf32>
  return
}

// -----

func.func @reduce_axis(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{axis 5 is out of range for rank 2}}
  %0 = onnx.ReduceMean %x {axes = array<i64: 5>, keepdims = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @reduce_flag(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{attribute keepdims must be 0 or 1}}
  %0 = onnx.ReduceMax %x {axes = array<i64: 1>, keepdims = 3 : i64} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @reduce_sum(%x: tensor<2x3xf32>, %n: none) {
  // expected-error @+1 {{attribute noop_with_empty_axes must be 0 or 1}}
  %0 = onnx.ReduceSum %x, %n {keepdims = 1 : i64, noop_with_empty_axes = 2 : i64} : (tensor<2x3xf32>, none) -> tensor<?x?xf32>
  return
}

// -----

func.func @infinity_flag(%x: tensor<2xf32>) {
  // expected-error @+1 {{attribute detect_negative must be 0 or 1}}
  %0 = onnx.IsInf %x {detect_negative = 2 : i64, detect_positive = 1 : i64} : (tensor<2xf32>) -> tensor<2xi1>
  return
}

// -----

func.func @infinity_float(%x: tensor<2xi64>) {
  // expected-error @+1 {{needs floating-point elements}}
  %0 = onnx.IsInf %x {detect_negative = 1 : i64, detect_positive = 1 : i64} : (tensor<2xi64>) -> tensor<2xi1>
  return
}

// -----

func.func @quantize_result(%x: tensor<2xf32>, %s: tensor<f32>, %n: none) {
  // expected-error @+1 {{the result must have elements i8 or ui8, got 'tensor<2xi32>'}}
  %0 = onnx.QuantizeLinear %x, %s, %n {axis = 0 : i64} : (tensor<2xf32>, tensor<f32>, none) -> tensor<2xi32>
  return
}

// -----

func.func @quantize_scale(%x: tensor<2xf32>, %s: tensor<f64>, %n: none) {
  // expected-error @+1 {{X and scale: element types}}
  %0 = onnx.QuantizeLinear %x, %s, %n {axis = 0 : i64} : (tensor<2xf32>, tensor<f64>, none) -> tensor<2xi8>
  return
}

// -----

func.func @scale_rank(%x: tensor<2xf32>, %s: tensor<1x2xf32>, %n: none) {
  // expected-error @+1 {{the scale must be a scalar or have rank 1}}
  %0 = onnx.QuantizeLinear %x, %s, %n {axis = 0 : i64} : (tensor<2xf32>, tensor<1x2xf32>, none) -> tensor<2xi8>
  return
}

// -----

func.func @zero_rank(%x: tensor<2xi8>, %s: tensor<2xf32>, %z: tensor<i8>) {
  // expected-error @+1 {{scale and zero point differ in rank}}
  %0 = onnx.DequantizeLinear %x, %s, %z {axis = 0 : i64} : (tensor<2xi8>, tensor<2xf32>, tensor<i8>) -> tensor<2xf32>
  return
}

// -----

// One scale beside a zero point for each element.
func.func @zeros_beside_one_scale(%x: tensor<2xi8>, %s: tensor<f32>, %z: tensor<2xi8>) {
  // expected-error @+1 {{scale and zero point differ in rank}}
  %0 = onnx.DequantizeLinear %x, %s, %z {axis = 0 : i64} : (tensor<2xi8>, tensor<f32>, tensor<2xi8>) -> tensor<2xf32>
  return
}

// -----

// A list whose length is open may be longer than one.
func.func @open_list(%x: tensor<2xi8>, %s: tensor<?xf32>, %n: none) {
  // expected-error @+1 {{axis 1 is out of range for rank 1}}
  %0 = onnx.DequantizeLinear %x, %s, %n {axis = 1 : i64} : (tensor<2xi8>, tensor<?xf32>, none) -> tensor<2xf32>
  return
}

// -----

func.func @zero_element(%x: tensor<2xi8>, %s: tensor<f32>, %z: tensor<ui8>) {
  // expected-error @+1 {{quantised tensor and zero point: element types}}
  %0 = onnx.DequantizeLinear %x, %s, %z {axis = 0 : i64} : (tensor<2xi8>, tensor<f32>, tensor<ui8>) -> tensor<2xf32>
  return
}

// -----

func.func @dequantize_input(%x: tensor<2xf32>, %s: tensor<f32>, %n: none) {
  // expected-error @+1 {{needs integers, got}}
  %0 = onnx.DequantizeLinear %x, %s, %n {axis = 0 : i64} : (tensor<2xf32>, tensor<f32>, none) -> tensor<2xf32>
  return
}

// -----

func.func @dequantize_result(%x: tensor<2xi8>, %s: tensor<f32>, %n: none) {
  // expected-error @+1 {{scale and result: element types}}
  %0 = onnx.DequantizeLinear %x, %s, %n {axis = 0 : i64} : (tensor<2xi8>, tensor<f32>, none) -> tensor<2xf64>
  return
}

// -----

func.func @quantize_axis(%x: tensor<2xi8>, %s: tensor<2xf32>, %n: none) {
  // expected-error @+1 {{axis 1 is out of range for rank 1}}
  %0 = onnx.DequantizeLinear %x, %s, %n {axis = 1 : i64} : (tensor<2xi8>, tensor<2xf32>, none) -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_rank(%x: tensor<2x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{data and indices differ in rank}}
  %0 = onnx.GatherElements %x, %i {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_axis(%x: tensor<2xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{axis 1 is out of range for rank 1}}
  %0 = onnx.GatherElements %x, %i {axis = 1 : i64} : (tensor<2xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @trilu_rank(%x: tensor<2xf32>, %n: none) {
  // expected-error @+1 {{needs an input of rank 2 or more}}
  %0 = onnx.Trilu %x, %n {upper = 1 : i64} : (tensor<2xf32>, none) -> tensor<2xf32>
  return
}

// -----

func.func @trilu_diagonal(%x: tensor<2x2xf32>, %k: tensor<1x1xi64>) {
  // expected-error @+1 {{k must have one element}}
  %0 = onnx.Trilu %x, %k {upper = 1 : i64} : (tensor<2x2xf32>, tensor<1x1xi64>) -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x2xf32>, %k: tensor<f32>) -> tensor<2x2xf32> {
  // expected-error @+1 {{operand #1 must be tensor of i32 or i64, or none, but got 'tensor<f32>'}}
  %0 = onnx.Trilu %x, %k {upper = 1 : i64} : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @trilu_flag(%x: tensor<2x2xf32>, %n: none) {
  // expected-error @+1 {{attribute upper must be 0 or 1}}
  %0 = onnx.Trilu %x, %n {upper = 2 : i64} : (tensor<2x2xf32>, none) -> tensor<2x2xf32>
  return
}

// -----

func.func @pick_flag(%x: tensor<2xf32>) {
  // expected-error @+1 {{attribute select_last_index must be 0 or 1}}
  %0 = onnx.ArgMax %x {axis = 0 : i64, keepdims = 1 : i64, select_last_index = 7 : i64} : (tensor<2xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @pick_axis(%x: tensor<2xf32>) {
  // expected-error @+1 {{axis -2 is out of range for rank 1}}
  %0 = onnx.ArgMin %x {axis = -2 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<2xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @mod_of_floats(%x: tensor<2xf32>) {
  // expected-error @+1 {{of floats needs fmod = 1}}
  %0 = onnx.Mod %x, %x {fmod = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @mod_flag(%x: tensor<2xi32>) {
  // expected-error @+1 {{attribute fmod must be 0 or 1}}
  %0 = onnx.Mod %x, %x {fmod = 2 : i64} : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----

func.func @cumulative_axis(%x: tensor<2xf32>) {
  // expected-error @+1 {{axis 1 is out of range for rank 1}}
  %0 = onnx.CumSum %x {axis = 1 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @cumulative_flag(%x: tensor<2xf32>) {
  // expected-error @+1 {{attribute reverse must be 0 or 1}}
  %0 = onnx.CumProd %x {axis = 0 : i64, reverse = 3 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @top_k_flag(%x: tensor<2xf32>) {
  // expected-error @+1 {{attribute largest must be 0 or 1}}
  %0 = onnx.TopKIndices %x {axis = 0 : i64, k = 1 : i64, largest = 2 : i64} : (tensor<2xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @top_k_axis(%x: tensor<2xf32>) {
  // expected-error @+1 {{axis 1 is out of range for rank 1}}
  %0 = onnx.TopKIndices %x {axis = 1 : i64, k = 1 : i64} : (tensor<2xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @top_k_count(%x: tensor<2xf32>) {
  // expected-error @+1 {{k is negative}}
  %0 = onnx.TopKIndices %x {axis = 0 : i64, k = -1 : i64} : (tensor<2xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @scatter_reduction(%x: tensor<2xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{reduction must be 0 to 4}}
  %0 = onnx.ScatterElements %x, %i, %x {axis = 0 : i64, reduction = 5 : i64} : (tensor<2xf32>, tensor<2xi64>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @scatter_elements(%x: tensor<2xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{data and updates: element types 'tensor<2xf32>' and 'tensor<2xi64>' differ}}
  %0 = onnx.ScatterElements %x, %i, %i {axis = 0 : i64} : (tensor<2xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @scatter_axis(%x: tensor<2xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{axis 1 is out of range for rank 1}}
  %0 = onnx.ScatterElements %x, %i, %x {axis = 1 : i64} : (tensor<2xf32>, tensor<2xi64>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @round_to_32(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{attribute 'format' failed to satisfy constraint: type attribute of 16-bit float or bfloat16 type}}
  %y = onnx.RoundToHalf %x {format = f32} : (tensor<3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @long_shape(%x: tensor<2xi8>, %s: tensor<65xi64>) {
  // expected-error @+1 {{the shape has 65 elements, and tensors of more than 64 axes are not supported}}
  %0 = onnx.Expand %x, %s : (tensor<2xi8>, tensor<65xi64>) -> tensor<*xi8>
  return
}

// -----

func.func @long_reshape(%x: tensor<2xi8>, %s: tensor<65xi64>) {
  // expected-error @+1 {{the shape has 65 elements, and tensors of more than 64 axes are not supported}}
  %0 = onnx.Reshape %x, %s {allowzero = 0 : i64} : (tensor<2xi8>, tensor<65xi64>) -> tensor<*xi8>
  return
}

// -----

func.func @long_constant(%s: tensor<65xi64>) {
  // expected-error @+1 {{the shape has 65 elements, and tensors of more than 64 axes are not supported}}
  %0 = onnx.ConstantOfShape %s {value = dense<1> : tensor<1xi64>} : (tensor<65xi64>) -> tensor<*xi64>
  return
}

// -----

func.func @long_repeats(%x: tensor<2xi8>, %s: tensor<65xi64>) {
  // expected-error @+1 {{repeats has 65 elements, and tensors of more than 64 axes are not supported}}
  %0 = onnx.Tile %x, %s : (tensor<2xi8>, tensor<65xi64>) -> tensor<*xi8>
  return
}

// -----

func.func @long_axes(%x: tensor<2x1xi8>, %s: tensor<65xi64>) {
  // expected-error @+1 {{axes has 65 elements, and tensors of more than 64 axes are not supported}}
  %0 = onnx.Squeeze %x, %s : (tensor<2x1xi8>, tensor<65xi64>) -> tensor<*xi8>
  return
}

// -----

func.func @long_reduction(%x: tensor<2x1xf32>, %s: tensor<65xi64>) {
  // expected-error @+1 {{axes has 65 elements, and tensors of more than 64 axes are not supported}}
  %0 = onnx.ReduceSum %x, %s {keepdims = 1 : i64, noop_with_empty_axes = 0 : i64} : (tensor<2x1xf32>, tensor<65xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @long_bounds(%x: tensor<2x1xf32>, %s: tensor<65xi64>) {
  // expected-error @+1 {{a bound has 65 elements, and tensors of more than 64 axes are not supported}}
  %0 = onnx.Slice %x, %s, %s, %s, %s : (tensor<2x1xf32>, tensor<65xi64>, tensor<65xi64>, tensor<65xi64>, tensor<65xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @one_scale(%x: tensor<2x3xf32>, %s: tensor<1xf32>, %z: tensor<3xui8>) {
  // expected-error @+1 {{has one scale, but zero points 'tensor<3xui8>'}}
  %y = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64} : (tensor<2x3xf32>, tensor<1xf32>, tensor<3xui8>) -> tensor<2x3xui8>
  return
}
