# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bnn.prune: what it cuts, what the compiler and ONNX Runtime make of that, and what it refuses."""
import itertools
import json
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import numpy_helper, parser  # noqa: E402

import bnn  # noqa: E402
from bnn.graphs import files  # noqa: E402
from bnn.graphs.calibration import Data, Probe  # noqa: E402
from bnn.graphs.graph import Graph  # noqa: E402
from bnn.prune import (PruneError, clocks, latency, page, record, refit, report,  # noqa: E402
                       score, search, style, work)
from bnn.prune.__main__ import main  # noqa: E402
from bnn.prune.flow import consumers  # noqa: E402
from bnn.prune.layout import Layout, reshaped  # noqa: E402
from bnn.prune.positions import Positions  # noqa: E402
from bnn.prune.scoring import Scoring  # noqa: E402
from bnn.wordpiece import Tokenizer  # noqa: E402

HIDDEN, HEADS, FFN, VOCABULARY, POSITIONS = 16, 4, 32, 40, 10
SIZE = HIDDEN // HEADS
OPTIONS = {"group": None, "seed": 0, "batch": 16, "logits": None, "mask": None, "leave": "mean"}


class Encoder:
    """A BERT of `layers` layers as text. `kind` is how its linears are written: "float", "bits"
    (BiPFT's, with its weights' mean and scale in the graph), "unsigned" (BiT's, of which the second
    linears read 0 and 1), "dynamic" (ONNX Runtime's 8-bit integers) or "qat" (torch's, with inputs
    of 7 bits); `shapes` how heads are split and joined: "zero", "concat" or "fused"; or "flat",
    where the attention's result is added to all tokens in a row."""

    def __init__(self, kind="float", layers=2, shapes="zero", seed=1):
        self.kind, self.shapes, self.rng = kind, shapes, np.random.default_rng(seed)
        self.lines, self.arrays = [], {}
        self.arrays["words"] = self.rng.standard_normal((VOCABULARY, HIDDEN))
        self.say("x = Gather(words, ids)", "bits = Cast<to = 1>(mask)", "off = Sub(one, bits)",
                 "flat = Mul(off, far)", "shade = Unsqueeze(flat, middle)")
        x = "x"
        for i in range(layers):
            x = self.layer(f"l{i}_", x)
        self.say(f"first = Gather<axis = 1>({x}, zero)", "logits = Gemm(first, class_w, class_b)")
        self.arrays["class_w"] = self.rng.standard_normal((HIDDEN, 3))
        self.arrays["class_b"] = self.rng.standard_normal(3)

    def say(self, *lines):
        self.lines += lines

    def linear(self, name, x, inputs, outputs):
        """A line or some, and the weights; the result is `name`."""
        w = self.rng.standard_normal((inputs, outputs)) / inputs ** 0.5
        self.arrays[f"{name}_b"] = 0.3 * self.rng.standard_normal(outputs)
        if self.kind == "float":
            self.arrays[f"{name}_w"] = w
            self.say(f"{name}_p = MatMul({x}, {name}_w)")
        elif self.kind == "dynamic":
            self.arrays[f"{name}_w"] = np.clip(np.rint(w * 60), -127, 127).astype(np.int8)
            self.say(f"{name}_q, {name}_s, {name}_z = DynamicQuantizeLinear({x})",
                     f"{name}_i = MatMulInteger({name}_q, {name}_w, {name}_z)",
                     f"{name}_f = Cast<to = 1>({name}_i)", f"{name}_m = Mul({name}_s, sixtieth)",
                     f"{name}_p = Mul({name}_f, {name}_m)")
        elif self.kind == "qat":
            self.arrays[f"{name}_w"] = w.T
            self.arrays[f"{name}_s"] = np.abs(w).max(axis=0) / 127
            self.arrays[f"{name}_z"] = np.zeros(outputs, np.int8)
            self.say(f"{name}_q = QuantizeLinear<axis = 0>({name}_w, {name}_s, {name}_z)",
                     f"{name}_dq = DequantizeLinear<axis = 0>({name}_q, {name}_s, {name}_z)",
                     f"{name}_t = Transpose<perm = [1, 0]>({name}_dq)",
                     f"{name}_xq = QuantizeLinear({x}, sixtieth, middling)",
                     f"{name}_xc = Clip({name}_xq, , seven_bits)",
                     f"{name}_x = DequantizeLinear({name}_xc, sixtieth, middling)",
                     f"{name}_p = MatMul({name}_x, {name}_t)")
        else:
            self.arrays[f"{name}_w"] = w.T
            self.arrays[f"{name}_move"] = 0.5 * self.rng.standard_normal(inputs)
            self.say(f"{name}_mean = ReduceMean<keepdims = 0>({name}_w)",
                     f"{name}_c = Sub({name}_w, {name}_mean)", f"{name}_d = Sign({name}_c)",
                     f"{name}_e = Mul({name}_d, scale)",
                     f"{name}_t = Transpose<perm = [1, 0]>({name}_e)",
                     f"{name}_shape = Shape({x})", f"{name}_g = Expand({name}_move, {name}_shape)",
                     f"{name}_h = Add({x}, {name}_g)")
            if self.kind == "unsigned" and name.endswith("down"):
                self.say(f"{name}_k = Div({name}_h, alpha)", f"{name}_n = Round({name}_k)",
                         f"{name}_i = Clip({name}_n, none, one)")
            else:
                self.say(f"{name}_i = Sign({name}_h)")
            self.say(f"{name}_j = Mul({name}_i, alpha)", f"{name}_p = MatMul({name}_j, {name}_t)")
        self.say(f"{name} = Add({name}_p, {name}_b)")

    def split(self, name, x, order):
        if self.shapes == "concat":
            self.say(f"{name}_size = Shape({x})", f"{name}_n = Gather({name}_size, zero)",
                     f"{name}_l = Gather({name}_size, two_)",
                     f"{name}_un = Unsqueeze({name}_n, front)",
                     f"{name}_ul = Unsqueeze({name}_l, front)",
                     f"{name}_to = Concat<axis = 0>({name}_un, {name}_ul, heads, size)",
                     f"{name}_r = Reshape({x}, {name}_to)")
        else:
            self.say(f"{name}_r = Reshape({x}, split)")
        self.say(f"{name}_split = Transpose<perm = {order}>({name}_r)")

    def layer(self, p, x):
        if self.shapes == "fused":
            self.linear(f"{p}qkv", x, HIDDEN, 3 * HIDDEN)
            self.say(f"{p}q, {p}k, {p}v = Split<axis = -1>({p}qkv, thirds)")
        else:
            for name in "qkv":
                self.linear(f"{p}{name}", x, HIDDEN, HIDDEN)
        self.split(f"{p}q", f"{p}q", [0, 2, 1, 3])
        self.split(f"{p}k", f"{p}k", [0, 2, 3, 1])
        self.split(f"{p}v", f"{p}v", [0, 2, 1, 3])
        self.say(f"{p}qk = MatMul({p}q_split, {p}k_split)", f"{p}s0 = Mul({p}qk, half)",
                 f"{p}s1 = Add({p}s0, shade)", f"{p}soft = Softmax<axis = -1>({p}s1)",
                 f"{p}pv = MatMul({p}soft, {p}v_split)",
                 f"{p}c0 = Transpose<perm = [0, 2, 1, 3]>({p}pv)", f"{p}c = Reshape({p}c0, join)")
        self.linear(f"{p}o", f"{p}c", HIDDEN, HIDDEN)
        if self.shapes == "flat":
            self.say(f"{p}x_flat = Reshape({x}, flat_)", f"{p}o_flat = Reshape({p}o, flat_)",
                     f"{p}a_flat = Add({p}o_flat, {p}x_flat)", f"{p}whole = Shape({x})",
                     f"{p}a0 = Reshape({p}a_flat, {p}whole)")
        else:
            self.say(f"{p}a0 = Add({p}o, {x})")
        self.norm(f"{p}a", f"{p}a0")
        self.linear(f"{p}up", f"{p}a", HIDDEN, FFN)
        self.say(f"{p}g = Relu({p}up)")
        self.linear(f"{p}down", f"{p}g", FFN, HIDDEN)
        self.say(f"{p}b0 = Add({p}down, {p}a)")
        self.norm(f"{p}b", f"{p}b0")
        return f"{p}b"

    def norm(self, name, x):
        self.say(f"{name}_mu = ReduceMean<axes = [-1]>({x})", f"{name}_y = Sub({x}, {name}_mu)",
                 f"{name}_y2 = Mul({name}_y, {name}_y)",
                 f"{name}_var = ReduceMean<axes = [-1]>({name}_y2)",
                 f"{name}_v1 = Add({name}_var, eps)", f"{name}_sd = Sqrt({name}_v1)",
                 f"{name} = Div({name}_y, {name}_sd)")

    def model(self, results="float[batch, 3] logits", **changed):
        head = f"""<ir_version: 8, opset_import: ["" : 13, "com.microsoft" : 1]>
            encoder (int64[batch, length] ids, int64[batch, length] mask) => ({results})
            <float eps = {{0.00001}}, float one = {{1.0}}, float far = {{-10000.0}},
             float half = {{0.5}}, float sixtieth = {{0.0166667}}, float scale = {{0.2}},
             uint8 middling = {{60}}, uint8 seven_bits = {{127}}, float alpha = {{0.8}},
             int64[4] split = {{0, 0, {HEADS}, {SIZE}}},
             float none = {{0}}, int64[2] flat_ = {{-1, {HIDDEN}}},
             int64[3] join = {{0, 0, -1}}, int64[2] middle = {{1, 2}}, int64 zero = {{0}},
             int64 two_ = {{1}}, int64[1] front = {{0}}, int64[1] heads = {{{HEADS}}},
             int64[1] size = {{{SIZE}}}, int64[3] thirds = {{{HIDDEN}, {HIDDEN}, {HIDDEN}}}>"""
        proto = parser.parse_model(head + "{\n" + "\n".join(self.lines) + "\n}")
        for name, array in {**self.arrays, **changed}.items():
            array = np.asarray(array)
            if array.dtype == np.float64:
                array = array.astype(np.float32)
            proto.graph.initializer.append(numpy_helper.from_array(array, name))
        onnx.checker.check_model(proto)
        return proto


class Fused(Encoder):
    """As ONNX Runtime's optimiser writes such an encoder, and its quantiser the second layer of that:
    attention is one node, and much is done together with what stands beside it."""

    def __init__(self):
        super().__init__(layers=2)
        self.lines.insert(0, "seen = Cast<to = 6>(mask)")
        self.arrays.update(gamma=np.ones(HIDDEN), beta=np.zeros(HIDDEN))

    def weights(self, name, inputs, outputs, columns):
        w = self.rng.standard_normal((inputs, outputs)) / inputs ** 0.5
        self.arrays[f"{name}_b"] = 0.3 * self.rng.standard_normal(outputs)
        if name.startswith("l0"):
            self.arrays[f"{name}_w"] = w
            return
        size = (outputs,) if columns else ()
        self.arrays[f"{name}_ws"] = np.full(size, 1 / 60) * self.rng.uniform(0.9, 1.1, size)
        self.arrays[f"{name}_w"] = np.clip(np.rint(w * 60) + 128, 0, 255).astype(np.uint8)
        self.arrays[f"{name}_wz"] = self.rng.integers(120, 136, size).astype(np.uint8)

    def layer(self, p, x):
        for name, sizes, columns in (("qkv", (HIDDEN, 3 * HIDDEN), True),
                                     ("o", (HIDDEN, HIDDEN), False), ("up", (HIDDEN, FFN), True),
                                     ("down", (FFN, HIDDEN), True)):
            self.weights(p + name, *sizes, columns)
        if p == "l0_":
            self.arrays[f"{p}o_w"] = self.arrays[f"{p}o_w"].T
            self.say(f"""{p}c = com.microsoft.Attention<num_heads = {HEADS}>
                             ({x}, {p}qkv_w, {p}qkv_b, seen)
                         {p}o_p = com.microsoft.FusedMatMul<transB = 1>({p}c, {p}o_w)
                         {p}a = com.microsoft.SkipLayerNormalization
                             ({p}o_p, {x}, gamma, beta, {p}o_b)
                         {p}up_p = MatMul({p}a, {p}up_w)
                         {p}g = com.microsoft.BiasGelu({p}up_p, {p}up_b)
                         {p}down_p = MatMul({p}g, {p}down_w)
                         {p}b = com.microsoft.SkipLayerNormalization
                             ({p}down_p, {p}a, gamma, beta, {p}down_b)""")
        else:
            self.say(f"""{p}xq, {p}xs, {p}xz = DynamicQuantizeLinear({x})
                         {p}c = com.microsoft.QAttention<num_heads = {HEADS}>
                             ({p}xq, {p}qkv_w, {p}qkv_b, {p}xs, {p}qkv_ws, seen, {p}xz, {p}qkv_wz)
                         {p}o_p = com.microsoft.DynamicQuantizeMatMul
                             ({p}c, {p}o_w, {p}o_ws, {p}o_wz, {p}o_b)
                         {p}a = com.microsoft.SkipLayerNormalization({p}o_p, {x}, gamma, beta)
                         {p}aq, {p}as, {p}az = DynamicQuantizeLinear({p}a)
                         {p}up_p = com.microsoft.MatMulIntegerToFloat
                             ({p}aq, {p}up_w, {p}as, {p}up_ws, {p}az, {p}up_wz, {p}up_b)
                         {p}g = Relu({p}up_p)
                         {p}down_p = com.microsoft.DynamicQuantizeMatMul
                             ({p}g, {p}down_w, {p}down_ws, {p}down_wz, {p}down_b)
                         {p}b = com.microsoft.SkipLayerNormalization({p}down_p, {p}a, gamma, beta)""")
        return f"{p}b"


def texts(count, length=POSITIONS, seed=2):
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, VOCABULARY, (count, length))
    mask = np.ones_like(ids)
    mask[1::3, length // 2:] = 0
    return {"ids": ids * mask, "mask": mask}


def task_of(proto, data, **options):
    """(Work, Scoring) of a model, as bnn.prune makes them."""
    proto, layers = files.load(proto)
    task = work.Work(proto, layers, work.sizes_of_data(proto, [data], OPTIONS["batch"]))
    return task, Scoring(task, [data], {**OPTIONS, **options}, None, lambda _: None)


def run(model, data):
    return next(Probe(model, (), [data], len(data["ids"]), opt_level=0).run())["logits"]


@pytest.fixture(scope="module")
def model():
    return Encoder().model()


@pytest.fixture(scope="module")
def small():
    return Encoder(layers=1).model()


@pytest.fixture(scope="module")
def whole():
    """Of a model with a head and a neuron that nothing reads."""
    out, down = (np.array(Encoder().arrays[name]) for name in ("l0_o_w", "l0_down_w"))
    out[2 * SIZE:3 * SIZE] = 0
    down[5] = 0
    dead = Encoder().model(l0_o_w=out, l0_down_w=down)
    task, scoring = task_of(dead, texts(16), group=1)
    scoring.run(1, None, 1)
    return dead, task, scoring


def test_layouts():
    assert reshaped((2, 10, 16), (2, 10, 4, 4), 2, Layout(1, 4, 4)) == (2, Layout(1, 4, 1))
    assert reshaped((2, 10, 4, 4), (20, 16), 2, Layout(1, 4, 1)) == (1, Layout(1, 4, 4))
    assert reshaped((2, 4, 10, 4), (8, 10, 4), 1, Layout(1, 4, 1)) == (0, Layout(2, 4, 1))
    assert reshaped((20, 48), (2, 10, 3, 4, 4), 1, Layout(3, 4, 4)) == (3, Layout(1, 4, 1))
    assert reshaped((1, 10, 16), (10, 4, 1, 4), 2, Layout(1, 4, 4)) == (1, Layout(1, 4, 1))
    assert Layout(2, 3, 2).places([0, 2]).tolist() == [0, 1, 4, 5, 6, 7, 10, 11]
    # Single channels of a head are on two dimensions.
    with pytest.raises(Exception, match="several dimensions"):
        reshaped((2, 10, 16), (2, 10, 4, 4), 2, Layout(1, 16, 1))


@pytest.mark.parametrize("prices", [(7, 2), (5, 5), (9, 4, 1)])
def test_the_search_is_exact(prices):
    rng = np.random.default_rng(sum(prices))
    for _ in range(6):
        layers = np.repeat(np.arange(4), 3)
        costs = np.array(prices)[np.arange(4) % len(prices)][layers]
        scores = rng.integers(-2, 9, 12) / 4
        least = sum(costs[layers == i][0] for i in range(4))
        budget = rng.integers(least, costs.sum())
        kept = search.choose(scores, costs, layers, budget)
        assert costs[kept].sum() <= budget and len(set(layers[kept])) == 4
        best = max(scores[list(choice)].sum() for choice in (
            np.flatnonzero(bits) for bits in itertools.product((0, 1), repeat=12))
            if costs[choice].sum() <= budget and len(set(layers[choice])) == 4)
        assert scores[kept].sum() == best
    assert search.choose(scores, costs, layers, costs.sum()).all()
    with pytest.raises(PruneError, match="the budget cannot be met: one unit of each layer"):
        search.choose(scores, costs, layers, least - 1)


def test_equal_scores_go_by_index():
    kept = search.choose([1.0] * 6, [1] * 6, [0, 0, 0, 1, 1, 1], 4)
    assert np.flatnonzero(kept).tolist() == [0, 1, 2, 3]


def test_the_search_by_tables_is_exact():
    """Of costs that rise in steps, or fall, and of scores that may be below 0."""
    rng = np.random.default_rng(4)
    layers = np.repeat(np.arange(3), (4, 3, 4))
    for left in (5, 8, 10, 16, 20, 8, 10, 16):  # In whole numbers of steps.
        tables = {i: rng.integers(-9, 2, n).astype(float) for i, n in enumerate((4, 3, 4))}
        for table in tables.values():
            table[-1] = 0
        scores = rng.integers(-2, 9, 11) / 4
        budget = 50 + sum(table.min() for table in tables.values()) + left

        def cost(kept):
            return 50 + sum(table[np.sum(layers[kept] == i) - 1] for i, table in tables.items())
        kept = search.choose_by_table(scores, layers, tables, budget, 50)
        if budget >= 50:
            assert kept.all()
            continue
        assert cost(kept) <= budget and len(set(layers[kept])) == 3
        choices = [np.array(bits, bool) for bits in itertools.product((0, 1), repeat=11)]
        assert scores[kept].sum() == max(
            scores[one].sum() for one in choices
            if len(set(layers[one])) == 3 and cost(one) <= budget)
    with pytest.raises(PruneError, match="cannot be met: .* takes 0.8000 of its time, more than "
                                         "0.75"):
        search.choose_by_table([1, 2], [0, 0], {0: np.array([-2.0, 0.0])}, 7.5, 10)
    # What has no score has its price still, and of equal ones more stay.
    kept = search.choose_by_table([1, 1, 0, 0], [0, 0, 1, 1], {0: [-1, 0], 1: [-1, 0]}, 9, 10)
    assert kept.tolist() == [True, True, True, False]


def test_equal_layers_are_exact():
    """Of the choices that keep as many units of all layers of a kind, by both budgets."""
    rng = np.random.default_rng(6)
    layers, kinds = np.repeat(np.arange(4), (3, 4, 3, 4)), {0: 0, 1: 1, 2: 0, 3: 1}
    choices = [choice for choice in (np.array(bits, bool) for bits in itertools.product(
        (0, 1), repeat=14)) if (counts := np.bincount(layers[choice], minlength=4)).min() > 0
        and counts[0] == counts[2] and counts[1] == counts[3]]
    for _ in range(4):
        costs, scores = np.array([5, 3, 4, 3])[layers], rng.integers(-2, 9, 14) / 4
        budget = rng.integers(15, costs.sum())
        kept = search.choose(scores, costs, layers, budget, kinds)
        assert any((kept == choice).all() for choice in choices) and costs[kept].sum() <= budget
        assert scores[kept].sum() == max(scores[choice].sum() for choice in choices
                                         if costs[choice].sum() <= budget)
        tables = {i: rng.integers(-9, 2, n).astype(float) for i, n in enumerate((3, 4, 3, 4))}
        for table in tables.values():
            table[-1] = 0

        def time(kept):
            return 50 + sum(table[np.sum(layers[kept] == i) - 1] for i, table in tables.items())
        least = min(map(time, choices))
        budget = least + min(10, (50 - least) // 2)
        kept = search.choose_by_table(scores, layers, tables, budget, 50, kinds)
        assert any((kept == choice).all() for choice in choices) and time(kept) <= budget
        assert scores[kept].sum() == max(scores[choice].sum() for choice in choices
                                         if time(choice) <= budget)


def test_equal_layers(model):
    """By multiplications and by time; else they differ."""
    _, scoring = task_of(model, texts(16), group=8)

    def kept(**options):
        scoring.before = scoring.record.get("rounds", [])
        removed, _ = scoring.run(0.6, 7, 2, **options)
        return [layer.count - len(removed.get(layer.name, ())) for layer in scoring.work.layers]
    first = kept()
    assert first[:2] != first[2:] and not scoring.record["equal_layers"]
    equal = kept(equal_layers=True)
    assert equal[:2] == equal[2:] != [HEADS, FFN] and scoring.record["equal_layers"]
    assert 0.3 < scoring.record["macs"]["after"] / scoring.record["macs"]["before"] <= 0.6
    equal = kept(equal_layers=True, clock=lambda proto, shapes, feeds: Ticks(shapes))
    assert equal[:2] == equal[2:] != [HEADS, FFN]


def test_numbers_of_units_that_are_timed():
    assert latency.points(4) == [1, 2, 3] and latency.points(8) == [1, 2, 3, 4, 5, 6, 7]
    assert latency.points(12) == [1, 2, 4, 6, 8, 10]
    assert latency.points(96) == [1, 16, 32, 48, 64, 80]


def test_shapes_that_are_timed(model):
    def of(arrays, length, **changed):
        shapes = {"ids": ("batch", "length"), "mask": ("batch", "length"), **changed}
        proto = Encoder(layers=1).model()
        for value in proto.graph.input:
            for dim, size in zip(value.type.tensor_type.shape.dim, shapes[value.name]):
                if isinstance(size, int):
                    dim.dim_value = size
        return clocks.timed_shapes(Data(arrays, Graph(proto).inputs, 4), shapes, length)
    assert of(texts(6), 7.4) == ({"ids": (1, 7), "mask": (1, 7)}, True)
    fixed = {"ids": ("batch", 10), "mask": ("batch", 10)}
    assert of(texts(6), 7.4, **fixed) == ({"ids": (1, 10), "mask": (1, 10)}, False)
    fixed = {"ids": (2, 10), "mask": (2, 10)}
    assert of(texts(6), 7.4, **fixed) == ({"ids": (2, 10), "mask": (2, 10)}, False)


def parsed(text):
    """A page as XML, which it is without its first line."""
    return ElementTree.fromstring(text.partition("\n")[2])


class Ticks:
    """A clock that reads how many heads and groups of 8 neurons a model of one layer has: a
    product of two ramps, which a sum of tables promises too much of."""

    def __init__(self, shapes):
        self.asked = 0
        self.facts = {"measured": False, "cpu": "ticks", "triple": "none", "unit": "cycles",
                      "shapes": {name: list(shape) for name, shape in shapes.items()},
                      "whole": 100}

    def share(self, proto):
        self.asked += 1
        rows = {one.name.replace("_pruned", ""): one.dims for one in proto.graph.initializer}
        heads, groups = rows["l0_o_w"][0] / HIDDEN, rows["l0_down_w"][0] / FFN
        return 0.2 + 0.8 * heads * (0.5 + 0.5 * groups)


def test_a_budget_of_time(small):
    """It is kept by the model that is cut; another run takes the times of the first."""
    made = []

    def clock(proto, shapes, feeds):
        assert shapes == {"ids": (1, 6), "mask": (1, 6)} and feeds["ids"].shape == (16, 10)
        made.append(Ticks(shapes))
        return made[-1]
    _, scoring = task_of(small, texts(16), group=8)
    steps = []
    removed, biases = scoring.run(0.6, 6, 2, lambda *one: steps.append(one), clock)
    found = scoring.record
    time = found["time"]
    assert [one["units"] for one in time["tables"]] == [[1, 2, 3]] * 2
    assert time["tables"][0]["times"] == pytest.approx([0.4, 0.6, 0.8])
    assert time["tables"][1]["times"] == pytest.approx([0.7, 0.8, 0.9])
    assert steps == [(i, 6 + 2 * 8) for i in range(1, 23)]
    gone = [len(removed.get(name, ())) for name in ("l0_soft", "l0_down_p")]
    reached = 0.2 + 0.8 * (1 - gone[0] / 4) * (1 - gone[1] / FFN / 2)
    assert time["after"] == pytest.approx(reached) and 0.4 < time["after"] <= 0.6
    assert found["keep_latency"] == 0.6 and "keep_flops" not in found and found["length"] == 6
    # What the tables say is saved, layer by layer; it is in the reports too.
    scoring.compare(scoring.work.cut(removed, biases))
    told = report.make(found, "m.onnx")
    assert [one["time_saved"] for one in told["layers"]] == pytest.approx(
        [0.8 * gone[0] / 4, 0.4 * gone[1] / FFN])
    said = f"{100 * time['after']:.1f} % of the time, estimated for ticks; 60.0 % were the budget"
    assert said in report.as_text(told) and said in " ".join(parsed(page.write(told)).itertext())
    assert "time saved" in report.as_text(told)
    # Of the tables nothing is asked twice; of the scores nothing is computed twice.
    before = json.loads(json.dumps(found))
    before["rounds"][0]["scores"]["0"][0] *= 2
    _, again = task_of(small, texts(16), group=8)
    again.before, again.time_before = before["rounds"], before["time"]
    again.run(0.9, 6, 1, None, clock)
    assert again.record["time"]["tables"] == time["tables"] and made[1].asked < 4
    assert again.record["rounds"][0] == before["rounds"][0]
    # All that stays is not timed.
    again.run(1, 6, 1, None, clock)
    assert again.record["time"]["after"] == 1 and made[2].asked == 0
    # By the tables 0.15 is within reach.
    with pytest.raises(PruneError, match=r"cannot be met: .* takes 0.3[0-9]+ .* more than 0.15"):
        again.run(0.15, 6, 1, None, clock)
    # What is not even by the tables is said before units are scored.
    with pytest.raises(PruneError, match="cannot be met: one unit of each layer stays, and then "
                                         "the model takes 0.1000 of its time, more than 0.09"):
        again.run(0.09, 6, 1, None, clock)
    assert again.record["rounds"] == before["rounds"]
    with pytest.raises(PruneError, match="a length of 6 cannot be kept in time"):
        fixed = texts(4, 6)
        other = Encoder(layers=1).model()
        for value in other.graph.input:
            value.type.tensor_type.shape.dim[1].dim_value = 6
        task_of(other, fixed)[1].run(0.6, 6, 1, None, clock)


def test_time_on_another_cpu(folder, small, tmp_path, monkeypatch, capsys):
    """It is what the compiler estimates for the file that is written."""
    monkeypatch.setattr(latency, "POINTS", 1)
    onnx.save(small, tmp_path / "small.onnx")
    options = [str(tmp_path / "small.onnx"), "--calibration", str(folder / "data.npz"),
               "--keep-latency=0.9", "--mcpu=cortex-a76", "--rounds=1", "--group=16"]
    assert main([*options, "--mtriple=aarch64-linux-gnu", "-o", str(tmp_path / "a.onnx")]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    time = record.read(tmp_path / "a.json")["time"]
    assert time["cpu"] == "cortex-a76" and time["triple"].startswith("aarch64")
    assert [one["units"] for one in time["tables"]] == [[1], [1]]
    [found] = bnn.estimate(tmp_path / "a.onnx", "cortex-a76",
                           input_shapes={"ids": (1, 8), "mask": (1, 8)})
    assert time["after"] == pytest.approx(found["cycles"] / time["whole"], rel=1e-4)
    assert 0.7 < time["after"] <= 0.9
    # The record does without an estimate.
    result = command(tmp_path / "small.onnx", "--apply", tmp_path / "a.json", "-o",
                     tmp_path / "b.onnx")
    assert result.stdout.splitlines()[-1] == said == (
        f"time estimated for cortex-a76 at ids 1x8, mask 1x8: {100 * time['after']:.1f} % of "
        f"{time['whole']} cycles")
    assert (tmp_path / "b.onnx").read_bytes() == (tmp_path / "a.onnx").read_bytes()
    assert main([*options, "--mtriple=x86_64-linux-gnu", "-o", str(tmp_path / "c.onnx")]) == 1
    assert "error: unknown CPU 'cortex-a76' for x86_64" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == ["a.json", "a.onnx", "b.onnx", "small.onnx"]


def test_time_on_this_machine(small, tmp_path, monkeypatch):
    """Of long texts, so that what is outside of the model's code is little."""
    monkeypatch.setattr(latency, "POINTS", 1)
    bnn.prune(small, texts(4, 96), keep_latency=0.9, rounds=1, group=16, length=128,
              record=tmp_path / "r.json")
    time = record.read(tmp_path / "r.json")["time"]
    artifact = bnn.compile(small)
    assert time["measured"] and (time["cpu"], time["unit"]) == (artifact.mcpu, "us")
    assert time["shapes"] == {"ids": [1, 128], "mask": [1, 128]}
    assert 0 < time["after"] <= 0.9 and time["whole"] > 0
    # Three heads of four are nearly all of it.
    assert 0.2 < time["tables"][0]["times"][0] < 0.8


def test_distances():
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((5, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    other = rows[:, ::-1] * [1, 1, 1, -1]
    expected = np.square(other @ other.T - rows @ rows.T).mean()
    assert score.distance(rows, other) == pytest.approx(expected)
    # Similarities are the same after a rotation.
    assert score.distance(rows, rows[:, ::-1]) == pytest.approx(0, abs=1e-30)
    logits = np.log([[0.5, 0.25, 0.25]]), np.log([[0.25, 0.5, 0.25]])
    assert score.divergence(*logits) == pytest.approx(0.25 * np.log(2))
    assert score.divergence(logits[0], logits[0] + 7) == pytest.approx(0, abs=1e-15)
    assert score.divergence(np.array([[1.0], [3.0]]), np.array([[2.0], [3.0]])) == 0.25
    assert score.combined([1, 3], [2, 2], 1).tolist() == [0.75, 1.25]
    assert score.combined([1, 3], [2, 2], 0).tolist() == [0.5, 0.5]
    assert score.combined([0, 0], [0, 0]).tolist() == [0, 0]


def test_what_is_found(whole):
    _, task, _ = whole
    assert [(layer.kind, layer.became, layer.count, layer.head_size) for layer in task.layers] \
        == [("heads", "float", HEADS, SIZE), ("neurons", "float", FFN, 1)] * 2
    # Of the last layer nobody reads more than the first token.
    assert [sink.positions for layer in task.layers for sink in layer.sinks] \
        == [None, None, (0,), (0,)]
    assert task.refused == [("logits", "it is part of the output 'logits'")]


def test_nothing_and_dead_units_score_nothing(whole):
    _, task, scoring = whole
    states = {"l0_down": None, "l1_down": (0,)}
    scorer = score.Scorer(scoring.chain, scoring.masks, states, ["logits"], 0, None)
    assert scorer.score({}, ["l0_down", "l1_down"]) == (0, 0)
    scores = scoring.record["rounds"][0]["scores"]
    of = {(layer.name, *unit): scores[str(i)] for i, (_, layer, unit) in enumerate(scoring.units)}
    nothing = {unit for unit, pair in of.items() if pair == [0, 0]}
    # Relu may be off for a neuron on all the data.
    assert {("l0_soft", 2), ("l0_down_p", 5)} <= nothing and len(nothing) < 6
    assert min(pair[0] for unit, pair in of.items() if unit not in nothing) > 0


def test_permuted_neurons_have_permuted_scores(whole):
    dead, _, scoring = whole
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in dead.graph.initializer}
    order = np.random.default_rng(5).permutation(FFN)
    turned = Encoder().model(
        l0_o_w=arrays["l0_o_w"], l0_up_w=arrays["l0_up_w"][:, order],
        l0_up_b=arrays["l0_up_b"][order], l0_down_w=arrays["l0_down_w"][order])
    _, other = task_of(turned, texts(16), group=1)
    other.run(1, None, 1)

    def neurons(one, at):
        scores = one.record["rounds"][0]["scores"]
        return {at(int(unit[0])): scores[str(i)] for i, (_, layer, unit) in enumerate(one.units)
                if layer.name == "l0_down_p"}
    expected = neurons(scoring, lambda unit: unit)
    got = neurons(other, lambda unit: int(order[unit]))
    for unit in range(FFN):
        np.testing.assert_allclose(got[unit], expected[unit], rtol=1e-3, atol=1e-9)


def test_multiplications(whole):
    _, _, scoring = whole
    length = np.mean(texts(16)["mask"].sum(axis=1))
    head = 4 * length * HIDDEN * SIZE + 2 * length ** 2 * SIZE
    assert scoring.record["length"] == length
    assert scoring.record["macs"]["before"] == scoring.record["macs"]["after"] == \
        2 * (HEADS * round(head) + FFN * round(2 * length * HIDDEN))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind, shapes", [("float", "fused"), ("bits", "zero"),
                                          ("dynamic", "concat"), ("qat", "zero")])
def test_pruned_is_masked(kind, shapes, referee, tmp_path):
    """The pruned file gives, here and in ONNX Runtime, what the masked model gave, and so does the
    whole model with the record."""
    data = texts(16)
    task, scoring = task_of(Encoder(kind, 1, shapes).model(), data)
    assert {layer.became for layer in task.layers} == {
        {"dynamic": "bytes", "qat": "bytes"}.get(kind, kind)}
    removed = {"l0_soft": [1, 3], "l0_down_p": [0, 7, *range(20, FFN)]}
    if kind == "dynamic":
        removed["l0_down_i"] = removed.pop("l0_down_p")
    assert set(removed) == {layer.name for layer in task.layers}
    biases = scoring.masks.biases(removed)
    assert len(biases) == (2 if kind == "bits" else 0)
    result = task.cut(removed, biases)
    onnx.checker.check_model(result, full_check=True)
    assert result.ByteSize() < task.proto.ByteSize()
    expected = next(scoring.chain.run(scoring.masks.feeds(removed)))["logits"]
    got = run(result, data)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    np.testing.assert_allclose(referee(result, data), got, atol=1e-5)
    onnx.save(task.proto, tmp_path / "m.onnx")
    record.write(tmp_path / "r.json", {
        "format": record.FORMAT, "edits": task.edits,
        "files": record.digests_of_files(tmp_path / "m.onnx", task.proto)})
    inside = bnn.compile(tmp_path / "m.onnx", prune=tmp_path / "r.json", opt_level=0,
                         max_dims={"batch": len(got)})
    np.testing.assert_array_equal(bnn.Session(inside).run(data)["logits"], got)
    assert np.abs(got - next(scoring.chain.run(scoring.masks.feeds({})))["logits"]).max() \
        > 0.01
    kept = {name: tuple(array.dims) for array in result.graph.initializer
            for name in [array.name.replace("_pruned", "")]}
    if kind == "float":
        assert kept["l0_qkv_w"] == (HIDDEN, 3 * 2 * SIZE) and kept["l0_down_w"] == (18, HIDDEN)
    layers = {layer["name"]: layer for layer in bnn.report(result, opt_level=0)["layers"]}
    assert layers["l0_down_i" if kind == "dynamic" else "l0_down_p"]["became"] == \
        {"float": "float", "bits": "1x1"}.get(kind, "8x8")
    if kind == "bits":
        # Of sign(W - mean) * scale no sign changes, and the constant is that of the means.
        held = {t.name: numpy_helper.to_array(t) for t in result.graph.initializer}
        w = Encoder(kind, 1, shapes).arrays["l0_down_w"].astype(np.float32)
        keep = np.setdiff1d(np.arange(FFN), removed["l0_down_p"])
        signs = 0.2 * np.sign(w - w.mean(dtype=np.float64))
        np.testing.assert_allclose(held["l0_down_t_pruned"], signs.T[keep], rtol=1e-6)
        assert layers["l0_down_p"]["shape"]["in"] == 18


@pytest.mark.parametrize("kind", ["bits", "unsigned"])
def test_the_sign_of_a_shift_is_left(kind):
    """The pruned model gives what the whole one gives where the units' results are 0."""
    data, one = texts(16), Encoder(kind, 1)
    task, scoring = task_of(one.model(), data, leave="sign", group=8)
    assert {layer.became for layer in task.layers} == {"bits"}
    moves = [one.arrays[name].astype(np.float32) for name in ("l0_o_move", "l0_down_move")]
    signs = [0.8 * np.sign(move) for move in moves]
    if kind == "unsigned":
        signs[1] = 0.8 * np.clip(np.rint(moves[1] / np.float32(0.8)), 0, 1)
    for layer, expected in zip(task.layers, signs):
        np.testing.assert_allclose(scoring.masks.left[layer.sinks[0].key], expected, rtol=1e-6)
    removed, biases = scoring.run(0.5, None, 1)
    assert set(removed) == {"l0_soft", "l0_down_p"} and scoring.record["options"]["leave"] == "sign"
    one.lines = [line.replace("l0_g = Relu(l0_up)", "l0_r = Relu(l0_up)\nl0_g = Mul(l0_r, on)")
                 .replace("l0_c = Reshape(l0_c0, join)",
                          "l0_j = Reshape(l0_c0, join)\nl0_c = Mul(l0_j, heads_on)")
                 for line in one.lines]
    on = [~np.isin(np.arange(count), removed[name])
          for name, count in (("l0_down_p", FFN), ("l0_soft", HEADS))]
    off = one.model(on=on[0].astype(float), heads_on=np.repeat(on[1], SIZE).astype(float))
    np.testing.assert_allclose(run(task.cut(removed, biases), data), run(off, data), atol=1e-5)


def test_quantised(small):
    """A QDQ file: the zero of a quantiser is exact, so that masked is removed here too."""
    data = texts(16)
    quantised = bnn.quantize(small, data)
    task, scoring = task_of(quantised, data)
    assert {layer.became for layer in task.layers} == {"bytes"}
    removed, biases = scoring.run(0.5, None, 1)
    assert not biases and scoring.record["gone"]
    pruned = task.cut(removed, biases)
    expected = next(scoring.chain.run(scoring.masks.feeds(removed)))["logits"]
    np.testing.assert_array_equal(run(pruned, data), expected)
    # Of bytes biases are fitted.
    removed, biases, factors, _ = refit.Refit(scoring).cut(removed)
    sinks = {sink.key for layer in task.layers for sink in layer.sinks}
    assert sinks <= set(biases) <= sinks | {"logits"} and not factors
    # What reads units is nearer on average to what it was.
    states = [sink.state for layer in task.layers for sink in layer.sinks]

    def means(model):
        given = next(Probe(model, states, [data], len(data["ids"]), opt_level=0).run())
        return np.concatenate([given[name][data["mask"] != 0].mean(axis=0) for name in states])
    whole, fitted = means(quantised), means(task.cut(removed, biases))
    assert np.abs(fitted - whole).sum() < 0.7 * np.abs(means(pruned) - whole).sum()


def test_nothing_to_fit():
    _, scoring = task_of(Encoder("dynamic", 1).model(), texts(4))
    with pytest.raises(PruneError, match="nothing to fit: .* integers, which have no bias"):
        refit.Refit(scoring)


def test_factors_are_those_of_least_squares():
    rng = np.random.default_rng(7)
    rows, weights = rng.standard_normal((40, 6)), rng.standard_normal((6, 5))
    target = rng.standard_normal((40, 5))
    parts = [rows[:, i:i + 2] @ weights[i:i + 2] for i in (0, 2, 4)]
    found = refit.channel_factors(rows, weights, target, 2)

    def missed(factors):
        damp = refit.DAMP * np.mean([np.square(part).sum() for part in parts])
        return np.square(target - sum(f * part for f, part in zip(factors, parts))).sum() + \
            damp * np.square(np.asarray(factors) - 1).sum()
    assert all(missed(found) < missed(found + step) for step in 0.01 * rng.standard_normal((20, 3)))
    np.testing.assert_allclose(refit.channel_factors(rows, weights, rows @ weights, 2), 1)
    given = rng.standard_normal((40, 5))
    factors = np.array([0.5, 1, 2, 3, 100.0])
    found = refit.output_factors(given, given * factors)
    assert (np.diff(found) > 0).all() and found[1] == pytest.approx(1) and found[4] == refit.MOST
    # What says nothing stays as it is.
    assert refit.output_factors(0 * given, target).tolist() == [1] * 5
    assert refit.channel_factors(0 * rows, weights, target, 2).tolist() == [1] * 3


def test_weights_of_the_result():
    rng = np.random.default_rng(8)
    rows, weights = rng.standard_normal((60, 5)), rng.standard_normal((5, 3))
    # What can be told is: the least of the ridges, and of a bias.
    target = rows @ rng.standard_normal((5, 3)) + 4
    found, bias = refit.result_weights(rows, weights, target)
    np.testing.assert_allclose(rows @ found + bias, target, atol=0.05)
    # What the rows say nothing of leaves the weights as they are, but for its mean.
    known = np.linalg.qr(np.column_stack([np.ones(60), rows]))[0]
    noise = rng.standard_normal((60, 3))
    target = rows @ weights + 4 + noise - known @ (known.T @ noise)
    found, bias = refit.result_weights(rows, weights, target)
    np.testing.assert_allclose(found, weights)
    np.testing.assert_allclose(bias, 4 * np.ones(3))

    # The ridge that is chosen is the one that does best when each sample is left out in turn.
    target = rows @ weights + rows @ rng.standard_normal((5, 3)) + rng.standard_normal((60, 3))

    def solved(rows, target, damp):
        centred, mean = rows - rows.mean(axis=0), target.mean(axis=0)
        step = np.linalg.solve(centred.T @ centred + damp * np.eye(5),
                               centred.T @ (target - mean - centred @ weights))
        return weights + step, mean - rows.mean(axis=0) @ (weights + step)

    def missed(damp):
        given = []
        for i in range(12):
            one, bias = solved(np.delete(rows[:12], i, 0), np.delete(target[:12], i, 0), damp)
            given.append(rows[i] @ one + bias)
        return score.divergence(target[:12], np.array(given))
    # Of the trace of all: each row's own part of it is another.
    trace = np.square(rows[:12] - rows[:12].mean(axis=0)).sum() / 5
    best = min(refit.DAMPS, key=lambda damp: missed(damp * trace))
    found, bias = refit.result_weights(rows[:12], weights, target[:12])
    expected = solved(rows[:12], target[:12], best * trace)
    np.testing.assert_allclose(found, expected[0])
    np.testing.assert_allclose(bias, expected[1])
    # What says nothing stays as it is.
    assert (refit.result_weights(0 * rows, weights, target)[0] == weights).all()


@pytest.mark.filterwarnings("ignore")
def test_a_result_that_loses_inputs(tmp_path):
    """The linear that gives the result reads the neurons: it is fitted as such."""
    rng = np.random.default_rng(9)
    proto = parser.parse_model("""<ir_version: 8, opset_import: ["" : 13]>
        g (float[n, 8] x) => (float[n, 8] y) { u = MatMul(x, a) r = Relu(u) y = MatMul(r, b) }""")
    for name, shape in (("a", (8, 32)), ("b", (32, 8))):
        proto.graph.initializer.append(numpy_helper.from_array(
            rng.standard_normal(shape).astype(np.float32), name))
    data = {"x": rng.standard_normal((16, 8)).astype(np.float32)}
    result = bnn.prune(proto, data, keep_flops=0.5, refit=True, rounds=1, group=8,
                       record=tmp_path / "r.json")
    edits = record.read(tmp_path / "r.json")["edits"]
    assert [one["fit"] for one in edits if "fit" in one] == ["y"]
    assert not any("weights" in one for one in edits)
    whole, got = (next(Probe(one, (), [data], 16, opt_level=0).run())["y"] for one in (proto, result))
    assert np.square(got - whole).mean() < np.square(whole).mean()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["float", "bits"])
def test_refitting(kind, referee, tmp_path):
    """What is left comes nearer to the whole model, as what it was: the model that was fitted."""
    data, path = texts(32), tmp_path / "m.onnx"
    onnx.save(Encoder(kind, 1).model(), path)
    options = dict(keep_flops=0.4, rounds=1, group=8, batch=32)
    plain = bnn.prune(path, data, **options)
    result = bnn.prune(path, data, refit=True, record=tmp_path / "r.json", **options)
    whole = run(onnx.load(path), data)
    got = run(result, data)
    assert score.divergence(whole, got) < 0.9 * score.divergence(whole, run(plain, data))
    np.testing.assert_allclose(referee(result, data), got, atol=1e-5)
    found = record.read(tmp_path / "r.json")
    factors = [one for one in found["edits"] if one["edit"] == "scale"]
    assert [one["of"] for one in factors] == 2 * ["channels" if kind == "float" else "outputs"]
    [classifier] = [one for one in found["edits"] if "weights" in one]
    assert classifier["weights"] == "logits" and classifier["shape"] == [HIDDEN, 3]
    assert found["refit"]
    became = [{layer["name"]: layer["became"] for layer in bnn.report(one, opt_level=0)["layers"]}
              for one in (plain, result)]
    assert became[0] == became[1]
    # Again by the record, and in the compiler.
    again = bnn.prune(path, apply=tmp_path / "r.json")
    assert again.SerializeToString(deterministic=True) == result.SerializeToString(
        deterministic=True)
    inside = bnn.compile(path, prune=tmp_path / "r.json", opt_level=0, max_dims={"batch": 32})
    np.testing.assert_array_equal(bnn.Session(inside).run(data)["logits"], got)
    found["edits"] = [{**one, "of": "rows"} if "of" in one else one for one in found["edits"]]
    record.write(tmp_path / "r.json", found)
    if kind == "float":
        with pytest.raises(PruneError, match="no finished run .*factors of 'rows'"):
            bnn.prune(path, apply=tmp_path / "r.json")


@pytest.mark.parametrize("lines, expected", [
    (["y = Gather<axis = 1>(r, zero)", "logits = Identity(y)"], (0,)),
    (["y = Slice(r, last, end, axis)", "logits = Identity(y)"], (9,)),
    (["y = Gather<axis = 1>(r, pair)", "logits = Identity(y)"], (0, 2)),
    (["m = ReduceMean<axes = [-1]>(r)", "y = Gather<axis = 1>(m, zero)",
      "logits = Identity(y)"], (0,)),
    (["y = Gather<axis = 0>(r, zero)", "logits = Identity(y)"], None),
    (["y = ReduceMean<axes = [1]>(r)", "logits = Identity(y)"], None),
    (["t = Transpose<perm = [0, 2, 1]>(r)", "y = MatMul(r, t)",
      "logits = Gather<axis = 1>(y, zero)"], None),
    (["logits = Identity(r)"], None)])
def test_which_tokens_are_read(lines, expected):
    text = "\n".join(lines)
    proto = parser.parse_model(f"""<ir_version: 8, opset_import: ["" : 13]>
        g (float[2, 10, 4] x) => (float logits)
        <int64 zero = {{0}}, int64[2] pair = {{0, -8}}, int64[1] last = {{-1}},
         int64[1] end = {{9223372036854775807}}, int64[1] axis = {{1}}>
        {{ r = Relu(x) {text} }}""")
    graph = Graph(proto)
    shapes = {name: (2, 10, 4) for name in ("x", "r")}
    shapes.update(m=(2, 10, 1), t=(2, 4, 10), y=(2, 10, 10))
    positions = Positions(graph, {**dict.fromkeys(("logits", "y"), (2, 1)), **shapes},
                          consumers(graph), graph.constant)
    assert positions.read("r") == expected


def reasons(proto):
    proto, layers = files.load(proto)
    task = work.Work(proto, layers, work.sizes_of_data(proto, [texts(4)], 4))
    return {layer.name for layer in task.layers}, dict(task.refused)


@pytest.mark.filterwarnings("ignore")
def test_fused(referee, tmp_path):
    """What ONNX Runtime has made one node of."""
    data = texts(16)
    task, scoring = task_of(Fused().model(), data, group=8)
    # The range of bytes is that of all tokens; of what the last layer gives one is read.
    assert [(layer.name, layer.kind, layer.count, layer.head_size, sink.positions)
            for layer in task.layers for sink in layer.sinks] == [
                ("l0_c", "heads", HEADS, SIZE, None), ("l0_down_p", "neurons", FFN, 1, None),
                ("l1_c", "heads", HEADS, SIZE, None), ("l1_down_p", "neurons", FFN, 1, (0,))]
    head, neuron = 4 * 7 * HIDDEN * SIZE + 2 * 7 * 7 * SIZE, 2 * 7 * HIDDEN
    assert [layer.cost(7) for layer in task.layers] == [head, neuron] * 2
    removed, biases = {layer.name: [0, 2] for layer in task.layers}, {}
    result = task.cut(removed, biases)
    got, expected = run(result, data), next(
        scoring.chain.run(scoring.masks.feeds(removed)))["logits"]
    np.testing.assert_allclose(got, expected, atol=1e-5)
    np.testing.assert_allclose(referee(result, data), got, atol=1e-5)
    onnx.save(task.proto, tmp_path / "m.onnx")
    record.write(tmp_path / "r.json", {
        "format": record.FORMAT, "edits": task.edits,
        "files": record.digests_of_files(tmp_path / "m.onnx", task.proto)})
    inside = bnn.compile(tmp_path / "m.onnx", prune=tmp_path / "r.json", opt_level=0,
                         max_dims={"batch": len(got)})
    np.testing.assert_array_equal(bnn.Session(inside).run(data)["logits"], got)


@pytest.mark.parametrize("attributes, count", [
    ("<q_num_heads = 4, kv_num_heads = 4>", 4), ("<q_num_heads = 4, kv_num_heads = 2>", 2)])
def test_attention_of_onnx(attributes, count):
    """Of opset 23, which this onnx may not know."""
    width = SIZE * count
    proto = parser.parse_model(f"""<ir_version: 8, opset_import: ["" : 23]>
        g (float[2, 10, {HIDDEN}] x) => (float[2, 10, {HIDDEN}] y)
        {{ q = MatMul(x, q_w) k = MatMul(x, k_w) v = MatMul(x, v_w)
           a = Attention{attributes}(q, k, v) o = MatMul(a, o_w) y = Add(x, o) }}""")
    rng = np.random.default_rng(3)
    for name, shape in (("q_w", (HIDDEN, HIDDEN)), ("k_w", (HIDDEN, width)),
                        ("v_w", (HIDDEN, width)), ("o_w", (HIDDEN, HIDDEN))):
        proto.graph.initializer.append(numpy_helper.from_array(
            rng.standard_normal(shape).astype(np.float32), name))
    data = {"x": rng.standard_normal((2, 10, HIDDEN)).astype(np.float32)}
    if count < HEADS:
        with pytest.raises(PruneError, match="Attention 'a' has fewer heads of keys than of"):
            bnn.prune(proto, data, keep_flops=0.6)
        return
    proto, layers = files.load(proto)
    task = work.Work(proto, layers, work.sizes_of_data(proto, [data], 2))
    result = task.cut({"a": [1, 2]}, {})
    [found] = [node for node in result.graph.node if node.op_type == "Attention"]
    assert {one.name: one.i for one in found.attribute} == {"q_num_heads": 2, "kv_num_heads": 2}
    masked = onnx.ModelProto()
    masked.CopyFrom(proto)
    [weights] = [one for one in masked.graph.initializer if one.name == "o_w"]
    off = numpy_helper.to_array(weights).copy()
    off[SIZE:3 * SIZE] = 0
    weights.CopyFrom(numpy_helper.from_array(off, "o_w"))
    got, expected = (next(Probe(one, (), [data], 2, opt_level=0).run())["y"]
                     for one in (result, masked))
    np.testing.assert_allclose(got, expected, atol=1e-5)


def shared(one):
    """An `Encoder` of two layers whose second has the weights of the first, as ALBERT's; how they
    are computed stands twice."""
    one.lines = [re.sub(r"l1_(q|k|v|o|up|down)_w\b", r"l0_\1_w", line) for line in one.lines]
    return one


@pytest.mark.filterwarnings("ignore")
def test_shared_layers(referee):
    """ALBERT's are one unit for all: they are masked, scored, counted and cut together."""
    data = texts(16)
    task, scoring = task_of(shared(Encoder("bits")).model(), data, group=8)
    assert [(layer.name, layer.kind, layer.count, len(layer.sinks)) for layer in task.layers] == [
        ("l0_soft", "heads", HEADS, 2), ("l0_down_p", "neurons", FFN, 2)]
    assert {name for name, _ in task.refused} == {"logits"}
    # Twice what a layer of its own takes.
    head, neuron = 4 * 7 * HIDDEN * SIZE + 2 * 7 * 7 * SIZE, 2 * 7 * HIDDEN
    assert [layer.cost(7) for layer in task.layers] == [2 * head, 2 * neuron]
    removed, biases = scoring.run(0.6, None, 2)
    scores = scoring.record["rounds"][0]["scores"]
    assert sorted(scores) == sorted(map(str, range(HEADS + FFN // 8)))
    assert min(map(min, scores.values())) >= 0 and all(pair[0] > 0 for pair in scores.values())
    # What a unit leaves differs from layer to layer.
    assert len(biases) == len(removed) * 2
    result = task.cut(removed, biases)
    got, expected = run(result, data), next(
        scoring.chain.run(scoring.masks.feeds(removed)))["logits"]
    np.testing.assert_allclose(got, expected, atol=1e-5)
    np.testing.assert_allclose(referee(result, data), got, atol=1e-5)
    # The file holds weights once still.
    held = [array.name for array in result.graph.initializer
            if re.match("l._down_.*_pruned", array.name) and len(array.dims) == 2]
    assert len(held) == 1


def test_what_stays():
    """What others make something else of, what is a result, and sizes that are computed of others."""
    one = Encoder()
    one.lines = [line.replace("l1_up_p = MatMul(l1_a, l1_up_w)",
                              "twice = Add(l0_up_w, l0_up_w)\nl1_up_p = MatMul(l1_a, twice)")
                 for line in one.lines]
    found, refused = reasons(one.model())
    assert found == {"l0_soft", "l1_soft"}
    assert refused["l0_up_p"] == "MatMul 'l1_up_p' reads the weights 'l0_up_w' too"
    assert refused["l1_up_p"] == "MatMul 'l0_up_p' reads the weights 'l0_up_w' too"
    found, refused = reasons(Encoder().model(
        results=f"float[batch, 3] logits, float[batch, length, {FFN}] l0_g"))
    assert "l0_down_p" not in found and refused["l0_up_p"] == "it is part of the output 'l0_g'"
    one = Encoder(layers=1)
    one.lines = [line if line != "l0_c = Reshape(l0_c0, join)" else
                 "l0_size = Shape(x)\nl0_c = Reshape(l0_c0, l0_size)" for line in one.lines]
    found, refused = reasons(one.model())
    assert found == {"l0_down_p"}
    assert refused["l0_soft"] == "the shape of Reshape 'l0_c' is computed"


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "data.npz", **texts(16))
    return folder


def command(*arguments):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return subprocess.run(
        [sys.executable, "-B", "-m", "bnn.prune", *map(str, arguments)], text=True,
        capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": os.path.join(root, "python")})


def test_the_command_a_record_and_an_interruption(folder, model, tmp_path):
    result = command(folder / "model.onnx", "--calibration", folder / "data.npz",
                     "--keep-flops=0.6", "--rounds=2", "--length=7", "--group=8", "--seed=3",
                     "--batch=16", "--leave=mean", "--threads=3", "--logits=logits", "--mask=mask", "-o",
                     tmp_path / "a.onnx")
    assert result.returncode == 0 and not result.stderr
    assert sorted(os.listdir(tmp_path)) == ["a.json", "a.onnx"]
    found = record.read(tmp_path / "a.json")
    share = found["macs"]["after"] / found["macs"]["before"]
    assert 0.5 < share <= 0.6 and found["length"] == 7
    assert f"multiplications at 7 tokens: {found['macs']['after']} of" in result.stdout
    assert re.search(r"^l0_soft: [1-4] of 4 heads\n", result.stdout, re.MULTILINE)
    assert "logits: as it was: it is part of the output 'logits'" in result.stdout
    assert [len(units) for layer in found["layers"] for units in layer["units"]].count(8) == 8

    # The same without the data.
    result = command(folder / "model.onnx", "--apply", tmp_path / "a.json", "-o",
                     tmp_path / "b.onnx")
    assert result.returncode == 0 and not result.stderr
    assert "multiplications at 7 tokens" in result.stdout
    assert (tmp_path / "b.onnx").read_bytes() == (tmp_path / "a.onnx").read_bytes()

    # The same again in one thread, stopped on the way; what was scored is not scored again.
    options = dict(keep_flops=0.6, rounds=2, length=7, group=8, seed=3, batch=16, threads=1,
                   logits="logits", mask="mask", record=tmp_path / "c.json")

    def stop(done, total):
        assert total == 2 * 16
        if done == 20:
            raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        bnn.prune(model, texts(16), progress=stop, **options)
    unfinished = record.read(tmp_path / "c.json")
    assert "gone" not in unfinished and len(unfinished["rounds"]) == 2
    with pytest.raises(PruneError, match="no finished run"):
        bnn.prune(model, apply=tmp_path / "c.json")
    unfinished["rounds"][0]["scores"]["0"][0] += 1e-9
    record.write(tmp_path / "c.json", unfinished)
    finished = bnn.prune(model, texts(16), **options)
    assert finished.SerializeToString(deterministic=True) == (tmp_path / "a.onnx").read_bytes()
    expected, got = found, record.read(tmp_path / "c.json")
    assert got["rounds"][0]["scores"]["0"] == unfinished["rounds"][0]["scores"]["0"]
    got["rounds"][0]["scores"]["0"] = expected["rounds"][0]["scores"]["0"]
    assert got == expected
    with pytest.raises(PruneError, match="c.json is the record of another model"):
        bnn.prune(Encoder(seed=2).model(), apply=tmp_path / "c.json")


NAME = 'soft <b>&amp; "max"\u202e'


def test_reports(folder, small, tmp_path):
    """All that is told is in the record, or what the two models give."""
    model = onnx.ModelProto()
    model.CopyFrom(small)
    next(node for node in model.graph.node if node.op_type == "Softmax").name = NAME
    onnx.save(model, tmp_path / "m.onnx")
    result = command(tmp_path / "m.onnx", "--calibration", folder / "data.npz", "--rounds=2",
                     "--keep-flops=0.5", "--group=8", "--report-file", tmp_path / "r.html", "-o",
                     tmp_path / "a.onnx")
    assert result.returncode == 0 and not result.stderr
    assert "multiplications at" in result.stdout
    found = record.read(tmp_path / "a.json")
    told = report.make(found, tmp_path / "m.onnx")
    assert told["model"] == "m.onnx" and told["macs"] == found["macs"]
    units = [unit for layer in told["layers"] for unit in layer["units"]]
    assert [i for i, unit in enumerate(units) if not unit["stays"]] == found["gone"]
    for i, unit in enumerate(units):
        pair = found["rounds"][unit["round"] - 1]["scores"][str(i)]
        assert pair == [unit["trajectory"], unit["divergence"]]
        assert unit["round"] == 2 or i in found["rounds"][1]["gone"]
    assert {unit["round"] for unit in units if not unit["stays"]} == {1, 2}
    for name in ("trajectory", "divergence"):
        total = sum(unit[name] for unit in units if not unit["stays"])
        assert told["expected"][name] == pytest.approx(total) == pytest.approx(
            sum(layer[name] for layer in told["layers"]))
    for when in ("before", "after"):
        assert sum(layer["macs"][when] for layer in told["layers"]) == told["macs"][when]
    assert [layer["kept"] for layer in told["layers"]] == [
        layer["channels"] - sum(len(unit["channels"]) for unit in layer["units"]
                                if not unit["stays"]) for layer in told["layers"]]
    whole, pruned = run(model, texts(16)), run(onnx.load(tmp_path / "a.onnx"), texts(16))
    assert told["reached"] == {
        "divergence": pytest.approx(score.divergence(whole, pruned), rel=1e-3), "results": 16,
        "same_choice": int((whole.argmax(axis=1) == pruned.argmax(axis=1)).sum())}

    root = parsed((tmp_path / "r.html").read_text(encoding="utf-8"))
    body = "{http://www.w3.org/1999/xhtml}"
    rows = root.findall(f".//{body}table[@id='layers']/{body}tbody/{body}tr")
    shown = NAME.replace("\u202e", "\\u202e")
    assert ["".join(row[0].itertext()) for row in rows] == [shown, "l0_down_p"]
    assert [row[3].text for row in rows] == [f"{layer['kept']} of {layer['channels']}"
                                             for layer in told["layers"]]
    rects = root.findall(f".//{body}rect")
    assert [rect.get("class") for rect in rects] == ["t0" if unit["stays"] else "t5"
                                                     for unit in units]
    listed = root.findall(f".//{body}table[@class='small units']/{body}tbody/{body}tr")
    assert [float(row[2].get("data-v")) for row in listed] == [u["trajectory"] for u in units]
    assert not [one for one in root.iter() if one.get("src") or one.get("href")]

    # In place of the summary, without data, and nothing else is written.
    before = sorted(os.listdir(tmp_path))
    result = command(tmp_path / "m.onnx", "--apply", tmp_path / "a.json", "--report=json")
    assert result.returncode == 0 and json.loads(result.stdout) == told
    text = report.as_text(told)
    assert f"\n{shown}:\n" in text and "\u202e" not in text
    assert re.search(r"\n  head [0-3]  goes in round [12] ", text)
    assert f"same: {told['reached']['same_choice']} of 16" in text
    assert "As it was:\n  logits: it is part of the output 'logits'" in text
    report.write(told, "text", tmp_path / "r.txt")
    assert (tmp_path / "r.txt").read_text() == text + "\n"
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "r.txt"])
    del found["reached"]
    with pytest.raises(PruneError, match="not all that a report tells .*'reached'"):
        report.make(found, "m.onnx")


def test_a_report_of_single_numbers(small):
    """There is no first choice; and formats are those of bnn-opt."""
    told = {"expected": {"trajectory": 1, "divergence": 2},
            "reached": {"divergence": 3, "results": 4, "same_choice": None}}
    assert len(page.costs(told)) == 2
    assert [report.format_of(name) for name in ("a.html", "a.htm", "a.json", "a")] == [
        "html", "html", "json", "text"]
    shape = Encoder(layers=1)
    shape.arrays.update(class_w=shape.arrays["class_w"][:, :1], class_b=shape.arrays["class_b"][:1])
    _, scoring = task_of(shape.model("float[batch, 1] logits"), texts(4))
    scoring.compare(scoring.work.cut(*scoring.run(0.7, None, 1)))
    assert scoring.record["reached"]["same_choice"] is None
    assert scoring.record["reached"]["divergence"] > 0


def test_the_page_looks_like_the_compilers(root):
    for text, place in ((style.CSS, "Page.css.inc"), (style.JS, "Page.js.inc")):
        assert f"({text})" in (root / "lib" / "Report" / place).read_text()


@pytest.mark.filterwarnings("ignore")
def test_better_than_other_choices(root, sentences, monkeypatch):
    """Of the demo's model the record keeps units that are right more often, of sentences that nobody
    pruned with, than as many multiplications of units by chance or by their weights."""
    monkeypatch.syspath_prepend(root / "test" / "bench")
    import pruned_accuracy as bench
    folder = root / "runtime" / "examples" / "intent"
    tokenizer = Tokenizer.load(folder / "vocab.txt")
    labels = (folder / "labels.txt").read_text().split()
    tests = [(bench.encoded(tokenizer, [text], bench.MAX_LENGTH), labels.index(label))
             for text, label in sentences["test"][::45]]
    found = record.read(folder / "pruned.json")
    options = bench.PARSER.parse_args([str(root), "data"])
    proto, layers = files.load(folder / "model.onnx")
    data = [bench.encoded(tokenizer, [text for text, _ in sentences["train"][::600]], 24)]
    task, scoring = bench.scoring_of(proto, layers, data, options, 0)

    def right(removed, *edits):
        session = bnn.Session(bnn.compile(task.cut(removed, *edits), opt_level=0,
                                          max_dims={"batch": 1, "length": bench.MAX_LENGTH}))
        return np.mean([session.run(feeds)["logits"][0].argmax() == label
                        for feeds, label in tests])
    ours = right(*work.of_record(found, task.layers))
    assert len(tests) == 100 and ours > 0.8
    costs = [layer.cost(found["length"]) * len(unit) for _, layer, unit in scoring.units]
    for way in ("random", "magnitude"):
        scores = bench.other_scores(way, scoring, 0)
        stays = search.choose([scores[i][0] for i in range(len(costs))], np.rint(costs),
                              [number for number, _, _ in scoring.units], found["macs"]["after"])
        share = np.dot(costs, stays) / found["macs"]["before"]
        assert share == pytest.approx(found["macs"]["after"] / found["macs"]["before"], abs=0.02)
        removed = scoring._removed(stays)
        assert ours > right(removed, scoring.masks.biases(removed)) + 0.03


def changed(**arrays):
    return {name: array for name, array in {**texts(6), **arrays}.items() if array is not None}


@pytest.mark.parametrize("data, message", [
    (changed(mask=None), "input 'mask' is missing; its inputs are 'ids', 'mask'"),
    (changed(words=np.zeros(3)), "no input 'words'"),
    (changed(mask=np.ones((5, 10), int)), "differ in samples: 'ids' 6, 'mask' 5"),
    (changed(mask=np.zeros((6, 10), int)), "every token is padding"),
    (changed(ids=np.full((6, 10), 1000)), "the model failed"),
    (changed(ids=np.full((6, 10), np.nan)), r"'ids' is NaN at \[0, 0\]"),
    ([], "no calibration data")])
def test_wrong_data(data, message, small):
    with pytest.raises(PruneError, match=message):
        bnn.prune(small, data, keep_flops=0.6)


@pytest.mark.parametrize("options, message", [
    ({}, "with calibration data and a share to keep, or by a record"),
    ({"keep_flops": 0.6, "apply": "r.json"}, "or by a record"),
    ({"keep_flops": 0}, "to keep, 0, is not above 0"), ({"keep_flops": 1.1}, "to keep, 1.1"),
    ({"keep_latency": 0}, "share of time to keep, 0, is not above 0"),
    ({"keep_flops": 1, "keep_latency": 1}, "give one of keep_flops and keep_latency"),
    ({"keep_flops": 1, "mcpu": "haswell"}, "they go with keep_latency"),
    ({"keep_latency": 1, "mtriple": "x86_64-linux-gnu"}, "goes with the name of a CPU, mcpu"),
    ({"keep_latency": 1, "mcpu": "haswell,znver4"}, "one CPU, and mcpu is 'haswell,znver4'"),
    ({"keep_flops": 1, "rounds": 0}, "0 rounds"), ({"keep_flops": 1, "length": 0}, "length of 0"),
    ({"keep_flops": 1, "group": 0}, "group of 0"),
    ({"keep_flops": 1, "leave": "median"}, "'mean' or 'sign', and not 'median'"),
    ({"keep_flops": 1, "leave": "sign"}, "only a unit of bits leaves the sign of its shift"), ({"keep_flops": 1, "seed": -1}, "seed -1"),
    ({"keep_flops": 1, "batch": 0}, "batch of 0"), ({"keep_flops": 1, "threads": 0}, "0 threads"),
    ({"keep_flops": 1, "logits": "y"}, "no output 'y'; its outputs are 'logits'"),
    ({"keep_flops": 1, "mask": "y"}, "no input 'y'; its inputs are 'ids', 'mask'"),
    ({"keep_flops": 0.05}, "the budget cannot be met: one unit of each layer stays")])
def test_wrong_options(options, message, small):
    data = None if options in ({}, {"keep_flops": 0.6}) else texts(2, 4)
    with pytest.raises(PruneError, match=message):
        bnn.prune(small, data, **options)


def test_wrong_models(tmp_path):
    no_units = parser.parse_model("""<ir_version: 8, opset_import: ["" : 13]>
        g (float[n, 6] x) => (float[n, 6] y) { y = Relu(x) }""")
    data = {"x": np.ones((2, 6), np.float32)}
    with pytest.raises(PruneError, match="no heads or neurons that can be cut"):
        bnn.prune(no_units, data, keep_flops=0.6)
    with pytest.raises(PruneError, match="no ONNX model"):
        bnn.prune(b"not a model", data, keep_flops=0.6)
    weights = np.array(Encoder(layers=1).arrays["l0_up_w"])
    weights[0] = np.nan
    with pytest.raises(PruneError, match="not finite on the calibration data"):
        bnn.prune(Encoder(layers=1).model(l0_up_w=weights), texts(2, 4), keep_flops=0.6)


def test_the_commands_errors(folder, tmp_path):
    """One line each, and nothing is written or replaced."""
    (tmp_path / "old.onnx").write_text("old")
    (tmp_path / "old.json").write_text("{}")
    (tmp_path / "other.json").write_text(json.dumps({"format": record.FORMAT, "model": "x"}))
    data, old = folder / "data.npz", tmp_path / "old.onnx"
    prune = ["--calibration", data, "--keep-flops=0.6"]
    for arguments, message in (
            ([*prune, "-o", data], "data.npz would replace"),
            (["--apply", data, "--equal-layers", "--leave=sign", "-o", old],
             "equal_layers, leave: a record that is applied says already what goes"),
            ([*prune, "-o", tmp_path / "no" / "m.onnx"], "there is no folder"),
            ([*prune, "-o", old], "old.json is no record of bnn-prune: its format"),
            ([*prune, "--record", old, "-o", old], "would go to the same file"),
            ([*prune, "--record", data, "-o", old], "data.npz would replace"),
            (["--apply", tmp_path / "other.json", "-o", old], "is the record of another model"),
            (["--apply", data, "-o", old], "data.npz is no record of bnn-prune"),
            (["--apply", data, "--rounds=3", "--seed=2", "-o", old],
             "rounds, seed: a record that is applied says already what goes"),
            ([*prune, "--heads=0", "-o", old], "finite number of times, more than 0, not 0"),
            ([*prune, "--trajectory=-1", "-o", old], "finite number of times, 0 or more, not -1"),
            (["--keep-flops=0.6", "-o", old], "with calibration data and a share"),
            (prune, "nothing is asked for: name a file with -o, or a report"),
            ([*prune, "--report-file", data], "data.npz would replace"),
            ([*prune, "--report-file", tmp_path / "no" / "r"], "there is no folder"),
            ([*prune, "-o", old, "--report-file", old], "the model and the report would go"),
            ([*prune, "-o", old, "--report-file", tmp_path / "old.json"], "the record and the "
             "report would go")):
        result = command(folder / "model.onnx", *arguments)
        assert result.returncode == 1 and not result.stdout
        assert re.fullmatch(f"bnn-prune: error: .*{message}.*\n", result.stderr), result.stderr
    assert old.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["old.json", "old.onnx", "other.json"]
