# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the fuzz targets start from: for each a function that yields bytes.

Nothing of it is kept in the tree: the inputs come from the tests' IR, from graphs that test/guard
draws, from ONNX's own test data where that is installed, and from the tools' output.
"""
import glob
import io
import itertools
import json
import os
import random
import re
import subprocess
import sys

import numpy as np
import onnx

TEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TEST, "guard"))
sys.path.insert(0, os.path.join(TEST, "import"))
from graph_forms import small_models  # noqa: E402
from subject import draw_graph  # noqa: E402

ONNX_DATA = "/usr/share/libonnx-testdata/data"
MOST_BYTES = 1 << 16
# The phases of a compilation, and what runs on the IR that each leaves.
PHASES = {
    "import": ("onnx-fold", "bnn-phase-fold"),
    "fold": ("onnx-insert-checks", "bnn-raise", "bnn-phase-raise"),
    "raise": ("bnn-fuse-elementwise", "bnn-fuse", "bnn-fold-thresholds", "bnn-sink-to-uses",
              "bnn-update-in-place", "bnn-phase-fuse"),
    "fuse": ("bnn-pack", "bnn-phase-pack"),
    "pack": ("bnn-drop-empty-reshapes", "bnn-prepare-entry", "bnn-phase-bufferize"),
    "bufferize": ("bnn-outline-kernels", "bnn-lower-reference", "bnn-instrument",
                  "bnn-lower-kernels", "bnn-phase-tile"),
    "tile": ("bnn-emit-entry", "bnn-lower-checks", "bnn-expand-math", "bnn-check-bounds",
             "bnn-phase-llvm"),
}


def small_files(pattern):
    """The files below ONNX's test data that are small enough, in random but fixed order."""
    paths = [path for path in sorted(glob.glob(f"{ONNX_DATA}/**/{pattern}", recursive=True))
             if os.path.getsize(path) <= MOST_BYTES]
    random.Random(1).shuffle(paths)
    for path in paths:
        with open(path, "rb") as file:
            yield file.read()


def drawn_models():
    number = 0
    while True:
        yield draw_graph(1, number).model()
        number += 1


def binary_block(work):
    """The binary layers that docs/Phases.md follows."""
    path = os.path.join(work, "two_linears.onnx")
    subprocess.run([sys.executable, os.path.join(TEST, "docs", "two_linears.py"), path], check=True)
    with open(path, "rb") as file:
        return file.read()


def models(options, work):
    yield binary_block(work)
    # Functions and branches.
    yield from small_models()
    drawn = drawn_models()
    for data in small_files("*.onnx"):
        yield data
        yield next(drawn).SerializeToString()
    for model in drawn:
        yield model.SerializeToString()


def external_data(options, work):
    """Drawn models whose tensors lie in the file that the target has beside them."""
    for model in drawn_models():
        offset = 0
        for tensor in model.graph.initializer:
            size = len(onnx.numpy_helper.to_array(tensor).tobytes())
            onnx.external_data_helper.set_external_data(tensor, "weights.bin", offset, size)
            for field in ("raw_data", "float_data", "int64_data", "int32_data", "double_data"):
                tensor.ClearField(field)
            offset += size
        if 0 < offset <= 4096:
            yield model.SerializeToString()


def test_ir():
    """The IR of the tests, piece by piece: the options of a pass that is run on it, and the text."""
    folders = ("passes", "dialects/bnn", "dialects/onnx")
    for path in sorted(path for name in folders for path in glob.glob(f"{TEST}/{name}/*.mlir")):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        run = " ".join(re.findall(r"// RUN: *(.*)", text)).replace("bnn-opt", "")
        # With a larger budget folding may use more memory than a target has here.
        passes = [(name, option.strip("=").replace("=true", ""))
                  for name, option in re.findall(r"\b((?:bnn|onnx)-[a-z-]+)\{?(=?[^\s'}]*)", run)
                  if not re.search(r"budget=\d\d", option)]
        for piece in re.split(r"^// -----.*\n", text, flags=re.MULTILINE):
            lines = [line for line in piece.splitlines() if not line.lstrip().startswith("//")]
            yield sorted(set(passes)), "\n".join(lines) + "\n"


def phase_ir(options, work):
    """The IR of compilations, each after another phase."""
    path = os.path.join(work, "phase.onnx")
    for data, phase in zip(models(options, work), itertools.cycle(PHASES)):
        with open(path, "wb") as file:
            file.write(data)
        command = [os.path.join(options.bin, "bnn-opt"), path, f"--compile-to={phase}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            yield phase, done.stdout


def passes(options, work):
    pieces = [(name, option, text) for names, text in test_ir() for name, option in names]
    random.Random(1).shuffle(pieces)
    compiled = phase_ir(options, work)
    for index, (name, option, text) in enumerate(pieces):
        yield f"// {name} {option}".rstrip().encode() + b"\n" + text.encode()
        if index % 8 == 0:
            phase, text = next(compiled)
            for name in PHASES[phase]:
                yield f"// {name}\n{text}".encode()


def compile_ir(options, work):
    for _, text in phase_ir(options, work):
        yield text.encode()


def npy(options, work):
    for dtype in "f4 f8 i8 i4 i1 u1 b1 >f4 f2".split():
        for shape in ((), (0,), (3,), (2, 3), (2, 0, 3)):
            for version in ((1, 0), (2, 0), (3, 0)):
                file = io.BytesIO()
                array = np.ones(shape, dtype)
                np.lib.format.write_array(file, np.asfortranarray(array), version)
                yield file.getvalue()


def tensor_proto(options, work):
    yield from small_files("*put_*.pb")
    for dtype in "f4 f8 i8 i4 i1 u1 ?".split():
        for shape in ((), (0,), (3,), (2, 3)):
            array = np.ones(shape, dtype)
            yield onnx.numpy_helper.from_array(array).SerializeToString()
            kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
            yield onnx.helper.make_tensor("x", kind, shape, array.flatten()).SerializeToString()


def strategy_table(options, work):
    shown = subprocess.run([os.path.join(options.bin, "bnn-opt"), "--print-targets"], check=True,
                           capture_output=True, text=True).stdout
    names = sorted(set(re.findall(r"\b[a-z][\w-]{2,}\b", shown)))
    for name in names:
        yield f"{name} 4 2\n".encode()
    yield "".join(f"{name} {rows} 4 # measured\n" for rows, name in enumerate(names, 1)).encode()


def pruning_record(options, work):
    """Of the model in fuzz-pruning-record.cpp."""
    edits = [
        {"edit": "cut", "tensor": "w", "axis": 0, "places": [[0, 1], [2, 2]], "result": "w2"},
        {"edit": "copy", "node": "t", "inputs": ["w2"], "result": "t2"},
        {"edit": "read", "node": "p", "input": 1, "tensor": "t2"},
        {"edit": "cut", "tensor": "b", "axis": 0, "places": [[0, 3]], "result": "b2"},
        {"edit": "read", "node": "s", "input": 1, "tensor": "b2"},
        {"edit": "constant", "type": "int64", "values": [2, 3], "result": "shape2"},
        {"edit": "read", "node": "r", "input": 1, "tensor": "shape2"},
        {"edit": "constant", "type": "float32", "shape": [1, 3], "values": [0.5, 1.5, -2],
         "result": "more"},
        {"edit": "add", "node": "p", "tensor": "more"},
        {"edit": "split", "node": "left", "sizes": [1, 2]},
        {"edit": "integer", "node": "y", "attribute": "axis", "value": 1},
        {"edit": "scale", "tensor": "t2", "axis": -1, "values": [1, 2, 3], "result": "t3"}]
    for count in range(1, len(edits) + 1):
        for chosen in (edits[:count], edits[count - 1:count]):
            yield json.dumps({"format": "bnn-prune 2", "files": {"": "0" * 64},
                              "edits": chosen}).encode()


def wordpiece(options, work):
    with open(os.path.join(TEST, "models", "tiny", "vocab.txt"), "rb") as file:
        vocabulary = file.read()
    texts = (b"", b"the film was great fun", b"a" * 120, "Ünïcode \u4e2d\u6587 \ufb03".encode(),
             b"\xf0\x9f\x98\x80 \xff\xc3 \xed\xa0\x80", b"!?.,\t\n[MASK] [UNK]")
    for text in texts:
        for capacity in (0, 2, 3, 8, 255):
            yield bytes([capacity]) + vocabulary + b"\0" + text
    yield b"\x08[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##a\n##aa\0aaaaaaa"


# By bytes or by fields, a model is a model.
TARGETS = {
    "import": models,
    "model": models,
    "external-data": external_data,
    "passes": passes,
    "compile-ir": compile_ir,
    "npy": npy,
    "tensor-proto": tensor_proto,
    "pruning-record": pruning_record,
    "strategy-table": strategy_table,
    "wordpiece": wordpiece,
}


def write_seeds(target, count, options, folder, work):
    """Writes at most `count` inputs to the folder; returns how many."""
    written = 0
    for data in TARGETS[target](options, work):
        if written == count:
            break
        if len(data) <= MOST_BYTES:
            with open(os.path.join(folder, f"seed-{written}"), "wb") as file:
                file.write(data)
            written += 1
    return written
