# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes BiPFT and BiT models as ONNX, in the structure that torch's exporter leaves.

The weights are random (seeded), the graph is not: weight binarisation is left unfolded, biases are
expanded to the shape of what they are added to, scales go through ConstantOfShape/Mul/Equal/Where,
and so on. `BinaryBert.layers` says of each linear layer, attention and embedding what a compiler
should make of it.
"""
import collections
import dataclasses
import math

import numpy as np
from onnx import TensorProto, numpy_helper

from onnx_graph import Graph, Quantiser

ALL_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

# How tokens are hidden: each spelling, and the one whose numbers it has.
MASKS = {"added": "added", "inverted": "added", "zeros": "added", "expanded": "added",
         "filled": "filled", "equal": "filled", "kept": "filled", "filled_wide": "filled",
         "causal": "causal", "trilu": "causal", "ranges": "causal"}


@dataclasses.dataclass
class Options:
    family: str = "bipft"      # bipft, bit1, bit2 or bit4: the bits of BiT's activations
    layers: int = 2
    hidden: int = 64
    heads: int = 2
    head_size: int = 0         # 0: hidden / heads
    ffn: int = 128
    vocab: int = 120           # row 0 of the word embedding is the padding row
    positions: int = 64
    classes: int = 2
    rank: int = 1              # of the residual terms of the scores
    seed: int = 1
    opset: int = 17
    batch: int = 2             # of a static model
    seq: int = 16
    dynamic: bool = False
    int32: bool = False
    zero_bias: bool = False
    no_residual: bool = False
    inputs: tuple = ALL_INPUTS
    head: str = "classifier"   # or mlm, nsp, pretraining, squad, token
    folded: bool = True        # parameters' constants folded by the exporter
    merge: bool = False        # equal initialisers merged
    custom: bool = False       # quantisers by custom symbolics
    exact: bool = False        # magnitudes are powers of two, biases 0: products are exactly 0
    weight_std: float = 0.02   # 0: one over the root of the layer's inputs
    lora: int = 0              # rank of what is added beside q, k, v and the attention's output
    lora_scale: float = 1.0
    half_binary: str = ""      # "W32A1" or "W1A32" of the layers in `half_layers`
    half_layers: tuple = ()
    mask: str = "added"        # one of MASKS
    score_mul: bool = False    # scores times 1 / root d in place of divided by it
    hidden_states: bool = False
    attentions: str = ""       # "", scores, softmax or probabilities as outputs
    binary_transform: bool = False  # the masked-LM head's first linear is binary
    tied: bool = False         # its second one reads the word embedding's latent weights
    near_miss: str = ""        # what is wrong ...
    near_layer: str = ""       # ... and where, e.g. "0/query"


# What the report says of a layer: `became` is weight bits x activation bits, or float.
Layer = collections.namedtuple("Layer", "name kind became")


class BinaryBert:
    """Emits one model; every random number comes from one seeded generator."""

    def __init__(self, options):
        self.o = options
        self.g = Graph(options.opset, options.folded, options.merge, options.custom)
        self.rng = np.random.default_rng(options.seed)
        self.size = options.head_size or options.hidden // options.heads
        self.inner = self.size * options.heads
        self.bits = {"bipft": 1, "bit1": 1, "bit2": 2, "bit4": 4}[options.family]
        self.is_bipft = options.family == "bipft"
        self.layers = []
        self.outputs = []  # (name, element type, shape)

    def normal(self, shape, std, mean=0.0):
        values = self.rng.standard_normal(shape, dtype=np.float32)
        values *= np.float32(std)
        values += np.float32(mean)
        return values

    def bias(self, size, std):
        # Drawn either way, so that the other weights do not depend on the option.
        values = self.normal(size, std)
        return np.zeros_like(values) if self.o.zero_bias or self.o.exact else values

    def alpha(self, low, high):
        value = self.rng.uniform(low, high)
        return np.float32(2.0 ** round(math.log2(value)) if self.o.exact else value)

    def is_near_miss(self, kind, layer):
        return self.o.near_miss == kind and self.o.near_layer == layer

    def layer_norm(self, scope, parameter, x):
        g = self.g
        scale = g.parameter(f"{parameter}.weight", self.normal(self.o.hidden, 0.1, 1.0))
        bias = g.parameter(f"{parameter}.bias", self.bias(self.o.hidden, 0.1))
        return g.layer_norm(scope, x, scale, bias, self.is_bipft, swapped=not self.is_bipft)

    def latent(self, outputs, inputs):
        weight = self.normal((outputs, inputs), self.o.weight_std or 1 / math.sqrt(inputs))
        if self.o.exact:
            magnitude = 2.0 ** round(math.log2(0.8 / math.sqrt(inputs)))
            weight = np.where(weight < 0, -magnitude, magnitude).astype(np.float32)
        return weight

    def binary_weight(self, scope, name, weight, per_row=False):
        return self.g.binary_weight(scope, name, weight, per_row)

    def input_quantiser(self, alpha, signed=True):
        """That of a linear layer whose input has a spread of about 1."""
        if self.bits == 1:
            return Quantiser(1, signed, alpha)
        step = {2: 0.9, 4: 0.3}[self.bits] * float(self.rng.uniform(0.8, 1.2))
        step = np.float32(step)
        if signed:
            return Quantiser(self.bits, True, step)
        return Quantiser(self.bits, False, step / 2, float(np.float32(self.rng.uniform(-0.2, 0))))

    def binary_linear(self, scope, parameter, x, inputs, outputs, alpha, layer="", signed=True):
        """y = quantise(x + shift) @ binary(W)^T + bias; W is outputs x inputs."""
        g, o = self.g, self.o
        half = o.half_binary if layer.split("/")[-1] in o.half_layers else ""
        q = self.input_quantiser(alpha, signed)
        became = f"1x{self.bits}"
        weight = self.latent(outputs, inputs)
        scale = np.float32(np.abs(weight).mean(dtype=np.float64))
        near = any(self.is_near_miss(kind, layer) for kind in ("ternary", "few_zeros", "two_magnitudes"))
        if near:
            real = np.where(weight < 0, -scale, scale).astype(np.float32)
            odd = self.rng.random(real.shape) < (2 / real.size if o.near_miss == "few_zeros" else 0.3)
            odd[0, :2] = (True, False)  # both in one row, whatever was drawn
            real[odd] *= np.float32(0.5 if o.near_miss == "two_magnitudes" else 0)
            # Zeros have a second plane of bits.
            weight, became = real, "float" if o.near_miss == "two_magnitudes" else became
        elif half == "W32A1":
            became = f"f32x{self.bits}"
        elif half == "W1A32":
            became = "1xf32"
        if near or half == "W32A1":
            if o.folded:
                transposed = g.folded("MatMul", weight.T)
            else:
                transposed = g.node(scope, "Transpose", g.parameter(f"{parameter}.weight", weight),
                                    perm=[1, 0])
            binary = None
        else:
            binary = self.binary_weight(scope, f"{parameter}.weight", weight)
        move = g.parameter(f"{parameter}.move.bias", self.bias(inputs, 0.1))
        if half == "W1A32":
            bits = x
        else:
            shift = g.node(f"{scope}/move", "Expand", move, g.node(f"{scope}/move", "Shape", x))
            shifted = g.node(f"{scope}/move", "Add", x, shift)
            if self.is_near_miss("clip_multiplier", layer) and not (q.bits == 1 and q.signed):
                q.after = float(np.float32(q.alpha * 1.25))
                # It is the scale of the bits, or of integers in a row.
                became = f"1x{q.bits}"
            if self.is_near_miss("token_scale", layer):
                # The mean of |x| a token in the place of a learned alpha.
                total = g.node(scope, "ReduceL1", shifted, axes=[-1], keepdims=1)
                token = g.node(scope, "Div", total, g.scalar(scope, inputs))
                bits = g.node(scope, "Mul", g.node(scope, "Sign", shifted), token)
                became = "1x1"
            else:
                bits = g.quantise(scope, f"{parameter}.input_clip_val", shifted, q)
        if binary:
            transposed = g.node(scope, "Transpose", binary, perm=[1, 0])
        product = g.node(scope, "MatMul", bits, transposed)
        self.layers.append(Layer(g.producers[product], "linear", became))
        # The product has a spread of alpha * scale * sqrt(inputs); biases are smaller.
        spread = float(alpha) * float(scale) * math.sqrt(inputs)
        values = self.bias((1, outputs), 0.3 * spread)
        if o.folded:
            bias = g.folded("Expand", values)
        else:
            bias = g.node(scope, "Reshape", g.parameter(f"{parameter}.bias", values[0]),
                          g.constant(scope, [1, -1]))
        bias = g.node(scope, "Expand", bias, g.node(scope, "Shape", product))
        y = g.node(scope, "Add", product, bias)
        if o.lora and layer.split("/")[-1] in ("query", "key", "value", "output"):
            y = self.lora(scope, parameter, x, y, inputs, outputs)
        return y

    def lora(self, scope, parameter, x, y, inputs, outputs):
        """y + x A B * scale: what BiPFT calls an improved linear layer."""
        g, r = self.g, self.o.lora
        down = g.node(f"{scope}/lora_A", "MatMul", x,
                      g.folded("MatMul", self.normal((inputs, r), 1 / math.sqrt(inputs))))
        up = g.node(f"{scope}/lora_B", "MatMul", down,
                    g.folded("MatMul", self.normal((r, outputs), 0.3 / math.sqrt(r))))
        for value in (down, up):
            self.layers.append(Layer(g.producers[value], "linear", "float"))
        if self.o.lora_scale != 1:
            up = g.node(scope, "Mul", up, g.scalar(scope, self.o.lora_scale))
        return g.node(scope, "Add", y, up)

    def float_linear(self, scope, parameter, x, inputs, outputs, std=0.0, bias_first=False):
        """x @ W + bias of a [B, S, inputs] tensor, as torch writes it."""
        g = self.g
        bias = g.parameter(f"{parameter}.bias", self.bias(outputs, 0.1))
        weight = self.normal((inputs, outputs), std or 1 / math.sqrt(inputs))
        if self.o.folded:
            weight = g.folded("MatMul", weight)
        else:
            weight = g.node(scope, "Transpose", g.parameter(f"{parameter}.weight", weight.T),
                            perm=[1, 0])
        product = g.node(scope, "MatMul", x, weight)
        self.layers.append(Layer(g.producers[product], "linear", "float"))
        return g.node(scope, "Add", bias, product)

    def low_rank(self, scope, parameter, x, rank):
        """The float estimators: bias + x @ W, bias first."""
        return self.float_linear(scope, parameter, x, self.o.hidden, rank,
                                 0.3 / math.sqrt(self.o.hidden))

    def shape_of_heads(self, scope, x, tail):
        """The target of a Reshape to [batch, seq] + tail."""
        g = self.g
        if not self.o.dynamic:
            return g.constant(scope, [self.o.batch, self.o.seq] + tail)
        dims = []
        for axis in (0, 1):
            shape = g.node(scope, "Shape", x)
            dims.append(g.node(scope, "Gather", shape, g.constant(scope, axis), axis=0))
        parts = [g.unsqueeze(scope, dim, 0) for dim in dims]
        parts += [g.constant(scope, [size]) for size in tail]
        return g.node(scope, "Concat", *parts, axis=0)

    def split_heads(self, scope, x):
        target = self.shape_of_heads(scope, x, [self.o.heads, self.size])
        return self.g.node(scope, "Transpose", self.g.node(scope, "Reshape", x, target),
                           perm=[0, 2, 1, 3])

    def head_quantiser(self, layer):
        """That of queries, keys and values, and what a near miss puts in its place."""
        if self.bits == 1:
            return Quantiser(1, True, self.alpha(0.7, 1.1))
        spread = (self.o.weight_std or 1.0 / math.sqrt(self.o.hidden)) * math.sqrt(self.o.hidden)
        step = {2: 0.9, 4: 0.3}[self.bits] * 0.8 * spread
        return Quantiser(self.bits, True, np.float32(step * self.rng.uniform(0.8, 1.2)))

    def probability_quantiser(self):
        if self.o.weight_std == 0:  # about half of the probabilities are above alpha / 2
            low, high = 1.0 / self.o.seq, 2.2 / self.o.seq
        else:
            low, high = 0.06, 0.14
        alpha = self.alpha(low, high)
        if self.bits == 1:
            return Quantiser(1, False, alpha)
        return Quantiser(self.bits, False, np.float32(alpha / 2 ** (self.bits - 1)), 0.0)

    def attention(self, index, scope, parameter, x, mask):
        g, o = self.g, self.o
        query, key, value = (
            self.binary_linear(f"{scope}/{name}", f"{parameter}.{name}", x, o.hidden, self.inner,
                               self.alpha(1.2, 2.0), f"{index}/{name}")
            for name in ("query", "key", "value"))
        value_residual = None
        if self.is_bipft and not o.no_residual:
            term = {name: self.low_rank(f"{scope}/{name}", f"{parameter}.{name}", x, o.rank)
                    for name in ("q_p", "k_p", "q_m", "k_m")}

            def product(left, right):
                return g.unsqueeze(scope, g.node(scope, "MatMul", left, right), 1)

            k_p = g.node(scope, "Transpose", term["k_p"], perm=[0, 2, 1])
            both = product(term["q_p"], k_p)
            first = product(term["q_m"], k_p)
            k_m = g.node(scope, "Transpose", term["k_m"], perm=[0, 2, 1])
            second = product(term["q_p"], k_m)
            v_p = self.low_rank(f"{scope}/v_p", f"{parameter}.v_p", x, 1)
            v_p = g.node(scope, "Transpose", g.unsqueeze(scope, v_p, -1), perm=[0, 2, 1, 3])
            value_residual = g.expand_like_torch(scope, v_p, [-1, o.heads, -1, -1])
        became = f"{self.bits}x{self.bits}"
        query, key, value = (self.split_heads(scope, x) for x in (query, key, value))
        bits = []
        for name, part in (("query", query), ("key", key), ("value", value)):
            q = self.head_quantiser(f"{index}/attention")
            if name == "query" and self.is_near_miss("token_scale", f"{index}/attention"):
                total = g.node(scope, "ReduceL1", part, axes=[-1], keepdims=1)
                token = g.node(scope, "Div", total, g.scalar(scope, self.size))
                bits.append(g.node(scope, "Mul", g.node(scope, "Sign", part), token))
                # A factor of each score, but not of the low-rank terms beside them.
                became = "float" if value_residual else became
            else:
                bits.append(g.quantise(scope, f"{parameter}.clip_{name}", part, q))
        query, key, value = bits
        key = g.node(scope, "Transpose", key, perm=[0, 1, 3, 2])
        scores = g.node(scope, "MatMul", query, key)
        if value_residual:
            residual = g.node(scope, "Add", g.node(scope, "Add", first, second), both)
            scores = g.node(scope, "Add", scores, residual)
        if self.is_near_miss("score_bias", f"{index}/attention"):
            shape = (1, self.rng.choice([1, o.heads]), o.seq, o.seq)
            scores = g.node(scope, "Add", scores, g.parameter(f"{parameter}.score_bias",
                                                              self.normal(shape, 1.0)))
        root = math.sqrt(self.size)
        if o.score_mul:
            scores = g.node(scope, "Mul", scores, g.scalar(scope, 1 / root))
        else:
            scores = g.node(scope, "Div", scores, g.scalar(scope, root))
        if MASKS[o.mask] == "added":
            scores = g.node(scope, "Add", scores, mask)
        else:
            arms = [g.scalar(scope, -np.inf), scores]
            scores = g.node(scope, "Where", mask, *(reversed(arms) if o.mask == "kept" else arms))
        weights = softmax = g.softmax(scope, scores, 4)
        name_of_attention = g.producers[softmax]
        q = self.probability_quantiser()
        if self.is_near_miss("clip_multiplier", f"{index}/attention"):
            q.after = float(np.float32(q.alpha * 1.25))
            if q.bits > 1:
                became = "float"
        weights = g.quantise(scope, f"{parameter}.clip_attn", weights, q)
        if o.attentions:
            source = {"scores": scores, "softmax": softmax, "probabilities": weights}[o.attentions]
            name = self.extra_output(f"attentions.{index}", source, [o.heads, "seq", "seq"])
            weights = name if source == weights else weights
        context = g.node(scope, "MatMul", weights, value)
        if value_residual:
            context = g.node(scope, "Add", context,
                             g.node(scope, "MatMul", weights, value_residual))
        context = g.node(scope, "Transpose", context, perm=[0, 2, 1, 3])
        context = g.node(scope, "Reshape", context,
                         self.shape_of_heads(scope, context, [self.inner]))
        self.layers.append(Layer(name_of_attention, "attention", became))
        return context

    def extra_output(self, name, value, tail):
        """A value of the graph as an output, of the shape [batch] + tail; returns its new name."""
        # The exporter renames the value; all that reads it follows.
        for node in self.g.nodes:
            for names in (node.input, node.output):
                for i, old in enumerate(names):
                    if old == value:
                        names[i] = name
        self.g.producers[name] = self.g.producers.get(value)
        self.renamed[value] = name
        self.outputs.append((name, TensorProto.FLOAT, self.shape(tail)))
        return name

    def shape(self, tail):
        sizes = {"seq": "seq" if self.o.dynamic else self.o.seq}
        return ["batch" if self.o.dynamic else self.o.batch] + [sizes.get(s, s) for s in tail]

    def encoder_layer(self, index, x, mask):
        g, o = self.g, self.o
        scope, parameter = f"/bert/encoder/layer.{index}", f"bert.encoder.layer.{index}"
        context = self.attention(index, f"{scope}/attention/self", f"{parameter}.attention.self", x,
                                 mask)
        out = f"{scope}/attention/output"
        y = self.binary_linear(f"{out}/dense", f"{parameter}.attention.output.dense", context,
                               self.inner, o.hidden, self.alpha(0.3, 0.6), f"{index}/output")
        x = self.layer_norm(f"{out}/LayerNorm", f"{parameter}.attention.output.LayerNorm",
                            g.node(out, "Add", y, x))
        inner = f"{scope}/intermediate"
        y = self.binary_linear(f"{inner}/dense", f"{parameter}.intermediate.dense", x, o.hidden,
                               o.ffn, self.alpha(1.2, 2.0), f"{index}/intermediate")
        y = g.gelu(inner, y) if self.is_bipft else g.node(inner, "Relu", y)
        y = self.binary_linear(f"{scope}/output/dense", f"{parameter}.output.dense", y, o.ffn,
                               o.hidden, self.alpha(0.2, 0.4), f"{index}/ffn_output",
                               signed=self.is_bipft)
        return self.layer_norm(f"{scope}/output/LayerNorm", f"{parameter}.output.LayerNorm",
                               g.node(f"{scope}/output", "Add", y, x))

    def like_ids(self, scope, value):
        """An int64 tensor of the shape of the ids, for an input that the model does not have."""
        if not self.o.dynamic:
            return self.g.constant(scope, np.full((self.o.batch, self.o.seq), value))
        return self.g.node(scope, "ConstantOfShape", self.g.node(scope, "Shape", "input_ids"),
                           value=numpy_helper.from_array(np.array([value], dtype=np.int64)))

    def square(self, scope):
        """The sizes [batch, 1, length, length]."""
        g, o = self.g, self.o
        if not o.dynamic:
            return g.constant(scope, [o.batch, 1, o.seq, o.seq])
        shape = g.node(scope, "Shape", "input_ids")
        batch, length = (g.node(scope, "Gather", shape, g.constant(scope, [axis]), axis=0) for axis in (0, 1))
        return g.node(scope, "Concat", batch, g.constant(scope, [1]), length, length, axis=0)

    def later_tokens(self, scope):
        """A condition that hides later tokens: a part of a triangle of all positions, or one that
        is made at run time."""
        g, o = self.g, self.o
        if o.mask == "causal":
            triangle = np.triu(np.ones((o.positions, o.positions), dtype=bool), 1)[None, None]
            whole = g.constant(scope, triangle, bool)
        ends = g.node(scope, "Slice", self.square(scope), g.constant(scope, [2]), g.constant(scope, [4]))
        if o.mask == "trilu":
            true = numpy_helper.from_array(np.array([True]))
            whole = g.node(scope, "ConstantOfShape", ends, value=true)
            return g.node(scope, "Trilu", whole, g.constant(scope, 1), upper=1)
        if o.mask == "ranges":
            length = g.node(scope, "Gather", ends, g.constant(scope, 0), axis=0)
            tokens = g.node(scope, "Range", g.constant(scope, 0), length, g.constant(scope, 1))
            rows, columns = g.unsqueeze(scope, tokens, 1), g.unsqueeze(scope, tokens, 0)
            return g.node(scope, "Greater", columns, rows)
        return g.node(scope, "Slice", whole, g.constant(scope, [0, 0]), ends, g.constant(scope, [2, 3]))

    def attention_mask(self, scope):
        """What is added to scores, or a condition."""
        g, form = self.g, self.o.mask
        mask = "attention_mask"
        if mask not in self.o.inputs:
            mask = self.like_ids(scope, 1)
        if MASKS[form] == "causal":
            return self.later_tokens(scope)
        mask = g.unsqueeze(scope, g.unsqueeze(scope, mask, 1), 2)
        if form in ("expanded", "filled_wide"):
            mask = g.node(scope, "Expand", mask, self.square(scope))
        if form in ("equal", "filled_wide", "zeros"):
            # Ids, and so masks, may have 32 bits.
            hidden = g.node(scope, "Equal", g.node(scope, "Cast", mask, to=TensorProto.INT64),
                            g.constant(scope, 0))
        elif MASKS[form] == "filled":
            hidden = g.node(scope, "Cast", mask, to=TensorProto.BOOL)
        if form == "filled":
            hidden = g.node(scope, "Not", hidden)
        if MASKS[form] == "filled":
            return hidden
        lowest = np.finfo(np.float32).min if self.is_bipft else -10000.0
        if form == "zeros":
            return g.node(scope, "Where", hidden, g.scalar(scope, lowest), g.scalar(scope, 0.0))
        mask = g.node(scope, "Cast", mask, to=TensorProto.FLOAT)
        mask = g.node(scope, "Sub", g.scalar(scope, 1.0), mask)
        if form == "inverted":  # as transformers write it
            hidden = g.node(scope, "Cast", mask, to=TensorProto.BOOL)
            return g.node(scope, "Where", hidden, g.scalar(scope, lowest), mask)
        return g.node(scope, "Mul", mask, g.scalar(scope, lowest))

    def position_ids(self, scope):
        g = self.g
        if self.o.dynamic:
            length = g.node(scope, "Gather", g.node(scope, "Shape", "input_ids"),
                            g.constant(scope, 1), axis=0)
            length = g.node(scope, "Cast", length, to=TensorProto.INT64)
            ids = g.node(scope, "Range", g.constant(scope, 0), length, g.constant(scope, 1))
            ids = g.unsqueeze(scope, ids, 0)
        else:
            ids = g.constant(scope, np.arange(self.o.seq))
        return g.node(scope, "Expand", ids, g.node(scope, "Shape", "input_ids"))

    def embeddings(self, scope):
        g, o = self.g, self.o
        positions = self.position_ids(scope)
        weight = self.normal((o.vocab, o.hidden), 0.05)
        weight[0] = 0  # torch keeps the padding row at zero, so its scale is zero
        self.word_embedding = weight
        became = "1x1"
        if self.is_near_miss("ternary", "embedding"):
            table = np.where(weight < 0, -0.05, 0.05).astype(np.float32)
            table[1:, 0] = 0
            table = g.parameter("bert.embeddings.word_embeddings.weight", table)
        else:
            table = self.binary_weight(f"{scope}/word_embeddings",
                                       "bert.embeddings.word_embeddings.weight", weight, True)
        words = g.node(f"{scope}/word_embeddings", "Gather", table, "input_ids")
        self.layers.append(Layer(g.producers[words], "embedding", became))
        table = g.parameter("bert.embeddings.position_embeddings.weight",
                            self.normal((o.positions, o.hidden), 0.02))
        places = g.node(f"{scope}/position_embeddings", "Gather", table, positions)
        if o.dynamic:  # a lookup at fixed places is a constant
            self.layers.append(Layer(g.producers[places], "embedding", "float"))
        table = g.parameter("bert.embeddings.token_type_embeddings.weight",
                            self.normal((2, o.hidden), 0.02))
        types = "token_type_ids"
        if types not in o.inputs:
            types = self.like_ids(scope, 0)
        types = g.node(f"{scope}/token_type_embeddings", "Gather", table, types)
        if o.dynamic or "token_type_ids" in o.inputs:
            self.layers.append(Layer(g.producers[types], "embedding", "float"))
        total = g.node(scope, "Add", g.node(scope, "Add", words, places), types)
        return self.layer_norm(f"{scope}/LayerNorm", "bert.embeddings.LayerNorm", total)

    def pooler(self, scope, x, first):
        g, o = self.g, self.o
        token = g.node(scope, "Gather", x, first, axis=1)
        y = self.binary_linear(f"{scope}/dense", "bert.pooler.dense", token, o.hidden, o.hidden,
                               self.alpha(1.2, 2.0), "pooler")
        if self.is_bipft:
            y = self.layer_norm(f"{scope}/LayerNorm", "bert.pooler.LayerNorm", y)
            y = g.node(scope, "Add", y, token)
        return g.node(f"{scope}/activation", "Tanh", y)

    def classifier(self, scope, parameter, pooled, output):
        g, o = self.g, self.o
        weight = g.parameter(f"{parameter}.weight",
                             self.normal((o.classes, o.hidden), 1 / math.sqrt(o.hidden)))
        bias = g.parameter(f"{parameter}.bias", self.bias(o.classes, 0.1))
        g.node(scope, "Gemm", pooled, weight, bias, output=output, alpha=1.0, beta=1.0, transB=1)
        self.layers.append(Layer(g.producers[output], "linear", "float"))
        self.outputs.append((output, TensorProto.FLOAT, self.shape([o.classes])))

    def masked_lm(self, x):
        """dense, GELU, LayerNorm, then a product with the vocabulary."""
        g, o = self.g, self.o
        scope, parameter = "/cls/predictions/transform", "cls.predictions.transform"
        if o.binary_transform:
            y = self.binary_linear(f"{scope}/dense", f"{parameter}.dense", x, o.hidden, o.hidden,
                                   self.alpha(1.2, 2.0), "transform")
        else:
            y = self.float_linear(f"{scope}/dense", f"{parameter}.dense", x, o.hidden, o.hidden)
        y = self.layer_norm(f"{scope}/LayerNorm", f"{parameter}.LayerNorm", g.gelu(scope, y))
        scope = "/cls/predictions/decoder"
        if o.tied:
            weight = g.node(scope, "Transpose", "bert.embeddings.word_embeddings.weight",
                            perm=[1, 0])
        else:
            weight = g.folded("MatMul", self.normal((o.hidden, o.vocab), 1 / math.sqrt(o.hidden)))
        product = g.node(scope, "MatMul", y, weight)
        self.layers.append(Layer(g.producers[product], "linear", "float"))
        bias = g.parameter("cls.predictions.bias", self.bias(o.vocab, 0.1))
        g.node(scope, "Add", product, bias, output="prediction_logits")
        self.outputs.append(("prediction_logits", TensorProto.FLOAT, self.shape(["seq", o.vocab])))

    def token_head(self, x):
        """Logits a token, or start and end of the answer."""
        g, o = self.g, self.o
        squad = o.head == "squad"
        name = "qa_outputs" if squad else "classifier"
        y = self.float_linear(f"/{name}", name, x, o.hidden, 2 if squad else o.classes)
        if not squad:
            self.renamed = {}
            return self.extra_output("logits", y, ["seq", o.classes])
        pieces = ("start", "end")
        if g.opset < 13:
            g.outputs("", "Split", pieces, y, axis=-1, split=[1, 1])
        else:
            g.outputs("", "Split", pieces, y, g.constant("", [1, 1]), axis=-1)
        for piece in pieces:
            if g.opset < 13:
                g.node("", "Squeeze", piece, output=f"{piece}_logits", axes=[-1])
            else:
                g.node("", "Squeeze", piece, g.constant("", [-1]), output=f"{piece}_logits")
            self.outputs.append((f"{piece}_logits", TensorProto.FLOAT, self.shape(["seq"])))

    def build(self):
        g, o = self.g, self.o
        self.renamed = {}
        first = g.constant("/bert", 0)
        mask = self.attention_mask("/bert")
        states = [self.embeddings("/bert/embeddings")]
        for index in range(o.layers):
            states.append(self.encoder_layer(index, states[-1], mask))
        x = states[-1]
        pooled = None
        if o.head in ("classifier", "nsp", "pretraining"):
            pooled = self.pooler("/bert/pooler", x, first)
        if o.head == "classifier":
            self.classifier("/classifier", "classifier", pooled, "logits")
        if o.head in ("mlm", "pretraining"):
            self.masked_lm(x)
        if o.head in ("nsp", "pretraining"):
            self.classifier("/cls/seq_relationship", "cls.seq_relationship", pooled,
                            "seq_relationship_logits")
        if o.head in ("squad", "token"):
            self.token_head(x)
        if o.hidden_states:
            for index, state in enumerate(states):
                self.extra_output(f"hidden_states.{index}", self.renamed.get(state, state),
                                  ["seq", o.hidden])
        return self

    def model(self, producer="make_bipft"):
        self.build()
        batch, seq = self.shape(["seq"])
        ids = TensorProto.INT32 if self.o.int32 else TensorProto.INT64
        inputs = [(name, ids, [batch, seq]) for name in ALL_INPUTS if name in self.o.inputs]
        return self.g.model(self.o.family, producer, inputs, self.outputs)
