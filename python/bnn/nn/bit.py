# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BiT: Robustly Binarized Multi-distilled Transformer (Liu et al., NeurIPS 2022,
arXiv 2205.13016)."""
import torch
from torch import nn

from .encoder import Body, initialize
from .linear import BinaryLinear

MASKED = -10000.0


class Pooler(nn.Module):
    """tanh(linear(h[:, 0])): [B, S, H] -> [B, H]."""

    def __init__(self, config):
        super().__init__()
        self.dense = BinaryLinear(config.hidden_size, config.hidden_size, config.weight_bits,
                                  config.activation_bits)

    def forward(self, hidden):
        return torch.tanh(self.dense(hidden[:, 0]))


class BiT(nn.Module):
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
        super().__init__()
        if config.family != "bit":
            raise ValueError(f"family: BiT is built from a 'bit' Config, not {config.family!r}")
        self.config = config
        self.bert = Body(config, nn.functional.relu, False, Pooler(config), MASKED)
        self.dropout = nn.Dropout(config.dropout)
        if config.head == "classification":
            self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        else:
            self.qa_outputs = nn.Linear(config.hidden_size, 2)
        initialize(self, config)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.forward_with_states(input_ids, attention_mask, token_type_ids)[0]

    def forward_with_states(self, input_ids, attention_mask=None, token_type_ids=None):
        """-> (what forward returns, the hidden states: embeddings and layers, [B, S, H])"""
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        states, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        if self.config.head == "classification":
            return self.classifier(self.dropout(pooled)), states
        start, end = self.qa_outputs(states[-1]).split(1, dim=-1)
        return (start.squeeze(-1), end.squeeze(-1)), states
