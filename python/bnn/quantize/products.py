# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which nodes of a graph are products that can be of 8-bit integers."""
import dataclasses

import onnx

from bnn.graphs.graph import attribute
from bnn.quantize.errors import QuantizeError

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


def check_unquantised(model):
    """Raises a QuantizeError where a node of the model is of 8-bit integers already."""
    for node in [*model.graph.node, *(n for function in model.functions for n in function.node)]:
        if node.op_type in QUANTISED:
            raise QuantizeError("the model is quantised already: node "
                                f"'{node.name or node.output[0]}' is a {node.op_type}")


def find(graph):
    """Every product of a `Graph` with at most one constant factor, that on the right, a list of
    `Product`."""
    found = []
    for node in graph.graph.node:
        if node.op_type not in ("MatMul", "Gemm") or node.domain not in ("", "ai.onnx"):
            continue
        left, right = node.input[:2]
        # As the compiler's report names it.
        name = node.name or node.output[0]
        if left in graph.computed and right in graph.computed:
            found.append(Product(node, name))
        elif left in graph.computed:
            is_gemm = node.op_type == "Gemm"
            if is_gemm and attribute(node, "transA", 0):
                continue
            found.append(Product(node, name, right,
                                 bool(is_gemm and attribute(node, "transB", 0))))
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
