#!/usr/bin/env python3
"""Writes a BiPFT classifier as ONNX, in the structure that torch's exporter leaves.

The weights are random (seeded), the graph is not: weight binarisation is left
unfolded, biases are expanded to the shape of what they are added to, scales go
through ConstantOfShape/Mul/Equal/Where, and so on. A model of BiPFT-B's size:

    make_bipft.py --layers 12 --hidden 768 --heads 12 --ffn 3072 --vocab 30522 \\
                  --positions 512 --dynamic -o bipft_b.onnx
"""
import argparse
import collections
import math
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Collects nodes, named by their module, and initialisers; values have numbers."""

    def __init__(self, opset):
        self.opset = opset
        self.nodes = []
        self.initializers = []
        self.counts = collections.Counter()
        self.anonymous = 0

    def parameter(self, name, array):
        """A named float initialiser, as a module's parameter."""
        self.initializers.append(
            numpy_helper.from_array(np.ascontiguousarray(array, dtype=np.float32), name))
        return name

    def folded(self, consumer, array):
        """An initialiser that constant folding made: its name tells only who reads it."""
        self.anonymous += 1
        return self.parameter(f"onnx::{consumer}_{self.anonymous + 100}", array)

    def node(self, scope, op, *inputs, **attributes):
        index = self.counts[scope, op]
        self.counts[scope, op] += 1
        name = f"{scope}/{op}" + (f"_{index}" if index else "")
        output = str(len(self.nodes) + 1)
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=name, **attributes))
        return output

    def constant(self, scope, value, dtype=np.int64):
        return self.node(scope, "Constant",
                         value=numpy_helper.from_array(np.array(value, dtype=dtype)))

    def unsqueeze(self, scope, x, axis):
        if self.opset < 13:
            return self.node(scope, "Unsqueeze", x, axes=[axis])
        return self.node(scope, "Unsqueeze", x, self.constant(scope, [axis]))

    def expand_like_torch(self, scope, x, shape):
        """x.expand(shape): -1 in `shape` keeps a dimension, at run time, in ONNX."""
        target = again = self.constant(scope, shape)
        ones = self.node(scope, "ConstantOfShape", self.constant(scope, [len(shape)]),
                         value=numpy_helper.from_array(np.array([1], dtype=np.int64)))
        keep = self.node(scope, "Mul", ones, self.constant(scope, -1))
        if -1 in shape:  # the exporter then writes the shape a second time
            again = self.constant(scope, shape)
        equal = self.node(scope, "Equal", again, keep)
        return self.node(scope, "Expand", x, self.node(scope, "Where", equal, ones, target))


class Bipft:
    """Emits the classifier; every random number comes from one seeded generator."""

    def __init__(self, options):
        self.o = options
        self.g = Graph(options.opset)
        self.rng = np.random.default_rng(options.seed)

    def normal(self, shape, std, mean=0.0):
        values = self.rng.standard_normal(shape, dtype=np.float32)
        values *= np.float32(std)
        values += np.float32(mean)
        return values

    def bias(self, size, std):
        # Drawn either way, so that the other weights do not depend on the option.
        values = self.normal(size, std)
        return np.zeros_like(values) if self.o.zero_bias else values

    def alpha(self, low, high):
        return np.float32(self.rng.uniform(low, high))

    def layer_norm(self, scope, parameter, x):
        """LayerNorm over the last axis: one node from opset 17 on, nine before."""
        g = self.g
        scale = g.parameter(f"{parameter}.weight", self.normal(self.o.hidden, 0.1, 1.0))
        bias = g.parameter(f"{parameter}.bias", self.bias(self.o.hidden, 0.1))
        if g.opset >= 17:
            return g.node(scope, "LayerNormalization", x, scale, bias, axis=-1,
                          epsilon=float(np.float32(1e-12)))
        mean = g.node(scope, "ReduceMean", x, axes=[-1])
        centred = g.node(scope, "Sub", x, mean)
        square = g.node(scope, "Pow", centred, g.constant(scope, 2.0, np.float32))
        variance = g.node(scope, "ReduceMean", square, axes=[-1])
        shifted = g.node(scope, "Add", variance, g.constant(scope, 1e-12, np.float32))
        normal = g.node(scope, "Div", centred, g.node(scope, "Sqrt", shifted))
        return g.node(scope, "Add", g.node(scope, "Mul", normal, scale), bias)

    def binary_weight(self, scope, name, weight, scale):
        """sign(W - mean(W)) * scale, all at run time; returns the weight's name."""
        g = self.g
        latent = g.parameter(name, weight)
        mean = g.node(scope, "ReduceMean", latent, keepdims=0)
        sign = g.node(scope, "Sign", g.node(scope, "Sub", latent, mean))
        expanded = g.expand_like_torch(scope, g.folded("Expand", scale), list(weight.shape))
        return g.node(scope, "Mul", sign, expanded)

    def binary_linear(self, scope, parameter, x, inputs, outputs, alpha):
        """y = sign(x + shift) * alpha @ binary(W)^T + bias; W is outputs x inputs."""
        g = self.g
        weight = self.normal((outputs, inputs), 0.02)
        scale = np.float32(np.abs(weight).mean(dtype=np.float64))
        binary = self.binary_weight(scope, f"{parameter}.weight", weight, scale)
        move = g.parameter(f"{parameter}.move.bias", self.bias(inputs, 0.1))
        shift = g.node(f"{scope}/move", "Expand", move, g.node(f"{scope}/move", "Shape", x))
        sign = g.node(scope, "Sign", g.node(f"{scope}/move", "Add", x, shift))
        bits = g.node(scope, "Mul", sign, g.folded("Mul", alpha))
        transposed = g.node(scope, "Transpose", binary, perm=[1, 0])
        product = g.node(scope, "MatMul", bits, transposed)
        # The product has a spread of alpha * scale * sqrt(inputs); biases are smaller.
        spread = float(alpha) * float(scale) * math.sqrt(inputs)
        bias = g.folded("Expand", self.bias((1, outputs), 0.3 * spread))
        bias = g.node(scope, "Expand", bias, g.node(scope, "Shape", product))
        return g.node(scope, "Add", product, bias)

    def low_rank(self, scope, parameter, x, rank):
        """The float estimators: bias + x @ W, bias first."""
        g = self.g
        bias = g.parameter(f"{parameter}.bias", self.bias(rank, 0.1))
        weight = g.folded("MatMul", self.normal((self.o.hidden, rank), 0.3 / math.sqrt(self.o.hidden)))
        return g.node(scope, "Add", bias, g.node(scope, "MatMul", x, weight))

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
        heads = self.o.heads
        target = self.shape_of_heads(scope, x, [heads, self.o.hidden // heads])
        return self.g.node(scope, "Transpose", self.g.node(scope, "Reshape", x, target),
                           perm=[0, 2, 1, 3])

    def attention(self, scope, parameter, x, mask):
        g, o = self.g, self.o
        query, key, value = (
            self.binary_linear(f"{scope}/{name}", f"{parameter}.{name}", x, o.hidden, o.hidden,
                               self.alpha(1.2, 2.0)) for name in ("query", "key", "value"))
        residual = value_residual = None
        if not o.no_residual:
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
        query, key, value = (self.split_heads(scope, x) for x in (query, key, value))
        query, key, value = (
            g.node(scope, "Mul", g.node(scope, "Sign", x),
                   g.folded("Mul", self.alpha(0.7, 1.1))) for x in (query, key, value))
        key = g.node(scope, "Transpose", key, perm=[0, 1, 3, 2])
        scores = g.node(scope, "MatMul", query, key)
        if not o.no_residual:
            residual = g.node(scope, "Add", g.node(scope, "Add", first, second), both)
            scores = g.node(scope, "Add", scores, residual)
        root = math.sqrt(o.hidden // o.heads)
        scores = g.node(scope, "Div", scores, g.constant(scope, root, np.float32))
        scores = g.node(scope, "Add", scores, mask)
        # Before opset 13 softmax flattens from `axis` on: the last one means the same.
        weights = g.node(scope, "Softmax", scores, axis=-1 if g.opset >= 13 else 3)
        alpha = g.folded("Div", self.alpha(0.06, 0.14))
        rounded = g.node(scope, "Round", g.node(scope, "Div", weights, alpha))
        clipped = g.node(scope, "Clip", rounded, g.constant(scope, 0.0, np.float32),
                         g.constant(scope, 1.0, np.float32))
        weights = g.node(scope, "Mul", clipped, alpha)
        context = g.node(scope, "MatMul", weights, value)
        if not o.no_residual:
            context = g.node(scope, "Add", context,
                             g.node(scope, "MatMul", weights, value_residual))
        context = g.node(scope, "Transpose", context, perm=[0, 2, 1, 3])
        return g.node(scope, "Reshape", context, self.shape_of_heads(scope, context, [o.hidden]))

    def gelu(self, scope, x):
        g = self.g
        half = g.node(scope, "Mul", x, g.constant(scope, 0.5, np.float32))
        scaled = g.node(scope, "Div", x, g.constant(scope, math.sqrt(2.0), np.float32))
        one = g.constant(scope, 1.0, np.float32)
        return g.node(scope, "Mul", half, g.node(scope, "Add", g.node(scope, "Erf", scaled), one))

    def encoder_layer(self, scope, parameter, x, mask):
        g, o = self.g, self.o
        context = self.attention(f"{scope}/attention/self", f"{parameter}.attention.self", x, mask)
        out = f"{scope}/attention/output"
        y = self.binary_linear(f"{out}/dense", f"{parameter}.attention.output.dense", context,
                               o.hidden, o.hidden, self.alpha(0.3, 0.6))
        x = self.layer_norm(f"{out}/LayerNorm", f"{parameter}.attention.output.LayerNorm",
                            g.node(out, "Add", y, x))
        inner = f"{scope}/intermediate"
        y = self.gelu(inner, self.binary_linear(f"{inner}/dense", f"{parameter}.intermediate.dense",
                                                x, o.hidden, o.ffn, self.alpha(1.2, 2.0)))
        y = self.binary_linear(f"{scope}/output/dense", f"{parameter}.output.dense", y,
                               o.ffn, o.hidden, self.alpha(0.2, 0.4))
        return self.layer_norm(f"{scope}/output/LayerNorm", f"{parameter}.output.LayerNorm",
                               g.node(f"{scope}/output", "Add", y, x))

    def attention_mask(self, scope):
        g = self.g
        mask = g.unsqueeze(scope, g.unsqueeze(scope, "attention_mask", 1), 2)
        mask = g.node(scope, "Cast", mask, to=TensorProto.FLOAT)
        mask = g.node(scope, "Sub", g.constant(scope, 1.0, np.float32), mask)
        lowest = g.constant(scope, np.finfo(np.float32).min, np.float32)
        return g.node(scope, "Mul", mask, lowest)

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
        scale = np.abs(weight).mean(axis=1, keepdims=True, dtype=np.float64)
        table = self.binary_weight(f"{scope}/word_embeddings",
                                   "bert.embeddings.word_embeddings.weight", weight, scale)
        words = g.node(f"{scope}/word_embeddings", "Gather", table, "input_ids")
        table = g.parameter("bert.embeddings.position_embeddings.weight",
                            self.normal((o.positions, o.hidden), 0.02))
        places = g.node(f"{scope}/position_embeddings", "Gather", table, positions)
        table = g.parameter("bert.embeddings.token_type_embeddings.weight",
                            self.normal((2, o.hidden), 0.02))
        types = g.node(f"{scope}/token_type_embeddings", "Gather", table, "token_type_ids")
        total = g.node(scope, "Add", g.node(scope, "Add", words, places), types)
        return self.layer_norm(f"{scope}/LayerNorm", "bert.embeddings.LayerNorm", total)

    def pooler(self, scope, x, first):
        g, o = self.g, self.o
        token = g.node(scope, "Gather", x, first, axis=1)
        y = self.binary_linear(f"{scope}/dense", "bert.pooler.dense", token, o.hidden, o.hidden,
                               self.alpha(1.2, 2.0))
        y = self.layer_norm(f"{scope}/LayerNorm", "bert.pooler.LayerNorm", y)
        return g.node(f"{scope}/activation", "Tanh", g.node(scope, "Add", y, token))

    def model(self):
        g, o = self.g, self.o
        first = g.constant("/bert", 0)
        mask = self.attention_mask("/bert")
        x = self.embeddings("/bert/embeddings")
        for layer in range(o.layers):
            x = self.encoder_layer(f"/bert/encoder/layer.{layer}", f"bert.encoder.layer.{layer}",
                                   x, mask)
        pooled = self.pooler("/bert/pooler", x, first)
        weight = g.parameter("classifier.weight",
                             self.normal((o.classes, o.hidden), 1 / math.sqrt(o.hidden)))
        bias = g.parameter("classifier.bias", self.bias(o.classes, 0.1))
        g.nodes.append(helper.make_node("Gemm", [pooled, weight, bias], ["logits"],
                                        name="/classifier/Gemm", alpha=1.0, beta=1.0, transB=1))
        batch, seq = ("batch", "seq") if o.dynamic else (o.batch, o.seq)
        ids = TensorProto.INT32 if o.int32 else TensorProto.INT64
        inputs = [helper.make_tensor_value_info(name, ids, [batch, seq])
                  for name in ("input_ids", "attention_mask", "token_type_ids")]
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, o.classes])]
        graph = helper.make_graph(g.nodes, "bipft", inputs, outputs, g.initializers)
        model = helper.make_model(graph, producer_name="make_bipft",
                                  opset_imports=[helper.make_opsetid("", o.opset)])
        model.ir_version = 7 if o.opset < 15 else 8
        return model


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default, help_text in (
            ("layers", 2, "encoder layers"), ("hidden", 64, "hidden size"),
            ("heads", 2, "attention heads"), ("ffn", 128, "size of the feed-forward layer"),
            ("vocab", 120, "rows of the word embedding; row 0 is the padding row"),
            ("positions", 64, "longest sequence"), ("classes", 2, "logits"),
            ("rank", 1, "rank of the residual terms of the scores"),
            ("seed", 1, "of the random weights"), ("opset", 17, "11 to 17"),
            ("batch", 2, "batch size of a static model"),
            ("seq", 16, "sequence length of a static model")):
        parser.add_argument(f"--{name}", type=int, default=default,
                            help=f"{help_text} (default {default})")
    parser.add_argument("--dynamic", action="store_true", help="leave batch and length open")
    parser.add_argument("--int32", action="store_true", help="32-bit ids")
    parser.add_argument("--zero-bias", action="store_true",
                        help="all biases and shifts zero, as in a model before training")
    parser.add_argument("--no-residual", action="store_true",
                        help="attention without the low-rank residual terms")
    parser.add_argument("-o", dest="output", required=True, metavar="FILE")
    options = parser.parse_args()
    if not 11 <= options.opset <= 17:
        parser.error("--opset: 11 to 17")
    if options.hidden % options.heads:
        parser.error("--hidden must be a multiple of --heads")
    if not options.dynamic and options.seq > options.positions:
        parser.error("--seq is longer than --positions")
    with open(options.output, "wb") as file:
        file.write(Bipft(options).model().SerializeToString())
    return 0


if __name__ == "__main__":
    sys.exit(main())
