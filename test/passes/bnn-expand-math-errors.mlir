// RUN: bnn-opt %s --bnn-expand-math --split-input-file --verify-diagnostics

// All of them at once.
func.func @no_sequence(%x: f32) -> (f32, f32) {
  // expected-error @+1 {{'math.sin' op has no lowering that gives the same bits on every target}}
  %0 = math.sin %x : f32
  // expected-error @+1 {{'math.log1p' op has no lowering that gives the same bits on every target}}
  %1 = math.log1p %x : f32
  return %0, %1 : f32, f32
}

// -----

func.func @other_type(%x: f16) -> f16 {
  // expected-error @+1 {{'math.exp' op has no lowering on 'f16': only f32, f64 and vectors of them have one}}
  %0 = math.exp %x : f16
  return %0 : f16
}

// -----

func.func @tensor(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'math.exp' op has no lowering on 'tensor<4xf32>'}}
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @power_of_doubles(%x: f64, %y: f64) -> f64 {
  // expected-error @+1 {{'math.powf' op has no lowering that gives the same bits on every target}}
  %0 = math.powf %x, %y : f64
  return %0 : f64
}
