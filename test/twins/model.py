# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every op of the bnn dialect computes, in NumPy.

Each function follows the description of its op in dialects/BNN/BNNOps.td and nothing else: it
shares no code with a lowering, so that it sees what the lowerings have in common. Integers are
exact. Floats whose order the description fixes are equal to the last bit; exp is within a few
units, so that what hangs on it is returned with whether it is sure.
"""
import re

import numpy as np

LANES = 16


#===------------------------------------------------------------------------===#
# Arithmetic
#===------------------------------------------------------------------------===#

def fma(a, b, c):
    """a * b + c of f32, rounded once."""
    with np.errstate(all="ignore"):
        product = np.asarray(a, np.float64) * np.asarray(b, np.float64)  # Exact: 48 bits.
        c = np.asarray(c, np.float64)
        total = product + c
        # What the sum lost (Knuth), which makes it odd: f32 has too few bits to be misled then.
        part = total - product
        lost = (product - (total - part)) + (c - part)
        even = (total.view(np.int64) & 1) == 0
        toward = np.where(lost > 0, np.inf, -np.inf)
        odd = np.where((lost != 0) & np.isfinite(lost) & even, np.nextafter(total, toward), total)
        return odd.astype(np.float32)


COMBINE = {
    "add": (np.float32(0), np.add),
    "max": (np.float32(-np.inf), lambda a, b: np.where(a > b, a, b)),
    "min": (np.float32(np.inf), lambda a, b: np.where(a < b, a, b)),
}


def canonical(kind, x):
    """The last axis of an f32 array in the canonical order of bnn.reduce."""
    neutral, combine = COMBINE[kind]
    partials = np.full((*x.shape[:-1], LANES), neutral, np.float32)
    with np.errstate(all="ignore"):
        for first in range(0, x.shape[-1], LANES):
            block = x[..., first:first + LANES]
            live = partials[..., :block.shape[-1]]
            live[...] = combine(live, block)
        for width in (8, 4, 2, 1):
            partials[..., :width] = combine(partials[..., :width], partials[..., width:2 * width])
    return partials[..., 0]


def dot(x, weight):
    """x @ weight.T of integers, which f64 has exactly."""
    return (x.astype(np.float64) @ weight.astype(np.float64).T).astype(np.int64)


def rounded(v, step, least, most):
    """round(v / step), half to even, in a range, NaN as 0."""
    with np.errstate(all="ignore"):
        level = np.round(v / np.float32(step))
    return np.clip(np.where(np.isnan(level), 0, level), least, most).astype(np.int64)


#===------------------------------------------------------------------------===#
# Ops
#===------------------------------------------------------------------------===#

def constant(bits, signed=True):
    """bnn.constant: the numbers that bits, or bytes, stand for."""
    if bits.dtype == np.int8:
        return bits.astype(np.int64) if signed else bits.view(np.uint8).astype(np.int64)
    return np.where(bits, 1, -1 if signed else 0)


def shifted(x, shift):
    with np.errstate(all="ignore"):
        return x if shift is None else x + shift


def binarize(x, shift=None):
    """bnn.binarize: the signs, and where there is none."""
    v = shifted(x, shift)
    return np.where(v > 0, 1, -1), ~((v > 0) | (v < 0))


def binarize_decided(x, zero, nan, shift=None):
    """bnn.binarize with a sign of 0 and of NaN, each 1 or -1."""
    v = shifted(x, shift)
    return np.where(v > 0, 1, np.where(v < 0, -1, np.where(v == 0, zero, nan)))


def binarize_above(x, threshold, shift=None, nan=0):
    """bnn.binarize with a threshold."""
    v = shifted(x, shift)
    return np.where(np.isnan(v), nan, v > np.float32(threshold)).astype(np.int64)


def quantize(x, step, least, most, minimum=None, shift=None):
    """bnn.quantize."""
    v = shifted(x, shift)
    if minimum is not None:
        with np.errstate(all="ignore"):
            v = v - np.float32(minimum)
    return rounded(v, step, least, most)


def quantize_bytes(x, step, least, most, zero_point=None, shift=None):
    """bnn.quantize to integers of 8 bits."""
    zero = min(max(zero_point or 0, least), most)
    with np.errstate(all="ignore"):
        number = np.round(shifted(x, shift) / np.float32(step)).astype(np.float64) + zero
    return np.clip(np.where(np.isnan(number), least, number), least, most).astype(np.int64)


def matmul_integers(x, weight, zeros=None):
    """bnn.matmul of integers by {-1, +1}, or by signed bytes."""
    return dot(x if zeros is None else np.where(zeros, 0, x), weight)


def matmul_signs(x, weight):
    """bnn.matmul of f32 by {-1, +1}: one addition or subtraction after the other."""
    acc = np.zeros((*x.shape[:-1], len(weight)), np.float32)
    with np.errstate(all="ignore"):
        for k in range(x.shape[-1]):
            value = x[..., k, None]
            acc = np.where(weight[:, k] > 0, acc + value, acc - value)
    return acc


def matmul_floats(x, weight):
    """bnn.matmul of f32 by f32 [K, N], or by bytes as f32: one fma after the other."""
    acc = np.zeros((*x.shape[:-1], weight.shape[1]), np.float32)
    for k in range(x.shape[-1]):
        acc = fma(x[..., k, None], weight[k], acc)
    return acc


def heads_first(x, heads):
    """[B, S, heads * d] as [B, heads, S, d]."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def heads_last(x):
    """[B, heads, S, d] as [B, S, heads * d]."""
    x = x.transpose(0, 2, 1, 3)
    return x.reshape(*x.shape[:2], -1)


def masked(s, masks):
    """Scores [B, heads, S, T] after masks (numbers, and their kind), one after the other. Sentences take the rows of a
    mask in turn."""
    kinds = {"add": lambda s, m: s + m, "fill": lambda s, m: np.where(np.isnan(m), s, m),
             "multiply": lambda s, m: s * m, "max": lambda s, m: np.where(m > s, m, s),
             "min": lambda s, m: np.where(m < s, m, s)}
    for mask, kind in masks:
        if mask.ndim == 2:
            mask = mask[:, None, None, :]
        mask = mask[np.arange(len(s)) % len(mask)]
        s = kinds[kind](s, mask)
    return s


def scores(q, k, scale, divisor, left, right, masks, early):
    """The scores of bnn.attention, [B, heads, S, T]."""
    total = np.einsum("bhic,bhjc->bhij", q.astype(np.float64), k.astype(np.float64)).astype(np.float32)
    with np.errstate(all="ignore"):
        if left is None:
            s = total * np.float32(scale)
        else:
            bracket = left[:, :, None, 0] * right[:, None, :, 0]
            for r in range(1, left.shape[-1]):
                bracket = fma(left[:, :, None, r], right[:, None, :, r], bracket)
            s = fma(total, np.float32(scale), bracket[:, None])
        return masked(masked(s, masks[:early]) / np.float32(divisor), masks[early:])


def attention(q, k, v, heads, scale, divisor, cutoff=None, probability=None, left=None, right=None,
              residual=None, mask=None, masks=(), early=0, causal=False, threshold=None):
    """bnn.attention of numbers [B, S, heads * d]; `probability` is (step, minimum, most), `threshold` (number,
    inclusive), and `mask` a single one that is added.

    Returns what its epilogue gets of each element, acc and the sum beside it, and whether both are
    sure: no probability is so near to a cut or to the middle of two integers that exp decides."""
    q, k, v = (heads_first(x, heads) for x in (q, k, v))
    if mask is not None:
        masks = [(mask, "add")]
    s = scores(q, k, scale, divisor, left, right, list(masks), early)
    seen = np.tri(s.shape[-2], s.shape[-1], dtype=bool) if causal else np.ones(s.shape[-2:], bool)
    with np.errstate(all="ignore"):
        # What is not seen is the neutral element of the maximum, and adds nothing to the sum.
        most = canonical("max", np.where(seen, s, np.float32(-np.inf)))[..., None]
        e = np.where(seen, np.exp((s - most).astype(np.float64)).astype(np.float32), np.float32(0))
        total = canonical("add", e)[..., None]
        sure = np.ones(s.shape, bool)
        if threshold is not None:
            p = (s >= threshold[0] if threshold[1] else s > threshold[0]).astype(np.int64)
        elif cutoff is not None:
            cut = np.float32(cutoff) * total
            p = (e > cut).astype(np.int64)
            sure = ~(np.abs(e - cut) <= np.float32(1e-5) * (np.abs(e) + np.abs(cut)))
        else:
            step, minimum, most = probability
            share = e / total - np.float32(minimum)
            p = rounded(share, step, 0, most)
            exact = share.astype(np.float64) / step
            sure = ~(np.abs(exact - np.floor(exact) - 0.5) < 1e-4) | ~np.isfinite(exact)
    p, sure = np.where(seen, p, 0), sure | ~seen
    acc = np.einsum("bhij,bhjc->bhic", p.astype(np.float64), v.astype(np.float64)).astype(np.int64)
    if probability is not None:
        beside = np.broadcast_to(v.sum(-2, keepdims=True), acc.shape)
    elif residual is None:
        beside = np.zeros(acc.shape, np.float32)
    else:
        chosen = np.where(p > 0, residual[:, None, None, :, 0], np.float32(0))
        beside = np.broadcast_to(canonical("add", chosen)[..., None], acc.shape)
    sure = np.broadcast_to(sure.all(-1, keepdims=True), acc.shape)
    return heads_last(acc), heads_last(beside), heads_last(sure)


def embedding(ids, weight, scale):
    """bnn.embedding: rows of a table of {-1, +1}."""
    rows = len(weight)
    at = np.clip(np.where(ids < 0, ids + rows, ids), 0, rows - 1)
    return np.where(weight > 0, scale[:, None], -scale[:, None])[at]


def reduce(kind, x):
    """bnn.reduce."""
    return canonical(kind, x)


def layer_norm(x, scale, bias, epsilon):
    """bnn.layer_norm without an epilogue."""
    count = np.float32(x.shape[-1])
    with np.errstate(all="ignore"):
        mean = canonical("add", x)[..., None] / count
        d = x - mean
        variance = canonical("add", d * d)[..., None] / count
        center = mean + canonical("add", d)[..., None] / count
        r = np.float32(1) / np.sqrt(variance + np.float32(epsilon))
        return fma((x - center) * r, scale, bias)


def check_indices(ids, limit):
    """bnn.check_indices."""
    return bool(((ids >= -limit) & (ids < limit)).all())


def status(checks):
    """What a run returns: the status of the first bnn.return_unless whose condition is false.
    `checks` has (condition, status) in order; those of bnn.check_shape and of the result of
    bnn.check_indices become such ones."""
    return next((code for ok, code in checks if not ok), 0)


def low_bits(value, width, signed):
    """bnn.yield of an i32 for an integer of a few bits: the element is its low bits."""
    low = value & (1 << width) - 1
    return np.where(low >> width - 1, low - (1 << width), low) if signed else low


MODELS = {
    "constant": constant, "binarize": (binarize, binarize_decided, binarize_above),
    "quantize": (quantize, quantize_bytes),
    "matmul": (matmul_integers, matmul_signs, matmul_floats), "attention": attention, "embedding": embedding,
    "reduce": reduce, "layer_norm": layer_norm, "check_indices": check_indices, "check_shape": status,
    "return_unless": status, "yield": low_bits,
}


def ops_of_dialect(text):
    """The mnemonics that a file of definitions defines."""
    return set(re.findall(r"^def \w+ : BNN_\w*Op<\"(\w+)\"", text, re.MULTILINE))
