// bnn-raise
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<3x3xi8>, tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>), sym_name = "n"}> ({
  ^bb0(%arg0: tensor<3x3xi8>, %arg1: tensor<3x3xf32>):
    %0 = "onnx.Constant"() <{value = dense<5.000000e01> : tensor<f32>}> : () -> tensor<f32>
    %1 = "onnx.Constant"() <{value = dense<5> : tensor<i8>}> : () -> tensor<i8>
    %2 = "onnx.Constant"() <{value = dense<1> : tensor<3x3xi8>}> : () -> tensor<3x3xi8>
    %3 = "onnx.DequantizeLinear"(%2, %0, %1) : (tensor<3x3xi8>, tensor<f32>, tensor<i8>) -> tensor<3x3xf32>
    %4 = "onnx.MatMul"(%3, %3) : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
    "func.return"(%4, %4) : (tensor<3x3xf32>, tensor<3x3xf32>) -> ()
  }) : () -> ()
}) : () -> ()
