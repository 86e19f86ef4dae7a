// RUN: not bnn-opt %s --split-input-file --pass-pipeline="builtin.module(func.func(bnn-require-binary{allow-float=head,nothing*}))" 2>&1 | FileCheck %s
// RUN: not bnn-opt %s --split-input-file --pass-pipeline="builtin.module(func.func(bnn-require-binary{allow-float=[z-a]}))" 2>&1 | FileCheck %s --check-prefix=PATTERN
// PATTERN: error: '[z-a]' in allow-float is no pattern: invalid glob pattern: [z-a]

// Each is named with its operator and its reason; then what would accept them,
// layers that differ in numbers by one pattern.
// CHECK: error: {{.*}}node 'layer.0/dense' (MatMul, opset 17) is not binary: no sign
// CHECK: error: {{.*}}node 'layer.11/dense' (MatMul, opset 17) is not binary: no sign
// CHECK: error: {{.*}}node 'odd[*]' (Gemm, opset 17) is not binary: row 0
// CHECK: warning: --allow-float=nothing* matches no linear layer of this model
// CHECK: remark: where float is meant, accept it: --allow-float='layer.*/dense' --allow-float='odd\[\*\]'
// CHECK-NOT: see current operation
module attributes {onnx.opset = 17 : i64} {
func.func @main() attributes {bnn.layers = [
    {became = "float", kind = "linear", loc = loc("layer.0/dense"), op = "MatMul", reason = "no sign", sizes = array<i64: 4, 4>},
    {became = "float", kind = "linear", loc = loc("layer.11/dense"), op = "MatMul", reason = "no sign", sizes = array<i64: 4, 4>},
    {became = "float", kind = "linear", loc = loc("odd[*]"), op = "Gemm", reason = "row 0", sizes = array<i64: 4, 4>},
    {became = "float", kind = "linear", loc = loc("head"), op = "Gemm", reason = "no sign", sizes = array<i64: 4, 2>}]} {
  return
}
}

// -----

// CHECK: error: has no bnn.layers: run bnn-raise with record-layers before
func.func @unknown() {
  return
}

// -----

// CHECK: error: has a bnn.layers that is not bnn-raise's
func.func @other() attributes {bnn.layers = [{kind = "linear"}]} {
  return
}
