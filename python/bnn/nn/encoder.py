# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The frame that BiPFT and BiT share: embeddings, layers, and the model's forward pass.

A family (bipft.py, bit.py) supplies its feed-forward layer, its pooler and its mask.
"""
import math

import torch
from torch import nn

from .attention import Attention
from .linear import BinaryEmbedding, make_linear


class Embeddings(nn.Module):
    """LayerNorm(word + position + type): ids integers [B, S], types [B, S] -> [B, S, H]."""

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden_size
        self.word_embeddings = BinaryEmbedding(config.vocab_size, hidden, config.embedding_bits)
        self.position_embeddings = nn.Embedding(config.max_positions, hidden)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, ids, types):
        positions = torch.arange(ids.shape[1], dtype=torch.long, device=ids.device)
        positions = positions.unsqueeze(0).expand_as(ids)
        x = (self.word_embeddings(ids) + self.position_embeddings(positions)
             + self.token_type_embeddings(types))
        return self.dropout(self.LayerNorm(x))


class FeedForwardOutput(nn.Module):
    """LayerNorm(linear(x) + hidden): x [B, S, F], hidden [B, S, H] -> [B, S, H].

    `signed`: which of the two sets the input is binarised to, see BinaryLinear.
    """

    def __init__(self, config, signed):
        super().__init__()
        self.dense = make_linear(config, config.ffn_size, config.hidden_size, signed)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x, hidden):
        return self.LayerNorm(self.dropout(self.dense(x)) + hidden)


class Intermediate(nn.Module):
    """activation(linear(x)), [B, S, H] -> [B, S, F]."""

    def __init__(self, config, activation):
        super().__init__()
        self.dense = make_linear(config, config.hidden_size, config.ffn_size)
        self.activation = activation

    def forward(self, x):
        return self.activation(self.dense(x))


class Layer(nn.Module):
    """Attention, then the feed-forward pair: [B, S, H], mask [B, 1, 1, S] -> [B, S, H]."""

    def __init__(self, config, activation, signed):
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Intermediate(config, activation)
        self.output = FeedForwardOutput(config, signed)

    def forward(self, hidden, mask):
        hidden = self.attention(hidden, mask)
        return self.output(self.intermediate(hidden), hidden)


class Encoder(nn.Module):
    def __init__(self, config, activation, signed):
        super().__init__()
        self.layer = nn.ModuleList(Layer(config, activation, signed)
                                   for _ in range(config.num_layers))

    def forward(self, hidden, mask):
        """-> every layer's output, [B, S, H] each, the last one last."""
        states = []
        for layer in self.layer:
            hidden = layer(hidden, mask)
            states.append(hidden)
        return states


class Body(nn.Module):
    """The model without its head. `masked` is what a hidden token's scores are moved by."""

    def __init__(self, config, activation, signed, pooler, masked):
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config, activation, signed)
        if pooler is not None:
            self.pooler = pooler
        self.masked = masked

    def forward(self, ids, mask, types):
        """ids, mask (1: a token, 0: padding), types: integers [B, S]
        -> (every hidden state: embeddings first, then layers, [B, S, H] each; pooled [B, H],
        or None in a model without pooler)."""
        mask = mask.unsqueeze(1).unsqueeze(2).to(torch.float32)
        mask = (1.0 - mask) * self.masked
        embedded = self.embeddings(ids, types)
        states = [embedded] + self.encoder(embedded, mask)
        pooled = self.pooler(states[-1]) if hasattr(self, "pooler") else None
        return states, pooled


class Model(nn.Module):
    """A Body under a head: what the families' models share.

    The forward pass takes input_ids, attention_mask and token_type_ids, integers [B, S]; the mask
    (1: a token) and the types default to ones and zeros.
    """

    def __init__(self, config, family, activation, signed, pooler, masked):
        super().__init__()
        if config.family != family:
            raise ValueError(f"family: {type(self).__name__} is built from a {family!r} Config, not "
                             f"{config.family!r}")
        self.config = config
        self.bert = Body(config, activation, signed, pooler, masked)
        self.dropout = nn.Dropout(config.dropout)
        if config.head == "classification":
            self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        elif config.head == "question-answering":
            self.qa_outputs = nn.Linear(config.hidden_size, 2)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.forward_with_states(input_ids, attention_mask, token_type_ids)[0]

    def forward_with_states(self, input_ids, attention_mask=None, token_type_ids=None):
        """-> (what forward returns, the hidden states: embeddings and layers, [B, S, H])"""
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        states, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self._head(states[-1], pooled), states

    def _head(self, hidden, pooled):
        """[B, S, H], [B, H] -> the head's outputs."""
        if self.config.head == "classification":
            return self.classifier(self.dropout(pooled))
        start, end = self.qa_outputs(hidden).split(1, dim=-1)
        return start.squeeze(-1), end.squeeze(-1)


def initialize(model, config):
    """Weights as BERT's (normal, deviation 0.02 at hidden 768), wider where the model is
    narrower so that a linear keeps its output's size; biases 0; LayerNorm 1 and 0."""
    deviation = 0.02 * math.sqrt(768 / config.hidden_size)
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=deviation)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            with torch.no_grad():
                module.weight[module.padding_idx].zero_()
    for name, parameter in model.named_parameters():
        # the branch is silent at first, as in LoRA (Hu et al. 2021, section 4.1)
        if name.endswith(".lora.1.weight"):
            nn.init.zeros_(parameter)
