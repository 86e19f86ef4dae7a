// What the passes tell each other of a model: what prints is what parses.
// RUN: bnn-opt %s | bnn-opt | FileCheck %s

// Names may hold any bytes. What is not said is left out.
// CHECK: module attributes {bnn.model = #bnn.model<prefix = "m_1", triple = "x86_64-linux-gnu", cpu = "x86-64-v3", features = 18446744073709551615, max_dims = {batch = 8 : i64, "odd \22name" = 512 : i64}>,
// CHECK-SAME: bnn.port_limits = {matmul = 3.410000e+02 : f64, matmul.parity = 4.095000e+02 : f64},
// CHECK-SAME: bnn.profiled_ops = [#bnn.profiled<kind = "matmul", name = "/query", limit = 4.095000e+02 : f64>, #bnn.profiled<kind = "linalg.fill", limit = 0.000000e+00 : f64>]}
module attributes {
    bnn.model = #bnn.model<prefix = "m_1", triple = "x86_64-linux-gnu", cpu = "x86-64-v3", features = 18446744073709551615, max_dims = {batch = 8, "odd \"name" = 512}>,
    bnn.port_limits = {matmul = 341.0 : f64, matmul.parity = 409.5 : f64},
    bnn.profiled_ops = [#bnn.profiled<kind = "matmul", name = "/query", limit = 409.5>, #bnn.profiled<kind = "linalg.fill", name = "", limit = 0.0>]} {
  // CHECK: func.func @main(
  // CHECK-SAME: memref<?x4xi64> {bnn.argument = #bnn.argument<input, "odd \22ids\0A", ["batch", 4]>}
  // CHECK-SAME: memref<f32> {bnn.argument = #bnn.argument<output, "y", []>}
  // CHECK-SAME: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}
  // CHECK-SAME: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>}
  // CHECK-SAME: !llvm.ptr {bnn.argument = #bnn.argument<profile_context>}
  // CHECK-SAME: bnn.layers = [#bnn.layer<kind = attention, op = "Softmax", loc = #{{.*}}, sizes = [12, 64], weights = !bnn.u4, activations = !bnn.s4, rows = <{{\[}}[1, "seq"], [2]]>, other_macs = <[]>>]
  // CHECK-SAME: bnn.workspace_buffers = [#bnn.buffer<name = "dense", bytes = 64, offset = 0, first = 2, last = 3>, #bnn.buffer<bytes = 0, offset = 64, first = 0, last = -1>]
  // CHECK-SAME: bnn.workspace_size = 64 : i64
  func.func @main(
      %x: memref<?x4xi64> {bnn.argument = #bnn.argument<input, "odd \"ids\n", ["batch", 4]>},
      %y: memref<f32> {bnn.argument = #bnn.argument<output, "y", []>},
      %ws: memref<?xi8> {bnn.argument = #bnn.argument<workspace>},
      %hook: !llvm.ptr {bnn.argument = #bnn.argument<profile_hook>},
      %context: !llvm.ptr {bnn.argument = #bnn.argument<profile_context>})
      attributes {
        bnn.layers = [#bnn.layer<kind = attention, op = "Softmax", loc = loc("softmax"), sizes = [12, 64], weights = !bnn.u4, activations = !bnn.s4, rows = <[[1, "seq"], [2]]>, other_macs = <[]>>],
        bnn.workspace_buffers = [#bnn.buffer<name = "dense", bytes = 64, offset = 0, first = 2, last = 3>, #bnn.buffer<bytes = 0, offset = 64, first = 0, last = -1>],
        bnn.workspace_size = 64 : i64} {
    return
  }
}

// The empty model.
// CHECK: module @empty attributes {bnn.model = #bnn.model<>}
module @empty attributes {bnn.model = #bnn.model<>} {}

// On its way, and with its types lowered.
// CHECK: module @late attributes {bnn.entry = #bnn.entry<type = (memref<4xf32>, memref<?xi8>) -> i32, arguments = [#bnn.argument<input, "x", [4]>, #bnn.argument<workspace>], workspace_size = 64>,
// CHECK-SAME: bnn.model = #bnn.model<attributes = "+avx2,-avx512f">, bnn.phase = #bnn.phase<done = llvm, reference = true>}
module @late attributes {
    bnn.entry = #bnn.entry<type = (memref<4xf32>, memref<?xi8>) -> i32, arguments = [#bnn.argument<input, "x", [4]>, #bnn.argument<workspace>], workspace_size = 64>,
    bnn.model = #bnn.model<attributes = "+avx2,-avx512f">,
    bnn.phase = #bnn.phase<done = llvm, reference = true>} {}
