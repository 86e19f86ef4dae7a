// onnx-fold
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<1099511627776xi8>) -> tensor<1099511627776x1099511627776xi8>, sym_name = "n"}> ({
  ^bb0(%arg0: tensor<1099511627776xi8>):
    %0 = "onnx.Constant"() <{value = dense<1> : tensor<1099511627776x1099511627776xi8>}> : () -> tensor<1099511627776x1099511627776xi8>
    %1 = "onnx.MatMul"(%0, %0) : (tensor<1099511627776x1099511627776xi8>, tensor<1099511627776x1099511627776xi8>) -> tensor<1099511627776x1099511627776xi8>
    %2 = "onnx.Add"(%1, %arg0) : (tensor<1099511627776x1099511627776xi8>, tensor<1099511627776xi8>) -> tensor<1099511627776x1099511627776xi8>
    "func.return"(%0) : (tensor<1099511627776x1099511627776xi8>) -> ()
  }) : () -> ()
}) : () -> ()
