# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the channels of a layer lie on an axis of a tensor."""
import dataclasses

import numpy as np

from bnn.prune.errors import Mixes


@dataclasses.dataclass(frozen=True)
class Layout:
    """`count` channels, each of `inner` neighbours, `outer` times over: index i of the axis belongs
    to channel i // inner % count. Heads of size 64 in a hidden dimension are (1, 12, 64), the three
    parts of a fused q, k and v (3, 12, 64), neurons (1, 3072, 1)."""
    outer: int
    count: int
    inner: int

    @property
    def size(self):
        """The length of the axis."""
        return self.outer * self.count * self.inner

    def places(self, channels):
        """The indices of the axis that belong to `channels`, in order."""
        grid = np.arange(self.size).reshape(self.outer, self.count, self.inner)
        return grid[:, np.asarray(channels, np.int64)].ravel()

    def spread(self, values):
        """A value for each channel as one for each index of the axis."""
        return np.tile(np.repeat(values, self.inner), self.outer)


def _blocks(source, target):
    """The axes of two shapes in the smallest blocks that hold the same elements: a list of
    ((first, end) of the source, (first, end) of the target)."""
    found = []
    i = j = 0
    while i < len(source) or j < len(target):
        first_i, first_j = i, j
        left = right = 1
        while True:
            if left == right and (i > first_i and j > first_j):
                break
            if left <= right and i < len(source):
                left *= source[i]
                i += 1
            elif j < len(target):
                right *= target[j]
                j += 1
            elif i < len(source):
                left *= source[i]
                i += 1
            else:
                break
        found.append(((first_i, i), (first_j, j)))
    return found


def reshaped(source, target, axis, layout):
    """(axis, Layout) in the shape `target` of channels that lie on `axis` of the shape `source`.
    Raises a Mixes where they do not lie on one axis."""
    for (i, end_i), (j, end_j) in _blocks(source, target):
        if not i <= axis < end_i:
            continue
        outer = layout.outer * int(np.prod(source[i:axis], dtype=np.int64))
        inner = layout.inner * int(np.prod(source[axis + 1:end_i], dtype=np.int64))
        for place in range(j, end_j):
            behind = int(np.prod(target[place + 1:end_j], dtype=np.int64))
            before = int(np.prod(target[j:place], dtype=np.int64))
            if inner % behind or outer % before:
                continue
            moved = Layout(outer // before, layout.count, inner // behind)
            if moved.size == target[place]:
                return place, moved
    raise Mixes("splits it over several dimensions")
