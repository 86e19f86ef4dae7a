# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws the options of a model, and the tokens that it runs on, from a seed."""
import os
import random
import sys

import numpy as np

TEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TEST, "models"), os.path.join(TEST, "e2e")]
from binary_bert import ALL_INPUTS, MASKS, Options

# (hidden, heads, size of a head or 0 for hidden / heads): multiples of no tile, of 8, 16, 32 and
# 64, one channel a head, one head, and heads that are narrower or wider together than the layer.
SHAPES = [(72, 3, 0), (72, 6, 0), (72, 8, 0), (100, 4, 0), (100, 5, 0), (130, 2, 0), (130, 10, 0),
          (48, 3, 0), (64, 2, 0), (64, 1, 0), (96, 3, 0), (33, 3, 0), (7, 7, 0), (40, 5, 0),
          (72, 4, 12), (48, 3, 20), (32, 2, 33), (128, 2, 0)]

# What is wrong with one layer, or not (score_bias is a mask), and which layers it can be done to.
NEAR_MISSES = {
    "ternary": ("query", "value", "output", "intermediate", "ffn_output", "embedding"),
    "few_zeros": ("query", "key", "value", "output", "intermediate", "ffn_output"),
    "two_magnitudes": ("key", "output", "intermediate", "ffn_output"),
    "token_scale": ("query", "key", "intermediate", "attention"),
    "clip_multiplier": ("ffn_output", "attention"),
    "score_bias": ("attention",),
}


def draw(seed):
    """The options of model `seed`; the same on every machine."""
    r = random.Random(seed)
    o = Options(seed=seed, weight_std=0.0)
    o.family = r.choice(["bipft", "bipft", "bit1", "bit2", "bit4"])
    o.hidden, o.heads, o.head_size = r.choice(SHAPES)
    o.ffn = r.choice([200, 200, 96, 31, 130, 257])
    o.vocab = r.choice([61, 64, 100])
    o.seq = r.choice([1, 5, 5, 31, 31, 65, 130])
    o.batch = r.choice([1, 1, 2, 3])
    if o.seq > 64:  # the referees' time
        o.batch = 1
    o.positions = o.seq + r.choice([0, 3])
    o.classes = r.choice([1, 2, 3, 9])
    o.opset = r.randint(11, 17)
    o.dynamic = r.random() < 0.5
    o.int32 = r.random() < 0.3
    o.inputs = r.choice([ALL_INPUTS, ALL_INPUTS, ALL_INPUTS[:2], ALL_INPUTS[:1]])
    o.head = r.choice(["classifier", "classifier", "mlm", "nsp", "pretraining", "squad", "token"])
    o.binary_transform = r.random() < 0.5
    o.tied = r.random() < 0.5
    o.folded = r.random() < 0.7
    o.merge = r.random() < 0.3
    o.custom = r.random() < 0.1
    o.exact = r.random() < 0.1
    o.rank = r.choice([1, 1, 2, 3, 8, 17])
    o.no_residual = r.random() < 0.2
    if r.random() < 0.25:
        o.lora = r.choice([1, 4, 8])
        o.lora_scale = r.choice([1.0, 0.5])
    if r.random() < 0.25:
        o.half_binary = r.choice(["W32A1", "W1A32"])
        names = ["query", "key", "value", "output", "intermediate", "ffn_output", "pooler",
                 "transform"]
        o.half_layers = tuple(names if r.random() < 0.5 else r.sample(names, 3))
    o.score_mul = r.random() < 0.2
    o.hidden_states = r.random() < 0.15
    if r.random() < 0.15:
        o.attentions = r.choice(["scores", "softmax", "probabilities"])
    if r.random() < 0.2:
        o.near_miss = r.choice(sorted(NEAR_MISSES))
        place = r.choice(NEAR_MISSES[o.near_miss])
        o.near_layer = place if place == "embedding" else f"{r.randrange(o.layers)}/{place}"
    o.mask = r.choice(["added", *MASKS])
    return legal(o), r.random() < 0.2


def legal(o):
    """Options that contradict each other give way."""
    o.positions = max(o.positions, o.seq)
    if o.mask == "trilu" and o.opset < 14:
        o.mask = "causal"
    if o.custom:  # there is nothing folded then, and no optimiser that knows the nodes
        o.folded = True
    if o.near_miss == "clip_multiplier":
        if o.near_layer.endswith("ffn_output") and o.family == "bipft":
            o.family = "bit1"
    if o.near_miss == "token_scale" and o.family in ("bit2", "bit4"):
        o.family = "bit1"
    if o.near_miss == "score_bias":
        o.dynamic = False
    if o.near_layer.split("/")[-1] in o.half_layers:
        o.half_binary, o.half_layers = "", ()
    if o.exact and o.family in ("bit2", "bit4"):
        o.exact = False  # a multiple of a step is a threshold's neighbour too often
    if o.exact and o.half_binary == "W32A1":
        o.half_binary, o.half_layers = "", ()  # weights of one magnitude are binary
    if o.family != "bipft":
        o.lora = 0
    return o


def feeds(o, seed, batch, seq):
    """Inputs of a batch of sentences of falling length, as far as the model has them."""
    rng = np.random.default_rng(seed)
    kind = np.int32 if o.int32 else np.int64
    ids = rng.integers(1, o.vocab, (batch, seq))
    mask = np.ones((batch, seq))
    types = np.zeros((batch, seq))
    for row in range(batch):
        length = max(1, seq - int(rng.integers(0, seq)) // 2) if row or batch == 1 else seq
        ids[row, length:] = 0
        mask[row, length:] = 0
        types[row, (length + 1) // 2:length] = 1
    values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    return {name: values[name].astype(kind) for name in o.inputs}
