# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which nodes of a graph are products that can be of 8-bit integers."""
import dataclasses

import onnx
from onnx import numpy_helper

QUANTISED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger",
             "ConvInteger", "QLinearMatMul", "QLinearConv", "QGemm", "QAttention",
             "DynamicQuantizeMatMul", "MatMulIntegerToFloat")


@dataclasses.dataclass
class Product:
    """A MatMul or Gemm. A linear has a constant `weight`, the name of its tensor, which is
    transposed ([N, K]) where `is_transposed`; a product of two activations has none."""
    node: onnx.NodeProto
    name: str
    weight: str = ""
    is_transposed: bool = False

    @property
    def activations(self):
        """The names of the tensors that are computed at run time."""
        return [self.node.input[0]] if self.weight else list(self.node.input[:2])


def _attribute(node, name, default):
    return next((onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name),
                default)


def quantised_node(model):
    """The first node of a model that is of 8-bit integers already, or None."""
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    return next((node for node in nodes if node.op_type in QUANTISED), None)


class Graph:
    """What is to be known of a model's graph."""

    def __init__(self, model):
        graph = model.graph
        self.graph = graph
        self.initializers = {tensor.name: tensor for tensor in graph.initializer}
        self.producers = {name: node for node in graph.node for name in node.output if name}
        #: The inputs that a caller gives: an initialiser that is an input too is a constant.
        self.inputs = [value for value in graph.input if value.name not in self.initializers]
        self.computed = {value.name for value in self.inputs}
        for node in graph.node:
            has_graph = any(a.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
                            for a in node.attribute)
            if has_graph or self.computed.intersection(node.input):
                self.computed.update(node.output)

    def constant(self, name):
        """The array of a tensor that is an initialiser or a Constant, or a transpose of one; None
        where the compiler has to say what it is."""
        if name in self.initializers:
            return numpy_helper.to_array(self.initializers[name])
        node = self.producers.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            value = _attribute(node, "value", None)
            return None if value is None else numpy_helper.to_array(value)
        if node.op_type in ("Identity", "Transpose") and node.domain in ("", "ai.onnx"):
            array = self.constant(node.input[0])
            if array is None or node.op_type == "Identity":
                return array
            return array.transpose(_attribute(node, "perm", None))
        return None

    def products(self):
        """Every product of the main graph with at most one constant factor, that on the right, a
        list of `Product`."""
        found = []
        for node in self.graph.node:
            if node.op_type not in ("MatMul", "Gemm") or node.domain not in ("", "ai.onnx"):
                continue
            left, right = node.input[:2]
            # As the compiler's report names it.
            name = node.name or node.output[0]
            if left in self.computed and right in self.computed:
                found.append(Product(node, name))
            elif left in self.computed:
                is_gemm = node.op_type == "Gemm"
                if is_gemm and _attribute(node, "transA", 0):
                    continue
                found.append(Product(node, name, right,
                                     bool(is_gemm and _attribute(node, "transB", 0))))
        return found


def of_few_bits(layers):
    """(the names of linears and products of few bits, and of what belongs to attention of few
    bits; whether there is such attention) by a report's layers. Their arithmetic is cheaper than
    that of 8 bits, and a quantiser in its way would hide it."""
    names = {layer["name"] for layer in layers
             if layer["became"] != "float" or layer["reason"].startswith("a low-rank term")}
    has_attention = any(layer["kind"] == "attention" and layer["became"] != "float"
                        for layer in layers)
    return names, has_attention
