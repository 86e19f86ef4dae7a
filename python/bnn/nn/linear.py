# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Linear layers and embeddings of few bits."""
import copy

import torch
from torch import nn

from .bytes import ByteLinear
from .quantizers import Quantizer, binarize_rows, binarize_weight


class _Freezable:
    """A module whose latent weight can be exchanged for what it stands for."""

    frozen = False

    def freeze(self, per_row):
        """Replaces the latent f32 weight by its signs (bool, true: positive) and their scale
        ([], or [rows, 1] with `per_row`): the same function, a quarter of the size, no more
        training. Raises ValueError where a weight equals the mean, so that it has no sign."""
        with torch.no_grad():
            binary = binarize_weight(self.weight, per_row)
            scale = binary.abs().amax(-1, keepdim=True) if per_row else binary.abs().max()
            if bool(((binary == 0) & (scale != 0)).any()):
                raise ValueError("a weight equals the mean of its tensor and is 0 when binarised: "
                                 "it has no sign to store; export without `compact`")
            signs = binary >= 0
        del self.weight
        self.register_buffer("signs", signs)
        self.register_buffer("scale", scale)
        self.frozen = True

    def settle(self, per_row):
        """Moves each latent weight that equals the mean, and is 0 when binarised, a little above
        it. Training ends with some: a weight that is pulled to both sides of the mean comes
        as close to it as the learning rate is small. Weights that are all equal stay so."""
        with torch.no_grad():
            while True:
                zero = (binarize_weight(self.weight, per_row) == 0) & (
                    self.weight.abs().amax(-1, keepdim=True) > 0)
                if not bool(zero.any()) or bool(zero.all()):
                    return
                self.weight[zero] += 1e-6 * self.weight.abs().mean()

    def thawed(self):
        """The binary weight of a frozen module, f32."""
        return torch.where(self.signs, self.scale, -self.scale)


class Shift(nn.Module):
    """x + bias, a learned threshold for each channel (ReActNet's, used by BiT section 3.2).

    x [..., N] -> [..., N]
    """

    def __init__(self, size):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        return x + self.bias.expand_as(x)


class BinaryLinear(_Freezable, nn.Linear):
    """y = quantize(x + move) binarize(W)^T + b, BiT section 2 and BiPFT section 3.

    x [..., in] f32 -> y [..., out] f32. `signed` says which of the two sets the input is
    binarised to: {-1, 1} or, for inputs that are never negative, {0, 1}. With real weights
    (`weight_bits` 32) and binary inputs this is BiPFT's `half_binary` linear; with both real,
    a plain linear (`move` and the scale are kept, unused, so that a model of any precision has
    the same parameters).
    """

    def __init__(self, in_features, out_features, weight_bits, activation_bits, signed=True):
        super().__init__(in_features, out_features)
        self.weight_bits = weight_bits
        self.input_clip_val = nn.Parameter(torch.tensor(1.0))
        self.move = Shift(in_features)
        self.quantizer = Quantizer(activation_bits, signed)

    def forward(self, x):
        if self.frozen:
            weight = self.thawed()
        else:
            weight = self.weight if self.weight_bits == 32 else binarize_weight(self.weight)
        if self.quantizer.bits != 32:
            x = self.quantizer(self.move(x), self.input_clip_val)
        y = nn.functional.linear(x, weight)
        return y + self.bias.view(1, -1).expand_as(y)


def make_linear(config, in_features, out_features, signed=True, beside=None):
    """The linear layer of a Config's bits. `signed`: see BinaryLinear; `beside`: a linear that
    reads the same tensor, whose quantiser one of 8 bits shares."""
    if config.weight_bits == 8:
        return ByteLinear(in_features, out_features, config.weight_scales,
                          config.activation_ranges, beside and beside.quantizer)
    return BinaryLinear(in_features, out_features, config.weight_bits, config.activation_bits,
                        signed)


class BinaryEmbedding(_Freezable, nn.Embedding):
    """A table whose rows are binarised: sign(W - mean(W)), times a scale for each row.

    ids integers [B, S] -> [B, S, H] f32. Row 0 is the padding's: zeros, so its scale is 0.
    """

    def __init__(self, rows, size, bits):
        super().__init__(rows, size, padding_idx=0)
        self.bits = bits

    def forward(self, ids):
        if self.frozen:
            return nn.functional.embedding(ids, self.thawed(), self.padding_idx)
        if self.bits == 32:
            return super().forward(ids)
        if torch.is_grad_enabled():
            return binarize_rows(self.weight, ids)
        table = binarize_weight(self.weight, per_row=True)
        return nn.functional.embedding(ids, table, self.padding_idx)


class Lora(nn.Module):
    """A real-valued branch of low rank beside a binary linear: B(A(x)), without biases.

    x [..., H] -> [..., H]; A is `lora.0` (H to r), B `lora.1` (r to H).
    """

    def __init__(self, size, rank):
        super().__init__()
        self.lora = nn.Sequential(nn.Linear(size, rank, bias=False),
                                  nn.Linear(rank, size, bias=False))

    def forward(self, x):
        return self.lora(x)


def linears(model):
    """The linear layers of `model` whose bits its Config says, whatever they are, in order."""
    return [module for module in model.modules() if isinstance(module, (BinaryLinear, ByteLinear))]


def binary_modules(model):
    """-> (module, whether each row has its own scale) of all modules with 1-bit weights"""
    for module in model.modules():
        if isinstance(module, BinaryLinear) and module.weight_bits == 1:
            yield module, False
        elif isinstance(module, BinaryEmbedding) and module.bits == 1:
            yield module, True


def settle(model):
    """Gives every binary weight of `model` a sign: see _Freezable.settle."""
    for module, per_row in binary_modules(model):
        module.settle(per_row)


def freeze(model):
    """A copy of `model` whose binary weights are stored as signs and scales: see
    _Freezable.freeze. What is real-valued stays as it is."""
    model = copy.deepcopy(model)
    for module, per_row in list(binary_modules(model)):
        module.freeze(per_row)
    return model
