# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of bnn ops over integers of 2 and 4 bits, and what NumPy says that they compute."""
import numpy as np

import model
from modules import (FUNCTIONS, HEADS, IDENTITY, LONG, SIZES, Module, apply, assert_same, hard, layer_norm_bits,
                     matmul, mild, random_bits, random_bits_and_flat_rows, scalar, shape_type, show_attention,
                     signs_of, with_flat_row)

ELEMENTS = [("s2", -2, 1), ("u2", 0, 3), ("s4", -8, 7), ("u4", 0, 15)]


def levels(step, minimum, least, most):
    """Numbers near the places where the integer changes, on both sides, and some that are none."""
    def some(rng, shape):
        half = rng.integers(2 * least - 3, 2 * most + 4, shape) / 2
        x = (half * np.float32(step) + np.float32(minimum)).astype(np.float32)
        toward = rng.choice(np.array([-np.inf, np.inf], np.float32), shape)
        return np.where(rng.random(shape) < 0.5, np.nextafter(x, toward), x).astype(np.float32)

    def mixed(rng, shape):
        return np.where(rng.random(shape) < 0.7, some(rng, shape), hard(rng, shape)).astype(np.float32)
    return mixed


def quantize(m, x, dims, element, step, minimum=None, shift=None):
    type_ = shape_type(dims, f"!bnn.{element}")
    text = f"bnn.quantize {x} "
    if shift is not None:
        text += f"shift({m.constant(shift)} : tensor<{dims[-1]}xf32>) "
    s = m.value(f"arith.constant {scalar(step)} : f32", "s")
    text += f"step({s}) "
    if minimum is not None:
        low = m.value(f"arith.constant {scalar(minimum)} : f32", "s")
        text += f"minimum({low}) "
    return m.value(text + f"outs({m.empty(dims, '!bnn.' + element)} : {type_}) : {shape_type(dims, 'f32')} -> {type_}")


def product(m, k, n, dims, i, source=None, weigh=random_bits):
    """quantize -> matmul -> i32."""
    element, least, most = ELEMENTS[i % 4]
    step = float(m.rng.choice(np.array([0.5, 0.1, 1 / 3, 1e-45], np.float32), p=[0.4, 0.3, 0.25, 0.05]))
    minimum = float(np.float32(-0.17)) if least == 0 and i % 3 else None
    shift = m.rng.choice(np.array([0.0, 0.1, -0.25], np.float32), k).astype(np.float32) if i % 2 else None
    x = m.input("f32", dims, source or levels(step, minimum or 0, least, most))
    weights = weigh(m.rng, (n, k))
    q = quantize(m, "%" + x, dims, element, step, minimum, shift)
    y, = matmul(m, q, dims, weights, None, [], ["i32"], IDENTITY, "!bnn." + element)

    def check(feeds, got):
        numbers = model.quantize(feeds[x], step, least, most, minimum, shift)
        assert_same(got, model.dot(numbers, signs_of(weights)), "the accumulators")
    m.output(y, "i32", (*dims[:-1], n), check)


def chain(m, k, n, dims, i):
    """A product that ends in integers, which the next one reads: with a line's steps, or without."""
    element, least, most = ELEMENTS[i % 4]
    between, low, high = ELEMENTS[(i + 1 + i // 4) % 4]
    function = ["identity", "relu", "wave"][i % 3]
    minimum = 0.25 if low == 0 and i % 2 else None
    step = float(np.float32(0.3))
    x = m.input("f32", dims, levels(0.5, 0, least, most))
    # Sums of these are exact, and some are exactly at the middle of a step.
    scale = m.rng.choice(np.array([0.25, -0.25, 0.5, 1], np.float32), n)
    bias = m.rng.choice(np.array([0, 0.25, -0.5, 1], np.float32), n)
    shift = m.rng.choice(np.array([0.0, 0.15, -0.25], np.float32), n).astype(np.float32)
    vector = f"tensor<{n}xf32>"
    weights, following = random_bits(m.rng, (n, k)), random_bits(m.rng, (5, n))
    q = quantize(m, "%" + x, dims, element, 0.5)
    y, = matmul(m, q, dims, weights, None, [(m.constant(scale), vector), (m.constant(bias), vector)], ["f32"], [
        "%f = arith.sitofp %acc : i32 to f32", "%a = math.fma %f, %p0, %p1 : f32", *FUNCTIONS[function],
        "bnn.yield %fn : f32"], "!bnn." + element)
    middle = (*dims[:-1], n)
    q2 = quantize(m, y, middle, between, step, minimum, shift)
    result, = matmul(m, q2, middle, following, None, [], ["i32"], IDENTITY, "!bnn." + between)

    def check(feeds, got):
        first = model.dot(model.quantize(feeds[x], 0.5, least, most), signs_of(weights))
        value, _ = apply(function, model.fma(first, scale, bias))
        numbers = model.quantize(value, step, low, high, minimum, shift)
        assert_same(got, model.dot(numbers, signs_of(following)), "the accumulators of the second product")
    m.output(result, "i32", (*dims[:-1], 5), check)


def attention(m, heads, width, bits, options, minimum, ending):
    """Query, key, value and probabilities as integers."""
    channels = heads * width
    dims = ("batch", "tokens", channels)
    signed, unsigned = f"!bnn.s{bits}", f"!bnn.u{bits}"
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    type_ = shape_type(dims, signed)
    sources = {part: m.input("f32", dims, mild) for part in ("query", "key", "value")}
    planes = {part: quantize(m, "%" + name, dims, f"s{bits}", 0.4) for part, name in sources.items()}
    text = f"bnn.attention {planes['query']}, {planes['key']}, {planes['value']} "
    left = right = mask = None
    if "low_rank" in options:
        left, right = (m.input("f32", ("batch", "tokens", 3), mild) for _ in range(2))
        kind = shape_type(("batch", "tokens", 3), "f32")
        text += f"low_rank(%{left}, %{right} : {kind}, {kind}) "
    if "mask" in options:
        def some(rng, shape):
            hidden = rng.random(shape) < 0.3
            hidden[..., 0] = False
            return np.where(hidden, np.float32(-10000), 0).astype(np.float32)
        mask = m.input("f32", ("batch", "tokens"), some)
        text += f"mask(%{mask} : tensor<?x?xf32>) "
    scale, step, divisor = 0.05, 0.013, float(np.sqrt(np.float32(width)))
    s, t, low = (m.value(f"arith.constant {scalar(v)} : f32", "s") for v in (scale, step, minimum))
    text += f"scale({s}) probability({unsigned} step({t}) minimum({low})) "
    element = {"sum": "i32", "float": "f32", "bits": signed}[ending]
    out_type = shape_type(dims, element)
    text += f"outs({m.empty(dims, element)} : {out_type}) {{heads = {heads} : i64, divisor = {scalar(divisor)} : f32}} " \
            f": {type_}, {type_}, {type_} -> {out_type} {{"
    name = m.value(text, "a")
    m.emit("^bb0(%acc: i32, %sum: i32):")
    for line in {
            "sum": ["%c = arith.constant 100000 : i32", "%t = arith.muli %sum, %c : i32",
                    "%r = arith.addi %t, %acc : i32", "bnn.yield %r : i32"],
            "float": ["%f = arith.sitofp %acc : i32 to f32", "bnn.yield %f : f32"],
            "bits": ["bnn.yield %acc : i32"]}[ending]:
        m.emit("  " + line)
    m.emit("}")

    def computed(feeds):
        numbers = (model.quantize(feeds[source], 0.4, least, most) for source in sources.values())
        optional = {key: feeds[source] for key, source in (("left", left), ("right", right), ("mask", mask)) if source}
        acc, total, sure = model.attention(*numbers, heads, scale, divisor,
                                           probability=(step, minimum, (1 << bits) - 1), **optional)
        if ending == "sum":
            acc = acc + 100000 * total
        elif ending == "bits":
            acc = model.low_bits(acc, bits, True)
        return acc.astype(np.float32 if ending == "float" else np.int32), sure
    show_attention(m, name, dims, ending, element, computed, signed)


def matmul_modules():
    modules = []
    for number, kind in enumerate([product, chain]):
        m = Module(f"planes{number}", np.random.default_rng(400 + number))
        for i, k in enumerate(SIZES):
            n = SIZES[(i * (2 * number + 3) + number) % len(SIZES)]
            kind(m, k, n, ("rows", k) if i % 4 else (2, "rows", k), i)
        modules.append(m)
    # Long rows, of the numbers that are farthest from 0, and rows and outputs enough for tables.
    m = Module("planes-long", np.random.default_rng(450))
    for i in range(4):
        product(m, LONG, 17, ("batch", LONG), i, with_flat_row(hard, (-1) ** i * 100), random_bits_and_flat_rows)
    product(m, LONG, 64, (9, "batch", LONG), 2, with_flat_row(hard, -100), random_bits_and_flat_rows)
    product(m, 33, 130, (29, "rows", 33), 3)
    product(m, 96, 64, (29, "rows", 96), 0)
    chain(m, 72, 96, (29, "rows", 72), 1)
    modules.append(m)
    return modules


def two_ways(m, y, dims, shift):
    """As signed integers of the shifted row, and as unsigned ones."""
    yield (quantize(m, y, dims, "s2", 0.7, None, shift), None, "!bnn.s2",
           lambda v: model.quantize(v, 0.7, -2, 1, None, shift))
    yield quantize(m, y, dims, "u4", 0.2, -1.0), None, "!bnn.u4", lambda v: model.quantize(v, 0.2, 0, 15, -1.0)


def other_modules():
    m = Module("planes-attention", np.random.default_rng(500))
    for i, (heads, width) in enumerate(HEADS):
        for bits in (2, 4):
            options = [["mask"], [], ["low_rank", "mask"]][(i + bits // 4) % 3]
            attention(m, heads, width, bits, options, [0.0, 0.004, -0.02][i % 3], ["sum", "float", "bits"][i // 2 % 3])
    norms = Module("planes-norms", np.random.default_rng(501))
    for i, columns in enumerate(SIZES):
        layer_norm_bits(norms, columns, [("rows", columns), ("batch", "tokens", columns)][i % 2], two_ways)
    return [m, norms]
