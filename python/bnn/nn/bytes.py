# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Linear layers of 8-bit integers, as they are while they learn: f32 numbers that are whole
multiples of a scale ("fake quantisation", Jacob et al. 2018, arXiv 1712.05877, section 3).

The rules of scales and zero points are those of bnn.quantize, so that a model that is trained
here and one that is quantised afterwards mean the same by the same numbers.
"""
import copy
import math

import numpy as np
import torch
from torch import nn

from bnn.quantize import rules

from .quantizers import SMALLEST_SCALE, Calibrated, elastic

# What a batch counts in a moving range, and what the first ones of torch's and TensorFlow's
# quantisers have too.
MOMENTUM = 0.01
PERCENTILE = 99.99


def round_weight(weight, scales):
    """round(W / s) * s, codes -127 to 127, half to even: weight [N, K] f32, `scales` "channel" (a
    scale for each of N) or "tensor" -> [N, K]. The gradient passes unchanged: no weight lies
    outside what its scale reaches."""
    if weight.requires_grad and torch.is_grad_enabled():
        return _RoundWeight.apply(weight, scales)
    return _round_weight(weight, scales)


def _round_weight(weight, scales):
    per_channel = scales == "channel"
    scale = torch.as_tensor(rules.weight_scales(weight.detach().cpu().numpy().T,
                                                per_channel=per_channel), device=weight.device)
    if per_channel:
        scale = scale.unsqueeze(1)
    return torch.clamp(torch.round(weight / scale), -127, 127) * scale


class _RoundWeight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight, scales):
        return _round_weight(weight, scales)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


class ByteQuantizer(Calibrated):
    """(clip(round(x / s) + z, 0, 255) - z) * s, with one scale and one zero point for a tensor:
    x [...] f32 -> the same shape. The u8 numbers less 128 are the same as s8.

    `ranges` says where `low` and `high`, of which s and z follow (rules.affine), come from:

    "minmax"      the first batch's least and largest x, then a moving average of each batch's
    "percentile"  what holds 99.99 % of the first batch's x; it stays
    "learned"     as "percentile", but then the width of the range is learned, with the gradient
                  of the scale of Esser et al. 2020 (LSQ, arXiv 1902.08153), eq. 3; z stays. It is
                  the width and not the scale, its 255th, since an optimiser such as Adam moves
                  every parameter by about its learning rate.

    The first batch is `calibrate`'s, or else the first that the module is trained on. In
    evaluation nothing moves; without a first batch every batch's own range is used. Where one
    quantiser serves several linears, each of them moves its range.
    """

    NEEDED = "range"

    def __init__(self, ranges):
        super().__init__()
        self.ranges = ranges
        self.register_buffer("low", torch.tensor(math.nan))
        self.register_buffer("high", torch.tensor(math.nan))
        if ranges == "learned":
            self.width = nn.Parameter(torch.tensor(255.0))

    def forward(self, x):
        is_first = not self.is_calibrated() and (self.training or self.calibrating)
        if is_first or "scales" in self.calibrating:
            self._start(x.detach())
        elif self.training and self.ranges == "minmax":
            low, high = _extent(x.detach())
            self.low.lerp_(self.low.new_tensor(low), MOMENTUM)
            self.high.lerp_(self.high.new_tensor(high), MOMENTUM)
        if self.is_calibrated():
            low, high = float(self.low), float(self.high)
        else:
            low, high = _extent(x.detach())
        scale, zero = rules.affine(low, high)
        zero = int(zero)
        if self.ranges == "learned" and self.is_calibrated():
            scale = self.width / 255
        else:
            scale = x.new_tensor(float(scale))
        return elastic(x, scale, -zero, 255 - zero)

    def _start(self, x):
        low, high = _extent(x)
        if self.ranges != "minmax" and low < high:
            counts = rules.histogram(x.cpu().numpy(), low, high)
            low, high = rules.percentile_range(counts, low, high, PERCENTILE)
        with torch.no_grad():
            self.low.fill_(min(low, 0))
            self.high.fill_(max(high, 0))
            if self.ranges == "learned":
                self.width.fill_(255 * float(rules.affine(float(self.low), float(self.high))[0]))

    def is_calibrated(self):
        return not bool(torch.isnan(self.low))

    def parameters_of_export(self):
        """(scale, zero point) as a file stores them: an np.float32 and an np.uint8."""
        scale, zero = rules.affine(float(self.low), float(self.high))
        if self.ranges == "learned":
            scale = (self.width.detach() / 255).cpu().numpy()[()]
        return np.maximum(scale, np.float32(SMALLEST_SCALE)), zero

    def defect(self):
        """What is wrong with values that came from a file; "" where nothing is."""
        if not self.is_calibrated():
            return ""
        low, high = float(self.low), float(self.high)
        if not -math.inf < low <= 0 <= high < math.inf:
            return f"{low:g} to {high:g} is no range around 0"
        if self.ranges == "learned" and not math.isfinite(float(self.width)):
            return f"the width {float(self.width):g} is not finite"
        return ""


def _extent(x):
    """The least and the largest of x and 0."""
    return min(float(x.min()), 0.0), max(float(x.max()), 0.0)


class ByteLinear(nn.Linear):
    """y = quantize(x) round(W)^T + b: x [..., in] f32 -> y [..., out] f32. The weights are s8
    without a zero point, the inputs u8 with one; b stays f32.

    `quantizer`: that of another linear which reads the same x, to share it. With `plain` set it
    is the f32 linear of its latent weights, which export puts the quantisers around.
    """

    plain = False

    def __init__(self, in_features, out_features, weight_scales, ranges, quantizer=None):
        super().__init__(in_features, out_features)
        self.weight_scales = weight_scales
        self.quantizer = quantizer or ByteQuantizer(ranges)

    def forward(self, x):
        weight = self.weight
        if not self.plain:
            x, weight = self.quantizer(x), round_weight(weight, self.weight_scales)
        y = nn.functional.linear(x, weight)
        return y + self.bias.view(1, -1).expand_as(y)


def byte_linears(model):
    """{name: module} of the 8-bit linears of a model."""
    return {name: module for name, module in model.named_modules()
            if isinstance(module, ByteLinear)}


def plain(model):
    """A copy of `model` whose 8-bit linears compute in f32."""
    model = copy.deepcopy(model)
    for module in byte_linears(model).values():
        module.plain = True
    return model
