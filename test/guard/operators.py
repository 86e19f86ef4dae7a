# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a node of each operator is drawn, with operands whose dimensions fit or may turn out to.

OPERATORS maps an operator to the least opset and to what adds one to a graph. Wherever ONNX asks
that two dimensions are equal, that one is 1, that sizes add up or that an index is in range, the
graph leaves it to the call at times.
"""
import math

import numpy as np
from onnx import helper

from compositions import register_all
from graphs import ONNX_TYPES, Expr, broadcast, size_of

FLOATS = ("f32", "f64")
NUMBERS = ("f32", "f32", "i64", "i32", "f64")
ALL = ("f32", "f32", "i64", "i32", "bool", "f64", "i8", "u8", "f16")


def total(dims):
    """The number of elements, as a dimension."""
    dims = tuple(dims)
    number = 1
    for dim in dims:
        if not isinstance(dim, int):
            return Expr(lambda sizes: math.prod(size_of(d, sizes) for d in dims))
        number *= dim
    return number


def add_dims(dims):
    dims = tuple(dims)
    if all(isinstance(dim, int) for dim in dims):
        return sum(dims)
    return Expr(lambda sizes: sum(size_of(dim, sizes) for dim in dims))


def scaled(dim, factor):
    if factor == 1:
        return dim
    if isinstance(dim, int):
        return dim * factor
    return Expr(lambda sizes: size_of(dim, sizes) * factor)


def axes_of(g, rank, least=1):
    return sorted(g.rng.sample(range(rank), g.rng.randint(min(least, rank), rank)))


def signed(g, axis, rank):
    return axis - rank if g.chance(0.3) else axis


def fitting(g, value, dtype=None, data="any", exact=False):
    """An operand that can be broadcast with `value`, or may turn out to be."""
    dtype = dtype or value.dtype
    if g.chance(0.25) and (same := [v for v in g.pool if v.dtype == dtype and v is not value and
                                    data == "any" and (v.exact or not exact) and
                                    len(v.shape) == len(value.shape)]):
        other = g.rng.choice(same)
        if all(not isinstance(a, int) or not isinstance(b, int) or a == b or 1 in (a, b)
               for a, b in zip(value.shape, other.shape)):
            for a, b in zip(value.shape, other.shape):
                if 1 not in (a, b) and a != b:
                    g.must_equal(a, b)
            return other
    shape = g.compatible_shape(value.shape)
    if g.chance(0.1):
        shape = (g.dim(),) + shape if len(shape) == len(value.shape) else shape
    return g.source(dtype, shape, data)


def shape_vector(g, value):
    return g.node("Shape", [value], "i64", (len(value.shape),))


def size_scalar(g, value, axis):
    """The size of an axis as a scalar."""
    return g.node("Gather", [shape_vector(g, value), g.scalar(axis, "i64")], "i64", (), axis=0)


def size_vector(g, value, axis):
    return g.node("Gather", [shape_vector(g, value), g.ints(axis)], "i64", (1,), axis=0)


# Elementwise.

CONTINUOUS = {"Celu": 12, "Elu": 11, "Erf": 11, "Exp": 11, "HardSigmoid": 11, "HardSwish": 14,
              "LeakyRelu": 11, "Selu": 11, "Sigmoid": 11, "Softplus": 11, "Softsign": 11,
              "Tanh": 11}
BOUNDED = ("HardSigmoid", "Sigmoid", "Softsign", "Tanh", "Erf")


def continuous(g, op):
    x = g.value("f32")
    g.node(op, [x], "f32", x.shape, exact=False, bounded=op in BOUNDED)


def discontinuous(g, op):
    dtype = g.rng.choice(NUMBERS) if op == "Sign" else "f32"
    x = g.value(dtype, exact=True)
    g.node(op, [x], dtype, x.shape, bounded=x.bounded)


def exact_unary(g, op):
    x = g.value(g.rng.choice(("f32", "f32", "i32") if op in ("Neg", "Relu") else NUMBERS))
    if op == "Relu" and x.dtype not in ("f32", "f64"):
        x = g.value("f32")
    g.node(op, [x], x.dtype, x.shape, bounded=x.bounded)


def of_positive(g, op):
    x = g.source("f32", g.shape(), "positive")
    g.node(op, [x], "f32", x.shape, exact=False)


def to_bool(g, op):
    x = g.value("f32")
    g.node(op, [x], "bool", x.shape)


def logical_not(g, op):
    x = g.value("bool")
    g.node(op, [x], "bool", x.shape)


def identity(g, op):
    x = g.value(g.rng.choice(ALL))
    g.node(op, [x], x.dtype, x.shape, bounded=x.bounded)


def dropout(g, op):
    x = g.value("f32")
    ratio = [g.scalar(0.5, "f32")] if g.opset >= 12 and g.chance(0.5) else []
    g.node(op, [x, *ratio], "f32", x.shape)


def ordered(g, a, b):
    return (a, b) if g.chance(0.6) else (b, a)


def arithmetic(g, op):
    x = g.value(g.rng.choice(NUMBERS))
    a, b = ordered(g, x, fitting(g, x))
    g.node(op, [a, b], x.dtype, broadcast(a.shape, b.shape))


def divide(g, op):
    x = g.value(g.rng.choice(NUMBERS))
    divisor = fitting(g, x, data="positive")
    g.node(op, [x, divisor], x.dtype, broadcast(x.shape, divisor.shape),
           exact=x.exact and x.dtype not in FLOATS)


def power(g, op):
    x = g.source(g.rng.choice(("f32", "i64", "i32")), g.shape())
    if g.opset < 12 and x.dtype != "f32":
        x = g.source("f32", g.shape())
    exponent = fitting(g, x, data="small")
    if x.dtype == "f32":  # a fraction of a negative number is NaN
        exponent = g.node("Round", [exponent], "f32", exponent.shape)
    g.node(op, [x, exponent], x.dtype, broadcast(x.shape, exponent.shape), exact=False)


def comparison(g, op):
    x = g.value(g.rng.choice(("f32", "i64", "i32")), exact=True)
    a, b = ordered(g, x, fitting(g, x, exact=True))
    g.node(op, [a, b], "bool", broadcast(a.shape, b.shape))


def logical(g, op):
    x = g.value("bool")
    a, b = ordered(g, x, fitting(g, x))
    g.node(op, [a, b], "bool", broadcast(a.shape, b.shape))


def variadic(g, op):
    x = g.value("f32" if op in ("Mean", "Sum") else g.rng.choice(("f32", "i64", "i32")))
    values = [x] + [fitting(g, x) for _ in range(g.rng.randint(0, 2))]
    g.rng.shuffle(values)
    g.node(op, values, x.dtype, broadcast(*(v.shape for v in values)),
           exact=all(v.exact for v in values) and op != "Mean")


def prelu(g, op):
    x = g.value("f32")
    slope = g.source("f32", g.compatible_shape(x.shape))
    # The slope is broadcast to x, never x to the slope.
    for a, b in zip(x.shape[::-1], slope.shape[::-1]):
        g.rules.append(lambda sizes, a=a, b=b: size_of(b, sizes) in (1, size_of(a, sizes)))
    g.node(op, [x, slope], "f32", x.shape)


def where(g, op):
    x = g.value(g.rng.choice(ALL))
    condition, y = fitting(g, x, "bool"), fitting(g, x)
    a, b = ordered(g, x, y)
    g.node(op, [condition, a, b], x.dtype, broadcast(condition.shape, a.shape, b.shape))


def clip(g, op):
    x = g.value(g.rng.choice(("f32", "i64", "i32") if g.opset >= 12 else ("f32",)))

    def bound(number):
        if g.chance(0.2):
            return None
        if g.chance(0.6):
            return g.scalar(number, x.dtype)
        return g.input(x.dtype, () if g.chance(0.7) else (g.compatible(1),))
    g.node(op, [x, bound(-1), bound(2)], x.dtype, x.shape, bounded=x.bounded)


def cast(g, op):
    x = g.value(g.rng.choice(ALL), exact=True, bounded=True)
    to = g.rng.choice([dtype for dtype in set(ALL) if x.dtype == "bool" or dtype not in ("u8",)])
    g.node(op, [x], to, x.shape, bounded=True, to=ONNX_TYPES[to])


def quantize(g, op):
    x = g.value("f32", low=1, exact=True)
    axis = g.rng.randrange(len(x.shape))
    per_axis = g.opset >= 13 and g.chance(0.7)
    shape = (g.similar(x.shape[axis]),) if per_axis else ()
    scale = g.source("f32", shape, "positive")
    to = g.rng.choice(("i8", "u8"))
    zero = [g.source(to, scale.shape, "small")] if to == "i8" or g.chance(0.5) else []
    attributes = {"axis": signed(g, axis, len(x.shape))} if per_axis else {}
    # Quotients by powers of two only are exact.
    g.node(op, [x, scale, *zero], to, x.shape, exact=False, **attributes)


def dequantize(g, op):
    x = g.value(g.rng.choice(("i8", "u8")), low=1)
    axis = g.rng.randrange(len(x.shape))
    per_axis = g.opset >= 13 and g.chance(0.7)
    shape = (g.similar(x.shape[axis]),) if per_axis else ()
    scale = g.source("f32", shape, "positive")
    zero = [g.source(x.dtype, scale.shape, "small")] if g.chance(0.5) else []
    attributes = {"axis": signed(g, axis, len(x.shape))} if per_axis else {}
    g.node(op, [x, scale, *zero], "f32", x.shape, **attributes)


# Products.

def matmul(g, op):
    if g.chance(0.5):
        return binary_product(g)
    dtype = g.rng.choice(("f32", "f32", "f32", "f64", "i32"))
    a = g.value(dtype, low=1)
    inner = g.similar(a.shape[-1])
    if g.chance(0.15):
        batch, shape = (), (inner,)
    else:
        batch = g.compatible_shape(a.shape[:-2]) if g.chance(0.5) else ()
        shape = batch + (inner, g.dim())
    product(g, a, g.source(dtype, shape))


def product(g, a, b):
    columns = b.shape[-1:] if len(b.shape) > 1 else ()
    return g.node("MatMul", [a, b], a.dtype,
                  broadcast(a.shape[:-2], b.shape[:-2]) + a.shape[-2:-1] + columns
                  if len(a.shape) > 1 or len(b.shape) > 1 else ())


def signs(g, value):
    return g.node("Sign", [value], "f32", value.shape, bounded=True)


def binary_product(g):
    """Products of signs, with what often follows them."""
    inner = g.rng.choice((64, 96, 100, 7)) if g.chance(0.6) else g.symbol()
    a = signs(g, g.input("f32", g.shape(0, 2) + (inner,)))
    if g.chance(0.6):
        rows = inner if isinstance(inner, int) and g.chance(0.7) else g.rng.choice((64, 100))
        if rows != inner:
            g.must_equal(inner, rows)
        rng = np.random.default_rng(g.rng.getrandbits(32))
        weights = rng.choice(np.float32([-1, 1]), (rows, g.rng.choice((3, 8, 16, 33))))
        y = product(g, a, g.constant(weights))
    else:
        batch = g.compatible_shape(a.shape[:-2]) if g.chance(0.5) else ()
        b = signs(g, g.input("f32", batch + (g.dim(), g.similar(inner))))
        order = list(range(len(b.shape)))
        order[-2:] = order[-1], order[-2]
        b = g.node("Transpose", [b], "f32", b.shape[:-2] + b.shape[:-3:-1], perm=order)
        y = product(g, a, b)
    if y.shape and g.chance(0.5):
        scale = g.source("f32", (g.similar(y.shape[-1]),))
        y = g.node("Mul", [y, scale], "f32", broadcast(y.shape, scale.shape))
    if y.shape and g.chance(0.5):
        bias = g.source("f32", (g.similar(y.shape[-1]),))
        y = g.node("Add", [y, bias], "f32", broadcast(y.shape, bias.shape))
    if g.chance(0.3):
        signs(g, y)


def gemm(g, op):
    a = g.value("f32", 2, 2)
    trans_a, trans_b = g.rng.randrange(2), g.rng.randrange(2)
    rows, inner = a.shape[::-1] if trans_a else a.shape
    columns = g.dim()
    b_shape = (g.similar(inner), columns)
    b = g.source("f32", b_shape[::-1] if trans_b else b_shape)
    c = [g.source("f32", g.compatible_shape((rows, columns)))] if g.chance(0.6) else []
    g.node(op, [a, b, *c], "f32", (rows, columns), transA=trans_a, transB=trans_b,
           alpha=g.rng.choice((1.0, 0.5)), beta=g.rng.choice((1.0, 2.0)))


# Reductions.

def reduced(shape, axes, keep):
    if keep:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


def reduction(g, op):
    exact = op in ("ReduceMax", "ReduceMin", "ReduceSum", "ReduceL1")
    if op in ("ReduceL2", "ReduceLogSum"):
        x = g.source("f32", g.shape(1), "positive")
    elif op == "ReduceProd":
        x = g.source("f32", g.shape(1))
    else:
        x = g.value("f32" if op == "ReduceMean" else g.rng.choice(("f32", "f32", "i32", "i64")), 1)
    rank = len(x.shape)
    axes = axes_of(g, rank)
    keep = g.rng.randrange(2)
    operands, attributes = [x], {"keepdims": keep}
    if g.chance(0.2):
        axes_written, axes = None, list(range(rank))
    else:
        axes_written = [signed(g, axis, rank) for axis in axes]
    if axes_written and g.opset >= (13 if op == "ReduceSum" else 18):
        operands.append(g.ints(*axes_written))
    elif axes_written:
        attributes["axes"] = axes_written
    g.node(op, operands, x.dtype, reduced(x.shape, axes, keep), exact=exact and x.exact,
           **attributes)


def arg_extreme(g, op):
    x = g.value(g.rng.choice(("f32", "i32")), 1, exact=True)
    axis, keep = g.rng.randrange(len(x.shape)), g.rng.randrange(2)
    attributes = {"select_last_index": 1} if g.opset >= 12 and g.chance(0.3) else {}
    g.node(op, [x], "i64", reduced(x.shape, [axis], keep), bounded=True,
           axis=signed(g, axis, len(x.shape)), keepdims=keep, **attributes)


def softmax(g, op):
    x = g.value("f32", 1)
    axis = g.rng.randrange(len(x.shape)) if g.opset >= 13 else len(x.shape) - 1
    g.node(op, [x], "f32", x.shape, exact=False, bounded=op == "Softmax",
           axis=signed(g, axis, len(x.shape)))


def layer_norm(g, op):
    x = g.value("f32", 1)
    axis = len(x.shape) - 1 if g.chance(0.7) else g.rng.randrange(len(x.shape))
    normalized = x.shape[axis:]
    scale = g.source("f32", tuple(g.similar(dim) for dim in normalized))
    bias = [g.source("f32", tuple(g.similar(dim) for dim in normalized))] if g.chance(0.7) else []
    g.node(op, [x, scale, *bias], "f32", x.shape, exact=False,
           axis=signed(g, axis, len(x.shape)))


# Shapes.

def reshape(g, op):
    x = g.value(g.rng.choice(ALL))
    way = g.rng.choice(("static", "zeros", "minus one", "computed", "flat", "allowzero"))
    rank = len(x.shape)
    size = total(x.shape)
    attributes = {}
    if way == "static":
        shape = tuple(g.rng.choice((1, 2, 3, 4, 6)) for _ in range(g.rng.randint(1, 3)))
        g.must_equal(size, total(shape))
        if isinstance(size, Expr) and x.shape and isinstance(x.shape[0], str):
            split_first(g, x, total(shape))
        target = g.ints(*shape)
    elif way in ("zeros", "allowzero"):
        # The first dimensions stay; the last becomes two.
        if not rank:
            return flat(g, x, op)
        factor = g.rng.choice((1, 2, 3))
        rest = g.rng.choice((1, 2, 4))
        if isinstance(x.shape[-1], int) and g.chance(0.9):
            factor = g.rng.choice([n for n in (1, 2, 3, 4) if x.shape[-1] % n == 0])
            rest = x.shape[-1] // factor
        shape = x.shape[:-1] + (factor, rest)
        g.must_equal(x.shape[-1], factor * rest)
        target = g.ints(*([0] * (rank - 1)), factor, rest)
        if way == "allowzero" and g.opset >= 14:
            attributes["allowzero"] = 1  # a wrong shape, mostly
    elif way == "minus one":
        if not rank:
            return flat(g, x, op)
        factor = g.rng.choice((2, 3, 4))
        if isinstance(x.shape[-1], int) and x.shape[-1] % factor and g.chance(0.9):
            factor = 1
        shape = x.shape[:-1] + (Expr(lambda sizes: size_of(x.shape[-1], sizes) // factor), factor)
        multiple = Expr(lambda sizes: -(-size_of(x.shape[-1], sizes) // factor) * factor)
        g.must_equal(x.shape[-1], multiple)
        target = g.ints(*([0] * (rank - 1)), -1, factor)
    elif way == "computed":
        other = g.value("f32", 1)
        g.must_equal(total(other.shape), size)
        shape, target = other.shape, shape_vector(g, other)
        if x.shape and len(x.shape) > 1 and g.chance(0.5):
            last = size_vector(g, x, rank - 1)
            target = g.node("Concat", [last, g.ints(-1)], "i64", (2,), axis=0)
            shape = (x.shape[-1], total(x.shape[:-1]))
    else:
        return flat(g, x, op)
    g.node(op, [x, target], x.dtype, shape, bounded=x.bounded, **attributes)


def split_first(g, x, wanted):
    """Makes it likely that x has `wanted` elements: one open dimension that is what remains."""
    rest = total(x.shape[1:])
    g.must_equal(x.shape[0], Expr(lambda sizes: max(1, wanted // max(1, size_of(rest, sizes)))))


def flat(g, x, op):
    g.node(op, [x, g.ints(-1)], x.dtype, (total(x.shape),), bounded=x.bounded)


def flatten(g, op):
    x = g.value(g.rng.choice(ALL), 1)
    axis = g.rng.randint(0, len(x.shape))
    g.node(op, [x], x.dtype, (total(x.shape[:axis]), total(x.shape[axis:])),
           axis=axis, bounded=x.bounded)


def squeeze(g, op):
    x = g.value(g.rng.choice(ALL), 1)
    possible = [axis for axis, dim in enumerate(x.shape) if dim == 1 or not isinstance(dim, int)]
    if not possible:
        shape = list(x.shape)
        at = g.rng.randint(0, len(shape))
        shape.insert(at, g.symbol() if g.chance(0.7) else 1)
        x, possible = g.input(x.dtype, shape), [at]
    axes = sorted(g.rng.sample(possible, g.rng.randint(1, len(possible))))
    for axis in axes:
        if x.shape[axis] != 1:
            g.must_equal(x.shape[axis], 1)
    shape = reduced(x.shape, axes, False)
    written = [signed(g, axis, len(x.shape)) for axis in axes]
    if g.opset < 13:
        g.node(op, [x], x.dtype, shape, axes=written, bounded=x.bounded)
    elif axes == [axis for axis, dim in enumerate(x.shape) if dim == 1] and \
            all(isinstance(dim, int) for dim in x.shape) and g.chance(0.5):
        g.node(op, [x], x.dtype, shape, bounded=x.bounded)
    else:
        g.node(op, [x, g.ints(*written)], x.dtype, shape, bounded=x.bounded)


def unsqueeze(g, op):
    x = g.value(g.rng.choice(ALL), 0, 2)
    rank = len(x.shape) + g.rng.randint(1, 2)
    axes = sorted(g.rng.sample(range(rank), rank - len(x.shape)))
    shape = list(x.shape)
    for axis in axes:
        shape.insert(axis, 1)
    written = [signed(g, axis, rank) for axis in axes]
    if g.opset < 13:
        g.node(op, [x], x.dtype, shape, axes=written, bounded=x.bounded)
    else:
        g.node(op, [x, g.ints(*written)], x.dtype, shape, bounded=x.bounded)


def transpose(g, op):
    x = g.value(g.rng.choice(ALL))
    order = g.rng.sample(range(len(x.shape)), len(x.shape))
    attributes = {"perm": order} if order else {}
    g.node(op, [x], x.dtype, tuple(x.shape[axis] for axis in order), bounded=x.bounded,
           **attributes)


def expand(g, op):
    x = g.value(g.rng.choice(ALL))
    if g.chance(0.5):
        other = g.input("f32", tuple(g.compatible(dim) if dim != 1 else g.dim() for dim in x.shape))
        shape, target = other.shape, shape_vector(g, other)
    else:
        shape = tuple(dim if isinstance(dim, int) and dim != 1 else g.rng.choice((1, 1, 2, 3))
                      for dim in x.shape)
        for a, b in zip(x.shape, shape):
            if a != b and 1 not in (a, b):
                g.must_equal(a, b)
        if g.chance(0.3):
            shape = (2,) + shape
        target = g.ints(*shape)
    g.node(op, [x, target], x.dtype, broadcast(x.shape, shape), bounded=x.bounded)


def tile(g, op):
    x = g.value(g.rng.choice(ALL), 1)
    repeats = [g.rng.choice((1, 1, 2, 3)) for _ in x.shape]
    g.node(op, [x, g.ints(*repeats)], x.dtype,
           tuple(scaled(dim, n) for dim, n in zip(x.shape, repeats)), bounded=x.bounded)


def concat(g, op):
    x = g.value(g.rng.choice(ALL), 1)
    axis = g.rng.randrange(len(x.shape))
    values = [x]
    for _ in range(g.rng.randint(1, 2)):
        shape = tuple(g.dim() if i == axis else g.similar(dim) for i, dim in enumerate(x.shape))
        values.append(g.source(x.dtype, shape))
    g.rng.shuffle(values)
    shape = tuple(add_dims(v.shape[axis] for v in values) if i == axis else dim
                  for i, dim in enumerate(values[0].shape))
    g.node(op, values, x.dtype, shape, axis=signed(g, axis, len(x.shape)),
           bounded=all(v.bounded for v in values))


def split(g, op):
    x = g.value(g.rng.choice(ALL), 1)
    axis = g.rng.randrange(len(x.shape))
    dim = x.shape[axis]
    parts = g.rng.randint(1, 3)
    sizes = [g.rng.choice((1, 2, 3, 5)) for _ in range(parts)]
    operands, attributes = [x], {"axis": signed(g, axis, len(x.shape))}
    if isinstance(dim, int) and (dim < parts or g.chance(0.3)):
        parts, sizes = 1, [dim]
    if isinstance(dim, int):
        sizes = [1] * (parts - 1) + [dim - parts + 1]
    equal = g.chance(0.3) and (not isinstance(dim, int) or dim % parts == 0)
    if equal:
        if isinstance(dim, int):
            sizes = [dim // parts] * parts
        else:
            g.must_equal(dim, Expr(lambda all: -(-size_of(dim, all) // parts) * parts))
            sizes = [Expr(lambda all: size_of(dim, all) // parts)] * parts
        if g.opset >= 18:
            attributes["num_outputs"] = parts
    else:
        g.must_equal(dim, sum(sizes))
        if g.opset < 13:
            attributes["split"] = sizes
        else:
            operands.append(g.ints(*sizes))
    results = [g_result(g, x, axis, size) for size in sizes]
    g.add(op, operands, results, **attributes)


def g_result(g, x, axis, size):
    shape = x.shape[:axis] + (size,) + x.shape[axis + 1:]
    return type(x)(g.fresh("v"), x.dtype, shape, x.exact, x.bounded)


def sliced(start, end, step):
    """The size of an axis after Slice, as a function of the size before."""
    def of(size):
        low, high = (0, size) if step > 0 else (0, size - 1)
        clamped = min(max(start + size if start < 0 else start, low), high)
        stop = end + size if end < 0 else end
        stop = min(max(stop, 0), size) if step > 0 else min(max(stop, -1), size - 1)
        return max(0, -(-(stop - clamped) // step))
    return of


def slice_node(g, op):
    x = g.value(g.rng.choice(ALL), 1)
    axes = axes_of(g, len(x.shape))
    starts, ends, steps = [], [], []
    shape = list(x.shape)
    for axis in axes:
        step = g.rng.choice((1, 1, 1, 2, 3, -1, -2, -100))
        start = g.rng.choice((0, 0, 1, 2, -1, -2, -3, 5, 100, -100))
        end = g.rng.choice((1, 2, 3, 5, -1, -2, 100, 2**31 - 1) if step > 0 else
                           (0, 1, 2, -1, -3, -100, -2**31, -2**31))
        starts.append(start), ends.append(end), steps.append(step)
        of, dim = sliced(start, end, step), shape[axis]
        shape[axis] = of(dim) if isinstance(dim, int) else Expr(
            lambda sizes, of=of, dim=dim: of(size_of(dim, sizes)))
    written = [signed(g, axis, len(x.shape)) for axis in axes]
    end_operand = g.ints(*ends)
    if len(axes) == 1 and g.chance(0.25):
        other = g.value("f32", 1)
        at = g.rng.randrange(len(other.shape))
        end_operand = size_vector(g, other, at)
        start, step = starts[0], steps[0]
        before, length = x.shape[axes[0]], other.shape[at]
        shape[axes[0]] = Expr(lambda sizes: sliced(start, size_of(length, sizes), step)(
            size_of(before, sizes)))
    g.node(op, [x, g.ints(*starts), end_operand, g.ints(*written), g.ints(*steps)], x.dtype, shape,
           bounded=x.bounded)


def shape_op(g, op):
    x = g.value(g.rng.choice(ALL))
    g.node(op, [x], "i64", (len(x.shape),) if op == "Shape" else ())


def range_op(g, op):
    x = g.value("f32", 1)
    axis = g.rng.randrange(len(x.shape))
    step = g.rng.choice((1, 1, 2))
    limit = size_scalar(g, x, axis)
    dim = x.shape[axis]
    length = dim if step == 1 else Expr(lambda sizes: -(-size_of(dim, sizes) // step))
    if isinstance(dim, int):
        length = -(-dim // step)
    positions = g.node(op, [g.scalar(0, "i64"), limit, g.scalar(step, "i64")], "i64", (length,))
    if g.chance(0.5):
        other = g.input("i64", (g.similar(length),))
        g.node("Add", [positions, other], "i64", broadcast(positions.shape, other.shape))


def constant_of_shape(g, op):
    x = g.value("f32")
    if g.chance(0.7):
        shape, target = x.shape, shape_vector(g, x)
    else:
        shape = tuple(g.rng.choice((1, 2, 3)) for _ in range(g.rng.randint(1, 2)))
        target = g.ints(*shape)
    dtype = g.rng.choice(("f32", "i64"))
    value = helper.make_tensor("value", ONNX_TYPES[dtype], [1], [2])
    y = g.node(op, [target], dtype, shape, value=value)
    other = g.input(dtype, g.compatible_shape(y.shape))
    g.node("Add", [y, other], dtype, broadcast(y.shape, other.shape))


def constant_op(g, op):
    shape = tuple(g.rng.choice((1, 2, 3, 5)) for _ in range(g.rng.randint(0, 2)))
    values = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    y = g.node(op, [], "f32", shape, value=helper.make_tensor(
        "value", ONNX_TYPES["f32"], shape, values.ravel()))
    other = g.input("f32", g.compatible_shape(shape))
    g.node("Add", [y, other], "f32", broadcast(y.shape, other.shape))


def indices(g, dim, shape):
    """Indices of an axis: an input, or computed from one."""
    dtype = g.rng.choice(("i64", "i32"))
    x = g.input(dtype, shape, dim)
    if g.chance(0.2):
        to = "i64" if dtype == "i32" else "i32"
        x = g.node("Cast", [x], to, x.shape, to=ONNX_TYPES[to])
    if g.chance(0.15):
        x = g.node("Add", [x, g.scalar(0, x.dtype)], x.dtype, x.shape)
    return x


def gather(g, op):
    if g.chance(0.4):  # an embedding
        rows, columns = g.rng.choice((3, 10)), g.rng.choice((4, 64))
        rng = np.random.default_rng(g.rng.getrandbits(32))
        x = g.constant((rng.integers(-8, 9, (rows, columns)) / 4).astype(np.float32))
        if g.chance(0.3):
            x = g.constant(rng.choice(np.float32([-1, 1]), (rows, columns)))
    else:
        x = g.value(g.rng.choice(ALL), 1)
    axis = g.rng.randrange(len(x.shape))
    i = indices(g, x.shape[axis], g.shape(0, 2))
    shape = x.shape[:axis] + i.shape + x.shape[axis + 1:]
    g.node(op, [x, i], x.dtype, shape, axis=signed(g, axis, len(x.shape)), bounded=x.bounded)


def gather_elements(g, op):
    x = g.value(g.rng.choice(ALL), 1)
    axis = g.rng.randrange(len(x.shape))
    shape = tuple(g.dim() if i == axis else g.similar(dim) for i, dim in enumerate(x.shape))
    i = indices(g, x.shape[axis], shape)
    g.node(op, [x, i], x.dtype, i.shape, axis=signed(g, axis, len(x.shape)), bounded=x.bounded)


def trilu(g, op):
    x = g.value(g.rng.choice(ALL), 2)
    k = [g.scalar(g.rng.choice((-1, 0, 1, 5, -100)), "i64")] if g.chance(0.6) else []
    g.node(op, [x, *k], x.dtype, x.shape, upper=g.rng.randrange(2), bounded=x.bounded)


OPERATORS = {}


def register(draw, names, least=11):
    for name in names:
        OPERATORS[name] = (least, draw)


for _name, _least in CONTINUOUS.items():
    register(continuous, [_name], _least)
register(discontinuous, ["Ceil", "Floor", "Round", "Sign", "ThresholdedRelu"])
register(exact_unary, ["Abs", "Neg", "Relu"])
register(of_positive, ["Log", "Reciprocal", "Sqrt"])
register(to_bool, ["IsInf", "IsNaN"])
register(logical_not, ["Not"])
register(identity, ["Identity"])
register(dropout, ["Dropout"])
register(arithmetic, ["Add", "Mul", "Sub"])
register(divide, ["Div"])
register(power, ["Pow"])
register(comparison, ["Equal", "Greater", "Less"])
register(comparison, ["GreaterOrEqual", "LessOrEqual"], 12)
register(logical, ["And", "Or", "Xor"])
register(variadic, ["Max", "Min", "Mean", "Sum"])
register(prelu, ["PRelu"])
register(where, ["Where"])
register(clip, ["Clip"])
register(cast, ["Cast"])
register(quantize, ["QuantizeLinear"])
register(dequantize, ["DequantizeLinear"])
register(matmul, ["MatMul"])
register(gemm, ["Gemm"])
register(reduction, ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceMax", "ReduceMean", "ReduceMin",
                     "ReduceProd", "ReduceSum", "ReduceSumSquare"])
register(arg_extreme, ["ArgMax", "ArgMin"])
register(softmax, ["Softmax", "LogSoftmax"])
register(layer_norm, ["LayerNormalization"], 17)
register(reshape, ["Reshape"])
register(flatten, ["Flatten"])
register(squeeze, ["Squeeze"])
register(unsqueeze, ["Unsqueeze"])
register(transpose, ["Transpose"])
register(expand, ["Expand"])
register(tile, ["Tile"])
register(concat, ["Concat"])
register(split, ["Split"])
register(slice_node, ["Slice"])
register(shape_op, ["Shape", "Size"])
register(range_op, ["Range"])
register(constant_of_shape, ["ConstantOfShape"])
register(constant_op, ["Constant"])
register(gather, ["Gather"])
register(gather_elements, ["GatherElements"])
register(trilu, ["Trilu"], 14)

register_all(register)

# What is drawn after the first node: what has a contract more often.
FAVOURITES = ["Add", "MatMul", "Gemm", "Reshape", "Squeeze", "Split", "Concat", "Where", "PRelu",
              "LayerNormalization", "Expand", "Gather", "GatherElements", "Slice", "Softmax",
              "ReduceSum", "Transpose", "Sign", "Mul"]
