# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pairs of QuantizeLinear and DequantizeLinear into a graph."""
import itertools

import numpy as np
import onnx
from onnx import helper

from bnn.graphs.graph import Additions, tensors_read

# The axis attribute of DequantizeLinear came with 13.
OPSET = 13


class Rewriter(Additions):
    """Quantises products of a model in place; `finish` at the end."""

    def __init__(self, model):
        super().__init__(model.graph)
        self.pairs = {}     # tensor and parameters -> what its readers read now
        self.after = {}     # tensor -> the nodes that go behind it
        self.first = []     # nodes of constants
        self.replaced = []  # tensors that lost a reader

    def _node(self, kind, inputs, base, **attributes):
        output = self.name(f"{base}_{kind}_Output")
        return helper.make_node(kind, inputs, [output], self.name(f"{base}_{kind}"), **attributes)

    def activation(self, product, tensor, scale, zero):
        """Lets a product read a tensor through its pair: one for all who read it with that scale
        and zero point, which is an np.uint8 or an np.int8."""
        key = tensor, np.float32(scale), zero, zero.dtype
        if key not in self.pairs:
            parameters = [self.initializer(f"{tensor}_scale", np.float32(scale)),
                          self.initializer(f"{tensor}_zero_point", zero)]
            quantise = self._node("QuantizeLinear", [tensor, *parameters], tensor)
            dequantise = self._node("DequantizeLinear", [quantise.output[0], *parameters], tensor)
            self.after.setdefault(tensor, []).extend((quantise, dequantise))
            self.pairs[key] = dequantise.output[0]
        for i in range(2):
            if product.node.input[i] == tensor:
                product.node.input[i] = self.pairs[key]

    def weight(self, product, codes, scales):
        """Gives a product an int8 weight in place of its f32 one."""
        key = product.weight, product.is_transposed
        if key not in self.pairs:
            base = product.weight
            if product.is_transposed:
                codes = codes.T
            inputs = [self.initializer(f"{base}_quantized", codes),
                      self.initializer(f"{base}_scale", scales),
                      self.initializer(f"{base}_zero_point", np.zeros(scales.shape, np.int8))]
            axis = {"axis": 0 if product.is_transposed else 1} if scales.ndim else {}
            node = self._node("DequantizeLinear", inputs, base, **axis)
            self.first.append(node)
            self.pairs[key] = node.output[0]
        product.node.input[1] = self.pairs[key]
        self.replaced.append(product.weight)

    def finish(self):
        """Puts the nodes in order, and takes away what nothing reads any more."""
        graph = self.graph
        nodes = list(self.first)
        for value in itertools.chain(graph.input, graph.initializer):
            nodes += self.after.pop(value.name, [])
        for node in graph.node:
            nodes.append(node)
            for name in node.output:
                nodes += self.after.pop(name, [])
        nodes = self._without_dead(nodes)
        copies = []
        for node in nodes:
            copies.append(onnx.NodeProto())
            copies[-1].CopyFrom(node)
        del graph.node[:]
        graph.node.extend(copies)

    def _without_dead(self, nodes):
        graph = self.graph
        read = tensors_read(nodes, graph)
        producers = {name: node for node in nodes for name in node.output}
        dead, gone = [name for name in self.replaced if name not in read], set()
        while dead:
            name = dead.pop()
            gone.add(name)
            node = producers.get(name)
            if node is None or any(output in read for output in node.output):
                continue
            nodes = [other for other in nodes if other is not node]
            for source in node.input:
                if not any(source in other.input for other in nodes):
                    read.discard(source)
                    dead.append(source)
        for values in (graph.initializer, graph.value_info, graph.input):
            # An initialiser of an old file is listed among the inputs too.
            kept = [value for value in values if value.name not in gone]
            if len(kept) != len(values):
                kept = [type(value).FromString(value.SerializeToString()) for value in kept]
                del values[:]
                values.extend(kept)
        return nodes
