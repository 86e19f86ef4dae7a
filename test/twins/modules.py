# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of bnn ops with random weights, and what NumPy says that they compute (model.py)."""
import math
import struct

import numpy as np

import model

SIZES = [1, 2, 3, 15, 16, 17, 31, 32, 33, 40, 48, 63, 64, 65, 72, 96, 130]
LONG = 3100
ROWS = [1, 2, 3, 4, 5, 8, 9]
TOKENS = [1, 5, 15, 16, 17, 31, 32, 33, 65]
HEADS = [(1, 1), (2, 3), (3, 16), (2, 32), (2, 33), (1, 64), (12, 64)]
# The declared maximum of each symbolic dimension.
MAXIMA = {"rows": max(ROWS), "batch": 2, "tokens": max(TOKENS)}


def dense(values):
    """A literal of an array: bits of a bool array in the storage of i1, else raw bytes."""
    values = np.ascontiguousarray(values)
    if values.dtype == bool:
        if values.all() or not values.any():
            return f"dense<{str(bool(values.flat[0])).lower()}>"
        raw = np.packbits(values.ravel(), bitorder="little").tobytes()
    elif values.size == 1:
        return f'dense<"0x{values.tobytes().hex().upper()}">'
    else:
        raw = values.tobytes()
    return f'dense<"0x{raw.hex().upper()}">'


def scalar(value):
    """An f32 literal, exact."""
    return "0x%08X" % struct.unpack("<I", struct.pack("<f", value))


def shape_type(dims, element, kind="tensor"):
    return f"{kind}<" + "".join(f"{d if isinstance(d, int) else '?'}x" for d in dims) + f"{element}>"


def size(dims, sizes):
    return tuple(d if isinstance(d, int) else sizes[d] for d in dims)


ELEMENTS = {"f32": np.float32, "i32": np.int32, "i64": np.int64}


class Module:
    """The text of one module, its inputs and its outputs."""

    def __init__(self, name, rng):
        self.name, self.rng = name, rng
        self.maxima = MAXIMA
        self.inputs = []   # (name, element, dims, generator(rng, shape))
        self.outputs = []  # (name, element, dims, value, check)
        self.lines = []
        self.count = 0
        self.dim_of = {}   # symbol -> (input, axis)

    def fresh(self, prefix="v"):
        self.count += 1
        return f"%{prefix}{self.count}"

    def emit(self, text):
        self.lines.append("    " + text)

    def value(self, text, prefix="v"):
        name = self.fresh(prefix)
        self.emit(f"{name} = {text}")
        return name

    def input(self, element, dims, generator):
        name = f"in{len(self.inputs)}"
        self.inputs.append((name, element, dims, generator))
        for axis, dim in enumerate(dims):
            if isinstance(dim, str):
                self.dim_of.setdefault(dim, (name, axis))
        return name

    def output(self, value, element, dims, check):
        """check(feeds, output) raises an AssertionError if NumPy disagrees."""
        self.outputs.append((f"out{len(self.outputs)}", element, dims, value, check))

    def empty(self, dims, element):
        sizes = ", ".join(f"%dim_{d}" for d in dims if isinstance(d, str))
        return self.value(f"tensor.empty({sizes}) : {shape_type(dims, element)}", "e")

    def constant(self, values):
        element = {"float32": "f32", "int32": "i32"}[str(values.dtype)]
        return self.value(f"arith.constant {dense(values)} : {shape_type(values.shape, element)}", "c")

    def bits(self, values):
        """Of a bool array, or bytes of an int8 array."""
        shape = "x".join(map(str, values.shape))
        stored, element = ("i8", "s8") if values.dtype == np.int8 else ("i1", "s1")
        return self.value(f"bnn.constant {dense(values)} : tensor<{shape}x{stored}> -> tensor<{shape}x!bnn.{element}>",
                          "w")

    def text(self, target):
        """The module, with the text of its `#bnn.target` (None: for the compiler to choose)."""
        def attrs(name, dims):
            listed = ", ".join(f'"{d}"' if isinstance(d, str) else str(d) for d in dims)
            return f'{{onnx.dims = [{listed}], onnx.name = "{name}"}}'

        arguments = ",\n      ".join(f"%{name}: {shape_type(dims, element)} {attrs(name, dims)}"
                                     for name, element, dims, _ in self.inputs)
        results = ", ".join(f"{shape_type(dims, element)} {attrs(name, dims)}"
                            for name, element, dims, _, _ in self.outputs)
        maxima = ", ".join(f"{name} = {most}" for name, most in self.maxima.items())
        lines = []
        for symbol, (name, axis) in self.dim_of.items():
            dims = next(dims for n, _, dims, _ in self.inputs if n == name)
            element = next(e for n, e, _, _ in self.inputs if n == name)
            lines.append(f"    %axis_{symbol} = arith.constant {axis} : index")
            lines.append(f"    %dim_{symbol} = tensor.dim %{name}, %axis_{symbol} : {shape_type(dims, element)}")
        returned = ", ".join(value for _, _, _, value, _ in self.outputs)
        types = ", ".join(shape_type(dims, element) for _, element, dims, _, _ in self.outputs)
        chosen = f",\n    bnn.target = {target}" if target else ""
        return "\n".join([
            f'module attributes {{bnn.model = #bnn.model<prefix = "model", max_dims = {{{maxima}}}>{chosen}}} {{',
            f"  func.func @main({arguments})\n      -> ({results}) {{",
            *lines, *self.lines, f"    return {returned} : {types}", "  }", "}", ""])


#===------------------------------------------------------------------------===#
# Inputs
#===------------------------------------------------------------------------===#

def hard(rng, shape):
    """Normal numbers; some rows have zeros of both signs, NaN and infinities among them."""
    x = rng.standard_normal(shape).astype(np.float32)
    flat = x.reshape(-1, x.shape[-1]) if x.ndim else x.reshape(1, 1)
    special = np.array([0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 1e-45, -1e-45, 1e-38, 3.4e38],
                       np.float32)
    for row in flat:
        if rng.random() < 0.5:
            at = rng.random(row.size) < 0.2
            row[at] = rng.choice(special, at.sum())
    return x


def mild(rng, shape):
    """Finite, with exact zeros in some rows."""
    x = rng.standard_normal(shape).astype(np.float32)
    for row in x.reshape(-1, x.shape[-1]):
        if rng.random() < 0.5:
            row[rng.random(row.size) < 0.1] = rng.choice(np.array([0.0, -0.0], np.float32))
    return x


def signs(rng, shape):
    """Never zero."""
    x = np.abs(rng.standard_normal(shape).astype(np.float32)) + np.float32(0.01)
    return np.where(rng.random(shape) < 0.5, x, -x).astype(np.float32)


def with_flat_row(generator, value):
    """The first row has one value throughout: the largest counts that a row can have."""
    def some(rng, shape):
        x = generator(rng, shape)
        x.reshape(-1, shape[-1])[0] = value
        return x
    return some


def as_numbers(x, with_zeros, shift=None):
    """What the bits of a binarised array stand for."""
    number, zero = model.binarize(x, shift)
    return np.where(zero, 0, number) if with_zeros else number


def signs_of(weights):
    return model.constant(weights)


def assert_same(got, expected, what):
    """Equal bytes, but that NaN is one value."""
    same = got == expected
    if got.dtype == np.float32:
        assert expected.dtype == np.float32, f"{what} as f32"
        same = (got.view(np.int32) == expected.view(np.int32)) | (np.isnan(got) & np.isnan(expected))
    assert got.shape == expected.shape and same.all(), f"{what}: {(~same).sum()} of {got.size} values"


#===------------------------------------------------------------------------===#
# Ops
#===------------------------------------------------------------------------===#

def binarize(m, x, dims, shift=None, with_zeros=True):
    b = m.empty(dims, "!bnn.s1")
    s1, u1 = shape_type(dims, "!bnn.s1"), shape_type(dims, "!bnn.u1")
    shifted = f"shift({shift} : tensor<{dims[-1]}xf32>) " if shift else ""
    source = shape_type(dims, "f32")
    if not with_zeros:
        return m.value(f"bnn.binarize {x} {shifted}outs({b} : {s1}) : {source} -> {s1}"), None
    z = m.empty(dims, "!bnn.u1")
    name = m.fresh("b")
    m.emit(f"{name}:2 = bnn.binarize {x} {shifted}outs({b}, {z} : {s1}, {u1}) : {source} -> {s1}, {u1}")
    return f"{name}#0", f"{name}#1"


def binarize_decided(m, x, dims, zero, nan, shift=None):
    """Bits of which none is 0: `zero` and `nan` are 1 or -1."""
    s1 = shape_type(dims, "!bnn.s1")
    shifted = f"shift({shift} : tensor<{dims[-1]}xf32>) " if shift else ""
    decided = f"zero {'positive' if zero > 0 else 'negative'} " + ("nan_positive " if nan > 0 else "")
    return m.value(f"bnn.binarize {x} {shifted}{decided}outs({m.empty(dims, '!bnn.s1')} : {s1}) "
                   f": {shape_type(dims, 'f32')} -> {s1}")


def binarize_above(m, x, dims, threshold, nan=0):
    """Unsigned bits: 1 where x is above the threshold, and at NaN if `nan` is 1."""
    u1 = shape_type(dims, "!bnn.u1")
    return m.value(f"bnn.binarize {x} threshold({scalar(threshold)}) {'nan_positive ' if nan else ''}"
                   f"outs({m.empty(dims, '!bnn.u1')} : {u1}) : {shape_type(dims, 'f32')} -> {u1}")


def matmul(m, lhs, lhs_dims, weights, zeros, params, outs, epilogue, lhs_element="!bnn.s1", correction=None):
    """outs: elements of the outputs. epilogue: lines on %acc, %p0, ... that end in a yield. correction: the
    value that is added to blocks of 16 outputs, and which blocks."""
    n, k = weights.shape
    w = m.bits(weights)
    dims = (*lhs_dims[:-1], n)
    empties = [m.empty(dims, element) for element in outs]
    types = [shape_type(dims, element) for element in outs]
    text = f"bnn.matmul {lhs}, {w} "
    if zeros:
        text += f"zeros({zeros} : {shape_type(lhs_dims, '!bnn.u1')}) "
    if correction:
        value, blocks = correction
        text += f"correction({value} of {list(blocks)} : {shape_type((*dims[:-1], 16 * len(blocks)), 'i32')}) "
    if params:
        text += f"params({', '.join(v for v, _ in params)} : {', '.join(t for _, t in params)}) "
    text += f"outs({', '.join(empties)} : {', '.join(types)}) : {shape_type(lhs_dims, lhs_element)}, " \
            f"tensor<{n}x{k}x!bnn.{'s8' if weights.dtype == np.int8 else 's1'}> -> {', '.join(types)} {{"
    name = m.fresh("y")
    m.emit(f"{name}{f':{len(outs)}' if len(outs) > 1 else ''} = {text}")
    arguments = ["%acc: i32"] + [f"%p{i}: {'i32' if t.endswith('i32>') or t == 'i32' else 'f32'}"
                                 for i, (_, t) in enumerate(params)]
    m.emit(f"^bb0({', '.join(arguments)}):")
    for line in epilogue:
        m.emit("  " + line)
    m.emit("}")
    return [f"{name}#{i}" for i in range(len(outs))] if len(outs) > 1 else [name]


IDENTITY = ["bnn.yield %acc : i32"]


def correct(m, lhs, lhs_dims, zeros, n, lhs_element="!bnn.s1", weigh=None):
    """A correction of some blocks of n outputs: a second product; and what it adds, as weights [n, K]."""
    blocks = sorted(m.rng.permutation(-(-n // 16))[:int(m.rng.integers(1, 4))].tolist())
    weights = (weigh or random_bits)(m.rng, (16 * len(blocks), lhs_dims[-1]))
    value, = matmul(m, lhs, lhs_dims, weights, zeros, [], ["i32"], IDENTITY, lhs_element)
    added = np.zeros((-(-n // 16) * 16, lhs_dims[-1]), int)
    for i, block in enumerate(blocks):
        added[16 * block:16 * block + 16] = signs_of(weights[16 * i:16 * i + 16])
    return (value, blocks), added[:n]


def random_bits(rng, shape):
    return rng.random(shape) < 0.5


def random_bits_and_flat_rows(rng, shape):
    bits = random_bits(rng, shape)
    bits[0], bits[1] = True, False
    return bits


def matmul_accumulator(m, k, n, dims, with_zeros, with_shift, source=None, weigh=random_bits):
    """binarize -> matmul -> i32, which NumPy checks."""
    x = m.input("f32", dims, source or (hard if with_zeros else signs))
    shift = m.rng.choice(np.array([0.0, 0.5, -0.25], np.float32), k).astype(np.float32)
    b, z = binarize(m, "%" + x, dims, m.constant(shift) if with_shift else None, with_zeros)
    weights = weigh(m.rng, (n, k))
    y, = matmul(m, b, dims, weights, z, [], ["i32"], IDENTITY)

    def check(feeds, got):
        numbers = as_numbers(feeds[x], with_zeros, shift if with_shift else None)
        assert_same(got, model.dot(numbers, signs_of(weights)), "the accumulators")
    m.output(y, "i32", (*dims[:-1], n), check)


def matmul_unsigned(m, k, n, dims):
    """{0, 1} times {-1, +1}: the mask of zeros as the input."""
    x = m.input("f32", dims, hard)
    _, z = binarize(m, "%" + x, dims)
    weights = random_bits(m.rng, (n, k))
    y, = matmul(m, z, dims, weights, None, [], ["i32"], IDENTITY, "!bnn.u1")

    def check(feeds, got):
        _, zero = model.binarize(feeds[x])
        assert_same(got, model.dot(zero, signs_of(weights)), "the accumulators")
    m.output(y, "i32", (*dims[:-1], n), check)


def matmul_above(m, k, n, dims, source=hard, weigh=random_bits):
    """The same product of bits that are 1 above a threshold."""
    x = m.input("f32", dims, source)
    threshold = float(m.rng.choice(np.array([0.25, 0.0, -0.5, 1e-45], np.float32)))
    weights = weigh(m.rng, (n, k))
    y, = matmul(m, binarize_above(m, "%" + x, dims, threshold), dims, weights, None, [], ["i32"], IDENTITY, "!bnn.u1")

    def check(feeds, got):
        above = model.binarize_above(feeds[x], threshold)
        assert_same(got, model.dot(above, signs_of(weights)), "the accumulators")
    m.output(y, "i32", (*dims[:-1], n), check)


def matmul_relu_above(m, k, n, dims):
    """Two products with a ReLU and a threshold between them, as after a feed-forward layer's first half."""
    x = m.input("f32", dims, hard)
    b, z = binarize(m, "%" + x, dims)
    # Sums of these are exact, and some are exactly at the threshold.
    threshold = 0.25
    scale = m.rng.choice(np.array([0.25, -0.25, 0.5, 1], np.float32), n)
    bias = m.rng.choice(np.array([0, 0.25, -0.5, 1], np.float32), n)
    vector = f"tensor<{n}xf32>"
    weights, following = random_bits(m.rng, (n, k)), random_bits(m.rng, (5, n))
    y, = matmul(m, b, dims, weights, z, [(m.constant(scale), vector), (m.constant(bias), vector)], ["f32"], [
        "%f = arith.sitofp %acc : i32 to f32", "%a = math.fma %f, %p0, %p1 : f32", *FUNCTIONS["relu"],
        "bnn.yield %fn : f32"])
    between = (*dims[:-1], n)
    bits = binarize_above(m, y, between, threshold)
    result, = matmul(m, bits, between, following, None, [], ["i32"], IDENTITY, "!bnn.u1")

    def check(feeds, got):
        first = as_numbers(feeds[x], True) @ np.where(weights, 1, -1).T * scale + bias
        above = np.maximum(first, 0) > threshold
        assert np.array_equal(got, above.astype(int) @ np.where(following, 1, -1).T), \
            "the accumulators of the second product"
    m.output(result, "i32", (*dims[:-1], 5), check)


def negate(m, value, dims):
    """Something that is computed, so that an op may write where it reads it."""
    type_ = shape_type(dims, "f32")
    return m.value(f"linalg.negf ins({value} : {type_}) outs({m.empty(dims, 'f32')} : {type_}) -> {type_}")


def matmul_float(m, k, n, dims, with_zeros):
    """All three kinds of parameters."""
    x = m.input("f32", dims, hard if with_zeros else signs)
    residual = m.input("f32", (*dims[:-1], n), hard)
    full = negate(m, "%" + residual, (*dims[:-1], n))
    b, z = binarize(m, "%" + x, dims, None, with_zeros)
    factor = np.float32(m.rng.standard_normal())
    bias_values = m.rng.standard_normal(n).astype(np.float32)
    s, bias = m.value(f"arith.constant {scalar(factor)} : f32", "s"), m.constant(bias_values)
    params = [(s, "f32"), (bias, f"tensor<{n}xf32>"), (full, shape_type((*dims[:-1], n), "f32"))]
    weights = random_bits(m.rng, (n, k))
    y, = matmul(m, b, dims, weights, z, params, ["f32"], [
        "%f = arith.sitofp %acc : i32 to f32", "%r = math.fma %f, %p0, %p1 : f32",
        "%t = arith.addf %r, %p2 : f32", "bnn.yield %t : f32"])

    def check(feeds, got):
        acc = model.dot(as_numbers(feeds[x], with_zeros), signs_of(weights))
        assert_same(got, model.fma(acc, factor, bias_values) - feeds[residual], "the outputs")
    m.output(y, "f32", (*dims[:-1], n), check)


def matmul_chain(m, k, n, dims, with_zeros):
    """A product that ends in bits, and in a mask, which the next one reads."""
    x = m.input("f32", dims, hard)
    b, z = binarize(m, "%" + x, dims)
    weights, following = random_bits(m.rng, (n, k)), random_bits(m.rng, (5, n))
    outs = ["!bnn.s1", "!bnn.u1"] if with_zeros else ["!bnn.s1"]
    y = matmul(m, b, dims, weights, z, [], outs, [
        "%c0 = arith.constant 0 : i32", "%bit = arith.cmpi sgt, %acc, %c0 : i32",
        "%zero = arith.cmpi eq, %acc, %c0 : i32",
        "bnn.yield %bit, %zero : i1, i1" if with_zeros else "bnn.yield %bit : i1"])
    between = (*dims[:-1], n)
    result, = matmul(m, y[0], between, following, y[1] if with_zeros else None, [], ["i32"], IDENTITY)

    def check(feeds, got):
        first = as_numbers(feeds[x], True) @ np.where(weights, 1, -1).T
        assert np.array_equal(got, as_numbers(first, with_zeros) @ np.where(following, 1, -1).T), \
            "the accumulators of the second product"
    m.output(result, "i32", (*dims[:-1], 5), check)


def matmul_bits(m, k, n, dims, function):
    """Scale, bias and an activation between two products: fused and folded to thresholds."""
    x = m.input("f32", dims, hard)
    b, z = binarize(m, "%" + x, dims)
    scale = (m.rng.standard_normal(n) / 4).astype(np.float32)
    bias = np.where(m.rng.random(n) < 0.5, 0, m.rng.standard_normal(n)).astype(np.float32)
    params = [(m.constant(values), f"tensor<{n}xf32>") for values in (scale, bias)]
    weights = random_bits(m.rng, (n, k))
    y, = matmul(m, b, dims, weights, z, params, ["f32"], [
        "%f = arith.sitofp %acc : i32 to f32", "%r = math.fma %f, %p0, %p1 : f32", "bnn.yield %r : f32"])
    between = (*dims[:-1], n)
    type_ = shape_type(between, "f32")
    rank = len(dims)
    names = ", ".join(f"d{i}" for i in range(rank))
    identity = f"affine_map<({names}) -> ({names})>"
    out = m.empty(between, "f32")
    g = m.fresh("g")
    iterators = ", ".join(['"parallel"'] * rank)
    m.emit(f"{g} = linalg.generic {{indexing_maps = [{identity}, {identity}], iterator_types = [{iterators}]}} "
           f"ins({y} : {type_}) outs({out} : {type_}) {{")
    m.emit("^bb0(%a: f32, %o: f32):")
    for line in FUNCTIONS[function]:
        m.emit("  " + line)
    m.emit(f"  linalg.yield %fn : f32\n    }} -> {type_}")
    shift = m.rng.choice(np.array([0.0, 0.1, -0.1], np.float32), n).astype(np.float32)
    b2, z2 = binarize(m, g, between, m.constant(shift))
    following = random_bits(m.rng, (5, n))
    result, = matmul(m, b2, between, following, z2, [], ["i32"], IDENTITY)

    def check(feeds, got):
        acc = model.dot(as_numbers(feeds[x], True), signs_of(weights))
        value, error = apply(function, model.fma(acc, scale, bias))
        unsure = np.abs(value + shift) < error
        expected = model.dot(as_numbers(value, True, shift), signs_of(following))
        # Each bit that hangs on the last digits of a function is worth 2 at most.
        most = 2 * unsure.sum(-1, keepdims=True)
        assert (np.abs(got - expected) <= most).all(), "the accumulators of the second product"
    m.output(result, "i32", (*dims[:-1], 5), check)


def apply(function, a):
    """One of FUNCTIONS of an f32 array, and how far the compiled one may be from it."""
    if function == "identity":
        return a, 0
    if function == "relu":
        return np.where(a > 0, a, np.float32(0)), 0
    if function == "wave":
        return a * (a * a - np.float32(1)), 0
    exact = a.astype(np.float64)
    if function == "tanh":
        return np.tanh(exact).astype(np.float32), 1e-6
    erf = np.vectorize(math.erf, [np.float64])
    return (exact / 2 * (erf(exact * np.sqrt(0.5)) + 1)).astype(np.float32), 1e-5 * (1 + np.abs(exact))


FUNCTIONS = {
    "identity": ["%one = arith.constant 1.0 : f32", "%fn = arith.mulf %a, %one : f32"],
    "gelu": ["%half = arith.constant 0.5 : f32", "%one = arith.constant 1.0 : f32",
             "%root = arith.constant 0.707106769 : f32", "%t = arith.mulf %a, %root : f32",
             "%e = math.erf %t : f32", "%u = arith.addf %e, %one : f32", "%h = arith.mulf %a, %half : f32",
             "%fn = arith.mulf %h, %u : f32"],
    "relu": ["%zero = arith.constant 0.0 : f32", "%p = arith.cmpf ogt, %a, %zero : f32",
             "%fn = arith.select %p, %a, %zero : f32"],
    # More than one gap: no interval.
    "wave": ["%one = arith.constant 1.0 : f32", "%q = arith.mulf %a, %a : f32",
             "%h = arith.subf %q, %one : f32", "%fn = arith.mulf %a, %h : f32"],
    "tanh": ["%fn = math.tanh %a : f32"],
}


def attend(m, heads, width, bits, zeros, terms, cut, ending):
    """An attention over [batch, tokens, heads * width]: its name, the elements of its outputs, and the factors of
    its epilogue or None. `bits` and `zeros` are the query's, the key's and the value's; `terms` has the values of
    optional operands, and the rank of low ones; `cut` is the scores' scale and the cutoff."""
    channels = heads * width
    dims = ("batch", "tokens", channels)
    type_ = shape_type(dims, "!bnn.s1")
    text = f"bnn.attention {bits['query']}, {bits['key']}, {bits['value']} "
    for part in ("query", "key", "value"):
        if zeros[part]:
            text += f"{part}_zeros({zeros[part]} : {shape_type(dims, '!bnn.u1')}) "
    if "low_rank" in terms:
        left, right, rank = terms["low_rank"]
        kind = shape_type(("batch", "tokens", rank), "f32")
        text += f"low_rank({left}, {right} : {kind}, {kind}) "
    if "value_residual" in terms:
        text += f"value_residual({terms['value_residual']} : tensor<?x?x1xf32>) "
    if "mask" in terms:
        text += f"mask({terms['mask']} : tensor<?x?xf32>) "
    s, c = (m.value(f"arith.constant {scalar(number)} : f32", "s") for number in cut)
    text += f"scale({s}) cutoff({c}) "
    affine = None
    if ending == "sum":
        lines, elements = ["bnn.yield %acc : i32"], ["i32"]
        arguments = ""
    else:
        affine = m.rng.standard_normal(channels).astype(np.float32), np.float32(0.7)
        vector = m.constant(affine[0])
        factor = m.value(f"arith.constant {scalar(affine[1])} : f32", "s")
        text += f"params({vector}, {factor} : tensor<{channels}xf32>, f32) "
        arguments = ", %p0: f32, %p1: f32"
        lines = ["%f = arith.sitofp %acc : i32 to f32", "%q = arith.mulf %res, %p1 : f32",
                 "%y = math.fma %f, %p0, %q : f32"]
        if ending == "float":
            lines.append("bnn.yield %y : f32")
            elements = ["f32"]
        else:
            lines += ["%c0 = arith.constant 0.0 : f32", "%bit = arith.cmpf ogt, %y, %c0 : f32",
                      "%zero = arith.cmpf ueq, %y, %c0 : f32", "bnn.yield %bit, %zero : i1, i1"]
            elements = ["!bnn.s1", "!bnn.u1"]
    outs = [m.empty(dims, element) for element in elements]
    types = ", ".join(shape_type(dims, element) for element in elements)
    divisor = float(np.sqrt(np.float32(width)))
    text += f"outs({', '.join(outs)} : {types}) {{heads = {heads} : i64, divisor = {scalar(divisor)} : f32}} " \
            f": {type_}, {type_}, {type_} -> {types} {{"
    name = m.fresh("a")
    m.emit(f"{name}{':2' if ending == 'bits' else ''} = {text}")
    m.emit(f"^bb0(%acc: i32, %res: f32{arguments}):")
    for line in lines:
        m.emit("  " + line)
    m.emit("}")
    return name, elements, affine


def attention(m, heads, width, options, ending):
    """options: the optional operands that are there."""
    dims = ("batch", "tokens", heads * width)
    sources, bits, zeros, terms = {}, {}, {}, {}
    for part in ("query", "key", "value"):
        masked = f"{part}_zeros" in options
        sources[part] = m.input("f32", dims, mild if masked else signs)
        bits[part], zeros[part] = binarize(m, "%" + sources[part], dims, None, masked)
    left = right = residual = mask = None
    if "low_rank" in options:
        rank = int(m.rng.choice([1, 2, 3, 17]))
        left = m.input("f32", ("batch", "tokens", rank), mild)
        right = m.input("f32", ("batch", "tokens", rank), mild)
        terms["low_rank"] = f"%{left}", f"%{right}", rank
    if "value_residual" in options:
        residual = m.input("f32", ("batch", "tokens", 1), mild)
        terms["value_residual"] = f"%{residual}"
    if "mask" in options:
        def some(rng, shape):
            hidden = rng.random(shape) < 0.3
            hidden[..., 0] = False
            return np.where(hidden, rng.choice(np.array([-10000, -np.inf, -3.4e38], np.float32)), 0).astype(
                np.float32)
        mask = m.input("f32", ("batch", "tokens"), some)
        terms["mask"] = f"%{mask}"
    scale, cutoff = 0.3, float(m.rng.choice([0.02, 0.1]))
    name, elements, affine = attend(m, heads, width, bits, zeros, terms, (scale, cutoff), ending)

    def computed(feeds):
        q, k, v = (as_numbers(feeds[sources[part]], zeros[part] is not None) for part in sources)
        acc, beside, sure = model.attention(
            q, k, v, heads, scale, float(np.sqrt(np.float32(width))), cutoff=cutoff,
            **{key: feeds[source] for key, source in optional.items() if source})
        return (model.fma(acc, affine[0], beside * affine[1]) if affine else acc.astype(np.int32)), sure
    optional = {"left": left, "right": right, "residual": residual, "mask": mask}
    show_attention(m, name, dims, ending, elements[0], computed, "!bnn.s1", f"{name}#1")


def show_attention(m, name, dims, ending, element, computed, bits, zeros=None):
    """Outputs what an attention computed; `computed(feeds)` is that and where it is sure. Bits,
    or integers of a few bits, go through a product."""
    if ending != "bits":
        def check(feeds, got):
            expected, sure = computed(feeds)
            assert sure.mean() > 0.5, "too few probabilities are clear of a step"
            assert_same(got[sure], expected[sure], "the attention's outputs")
        m.output(name, element, dims, check)
        return
    following = random_bits(m.rng, (5, dims[-1]))
    result, = matmul(m, f"{name}#0" if zeros else name, dims, following, zeros, [], ["i32"], IDENTITY, bits)

    def check_product(feeds, got):
        value, sure = computed(feeds)
        if zeros:
            value = as_numbers(value, True)
        # All heads of a token.
        sure = sure.all(-1)
        assert_same(got[sure], model.dot(value, signs_of(following))[sure], "the product of the attention's bits")
    m.output(result, "i32", (*dims[:-1], 5), check_product)


def embedding(m, vocabulary, columns, element, dims):
    def some(rng, shape):
        return rng.integers(-vocabulary - 3, vocabulary + 3, shape)
    ids = m.input(element, dims, some)
    table = random_bits(m.rng, (vocabulary, columns))
    scale = np.abs(m.rng.standard_normal(vocabulary)).astype(np.float32)
    scale[0] = 0
    t, s = m.bits(table), m.constant(scale)
    out_dims = (*dims, columns)
    out = m.empty(out_dims, "f32")
    type_ = shape_type(out_dims, "f32")
    y = m.value(f"bnn.embedding %{ids}, {t}, {s} outs({out} : {type_}) : {shape_type(dims, element)}, "
                f"tensor<{vocabulary}x{columns}x!bnn.s1>, tensor<{vocabulary}xf32> -> {type_}")

    def check(feeds, got):
        assert_same(got, model.embedding(feeds[ids], signs_of(table), scale), "the rows of the table")
    m.output(y, "f32", out_dims, check)


def float_product(m, dims, weight, product, params, n, body, computed, ending):
    """An f32 row times a weight (its value and type), whose sums `product(row)` has; `body` makes
    %y of %acc and %p0, ..., as `computed(acc, *params)` does."""
    x = m.input("f32", dims, hard)
    out_dims = (*dims[:-1], n)
    values = ", ".join(m.constant(param) for param in params)
    listed = f"params({values} : {', '.join([f'tensor<{n}xf32>'] * len(params))}) "
    arguments = ", ".join(["%acc: f32"] + [f"%p{i}: f32" for i in range(len(params))])
    element = {"number": "f32", "bits": "!bnn.s1"}[ending]
    type_ = shape_type(out_dims, element)
    y = m.value(f"bnn.matmul %{x}, {weight[0]} {listed}outs({m.empty(out_dims, element)} : {type_}) : "
                f"{shape_type(dims, 'f32')}, {weight[1]} -> {type_} {{")
    m.emit(f"^bb0({arguments}):")
    lines = [body] + {"number": ["bnn.yield %y : f32"],
                      "bits": ["%zero = arith.constant 0.0 : f32", "%bit = arith.cmpf ogt, %y, %zero : f32",
                               "bnn.yield %bit : i1"]}[ending]
    for line in lines:
        m.emit("  " + line)
    m.emit("}")

    def check(feeds, got):
        with np.errstate(all="ignore"):
            assert_same(got, computed(product(feeds[x]), *params), "the outputs")
    if ending == "number":
        m.output(y, "f32", out_dims, check)
        return
    following = random_bits(m.rng, (5, n))
    result, = matmul(m, y, out_dims, following, None, [], ["i32"], IDENTITY)

    def check_product(feeds, got):
        with np.errstate(all="ignore"):
            first = as_numbers(computed(product(feeds[x]), *params), False)
        assert_same(got, model.dot(first, signs_of(following)), "the product of the bits")
    m.output(result, "i32", (*dims[:-1], 5), check_product)


def low_rank(m, k, r, dims, ending="number"):
    """By real weights."""
    w, b = m.rng.standard_normal((k, r)).astype(np.float32), m.rng.standard_normal(r).astype(np.float32)
    float_product(m, dims, (m.constant(w), f"tensor<{k}x{r}xf32>"), lambda x: model.matmul_floats(x, w), [b], r,
                  "%y = arith.addf %acc, %p0 : f32", lambda acc, b: acc + b, ending)


def signed_sum(m, k, n, dims, ending="number"):
    """By binary weights."""
    w = m.rng.random((n, k)) < 0.5
    scale, b = (m.rng.standard_normal(n).astype(np.float32) for _ in range(2))
    float_product(m, dims, (m.bits(w), f"tensor<{n}x{k}x!bnn.s1>"), lambda x: model.matmul_signs(x, signs_of(w)),
                  [scale, b], n, "%y = math.fma %acc, %p0, %p1 : f32", model.fma, ending)


def reduce(m, kind, n, dims):
    x = m.input("f32", dims, hard)
    out = m.empty(dims[:-1], "f32")
    type_ = shape_type(dims[:-1], "f32")
    y = m.value(f"bnn.reduce {kind} %{x} outs({out} : {type_}) : {shape_type(dims, 'f32')} -> {type_}")

    def check(feeds, got):
        assert_same(got, model.reduce(kind, feeds[x]), f"the {kind}")
    m.output(y, "f32", dims[:-1], check)


EPSILON = 1e-12


def normalise(m, x, scale, bias, dims):
    s, b, n = m.constant(scale), m.constant(bias), len(scale)
    type_ = shape_type(dims, "f32")
    return m.value(f"bnn.layer_norm {x}, {s}, {b} outs({m.empty(dims, 'f32')} : {type_}) "
                   f"{{epsilon = {scalar(EPSILON)} : f32}} : {type_}, tensor<{n}xf32>, tensor<{n}xf32> -> {type_}")


def layer_norm(m, n, dims, in_place):
    # The rounded mean of a row of equal numbers need not be that number.
    name = m.input("f32", dims, with_flat_row(mild, np.float32(0.1)))
    x = negate(m, "%" + name, dims) if in_place else "%" + name
    scale, bias = (m.rng.standard_normal(n).astype(np.float32) for _ in range(2))
    y = normalise(m, x, scale, bias, dims)

    def check(feeds, got):
        value = -feeds[name] if in_place else feeds[name]
        assert_same(got, model.layer_norm(value, scale, bias, EPSILON), "the normalised rows")
        assert np.array_equal(got.reshape(-1, n)[0], bias), "the row of equal numbers"
    m.output(y, "f32", dims, check)


def three_ways(m, y, dims, shift):
    """With a shift and a mask of zeros, without either, and above a threshold: bits, the mask, the
    element, and the numbers that they stand for."""
    yield (*binarize(m, y, dims, m.constant(shift)), "!bnn.s1", lambda v: as_numbers(v, True, shift))
    yield (*binarize(m, y, dims, None, False), "!bnn.s1", lambda v: as_numbers(v, False))
    yield binarize_above(m, y, dims, 0.5), None, "!bnn.u1", lambda v: model.binarize_above(v, 0.5)


def four_ways(m, y, dims, shift):
    """The same, and with a sign of 0."""
    yield from three_ways(m, y, dims, shift)
    yield (binarize_decided(m, y, dims, 1, -1, m.constant(shift)), None, "!bnn.s1",
           lambda v: model.binarize_decided(v, 1, -1, shift))


def layer_norm_bits(m, n, dims, encode=four_ways, weigh=random_bits):
    """A row that is normalised and goes on as numbers and as bits, which products show."""
    x = m.input("f32", dims, mild)
    # Some elements of a row are exactly 0, 0.5, or 0 once shifted.
    scale, bias, shift = (m.rng.standard_normal(n).astype(np.float32) for _ in range(3))
    scale[::3], bias[::3], shift[::3] = 0, 0.5, -0.5
    bias[::6] = 0
    y = normalise(m, "%" + x, scale, bias, dims)

    def normalised(feeds):
        return model.layer_norm(feeds[x], scale, bias, EPSILON)
    for bits, zeros, element, numbers in encode(m, y, dims, shift):
        weights = weigh(m.rng, (5, n))
        sums, = matmul(m, bits, dims, weights, zeros, [], ["i32"], IDENTITY, element)
        m.output(sums, "i32", (*dims[:-1], 5), lambda feeds, got, numbers=numbers, weights=weights: assert_same(
            got, model.dot(numbers(normalised(feeds)), signs_of(weights)), "the product of the normalised rows"))
    m.output(y, "f32", dims, lambda feeds, got: assert_same(got, normalised(feeds), "the normalised rows"))


#===------------------------------------------------------------------------===#
# The list
#===------------------------------------------------------------------------===#

def matmul_modules():
    """Each K and each N, in different pairs for each kind of ending."""
    modules = []
    kinds = [
        lambda m, k, n, dims, i: matmul_accumulator(m, k, n, dims, i % 3 != 0, i % 2 == 0),
        lambda m, k, n, dims, i: matmul_float(m, k, n, dims, i % 2 == 0),
        lambda m, k, n, dims, i: matmul_chain(m, k, n, dims, i % 2 == 0),
        lambda m, k, n, dims, i: matmul_bits(m, k, n, dims, list(FUNCTIONS)[i % len(FUNCTIONS)]),
        lambda m, k, n, dims, i: matmul_unsigned(m, k, n, dims),
        lambda m, k, n, dims, i: (matmul_above, matmul_relu_above)[i % 2](m, k, n, dims),
    ]
    for number, kind in enumerate(kinds):
        m = Module(f"matmul{number}", np.random.default_rng(100 + number))
        for i, k in enumerate(SIZES):
            n = SIZES[(i * (2 * number + 3) + number) % len(SIZES)]
            # The rows are one dimension, or two of which one is static.
            dims = ("rows", k) if i % 4 else (2, "rows", k)
            kind(m, k, n, dims, i)
        modules.append(m)
    # Rows so long that counts of a byte are widened on the way.
    m = Module("long", np.random.default_rng(150))
    dims, n, weigh = ("batch", LONG), 17, random_bits_and_flat_rows
    matmul_accumulator(m, LONG, n, dims, False, False, with_flat_row(signs, -1), weigh)
    matmul_accumulator(m, LONG, n, dims, True, True, with_flat_row(hard, -1), weigh)
    matmul_above(m, LONG, n, dims, with_flat_row(hard, 2), weigh)
    matmul_above(m, LONG, n, dims, hard, weigh)
    modules.append(m)
    # Rows and outputs enough to be counted by table, in one block of rows and in several.
    m = Module("blocks", np.random.default_rng(160))
    matmul_accumulator(m, LONG, 81, (9, "batch", LONG), False, False, with_flat_row(signs, -1), weigh)
    matmul_accumulator(m, LONG, 64, (9, "batch", LONG), True, True, with_flat_row(hard, 1), weigh)
    matmul_accumulator(m, 33, 130, (29, "rows", 33), False, True)
    matmul_accumulator(m, 96, 64, (29, "rows", 96), True, False)
    matmul_chain(m, 72, 96, (29, "rows", 72), False)
    matmul_bits(m, 65, 130, (29, "rows", 65), list(FUNCTIONS)[0])
    matmul_unsigned(m, 40, 100, (29, "rows", 40))
    modules.append(m)
    return modules


def other_modules():
    modules = []
    options = ["query_zeros", "key_zeros", "value_zeros", "low_rank", "value_residual", "mask"]
    endings = ["sum", "float", "bits"]
    # All 64 combinations of the optional operands, each with one shape and one ending.
    for number in range(4):
        m = Module(f"attention{number}", np.random.default_rng(200 + number))
        for combination in range(number, 64, 4):
            heads, width = HEADS[combination % len(HEADS)]
            present = [name for bit, name in enumerate(options) if combination >> bit & 1]
            attention(m, heads, width, present, endings[(combination + combination // 8) % 3])
        modules.append(m)
    m = Module("rows", np.random.default_rng(300))
    for i, columns in enumerate(SIZES):
        embedding(m, [1, 2, 50][i % 3], columns, ["i64", "i32"][i % 2],
                  [("rows",), ("batch", "tokens"), (3, "rows")][i % 3])
        ending = "bits" if i % 4 == 1 else "number"
        low_rank(m, columns, SIZES[(i * 3) % len(SIZES)], [("rows", columns), ("batch", "tokens", columns)][i % 2],
                 ending)
        signed_sum(m, columns, SIZES[(i * 5) % len(SIZES)], [("batch", "tokens", columns), ("rows", columns)][i % 2],
                   ending)
        reduce(m, ["add", "max", "min"][i % 3], columns, [("rows", columns), (2, "rows", columns)][i % 2])
        layer_norm(m, columns, [("batch", "tokens", columns), ("rows", columns)][i % 2], i % 3 == 0)
    modules.append(m)
    m = Module("norms", np.random.default_rng(301))
    for i, columns in enumerate(SIZES):
        layer_norm_bits(m, columns, [("batch", "tokens", columns), ("rows", columns)][i % 2])
    modules.append(m)
    return modules
