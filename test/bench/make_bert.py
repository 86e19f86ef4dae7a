#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a BERT classifier as ONNX: what a user would run in place of a BiPFT model.

The shape, the inputs and the output are those of make_bipft.py's model; the linears are f32, or
with --int8 dynamically quantized as ONNX Runtime's quantize_dynamic writes them: signed weights
with one scale a matrix, activations quantized once for all products that read them; or with --qdq
statically as its quantize_static does for linears: QuantizeLinear and DequantizeLinear around each
product, signed weights with a scale for each output; or with --qat as PyTorch exports what it trained
with quantisers: around each linear, after its bias. Weights are random, and so are the static
scales, which are wide enough. A model of BERT-base's size:

    make_bert.py --layers 12 --hidden 768 --heads 12 --ffn 3072 --vocab 30522 \\
                 --positions 512 -o bert.onnx
"""
import argparse
import dataclasses
import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models"))
from binary_bert import BinaryBert, Options  # noqa: E402


class Bert(BinaryBert):
    """Replaces what is binary in the emitter of BiPFT models."""

    def __init__(self, options, int8, qdq=False, qat=False):
        super().__init__(options)
        self.int8, self.qdq, self.qat = int8, qdq or qat, qat
        self.quantized = {}

    def binary_weight(self, scope, name, weight, per_row=False):
        return self.g.parameter(name, weight)

    def integers(self, name, array):
        self.g.initializers.append(numpy_helper.from_array(array, name))
        return name

    def quantize(self, scope, x):
        """The u8 values, scale and zero point of x; made once."""
        if x not in self.quantized:
            outputs = [f"{x}_{part}" for part in ("quantized", "scale", "zero_point")]
            self.g.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], outputs,
                                                 name=f"{x}_QuantizeLinear"))
            self.quantized[x] = outputs
        return self.quantized[x]

    def as_bytes(self, x, scale, zero=128):
        """x, rounded to bytes and back; made once."""
        if x not in self.quantized:
            names = [self.integers(f"{x}_{part}", np.array(value, dtype))
                     for part, value, dtype in (("scale", scale, np.float32), ("zero_point", zero, np.uint8))]
            outputs = [f"{x}_QuantizeLinear_Output", f"{x}_DequantizeLinear_Output"]
            self.g.nodes.append(helper.make_node("QuantizeLinear", [x, *names], outputs[:1],
                                                 name=f"{x}_QuantizeLinear"))
            self.g.nodes.append(helper.make_node("DequantizeLinear", [outputs[0], *names], outputs[1:],
                                                 name=f"{x}_DequantizeLinear"))
            self.quantized[x] = outputs[1]
        return self.quantized[x]

    def static_linear(self, scope, parameter, x, weight, bias):
        g = self.g
        scale = (np.abs(weight).max(axis=0) / 127).astype(np.float32)
        names = [self.integers(f"{parameter}.weight_{part}", array) for part, array in (
            ("quantized", np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)), ("scale", scale),
            ("zero_point", np.zeros(len(scale), np.int8)))]
        matrix = f"{parameter}.weight_DequantizeLinear_Output"
        g.nodes.append(helper.make_node("DequantizeLinear", names, [matrix], axis=1,
                                        name=f"{parameter}.weight_DequantizeLinear"))
        product = g.node(scope, "MatMul", self.as_bytes(x, 0.04), matrix)
        if self.qat:
            return self.as_bytes(g.node(scope, "Add", bias, product), 0.06)
        return g.node(scope, "Add", bias, self.as_bytes(product, 0.06))

    def binary_linear(self, scope, parameter, x, inputs, outputs, alpha, layer="", signed=True):
        g = self.g
        weight = self.normal((inputs, outputs), 0.02)
        bias = g.parameter(f"{parameter}.bias", self.bias(outputs, 0.02))
        if self.qdq:
            return self.static_linear(scope, parameter, x, weight, bias)
        if not self.int8:
            product = g.node(scope, "MatMul", x, g.folded("MatMul", weight))
            return g.node(scope, "Add", bias, product)
        scale = np.float32(np.abs(weight).max() / 127)
        values, x_scale, x_zero = self.quantize(scope, x)
        matrix = self.integers(f"{parameter}.weight_quantized",
                               np.clip(np.rint(weight / scale), -127, 127).astype(np.int8))
        zero = self.integers(f"{parameter}.weight_zero_point", np.array(0, dtype=np.int8))
        product = g.node(scope, "MatMulInteger", values, matrix, x_zero, zero)
        product = g.node(scope, "Cast", product, to=TensorProto.FLOAT)
        both = g.node(scope, "Mul", x_scale, g.parameter(f"{parameter}.weight_scale", scale))
        return g.node(scope, "Add", bias, g.node(scope, "Mul", product, both))

    def attention(self, index, scope, parameter, x, mask):
        g, o = self.g, self.o
        query, key, value = (
            self.binary_linear(f"{scope}/{name}", f"{parameter}.{name}", x, o.hidden, o.hidden,
                               None) for name in ("query", "key", "value"))
        query, value = self.split_heads(scope, query), self.split_heads(scope, value)
        shape = self.shape_of_heads(scope, key, [o.heads, o.hidden // o.heads])
        key = g.node(scope, "Transpose", g.node(scope, "Reshape", key, shape), perm=[0, 2, 3, 1])
        scores = g.node(scope, "MatMul", query, key)
        root = np.sqrt(o.hidden // o.heads)
        scores = g.node(scope, "Div", scores, g.constant(scope, root, np.float32))
        scores = g.node(scope, "Add", scores, mask)
        weights = g.node(scope, "Softmax", scores, axis=-1)
        context = g.node(scope, "MatMul", weights, value)
        context = g.node(scope, "Transpose", context, perm=[0, 2, 1, 3])
        return g.node(scope, "Reshape", context, self.shape_of_heads(scope, context, [o.hidden]))

    def pooler(self, scope, x, first):
        g, o = self.g, self.o
        token = g.node(scope, "Gather", x, first, axis=1)
        y = self.binary_linear(f"{scope}/dense", "bert.pooler.dense", token, o.hidden, o.hidden,
                               None)
        return g.node(f"{scope}/activation", "Tanh", y)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("layers", 2), ("hidden", 64), ("heads", 2), ("ffn", 128),
                          ("vocab", 120), ("positions", 64), ("classes", 2), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    parser.add_argument("--int8", action="store_true", help="dynamically quantized linears")
    parser.add_argument("--qdq", action="store_true", help="statically quantized linears")
    parser.add_argument("--qat", action="store_true",
                        help="the same, with the bias in front of the quantiser of the output")
    parser.add_argument("-o", dest="output", required=True, metavar="FILE")
    # Batch and length are open; no other option of make_bipft.py has a meaning here.
    parser.set_defaults(opset=17, dynamic=True, zero_bias=False, int32=False)
    options = parser.parse_args()
    with open(options.output, "wb") as file:
        known = {field.name for field in dataclasses.fields(Options)}
        chosen = {name: value for name, value in vars(options).items() if name in known}
        model = Bert(Options(**chosen), options.int8, options.qdq, options.qat).model("make_bert")
        file.write(model.SerializeToString())
    return 0


if __name__ == "__main__":
    sys.exit(main())
