# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Spellings of what a model computes: each rule writes operators as others of the same value.

A rule gets an Editor and changes its model. What it writes has the same f32 numbers as before, for
NaN as well, so that a compiler loses nothing by it.
"""
import math

import numpy as np
from onnx import TensorProto

FLOAT, INT8, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.INT32, TensorProto.INT64


class Chain:
    """Nodes in the making: each operator is a method, numbers are constants."""

    def __init__(self, editor):
        self.editor, self.nodes = editor, []

    def __getattr__(self, operator):
        def add(*operands, **attributes):
            names = [x if isinstance(x, str) else self.editor.constant(x, getattr(x, "dtype", np.float32))
                     for x in operands]
            self.nodes.append(self.editor.node(operator, names, **attributes))
            return self.nodes[-1].output[0]
        return add

    def end(self, output):
        """The nodes; the last one has this output."""
        self.nodes[-1].output[0] = output
        return self.nodes


# The signs: what becomes of 0, and of NaN, and the spellings of each; the first is the plain one.
SIGNS = {
    "zero": [lambda g, x: g.Sign(x),
             lambda g, x: g.Sign(g.Sign(x)),
             lambda g, x: g.Sub(g.Cast(g.Greater(x, 0.0), to=FLOAT), g.Cast(g.Less(x, 0.0), to=FLOAT)),
             lambda g, x: g.Where(g.Greater(x, 0.0), 1.0, g.Where(g.Less(x, 0.0), -1.0, 0.0)),
             lambda g, x: g.Neg(g.Sign(g.Neg(x)))],
    "plus": [lambda g, x: g.Where(g.GreaterOrEqual(x, 0.0), 1.0, -1.0),
             lambda g, x: g.Where(g.LessOrEqual(0.0, x), 1.0, -1.0),
             lambda g, x: g.Where(g.Not(g.GreaterOrEqual(x, 0.0)), -1.0, 1.0),
             lambda g, x: g.Sub(g.Mul(g.Cast(g.GreaterOrEqual(x, 0.0), to=FLOAT), 2.0), 1.0),
             lambda g, x: g.Where(g.GreaterOrEqual(g.Clip(x, -1.0, 1.0), 0.0), 1.0, -1.0),
             lambda g, x: g.Cast(g.Sub(g.Mul(np.int64(2), g.Cast(g.GreaterOrEqual(x, 0.0), to=INT64)), np.int64(1)),
                                 to=FLOAT),
             lambda g, x: g.Mul(g.Sub(g.Cast(g.GreaterOrEqual(x, 0.0), to=FLOAT), 0.5), 2.0)],
    "plus_of_less": [lambda g, x: g.Where(g.Less(x, 0.0), -1.0, 1.0),
                     lambda g, x: g.Where(g.Greater(0.0, x), -1.0, 1.0),
                     lambda g, x: g.Where(g.Not(g.Less(x, 0.0)), 1.0, -1.0),
                     lambda g, x: g.Sub(1.0, g.Mul(g.Cast(g.Less(x, 0.0), to=FLOAT), 2.0)),
                     lambda g, x: g.Where(g.Less(g.Min(g.Max(x, -1.0), 1.0), 0.0), -1.0, 1.0)],
    "minus": [lambda g, x: g.Where(g.Greater(x, 0.0), 1.0, -1.0),
              lambda g, x: g.Where(g.Less(0.0, x), 1.0, -1.0),
              lambda g, x: g.Sub(g.Mul(g.Cast(g.Greater(x, 0.0), to=FLOAT), 2.0), 1.0),
              lambda g, x: g.Where(g.Not(g.Greater(x, 0.0)), -1.0, 1.0)],
}


def signs(editor, kind, plain=False):
    """Signs of what is computed, not of weights, become signs of this kind; before opset 12 there is no
    GreaterOrEqual for "plus"."""
    computed = editor.computed()

    def visit(node):
        if node.op_type != "Sign" or node.input[0] not in computed:
            return None
        chain = Chain(editor)
        spellings = SIGNS[kind]
        spelling = spellings[0] if plain else spellings[editor.rng.randrange(len(spellings))]
        spelling(chain, node.input[0])
        return chain.end(node.output[0])
    editor.rewrite(visit)


def residues(editor):
    """The straight-through estimator that some exporters leave: sign(x) - clip(x) + clip(x), in any order."""
    computed = editor.computed()

    def visit(node):
        if node.op_type != "Sign" or node.input[0] not in computed:
            return None
        chain = Chain(editor)
        sign, clipped = chain.Sign(node.input[0]), chain.Clip(node.input[0], -1.0, 1.0)
        orders = [lambda: chain.Add(chain.Sub(sign, clipped), clipped),
                  lambda: chain.Add(clipped, chain.Sub(sign, clipped)),
                  lambda: chain.Sub(chain.Add(sign, clipped), clipped),
                  lambda: chain.Add(chain.Add(sign, chain.Neg(clipped)), clipped),
                  lambda: chain.Add(sign, chain.Sub(clipped, clipped))]
        orders[editor.rng.randrange(len(orders))]()
        return chain.end(node.output[0])
    editor.rewrite(visit)


def quantisers(editor):
    """Clip(Round(x), low, high) by Min and Max, by a Clip before, and through integers."""
    producers, users, constants = editor.producers(), editor.users(), editor.constants()
    whole = {}  # The Clips behind a Round.
    for node in editor.graph.node:
        before = producers.get(node.input[0]) if node.op_type == "Clip" else None
        if before is not None and before.op_type == "Round" and len(users[before.output[0]]) == 1:
            whole[before.output[0]] = None
            whole[node.output[0]] = before.input[0], [float(constants[name]) for name in node.input[1:]]

    def visit(node):
        if node.output[0] not in whole:
            return None
        if whole[node.output[0]] is None:
            return []
        x, (low, high) = whole[node.output[0]]
        g = Chain(editor)
        spellings = [lambda: g.Min(g.Max(g.Round(x), low), high), lambda: g.Max(g.Min(high, g.Round(x)), low),
                     lambda: g.Round(g.Clip(x, low, high)), lambda: g.Round(g.Max(g.Min(x, high), low)),
                     lambda: g.Cast(g.Cast(g.Clip(g.Round(x), low, high), to=INT8), to=FLOAT),
                     lambda: g.Cast(g.Cast(g.Round(g.Clip(x, low, high)), to=INT32), to=FLOAT),
                     lambda: g.Clip(g.Round(x), low, high)]
        spellings[editor.rng.randrange(len(spellings))]()
        return g.end(node.output[0])
    editor.rewrite(visit)


def power_of_two(value):
    return value > 0 and math.frexp(value)[0] == 0.5


def scales(editor):
    """A scalar factor by two, by its inverse where that is exact, or behind a transpose."""
    constants, users, computed = editor.constants(), editor.users(), editor.computed()
    moved = {}  # Of a transpose, the factor that comes behind it.
    for node in editor.graph.node:
        if node.op_type == "Mul" and node.input[0] in computed and np.size(constants.get(node.input[1], ())) == 1:
            readers = users[node.output[0]]
            turns = len(readers) == 1 and readers[0] is not None and readers[0].op_type == "Transpose"
            if turns and editor.chance(0.5):
                moved[readers[0].output[0]] = node

    def visit(node):
        g = Chain(editor)
        if any(node is factor for factor in moved.values()):
            return []
        if node.output[0] in moved:
            factor = moved[node.output[0]]
            turned = editor.node("Transpose", [factor.input[0]])
            turned.attribute.extend(node.attribute)
            g.nodes.append(turned)
            g.Mul(turned.output[0], factor.input[1])
            return g.end(node.output[0])
        if node.op_type not in ("Mul", "Div") or node.input[0] not in computed or \
                np.size(constants.get(node.input[1], ())) != 1 or editor.types.get(node.input[1]) != FLOAT:
            return None
        value = float(constants[node.input[1]])
        if power_of_two(value) and editor.chance(0.7):
            getattr(g, {"Mul": "Div", "Div": "Mul"}[node.op_type])(node.input[0], 1 / value)
        elif node.op_type == "Mul" and 1e-30 < abs(value) < 1e30 and editor.chance(0.7):
            half = np.float32(value / 2)
            g.Mul(*((2.0, g.Mul(node.input[0], half)) if editor.chance(0.5) else (g.Mul(half, node.input[0]), 2.0)))
        else:
            return None
        return g.end(node.output[0])
    editor.rewrite(visit)


COMMUTING = ("Add", "Mul", "And", "Or", "Equal", "Max", "Min")
MIRRORED = {"Greater": "Less", "Less": "Greater", "GreaterOrEqual": "LessOrEqual", "LessOrEqual": "GreaterOrEqual"}


def swapped(editor):
    """Operands in the other order, comparisons the other way, Where of the opposite condition."""
    def visit(node):
        if node.op_type in COMMUTING and len(node.input) == 2 and editor.chance(0.5):
            node.input[:] = reversed(node.input)
        elif node.op_type in MIRRORED and editor.chance(0.5):
            node.op_type = MIRRORED[node.op_type]
            node.input[:] = reversed(node.input)
        elif node.op_type == "Where" and editor.chance(0.5):
            inverse = editor.node("Not", [node.input[0]])
            node.input[:] = [inverse.output[0], node.input[2], node.input[1]]
            return [inverse, node]
        return None
    editor.rewrite(visit)


def norms(editor):
    """LayerNormalization by the nodes that exporters wrote before it existed."""
    def visit(node):
        if node.op_type != "LayerNormalization":
            return None
        x, scale, bias = node.input
        epsilon = next(a.f for a in node.attribute if a.name == "epsilon")
        g = Chain(editor)
        centred = g.Sub(x, g.ReduceMean(x, axes=[-1]))
        square = g.Mul(centred, centred) if editor.chance(0.5) else g.Pow(centred, 2.0)
        deviation = g.Sqrt(g.Add(g.ReduceMean(square, axes=[-1]), epsilon))
        g.Add(g.Mul(g.Div(centred, deviation), scale), bias)
        return g.end(node.output[0])
    editor.rewrite(visit)


def linears(editor):
    """A product of a matrix and a bias as one Gemm, with a factor or without; a Gemm as the two."""
    users, constants, producers = editor.users(), editor.constants(), editor.producers()
    joined = {}
    for node in editor.graph.node:
        if node.op_type != "MatMul" or len(editor.shapes.get(node.input[0], ())) != 2:
            continue
        readers = users[node.output[0]]
        if len(readers) == 1 and readers[0] is not None and readers[0].op_type == "Add":
            bias = [name for name in readers[0].input if name in constants]
            if len(bias) == 1:
                joined[readers[0].output[0]] = node, bias[0]

    def visit(node):
        if any(node is product for product, _ in joined.values()):
            return []
        if node.output[0] in joined:
            product, bias = joined[node.output[0]]
            made = editor.node("Gemm", [*product.input, bias], node.output[0])
            made.name = product.name
            return [made]
        if node.op_type != "Gemm" or not all(name in producers or name in editor.types for name in node.input):
            return None
        settings = {a.name: a.f or a.i for a in node.attribute}
        if settings.get("alpha", 1) != 1 or settings.get("beta", 1) != 1 or settings.get("transA"):
            return None
        g, weight = Chain(editor), node.input[1]
        if settings.get("transB"):
            weight = g.Transpose(weight, perm=[1, 0])
        product = g.MatMul(node.input[0], weight)
        g.nodes[-1].name = node.name
        g.Add(product, node.input[2])
        return g.end(node.output[0])
    editor.rewrite(visit)
