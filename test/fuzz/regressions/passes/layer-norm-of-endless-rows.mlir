// bnn-raise
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<8xi1>, tensor<0x2147483648xf32>, tensor<2147483648xf32>) -> (tensor<8x8xf32>, tensor<0x2147483648xf32>), sym_name = "n"}> ({
  ^bb0(%arg0: tensor<8xi1>, %arg1: tensor<0x2147483648xf32>, %arg2: tensor<2147483648xf32>):
    %0 = "onnx.NoValue"() : () -> none
    %1 = "onnx.Constant"() <{value = dense<0x7f32> : tensor<8x8xf32>}> : () -> tensor<8x8xf32>
    %2 = "onnx.LayerNormalization"(%arg1, %arg2, %0) <{axis = -1 : i64, stash_type = 1 : i64}> : (tensor<0x2147483648xf32>, tensor<2147483648xf32>, none) -> tensor<0x2147483648xf32>
    "func.return"(%1, %2) : (tensor<8x8xf32>, tensor<0x2147483648xf32>) -> ()
  }) : () -> ()
}) : () -> ()
