# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m bnn.train` on a small made-up task: it learns, resumes, and says what is wrong."""
import csv
import json
import random
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from bnn import nn, wordpiece  # noqa: E402
from bnn.train import __main__ as train  # noqa: E402
from bnn.train import batches, data, loop, losses  # noqa: E402

TOPICS = {"weather": "rain sun wind snow cloud", "music": "song band tune drum choir",
          "travel": "train plane ticket hotel road"}
OPTIONS = ("--hidden 32 --layers 1 --heads 2 --ffn 64 --vocab-size 200 --max-length 16 "
           "--bits 2,1 --teacher-epochs 6 --step-epochs 2 --epochs 12 --batch-size 16 --drop 0 "
           "--student-drop 0 --student-dropout 0 "
           "--learning-rate 2e-3 --teacher-learning-rate 5e-3").split()


@pytest.fixture
def task(tmp_path):
    """A file of 240 sentences about three topics."""
    rng = random.Random(5)

    def part(count):
        return [[f"{rng.choice(['what about', 'tell me of', 'is it'])} the "
                 + " and the ".join(rng.sample(TOPICS[label].split(), 2)), label]
                for label in rng.choices(list(TOPICS), k=count)]
    path = tmp_path / "task.json"
    path.write_text(json.dumps({"train": part(150), "val": part(45), "test": part(45)}))
    return str(path)


def run(task, output, *more):
    return train.main(["--data", task, "--output", str(output), *OPTIONS, *more])


def test_learns_and_leaves_its_files(task, tmp_path, capsys):
    assert run(task, tmp_path / "run") == 0
    said = capsys.readouterr()
    assert "\r" not in said.out + said.err  # bars are for terminals
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert [stage["stage"] for stage in result["stages"]] == ["teacher", "1-1-2", "1-1-1"]
    assert result["stages"][-1]["test"] > 0.9
    with open(tmp_path / "run" / "curves.csv") as file:
        rows = list(csv.DictReader(file))
    assert [(row["stage"], row["epoch"]) for row in rows] == [
        (stage, str(epoch)) for stage, epochs in (("teacher", 6), ("1-1-2", 2), ("1-1-1", 12))
        for epoch in range(1, epochs + 1)]
    model = nn.load_checkpoint(str(tmp_path / "run"))
    assert (model.config.weight_bits, model.config.activation_bits,
            model.config.embedding_bits) == (1, 1, 1)
    tokenizer = wordpiece.Tokenizer.load(tmp_path / "run" / "vocab.txt")
    test = batches.Encoded(data.load(task).test, tokenizer, 16)
    assert loop.accuracy(model, test) == result["stages"][-1]["test"]
    assert (tmp_path / "run" / "model.onnx").stat().st_size > 10000


def test_interrupted_is_as_uninterrupted(task, tmp_path, monkeypatch):
    assert run(task, tmp_path / "whole") == 0
    epochs = []

    def interrupting(stage, real=loop.Stage.run_epoch):
        if len(epochs) in (2, 7):
            epochs.append(None)
            raise KeyboardInterrupt
        epochs.append(stage.name)
        return real(stage)
    monkeypatch.setattr(loop.Stage, "run_epoch", interrupting)
    codes = [run(task, tmp_path / "parts") for _ in range(3)]
    assert codes == [130, 130, 0]
    whole, parts = (torch.load(tmp_path / name / "model.pt") for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_interrupted_with_8_bits(task, tmp_path, monkeypatch):
    """In each stage, and the ranges are as they were."""
    more = ("--bits", "1,8", "--activation-ranges", "minmax", "--kurtosis", "1.8",
            "--kurtosis-weight", "0.5", "--teacher-epochs", "2", "--epochs", "2",
            "--bag-epochs", "0")
    assert run(task, tmp_path / "whole", *more) == 0
    epochs = []

    def interrupting(stage, real=loop.Stage.run_epoch):
        if len(epochs) in (1, 4):
            epochs.append(None)
            raise KeyboardInterrupt
        epochs.append(stage.name)
        return real(stage)
    monkeypatch.setattr(loop.Stage, "run_epoch", interrupting)
    assert [run(task, tmp_path / "parts", *more) for _ in range(3)] == [130, 130, 0]
    whole, parts = (torch.load(tmp_path / name / "model.pt") for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_8_bits_before_1(task, tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")

    def kinds():
        return {node.op_type for node in onnx.load(str(tmp_path / "run" / "model.onnx")).graph.node}
    few = "--teacher-epochs", "5", "--epochs", "2", "--bag-epochs", "0"
    assert run(task, tmp_path / "run", "--bits", "8", "--weight-scales", "tensor", *few) == 0
    assert "DequantizeLinear" in kinds()
    model = nn.load_checkpoint(str(tmp_path / "run"))
    assert model.config == model.config.of_bytes() and model.config.weight_scales == "tensor"
    before = json.loads((tmp_path / "run" / "result.json").read_text())["stages"]
    assert before[-1]["test"] > 0.9
    # What is finished is taken up again.
    assert run(task, tmp_path / "run", "--bits", "8,1", *few) == 0
    stages = json.loads((tmp_path / "run" / "result.json").read_text())["stages"]
    assert [stage["stage"] for stage in stages] == ["teacher", "8-32-8", "1-1-1"]
    assert stages[:2] == before and "DequantizeLinear" not in kinds()
    model = nn.load_checkpoint(str(tmp_path / "run"))
    assert (model.config.weight_bits, model.config.residual_rank) == (1, 1)


def test_kurtosis_is_that_of_the_distribution():
    torch.manual_seed(1)
    assert float(losses.kurtosis(torch.linspace(-3, 5, 10001))) == pytest.approx(1.8, abs=1e-3)
    assert float(losses.kurtosis(2 * torch.randn(300, 300) + 1)) == pytest.approx(3, abs=0.1)
    assert float(losses.kurtosis(torch.tensor([[-1.0, 1.0], [1.0, -1.0]]))) == 1
    flat = torch.ones(3, 3, requires_grad=True)
    losses.kurtosis_penalty([flat], 1.8).backward()
    assert float(losses.kurtosis(flat)) == 0 and bool((flat.grad == 0).all())
    weights = [torch.randn(40, 30), torch.randn(8, 100).pow(3)]
    expected = sum((float(losses.kurtosis(w)) - 1.5) ** 2 for w in weights) / 2
    assert float(losses.kurtosis_penalty(weights, 1.5)) == pytest.approx(expected, rel=1e-5)


def test_the_penalty_is_part_of_the_loss_and_flattens(task, tmp_path):
    torch.manual_seed(3)
    config = nn.Config(vocab_size=20, hidden_size=8, num_layers=1, num_heads=1, ffn_size=8,
                       max_positions=8, num_labels=3)
    batch = torch.tensor([[2, 9, 3]]), torch.ones(1, 3, dtype=torch.long), torch.tensor([1])
    for one in (config.precise(), config.of_bytes(), config):
        model = nn.build(one).eval()
        plain, flat = (loop.Stage("s", model, [], None, None, loop.Settings(
            epochs=1, learning_rate=0.1, kurtosis=1.8, kurtosis_weight=weight), 0, 1)
            for weight in (0, 3))
        assert len(flat.matrices) == 7
        difference = float(flat._loss(*batch)[0] - plain._loss(*batch)[0])
        assert difference == pytest.approx(
            3 * float(losses.kurtosis_penalty(flat.matrices, 1.8)), rel=1e-4)
    found = []
    for name, more in (("plain", ()), ("flat", ("--kurtosis", "1.8", "--kurtosis-weight", "1"))):
        assert run(task, tmp_path / name, "--bits", "", "--bag-epochs", "0", *more) == 0
        result = json.loads((tmp_path / name / "result.json").read_text())
        found.append(result["stages"][0]["kurtosis"])
    assert found[0] > 2.6 and abs(found[1] - 1.8) < 0.2


def test_seeds_and_a_teacher_of_another_run(task, tmp_path, capsys):
    assert run(task, tmp_path / "a", "--seed", "1") == 0
    capsys.readouterr()
    assert run(task, tmp_path / "b", "--seed", "2", "--family", "bipft", "--residual-rank", "0", "--bag-epochs", "40",
               "--teacher", str(tmp_path / "a"), "--bits", "1", "--epochs", "1") == 0
    said = capsys.readouterr().out
    assert "teacher epoch" not in said
    assert float(said.split("bag of words: validation ")[1].split()[0]) > 90
    assert not [name for name in torch.load(tmp_path / "b" / "model.pt") if ".q_p." in name]


def test_noise_fades_to_what_is_left(task, tmp_path, monkeypatch):
    drops = []

    def recording(part, indices, rng=None, drop=0.0, *rest, real=batches.collate):
        if rng is not None and drop not in drops:
            drops.append(drop)
        return real(part, indices, rng, drop, *rest)
    monkeypatch.setattr(batches, "collate", recording)
    assert run(task, tmp_path / "run", "--bits", "1", "--teacher-epochs", "2", "--epochs", "2",
               "--bag-epochs", "0", "--drop", "0.1", "--student-drop", "0.4",
               "--noise-left", "0.5") == 0
    assert drops == [0.1, 0.4, pytest.approx(0.3)]


def test_logits_of_the_first_teacher_and_states_of_the_last():
    torch.manual_seed(3)
    config = nn.Config(family="bipft", vocab_size=20, hidden_size=8, num_layers=1, num_heads=1,
                       ffn_size=8, max_positions=8, num_labels=3)
    student, first, last = (nn.build(config).eval() for _ in range(3))
    ids, mask = torch.tensor([[2, 9, 3]]), torch.ones(1, 3, dtype=torch.long)
    labels = torch.tensor([1])
    settings = loop.Settings(epochs=1, learning_rate=0.1, label_weight=0.0)
    stage = loop.Stage("s", student, [first, last], None, None, settings, 0, 1)
    with torch.no_grad():
        ours = student.forward_with_states(ids, mask)
        expected = losses.distillation(*ours, first(ids, mask),
                                       last.forward_with_states(ids, mask)[1],
                                       settings.temperature, settings.hidden_weight)
        assert torch.equal(stage._loss(ids, mask, labels)[0], expected)


@pytest.mark.parametrize("content, word", [
    ("[", "not JSON"), ("{}", "no part named train, val, test"),
    ('{"train": [["a"]], "val": [], "test": []}', "not a .text, label. pair"),
    ('{"train": [["a", "x"]], "val": [["b", "y"]], "test": []}', "no training text has: y")])
def test_files_that_are_no_task(content, word, tmp_path, capsys):
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=word):
        data.load(str(path))
    assert run(str(path), tmp_path / "run") == 1
    assert f"error: {path}" in capsys.readouterr().err


def test_options_that_do_not_fit(task, tmp_path, capsys):
    assert run(task, tmp_path / "run", "--epochs", "0") == 1
    assert "--epochs: 0 is not positive" in capsys.readouterr().err
    assert run(task, tmp_path / "run", "--heads", "5") == 1
    assert "num_heads: 5 does not divide" in capsys.readouterr().err
    for bits in ("3", "1,1"):
        with pytest.raises(SystemExit):
            run(task, tmp_path / "run", "--bits", bits)
        assert "wanted are 1, 2, 4 and 8" in capsys.readouterr().err
    assert run(task, tmp_path / "run", "--bits", "") == 0
    assert run(task, tmp_path / "run", "--bits", "", "--ffn", "32") == 1
    assert "teacher.pt: made with other options" in capsys.readouterr().err


@pytest.mark.parametrize("more, word", [
    (("--kurtosis", "1.8"), "--kurtosis: 1.8 has no weight: give --kurtosis-weight as well"),
    (("--kurtosis-weight", "1"), "--kurtosis-weight: 1 has nothing to weigh: give --kurtosis"),
    (("--kurtosis", "0.5", "--kurtosis-weight", "1"), "--kurtosis: 0.5 is no kurtosis: the least"),
    (("--kurtosis", "nan", "--kurtosis-weight", "1"), "--kurtosis: nan is no kurtosis"),
    (("--kurtosis", "1.8", "--kurtosis-weight", "-1"), "--kurtosis-weight: -1 is not 0 or more"),
    (("--kurtosis", "1.8", "--kurtosis-weight", "inf"), "--kurtosis-weight: inf is not 0 or more"),
    (("--weight-scales", "tensor"), "--weight-scales: tensor is for 8 bits, and --bits has no 8"),
    (("--activation-ranges", "minmax"), "--activation-ranges: minmax is for 8 bits")])
def test_options_of_8_bits_and_kurtosis_that_do_not_fit(more, word, task, tmp_path, capsys):
    assert run(task, tmp_path / "run", *more) == 1
    assert word in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_8_bits_without_onnx(task, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert run(task, tmp_path / "run", "--bits", "8") == 1
    assert "--bits: a model of 8 bits is exported by the package onnx" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_wordnet(tmp_path):
    path = tmp_path / "data.noun"
    path.write_text("  1 the licence\n"
                    "00001740 03 n 01 entity 0 000 | that which is; \"an example\"\n"
                    "00001930 28 n 01 second 0 000 | a time\n"
                    "00001931 05 n 01 again 0 000 | a time\n")
    found = data.load(str(path))
    pairs = found.train + found.validation + found.test
    assert sorted((text, found.labels[label]) for text, label in pairs) == [
        ("a time", "time"), ("that which is", "Tops")]
    path.write_text("hello\n")
    with pytest.raises(ValueError, match="data.noun:1: not a line"):
        data.load(str(path))


def test_noise_keeps_the_ends_and_some_word():
    rng = random.Random(1)
    row = [2, 10, 11, 12, 13, 3]
    for _ in range(200):
        noisy = batches.add_noise(row, rng, 0.9, 0.5, 1, [10, 40])
        assert noisy[0] == 2 and noisy[-1] == 3 and set(noisy[1:-1]) - {1}
    assert batches.add_noise(row, rng, 0, 0, 1, [40]) == row
