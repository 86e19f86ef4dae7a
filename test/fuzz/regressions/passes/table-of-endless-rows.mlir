// bnn-phase-raise
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<?x?xi64>) -> tensor<2x2x1099511627776xf32>, sym_name = "main"}> ({
  ^bb0(%arg0: tensor<?x?xi64>):
    %0 = "onnx.Constant"() <{value = dense<0x7F800000> : tensor<1099511627776x1099511627776xf32>}> : () -> tensor<1099511627776x1099511627776xf32>
    %1 = "onnx.Gather"(%0, %arg0) : (tensor<1099511627776x1099511627776xf32>, tensor<?x?xi64>) -> tensor<?x?x?xf32>
    %2 = "onnx.MatMul"(%1, %1) : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<2x2x1099511627776xf32>
    "func.return"(%2) : (tensor<2x2x1099511627776xf32>) -> ()
  }) : () -> ()
}) : () -> ()
