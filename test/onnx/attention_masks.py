# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention in the spellings of exporters, against ONNX Runtime.

    attention_masks.py WORK [NAME...]

Each spelling below is compiled; its bnn.attention must have the form that is stated, and its
output must be ONNX Runtime's on each input. Prints a line for each run.
"""
import os
import re
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

from models import FLOAT, INT64, call, check, constant, info, node

BOOL = TensorProto.BOOL
HEADS, SIZE, CHANNELS = 2, 16, 32
LEAST = float(np.finfo(np.float32).min)
ROW, ROWS = r"mask\(%[\w#]+ : tensor<\?x\?xf32>\)", r"mask\(%[\w#]+ : tensor<{}xf32>\)"


class Graph:
    """Nodes of one attention: `masks` writes what is between the scores and the softmax."""

    def __init__(self, seq="seq", keys=None, bits=1):
        self.nodes, self.constants, self.inputs, self.bits = [], [], [], bits
        self.seq, self.keys = seq, keys or seq
        for name, tokens in (("q", self.seq), ("k", self.keys), ("v", self.keys)):
            self.inputs.append(info(name, ["batch", tokens, CHANNELS]))

    def number(self, name, values, dtype=np.float32):
        self.constants.append(constant(name, values, dtype))
        return name

    def add(self, operator, inputs, output, **attributes):
        self.nodes.append(node(operator, inputs, output, name="/" + output, **attributes))
        return output

    def heads(self, name, order):
        """Signs of a head, or integers of two bits."""
        self.add("Reshape", f"{name} split", name + "4")
        self.add("Transpose", name + "4", name + "t", perm=order)
        if self.bits == 1:
            return self.add("Sign", name + "t", name + "b")
        self.add("Div", f"{name}t step", name + "d")
        self.add("Round", name + "d", name + "r")
        self.add("Clip", f"{name}r low2 high2", name + "c")
        return self.add("Mul", f"{name}c step", name + "b")

    def begin(self):
        self.number("split", [0, 0, HEADS, SIZE], np.int64)
        self.number("joined", [0, 0, CHANNELS], np.int64)
        self.number("root", 4.0)
        self.number("alpha", 0.07)
        self.number("zero", 0.0)
        self.number("one", 1.0)
        if self.bits == 2:
            for name, value in (("step", 0.5), ("low2", -2), ("high2", 1), ("high", 3)):
                self.number(name, value)
        query, key = self.heads("q", [0, 2, 1, 3]), self.heads("k", [0, 2, 3, 1])
        self.heads("v", [0, 2, 1, 3])
        return self.add("MatMul", f"{query} {key}", "scores")

    def scale(self, scores):
        return self.add("Div", f"{scores} root", "scaled")

    def softmax(self, scores):
        self.add("Softmax", scores, "softmax", axis=-1)
        self.add("Div", "softmax alpha", "divided")
        self.add("Round", "divided", "rounded")
        self.add("Clip", f"rounded zero {'one' if self.bits == 1 else 'high'}", "bits")
        return self.add("Mul", "bits alpha", "probabilities")

    def end(self, probabilities):
        self.add("MatMul", f"{probabilities} vb", "context")
        self.add("Transpose", "context", "back", perm=[0, 2, 1, 3])
        self.add("Reshape", "back joined", "y")
        graph = helper.make_graph(self.nodes, "model", self.inputs, [info("y", ["batch", self.seq, CHANNELS])],
                                  self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    # Pieces of masks.
    def padding(self):
        """attention_mask [batch, keys] as [batch, 1, 1, keys], 1 where a token is."""
        self.inputs.append(info("attention_mask", ["batch", self.keys], INT64))
        self.number("axes12", [1, 2], np.int64)
        return self.add("Unsqueeze", "attention_mask axes12", "padding")

    def sizes(self):
        """[batch, 1, seq, seq] by shape arithmetic."""
        self.add("Shape", "q", "shape")
        for name, value in (("i0", [0]), ("i1", [1]), ("only", [1])):
            self.number(name, value, np.int64)
        self.add("Gather", "shape i0", "batch_size", axis=0)
        self.add("Gather", "shape i1", "seq_size", axis=0)
        return self.add("Concat", "batch_size only seq_size seq_size", "target", axis=0)

    def hides_padding(self, value):
        """0 where a token is padding, as a condition that is true there."""
        self.number("none", 0, np.int64)
        return self.add("Equal", f"{value} none", "hidden")


def feeds(graph, batch, seq, keys=None, hidden=None, **more):
    rng = np.random.default_rng([batch, seq, len(graph.nodes)])
    keys = keys or seq
    result = {name: rng.standard_normal((batch, tokens, CHANNELS)).astype(np.float32)
              for name, tokens in (("q", seq), ("k", keys), ("v", keys))}
    if hidden is not None:
        mask = np.ones((batch, keys), np.int64)
        for row, count in zip(mask, hidden):
            row[keys - count:] = 0
        result["attention_mask"] = mask
    return {**result, **{name: value(rng) for name, value in more.items()}}


def padded(graph, more=None):
    """Sentences of several lengths, and one that is hidden whole if `more` says so."""
    return [feeds(graph, 2, 7, hidden=[0, 3]), feeds(graph, 1, 33, hidden=[32]), feeds(graph, 2, 16, hidden=[1, more or 2])]


#===------------------------------------------------------------------------===#
# Rows: one number a token
#===------------------------------------------------------------------------===#

def expanded():
    """As current transformers write it: expanded, inverted, filled with the least float, added."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.add("Expand", f"{g.padding()} {g.sizes()}", "wide")
    g.add("Cast", "wide", "floats", to=FLOAT)
    g.add("Sub", "one floats", "inverse")
    g.add("Cast", "inverse", "where", to=BOOL)
    g.number("least", LEAST)
    g.add("Where", "where least inverse", "mask")
    model = g.end(g.softmax(g.add("Add", f"{scaled} mask", "masked")))
    return model, padded(g, 16), ROW


def expanded_first():
    """Expanded to [batch, seq, seq] before it has the dimension of the heads."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.inputs.append(info("attention_mask", ["batch", "seq"], INT64))
    g.number("axis1", [1], np.int64)
    g.sizes()
    g.add("Concat", "batch_size seq_size seq_size", "target3", axis=0)
    g.add("Unsqueeze", "attention_mask axis1", "rows")
    g.add("Expand", "rows target3", "wide")
    g.add("Unsqueeze", "wide axis1", "wide4")
    g.number("fill", -np.inf)
    model = g.end(g.softmax(g.add("Where", f"{g.hides_padding('wide4')} fill {scaled}", "masked")))
    return model, padded(g), ROW + r".*mask_kinds = \[#bnn.mask_kind<fill>\]"


def zeros_filled():
    """Zeros of the scores' shape that are filled, and added."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.add("Expand", f"{g.padding()} {g.sizes()}", "wide")
    g.add("ConstantOfShape", "target", "zeros", value=helper.make_tensor("v", FLOAT, [1], [0.0]))
    g.number("least", LEAST)
    g.add("Where", f"{g.hides_padding('wide')} least zeros", "mask")
    model = g.end(g.softmax(g.add("Add", f"mask {scaled}", "masked")))
    return model, padded(g, 16), ROW


def filled():
    g = Graph()
    scaled = g.scale(g.begin())
    g.number("fill", -np.inf)
    model = g.end(g.softmax(g.add("Where", f"{g.hides_padding(g.padding())} fill {scaled}", "masked")))
    return model, padded(g), ROW + r".*mask_kinds = \[#bnn.mask_kind<fill>\]"


def guarded():
    """PyTorch's softmax of rows that are hidden whole: 0."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.number("fill", -np.inf)
    g.add("Where", f"{g.hides_padding(g.padding())} fill {scaled}", "masked")
    g.add("Softmax", "masked", "raw", axis=-1)
    g.add("IsNaN", "raw", "is_nan")
    g.add("Where", "is_nan zero raw", "softmax")
    for operator, inputs, output in (("Div", "softmax alpha", "divided"), ("Round", "divided", "rounded"),
                                     ("Clip", "rounded zero one", "bits"), ("Mul", "bits alpha", "probabilities")):
        g.add(operator, inputs, output)
    return g.end("probabilities"), padded(g, 16), ROW + r".*mask_kinds = \[#bnn.mask_kind<fill>\]"


def filled_all():
    """With the least float a row that is hidden whole has equal probabilities."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.number("fill", LEAST)
    model = g.end(g.softmax(g.add("Where", f"{g.hides_padding(g.padding())} fill {scaled}", "masked")))
    return model, padded(g, 16), ROW + r".*mask_kinds = \[#bnn.mask_kind<fill>\]"


def filled_with_little():
    """A fill that does not hide."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.number("fill", -1.5)
    model = g.end(g.softmax(g.add("Where", f"{g.hides_padding(g.padding())} fill {scaled}", "masked")))
    return model, padded(g, 16), ROW + r".*mask_kinds = \[#bnn.mask_kind<fill>\]"


def filled_before_the_division():
    g = Graph()
    scores = g.begin()
    g.add("Cast", g.padding(), "kept", to=BOOL)
    g.number("fill", LEAST)
    model = g.end(g.softmax(g.scale(g.add("Where", f"kept {scores} fill", "masked"))))
    return model, padded(g, 16), ROW + r".*early_masks = 1 : i64.*mask_kinds = \[#bnn.mask_kind<fill>\]"


#===------------------------------------------------------------------------===#
# Rows for each query
#===------------------------------------------------------------------------===#

def given(shape, element, operator):
    """A mask of its own shape as an input: f32 that is added or subtracted, or a condition."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.inputs.append(info("mask", shape, element))
    if element == BOOL:
        g.number("fill", -np.inf)
        masked = g.add("Where", f"mask {scaled} fill", "masked")
    else:
        masked = g.add(operator, f"{scaled} mask", "masked")

    def some(batch, seq):
        sizes = [{"batch": batch, "seq": seq}.get(axis, axis) for axis in shape]
        return lambda rng: rng.random(sizes) < 0.8 if element == BOOL else rng.standard_normal(sizes).astype(np.float32)
    # A token sees itself.
    def seen(batch, seq):
        return lambda rng: some(batch, seq)(rng) | np.eye(seq, dtype=bool) if element == BOOL else some(batch, seq)(rng)
    sizes = [1] * (4 - len(shape)) + [axis if isinstance(axis, int) else "?" for axis in shape]
    if element != BOOL and operator == "Add" and len(shape) == 4:
        form = ROWS.format("x".join(re.escape(str(s)) for s in sizes))
    else:
        form = ROWS.format("x".join(re.escape(str(s)) for s in sizes)) + (".*mask_kind<fill>" if element == BOOL else "")
    return g.end(g.softmax(masked)), [feeds(g, b, s, mask=seen(b, s)) for b, s in ((2, 5), (1, 33))], form


def one_for_all_heads():
    return given(["batch", 1, "seq", "seq"], FLOAT, "Add")


def one_a_head():
    return given(["batch", HEADS, "seq", "seq"], FLOAT, "Add")


def without_batch():
    return given(["seq", "seq"], FLOAT, "Add")


def subtracted():
    return given([HEADS, "seq", "seq"], FLOAT, "Sub")


def a_condition():
    return given(["batch", 1, "seq", "seq"], BOOL, "Where")


def position_bias():
    """A learned bias by distance before the division, and the padding after it."""
    g = Graph(seq=9)
    scores = g.begin()
    g.number("table", np.random.default_rng(5).standard_normal((17, HEADS)))
    g.number("distance", np.arange(9)[None] - np.arange(9)[:, None] + 8, np.int64)
    g.add("Gather", "table distance", "looked_up", axis=0)
    g.add("Transpose", "looked_up", "bias3", perm=[2, 0, 1])
    g.number("axis0", [0], np.int64)
    g.add("Unsqueeze", "bias3 axis0", "bias")
    scaled = g.scale(g.add("Add", f"{scores} bias", "biased"))
    g.number("fill", -np.inf)
    model = g.end(g.softmax(g.add("Where", f"{g.hides_padding(g.padding())} fill {scaled}", "masked")))
    return (model, [feeds(g, 2, 9, hidden=[0, 4])],
            r"mask\(%\w+, %\w+ : tensor<1x2x9x9xf32>, tensor<\?x9xf32>\).*early_masks = 1 : i64.*"
            r"<add>, #bnn.mask_kind<fill>")


#===------------------------------------------------------------------------===#
# Causal masks
#===------------------------------------------------------------------------===#

CAUSAL = r"^(?!.*mask\().*\bcausal\b"
NOT_CAUSAL = r"^(?!.*\bcausal\b).*mask\("


def lengths(g):
    return [feeds(g, 2, 5), feeds(g, 1, 33), feeds(g, 1, 64)]


def causal_constant(fill=-np.inf, diagonal=1):
    g = Graph(seq=40)
    scaled = g.scale(g.begin())
    g.number("mask", np.triu(np.full((40, 40), fill), diagonal)[None, None])
    return g, g.end(g.softmax(g.add("Add", f"{scaled} mask", "masked")))


def causal_least():
    g, model = causal_constant(LEAST)
    return model, [feeds(g, 2, 40)], CAUSAL


def causal_infinite():
    g, model = causal_constant(-np.inf)
    return model, [feeds(g, 2, 40)], CAUSAL


def not_hidden():
    """-20 leaves something where scores are low."""
    g, model = causal_constant(-20)
    return model, [feeds(g, 2, 40)], NOT_CAUSAL


def one_token_ahead():
    g, model = causal_constant(-np.inf, 2)
    return model, [feeds(g, 2, 40)], NOT_CAUSAL


def causal_buffer(rows=1):
    """GPT-2: a part of a buffer of the greatest length."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.sizes()
    g.number("buffer", np.tri(64, dtype=bool)[None, None], bool)
    g.number("start", [0, 0], np.int64)
    g.number("axes23", [2, 3], np.int64)
    g.add("Concat", f"{'seq_size' if rows else 'only'} seq_size", "ends", axis=0)
    g.add("Slice", "buffer start ends axes23", "kept")
    g.number("fill", LEAST)
    return g, g.end(g.softmax(g.add("Where", f"kept {scaled} fill", "masked")))


def causal_part():
    g, model = causal_buffer()
    return model, lengths(g), CAUSAL


def first_row_for_all():
    """The buffer's first row alone is broadcast: only the first token is seen."""
    g, model = causal_buffer(rows=0)
    return model, lengths(g), ROW + r"(?!.*causal)"


def causal_trilu():
    g = Graph()
    scaled = g.scale(g.begin())
    g.sizes()
    g.add("Concat", "seq_size seq_size", "square", axis=0)
    g.add("ConstantOfShape", "square", "full", value=helper.make_tensor("v", FLOAT, [1], [-np.inf]))
    g.number("first", 1, np.int64)
    g.add("Trilu", "full first", "mask", upper=1)
    return g.end(g.softmax(g.add("Add", f"{scaled} mask", "masked"))), lengths(g), CAUSAL


def ranges(g, operator):
    """A comparison of key and query numbers."""
    g.sizes()
    for name, value in (("r0", 0), ("r1", 1)):
        g.number(name, value, np.int64)
    g.number("axis0", [0], np.int64)
    g.number("axis1", [1], np.int64)
    g.add("Squeeze", "seq_size axis0", "length")
    g.add("Range", "r0 length r1", "tokens")
    g.add("Unsqueeze", "tokens axis0", "columns")
    g.add("Unsqueeze", "tokens axis1", "rows")
    return g.add(operator, "columns rows", "kept")


def causal_ranges():
    g = Graph()
    scaled = g.scale(g.begin())
    g.number("fill", LEAST)
    return (g.end(g.softmax(g.add("Where", f"{ranges(g, 'LessOrEqual')} {scaled} fill", "masked"))), lengths(g),
            CAUSAL)


def others_only():
    """A token that does not see itself."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.number("fill", LEAST)
    return (g.end(g.softmax(g.add("Where", f"{ranges(g, 'Less')} {scaled} fill", "masked"))), lengths(g), NOT_CAUSAL)


def causal_and_padding(fill=-np.inf, **shape):
    """One condition of both. With the least float, rows that are hidden whole see later tokens."""
    g = Graph(**shape)
    scaled = g.scale(g.begin())
    kept = ranges(g, "LessOrEqual")
    g.add("Cast", g.padding(), "is_token", to=BOOL)
    g.add("And", f"{kept} is_token", "seen")
    g.number("fill", fill)
    return g, g.end(g.softmax(g.add("Where", f"seen {scaled} fill", "masked")))


def causal_with_padding():
    g, model = causal_and_padding()
    return model, padded(g), r"mask\(%\w+ : tensor<\?x1x\?x\?xf32>\).*\bcausal\b"


def least_with_padding():
    g, model = causal_and_padding(LEAST)
    return model, padded(g, 16), NOT_CAUSAL


def causal_integers():
    g = Graph(bits=2)
    scaled = g.scale(g.begin())
    g.number("fill", -np.inf)
    return (g.end(g.softmax(g.add("Where", f"{ranges(g, 'LessOrEqual')} {scaled} fill", "masked"))), lengths(g),
            CAUSAL)


#===------------------------------------------------------------------------===#
# Other tokens, and no softmax
#===------------------------------------------------------------------------===#

def cross():
    g = Graph(keys="keys")
    scaled = g.scale(g.begin())
    g.number("fill", -np.inf)
    model = g.end(g.softmax(g.add("Where", f"{g.hides_padding(g.padding())} fill {scaled}", "masked")))
    return (model, [feeds(g, 2, 5, 19, hidden=[0, 7]), feeds(g, 1, 33, 2, hidden=[1]), feeds(g, 1, 1, 64, hidden=[3])],
            ROW + r".*\bcross\b")


def without_softmax(write, form):
    """BiBERT: `write` makes probabilities of masked scores."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.add("Cast", g.padding(), "floats", to=FLOAT)
    g.add("Sub", "one floats", "inverse")
    g.number("hide", -10000)
    g.add("Mul", "inverse hide", "mask")
    return g.end(write(g, g.add("Add", f"{scaled} mask", "masked"))), padded(g, 16), form


def compared(operator, first, form, condition=None, high="one", low="zero"):
    def write(g, scores):
        g.add(operator, f"zero {scores}" if first else f"{scores} zero", "is_high")
        if condition == "Not":
            g.add("Not", "is_high", "inverse_of")
        if condition:
            return g.add("Where", f"{'inverse_of' if condition == 'Not' else 'is_high'} {high} {low}", "probabilities")
        return g.add("Cast", "is_high", "probabilities", to=FLOAT)
    return without_softmax(write, form)


ABOVE = r"threshold\(0\.0+e\+00\)(?!.*inclusive)"
AT_LEAST = r"threshold\(0\.0+e\+00\).*inclusive"


def above():
    return compared("Greater", False, ABOVE)


def at_least():
    return compared("GreaterOrEqual", False, AT_LEAST)


def not_below():
    return compared("Less", False, AT_LEAST, "Where", high="zero", low="alpha")


def below_the_score():
    return compared("Less", True, ABOVE, "Where", high="alpha")


def inverted():
    return compared("LessOrEqual", False, ABOVE, "Not")


def clipped_sign():
    def write(g, scores):
        g.add("Sign", scores, "sign")
        return g.add("Clip", "sign zero one", "probabilities")
    return without_softmax(write, ABOVE)


def rectified_sign():
    def write(g, scores):
        g.add("Sign", scores, "sign")
        g.add("Relu", "sign", "positive")
        return g.add("Mul", "positive alpha", "probabilities")
    return without_softmax(write, ABOVE)


def rounded_scores():
    def write(g, scores):
        g.add("Div", f"{scores} alpha", "divided")
        g.add("Round", "divided", "rounded")
        g.add("Clip", "rounded zero one", "bits")
        return g.add("Mul", "bits alpha", "probabilities")
    return without_softmax(write, r"threshold\(")


#===------------------------------------------------------------------------===#
# Scales of heads, tokens and channels
#===------------------------------------------------------------------------===#

PER_HEAD = np.array([0.5, -1.75], np.float32)


class Scaled(Graph):
    """Signs that something is done to on their way to the heads: `hook(graph, name, value, stage)`, where they are
    just bits, `split` or, at last, `moved`."""

    def __init__(self, hook=lambda g, name, value, stage: value, **options):
        super().__init__(**options)
        self.hook, self.values = hook, None

    def heads(self, name, order):
        value = self.hook(self, name, self.add("Sign", name, name + "s"), "bits")
        value = self.hook(self, name, self.add("Reshape", f"{value} split", name + "4"), "split")
        value = self.hook(self, name, self.add("Transpose", value, name + "t", perm=order), "moved")
        self.values = value
        return value

    def end(self, probabilities, after=lambda g, context: context):
        """`after` is done to the context before its heads are joined."""
        self.add("MatMul", f"{probabilities} {self.values}", "context")
        self.add("Transpose", after(self, "context"), "back", perm=[0, 2, 1, 3])
        self.add("Reshape", "back joined", "y")
        graph = helper.make_graph(self.nodes, "model", self.inputs, [info("y", ["batch", self.seq, CHANNELS])],
                                  self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def by(operator, value, constant_value, suffix="x"):
    """`value` times, or divided by, a constant."""
    def note(g):
        name = g.number(f"{value}_{suffix}", constant_value)
        return g.add(operator, f"{value} {name}", f"{value}_by_{suffix}")
    return note


def scaled_heads(wanted, at, constant_value, operator="Mul", form=None):
    """Query, key and value of the roles in `wanted` with a constant at one stage."""
    def hook(g, name, value, stage):
        return by(operator, value, constant_value)(g) if name in wanted and stage == at else value
    g = Scaled(hook)
    scaled = g.scale(g.begin())
    return g.end(g.softmax(scaled)), lengths(g), form


MULTIPLIED = r"mask\(.*mask_kinds = \[(#bnn.mask_kind<multiply>(, )?)+\]"
CHANNELS_APART = rf"params\(.*tensor<{CHANNELS}xf32>"


def signs_of_signs():
    """A sign without a 0, brought to 0 and 1."""
    def probabilities(g, scores):
        g.number("half", 0.5)
        first = g.add("Add", g.add("Sign", scores, "sign") + " half", "moved")
        return g.add("Mul", g.add("Add", g.add("Sign", first, "sign_again") + " one", "high") + " half", "probabilities")
    return compared_by(probabilities)


def rounded_clip():
    """Above a half."""
    def probabilities(g, scores):
        return g.add("Round", g.add("Clip", f"{scores} zero one", "clipped"), "probabilities")
    return compared_by(probabilities)


def compared_by(probabilities):
    g = Graph()
    model = g.end(probabilities(g, g.scale(g.begin())))
    return model, lengths(g)[:2], "threshold"


def softmax_bit(probabilities):
    """`probabilities` makes bits of a softmax."""
    g = Graph()
    g.add("Softmax", g.scale(g.begin()), "softmax", axis=-1)
    model = g.end(probabilities(g))
    return model, lengths(g)[:2], "cutoff"


def softmax_above():
    def probabilities(g):
        g.number("level", 0.033)
        return g.add("Cast", g.add("Greater", "softmax level", "above"), "probabilities", to=FLOAT)
    return softmax_bit(probabilities)


def softmax_half_up():
    def probabilities(g):
        for name, value in (("reciprocal", 1 / 0.07), ("half", 0.5)):
            g.number(name, value)
        g.add("Add", g.add("Mul", "reciprocal softmax", "divided") + " half", "moved")
        g.add("Clip", g.add("Floor", "moved", "whole") + " zero one", "bits")
        return g.add("Mul", "alpha bits", "probabilities")
    return softmax_bit(probabilities)


def filled_by_shape():
    """One number in the shape of the scores."""
    g = Graph()
    scaled = g.scale(g.begin())
    g.add("Shape", scaled, "scores_shape")
    g.add("ConstantOfShape", "scores_shape", "fill", value=helper.make_tensor("v", FLOAT, [1], [-10000.0]))
    model = g.end(g.softmax(g.add("Where", f"{g.hides_padding(g.padding())} fill {scaled}", "masked")))
    return model, padded(g), ROW + r".*mask_kinds = \[#bnn.mask_kind<fill>\]"


def ternary_heads():
    """Integers in a row that no number of bits has: -1, 0 and 1."""
    g = Graph()

    def heads(name, order):
        g.add("Reshape", f"{name} split", name + "4")
        g.add("Transpose", name + "4", name + "t", perm=order)
        g.number(name + "_low", -1.0)
        g.add("Clip", g.add("Round", name + "t", name + "r") + f" {name}_low one", name + "c")
        g.number(name + "_step", 0.25)
        return g.add("Mul", f"{name}c {name}_step", name + "b")
    g.heads = heads
    model = g.end(g.softmax(g.scale(g.begin())))
    return model, lengths(g)[:2], "query_zeros.*cutoff"


def head_scales_of_bits():
    return scaled_heads("qk", "moved", PER_HEAD.reshape(1, HEADS, 1, 1), form=MULTIPLIED)


def head_divisors_of_bits():
    return scaled_heads("kv", "moved", PER_HEAD.reshape(HEADS, 1, 1), "Div", MULTIPLIED)


def head_scales_before_transpose():
    return scaled_heads("qkv", "split", PER_HEAD.reshape(HEADS, 1), form=MULTIPLIED)


def head_scales_before_split():
    """One number a channel, the same for all of a head."""
    return scaled_heads("qk", "bits", np.repeat(PER_HEAD, SIZE), form=MULTIPLIED)


def channel_scales_of_values():
    return scaled_heads("v", "bits", np.random.default_rng(6).random(CHANNELS) + 0.5, form=CHANNELS_APART)


def channel_scales_of_queries():
    """No factor of a score."""
    return scaled_heads("q", "moved", np.random.default_rng(6).random(SIZE) + 0.5, form="^$")


def token_scales():
    """The mean of |x| of each token, of query and key."""
    def hook(g, name, value, stage):
        if name == "v" or stage != "bits":
            return value
        g.add("Abs", name, name + "abs")
        g.add("ReduceMean", name + "abs", name + "mean", axes=[-1], keepdims=1)
        return g.add("Mul", f"{name}mean {value}", name + "scaled")
    g = Scaled(hook)
    scaled = g.scale(g.begin())
    return g.end(g.softmax(scaled)), lengths(g), MULTIPLIED


def with_scores(change, form, end=None, inputs=lengths):
    """`change` is done to the scores after the division."""
    g = Scaled()
    scaled = g.scale(g.begin())
    model = (end or (lambda g, scores: g.end(g.softmax(scores))))(g, change(g, scaled))
    return model, inputs(g), form


def head_scales_of_scores():
    return with_scores(lambda g, s: by("Mul", s, PER_HEAD.reshape(HEADS, 1, 1))(g), MULTIPLIED)


def scaled_thrice():
    """Neither factor is a power of two, so that both round."""
    return with_scores(lambda g, s: by("Mul", by("Mul", s, 0.75)(g), 0.3)(g), MULTIPLIED)


def head_scales_of_probabilities():
    def end(g, scores):
        return g.end(by("Mul", g.softmax(scores), PER_HEAD.reshape(1, HEADS, 1, 1))(g))
    return with_scores(lambda g, s: s, CHANNELS_APART, end)


def head_scales_of_context():
    def end(g, scores):
        return g.end(g.softmax(scores), lambda g, c: by("Mul", c, PER_HEAD.reshape(HEADS, 1, 1))(g))
    return with_scores(lambda g, s: s, CHANNELS_APART, end)


def head_scales_given():
    """An input: of the context it is no parameter, but a product of its own."""
    g = Scaled()
    scaled = g.scale(g.begin())
    g.inputs.append(info("gate", ["batch", HEADS, 1, 1]))
    model = g.end(g.softmax(g.add("Mul", f"gate {scaled}", "gated")),
                  lambda g, c: g.add("Mul", f"{c} gate", "gated_context"))

    def gates(batch):
        return lambda rng: rng.standard_normal((batch, HEADS, 1, 1)).astype(np.float32)
    return model, [feeds(g, 2, 5, gate=gates(2)), feeds(g, 1, 33, gate=gates(1))], MULTIPLIED


#===------------------------------------------------------------------------===#
# Masks that are multiplied, bounds of scores, and what hides probabilities
#===------------------------------------------------------------------------===#

def as_numbers(g, proved):
    """The padding as f32, 0 or 1 whatever the input, or what the input is."""
    value = g.padding()
    if proved:
        value = g.add("Cast", value, "kept", to=BOOL)
    return g.add("Cast", value, "floats", to=FLOAT)


def masks_multiplied():
    """Scores times numbers, whatever they are."""
    return with_scores(lambda g, s: g.add("Mul", f"{s} {as_numbers(g, False)}", "masked"), MULTIPLIED,
                       inputs=lambda g: padded(g, 16))


def causal_by_products():
    """GPT's first form: scores * b - 1e10 * (1 - b)."""
    g = Scaled(seq=40)
    scaled = g.scale(g.begin())
    g.number("b", np.tri(40)[None, None])
    g.number("large", 1e10)
    g.add("Mul", f"{scaled} b", "kept")
    g.add("Sub", "one b", "rest")
    g.add("Mul", "rest large", "hidden")
    return g.end(g.softmax(g.add("Sub", "kept hidden", "masked"))), [feeds(g, 2, 40)], CAUSAL


def causal_with_head_scales():
    g = Scaled(seq=40)
    scaled = g.scale(g.begin())
    g.number("mask", np.triu(np.full((40, 40), LEAST), 1)[None, None])
    kept = by("Mul", scaled, PER_HEAD.reshape(HEADS, 1, 1))(g)
    return g.end(g.softmax(g.add("Add", f"{kept} mask", "masked"))), [feeds(g, 2, 40)], r"mask_kind<multiply>\]|\bcausal\b"


def at_least_the_least(causal=False):
    """OPT: what two masks made -inf is the least float again, and a row that is hidden whole has equal
    probabilities."""
    g = Scaled(**({"seq": 40} if causal else {}))
    scores = g.scale(g.begin())
    g.number("least", LEAST)
    if causal:
        g.number("later", np.triu(np.full((40, 40), LEAST), 1)[None, None])
        scores = g.add("Add", f"{scores} later", "past")
    else:
        g.add("Sub", f"one {as_numbers(g, False)}", "inverse")
        g.add("Mul", "inverse least", "mask")
        scores = g.add("Add", f"{scores} mask", "once")
        scores = g.add("Add", f"{scores} mask", "twice")
    model = g.end(g.softmax(g.add("Max", f"{scores} least", "masked")))
    return model, [feeds(g, 2, 40)] if causal else padded(g, 16), r"\bcausal\b" if causal else "mask_kind<max>"


def causal_at_least():
    return at_least_the_least(causal=True)


def bounded():
    def change(g, scores):
        g.number("low", -0.5)
        return g.add("Clip", f"{scores} low alpha", "bounded")
    return with_scores(change, r"mask_kinds = \[#bnn.mask_kind<max>, #bnn.mask_kind<min>\]")


def hidden_probabilities(proved=True, where="bits"):
    """Probabilities times a mask: after they are bits, or before."""
    g = Scaled()
    scaled = g.scale(g.begin())
    mask = as_numbers(g, proved)
    if where == "bits":
        probabilities = g.add("Mul", f"{g.softmax(scaled)} {mask}", "masked")
    else:
        g.add("Softmax", scaled, "raw", axis=-1)
        g.add("Where" if where == "where" else "Mul", "kept raw zero" if where == "where" else f"raw {mask}", "softmax")
        for operator, inputs, output in (("Div", "softmax alpha", "divided"), ("Round", "divided", "rounded"),
                                         ("Clip", "rounded zero one", "bits"), ("Mul", "bits alpha", "probabilities")):
            probabilities = g.add(operator, inputs, output)
    return g.end(probabilities), padded(g, 16), "value_zeros" if proved else "^$"


def hidden_bits():
    return hidden_probabilities()


def hidden_before_rounding():
    return hidden_probabilities(where="softmax")


def hidden_by_where():
    return hidden_probabilities(where="where")


def hidden_by_numbers():
    """The input may have other numbers than 0 and 1."""
    return hidden_probabilities(proved=False)


def hidden_decisions(both):
    """BiBERT's probabilities of tokens that are padding, by And or by a product."""
    def write(g, scores):
        g.add("Cast", "padding", "kept", to=BOOL)
        decided = g.add("Greater", f"{scores} zero", "is_high")
        if both:
            return g.add("Cast", g.add("And", f"{decided} kept", "seen"), "probabilities", to=FLOAT)
        g.add("Cast", decided, "bits", to=FLOAT)
        return g.add("Mul", f"bits {g.add('Cast', 'kept', 'numbers', to=FLOAT)}", "probabilities")
    return without_softmax(write, r"threshold\(.*<fill>\]")


def decisions_and_padding():
    return hidden_decisions(True)


def decisions_times_padding():
    return hidden_decisions(False)


#===------------------------------------------------------------------------===#
# Heads that are split and joined in other ways
#===------------------------------------------------------------------------===#

def packed(split):
    """One projection of all three: [batch, tokens, 3, heads, size] as timm writes it, by Gather or Split, or
    [batch, tokens, heads, 3 * size]."""
    g = Scaled()
    g.inputs = [info("x", ["batch", "seq", 3 * CHANNELS])]
    for name, value in (("split", [0, 0, HEADS, 3 * SIZE] if split == "heads" else [0, 0, 3, HEADS, SIZE]),
                        ("joined", [0, 0, CHANNELS])):
        g.number(name, value, np.int64)
    for name, value in (("root", 4.0), ("alpha", 0.07), ("zero", 0.0), ("one", 1.0)):
        g.number(name, value)
    g.add("Reshape", "x split", "x5")
    if split == "heads":
        g.add("Split", "x5", "q4 k4 v4", axis=3)
        for name in "qkv":
            g.add("Transpose", name + "4", name, perm=[0, 2, 1, 3])
    else:
        g.add("Transpose", "x5", "xt", perm=[2, 0, 3, 1, 4])
        g.number("axis0", [0], np.int64)
        if split == "split":
            g.add("Split", "xt", "q5 k5 v5", axis=0)
        for number, name in enumerate("qkv"):
            if split == "split":
                g.add("Squeeze", f"{name}5 axis0", name)
            else:
                g.add("Gather", f"xt {g.number('i' + name, number, np.int64)}", name, axis=0)
    g.add("Transpose", "k", "kt", perm=[0, 1, 3, 2])
    for name, source in (("qb", "q"), ("kb", "kt"), ("vb", "v")):
        g.add("Sign", source, name)
    g.values = "vb"
    model = g.end(g.softmax(g.scale(g.add("MatMul", "qb kb", "scores"))))
    rng = np.random.default_rng(9)
    return model, [{"x": rng.standard_normal((2, tokens, 3 * CHANNELS)).astype(np.float32)} for tokens in (7, 33)], "attention"


def packed_by_gather():
    return packed("gather")


def packed_by_split():
    return packed("split")


def packed_in_heads():
    return packed("heads")


def turned_positions():
    """Something of each head before the sign, as rotary positions are."""
    g = Graph()
    g.number("cosine", np.random.default_rng(8).standard_normal((1, 1, 1, SIZE)))

    def heads(name, order):
        g.add("Reshape", f"{name} split", name + "4")
        g.add("Transpose", name + "4", name + "t", perm=order)
        value = g.add("Mul", f"{name}t cosine", name + "r") if name == "q" else name + "t"
        return g.add("Sign", value, name + "b")
    g.heads = heads
    scaled = g.scale(g.begin())
    return g.end(g.softmax(scaled)), lengths(g), "attention"


def never_joined():
    """The context with its heads is the output."""
    g = Graph()
    g.softmax(g.scale(g.begin()))
    g.add("MatMul", "probabilities vb", "y")
    graph = helper.make_graph(g.nodes, "model", g.inputs, [info("y", ["batch", HEADS, "seq", SIZE])], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, lengths(g), "attention"


def read_elsewhere():
    """Probabilities that are an output are computed anyway."""
    g = Graph()
    g.softmax(g.scale(g.begin()))
    g.add("MatMul", "probabilities vb", "y")
    outputs = [info("y", ["batch", HEADS, "seq", SIZE]), info("probabilities", ["batch", HEADS, "seq", "seq"])]
    graph = helper.make_graph(g.nodes, "model", g.inputs, outputs, g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, lengths(g), "^$"


def folded(bits="outside", single=False):
    """BART: batch and heads are one dimension of the products, and two of the masks. Or one head, and no dimension."""
    g = Graph()
    for name, value in (("root", 4.0), ("alpha", 0.07), ("zero", 0.0), ("one", 1.0)):
        g.number(name, value)
    if single:
        for name in "qkv":
            g.add("Sign", name, name + "b")
    else:
        for name, value in (("split", [0, 0, HEADS, SIZE]), ("joined", [0, 0, CHANNELS]), ("all", [-1]),
                            ("heads", [HEADS]), ("size", [SIZE])):
            g.number(name, value, np.int64)
        g.sizes()
        g.add("Mul", "batch_size heads", "both")
        g.add("Concat", "both all size", "folded", axis=0)
        for name in "qkv":
            g.add("Reshape", f"{name} split", name + "4")
            value = g.add("Transpose", name + "4", name + "t", perm=[0, 2, 1, 3])
            if bits == "inside":
                value = g.add("Sign", value, name + "s")
            value = g.add("Reshape", f"{value} folded", name + "b" if bits == "inside" else name + "f")
            if bits == "outside":
                g.add("Sign", value, name + "b")
    g.add("Transpose", "kb", "kbt", perm=[0, 2, 1])
    scores = g.scale(g.add("MatMul", "qb kbt", "scores"))
    g.number("fill", -np.inf)
    if single:
        g.inputs.append(info("attention_mask", ["batch", "seq"], INT64))
        g.number("axis1", [1], np.int64)
        g.add("Unsqueeze", "attention_mask axis1", "padding")
    else:
        g.add("Concat", "batch_size heads seq_size seq_size", "unfolded", axis=0)
        g.add("Reshape", "scaled unfolded", "scores4")
        scores = "scores4"
        g.padding()
    scores = g.add("Where", f"{g.hides_padding('padding')} fill {scores}", "masked")
    if not single:
        g.add("Concat", "both seq_size seq_size", "refolded", axis=0)
        scores = g.add("Reshape", "masked refolded", "masked3")
    g.add("MatMul", f"{g.softmax(scores)} vb", "y" if single else "context3")
    if not single:
        g.add("Concat", "batch_size heads seq_size size", "context_shape", axis=0)
        g.add("Reshape", "context3 context_shape", "context")
        g.add("Transpose", "context", "back", perm=[0, 2, 1, 3])
        g.add("Reshape", "back joined", "y")
    graph = helper.make_graph(g.nodes, "model", g.inputs, [info("y", ["batch", "seq", CHANNELS])], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, padded(g), ROW + ".*mask_kind<fill>"


def folded_heads():
    return folded()


def folded_bits():
    return folded("inside")


def one_head():
    return folded(single=True)


def einsums():
    """Keras: all products are Einsum, and scores are a product of keys and queries."""
    g = Graph()
    g.inputs = [info("x", ["batch", "seq", CHANNELS])]
    rng = np.random.default_rng(4)
    for name in "qkv":
        g.number("w" + name, rng.standard_normal((CHANNELS, HEADS, SIZE)))
        g.add("Einsum", f"x w{name}", name, equation="abc,cde->abde")
        g.add("Sign", name, name + "b")
    for name, value in (("root", 0.25), ("alpha", 0.07), ("zero", 0.0), ("one", 1.0)):
        g.number(name, value)
    g.add("Mul", "qb root", "smaller")
    g.add("Einsum", f"{g.softmax(g.add('Einsum', 'kb smaller', 'scores', equation='aecd,abcd->acbe'))} vb", "context",
          equation="acbe,aecd->abcd")
    g.number("wo", np.eye(CHANNELS).reshape(HEADS, SIZE, CHANNELS))
    g.add("Einsum", "context wo", "y", equation="abcd,cde->abe")
    graph = helper.make_graph(g.nodes, "model", g.inputs, [info("y", ["batch", "seq", CHANNELS])], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, [{"x": rng.standard_normal((2, 9, CHANNELS)).astype(np.float32)}], "attention"


#===------------------------------------------------------------------------===#
# Windows of images
#===------------------------------------------------------------------------===#

class Windows(Graph):
    """Attention within the windows of images (Swin): the batch is all windows of all images."""

    def __init__(self, count=4, images="images", **options):
        super().__init__(seq=9, **options)
        self.count, self.images = count, images
        self.inputs = [info(name + "_windows", [images, count, self.seq, CHANNELS]) for name in "qkv"]

    def heads(self, name, order):
        self.number(name + "_rows", [-1, self.seq, CHANNELS], np.int64)
        self.add("Reshape", f"{name}_windows {name}_rows", name)
        return super().heads(name, order)

    def spread(self, scores):
        """[images, windows, heads, tokens, tokens]."""
        self.number("by_windows", [-1, self.count, HEADS, self.seq, self.seq], np.int64)
        return self.add("Reshape", f"{scores} by_windows", "spread")

    def join(self, scores):
        self.number("by_rows", [-1, HEADS, self.seq, self.seq], np.int64)
        return self.add("Reshape", f"{scores} by_rows", "joined_scores")

    def bias(self, scores):
        """A learned one by distance, the same for all windows."""
        self.number("bias", np.random.default_rng(5).standard_normal((1, HEADS, self.seq, self.seq)))
        return self.add("Add", f"{scores} bias", "biased")

    def shifted(self):
        """Of each window, which pairs of its tokens were neighbours before the shift."""
        regions = np.random.default_rng(6).integers(0, 3, (self.count, self.seq))
        return regions[:, None] != regions[:, :, None]

    def end(self, probabilities):
        """[images, windows, tokens, channels] again."""
        self.add("MatMul", f"{probabilities} vb", "context")
        self.add("Transpose", "context", "back", perm=[0, 2, 1, 3])
        self.add("Reshape", "back joined", "rows")
        self.number("y_windows", [-1, self.count, self.seq, CHANNELS], np.int64)
        self.add("Reshape", "rows y_windows", "y")
        graph = helper.make_graph(self.nodes, "model", self.inputs,
                                  [info("y", [self.images, self.count, self.seq, CHANNELS])], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def feeds(self, images, **more):
        rng = np.random.default_rng([images, len(self.nodes)])
        result = {name + "_windows": rng.standard_normal((images, self.count, self.seq, CHANNELS)).astype(np.float32)
                  for name in "qkv"}
        return {**result, **{name: value(rng) for name, value in more.items()}}


OF_WINDOWS = r"mask\(%\w+, %\w+ : tensor<1x2x9x9xf32>, tensor<4x1x9x9xf32>\)"


def windows(images="images", counts=(1, 3), **options):
    """As timm and torchvision write it: a bias, and -100 between tokens that were no neighbours."""
    g = Windows(images=images, **options)
    scores = g.spread(g.bias(g.scale(g.begin())))
    g.number("mask", np.where(g.shifted(), -100.0, 0.0)[None, :, None])
    model = g.end(g.softmax(g.join(g.add("Add", f"{scores} mask", "masked"))))
    return model, [g.feeds(count) for count in counts], OF_WINDOWS


def windows_of_two_bits():
    return windows(bits=2)


def windows_of_one_image():
    return windows(images=1, counts=[1])


def windows_of_three_images():
    return windows(images=3, counts=[3])


def windows_by_shapes():
    """As transformers writes it: sizes by shape arithmetic, and (Swin V2) the mask twice."""
    g = Windows()
    scores = g.bias(g.scale(g.begin()))
    for name, value in (("i0", [0]), ("windows", [4]), ("axis0", [0]), ("axis1", [1]), ("rest", [HEADS, 9, 9])):
        g.number(name, value, np.int64)
    g.add("Shape", scores, "shape")
    g.add("Gather", "shape i0", "rows_size", axis=0)
    g.add("Div", "rows_size windows", "images_size")
    g.add("Concat", "images_size windows rest", "target", axis=0)
    g.add("Concat", "rows_size rest", "target_again", axis=0)
    g.add("Reshape", f"{scores} target", "spread")
    g.number("mask", np.where(g.shifted(), -50.0, 0.0))
    g.add("Unsqueeze", "mask axis1", "mask4")
    g.add("Unsqueeze", "mask4 axis0", "mask5")
    g.add("Add", "mask5 spread", "once")
    g.add("Add", "once mask5", "twice")
    g.add("Reshape", "twice target_again", "again")
    return (g.end(g.softmax("again")), [g.feeds(count) for count in (1, 3)],
            r"mask\(%\w+, %\w+, %\w+ : tensor<1x2x9x9xf32>, tensor<4x1x9x9xf32>, tensor<4x1x9x9xf32>\)")


def windows_filled():
    """A condition, one row a window, before the division."""
    g = Windows()
    g.inputs.append(info("hides", [4, 1, 1, 9], BOOL))
    g.number("fill", -np.inf)
    scores = g.spread(g.begin())
    model = g.end(g.softmax(g.scale(g.join(g.add("Where", f"hides fill {scores}", "masked")))))

    def some(rng):
        return rng.random((4, 1, 1, 9)) < 0.4
    return (model, [g.feeds(count, hides=some) for count in (1, 3)],
            r"mask\(%[\w#]+ : tensor<4x9xf32>\).*mask_kinds = \[#bnn.mask_kind<fill>\]")


def masked_by(shape, form):
    """A mask of its own shape, as an input."""
    g = Windows()
    g.inputs.append(info("mask", shape))
    scores = g.spread(g.scale(g.begin()))
    model = g.end(g.softmax(g.join(g.add("Add", f"{scores} mask", "masked"))))

    def some(images):
        return lambda rng: rng.standard_normal([images if axis == "images" else axis for axis in shape]).astype(np.float32)
    return model, [g.feeds(count, mask=some(count)) for count in (1, 2)], form


def windows_masked_by_image():
    return masked_by(["images", 1, 1, 9, 9], ROWS.format(r"\?x1x9x9"))


def rows_masked_by_image():
    return masked_by(["images", 1, 1, 1, 9], ROW.replace(r"\?x\?", r"\?x9"))


def windows_masked_each():
    return masked_by(["images", 4, 2, 9, 9], ROWS.format(r"\?x2x9x9"))


def windows_multiplied():
    """Scores times numbers of windows, and what no query may see is -inf."""
    g = Windows()
    scores = g.spread(g.scale(g.begin()))
    g.number("weights", np.random.default_rng(3).standard_normal((4, 2, 9, 1)))
    g.number("fill", -np.inf)
    g.number("hides", g.shifted()[None, :, None], bool)
    g.add("Mul", f"weights {scores}", "weighted")
    model = g.end(g.softmax(g.join(g.add("Where", "hides fill weighted", "masked"))))
    return (model, [g.feeds(count) for count in (1, 3)],
            r"mask\(%\w+, %\w+ : tensor<4x2x9x9xf32>, tensor<4x1x9x9xf32>\).*<multiply>, #bnn.mask_kind<fill>")


def windows_above():
    """Without a softmax."""
    g = Windows()
    scores = g.spread(g.begin())
    g.number("mask", np.where(g.shifted(), -np.inf, 0.0)[:, None])
    g.add("Greater", g.join(g.add("Add", f"{scores} mask", "masked")) + " zero", "above")
    return (g.end(g.add("Cast", "above", "probabilities", to=FLOAT)), [g.feeds(count) for count in (1, 3)],
            r"mask\(%\w+ : tensor<4x1x9x9xf32>\).*threshold")


SPELLINGS = [expanded, expanded_first, zeros_filled, filled, guarded, filled_all, filled_with_little, filled_before_the_division,
             one_for_all_heads, one_a_head, without_batch, subtracted, a_condition, position_bias, causal_least,
             causal_infinite, not_hidden, one_token_ahead, causal_part, first_row_for_all, causal_trilu, causal_ranges,
             others_only, causal_with_padding, least_with_padding, causal_integers, cross, above, at_least, not_below,
             below_the_score, inverted, clipped_sign, rectified_sign, rounded_scores, head_scales_of_bits,
             head_divisors_of_bits, head_scales_before_transpose, head_scales_before_split, channel_scales_of_values,
             channel_scales_of_queries, token_scales, head_scales_of_scores, scaled_thrice, head_scales_of_probabilities,
             head_scales_of_context, head_scales_given, masks_multiplied, causal_by_products, causal_with_head_scales,
             at_least_the_least, causal_at_least, bounded, hidden_bits, hidden_before_rounding, hidden_by_where,
             hidden_by_numbers, decisions_and_padding, decisions_times_padding, packed_by_gather, packed_by_split,
             packed_in_heads, turned_positions, never_joined, read_elsewhere,
             folded_heads, folded_bits, one_head, einsums, windows, windows_of_two_bits, windows_of_one_image,
             windows_of_three_images, windows_by_shapes, windows_filled, windows_masked_by_image, rows_masked_by_image,
             windows_masked_each, windows_multiplied, windows_above, signs_of_signs, rounded_clip, softmax_above,
             softmax_half_up, filled_by_shape, ternary_heads]


def form_of(path):
    """The line of the attention after raise."""
    text = call("bnn-opt", path, "--compile-to=raise", "-o", "-").stdout
    lines = [line.strip().partition("= ")[2] for line in text.splitlines() if " bnn.attention " in line]
    return lines[0] if len(lines) == 1 else ""


def main():
    work, names = sys.argv[1], sys.argv[2:]
    os.makedirs(work, exist_ok=True)
    runs, failures = 0, []
    for make in SPELLINGS:
        name = make.__name__
        if names and name not in names:
            continue
        proto, inputs, form = make()
        path, compiled = (os.path.join(work, name + end) for end in (".onnx", ".o"))
        onnx.save(proto, path)
        result = call("bnn-opt", path, "-O1", "-o", compiled)
        if result.returncode:
            failures.append(f"{name}: {result.stderr.strip()}")
            continue
        line = form_of(path)
        if not re.search(form, line):
            failures.append(f"{name}: '{form}' is not in '{line}'")
        for number, given_feeds in enumerate(inputs):
            runs += 1
            failure = check(name, path, compiled, given_feeds, ["y"], work, number)
            if failure:
                failures.append(failure)
    for failure in failures:
        print("FAILED", failure)
    print(f"{runs} runs, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
