# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes encoders of 8-bit integers as ONNX, in the form of each tool that quantises them.

    ort      quantize_static of ONNX Runtime, and what builds on it: QuantizeLinear and
             DequantizeLinear before products, biases of Gemm in int32
    torch    what torch.ao's FakeQuantize is exported as: weights are f32 constants that are
             quantised in the graph, then transposed; 7 bits of an activation by a Clip
    dynamic  quantize_dynamic of ONNX Runtime: DynamicQuantizeLinear and MatMulInteger
    paddle   Paddle2ONNX of ERNIE: signed integers, positions by CumSum, the mask out of the ids
    tensorrt NVIDIA's pytorch-quantization, as QDQBERT has it: signed integers, a pair for each reader,
             both terms of a residual and both factors of attention's products; the ends are f32
    nncf     OpenVINO's NNCF: pairs behind normalisations and the biases of q and k, tables of bytes,
             weights of 7 bits if asked to; probabilities and v are f32

The weights are random (seeded). Scales of activations are those of the f32 model's values, so a
model is built twice. `QuantisedBert.layers` says of each layer what a compiler should make of it.
"""
import dataclasses
import math

import numpy as np
from onnx import TensorProto, numpy_helper

import reference
from binary_bert import Layer
from onnx_graph import Graph

WRITERS = ("ort", "torch", "dynamic", "paddle", "tensorrt", "nncf")
# Their zero points are 0.
SYMMETRIC = ("paddle", "tensorrt")
# They keep weights as torch does, [outputs, inputs], and transpose them.
TURNED = ("torch", "tensorrt")
# How one layer leaves the integers: f32 weights, or an input that nobody quantised.
FLOAT_FORMS = ("weights", "input")


@dataclasses.dataclass
class Options:
    writer: str = "ort"
    layers: int = 2
    hidden: int = 24
    heads: int = 2
    ffn: int = 40
    vocab: int = 50            # token 0 is padding
    positions: int = 40
    types: int = 2
    tasks: int = 0             # a table of task types, as ERNIE 3.0 has it; only `paddle`
    classes: int = 3
    seed: int = 1
    opset: int = 13            # from 17 on LayerNormalization is one node
    gelu: bool = True          # or ReLU
    per_channel: bool = False  # weights have a scale for each output
    signed: bool = False       # activations are int8; only `ort` chooses
    weights: str = "s8"        # or u8, with zero points 128, or u8a, with any; only ort and dynamic
    reduce_range: bool = False  # integers have 7 bits: torch's activations, nncf's weights
    dedicated: bool = False    # each reader of a tensor has its own pair; only `ort`
    products: bool = True      # attention's two products have quantised factors
    everything: bool = False   # sums, tables, biases and results are quantised as well; only `ort`
    outputs: bool = False      # so are linears' outputs, after the bias; `ort`, `torch` and `paddle`
    exact: bool = False        # scales are powers of two: floats compute what integers do
    float_layer: str = ""      # a layer that is left in f32, "0/query" ...
    float_form: str = "weights"  # ... and how, one of FLOAT_FORMS


def legal(o):
    """Options that the writer does not have give way."""
    if o.writer != "ort":
        o.signed = o.dedicated = o.everything = False
    if o.writer not in ("ort", "dynamic"):
        o.weights = "s8"
    if o.writer not in ("torch", "nncf"):
        o.reduce_range = False
    if o.writer in ("dynamic", "nncf"):
        o.products = False
    if o.writer == "dynamic":
        o.exact = False
    if o.writer not in ("ort", "torch", "paddle"):
        o.outputs = False
    if o.writer in ("tensorrt", "nncf"):
        o.dedicated = True
    if o.writer == "tensorrt":
        o.products = True
    if o.writer == "paddle":
        o.per_channel = True
    else:
        o.tasks = 0
    if o.signed:
        o.weights = "s8"
    if o.everything:
        o.products = True
    return o


def power_of_two(scale):
    return 2.0 ** np.ceil(np.log2(scale))


class QuantisedBert:
    """Emits one model; every random number comes from one seeded generator."""

    def __init__(self, options, ranges=None):
        self.o = options
        self.ranges = ranges  # of each quantised tensor, in order; None: to be measured
        if ranges is None and options.writer != "dynamic":
            self.ranges = QuantisedBert(options, []).measure()
        self.is_measuring = options.writer != "dynamic" and self.ranges == []
        self.g = Graph(options.opset)
        self.rng = np.random.default_rng(options.seed)
        self.points = []      # what is quantised, in order
        self.pairs = {}       # by tensor and consumer
        self.scales = {}      # of dequantised tensors
        self.layers = []

    # Numbers

    def normal(self, shape, std, mean=0.0):
        return (self.rng.standard_normal(shape) * std + mean).astype(np.float32)

    def constant(self, name, array, kind):
        array = np.array(array, kind, order="C")
        self.g.initializers.append(numpy_helper.from_array(array, name))
        return name

    def measure(self):
        """(lowest, highest) of each tensor that is quantised, on a few sentences."""
        model = self.model()
        ids = self.rng.integers(1, self.o.vocab, (3, 7))
        ids[1:, 5:] = 0
        feeds = {"input_ids": ids, "attention_mask": (ids != 0).astype(np.int64),
                 "token_type_ids": np.zeros_like(ids)}
        evaluator = reference.Evaluator(model, np.float64)
        values = evaluator.run_all({name: feeds[name] for name in self.inputs()})
        return [(min(float(values[x].min()), 0.0), max(float(values[x].max()), 0.0))
                for x in self.points]

    # Activations

    def point(self, low, high):
        """Scale, zero point, and their type, by the writer's rules."""
        is_symmetric = self.o.writer in SYMMETRIC
        signed = self.o.signed or is_symmetric
        if is_symmetric:
            scale, zero = max(-low, high) / 127 or 1.0, 0
        else:
            scale = (high - low) / (127 if self.has_clip() else 255) or 1.0
        if self.o.exact:
            scale = power_of_two(scale)
        scale = np.float32(scale)
        if not is_symmetric:
            zero = int(np.rint((-128 if signed else 0) - low / scale))
        return scale, zero, np.int8 if signed else np.uint8

    def has_clip(self):
        """Whether activations are held to 7 bits."""
        return self.o.writer == "torch" and self.o.reduce_range

    def quantise(self, x, consumer=""):
        """x after QuantizeLinear and DequantizeLinear."""
        key = x, consumer if self.o.dedicated else ""
        if key in self.pairs:
            return self.pairs[key]
        index = len(self.points)
        self.points.append(x)
        result = x if self.is_measuring else self.pair(x, f"x{index}", self.ranges[index])
        self.pairs[key] = result
        # Who reads a dequantised tensor through a sum quantises it as itself.
        self.pairs[result, key[1]] = result
        return result

    def pair(self, x, name, bounds):
        g, torch = self.g, self.o.writer == "torch"
        scale, zero, kind = self.point(*bounds)
        shape = (1,) if torch else ()
        scale_name = self.constant(f"{name}_scale", np.full(shape, scale), np.float32)
        zero_name = self.constant(f"{name}_zero_point", np.full(shape, zero), kind)
        if torch and len(name) % 2:  # the exporter merged equal parameters
            zero_name = g.node("q", "Identity", zero_name)
        attributes = {}
        if self.o.writer == "tensorrt":
            zero_name, attributes = self.cast_zero(f"{name}_zero", ()), {"axis": 0}
        y = g.node("q", "QuantizeLinear", x, scale_name, zero_name, **attributes)
        if self.has_clip():
            y = g.node("q", "Clip", y, "", self.constant(f"{name}_high", 127, np.uint8))
        y = g.node("q", "DequantizeLinear", y, scale_name, zero_name, **attributes)
        self.scales[y] = scale
        return y

    def cast_zero(self, name, shape):
        """A zero point as pytorch-quantization has it exported: a constant of f32, cast."""
        zero = self.constant(name, np.zeros(shape), np.float32)
        return self.g.node("q", "Cast", zero, to=TensorProto.INT8)

    def maybe(self, x):
        """x, quantised where everything is."""
        return self.quantise(x) if self.o.everything else x

    # Weights

    def integers(self, weight, axis):
        """Bytes, scales and zero points of the weights, one for each index of `axis`, or one."""
        along = tuple(i for i in range(2) if i != axis) if self.o.per_channel else None
        low = np.minimum(weight.min(axis=along), 0).astype(np.float64)
        high = np.maximum(weight.max(axis=along), 0).astype(np.float64)
        if self.o.weights == "u8a":
            scale = (high - low) / 255
        else:
            scale = np.maximum(-low, high) / (63 if self.o.writer == "nncf" and self.o.reduce_range else 127)
        scale = np.float32(power_of_two(scale) if self.o.exact else scale)
        kind = np.int8 if self.o.weights == "s8" else np.uint8
        zero = {"s8": np.zeros_like(scale), "u8": np.full_like(scale, 128),
                "u8a": np.rint(-low / scale)}[self.o.weights]
        wide = [v if v.ndim == 0 else np.expand_dims(v, 1 - axis) for v in (scale, zero)]
        limits = np.iinfo(kind)
        least = -127 if self.o.weights == "s8" else limits.min
        whole = np.clip(np.rint(weight / wide[0]) + wide[1], least, limits.max)
        return whole.astype(kind), scale, zero.astype(kind)

    def weight(self, scope, name, weight, transposed=False):
        """The weights, [inputs, outputs], dequantised; `transposed`: [outputs, inputs]."""
        g, o = self.g, self.o
        turned = transposed or o.writer in TURNED
        values = np.ascontiguousarray(weight.T) if turned else weight
        axis = 0 if turned else 1
        whole, scale, zero = self.integers(values, axis)
        if o.writer == "torch" and not o.per_channel:
            scale, zero = scale.reshape(1), zero.reshape(1)
        attributes = {"axis": axis} if o.per_channel else {}
        parameters = [self.constant(f"{name}_scale", scale, np.float32),
                      self.cast_zero(f"{name}_zero", zero.shape) if o.writer == "tensorrt" else
                      self.constant(f"{name}_zero_point", zero, zero.dtype)]
        if o.writer == "ort":
            y = self.constant(f"{name}_quantized", whole, whole.dtype)
        else:
            y = g.node(scope, "QuantizeLinear", g.parameter(name, values), *parameters, **attributes)
        y = g.node(scope, "DequantizeLinear", y, *parameters, **attributes)
        self.scales[y] = scale
        if turned and not transposed:
            y = g.node(scope, "Transpose", y, perm=[1, 0])
        return y

    # Layers

    def linear(self, scope, x, inputs, outputs, layer, std=0.0):
        g, o = self.g, self.o
        name = scope.strip("/").replace("/", ".") + ".weight"
        weight = self.normal((inputs, outputs), std or 1 / math.sqrt(inputs))
        bias = self.normal(outputs, 0.1)
        # QDQBERT's pooler is no quantised linear.
        is_plain = o.writer == "tensorrt" and layer == "pooler"
        is_float = is_plain or o.float_layer == layer
        has_weights = is_plain or o.float_form == "weights"
        became = "8x8"
        if is_float:
            became = "float" if has_weights or o.writer == "dynamic" else self.of_bytes()
        if is_float and has_weights or self.is_measuring:
            if not is_float:
                x = self.quantise(x, layer)
            y = g.node(scope, "MatMul", x, g.parameter(name, weight))
        elif o.writer == "dynamic":
            if is_float:  # there is no other form
                y = g.node(scope, "MatMul", x, g.parameter(name, weight))
            else:
                return self.dynamic_linear(scope, x, name, weight, bias)
        else:
            if not is_float:
                x = self.quantise(x, layer)
            y = g.node(scope, "MatMul", x, self.weight(scope, name, weight))
        self.layers.append(Layer(g.producers[y], "linear", became))
        bias = g.parameter(name.replace("weight", "bias"), bias)
        y = g.node(scope, "Add", *((bias, y) if o.writer in TURNED else (self.maybe(y), bias)))
        return self.quantise(y) if o.outputs else y

    def dynamic_linear(self, scope, x, name, weight, bias):
        g = self.g
        if x not in self.pairs:
            number = len(self.pairs)
            self.pairs[x] = g.outputs(f"{scope}/q", "DynamicQuantizeLinear",
                                      [f"{x}_{part}_{number}" for part in ("quantized", "scale", "zero")], x)
        whole, scale, zero = self.integers(weight, 1)
        x, x_scale, x_zero = self.pairs[x]
        y = g.node(scope, "MatMulInteger", x, self.constant(f"{name}_quantized", whole, whole.dtype),
                   x_zero, self.constant(f"{name}_zero_point", zero, zero.dtype))
        self.layers.append(Layer(g.producers[y], "linear", "8x8"))
        factor = g.node(scope, "Mul", x_scale, self.constant(f"{name}_scale", scale, np.float32))
        y = g.node(scope, "Mul", g.node(scope, "Cast", y, to=TensorProto.FLOAT), factor)
        return g.node(scope, "Add", y, g.parameter(name.replace("weight", "bias"), bias))

    def gemm(self, scope, x, inputs, outputs, layer):
        """A Gemm of [outputs, inputs], whose bias is of int32 where the input is quantised and the
        writer quantises it."""
        g, o = self.g, self.o
        if o.writer in ("dynamic", "paddle"):
            return self.linear(scope, x, inputs, outputs, layer)
        name = scope.strip("/").replace("/", ".") + ".weight"
        weight = self.normal((inputs, outputs), 1 / math.sqrt(inputs))
        bias = self.normal(outputs, 0.1)
        # torch's classifier has no quantiser before it, TensorRT's none at all.
        is_plain = o.writer == "tensorrt"
        is_float = o.writer in TURNED or o.float_layer == layer
        if not is_float:
            x = self.quantise(x, layer)
        if self.is_measuring or is_plain:
            factors = [x, g.parameter(name, weight.T), g.parameter(f"{name}_bias", bias)]
        else:
            w = self.weight(scope, name, weight, transposed=True)
            factors = [x, w, g.parameter(f"{name}_bias", bias) if is_float or o.writer == "nncf" else
                       self.int32_bias(scope, f"{name}_bias", bias, self.scales[x] * self.scales[w])]
        y = g.node(scope, "Gemm", *factors, transB=1)
        became = "float" if is_plain else self.of_bytes() if is_float else "8x8"
        self.layers.append(Layer(g.producers[y], "linear", became))
        return y

    def of_bytes(self):
        """What a product of f32 by bytes becomes: less any zero point they are bytes no more."""
        return "float" if self.o.weights == "u8a" else "8xf32"

    def int32_bias(self, scope, name, bias, scale):
        # A scale of one element beside a scalar zero point, as ONNX Runtime's quantiser writes it.
        whole = np.rint(bias / scale.astype(np.float64))
        scales = self.constant(f"{name}_scale", scale.reshape(-1), np.float32)
        shape = scale.shape if self.o.per_channel else ()
        zeros = self.constant(f"{name}_zero_point", np.zeros(shape), np.int32)
        return self.g.node(scope, "DequantizeLinear", self.constant(f"{name}_quantized", whole, np.int32),
                           scales, zeros, **({"axis": 0} if self.o.per_channel else {}))

    def layer_norm(self, scope, x):
        h = self.o.hidden
        name = scope.strip("/").replace("/", ".")
        return self.g.layer_norm(scope, x, self.g.parameter(f"{name}.weight", self.normal(h, 0.1, 1.0)),
                                 self.g.parameter(f"{name}.bias", self.normal(h, 0.1)))

    def split_heads(self, scope, x, order):
        g, o = self.g, self.o
        shape = g.constant(scope, [0, 0, o.heads, o.hidden // o.heads])
        return g.node(scope, "Transpose", g.node(scope, "Reshape", x, shape), perm=order)

    def attention(self, index, scope, x, mask):
        g, o = self.g, self.o
        h = o.hidden
        q, k, v = (self.linear(f"{scope}/{part}", x, h, h, f"{index}/{part}")
                   for part in ("query", "key", "value"))
        if o.writer == "nncf":
            q, k = self.quantise(q, "qk"), self.quantise(k, "qk")
        q = self.split_heads(scope, q, [0, 2, 1, 3])
        k = self.split_heads(scope, k, [0, 2, 3, 1])
        v = self.split_heads(scope, v, [0, 2, 1, 3])
        pair = self.quantise if o.products else lambda x, consumer: x
        scores = g.node(scope, "MatMul", pair(q, "qk"), pair(k, "qk"))
        scores = g.node(scope, "Div", self.maybe(scores), g.scalar(scope, math.sqrt(h // o.heads)))
        scores = g.node(scope, "Add", scores, mask)
        p = g.softmax(scope, scores, 4)
        softmax = g.producers[p]
        y = g.node(scope, "MatMul", pair(p, "pv"), pair(v, "pv"))
        self.layers.append(Layer(softmax, "attention", "8x8" if o.products else "float"))
        y = g.node(scope, "Transpose", y, perm=[0, 2, 1, 3])
        return g.node(scope, "Reshape", y, g.constant(scope, [0, 0, h]))

    def activation(self, scope, x):
        return self.g.gelu(scope, x) if self.o.gelu else self.g.node(scope, "Relu", x)

    def encoder_layer(self, index, x, mask):
        g, o = self.g, self.o
        scope = f"/layer.{index}"
        y = self.attention(index, f"{scope}/attention", x, mask)
        y = self.linear(f"{scope}/output", y, o.hidden, o.hidden, f"{index}/output")
        x = self.layer_norm(f"{scope}/norm1", self.residual(scope, y, x))
        y = self.linear(f"{scope}/intermediate", x, o.hidden, o.ffn, f"{index}/intermediate")
        y = self.activation(f"{scope}/activation", y)
        y = self.linear(f"{scope}/ffn_output", y, o.ffn, o.hidden, f"{index}/ffn_output")
        return self.layer_norm(f"{scope}/norm2", self.residual(scope, y, x))

    def residual(self, scope, y, x):
        if self.o.writer == "tensorrt":
            y, x = self.quantise(y, "local"), self.quantise(x, "residual")
        return self.maybe(self.g.node(scope, "Add", self.maybe(y), self.maybe(x)))

    def inputs(self):
        if self.o.writer == "paddle":
            return "input_ids", "token_type_ids"
        return "input_ids", "attention_mask", "token_type_ids"

    def mask(self, scope):
        g = self.g
        if self.o.writer == "paddle":
            hidden = g.node(scope, "Equal", "input_ids", g.constant(scope, 0))
            x = g.node(scope, "Cast", hidden, to=TensorProto.FLOAT)
            return g.unsqueeze(scope, g.unsqueeze(scope, g.node(scope, "Mul", x, g.scalar(scope, -1e4)), 1), 2)
        x = g.unsqueeze(scope, g.unsqueeze(scope, "attention_mask", 1), 2)
        x = g.node(scope, "Sub", g.scalar(scope, 1.0), g.node(scope, "Cast", x, to=TensorProto.FLOAT))
        return g.node(scope, "Mul", x, g.scalar(scope, -1e4))

    def positions(self, scope):
        g = self.g
        shape = g.node(scope, "Shape", "input_ids")
        if self.o.writer == "paddle":
            ones = g.node(scope, "ConstantOfShape", shape,
                          value=numpy_helper.from_array(np.array([1], np.int64)))
            return g.node(scope, "Sub", g.node(scope, "CumSum", ones, g.constant(scope, 1)), ones)
        length = g.node(scope, "Gather", shape, g.constant(scope, 1), axis=0)
        return g.unsqueeze(scope, g.node(scope, "Range", g.constant(scope, 0), length, g.constant(scope, 1)), 0)

    def embedding(self, scope, name, rows, ids):
        g = self.g
        table = self.normal((rows, self.o.hidden), 0.5)
        # NNCF leaves positions in f32.
        is_nncf = self.o.writer == "nncf" and name != "positions.weight"
        is_bytes = (self.o.everything or is_nncf) and not self.is_measuring
        if is_nncf and is_bytes:
            table = self.weight("/embeddings", name, table)
        elif is_bytes:
            scale, zero, kind = self.point(float(table.min()), float(table.max()))
            limits = np.iinfo(kind)
            whole = np.clip(np.rint(table / scale) + zero, limits.min, limits.max)
            table = g.node(scope, "DequantizeLinear", self.constant(f"{name}_quantized", whole, kind),
                           self.constant(f"{name}_scale", scale, np.float32),
                           self.constant(f"{name}_zero_point", zero, kind))
        else:
            table = g.parameter(name, table)
        y = g.node(scope, "Gather", table, ids)
        self.layers.append(Layer(g.producers[y], "embedding", "8x8" if is_bytes else "float"))
        return self.maybe(y)

    def task_ids(self, scope):
        """The task 0 of each token, computed as Paddle's graph does it."""
        g = self.g
        shape = g.node(scope, "Shape", "input_ids")
        ones = g.node(scope, "ConstantOfShape", shape,
                      value=numpy_helper.from_array(np.array([1], np.int64)))
        return g.node(scope, "Mul", ones, g.constant(scope, 0))

    def model(self):
        g, o = self.g, self.o
        mask = self.mask("/mask")
        words = self.embedding("/words", "words.weight", o.vocab, "input_ids")
        places = self.embedding("/positions", "positions.weight", o.positions, self.positions("/positions"))
        types = self.embedding("/types", "types.weight", o.types, "token_type_ids")
        x = g.node("/embeddings", "Add", g.node("/embeddings", "Add", words, places), types)
        if o.tasks:
            tasks = self.embedding("/tasks", "tasks.weight", o.tasks, self.task_ids("/tasks"))
            x = g.node("/embeddings", "Add", x, tasks)
        x = self.layer_norm("/embeddings/norm", self.maybe(x))
        for index in range(o.layers):
            x = self.encoder_layer(index, x, mask)
        first = g.node("/pooler", "Gather", x, g.constant("/pooler", 0), axis=1)
        pooled = g.node("/pooler", "Tanh", self.linear("/pooler/dense", first, o.hidden, o.hidden, "pooler"))
        y = self.gemm("/classifier", pooled, o.hidden, o.classes, "classifier")
        y = g.node("/", "Identity", self.maybe(y), output="logits")
        i64, f32 = TensorProto.INT64, TensorProto.FLOAT
        return g.model("quantised_bert", f"quantised_bert {o.writer}",
                       [(name, i64, ["batch", "seq"]) for name in self.inputs()],
                       [("logits", f32, ["batch", o.classes])])
