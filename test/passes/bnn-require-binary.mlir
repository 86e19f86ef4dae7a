// RUN: bnn-opt %s --pass-pipeline="builtin.module(func.func(bnn-require-binary{allow-float=head,layer.?/low*}))" 2>&1 | FileCheck %s
// CHECK-NOT: {{warning|error|remark}}

// Binary layers, those that a pattern allows, and what has no products.
// CHECK: func.func @main() attributes {bnn.layers = [
func.func @main() attributes {bnn.layers = [
    #bnn.layer<kind = linear, op = "MatMul", loc = loc("dense"), sizes = [4, 4], weights = !bnn.s1, activations = !bnn.s1>,
    #bnn.layer<kind = linear, op = "MatMul", loc = loc("mixed"), sizes = [4, 4], weights = !bnn.s1, activations = f32, reason = "no sign">,
    #bnn.layer<kind = linear, op = "Gemm", loc = loc("head"), sizes = [4, 2], weights = f32, activations = f32, reason = "no sign">,
    #bnn.layer<kind = linear, op = "MatMul", loc = loc("layer.3/low_rank"), sizes = [4, 1], weights = f32, activations = f32, reason = "low rank">,
    #bnn.layer<kind = attention, op = "Softmax", loc = loc("softmax"), sizes = [2, 2], weights = !bnn.s1, activations = !bnn.s1>,
    #bnn.layer<kind = embedding, op = "Gather", loc = loc("positions"), sizes = [8, 4], weights = f32, activations = f32, reason = "magnitudes">]} {
  return
}
