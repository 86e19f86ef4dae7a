# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shows that two float implementations differ by decisions that are too close to call."""
import heapq

import numpy as np
import onnx

import reference

# In the spread of the values: closer than this, the order of float additions may decide.
LIMIT = 1e-6
# Evaluations to spend on one search.
EVALUATIONS = 60


def difference(value, target):
    """How far each element is from the target's: 0 for an infinity that both have, NaN beside a NaN."""
    with np.errstate(invalid="ignore"):
        return np.where(value == target, 0, np.abs(value.astype(np.float64) - target.astype(np.float64)))


def close(outputs, target, tolerance):
    """Whether each output is within `tolerance` of the target's, of its size where that is above 1."""
    for name, value in target.items():
        if value.shape != outputs[name].shape:
            return False
        # Written so that a NaN is not close.
        if not (difference(outputs[name], value) <= tolerance * np.maximum(1, np.abs(value.astype(np.float64)))).all():
            return False
    return True


def find(model_path, feeds, target, tolerance):
    """The decisions within LIMIT of their threshold, as (margin, value, index), that numpy's
    float64 evaluation has to take the other way to come out at `target`; None if there are none."""
    model = onnx.load(model_path)
    queue = [(0, 0.0, ())]  # the fewest steps first, among them the closest
    seen = {()}
    for _ in range(EVALUATIONS):
        if not queue:
            return None
        count, total, flips = heapq.heappop(queue)
        outputs, near = reference.evaluate_flipped(
            model, feeds, {(output, index) for _, output, index in flips}, LIMIT)
        if close(outputs, target, tolerance):
            return list(flips)
        taken = {decision[1:] for decision in flips}
        # A token that comes twice has the same decisions twice: they are taken together first.
        steps = {}
        for decision in near:
            if decision[1:] not in taken:
                steps.setdefault(decision[:2], []).append(decision)
                steps[decision] = [decision]
        for step in steps.values():
            longer = tuple(sorted(flips + tuple(step)))
            if longer not in seen:
                seen.add(longer)
                heapq.heappush(queue, (count + 1, total + step[0][0] / len(step), longer))
    return None
