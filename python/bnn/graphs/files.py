# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models in and out of files."""
import os
import pathlib
import warnings

import onnx
from onnx import external_data_helper

from bnn import compiler
from bnn.graphs.errors import ModelError
from bnn.graphs.graph import copied

# What one message of protobuf can hold.
LARGEST = (1 << 31) - 1


def _is_path(model):
    return isinstance(model, (str, os.PathLike))


def check_output(output, sources):
    """Raises an OSError where `output` cannot be written, or would replace one of the sources."""
    path = pathlib.Path(output)
    for source in sources:
        if _is_path(source) and compiler._is_same(path, source):
            raise FileExistsError(f"{path} would replace {os.fspath(source)}, which is read")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    # Before a long calibration rather than after it.
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path}: the folder {path.parent} cannot be written to")


def _parse(model):
    """The proto of what a caller gave: a copy, without what is in other files."""
    if isinstance(model, onnx.ModelProto):
        return copied(model)
    try:
        if _is_path(model):
            return onnx.load(os.fspath(model), load_external_data=False)
        return onnx.load_model_from_string(bytes(model))
    except OSError:
        raise
    except Exception as error:  # protobuf's own, which is not ours to import
        name = os.fspath(model) if _is_path(model) else "the model"
        raise ModelError(f"{name} is no ONNX model: {error}") from None


def _check_size(size):
    if size > LARGEST:
        raise ModelError(f"the model has {size / 2**30:.1f} GiB, and what rewrites it holds a "
                         "model in one file of 2 GiB at most: take its parts one by one")


def load(model, output=None, check=None):
    """(the model with all of its weights, an onnx.ModelProto; the layers of the compiler's
    report). `output` must not be one of its files; `check` is called with the model, before
    anything takes long, and raises where it is of the wrong kind."""
    proto = _parse(model)
    if not proto.graph.node:
        raise ModelError("the model is empty, or no ONNX model")
    if check:
        check(proto)
    elsewhere = [(tensor, {entry.key: entry.value for entry in tensor.external_data})
                 for tensor in external_data_helper._get_all_tensors(proto)
                 if external_data_helper.uses_external_data(tensor)]
    _check_size(proto.ByteSize() + sum(
        int(where["length"]) for _, where in elsewhere if where.get("length", "").isdigit()))
    if elsewhere and not _is_path(model):
        raise ModelError(f"the bytes of '{elsewhere[0][0].name}' are in another file: give the "
                            "path of the model")
    if output is not None:
        check_output(output, {pathlib.Path(model).parent / where["location"]
                              for _, where in elsewhere if "location" in where})
    with warnings.catch_warnings():
        # They are about the model, and whoever compiles it hears them.
        warnings.simplefilter("ignore")
        # First of all the compiler looks at it: at untrusted bytes, and which files it may read.
        layers = compiler.report(model if _is_path(model) else proto, opt_level=0)["layers"]
    if elsewhere:
        proto = onnx.load(os.fspath(model))
        for tensor in external_data_helper._get_all_tensors(proto):
            # The same model gives the same bytes, wherever its weights were.
            tensor.ClearField("data_location")
        _check_size(proto.ByteSize())
    return proto, layers


def write(output, proto):
    """Replaces the file `output` by a model, as a whole."""
    compiler._replace_files({pathlib.Path(output): proto.SerializeToString(deterministic=True)})
