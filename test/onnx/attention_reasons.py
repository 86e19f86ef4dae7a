# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention that stays in f32: the report says at which op the match ended, and why.

    attention_reasons.py WORK [NAME...]
"""
import json
import os
import sys

import numpy as np
import onnx

from attention_masks import BOOL, CHANNELS, HEADS, PER_HEAD, SIZE, Graph, Scaled, by
from models import FLOAT, call, info

DOUBLE, HALF = onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16

CASES = {}


def reason(text):
    """The case below must be left for this reason."""
    def note(make):
        CASES[make.__name__] = (make, text)
        return make
    return note


def scores(change):
    """`change` is done to the scores after the division."""
    g = Graph()
    return g.end(g.softmax(change(g, g.scale(g.begin()))))


def heads(name, change, **options):
    """`change` makes bits of the heads of `name`, which come as [batch, heads, tokens, size]."""
    g = Graph(**options)
    usual = g.heads

    def instead(which, order):
        if which != name:
            return usual(which, order)
        g.add("Reshape", f"{which} split", which + "4")
        return change(g, g.add("Transpose", which + "4", which + "t", perm=order))
    g.heads = instead
    return g


def quantise(g, value, low, high, output=None):
    """alpha times the integers from `low` to `high`."""
    name = value + "_"
    g.add("Div", f"{value} alpha", name + "divided")
    g.add("Round", name + "divided", name + "rounded")
    g.add("Clip", f"{name}rounded {low} {high}", name + "clipped")
    return g.add("Mul", f"{name}clipped alpha", output or name + "quantised")


def whole(g):
    return g.end(g.softmax(g.scale(g.begin())))


def context(change):
    """`change` makes the context of probabilities and values."""
    g = Graph()
    probabilities = g.softmax(g.scale(g.begin()))
    usual = g.add

    def add(operator, inputs, output, **attributes):
        if output == "context":
            g.add = usual
            return change(g, probabilities)
        return usual(operator, inputs, output, **attributes)
    g.add = add
    return g.end(probabilities)


def probabilities(change):
    """`change` makes probabilities of the scores."""
    g = Graph()
    return g.end(change(g, g.scale(g.begin())))


#===------------------------------------------------------------------------===#
# Scores
#===------------------------------------------------------------------------===#

@reason("what stands in for masked scores is not one number")
def filled_by_numbers():
    def change(g, value):
        g.inputs.append(info("others", ["batch", 1, "seq", "seq"]))
        g.inputs.append(info("where", ["batch", 1, "seq", "seq"], BOOL))
        return g.add("Where", f"where others {value}", "masked")
    return scores(change)


@reason("what stands in for masked scores is not one number")
def filled_with_nan():
    def change(g, value):
        g.number("nan", np.nan)
        g.inputs.append(info("where", ["batch", 1, "seq", "seq"], BOOL))
        return g.add("Where", f"where nan {value}", "masked")
    return scores(change)


@reason("the scores are no product of query and key")
def bounded_at_run_time():
    def change(g, value):
        g.inputs.append(info("bound", []))
        return g.add("Max", f"{value} bound", "bounded")
    return scores(change)


@reason("the scores are no product of query and key")
def bounded_by_nan():
    def change(g, value):
        g.number("nan", np.nan)
        return g.add("Min", f"nan {value}", "bounded")
    return scores(change)


@reason("what the scores are divided by is not one finite constant")
def divided_by_nothing():
    return scores(lambda g, value: g.add("Div", f"{value} zero", "divided_again"))


@reason("the scores are no product of query and key")
def added_to_nothing():
    """Two inputs, where scores should be."""
    def change(g, value):
        g.inputs.append(info("given", ["batch", HEADS, "seq", "seq"]))
        return g.add("Abs", g.add("Add", f"given {value}", "sum"), "positive")
    return scores(change)


@reason("the mask is not f32")
def mask_of_doubles():
    """Scores of f64 are compared, and masked before that."""
    g = Graph()
    usual = g.heads
    g.heads = lambda which, order: (usual(which, order) if which == "v" else
                                    g.add("Cast", usual(which, order), which + "64", to=DOUBLE))
    g.inputs.append(info("mask", ["batch", 1, "seq", "seq"], DOUBLE))
    scores = g.begin()
    g.number("zero64", 0, np.float64)
    g.add("Add", f"{scores} mask", "masked")
    return g.end(g.add("Cast", g.add("Greater", "masked zero64", "above"), "probabilities", to=FLOAT))


@reason("the mask does not broadcast to [batch, heads, tokens, tokens]")
def mask_of_a_length_to_be_seen():
    """The mask has as many keys as there are, or one."""
    g = Graph(seq=8)
    scaled = g.scale(g.begin())
    g.inputs.append(info("mask", ["batch", 1, 8, "some"]))
    return g.end(g.softmax(g.add("Add", f"{scaled} mask", "masked")))


@reason("the scores are broadcast")
def mask_of_another_length():
    def change(g, value):
        g.inputs.append(info("other", ["batch", 1, "seq", "other_seq"]))
        return g.add("Add", f"{value} other", "masked")
    return scores(change)


def of_inputs(operator):
    """Two inputs, of the shape of scores."""
    g = Graph()
    for name in ("first", "second"):
        g.inputs.append(info(name, ["batch", HEADS, "seq", "seq"]))
    g.begin()
    return g.end(g.softmax(g.add(operator, "first second", "given")))


@reason("the scores are no product of query and key; the match ended at Add")
def sum_of_inputs():
    return of_inputs("Add")


@reason("the scores are no product of query and key; the match ended at Mul")
def product_of_inputs():
    return of_inputs("Mul")


def projection(g, name, rank=1):
    """[batch, seq, rank] of the layer's input."""
    if all(known.name != "layer" for known in g.inputs):
        g.inputs.append(info("layer", ["batch", g.keys, CHANNELS]))
    g.number(name + "_weight", np.ones((CHANNELS, rank)))
    return g.add("MatMul", f"layer {name}_weight", name)


@reason("a scale of the query that is not one number, beside low-rank terms")
def scales_beside_terms():
    g = Scaled(lambda g, name, value, stage: by("Mul", value, PER_HEAD.reshape(HEADS, 1, 1))(g)
               if name == "q" and stage == "moved" else value)
    scores = g.begin()
    g.number("axis1", [1], np.int64)
    turned = g.add("Transpose", projection(g, "right", 2), "turned", perm=[0, 2, 1])
    term = g.add("MatMul", f"{projection(g, 'left', 2)} {turned}", "term")
    bracket = g.add("Unsqueeze", f"{term} axis1", "bracket")
    return g.end(g.softmax(g.scale(g.add("Add", f"{scores} {bracket}", "corrected"))))


#===------------------------------------------------------------------------===#
# Probabilities
#===------------------------------------------------------------------------===#

@reason("the probabilities are not binary: no quantiser after the softmax")
def not_quantised():
    return probabilities(lambda g, value: g.add("Softmax", value, "softmax", axis=-1))


def quantised(low, high):
    def change(g, scaled):
        g.number("least", low)
        g.number("most", high)
        g.add("Softmax", scaled, "softmax", axis=-1)
        return quantise(g, "softmax", "least", "most")
    return probabilities(change)


@reason("the quantiser of the probabilities is signed")
def signed_probabilities():
    return quantised(-2, 1)


@reason("query and probabilities are not quantised to the same number of bits")
def more_bits_of_probabilities():
    return quantised(0, 3)


@reason("the scale of the probabilities is not finite")
def infinite_scale():
    def change(g, value):
        g.number("infinity", np.inf)
        g.add("Greater", f"{value} zero", "high")
        return g.add("Mul", g.add("Cast", "high", "ones", to=FLOAT) + " infinity", "probabilities")
    return probabilities(change)


@reason("the mask after the softmax is more than one number a token")
def hidden_for_each_query():
    def change(g, value):
        g.inputs.append(info("where", ["batch", 1, "seq", "seq"], BOOL))
        g.add("Cast", "where", "numbers", to=FLOAT)
        return g.add("Mul", g.softmax(value) + " numbers", "hidden")
    return probabilities(change)


@reason("the probabilities are multiplied with numbers that may be other than 0 and 1")
def hidden_by_any_numbers():
    def change(g, scaled):
        g.inputs.append(info("numbers", ["batch", 1, 1, "seq"]))
        g.add("Softmax", scaled, "softmax", axis=-1)
        g.add("Mul", "softmax numbers", "hidden")
        return quantise(g, "hidden", "zero", "one")
    return probabilities(change)


@reason("its scores are compared with a number, beside integers of 2 bits")
def compared_beside_integers():
    g = Graph(bits=2)
    scaled = g.scale(g.begin())
    g.add("Greater", f"{scaled} zero", "above")
    return g.end(g.add("Cast", "above", "probabilities", to=FLOAT))


@reason("its heads are not split by Reshape and Transpose, and joined by Transpose and Reshape")
def read_elsewhere():
    """Nothing joins the heads, and the probabilities are an output too."""
    g = Graph()
    g.softmax(g.scale(g.begin()))
    g.add("MatMul", "probabilities vb", "y")
    outputs = [info("y", ["batch", HEADS, "seq", SIZE]), info("probabilities", ["batch", HEADS, "seq", "seq"])]
    graph = onnx.helper.make_graph(g.nodes, "model", g.inputs, outputs, g.constants)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


@reason("its scores are compared with -inf, and masked afterwards")
def compared_with_infinity():
    def change(g, value):
        g.number("infinity", -np.inf)
        g.inputs.append(info("where", ["batch", 1, 1, "seq"], BOOL))
        g.add("Greater", f"{value} infinity", "high")
        g.add("And", "high where", "both")
        return g.add("Cast", "both", "probabilities", to=FLOAT)
    return probabilities(change)


@reason("there is a mask after the softmax, beside values that are no signs times positive numbers")
def hidden_beside_negative_values():
    def change(g, value):
        g.number("minus", -0.5)
        return g.add("Mul", g.add("Sign", value, "vs") + " minus", "vb")
    g = heads("v", change)
    g.inputs.append(info("where", ["batch", 1, 1, "seq"], BOOL))
    scaled = g.scale(g.begin())
    g.add("Cast", "where", "numbers", to=FLOAT)
    return g.end(g.add("Mul", g.softmax(scaled) + " numbers", "hidden"))


@reason("the probabilities are not binary: the probabilities are multiplied with numbers that may be other")
def quantised_and_hidden_by_any_numbers():
    def change(g, scaled):
        g.inputs.append(info("numbers", ["batch", 1, 1, "seq"]))
        return g.add("Mul", g.softmax(scaled) + " numbers", "hidden")
    return probabilities(change)


def nearly_quantised(divide, factor):
    """`divide` makes what is rounded of the softmax, and `factor` is multiplied with the integers of two bits."""
    def change(g, scaled):
        g.add("Softmax", scaled, "softmax", axis=-1)
        g.number("three", 3)
        g.add("Clip", g.add("Round", divide(g), "rounded") + " zero three", "clipped")
        g.number("factor", factor)
        return g.add("Mul", "clipped factor", "probabilities")
    return probabilities(change)


@reason("the probabilities are not binary: the divisor before the round is not one constant")
def divisor_given():
    def divide(g):
        g.inputs.append(info("given", []))
        return g.add("Div", "softmax given", "divided")
    return nearly_quantised(divide, 0.07)


@reason("the probabilities are not binary: the multiplier after the clip, 0.5, differs from the divisor before it, ")
def another_factor():
    return nearly_quantised(lambda g: g.add("Div", "softmax alpha", "divided"), 0.5)


@reason("the probabilities are not binary: nothing is divided before the round")
def undivided():
    return nearly_quantised(lambda g: "softmax", 0.07)


@reason("the probabilities are not binary: the divisor before the round, -0.5, is not a positive normal number")
def negative_divisor():
    return nearly_quantised(lambda g: by("Div", "softmax", -0.5)(g), -0.5)


@reason("what is binarised before the value is no softmax over the keys")
def scores_of_two_bits():
    """Without a softmax a bit is a comparison; two are nothing that is known."""
    def change(g, scaled):
        g.number("three", 3)
        return quantise(g, scaled, "zero", "three")
    return probabilities(change)


#===------------------------------------------------------------------------===#
# Query, key and value
#===------------------------------------------------------------------------===#

@reason("no sign or quantiser before the query")
def query_of_floats():
    return whole(heads("q", lambda g, value: value))


@reason("the query is not binary: 2 is added after the clip, but 0 is subtracted before the division")
def query_with_a_minimum():
    def change(g, value):
        g.number("fifteen", 15)
        g.number("two", 2)
        return g.add("Add", quantise(g, value, "zero", "fifteen") + " two", "qb")
    return whole(heads("q", change))


@reason("the quantiser of the query is unsigned")
def unsigned_query():
    def change(g, value):
        return quantise(g, value, "zero", "three")
    g = heads("q", change)
    g.number("three", 3)
    return whole(g)


@reason("the scale of the value is computed at run time")
def value_scale_given():
    g = Scaled(lambda g, name, value, stage: g.add("Mul", f"{value} gate", "vg")
               if name == "v" and stage == "moved" else value)
    g.inputs.append(info("gate", ["batch", HEADS, 1, 1]))
    return g.end(g.softmax(g.scale(g.begin())))


@reason("the scale of the value differs from token to token")
def value_scale_of_tokens():
    g = Scaled(lambda g, name, value, stage: g.add("Mul", f"{value} gate", "vg")
               if name == "v" and stage == "moved" else value)
    g.inputs.append(info("gate", ["batch", 1, "seq", 1]))
    return g.end(g.softmax(g.scale(g.begin())))


@reason("the scale of the query is not finite")
def infinite_query():
    return whole(heads("q", lambda g, value: by("Mul", g.add("Sign", value, "qs"), np.inf)(g)))


@reason("the scale of the key is not finite")
def product_beyond_floats():
    def change(g, value):
        first = by("Mul", g.add("Sign", value, "ks"), np.float32(3e38))(g)
        return by("Mul", first, np.float32(3e38), "again")(g)
    return whole(heads("k", change))


@reason("the scale of the query is no number of 16 bits")
def scale_of_more_bits():
    """0.1 times 0.3 is rounded to 16 bits, and the signs alone would not be."""
    g = Graph()
    usual = g.heads

    def heads(which, order):
        if which != "q":
            return usual(which, order)
        for name, value in (("low", -0.1), ("high", 0.1), ("middle", 0), ("third", 0.3)):
            g.number(name, value, np.float16)
        g.add("Greater", g.add("Cast", "q", "q16", to=HALF) + " middle", "above")
        g.add("Reshape", g.add("Where", "above high low", "bits16") + " split", "q4")
        g.add("Mul", g.add("Transpose", "q4", "qt", perm=order) + " third", "scaled16")
        return g.add("Cast", "scaled16", "qb", to=FLOAT)
    g.heads = heads
    return whole(g)


@reason("query and value are not quantised to the same number of bits")
def two_widths():
    def change(g, value):
        return quantise(g, value, "low", "seven", "vb")
    g = heads("v", change)
    g.number("low", -8)
    g.number("seven", 7)
    return whole(g)


def values_of_half_the_size(split, tokens, make):
    """The heads of the value have half the size of the others; `make` makes bits of them."""
    g = Graph(seq=8)
    usual = g.heads, g.add

    def heads(which, order):
        if which != "v":
            return usual[0](which, order)
        g.number("v_split", split, np.int64)
        return make(g, order)
    g.heads = heads
    g.inputs = [*g.inputs[:2], info("v", ["batch", *tokens])]
    g.number("half_joined", [0, 0, CHANNELS // 2], np.int64)
    g.add = lambda operator, inputs, output, **attributes: usual[1](
        operator, inputs.replace("joined", "half_joined") if output == "y" else inputs, output, **attributes)
    model = whole(g)
    model.graph.output[0].CopyFrom(info("y", ["batch", 8, CHANNELS // 2]))
    return model


@reason("the value is not split into [batch, tokens, heads, size]")
def value_in_blocks():
    """Signs are split to twice as many tokens."""
    return values_of_half_the_size([0, -1, HEADS, SIZE // 2], [4, CHANNELS], lambda g, order: g.add(
        "Transpose", g.add("Reshape", g.add("Sign", "v", "vs") + " v_split", "v4"), "vb", perm=order))


@reason("query and value differ in shape")
def value_of_smaller_heads():
    return values_of_half_the_size([0, 0, HEADS, SIZE // 2], [8, CHANNELS // 2], lambda g, order: g.add(
        "Sign", g.add("Transpose", g.add("Reshape", "v v_split", "v4"), "vt", perm=order), "vb"))


#===------------------------------------------------------------------------===#
# Context
#===------------------------------------------------------------------------===#

@reason("what is added to probabilities times value is no product")
def bias_of_context():
    """Else the probabilities would be part of an attention without the bias."""
    def change(g, value):
        g.number("bias", np.ones(SIZE))
        g.add("MatMul", f"{value} vb", "product")
        return g.add("Add", "product bias", "context")
    model = context(change)
    model.graph.output.append(info("probabilities", ["batch", HEADS, "seq", "seq"]))
    return model


@reason("what is added to probabilities times value is not the probabilities times one number a token")
def another_product():
    def change(g, value):
        g.inputs.append(info("other", ["batch", HEADS, "seq", SIZE]))
        g.add("MatMul", f"{value} vb", "product")
        g.add("MatMul", f"{value} other", "second")
        return g.add("Add", "product second", "context")
    return context(change)


def with_residual(**options):
    """One number a token is added to the values."""
    g = Graph(**options)
    weights = g.softmax(g.scale(g.begin()))
    g.number("axis1", [1], np.int64)
    column = g.add("Unsqueeze", f"{projection(g, 'residual')} axis1", "column")
    g.add("MatMul", f"{weights} vb", "product")
    g.add("MatMul", f"{weights} {column}", "second")
    usual = g.add
    g.add = lambda operator, inputs, output, **attributes: (
        usual("Add", "product second", output) if output == "context" else usual(operator, inputs, output, **attributes))
    return g.end(weights)


@reason("there is a value residual beside integers of 2 bits")
def residual_beside_integers():
    return with_residual(bits=2)


@reason("the low-rank terms are projections of several tensors")
def residual_of_keys():
    return with_residual(keys="keys")


def joined(axes, shape):
    """The context is turned by `axes` and gets `shape`; probabilities that are read elsewhere are no
    attention of their own."""
    g = Graph(seq=8)
    scaled = g.scale(g.begin())
    g.number("other", shape, np.int64)
    usual = g.add

    def add(operator, inputs, output, **attributes):
        if output == "back":
            attributes["perm"] = axes
        return usual(operator, inputs.replace("joined", "other") if output == "y" else inputs, output, **attributes)
    g.add = add
    model = g.end(g.softmax(scaled))
    model.graph.output[0].CopyFrom(info("y", None))
    model.graph.output.append(info("probabilities", ["batch", HEADS, 8, 8]))
    return model


@reason("the context has not the query's shape")
def joined_to_more_rows():
    return joined([0, 2, 1, 3], [0, 16, CHANNELS // 2])


@reason("its heads are not joined by Transpose and Reshape")
def joined_by_channels():
    return joined([0, 2, 3, 1], [0, 0, CHANNELS])


def attention_of(path):
    """What the report says of the layer that would be attention, and of its products."""
    result = call("bnn-opt", path, "-O0", "--report=json", "-Wno-float")
    if result.returncode:
        return [result.stderr.strip()]
    return [str(layer.get("reason") or layer["became"]) for layer in json.loads(result.stdout)["layers"]]


def main():
    work, names = sys.argv[1], sys.argv[2:]
    os.makedirs(work, exist_ok=True)
    failures = 0
    for name, (make, text) in CASES.items():
        if names and name not in names:
            continue
        path = os.path.join(work, name + ".onnx")
        onnx.save(make(), path)
        said = attention_of(path)
        if not any(text in one for one in said):
            failures += 1
            print(f"FAILED {name}: '{text}' is not in {said}")
    print(f"{len(CASES)} reasons, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
