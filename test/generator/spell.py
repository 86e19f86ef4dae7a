# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws how a model is spelt, and spells it so.

A model has choices, which its numbers depend on: what a sign makes of 0, and whether its weights fit
16 bits. `plain` applies them. All else is a spelling of the plain model: `spelt` gives it to the
compiler and to the referee, to whom it must mean the same. But a model whose numbers all have 16 bits,
at the compiler's, has no referee: ONNX Runtime keeps 32 between operators.
"""
import dataclasses
import os
import random
import sys

import onnx

import graph_rules
import operator_rules
import opsets
from editor import Editor
from operator_rules import SIGNS

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "onnx"))
from half_model import to_half  # noqa: E402

# In the order in which they are applied: each sees what the earlier ones have left. A new form of
# model is a rule here, or a choice of `plain` if it changes numbers.
RULES = {
    "residues": operator_rules.residues,
    "quantisers": operator_rules.quantisers,
    "scales": operator_rules.scales,
    "norms": operator_rules.norms,
    "linears": operator_rules.linears,
    "swapped": operator_rules.swapped,
    "leftovers": graph_rules.leftovers,
    "constants": graph_rules.constants,
    "halves": graph_rules.halves,
    "left_out": graph_rules.left_out,
    "dead": graph_rules.dead,
    "branches": graph_rules.branches,
    "functions": graph_rules.functions,
    "order": graph_rules.order,
    "names": graph_rules.names,
    "listed": graph_rules.listed,
}
# Those that ONNX Runtime does not take.
COMPILER_ONLY = {"unknown": graph_rules.unknown, "twice": graph_rules.twice}
# After these, nodes have other names than the generator knows.
RENAMING = {"branches", "functions", "names"}
# Not in a model of 16 bits: its branches, functions and attributes would keep 32.
WITHOUT_HALVES = {"branches", "functions", "constants", "leftovers", "halves", "residues", "quantisers"}


@dataclasses.dataclass
class Spelling:
    seed: int = 0
    sign: str = "zero"       # one of SIGNS
    halves: bool = False     # the weights fit 16 bits
    body: str = "f32"        # or f16 or bf16: of all numbers, at the compiler's
    signs: bool = False      # signs are spelt in other ways
    rules: tuple = ()        # names of RULES and COMPILER_ONLY
    later_opset: int = 0     # 0: the model's own
    ir: int = 0              # of the format; 0: the one of its time

    def renames(self):
        return not RENAMING.isdisjoint(self.rules)


# What a failing model may do without, in the order in which it is tried.
SIMPLER = [lambda s: dict(later_opset=0), lambda s: dict(ir=0), lambda s: dict(signs=False),
           lambda s: dict(sign="zero"), lambda s: dict(halves=False), lambda s: dict(body="f32")]
SIMPLER += [lambda s, gone=name: dict(rules=tuple(rule for rule in s.rules if rule != gone))
            for name in [*RULES, *COMPILER_ONLY]]


def draw(seed, options, optimise):
    """The spelling of model `seed`, of these options, which ONNX Runtime's optimiser may see first."""
    r = random.Random(seed * 7919)
    spelling = Spelling(seed, r.choice(list(SIGNS)))
    spelling.signs = r.random() < 0.7
    share = r.choice([0.1, 0.3, 0.6])
    spelling.rules = tuple(name for name in [*RULES, *COMPILER_ONLY] if r.random() < share)
    if r.random() < 0.8:
        spelling.later_opset = r.randint(options.opset, opsets.NEWEST)
    spelling.ir = r.choice([0, 0, 8, 9, 10, 11, 12, 13])
    spelling.halves = "halves" in spelling.rules
    if not optimise and r.random() < 0.25:
        spelling.body = r.choice(["f16", "bf16"])
    return legal(spelling, options)


def legal(spelling, options):
    """What contradicts itself gives way."""
    without = set()
    if options.opset < 12 and spelling.sign == "plus":
        spelling.sign = "minus"  # there is no GreaterOrEqual
    if options.custom:  # the quantisers and scales of its nodes are the compiler's
        spelling.sign, spelling.signs, spelling.halves = "zero", False, False
        without |= {"residues", "halves"}
    # Steps of two and four bits are multiples of their scale no longer when each is rounded.
    if options.custom or options.family not in ("bipft", "bit1") or options.half_binary or options.near_miss:
        spelling.body = "f32"
    if spelling.body != "f32":
        spelling.halves = False
        without |= WITHOUT_HALVES
    if spelling.sign != "zero":  # the residue is one of Sign
        without.add("residues")
    if "residues" in spelling.rules:
        spelling.signs = False
    spelling.rules = tuple(name for name in spelling.rules if name not in without)
    spelling.later_opset = max(spelling.later_opset, options.opset) if spelling.later_opset else 0
    return spelling


def plain(model, spelling):
    """The model with its choices, in the spelling that the generator has always had."""
    model = copy(model)
    if spelling.halves:
        graph_rules.rounded(model)
    if spelling.sign != "zero":
        operator_rules.signs(Editor(model, random.Random(spelling.seed)), spelling.sign, plain=True)
    return model


def spelt(model, spelling):
    """The models for the compiler and for the referee."""
    model = copy(model)
    if spelling.halves:
        graph_rules.rounded(model)
    editor = Editor(model, random.Random(spelling.seed))
    if spelling.signs or spelling.sign != "zero":
        operator_rules.signs(editor, spelling.sign, plain=not spelling.signs)
    for name, rule in RULES.items():
        # Functions say their opset themselves.
        if name == "branches" and spelling.later_opset:
            opsets.convert(editor, min(spelling.later_opset, opsets.REFEREE))
        if name in spelling.rules:
            rule(editor)
    newest = model.opset_import[0].version
    model.ir_version = max(spelling.ir or model.ir_version, 8 if "functions" in spelling.rules else 3)
    referee = copy(model)
    if spelling.body != "f32":
        to_half(model, spelling.body)
    for name, rule in COMPILER_ONLY.items():
        if name in spelling.rules:
            rule(editor)
    if spelling.later_opset > newest:
        for imports in [model.opset_import, *(function.opset_import for function in model.functions)]:
            for imported in imports:
                if not imported.domain:
                    imported.version = spelling.later_opset
    return model, referee


def copy(model):
    return onnx.ModelProto.FromString(model.SerializeToString())
