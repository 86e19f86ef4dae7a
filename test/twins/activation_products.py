# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of products of two activations of bytes, as attention has them, and what NumPy makes of them."""
import numpy as np

from modules import Module, assert_same, shape_type

# Heads and channels of each: rests of words, of panels, and none.
SIZES = [(1, 1), (2, 3), (3, 16), (2, 26), (1, 33), (2, 64), (1, 130)]
# (signed, zero point) of both factors.
FACTORS = [((False, 0), (True, 0)), ((False, 130), (False, 127)), ((True, -3), (True, 5)), ((True, 0), (False, 128)),
           ((True, -128), (True, 127)), ((False, 255), (True, -128)), ((False, 0), (False, 0))]


def whole_numbers(signed):
    """Numbers of bytes as f32; the first token's are the farthest from 0, as are some others."""
    least, most = (-128, 127) if signed else (0, 255)

    def some(rng, shape):
        x = rng.integers(least, most + 1, shape).astype(np.float32)
        x[:, 0] = most if not signed or rng.random() < 0.5 else least
        return x
    return some


def numbers(m, name, dims, factor, order=None):
    """The input as bytes, moved, less the zero point: an i32."""
    signed, point = factor
    element = "i8" if signed else "ui8"
    value = m.value(f"onnx.Cast %{name} : ({shape_type(dims, 'f32')}) -> {shape_type(dims, element)}", "q")
    if order:
        moved = tuple(dims[axis] for axis in order)
        value = m.value(f"onnx.Transpose {value} {{perm = array<i64: {', '.join(map(str, order))}>}} : "
                        f"({shape_type(dims, element)}) -> "
                        f"{shape_type(moved, element)}", "t")
        dims = moved
    wide = shape_type(dims, "i32")
    value = m.value(f"onnx.Cast {value} : ({shape_type(dims, element)}) -> {wide}", "x")
    if not point:
        return value, wide
    zero = m.value(f"onnx.Constant {{value = dense<{point}> : tensor<i32>}} : () -> tensor<i32>", "z")
    return m.value(f"onnx.Sub {value}, {zero} : ({wide}, tensor<i32>) -> {wide}", "n"), wide


def multiply(m, left, right, dims):
    return m.value(f"onnx.MatMul {left[0]}, {right[0]} : ({left[1]}, {right[1]}) -> {shape_type(dims, 'i32')}", "y")


def integers(x, factor):
    return x.astype(np.int64) - factor[1]


def scores(m, heads, channels, factors):
    dims, out = ("batch", "tokens", heads, channels), ("batch", heads, "tokens", "tokens")
    names = [m.input("f32", dims, whole_numbers(signed)) for signed, _ in factors]
    left, right = (numbers(m, name, dims, factor, order)
                   for name, factor, order in zip(names, factors, ((0, 2, 1, 3), (0, 2, 3, 1))))
    value = multiply(m, left, right, out)

    def check(feeds, got):
        expected = np.einsum("bmhk,bnhk->bhmn", *(integers(feeds[n], f) for n, f in zip(names, factors)))
        assert_same(got, expected.astype(np.int32), "the scores")
    m.output(value, "i32", out, check)


def contexts(m, heads, channels, factors):
    """Written where the heads of a token lie side by side."""
    left_dims, dims = ("batch", heads, "tokens", "tokens"), ("batch", "tokens", heads, channels)
    between = ("batch", heads, "tokens", channels)
    names = [m.input("f32", d, whole_numbers(signed)) for d, (signed, _) in zip((left_dims, dims), factors)]
    left, right = (numbers(m, name, d, factor, order)
                   for name, d, factor, order in zip(names, (left_dims, dims), factors, (None, (0, 2, 1, 3))))
    value = multiply(m, left, right, between)
    value = m.value(f"onnx.Transpose {value} {{perm = array<i64: 0, 2, 1, 3>}} : ({shape_type(between, 'i32')}) -> "
                    f"{shape_type(dims, 'i32')}", "t")

    def check(feeds, got):
        expected = np.einsum("bhmk,bkhn->bmhn", *(integers(feeds[n], f) for n, f in zip(names, factors)))
        assert_same(got, expected.astype(np.int32), "the contexts")
    m.output(value, "i32", dims, check)


def module(number, most_tokens):
    """`number` shifts which sizes meet which factors."""
    m = Module("products", np.random.default_rng([20, number]))
    m.maxima = {"batch": 2, "tokens": most_tokens}
    for i, (heads, channels) in enumerate(SIZES):
        scores(m, heads, channels, FACTORS[(i + number) % len(FACTORS)])
        contexts(m, heads, channels, FACTORS[(i + number + 3) % len(FACTORS)])
    return m
