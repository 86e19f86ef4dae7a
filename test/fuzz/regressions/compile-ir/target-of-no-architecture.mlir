"builtin.module"() ({
^bb0:
}) {bnn.model = #bnn.model<prefix = "phase", triple = "func.return", cpu = "func.return", attributes = "phase", features = 4, max_dims = {}>, bnn.phase = #bnn.phase<done = fold>, bnn.target = #bnn.target<strategy = "avx512-vpopcntdq", dots = [#bnn.dot<xor_count, rows = 4, panels = 2, parity = true, queries = 2>, #bnn.dot<and_count, rows = 4, panels = 2>], instructions = "ternary_logic|scale_floats|shuffle_32_bytes|shuffle_64_bytes">, onnx.file = "phase", onnx.graph = "phase.onnx", onnx.opset = 2 : i64} : () -> ()
