# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that ONNX's own node tests leave out, against ONNX Runtime.

    operators.py WORK [NAME...]

As models.py does for its models.
"""
import sys

import numpy as np
from onnx import TensorProto

from models import floats, info, main, model, node


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


MODELS = [bitwise, rms_norm]

if __name__ == "__main__":
    sys.exit(main(MODELS))
