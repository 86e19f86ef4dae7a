// bnn-fold-thresholds
func.func @many_outputs(%a: tensor<4x1x!bnn.s1>, %w: tensor<2147483648x1x!bnn.s1>,
                        %0: tensor<4x2147483648x!bnn.s1>) -> tensor<4x2147483648x!bnn.s1> {
  %b = bnn.matmul %a, %w outs(%0 : tensor<4x2147483648x!bnn.s1>)
      : tensor<4x1x!bnn.s1>, tensor<2147483648x1x!bnn.s1> -> tensor<4x2147483648x!bnn.s1> {
  ^bb0(%acc: i32):
    %zero = arith.constant 0 : i32
    %bit = arith.cmpi sgt, %acc, %zero : i32
    bnn.yield %bit : i1
  }
  return %b : tensor<4x2147483648x!bnn.s1>
}
