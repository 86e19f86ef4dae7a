# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shapes and data that a model is called with, right ones and wrong ones."""
import dataclasses
import math

import numpy as np

from graphs import Expr, random_array, size_of

# Calls with more elements than this in an input are drawn again.
MAX_ELEMENTS = 1 << 15


@dataclasses.dataclass
class Call:
    """The arrays of a call by input's name; `shapes` as the model is told them."""
    shapes: dict
    arrays: dict
    note: str


class Caller:
    """Draws calls of a model: of its inputs, the maxima of its symbols, and what must be equal.
    A rule says of sizes whether ONNX allows them, where ONNX Runtime is more lenient."""

    def __init__(self, inputs, maxima, equal=(), rules=()):
        self.inputs = inputs
        self.maxima = maxima
        self.equal = equal
        self.rules = rules

    def right_sizes(self, rng):
        """Sizes of the symbols with which all that must be equal is, where that is possible."""
        leader = {}

        def find(dim):
            while dim in leader:
                dim = leader[dim]
            return dim

        computed = []
        for a, b in self.equal:
            if isinstance(a, Expr) or isinstance(b, Expr):
                computed.append((a, b))
                continue
            a, b = find(a), find(b)
            if a != b:
                if isinstance(a, int):  # a number leads its class
                    a, b = b, a
                if not isinstance(a, int):
                    leader[a] = b
        chosen = {}

        def sizes_now():
            return {name: chosen[find(name)] for name in self.maxima}

        for name, most in self.maxima.items():
            top = find(name)
            if isinstance(top, int):
                chosen[top] = top
            else:
                size = most if rng.random() < 0.25 else int(rng.integers(1, most + 1))
                chosen[top] = min(size, chosen.get(top, size))
        for a, b in computed:
            symbol, expr = (a, b) if isinstance(b, Expr) else (b, a)
            if isinstance(symbol, str) and isinstance(find(symbol), str):
                chosen[find(symbol)] = size_of(expr, sizes_now())
        return sizes_now()

    def disturb(self, rng, sizes):
        for _ in range(int(rng.integers(1, 3))):
            if not sizes:
                return
            name = sorted(sizes)[rng.integers(len(sizes))]
            most = self.maxima[name]
            sizes[name] = int(rng.choice((0, 1, most, most + 1, sizes[name] + 1,
                                          max(0, sizes[name] - 1), rng.integers(1, most + 1),
                                          rng.integers(1, 2 * most + 2))))

    def draw(self, rng):
        """A call: half of them with all sizes as they should be."""
        while True:
            call = self.attempt(rng)
            if all(array.size <= MAX_ELEMENTS for array in call.arrays.values()):
                return call

    def attempt(self, rng):
        sizes = self.right_sizes(rng)
        note = "right"
        if rng.random() < 0.4:
            self.disturb(rng, sizes)
            note = "sizes"
        shapes = {entry.name: [size_of(dim, sizes) for dim in entry.shape]
                  for entry in self.inputs}
        axes = [(name, axis) for name, shape in shapes.items() for axis in range(len(shape))]
        if axes and rng.random() < 0.1:  # one axis of one input only
            name, axis = axes[rng.integers(len(axes))]
            shapes[name][axis] = max(-1, shapes[name][axis] + int(rng.choice((-2, -1, 1, 2, 9))))
            note = "axis"
        wrong_index = rng.random() < 0.2
        arrays = {}
        for entry in self.inputs:
            shape = [max(0, size) for size in shapes[entry.name]]
            if math.prod(shape) > MAX_ELEMENTS:
                arrays[entry.name] = np.zeros(MAX_ELEMENTS + 1)
                continue
            data = entry.data
            if not isinstance(data, str):
                limit = size_of(data, sizes)
                data = ("index", limit)
            array = random_array(rng, entry.dtype, shape, data)
            if isinstance(data, tuple) and wrong_index and array.size:
                info = np.iinfo(array.dtype)
                array.flat[rng.integers(array.size)] = rng.choice(
                    np.array([data[1], -data[1] - 1, data[1] + 1000, 10**6, info.min, info.max],
                             np.int64).astype(array.dtype))
                note += ", index"
            arrays[entry.name] = array
        return Call(shapes, arrays, note)

    def must_fail(self, call):
        """Whether the interface alone forbids the call (a size over its maximum or below 1, one
        that is not the declared one, or two for one symbol), or a rule."""
        sizes = {}
        for entry in self.inputs:
            for dim, size in zip(entry.shape, call.shapes[entry.name]):
                if isinstance(dim, int):
                    if size != dim:
                        return True
                elif not 1 <= size <= self.maxima[dim] or sizes.setdefault(dim, size) != size:
                    return True
        return not all(rule(sizes) for rule in self.rules)
