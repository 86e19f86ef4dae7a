# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model in pieces that run one after the other: each begins where a mask is first read, so that
another mask leaves all pieces before its own as they were.

A tensor belongs to the piece of the last mask that has a part in it: what depends on a mask is in
its piece or behind it, whatever the graph looks like. Every node is in one piece, but for some that
are cheap, and that a compiler has to see to know what numbers are: they are in every piece that reads
them. Those are constants, what shapes and masks of tokens are computed with, and what makes bits or
bytes of numbers, which so never pass between pieces as the f32 that a file writes them in.
"""
import math

import onnx

from bnn.graphs.graph import Graph, names
from bnn.prune.flow import consumers
from bnn.prune.relations import PRODUCTS

#: What shapes and masks of tokens are computed with, of inputs and without weights.
_LIGHT = frozenset((
    "Add", "And", "Cast", "Clip", "Concat", "ConstantOfShape", "Div", "Equal", "Expand", "Gather",
    "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Max", "Min", "Mul", "Neg",
    "Not", "Or", "Range", "Reshape", "Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where"))
_SHAPES = ("Shape", "Size")
#: What makes few values of many, what may be done to those, and in front of it with a number.
_ROUND = frozenset(("Ceil", "Floor", "QuantizeLinear", "Round", "Sign", *(
    f"{name}{or_equal}" for name in ("Greater", "Less") for or_equal in ("", "OrEqual"))))
_KEEP = frozenset(("Add", "Cast", "Clip", "DequantizeLinear", "Div", "Expand", "Identity", "Mul",
                   "Neg", "Reshape", "Sub", "Transpose", "Where"))
_SCALE = frozenset(("Add", "Div", "Mul", "Sub"))


def _reads(node):
    """The tensors that a node reads, its branches included; names of theirs may be among them."""
    found = [name for name in node.input if name]
    for one in node.attribute:
        for inner in (one.g, *one.graphs):
            found += names(inner)
    return found


class Pieces:
    """What belongs to which piece of a model. `masks` are the inputs that begin a new piece, in
    order: a list of names for each piece but the first. `model` is an onnx.ModelProto."""

    def __init__(self, model, masks):
        self._model, self._graph = model, Graph(model)
        self._sparse = {one.values.name: one for one in model.graph.sparse_initializer}
        self._of = {value.name: 0 for value in self._graph.inputs}
        self._masks = {name for some in masks for name in some}
        self._of.update({name: i for i, some in enumerate(masks, 1) for name in some})
        self._light = set(self._of) - self._masks
        self._inputs = {value.name: value for value in self._graph.inputs}
        self._results = [value.name for value in model.graph.output]
        #: Tensors that are bits or bytes, however they are written.
        self._few = set()
        self._nodes = [[] for _ in range(len(masks) + 1)]
        nodes = [node for node in model.graph.node
                 if any(name in self._graph.computed for name in node.output)]
        self._readers = consumers(self._graph)
        for node in nodes:
            self._place(node)
        self._light |= self._few
        for node in reversed(nodes):
            if self._is_before_rounding(node):
                self._light.update(node.output)
        self._nodes = [[node for node in some if self._light.isdisjoint(node.output)]
                       for some in self._nodes]
        self.count = len(self._nodes)

    def _place(self, node):
        computed = [name for name in _reads(node) if name in self._graph.computed]
        piece = max((self._of.get(name, 0) for name in computed), default=0)
        self._of.update(dict.fromkeys(filter(None, node.output), piece))
        self._nodes[piece].append(node)
        if node.domain not in ("", "ai.onnx") or self._masks.intersection(computed):
            return
        if node.op_type in _ROUND or (
                node.op_type in _KEEP and not self._few.isdisjoint(computed)
                and (self._few | self._light).issuperset(computed)):
            self._few.update(node.output)
        elif node.op_type in _SHAPES or (
                # A row of a constant table is a token's, and no mask.
                node.op_type in _LIGHT and self._light.issuperset(computed)
                and (node.op_type != "Gather" or node.input[0] in self._light)):
            self._light.update(node.output)

    def _is_before_rounding(self, node):
        """Whether a node is the scale of bits or bytes: a number that numbers are divided by before
        they are rounded. What a product is multiplied by is its own."""
        computed = [name for name in node.input if name in self._graph.computed]
        if node.op_type not in _SCALE or node.domain not in ("", "ai.onnx") or len(computed) != 1:
            return False
        if self._is_of_product(computed[0]) or self._masks.intersection(computed):
            return False
        if not all(self._is_number(name) for name in node.input if name not in computed):
            return False
        readers = [reader for reader, _ in self._readers[node.output[0]]]
        return bool(readers) and node.output[0] not in self._results and all(
            reader.op_type in _ROUND or (reader.op_type in _SCALE and
                                         not self._light.isdisjoint(reader.output))
            for reader in readers)

    def _is_of_product(self, name):
        """Whether a tensor is a product times and plus constants, which are one step with it."""
        while (node := self._graph.producers.get(name)) is not None:
            if node.op_type in PRODUCTS:
                return True
            computed = [one for one in node.input if one in self._graph.computed]
            if node.op_type not in (*_SCALE, "Cast") or len(computed) != 1:
                return False
            [name] = computed
        return False

    def _is_number(self, name):
        tensor = self._graph.initializers.get(name)
        if tensor is not None:
            return math.prod(tensor.dims) == 1
        value = self._graph.constant(name)
        return value is not None and value.size == 1

    def merge(self, piece):
        """Makes one of a piece and the one behind it."""
        self._nodes[piece:piece + 2] = [[*self._nodes[piece], *self._nodes[piece + 1]]]
        self._of = {name: of - (of > piece) for name, of in self._of.items()}
        self.count -= 1

    def of(self, name):
        """The number of the piece that gives a tensor, or begins with a mask."""
        return self._of.get(name, 0)

    def read(self, piece):
        """The names of the tensors that a piece is given: inputs of the model, and what earlier
        pieces give."""
        return self._needed(piece)[0]

    def _given(self, piece):
        """The results of the model that a piece gives."""
        return [name for name in self._results if self.of(name) == piece]

    def _needed(self, piece):
        """(the tensors that a piece is given, the names of all else that it reads)."""
        own = {name for node in self._nodes[piece] for name in node.output}
        left = [name for node in self._nodes[piece] for name in _reads(node)]
        left += self._given(piece)
        given, inside = set(), set()
        while left:
            name = left.pop()
            if name in given or name in inside:
                continue
            if name in self._inputs or (name in self._graph.computed and name not in own
                                        and name not in self._light):
                given.add(name)
                continue
            inside.add(name)
            if name not in own and name in self._graph.producers:
                left += _reads(self._graph.producers[name])
        return given, inside

    def crossing(self):
        """[names of what each piece has to give]: the model's results and what later ones read."""
        found = [set(self._given(piece)) for piece in range(self.count)]
        for piece in range(self.count):
            for name in self.read(piece) - set(self._inputs):
                found[self.of(name)].add(name)
        return [sorted(some) for some in found]

    def model(self, piece, known, outputs):
        """A piece as an onnx.ModelProto that gives `outputs`. `known` are the ValueInfoProtos of
        what earlier pieces give, {name: value}."""
        given, inside = self._needed(piece)
        whole, part = self._model, onnx.ModelProto(ir_version=self._model.ir_version)
        part.opset_import.extend(whole.opset_import)
        part.functions.extend(whole.functions)
        part.graph.name = whole.graph.name
        values = {**self._inputs, **known}
        part.graph.input.extend(values[name] for name in sorted(given))
        own = {name for node in self._nodes[piece] for name in node.output if name}
        part.graph.node.extend(node for node in whole.graph.node if not
                               (own | inside).isdisjoint(node.output))
        part.graph.initializer.extend(tensor for tensor in whole.graph.initializer
                                      if tensor.name in inside)
        part.graph.sparse_initializer.extend(one for name, one in self._sparse.items()
                                             if name in inside)
        for name in outputs:
            # Without a type: the compiler knows it.
            part.graph.output.add(name=name).type.tensor_type.elem_type = 0
        return part
