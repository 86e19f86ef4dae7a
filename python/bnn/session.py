# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running compiled models in this process."""
import ctypes
import dataclasses
import os
import threading
import weakref

import numpy as np

from bnn import _library
from bnn.compiler import Artifact

# By bnn_element_type. numpy has no bfloat16: uint16 holds the bits.
_DTYPES = {1: np.dtype(np.float32), 2: np.dtype(np.int64), 3: np.dtype(np.int32),
           4: np.dtype(np.bool_), 5: np.dtype(np.int8), 6: np.dtype(np.uint8),
           7: np.dtype(np.float64), 8: np.dtype(np.float16), 9: np.dtype(np.uint16)}


class LoadError(Exception):
    """An object holds no model that this machine can run."""


class RunError(Exception):
    """A compiled model returned a status other than BNN_OK; `status` is its number."""

    def __init__(self, status, message):
        self.status = status
        super().__init__(message)


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """An input or output: its name, a numpy dtype (of bfloat16 uint16, its bits), a shape in which an open dimension is its
    symbol's name, and the largest shape."""
    name: str
    dtype: np.dtype
    shape: tuple
    max_shape: tuple

    def __str__(self):
        sizes = [f"{size} <= {top}" if isinstance(size, str) else str(size)
                 for size, top in zip(self.shape, self.max_shape)]
        return f"{self.name}: {self.dtype}[{', '.join(sizes)}]"


def _tensor_info(info):
    dims = info.dims[:info.rank]
    return TensorInfo(info.name.decode(), _DTYPES[info.element_type],
                      tuple(dim.name.decode() if dim.name else dim.max for dim in dims),
                      tuple(dim.max for dim in dims))


def _convert(info, value):
    """`value` as the array that the model reads: itself where its type and layout fit."""
    array = np.asarray(value)
    if array.dtype.name == "bfloat16" and info.dtype == np.uint16:
        array = array.view(np.uint16)  # Of ml_dtypes, for one.
    if array.dtype != info.dtype:
        if not np.can_cast(array.dtype, info.dtype, "same_kind"):
            raise TypeError(f"input '{info.name}' must be {info.dtype}, and is {array.dtype}")
        converted = array.astype(info.dtype)
        if info.dtype.kind in "iu" and not np.array_equal(converted, array):
            raise TypeError(f"input '{info.name}' must be {info.dtype}, and holds values that do "
                            "not fit")
        array = converted
    if array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.require(array, requirements=["C", "A"])


class _Workspace(threading.local):
    """A thread's own scratch memory of a model: made once, on its first call."""

    def __init__(self, size, alignment):
        self._memory = np.empty(size + alignment, np.uint8)
        self.address = -(-self._memory.ctypes.data // alignment) * alignment


class Session:
    """A compiled model, ready to run.

    `model` is an `Artifact`, or the path of an object file or a shared library that holds one
    model; of several, `prefix` says which. Raises a `LoadError` where this machine cannot run it.

    Any number of threads may call `run` at the same time: each has scratch memory of its own,
    which lives as long as the thread and the session.
    """

    def __init__(self, model, *, prefix=None):
        library = _library.library()
        error = ctypes.c_void_p()
        prefix = None if prefix is None else prefix.encode()
        if isinstance(model, Artifact):
            handle = library.bnn_load_object(model.object, len(model.object), prefix,
                                             ctypes.byref(error))
        else:
            handle = library.bnn_load_file(os.fsencode(model), prefix, ctypes.byref(error))
        if not handle:
            message = ctypes.string_at(error.value).decode(errors="replace")
            library.bnn_free_string(error)
            raise LoadError(message)
        self._finalizer = weakref.finalize(self, library.bnn_loaded_model_free, handle)
        self._status_string = library.bnn_status_string
        info = library.bnn_loaded_model_info(handle).contents
        self._run = info.run
        self._inputs = [_tensor_info(info.inputs[i]) for i in range(info.num_inputs)]
        self._outputs = [_tensor_info(info.outputs[i]) for i in range(info.num_outputs)]
        self._scratch = info.workspace_size, max(info.workspace_alignment, 1)
        self._workspace = _Workspace(*self._scratch)
        #: The prefix of the model's symbols.
        self.name = info.name.decode()

    def inputs(self):
        """What the model reads, a list of `TensorInfo`."""
        return list(self._inputs)

    def outputs(self):
        """What the model gives, a list of `TensorInfo`."""
        return list(self._outputs)

    def _bind(self, inputs):
        """The arrays in the model's order, and the sizes of its symbols."""
        known = [info.name for info in self._inputs]
        unknown = [name for name in inputs if name not in known]
        missing = [name for name in known if name not in inputs]
        if unknown or missing:
            raise ValueError("; ".join(
                [f"the model has no input '{name}'" for name in unknown]
                + [f"input '{name}' is missing" for name in missing])
                + f"; its inputs are {', '.join(map(str, self._inputs))}")
        arrays, sizes = [], {}
        for info in self._inputs:
            array = _convert(info, inputs[info.name])
            fits = array.ndim == len(info.shape) and all(
                1 <= size <= top if isinstance(want, str) else size == want
                for size, want, top in zip(array.shape, info.shape, info.max_shape))
            if not fits:
                raise ValueError(f"input '{info.name}' has the shape {array.shape}, and the "
                                 f"model wants {info}")
            for want, size in zip(info.shape, array.shape):
                if isinstance(want, str) and sizes.setdefault(want, size) != size:
                    raise ValueError(f"the dimension '{want}' is {sizes[want]} in one input and "
                                     f"{size} in '{info.name}'")
            arrays.append(array)
        return arrays, sizes

    def run(self, inputs):
        """Runs the model on {name: array} and returns {name: ndarray}.

        Arrays of the model's type that are dense and aligned are read where they are; others are
        converted first. Raises a ValueError or a TypeError where names, shapes or types are
        wrong, and a `RunError` where the model refuses: a token id out of its table, say.
        """
        arrays, sizes = self._bind(inputs)
        results = [np.empty([sizes.get(want, top) if isinstance(want, str) else want
                             for want, top in zip(info.shape, info.max_shape)], info.dtype)
                   for info in self._outputs]
        given = (_library.Tensor * len(arrays))()
        taken = (_library.Tensor * len(results))()
        for tensor, array in [*zip(given, arrays), *zip(taken, results)]:
            tensor.data = array.ctypes.data
            tensor.shape[:array.ndim] = array.shape
        status = self._run(given, taken, self._workspace.address, None)
        if status:
            raise RunError(status, "the model failed: " + self._status_string(status).decode())
        outputs = {}
        for info, result, tensor in zip(self._outputs, results, taken):
            shape = tuple(tensor.shape[:result.ndim])
            if shape != result.shape:
                result = result.ravel()[:int(np.prod(shape))].reshape(shape)
            outputs[info.name] = result
        return outputs


def share_workspace(sessions):
    """Lets sessions have their scratch memory in one place, as large as the largest needs it: in a
    thread only one of them runs at a time."""
    if sessions:
        workspace = _Workspace(*map(max, zip(*(one._scratch for one in sessions))))
        for one in sessions:
            one._workspace = workspace
