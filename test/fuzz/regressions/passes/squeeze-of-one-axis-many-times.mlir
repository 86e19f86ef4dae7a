// onnx-to-linalg
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x65x3xi64>) -> tensor<2x3xi64>, sym_name = ""}> ({
  ^bb0(%arg0: tensor<2x65x3xi64>):
    %0 = "onnx.Constant"() <{value = dense<8> : tensor<65xi64>}> : () -> tensor<65xi64>
    %1 = "onnx.Squeeze"(%0, %0) : (tensor<65xi64>, tensor<65xi64>) -> tensor<2x3xi64>
    "func.return"(%1) : (tensor<2x3xi64>) -> ()
  }) : () -> ()
}) : () -> ()
