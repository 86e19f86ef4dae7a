# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model whose channels can be switched off in a call: one, compiled once, for all units.

In front of each sink of a layer stands a product with a mask, a vector of ones and zeros that is
an input. Of numbers in f32 or of 8 bits, one that is 0 adds nothing, and that is what is left when
it is cut. A bit is never 0: what its channel adds on average, or what it adds where it is the sign of its
shift, goes into the bias of the sink, which is an input as well (arXiv 2403.17921 has no such case; its
masks would give the latter).
"""
import functools

import numpy as np

from bnn.prune.edit import Editor


def weights_of(sink, constants, places=slice(None)):
    """The weights of a sink as [inputs, outputs], in f64; of some inputs only."""
    constant = sink.weights
    array = constants.value(constant.node.input[constant.index])
    return (array if constant.axis == array.ndim - 2 else array.T)[places].astype(np.float64)


def bias_of(sink, constants, graph):
    """The values of a sink's bias, in f32: zeros where it has none."""
    width = constants.value(sink.weights.node.input[sink.weights.index]).shape
    if sink.bias is None:
        return np.zeros(width[-1 if sink.weights.axis == len(width) - 2 else 0], np.float32)
    node, index = sink.bias
    name = node.input[index]
    if name in graph.computed:
        name = graph.producers[name].input[0]  # An Expand's.
    return constants.value(name).astype(np.float32).ravel()


def give_bias(editor, sink, name):
    """Lets a sink have the tensor `name` for its bias."""
    if sink.bias is None:
        editor.add(sink.weights.node, name)
    else:
        editor.read(*sink.bias, name)


class Masks:
    """The masked model of some `Layer`s, and the inputs that switch channels off.

    `left` are {sink's key: f64 [inputs]}, what the channels of a layer of bits leave.
    """

    def __init__(self, proto, layers, graph, constants, left):
        self._proto, self._layers, self._graph = proto, layers, graph
        self.left, self._constants = left, constants
        self._sinks = []  # (layer, sink, the mask's input, the bias's or None)
        self._biases = {}
        # Of most layers the same goes in one call as in the one before.
        self._cached_bias = functools.lru_cache(maxsize=256)(self._make_bias)

    def model(self):
        """The masked model, which has the sinks' states as outputs too. It is made anew each time:
        whoever kept it would hold all weights once more."""
        editor = Editor(self._proto)
        self._sinks = []
        for layer in self._layers:
            for sink in layer.sinks:
                size = sink.weights.layout.size
                mask = editor.input("keep", size)
                reader = editor.node(sink.reader)
                editor.insert(reader, sink.index, "Mul", [sink.tensor, mask], f"{mask}_kept")
                name = None
                if layer.became == "bits":
                    self._biases[sink.key] = bias_of(sink, self._constants, self._graph)
                    name = editor.input("bias", len(self._biases[sink.key]))
                    give_bias(editor, sink, name)
                self._sinks.append((layer, sink, mask, name))
        for layer in self._layers:
            for sink in layer.sinks:
                editor.output(sink.state)
        return editor.finish()

    def inputs(self, wanted):
        """The names of the inputs that switch off channels of a layer, once there is a model."""
        return [name for layer, _, *names in self._sinks if layer is wanted
                for name in names if name]

    def feeds(self, removed):
        """The values of those inputs where {layer's name: channels} are switched off."""
        found = {}
        for number, (layer, sink, mask, name) in enumerate(self._sinks):
            gone = removed.get(layer.name, ())
            keep = np.ones(sink.weights.layout.size, np.float32)
            keep[sink.weights.layout.places(gone)] = 0
            found[mask] = keep
            if name:
                found[name] = self._bias(number, gone)
        return found

    def _bias(self, number, gone):
        return self._cached_bias(number, tuple(gone))

    def _make_bias(self, number, gone):
        _, sink, _, _ = self._sinks[number]
        places = sink.weights.layout.places(gone)
        constant = self.left[sink.key][places] @ weights_of(sink, self._constants, places)
        return (self._biases[sink.key] + constant).astype(np.float32)

    def biases(self, removed):
        """{sink's key: bias in f32} of the sinks whose bias is another in that case."""
        return {sink.key: self._bias(number, removed[layer.name])
                for number, (layer, sink, _, name) in enumerate(self._sinks)
                if name and len(removed.get(layer.name, ()))}
