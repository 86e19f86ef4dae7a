# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is to be known of a model's graph."""
import itertools

import numpy as np
import onnx
from onnx import numpy_helper


def copied(model):
    """A copy of an onnx.ModelProto, which shares nothing with it."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def attribute(node, name, default):
    """The value of a node's attribute, or `default`."""
    return next((onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name),
                default)


def opset(model):
    """The version of ONNX's own operators that a model is written in."""
    return max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")),
               default=1)


def names(graph):
    """Every name of a graph and of those in it."""
    for value in itertools.chain(graph.input, graph.output, graph.initializer, graph.value_info):
        yield value.name
    for node in graph.node:
        yield node.name
        yield from node.input
        yield from node.output
        for one in node.attribute:
            for inner in (one.g, *one.graphs):
                yield from names(inner)


def tensors_read(nodes, graph):
    """The names of the tensors that nodes and outputs of a graph read, in branches too."""
    read = {value.name for value in graph.output}
    for node in nodes:
        read.update(node.input)
        for one in node.attribute:
            for inner in (one.g, *one.graphs):
                read.update(names(inner))
    return read


class Additions:
    """What is added to a graph, under names that nothing has yet."""

    def __init__(self, graph):
        self.graph = graph
        self.taken = set(names(graph))

    def name(self, base):
        """A name like `base`."""
        name = next(name for name in itertools.chain(
            [base], (f"{base}_{i}" for i in itertools.count(1))) if name not in self.taken)
        self.taken.add(name)
        return name

    def initializer(self, base, array):
        """Adds a constant and returns its name."""
        name = self.name(base)
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        self.graph.initializer.append(numpy_helper.from_array(array, name))
        return name


class Graph:
    """A model's main graph: its constants, what computes each tensor, and what is computed."""

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
            value = attribute(node, "value", None)
            return None if value is None else numpy_helper.to_array(value)
        if node.op_type in ("Identity", "Transpose") and node.domain in ("", "ai.onnx"):
            array = self.constant(node.input[0])
            if array is None or node.op_type == "Identity":
                return array
            return array.transpose(attribute(node, "perm", None))
        return None
