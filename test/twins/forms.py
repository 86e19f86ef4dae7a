# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of attention in its other forms: masks of any shape and kind, tokens that do not see later ones, keys of another number than queries, and probabilities without a softmax."""
import numpy as np

import model
from modules import HEADS, Module, as_numbers, assert_same, binarize, mild, scalar, shape_type, signs
from planes import quantize

# What a mask's axes may be: all of its shapes, rows first.
SHAPES = [("batch", "keys"), ("batch", 1, "queries", "keys"), (1, 1, "queries", "keys"), (1, "heads", 1, "keys"),
          ("batch", "heads", "queries", "keys"), (1, "heads", "queries", "keys")]
HIDING = np.array([-np.inf, -3.4028235e38, -10000, -1e9], np.float32)


def numbers(rng, shape):
    """A bias, of which some elements hide."""
    bias = rng.standard_normal(shape).astype(np.float32)
    return np.where(rng.random(shape) < 0.2, rng.choice(HIDING), bias).astype(np.float32)


def fills(rng, shape):
    """What takes the place of scores; NaN leaves them. Some rows are hidden whole."""
    hidden = rng.random(shape) < 0.4
    hidden[rng.random(shape[:-1]) < 0.2] = True
    return np.where(hidden, rng.choice(HIDING), np.nan).astype(np.float32)


def factors(rng, shape):
    """Scales of both signs, and zeros."""
    scales = rng.standard_normal(shape).astype(np.float32)
    return np.where(rng.random(shape) < 0.2, np.float32(0), scales).astype(np.float32)


def bounds(rng, shape):
    """Bounds, of which some bind everywhere and some nowhere."""
    middle = rng.standard_normal(shape).astype(np.float32)
    return np.where(rng.random(shape) < 0.2, rng.choice([-np.inf, np.inf]), middle).astype(np.float32)


NUMBERS = {"add": numbers, "fill": fills, "multiply": factors, "max": bounds, "min": bounds}


def encoded(m, dims, bits, with_zeros):
    """An input as bits or small integers: its value, its mask of zeros, and its numbers from the feeds."""
    source = m.input("f32", dims, mild if with_zeros or bits > 1 else signs)
    if bits == 1:
        value, zeros = binarize(m, "%" + source, dims, None, with_zeros)
        return value, zeros, lambda feeds: as_numbers(feeds[source], with_zeros)
    value = quantize(m, "%" + source, dims, f"s{bits}", 0.4)
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    return value, None, lambda feeds: model.quantize(feeds[source], 0.4, least, most)


class Form:
    """What an attention has beside query, key and value."""

    def __init__(self, bits=1, masks=(), early=0, causal=False, cross=False, threshold=None, low_rank=False,
                 residual=False, zeros=False, batch="batch"):
        self.bits, self.masks, self.early, self.causal, self.cross = bits, masks, early, causal, cross
        self.threshold, self.low_rank, self.residual, self.zeros = threshold, low_rank, residual, zeros
        self.batch = batch


def operands(m, heads, form, keys):
    """The text of the optional operands, and what NumPy reads of the feeds."""
    text, optional = "", {}
    if form.low_rank:
        left = m.input("f32", (form.batch, "tokens", 2), mild)
        right = m.input("f32", (form.batch, keys, 2), mild)
        type_ = shape_type((form.batch, "tokens", 2), "f32")
        text += f"low_rank(%{left}, %{right} : {type_}, {type_}) "
        optional["left"], optional["right"] = left, right
    if form.residual:
        optional["residual"] = m.input("f32", (form.batch, keys, 1), mild)
        text += f"value_residual(%{optional['residual']} : {shape_type((form.batch, keys, 1), 'f32')}) "
    axes = {"keys": keys, "queries": "tokens", "heads": heads, "batch": form.batch}
    masks = []
    for shape, kind in form.masks:
        dims = tuple(axes.get(axis, axis) for axis in shape)
        masks.append((m.input("f32", dims, NUMBERS[kind]), kind, shape_type(dims, "f32")))
    if masks:
        text += f"mask({', '.join('%' + name for name, _, _ in masks)} : {', '.join(t for _, _, t in masks)}) "

    def read(feeds):
        values = {key: feeds[name] for key, name in optional.items()}
        return {**values, "masks": [(feeds[name], kind) for name, kind, _ in masks]}
    return text, read


def attributes(heads, divisor, form):
    listed = [f"heads = {heads} : i64", f"divisor = {scalar(divisor)} : f32"]
    if any(kind != "add" for _, kind in form.masks):
        listed.append(f"mask_kinds = [{', '.join(f'#bnn.mask_kind<{kind}>' for _, kind in form.masks)}]")
    if form.early:
        listed.append(f"early_masks = {form.early} : i64")
    if form.threshold and form.threshold[1]:
        listed.append("inclusive")
    listed += [name for name in ("causal", "cross") if getattr(form, name)]
    return "{" + ", ".join(listed) + "}"


def attention(m, heads, width, form):
    channels, keys = heads * width, "keys" if form.cross else "tokens"
    dims, key_dims = (form.batch, "tokens", channels), (form.batch, keys, channels)
    (q, qz, query), (k, kz, key), (v, vz, value) = (
        encoded(m, d, form.bits, form.zeros) for d in (dims, key_dims, key_dims))
    type_, key_type = (shape_type(d, f"!bnn.s{form.bits}") for d in (dims, key_dims))
    text = f"bnn.attention {q}, {k}, {v} "
    for part, zeros, d in (("query", qz, dims), ("key", kz, key_dims), ("value", vz, key_dims)):
        if zeros:
            text += f"{part}_zeros({zeros} : {shape_type(d, '!bnn.u1')}) "
    terms, read = operands(m, heads, form, keys)
    scale, cutoff, step, minimum = (0.3, 0.02, None, None) if form.bits == 1 else (0.05, None, 0.013, 0.004)
    divisor = float(np.sqrt(np.float32(width)))

    def constant(number):
        return m.value(f"arith.constant {scalar(number)} : f32", "s")
    text += f"{terms}scale({constant(scale)}) "
    kind = {}
    if form.threshold:
        text += f"threshold({scalar(form.threshold[0])}) "
        kind["threshold"] = form.threshold
    elif form.bits == 1:
        text += f"cutoff({constant(cutoff)}) "
        kind["cutoff"] = cutoff
    else:
        text += f"probability(!bnn.u{form.bits} step({constant(step)}) minimum({constant(minimum)})) "
        kind["probability"] = step, minimum, (1 << form.bits) - 1
    out = shape_type(dims, "f32")
    name = m.value(f"{text}outs({m.empty(dims, 'f32')} : {out}) {attributes(heads, divisor, form)} : {type_}, "
                   f"{key_type}, {key_type} -> {out} {{", "a")
    second = "f32" if form.bits == 1 else "i32"
    m.emit(f"^bb0(%acc: i32, %beside: {second}):")
    lines = ["%f = arith.sitofp %acc : i32 to f32"]
    lines += ["%b = arith.sitofp %beside : i32 to f32"] if second == "i32" else []
    lines += [f"%y = arith.addf %f, %{'b' if second == 'i32' else 'beside'} : f32", "bnn.yield %y : f32"]
    for line in lines:
        m.emit("  " + line)
    m.emit("}")

    def check(feeds, got):
        acc, beside, sure = model.attention(query(feeds), key(feeds), value(feeds), heads, scale, divisor,
                                            early=form.early, causal=form.causal, **kind, **read(feeds))
        with np.errstate(all="ignore"):
            expected = acc.astype(np.float32) + beside.astype(np.float32)
        assert sure.mean() > 0.3, "too few probabilities are clear of a step"
        assert_same(got[sure], expected[sure], "the attention's outputs")
    m.output(name, "f32", dims, check)


def forms():
    """Each shape of a mask in two of the kinds; several of them; the rest in turn."""
    for i, shape in enumerate(SHAPES):
        for kind in ("add", "fill"):
            yield Form(masks=[(shape, kind)], zeros=i % 2 == 0, low_rank=i % 3 == 0)
    yield Form(masks=[(SHAPES[5], "add"), (SHAPES[0], "fill")], early=1)
    yield Form(masks=[(SHAPES[1], "fill"), (SHAPES[0], "add"), (SHAPES[2], "add")], early=2, low_rank=True)
    yield Form(causal=True)
    yield Form(causal=True, zeros=True, low_rank=True, residual=True)
    yield Form(causal=True, masks=[(SHAPES[0], "fill")])
    yield Form(causal=True, masks=[(SHAPES[5], "add")], zeros=True)
    for inclusive in (False, True):
        yield Form(threshold=(0.0, inclusive), zeros=inclusive)
        yield Form(threshold=(-0.25, inclusive), masks=[(SHAPES[0], "fill" if inclusive else "add")], residual=True)
        yield Form(threshold=(0.0, inclusive), causal=True, masks=[(SHAPES[4], "add" if inclusive else "fill")])
        yield Form(threshold=(0.0, inclusive), cross=True, low_rank=True)
    yield Form(cross=True, zeros=True)
    yield Form(cross=True, low_rank=True, residual=True, masks=[(SHAPES[0], "fill")])
    yield Form(cross=True, masks=[(SHAPES[4], "add"), (SHAPES[1], "fill")])
    for bits in (2, 4):
        yield Form(bits, masks=[(SHAPES[4], "add")])
        yield Form(bits, masks=[(SHAPES[0], "fill"), (SHAPES[2], "add")], early=1)
        yield Form(bits, causal=True)
        yield Form(bits, cross=True, masks=[(SHAPES[1], "fill")])
    yield Form(masks=[(SHAPES[3], "multiply"), (SHAPES[0], "add")], early=1, zeros=True)
    yield Form(masks=[(SHAPES[0], "multiply"), (SHAPES[2], "max"), (SHAPES[1], "min")], early=2)
    yield Form(masks=[(SHAPES[0], "min"), (SHAPES[5], "multiply")], early=1, causal=True)
    yield Form(masks=[(SHAPES[4], "multiply"), (SHAPES[0], "max")], cross=True, low_rank=True)
    yield Form(masks=[(SHAPES[0], "max"), (SHAPES[3], "multiply")], threshold=(0.1, True))
    yield Form(2, masks=[(SHAPES[0], "max"), (SHAPES[3], "multiply"), (SHAPES[1], "min")], early=2)
    # Windows that the sentences take in turn.
    yield Form(batch=6, masks=[((3, 1, "queries", "keys"), "add"), ((2, "keys"), "fill")], early=1, low_rank=True)
    yield Form(batch=4, masks=[((2, "heads", 1, "keys"), "fill")], threshold=(0.0, True))
    yield Form(2, batch=4, masks=[((2, 1, "queries", "keys"), "add"), ((4, "keys"), "add")])


def modules():
    result = []
    for number, form in enumerate(forms()):
        if number % 10 == 0:
            result.append(Module(f"attention-forms{number // 10}", np.random.default_rng(600 + number)))
            result[-1].maxima = {"batch": 2, "tokens": 65, "keys": 65}
        heads, width = HEADS[number % len(HEADS)]
        attention(result[-1], heads, width, form)
    for module in result:
        module.maxima = {name: most for name, most in module.maxima.items() if name in module.dim_of}
    return result
