# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads named tensors from files that nobody vouches for, and runs nothing of theirs."""
import os
import zipfile

import torch

# How a file of torch.save begins: a zip archive, or, before torch 1.6 and with
# _use_new_zipfile_serialization=False, its magic number as a pickle.
ZIP, LEGACY = b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."

# Tensors under two names, such as tied embeddings, are stored once.
MAX_SHARING, SLACK = 2, 1 << 20


class CheckpointError(ValueError):
    """A checkpoint that is no model of these families: `missing` and `unexpected` list names of
    parameters, `mismatched` (name, shape in the file, shape wanted)."""

    def __init__(self, path, what, missing=(), unexpected=(), mismatched=()):
        self.missing = list(missing)
        self.unexpected = list(unexpected)
        self.mismatched = list(mismatched)
        lines = [f"{path}: {what}"]
        if self.missing:
            lines.append("missing: " + ", ".join(self.missing))
        if self.unexpected:
            lines.append("unexpected: " + ", ".join(self.unexpected))
        lines += [f"{name}: has shape {list(has)}, wanted is {list(wanted)}"
                  for name, has, wanted in self.mismatched]
        super().__init__("\n  ".join(lines))


def first_line(error):
    """What an exception says, in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def read_torch(path):
    """The tensors of a file that torch.save wrote of a dictionary, by name."""
    with open(path, "rb") as file:
        start = file.read(len(LEGACY))
        file.seek(0)
        try:
            if start.startswith(ZIP):
                _check_archive(path, file)
            elif start != LEGACY:
                raise ValueError("it does not begin as one")
            file.seek(0)
            # weights_only, which is not enough by itself before torch 2.6: see _check_archive.
            state = torch.load(file, map_location="cpu", weights_only=True)
        except CheckpointError:
            raise
        except Exception as error:  # pickle, zip and torch each have their own
            raise CheckpointError(path, "not a file of tensors that torch.save wrote: "
                                  + first_line(error)) from error
    if not isinstance(state, dict) or not state or not all(
            isinstance(name, str) and isinstance(value, torch.Tensor)
            for name, value in state.items()):
        raise CheckpointError(path, "holds no state_dict, a dictionary of named tensors")
    # training on several devices puts a prefix before every name
    if all(name.startswith("module.") for name in state):
        state = {name[len("module."):]: value for name, value in state.items()}
    return state


def _check_archive(path, file):
    """Refuses an archive that torch.load would take for a program, whatever weights_only says
    (CVE-2025-32434), and one that unpacks to more than it has."""
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    # A crafted archive may mean one thing to zipfile and another to torch: ask both.
    file.seek(0)
    names = {entry.filename.partition("/")[2] for entry in entries}
    names |= {entry.filename for entry in entries}
    names |= set(torch._C.PyTorchFileReader(file).get_all_records())
    if any(name == "constants.pkl" or name.startswith("code/") for name in names):
        raise CheckpointError(
            path, "an archive of TorchScript, which is a program: torch before 2.6 runs it even "
            "when asked for tensors only (CVE-2025-32434), and torch 2.6 refuses it; save the "
            "model's state_dict() with torch.save")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries) or sum(
            entry.file_size for entry in entries) > size:
        raise CheckpointError(path, "an archive that unpacks to more bytes than it has, which "
                              "torch.save does not write")


def read_onnx(path):
    """The parameters of a model that export_onnx wrote with `compact`, by name."""
    import onnx
    from onnx import numpy_helper
    with open(path, "rb") as file:
        try:
            # External data could be any file of this machine.
            graph = onnx.load(file, load_external_data=False).graph
            values = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
            for node in graph.node:  # the exporter stores equal parameters once
                if node.op_type == "Identity" and node.input[0] in values:
                    values[node.output[0]] = values[node.input[0]]
        except Exception as error:  # protobuf, onnx and numpy each have their own
            raise CheckpointError(path, f"not an ONNX file: {first_line(error)}") from error
    state = {name[len("m."):]: value for name, value in values.items() if name.startswith("m.")}
    if not any(name.endswith(".signs") for name in state):
        raise CheckpointError(path, "its parameters have lost their names: only files that "
                              "export_onnx wrote with compact=True can be read back")
    return state


def check_tensors(path, state):
    """Refuses tensors that are no plain arrays, or claim more elements than the file holds: one
    that is expanded has any number of one."""
    for name, value in state.items():
        if (value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized
                or value.is_complex()):
            raise CheckpointError(path, f"{name} is no plain array of real numbers")
    claimed = sum(value.numel() * value.element_size() for value in state.values())
    size = os.path.getsize(path)
    if claimed > MAX_SHARING * size + SLACK:
        raise CheckpointError(path, f"its tensors claim {claimed} bytes, it has {size}")
