// onnx-to-linalg
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<0x4xi8>, tensor<4xi8>) -> (tensor<4xi8>, tensor<0x4x0xi8>), sym_name = ""}> ({
  ^bb0(%arg0: tensor<0x4xi8>, %arg1: tensor<4xi8>):
    %0 = "onnx.Constant"() <{value = dense<1> : tensor<128xi64>}> : () -> tensor<128xi64>
    %1 = "onnx.Unsqueeze"(%arg1, %0) : (tensor<4xi8>, tensor<128xi64>) -> tensor<0x4x0xi8>
    "func.return"(%arg1, %1) : (tensor<4xi8>, tensor<0x4x0xi8>) -> ()
  }) : () -> ()
}) : () -> ()
