# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of bnn ops over integers of 8 bits, and what NumPy says that they compute."""
import numpy as np

import model
import modules
from modules import (FUNCTIONS, HEADS, IDENTITY, LONG, SIZES, Module, apply, assert_same, binarize, hard,
                     layer_norm_bits, matmul, scalar, shape_type, signs, signs_of, with_flat_row)
from planes import levels

ELEMENTS = [("u8", 0, 255), ("s8", -128, 127)]
# No operand; in the range and at its ends; and what is brought into it.
ZERO_POINTS = {"u8": [None, 0, 128, 3, 255, -7, 300, 2**31 - 1, -2**31],
               "s8": [None, 0, 5, -128, 127, 128, -129, 2**31 - 1, -2**31]}


def quantize(m, x, dims, element, step, zero_point=None, shift=None):
    """Step and zero point are numbers, or values."""
    type_ = shape_type(dims, f"!bnn.{element}")
    text = f"bnn.quantize {x} "
    if shift is not None:
        text += f"shift({m.constant(shift)} : tensor<{dims[-1]}xf32>) "
    if not isinstance(step, str):
        step = m.value(f"arith.constant {scalar(step)} : f32", "s")
    text += f"step({step}) "
    if zero_point is not None and not isinstance(zero_point, str):
        zero_point = m.value(f"arith.constant {zero_point} : i32", "z")
    if zero_point is not None:
        text += f"zero_point({zero_point}) "
    return m.value(text + f"outs({m.empty(dims, '!bnn.' + element)} : {type_}) : {shape_type(dims, 'f32')} -> {type_}")


def first_of(m, name, element, dim):
    """The first element of a one-dimensional input: a number that is known at run time."""
    zero = m.value("arith.constant 0 : index", "i")
    return m.value(f"tensor.extract %{name}[{zero}] : {shape_type((dim,), element)}", "s")


def random_bytes(rng, shape):
    return rng.integers(-128, 128, shape, np.int8)


def random_bytes_and_flat_rows(rng, shape):
    """With the rows that are farthest from 0."""
    weights = random_bytes(rng, shape)
    weights[0], weights[1] = -128, 127
    return weights


def product(m, k, n, dims, i, source=None, weigh=random_bytes):
    """quantize -> matmul -> i32."""
    element, least, most = ELEMENTS[i % 2]
    step = float(m.rng.choice(np.array([0.5, 0.1, 1 / 3, 1e-45], np.float32), p=[0.4, 0.3, 0.25, 0.05]))
    zero_point = ZERO_POINTS[element][i // 2 % len(ZERO_POINTS[element])]
    shift = m.rng.choice(np.array([0.0, 0.1, -0.25], np.float32), k).astype(np.float32) if i % 3 == 0 else None
    x = m.input("f32", dims, source or levels(step, 0, least, most))
    weights = weigh(m.rng, (n, k))
    y, = matmul(m, quantize(m, "%" + x, dims, element, step, zero_point, shift), dims, weights, None, [], ["i32"],
                IDENTITY, "!bnn." + element)

    def check(feeds, got):
        numbers = model.quantize_bytes(feeds[x], step, least, most, zero_point, shift)
        assert_same(got, model.dot(numbers, signs_of(weights)), "the accumulators")
    m.output(y, "i32", (*dims[:-1], n), check)


def chain(m, k, n, dims, i):
    """A product that ends in bytes, of a line or of its own low bits, which the next one reads."""
    element, least, most = ELEMENTS[i % 2]
    between, low, high = ELEMENTS[i // 2 % 2]
    function = ["identity", "relu", "wave"][i % 3]
    zero_point = ZERO_POINTS[between][i % len(ZERO_POINTS[between])]
    step = float(np.float32(300.3))
    x = m.input("f32", dims, levels(0.5, 0, least, most))
    scale = m.rng.choice(np.array([0.25, -0.25, 0.5, 1], np.float32), n)
    bias = m.rng.choice(np.array([0, 0.25, -0.5, 1], np.float32), n)
    shift = m.rng.choice(np.array([0.0, 0.15, -0.25], np.float32), n).astype(np.float32)
    vector = f"tensor<{n}xf32>"
    weights, following = random_bytes(m.rng, (n, k)), random_bytes(m.rng, (5, n))
    q = quantize(m, "%" + x, dims, element, 0.5)
    middle = (*dims[:-1], n)
    if i % 4 == 3:
        q2, = matmul(m, q, dims, weights, None, [], ["!bnn." + between], IDENTITY, "!bnn." + element)
    else:
        y, = matmul(m, q, dims, weights, None, [(m.constant(scale), vector), (m.constant(bias), vector)], ["f32"], [
            "%f = arith.sitofp %acc : i32 to f32", "%a = math.fma %f, %p0, %p1 : f32", *FUNCTIONS[function],
            "bnn.yield %fn : f32"], "!bnn." + element)
        q2 = quantize(m, y, middle, between, step, zero_point, shift)
    result, = matmul(m, q2, middle, following, None, [], ["i32"], IDENTITY, "!bnn." + between)

    def check(feeds, got):
        first = model.dot(model.quantize_bytes(feeds[x], 0.5, least, most), signs_of(weights))
        if i % 4 == 3:
            numbers = model.low_bits(first, 8, low < 0)
        else:
            with np.errstate(all="ignore"):
                value, _ = apply(function, model.fma(first, scale, bias))
            numbers = model.quantize_bytes(value, step, low, high, zero_point, shift)
        assert_same(got, model.dot(numbers, signs_of(following)), "the accumulators of the second product")
    m.output(result, "i32", (*dims[:-1], 5), check)


def between_kinds(m, k, n, dims, i):
    """Bits into bytes, and bytes into bits of a line."""
    element, least, most = ELEMENTS[i % 2]
    x = m.input("f32", dims, signs)
    middle = (*dims[:-1], n)
    weights = modules.random_bits(m.rng, (n, k)) if i % 4 < 2 else random_bytes(m.rng, (n, k))
    if i % 4 < 2:
        y, = matmul(m, binarize(m, "%" + x, dims, None, False)[0], dims, weights, None, [], ["!bnn." + element],
                    IDENTITY)
        following = random_bytes(m.rng, (5, n))
    else:
        q = quantize(m, "%" + x, dims, element, 0.02)
        scale, bias = (m.rng.standard_normal(n).astype(np.float32) * factor for factor in (1, 1000))
        params = [(m.constant(values), f"tensor<{n}xf32>") for values in (scale, bias)]
        y, = matmul(m, q, dims, weights, None, params, ["f32"], [
            "%f = arith.sitofp %acc : i32 to f32", "%r = math.fma %f, %p0, %p1 : f32", "bnn.yield %r : f32"],
            "!bnn." + element)
        y, _ = binarize(m, y, middle, None, False)
        following = modules.random_bits(m.rng, (5, n))
    result, = matmul(m, y, middle, following, None, [], ["i32"], IDENTITY,
                     "!bnn." + element if i % 4 < 2 else "!bnn.s1")

    def check(feeds, got):
        if i % 4 < 2:
            first = model.dot(model.binarize(feeds[x])[0], signs_of(weights))
            numbers = model.low_bits(first, 8, least < 0)
        else:
            first = model.dot(model.quantize_bytes(feeds[x], 0.02, least, most), signs_of(weights))
            numbers = model.binarize(model.fma(first, scale, bias))[0]
        assert_same(got, model.dot(numbers, signs_of(following)), "the accumulators of the second product")
    m.output(result, "i32", (*dims[:-1], 5), check)


def at_run_time(m, k, n, i):
    """Step and zero point are inputs."""
    element, least, most = ELEMENTS[i % 2]
    dims = ("rows", k)
    x = m.input("f32", dims, hard)
    step = m.input("f32", ("rows",), lambda rng, shape: rng.choice(np.array([0.01, 0.5, 3], np.float32), shape))
    point = m.input("i32", ("rows",), lambda rng, shape: rng.choice(
        np.array(ZERO_POINTS[element][1:], np.int32), shape))
    weights = random_bytes(m.rng, (n, k))
    q = quantize(m, "%" + x, dims, element, first_of(m, step, "f32", "rows"), first_of(m, point, "i32", "rows"))
    y, = matmul(m, q, dims, weights, None, [], ["i32"], IDENTITY, "!bnn." + element)

    def check(feeds, got):
        numbers = model.quantize_bytes(feeds[x], feeds[step][0], least, most, int(feeds[point][0]))
        assert_same(got, model.dot(numbers, signs_of(weights)), "the accumulators")
    m.output(y, "i32", ("rows", n), check)


def attention(m, heads, width, i):
    """Attention over bits, those of a query of a product of bytes, whose outputs go on as bytes."""
    element, least, most = ELEMENTS[i % 2]
    dims = ("batch", "tokens", heads * width)
    sources = {part: m.input("f32", dims, signs) for part in ("key", "value")}
    bits = {part: binarize(m, "%" + name, dims, None, False)[0] for part, name in sources.items()}
    # Heads start at words, and so do the outputs of such a product.
    row = ("batch", "tokens", 33)
    x, first = m.input("f32", row, signs), random_bytes(m.rng, (dims[-1], 33))
    bits["query"], = matmul(m, quantize(m, "%" + x, row, element, 0.02), row, first, None, [], ["!bnn.s1"], [
        "%c0 = arith.constant 0 : i32", "%bit = arith.cmpi sgt, %acc, %c0 : i32", "bnn.yield %bit : i1"],
        "!bnn." + element)
    scale, cutoff, zero_point = 0.3, 0.05, [None, 100, -3][i % 3]
    name, _, affine = modules.attend(m, heads, width, bits, dict.fromkeys(bits), {}, (scale, cutoff), "float")
    q = quantize(m, name, dims, element, 0.04, zero_point)
    weights = random_bytes(m.rng, (5, dims[-1]))
    y, = matmul(m, q, dims, weights, None, [], ["i32"], IDENTITY, "!bnn." + element)

    def check(feeds, got):
        query = model.dot(model.quantize_bytes(feeds[x], 0.02, least, most), signs_of(first))
        numbers = (model.binarize(part)[0] for part in (query, feeds[sources["key"]], feeds[sources["value"]]))
        acc, beside, sure = model.attention(*numbers, heads, scale, float(np.sqrt(np.float32(width))), cutoff=cutoff)
        value = model.fma(acc, affine[0], beside * affine[1])
        sure = sure.all(-1)
        assert sure.mean() > 0.3, "too few tokens are clear of a step"
        expected = model.dot(model.quantize_bytes(value, 0.04, least, most, zero_point), signs_of(weights))
        assert_same(got[sure], expected[sure], "the product of the attention's bytes")
    m.output(y, "i32", (*dims[:-1], 5), check)


def two_ways(m, y, dims, shift):
    """As unsigned bytes about a zero point, and as signed ones of the shifted row."""
    yield quantize(m, y, dims, "u8", 0.02, 128), None, "!bnn.u8", lambda v: model.quantize_bytes(v, 0.02, 0, 255, 128)
    yield (quantize(m, y, dims, "s8", 0.007, None, shift), None, "!bnn.s8",
           lambda v: model.quantize_bytes(v, 0.007, -128, 127, None, shift))


def matmul_modules():
    rows = Module("bytes", np.random.default_rng(700))
    for i, k in enumerate(SIZES):
        product(rows, k, SIZES[i * 3 % len(SIZES)], ("rows", k) if i % 4 else (2, "rows", k), i)
    # Long rows, of the numbers that are farthest from 0, and rows and outputs enough for several blocks.
    m = Module("bytes-long", np.random.default_rng(750))
    for i in range(4):
        product(m, LONG + i, 17, ("batch", LONG + i), i, with_flat_row(hard, (-1) ** (i // 2) * 1000),
                random_bytes_and_flat_rows)
    product(m, 100, 64, (9, "batch", 100), 1, with_flat_row(hard, -1000), random_bytes_and_flat_rows)
    product(m, 33, 130, (29, "rows", 33), 2)
    product(m, 99, 65, (29, "rows", 99), 3)
    for i in range(2):
        at_run_time(m, 40 + i, 17, i)
    return [rows, m]


def other_modules():
    chains = Module("bytes-chains", np.random.default_rng(790))
    for i, k in enumerate(SIZES):
        n = SIZES[(i * 5 + 1) % len(SIZES)]
        [chain, between_kinds][i // 4 % 2](chains, k, n, ("rows", k) if i % 3 else (2, "rows", k), i)
    chain(chains, 72, 96, (29, "rows", 72), 1)
    m = Module("bytes-attention", np.random.default_rng(800))
    for i, (heads, width) in enumerate(HEADS):
        attention(m, heads, width, i)
    norms = Module("bytes-norms", np.random.default_rng(801))
    for i, columns in enumerate(SIZES[::3]):
        layer_norm_bits(norms, columns, [("rows", columns), ("batch", "tokens", columns)][i % 2], two_ways,
                        random_bytes)
    return [chains, m, norms]
