# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What share of a model's time another one takes: by an estimate for some CPU, or measured on this
machine."""
import hashlib
import math
import time
import warnings

import numpy as np

from bnn import compiler, session

#: How often a model and the whole one run in turn, and for how long each at least, in seconds.
ROUNDS, TURN = 15, 0.001


def timed_shapes(data, shapes, length):
    """The shapes of the inputs in one call, {input: shape}: that of one sample of `length` tokens
    where the model leaves it open, and that of the data elsewhere; and whether `length` had a
    place.

    data: a `Data` of the calibration arrays, shapes: those of the inputs, a name where a dimension
    is open.
    """
    feeds = next(data.feeds())
    given = {name: list(feeds[name].shape) for name in shapes}
    opened = [(name, axis) for name, shape in shapes.items() for axis, size in enumerate(shape)
              if axis and isinstance(size, str)]
    # Where open sizes differ, they are not all of tokens.
    is_open = len({given[name][axis] for name, axis in opened}) == 1
    for name, axis in opened if is_open else ():
        given[name][axis] = max(1, round(length))
    for name, shape in shapes.items():
        if shape and isinstance(shape[0], str) and not data.is_whole:
            given[name][0] = 1
    return {name: tuple(shape) for name, shape in given.items()}, is_open


def maker(mcpu, mtriple):
    """A function of a model, the shapes of a call and its feeds that makes the clock for a CPU, or
    where none is named for this machine."""
    def make(proto, shapes, feeds):
        if mcpu is None:
            return Measured(proto, shapes, feeds)
        return Estimated(proto, shapes, mcpu, mtriple)
    return make


class Estimated:
    """Estimates cycles on a CPU that need not be here, by LLVM's model of it (`bnn.estimate`)."""

    def __init__(self, proto, shapes, mcpu, mtriple):
        self._options = {"cpus": mcpu, "target": mtriple, "input_shapes": shapes}
        found = self._estimate(proto)
        self._whole = found["cycles"]
        #: For whom the times are, what they are in, and the whole model's.
        self.facts = {"measured": False, "cpu": found["cpu"], "triple": found["triple"],
                      "shapes": {name: list(shape) for name, shape in shapes.items()},
                      "unit": "cycles", "whole": round(self._whole)}

    def _estimate(self, proto):
        with warnings.catch_warnings():
            # Whoever compiles the result hears them.
            warnings.simplefilter("ignore")
            [found] = compiler.estimate(proto, **self._options)
        return found

    def share(self, proto):
        """The time of a model, as a share of the whole one's."""
        return self._estimate(proto)["cycles"] / self._whole


class Measured:
    """Measures models on this machine, in one thread. `feeds` are the inputs of one call of the
    data."""

    def __init__(self, proto, shapes, feeds):
        self._shapes = shapes
        self._feeds = {name: np.resize(feeds[name], shape) for name, shape in shapes.items()}
        artifact = self._compile(proto)
        self._session = session.Session(artifact)
        self._calls, seconds = self._calls_of(self._session)
        self.facts = {"measured": True, "cpu": artifact.mcpu, "triple": artifact.target,
                      "shapes": {name: list(shape) for name, shape in shapes.items()},
                      # Another compiler's code has other times.
                      "code": hashlib.sha256(artifact.object).hexdigest(),
                      "unit": "us", "whole": round(1e6 * seconds, 1)}

    def _compile(self, proto):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compiler.compile(proto, input_shapes=self._shapes)

    def _run(self, model, calls):
        """Seconds a call, of this thread alone."""
        started = time.thread_time()
        for _ in range(calls):
            model.run(self._feeds)
        return (time.thread_time() - started) / calls

    def _calls_of(self, model):
        """How many calls a turn takes, and the seconds of one."""
        model.run(self._feeds)
        seconds = np.median([self._run(model, 1) for _ in range(ROUNDS)])
        return max(1, math.ceil(TURN / max(seconds, 1e-6))), float(seconds)

    def share(self, proto):
        """The time of a model, as a share of the whole one's: the median of rounds in which both
        run in turn."""
        model = session.Session(self._compile(proto))
        calls, _ = self._calls_of(model)
        return float(np.median([self._run(model, calls) / self._run(self._session, self._calls)
                                for _ in range(ROUNDS)]))
