#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws single products of 8-bit integers, in every writer's form, and near misses; some with a
product of bits before or behind them.

    int8_products.py --count 100 --seed 1      products 1 to 100
    int8_products.py --seed 17 --work DIR      one product; its files stay in DIR

Sizes, zero points, scales, and what stands between the quantiser and the product are drawn; inputs
have a NaN, infinities and numbers beyond the range now and then. ONNX Runtime computes each node by
node. Integers must be its bits, and so must floats whose scales are powers of two; others may be a
few roundings of their terms away. The report must say 8x8, or float where the product is none of
bytes. Of every --apart-th the bytes must be those of the reference lowering and of another strategy,
too: kernels are compared with each other elsewhere (test/twins), and compiling is what takes the time.
"""
import concurrent.futures
import json
import os
import random
import shutil
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import command
import int8
import harness
from harness import Failure


FORMS = ["qdq", "qdq", "qdq", "gemm", "gemm", "integer", "integer", "dynamic", "dynamic_fused", "near", "qlinear",
         "qlinear_add", "qattention", "qgemm", "to_float", "torch", "tensorrt", "paddle", "nncf", "before_bits",
         "behind_bits"]
# Those whose writers have int8 only, or whose rows are uint8.
SYMMETRIC, UNSIGNED = ("tensorrt", "paddle"), ("torch", "dynamic", "dynamic_fused", "qattention")


class Product:
    """One drawn product."""

    def __init__(self, seed, work):
        self.r = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.seed = seed
        self.work = os.path.join(work, str(seed))
        self.nodes, self.initializers, self.inputs, self.feeds = [], [], [], {}
        self.told = ""
        self.became = ["8x8"]

    def constant(self, array):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"{op}_{len(self.nodes)}",
                                           **attributes))
        return name

    def input(self, name, array, fixed=-1):
        """A graph input; where sizes are open, that of axis `fixed` is not."""
        kind = helper.mapping.NP_TYPE_TO_TENSOR_TYPE[array.dtype]
        shape = [f"{name}{i}" if self.is_dynamic and i != fixed % array.ndim else size
                 for i, size in enumerate(array.shape)]
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        self.feeds[name] = array
        return name

    def scale(self):
        value = np.float32(self.rng.uniform(0.003, 0.3))
        return np.float32(2.0 ** np.round(np.log2(value))) if self.exact else value

    def listed(self, value):
        """A scalar, or a list of one element."""
        return self.constant(np.reshape(value, (1,) if self.r.random() < 0.4 else ()))

    def floats(self, shape):
        x = (self.rng.standard_normal(shape) * self.r.choice([0.3, 3, 30])).astype(np.float32)
        if self.special and x.size:
            flat = x.reshape(-1)
            for value in (np.nan, np.inf, -np.inf, 1e30, -1e30):
                flat[self.rng.integers(flat.size)] = value
        return x

    def draw(self):
        r = self.r
        form = r.choice(FORMS)
        self.exact, self.special = r.random() < 0.5, r.random() < 0.2 and form in ("qdq", "gemm", "integer", "near")
        self.is_dynamic = r.random() < 0.4
        k = r.choice([1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 63, 64, 65, 127, 130, 257])
        n = r.choice([1, 2, 3, 8, 15, 16, 17, 31, 32, 33, 47, 64, 65])
        rows = r.choice([1, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17])
        if self.is_dynamic:  # a batch of open size has at most 8
            rows = min(rows, 8)
        lead = [rows] if form in ("gemm", "qgemm") else r.choice([[rows], [rows], [2, rows], [2, 1, rows], []])
        signed = r.random() < 0.5
        kind = r.choice([np.int8, np.int8, np.uint8])
        if signed and form in ("integer", "qdq", "qlinear", "qlinear_add", "qgemm", "to_float"):
            kind = np.int8
        if form in SYMMETRIC:
            signed, kind = True, np.int8
        elif form in UNSIGNED:
            signed, kind = False, np.int8 if form == "torch" else kind
        if form == "near":
            k, n, lead, self.is_dynamic, self.special = k + 1, n + 1, [rows + 1], False, False
        self.told = f"{form} {lead}x{k}x{n} signed={signed} weights={kind.__name__} exact={self.exact}"
        y = getattr(self, form)(lead, k, n, np.int8 if signed else np.uint8, kind)
        result = self.kind_of_result or (TensorProto.INT32 if y == self.whole else TensorProto.FLOAT)
        if self.exact and form in ("qdq", "gemm") and r.random() < 0.4:  # of exact floats, exact bytes
            y = self.node("QuantizeLinear", y, self.constant(np.float32(r.choice([0.25, 4, 64]))),
                          self.constant(np.uint8(r.choice([0, 128]))))
            result = TensorProto.UINT8
        outputs = [helper.make_tensor_value_info(y, result, None)]
        graph = helper.make_graph(self.nodes, "product", self.inputs, outputs, self.initializers)
        self.output = y
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13),
                                                        helper.make_opsetid("com.microsoft", 1)])
        model.ir_version = 7
        return model

    whole = None  # the name of a result of integers
    kind_of_result = None

    # Factors

    def weights(self, k, n, kind, turned=False):
        limits = np.iinfo(kind)
        span = self.r.choice([limits.max - limits.min, 20])
        low = self.r.randint(limits.min, limits.max - span)
        w = self.rng.integers(low, low + span + 1, (n, k) if turned else (k, n)).astype(kind)
        return w

    def point_of_weights(self, kind, n, is_list):
        limits = np.iinfo(kind)
        shape = (n,) if is_list else ()
        form = self.r.choice(["none", "middle", "any", "any"])
        if form == "none":
            return None
        middle = 0 if kind is np.int8 else 128
        return (np.full(shape, middle) if form == "middle" else
                self.rng.integers(limits.min, limits.max + 1, shape)).astype(kind)

    def dequantised_weights(self, k, n, kind, turned):
        """The second factor, [k, n] or turned; the largest scale."""
        is_list = self.r.random() < 0.5
        bytes_turned = turned != (self.r.random() < 0.3)
        w = self.weights(k, n, kind, bytes_turned)
        scale = np.array([self.scale() for _ in range(n)]) if is_list else self.scale()
        point = self.point_of_weights(kind, n, is_list)
        axis = 0 if bytes_turned else 1
        scale_name = self.constant(scale) if is_list or point is not None else self.listed(scale)
        inputs = [self.constant(w), scale_name]
        if point is not None:
            inputs.append(self.constant(point))
        less = np.zeros((), int) if point is None else point.astype(int)
        numbers = (w if bytes_turned else w.T).astype(int) - np.reshape(less, (-1, 1))
        self.fits = bool(numbers.min() >= -128 and numbers.max() <= 127)
        y = self.node("DequantizeLinear", *inputs, axis=axis)
        if bytes_turned != turned:
            y = self.node("Transpose", y, perm=[1, 0])
        return y

    def moves(self, x, shape, lead, k):
        """The tensor [lead, k] that moves make of `x`, which has `shape`."""
        if shape == "turned":
            x = self.node("Transpose", x, perm=[*range(len(lead) - 1), len(lead), len(lead) - 1])
        if shape == "flat":
            x = self.node("Reshape", x, self.constant(np.array([*lead, k], np.int64)))
        if shape == "wide":
            x = self.node("Squeeze", x, self.constant(np.array([0], np.int64)))
        return x

    def source(self, lead, k):
        """(the shape's name, the input's shape)"""
        form = self.r.choice(["plain", "plain", "turned", "flat", "wide"])
        if form == "turned" and lead:
            return form, [*lead[:-1], k, lead[-1]]
        if form == "flat" and not self.is_dynamic:
            return form, [int(np.prod([*lead, k]))]
        if form == "wide":
            return form, [1, *lead, k]
        return "plain", [*lead, k]

    def quantised(self, lead, k, kind):
        form, shape = self.source(lead, k)
        fixed = -2 if form == "turned" else -1
        limits = np.iinfo(kind)
        scale, point = self.scale(), kind(self.r.choice([0, limits.min, limits.max, 3, 64]))
        names = [self.constant(np.reshape(scale, s)) for s in [self.r.choice([(), (1,)])]]
        names.append(self.constant(np.reshape(point, self.r.choice([(), (1,)])).astype(kind)))
        if self.r.random() < 0.2:  # bytes from elsewhere
            values = self.rng.integers(limits.min, limits.max + 1, shape).astype(kind)
            x = self.input("b", values, fixed)
        else:
            x = self.node("QuantizeLinear", self.input("x", self.floats(shape), fixed), *names)
        return self.moves(self.node("DequantizeLinear", x, *names), form, lead, k)

    # Forms

    def qdq(self, lead, k, n, kind, weight_kind):
        x = self.quantised(lead, k, kind)
        y = self.node("MatMul", x, self.dequantised_weights(k, n, weight_kind, False))
        if self.r.random() < 0.3:
            y = self.node("Add", y, self.constant(self.rng.standard_normal(n).astype(np.float32)))
        return y

    def gemm(self, lead, k, n, kind, weight_kind):
        x = self.quantised(lead, k, kind)
        turned = self.r.random() < 0.5
        factors = [x, self.dequantised_weights(k, n, weight_kind, turned)]
        shape = self.r.choice([None, (), (n,), (1, n), (lead[0], 1), (lead[0], n)])
        if self.is_dynamic and shape and len(shape) == 2 and shape[0] != 1:
            shape = (n,)
        if shape is not None:
            factors.append(self.constant(np.float32(self.rng.integers(-9, 9, shape))))
        return self.node("Gemm", *factors, transB=int(turned), alpha=self.r.choice([1.0, 0.5, 2.0]),
                         beta=self.r.choice([1.0, 0.5, 0.0]))

    def integer(self, lead, k, n, kind, weight_kind):
        limits = np.iinfo(kind)
        x = self.input("a", self.rng.integers(limits.min, limits.max + 1, [*lead, k]).astype(kind))
        shape = self.r.choice([(), (1,)])
        form = self.r.choice(["none", "constant", "input"])
        value = np.full(shape, self.r.choice([limits.min, limits.max, 0, 7]), kind)
        inputs = [x, self.constant(self.weights(k, n, weight_kind)),
                  "" if form == "none" else
                  self.constant(value) if form == "constant" else self.input("z", value)]
        point = self.point_of_weights(weight_kind, n, self.r.random() < 0.5)
        if point is not None:
            inputs.append(self.constant(point))
        elif form == "none":
            inputs = inputs[:2]
        self.whole = self.node("MatMulInteger", *inputs)
        return self.whole

    def dynamic(self, lead, k, n, kind, weight_kind):
        x = self.input("x", self.floats([*lead, k]))
        names = ["q", "q_scale", "q_zero"]
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], names, name="quantise"))
        point = self.point_of_weights(weight_kind, n, self.r.random() < 0.5)
        inputs = ["q", self.constant(self.weights(k, n, weight_kind)), "q_zero"]
        if point is not None:
            inputs.append(self.constant(point))
        y = self.node("Cast", self.node("MatMulInteger", *inputs), to=TensorProto.FLOAT)
        return self.node("Mul", y, self.node("Mul", "q_scale", self.constant(self.scale())))

    def fused(self, op, *inputs):
        """A node of ONNX Runtime's domain; an input of None is not there."""
        return self.node(op, *("" if name is None else name for name in inputs), domain="com.microsoft")

    def bytes_in(self, lead, k, kind):
        limits = np.iinfo(kind)
        return self.input("a", self.rng.integers(limits.min, limits.max + 1, [*lead, k]).astype(kind))

    def result_of(self, kind):
        """Scale and zero point of a result of bytes."""
        self.kind_of_result = TensorProto.INT8 if kind is np.int8 else TensorProto.UINT8
        return (self.constant(np.float32(self.r.choice([0.3, 1.7, 40]))),
                self.constant(kind(self.r.choice([0, 5, 100]))))

    def qlinear(self, lead, k, n, kind, weight_kind):
        """QOperator of quantize_static."""
        self.whole = self.node(
            "QLinearMatMul", self.bytes_in(lead, k, kind), self.constant(self.scale()),
            self.constant(kind(self.r.choice([0, 7, 100]))), self.constant(self.weights(k, n, weight_kind)),
            self.constant(self.scale()), self.constant(weight_kind(self.r.choice([0, 3]))), *self.result_of(kind))
        return self.whole

    def qlinear_add(self, lead, k, n, kind, weight_kind):
        """QOperator of a linear with its bias, or a residual. ONNX Runtime adds zero points before it rounds:
        of even ones and scales that are powers of two it makes the same bytes."""
        self.exact = True
        limits = np.iinfo(kind)
        is_bias = self.r.random() < 0.5
        self.is_dynamic &= is_bias  # sizes of two inputs may differ
        scales = [self.constant(np.float32(2.0 ** self.r.choice([-1, 1, 4]))) for _ in range(2)]
        points = [self.constant(kind(self.r.choice([0, 6, 100]))) for _ in range(2)]
        y = self.node(
            "QLinearMatMul", self.bytes_in(lead, k, kind), self.constant(self.scale()),
            self.constant(kind(self.r.choice([0, 7, 100]))), self.constant(self.weights(k, n, weight_kind)),
            self.constant(self.scale()), self.constant(weight_kind(self.r.choice([0, 3]))), scales[0], points[0])
        other = self.rng.integers(limits.min, limits.max + 1, [n] if is_bias else [*lead, n]).astype(kind)
        other = self.constant(other) if is_bias else self.input("r", other)
        self.kind_of_result = TensorProto.INT8 if kind is np.int8 else TensorProto.UINT8
        self.whole = self.fused("QLinearAdd", y, scales[0], points[0], other, self.constant(self.scale()),
                                self.constant(kind(self.r.choice([0, 5]))), scales[1], points[1])
        return self.whole

    def qattention(self, lead, k, n, kind, weight_kind):
        """One product of bytes for queries, keys and values, and attention of floats."""
        self.exact = False
        heads, batch, tokens = self.r.choice([1, 2, 3]), self.r.choice([1, 1, 2]), self.r.choice([1, 2, 5, 8])
        width = heads * min(n, 20)
        mask = None
        if self.r.random() < 0.5:
            self.is_dynamic = False
            mask = self.input("mask", (self.rng.random((batch, tokens)) < 0.8).astype(np.int32))
        scale = np.float32([self.scale() for _ in range(3 * width)]) if self.r.random() < 0.5 else self.scale()
        y = self.fused(
            "QAttention", self.bytes_in([batch, tokens], k, kind),
            self.constant(self.weights(k, 3 * width, weight_kind)),
            self.constant(self.rng.standard_normal(3 * width).astype(np.float32)), self.constant(np.float32(self.scale() / k)),
            self.constant(scale), mask, self.constant(kind(self.r.choice([0, 7, 128]))),
            self.constant(np.full(np.shape(scale), 0 if weight_kind is np.int8 else 128, weight_kind)))
        self.nodes[-1].attribute.append(helper.make_attribute("num_heads", heads))
        if self.r.random() < 0.3:
            self.nodes[-1].attribute.append(helper.make_attribute("unidirectional", 1))
        self.became = ["8x8", "float"]
        return y

    def qgemm(self, lead, k, n, kind, weight_kind):
        turned = self.r.random() < 0.5
        scale = np.float32([self.scale() for _ in range(n)]) if self.r.random() < 0.5 else self.scale()
        point = np.zeros(np.shape(scale), weight_kind)
        bias = self.constant(np.int32(self.rng.integers(-500, 500, n))) if self.r.random() < 0.7 else None
        self.whole = self.fused(
            "QGemm", self.bytes_in(lead, k, kind), self.constant(self.scale()), self.constant(kind(3)),
            self.constant(self.weights(k, n, weight_kind, turned)), self.constant(scale), self.constant(point),
            bias, *self.result_of(kind))
        self.nodes[-1].attribute.append(helper.make_attribute("transB", int(turned)))
        return self.whole

    def to_float(self, lead, k, n, kind, weight_kind):
        """What ONNX Runtime's optimiser leaves of torch.ao's models and of dynamic ones."""
        scale = np.float32([self.scale() for _ in range(n)]) if self.r.random() < 0.5 else self.scale()
        bias = self.constant(self.rng.standard_normal(n).astype(np.float32)) if self.r.random() < 0.5 else None
        self.exact = self.exact and bias is None
        return self.fused(
            "MatMulIntegerToFloat", self.bytes_in(lead, k, kind), self.constant(self.weights(k, n, weight_kind)),
            self.constant(self.scale()), self.constant(scale), self.constant(kind(5)), None, bias)

    def dynamic_fused(self, lead, k, n, kind, weight_kind):
        scale = np.float32([self.scale() for _ in range(n)]) if self.r.random() < 0.5 else self.scale()
        self.exact = False
        return self.fused("DynamicQuantizeMatMul", self.input("x", self.floats([*lead, k])),
                          self.constant(self.weights(k, n, weight_kind)), self.constant(scale))

    def f32_weights(self, k, n, turned, per_channel):
        """f32 weights that the graph itself quantises, symmetric, the scale of each output or one."""
        w = self.rng.standard_normal((n, k) if turned else (k, n)).astype(np.float32)
        axis = 0 if turned else 1
        scale = np.float32(np.abs(w).max(1 - axis if per_channel else None) / 127)
        if self.exact:
            scale = np.float32(2.0 ** np.ceil(np.log2(scale)))
        parameters = [self.constant(scale), self.constant(np.zeros(np.shape(scale), np.int8))]
        w = self.node("QuantizeLinear", self.constant(w), *parameters, axis=axis)
        w = self.node("DequantizeLinear", w, *parameters, axis=axis)
        return self.node("Transpose", w, perm=[1, 0]) if turned else w

    def symmetric(self, lead, k, kind, own=False):
        """A quantised input without a zero point; `own`: q, k and v have a pair each over one tensor."""
        names = [self.constant(self.scale()), self.constant(kind(0))]
        x = self.input("x", self.floats([*lead, k]))
        if own:
            self.node("DequantizeLinear", self.node("QuantizeLinear", x, *names), *names)
        return self.node("DequantizeLinear", self.node("QuantizeLinear", x, *names), *names)

    def with_bias(self, y, n, first=False):
        bias = self.constant(np.float32(self.rng.integers(-9, 9, n)))
        return self.node("Add", *((bias, y) if first else (y, bias)))

    def tensorrt(self, lead, k, n, kind, weight_kind):
        """QDQBERT: f32 weights of [outputs, inputs], a pair for each reader."""
        x = self.symmetric(lead, k, kind, own=True)
        return self.with_bias(self.node("MatMul", x, self.f32_weights(k, n, True, True)), n)

    def paddle(self, lead, k, n, kind, weight_kind):
        """Paddle2ONNX: f32 weights of [inputs, outputs]; the input of every second product has no pair."""
        if self.r.random() < 0.3:
            self.became = ["8xf32"]
            x = self.input("x", self.floats([*lead, k]))
        else:
            x = self.symmetric(lead, k, kind)
        return self.with_bias(self.node("MatMul", x, self.f32_weights(k, n, False, True)), n)

    def torch(self, lead, k, n, kind, weight_kind):
        """torch.ao: activations of 7 or 8 bits, parameters of one element, the bias first."""
        names = [self.constant(np.reshape(self.scale(), (1,))), self.constant(np.uint8([64]))]
        x = self.node("QuantizeLinear", self.input("x", self.floats([*lead, k])), *names)
        if self.r.random() < 0.6:
            x = self.node("Clip", x, "", self.constant(np.uint8(127)))
        x = self.node("DequantizeLinear", x, *names)
        return self.with_bias(self.node("MatMul", x, self.f32_weights(k, n, True, self.r.random() < 0.5)), n, True)

    def nncf(self, lead, k, n, kind, weight_kind):
        """Weights of 7 bits, for the sake of CPUs that cut sums of pairs off at 16 bits."""
        w = self.rng.integers(-64, 64, (k, n)).astype(np.int8)
        scale = np.float32([self.scale() for _ in range(n)])
        w = self.node("DequantizeLinear", self.constant(w), self.constant(scale),
                      self.constant(np.zeros(n, np.int8)), axis=1)
        return self.with_bias(self.node("MatMul", self.quantised(lead, k, kind), w), n)

    def bits(self, x, k, n):
        """A product of the signs of x by those of f32 weights, times a scale."""
        weight = self.constant(np.float32(self.rng.choice([-0.5, 0.5], (k, n))))
        return self.node("MatMul", self.node("Sign", x), weight)

    def before_bits(self, lead, k, n, kind, weight_kind):
        """A product of bytes, whose signs are the input of one of bits."""
        self.became = ["8x8", "1x1"]
        y = self.node("MatMul", self.quantised(lead, k, kind), self.dequantised_weights(k, n, weight_kind, False))
        # Halves, so that no sum is within rounding of a sign's threshold.
        return self.bits(self.node("Add", y, self.constant(np.full(n, 1e-3, np.float32))), n, 7)

    def behind_bits(self, lead, k, n, kind, weight_kind):
        """A product of bits, whose outputs are quantised for one of bytes."""
        self.became = ["1x1", "8x8"]
        y = self.bits(self.input("x", self.floats([*lead, k])), k, n)
        names = [self.constant(np.float32(0.5)), self.constant(kind(3))]
        y = self.node("DequantizeLinear", self.node("QuantizeLinear", y, *names), *names)
        return self.node("MatMul", y, self.dequantised_weights(n, 9, weight_kind, False))

    def near(self, lead, k, n, kind, weight_kind):
        """No product of bytes: f32 inputs, a scale for each of their rows, or one for each of the
        weights' inputs. Of the first two the weights stay bytes, if they are, less their zero points."""
        form = self.r.choice(["floats", "rows", "inputs"])
        self.became = ["float"]
        self.told += f" {form}"
        if form == "inputs":
            x = self.quantised(lead, k, kind)
            scales = np.array([self.scale() for _ in range(k)])
            return self.node("MatMul", x, self.node(
                "DequantizeLinear", self.constant(self.weights(k, n, weight_kind)),
                self.constant(scales), axis=0))
        x = self.input("x", self.floats([*lead, k]))
        if form == "rows":
            parameters = [self.constant(np.array([self.scale() for _ in range(lead[0])])),
                          self.constant(np.zeros(lead[0], kind))]
            x = self.node("QuantizeLinear", x, *parameters, axis=0)
            x = self.node("DequantizeLinear", x, *parameters, axis=0)
        y = self.node("MatMul", x, self.dequantised_weights(k, n, weight_kind, False))
        self.became = ["8xf32" if self.fits else "float"]
        return y

    # Checks

    def path(self, *names):
        return os.path.join(self.work, *names)

    def write(self):
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        with open(self.path("model.onnx"), "wb") as file:
            file.write(self.draw().SerializeToString())
        for name, value in self.feeds.items():
            np.save(self.path(f"{name}.npy"), value)

    def job(self):
        return {"model": self.path("model.onnx"), "level": int8.LEVEL, "runs": [
            {"inputs": {name: self.path(f"{name}.npy") for name in self.feeds},
             "outputs": self.path("ort")}]}

    def run(self, name, *flags):
        work = self.path(name)
        os.makedirs(work, exist_ok=True)
        shapes = [f"--input-shape={feed}:{'x'.join(map(str, value.shape))}"
                  for feed, value in self.feeds.items() if value.ndim and not self.is_dynamic]
        harness.run_command(["bnn-opt", self.path("model.onnx"), "-o", f"{work}/model.o",
                             "--prefix=model", "-O0", *shapes, *flags])
        return harness.run_with_bnn_run("bnn-run", f"{work}/model.o", self.feeds, work)[self.output]

    def check(self, cpu, is_apart):
        actual = self.run("native", "--report=json", f"--report-file={self.path('report.json')}")
        name = sorted(int8.FLAGS)[self.seed % len(int8.FLAGS)]
        others = {"reference": ["--reference"]} if is_apart else {}
        if is_apart and int8.NEEDS.get(name, "") in cpu or name not in int8.NEEDS:
            others[name] = int8.FLAGS[name]
        for name, flags in others.items():
            value = self.run(name, *flags)
            if value.tobytes() != actual.tobytes():
                raise Failure(f"other bytes with {name}: {int((value != actual).sum())} of {value.size}")
        with open(self.path("report.json")) as file:
            layers = json.load(file)["layers"]
        if [layer["became"] for layer in layers] != self.became:
            raise Failure(f"known is {self.became}; the report says "
                          f"{[(layer['became'], layer['reason']) for layer in layers]}")
        expected = np.load(self.path("ort", f"{self.output}.npy"))
        if (actual.dtype, actual.shape) != (expected.dtype, expected.shape):
            raise Failure(f"{actual.dtype} {actual.shape}, ONNX Runtime has {expected.dtype} {expected.shape}")
        if (self.exact and set(self.became) <= {"8x8", "1x1"}) or self.whole:
            wrong = ~((actual == expected) | (np.isnan(actual) & np.isnan(expected)))
        else:
            # Of a sum of floats, each term is rounded.
            limit = 1e-5 * np.maximum(np.abs(expected).max(initial=0), 1)
            wrong = ~(np.abs(actual - expected) <= limit)
        if wrong.any():
            at = tuple(np.argwhere(wrong)[0])
            raise Failure(f"{int(wrong.sum())} of {wrong.size} differ from ONNX Runtime's, first at {at}: "
                          f"{actual[at]!r}, there {expected[at]!r}")


def main():
    parser = command.make_parser(__doc__, "product")
    parser.add_argument("--apart", type=int, default=1, help="compile every so manieth in other ways, too")
    tools = parser.parse_args()
    with open("/proc/cpuinfo") as file:
        cpu = set(file.read().split())
    work = command.make_work(tools)
    products = [Product(seed, work) for seed in range(tools.seed, tools.seed + tools.count)]
    for product in products:
        product.write()
    refused = int8.run_ort(tools, products, work)

    def one(product):
        if product.seed in refused:
            return f"ONNX Runtime: {refused[product.seed]}"
        try:
            product.check(cpu, product.seed % tools.apart == 0)
        except Failure as failure:
            return str(failure)
        return None

    failures = 0
    with concurrent.futures.ThreadPoolExecutor(tools.jobs) as pool:
        for product, error in zip(products, pool.map(one, products)):
            failures += error is not None
            if error:
                print(f"FAIL {product.seed}: {product.told}\n     {error}", flush=True)
    print(f"{len(products)} products, {failures} failed")
    return command.finish(tools, work, len(products), failures)


if __name__ == "__main__":
    sys.exit(main())
