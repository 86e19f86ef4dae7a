# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pruned model: an ordinary file, in which what is cut is not there."""
import dataclasses

import numpy as np

from bnn.prune import masked
from bnn.prune.edit import Editor
from bnn.prune.fused import counts_of, is_attention

# Of their results, those that are kept can be computed of the operands' that are kept.
_BY_ELEMENT = ("Add", "Cast", "DequantizeLinear", "Div", "Identity", "Mul", "Neg", "QuantizeLinear",
               "Sub", "Where")


class Cutter:
    """Cuts channels out of a model. `graph` is its `Graph`, `constants` its `Constants`, `ties` its
    `Ties`."""

    def __init__(self, proto, graph, constants, shapes, ties):
        self.graph, self.constants, self.shapes, self.ties = graph, constants, shapes, ties
        self.editor = Editor(proto)
        self._cut = {}

    def cut(self, layer, kept, factors):
        """Leaves the channels `kept` of a `Layer`. `factors` are those of `Fit`s, {sink's key:
        (factors of channels or None, factors of outputs or None)}."""
        flow = layer.flow
        fitted = {sink.key: sink.weights for sink in layer.sinks if sink.key in factors}
        for key, one in fitted.items():
            self._fit(key, one, kept, *factors[key])
        if len(kept) == layer.count:
            return
        sinks = [one for one in flow.sinks if one.node.output[0] not in fitted]
        for one in (*flow.sources, *sinks, *flow.constants):
            self.editor.read(one.node, one.index, self._constant(
                one.node.input[one.index], one.axis, one.layout.places(kept),
                self.editor.node(one.node)))
        for target in flow.targets:
            self._resize(flow, target, kept)

    def _fit(self, key, weights, kept, channels, outputs):
        """Leaves the channels `kept` of the weights of a sink, times factors."""
        name, layout = weights.node.input[weights.index], weights.layout
        value = np.take(self.constants.value(name), layout.places(kept), weights.axis)
        cut = self.editor.cut(name, self.constants.value(name), weights.axis, layout.places(kept))
        axis = weights.axis - value.ndim
        if channels is not None:
            factors, of = dataclasses.replace(layout, count=len(kept)).spread(channels), "channels"
        else:
            factors, of, axis = outputs, "outputs", -3 - axis
        self.editor.read(weights.node, weights.index, self.editor.scale(
            cut, value, axis, factors, fit=key, of=of))

    def give_bias(self, sink, bias):
        """Lets a sink have another bias."""
        masked.give_bias(self.editor, sink, self.editor.constant(f"{sink.key}_bias", bias,
                                                                 bias=sink.key))

    def give_weights(self, sink, weights):
        """Lets a sink have other weights, of the same shape."""
        weights = np.asarray(weights, np.float32)
        node, index = sink.weights.node, sink.weights.index
        self.editor.read(node, index, self.editor.constant(f"{node.input[index]}_fitted", weights,
                                                           weights=sink.key))

    def finish(self):
        """The pruned model."""
        return self.editor.finish()

    @property
    def edits(self):
        """What was done, as a record has it."""
        return self.editor.edits

    def needed(self, layers):
        """The constants whose values a cut of these layers takes."""
        return [one.node.input[one.index] for layer in layers
                for one in (*layer.flow.sources, *layer.flow.sinks, *layer.flow.constants)
                if not self._by_element(one.node.input[one.index], one.axis)]

    # Constants.
    def _leaves(self, name):
        node = self.graph.producers.get(name)
        if node is None or node.op_type == "Constant":
            return {name}
        return set().union(*(self._leaves(one) for one in node.input if one))

    def _operands(self, name, axis):
        """[(index, axis)] of the operands that lose what a computed constant loses; None where it
        has to be computed before it is cut."""
        node = self.graph.producers[name]
        shape = self.shapes[name]
        if node.op_type == "Transpose":
            order = [a.ints for a in node.attribute if a.name == "perm"]
            return [(0, list(order[0])[axis] if order else len(shape) - 1 - axis)]
        if node.op_type not in _BY_ELEMENT:
            return None
        found, others = [], []
        for index, one in enumerate(node.input):
            if not one:
                continue
            inner = self.shapes[one]
            if node.op_type in ("QuantizeLinear", "DequantizeLinear") and index and len(inner) == 1:
                at = next((a.i for a in node.attribute if a.name == "axis"), 1) % len(shape)
                place = 0 if at == axis and inner != (1,) else -1
            else:
                place = axis - (len(shape) - len(inner))
            if place >= 0 and inner[place] != 1:
                found.append((index, place))
            else:
                others.append(one)
        # A mean or a scale of all weights is one of those that are cut as well.
        kept = set().union(*(self._leaves(one) for one in others), ())
        for index, at in found:
            lost = self._lost(node.input[index], at)
            if lost is None or kept & lost:
                return None
        return found

    def _lost(self, name, axis):
        """The initialisers that lose what a constant loses; None where it has to be computed
        before it is cut."""
        node = self.graph.producers.get(name)
        if node is None or node.op_type == "Constant":
            return {name}
        operands = self._operands(name, axis)
        parts = [None if operands is None else set(), *(
            self._lost(node.input[index], at) for index, at in operands or ())]
        return None if None in parts else set().union(*parts)

    def _by_element(self, name, axis):
        """Whether the initialisers that a constant is computed of can be cut in place of it."""
        return self._lost(name, axis) is not None

    def _constant(self, name, axis, places, reader):
        """A constant that has only `places` of `axis`, in front of its reader."""
        key = self.ties.key(name), axis, places.tobytes()
        node = self.graph.producers.get(name)
        is_leaf = node is None or node.op_type == "Constant"
        if is_leaf or not self._by_element(name, axis):
            if key not in self._cut:
                self._cut[key] = self.editor.cut(name, self.constants.value(name), axis, places)
            return self._cut[key]
        inputs = list(node.input)
        for index, at in self._operands(name, axis):
            inputs[index] = self._constant(inputs[index], at, places, reader)
        return self.editor.copy(reader, node, inputs, f"{name}_pruned")

    # Sizes.
    def _resize(self, flow, target, kept):
        node = target.node
        size = len(target.layout.places(kept))
        if node.op_type == "Split":
            self._resize_split(node, size)
            return
        if is_attention(node):
            for name in counts_of(node):
                self.editor.integer(node, name, len(kept))
            return
        name = node.input[1]
        shape = self.constants.value(name)
        if shape is not None:
            if shape[target.axis] > 0:
                shape = shape.copy()
                shape[target.axis] = size
                self.editor.read(node, 1, self.editor.constant(f"{name}_pruned", shape))
            return
        found = flow.entry(name, target.axis)
        if found is None:
            return  # It follows.
        concat, index = found
        value = self.constants.value(concat.input[index])
        if value is None or value[0] <= 0:
            return
        # Another node may read the same sizes.
        inputs = list(concat.input)
        inputs[index] = self.editor.constant(f"{inputs[index]}_pruned", np.array([size], np.int64))
        self.editor.read(node, 1, self.editor.copy(self.editor.node(node), concat, inputs,
                                                   f"{name}_pruned"))

    def _resize_split(self, node, size):
        sizes = [size] * len(node.output)
        self.editor.split(node, sizes)
        if len(node.input) > 1 and node.input[1]:
            self.editor.read(node, 1, self.editor.constant(f"{node.input[1]}_pruned",
                                                           np.array(sizes, np.int64)))
