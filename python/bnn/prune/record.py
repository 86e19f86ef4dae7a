# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a run found, as JSON: with it the same model is pruned again without the data, a run that
was interrupted goes on, and another budget takes no new scores."""
import hashlib
import json
import os
import pathlib

import numpy as np
import onnx
from onnx import external_data_helper

from bnn import compiler
from bnn.prune.errors import PruneError

FORMAT = "bnn-prune 2"


def digest_of_model(proto):
    """The SHA-256 of a model with all of its weights."""
    return hashlib.sha256(proto.SerializeToString(deterministic=True)).hexdigest()


def digests_of_files(model, proto):
    """{name: SHA-256} of the files that a model lies in: "" is the model's own, others have the
    names that it gives them. Of a model that is in no file, of the file it would be."""
    if not isinstance(model, (str, os.PathLike)):
        written = proto.SerializeToString(deterministic=True)
        return {"": hashlib.sha256(
            written if isinstance(model, onnx.ModelProto) else model).hexdigest()}
    names = {""}
    skeleton = onnx.load(os.fspath(model), load_external_data=False)
    for tensor in external_data_helper._get_all_tensors(skeleton):
        if external_data_helper.uses_external_data(tensor):
            names.add(external_data_helper.ExternalDataInfo(tensor).location)
    path, found = pathlib.Path(model), {}
    for name in sorted(names):
        file = path.parent / name if name else path
        found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def digest_of_data(arrays):
    """The SHA-256 of calibration data: names, types, shapes and numbers."""
    state = hashlib.sha256()
    for one in arrays:
        for name in sorted(one):
            array = np.ascontiguousarray(one[name])
            state.update(repr((name, array.dtype.str, array.shape)).encode())
            state.update(array.tobytes())
    return state.hexdigest()


def read(path):
    """The record in a file. Raises a PruneError where it is none."""
    try:
        found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        if found.get("format") != FORMAT:
            raise ValueError(f"its format is not '{FORMAT}'")
        return found
    except (ValueError, AttributeError) as error:
        raise PruneError(f"{os.fspath(path)} is no record of bnn-prune: {error}") from None


def _text(record):
    """A record as JSON, a line for each entry and for each layer, round and edit."""
    lines = []
    for key, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n  " + ",\n  ".join(
                json.dumps(one, ensure_ascii=False) for one in value) + "]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write(path, record):
    """Replaces the file `path` by a record, as a whole."""
    text = _text(record)
    compiler._replace_files({pathlib.Path(path): text.encode()})
