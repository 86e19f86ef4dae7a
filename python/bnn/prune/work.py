# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One model and what can be cut of it."""
import functools

import numpy as np
import onnx

from bnn.graphs.calibration import Data
from bnn.graphs.graph import Graph, opset
from bnn.prune import units
from bnn.prune.constants import Constants, shapes
from bnn.prune.cut import Cutter
from bnn.prune.errors import PruneError
from bnn.prune.fused import is_attention


def sizes_of_data(proto, arrays, batch):
    """The shapes of the inputs in the first call, {input: shape}. Whatever is wrong with the data
    is said before anything takes long."""
    inputs = Graph(proto).inputs
    first = [next(Data(one, inputs, batch).feeds()) for one in arrays][0]
    return {value.name: first[value.name].shape for value in inputs}


def sizes_of_record(found):
    """The shapes of the inputs that a record was made with."""
    try:
        return {name: tuple(int(size) for size in shape)
                for name, shape in found["inputs"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PruneError(f"the record has no shapes of inputs ({error!r})") from None


class Work:
    """A model and what can be cut of it. `layers` are those of the compiler's report, `sizes` the
    shapes of the inputs in one call."""

    def __init__(self, proto, layers, sizes):
        self.proto, self.sizes = proto, sizes
        self.graph = Graph(proto)
        self.constants = Constants(proto, self.graph)
        self.shapes = shapes(proto, sizes)
        found = units.Finder(self.graph, layers, self.shapes, opset(proto), self.constants)
        self.layers, self.refused, self.became = found.layers, found.refused, found.became
        self.results = found.results
        self._ties = found.ties
        if not self.layers:
            raise PruneError("the model has no heads or neurons that can be cut" + "".join(
                f"; '{name}': {reason}" for name, reason in self.refused))
        # All at once is one call of the compiler.
        self.constants.prepare(
            [*self._cutter().needed(self.layers),
             *(sink.weights.node.input[sink.weights.index] for sink in self._sinks()),
             *(target.node.input[1] for layer in self.layers for target in layer.flow.targets
               if len(target.node.input) > 1 and not is_attention(target.node))])

    @functools.cached_property
    def _passes(self):
        """Whether onnx's checker takes the model; one may be newer than it."""
        try:
            onnx.checker.check_model(self.proto)
        except onnx.checker.ValidationError:
            return False
        return True

    def _cutter(self):
        return Cutter(self.proto, self.graph, self.constants, self.shapes, self._ties)

    def _sinks(self):
        return [*(sink for layer in self.layers for sink in layer.sinks), *self.results.values()]

    def cut(self, removed, biases, factors=None, weights=None):
        """The model without {layer's name: channels}, with the biases {sink's key: f32}, the factors
        {sink's key: (of channels or None, of outputs or None)} and, of results, other weights, {sink's
        key: f32}."""
        cutter = self._cutter()
        for layer in self.layers:
            gone = removed.get(layer.name, ())
            cutter.cut(layer, np.setdiff1d(np.arange(layer.count), gone), factors or {})
        for sink in self._sinks():
            if sink.key in (weights or {}):
                cutter.give_weights(sink, weights[sink.key])
            if sink.key in biases:
                cutter.give_bias(sink, biases[sink.key])
        result = cutter.finish()
        #: What the last cut did, as a record has it.
        self.edits = cutter.edits
        if self._passes:
            onnx.checker.check_model(result)
        return result


def of_record(found, layers):
    """(removed, biases, factors, weights) as a record has them. Raises a PruneError where it is of no
    finished run."""
    counts = {layer.name: layer.count for layer in layers}
    try:
        gone, removed = set(found["gone"]), {}
        units = [(layer["name"], unit) for layer in found["layers"] for unit in layer["units"]]
        for i, (name, unit) in enumerate(units):
            if i in gone:
                removed.setdefault(name, []).extend(unit)
        for name, channels in removed.items():
            if not 0 <= min(channels) <= max(channels) < counts[name] or \
                    not len(set(channels)) == len(channels) < counts[name]:
                raise ValueError(f"the channels of '{name}'")
        biases, factors, weights = {}, {}, {}
        inner = {sink.key: sink.weights.layout for layer in layers for sink in layer.sinks}
        for one in found["edits"]:
            if "bias" in one:
                biases[one["bias"]] = np.asarray(one["values"], np.float32)
            elif "weights" in one:
                weights[one["weights"]] = np.asarray(one["values"], np.float32).reshape(one["shape"])
            elif "fit" in one:
                values = np.asarray(one["values"], np.float32)
                if one["of"] not in ("channels", "outputs"):
                    raise ValueError(f"factors of {one['of']!r}")
                factors[one["fit"]] = (values[::inner[one["fit"]].inner], None) \
                    if one["of"] == "channels" else (None, values)
        return removed, biases, factors, weights
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PruneError(f"the record is of no finished run of this model ({error!r}): prune with "
                         "the calibration data again, which goes on from it") from None
