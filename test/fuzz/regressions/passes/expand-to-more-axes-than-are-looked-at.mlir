// onnx-fold
"builtin.module"() ({
  "func.func"() <{function_type = () -> (tensor<512xi8>, tensor<i8>), sym_name = ""}> ({
    %0 = "onnx.Constant"() <{value = dense<1> : tensor<2xi8>}> : () -> tensor<2xi8>
    %1 = "onnx.Constant"() <{value = dense<5> : tensor<65xi64>}> : () -> tensor<65xi64>
    %2 = "onnx.Expand"(%0, %1) : (tensor<2xi8>, tensor<65xi64>) -> tensor<512xi8>
    %3 = "onnx.Constant"() <{value = dense<1> : tensor<i8>}> : () -> tensor<i8>
    "func.return"(%2, %3) : (tensor<512xi8>, tensor<i8>) -> ()
  }) : () -> ()
}) : () -> ()
