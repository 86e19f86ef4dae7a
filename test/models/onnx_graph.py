# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Collects ONNX nodes and initialisers the way that torch's exporter writes them."""
import collections
import dataclasses

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# What quantises: signed one-bit is sign(x) * alpha, unsigned one-bit clip(round(x / alpha), 0, 1)
# * alpha; more bits are clip(round((x - minimum) / alpha), low, high) * alpha + minimum (BiPFT,
# arXiv 2312.08937, section 3.1; BiT, arXiv 2205.13016, section 3.1).
CUSTOM_DOMAIN = "bnn"


@dataclasses.dataclass
class Quantiser:
    bits: int
    signed: bool
    alpha: float
    minimum: float = None  # baked by the exporter; only unsigned quantisers of several bits
    after: float = None    # a multiplier after the clip that is not alpha: a near miss

    def range(self):
        if self.signed:
            return -2.0 ** (self.bits - 1), 2.0 ** (self.bits - 1) - 1
        return 0.0, 2.0 ** self.bits - 1


class Graph:
    """Nodes, named by their module, and initialisers; anonymous values have numbers."""

    def __init__(self, opset, folded=True, merge=False, custom=False):
        self.opset = opset
        self.is_folded = folded  # whether the exporter folded constants of the parameters
        self.merge = merge       # equal parameters are one initialiser and Identity nodes
        self.custom = custom     # quantisers as nodes of the domain `bnn`
        self.nodes = []
        self.initializers = []
        self.contents = {}
        self.counts = collections.Counter()
        self.anonymous = 0
        self.producers = {}      # of each value, its node's name

    def parameter(self, name, array):
        """A named float initialiser, as a module's parameter."""
        array = np.ascontiguousarray(array, dtype=np.float32)
        key = (array.shape, array.tobytes())
        if self.merge and key in self.contents:
            self.nodes.append(helper.make_node("Identity", [self.contents[key]], [name],
                                               name=f"Identity_{len(self.nodes)}"))
            return name
        self.contents[key] = name
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def folded(self, consumer, array):
        """An initialiser that constant folding made: its name tells only who reads it."""
        self.anonymous += 1
        return self.parameter(f"onnx::{consumer}_{self.anonymous + 100}", array)

    def node(self, scope, op, *inputs, output=None, domain=None, **attributes):
        index = self.counts[scope, op]
        self.counts[scope, op] += 1
        name = f"{scope}/{op}" + (f"_{index}" if index else "")
        output = output or str(len(self.nodes) + 1)
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=name, domain=domain,
                                           **attributes))
        self.producers[output] = name
        return output

    def outputs(self, scope, op, names, *inputs, **attributes):
        """A node of several named outputs."""
        self.nodes.append(helper.make_node(op, list(inputs), list(names), name=f"{scope}/{op}",
                                           **attributes))
        return list(names)

    def constant(self, scope, value, dtype=np.int64):
        return self.node(scope, "Constant",
                         value=numpy_helper.from_array(np.array(value, dtype=dtype)))

    def scalar(self, scope, value):
        return self.constant(scope, value, np.float32)

    def unsqueeze(self, scope, x, axis):
        if self.opset < 13:
            return self.node(scope, "Unsqueeze", x, axes=[axis])
        return self.node(scope, "Unsqueeze", x, self.constant(scope, [axis]))

    def ones(self, scope, rank):
        return self.node(scope, "ConstantOfShape", self.constant(scope, [rank]),
                         value=numpy_helper.from_array(np.array([1], dtype=np.int64)))

    def expand_like_torch(self, scope, x, shape):
        """x.expand(shape): -1 in `shape` keeps a dimension, at run time, in ONNX."""
        target = again = self.constant(scope, shape)
        ones = self.ones(scope, len(shape))
        keep = self.node(scope, "Mul", ones, self.constant(scope, -1))
        if -1 in shape:  # the exporter then writes the shape a second time
            again = self.constant(scope, shape)
        equal = self.node(scope, "Equal", again, keep)
        return self.node(scope, "Expand", x, self.node(scope, "Where", equal, ones, target))

    def expand_unfolded(self, scope, x, shape):
        """The same where nothing was folded: the shape is put together at run time."""
        dims = [self.unsqueeze(scope, self.constant(scope, size), 0) for size in shape]
        whole = self.node(scope, "Reshape", self.node(scope, "Concat", *dims, axis=0),
                          self.constant(scope, [-1]))
        ones = self.node(scope, "ConstantOfShape", self.node(scope, "Shape", whole),
                         value=numpy_helper.from_array(np.array([1], dtype=np.int64)))
        keep = self.node(scope, "Mul", ones, self.constant(scope, -1))
        equal = self.node(scope, "Equal", whole, keep)
        return self.node(scope, "Expand", x, self.node(scope, "Where", equal, ones, whole))

    def binary_weight(self, scope, name, weight, per_row=False):
        """sign(W - mean(W)) * mean(|W|), all at run time; the mean of |W| a row for an embedding."""
        latent = name
        if name not in self.producers:  # a tied weight is there already
            latent = self.parameter(name, weight)
            self.producers[name] = None
        if self.custom:
            return self.node(scope, "BwnWeight", latent, domain=CUSTOM_DOMAIN,
                             **({"axis": 1} if per_row else {}))
        axes = [1] if per_row else [0, 1]
        if self.is_folded:
            scale = np.abs(weight).mean(axis=tuple(axes), keepdims=per_row, dtype=np.float64)
            mean = self.node(scope, "ReduceMean", latent, keepdims=0)
            sign = self.node(scope, "Sign", self.node(scope, "Sub", latent, mean))
            scale = self.folded("Expand", scale)
            expanded = self.expand_like_torch(scope, scale, list(weight.shape))
            return self.node(scope, "Mul", sign, expanded)
        total = self.node(scope, "ReduceL1", latent, axes=axes, keepdims=int(per_row))
        count = weight.shape[1] if per_row else weight.size
        scale = self.node(scope, "Div", total, self.scalar(scope, count))
        mean = self.node(scope, "ReduceMean", latent, keepdims=0)
        sign = self.node(scope, "Sign", self.node(scope, "Sub", latent, mean))
        expanded = self.expand_unfolded(scope, scale, list(weight.shape))
        return self.node(scope, "Mul", sign, expanded)

    def alpha(self, scope, consumer, name, value):
        """The scale of a quantiser: max(alpha, 1e-5), folded or not."""
        if self.is_folded and not self.custom:
            return self.folded(consumer, np.float32(value))
        parameter = self.parameter(name, np.float32(value))
        if self.custom:
            return parameter
        epsilon = self.scalar(scope, 1e-5)
        greater = self.node(scope, "Greater", parameter, epsilon)
        return self.node(scope, "Where", greater, parameter,
                         self.folded("Where", np.float32(1e-5)))

    def quantise(self, scope, name, x, q):
        """The quantised x, in floats; `name` is that of alpha, where it has one."""
        low, high = q.range()
        if self.custom:
            alpha = self.alpha(scope, "", name, q.alpha)
            if q.after is None:
                minimum = [self.scalar(scope, q.minimum)] if q.minimum is not None else []
                return self.node(scope, "Binarize" if q.bits == 1 else "Quantize", x, alpha,
                                 *minimum, domain=CUSTOM_DOMAIN, signed=int(q.signed),
                                 **({} if q.bits == 1 else {"bits": q.bits}))
        elif q.bits == 1 and q.signed:
            sign = self.node(scope, "Sign", x)
            return self.node(scope, "Mul", sign, self.alpha(scope, "Mul", name, q.alpha))
        else:
            alpha = self.alpha(scope, "Div", name, q.alpha)
        if q.minimum is not None:
            x = self.node(scope, "Sub", x, self.scalar(scope, q.minimum))
        rounded = self.node(scope, "Round", self.node(scope, "Div", x, alpha))
        clipped = self.node(scope, "Clip", rounded, self.scalar(scope, low),
                            self.scalar(scope, high))
        if q.after is not None:
            alpha = self.folded("Mul", np.float32(q.after))
        result = self.node(scope, "Mul", clipped, alpha)
        if q.minimum is not None:
            result = self.node(scope, "Add", result, self.scalar(scope, q.minimum))
        return result

    def layer_norm(self, scope, x, scale, bias, one_node=True, swapped=False):
        """LayerNorm over the last axis, by two parameters: one node from opset 17 on if
        `one_node`, nine otherwise."""
        if one_node and self.opset >= 17:
            return self.node(scope, "LayerNormalization", x, scale, bias, axis=-1,
                             epsilon=float(np.float32(1e-12)))
        mean = self.node(scope, "ReduceMean", x, axes=[-1])
        centred = self.node(scope, "Sub", x, mean)
        square = self.node(scope, "Pow", centred, self.scalar(scope, 2.0))
        variance = self.node(scope, "ReduceMean", square, axes=[-1])
        shifted = self.node(scope, "Add", variance, self.scalar(scope, 1e-12))
        normal = self.node(scope, "Div", centred, self.node(scope, "Sqrt", shifted))
        product = (scale, normal) if swapped else (normal, scale)
        return self.node(scope, "Add", self.node(scope, "Mul", *product), bias)

    def gelu(self, scope, x):
        half = self.node(scope, "Mul", x, self.scalar(scope, 0.5))
        scaled = self.node(scope, "Div", x, self.scalar(scope, 2.0 ** 0.5))
        one = self.scalar(scope, 1.0)
        return self.node(scope, "Mul", half,
                         self.node(scope, "Add", self.node(scope, "Erf", scaled), one))

    def softmax(self, scope, x, rank):
        # Before opset 13 softmax flattens from `axis` on: the last one means the same.
        return self.node(scope, "Softmax", x, axis=-1 if self.opset >= 13 else rank - 1)

    def model(self, name, producer, inputs, outputs):
        """The ModelProto; inputs and outputs are (name, element type, shape)."""
        graph = helper.make_graph(
            self.nodes, name, [helper.make_tensor_value_info(*i) for i in inputs],
            [helper.make_tensor_value_info(*o) for o in outputs], self.initializers)
        opsets = [helper.make_opsetid("", self.opset)]
        if self.custom:
            opsets.append(helper.make_opsetid(CUSTOM_DOMAIN, 1))
        model = helper.make_model(graph, producer_name=producer, opset_imports=opsets)
        model.ir_version = 7 if self.opset < 15 else 8
        return model
