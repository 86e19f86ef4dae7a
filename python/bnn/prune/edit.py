# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changes to a copy of a model."""
import collections

import numpy as np
from onnx import helper

from bnn.graphs.graph import Additions, copied, tensors_read


def _runs(places):
    """Ascending numbers as [[first, count], ...]."""
    starts = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    counts = np.diff(starts, append=len(places))
    return [[int(places[start]), int(count)] for start, count in zip(starts, counts)]


class Editor(Additions):
    """A copy of a model to which nodes, initialisers and inputs are added; `finish` at the end.
    `node(original)` is the copy of a node of the model that was given.

    `edits` is what was done to it by `cut`, `scale`, `constant`, `copy`, `read`, `add`, `split` and
    `integer`, as the record of a cut has it and `bnn-opt --prune` does it again: a node is named by its first
    output, a new tensor ("result") is one that no other edit makes."""

    def __init__(self, model):
        self.model = copied(model)
        super().__init__(self.model.graph)
        self.edits = []
        self._nodes = {node.output[0]: node for node in self.graph.node if node.output}
        constants = {tensor.name for tensor in self.graph.initializer}
        self._inputs = {value.name for value in self.graph.input} - constants
        read = tensors_read(self.graph.node, self.graph)
        # What nobody read before is not ours to take away.
        self._unread = {name for name in self.taken if name and name not in read}
        self._before = collections.defaultdict(list)
        self._after = collections.defaultdict(list)

    def node(self, original):
        """The copy's node that stands for one of the model's."""
        return self._nodes[original.output[0]]

    def input(self, base, size):
        """Adds an input of `size` numbers in f32 and returns its name."""
        name = self.name(base)
        self.graph.input.append(helper.make_tensor_value_info(name, 1, [size]))
        self._inputs.add(name)
        return name

    def output(self, name):
        """Makes a tensor an output too."""
        if name not in {value.name for value in self.graph.output}:
            # Without a type: the compiler knows it.
            self.graph.output.add(name=name).type.tensor_type.elem_type = 0

    def cut(self, tensor, value, axis, places):
        """The name of a new constant that has only `places` of an axis of the constant `tensor`,
        whose value is given."""
        name = self.initializer(f"{tensor}_pruned", np.take(value, places, axis))
        self._note("cut", tensor=tensor, axis=axis, places=_runs(places), result=name)
        return name

    def scale(self, tensor, value, axis, factors, **details):
        """The name of a new constant: the constant `tensor`, whose value is given, with a factor in
        f32 for each place of its last axis, -1, or of the one before, -2."""
        factors = np.asarray(factors, np.float32)
        name = self.initializer(f"{tensor}_fitted", value * (
            factors if axis == -1 else factors[:, None]))
        self._note("scale", tensor=tensor, axis=axis, values=factors.tolist(), result=name, **details)
        return name

    def constant(self, base, values, **details):
        """The name of a new constant in f32 or int64."""
        name = self.initializer(base, values)
        shape = {"shape": list(values.shape)} if values.ndim != 1 else {}
        self._note("constant", type=str(values.dtype), **shape, values=values.ravel().tolist(),
                   result=name, **details)
        return name

    def copy(self, reader, original, inputs, base):
        """The name of what a copy of a node gives of other inputs; it stands in front of
        `reader`, a node of the copy."""
        attributes = {a.name: helper.get_attribute_value(a) for a in original.attribute}
        name = self.insert(reader, None, original.op_type, inputs, base, domain=original.domain,
                           **attributes)
        self._note("copy", node=original.output[0], inputs=list(inputs), result=name)
        return name

    def read(self, original, index, tensor):
        """Lets the node that stands for one of the model's read a tensor as input `index`."""
        self.node(original).input[index] = tensor
        self._note("read", node=original.output[0], input=index, tensor=tensor)

    def add(self, original, tensor):
        """Lets all readers of the result of one of the model's nodes have the sum with a tensor."""
        self.append(self.node(original), "Add", tensor)
        self._note("add", node=original.output[0], tensor=tensor)

    def split(self, original, sizes):
        """Gives one of the model's Splits, which has its sizes as an attribute, other ones."""
        for one in self.node(original).attribute:
            if one.name == "split":
                one.ints[:] = sizes
                self._note("split", node=original.output[0], sizes=list(sizes))

    def integer(self, original, attribute, value):
        """Gives one of the model's nodes another number for an attribute that it has."""
        for one in self.node(original).attribute:
            if one.name == attribute:
                one.i = value
                self._note("integer", node=original.output[0], attribute=attribute, value=value)

    def _note(self, edit, **details):
        self.edits.append({"edit": edit, **details})

    def insert(self, reader, index, kind, inputs, base, **attributes):
        """Adds a node in front of `reader`, a node of the copy, which reads its result as input
        `index`."""
        node = helper.make_node(kind, inputs, [self.name(base)], self.name(f"{base}_{kind}"),
                                **attributes)
        self._before[reader.output[0]].append(node)
        if index is not None:
            reader.input[index] = node.output[0]
        return node.output[0]

    def append(self, node, kind, other):
        """Lets all readers of a node's result, the outputs included, have it after one more node,
        which has `other` as its second input."""
        old = node.output[0]
        inner = self.name(f"{old}_before")
        node.output[0] = inner
        if old in self._before:
            self._before[inner] = self._before.pop(old)
        self._after[inner].append(helper.make_node(kind, [inner, other], [old],
                                                   self.name(f"{old}_{kind}")))

    def finish(self):
        """Puts the nodes in order and returns the model, without what the changes left unread."""
        ordered = []
        for node in self.graph.node:
            ordered += self._before.pop(node.output[0] if node.output else "", [])
            left = [node]
            while left:
                ordered.append(left.pop())
                # What stands behind it may have something behind itself.
                left += self._after.pop(ordered[-1].output[0] if ordered[-1].output else "", [])
        ordered = self._without_dead(ordered)
        fresh = [type(node).FromString(node.SerializeToString()) for node in ordered]
        del self.graph.node[:]
        self.graph.node.extend(fresh)
        # Their shapes may be others now.
        del self.graph.value_info[:]
        return self.model

    def _without_dead(self, nodes):
        while True:
            read = tensors_read(nodes, self.graph)
            kept = [node for node in nodes if any(
                name in read or name in self._unread for name in node.output)]
            if len(kept) == len(nodes):
                break
            nodes = kept
        for values in (self.graph.initializer, self.graph.input):
            # An initialiser of an old file is listed among the inputs too.
            left = [value for value in values if value.name in read or value.name in self._unread
                    or value.name in self._inputs]
            if len(left) != len(values):
                left = [type(value).FromString(value.SerializeToString()) for value in left]
                del values[:]
                values.extend(left)
        return nodes
