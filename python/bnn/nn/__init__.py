# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Binary transformers in PyTorch: BiPFT and BiT, their quantisers, checkpoints and export; and
the same with linears of 8 bits.

    from bnn import nn
    model = nn.build(nn.Config(family="bipft", hidden_size=192, num_layers=2, num_heads=4,
                               ffn_size=768, vocab_size=3000, num_labels=150))
    nn.export_onnx(model, "model.onnx")

Needs torch, an extra of this package: pip install 'bnn[train]', or Debian's python3-torch.
"""
from .bipft import BiPFT
from .bit import BiT
from . import config
from .checkpoint import CheckpointError, load_checkpoint
from .config import Config
from .export import export_onnx
from .linear import settle
from .quantizers import calibrate


def build(config):
    """A model of `config`, with fresh weights (seed torch first)."""
    return (BiPFT if config.family == "bipft" else BiT)(config)


__all__ = ["BiPFT", "BiT", "CheckpointError", "Config", "build", "calibrate", "export_onnx",
           "load_checkpoint", "settle"]
