// RUN: bnn-opt %s --bnn-instrument --split-input-file --verify-diagnostics

// expected-error@+1 {{to instrument a model, its function must have been given buffers and a status: run --bnn-phase-bufferize first}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
