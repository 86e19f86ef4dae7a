# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checkpoints: what is read, and what is said about what is not."""
import contextlib
import json
import random
import resource
from typing import Tuple
import zipfile

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from bnn import nn  # noqa: E402
from test_nn_models import IDS, MASK, small  # noqa: E402


def save(model, path, change=lambda state: None):
    state = dict(model.state_dict())
    change(state)
    torch.save(state, path)
    return str(path)


@pytest.mark.parametrize("options", [
    dict(), dict(residual_rank=0), dict(residual_rank=4, lora_rank=3), dict(family="bit"),
    dict(family="bit", activation_bits=2), dict(head="question-answering"),
    dict(family="bit", head="question-answering"), dict(head="pretraining"),
    dict(weight_bits=32)])
def test_round_trip(options, tmp_path):
    model = small(**options)
    told = {name: options[name] for name in ("activation_bits", "weight_bits") if name in options}
    loaded = nn.load_checkpoint(save(model, tmp_path / "x.bin"), num_heads=4, **told)
    assert loaded.config == model.config.replace(num_labels=loaded.config.num_labels)
    with torch.no_grad():
        ours, theirs = loaded(IDS, MASK), model(IDS, MASK)
    for a, b in zip(*((y,) if torch.is_tensor(y) else y for y in (ours, theirs))):
        assert torch.equal(a, b)


def test_leftovers_of_the_authors_code(tmp_path):
    def change(state):
        for name in list(state):
            value = state.pop(name)
            state["module." + name] = value.reshape(1) if value.dim() == 0 else value
        state["module.bert.embeddings.position_ids"] = torch.arange(16)[None]
        state["module.bert.pooler.dense.sa.weight"] = torch.zeros(32)
        state["module.bert.encoder.layer.0.attention.self.move_q.bias"] = torch.zeros(32)
    path = save(small(), tmp_path / "x.bin", change)
    assert torch.equal(nn.load_checkpoint(path, num_heads=4)(IDS), small()(IDS))


def test_missing_unexpected_and_misshapen(tmp_path):
    key = "bert.encoder.layer.1.attention.self.key.input_clip_val"

    def change(state):
        del state[key]
        state["bert.surprise"] = torch.zeros(1)
        state["bert.pooler.dense.bias"] = torch.zeros(31)
    path = save(small(), tmp_path / "x.bin", change)
    with pytest.raises(nn.CheckpointError) as caught:
        nn.load_checkpoint(path, num_heads=4)
    error = caught.value
    assert error.missing == [key] and error.unexpected == ["bert.surprise"]
    assert error.mismatched == [("bert.pooler.dense.bias", (31,), (32,))]
    for word in (path, f"missing: {key}", "unexpected: bert.surprise", "[31], wanted is [32]"):
        assert word in str(error)


def test_config_beside_the_file(tmp_path):
    model = small(activation_bits=2)
    save(model, tmp_path / "model.pt")
    (tmp_path / "config.json").write_text(model.config.to_json())
    assert nn.load_checkpoint(str(tmp_path)).config == model.config
    (tmp_path / "config.json").write_text(json.dumps({"num_attention_heads": 5}))
    with pytest.raises(nn.CheckpointError, match="num_heads: 5 does not divide"):
        nn.load_checkpoint(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(nn.CheckpointError, match="not JSON"):
        nn.load_checkpoint(str(tmp_path))


class Surprise:
    def __reduce__(self):
        return (print, ("code of a checkpoint has run",))


@pytest.mark.parametrize("content, word", [
    ({"bert.x": torch.zeros(1)}, "missing: bert.embeddings.word_embeddings.weight"),
    ({"a": 1}, "no state_dict"), ([], "no state_dict"),
    ({"a": Surprise()}, "not a file of tensors")])
def test_files_that_are_none(content, word, tmp_path, capsys):
    path = tmp_path / "x.bin"
    torch.save(content, path)
    with pytest.raises(nn.CheckpointError, match=word):
        nn.load_checkpoint(str(path))
    assert "has run" not in capsys.readouterr().out


def test_no_file(tmp_path):
    (tmp_path / "text.bin").write_text("hello")
    with pytest.raises(nn.CheckpointError, match="not a file of tensors"):
        nn.load_checkpoint(str(tmp_path / "text.bin"))
    with pytest.raises(nn.CheckpointError, match="neither pytorch_model.bin nor model.pt"):
        nn.load_checkpoint(str(tmp_path))
    with pytest.raises(OSError):
        nn.load_checkpoint(str(tmp_path / "absent.bin"))


class Program(torch.nn.Module):
    """Its state is set by code of the archive."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(2))

    @torch.jit.export
    def __getstate__(self):
        return self.w, self.training

    @torch.jit.export
    def __setstate__(self, state: Tuple[torch.Tensor, bool]):
        self.w = state[0]
        self.training = state[1]

    def forward(self, x: torch.Tensor):
        return x + self.w


def rezip(source, target, compression=zipfile.ZIP_STORED, rename=lambda name: name):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for entry in old.infolist():
            new.writestr(rename(entry.filename), old.read(entry))


@pytest.mark.parametrize("rename", [
    lambda name: name, lambda name: name.partition("/")[2], lambda name: "a/" + name])
def test_torchscript_is_never_run(rename, tmp_path, monkeypatch):
    def run(*args, **kwargs):
        raise AssertionError("the program of a checkpoint was loaded")
    torch.jit.save(torch.jit.script(Program()), str(tmp_path / "script.bin"))
    rezip(tmp_path / "script.bin", tmp_path / "x.bin", rename=rename)
    monkeypatch.setattr(torch.jit, "load", run)
    monkeypatch.setattr(torch, "load", run)
    with pytest.raises(nn.CheckpointError, match="TorchScript|not a file of tensors"):
        nn.load_checkpoint(str(tmp_path / "x.bin"))
    with pytest.raises(nn.CheckpointError, match="TorchScript.*2.6.*CVE-2025-32434.*state_dict"):
        nn.load_checkpoint(str(tmp_path / "script.bin"))


def test_archives_that_torch_does_not_write(tmp_path):
    save(small(), tmp_path / "x.bin")
    rezip(tmp_path / "x.bin", tmp_path / "packed.bin", zipfile.ZIP_DEFLATED)
    with pytest.raises(nn.CheckpointError, match="unpacks to more bytes"):
        nn.load_checkpoint(str(tmp_path / "packed.bin"))
    # an older torch's form is read
    torch.save(small().state_dict(), tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    assert torch.equal(nn.load_checkpoint(str(tmp_path / "old.bin"), num_heads=4)(IDS),
                       small()(IDS))


def claim(name, *shape):
    """A change of a state_dict: one element that poses as so many."""
    return lambda state: state.update({name: torch.zeros(1).expand(*shape)})


WORDS = "bert.embeddings.word_embeddings.weight"
FIRST = "bert.encoder.layer.0."


@pytest.mark.parametrize("change, word", [
    (claim(WORDS, 10 ** 9, 32), "its tensors claim [0-9]+ bytes, it has [0-9]+"),
    (claim(FIRST + "intermediate.dense.weight", 10 ** 9, 32), "its tensors claim"),
    (lambda state: state.update({WORDS: torch.zeros(1, 30000)}), "has shape"),
    (lambda state: state.update({FIRST + "attention.self.q_p.weight": torch.zeros(2 ** 61, 0)}),
     "no model can be made of it"),
    (lambda state: state.update({WORDS: torch.zeros(5, 0)}), "hidden_size: 0 is not positive"),
    (lambda state: state.update({WORDS: torch.tensor(1.0)}), "has rank 0, wanted is 2"),
    (lambda state: state.update({WORDS: torch.zeros(64, 32).to_sparse()}), "no plain array"),
    (lambda state: state.update({WORDS: torch.zeros(64, 32, dtype=torch.cfloat)}), "real numbers"),
    (lambda state: state.update({"bert.encoder.layer.99999.x": torch.zeros(1)}),
     "3 layers, which are not numbered from 0 on\n  missing: bert.encoder.layer.2$"),
    (lambda state: state.update({f"bert.encoder.layer.{'9' * 5000}.x": torch.zeros(1)}),
     "unexpected: bert.encoder.layer.9999"),
    (lambda state: state.update({f"bert.encoder.layer.{i}.x": torch.zeros(1)
                                 for i in range(2, 60)}), "missing: bert.encoder.layer.2."),
    (lambda state: state.update({1: torch.zeros(1)}), "no state_dict")])
def test_claims_that_the_file_does_not_bear_out(change, word, tmp_path):
    path = save(small(residual_rank=0), tmp_path / "x.bin", change)
    with limited_memory(1 << 30), pytest.raises(nn.CheckpointError, match=word):
        nn.load_checkpoint(path, num_heads=4)


@contextlib.contextmanager
def limited_memory(more):
    """So many bytes of address space beside what the process has."""
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("text, word", [
    ("[]", "holds no object"), ("[" * 100000, "not JSON"), ("\x00", "not JSON"),
    ('{"num_attention_heads": %s}' % ("1" * 5000), "not JSON|does not divide"),
    ('{"num_attention_heads": "4"}', "num_heads: '4' is no value"),
    ('{"num_attention_heads": 0}', "num_heads: 0 is not positive"),
    ('{"activation_bits": null}', "activation_bits: 'None' is no value"),
    ('{"activation_bits": 1, "family": ["bit"]}', "family"),
    ('{"num_attention_heads": 4, "hidden_dropout_prob": NaN}', "dropout: nan"),
    ('{"activation_bits": true}', "activation_bits: 'True' is no value")])
def test_config_that_is_none(text, word, tmp_path):
    save(small(), tmp_path / "model.pt")
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(nn.CheckpointError, match=word):
        nn.load_checkpoint(str(tmp_path))


@pytest.mark.parametrize("legacy", [False, True])
def test_spoilt_bytes(legacy, tmp_path):
    torch.save(small().state_dict(), tmp_path / "x.bin",
               _use_new_zipfile_serialization=not legacy)
    good = (tmp_path / "x.bin").read_bytes()
    draw = random.Random(1)
    loaded = 0
    for _ in range(60):
        bad = bytearray(good)
        if draw.random() < 0.2:
            del bad[draw.randrange(len(bad)):]
        for _ in range(draw.choice([1, 3, 30])):
            # where the structure is: at both ends
            at = min(int(draw.expovariate(1 / 2000)), len(bad))
            if bad and at:
                bad[draw.choice([at - 1, -at])] = draw.randrange(256)
        (tmp_path / "x.bin").write_bytes(bad)
        try:
            nn.load_checkpoint(str(tmp_path / "x.bin"), num_heads=4)
            loaded += 1
        except nn.CheckpointError:
            pass
    assert loaded < 60
