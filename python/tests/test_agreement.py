# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""test/agreement/agree.py: the demo's model in PyTorch, ONNX Runtime and compiled, on some
sentences; and whether a disagreement is explained by its cause, and by nothing else."""
import importlib.util
import json
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from test_nn_export import noisy  # noqa: E402

ROW = [2, 7, 8, 9, 3]


@pytest.fixture(scope="module")
def agree(root):
    spec = importlib.util.spec_from_file_location("agree", root / "test/agreement/agree.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def on_the_edge(distance):
    """A model whose answer to ROW hangs on one sign, `distance` from its threshold."""
    model = noisy(num_labels=2)
    with torch.no_grad():
        first = model.forward_with_states(torch.tensor([ROW]))[1][-1][0, 0]
        bias = model.bert.pooler.dense.move.bias
        logits = []
        for value in (-distance, distance):
            bias[5] = value - first[5]
            logits.append(model(torch.tensor([ROW]))[0])
        # both classes alike in the middle between the two answers
        model.classifier.bias -= (logits[0] + logits[1]) / 2
    return model, int((logits[0] - logits[1]).argmax())


def test_a_sign_near_its_threshold_explains(agree):
    model, other = on_the_edge(4e-6)
    assert int(agree.torch_logits(model, ROW).argmax()) != other
    [(distance, where)] = agree.explain(model, ROW, other)
    assert distance < 1e-5 and where == "bert.pooler.dense.quantizer"
    assert int(agree.torch_logits(model, ROW).argmax()) != other  # the model is as it was


def test_a_sign_far_from_it_does_not(agree):
    model, other = on_the_edge(4e-3)
    assert agree.explain(model, ROW, other) is None


def test_the_demo_on_some_sentences(root, onnxruntime, tmp_path):
    folder = root / "runtime" / "examples" / "intent"
    label = (folder / "labels.txt").read_text().split()[0]
    texts = ["what is my balance", "play some jazz", "wake me at six tomorrow morning", "naïve?",
             "how do you say thank you in japanese", "", "zzz " * 80]
    task = {"train": [[text, name] for text, name in zip(
        texts * 30, (folder / "labels.txt").read_text().split())],
            "val": [], "test": [[text, label] for text in texts]}
    (tmp_path / "task.json").write_text(json.dumps(task))
    done = subprocess.run([sys.executable, root / "test/agreement/agree.py", folder, "--data",
                           tmp_path / "task.json", "--npm", onnxruntime.parent], text=True,
                          stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("the same class for 100.000 %") == 3
