# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The arithmetic of scales: ranges of activations to u8 with a zero point, weights to s8 without
one. The rules are those of ONNX Runtime's quantiser, so that the files mean the same."""
import numpy as np

METHODS = ("minmax", "percentile", "mse")
# Fine enough that a percentile, or a scale of least error, is off by less than a step of u8 where
# a single value is 64 times as large as all others.
BINS = 1 << 14
_COARSE = np.arange(20, 0, -1) / 20
_FINE = np.arange(5, -6, -1) / 100


def affine(low, high):
    """(scale, zero point) of a u8 tensor with values from `low` to `high`: an np.float32 and an
    np.uint8. 0 is always exact: padding and ReLU are made of it."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    scale = np.float32((high - low) / 255)
    if scale < np.finfo(np.float32).tiny:
        return np.float32(1), np.uint8(0)
    return scale, np.uint8(np.clip(np.round(-low / float(scale)), 0, 255))


def histogram(values, low, high):
    """How many values are in each of BINS equal parts of low..high, an int64 array. Zeros are
    left out: no scale is wrong about them, and padding must not outvote the rest."""
    values = values[values != 0].astype(np.float64)
    places = (values - low) * (BINS / (high - low))
    return np.bincount(np.clip(places.astype(np.int64), 0, BINS - 1), minlength=BINS)


def percentile_range(counts, low, high, percentile):
    """The part of low..high that leaves out (100 - percentile) / 2 % of the values at each end."""
    cut = counts.sum() * (1 - percentile / 100) / 2
    below = np.cumsum(counts)
    above = np.cumsum(counts[::-1])
    step = (high - low) / BINS
    # The first bin at which more than that lies outside is still inside.
    first = int(np.argmax(below > cut))
    last = int(np.argmax(above > cut))
    return low + first * step, high - last * step


def _error(values, counts, low, high):
    scale, zero = affine(low, high)
    codes = np.clip(np.rint(values / float(scale)) + int(zero), 0, 255)
    return float((counts * (values - (codes - int(zero)) * float(scale)) ** 2).sum())


def _grid(end, around, steps):
    """Fractions of one end of a range to try, the largest first."""
    return np.unique(np.clip(around + steps, 0.01, 1))[::-1] if end else (1.0,)


def least_error_range(counts, low, high):
    """The range inside low..high, which has 0 in it, whose scale has the least squared error over
    the histogram: of equally good ones the widest."""
    centers = low + (np.arange(BINS) + 0.5) * ((high - low) / BINS)
    values, counts = centers[counts > 0], counts[counts > 0].astype(np.float64)
    best = _error(values, counts, low, high), 1.0, 1.0
    for steps in (_COARSE, _FINE):
        _, down_from, up_from = best if steps is _FINE else (0, 0, 0)
        # What one end clips is its own affair, but both share the step: each is tried with each.
        for down in _grid(low, down_from, steps):
            for up in _grid(high, up_from, steps):
                error = _error(values, counts, low * down, high * up)
                if error < best[0]:
                    best = error, down, up
    return low * best[1], high * best[2]


def _codes(weight, scale):
    # A quotient of f32 numbers, as QuantizeLinear computes it.
    return np.clip(np.rint(weight / scale), -127, 127)


def _least_error_scales(weight, scales):
    """The fraction of each scale, 1 at most, that has the least squared error. `weight` is
    [K, N], `scales` [N] or one."""
    axis = 0 if scales.ndim else None

    def error(fractions):
        tried = np.maximum((scales * fractions).astype(np.float32), np.finfo(np.float32).tiny)
        difference = weight - _codes(weight, tried) * tried
        return np.square(difference, dtype=np.float64).sum(axis=axis)

    best = np.ones(scales.shape)
    least = error(best)
    for steps in (_COARSE, _FINE):
        start = best.copy() if steps is _FINE else np.zeros(scales.shape)
        for step in steps:
            fractions = np.clip(start + step, 0.01, 1)
            tried = error(fractions)
            best = np.where(tried < least, fractions, best)
            least = np.minimum(tried, least)
    return (scales * best).astype(np.float32)


def weight_scales(weight, *, per_channel):
    """The scales of a weight [K, N] in f32 whose largest magnitude is to be the code 127: float32
    [N], or [] without `per_channel`. A channel of zeros has the scale 1."""
    largest = np.abs(weight).max(axis=0 if per_channel else None, initial=0)
    scales = np.asarray(largest / np.float32(127), np.float32)
    return np.where(scales < np.finfo(np.float32).tiny, np.float32(1), scales)


def quantize_weight(weight, *, per_channel, least_error):
    """(codes, scales) of a weight [K, N] in f32: int8 [K, N] from -127 to 127, and float32 [N], or
    [] without `per_channel`. A channel of zeros has the scale 1."""
    scales = weight_scales(weight, per_channel=per_channel)
    if least_error:
        scales = _least_error_scales(weight, scales)
    return _codes(weight, scales).astype(np.int8), scales
