# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models on FLOAT16 and BFLOAT16 numbers, against NumPy, operator by operator.

    halves.py WORK [--flag=FLAG --cc=CC --link-flag=FLAG --emulator=PROGRAM]

Every operator computes in f32 and is rounded once: so does NumPy here, whose rounding is checked
against its own float16 first. One model of each format has all 65536 numbers for an input. Without
flags the models run through bnn-run; with flags for bnn-opt they run in a C program that is linked
with its code, by an emulator if there is one, and the code calls no library. What is exact, or rounded once, must have the bits; functions
such as Exp may differ by one in the last place. Prints a line for each output.
"""
import argparse
import os
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
from harness import Failure, Program, compile_model, run_command  # noqa: E402

FLOAT, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64


class Format:
    """Numbers of 16 bits: `digits` of them count, multiples of 2 ** `least`, up to `largest`."""

    def __init__(self, name, element, digits, least, largest):
        self.name, self.element = name, element
        self.digits, self.least, self.largest = digits, least, largest

    def round(self, values):
        """The nearest numbers, as float64: the even one of two, infinity from half a unit beyond
        the largest number on."""
        values = np.asarray(values, np.float64)
        exponent = np.frexp(values)[1]
        unit = np.ldexp(1.0, np.maximum(exponent - self.digits, self.least))
        with np.errstate(all="ignore"):
            result = np.where(np.isfinite(values), np.rint(values / unit) * unit, values)
        return np.where(np.abs(result) > self.largest, np.copysign(np.inf, result), result)

    def bits(self, values):
        """Of float64 numbers that the format has."""
        values = np.asarray(values, np.float64)
        if self.name == "f16":
            bits = values.astype(np.float16).view(np.uint16)
        else:
            bits = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
        return np.where(np.isnan(values), 0, bits)

    def values(self, bits):
        bits = np.ascontiguousarray(bits, np.uint16)
        if self.name == "f16":
            return bits.view(np.float16).astype(np.float32)
        return (bits.astype(np.uint32) << 16).view(np.float32)

    def file(self, bits):
        """What bnn-run reads."""
        return bits.view(np.float16) if self.name == "f16" else bits


FORMATS = [Format("f16", TensorProto.FLOAT16, 11, -24, 65504.0),
           Format("bf16", TensorProto.BFLOAT16, 8, -133, float(np.ldexp(255.0, 120)))]


def check_rounding():
    """The rounding here is that of NumPy's float16."""
    rng = np.random.default_rng(7)
    values = rng.integers(0, 2 ** 32, 1 << 16, np.uint32).view(np.float32).astype(np.float64)
    values = np.concatenate([values, np.ldexp(rng.uniform(-1, 1, 1 << 16), rng.integers(-30, 18, 1 << 16)),
                             [65519.99, 65520, 2 ** -25, 2 ** -25 * 1.0000001, -0.0]])
    values = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        assert np.array_equal(FORMATS[0].round(values), values.astype(np.float16).astype(np.float64))


def ties(form):
    """f32 numbers in the middle between two, their neighbours, and any others."""
    rng = np.random.default_rng(3)
    bits = np.arange(1 << 16, dtype=np.uint16)
    low = form.values(bits)
    with np.errstate(all="ignore"):
        middle = ((low.astype(np.float64) + form.values(bits + np.uint16(1))) / 2).astype(np.float32)
        near = [np.nextafter(middle, np.float32(np.inf)), np.nextafter(middle, np.float32(-np.inf))]
    any_bits = rng.integers(0, 2 ** 32, 1 << 16, np.uint32).view(np.float32)
    return np.concatenate([middle, *near, any_bits])


def double_ties(form):
    """f64 numbers that f32 would bring to the middle between two."""
    middle = ties(form)[:1 << 16].astype(np.float64)
    with np.errstate(all="ignore"):
        return np.concatenate([middle * (1 + 2.0 ** -40), middle * (1 - 2.0 ** -40), middle])


class Graph:
    """Nodes, and what each output must be."""

    def __init__(self, form):
        self.form = form
        self.nodes, self.outputs, self.constants = [], [], []
        self.expected, self.tolerance = {}, {}

    def constant(self, name, values, element=None):
        values = np.asarray(values)
        if element is None:
            bits = self.form.bits(self.form.round(values))
            tensor = helper.make_tensor(name, self.form.element, values.shape, bits.astype("<u2").tobytes(), raw=True)
        else:
            tensor = helper.make_tensor(name, element, values.shape, values.ravel())
        self.constants.append(tensor)

    def add(self, op, inputs, expected, element=None, ulps=0, output=None, **attributes):
        """A node whose output, of `expected`, is one of the graph's."""
        output = output or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs.split(), [output], **attributes))
        expected = np.asarray(expected)
        self.outputs.append(helper.make_tensor_value_info(output, element or self.form.element, expected.shape))
        self.expected[output], self.tolerance[output] = expected, ulps
        return output


def elementwise(graph, a, b):
    """All numbers and others beside them, through operators that are exact or rounded once."""
    f, r = np.float32, graph.form.round
    with np.errstate(all="ignore"):
        graph.add("Add", "a b", r(a + b))
        graph.add("Sub", "a b", r(a - b))
        graph.add("Mul", "a b", r(a * b))
        graph.add("Div", "a b", r(a / b))
        graph.add("Sum", "a b a", r(f(f(a + b) + a)))
        graph.add("Sqrt", "a", r(np.sqrt(a)))
        graph.add("Reciprocal", "a", r(f(1) / a))
        graph.add("Neg", "a", -a)
        graph.add("Abs", "a", np.abs(a))
        graph.add("Relu", "a", np.where(a > 0, a, np.where(np.isnan(a), a, 0)))
        graph.add("Max", "a b", np.maximum(a, b))
        graph.add("Min", "a b", np.minimum(a, b))
        graph.add("Round", "a", np.rint(a))
        graph.add("Floor", "a", np.floor(a))
        graph.add("Ceil", "a", np.ceil(a))
        graph.add("Greater", "a b", a > b, TensorProto.BOOL, output="above")
        graph.add("Equal", "a a", a == a, TensorProto.BOOL)
        graph.add("Where", "above a b", np.where(a > b, a, b))
        graph.constant("low", -2.5), graph.constant("high", 0.1)
        graph.add("Clip", "a low high", np.clip(a, f(-2.5), f(r(0.1))))
        graph.constant("third", 1 / 3)
        third = f(r(1 / 3))
        scaled = f(r(a * third))
        graph.add("Mul", "a third", scaled, output="scaled")
        graph.add("Add", "scaled b", r(scaled + b))  # Both are rounded.
        graph.add("IsNaN", "a", np.isnan(a), TensorProto.BOOL)
        graph.add("Identity", "a", a)
        graph.add("LeakyRelu", "a", r(np.where(a < 0, f(0.01) * a, a)))
        graph.add("Softsign", "a", r(a / (f(1) + np.abs(a))))


def moves(graph, a):
    square = a.reshape(256, 256)
    graph.constant("shape", [256, 256], INT64), graph.constant("rows", [3, 0, 255], INT64)
    graph.add("Reshape", "a shape", square, output="square")
    graph.add("Transpose", "square", square.T)
    graph.add("Gather", "square rows", square[[3, 0, 255]])
    graph.add("Concat", "square square", np.concatenate([square, square], 1), axis=1)
    graph.constant("pads", [1, 0, 0, 2], INT64), graph.constant("fill", 0.3)
    graph.add("Pad", "square pads fill", np.pad(square, ((1, 0), (0, 2)), constant_values=graph.form.round(0.3)))
    graph.constant("one", [1], INT64), graph.constant("nine", [9], INT64), graph.constant("wide", [256, 3, 8], INT64)
    graph.add("Slice", "square one nine one", square[:, 1:9], output="slice")
    graph.add("Unsqueeze", "slice one", square[:, None, 1:9], output="cube")
    graph.add("Expand", "cube wide", np.broadcast_to(square[:, None, 1:9], (256, 3, 8)))


def casts(graph, a, c, d, i):
    r = graph.form.round
    with np.errstate(all="ignore"):
        graph.add("Cast", "a", a, FLOAT, to=FLOAT, output="widened")
        graph.add("Cast", "a", a.astype(np.float64), DOUBLE, to=DOUBLE)
        graph.add("Cast", "widened", a, to=graph.form.element)
        graph.add("Cast", "c", r(c), to=graph.form.element)
        graph.add("Cast", "d", r(d), to=graph.form.element)
        graph.add("Cast", "i", r(i.astype(np.float32)), to=graph.form.element)
        other = next(form for form in FORMATS if form is not graph.form)
        graph.add("Cast", "a", other.round(a), other.element, to=other.element, output="other")
        graph.add("Cast", "above", (graph.expected["above"]).astype(np.float32), to=graph.form.element)


def sums(graph):
    """Of numbers whose sums f32 has, so that the order of additions does not count."""
    form, rng = graph.form, np.random.default_rng(5)
    x = form.round(rng.integers(-9, 10, (6, 64)) / 8).astype(np.float32)
    w = form.round(rng.integers(-9, 10, (64, 5)) / 16).astype(np.float32)
    graph.constant("x", x), graph.constant("w", w)
    graph.small = x
    product = form.round(x @ w)
    graph.add("MatMul", "s w", product, output="product")
    bias = form.round([0.3, -1.7, 2.9, 100.1, -0.01]).astype(np.float32)
    graph.constant("bias", bias)
    graph.add("Add", "product bias", form.round(product.astype(np.float32) + bias))
    graph.add("Gemm", "s w bias", form.round(x @ w + bias))
    graph.add("Cast", "s", np.trunc(x).astype(np.int64), INT64, to=INT64)
    graph.add("ReduceMax", "s", x.max(1), axes=[1], keepdims=0)
    graph.add("ReduceMean", "s", form.round(x.mean(1, keepdims=True)), axes=[1])
    rows = x.astype(np.float64)
    e = np.exp(rows - rows.max(1, keepdims=True))
    graph.add("Softmax", "s", form.round(e / e.sum(1, keepdims=True)), ulps=1, axis=-1)
    gain = form.round(rng.uniform(0.5, 2, 64)).astype(np.float32)
    graph.constant("gain", gain)
    centred = rows - rows.mean(1, keepdims=True)
    normal = centred / np.sqrt((centred ** 2).mean(1, keepdims=True) + 1e-5)
    graph.add("LayerNormalization", "s gain gain", form.round(normal * gain + gain), ulps=1, axis=-1)
    for op, function in (("Exp", np.exp), ("Tanh", np.tanh), ("Sigmoid", lambda v: 1 / (1 + np.exp(-v)))):
        graph.add(op, "s", form.round(function(rows)), ulps=1)
    graph.add("Einsum", "s w", product, equation="ij,jk->ik")


def make(form):
    """A model with everything, its inputs, and its graph."""
    rng = np.random.default_rng(11)
    bits = np.arange(1 << 16, dtype=np.uint16)
    others = rng.permutation(bits)
    c, d, i = ties(form), double_ties(form), rng.integers(-70000, 70000, 1000)
    graph = Graph(form)
    a, b = form.values(bits), form.values(others)
    elementwise(graph, a, b)
    moves(graph, a)
    casts(graph, a, c, d, i)
    sums(graph)
    feeds = {"a": form.file(bits), "b": form.file(others), "c": c, "d": d, "i": i,
             "s": form.file(form.bits(graph.small))}
    kinds = {"c": FLOAT, "d": DOUBLE, "i": INT64}
    inputs = [helper.make_tensor_value_info(name, kinds.get(name, form.element), list(value.shape))
              for name, value in feeds.items()]
    read = {name for node in graph.nodes for name in node.input}
    made = helper.make_graph(graph.nodes, form.name, inputs, graph.outputs,
                             [tensor for tensor in graph.constants if tensor.name in read])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), feeds, graph


def order(bits):
    """The place of a number among all of its format."""
    magnitude = (bits & 0x7fff).astype(np.int64)
    return np.where(bits & 0x8000, -magnitude, magnitude)


def compare(graph, name, got):
    """What is wrong with an output, given as its bytes, or None."""
    want = np.ascontiguousarray(graph.expected[name])
    element = next(info.type.tensor_type.elem_type for info in graph.outputs if info.name == name)
    form = next((form for form in FORMATS if form.element == element), None)
    if form is None:
        got = np.frombuffer(got, want.dtype).reshape(want.shape)
        same = (got == want) | (np.isnan(got) & np.isnan(want)) if want.dtype.kind == "f" else got == want
    else:
        bits = np.frombuffer(got, np.uint16).reshape(want.shape)
        got = form.values(bits)
        apart = np.abs(order(bits) - order(form.bits(want)))
        # Of a zero the sign counts where there is one answer.
        sign = ((form.bits(want) ^ bits) & 0x8000 == 0) | (name.split("_")[0] in ("max", "min", "relu"))
        same = (apart <= graph.tolerance[name]) & (sign | (got != 0) | (graph.tolerance[name] > 0))
        same |= np.isnan(got) & np.isnan(want)
    if same.all():
        return None
    first = np.argwhere(~same)[0]
    return (f"{np.sum(~same)} of {same.size} differ, first at {list(map(int, first))}: "
            f"{got[tuple(first)]!r}, expected {want[tuple(first)]!r}")


def run_here(model, feeds, work):
    """The bytes of the outputs, by name, through bnn-run."""
    command = ["bnn-run", model]
    for name, value in feeds.items():
        np.save(os.path.join(work, f"{name}.npy"), value)
        command += ["--input", f"{name}={work}/{name}.npy"]
    out = os.path.join(work, "out")
    run_command(command + ["--output-dir", out])
    return {name[:-4]: np.load(os.path.join(out, name)).tobytes() for name in os.listdir(out)}


def run_there(model, feeds, work, options):
    compile_model("bnn-opt", model, work, options.flag)
    called = run_command(["llvm-nm", "--undefined-only", "--just-symbol-name", os.path.join(work, "model.o")])
    if "half" in called or "sf" in called or "gnu_" in called:
        raise Failure(f"it calls {called.split()}")
    program = Program(work, options.cc, options.link_flag, None, options.emulator)
    command = [*options.emulator, program.path]
    for name, value in feeds.items():
        path = os.path.join(work, f"{name}.bin")
        np.ascontiguousarray(value).tofile(path)
        command.append(f"{name}={'x'.join(map(str, value.shape))}:{path}")
    results = {}
    for line in run_command(command + [f"--output-dir={work}"]).splitlines():
        name, _, path = line.split(" ", 2)
        with open(path, "rb") as file:
            results[name] = file.read()
    return results


def parse_options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("work")
    parser.add_argument("--flag", action="append", default=[], help="for bnn-opt")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--link-flag", action="append", default=[])
    parser.add_argument("--emulator", action="append", default=[])
    return parser.parse_args()


def main():
    options = parse_options(__doc__)
    np.seterr(all="ignore")
    check_rounding()
    outputs = failures = 0
    for form in FORMATS:
        work = os.path.join(options.work, form.name)
        os.makedirs(work, exist_ok=True)
        model, feeds, graph = make(form)
        path = os.path.join(work, "model.onnx")
        with open(path, "wb") as file:
            file.write(model.SerializeToString())
        try:
            got = run_there(path, feeds, work, options) if options.flag else run_here(path, feeds, work)
        except Failure as failure:
            print(f"FAIL {form.name}: {failure}")
            return 1
        for name in graph.expected:
            outputs += 1
            wrong = compare(graph, name, got[name])
            failures += wrong is not None
            print(f"{'FAIL' if wrong else 'ok  '} {form.name} {name}{': ' + wrong if wrong else ''}")
    print(f"{outputs} outputs, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
