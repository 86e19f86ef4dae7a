# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of the domain com.microsoft against ONNX Runtime, which defines them.

    contrib.py WORK [OPTION...]

OPTIONs are bnn-run's. All operators are one model of open dimensions (with --dynamic), whose outputs are
each what one node says. Products are ONNX Runtime's: to the bit where they end in bytes, else, and for functions of
floats, within 1e-6 of the largest number. Functions of bytes are the function of the numbers that the
bytes stand for, rounded once, as NumPy computes it in 64 bits; ONNX Runtime's may be one off. Those of
floats are a second model in 16 bits, whose numbers must be the rounded ones of a third, of the same
numbers in f32.
"""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
ORT = os.path.join(os.path.dirname(HERE), "e2e", "ort_run.js")
B, S, HEADS, D = 2, 5, 2, 16
RNG = np.random.default_rng(5)
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int8): TensorProto.INT8,
         np.dtype(np.uint8): TensorProto.UINT8, np.dtype(np.int32): TensorProto.INT32,
         np.dtype(bool): TensorProto.BOOL, np.dtype(np.float16): TensorProto.FLOAT16}


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def of_bytes(dtype, *shape):
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max + 1, shape).astype(dtype)


def scalar(value, dtype=np.float32):
    return np.array(value, dtype)


# Inputs, and the names of their axes where they are open.
INPUTS = {
    "x": (normal(B, S, D), ("b", "s", D)),
    "skip": (normal(B, S, D), ("b", "s", D)),
    # Its mask says that the batch is known.
    "pair": (normal(B, S, D), (B, "s", D)),
    "rows": (normal(7, D), (7, D)),
    "packed": (of_bytes(np.uint8, B, S, D), ("b", "s", D)),
    "signed": (of_bytes(np.int8, B, S, D), ("b", "s", D)),
    "unsigned": (of_bytes(np.uint8, 7, D), (7, D)),
    "turned": (of_bytes(np.int8, D, 7), (D, 7)),
    "lengths": (np.array([5, 3], np.int32), ("b",)),
    "ends": (np.array([5, 4, 0, 1], np.int32), (4,)),
    "mask": (np.array([[1, 1, 1, 1, 1], [0, 1, 1, 1, 0]], np.int32), ("b", "s")),
    "square": (RNG.integers(0, 2, (B, S, S)).astype(np.int32), ("b", "s", "s")),
    "ids": (RNG.integers(0, 9, (B, S)).astype(np.int32), ("b", "s")),
    "segments": (RNG.integers(0, 2, (B, S)).astype(np.int32), ("b", "s")),
    "image": (normal(2, 3, 6, 5), ("b", 3, 6, 5)),
    "sum": (normal(2, 4, 5, 4), ("b", 4, 5, 4)),
    "condition": (RNG.random((7, 1)) < 0.5, (7, 1)),
    "a8": (of_bytes(np.uint8, 7, D), (7, D)),
    "b8": (of_bytes(np.uint8, 7, D), (7, D)),
    "a7": (of_bytes(np.int8, 7, D), (7, D)),
    "b7": (of_bytes(np.int8, 7, D), (7, D)),
}


class Model:
    """The model in the making. Of functions of bytes `wanted` has the numbers before they are
    rounded, in units of the output's scale and from its zero point. Numbers in f32 are those of
    `kind`: np.float16 rounds them."""

    def __init__(self, kind=np.float32, kept=np.float32):
        self.nodes, self.constants, self.outputs = [], [], {}
        self.wanted = {}
        self.kind, self.kept = kind, kept

    def array(self, value):
        """`value`, its f32 numbers rounded to `kind` and kept as `kept`."""
        value = np.asarray(value)
        return value.astype(self.kind).astype(self.kept) if value.dtype == np.float32 else value

    def feeds(self):
        """The inputs that a node reads."""
        read = {name for node in self.nodes for name in node.input}
        return {name: self.array(value) for name, (value, _) in INPUTS.items() if name in read}

    def operand(self, value):
        if isinstance(value, str):
            return value
        self.constants.append(numpy_helper.from_array(self.array(value), f"c{len(self.constants)}"))
        return self.constants[-1].name

    def add(self, name, operator, *operands, dtype=np.float32, results=1, wanted=None, **attributes):
        names = [name] + [f"{name}_{i}" if i in attributes.get("keep", [results - 1]) else ""
                          for i in range(1, results)]
        attributes.pop("keep", None)
        self.nodes.append(helper.make_node(operator, [self.operand(x) for x in operands], names,
                                           name=f"the_{name}", domain="com.microsoft", **attributes))
        for output in filter(None, names):
            self.outputs[output] = np.dtype(self.kept if dtype == np.float32 else dtype)
        if wanted is not None:
            self.wanted[name] = wanted

    def save(self, path):
        values = [helper.make_tensor_value_info(name, TYPES[value.dtype], INPUTS[name][1])
                  for name, value in self.feeds().items()]
        outputs = [helper.make_tensor_value_info(name, TYPES[dtype], None)
                   for name, dtype in self.outputs.items()]
        graph = helper.make_graph(self.nodes, "contrib", values, outputs, self.constants)
        onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[
            helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]), path)


def numbers(value, scale, zero):
    return (value.astype(np.float64) - float(zero)) * float(np.float32(scale))


def add_products(m):
    s8, u8 = of_bytes(np.int8, D, 6), of_bytes(np.uint8, D, 6)
    scales, zeros = RNG.uniform(0.01, 0.05, 6).astype(np.float32), of_bytes(np.int8, 6)
    bias = normal(6)
    for kind, value in (("s8", s8), ("u8", u8)):
        zero = value.dtype.type(3)
        m.add(f"to_float_{kind}", "MatMulIntegerToFloat", "packed", value, scalar(0.03), scalar(0.02),
              scalar(7, np.uint8), zero, bias)
        m.add(f"dynamic_{kind}", "DynamicQuantizeMatMul", "x", value, scalar(0.02), zero, bias)
    m.add("to_float_plain", "MatMulIntegerToFloat", "packed", s8, scalar(0.03), scales)
    m.add("to_float_signed", "MatMulIntegerToFloat", "signed", s8, scalar([0.03]), scales,
          scalar([-9], np.int8), zeros)
    m.add("dynamic_plain", "DynamicQuantizeMatMul", "x", s8, scales)
    m.add("dynamic_columns", "DynamicQuantizeMatMul", "x", s8, scales, zeros, bias)
    integers = RNG.integers(-900, 900, 6).astype(np.int32)
    m.add("gemm", "QGemm", "unsigned", scalar(0.03), scalar(9, np.uint8), s8, scales,
          np.zeros(6, np.int8), integers, scalar(0.31), scalar(120, np.uint8), dtype=np.uint8)
    m.add("gemm_turned", "QGemm", "turned", scalar(0.03), scalar(-3, np.int8), s8.T.copy(),
          scalar(0.017), scalar(0, np.int8), "", scalar(0.17), scalar(-20, np.int8), dtype=np.int8,
          transA=1, transB=1, alpha=0.5)
    m.add("gemm_float", "QGemm", "unsigned", scalar(0.03), scalar(9, np.uint8), s8, scalar(0.02),
          scalar(0, np.int8), integers, alpha=2.0)


def softmax(x, axes):
    e = np.exp(x - x.max(axes, keepdims=True))
    return e / e.sum(axes, keepdims=True)


def add_functions(m):
    for kind, a, b, za, zb, zc in (("u8", "a8", "b8", 130, 90, 111), ("s8", "a7", "b7", 3, -20, 7)):
        dtype = INPUTS[a][0].dtype
        def z(value):
            return scalar(value, dtype)
        left, right = numbers(INPUTS[a][0], 0.03, za), numbers(INPUTS[b][0], 0.02, zb)
        first = a, scalar(0.03), z(za)
        second = b, scalar(0.02), z(zb)
        def out(scale):
            return scalar(scale), z(zc)
        m.add(f"add_{kind}", "QLinearAdd", *first, *second, *out(0.04), dtype=dtype,
              wanted=(left + right) / np.float32(0.04) + zc)
        m.add(f"mul_{kind}", "QLinearMul", *first, *second, *out(0.05), dtype=dtype,
              wanted=left * right / np.float32(0.05) + zc)
        m.add(f"row_{kind}", "QLinearAdd", *first, INPUTS[b][0][3], *second[1:], *out(0.04), dtype=dtype,
              wanted=(left + right[3]) / np.float32(0.04) + zc)
        m.add(f"sigmoid_{kind}", "QLinearSigmoid", *first, scalar(1 / 256), z(0), dtype=dtype,
              wanted=256 / (1 + np.exp(-left)))
        m.add(f"leaky_{kind}", "QLinearLeakyRelu", *first, *out(0.03), dtype=dtype, alpha=0.2,
              wanted=np.where(left < 0, np.float32(0.2) * left, left) / np.float32(0.03) + zc)
        least = np.iinfo(dtype).min
        for name, attributes, axes in (("softmax", {"opset": 13, "axis": -1}, 1),
                                       ("softmax_first", {"opset": 13, "axis": 0}, 0),
                                       ("softmax_all", {"opset": 11, "axis": 0}, (0, 1))):
            m.add(f"{name}_{kind}", "QLinearSoftmax", *first, scalar(1 / 256), z(least), dtype=dtype,
                  wanted=256 * softmax(left, axes) + least, **attributes)
        m.add(f"where_{kind}", "QLinearWhere", "condition", *first, *second, *out(0.035), dtype=dtype,
              wanted=np.where(INPUTS["condition"][0], left, right) / np.float32(0.035) + zc)
        m.add(f"concat_{kind}", "QLinearConcat", *out(0.035), *first, *second, dtype=dtype, axis=-1,
              wanted=np.concatenate([left, right], 1) / np.float32(0.035) + zc)
        m.add(f"quantize_{kind}", "QuantizeLinear", "rows", scalar(0.02), z(za), dtype=dtype)
        m.add(f"dequantize_{kind}", "DequantizeLinear", *first)


def add_fused(m, of_floats=False):
    m.add("gelu", "Gelu", "x")
    m.add("bias_gelu", "BiasGelu", "x", normal(D))
    m.add("fast_gelu", "FastGelu", "x")
    m.add("fast_gelu_bias", "FastGelu", "x", normal(D))
    m.add("quick_gelu", "QuickGelu", "x", alpha=1.5)
    m.add("scores", "FusedMatMul", "x", "skip", transB=1, alpha=0.25)
    m.add("fused", "FusedMatMul", "rows", normal(7, 3), transA=1)
    m.add("gemm_tanh", "FusedGemm", "rows", normal(3, D), normal(3), transB=1, alpha=0.5, activation="Tanh")
    m.add("gemm_leaky", "FusedGemm", "rows", normal(D, 3), normal(3), beta=2.0, activation="LeakyRelu",
          activation_alpha=0.3)
    if not of_floats:  # which are f32 alone here
        kernels, channels = normal(4, 3, 2, 2), normal(4)
        m.add("conv_relu", "FusedConv", "image", kernels, channels, "sum", activation="Relu", kernel_shape=[2, 2])
        m.add("conv_clip", "FusedConv", "image", kernels, activation="Clip", activation_params=[-1.0, 0.5],
              strides=[2, 2], pads=[1, 0, 0, 1])
        m.add("conv_hard", "FusedConv", "image", kernels, channels, activation="HardSigmoid",
              activation_params=[0.3, 0.4])
        m.add("conv_sigmoid", "FusedConv", "image", kernels, activation="Sigmoid")
    m.add("skip_norm", "SkipLayerNormalization", "x", "skip", normal(D), normal(D), normal(D), epsilon=1e-5,
          results=4)
    m.add("skip_plain", "SkipLayerNormalization", "x", "skip", normal(D))
    tables = normal(9, D), normal(S + 2, D), normal(2, D), normal(D), normal(D)
    m.add("embed", "EmbedLayerNormalization", "ids", "segments", *tables, "mask", results=2)
    m.outputs["embed_1"] = np.dtype(np.int32)
    m.add("embed_places", "EmbedLayerNormalization", "ids", "", tables[0], tables[1], "", *tables[3:], "",
          np.array([[0, 2, 4, 6, 1], [1, 1, 0, 3, 5]], np.int32), results=3)
    m.nodes[-1].output[1] = ""


def add_attention(m, of_floats=False):
    weights, bias = normal(D, 3 * D) / 3, normal(3 * D)
    m.add("attention_ends", "Attention", "pair", weights, bias, "ends", num_heads=HEADS)
    for name, mask, attributes in (("none", "", {}), ("lengths", "lengths", {}),
                                   ("mask", "mask", {"mask_filter_value": -50.0}), ("square", "square", {}),
                                   ("causal", "", {"unidirectional": 1}),
                                   ("both", "lengths", {"unidirectional": 1, "scale": 0.5})):
        m.add(f"attention_{name}", "Attention", "x", weights, bias, mask, num_heads=HEADS, **attributes)
    if of_floats:
        return
    s8, scales = of_bytes(np.int8, D, 3 * D), RNG.uniform(0.001, 0.004, 3 * D).astype(np.float32)
    m.add("qattention", "QAttention", "packed", s8, bias, scalar(0.02), scalar(0.003), "mask",
          scalar(121, np.uint8), scalar(0, np.int8), num_heads=HEADS)
    m.add("qattention_columns", "QAttention", "packed", s8, bias, scalar(0.02), scales, "lengths",
          scalar(121, np.uint8), np.zeros(3 * D, np.int8), num_heads=HEADS)


def load(folder):
    return {name[:-len(".npy")]: np.load(os.path.join(folder, name)) for name in os.listdir(folder)}


def run(model, folder, options):
    """The outputs of the compiled model; its file, and what gives it its inputs."""
    arguments = []
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "contrib.onnx")
    model.save(path)
    for name, value in model.feeds().items():
        file = os.path.join(folder, f"{name}.npy")
        np.save(file, value)
        arguments.append(f"{name}={file}")
    out = os.path.join(folder, "bnn")
    subprocess.run(["bnn-run", path, *options, *(part for a in arguments for part in ("--input", a)),
                    "--output-dir", out], check=True, stdout=subprocess.DEVNULL)
    return load(out), path, arguments


def faults_in_halves(work, options):
    """What is wrong with the functions of floats in 16 bits."""
    results = []
    state = RNG.bit_generator.state
    for kept in (np.float16, np.float32):
        RNG.bit_generator.state = state
        model = Model(np.float16, kept)
        for add in (add_fused, add_attention):
            add(model, of_floats=True)
        results.append(run(model, os.path.join(work, kept.__name__), options)[0])
    halves, wide = results
    for name, value in wide.items():
        rounded = value.astype(np.float16) if value.dtype == np.float32 else value
        if halves[name].dtype != rounded.dtype or halves[name].tobytes() != rounded.tobytes():
            yield f"{name} in 16 bits: not the numbers in f32, rounded"


def fault(ours, theirs, wanted):
    """What is wrong, or None."""
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        return f"{ours.dtype} of {ours.shape}, ONNX Runtime has {theirs.dtype} of {theirs.shape}"
    if ours.dtype == np.float32:
        error = np.abs(ours - theirs).max() / max(1e-30, np.abs(theirs).max())
        return None if error <= 1e-6 else f"off by {error:.2g} of the largest number"
    if wanted is None:
        return None if np.array_equal(ours, theirs) else "other numbers than ONNX Runtime's"
    limits = np.iinfo(ours.dtype)
    if np.abs(np.clip(wanted, limits.min, limits.max) - ours).max() > 0.5 + 1e-4:
        return "not the nearest number"
    if np.abs(ours.astype(int) - theirs.astype(int)).max() > 1:
        return "more than one step from ONNX Runtime's"
    return None


def main():
    work, *options = sys.argv[1:]
    os.makedirs(work, exist_ok=True)
    model = Model()
    for add in (add_products, add_functions, add_fused, add_attention):
        add(model)
    ours, path, arguments = run(model, os.path.join(work, "all"), options)
    out = os.path.join(work, "ort")
    subprocess.run(["node", ORT, "--level=disabled", path, *arguments, out], check=True)
    theirs = load(out)
    problems = [f"{name}: {problem}" for name in model.outputs
                if (problem := fault(ours[name], theirs[name], model.wanted.get(name)))]
    problems += faults_in_halves(work, options)
    for problem in problems:
        print(f"FAILED {problem}")
    print(f"{len(model.outputs)} outputs of {len({n.op_type for n in model.nodes})} operators, "
          f"{len(problems)} failures")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
