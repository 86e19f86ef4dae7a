# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests share. They run from a checkout: `tools/dev test`, or `pytest python/` after
`tools/dev build`. BNN_DATA names a folder with clinc150_full.json; BNN_NPM one with
node_modules."""
import ctypes
import json
import os
import pathlib
import subprocess
import sys

# Before torch loads it: the tests' matrices are small, and threads only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import pytest  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def sentences():
    """Every sentence of CLINC150, where its file is, as (text, intent) by part."""
    folder = os.environ.get("BNN_DATA", ROOT.parent / "shared" / "data")
    path = pathlib.Path(folder) / "clinc150_full.json"
    if not path.exists():
        pytest.skip(f"no CLINC150 at {path} (BNN_DATA names another folder)")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def npm():
    """The folder of the npm packages that `tools/dev setup` installs."""
    path = pathlib.Path(os.environ.get("BNN_NPM", ROOT / "build" / "npm" / "node_modules"))
    if not (path / "@huggingface" / "tokenizers").exists():
        pytest.skip("no npm package @huggingface/tokenizers (tools/dev setup installs it)")
    return path


@pytest.fixture(scope="session")
def onnxruntime(npm):
    """The same folder, with ONNX Runtime in it."""
    if not (npm / "onnxruntime-node").exists():
        pytest.skip("no npm package onnxruntime-node (tools/dev setup installs it)")
    return npm


@pytest.fixture
def referee(root, onnxruntime, tmp_path):
    """The first output that ONNX Runtime computes, node by node: of an onnx.ModelProto and
    {input: array}."""
    import numpy as np
    import onnx

    def answer(model, feeds):
        onnx.save(model, tmp_path / "referee.onnx")
        for name, array in feeds.items():
            np.save(tmp_path / f"{name}.npy", array)
        subprocess.run(["node", root / "test/e2e/ort_run.js", "--level=disabled",
                        tmp_path / "referee.onnx",
                        *(f"{name}={tmp_path / name}.npy" for name in feeds), tmp_path / "out"],
                       check=True, env={**os.environ, "NODE_PATH": str(onnxruntime)})
        return np.load(tmp_path / "out" / f"{model.graph.output[0].name}.npy")
    return answer


class CTokenizer:
    """runtime/wordpiece.c through ctypes."""

    def __init__(self, library, vocabulary):
        self.library = library
        self.vocabulary = vocabulary
        size = library.bnn_wordpiece_memory(vocabulary, len(vocabulary))
        self.memory = (ctypes.c_uint32 * (size // 4))()
        self.tokenizer = (ctypes.c_char * 256)()
        self.status = library.bnn_wordpiece_open(self.tokenizer, vocabulary, len(vocabulary),
                                                 self.memory, size)

    def encode(self, text, max_length=4096):
        ids = (ctypes.c_int64 * max_length)()
        count = self.library.bnn_wordpiece_encode(self.tokenizer, text, len(text), ids, max_length)
        return ids[:count]


@pytest.fixture(scope="session")
def c_library(tmp_path_factory):
    """The runtime's tokeniser as a shared library."""
    path = tmp_path_factory.mktemp("runtime") / "libwordpiece.so"
    subprocess.run(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic", "-shared",
                    "-fPIC", "-ffreestanding", f"-I{ROOT / 'include'}",
                    ROOT / "runtime" / "wordpiece.c", ROOT / "runtime" / "wordpiece_unicode.c",
                    "-o", path], check=True)
    library = ctypes.CDLL(str(path))
    library.bnn_wordpiece_memory.restype = ctypes.c_size_t
    library.bnn_wordpiece_memory.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.bnn_wordpiece_open.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
                                           ctypes.c_void_p, ctypes.c_size_t]
    library.bnn_wordpiece_encode.restype = ctypes.c_size_t
    library.bnn_wordpiece_encode.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
                                             ctypes.c_void_p, ctypes.c_size_t]
    return library


@pytest.fixture(scope="session")
def c_tokenizer(c_library):
    """Makes a CTokenizer from a list of tokens."""
    def make(vocab):
        made = CTokenizer(c_library, "".join(token + "\n" for token in vocab).encode())
        assert made.status == 0
        return made
    return make
