# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs of `onnx` ops: graphs of all operators, what bnn-raise recognises and what it
nearly does, and small transformers; imported by the compiler."""
import os
import random
import subprocess
import sys

import numpy as np
import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("guard", "generator", "models")]
import draw as transformers  # noqa: E402
import graphs  # noqa: E402
import operators  # noqa: E402
from binary_bert import BinaryBert  # noqa: E402
from calls import Call, Caller  # noqa: E402
from programs import Drawn  # noqa: E402
from subject import Subject, draw_graph  # noqa: E402

# Graphs that the compiler refuses are drawn again so many times.
ATTEMPTS = 8


#===------------------------------------------------------------------------===#
# What is nearly binary
#===------------------------------------------------------------------------===#

# All numbers are multiples of powers of two, and few: sums are exact in any order.
def quantised(g, x):
    """One of the quantisers, or one that is none."""
    kind = g.rng.choice(("sign", "sign", "sign", "unsigned", "signed2", "signed4", "unsigned2", "unsigned4", "where",
                         "after"))
    alpha = g.scalar(g.rng.choice((0.25, 0.5, 1, 2)), "f32")
    shape = x.shape

    def node(op, *operands):
        return g.node(op, list(operands), "f32", shape)
    if g.chance(0.5):
        shift = g.constant((np.random.default_rng(g.rng.getrandbits(32)).integers(-4, 5, shape[-1]) / 4)
                           .astype(np.float32))
        x = node("Add", *((x, shift) if g.chance(0.7) else (shift, x)))
    if kind == "sign":
        sign = node("Sign", x)
        return node("Mul", *((sign, alpha) if g.chance(0.8) else (alpha, sign))) if g.chance(0.8) else sign
    if kind == "where":
        positive = g.node("Greater", [x, g.scalar(0, "f32")], "bool", shape)
        ones = g.scalar(1, "f32"), g.scalar(-1, "f32")
        return node("Mul", node("Where", positive, *ones), alpha)
    bits = int(kind[-1]) if kind[-1].isdigit() else 1
    low, high = (-2 ** (bits - 1), 2 ** (bits - 1) - 1) if kind.startswith("signed") else (0, 2 ** bits - 1)
    minimum = g.scalar(-0.25, "f32") if kind.startswith("unsigned") and bits > 1 and g.chance(0.5) else None
    if minimum:
        x = node("Sub", x, minimum)
    rounded = node("Round", node("Div", x, alpha))
    clipped = node("Clip", rounded, g.scalar(low, "f32"), g.scalar(high, "f32"))
    result = node("Mul", clipped, g.scalar(4, "f32") if kind == "after" else alpha)
    return node("Add", result, minimum) if minimum else result


def weights(g, rows, columns):
    """Of one magnitude, of one an output, or of more than that; spelt as numbers or as signs."""
    rng = np.random.default_rng(g.rng.getrandbits(32))
    signs = rng.choice(np.float32([-1, 1]), (rows, columns))
    kind = g.rng.choice(("one", "one", "outputs", "inputs", "zero", "latent"))
    if kind == "latent":
        latent = g.constant((signs * rng.integers(1, 5, signs.shape)).astype(np.float32))
        sign = g.node("Sign", [latent], "f32", latent.shape)
        return g.node("Mul", [sign, g.scalar(0.5, "f32")], "f32", sign.shape)
    scale = {"outputs": 2.0 ** rng.integers(-2, 2, (1, columns)), "inputs": 2.0 ** rng.integers(-2, 2, (rows, 1))}
    values = signs * scale.get(kind, np.float32(0.5))
    if kind == "zero":
        values[rng.integers(rows), rng.integers(columns)] = 0
    return g.constant(values.astype(np.float32))


def layer(g, x):
    """A linear layer of what is binary, or nearly; with a bias and a function behind it, perhaps."""
    inner, columns = x.shape[-1], g.rng.choice((1, 3, 8, 16, 17))
    bits = quantised(g, x)
    if len(x.shape) == 2 and g.chance(0.3):
        c = [g.source("f32", (columns,))] if g.chance(0.5) else []
        y = g.node("Gemm", [bits, weights(g, inner, columns), *c], "f32", x.shape[:-1] + (columns,))
    else:
        y = operators.product(g, bits, weights(g, inner, columns))
    if g.chance(0.6):
        bias = g.source("f32", (columns,))
        y = g.node("Add", [y, bias] if g.chance(0.6) else [bias, y], "f32", y.shape)
    if g.chance(0.4):
        y = g.node(g.rng.choice(("Relu", "Neg", "Abs")), [y], "f32", y.shape)
    if g.chance(0.3):
        y = g.node("Mul", [y, g.scalar(g.rng.choice((0.5, 2, -1)), "f32")], "f32", y.shape)
    return y


def table(g):
    """An embedding, most of whose rows have one magnitude each."""
    rows, columns = g.rng.choice((3, 10)), g.rng.choice((4, 16, 33))
    values = weights(g, columns, rows)
    t = g.node("Transpose", [values], "f32", (rows, columns), perm=[1, 0])
    i = g.input("i64", g.shape(1, 2), rows)
    return g.node("Gather", [t, i], "f32", i.shape + (columns,), axis=0)


def draw_grid(g):
    """A scale and a zero point."""
    element = g.rng.choice(("u8", "i8"))
    return (g.scalar(g.rng.choice((0.015625, 0.0625, 0.25)), "f32"),
            g.scalar(g.rng.choice((0, 1, 100, 127) if element == "i8" else (0, 7, 128, 255)), element))


def bytes_and_back(g, x, grid):
    """`x` quantised; now and then with another scale on the way back, which is no pair."""
    scale, zero = grid
    codes = g.node("QuantizeLinear", [x, scale, zero], zero.dtype, x.shape)
    if g.chance(0.1):
        scale = g.scalar(0.5, "f32")
    return g.node("DequantizeLinear", [codes, scale, zero], "f32", x.shape)


def product_of_activations(g, x):
    """`x` times itself, turned; of bytes, perhaps, quantised in front of the turn, behind it, or both."""
    order = [*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2]
    left, right = x, x
    # Of f32 the sums may be long.
    g.has_products = not g.chance(0.6)
    grid = draw_grid(g)
    where = () if g.has_products else g.rng.choice((("front",), ("behind",), ("front", "behind")))
    if not g.has_products:
        left = bytes_and_back(g, x, draw_grid(g))
    if "front" in where:
        right = bytes_and_back(g, right, grid)
    right = g.node("Transpose", [right], "f32", tuple(right.shape[i] for i in order), perm=order)
    if "behind" in where:
        right = bytes_and_back(g, right, grid)
    g.node("MatMul", [left, right], "f32", x.shape[:-1] + (x.shape[-2],), exact=not g.has_products)


def nearly_binary(rng):
    """A graph of such layers."""
    g = graphs.Graph(rng, rng.choice((13, 14, 17)))
    x = table(g) if g.chance(0.3) else g.input("f32", g.shape(1, 2) + (g.rng.choice((1, 4, 16, 33, 40)),))
    first = x
    for _ in range(g.rng.randint(1, 3)):
        x = layer(g, x)
        if x.shape == first.shape and g.chance(0.7):
            x = g.node("Add", [x, first], "f32", x.shape)
    if len(first.shape) > 1 and g.chance(0.3):
        product_of_activations(g, first)
    if g.opset == 17 and g.chance(0.3):
        scale, bias = (g.source("f32", x.shape[-1:]) for _ in range(2))
        g.node("LayerNormalization", [x, scale, bias], "f32", x.shape, exact=False, axis=-1)
    return g


#===------------------------------------------------------------------------===#
# Models, imported
#===------------------------------------------------------------------------===#

def transformer(seed):
    """A transformer of one layer, with its near misses, and its inputs."""
    o, _ = transformers.draw(seed)
    rng = random.Random(seed)
    o.layers, o.ffn, o.vocab, o.positions = 1, rng.choice((9, 31)), 20, 8
    o.hidden, o.heads, o.head_size = rng.choice(((7, 7, 0), (33, 3, 0), (24, 2, 0), (16, 1, 0), (12, 2, 5)))
    o.seq, o.batch = rng.choice((1, 4, 5)), rng.choice((1, 2))
    if not o.near_layer.startswith("0/") and o.near_layer != "embedding":
        o.near_miss = o.near_layer = ""
    o = transformers.legal(o)
    return BinaryBert(o).model(), o


def import_model(tools, model, inputs, maxima, path):
    """The IR, or None where the compiler refuses the model."""
    onnx.save(model, path)
    done = subprocess.run([tools.bnn_opt, path, "--compile-to=import", "-o", "-"], capture_output=True, text=True)
    if done.returncode:
        return None
    named = {dim for entry in inputs for dim in entry.shape if isinstance(dim, str)}
    declared = ", ".join(f'"{name}" = {most}' for name, most in sorted(maxima.items()) if name in named)
    attribute = f'bnn.model = #bnn.model<prefix = "model", max_dims = {{{declared}}}>'
    return done.stdout.replace("module attributes {", f"module attributes {{{attribute}, ", 1)


def attempt(tools, seed, number, count, path):
    """A program with this number, or None."""
    rng = random.Random(f"{seed}/{number}")
    exact = False
    kind = rng.choices(("operators", "binary", "transformer"), (46, 46, 8))[0]
    numpy_rng = np.random.default_rng([seed, number])
    if kind == "transformer":
        model, o = transformer(rng.getrandbits(31))
        inputs = graphs.inputs_of(model)
        maxima = {dim: 8 for entry in inputs for dim in entry.shape if isinstance(dim, str)}
        caller = Caller(inputs, maxima)
        feeds = [transformers.feeds(o, number + i, o.batch, o.seq) for i in range(count)]
        calls = [Call({name: array.shape for name, array in arrays.items()}, arrays, "right") for arrays in feeds]
    else:
        g = draw_graph(seed, number) if kind == "operators" else nearly_binary(rng)
        model, inputs, maxima = g.model(), g.inputs, g.maxima
        exact = (kind == "binary" and not getattr(g, "has_products", False) and
                 all(node.op_type != "LayerNormalization" for node in g.nodes))
        caller = Caller(inputs, maxima, g.equal, g.rules)
        calls = [caller.draw(numpy_rng) for _ in range(count)]
    text = import_model(tools, model, inputs, maxima, path)
    told = [[(call.arrays[entry.name], tuple(call.shapes[entry.name])) for entry in inputs] for call in calls]
    subject = Subject(f"graph {number}", "", path, caller, (), calls)
    return text and Drawn(number, text, told, subject=subject, exact=exact)


def draw_all(tools, seed, numbers, count):
    """The programs with these numbers."""
    found = []
    for i, number in enumerate(numbers):
        for again in range(ATTEMPTS):
            program = attempt(tools, seed, number + again * 1000003, count, tools.path(f"model{i}.onnx"))
            if program:
                program.number = number
                found.append(program)
                break
    return found
