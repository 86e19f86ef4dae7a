// Zeros enough that LLVM calls a function for them.
func.func @main(%x: tensor<100xf32> {onnx.name = "x"}) -> (tensor<4100xf32> {onnx.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<4100xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%0 : tensor<4100xf32>) -> tensor<4100xf32>
  %y = tensor.insert_slice %x into %zeros[0] [100] [1] : tensor<100xf32> into tensor<4100xf32>
  return %y : tensor<4100xf32>
}
