# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which products share their weights. What ALBERT's layers have in common (arXiv 1909.11942) can
only be cut in all of them: then their channels are the same units."""
import hashlib

from bnn.prune.errors import Refusal
from bnn.prune.fused import weights_port


class Ties:
    """The constants of a `Graph` that are the same, however often an exporter wrote down how they
    are computed. `readers` is what `consumers` gives, `shapes` the shapes of tensors."""

    def __init__(self, graph, readers, shapes):
        self.graph, self.readers, self.shapes = graph, readers, shapes
        self._keys = {}

    def key(self, name):
        """Something that is equal for two constants which are computed in the same way of the same
        initialisers."""
        if name not in self._keys:
            node = self.graph.producers.get(name)
            if node is None:
                self._keys[name] = name
            else:
                parts = [node.domain, node.op_type, list(node.output).index(name),
                         *(self.key(one) if one else "" for one in node.input)]
                state = hashlib.sha256(repr(parts).encode())
                for one in sorted(node.attribute, key=lambda one: one.name):
                    state.update(one.SerializeToString(deterministic=True))
                # No tensor has such a name: it is bytes.
                self._keys[name] = state.digest()
        return self._keys[name]

    def nodes(self, name):
        """The nodes that compute a constant, the last first."""
        found, left = [], [name]
        while left:
            node = self.graph.producers.get(left.pop())
            if node is not None and not any(node is other for other in found):
                found.append(node)
                left += [one for one in node.input if one]
        return found

    def others(self, node, index):
        """[(product, index of its input)] that multiply with the same weights as a product does.
        Raises a Refusal where something else is made of them, or they are part of other weights."""
        name = node.input[index]
        tensors = {name, *(one for inner in self.nodes(name) for one in inner.input if one)}
        found = []
        for tensor in sorted(tensors):
            # A scale, say, or a shape may be anybody's.
            if len(self.shapes.get(tensor, ())) < 2:
                continue
            for reader, at in self._computing(tensor):
                if reader is node and at == index or any(
                        reader is other and at == place for other, place in found):
                    continue
                if reader is node or at < 0 or at != weights_port(reader) or \
                        self.key(reader.input[at]) != self.key(name):
                    raise Refusal(f"{reader.op_type} '{reader.name or reader.output[0]}' reads the "
                                  f"weights '{tensor}' too")
                found.append((reader, at))
        return found

    def _computing(self, tensor):
        """(node, index of the input) of the nodes that a constant goes into, whether as it is or
        as a part of other constants; -1 where a branch reads it."""
        seen, left = set(), [tensor]
        while left:
            for reader, index in self.readers[left.pop()]:
                outputs = [name for name in reader.output if name]
                if index < 0 or any(name in self.graph.computed for name in outputs):
                    yield reader, index
                else:
                    left += [name for name in outputs if name not in seen]
                    seen.update(outputs)
