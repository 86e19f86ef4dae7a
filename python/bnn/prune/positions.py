# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which tokens of a tensor a model reads in the end. A classifier reads one: of its last layer no
other matters, neither for what a unit is worth nor for what it is on average."""
import numpy as np

from bnn.graphs.graph import attribute
from bnn.prune.relations import ELEMENTWISE

# What they give for a token depends on that token alone.
_TOKENWISE = ELEMENTWISE | {"QuantizeLinear", "DequantizeLinear", "Dropout"}


class Positions:
    """Follows tensors [..., tokens, width] to their readers. `constant` gives the value of a
    constant, or None."""

    def __init__(self, graph, shapes, readers, constant):
        self.graph, self.shapes, self.readers, self.constant = graph, shapes, readers, constant
        self._outputs = {value.name for value in graph.graph.output}

    def read(self, tensor):
        """The positions that are read, a sorted tuple; None where all may be."""
        axis = len(self.shapes[tensor]) - 2
        if axis < 1:
            return None
        found, seen, left = set(), {tensor}, [tensor]
        while left:
            name = left.pop()
            if name in self._outputs:
                return None
            for node, index in self.readers[name]:
                if node.op_type == "Shape":
                    continue
                places = self._picked(node, index, axis)
                if places is not None:
                    found.update(places)
                elif not self._is_tokenwise(node, index, name, axis):
                    return None
                elif node.output[0] not in seen:
                    seen.add(node.output[0])
                    left.append(node.output[0])
        return tuple(sorted(found)) or None

    def _is_tokenwise(self, node, index, name, axis):
        """Whether a node gives for each token something of that token, at the same place."""
        before, after = self.shapes[name], self.shapes[node.output[0]]
        if index < 0 or len(after) <= axis or after[:axis + 1] != before[:axis + 1]:
            return False
        if node.op_type in _TOKENWISE:
            return len(after) == len(before)
        if node.op_type == "MatMul":
            return index == 0 and axis == len(before) - 2 and \
                node.input[1] not in self.graph.computed
        if node.op_type == "SkipLayerNormalization":
            return index in (0, 1) and len(after) == len(before) and not any(node.output[1:])
        if node.op_type == "LayerNormalization":
            return index == 0 and attribute(node, "axis", -1) % len(before) > axis
        if node.op_type.startswith("Reduce"):
            axes = attribute(node, "axes", None)
            if axes is None and len(node.input) > 1:
                axes = self.constant(node.input[1])
            return axes is not None and all(int(a) % len(before) > axis for a in axes)
        return False

    def _picked(self, node, index, axis):
        """The positions of `axis` that a node picks; None where it picks none."""
        if index or node.op_type not in ("Gather", "Slice"):
            return None
        size = self.shapes[node.input[0]][axis]
        rank = len(self.shapes[node.input[0]])
        if node.op_type == "Gather":
            places = self.constant(node.input[1])
            if places is None or attribute(node, "axis", 0) % rank != axis:
                return None
            return {int(place) % size for place in np.ravel(places)}
        given = [attribute(node, name, None) for name in ("starts", "ends", "axes")]
        if given[0] is None:
            given = [self.constant(name) if name else None for name in node.input[1:4]]
        if len(given) < 3 or any(one is None for one in given) or len(node.input) > 4:
            return None
        places = None
        for start, end, over in zip(*given):
            if int(over) % rank == axis:
                places = set(range(size)[int(start):int(end)])
        return places
