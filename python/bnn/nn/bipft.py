# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BiPFT: Binary Pre-trained Foundation Transformer (Xing et al., AAAI 2024, arXiv 2312.08937)."""
import torch
from torch import nn

from .encoder import Model, initialize
from .linear import make_linear

MASKED = torch.finfo(torch.float32).min


class Pooler(nn.Module):
    """tanh(LayerNorm(linear(h[:, 0])) + h[:, 0]): [B, S, H] -> [B, H]."""

    def __init__(self, config):
        super().__init__()
        self.dense = make_linear(config, config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=1e-12)

    def forward(self, hidden):
        first = hidden[:, 0]
        return torch.tanh(self.LayerNorm(self.dense(first)) + first)


class PretrainingHead(nn.Module):
    """Logits of the words at every position, and of "the second sentence follows".

    hidden [B, S, H], pooled [B, H] -> [B, S, V], [B, 2]; all real-valued.
    """

    def __init__(self, config):
        super().__init__()
        self.predictions = WordHead(config)
        self.seq_relationship = nn.Linear(config.hidden_size, 2)

    def forward(self, hidden, pooled):
        return self.predictions(hidden), self.seq_relationship(pooled)


class WordHead(nn.Module):
    """linear(LayerNorm(gelu(linear(x)))), [B, S, H] -> [B, S, V]."""

    def __init__(self, config):
        super().__init__()
        self.transform = nn.Module()
        self.transform.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.transform.LayerNorm = nn.LayerNorm(config.hidden_size, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.decoder.bias = self.bias  # checkpoints hold it under both names

    def forward(self, hidden):
        x = nn.functional.gelu(self.transform.dense(hidden))
        return self.decoder(self.transform.LayerNorm(x))


class BiPFT(Model):
    """The binary transformer with a head.

    input_ids, attention_mask, token_type_ids: integers [B, S]; the mask (1: a token) and the
    types default to ones and zeros.
    -> classification: logits [B, num_labels];
       question-answering: start and end logits [B, S] each;
       pretraining: word logits [B, S, V] and next-sentence logits [B, 2].

    The feed-forward layer is erf-GELU, and its second linear's input is binarised signed.
    """

    def __init__(self, config):
        pooler = None if config.head == "question-answering" else Pooler(config)
        super().__init__(config, "bipft", nn.functional.gelu, True, pooler, MASKED)
        if config.head == "pretraining":
            self.cls = PretrainingHead(config)
        initialize(self, config)

    def _head(self, hidden, pooled):
        if self.config.head == "pretraining":
            return self.cls(hidden, pooled)
        return super()._head(hidden, pooled)
