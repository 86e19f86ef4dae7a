# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much a unit matters: what its absence does to the later layers and to the result.

The trajectory is that of OPTIN (arXiv 2403.17921): of the states of each later layer, the tokens'
vectors of length 1, all pairs of them multiplied, and the squared distance of that matrix from the
whole model's. The divergence is that of the results. Neither needs a label or a gradient. Sums
are in f64 and in fixed order.
"""
import numpy as np

from bnn.prune.errors import PruneError

#: Tokens whose states are compared, of all calibration data.
TOKENS = 512
#: How many times the trajectory counts beside the divergence. Models of this project lose less by
#: little of it (docs/pruning.md).
TRAJECTORY = 0.1
#: How many times its score a head counts beside neurons: what several heads do together is more than
#: what each does (docs/pruning.md).
HEADS = 2.0


def padding_mask(feeds, name):
    """Which tokens of a call are none of padding, as a flat array of bool; None where no input
    says it. `name` is that input's, or None for the one whose name ends so."""
    if name is None:
        name = next((one for one in feeds if one.lower().endswith("mask")), None)
    if name is None or np.asarray(feeds[name]).ndim < 1:
        return None
    return np.asarray(feeds[name]).ravel() != 0


def tokens_of(state, mask, positions=None):
    """The indices of the rows of a state [..., tokens, width] that count: those that are no
    padding, where the mask has one element a row, and of `positions`, where they are not all."""
    rows = int(np.prod(state.shape[:-1], dtype=np.int64))
    counts = np.ones(rows, bool) if mask is None or len(mask) != rows else mask
    if positions is not None:
        counts = counts & np.isin(np.arange(rows) % state.shape[-2], positions)
    return np.flatnonzero(counts)


class Sample:
    """Some tokens of all calls, drawn once: `rows[call]` are their indices. `tokens` are those of
    all tokens of each call."""

    def __init__(self, tokens, seed, most=TOKENS):
        total = sum(map(len, tokens))
        if not total:
            raise PruneError("calibration data: every token is padding")
        chosen = np.random.default_rng(seed).permutation(total)[:most]
        chosen.sort()
        self.rows, first = [], 0
        for one in tokens:
            inside = chosen[(chosen >= first) & (chosen < first + len(one))] - first
            self.rows.append(one[inside])
            first += len(one)


def _normalised(rows):
    rows = rows.astype(np.float64)
    # As torch's normalize: a row of zeros stays one.
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _log_softmax(values):
    values = values.astype(np.float64)
    values = values - values.max(axis=-1, keepdims=True)
    return values - np.log(np.exp(values).sum(axis=-1, keepdims=True))


def distance(before, after):
    """The mean squared difference of the tokens' similarities: `before` and `after` are [tokens,
    width], normalised. Differences are taken before they are squared: what one unit changes would
    be lost in the products of the whole."""
    # Of A Aᵀ - B Bᵀ half is (A - B) (A + B)ᵀ, and half what that is transposed.
    half = (after - before) @ (after + before).T
    return float(np.square(0.5 * (half + half.T)).mean())


def divergence(before, after):
    """The mean Kullback-Leibler divergence of rows of logits, in nats; where a row is a single
    number, half the squared difference, which is that of two normal distributions of variance 1."""
    if before.shape[-1] == 1:
        return float(0.5 * np.square(after.astype(np.float64) - before).mean())
    before, after = _log_softmax(before), _log_softmax(after)
    # Of equal rows it is 0 but for rounding, which may be below it.
    return max(0.0, float((np.exp(before) * (before - after)).sum(axis=-1).mean()))


class Scorer:
    """Runs a masked model over the data, whole and without some of its channels.

    `chain` is a `Chain` of it, `masks` its `Masks`, `states` those of the layers in order, {tensor:
    the positions that count, or None}, and `results` the outputs whose divergence counts.
    """

    def __init__(self, chain, masks, states, results, seed, mask_name):
        self.chain, self.masks, self.states, self.results = chain, masks, states, results
        self.padding = [padding_mask(feeds, mask_name)
                        for one in chain.sets for feeds in one.feeds()]
        last = list(states)[-1]
        tokens = {name: [] for name in (None, *states)}
        outputs, samples = [], 0
        for call, given in enumerate(chain.run(masks.feeds({}))):
            tokens[None].append(tokens_of(given[last], self.padding[call]))
            for name, positions in states.items():
                tokens[name].append(tokens_of(given[name], self.padding[call], positions))
            samples += int(np.prod(given[last].shape[:-2], dtype=np.int64))
            outputs.append({name: given[name] for name in (*states, *results)})
        #: How many tokens a sample has, on average.
        self.length = sum(map(len, tokens[None])) / samples
        self.samples = {name: Sample(one, seed) for name, one in tokens.items()}
        self.before = self._collect(iter(outputs), states)
        for name, rows in (*self.before[0].items(), *self.before[1].items()):
            if not np.isfinite(rows).all():
                raise PruneError(f"the tensor '{name}' holds numbers that are not finite on the "
                                 "calibration data; look for the sample")

    def _collect(self, calls, wanted):
        """({state: [sampled tokens, width], normalised} of the states that are wanted, {result:
        [rows, width]})."""
        states = {name: [] for name in wanted}
        results = {name: [] for name in self.results}
        for call, given in enumerate(calls):
            for name in wanted:
                rows = self.samples[name].rows[call]
                states[name].append(given[name].reshape(-1, given[name].shape[-1])[rows])
            for name in self.results:
                results[name].append(self._rows(given[name], call))
        return ({name: _normalised(np.concatenate(parts)) for name, parts in states.items()},
                {name: np.concatenate(parts) for name, parts in results.items()})

    def _rows(self, result, call):
        """The rows of a result that are compared."""
        result = result.reshape(-1, result.shape[-1])
        mask = self.padding[call]
        # Of a result for each token those are compared that are in the sample.
        is_of_tokens = mask is not None and len(mask) == len(result)
        return result[self.samples[None].rows[call]] if is_of_tokens else np.array(result)

    def compare(self, probe):
        """How far a pruned model is from the whole one: the divergence of its results, of how many
        rows, and in how many the largest number is the same one, None of rows of a single number.
        `probe` is a Probe of it. Raises a PruneError where it gives no numbers."""
        parts = {name: [] for name in self.results}
        for call, given in enumerate(probe.run()):
            for name, array in given.items():
                if array.dtype.kind == "f" and not np.isfinite(array).all():
                    raise PruneError(f"'{name}' of the pruned model is not finite on the "
                                     "calibration data")
            for name in self.results:
                parts[name].append(self._rows(given[name], call))
        after = {name: np.concatenate(rows) for name, rows in parts.items()}
        pairs = [(self.before[1][name], after[name]) for name in self.results]
        choices = [(one.argmax(axis=-1) == other.argmax(axis=-1)).sum() for one, other in pairs
                   if one.shape[-1] > 1]
        return {"divergence": sum(divergence(*pair) for pair in pairs),
                "results": sum(len(one) for one, _ in pairs),
                "same_choice": int(sum(choices)) if choices else None}

    def advance(self, kept, removed, layer, wanted):
        """Lets what is `kept` of a chain go on to where a layer is first switched off, without
        {layer's name: channels}; `wanted` are the states that it may have in itself."""
        self.chain.advance(kept, self.masks.feeds(removed),
                           self.chain.piece_of(self.masks.inputs(layer)),
                           {*wanted, *self.results})

    def lost(self, removed, wanted, kept=None):
        """({state: distance} of the states that are wanted, divergence) without {layer's name:
        channels}: runs from what is `kept`. Several threads may ask at the same time."""
        runs = self.chain.run(self.masks.feeds(removed), kept)
        states, results = self._collect(runs, wanted)
        return ({name: distance(self.before[0][name], states[name]) for name in wanted},
                sum(divergence(self.before[1][name], results[name]) for name in self.results))

    def score(self, removed, later, kept=None):
        """(trajectory, divergence) without {layer's name: channels}: `later` are the states that
        count."""
        return trajectory(self.lost(removed, later, kept), later)


def trajectory(lost, later):
    """(trajectory, divergence) of what a `Scorer` says is lost, by the states that count."""
    distances, other = lost
    return sum(distances[name] for name in later), other


def combined(trajectories, divergences, weight=TRAJECTORY):
    """One number a unit: `weight` times its share of all trajectories, and its share of all
    divergences, so that neither the scale nor the order of units counts."""
    found = np.zeros(len(trajectories))
    for times, part in ((weight, np.asarray(trajectories)), (1.0, np.asarray(divergences))):
        # Where others are gone already, one more may mend something.
        total = np.abs(part).sum()
        if total > 0:
            found += times * part / total
    return found
