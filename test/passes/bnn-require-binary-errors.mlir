// RUN: not bnn-opt %s --split-input-file --pass-pipeline="builtin.module(func.func(bnn-require-binary{allow-float=head,nothing*}))" 2>&1 | FileCheck %s
// RUN: not bnn-opt %s --split-input-file --pass-pipeline="builtin.module(func.func(bnn-require-binary{allow-float=[z-a]}))" 2>&1 | FileCheck %s --check-prefix=PATTERN
// PATTERN: error: '[z-a]' in allow-float is no pattern: invalid glob pattern: [z-a]

// Each is named with its operator and its reason; then what would accept them,
// layers that differ in numbers by one pattern.
// CHECK: error: {{.*}}node 'layer.0/dense' (MatMul, opset 17) is not binary: no sign
// CHECK: error: {{.*}}node 'layer.11/dense' (MatMul, opset 17) is not binary: no sign
// CHECK: error: {{.*}}node 'odd[*]' (Gemm, opset 17) is not binary: row 0
// CHECK: warning: --allow-float=nothing* matches no linear layer, attention or product of this model
// CHECK: remark: where float is meant, accept it: --allow-float='layer.*/dense' --allow-float='odd\[\*\]'
// CHECK-NOT: see current operation
module attributes {onnx.opset = 17 : i64} {
func.func @main() attributes {bnn.layers = [
    #bnn.layer<kind = linear, op = "MatMul", loc = loc("layer.0/dense"), sizes = [4, 4], weights = f32, activations = f32, reason = "no sign">,
    #bnn.layer<kind = linear, op = "MatMul", loc = loc("layer.11/dense"), sizes = [4, 4], weights = f32, activations = f32, reason = "no sign">,
    #bnn.layer<kind = linear, op = "Gemm", loc = loc("odd[*]"), sizes = [4, 4], weights = f32, activations = f32, reason = "row 0">,
    #bnn.layer<kind = linear, op = "Gemm", loc = loc("head"), sizes = [4, 2], weights = f32, activations = f32, reason = "no sign">]} {
  return
}
}

// -----

// CHECK: error: has no bnn.layers: run bnn-raise with record-layers before
func.func @unknown() {
  return
}

// -----

// Eight bits on both sides are not binary either; on one side is as good as f32.
// CHECK: error: {{.*}}node 'bytes' (MatMul) is not binary: its weights have 8 bits
// CHECK-NOT: node 'mixed'
func.func @bytes() attributes {bnn.layers = [
    #bnn.layer<kind = linear, op = "MatMul", loc = loc("bytes"), sizes = [4, 4], weights = !bnn.s8, activations = !bnn.s8, reason = "its weights have 8 bits">,
    #bnn.layer<kind = linear, op = "MatMul", loc = loc("mixed"), sizes = [4, 4], weights = !bnn.s1, activations = !bnn.s8, reason = "its inputs have 8 bits">]} {
  return
}

// -----

// Attention counts, and a product of two activations; a table does not.
// CHECK: error: {{.*}}node 'softmax' (Softmax) is not binary: no sign
// CHECK: error: {{.*}}node 'both' (MatMul) is not binary: at run time
// CHECK-NOT: error: {{.*}}node 'positions'
func.func @products() attributes {bnn.layers = [
    #bnn.layer<kind = attention, op = "Softmax", loc = loc("softmax"), sizes = [2, 2], weights = f32, activations = f32, reason = "no sign">,
    #bnn.layer<kind = product, op = "MatMul", loc = loc("both"), sizes = [2, 0], weights = f32, activations = f32, reason = "at run time">,
    #bnn.layer<kind = embedding, op = "Gather", loc = loc("positions"), sizes = [8, 4], weights = f32, activations = f32, reason = "magnitudes">]} {
  return
}
