// RUN: bnn-opt %s --bnn-raise=budget=0 --verify-diagnostics

// expected-error @+1 {{the budget of bnn-raise is a factor of at least 1, not 0}}
func.func @none(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
