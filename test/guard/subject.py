# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model and the calls of it: drawn, or from a file."""
import dataclasses
import os
import random
import re
import shutil

import numpy as np
import onnx

import graphs
from calls import Caller
from graphs import Graph
from operators import FAVOURITES, OPERATORS


@dataclasses.dataclass
class Subject:
    """A model, the calls of it, and what came of them."""
    name: str
    again: str  # the command that repeats it
    model: str
    caller: Caller
    operators: tuple
    calls: list
    compare_numbers: bool = True
    variants: list = dataclasses.field(default_factory=list)
    refusal: str = ""


def draw_graph(seed, number):
    """The graph with this number of the sequence that the seed gives, and its operators."""
    rng = random.Random(f"{seed}/{number}")
    names = sorted(OPERATORS)
    focus = names[number % len(names)]
    opset = rng.choice([version for version in (11, 13, 13, 14, 17, 17, 20, 23)
                        if version >= OPERATORS[focus][0]] or [OPERATORS[focus][0]])
    g = Graph(rng, opset)
    later = rng.choices(FAVOURITES, k=rng.choice((0, 0, 1, 1, 2, 3)))
    before = [rng.choice(names)] if rng.random() < 0.4 else []
    for op in before + [focus] + later:
        least, draw = OPERATORS[op]
        if least <= opset:
            draw(g, op)
    if not g.inputs:
        draw_input = OPERATORS["Identity"][1]
        draw_input(g, "Identity")
    return g


def drawn_subject(options, number, work):
    g = draw_graph(options.seed, number)
    model = g.model()
    caller = Caller(g.inputs, g.maxima, g.equal, g.rules)
    folder = os.path.join(work, str(number))
    os.makedirs(folder)
    path = os.path.join(folder, "model.onnx")
    onnx.save(model, path)
    rng = np.random.default_rng([options.seed, number])
    calls = [caller.draw(rng) for _ in range(options.calls)]
    again = f"guard.py --seed={options.seed} --first={number} --graphs=1 --calls={options.calls}"
    operators = tuple(sorted({node.op_type for node in model.graph.node}))
    return Subject(f"graph {number}", again, path, caller, operators, calls)


def file_subject(options, path, work):
    """A model that is there; its open dimensions get small maxima: many shapes are tried."""
    model = onnx.load(path)
    inputs = graphs.inputs_of(model)
    symbols = sorted({dim for entry in inputs for dim in entry.shape if isinstance(dim, str)})
    rng = np.random.default_rng(options.seed)
    caller = Caller(inputs, {name: int(rng.choice((3, 5, 9, 17))) for name in symbols})
    folder = os.path.join(work, re.sub(r"\W", "_", os.path.basename(path)))
    os.makedirs(folder)
    calls = [caller.draw(rng) for _ in range(options.calls)]
    again = f"guard.py --seed={options.seed} --model={path} --calls={options.calls}"
    copy = os.path.join(folder, "model.onnx")
    shutil.copy(path, copy)
    operators = tuple(sorted({node.op_type for node in model.graph.node}))
    return Subject(os.path.basename(path), again, copy, caller, operators, calls, options.compare_numbers)
