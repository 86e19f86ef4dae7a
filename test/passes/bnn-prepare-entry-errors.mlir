// RUN: bnn-opt %s --bnn-prepare-entry -verify-diagnostics -split-input-file

// expected-error @+1 {{the model's function has more than one block}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{the inputs and outputs of a model are ranked tensors}}
func.func @main(%x: memref<4xf32>) {
  return
}

// -----

// expected-error @+1 {{the inputs and outputs of a model are ranked tensors}}
func.func @main(%x: tensor<4xf32>) -> f32 {
  %0 = arith.constant 0.0 : f32
  return %0 : f32
}

// -----

// expected-error @+1 {{the inputs and outputs of a model are ranked tensors}}
func.func @main(%x: tensor<*xf32>) -> tensor<4xf32> {
  %0 = tensor.cast %x : tensor<*xf32> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{the model's function has more than one block}}
func.func private @main(tensor<4xf32>) -> tensor<4xf32>
