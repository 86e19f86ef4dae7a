# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The matrix's modules: each kernel with each length of a row, on rows of every pattern.

An input has a pool of rows, of which a run takes a window; ops go row by row, so that what NumPy
makes of the pool (model.py) has the answer to every run.
"""
import numpy as np

import byte_products
import model
import modules
import planes
from modules import (EPSILON, IDENTITY, Module, binarize, binarize_above, binarize_decided, matmul, scalar, shape_type,
                     signs_of)

ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 128]
# Those of the longest rows.
FEW_ROWS = [1, 7, 9]
POOL, FEW_POOL = 144, 24
LENGTHS = list(range(1, 131))
# A kernel of many outputs takes the longest to compile.
OUTPUTS = [17, 1, 15, 3, 31, 5, 7, 33, 13, 65, 9, 11, 19]
# Where a count of a byte is widened (after 15 or 31 words, or pairs of words; after 63 digits of four
# bits), and where one of 16 bits would not do: the last length below each, and the next.
LIMITS = [224, 225, 256, 257, 480, 481, 512, 513, 992, 993, 1024, 1025, 1984, 1985, 2016, 2017, 2048, 2049, 4032, 4033]
FAR_LIMITS = [65504, 65505]
# The longest rows of bytes whose sums fit 32 bits, whatever they are.
BYTE_LIMITS = [65793, 131071]
# Of bytes a word has four: tails of each length, after few words and after many.
BYTE_LENGTHS = [1, 2, 3, 4, 39, 42, 61, 124, 129, 190]
# For registers that are tiles: numbers of rows about one tile and two, lengths of a row in steps of a whole
# register and of a part of one, and one step; outputs that are whole units, and what is left of them.
TILE_ROWS = [1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 128]
TILE_LENGTHS = [32, 36, 64, 72, 104, 128, 192, 320, 384]
TILE_OUTPUTS = [32, 17, 64, 33, 96, 31]
# The longest rows in steps of a whole register.
TILE_LIMITS = [65792, 131008]
# For squares of sums: numbers of rows about four, about eight, from which on they are worth it, and about a block
# of 128; each tail of a row of steps of eight, of few and of many; outputs about a panel and more.
SQUARE_ROWS = [1, 4, 7, 8, 9, 10, 11, 12, 127, 128, 131, 136]
SQUARE_LENGTHS = [8, 17, 10, 27, 12, 37, 14, 191]
SQUARE_OUTPUTS = [16, 17, 64, 31, 32, 33, 47, 65]
WIDTHS = [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 130]
EXTREMES = np.array([np.inf, -np.inf, np.nan, -np.nan, 3.4e38, -3.4e38, 1e-38, -1e-45, 0.0, -0.0], np.float32)

PATTERNS = [
    lambda rng, k: rng.standard_normal(k),
    lambda rng, k: np.ones(k),
    lambda rng, k: -np.ones(k),
    lambda rng, k: np.zeros(k),
    lambda rng, k: np.where(np.arange(k) % 2, -1, 1),
    lambda rng, k: np.full(k, np.nan),
    lambda rng, k: rng.choice(EXTREMES[:2], k),
    lambda rng, k: rng.choice(EXTREMES[-2:], k),
    lambda rng, k: rng.integers(-9, 10, k) * 1e-45,
    lambda rng, k: np.where(rng.random(k) < 0.2, rng.choice(EXTREMES, k), rng.standard_normal(k)),
    # The middle between two integers of a quantiser whose step is 0.5.
    lambda rng, k: rng.integers(-40, 41, k) / 4,
    lambda rng, k: np.full(k, 100),
    lambda rng, k: np.full(k, 0.1),
]


def pool(rng, size, k):
    """Rows of every pattern."""
    first = rng.integers(len(PATTERNS))
    return np.array([PATTERNS[(first + r) % len(PATTERNS)](rng, k) for r in range(size)], np.float32)


def weights_of(rng, n, k):
    """Random rows, and among them one of ones, one of zeros and one that alternates."""
    bits = rng.random((n, k)) < 0.5
    for row, value in zip(rng.permutation(n), (True, False, np.arange(k) % 2 == 0)):
        bits[row] = value
    return bits


def small_weights_of(rng, n, k):
    """Rows whose neighbours' sizes are at most 128 together, and among them the extremes of such."""
    first = rng.integers(-128, 129, (n, (k + 1) // 2))
    pairs = np.stack([first, rng.integers(-1, 2, first.shape) * (128 - abs(first))], -1)
    extremes = ((64, 64), (-64, -64), (-128, 0), (0, -128), (127, 1), (64, -64))
    for row, pair in zip(rng.permutation(n), extremes):
        pairs[row] = pair
    return np.clip(pairs.reshape(n, -1)[:, :k], -128, 127).astype(np.int8)


def byte_weights_of(rng, n, k):
    """Random rows, and among them the extremes: of each sign, and of both in turn."""
    weights = byte_products.random_bytes(rng, (n, k))
    for row, value in zip(rng.permutation(n), (-128, 127, np.where(np.arange(k) % 2, 127, -128))):
        weights[row] = value
    return weights


def weights_for(element, rng, n, k):
    return (byte_weights_of if element.endswith("8") else weights_of)(rng, n, k)


class Matrix(Module):
    """A module whose outputs are functions of rows."""

    def __init__(self, name, rng, symbol, rows, pool_size):
        super().__init__(name, rng)
        self.symbol, self.rows, self.pool_size = symbol, rows, pool_size
        self.maxima = {symbol: max(rows)}
        self.kinds = []

    def source(self, k):
        """An input of rows of `k`: its value, its dimensions and its pool."""
        rows = pool(self.rng, self.pool_size, k)
        return "%" + self.input("f32", (self.symbol, k), rows), (self.symbol, k), rows

    def show(self, value, element, n, expected):
        """An output of `n` a row (None: one number)."""
        self.output(value, element, (self.symbol,) if n is None else (self.symbol, n), expected)

    def feeds(self, start, count):
        return {name: rows[start:start + count] for name, _, _, rows in self.inputs}

    def show_product(self, value, n, element, numbers, zeros=None):
        """Bits, small integers or bytes [rows, n] through a product of 5 outputs."""
        weights = weights_for(element, self.rng, 5, n)
        y, = matmul(self, value, (self.symbol, n), weights, zeros, [], ["i32"], IDENTITY, element)
        self.show(y, "i32", 5, model.dot(numbers, signs_of(weights)).astype(np.int32))


def product(m, bits, dims, zeros, element, numbers, n):
    weights = weights_for(element, m.rng, n, dims[-1])
    y, = matmul(m, bits, dims, weights, zeros, [], ["i32"], IDENTITY, element)
    m.show(y, "i32", n, model.dot(numbers, signs_of(weights)).astype(np.int32))


#===------------------------------------------------------------------------===#
# Kinds of kernels: a length, and a number of outputs
#===------------------------------------------------------------------------===#

def xor_count(m, k, n):
    x, dims, rows = m.source(k)
    bits, _ = binarize(m, x, dims, None, False)
    product(m, bits, dims, None, "!bnn.s1", model.binarize(rows)[0], n)


def xor_count_zeros(m, k, n):
    x, dims, rows = m.source(k)
    shift = m.rng.choice(np.array([0, 0.5, -1], np.float32), k)
    bits, zeros = binarize(m, x, dims, m.constant(shift), True)
    product(m, bits, dims, zeros, "!bnn.s1", modules.as_numbers(rows, True, shift), n)


def xor_count_decided(m, k, n):
    x, dims, rows = m.source(k)
    zero, nan = (int(m.rng.choice([-1, 1])) for _ in range(2))
    shift = m.rng.choice(np.array([0, 0.5, -1], np.float32), k) if m.rng.random() < 0.5 else None
    bits = binarize_decided(m, x, dims, zero, nan, None if shift is None else m.constant(shift))
    product(m, bits, dims, None, "!bnn.s1", model.binarize_decided(rows, zero, nan, shift), n)


def corrected(m, k, n):
    """Sums to some of which those of a second product are added."""
    x, dims, rows = m.source(k)
    if k % 2:
        bits, zeros = binarize(m, x, dims)
        element, numbers = "!bnn.s1", modules.as_numbers(rows, True)
    else:
        bits, zeros, element = planes.quantize(m, x, dims, "s2", 0.7), None, "!bnn.s2"
        numbers = model.quantize(rows, 0.7, -2, 1)
    weights = weights_of(m.rng, n, k)
    correction, added = modules.correct(m, bits, dims, zeros, n, element)
    y, = matmul(m, bits, dims, weights, zeros, [], ["i32"], IDENTITY, element, correction)
    m.show(y, "i32", n, model.dot(numbers, signs_of(weights) + added).astype(np.int32))


def and_count(m, k, n):
    x, dims, rows = m.source(k)
    threshold, nan = float(m.rng.choice([0.0, 0.25, -0.5, 1e-45])), int(m.rng.integers(2))
    product(m, binarize_above(m, x, dims, threshold, nan), dims, None, "!bnn.u1",
            model.binarize_above(rows, threshold, None, nan), n)


def plane_count(element, least, most):
    def kind(m, k, n):
        x, dims, rows = m.source(k)
        minimum = 0.25 if least == 0 else None
        shift = m.rng.choice(np.array([0, 0.25, -1], np.float32), k)
        bits = planes.quantize(m, x, dims, element, 0.5, minimum, shift)
        product(m, bits, dims, None, "!bnn." + element, model.quantize(rows, 0.5, least, most, minimum, shift), n)
    kind.__name__ = "plane_count_" + element
    return kind


def quantized(m, k, element, least, most):
    """A source as bytes: the value, its dimensions and its numbers. Step and zero point are constants, or known at
    run time."""
    x, dims, rows = m.source(k)
    step = m.rng.choice(np.array([0.25, 0.1, 1 / 3], np.float32))
    point = byte_products.ZERO_POINTS[element][m.rng.integers(len(byte_products.ZERO_POINTS[element]))]
    shift = m.rng.choice(np.array([0, 0.25, -1], np.float32), k) if m.rng.random() < 0.5 else None
    given = [float(step), point]
    if point is not None and m.rng.random() < 0.5:
        inputs = [(kind, m.input(kind, (m.symbol,), np.full(m.pool_size, value, modules.ELEMENTS[kind])))
                  for kind, value in (("f32", step), ("i32", point))]
        given = [byte_products.first_of(m, name, kind, m.symbol) for kind, name in inputs]
    return (byte_products.quantize(m, x, dims, element, *given, shift), dims,
            model.quantize_bytes(rows, step, least, most, point, shift))


def dot_bytes(element, least, most):
    def kind(m, k, n):
        bits, dims, numbers = quantized(m, k, element, least, most)
        product(m, bits, dims, None, "!bnn." + element, numbers, n)
    kind.__name__ = "dot_bytes_" + element
    return kind


def dot_small_bytes(element, least, most):
    def kind(m, k, n):
        bits, dims, numbers = quantized(m, k, element, least, most)
        weights = small_weights_of(m.rng, n, k)
        y, = matmul(m, bits, dims, weights, None, [], ["i32"], IDENTITY, "!bnn." + element)
        m.show(y, "i32", n, model.dot(numbers, signs_of(weights)).astype(np.int32))
    kind.__name__ = "dot_small_bytes_" + element
    return kind


def float_product(m, k, n, weight, weight_type, sums):
    x, dims, rows = m.source(k)
    bias = m.rng.standard_normal(n).astype(np.float32)
    type_ = shape_type((m.symbol, n), "f32")
    y = m.value(f"bnn.matmul {x}, {weight} params({m.constant(bias)} : tensor<{n}xf32>) "
                f"outs({m.empty((m.symbol, n), 'f32')} : {type_}) "
                f": {shape_type(dims, 'f32')}, {weight_type} -> {type_} {{")
    for line in ("^bb0(%acc: f32, %p: f32):", "  %y = arith.addf %acc, %p : f32", "  bnn.yield %y : f32", "}"):
        m.emit(line)
    m.show(y, "f32", n, sums(rows) + bias)


def signed_sum(m, k, n):
    w = weights_of(m.rng, n, k)
    float_product(m, k, n, m.bits(w), f"tensor<{n}x{k}x!bnn.s1>", lambda x: model.matmul_signs(x, signs_of(w)))


def fma(m, k, n):
    w = m.rng.standard_normal((k, n)).astype(np.float32)
    float_product(m, k, n, m.constant(w), f"tensor<{k}x{n}xf32>", lambda x: model.matmul_floats(x, w))


def fma_bytes(m, k, n):
    w = byte_products.random_bytes(m.rng, (k, n))
    float_product(m, k, n, m.bits(w), f"tensor<{k}x{n}x!bnn.s8>",
                  lambda x: model.matmul_floats(x, w.astype(np.float32)))


def affine(m, k, n):
    """An epilogue with each form of a parameter."""
    x, dims, rows = m.source(k)
    full, between, residual = m.source(n)
    weights, bias = weights_of(m.rng, n, k), m.rng.standard_normal(n).astype(np.float32)
    bits, _ = binarize(m, x, dims, None, False)
    factor = np.float32(0.3)
    params = [(m.value(f"arith.constant {scalar(factor)} : f32"), "f32"), (m.constant(bias), f"tensor<{n}xf32>"),
              (full, shape_type(between, "f32"))]
    y, = matmul(m, bits, dims, weights, None, params, ["f32"], [
        "%f = arith.sitofp %acc : i32 to f32", "%r = math.fma %f, %p0, %p1 : f32", "%t = arith.addf %r, %p2 : f32",
        "bnn.yield %t : f32"])
    acc = model.dot(model.binarize(rows)[0], signs_of(weights))
    m.show(y, "f32", n, model.fma(acc, factor, bias) + residual)


def bits_of_product(m, k, n):
    """Outputs of bits and a mask of zeros, packed anew."""
    x, dims, rows = m.source(k)
    bits, zeros = binarize(m, x, dims, None, True)
    weights = weights_of(m.rng, n, k)
    y, none = matmul(m, bits, dims, weights, zeros, [], ["!bnn.s1", "!bnn.u1"], [
        "%c0 = arith.constant 0 : i32", "%bit = arith.cmpi sgt, %acc, %c0 : i32",
        "%zero = arith.cmpi eq, %acc, %c0 : i32", "bnn.yield %bit, %zero : i1, i1"])
    acc = model.dot(modules.as_numbers(rows, True), signs_of(weights))
    m.show_product(y, n, "!bnn.s1", np.sign(acc), none)


def integers_of_product(m, k, n):
    """Outputs of integers of a few bits, which are the low bits of what is yielded."""
    element, least, most = planes.ELEMENTS[k % 4]
    x, dims, rows = m.source(k)
    weights = weights_of(m.rng, n, k)
    y, = matmul(m, binarize(m, x, dims, None, False)[0], dims, weights, None, [], ["!bnn." + element], [
        "bnn.yield %acc : i32"])
    acc = model.dot(model.binarize(rows)[0], signs_of(weights))
    m.show_product(y, n, "!bnn." + element, model.low_bits(acc, (most - least).bit_length(), least < 0))


def bytes_of_product(m, k, n):
    """Outputs of bytes, which are the low ones of what is yielded, of a product of bytes or of bits."""
    element, least, _ = byte_products.ELEMENTS[k % 2]
    if k % 3:
        source, low, high = byte_products.ELEMENTS[k % 3 - 1]
        bits, dims, numbers = quantized(m, k, source, low, high)
    else:
        x, dims, rows = m.source(k)
        source, bits, numbers = "s1", binarize(m, x, dims, None, False)[0], model.binarize(rows)[0]
    weights = weights_for(source, m.rng, n, k)
    y, = matmul(m, bits, dims, weights, None, [], ["!bnn." + element], IDENTITY, "!bnn." + source)
    m.show_product(y, n, "!bnn." + element, model.low_bits(model.dot(numbers, signs_of(weights)), 8, least < 0))


def corrected_bytes(m, k, n):
    """Sums of bytes to some of which those of a second product are added."""
    source, low, high = byte_products.ELEMENTS[k % 2]
    value, dims, numbers = quantized(m, k, source, low, high)
    weights = byte_weights_of(m.rng, n, k)
    correction, added = modules.correct(m, value, dims, None, n, "!bnn." + source, byte_products.random_bytes)
    y, = matmul(m, value, dims, weights, None, [], ["i32"], IDENTITY, "!bnn." + source, correction)
    m.show(y, "i32", n, model.dot(numbers, signs_of(weights) + added).astype(np.int32))


def bits_of_bytes(m, k, n):
    """Outputs of bits and a mask of zeros, of a product of bytes."""
    source, low, high = byte_products.ELEMENTS[k % 2]
    value, dims, numbers = quantized(m, k, source, low, high)
    weights = byte_weights_of(m.rng, n, k)
    y, none = matmul(m, value, dims, weights, None, [], ["!bnn.s1", "!bnn.u1"], [
        "%c0 = arith.constant 0 : i32", "%bit = arith.cmpi sgt, %acc, %c0 : i32",
        "%zero = arith.cmpi eq, %acc, %c0 : i32", "bnn.yield %bit, %zero : i1, i1"], "!bnn." + source)
    m.show_product(y, n, "!bnn.s1", np.sign(model.dot(numbers, signs_of(weights))), none)


def requantized(m, k, n):
    """A product of bytes to f32, and those to bytes: one kernel, with an epilogue."""
    (source, low, high), (element, least, most) = (byte_products.ELEMENTS[k // i % 2] for i in (1, 2))
    value, dims, numbers = quantized(m, k, source, low, high)
    weights = byte_weights_of(m.rng, n, k)
    scale, bias = (m.rng.standard_normal(n).astype(np.float32) for _ in range(2))
    vector = f"tensor<{n}xf32>"
    y, = matmul(m, value, dims, weights, None, [(m.constant(scale), vector), (m.constant(bias), vector)], ["f32"], [
        "%f = arith.sitofp %acc : i32 to f32", "%r = math.fma %f, %p0, %p1 : f32", "bnn.yield %r : f32"],
        "!bnn." + source)
    point = byte_products.ZERO_POINTS[element][k % len(byte_products.ZERO_POINTS[element])]
    step = float(np.float32(99.9 * np.sqrt(k)))
    bytes_ = byte_products.quantize(m, y, (m.symbol, n), element, step, point)
    line = model.fma(model.dot(numbers, signs_of(weights)), scale, bias)
    m.show_product(bytes_, n, "!bnn." + element, model.quantize_bytes(line, step, least, most, point))


def norm_of(m, k):
    x, dims, rows = m.source(k)
    scale, bias = (m.rng.standard_normal(k).astype(np.float32) for _ in range(2))
    y = modules.normalise(m, x, scale, bias, dims)
    return y, dims, model.layer_norm(rows, scale, bias, EPSILON)


def layer_norm(m, k, n):
    y, _, expected = norm_of(m, k)
    m.show(y, "f32", k, expected)


def layer_norm_bits(m, k, n):
    """The row goes on as bits as well: one kernel, with an epilogue."""
    y, dims, expected = norm_of(m, k)
    bits, zeros = binarize(m, y, dims)
    m.show_product(bits, k, "!bnn.s1", modules.as_numbers(expected, True), zeros)
    m.show(y, "f32", k, expected)


def layer_norm_bytes(m, k, n):
    """The row goes on as bytes as well."""
    element, least, most = byte_products.ELEMENTS[k % 2]
    y, dims, expected = norm_of(m, k)
    point = byte_products.ZERO_POINTS[element][k % len(byte_products.ZERO_POINTS[element])]
    bytes_ = byte_products.quantize(m, y, dims, element, 0.02, point)
    m.show_product(bytes_, k, "!bnn." + element, model.quantize_bytes(expected, 0.02, least, most, point))
    m.show(y, "f32", k, expected)


def reduction(name):
    def kind(m, k, n):
        x, dims, rows = m.source(k)
        type_ = shape_type((m.symbol,), "f32")
        y = m.value(f"bnn.reduce {name} {x} outs({m.empty((m.symbol,), 'f32')} : {type_}) : "
                    f"{shape_type(dims, 'f32')} -> {type_}")
        m.show(y, "f32", None, model.reduce(name, rows))
    kind.__name__ = "reduce_" + name
    return kind


def embedding(m, k, n):
    element = ["i32", "i64"][k % 2]
    ids = m.rng.integers(-n - 3, n + 3, m.pool_size).astype(modules.ELEMENTS[element])
    table = weights_of(m.rng, n, k)
    scale = np.abs(m.rng.standard_normal(n)).astype(np.float32)
    scale[0] = 0
    x = m.input(element, (m.symbol,), ids)
    type_ = shape_type((m.symbol, k), "f32")
    y = m.value(f"bnn.embedding %{x}, {m.bits(table)}, {m.constant(scale)} outs({m.empty((m.symbol, k), 'f32')} : "
                f"{type_}) : {shape_type((m.symbol,), element)}, tensor<{n}x{k}x!bnn.s1>, tensor<{n}xf32> -> {type_}")
    m.show(y, "f32", k, model.embedding(ids, signs_of(table), scale))


COUNTS = [xor_count, xor_count_zeros, and_count, *(plane_count(*row) for row in planes.ELEMENTS)]
DOTS_OF_BYTES = [dot_bytes(*row) for row in byte_products.ELEMENTS]
BYTE_KINDS = [*DOTS_OF_BYTES, bytes_of_product, bits_of_bytes, requantized, layer_norm_bytes, corrected_bytes]
KINDS = [*COUNTS, xor_count_decided, corrected, signed_sum, fma, fma_bytes, affine, bits_of_product,
         integers_of_product, layer_norm, layer_norm_bits, reduction("add"), reduction("max"), reduction("min"),
         embedding, *BYTE_KINDS]


#===------------------------------------------------------------------------===#
# The list
#===------------------------------------------------------------------------===#

def fill(m, cases):
    for kind, k, n in cases:
        before = len(m.outputs)
        kind(m, k, n)
        m.kinds += [f"{kind.__name__} K={k} N={n}"] * (len(m.outputs) - before)
    return m


def lengths_of(number, every):
    """All; in the suite, of those that are long and not next to a word, every fourth."""
    return [k for k in LENGTHS if every or k <= 66 or (k + 1) % 32 < 3 or k % 4 == number % 4]


def row_modules(number, every, has_table):
    """The modules of an instruction set, which is the `number`-th: all kinds of kernels with all
    lengths if `every`, else each length with one kind and each kind with some lengths."""
    lengths = lengths_of(number, every)
    size = 10 if every else len(lengths)
    for first in range(0, len(lengths), size):
        m = Matrix(f"lengths{first}", np.random.default_rng([1, number, first]), "rows", ROWS, POOL)
        yield fill(m, [(kind, k, OUTPUTS[(i + j + number) % len(OUTPUTS)])
                       for i, k in enumerate(lengths[first:first + size]) for j, kind in enumerate(KINDS)
                       if every or (i + number * 5 - j) % len(KINDS) == 0])
    # A table wants 64 outputs and 6 rows.
    limits = [(kind, k, 65 if has_table else 17) for j, kind in enumerate(COUNTS) for i, k in enumerate(LIMITS)
              if every or j < 3 and (i // 2 + number + j) % 6 == 0]
    limits += [(kind, k, 64) for kind in (COUNTS if every else [COUNTS[(2 * number) % 3]]) for k in FAR_LIMITS]
    limits += [(kind, k, 17) for kind, k in zip(DOTS_OF_BYTES, BYTE_LIMITS)]
    # Each dot with each tail.
    m = Matrix("bytes", np.random.default_rng([3, number]), "rows", ROWS, POOL)
    yield fill(m, [(kind, k, OUTPUTS[(i + 5 * j + number) % len(OUTPUTS)])
                   for i, k in enumerate(BYTE_LENGTHS) for j, kind in enumerate(BYTE_KINDS)
                   if every or j < 2 or (i + j + number) % 4 == 0])
    yield fill(Matrix("limits", np.random.default_rng([2, number]), "few", FEW_ROWS, FEW_POOL), limits)


def tile_modules(number):
    """Products of bytes of rows and outputs enough for tiles, of which a CPU takes none but these."""
    m = Matrix("bytes-tiles", np.random.default_rng([6, number]), "rows", TILE_ROWS, POOL)
    yield fill(m, [(kind, k, TILE_OUTPUTS[(i + 2 * j) % len(TILE_OUTPUTS)])
                   for i, k in enumerate(TILE_LENGTHS) for j, kind in enumerate(DOTS_OF_BYTES)]
               + [(kind, k, n) for kind, k, n in zip(BYTE_KINDS[2:], TILE_LENGTHS, TILE_OUTPUTS)])
    m = Matrix("bytes-tiles-limits", np.random.default_rng([7, number]), "few", [17], FEW_POOL)
    yield fill(m, [(kind, k, 18) for kind, k in zip(DOTS_OF_BYTES, TILE_LIMITS)])


def byte_modules(number):
    """Products of bytes alone, in tiles of a row and of two."""
    m = Matrix("bytes", np.random.default_rng([10, number]), "rows", [1, 2, 3, 33], POOL)
    yield fill(m, [(kind, k, OUTPUTS[(i + 5 * j) % len(OUTPUTS)])
                   for i, k in enumerate(BYTE_LENGTHS) for j, kind in enumerate(BYTE_KINDS)
                   if (i + j) % 2 == 0 and j < 2 or (i + j) % 8 == 0])
    m = Matrix("bytes-limits", np.random.default_rng([11, number]), "few", [3], FEW_POOL)
    yield fill(m, [(kind, k, 17) for kind, k in zip(DOTS_OF_BYTES, BYTE_LIMITS)])


def small_modules(number):
    """Products of bytes by small ones."""
    kinds = [dot_small_bytes(*row) for row in byte_products.ELEMENTS]
    m = Matrix("bytes-small", np.random.default_rng([12, number]), "rows", [1, 2, 3, 4, 33], POOL)
    yield fill(m, [(kind, k, OUTPUTS[(i + 5 * j) % len(OUTPUTS)])
                   for i, k in enumerate(BYTE_LENGTHS) for j, kind in enumerate(kinds) if (i + j) % 2 == 0])
    m = Matrix("bytes-small-limits", np.random.default_rng([13, number]), "few", [3], FEW_POOL)
    yield fill(m, [(kind, k, 17) for kind, k in zip(kinds, BYTE_LIMITS)])


def square_modules(number):
    """Products of bytes of rows and outputs enough for squares of sums, of which a CPU takes none but these."""
    m = Matrix("bytes-squares", np.random.default_rng([8, number]), "rows", SQUARE_ROWS, POOL)
    yield fill(m, [(kind, k, SQUARE_OUTPUTS[(i + 3 * j) % len(SQUARE_OUTPUTS)])
                   for i, k in enumerate(SQUARE_LENGTHS) for j, kind in enumerate(DOTS_OF_BYTES)
                   if (i + j) % 2 == 0 or k == max(SQUARE_LENGTHS)]
               + [(kind, k, n) for kind, k, n in zip(BYTE_KINDS[2:], SQUARE_LENGTHS[1:], SQUARE_OUTPUTS)])
    m = Matrix("bytes-squares-limits", np.random.default_rng([9, number]), "few", [9], FEW_POOL)
    yield fill(m, [(kind, k, 17) for kind, k in zip(DOTS_OF_BYTES, BYTE_LIMITS)])


def attention_module(number, every):
    """Attention over bits and over integers, of every width."""
    m = Module("attention", np.random.default_rng([4, number]))
    m.maxima = {"batch": 2, "tokens": max(ROWS)}
    options = ["query_zeros", "key_zeros", "value_zeros", "low_rank", "value_residual", "mask"]
    for i, width in enumerate(WIDTHS):
        heads = [1, 3][i % 2]
        if every or i % 4 == number % 4:
            present = [name for name in options if m.rng.random() < 0.5]
            modules.attention(m, heads, width, present, ["sum", "float", "bits"][(i + number) % 3])
        for bits in (2, 4):
            if every or i % 6 == (number + bits) % 6:
                present = [name for name in ("low_rank", "mask") if m.rng.random() < 0.5]
                planes.attention(m, heads, width, bits, present, [0.0, 0.004][i % 2], ["sum", "float", "bits"][i % 3])
    return m


STATUS_SHAPE, STATUS_INDEX = 2, 4
TABLE_ROWS, MOST_IDS = 9, 5


def checks_module():
    """A look-up with at most MOST_IDS ids, which are below their number and 4: what runs return, and
    the rows of those that are right."""
    m = Module("checks", np.random.default_rng(5))
    m.maxima = {"few": max(FEW_ROWS)}
    ids = m.input("i64", ("few",), None)
    table, scale = m.rng.random((TABLE_ROWS, 33)) < 0.5, m.rng.random(TABLE_ROWS).astype(np.float32)
    limit, most, four = (m.value(f"arith.constant {value} : index") for value in (TABLE_ROWS, MOST_IDS, 4))
    for bound in (limit, m.value(f"arith.addi %dim_few, {four} : index")):
        m.value(f"bnn.check_indices %{ids} limit {bound} : tensor<?xi64>")
    fits = m.value(f"arith.cmpi ule, %dim_few, {most} : index")
    m.emit(f"bnn.check_shape {fits} : i1")
    type_ = shape_type(("few", 33), "f32")
    y = m.value(f"bnn.embedding %{ids}, {m.bits(table)}, {m.constant(scale)} outs({m.empty(('few', 33), 'f32')} : "
                f"{type_}) : tensor<?xi64>, tensor<{TABLE_ROWS}x33x!bnn.s1>, tensor<{TABLE_ROWS}xf32> -> {type_}")
    m.output(y, "f32", ("few", 33), lambda ids: model.embedding(ids, signs_of(table), scale))
    return m


def check_runs():
    """Ids, and the status that a run with them returns: shapes are looked at first."""
    for count in (1, MOST_IDS, MOST_IDS + 1, max(FEW_ROWS)):
        limit = min(count + 4, TABLE_ROWS)
        for extreme in (0, limit - 1, -limit, limit, -limit - 1, 2**31, 2**32, 1 - 2**32, -2**63):
            ids = np.arange(count) % TABLE_ROWS
            ids[-1] = extreme
            yield ids, model.status([(count <= MOST_IDS, STATUS_SHAPE),
                                     (model.check_indices(ids, limit), STATUS_INDEX)])
