func.func @main(%arg0: tensor<2xf16> {onnx.dims = [2], onnx.name = "x"}) -> (tensor<2xf16> {onnx.dims = [2], onnx.name = "y"}) {
  %x = onnx.Cast %arg0 : (tensor<2xf16>) -> tensor<2xf32>
  %sum = onnx.Add %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %rounded = onnx.RoundToHalf %sum {format = f16} : (tensor<2xf32>) -> tensor<2xf32>
  %y = onnx.Cast %rounded : (tensor<2xf32>) -> tensor<2xf16>
  return %y : tensor<2xf16>
}
