# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights and activations of few bits, and their straight-through gradients.

Each quantiser computes plain tensor operations; during training these are wrapped in an
autograd function whose backward pass is the paper's. Without gradients (evaluation, export)
the plain operations run alone, so that an exporter sees nothing else.
"""
import math

import torch
from torch import nn

SMALLEST_SCALE = 1e-5  # a learned scale that training drives to 0 or below stops here


def binarize_weight(weight, per_row=False):
    """sign(W - mean(W)) * mean|W|: BiT section 3 (weights), after Rastegari et al. 2016.

    weight [..., N] -> the same shape, two values. The mean is over the whole tensor; the scale
    over the whole tensor too, or over each row (`per_row`, the word embedding).
    """
    if weight.requires_grad and torch.is_grad_enabled():
        return _BinarizeWeight.apply(weight, per_row)
    return _binarize_weight(weight, weight.mean(), per_row)


def _binarize_weight(weight, mean, per_row):
    signs = torch.sign(weight - mean)
    scale = (weight.norm(1, -1, keepdim=True) / weight.shape[-1] if per_row
             else weight.norm(1) / weight.numel())
    return signs * scale.expand(weight.shape)


class _BinarizeWeight(torch.autograd.Function):
    """The gradient passes unchanged to the latent weight."""

    @staticmethod
    def forward(ctx, weight, per_row):
        return _binarize_weight(weight, weight.mean(), per_row)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def binarize_rows(table, ids):
    """Rows `ids` of binarize_weight(table, per_row=True), without binarising the others.

    table [V, N], ids integers [...] -> [..., N]
    """
    return _StraightThroughRows.apply(nn.functional.embedding(ids, table, padding_idx=0),
                                      table.detach().mean())


class _StraightThroughRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows, mean):
        return _binarize_weight(rows, mean, per_row=True)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def _levels(bits, signed):
    """The smallest and the largest integer of a quantised activation."""
    if signed:
        return (-1, 1) if bits == 1 else (-2**(bits - 1), 2**(bits - 1) - 1)
    return 0, 2**bits - 1


def _clamp_scale(scale):
    return torch.where(scale > SMALLEST_SCALE, scale,
                       torch.full_like(scale, SMALLEST_SCALE))


def _quantize(x, scale, low, high, is_sign):
    """The quantised x; `scale` is clamped already, `low` and `high` are the levels."""
    if is_sign:
        return torch.sign(x) * scale
    return torch.clamp(torch.round(x / scale), low, high) * scale


class _Elastic(torch.autograd.Function):
    """Elastic quantisation, BiT section 3.2: the gradient of x passes where x is within the
    quantiser's range; that of the scale follows Esser et al. 2020 (LSQ), eq. 3 and section 2.2
    (the divisor sqrt(count * levels))."""

    @staticmethod
    def forward(ctx, x, scale, low, high, is_sign):
        scale = _clamp_scale(scale)
        y = _quantize(x, scale, low, high, is_sign)
        ctx.how = low, high, is_sign
        if is_sign:  # by far the most frequent: keep a mask in place of x
            ctx.save_for_backward(x.abs() <= scale, y, scale)
        else:
            ctx.save_for_backward(x, y, scale)
        return y

    @staticmethod
    def backward(ctx, gradient):
        x, y, scale = ctx.saved_tensors
        low, high, is_sign = ctx.how
        if is_sign:
            slope, inside = y, x
        else:
            ratio = x / scale
            inside = (ratio >= low) & (ratio <= high)
            slope = torch.where(inside, y - x, y)
        scale_gradient = None
        if ctx.needs_input_grad[1]:
            # slope is the derivative by the scale, times the scale; no level need be positive
            count = x.numel() * max(high, 1)
            scale_gradient = (slope * gradient).sum() / (scale * math.sqrt(count))
            scale_gradient = scale_gradient.reshape(scale.shape)
        return gradient * inside, scale_gradient, None, None, None


def elastic(x, scale, low, high, is_sign=False):
    """clip(round(x / scale), low, high) * scale, or sign(x) * scale, with _Elastic's gradients
    for both: x [...] f32, scale [] f32 (at least 1e-5 is used) -> the shape of x."""
    if torch.is_grad_enabled():
        return _Elastic.apply(x, scale, low, high, is_sign)
    return _quantize(x, _clamp_scale(scale), low, high, is_sign)


def quantize_activation(x, scale, bits, signed, minimum=None):
    """x in few bits times a learned scale: the two sets and the elastic activation of BiT
    (sections 3.1 and 3.2).

    signed, 1 bit      sign(x) * scale                               {-scale, scale}
    unsigned, 1 bit    clip(round(x / scale), 0, 1) * scale          {0, scale}
    signed, k bits     clip(round(x / scale), -2^(k-1), 2^(k-1)-1) * scale
    unsigned, k bits   clip(round((x - m) / scale), 0, 2^k-1) * scale + m,  m = `minimum`,
                       or the smallest x where that is None

    x [...] f32, scale [] f32 (at least 1e-5 is used) -> the shape of x.
    """
    shift = None
    if not signed and bits > 1:
        shift = float(x.detach().min() if minimum is None else minimum)
        x = x - shift
    y = elastic(x, scale, *_levels(bits, signed), signed and bits == 1)
    return y if shift is None else y + shift


def initial_scale(x, bits, signed):
    """A scale to start from, given a sample of activations x [...].

    One signed bit: mean|x|, which minimises the squared error (BiT section 3.1). Others: LSQ's
    2 mean|x| / sqrt(largest level), over the x that are not 0: padding is no sample.
    """
    magnitude = x.abs()
    if signed and bits == 1:
        return magnitude.mean()
    present = magnitude[magnitude > 0]
    if not signed and bits > 1:
        present = (x - x.min())[x > x.min()]
    mean = present.mean() if present.numel() else magnitude.new_tensor(1.0)
    return 2 * mean / math.sqrt(_levels(bits, signed)[1])


class Calibrated(nn.Module):
    """A quantiser that `calibrate` sets: what, while it does, `calibrating` says."""

    def __init__(self):
        super().__init__()
        self.calibrating = ()

    NEEDED = "minimum"

    def is_calibrated(self):
        """False where what is NEEDED of a batch is not known."""
        raise NotImplementedError


class Quantizer(Calibrated):
    """The state of one activation quantiser that its module does not keep itself.

    The learned scale belongs to the module that owns the quantiser, under the name the
    checkpoints use (`input_clip_val`, `clip_query`, ...); this object knows bits and sign,
    and, for unsigned activations of several bits, the minimum that it subtracts: a buffer, so
    that an exported model and a loaded one subtract what training did. It is NaN until
    `calibrate` sets it, and then every batch's own minimum is used.
    """

    def __init__(self, bits, signed):
        super().__init__()
        self.bits = bits
        self.signed = signed
        if not signed and bits in (2, 4):
            self.register_buffer("minimum", torch.tensor(float("nan")))

    def forward(self, x, scale):
        """x [...] -> the same shape; `scale` [] as in quantize_activation."""
        if self.bits == 32:
            return x
        if "scales" in self.calibrating:
            scale.copy_(initial_scale(x, self.bits, self.signed))
        minimum = None
        if hasattr(self, "minimum"):
            if "minima" in self.calibrating:
                self.minimum.copy_(x.min())
            if self.is_calibrated():
                minimum = self.minimum
        return quantize_activation(x, scale, self.bits, self.signed, minimum)

    def is_calibrated(self):
        return not hasattr(self, "minimum") or not bool(torch.isnan(self.minimum))


@torch.no_grad()
def calibrate(model, *inputs, what=("scales", "minima")):
    """Sets the learned scales, the minima and the ranges of `model` from one batch, layer after
    layer: each quantiser sees what the ones before it, set already, produce. `inputs` are the
    model's. For a checkpoint of 1-bit weights, whose scales are learned already,
    `what=("minima",)`."""
    quantizers = [module for module in model.modules() if isinstance(module, Calibrated)]
    training = model.training
    model.eval()
    for quantizer in quantizers:
        quantizer.calibrating = what
    try:
        model(*inputs)
    finally:
        for quantizer in quantizers:
            quantizer.calibrating = ()
        model.train(training)
