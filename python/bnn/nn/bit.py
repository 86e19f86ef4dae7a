# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BiT: Robustly Binarized Multi-distilled Transformer (Liu et al., NeurIPS 2022,
arXiv 2205.13016)."""
import torch
from torch import nn

from .encoder import Model, initialize
from .linear import make_linear

MASKED = -10000.0


class Pooler(nn.Module):
    """tanh(linear(h[:, 0])): [B, S, H] -> [B, H]."""

    def __init__(self, config):
        super().__init__()
        self.dense = make_linear(config, config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        return torch.tanh(self.dense(hidden[:, 0]))


class BiT(Model):
    """The binary transformer with a head: 1-1-1, and 1-1-2 and 1-1-4 (weights, embedding,
    activations) with `activation_bits` 2 and 4.

    input_ids, attention_mask, token_type_ids: integers [B, S]; the mask (1: a token) and the
    types default to ones and zeros.
    -> classification: logits [B, num_labels];
       question-answering: start and end logits [B, S] each.

    The feed-forward layer is ReLU; its second linear's input is never negative and goes to the
    second of the two sets, {0, 1} (section 3.1).
    """

    def __init__(self, config):
        super().__init__(config, "bit", nn.functional.relu, False, Pooler(config), MASKED)
        initialize(self, config)
