# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a node of each operator is drawn that the importer writes as others.

register_all adds them to the table of operators.py, whose other functions have to be there by then.
"""
import numpy as np

from graphs import Expr, Value, size_of


def like(g, op, x, exact=False, **attributes):
    g.node(op, [x], x.dtype, x.shape, exact=exact, **attributes)


def function(g, op):
    like(g, op, g.source("f32", g.shape(), "small"), bounded=op in ("Sin", "Cos", "Atan", "Asin"))


def of_quarters(g, op):
    """Of numbers below 1."""
    x = g.source("f32", g.shape(), "small")
    x = g.node("Mul", [x, g.scalar(0.25, "f32")], "f32", x.shape)
    like(g, op, x)


def from_one(g, op):
    x = g.source("f32", g.shape(), "positive")
    x = g.node("Add", [x, g.scalar(1, "f32")], "f32", x.shape)
    like(g, op, x)


def shrink(g, op):
    like(g, op, g.value("f32", exact=True), exact=True, lambd=0.6, bias=0.5)


def bits(g, op):
    x = g.source(g.rng.choice(("i32", "i64", "i8", "u8")), g.shape())
    if op == "BitwiseNot":
        return like(g, op, x, exact=True)
    y = g.source(x.dtype, tuple(g.similar(dim) for dim in x.shape))
    g.node(op, [x, y], x.dtype, x.shape)


def shift(g, op):
    x = g.source("u8", g.shape())
    y = g.source("u8", tuple(g.similar(dim) for dim in x.shape), "small")
    g.node(op, [x, y], "u8", x.shape, direction=g.rng.choice(("LEFT", "RIGHT")))


def mod(g, op):
    x = g.source(g.rng.choice(("i32", "i64", "f32")), g.shape())
    y = g.source(x.dtype, tuple(g.similar(dim) for dim in x.shape), "positive")
    g.node(op, [x, y], x.dtype, x.shape, fmod=1 if x.dtype == "f32" else g.rng.randrange(2))


def cast_like(g, op):
    x, y = g.value("f32", exact=True, bounded=True), g.source("i32", (2,))
    g.node(op, [x, y], "i32", x.shape, bounded=True)


# Statistics.

def channels(g, rank):
    return g.input("f32", (g.dim(), g.rng.choice((2, 4, 6))) + tuple(g.dim() for _ in range(rank - 2)))


def of_channels(g, x):
    return g.source("f32", (g.similar(x.shape[1]),))


def batch_norm(g, op):
    x = channels(g, g.rng.randint(2, 4))
    variance = g.source("f32", (g.similar(x.shape[1]),), "positive")
    like_many(g, op, [x, of_channels(g, x), of_channels(g, x), of_channels(g, x), variance])


def like_many(g, op, operands, **attributes):
    g.node(op, operands, "f32", operands[0].shape, exact=False, **attributes)


def instance_norm(g, op):
    x = channels(g, g.rng.randint(3, 4))
    like_many(g, op, [x, of_channels(g, x), of_channels(g, x)])


def group_norm(g, op):
    x = channels(g, g.rng.randint(3, 4))
    lists = [of_channels(g, x), of_channels(g, x)]
    like_many(g, op, [x, *lists], num_groups=2)
    # ONNX Runtime broadcasts a list of one number.
    for count in (value.shape[0] for value in lists):
        g.rules.append(lambda sizes, count=count: size_of(count, sizes) == size_of(x.shape[1], sizes))


def mean_variance(g, op):
    # Of one number ONNX Runtime takes the root of what two squares differ by, which may be below 0.
    like(g, op, g.source("f32", (g.dim(), g.dim(), 2, 3)))


def rms_norm(g, op):
    x = g.value("f32", 1)
    like_many(g, op, [x, g.source("f32", (g.similar(x.shape[-1]),))])


def lp_norm(g, op):
    like(g, op, g.source("f32", g.shape(1), "positive"), p=g.rng.choice((1, 2)), axis=-1)


def local_response(g, op):
    like(g, op, channels(g, 4), size=3)


def hardmax(g, op):
    x = g.value("f32", 1, exact=True)
    like(g, op, x, exact=True, bounded=True, axis=len(x.shape) - 1)


def log_sum_exp(g, op):
    x = g.value("f32", 1)
    operands, attributes = [x], {}
    if g.opset >= 18:
        operands.append(g.ints(0))
    else:
        attributes["axes"] = [0]
    g.node(op, operands, "f32", x.shape[1:], exact=False, keepdims=0, **attributes)


# Arrangements.

def grown(dim, count):
    return dim + count if isinstance(dim, int) else Expr(lambda sizes: size_of(dim, sizes) + count)


def pad(g, op):
    x = g.value(g.rng.choice(("f32", "i64", "i32")), 1)
    before = [g.rng.randint(0, 2) for _ in x.shape]
    after = [g.rng.randint(0, 2) for _ in x.shape]
    shape = tuple(grown(dim, a + b) for dim, a, b in zip(x.shape, before, after))
    fill = [g.scalar(3, x.dtype)] if g.chance(0.5) else []
    g.node(op, [x, g.ints(*before, *after), *fill], x.dtype, shape)


def center_crop_pad(g, op):
    x = g.source("f32", (g.dim(), g.rng.choice((3, 4, 7))))
    g.node(op, [x, g.ints(5)], "f32", (x.shape[0], 5), axes=[1])


def image(g, factor=1, sizes=(2, 4)):
    return g.input("f32", (g.dim(), factor * g.rng.choice((1, 2, 3)), g.rng.choice(sizes),
                           g.rng.choice(sizes)))


def depth_to_space(g, op):
    x = image(g, 4)
    n, c, h, w = x.shape
    g.node(op, [x], "f32", (n, c // 4, 2 * h, 2 * w), blocksize=2)


def space_to_depth(g, op):
    x = image(g)
    n, c, h, w = x.shape
    g.node(op, [x], "f32", (n, 4 * c, h // 2, w // 2), blocksize=2)


def one_hot(g, op):
    x = g.input("i64", g.shape(0, 2), 5)
    g.node(op, [x, g.scalar(5, "i64"), g.source("f32", (2,))], "f32", x.shape + (5,))


def eye_like(g, op):
    x = g.value("f32", 2, 2)
    g.node(op, [x], "f32", x.shape, exact=True, bounded=True, k=g.rng.choice((-1, 0, 1)))


def compress(g, op):
    x = g.source("f32", (g.rng.choice((3, 4)), g.dim()))
    g.node(op, [x, g.constant(np.array([True, False, True]))], "f32", (2, x.shape[1]), axis=0)


def reverse_sequence(g, op):
    time, batch = g.dim(), g.dim()
    x = g.input("f32", (time, batch))
    lengths = g.source("i64", (g.similar(batch),), "small")
    ones = g.node("Min", [lengths, g.scalar(1, "i64")], "i64", lengths.shape)
    g.node(op, [x, ones], "f32", x.shape, time_axis=0, batch_axis=1)


def cumulative(g, op):
    x = g.source("f32", g.shape(1))
    axis = g.rng.randrange(len(x.shape))
    g.node(op, [x, g.scalar(axis, "i64")], "f32", x.shape, exact=op == "CumSum" and x.exact,
           exclusive=g.rng.randrange(2), reverse=g.rng.randrange(2))


def top_k(g, op):
    x = g.value("f32", 1, exact=True)
    k = g.rng.choice((1, 2, 3))
    axis = len(x.shape) - 1
    last = x.shape[axis]
    if isinstance(last, int):
        k = min(k, last)
    else:
        g.rules.append(lambda sizes: size_of(last, sizes) >= k)
    shape = x.shape[:-1] + (k,)
    results = [Value(g.fresh("v"), "f32", shape, True, x.bounded),
               Value(g.fresh("v"), "i64", shape, True, True)]
    g.add(op, [x, g.ints(k)], results, largest=g.rng.randrange(2))


# By indices.

def gather_nd(g, op):
    x = g.input("f32", (g.dim(), g.rng.choice((2, 3)), g.dim()))
    i = g.input("i64", (g.dim(), 2), 1)
    g.node(op, [x, i], "f32", (i.shape[0], x.shape[2]))


def scatter_nd(g, op):
    x = g.input("f32", (g.dim(), g.dim()))
    i = g.input("i64", (g.dim(), 1), 1)
    updates = g.input("f32", (g.similar(i.shape[0]), g.similar(x.shape[1])))
    g.node(op, [x, i, updates], "f32", x.shape)


def scatter_elements(g, op):
    x = g.input("f32", (g.dim(), g.dim()))
    i = g.input("i64", (g.dim(), x.shape[1]), 1)
    updates = g.input("f32", (g.similar(i.shape[0]), g.similar(i.shape[1])))
    g.node(op, [x, i, updates], "f32", x.shape, axis=0)


# Windows.

def pool(g, op):
    x = image(g, sizes=(4, 5, 7))
    n, c, h, w = x.shape
    g.node(op, [x], "f32", (n, c, h // 2 + 1, w // 2 + 1), exact=op == "MaxPool",
           kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1])


def global_pool(g, op):
    x = channels(g, 4)
    g.node(op, [x], "f32", x.shape[:2] + (1, 1), exact=op == "GlobalMaxPool")


def conv(g, op):
    x = image(g, 2, sizes=(4, 5))
    n, c, h, w = x.shape
    groups = g.rng.choice((1, 2))
    weight = g.source("f32", (4, c // groups, 3, 3))
    bias = [g.source("f32", (g.similar(4),))] if g.chance(0.5) else []
    g.node(op, [x, weight, *bias], "f32", (n, 4, h, w), group=groups, pads=[1, 1, 1, 1])


def conv_transpose(g, op):
    x = image(g, sizes=(2, 3))
    n, c, h, w = x.shape
    weight = g.source("f32", (c, 3, 2, 2))
    g.node(op, [x, weight], "f32", (n, 3, 2 * h, 2 * w), strides=[2, 2])


def conv_integer(g, op):
    x = g.input("u8", (g.dim(), 2, 4, 4))
    weight = g.source("u8", (3, 2, 2, 2))
    g.node(op, [x, weight, g.source("u8", ())], "i32", (x.shape[0], 3, 3, 3))


def q_linear_conv(g, op):
    x = g.input("u8", (g.dim(), 2, 4, 4))
    weight = g.source("u8", (3, 2, 2, 2))
    one = [g.scalar(0.5, "f32"), g.scalar(1, "u8")]
    g.node(op, [x, *one, weight, *one, g.scalar(2, "f32"), one[1]], "u8",
           (x.shape[0], 3, 3, 3), exact=False)


# Products.

def mat_mul_integer(g, op):
    a = g.input("u8", (g.dim(), g.dim()))
    b = g.source("u8", (g.similar(a.shape[1]), g.dim()))
    zeros = [g.source("u8", ()), g.source("u8", ())] if g.chance(0.5) else []
    g.node(op, [a, b, *zeros], "i32", (a.shape[0], b.shape[1]))


def q_linear_mat_mul(g, op):
    a = g.input("u8", (g.dim(), g.dim()))
    b = g.source("u8", (g.similar(a.shape[1]), g.dim()))
    one = [g.scalar(0.5, "f32"), g.scalar(1, "u8")]
    g.node(op, [a, *one, b, *one, g.scalar(2, "f32"), one[1]], "u8", (a.shape[0], b.shape[1]),
           exact=False)


def dynamic_quantize(g, op):
    x = g.input("f32", g.shape(1))
    results = [Value(g.fresh("v"), "u8", x.shape, False, True),
               Value(g.fresh("v"), "f32", (), False, False),
               Value(g.fresh("v"), "u8", (), False, True)]
    g.add(op, [x], results)


def einsum(g, op):
    a = g.input("f32", (g.dim(), g.dim(), g.dim()))
    # A label has one length; ONNX Runtime lets it be 1 beside another.
    b = g.source("f32", (a.shape[0], a.shape[2], g.dim()))
    g.node(op, [a, b], "f32", (a.shape[0], b.shape[2], a.shape[1]), equation="bij,bjk->bki")


def attention(g, op):
    heads, size = g.rng.choice((1, 2)), g.rng.choice((2, 4))
    q = g.input("f32", (g.dim(), heads, g.dim(), size))
    k = g.input("f32", (g.similar(q.shape[0]), heads, g.dim(), size))
    v = g.input("f32", (g.similar(q.shape[0]), heads, g.similar(k.shape[2]), size))
    g.node(op, [q, k, v], "f32", q.shape, exact=False)


def rotary(g, op):
    x = g.input("f32", (g.dim(), 2, g.dim(), 4))
    angles = (g.similar(x.shape[0]), g.similar(x.shape[2]), 2)
    g.node(op, [x, g.source("f32", angles), g.source("f32", angles)], "f32", x.shape, exact=False)


def register_all(register):
    register(function, ["Sin", "Cos", "Atan", "Tan", "Sinh", "Cosh", "Asinh"])
    register(function, ["Mish"], 18)
    register(function, ["Gelu"], 20)
    register(function, ["Swish"], 24)
    register(of_quarters, ["Asin", "Acos", "Atanh"])
    register(from_one, ["Acosh"])
    register(shrink, ["Shrink"])
    register(bits, ["BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot"], 18)
    register(shift, ["BitShift"])
    register(mod, ["Mod"])
    register(cast_like, ["CastLike"], 17)
    register(batch_norm, ["BatchNormalization"], 17)
    register(instance_norm, ["InstanceNormalization"])
    register(group_norm, ["GroupNormalization"], 21)
    register(mean_variance, ["MeanVarianceNormalization"])
    register(rms_norm, ["RMSNormalization"], 23)
    register(lp_norm, ["LpNormalization"])
    register(local_response, ["LRN"])
    register(hardmax, ["Hardmax"])
    register(log_sum_exp, ["ReduceLogSumExp"])
    register(pad, ["Pad"])
    register(center_crop_pad, ["CenterCropPad"], 18)
    register(depth_to_space, ["DepthToSpace"])
    register(space_to_depth, ["SpaceToDepth"])
    register(one_hot, ["OneHot"])
    register(eye_like, ["EyeLike"])
    register(compress, ["Compress"])
    register(reverse_sequence, ["ReverseSequence"])
    register(cumulative, ["CumSum"], 14)
    register(cumulative, ["CumProd"], 26)
    register(top_k, ["TopK"])
    register(gather_nd, ["GatherND"], 13)
    register(scatter_nd, ["ScatterND"])
    register(scatter_elements, ["ScatterElements"])
    register(pool, ["MaxPool", "AveragePool", "LpPool"])
    register(global_pool, ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
    register(conv, ["Conv"])
    register(conv_transpose, ["ConvTranspose"])
    register(conv_integer, ["ConvInteger"])
    register(q_linear_conv, ["QLinearConv"])
    register(mat_mul_integer, ["MatMulInteger"])
    register(q_linear_mat_mul, ["QLinearMatMul"])
    register(dynamic_quantize, ["DynamicQuantizeLinear"])
    register(einsum, ["Einsum"], 12)
    register(attention, ["Attention"], 23)
    register(rotary, ["RotaryEmbedding"], 23)
