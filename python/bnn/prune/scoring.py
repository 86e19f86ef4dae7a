# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each unit of a model is worth on calibration data, and which of them go."""
import concurrent.futures
import itertools
import os
import time
import warnings

import numpy as np

from bnn import _library
from bnn.graphs.calibration import Probe, shape_of
from bnn.prune import clocks, leave, masked, record, score, search, units
from bnn.prune.chain import Chain
from bnn.prune.errors import PruneError
from bnn.prune.latency import Latency

# Seconds between two records of an unfinished run.
_SAVE = 10.0
# Seconds of runs from which on optimised code is worth its compilation.
_LONG = 20.0


class Scoring:
    """The units of a model, and what each is worth on calibration data. `keep` is called with the
    record now and then, `before` is one of an earlier run, or None. `threads` score units at a
    time, as many as there are cores where it is None: the record does not depend on it."""

    def __init__(self, work, arrays, options, before, keep, threads=None):
        self.work, self.arrays, self.options, self.keep = work, arrays, options, keep
        self.threads = threads or os.cpu_count() or 1
        self.scorer = None
        outputs = [value.name for value in work.proto.graph.output]
        for what, name, known in (("input", options["mask"], work.sizes),
                                  ("output", options["logits"], outputs)):
            if name is not None and name not in known:
                raise PruneError(f"the model has no {what} '{name}'; its {what}s are "
                                 + ", ".join(f"'{one}'" for one in known))
        left = self._measure()
        self.masks = masked.Masks(work.proto, work.layers, work.graph, work.constants, left)
        self.chain = self._chain(0)
        if self.chain.refusal:
            warnings.warn("units are scored by longer runs, as the model cannot be compiled in parts "
                          f"as small as its layers: {self.chain.refusal}")
        self.results = self._results()
        self.record = {
            "format": record.FORMAT, "model": record.digest_of_model(work.proto),
            "data": record.digest_of_data(arrays),
            "options": {name: options[name] for name in ("group", "seed", "batch", "logits",
                                                         "mask", "leave")},
            "inputs": {name: list(shape) for name, shape in work.sizes.items()},
            "layers": [{"name": layer.name, "kind": layer.kind, "numbers": layer.became,
                        "channels": layer.count,
                        "units": [unit.tolist() for unit in layer.units]}
                       for layer in work.layers],
            "refused": [{"name": name, "reason": reason} for name, reason in work.refused]}
        self.units = [(i, layer, unit) for i, layer in enumerate(work.layers)
                      for unit in layer.units]
        #: The rounds of an earlier run that scored the same units in the same way, and what it
        #: took time for.
        self.before, self.time_before = [], {}
        if before and all(before.get(key) == self.record[key] for key in (
                "model", "data", "options", "inputs")) and [
                    one["units"] for one in before["layers"]] == [
                    one["units"] for one in self.record["layers"]]:
            self.before = before.get("rounds", [])
            self.time_before = before.get("time", {})

    def _measure(self):
        """Makes the units; returns what the channels of layers of bits leave, {sink's key: f64
        [inputs]}: their means over all tokens that are not padding, or the signs of their
        shifts."""
        sinks = [(layer, sink) for layer in self.work.layers for sink in layer.sinks]
        probe = Probe(self.work.proto, [sink.operand for _, sink in sinks], self.arrays,
                      self.options["batch"], opt_level=0)
        for layer, sink in sinks:
            if probe.types[sink.operand] != np.float32 and layer in self.work.layers:
                self.work.layers.remove(layer)
                self.work.refused.append(
                    (layer.name, f"its numbers are {probe.types[sink.operand]}, not float32"))
        sinks = [(layer, sink) for layer, sink in sinks if layer in self.work.layers]
        if not sinks:
            raise PruneError("the model has no heads or neurons in f32 that can be cut")
        sums = {sink.key: np.zeros((2, sink.weights.layout.size)) for _, sink in sinks}
        counts = dict.fromkeys(sums, 0)
        feeds = (one for data in probe.sets for one in data.feeds())
        for given, fed in zip(probe.run(), feeds):
            padding = score.padding_mask(fed, self.options["mask"])
            for _, sink in sinks:
                rows = given[sink.operand].reshape(-1, given[sink.operand].shape[-1])
                rows = rows[score.tokens_of(given[sink.operand], padding,
                                            sink.positions)].astype(np.float64)
                sums[sink.key] += rows.sum(axis=0), np.square(rows).sum(axis=0)
                counts[sink.key] += len(rows)
        if not all(counts.values()):
            raise PruneError("calibration data: every token is padding")
        left = {}
        for layer in self.work.layers:
            importance = np.zeros(layer.count)
            for sink in layer.sinks:
                mean, square = sums[sink.key] / counts[sink.key]
                if not np.isfinite(square).all():
                    raise PruneError(f"the tensor '{sink.operand}' holds numbers that are not "
                                     "finite on the calibration data; look for the sample")
                weights = masked.weights_of(sink, self.work.constants)
                if layer.became == "bits":
                    constant = mean if self.options["leave"] == "mean" else leave.signs(
                        sink, self.work)
                    left[sink.key] = constant
                    # The constant goes into the bias: what is lost is how far from it they are.
                    square = np.maximum(square + constant * (constant - 2 * mean), 0)
                if layer.kind == "neurons":
                    importance += np.sqrt(square) * np.linalg.norm(weights, axis=1)
            group = self.options["group"] or units.GROUPS[layer.became]
            units.make_units(layer, group, importance)
        if not left and self.options["leave"] != "mean":
            raise PruneError("only a unit of bits leaves the sign of its shift, and the model has "
                             "no such layer that can be cut: leave it out")
        return left

    def _chain(self, opt_level):
        model = self.masks.model()
        return self.chain_of(model, [self.masks.inputs(layer) for layer in self.work.layers],
                             opt_level)

    def chain_of(self, model, masks, opt_level=0):
        """A `Chain` of a model whose channels are switched off by the inputs `masks`, a list of
        names for each piece."""
        # What stands behind a mask may be of other numbers for it.
        sinks = {units.name_of(sink.weights.node) for layer in self.work.layers
                 for sink in layer.sinks}
        became = {name: kind for name, kind in self.work.became.items() if name not in sinks}
        return Chain(model, masks, became, self.arrays, self.options["batch"], opt_level)

    def _scorer(self, runs):
        """A Scorer that is to go through the data `runs` times."""
        states = {sink.state: sink.positions for _, sink in self._states()}
        for opt_level in (0, 2):
            if opt_level:
                # The same bits, sooner: of few runs optimising the code would take longer. There is
                # no room for both.
                scorer = self.chain = None
                self.chain = self._chain(opt_level)
            started = time.monotonic()
            scorer = score.Scorer(self.chain, self.masks, states, self.results,
                                  self.options["seed"], self.options["mask"])
            # On average a unit is in the middle.
            if runs / 2 * (time.monotonic() - started) < _LONG:
                break
        # It had the states of all tokens.
        _library.trim()
        return scorer

    def _states(self):
        """[(place, sink)] of the layers: of the FFNs, where there are any."""
        ffns = [layer for layer in self.work.layers if layer.kind == "neurons"]
        return sorted(((sink.place, sink) for layer in ffns or self.work.layers
                       for sink in layer.sinks), key=lambda one: one[0])

    def _later(self, layer):
        states = self._states()
        return [sink.state for place, sink in states if place > layer.place] or [
            states[-1][1].state]

    def _results(self):
        known = {value.name for value in self.work.proto.graph.output}
        wanted = self.options["logits"]
        for name, dtype in self.chain.types.items():
            if name == wanted or (wanted is None and name in known and dtype == np.float32):
                return [name]
        raise PruneError("the model has no output in f32 to compare")

    def _kinds(self):
        """{number of a layer: number of its kind}: those of a kind have the same units."""
        known = [(layer.kind, layer.count, layer.head_size, len(layer.units))
                 for layer in self.work.layers]
        return {number: known.index(kind) for number, kind in enumerate(known)}

    def run(self, share, length, rounds, progress=None, clock=None, equal_layers=False,
            trajectory=score.TRAJECTORY, heads=score.HEADS):
        """Decides which units stay, and notes it in the record: (removed, biases) for a cut. In
        each of `rounds` every unit that is left is scored, and the worst go. `share` is of the
        multiplications of what can be cut; or, where a `clock` is given, a function of the shapes
        of a call and its feeds that makes one of `clocks`, of the whole model's time. With
        `equal_layers` layers with the same units keep as many of them. `trajectory` is its weight
        in the score, `heads` how many times that of a head counts."""
        if self.scorer is None:
            self.scorer = self._scorer(rounds * len(self.units))
        scorer = self.scorer
        is_given, length = length is not None, scorer.length if length is None else length
        costs = np.array([round(layer.cost(length) * len(unit)) for _, layer, unit in self.units])
        self.record.update({"length": length, "rounds": self.before, "equal_layers": equal_layers,
                            "trajectory_weight": trajectory, "head_factor": heads,
                            "keep_flops" if clock is None else "keep_latency": share})
        self.record["layers"] = [{**one, "macs": round(layer.cost(length) * len(layer.units[0]))}
                                 for one, layer in zip(self.record["layers"], self.work.layers)]
        total = rounds * len(self.units)
        factors = np.array([heads if layer.kind == "heads" else 1.0 for _, layer, _ in self.units])
        kinds = self._kinds() if equal_layers else None
        latency = None
        if clock is not None:
            latency = self._latency(clock, length, is_given, kinds)
            total += latency.total
        done = iter(range(1, total + 1))

        def advance():
            if progress:
                progress(next(done), total)
        if latency:
            self._measure_layers(latency, share, advance)
        self.record["rounds"] = []
        stays = np.ones(len(self.units), bool)
        for turn in range(rounds):
            found = self._scores(scorer, stays, advance)
            left = np.flatnonzero(stays)
            layers = [self.units[unit][0] for unit in left]
            # What seems to mend something is no reason to cut below the budget.
            scores = np.maximum(factors[left] * score.combined(
                *zip(*(found[unit] for unit in left)), trajectory), 0)
            # By equal parts of what is left each time.
            part = share ** ((turn + 1) / rounds)
            if latency is None:
                kept = search.choose(scores, costs[left], layers, part * costs.sum(),
                                     kinds)
            elif turn + 1 < rounds:
                kept = latency.choose(scores, layers, part)
            else:
                kept = self._fit(latency, scores, layers, left, share)
            stays[left[~kept]] = False
        removed = self._removed(stays)
        biases = self.masks.biases(removed)
        self.record.update({
            "gone": np.flatnonzero(~stays).tolist(),
            "macs": {"before": int(costs.sum()), "after": int(costs[stays].sum())}})
        return removed, biases

    def compare(self, result):
        """Runs the pruned model on the data, and notes in the record how far it is from the whole
        one. Raises a PruneError where it gives no numbers."""
        probe = Probe(result, (), self.arrays, self.options["batch"], opt_level=0)
        self.record["reached"] = self.scorer.compare(probe)

    def _without(self, removed):
        return self.work.cut(removed, self.masks.biases(removed))

    def _latency(self, clock, length, is_length_given, kinds):
        """What the layers' time is asked of."""
        data = self.chain.sets[0]
        inputs = {value.name: shape_of(value) for value in self.work.graph.inputs}
        shapes, has_length = clocks.timed_shapes(data, inputs, length)
        if is_length_given and not has_length:
            raise PruneError(f"a length of {length:g} cannot be kept in time: the model's inputs "
                             "leave no number of tokens open; leave it out")
        return Latency(self.work.layers, self._without,
                       clock(self.work.proto, shapes, next(data.feeds())), kinds)

    def _measure_layers(self, latency, share, advance):
        """Makes the tables, and notes them in the record."""
        facts = latency.facts
        known = self.time_before
        is_known = all(known.get(name) == value for name, value in facts.items()
                       if name != "whole" or not facts["measured"])
        if is_known and facts["measured"]:
            facts["whole"] = known["whole"]
        self.record["time"] = {**facts, "tables": latency.entries}
        saved = [time.monotonic()]

        def advance_and_save():
            advance()
            if time.monotonic() - saved[0] > _SAVE:
                self.keep(self.record)
                saved[0] = time.monotonic()
        try:
            latency.measure(known["tables"] if is_known else [], advance_and_save)
        except BaseException:
            self.keep(self.record)
            raise
        # What cannot be met is said before what takes long.
        latency.choose(np.zeros(len(self.units)), [i for i, _, _ in self.units], share)

    def _fit(self, latency, scores, layers, left, share):
        """What stays of the units `left`, so that the pruned model takes `share` of the time when
        it is timed itself: where the tables promised too much, they are asked for less."""
        goal, reached = share, None
        while True:
            try:
                kept = latency.choose(scores, layers, goal)
            except PruneError:
                if reached is None:
                    raise
                raise PruneError(
                    f"the budget cannot be met: the least that was found takes {reached:.4f} of "
                    f"the model's time, more than {share:.4g}") from None
            stays = np.zeros(len(self.units), bool)
            stays[left[kept]] = True
            reached = 1.0 if stays.all() else latency.share(self._without(self._removed(stays)))
            if reached <= share:
                self.record["time"]["after"] = reached
                return kept
            promised = latency.promised([layers[i] for i in np.flatnonzero(kept)])
            goal = min(goal, promised) - max(reached - share, 1 / search.STEPS)

    def _removed(self, stays):
        """{layer's name: channels} of the units that do not stay."""
        removed = {}
        for (_, layer, unit), one in zip(self.units, stays):
            if not one:
                removed.setdefault(layer.name, []).extend(unit.tolist())
        return removed

    def _scores(self, scorer, stays, advance):
        """{unit: (trajectory, divergence)} of the units that stay: by how much they grow when it
        goes as well."""
        gone = np.flatnonzero(~stays).tolist()
        entry = {"gone": gone, "scores": {}}
        self.record["rounds"].append(entry)
        known = next((one["scores"] for one in self.before if one["gone"] == gone), {})
        removed = self._removed(stays)
        wanted = [unit for unit in range(len(self.units))
                  if stays[unit] and str(unit) not in known]
        pool = concurrent.futures.ThreadPoolExecutor(self.threads)
        saved = time.monotonic()
        try:
            # What is lost without the units too, by the states that count.
            later = {self.units[unit][0]: self._later(self.units[unit][1]) for unit in wanted}
            before = scorer.lost(removed, list(scorer.states)) if wanted else None
            start = {number: score.trajectory(before, states) for number, states in later.items()}

            def scored(unit):
                number, layer, channels = self.units[unit]
                without = {**removed, layer.name: [*removed.get(layer.name, ()), *channels]}
                return [after - before for after, before in zip(
                    scorer.score(without, later[number], kept), start[number])]

            def all_scored():
                """In the order in which they were asked for, layer by layer: what is in front of a
                layer is as it is without the unit."""
                for number, some in itertools.groupby(wanted, lambda unit: self.units[unit][0]):
                    states = {name for one, names in later.items() if one >= number
                              for name in names}
                    scorer.advance(kept, removed, self.work.layers[number], states)
                    yield from pool.map(scored, some)
            kept, results = scorer.chain.start(), all_scored()
            for unit in range(len(self.units)):
                if str(unit) in known:
                    entry["scores"][str(unit)] = known[str(unit)]
                elif stays[unit]:
                    entry["scores"][str(unit)] = next(results)
                advance()
                if time.monotonic() - saved > _SAVE:
                    self.keep(self.record)
                    saved = time.monotonic()
        except BaseException:
            self.keep(self.record)
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return {int(unit): pair for unit, pair in entry["scores"].items()}
