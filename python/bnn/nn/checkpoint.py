# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the checkpoints of the BiPFT and BiT authors' code, and of this package."""
import json
import os
import re

import torch

from .bipft import BiPFT
from .bit import BiT
from .config import Config
from .linear import freeze

# Parameters that the authors' modules create and no forward pass reads: the position numbers,
# BiPFT's PReLU beside each linear, BiT's shifts of q, k and v (computed, then overwritten).
UNUSED = re.compile(r"(^|\.)(position_ids|sa\.weight|move_[qkv]\.bias)$")

# Ours alone: what unsigned quantisers of several bits subtract. The authors' code takes the
# minimum of each batch instead.
OPTIONAL = re.compile(r"(^|\.)(quantizer|quantize_attn)\.minimum$")


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


def load_checkpoint(path, **options):
    """The model that `path` holds: a BiPFT or BiT in evaluation mode.

    `path` is a file that torch.save wrote of a state_dict, as the authors' code and
    `python -m bnn.train` save it, or a folder with `pytorch_model.bin` or `model.pt`. Sizes and
    family are read off the parameters. What they do not tell comes from `config.json` beside
    the file, if it is there (theirs or ours), and from `options`, fields of Config, which win:
    `num_heads` (otherwise hidden_size / 64), `activation_bits` (1), `weight_bits` (1; 32 is
    BiPFT's half_binary) and `embedding_bits` (1).

    A `path` that ends in .onnx is a file that export_onnx wrote with `compact`: its parameters
    kept their names. The model is then a frozen one, which cannot be trained (linear.freeze).

    Raises CheckpointError, listing what is missing, unexpected or of another shape; OSError
    where the file cannot be read. Only tensors are unpickled, never code.
    """
    if os.path.isdir(path):
        folder = path
        names = [name for name in ("pytorch_model.bin", "model.pt")
                 if os.path.exists(os.path.join(folder, name))]
        if not names:
            raise CheckpointError(path, "holds neither pytorch_model.bin nor model.pt")
        path = os.path.join(folder, names[0])
    frozen = str(path).endswith(".onnx")
    state = _read_onnx(path) if frozen else _read(path)
    told = _read_config(os.path.join(os.path.dirname(path), "config.json"))
    config = _infer(path, state, {**told, **options})
    model = (BiPFT if config.family == "bipft" else BiT)(config)
    if frozen:
        model = freeze(model)
    _fill(path, model, state)
    return model.eval()


def _read(path):
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # pickle, zip and torch each have their own
        raise CheckpointError(path, "not a file of tensors that torch.save wrote: "
                              + str(error).splitlines()[0]) from error
    if not isinstance(state, dict) or not state or not all(
            isinstance(value, torch.Tensor) for value in state.values()):
        raise CheckpointError(path, "holds no state_dict, a dictionary of named tensors")
    # training on several devices puts a prefix before every name
    if all(name.startswith("module.") for name in state):
        state = {name[len("module."):]: value for name, value in state.items()}
    return {name: value for name, value in state.items() if not UNUSED.search(name)}


def _read_onnx(path):
    import onnx
    from onnx import numpy_helper
    from google.protobuf.message import DecodeError
    try:
        graph = onnx.load(path).graph
    except DecodeError as error:
        raise CheckpointError(path, f"not an ONNX file: {error}") from error
    values = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    for node in graph.node:  # the exporter stores equal parameters once
        if node.op_type == "Identity" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
    state = {name[len("m."):]: value for name, value in values.items() if name.startswith("m.")}
    if not any(name.endswith(".signs") for name in state):
        raise CheckpointError(path, "its parameters have lost their names: only files that "
                              "export_onnx wrote with compact=True can be read back")
    return state


def _read_config(path):
    """The options that a config.json tells, ours or the authors' (BertConfig's names)."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        try:
            values = json.load(file)
        except ValueError as error:
            raise CheckpointError(path, f"not JSON: {error}") from error
    if "activation_bits" in values:
        return {name: values[name] for name in
                ("num_heads", "activation_bits", "weight_bits", "embedding_bits", "family",
                 "dropout") if name in values}
    told = {}
    for theirs, ours in (("num_attention_heads", "num_heads"), ("input_bits", "activation_bits"),
                         ("weight_bits", "weight_bits"), ("embed_bits", "embedding_bits"),
                         ("hidden_dropout_prob", "dropout")):
        if theirs in values:
            told[ours] = values[theirs]
    if values.get("half_binary"):
        told["weight_bits"] = 32
    return told


def _infer(path, state, options):
    """A Config of the shapes in `state` and of `options`."""
    def shape(name):
        if name not in state and name.replace(".weight", ".signs") in state:
            name = name.replace(".weight", ".signs")
        if name not in state:
            raise CheckpointError(path, "no model of these families", missing=[name],
                                  unexpected=sorted(state)[:8])
        return tuple(state[name].shape)

    vocab, hidden = shape("bert.embeddings.word_embeddings.weight")
    layers = [int(match[1]) for match in
              (re.match(r"bert\.encoder\.layer\.(\d+)\.", name) for name in state) if match]
    first = "bert.encoder.layer.0."
    known = dict(
        vocab_size=vocab, hidden_size=hidden, num_layers=max(layers, default=0) + 1,
        num_heads=max(1, hidden // 64), ffn_size=shape(first + "intermediate.dense.weight")[0],
        max_positions=shape("bert.embeddings.position_embeddings.weight")[0],
        type_vocab_size=shape("bert.embeddings.token_type_embeddings.weight")[0],
        residual_rank=0, lora_rank=0, dropout=0.1)
    if first + "attention.self.q_p.weight" in state:
        known["residual_rank"] = shape(first + "attention.self.q_p.weight")[0]
    if first + "attention.self.lora_q.lora.0.weight" in state:
        known["lora_rank"] = shape(first + "attention.self.lora_q.lora.0.weight")[0]
    is_bipft = (known["residual_rank"] or known["lora_rank"]
                or "bert.pooler.LayerNorm.weight" in state
                or any(name.startswith("cls.") for name in state))
    known["family"] = "bipft" if is_bipft else "bit"
    if "qa_outputs.weight" in state:
        known["head"] = "question-answering"
    elif any(name.startswith("cls.") for name in state):
        known["head"] = "pretraining"
    else:
        known["num_labels"] = shape("classifier.weight")[0]
    try:
        return Config(**{**known, **options})
    except (TypeError, ValueError) as error:
        raise CheckpointError(path, f"no model can be made of it: {error}") from error


def _fill(path, model, state):
    own = model.state_dict()
    missing = [name for name in own if name not in state and not OPTIONAL.search(name)]
    unexpected = [name for name in state if name not in own]
    mismatched = []
    for name, value in state.items():
        if name not in own:
            continue
        wanted = own[name].shape
        if value.shape != wanted and value.numel() == 1 == own[name].numel():
            value = value.reshape(wanted)  # a scale saved as [1]
        if value.shape != wanted:
            mismatched.append((name, tuple(value.shape), tuple(wanted)))
        else:
            own[name] = value
    if missing or unexpected or mismatched:
        raise CheckpointError(path, f"not a {model.config.family} model of its shapes",
                              missing, unexpected, mismatched)
    model.load_state_dict(own)
