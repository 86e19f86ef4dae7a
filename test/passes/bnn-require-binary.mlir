// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(bnn-require-binary{allow-float=head,layer.?/low*}))" 2>&1 | FileCheck %s
// CHECK-NOT: {{warning|error|remark}}

// Binary layers, those that a pattern allows, and what is no linear layer.
// CHECK: func.func @main() attributes {bnn.layers = [
func.func @main() attributes {bnn.layers = [
    {became = "1x1", kind = "linear", loc = loc("dense"), op = "MatMul", sizes = array<i64: 4, 4>},
    {became = "1xf32", kind = "linear", loc = loc("mixed"), op = "MatMul", reason = "no sign", sizes = array<i64: 4, 4>},
    {became = "float", kind = "linear", loc = loc("head"), op = "Gemm", reason = "no sign", sizes = array<i64: 4, 2>},
    {became = "float", kind = "linear", loc = loc("layer.3/low_rank"), op = "MatMul", reason = "low rank", sizes = array<i64: 4, 1>},
    {became = "float", kind = "attention", loc = loc("softmax"), op = "Softmax", reason = "no sign", sizes = array<i64: 2, 2>},
    {became = "float", kind = "embedding", loc = loc("positions"), op = "Gather", reason = "magnitudes", sizes = array<i64: 8, 4>}]} {
  return
}
