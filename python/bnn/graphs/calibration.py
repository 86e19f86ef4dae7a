# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model on a user's arrays: the arrays, cut into calls, and the model itself, compiled."""
import collections
import os
import pathlib
import tempfile
import warnings
import zipfile
import zlib

import numpy as np

from bnn import compiler, session
from bnn.graphs import graph
from bnn.graphs.errors import ModelError
from bnn.graphs.graph import copied


def load(data):
    """The arrays of a calibration set, {input: array}, from a dict or the path of an .npz."""
    if not isinstance(data, (str, os.PathLike)):
        return {name: np.asarray(array) for name, array in data.items()}
    path = os.fspath(data)
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("it holds one array, without the name of its input")
        with file:
            return {name: file[name] for name in file.files}
    except (EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{path}: no .npz file of arrays: {error}") from None


def shape_of(value):
    """The shape of a graph's input; a name where a dimension is open."""
    return tuple(d.dim_value if d.HasField("dim_value") else d.dim_param
                 for d in value.type.tensor_type.shape.dim)


def _quoted(names):
    return ", ".join(f"'{name}'" for name in names)


class Data:
    """Calibration arrays, cut into calls of the model.

    `inputs` are the graph's; every open dimension of theirs has a name. The first axis of an array
    is that of its input and counts samples. Where all arrays have one axis more than their inputs,
    each sample is a call.
    """

    def __init__(self, arrays, inputs, batch):
        self.arrays = arrays
        shapes = {value.name: shape_of(value) for value in inputs}
        self._check_names(shapes)
        for name, array in arrays.items():
            if array.dtype.kind in "fc" and np.isnan(array).any():
                at = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
                raise ModelError(f"calibration data: '{name}' is NaN at {list(at)}")
        extra = {name: arrays[name].ndim - len(shape) for name, shape in shapes.items()}
        self.is_whole = bool(extra) and set(extra.values()) == {1}
        if not self.is_whole:
            self._check_ranks(shapes, extra)
        # How many rows of each array one call takes.
        self.rows = {name: 1 if self.is_whole or not isinstance(shape[0], int) else shape[0]
                     for name, shape in shapes.items()}
        is_open = not self.is_whole and not any(isinstance(s[0], int) for s in shapes.values())
        if is_open:
            most = max((len(array) for array in arrays.values()), default=1)
            self.rows = {name: max(1, min(batch, most)) for name in shapes}
        self.calls = self._count_calls(is_open)
        self.sizes = self._symbols(shapes)

    def _check_names(self, shapes):
        missing = [name for name in shapes if name not in self.arrays]
        unknown = [name for name in self.arrays if name not in shapes]
        if missing or unknown:
            said = [f"input {_quoted(missing)} is missing"] if missing else []
            said += [f"the model has no input {_quoted(unknown)}"] if unknown else []
            raise ModelError(f"calibration data: {'; '.join(said)}; its inputs are "
                                f"{_quoted(shapes)}")

    def _check_ranks(self, shapes, extra):
        for name, shape in shapes.items():
            array = self.arrays[name]
            fits = extra[name] == 0 and array.ndim and all(
                size == want for size, want in zip(array.shape[1:], shape[1:])
                if isinstance(want, int))
            if not fits:
                wants = ", ".join(map(str, ("samples", *shape[1:])))
                raise ModelError(f"calibration data: '{name}' has the shape "
                                    f"{list(array.shape)}, and the model wants [{wants}]; or all "
                                    "arrays have an axis more, each sample a call of its own")

    def _count_calls(self, is_open):
        calls = {}
        for name, rows in self.rows.items():
            count = len(self.arrays[name])
            if not count:
                raise ModelError(f"calibration data: '{name}' has no samples")
            if count % rows and not is_open:
                raise ModelError(f"calibration data: '{name}' has {count} samples, and the "
                                    f"model takes {rows} at a time: give a multiple of that")
            calls[name] = -(-count // rows)
        samples = {len(self.arrays[name]) for name in self.rows} if is_open else set()
        if len(set(calls.values())) > 1 or len(samples) > 1:
            counts = ", ".join(f"'{name}' {len(self.arrays[name])}" for name in self.rows)
            raise ModelError(f"calibration data: the arrays differ in samples: {counts}")
        return next(iter(calls.values()), 1)

    def _symbols(self, shapes):
        sizes = {}
        for name, shape in shapes.items():
            array = self.arrays[name]
            given = array.shape[1:] if self.is_whole else (self.rows[name], *array.shape[1:])
            for want, size in zip(shape, given):
                if isinstance(want, str):
                    sizes[want] = max(sizes.get(want, 1), size)
        return sizes

    def feeds(self):
        """The inputs of one call after the other."""
        for call in range(self.calls):
            yield {name: array[call] if self.is_whole else
                   array[call * self.rows[name]:(call + 1) * self.rows[name]]
                   for name, array in self.arrays.items()}


def name_open_dims(inputs):
    """Gives each open dimension of a graph's inputs that has no name one: by it the compiler is told
    how large it gets."""
    for value in inputs:
        for i, dim in enumerate(value.type.tensor_type.shape.dim):
            if not dim.HasField("dim_value") and not dim.dim_param:
                dim.dim_param = f"{value.name}_dim{i}"


def sizes_of(sets):
    """{open dimension: the largest size that it has in any of some `Data`}."""
    sizes = collections.Counter()
    for one in sets:
        sizes |= collections.Counter(one.sizes)
    return dict(sizes)


class Probe:
    """A model, compiled with tensors of its graph as outputs, and the calls of it. Of few calls it
    is not worth its time to optimise the code: `opt_level` is LLVM's."""

    def __init__(self, model, tensors, data, batch, opt_level=2):
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="bnn-") as folder:
            # Whoever compiles the result hears them.
            warnings.simplefilter("ignore")
            path = pathlib.Path(folder) / "model.onnx"
            # The compiler has the weights once more: no copy of them stays here meanwhile.
            self.sets = self._write(path, copied(model), tensors, data, batch)
            artifact = compiler.compile(path, max_dims=sizes_of(self.sets), opt_level=opt_level)
        self.session = session.Session(artifact)
        self.types = {info.name: info.dtype for info in self.session.outputs()}
        self.calls = sum(one.calls for one in self.sets)

    @staticmethod
    def _write(path, model, tensors, data, batch):
        """Writes the model with these outputs to a file; returns the `Data` of its inputs."""
        inputs = graph.Graph(model).inputs
        name_open_dims(inputs)
        known = {value.name for value in model.graph.output}
        for tensor in dict.fromkeys(tensors):
            if tensor not in known:
                # Without a type: the compiler knows it.
                model.graph.output.add(name=tensor).type.tensor_type.elem_type = 0
        path.write_bytes(model.SerializeToString())
        return [Data(arrays, inputs, batch) for arrays in data]

    def run(self, progress=None, most=None):
        """The outputs of one call after the other, of `most` at most."""
        done = 0
        for one in self.sets:
            for call, feeds in enumerate(one.feeds()):
                if done == most:
                    return
                try:
                    outputs = self.session.run(feeds)
                except (TypeError, ValueError, session.RunError) as error:
                    raise ModelError(f"calibration data: call {call + 1} of {one.calls}: "
                                        f"{error}") from None
                done += 1
                if progress:
                    progress()
                yield outputs
