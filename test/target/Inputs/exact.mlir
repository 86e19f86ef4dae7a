// What a 32-bit CPU has no instruction for, or what NEON would do inexactly.
#id = affine_map<(i) -> (i)>
func.func @main(%longs: tensor<16xi64> {onnx.name = "longs"}, %divisors: tensor<16xi64> {onnx.name = "divisors"},
                %floats: tensor<16xf32> {onnx.name = "floats"})
    -> (tensor<16xf32> {onnx.name = "converted"}, tensor<16xi64> {onnx.name = "truncated"},
        tensor<16xi64> {onnx.name = "quotients"}, tensor<16xf32> {onnx.name = "halves"}) {
  %f = tensor.empty() : tensor<16xf32>
  %i = tensor.empty() : tensor<16xi64>
  %converted = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%longs : tensor<16xi64>) outs(%f : tensor<16xf32>) {
  ^bb0(%x: i64, %o: f32):
    %y = arith.sitofp %x : i64 to f32
    linalg.yield %y : f32
  } -> tensor<16xf32>
  %truncated = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%floats : tensor<16xf32>) outs(%i : tensor<16xi64>) {
  ^bb0(%x: f32, %o: i64):
    %y = arith.fptosi %x : f32 to i64
    linalg.yield %y : i64
  } -> tensor<16xi64>
  %quotients = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%longs, %divisors : tensor<16xi64>, tensor<16xi64>) outs(%i : tensor<16xi64>) {
  ^bb0(%x: i64, %d: i64, %o: i64):
    %q = arith.divsi %x, %d : i64
    %r = arith.remsi %x, %d : i64
    %y = arith.addi %q, %r : i64
    linalg.yield %y : i64
  } -> tensor<16xi64>
  // A vector, as kernels have them.
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %half = arith.constant dense<0.5> : vector<16xf32>
  %v = vector.transfer_read %floats[%c0], %zero {in_bounds = [true]} : tensor<16xf32>, vector<16xf32>
  %h = arith.mulf %v, %half : vector<16xf32>
  %halves = vector.transfer_write %h, %f[%c0] {in_bounds = [true]} : vector<16xf32>, tensor<16xf32>
  return %converted, %truncated, %quotients, %halves : tensor<16xf32>, tensor<16xi64>, tensor<16xi64>, tensor<16xf32>
}
