# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that ONNX's own node tests leave out, against ONNX Runtime.

    operators.py WORK [NAME...]

As models.py does for its models.
"""
import sys

import numpy as np
from onnx import TensorProto

from models import INT64, UINT8, constant, floats, info, main, model, node


def bitwise():
    """Of integers, with numpy's broadcasting."""
    nodes = [node("BitwiseAnd", "a b", "c"), node("BitwiseOr", "c a", "d"),
             node("BitwiseXor", "d b", "e"), node("BitwiseNot", "e", "y")]
    rng = np.random.default_rng(1)
    feeds = {"a": rng.integers(-2 ** 31, 2 ** 31, (4, 7), np.int32),
             "b": rng.integers(-2 ** 31, 2 ** 31, (7,), np.int32)}
    kinds = [info("a", ["n", 7], TensorProto.INT32), info("b", [7], TensorProto.INT32)]
    return model(nodes, kinds, [info("y", ["n", 7], TensorProto.INT32)], opset=18), [feeds]


def rms_norm():
    nodes = [node("RMSNormalization", "x s", "y", axis=-1, epsilon=1e-6)]
    return (model(nodes, [info("x", ["n", 5, 33]), info("s", [33])], [info("y", ["n", 5, 33])], opset=23),
            [{"x": floats(n, n, 5, 33, scale=4), "s": floats(9, 33)} for n in (1, 3)])


def rotary():
    """Halves of each head, and pairs of a part of it by positions."""
    nodes = [node("RotaryEmbedding", "x c s", "y"),
             node("RotaryEmbedding", "x2 c2 s2 p", "y2", interleaved=1, num_heads=2,
                  rotary_embedding_dim=4)]
    inputs = [info("x", ["n", 3, 5, 8]), info("c", ["n", 5, 4]), info("s", ["n", 5, 4]),
              info("x2", [2, "t", 12]), info("c2", [9, 2]), info("s2", [9, 2]),
              info("p", [2, "t"], TensorProto.INT64)]
    feeds = {"x": floats(1, 2, 3, 5, 8), "c": floats(2, 2, 5, 4), "s": floats(3, 2, 5, 4),
             "x2": floats(4, 2, 4, 12), "c2": floats(5, 9, 2), "s2": floats(6, 9, 2),
             "p": np.array([[0, 1, 2, 3], [8, 3, 0, 1]], np.int64)}
    return model(nodes, inputs, [info("y", ["n", 3, 5, 8]), info("y2", [2, "t", 12])], opset=23), [feeds]


def attention():
    """Of tensors of rank 4, with a boolean mask."""
    nodes = [node("Attention", "q k v m", "y")]
    inputs = [info("q", ["n", 4, 5, 8]), info("k", ["n", 4, "t", 8]), info("v", ["n", 4, "t", 6]),
              info("m", [5, "t"], TensorProto.BOOL)]
    feeds = [{"q": floats(1, n, 4, 5, 8), "k": floats(2, n, 4, t, 8), "v": floats(3, n, 4, t, 6),
              "m": np.random.default_rng(t).random((5, t)) < 0.7} for n, t in ((1, 7), (2, 4))]
    for feed in feeds:
        feed["m"][:, 0] = True
    return model(nodes, inputs, [info("y", ["n", 4, 5, 6])], opset=23), feeds


def attention_causal():
    """Of tensors of rank 3, with fewer heads of keys, a cap and a scale."""
    nodes = [node("Attention", "q k v", "y", is_causal=1, q_num_heads=4, kv_num_heads=2,
                  softcap=2.0, scale=0.3)]
    inputs = [info("q", ["n", "t", 32]), info("k", ["n", "t", 16]), info("v", ["n", "t", 12])]
    feeds = [{"q": floats(1, n, t, 32), "k": floats(2, n, t, 16), "v": floats(3, n, t, 12)}
             for n, t in ((1, 6), (3, 1))]
    return model(nodes, inputs, [info("y", ["n", "t", 24])], opset=23), feeds


def attention_cached():
    """Keys and values of before, with an additive mask, and what comes out for the next."""
    nodes = [node("Attention", "q k v m pk pv", "y nk nv")]
    inputs = [info("q", [1, 2, 3, 4]), info("k", [1, 2, 3, 4]), info("v", [1, 2, 3, 4]),
              info("m", [3, 8]), info("pk", [1, 2, 5, 4]), info("pv", [1, 2, 5, 4])]
    feeds = [{name: floats(i, *[d.dim_value for d in value.type.tensor_type.shape.dim])
              for i, (name, value) in enumerate((v.name, v) for v in inputs)}]
    outputs = [info("y", [1, 2, 3, 4]), info("nk", [1, 2, 8, 4]), info("nv", [1, 2, 8, 4])]
    return model(nodes, inputs, outputs, opset=23), feeds


def split_counted():
    """Pieces of a length that is known at run time only; the last is shorter."""
    nodes = [node("Split", "x", "a b c", num_outputs=3), node("ReduceSum", "a axes", "y", keepdims=0),
             node("ReduceSum", "c axes", "z", keepdims=0)]
    axes = constant("axes", [0], np.int64)
    return (model(nodes, [info("x", ["n", 2])], [info("y", [2]), info("z", [2])], [axes], opset=18),
            [{"x": floats(n, n, 2)} for n in (6, 7, 8)])


def patches():
    """The patch embedding of a vision transformer, of any batch."""
    nodes = [node("Conv", "x w b", "c", strides=[4, 4]), node("Reshape", "c s", "f"),
             node("Transpose", "f", "y", perm=[0, 2, 1])]
    constants = [constant("w", floats(1, 16, 3, 4, 4)), constant("b", floats(2, 16)),
                 constant("s", [0, 16, -1], np.int64)]
    return (model(nodes, [info("x", ["n", 3, 16, 8])], [info("y", ["n", 8, 16])], constants, opset=20),
            [{"x": floats(n, n, 3, 16, 8)} for n in (1, 2)])


def conv_groups():
    """Padded, dilated, with strides and in groups, and its transpose."""
    nodes = [node("Conv", "x w b", "c", group=2, pads=[1, 2, 0, 1], dilations=[2, 1], strides=[1, 2]),
             node("ConvTranspose", "c v", "y", group=3, strides=[2, 1], output_padding=[1, 0],
                  pads=[1, 0, 0, 1])]
    constants = [constant("w", floats(1, 6, 2, 3, 3)), constant("b", floats(2, 6)),
                 constant("v", floats(3, 6, 2, 2, 3))]
    return (model(nodes, [info("x", ["n", 4, 9, 8])], [info("y", None)], constants, opset=22),
            [{"x": floats(n, n, 4, 9, 8)} for n in (1, 2)])


def pools():
    """Norms of windows, and of the whole image; the places of maxima, column by column."""
    nodes = [node("LpPool", "x", "a", kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 0, 1], p=3),
             node("LpPool", "x", "b", kernel_shape=[2, 2], p=1), node("GlobalLpPool", "x", "c", p=2),
             node("MaxPool", "x", "d e", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1],
                  ceil_mode=1, storage_order=1),
             node("AveragePool", "x", "f", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
                  ceil_mode=1)]
    outputs = [info(name, None) for name in "abcdf"] + [info("e", None, INT64)]
    return (model(nodes, [info("x", ["n", 3, 7, 8])], outputs, opset=18),
            [{"x": floats(n, n, 3, 7, 8)} for n in (1, 2)])


def blocks():
    """A scale for every two elements of an axis of five, there and back."""
    nodes = [node("QuantizeLinear", "x s z", "q", axis=1, block_size=2),
             node("DequantizeLinear", "q s z", "y", axis=1, block_size=2)]
    constants = [constant("s", np.abs(floats(1, 3, 3, 2)) + 0.1),
                 constant("z", np.random.default_rng(2).integers(0, 200, (3, 3, 2)), np.uint8)]
    return (model(nodes, [info("x", [3, 5, 2])], [info("q", [3, 5, 2], UINT8), info("y", [3, 5, 2])],
                  constants, opset=21), [{"x": floats(3, 3, 5, 2, scale=20)}])


def old_softmax():
    """Before opset 13 everything from the axis on is one."""
    nodes = [node("Softmax", "x", "a", axis=1), node("LogSoftmax", "x", "b", axis=2),
             node("Hardmax", "x", "c", axis=1)]
    outputs = [info(name, ["n", 3, 4, 2]) for name in "abc"]
    return (model(nodes, [info("x", ["n", 3, 4, 2])], outputs, opset=11),
            [{"x": floats(n, n, 3, 4, 2, scale=5)} for n in (1, 3)])


def trigonometry():
    """Angles of many turns, arcs, and hyperbolic functions, small and large."""
    wide = ["Sin", "Cos", "Atan", "Asinh"]
    narrow = ["Asin", "Acos", "Atanh", "Sinh", "Cosh", "Tan"]
    nodes = [node(op, "x", op) for op in wide] + [node(op, "z", op) for op in narrow]
    outputs = [info(op, [506]) for op in wide] + [info(op, [305]) for op in narrow]
    special = np.float32([0, 1e-6, -1e-4, 1, -1, 0.5])
    return (model(nodes, [info("x", [506]), info("z", [305])], outputs, opset=17),
            [{"x": np.concatenate([special, floats(1, 500, scale=scale)]),
              "z": np.concatenate([special[:3], np.float32([0.999, -0.999]),
                                   np.tanh(floats(2, 300, scale=2)) * np.float32(0.999)])}
             for scale in (1, 300, 1e5)])


MODELS = [bitwise, rms_norm, rotary, attention, attention_causal, attention_cached, split_counted,
          patches, conv_groups, pools, blocks, old_softmax, trigonometry]

if __name__ == "__main__":
    sys.exit(main(MODELS))
