# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Signs and quantisers in every spelling, against ONNX Runtime.

    spellings.py WORK [OPTION...]

OPTIONs are bnn-run's. Each spelling stands before a product of its own. What the report says of
the product must be what the list below says, and its numbers must be ONNX Runtime's to the last
bit: all of them are halves of small integers, so that no order of additions matters. Inputs are
at, next to and far from every threshold, among them both zeros and both infinities; and NaN, where
ONNX Runtime makes a number of it. Where it is NaN there, it is the number in the list here.
"""
import json
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

from builder import Graph

HERE = os.path.dirname(os.path.abspath(__file__))
ORT = os.path.join(os.path.dirname(HERE), "e2e", "ort_run.js")
K, N = 8, 5
NAN = None
INT8, INT32, INT64, FLOAT = TensorProto.INT8, TensorProto.INT32, TensorProto.INT64, TensorProto.FLOAT
VECTOR = np.array([0, 0.5, -0.5, 1, 0.25, -2, 0, 3], np.float32)


# Each maker gets the graph and the input. What became of the layer, and the number that NaN stands
# for where ONNX Runtime has none (NAN: ONNX Runtime has one).
SPELLINGS = {}


def spelling(became="1x1", nan=NAN):
    def note(make):
        SPELLINGS[make.__name__] = make, became, nan
        return make
    return note


def compared(operator, swapped=False, negated=False, arms=(1.0, -1.0), level=0.0):
    def make(g, x):
        condition = getattr(g, operator)(*((level, x) if swapped else (x, level)))
        if negated:
            condition = g.Not(condition)
        return g.Where(condition, *arms)
    return make


def plain(name):
    return name.replace(".", "p").replace("-", "m").replace("+", "")


for _operator in ("Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
    for _swapped in (False, True):
        for _negated in (False, True):
            for _arms in ((1.0, -1.0), (-0.5, 0.5), (0.5, 0.0), (0.0, 0.5), (2.0, 0.5)):
                _name = f"{_operator}{_swapped:d}{_negated:d}_{_arms[0]}_{_arms[1]}"
                SPELLINGS[plain(_name)] = (
                    compared(_operator, _swapped, _negated, _arms), "1x1", NAN)
    for _level in (0.3, -1.0, 1e-45, -1e-45, 3e38):
        _name = f"{_operator}_at_{_level}"
        SPELLINGS[plain(_name)] = compared(_operator, level=_level), "1x1", NAN
    SPELLINGS[_operator + "_vector"] = compared(_operator, level=VECTOR), "1x1", NAN
    SPELLINGS[_operator + "_vector_swapped"] = compared(_operator, swapped=True, level=VECTOR), "1x1", NAN


@spelling()
def cast_times_two(g, x):
    return g.Sub(g.Mul(g.Cast(g.GreaterOrEqual(x, 0.0), to=FLOAT), 2.0), 1.0)


@spelling()
def cast_through_int(g, x):
    bits = g.Cast(g.Less(x, 0.25), to=INT64)
    return g.Cast(g.Sub(np.int64(1), g.Mul(bits, np.int64(2))), to=FLOAT)


@spelling()
def difference_of_casts(g, x):
    """ONNX's Sign by two comparisons."""
    return g.Sub(g.Cast(g.Greater(x, 0.0), to=FLOAT), g.Cast(g.Less(x, 0.0), to=FLOAT))


@spelling()
def nested_where(g, x):
    return g.Where(g.Greater(x, 0.0), 1.0, g.Where(g.Less(x, 0.0), -1.0, 0.0))


@spelling()
def hard_tanh_compared(g, x):
    return g.Where(g.GreaterOrEqual(g.Clip(x, -1.0, 1.0), 0.0), 1.0, -1.0)


@spelling()
def min_max_compared(g, x):
    return g.Where(g.Less(g.Min(g.Max(x, -1.0), 1.0), 0.0), -1.0, 1.0)


@spelling()
def relu_compared(g, x):
    return g.Cast(g.Greater(g.Relu(x), 0.0), to=FLOAT)


@spelling()
def rounded_compared(g, x):
    return g.Where(g.Greater(g.Floor(g.Neg(g.Ceil(g.Round(x)))), 0.0), 0.5, -0.5)


@spelling()
def both_comparisons(g, x):
    return g.Where(g.And(g.Greater(x, -0.5), g.GreaterOrEqual(x, 0.0)), 0.5, -0.5)


@spelling(nan=-1)
def sign_of_sign(g, x):
    return g.Sign(g.Add(g.Sign(x), 0.5))


@spelling(nan=-1)
def sign_of_sign_minus(g, x):
    return g.Sign(g.Sub(g.Sign(x), 0.5))


@spelling(nan=0)
def sign_twice(g, x):
    return g.Mul(g.Sign(g.Sign(g.Neg(x))), 0.5)


@spelling()
def sign_of_scaled(g, x):
    """An input of 2^-149 becomes 0 on its way."""
    return g.Where(g.GreaterOrEqual(g.Sign(g.Mul(x, 0.25)), 0.0), 1.0, -1.0)


@spelling(nan=-1)
def steep_clip(g, x):
    """What is between the steps is no f32."""
    return g.Clip(g.Mul(g.Add(g.Mul(x, 3e38), 1e-30), 3e38), -1.0, 1.0)


@spelling(nan=-1)
def round_of_clip(g, x):
    """2 round(clip((x + 1) / 2, 0, 1)) - 1, of hard sigmoids."""
    half = g.Div(g.Add(x, 1.0), 2.0)
    return g.Sub(g.Mul(g.Round(g.Clip(half, 0.0, 1.0)), 2.0), 1.0)


@spelling(nan=-1)
def two_round_minus_one(g, x):
    return g.Add(g.Mul(2.0, g.Round(g.Min(g.Max(x, 0.0), 1.0))), -1.0)


@spelling(nan=0)
def relu_of_sign(g, x):
    return g.Relu(g.Sign(x))


@spelling(nan=0)
def sign_as_bit(g, x):
    """Whatever is not below 0."""
    return g.Ceil(g.Mul(g.Add(g.Sign(x), 1.0), 0.5))


@spelling(nan=0)
def reciprocal(g, x):
    return g.Mul(g.Clip(g.Round(g.Mul(x, 2.0)), -8.0, 7.0), 0.5)


@spelling(nan=0)
def floor_of_half(g, x):
    """Half up, which bnn.quantize is not: it takes what Floor gives."""
    return g.Mul(g.Clip(g.Floor(g.Add(g.Div(x, 0.5), 0.5)), -2.0, 1.0), 0.5)


@spelling(nan=0)
def floor_bit(g, x):
    return g.Clip(g.Floor(g.Add(x, 0.5)), 0.0, 1.0)


@spelling(nan=0)
def min_max(g, x):
    return g.Mul(g.Max(g.Min(g.Round(g.Div(x, 0.25)), 15.0), 0.0), 0.25)


@spelling(nan=0)
def min_max_first(g, x):
    return g.Round(g.Min(3.0, g.Max(x, 0.0)))


@spelling(nan=0)
def ceil_of_half(g, x):
    return g.Clip(g.Ceil(g.Sub(x, 0.5)), -8.0, 7.0)


@spelling(nan=0)
def cast_to_integers(g, x):
    """Exporters of quantisers with integer stores; NaN has no integer."""
    integers = g.Cast(g.Clip(g.Round(g.Div(x, 0.5)), -8.0, 7.0), to=INT8)
    return g.Mul(g.Cast(integers, to=FLOAT), 0.5)


@spelling(nan=0)
def truncated_first(g, x):
    """What a cast to integers gives is whole, and clipped here."""
    return g.Clip(g.Cast(g.Cast(g.Clip(x, -100.0, 100.0), to=INT32), to=FLOAT), -2.0, 1.0)


@spelling(nan=0)
def truncated(g, x):
    """A cast truncates: its steps are those of no rounding to the nearest, and its integers are in a row."""
    return g.Cast(g.Cast(g.Add(g.Clip(x, 0.0, 3.0), 0.5), to=INT32), to=FLOAT)


@spelling(nan=-1)
def two_scales(g, x):
    return g.Mul(g.Mul(g.Sign(g.Sub(g.Sign(x), 0.5)), 0.5), 0.5)


@spelling(nan=0)
def scaled_by_division(g, x):
    return g.Div(g.Neg(g.Sign(x)), 2.0)


@spelling()
def dead_zone(g, x):
    """Three values, of which more than one number gives the middle one."""
    return g.Where(g.Greater(x, 0.5), 1.0, g.Where(g.Less(x, -0.5), -1.0, 0.0))


@spelling()
def nan_is_one(g, x):
    """Sign, but that NaN is 1 in it."""
    return g.Where(g.LessOrEqual(x, 0.0), g.Where(g.Less(x, 0.0), -1.0, 0.0), 1.0)


@spelling()
def not_monotone(g, x):
    return g.Where(g.And(g.Greater(x, -1.0), g.Less(x, 1.0)), 1.0, -1.0)


@spelling()
def not_monotone_bits(g, x):
    return g.Cast(g.Or(g.Greater(x, 1.0), g.Less(x, -0.5)), to=FLOAT)


@spelling()
def two_values_by_a_range(g, x):
    return g.Where(g.And(g.Greater(x, -1.0), g.Less(x, 1.0)), 0.5, 2.0)


@spelling()
def ternary_by_casts(g, x):
    """Two thresholds that are not each other's opposites."""
    return g.Mul(g.Sub(g.Cast(g.Greater(x, 0.75), to=FLOAT), g.Cast(g.Less(x, -0.25), to=FLOAT)), 0.5)


@spelling()
def ternary_by_product(g, x):
    """Signs, and which of them count."""
    sign = g.Where(g.GreaterOrEqual(x, 0.0), 1.0, -1.0)
    return g.Mul(sign, g.Cast(g.Greater(g.Abs(x), 0.5), to=FLOAT))


@spelling(nan=0)
def rounded_by_a_sum(g, x):
    """What is left of a number beside 1.5 * 2^23 is whole: no straight-through estimator."""
    return g.Clip(g.Sub(g.Add(x, 12582912.0), 12582912.0), -2.0, 1.0)


@spelling(nan=0)
def rounded_by_a_difference(g, x):
    return g.Clip(g.Add(g.Sub(x, 12582912.0), 12582912.0), -2.0, 1.0)


@spelling(nan=-1)
def hard_sigmoid(g, x):
    return g.Sub(g.Mul(g.Round(g.HardSigmoid(x, alpha=0.5, beta=0.5)), 2.0), 1.0)


@spelling(nan=0)
def hard_sigmoid_falling(g, x):
    return g.Sub(g.Ceil(g.HardSigmoid(x, alpha=-0.5, beta=0.25)), 1.0)


@spelling(nan=-1)
def zero_point(g, x):
    """Sixteen integers of which three are below 0."""
    return g.Mul(g.Sub(g.Clip(g.Add(g.Round(g.Div(x, 0.5)), 3.0), 0.0, 15.0), 3.0), 0.5)


@spelling(nan=0)
def symmetric(g, x):
    return g.Mul(g.Clip(g.Round(g.Div(x, 0.5)), -7.0, 7.0), 0.5)


@spelling(nan=0)
def multiplied_by_fifteen(g, x):
    """As DoReFa-Net has it, whose thresholds are those of no division."""
    return g.Mul(g.Round(g.Mul(g.Clip(x, 0.0, 1.0), 15.0)), 0.5)


@spelling(nan=0)
def three_levels(g, x):
    return g.Clip(g.Round(x), 0.0, 2.0)


@spelling(nan=1)
def two_to_five(g, x):
    return g.Add(g.Clip(g.Floor(x), 0.0, 3.0), 2.0)


@spelling(nan=0)
def rounded_to_ternary(g, x):
    return g.Clip(g.Round(x), -1.0, 1.0)


@spelling(nan=0)
def signs_side_by_side(g, x):
    """Of two parts of the input, in two spellings."""
    first, second = (g.Slice(x, np.int64([at]), np.int64([at + 4]), np.int64([1])) for at in (0, 4))
    return g.Concat(g.Sign(first), g.Neg(g.Sign(second)), axis=1)


@spelling(nan=0)
def divided_by_token(g, x):
    first = g.Slice(x, np.int64([0]), np.int64([1]), np.int64([1]))
    return g.Div(g.Sign(x), g.Where(g.Greater(first, 0.0), 2.0, 0.5))


@spelling(became="1xf32")
def four_values(g, x):
    inner = g.Where(g.Greater(x, 0.0), 0.5, 1.0)
    return g.Where(g.And(g.Greater(x, -1.0), g.Less(x, 1.0)), inner, g.Where(g.Greater(x, 0.0), 3.0, 0.25))


@spelling(became="1xf32")
def clipped(g, x):
    return g.Clip(x, -1.0, 1.0)


def build(weights):
    g = Graph()
    outputs = []
    for name, (make, _, _) in SPELLINGS.items():
        g.scope = name
        value = make(g, "x")
        g.nodes.append(helper.make_node("MatMul", [value, g.value(weights)], [name], name=name))
        outputs.append(helper.make_tensor_value_info(name, FLOAT, ["n", N]))
    graph = helper.make_graph(g.nodes, "spellings", [helper.make_tensor_value_info("x", FLOAT, ["n", K])], outputs,
                              g.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)


def inputs(rng):
    """Rows of what is near a threshold, of what is far, and of NaN."""
    levels = np.array([0, 0.25, 0.3, 0.5, 0.75, 1, 1.25, 1.5, 2.5, 3, 3.5, 1e-45, 1e-30, 3e38, np.inf], np.float32)
    with np.errstate(all="ignore"):
        near = np.concatenate([levels, np.nextafter(levels, np.float32(9)), np.nextafter(levels, np.float32(-9))])
    near = np.concatenate([near, -near]).astype(np.float32)
    values = np.repeat(near[:, None], K, 1)
    mixed = rng.choice(near, (40, K))
    plain = rng.standard_normal((40, K)) * 3
    return np.concatenate([values, mixed, plain, np.full((1, K), np.nan)]).astype(np.float32)


def check(name, got, expected, weights):
    _, _, nan = SPELLINGS[name]
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    if name == "clipped":  # Sums of what is next to 0, in another order.
        same |= np.abs(got - expected) < 1e-44
    wrong = np.flatnonzero(~same[:-1].all(-1))
    if wrong.size:
        return f"{name}: {wrong.size} rows differ, the first is {wrong[0]}: {got[wrong[0]]}, not {expected[wrong[0]]}"
    if nan is NAN:
        # Infinities and NaN of a layer that stays f32 are compared as well.
        return "" if same[-1].all() else f"{name}: NaN gives {got[-1]}, not {expected[-1]}"
    # What the numbers next to it become, times the scale, is a multiple of this.
    ratio = np.unique(got[-1] / weights.sum(0))
    if len(ratio) != 1 or np.sign(ratio[0]) != np.sign(nan):
        return f"{name}: NaN stands for {ratio}, not for {nan}"
    return ""


def main():
    work, *options = sys.argv[1:]
    rng = np.random.default_rng(7)
    signs = rng.choice([-1, 1], (K, N))
    signs[0] = np.where(signs[1:].sum(0) == 1, 1, signs[0])
    weights = (signs * np.float32(0.5)).astype(np.float32)
    weights[:, weights.sum(0) == 0] = 0.5
    path = os.path.join(work, "spellings.onnx")
    onnx.save(build(weights), path)
    np.save(os.path.join(work, "x.npy"), inputs(rng))
    feed = "x=" + os.path.join(work, "x.npy")
    subprocess.run(["node", ORT, path, feed, os.path.join(work, "expected")], check=True)
    subprocess.run(["bnn-run", path, "--input", feed, "--output-dir", os.path.join(work, "got"), *options], check=True,
                   stdout=subprocess.DEVNULL)
    report = json.loads(subprocess.run(["bnn-opt", path, "--report=json"], check=True, stdout=subprocess.PIPE).stdout)
    became = {layer["name"]: (layer["became"], layer["reason"]) for layer in report["layers"]}
    failures = 0
    for name, (_, expected, _) in SPELLINGS.items():
        say, reason = became[name]
        few = expected == "1x1" and say in ("1x1", "1x2", "1x4")
        errors = [] if few or say == expected else [f"{name}: became {say}, not {expected}: {reason}"]
        got, want = (np.load(os.path.join(work, folder, name + ".npy")) for folder in ("got", "expected"))
        errors.append(check(name, got, want, weights))
        for error in filter(None, errors):
            print("FAILED", error)
            failures += 1
    print(f"{len(SPELLINGS)} spellings, {failures} failures")


main()
