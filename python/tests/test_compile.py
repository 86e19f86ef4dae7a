# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bnn.compile: what it gives, and what it says when it refuses."""
import json
import subprocess
import sys
import warnings

import pytest

import bnn
from bnn import _library


@pytest.fixture(scope="module")
def tiny(root):
    return root / "test" / "models" / "tiny.onnx"


def bnn_opt():
    """The compiler's program, of the same build as the library."""
    return str(_library.library()._name).replace("lib/" + _library.NAME, "bin/bnn-opt")


def test_the_same_bytes_as_bnn_opt(tiny, tmp_path):
    artifact = bnn.compile(tiny, output=tmp_path / "own.o")
    subprocess.run([bnn_opt(), tiny, "-o", tmp_path / "tool.o"], check=True)
    assert artifact.object == (tmp_path / "tool.o").read_bytes()
    assert artifact.object == (tmp_path / "own.o").read_bytes()
    assert artifact.header == (tmp_path / "tool.h").read_text() == (tmp_path / "own.h").read_text()
    assert artifact.prefix == "tiny" and "tiny_run" in artifact.header
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.h", "own.o", "tool.h",
                                                                "tool.o"]


def test_options(tiny, tmp_path):
    artifact = bnn.compile(tiny, target="aarch64-linux-gnu", mcpu="cortex-a76", prefix="arm",
                           input_shapes={"input_ids": (1, None)}, max_dims={"seq": 16},
                           opt_level=1)
    assert artifact.target.startswith("aarch64") and artifact.mcpu == "cortex-a76"
    assert artifact.prefix == "arm"
    assert artifact.object[18:20] == b"\xb7\x00"  # EM_AARCH64
    subprocess.run([bnn_opt(), tiny, "--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a76",
                    "--prefix=arm", "--input-shape=input_ids:1x?", "--max-dim=seq:16", "-O1",
                    "-o", tmp_path / "arm.o"], check=True)
    assert artifact.object == (tmp_path / "arm.o").read_bytes()


def test_bytes_and_protos(tiny):
    content = tiny.read_bytes()
    artifact = bnn.compile(content, prefix="tiny", opt_level=0)
    assert artifact.object == bnn.compile(memoryview(content), prefix="tiny", opt_level=0).object

    class Proto:
        def SerializeToString(self):
            return content
    assert artifact.object == bnn.compile(Proto(), prefix="tiny", opt_level=0).object


def test_report(tiny, tmp_path):
    report = bnn.report(tiny, max_dims={"batch": 1, "seq": 16})
    subprocess.run([bnn_opt(), tiny, "--max-dim=batch:1", "--max-dim=seq:16", "-o",
                    tmp_path / "m.o", "--report-file", tmp_path / "m.json"], check=True)
    assert report == json.loads((tmp_path / "m.json").read_text())
    assert report["totals"]["linears"]["binary"] == 13
    assert 0.5 < report["totals"]["binary_share"] < 1
    with pytest.raises(bnn.CompileError, match="No such file"):
        bnn.report(tmp_path / "none.onnx")
    with pytest.raises(TypeError, match="output"):
        bnn.report(tiny, output=tmp_path / "m.o")


def test_estimate(tiny):
    shapes = {"input_ids": (1, 4), "attention_mask": (1, 4)}
    [found] = bnn.estimate(tiny, ["cortex-a76"], input_shapes=shapes, opt_level=1)
    assert found["cpu"] == "cortex-a76"
    assert found["cycles"] == pytest.approx(sum(op["cycles"] for op in found["operations"]))
    with pytest.raises(bnn.CompileError, match="dimensions .* are open") as error:
        bnn.estimate(tiny, "cortex-a76")
    assert error.value.diagnostics[0].file == "tiny.onnx"
    with pytest.raises(bnn.CompileError, match="leave out --mcpu"):
        bnn.estimate(tiny, "cortex-a76", mcpu="haswell")
    with pytest.raises(bnn.CompileError, match="unknown CPU 'none'"):
        bnn.estimate(tiny, "none", input_shapes=shapes)


def test_unsupported_operators_are_a_list(root, tmp_path):
    model = tmp_path / "m.onnx"
    subprocess.run([sys.executable, root / "test" / "import" / "make.py", "unsupported", model],
                   check=True)
    with pytest.raises(bnn.CompileError) as caught:
        bnn.compile(model, output=tmp_path / "m.o")
    diagnostics = caught.value.diagnostics
    errors = [d for d in diagnostics if d.severity == "error"]
    assert len(errors) >= 3
    for name in ("GRU", "LongformerAttention", "PythonOp"):
        assert any(f"operator '{name}'" in d.message for d in errors)
        assert name in str(caught.value)
    assert all(d.file for d in errors)
    assert not (tmp_path / "m.o").exists() and not (tmp_path / "m.h").exists()


def test_require_binary(tiny):
    with pytest.raises(bnn.CompileError, match="classifier"):
        bnn.compile(tiny, require_binary=True)
    assert bnn.compile(tiny, require_binary=True, allow_float=["*"]).object


@pytest.mark.parametrize("arguments, message", [
    ({"allow_float": ["*"]}, "give both"),
    ({"mcpu": "cortex-a999", "target": "aarch64-linux-gnu"}, "unknown CPU 'cortex-a999'"),
    ({"target": "z80-unknown-none"}, "z80"),
    ({"strategy": "magic"}, "magic"),
    ({"opt_level": 4}, "0 to 3"),
    ({"max_dims": {"seq": 0}}, "'seq' is below 1"),
    ({"input_shapes": {"input_ids": (0, 4)}}, "'input_ids'"),
    ({"input_shapes": {"nothing": (1, 4)}}, "nothing"),
])
def test_wrong_options(tiny, arguments, message):
    with pytest.raises(bnn.CompileError) as caught:
        bnn.compile(tiny, **arguments)
    assert message in str(caught.value)
    assert [d for d in caught.value.diagnostics if d.severity == "error"]


def test_bad_files(tiny, tmp_path):
    with pytest.raises(bnn.CompileError, match="No such file"):
        bnn.compile(tmp_path / "none.onnx")
    with pytest.raises(bnn.CompileError, match="truncated"):
        bnn.compile(tiny.read_bytes()[:2000])
    with pytest.raises(bnn.CompileError):
        bnn.compile(b"")
    with pytest.raises(TypeError):
        bnn.compile(None)


def test_output_that_cannot_be_written(tiny, tmp_path):
    with pytest.raises(OSError):
        bnn.compile(tiny, output=tmp_path / "missing" / "m.o", opt_level=0)
    (tmp_path / "m.h").mkdir()
    with pytest.raises(OSError):
        bnn.compile(tiny, output=tmp_path / "m.o", opt_level=0)
    assert [path.name for path in tmp_path.iterdir()] == ["m.h"]


def test_outputs_in_one_place(tiny, tmp_path):
    model = tmp_path / "model.h"
    model.write_bytes(tiny.read_bytes())
    (tmp_path / "link.o").symlink_to("model.h")
    (tmp_path / "hard.o").hardlink_to(model)
    (tmp_path / "here").symlink_to(".")
    before = sorted(path.name for path in tmp_path.iterdir())
    for output in ("model.h", "model.o", "link.o", "hard.o", "here/model.o"):
        with pytest.raises(OSError, match="would replace the model|to the same file"):
            bnn.compile(str(model), output=tmp_path / output, opt_level=0)
    with pytest.raises(OSError, match="the object and its header would go to the same file"):
        bnn.compile(tiny, output=tmp_path / "new.h", opt_level=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert model.read_bytes() == tiny.read_bytes()


def test_warnings(tiny):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        artifact = bnn.compile(tiny, target="riscv64-linux-gnu", mattr="+m,+f,+d", opt_level=0)
    said = [str(warning.message) for warning in caught]
    assert [d for d in artifact.diagnostics if d.severity == "warning"]
    assert said and "portable" in said[0]


@pytest.mark.parametrize("environment, message", [
    ({"BNN_PREFIX": "/nonexistent"}, "not where it is looked for: /nonexistent"),
])
def test_no_library(root, environment, message):
    result = subprocess.run([sys.executable, "-B", "-c", "import bnn; bnn.compile('m.onnx')"],
                            env={"PYTHONPATH": str(root / "python"), "PATH": "/usr/bin:/bin",
                                 **environment}, capture_output=True, text=True)
    assert result.returncode == 1
    assert "ImportError" in result.stderr and message in result.stderr
    assert "BNN_PREFIX" in result.stderr


def test_libraries_together(root, tiny):
    """onnx shares libprotobuf with the compiler; both orders of loading work."""
    pytest.importorskip("onnx")
    for first, second in (("onnx", "bnn"), ("bnn", "onnx")):
        code = (f"import {first}; {'bnn.compile(sys.argv[1], opt_level=0)' if first == 'bnn' else ''}\n"
                f"import {second}, bnn, onnx\n"
                "print(len(bnn.compile(onnx.load(sys.argv[1]), opt_level=0).object))")
        result = subprocess.run([sys.executable, "-B", "-c", "import sys; " + code, str(tiny)],
                                env={"PYTHONPATH": str(root / "python"), "PATH": "/usr/bin:/bin",
                                     "BNN_PREFIX": str(root / "build")},
                                capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        assert int(result.stdout) > 1000
