# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bnn.Session: what a model gives, in one thread and in many, and what it refuses."""
import gc
import platform
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import bnn

NAMES = ("input_ids", "attention_mask", "token_type_ids")


@pytest.fixture(scope="module")
def folder(root):
    return root / "test" / "models"


@pytest.fixture(scope="module")
def artifact(folder):
    return bnn.compile(folder / "tiny.onnx")


@pytest.fixture(scope="module")
def session(artifact):
    return bnn.Session(artifact)


@pytest.fixture(scope="module")
def feeds(folder):
    return {name: np.load(folder / "tiny" / f"{name}.npy") for name in NAMES}


@pytest.fixture(scope="module")
def logits(folder):
    return np.load(folder / "tiny" / "expected" / "logits.npy")


def sentence(length, seed):
    rng = np.random.default_rng(seed)
    ids = rng.integers(4, 64, (1, length))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids)}


def test_run(session, feeds, logits):
    outputs = session.run(feeds)
    assert list(outputs) == ["logits"]
    assert outputs["logits"].dtype == np.float32 and outputs["logits"].shape == logits.shape
    np.testing.assert_allclose(outputs["logits"], logits, atol=2e-6)


def test_inputs_and_outputs(session):
    assert [info.name for info in session.inputs()] == list(NAMES)
    ids = session.inputs()[0]
    assert ids.shape == ("batch", "seq") and ids.dtype == np.int64
    assert ids.max_shape[0] == 8 and str(ids).startswith("input_ids: int64[batch <= 8, seq <= ")
    assert [(info.name, info.shape) for info in session.outputs()] == [("logits", ("batch", 2))]
    assert session.name == "tiny"


def test_results_stay(session, feeds):
    """Each run gives arrays of its own, and leaves the inputs as they were."""
    before = {name: array.copy() for name, array in feeds.items()}
    first = session.run(feeds)["logits"]
    copy = first.copy()
    session.run(sentence(5, 1))
    assert first.tobytes() == copy.tobytes()
    assert all((feeds[name] == before[name]).all() for name in feeds)


def test_inputs_are_read_in_place(session):
    """No copy of an array that fits; a copy of one that does not."""
    from bnn.session import _convert
    info = session.inputs()[0]
    fits = np.ones((2, 3), np.int64)
    assert _convert(info, fits) is fits
    for other in (fits.T, fits[:, ::2], fits.astype(">i8"), fits.astype(np.int32)):
        converted = _convert(info, other)
        assert converted.dtype == np.int64 and converted.flags.c_contiguous
        assert (converted == other).all()


def test_other_types_and_layouts(session, feeds, logits):
    expected = session.run(feeds)["logits"].tobytes()
    as_lists = {name: array.tolist() for name, array in feeds.items()}
    as_int32 = {name: array.astype(np.int32) for name, array in feeds.items()}
    as_fortran = {name: np.asfortranarray(array) for name, array in feeds.items()}
    read_only = {name: array.copy() for name, array in feeds.items()}
    for array in read_only.values():
        array.flags.writeable = False
    for other in (as_lists, as_int32, as_fortran, read_only):
        assert session.run(other)["logits"].tobytes() == expected


@pytest.mark.parametrize("change, error, message", [
    ({"input_ids": None}, ValueError, "input 'input_ids' is missing"),
    ({"words": np.zeros(1)}, ValueError, "no input 'words'"),
    ({"input_ids": np.zeros((3, 12))}, TypeError, "must be int64, and is float64"),
    ({"input_ids": np.full((3, 12), 2**63, np.uint64)}, TypeError, "int64"),
    ({"input_ids": np.zeros(12, int)}, ValueError, r"has the shape \(12,\)"),
    ({"input_ids": np.zeros((0, 12), int)}, ValueError, r"batch <= 8"),
    ({"input_ids": np.zeros((9, 12), int)}, ValueError, r"batch <= 8"),
    ({"input_ids": np.zeros((2, 12), int)}, ValueError, "the dimension 'batch' is 2"),
])
def test_wrong_inputs(session, feeds, change, error, message):
    given = {name: value for name, value in {**feeds, **change}.items() if value is not None}
    with pytest.raises(error, match=message):
        session.run(given)


def in_16_bits(element, path):
    """A model that adds `x` to itself, in numbers of 16 bits."""
    onnx = pytest.importorskip("onnx")
    infos = [onnx.helper.make_tensor_value_info(name, element, ["n", 3]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "x"], ["y"])], "double",
                                   infos[:1], infos[1:])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)],
                                     ir_version=8), path)
    return bnn.Session(bnn.compile(path))


def test_float16(tmp_path):
    session = in_16_bits(10, tmp_path / "model.onnx")
    x = np.array([[1.5, 40000, -6e-8]], np.float16)
    assert [info.dtype for info in session.inputs() + session.outputs()] == [np.float16] * 2
    y = session.run({"x": x})["y"]
    assert y.dtype == np.float16 and y.tobytes() == np.array([[3, np.inf, -1.2e-7]], np.float16).tobytes()
    assert session.run({"x": x.astype(np.float32)})["y"].tobytes() == y.tobytes()


def test_bfloat16(tmp_path):
    """Its bits are in a uint16, which nothing else becomes."""
    session = in_16_bits(16, tmp_path / "model.onnx")
    x = np.array([[1.5, 1e38, -1]], np.float32)
    bits = (x.view(np.uint32) >> 16).astype(np.uint16)
    y = session.run({"x": bits})["y"]
    assert y.dtype == np.uint16 and y.tolist() == [[0x4040, int(bits[0, 1]) + 0x80, 0xc000]]
    with pytest.raises(TypeError, match="must be uint16, and is float32"):
        session.run({"x": x})


def test_status(session, feeds):
    with pytest.raises(bnn.RunError, match="the model failed") as caught:
        session.run({**feeds, "input_ids": np.full_like(feeds["input_ids"], 10**6)})
    assert caught.value.status == 4  # BNN_ERROR_INDEX
    session.run(feeds)


def test_files(artifact, folder, feeds, tmp_path):
    """An object from a file, and a shared library that a linker made of it."""
    expected = bnn.Session(artifact).run(feeds)["logits"].tobytes()
    path = artifact.save(tmp_path / "m.o")
    assert bnn.Session(path).run(feeds)["logits"].tobytes() == expected
    assert bnn.Session(str(path), prefix="tiny").run(feeds)["logits"].tobytes() == expected
    subprocess.run(["cc", "-shared", path, "-o", tmp_path / "m.so"], check=True)
    assert bnn.Session(tmp_path / "m.so").run(feeds)["logits"].tobytes() == expected


def test_load_errors(artifact, folder, tmp_path):
    with pytest.raises(bnn.LoadError, match="No such file"):
        bnn.Session(tmp_path / "none.o")
    with pytest.raises(bnn.LoadError):
        bnn.Session(folder / "tiny.onnx")
    with pytest.raises(bnn.LoadError, match="no function 'other_describe'"):
        bnn.Session(artifact, prefix="other")
    with pytest.raises(TypeError):
        bnn.Session(3.5)
    other = "aarch64" if platform.machine() == "x86_64" else "x86_64"
    foreign = bnn.compile(folder / "tiny.onnx", target=f"{other}-linux-gnu", opt_level=0)
    with pytest.raises(bnn.LoadError, match=f"compiled for {other}"):
        bnn.Session(foreign)


def test_threads(session):
    """Many threads, one session: each result is what one thread alone gives."""
    work = [sentence(length, length) for length in range(1, 33)]
    expected = [session.run(feeds)["logits"].tobytes() for feeds in work]
    wrong, errors = [], []

    def loop(offset):
        try:
            for i in range(200):
                index = (i * 7 + offset) % len(work)
                if session.run(work[index])["logits"].tobytes() != expected[index]:
                    wrong.append(index)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=loop, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and not wrong


def longest_wait(work):
    """The longest time in which this thread could not run while another did `work`, and the time
    of that."""
    done = threading.Event()
    thread = threading.Thread(target=lambda: (work(), done.set()))
    start = last = time.perf_counter()
    thread.start()
    wait = 0
    while not done.is_set():
        now = time.perf_counter()
        wait, last = max(wait, now - last), now
        time.sleep(0.001)
    thread.join()
    return wait, time.perf_counter() - start


def test_the_lock_is_released(folder, tmp_path):
    """Another thread goes on while a model is compiled, and while a long call runs."""
    pytest.importorskip("onnx")
    subprocess.run([sys.executable, folder / "make_bipft.py", "--layers=4", "--hidden=256",
                    "--heads=4", "--ffn=1024", "--positions=512", "--dynamic", "-o",
                    tmp_path / "m.onnx"], check=True)
    made = []
    wait, total = longest_wait(lambda: made.append(bnn.compile(tmp_path / "m.onnx")))
    assert wait < total / 2, (wait, total)
    session = bnn.Session(made[0])
    ids = np.ones((8, 512), np.int64)
    feeds = {"input_ids": ids, "attention_mask": ids, "token_type_ids": ids * 0}
    session.run(feeds)
    wait, total = longest_wait(lambda: session.run(feeds))
    assert wait < total / 2, (wait, total)


def test_compiling_in_threads(folder, feeds):
    results = []
    threads = [threading.Thread(target=lambda: results.append(
        bnn.compile(folder / "tiny.onnx").object)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and len(set(results)) == 1


def test_sessions_end(artifact, feeds):
    """Sessions come and go; the memory that they hold goes with them."""
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    for _ in range(5):
        bnn.Session(artifact).run(feeds)
    gc.collect()
    before = resident()
    for _ in range(20):
        bnn.Session(artifact).run(feeds)
    gc.collect()
    assert resident() - before < 20 << 20
