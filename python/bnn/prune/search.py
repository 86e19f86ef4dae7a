# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which units stay: those whose scores add up to most of all that the budget has room for."""
import collections

import numpy as np

from bnn.prune.errors import PruneError


def choose(scores, costs, layers, budget):
    """Which units to keep, an array of bool: of all choices that cost at most `budget` and leave
    at least one unit of each layer, one whose scores add up to most.

    scores, costs: a number and an int for each unit; units of one layer cost the same.
    layers: for each unit a number that says to which layer it belongs.

    Exact for what it is: units of one price are best taken from the best on, so a choice is how
    many of each price. Equal scores go by index.
    """
    scores, costs, layers = map(np.asarray, (scores, costs, layers))
    kept = np.zeros(len(scores), bool)
    # The best of each layer stays, whatever it costs: a layer of nothing is no layer.
    order = np.lexsort((np.arange(len(scores)), -scores))
    seen = set()
    for unit in order:
        if layers[unit] not in seen:
            seen.add(layers[unit])
            kept[unit] = True
    if budget >= costs.sum():
        return np.ones(len(scores), bool)
    left = int(budget) - int(costs[kept].sum())
    if left < 0:
        raise PruneError(
            f"the budget cannot be met: one unit of each layer stays, and those are "
            f"{costs[kept].sum() / costs.sum():.4f} of all multiplications")
    prices = collections.defaultdict(list)
    for unit in order:
        if not kept[unit]:
            prices[int(costs[unit])].append(unit)
    # Of each price, how many: the best of all sums, price by price.
    front = [(0, 0.0, ())]  # (cost, value, counts), of which none is better than another
    for price, units in sorted(prices.items(), reverse=True):
        values = np.concatenate([[0.0], np.cumsum(scores[units])])
        found = {}
        for cost, value, counts in front:
            for count in range(min(len(units), (left - cost) // price) + 1):
                key = cost + count * price
                if key not in found or value + values[count] > found[key][0]:
                    found[key] = value + values[count], (*counts, count)
        front, best = [], -np.inf
        for cost in sorted(found):
            # Of equal sums the dearer one comes last, and wins: what costs nothing is not cut.
            if found[cost][0] >= best:
                best = found[cost][0]
                front.append((cost, *found[cost]))
    for (_, units), count in zip(sorted(prices.items(), reverse=True), front[-1][2]):
        kept[units[:count]] = True
    return kept
