# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Binary layers whose weights have zeros and whose scales stand elsewhere, against ONNX Runtime.

    layers.py WORK [OPTION...]

OPTIONs are bnn-run's. Each layer is one of the model: what the report says of it and how many bytes
its weights take must be what the list says, and its numbers ONNX Runtime's to the last bit. All are
halves of small integers, but those of attention and of weights that rounding left in several
magnitudes.
"""
import json
import os
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

from builder import Graph

HERE = os.path.dirname(os.path.abspath(__file__))
ORT = os.path.join(os.path.dirname(HERE), "e2e", "ort_run.js")
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
B, S, K, N, VOCABULARY = 2, 6, 40, 24, 70
RNG = np.random.default_rng(11)


def weights(shape=(K, N), magnitude=0.5):
    return np.where(RNG.random(shape) < 0.5, magnitude, -magnitude).astype(np.float32)


def with_zeros(w, *places):
    w = w.copy()
    for place in places:
        w[place] = 0
    return w


TERNARY = weights() * (RNG.random((K, N)) < 0.6).astype(np.float32)
BIAS = (RNG.integers(-4, 5, N) / 2).astype(np.float32)

# name -> maker, what it became, what the reason has in it.
LAYERS = {}


def layer(became="1x1", reason=""):
    def note(make):
        LAYERS[make.__name__] = make, became, reason
        return make
    return note


@layer()
def output_of_zeros(g, x):
    """A pruned unit: its scale is 0."""
    return g.MatMul(g.Sign(x), with_zeros(weights(), (slice(None), 3)))


@layer("1xf32", "no sign or quantiser")
def output_of_zeros_real(g, x):
    return g.MatMul(x, with_zeros(weights(), (slice(None), 3)))


@layer(reason="1 of the 960 weights are 0")
def one_zero(g, x):
    return g.Add(g.MatMul(g.Sign(x), with_zeros(weights(), (7, 5))), BIAS)


@layer(reason="2 of the 960 weights are 0")
def two_zeros_and_an_output(g, x):
    return g.MatMul(g.Where(g.GreaterOrEqual(x, 0.0), 1.0, -1.0), with_zeros(weights(), (7, 5), (8, 5), (slice(None), 2)))


@layer(reason="weights are 0")
def ternary(g, x):
    return g.MatMul(g.Sign(x), TERNARY)


@layer("1x4", reason="weights are 0")
def ternary_of_integers(g, x):
    """With a minimum, which is added to each of the inputs."""
    integers = g.Clip(g.Round(g.Div(g.Sub(x, -1.0), 0.5)), 0.0, 15.0)
    return g.Add(g.MatMul(g.Add(g.Mul(integers, 0.5), -1.0), TERNARY), BIAS)


@layer(reason="weights are 0")
def ternary_of_bits(g, x):
    """Two values, neither of them 0."""
    return g.MatMul(g.Where(g.Less(x, 0.25), 0.5, 2.0), TERNARY)


@layer("float", "three distinct values")
def ternary_real(g, x):
    return g.MatMul(x, TERNARY)


@layer(reason="units in the last place apart")
def residue_of_weights(g, x):
    """sign(w) s - clip(w) + clip(w) in f32."""
    latent = (RNG.standard_normal((K, N)) * 0.4).astype(np.float32)
    clipped = np.clip(latent, -1, 1)
    return g.MatMul(g.Sign(x), (np.sign(latent) * np.float32(0.0372) - clipped) + clipped)


@layer(reason="straight-through")
def residue_of_inputs(g, x):
    clipped = g.Clip(x, -1.0, 1.0)
    return g.MatMul(g.Mul(g.Add(clipped, g.Sub(g.Sign(x), clipped)), 0.5), weights())


@layer(reason="straight-through")
def residue_of_itself(g, x):
    return g.MatMul(g.Add(g.Sub(g.Where(g.Greater(x, 0.0), 1.0, -1.0), x), x), weights())


def rows(g, x):
    return g.Reshape(x, np.array([-1, K]))


@layer()
def gemm_factors(g, x):
    return g.Gemm(g.Sign(rows(g, x)), weights(), BIAS, alpha=0.25, beta=2.0)


@layer()
def gemm_transposed(g, x):
    flipped = g.Transpose(g.Reshape(x, np.array([B * S, K])), perm=[1, 0])
    return g.Gemm(g.Sign(g.Add(flipped, 0.5)), weights((N, K)), BIAS, transA=1, transB=1, alpha=2.0)


@layer()
def gemm_transposed_compared(g, x):
    flipped = g.Transpose(g.Reshape(x, np.array([B * S, K])), perm=[1, 0])
    return g.Gemm(g.Where(g.Greater(flipped, 0.5), 0.5, -0.5), weights(), transA=1)


@layer("1xf32", "no sign")
def gemm_real(g, x):
    return g.Gemm(rows(g, x), weights(), BIAS)


@layer("float", "no sign")
def gemm_real_factors(g, x):
    return g.Gemm(rows(g, x), weights(), BIAS, alpha=0.5, beta=2.0)


@layer("float", "distinct magnitudes")
def gemm_real_weights_factors(g, x):
    return g.Gemm(g.Sign(rows(g, x)), (RNG.integers(-9, 9, (K, N)) / 2).astype(np.float32), BIAS, alpha=0.5)


@layer()
def scale_after_reshape(g, x):
    return g.MatMul(g.Mul(rows(g, g.Sign(x)), 0.5), weights())


@layer()
def scales_around_transpose(g, x):
    signs = g.Mul(g.Sign(g.Transpose(x, perm=[1, 2, 0])), 0.5)
    return g.MatMul(g.Div(g.Mul(g.Transpose(signs, perm=[2, 0, 1]), 4.0), 2.0), weights())


@layer()
def halves_of_split(g, x):
    first, _ = g.Split(g.Where(g.Less(x, 0.5), -1.0, 1.0), np.array([K // 2, K // 2]), results=2, axis=2)
    return g.MatMul(g.Unsqueeze(first, np.array([0])), weights((K // 2, N)))


@layer()
def scale_of_rows(g, x):
    """One scale for each token, computed from it."""
    scale = g.Reciprocal(g.Add(g.Mul(g.ReduceMax(g.Sign(g.Abs(x)), axes=[-1], keepdims=1), 2.0), 2.0))
    return g.Add(g.MatMul(g.Mul(g.Sign(x), scale), weights()), BIAS)


@layer()
def constant_scale_of_rows(g, x):
    scale = (RNG.integers(1, 5, (1, S, 1)) / 2).astype(np.float32)
    return g.MatMul(g.Mul(scale, g.Mul(g.Where(g.Greater(x, 0.0), 1.0, -1.0), 0.5)), weights())


@layer("float", "differs from channel to channel")
def scale_of_channels(g, x):
    return g.MatMul(g.Mul(g.Sign(x), np.arange(1, K + 1, dtype=np.float32)), TERNARY)


def table(*places):
    w = weights((VOCABULARY, 48))
    w[4] = 0
    return with_zeros(w * (1 + np.arange(VOCABULARY, dtype=np.float32))[:, None], *places)


@layer()
def embedding(g, _):
    return g.Gather(table(), "ids")


@layer(reason="1 of the 3360 weights are 0")
def embedding_one_zero(g, _):
    return g.Gather(table((9, 40)), "ids")


@layer(reason="5 of the 3360 weights are 0")
def embedding_zeros(g, _):
    return g.Gather(table((9, 40), (9, 41), (0, 0), (VOCABULARY - 1, 47), (30, 33)), "ids")


@layer(reason="weights are 0")
def embedding_ternary(g, _):
    return g.Gather(table() * (RNG.random((VOCABULARY, 48)) < 0.5).astype(np.float32), "ids")


HEADS = 4


def attention(g, x, sign, factor=1.0):
    """Attention of `x` to itself; `sign` gets the graph, its argument, and the axes of the heads if it is
    to split them itself."""
    def heads(perm):
        return sign(g, x, lambda y: g.Transpose(g.Reshape(y, np.array([0, 0, HEADS, K // HEADS])), perm=perm))
    scores = g.Mul(g.MatMul(heads([0, 2, 1, 3]), heads([0, 2, 3, 1])), factor)
    bits = g.Clip(g.Round(g.Div(g.Softmax(scores, axis=-1), 0.3)), 0.0, 1.0)
    context = g.MatMul(g.Mul(bits, 0.3), heads([0, 2, 1, 3]))
    return g.Reshape(g.Transpose(context, perm=[0, 2, 1, 3]), np.array([0, 0, K]))


@layer()
def attention_compared(g, x):
    return attention(g, x, lambda g, x, split: g.Where(g.GreaterOrEqual(split(x), 0.0), 1.0, -1.0), 0.5)


@layer()
def attention_cast_and_threshold(g, x):
    return attention(g, x, lambda g, x, split: g.Sub(g.Cast(g.Greater(split(x), 0.3), to=FLOAT), 0.5), 2.0)


@layer()
def attention_roots(g, x):
    """The root of 1 / d by halves, on query and key, behind other scales."""
    return attention(g, x, lambda g, x, split: g.Mul(g.Mul(g.Sign(split(x)), 0.5), float(np.float32(10 ** -0.25))), 4.0)


@layer(reason="straight-through")
def attention_residue(g, x):
    def sign(g, x, split):
        y = split(x)
        clipped = g.Clip(y, -1.0, 1.0)
        return g.Add(g.Sub(g.Sign(y), clipped), clipped)
    return attention(g, x, sign, 0.5)


@layer()
def attention_split_later(g, x):
    """Signs with a shift for each channel, and then heads."""
    shift = (np.arange(K) % 5 / 4 - 0.5).astype(np.float32)
    return attention(g, x, lambda g, x, split: split(g.Mul(g.Where(g.Less(x, shift), -1.0, 1.0), 0.5)), 2.0)


@layer("float", "unsigned|no sign or quantiser before the value")
def attention_of_bits(g, x):
    return attention(g, x, lambda g, x, split: g.Cast(g.Greater(split(x), 0.0), to=FLOAT), 0.5)


def build():
    g, outputs = Graph(), []
    for name, (make, _, _) in LAYERS.items():
        first = len(g.nodes)
        value = make(g, "x")
        # The layer is attention, or the last product or look-up.
        kinds = [("Softmax",), ("MatMul", "Gemm", "Gather")]
        owner = next(found[-1] for kind in kinds
                     if (found := [node for node in g.nodes[first:] if node.op_type in kind]))
        owner.name = name
        g.nodes.append(helper.make_node("Identity", [value], [name]))
        outputs.append(helper.make_tensor_value_info(name, FLOAT, None))
    inputs = [helper.make_tensor_value_info("x", FLOAT, [B, S, K]), helper.make_tensor_value_info("ids", INT64, [B, "n"])]
    graph = helper.make_graph(g.nodes, "layers", inputs, outputs, g.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main():
    work, *options = sys.argv[1:]
    path = os.path.join(work, "layers.onnx")
    onnx.save(build(), path)
    x = (RNG.integers(-6, 7, (B, S, K)) / 4).astype(np.float32)
    ids = np.concatenate([np.arange(VOCABULARY), -1 - np.arange(VOCABULARY)]).reshape(B, -1)
    for name, value in (("x", x), ("ids", ids)):
        np.save(os.path.join(work, name + ".npy"), value)
    feeds = [f"{name}={os.path.join(work, name)}.npy" for name in ("x", "ids")]
    subprocess.run(["node", ORT, path, *feeds, os.path.join(work, "expected")], check=True)
    subprocess.run(["bnn-run", path, *("--input=" + feed for feed in feeds), "--output-dir", os.path.join(work, "got"),
                    *options], check=True, stdout=subprocess.DEVNULL)
    report = json.loads(subprocess.run(["bnn-opt", path, "--report=json"], check=True, stdout=subprocess.PIPE).stdout)
    records = {record["name"]: record for record in report["layers"]}
    failures = []
    for name, (_, became, reason) in LAYERS.items():
        record = records[name]
        if record["became"] != became or not re.search(reason, record["reason"]) or bool(reason) != bool(record["reason"]):
            failures.append(f"{name}: became {record['became']}: {record['reason']}")
        got, expected = (np.load(os.path.join(work, folder, name + ".npy")) for folder in ("got", "expected"))
        tolerance = 2e-5 if "residue" in name else 1e-6 if "attention" in name else 0
        if got.shape != expected.shape or not (np.abs(got - expected) <= tolerance).all():
            failures.append(f"{name}: off by up to {np.abs(got - expected).max()}")
    # Bits and scales, and for each row with a zero a row more.
    for name, most in (("embedding", 1 / 8), ("embedding_one_zero", 1 / 8), ("embedding_ternary", 1 / 6)):
        if records[name]["bytes_after"] > records[name]["bytes_before"] * most:
            failures.append(f"{name}: {records[name]['bytes_after']} bytes")
    for failure in failures:
        print("FAILED", failure)
    print(f"{len(LAYERS)} layers, {len(failures)} failures")


main()
