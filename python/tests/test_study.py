# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""test/study/int8_training.py, by which docs/training.md has its table: on a small task."""
import importlib.util
import json
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")
from test_train import task  # noqa: E402, F401


@pytest.fixture
def study(root):
    spec = importlib.util.spec_from_file_location("study", root / "test/study/int8_training.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table(study, task, tmp_path, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr(study, "COMMON", "--layers 1 --hidden 32 --heads 2 --ffn 48 --batch-size 16 "
                        "--bag-epochs 0 --drop 0 --student-drop 0 --learning-rate 2e-3 "
                        "--teacher-learning-rate 5e-3")
    teacher = {"f32": "--bits= --teacher-epochs 4"}
    students = {"qat-tensor": "--teacher {f32} --bits 8 --epochs 1 --weight-scales tensor",
                "1bit": f"--teacher {{f32}} --bits 1 --epochs 1 {study.FLAT}"}
    monkeypatch.setattr(study, "RUNS", {**teacher, **students})
    study.run_all(task, tmp_path / "s", [3])
    # What is finished is not trained again; a teacher would be quantised, which takes longest.
    monkeypatch.setattr(study.train, "main", lambda arguments: pytest.fail("trained again"))
    study.run_all(task, tmp_path / "s", [3])
    monkeypatch.setattr(study, "RUNS", students)
    monkeypatch.setattr(sys, "argv", ["x", "--data", task, "--output", str(tmp_path / "s"),
                                      "--seeds", "3"])
    assert study.main() == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in said[2:]] == ["| qat-tensor", "| 1bit"]
    rows = json.loads((tmp_path / "s" / "table.json").read_text())["3"]
    for name in students:
        result = json.loads((tmp_path / "s" / f"{name}-3" / "result.json").read_text())
        stage = result["stages"][-1]
        # The compiled models get as many right as PyTorch's, and the report has their weights.
        assert rows[name]["right"] == pytest.approx(100 * stage["test"])
        assert rows[name]["kurtosis"] == pytest.approx(stage["kurtosis"], rel=1e-3)
        assert 30 < rows[name]["sqnr_per_tensor"] <= rows[name]["sqnr_per_channel"] + 0.1 < 52
    assert rows["1bit"]["kurtosis"] < rows["qat-tensor"]["kurtosis"]
