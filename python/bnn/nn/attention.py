# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Self-attention on bits, with BiPFT's estimators of what binarisation loses."""
import math

import torch
from torch import nn

from .linear import Lora, make_linear
from .quantizers import Quantizer


class SelfAttention(nn.Module):
    """Multi-head attention whose queries, keys, values and probabilities are quantised.

    hidden [B, S, H] f32, mask [B, 1, 1, S] f32 (added to the scores) -> context [B, S, H].

    Per head of size d (BiPFT section 3; BiT section 2 is the same without the estimators):

        S = (Qb Kb^T + q_m k_p^T + q_p k_m^T + q_p k_p^T) / sqrt(d) + mask
        C = Pb Vb + Pb v_p,    Pb = quantize(softmax(S)), unsigned

    Writing q = qb + q_r for a binarised query and its residual, q k^T = qb kb^T + q_r kb^T +
    qb k_r^T + q_r k_r^T: q_m, k_m [B, S, r] stand for the binarised factors of these residual
    polynomials, q_p, k_p [B, S, r] and v_p [B, S, 1] for the residuals. All are small real
    linears of the layer's input, shared by the heads.
    """

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden_size
        self.heads = config.num_heads
        self.head_size = hidden // config.num_heads
        self.query = make_linear(config, hidden, hidden)
        self.key = make_linear(config, hidden, hidden, beside=self.query)
        self.value = make_linear(config, hidden, hidden, beside=self.query)
        self.clip_query = nn.Parameter(torch.tensor(1.0))
        self.clip_key = nn.Parameter(torch.tensor(1.0))
        self.clip_value = nn.Parameter(torch.tensor(1.0))
        self.clip_attn = nn.Parameter(torch.tensor(1.0))
        # The products of attention are f32 between linears of 8 bits.
        bits = 32 if config.activation_bits == 8 else config.activation_bits
        self.quantize_query = Quantizer(bits, signed=True)
        self.quantize_key = Quantizer(bits, signed=True)
        self.quantize_value = Quantizer(bits, signed=True)
        self.quantize_attn = Quantizer(bits, signed=False)
        rank = config.residual_rank if config.family == "bipft" else 0
        self.has_residual = rank > 0
        if self.has_residual:
            self.k_p = nn.Linear(hidden, rank)
            self.q_p = nn.Linear(hidden, rank)
            self.k_m = nn.Linear(hidden, rank)
            self.q_m = nn.Linear(hidden, rank)
            self.v_p = nn.Linear(hidden, 1)
        self.has_lora = config.lora_rank > 0
        if self.has_lora:
            self.lora_k = Lora(hidden, config.lora_rank)
            self.lora_q = Lora(hidden, config.lora_rank)
            self.lora_v = Lora(hidden, config.lora_rank)
        self.dropout = nn.Dropout(config.dropout)

    def _split(self, x):
        """[B, S, H] -> [B, heads, S, d]"""
        x = x.view(x.shape[0], x.shape[1], self.heads, self.head_size)
        return x.permute(0, 2, 1, 3)

    def forward(self, hidden, mask):
        query, key, value = self.query(hidden), self.key(hidden), self.value(hidden)
        if self.has_lora:
            query = query + self.lora_q(hidden)
            key = key + self.lora_k(hidden)
            value = value + self.lora_v(hidden)
        query = self.quantize_query(self._split(query), self.clip_query)
        key = self.quantize_key(self._split(key), self.clip_key)
        value = self.quantize_value(self._split(value), self.clip_value)
        scores = torch.matmul(query, key.transpose(-1, -2))
        if self.has_residual:
            scores = scores + self._score_residual(hidden)
        scores = scores / math.sqrt(self.head_size) + mask
        probabilities = self.dropout(nn.functional.softmax(scores, dim=-1))
        probabilities = self.quantize_attn(probabilities, self.clip_attn)
        context = torch.matmul(probabilities, value)
        if self.has_residual:
            residual = self.v_p(hidden).unsqueeze(-1).permute(0, 2, 1, 3)
            residual = residual.expand(-1, self.heads, -1, -1)
            context = context + torch.matmul(probabilities, residual)
        context = context.permute(0, 2, 1, 3).contiguous()
        return context.view(context.shape[0], context.shape[1], -1)

    def _score_residual(self, hidden):
        """[B, S, H] -> [B, 1, S, S]: the sum of the three estimated products."""
        q_p, k_p = self.q_p(hidden), self.k_p(hidden)
        q_m, k_m = self.q_m(hidden), self.k_m(hidden)
        both = torch.matmul(q_p, k_p.transpose(-1, -2)).unsqueeze(1)
        of_key = torch.matmul(q_m, k_p.transpose(-1, -2)).unsqueeze(1)
        of_query = torch.matmul(q_p, k_m.transpose(-1, -2)).unsqueeze(1)
        return of_key + of_query + both


class SelfOutput(nn.Module):
    """LayerNorm(linear(context) + hidden), [B, S, H] twice -> [B, S, H]."""

    def __init__(self, config):
        super().__init__()
        hidden = config.hidden_size
        if config.lora_rank:
            self.lora_o = Lora(hidden, config.lora_rank)
        self.dense = make_linear(config, hidden, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, context, hidden):
        y = self.dense(context)
        if hasattr(self, "lora_o"):
            y = y + self.lora_o(context)
        return self.LayerNorm(self.dropout(y) + hidden)


class Attention(nn.Module):
    """hidden [B, S, H], mask [B, 1, 1, S] -> [B, S, H]"""

    def __init__(self, config):
        super().__init__()
        self.self = SelfAttention(config)
        self.output = SelfOutput(config)

    def forward(self, hidden, mask):
        return self.output(self.self(hidden, mask), hidden)
