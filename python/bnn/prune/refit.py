# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is left of a model, fitted to the whole one by least squares on the calibration data: no step
of training, and nothing that the kind of numbers does not allow.

Each linear that read units is to give what it gave in the whole model, with what those in front of it,
fitted already, give in the pruned one. In f32 a factor for each channel that is left, as Kwon et al.'s
masks (arXiv 2204.09656, section 4.3), goes into the weights' rows. Bits have one size: there it is a
factor for each output. In all cases, and with bytes alone, the bias is fitted too.

The linear that gives the result, where it is in f32, has all of its weights fitted: they are few, and
there is nothing behind them that could make up for what is lost.
"""
import dataclasses

import numpy as np

from bnn.prune import masked, score
from bnn.prune.edit import Editor
from bnn.prune.errors import PruneError

#: How much a factor is held to 1: by this share of the mean of what decides it.
DAMP = 0.1
#: Factors beyond are those of data that say nothing: Kwon et al. stop there.
MOST = 10.0
#: How much the weights of a result are held to what they were, likewise: one of these.
DAMPS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
#: Weights of a result that are fitted at most: the record has them all.
MOST_WEIGHTS = 1 << 20


@dataclasses.dataclass
class Fit:
    """Of a sink: the factors of its channels that are left, or of its outputs, or None; and the
    bias."""
    channels: np.ndarray
    outputs: np.ndarray
    bias: np.ndarray


def channel_factors(rows, weights, target, size):
    """The factors of channels, each of `size` neighbouring rows, for which what they add comes
    nearest to `target`: rows f64 [tokens, inputs], weights [inputs, outputs], target [tokens,
    outputs], all but the weights without their means. The normal equations need no product for each
    channel: of X_u W_u and X_v W_v all inner products are (XᵀX) ∘ (W Wᵀ), block by block."""
    count = len(weights) // size
    gram = ((rows.T @ rows) * (weights @ weights.T)).reshape(count, size, count, size).sum((1, 3))
    right = ((rows.T @ target) * weights).reshape(count, size, -1).sum((1, 2))
    damp = DAMP * max(np.trace(gram) / count, 1e-30)
    found = 1 + np.linalg.solve(gram + damp * np.eye(count), right - gram.sum(axis=1))
    return np.clip(found, -MOST, MOST)


def output_factors(given, target):
    """The factors of outputs for which `given` comes nearest to `target`, both f64 [tokens, outputs]
    without their means. None is below 1 / MOST: a sign that turns would be noise."""
    squares = np.square(given).sum(axis=0)
    damp = DAMP * max(squares.mean(), 1e-30)
    return np.clip(((given * target).sum(axis=0) + damp) / (squares + damp), 1 / MOST, MOST)


def result_weights(rows, weights, target):
    """(weights, bias) for which `rows` f64 [samples, inputs] times them come nearest to `target`, the
    logits [samples, outputs], by a ridge regression that holds them to `weights` [inputs, outputs].
    Of `DAMPS`, and the weights as they are, that is taken for which the samples have the least
    divergence when each is left out in turn (PRESS: Allen, Technometrics 16, 1974). For that nothing
    is solved anew: the error of a sample is what it is with all of them, over 1 minus its leverage."""
    row_mean, mean = rows.mean(axis=0), target.mean(axis=0)
    centred = rows - row_mean
    missed = target - mean - centred @ weights
    left, values, right = np.linalg.svd(centred, full_matrices=False)
    damp = max(np.square(values).sum() / rows.shape[1], 1e-30)
    along = left.T @ missed

    def divergence(shares):
        leverage = np.square(left) @ shares + 1 / len(rows)
        # A sample that alone tells a direction is told by no other.
        errors = (missed - left @ (shares[:, None] * along)) / np.maximum(1 - leverage, 1e-6)[:, None]
        return score.divergence(target, target - errors)
    # By how much of what it lacks each direction goes there.
    choices = [np.zeros_like(values), *(np.square(values) / (np.square(values) + one * damp)
                                       for one in DAMPS)]
    shares = min(choices, key=divergence)
    steps = np.divide(shares, values, out=np.zeros_like(values), where=shares > 0)
    weights = weights + right.T @ (steps[:, None] * along)
    return weights, mean - row_mean @ weights


class Refit:
    """Fits what is left of a model. `scoring` is its `Scoring`, which has scored it."""

    def __init__(self, scoring):
        self.work, self.options = scoring.work, scoring.options
        self._masks = scoring.masks
        #: Of each sink: (layer, sink, the names of the inputs for masks, factors and bias).
        self._sinks = []
        self._result = self._fitted_result(scoring)
        model = self._model()
        if not self._sinks:
            raise PruneError("there is nothing to fit: what reads heads and neurons gives integers, "
                             "which have no bias; leave it out")
        self._chain = scoring.chain_of(model, [[
            name for _, _, *names in self._sinks for name in names if name]])

    def _model(self):
        """The model with masks, factors of outputs and biases for inputs, which gives what sinks
        read and what they give with their bias."""
        editor = Editor(self.work.proto)
        for layer in self.work.layers:
            for sink in filter(self._is_fitted, layer.sinks):
                width = len(masked.bias_of(sink, self.work.constants, self.work.graph))
                keep = editor.input("keep", sink.weights.layout.size)
                editor.insert(editor.node(sink.reader), sink.index, "Mul", [sink.tensor, keep],
                              f"{keep}_kept")
                bias = editor.input("bias", width)
                masked.give_bias(editor, sink, bias)
                factor = None
                if layer.became == "bits":
                    factor = editor.input("factor", width)
                    editor.append(editor.node(sink.weights.node), "Mul", factor)
                self._sinks.append((layer, sink, keep, factor, bias))
        self._sinks.sort(key=lambda one: one[1].place)
        for _, sink, *_ in self._sinks:
            editor.output(sink.operand)
            editor.output(sink.sum)
        if self._result:
            editor.output(self._result.operand)
        return editor.finish()

    def _fitted_result(self, scoring):
        """The `Sink` whose weights are fitted, or None."""
        sink = self.work.results.get(scoring.results[0])
        if sink is None:
            return None
        weights = self.work.constants.value(sink.weights.node.input[sink.weights.index])
        return sink if weights.dtype == np.float32 and weights.size <= MOST_WEIGHTS else None

    @staticmethod
    def _is_fitted(sink):
        """Whether a sink has a bias, or gives numbers that one can be added to."""
        return sink.bias is not None or sink.weights.node.op_type != "MatMulInteger"

    @staticmethod
    def _is_gemm(sink):
        return sink.bias is not None and sink.bias[0] is sink.weights.node

    def _rows(self, feeds, sink, names):
        """The rows of tensors that count, f64 [tokens, width] each."""
        parts = {name: [] for name in names}
        data = (one for some in self._chain.sets for one in some.feeds())
        for given, fed in zip(self._chain.run(feeds), data):
            padding = score.padding_mask(fed, self.options["mask"])
            for name in names:
                array = given[name]
                parts[name].append(array.reshape(-1, array.shape[-1])[
                    score.tokens_of(array, padding, sink.positions)])
        return [np.concatenate(parts[name]).astype(np.float64) for name in names]

    def _feeds(self, removed, fits):
        """The inputs of a model without {layer's name: channels}, with the `Fit`s so far."""
        plain, found = self._masks.biases(removed), {}
        for layer, sink, keep, factor, bias in self._sinks:
            fit = fits.get(sink.key)
            layout = sink.weights.layout
            left = np.setdiff1d(np.arange(layer.count), removed.get(layer.name, ()))
            values = np.zeros(layer.count)
            values[left] = 1 if fit is None or fit.channels is None else fit.channels
            found[keep] = layout.spread(values).astype(np.float32)
            if fit is not None:
                found[bias] = fit.bias
            else:
                found[bias] = plain.get(sink.key, masked.bias_of(
                    sink, self.work.constants, self.work.graph))
            if factor:
                found[factor] = np.ones(len(found[bias]), np.float32)
                if fit is not None and fit.outputs is not None:
                    found[factor] = fit.outputs.astype(np.float32)
                    if self._is_gemm(sink):
                        found[bias] = (found[bias] / found[factor]).astype(np.float32)
        return found

    def fit(self, removed):
        """{sink's key: Fit} without {layer's name: channels}, one after the other. A layer that
        others share their weights with has but its bias fitted."""
        whole, fits = self._feeds({}, {}), {}
        for layer, sink, *_ in self._sinks:
            names = [sink.operand, sink.sum]
            feeds = self._feeds(removed, fits)
            [target] = self._rows(whole, sink, names[1:])
            rows, given = self._rows(feeds, sink, names)
            bias = next(feeds[one[4]] for one in self._sinks if one[1] is sink)
            target_mean, given = target.mean(axis=0), given - bias
            target = target - target_mean
            channels = outputs = None
            if layer.became == "bits":
                mean = given.mean(axis=0)
                if len(layer.sinks) == 1:
                    outputs = output_factors(given - mean, target)
                bias = target_mean - mean * (1 if outputs is None else outputs)
            elif layer.became == "float" and len(layer.sinks) == sink.weights.layout.outer == 1:
                left = np.setdiff1d(np.arange(layer.count), removed.get(layer.name, ()))
                places = sink.weights.layout.places(left)
                weights = masked.weights_of(sink, self.work.constants, places)
                rows = rows[:, places]
                channels = channel_factors(rows - rows.mean(axis=0), weights, target,
                                           sink.weights.layout.inner)
                spread = np.repeat(channels, sink.weights.layout.inner)
                bias = target_mean - (rows.mean(axis=0) * spread) @ weights
            else:
                bias = target_mean - given.mean(axis=0)
            fits[sink.key] = Fit(channels, outputs, bias.astype(np.float32))
        return fits

    def fit_result(self, removed, fits):
        """{sink's key: (weights, bias)} of the result, with the `Fit`s of what is in front of it."""
        if self._result is None:
            return {}
        sink = self._result
        [target] = self._rows(self._feeds({}, {}), sink, [sink.sum])
        [rows] = self._rows(self._feeds(removed, fits), sink, [sink.operand])
        weights, bias = result_weights(rows, masked.weights_of(sink, self.work.constants), target)
        return {sink.key: (weights.T if sink.weights.axis else weights, bias)}

    def cut(self, removed):
        """What `Work.cut` takes: (removed, biases, factors, weights)."""
        fits = self.fit(removed)
        results = self.fit_result(removed, fits)
        return (removed, {**{key: fit.bias for key, fit in fits.items()},
                          **{key: bias.astype(np.float32) for key, (_, bias) in results.items()}},
                {key: (fit.channels, fit.outputs) for key, fit in fits.items()
                 if fit.channels is not None or fit.outputs is not None},
                {key: weights.astype(np.float32) for key, (weights, _) in results.items()})
