# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which units stay: those whose scores add up to most of all that the budget has room for."""
import collections

import numpy as np

from bnn.prune.errors import PruneError


def _ranks(scores, layers, kinds):
    """Arrays of units that stay or go together where all layers of a kind keep as many: the best of
    each, the second best of each, and so on."""
    found, seen = collections.defaultdict(list), collections.Counter()
    for unit in np.lexsort((np.arange(len(scores)), -scores)):
        layer = layers[unit]
        found[kinds[layer], seen[layer]].append(unit)
        seen[layer] += 1
    return [np.sort(found[key]) for key in sorted(found)]


def choose(scores, costs, layers, budget, kinds=None):
    """Which units to keep, an array of bool: of all choices that cost at most `budget` and leave
    at least one unit of each layer, one whose scores add up to most.

    scores, costs: a number and an int for each unit; units of one layer cost the same.
    layers: for each unit a number that says to which layer it belongs.
    kinds: {layer: number}, where layers of one kind, which have as many units, are to keep as many;
        or None.

    Exact for what it is: units of one price are best taken from the best on, so a choice is how
    many of each price. Equal scores go by index.
    """
    scores, costs, layers = map(np.asarray, (scores, costs, layers))
    kept = np.zeros(len(scores), bool)
    if kinds is not None:
        ranks = _ranks(scores, layers, kinds)
        which = choose([scores[units].sum() for units in ranks],
                       [costs[units].sum() for units in ranks],
                       [kinds[layers[units[0]]] for units in ranks], budget)
        for rank in np.flatnonzero(which):
            kept[ranks[rank]] = True
        return kept
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


#: Into how many steps the costs of tables are cut.
STEPS = 10000


def choose_by_table(scores, layers, tables, budget, whole, kinds=None):
    """Which units to keep, an array of bool: of all choices that cost at most `budget` and leave
    at least one unit of each layer, one whose scores add up to most.

    scores: a number for each unit; layers: for each unit the number of its layer.
    whole: what everything costs, tables: {layer: what that changes by if it has 1, 2, ... units}.
    kinds: as for `choose`.
    Any numbers: they may rise in steps, and fall. What a unit costs depends on how many there are,
    not on which, so of each layer the best stay.

    By a dynamic programme over the layers, for each of `STEPS` equal parts of what the budget
    leaves above the least that all layers cost. Costs are rounded up to whole steps, so that the
    budget is kept; but for that it is exact. Of equal sums more units stay; equal scores go by
    index.
    """
    scores, layers = map(np.asarray, (scores, layers))
    if kinds is not None:
        kept, ranks = np.zeros(len(scores), bool), _ranks(scores, layers, kinds)
        of_kinds = {kind: sum(np.asarray(table, float) for layer, table in tables.items()
                              if kinds[layer] == kind) for kind in set(kinds.values())}
        which = choose_by_table([scores[units].sum() for units in ranks],
                                [kinds[layers[units[0]]] for units in ranks], of_kinds, budget,
                                whole)
        for rank in np.flatnonzero(which):
            kept[ranks[rank]] = True
        return kept
    order = np.lexsort((np.arange(len(scores)), -scores))
    units = {layer: order[layers[order] == layer] for layer in np.unique(layers).tolist()}
    costs = {layer: np.asarray(tables[layer], float)[:len(of)] for layer, of in units.items()}
    if whole + sum(table[-1] for table in costs.values()) <= budget:
        return np.ones(len(scores), bool)
    least = whole + sum(table.min() for table in costs.values())
    left = budget - least
    if left < 0:
        raise PruneError(
            f"the budget cannot be met: one unit of each layer stays, and then the model takes "
            f"{least / whole:.4f} of its time, more than {budget / whole:.4g}")
    best = np.zeros(STEPS + 1)  # by steps that are spent at most
    picks = []
    for layer, of in units.items():
        above = costs[layer] - costs[layer].min()
        prices = np.ceil(np.minimum(above / max(left, 1e-300), 2) * STEPS - 1e-6).astype(int)
        sums = np.cumsum(scores[of])
        found, counts = np.full(STEPS + 1, -np.inf), np.zeros(STEPS + 1, int)
        for count, price in enumerate(prices, 1):
            if price > STEPS:
                continue
            with_count = best[:STEPS + 1 - price] + sums[count - 1]
            is_better = with_count >= found[price:]
            found[price:][is_better] = with_count[is_better]
            counts[price:][is_better] = count
        picks.append((of, prices, counts))
        best = found
    kept = np.zeros(len(scores), bool)
    spent = STEPS
    for of, prices, counts in reversed(picks):
        count = counts[spent]
        kept[of[:count]] = True
        spent -= prices[count - 1]
    return kept
