# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small models beyond the binary family, against ONNX Runtime.

    models.py WORK [NAME...]

Compiles each model below with bnn-opt, runs it with bnn-run on each of its
inputs, and compares with ONNX Runtime within 1e-5 (integers exactly). Where a
model has no answer for an input, the run must fail with the status that says so.
Prints a line for each run.
"""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from referee import Referee  # noqa: E402

REFEREE = Referee()
TOLERANCE = 1e-5
FLOAT, UINT8, INT64 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT64


def constant(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def info(name, shape, element=FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def node(operator, inputs, outputs, **attributes):
    return helper.make_node(operator, inputs.split(), outputs.split(), **attributes)


def model(nodes, inputs, outputs, constants=(), opset=17):
    graph = helper.make_graph(nodes, "model", inputs, outputs, list(constants))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def floats(seed, *shape, scale=1.0):
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


class Fails(dict):
    """An input for which the model has no answer."""


def gelu_tanh():
    """GELU as GPT-2 and `gelu_new` spell it: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))."""
    nodes = [node("Pow", "x three", "cube"), node("Mul", "cube k", "small"),
             node("Add", "x small", "inner"), node("Mul", "inner root", "scaled"),
             node("Tanh", "scaled", "t"), node("Add", "t one", "u"),
             node("Mul", "x half", "h"), node("Mul", "h u", "y")]
    constants = [constant("three", 3), constant("k", 0.044715), constant("one", 1),
                 constant("root", np.sqrt(2 / np.pi)), constant("half", 0.5)]
    return (model(nodes, [info("x", ["n", 33])], [info("y", ["n", 33])], constants),
            [{"x": floats(1, n, 33, scale=3)} for n in (1, 5)])


def gelu_erf():
    nodes = [node("Div", "x root", "d"), node("Erf", "d", "e"), node("Add", "e one", "u"),
             node("Mul", "x u", "m"), node("Mul", "m half", "y")]
    constants = [constant("root", np.sqrt(2)), constant("one", 1), constant("half", 0.5)]
    return (model(nodes, [info("x", ["n", 33])], [info("y", ["n", 33])], constants),
            [{"x": floats(2, 4, 33, scale=3)}])


def quantized_linear():
    """A linear between QuantizeLinear and DequantizeLinear, a scale for each output."""
    nodes = [node("QuantizeLinear", "x xs xz", "q"), node("DequantizeLinear", "q xs xz", "a"),
             node("DequantizeLinear", "w ws wz", "b", axis=1), node("MatMul", "a b", "p"),
             node("QuantizeLinear", "p ys yz", "y")]
    rng = np.random.default_rng(3)
    constants = [constant("xs", 0.03), constant("xz", 128, np.uint8), constant("ys", 0.2),
                 constant("yz", -3, np.int8), constant("ws", rng.uniform(0.01, 0.02, 7)),
                 constant("w", rng.integers(-128, 128, (12, 7)), np.int8),
                 constant("wz", np.zeros(7), np.int8)]
    return (model(nodes, [info("x", ["n", 12])], [info("y", ["n", 7], TensorProto.INT8)],
                  constants),
            [{"x": floats(4, n, 12, scale=2)} for n in (1, 8)])


def bytes_in_and_out():
    """Arithmetic on bytes, with and without sign, and conversions between them."""
    nodes = [node("Max", "a b", "m"), node("Add", "m b", "s"), node("Cast", "s", "f", to=FLOAT),
             node("Cast", "a", "i", to=TensorProto.INT8), node("ReduceMax", "s", "r", axes=[1]),
             node("Cast", "i", "g", to=FLOAT), node("Add", "f g", "y")]
    rng = np.random.default_rng(5)
    return (model(nodes, [info("a", [3, 9], UINT8), info("b", [1, 9], UINT8)],
                  [info("y", [3, 9]), info("r", [3, 1], UINT8)]),
            [{"a": rng.integers(0, 256, (3, 9)).astype(np.uint8),
              "b": rng.integers(0, 256, (1, 9)).astype(np.uint8)}])


def power():
    """Computed exponents, of floats and of integers."""
    nodes = [node("Pow", "x e", "y"), node("Pow", "i j", "k")]
    base = np.abs(floats(6, 4, 16)) + 0.1
    return (model(nodes, [info("x", [4, 16]), info("e", [16]), info("i", [5], INT64),
                          info("j", [5], INT64)],
                  [info("y", [4, 16]), info("k", [5], INT64)]),
            [{"x": base, "e": floats(7, 16, scale=2),
              "i": np.array([3, -2, 1, -1, 7]), "j": np.array([20, 31, -5, -3, 0])}])


def activations():
    """One after the other, on values around zero."""
    kinds = ["Elu", "Selu", "Celu", "LeakyRelu", "HardSigmoid", "HardSwish", "Softplus",
             "Softsign", "ThresholdedRelu", "Sigmoid", "Tanh"]
    nodes = [node(kind, "x", kind.lower()) for kind in kinds]
    return (model(nodes, [info("x", [400])], [info(kind.lower(), [400]) for kind in kinds]),
            [{"x": np.concatenate([floats(8, 300, scale=3), floats(9, 100, scale=1e-3)])}])


def broadcast_at_run_time():
    """x and z share no dimension's name, so that either may be 1 in a run."""
    nodes = [node("Add", "x z", "s"), node("Mul", "s w", "p"),
             node("ReduceSum", "p rows", "y", keepdims=0)]
    constants = [constant("w", floats(10, 6)), constant("rows", [0], np.int64)]
    shapes = [(4, 4), (1, 4), (4, 1), (1, 1)]
    return (model(nodes, [info("x", ["n", 6]), info("z", ["m", 6])], [info("y", [6])], constants),
            [{"x": floats(n, n, 6), "z": floats(m + 9, m, 6)} for n, m in shapes]
            + [Fails({"x": floats(1, 2, 6), "z": floats(2, 3, 6)})])


def broadcast_to_constant():
    """A dimension that must be 5, or 1."""
    nodes = [node("Mul", "x c", "y")]
    return (model(nodes, [info("x", ["n", 3])], [info("y", [5, 3])],
                  [constant("c", floats(11, 5, 3))]),
            [{"x": floats(12, n, 3)} for n in (1, 5)] + [Fails({"x": floats(13, 4, 3)})])


def broadcast_three():
    """Where: three operands, each with dimensions of its own."""
    nodes = [node("Greater", "c zero", "g"), node("Where", "g x z", "p"),
             node("ReduceSum", "p axes", "y", keepdims=0)]
    shapes = [((3, 5), (3, 5), (3, 5)), ((1, 5), (3, 1), (1, 1)), ((3, 1), (1, 1), (1, 5))]
    return (model(nodes, [info("c", ["a", "b"]), info("x", ["d", "e"]), info("z", ["f", "g"])],
                  [info("y", [])],
                  [constant("zero", 0), constant("axes", [0, 1], np.int64)]),
            [dict(zip("cxz", (floats(i, *s) for i, s in enumerate(shape)))) for shape in shapes]
            + [Fails({"c": floats(1, 3, 5), "x": floats(2, 2, 5), "z": floats(3, 1, 1)})])


def broadcast_matmul():
    """The batch of a product, one of whose factors may have one matrix."""
    nodes = [node("MatMul", "x z", "p"), node("ReduceSum", "p batch", "y", keepdims=0)]
    return (model(nodes, [info("x", ["n", 3, 4]), info("z", ["m", 4, 2])], [info("y", [3, 2])],
                  [constant("batch", [0], np.int64)]),
            [{"x": floats(n, n, 3, 4), "z": floats(m + 9, m, 4, 2)}
             for n, m in [(4, 4), (1, 4), (4, 1)]]
            + [Fails({"x": floats(1, 2, 3, 4), "z": floats(2, 3, 4, 2)})])


def broadcast_expand():
    """Expand to the shape of another input, which may have the longer axis or not."""
    nodes = [node("Shape", "z", "s"), node("Expand", "x s", "e"),
             node("ReduceSum", "e axis", "y", keepdims=0)]
    return (model(nodes, [info("x", ["k", 3]), info("z", ["n", 3])], [info("y", [3])],
                  [constant("axis", [0], np.int64)]),
            [{"x": floats(k, k, 3), "z": floats(n, n, 3)} for k, n in [(1, 4), (4, 1), (4, 4)]]
            + [Fails({"x": floats(1, 2, 3), "z": floats(2, 3, 3)})])


def concat_rows():
    """Joined along the columns, the rows must be equal."""
    nodes = [node("Concat", "x z", "c", axis=1), node("ReduceSum", "c axis", "y", keepdims=0)]
    return (model(nodes, [info("x", ["n", 3]), info("z", ["m", 2])], [info("y", [5])],
                  [constant("axis", [0], np.int64)]),
            [{"x": floats(1, 4, 3), "z": floats(2, 4, 2)},
             Fails({"x": floats(1, 2, 3), "z": floats(2, 3, 2)})])


MODELS = [gelu_tanh, gelu_erf, quantized_linear, bytes_in_and_out, power, activations,
          broadcast_at_run_time, broadcast_to_constant, broadcast_three, broadcast_matmul,
          broadcast_expand, concat_rows]


def save(folder, feeds):
    os.makedirs(folder, exist_ok=True)
    arguments = []
    for name, array in feeds.items():
        path = os.path.join(folder, f"in_{name}.npy")
        np.save(path, array)
        arguments.append(f"{name}={path}")
    return arguments


def load(folder, names):
    return {name: np.load(os.path.join(folder, name + ".npy")) for name in names}


def call(*command):
    return subprocess.run(command, capture_output=True, text=True)


def check(name, path, compiled, feeds, outputs, work, number):
    folder = os.path.join(work, f"{name}{number}")
    arguments = save(folder, feeds)
    inputs = [part for argument in arguments for part in ("--input", argument)]
    got = call("bnn-run", compiled, *inputs, "--output-dir", os.path.join(folder, "got"))
    shapes = " ".join(f"{key}{list(value.shape)}".replace(" ", "") for key, value in feeds.items())
    if isinstance(feeds, Fails):
        text = "shape is not what the model declares"
        if got.returncode == 0 or text not in got.stderr:
            return f"{name} {shapes}: did not fail as it should: {got.stderr.strip()}"
        print(f"{name} {shapes}: fails, as it should")
        return None
    if got.returncode:
        return f"{name} {shapes}: {got.stderr.strip()}"
    wrong = REFEREE.run(path, dict(argument.split("=", 1) for argument in arguments),
                        os.path.join(folder, "want"))
    if wrong:
        return f"{name} {shapes}: ONNX Runtime: {wrong}"
    worst = 0.0
    have, expected = (load(os.path.join(folder, side), outputs) for side in ("got", "want"))
    for output in outputs:
        x, y = have[output], expected[output]
        if x.shape != y.shape or x.dtype != y.dtype:
            return f"{name} {shapes}: {output} is {x.dtype}{x.shape}, not {y.dtype}{y.shape}"
        if x.dtype.kind != "f" and not (x == y).all():
            return f"{name} {shapes}: {output} differs"
        if x.dtype.kind == "f":
            scale = np.maximum(1.0, np.abs(y))
            worst = max(worst, float(np.max(np.abs(x - y) / scale, initial=0)))
    if not worst <= TOLERANCE:
        return f"{name} {shapes}: differs by {worst:.3g}"
    print(f"{name} {shapes}: equal within {worst:.1e}")
    return None


def main(models=None):
    work, names = sys.argv[1], sys.argv[2:]
    os.makedirs(work, exist_ok=True)
    runs, failures = 0, []
    for make in models or MODELS:
        name = make.__name__
        if names and name not in names:
            continue
        proto, inputs = make()
        path, compiled = (os.path.join(work, name + end) for end in (".onnx", ".o"))
        onnx.save(proto, path)
        result = call("bnn-opt", path, "-O1", "-o", compiled)
        if result.returncode:
            failures.append(f"{name}: {result.stderr.strip()}")
            continue
        for number, feeds in enumerate(inputs):
            runs += 1
            failure = check(name, path, compiled, feeds, [o.name for o in proto.graph.output],
                            work, number)
            if failure:
                failures.append(failure)
    for failure in failures:
        print("FAILED", failure)
    print(f"{runs} runs, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
