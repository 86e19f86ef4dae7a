# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the channels of a layer go: every tensor that they lie on, from the weights that make them
to the weights that read them. What an exporter called its nodes, or how it split and joined heads,
makes no difference."""
import collections
import dataclasses

import onnx

from bnn.graphs.graph import names
from bnn.prune.errors import Mixes, Refusal
from bnn.prune.fused import is_attention, rule_of, weights_port
from bnn.prune.layout import Layout


@dataclasses.dataclass(frozen=True)
class Constant:
    """An operand of a node that loses some of its indices: `node.input[index]`, along `axis`."""
    node: onnx.NodeProto = dataclasses.field(compare=False)
    index: int
    axis: int
    layout: Layout


@dataclasses.dataclass(frozen=True)
class Target:
    """A node that is told the size of what it gives: that of `axis` is another after a cut."""
    node: onnx.NodeProto = dataclasses.field(compare=False)
    axis: int
    layout: Layout


def label(node):
    """A node as messages name it."""
    return f"{node.op_type} '{node.name or node.output[0]}'"


def consumers(graph):
    """{tensor: [(node, index of the input)]} of a `Graph`. The index is -1 where a branch of the
    node reads it."""
    found = collections.defaultdict(list)
    for node in graph.graph.node:
        for index, name in enumerate(node.input):
            if name:
                found[name].append((node, index))
        for one in node.attribute:
            for inner in (one.g, *one.graphs):
                for name in set(names(inner)):
                    if name:
                        found[name].append((node, -1))
    return found


class Flow:
    """Follows channels from a tensor both ways, and into every product that has its weights in
    common with one of theirs. `graph` is a `Graph`, `shapes` the shapes of its tensors in one call,
    `ties` its `Ties`.

    Afterwards `axes` has {(tensor, axis): Layout}; `sources` and `sinks` are the constants that
    products make and read the channels with, `constants` all others; `targets` are the sizes.
    """

    def __init__(self, graph, shapes, opset, ties, constant):
        self.graph, self.shapes, self.opset, self.ties = graph, shapes, opset, ties
        self.readers, self.constant = ties.readers, constant
        self.axes = {}
        self.sources, self.sinks, self.constants, self.targets = [], [], [], []
        self._queue = collections.deque()
        self._seen = set()
        self._outputs = {value.name for value in graph.graph.output}
        self._inputs = {value.name for value in graph.inputs}

    # What the rules ask.
    def shape(self, node, port):
        """The shape of the tensor at a port."""
        name = node.input[port] if port >= 0 else node.output[~port]
        if name not in self.shapes:
            raise Refusal(f"{label(node)} has '{name}', whose shape is not known")
        return self.shapes[name]

    def rank(self, node, port):
        """How many dimensions the tensor at a port has."""
        return len(self.shape(node, port))

    def is_computed(self, name):
        """Whether a tensor depends on an input."""
        return name in self.graph.computed

    def producer(self, name):
        """The node that gives a tensor, or None."""
        return self.graph.producers.get(name)

    def has_target(self, node, axis, layout):
        """Notes that a node is told the size of `axis` of its first output."""
        target = Target(node, axis, layout)
        key = node.output[0], axis
        if key not in self._seen:
            self._seen.add(key)
            self.targets.append(target)

    def reach(self, name, axis, layout):
        """Notes that channels lie on an axis of a computed tensor."""
        known = self.axes.get((name, axis))
        if known == layout:
            return
        if known is not None or any(tensor == name for tensor, _ in self.axes):
            raise Refusal(f"'{name}' would hold it twice")
        if self.shapes[name][axis] != layout.size:
            raise Refusal(f"'{name}' is of another size")
        if name in self._inputs:
            raise Refusal(f"it comes from the input '{name}'")
        if name in self._outputs:
            raise Refusal(f"it is part of the output '{name}'")
        self.axes[name, axis] = layout
        self._queue.append((name, axis, layout))

    def run(self, name, axis, layout):
        """Follows the channels on an axis of a tensor. Raises a Refusal where they mix with
        something else, or never come to weights."""
        self.reach(name, axis, layout)
        self._drain()
        followed = 0
        while followed < len(self.sources) + len(self.sinks):
            weights = [*self.sources, *self.sinks]
            followed = len(weights)
            for one in weights:
                for node, index in self.ties.others(one.node, one.index):
                    self._relate(node, index, one.axis, one.layout)
                    self._take(node, index, one.axis, one.layout)
            self._drain()
        if not self.sources or not self.sinks:
            raise Refusal("no weights make it" if self.sinks else "no weights read it")
        for target in self.targets:
            self._check_target(target)

    def _drain(self):
        while self._queue:
            tensor, at, of = self._queue.popleft()
            node = self.producer(tensor)
            self._relate(node, ~list(node.output).index(tensor), at, of)
            for reader, index in self.readers[tensor]:
                if index < 0:
                    raise Refusal(f"a branch of {label(reader)} reads it")
                self._relate(reader, index, at, of)

    def _relate(self, node, port, axis, layout):
        rule = rule_of(node)
        if rule is None:
            raise Refusal(f"{label(node)} reads it, or gives it")
        try:
            related = rule(self, node, port, axis, layout)
        except Mixes as mixes:
            raise Refusal(f"{label(node)} {mixes}") from None
        for other, place, of in related:
            if other != port:
                self._take(node, other, place, of)

    def _take(self, node, port, axis, layout):
        if port < 0:
            self.reach(node.output[~port], axis, layout)
            return
        name = node.input[port]
        if self.is_computed(name):
            self.reach(name, axis, layout)
            return
        if self.shapes[name][axis] != layout.size:
            raise Refusal(f"'{name}' is of another size")
        key = node.output[0], ~port, axis
        if key in self._seen:
            return
        self._seen.add(key)
        found = Constant(node, port, axis, layout)
        if port != weights_port(node):
            self.constants.append(found)
            return
        # Whether the product gives the channels or sums over them.
        is_output = any((node.output[0], place) in self.axes
                        for place in range(len(self.shapes[node.output[0]])))
        is_input = any((node.input[0], place) in self.axes
                       for place in range(len(self.shapes[node.input[0]])))
        (self.sinks if is_input and not is_output else self.sources).append(found)

    def _check_target(self, target):
        """A size that is computed has to follow from what is cut."""
        node = target.node
        if node.op_type == "Split" or is_attention(node) or not self.is_computed(node.input[1]):
            return
        entry = self.entry(node.input[1], target.axis)
        if entry is not None and not self.is_computed(entry[0].input[entry[1]]):
            return
        name = node.input[1] if entry is None else entry[0].input[entry[1]]
        if not self._follows(name):
            raise Refusal(f"the shape of {label(node)} is computed")

    def entry(self, name, axis):
        """(Concat, index of its input) that gives entry `axis` of a shape, or None."""
        node = self.producer(name)
        if node is None or node.op_type != "Concat":
            return None
        for index, part in enumerate(node.input):
            length = self.shapes.get(part, (1,))
            if axis < length[0]:
                return (node, index) if length == (1,) else None
            axis -= length[0]
        return None

    def _follows(self, name):
        seen, left = set(), [name]
        while left:
            name = left.pop()
            node = self.producer(name)
            if node is None or name in seen:
                continue
            seen.add(name)
            if node.op_type == "Shape":
                if any(tensor == node.input[0] for tensor, _ in self.axes):
                    return True
            else:
                left += [one for one in node.input if one]
        return False
