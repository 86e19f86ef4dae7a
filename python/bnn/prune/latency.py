# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A budget of time: what each layer takes with each number of units.

Time is no multiple of multiplications: kernels walk in words and tiles, and of bits what is not a
product takes most of it. So models that are really cut are timed, a table for each layer (as Kwon
et al. do for GPUs, arXiv 2204.09656). All times are shares of the whole model's.
"""
import numpy as np

from bnn.prune import search

#: With at most how many numbers of units a layer is timed, about.
POINTS = 8


def points(count):
    """The numbers of units that a layer of `count` is timed with: all, or of many one and the
    multiples of a power of 2, since kernels walk in words and tiles."""
    step = 1
    while count > POINTS * step:
        step *= 2
    return sorted({1, *range(step, count, step)} - {count})


def _likeness(layer):
    """What layers have in common that take the same time."""
    constants = [*layer.flow.sources, *layer.flow.sinks]
    shapes = [tuple(layer.flow.shapes[c.node.input[c.index]]) for c in constants]
    return (layer.kind, layer.became, layer.count, layer.head_size, len(layer.units),
            tuple(sorted(shapes)),
            tuple((sink.positions, sink.bias is None) for sink in layer.sinks))


class Latency:
    """The tables of the layers of a `Work`. `cut` makes a model without {layer's name: channels},
    `clock` is one of `clocks`, `kinds` says which layers keep as many units, as for
    `search.choose`."""

    def __init__(self, layers, cut, clock, kinds=None):
        self._cut, self._clock, self._kinds = cut, clock, kinds
        #: For whom the times are, and the whole model's.
        self.facts = clock.facts
        self._alike = {}
        for i, layer in enumerate(layers):
            self._alike.setdefault(_likeness(layer), []).append(i)
        self.layers = layers
        #: {number of a layer: what it adds with 1, 2, ... units, 0 with all of them}.
        self.tables = {}
        #: The tables as the record has them.
        self.entries = []

    @property
    def total(self):
        """How many models are timed for the tables."""
        return sum(len(points(len(self.layers[group[0]].units)))
                   for group in self._alike.values())

    def measure(self, known, advance):
        """Makes the tables, from the entries `known` of an earlier run as far as they go.
        `advance` is called after each model."""
        for group in self._alike.values():
            layers = [self.layers[i] for i in group]
            counts = points(len(layers[0].units))
            entry = {"layers": [layer.name for layer in layers], "units": counts, "times": []}
            self.entries.append(entry)
            before = next((one["times"] for one in known if one["layers"] == entry["layers"]
                           and one["units"] == counts), [])
            for i, count in enumerate(counts):
                # Layers that are alike are cut at once: the more differs, the better it is seen.
                entry["times"].append(before[i] if i < len(before) else
                                      self._clock.share(self._cut(
                                          {layer.name: np.concatenate(layer.units[count:]).tolist()
                                           for layer in layers})))
                advance()
            total = len(layers[0].units)
            added = [(time - 1) / len(layers) for time in entry["times"]]
            for number in group:
                self.tables[number] = np.interp(np.arange(1, total + 1), [*counts, total],
                                                [*added, 0.0])

    def choose(self, scores, layers, share):
        """Which units stay, so that the model takes `share` of its time by the tables. `layers`
        has the number of each unit's layer."""
        return search.choose_by_table(scores, layers, self.tables, share, 1.0, self._kinds)

    def promised(self, layers):
        """What share of the time is left by the tables, where the units of `layers` stay."""
        counts = np.bincount(layers)
        return 1 + sum(float(table[counts[number] - 1]) for number, table in self.tables.items())

    def share(self, result):
        """What share of the whole model's time a pruned one takes."""
        return self._clock.share(result)
