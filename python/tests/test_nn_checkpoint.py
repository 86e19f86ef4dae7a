# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checkpoints: what is read, and what is said about what is not."""
import json

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
