// RUN: bnn-opt %s --bnn-fold-thresholds -verify-diagnostics

// An epilogue that cannot be compiled for the host.
func.func @f(%a: tensor<4x3x!bnn.s1>, %w: tensor<2x3x!bnn.s1>, %0: tensor<4x2x!bnn.s1>) -> tensor<4x2x!bnn.s1> {
  // expected-error @+1 {{compile-time evaluation of an epilogue: it does not translate to LLVM IR}}
  %b = bnn.matmul %a, %w outs(%0 : tensor<4x2x!bnn.s1>) : tensor<4x3x!bnn.s1>, tensor<2x3x!bnn.s1> -> tensor<4x2x!bnn.s1> {
  ^bb0(%acc: i32):
    // expected-error @+1 {{cannot be converted to LLVM IR}}
    %table = arith.constant dense<[true, false, true]> : tensor<3xi1>
    %at = arith.index_cast %acc : i32 to index
    %bit = tensor.extract %table[%at] : tensor<3xi1>
    bnn.yield %bit : i1
  }
  return %b : tensor<4x2x!bnn.s1>
}
