# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the checkpoints of the BiPFT and BiT authors' code, and of this package."""
import json
import math
import os
import re

from torch.overrides import TorchFunctionMode
import torch

from .archive import CheckpointError, check_tensors, first_line, read_onnx, read_torch
from .bipft import BiPFT
from .bit import BiT
from .bytes import ByteQuantizer
from .config import Config
from .linear import binary_modules, freeze

# Parameters that the authors' modules create and no forward pass reads: the position numbers,
# BiPFT's PReLU beside each linear, BiT's shifts of q, k and v (computed, then overwritten).
UNUSED = re.compile(r"(^|\.)(position_ids|sa\.weight|move_[qkv]\.bias)$")

# Ours alone: what unsigned quantisers of several bits subtract. The authors' code takes the
# minimum of each batch instead.
OPTIONAL = re.compile(r"(^|\.)(quantizer|quantize_attn)\.minimum$")

# The options that are words; all others are numbers.
WORDS = ("family", "weight_scales", "activation_ranges")

# The number may be of any length: it counts nothing, and is not read beyond six digits.
LAYER = re.compile(r"bert\.encoder\.layer\.(0|[1-9][0-9]{0,5})\.")


def load_checkpoint(path, **options):
    """The model that `path` holds: a BiPFT or BiT in evaluation mode.

    `path` is a file that torch.save wrote of a state_dict, as the authors' code and
    `python -m bnn.train` save it, or a folder with `pytorch_model.bin` or `model.pt`. Sizes and
    family are read off the parameters. What they do not tell comes from `config.json` beside
    the file, if it is there (theirs or ours), and from `options`, fields of Config, which win:
    `num_heads` (otherwise hidden_size / 64), `activation_bits` (1), `weight_bits` (1; 32 is
    BiPFT's half_binary) and `embedding_bits` (1), or for linears of 8 bits, which their ranges
    give away, `weight_scales` ("channel"), `activation_ranges` ("learned" where the file has
    widths, "minmax" where not) and `embedding_bits` (32).

    A `path` that ends in .onnx is a file that export_onnx wrote with `compact`: its parameters
    kept their names. The model is then a frozen one, which cannot be trained (linear.freeze).

    Raises CheckpointError, listing what is missing, unexpected or of another shape; OSError
    where the file cannot be read. Only tensors are unpickled, never code: an archive of
    TorchScript is refused before torch sees it. Nothing is built of sizes that the file's
    bytes do not bear out.
    """
    if os.path.isdir(path):
        folder = path
        names = [name for name in ("pytorch_model.bin", "model.pt")
                 if os.path.exists(os.path.join(folder, name))]
        if not names:
            raise CheckpointError(path, "holds neither pytorch_model.bin nor model.pt")
        path = os.path.join(folder, names[0])
    frozen = str(path).endswith(".onnx")
    state = (read_onnx if frozen else read_torch)(path)
    state = {name: value for name, value in state.items() if not UNUSED.search(name)}
    check_tensors(path, state)
    told = _read_config(os.path.join(os.path.dirname(path), "config.json"))
    config = _infer(path, state, {**told, **options})
    try:
        wanted = _wanted_shapes(config, frozen)
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise CheckpointError(path, f"no model can be made of it: {first_line(error)}") from error
    state = _fit(path, config, wanted, state)
    model = _build(config)
    if frozen:
        try:
            model = freeze(model)
        except ValueError as error:
            raise CheckpointError(path, f"no model can be made of it: {error}") from error
    model.load_state_dict({**model.state_dict(), **state})
    for name, module in model.named_modules():
        if isinstance(module, ByteQuantizer) and module.defect():
            raise CheckpointError(path, f"{name}: {module.defect()}")
    return model.eval()


def _build(config):
    return (BiPFT if config.family == "bipft" else BiT)(config)


def _read_config(path):
    """The options that a config.json tells, ours or the authors' (BertConfig's names)."""
    if not os.path.exists(path):
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(path, f"not JSON: {first_line(error)}") from error
    if not isinstance(values, dict):
        raise CheckpointError(path, "holds no object with the model's options")
    told = _pick_options(values)
    for name, value in told.items():
        kind = str if name in WORDS else (int, float) if name == "dropout" else int
        if not isinstance(value, kind) or isinstance(value, bool):
            raise CheckpointError(path, f"{name}: {str(value)[:40]!r} is no value for it")
    return told


def _pick_options(values):
    if "activation_bits" in values:
        return {name: values[name] for name in
                ("num_heads", "activation_bits", "weight_bits", "embedding_bits", "dropout",
                 *WORDS) if name in values}
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
    def shape(name, rank=2):
        if name not in state and name.replace(".weight", ".signs") in state:
            name = name.replace(".weight", ".signs")
        if name not in state:
            raise CheckpointError(path, "no model of these families", missing=[name],
                                  unexpected=sorted(state)[:8])
        if state[name].dim() != rank:
            raise CheckpointError(path, f"{name} has rank {state[name].dim()}, wanted is {rank}")
        return tuple(state[name].shape)

    vocab, hidden = shape("bert.embeddings.word_embeddings.weight")
    layers = {int(match[1]) for match in map(LAYER.match, state) if match}
    absent = set(range(len(layers))) - layers
    if absent:
        raise CheckpointError(path, f"has {len(layers)} layers, which are not numbered from 0 on",
                              missing=[f"bert.encoder.layer.{n}" for n in sorted(absent)[:8]])
    first = "bert.encoder.layer.0."
    known = dict(
        vocab_size=vocab, hidden_size=hidden, num_layers=max(1, len(layers)),
        num_heads=max(1, hidden // 64), ffn_size=shape(first + "intermediate.dense.weight")[0],
        max_positions=shape("bert.embeddings.position_embeddings.weight")[0],
        type_vocab_size=shape("bert.embeddings.token_type_embeddings.weight")[0],
        residual_rank=0, lora_rank=0, dropout=0.1)
    if first + "attention.self.q_p.weight" in state:
        known["residual_rank"] = shape(first + "attention.self.q_p.weight")[0]
    if first + "attention.self.lora_q.lora.0.weight" in state:
        known["lora_rank"] = shape(first + "attention.self.lora_q.lora.0.weight")[0]
    quantizer = first + "attention.self.query.quantizer."
    if quantizer + "low" in state:
        known.update(weight_bits=8, activation_bits=8, embedding_bits=32, activation_ranges=(
            "learned" if quantizer + "width" in state else "minmax"))
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


class _WithoutMemory(TorchFunctionMode):
    """What is created has a shape and no elements."""

    CREATE = {torch.empty, torch.zeros, torch.ones, torch.tensor}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if function in self.CREATE:
            kwargs["device"] = "meta"
        return function(*args, **kwargs)


def _wanted_shapes(config, frozen):
    """The shapes of the parameters and buffers of such a model, by name."""
    with _WithoutMemory():
        model = _build(config)
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    if frozen:  # as linear.freeze makes of a weight
        names = {module: name for name, module in model.named_modules()}
        for module, per_row in binary_modules(model):
            rows, columns = wanted.pop(names[module] + ".weight")
            wanted[names[module] + ".signs"] = (rows, columns)
            wanted[names[module] + ".scale"] = (rows, 1) if per_row else ()
    return wanted


def _fit(path, config, wanted, state):
    """`state` in the shapes that are wanted."""
    fitted, mismatched = {}, []
    for name, value in state.items():
        if name not in wanted:
            continue
        if value.numel() == 1 and math.prod(wanted[name]) == 1:
            value = value.reshape(wanted[name])  # a scale saved as [1]
        if tuple(value.shape) != wanted[name]:
            mismatched.append((name, tuple(value.shape), wanted[name]))
        fitted[name] = value
    missing = [name for name in wanted if name not in state and not OPTIONAL.search(name)]
    unexpected = [name for name in state if name not in wanted]
    if missing or unexpected or mismatched:
        raise CheckpointError(path, f"not a {config.family} model of its shapes",
                              missing, unexpected, mismatched)
    return fitted
