# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changes the nodes of an ONNX model in place, and knows what their values are."""
import collections

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Editor:
    """A model whose nodes stay in an order in which each comes after those that it reads."""

    def __init__(self, model, rng):
        self.model, self.graph, self.rng = model, model.graph, rng
        self.count = 0
        self.types, self.shapes = {}, {}
        inferred = onnx.shape_inference.infer_shapes(model).graph
        for value in [*inferred.value_info, *inferred.input, *inferred.output]:
            kind = value.type.tensor_type
            self.types[value.name] = kind.elem_type
            if kind.HasField("shape"):
                self.shapes[value.name] = [dim.dim_value or None for dim in kind.shape.dim]
        for tensor in self.graph.initializer:
            self.types[tensor.name], self.shapes[tensor.name] = tensor.data_type, list(tensor.dims)

    #===-- What there is -----------------------------------------------------===#

    @property
    def opset(self):
        return next(o.version for o in self.model.opset_import if o.domain == "")

    def outputs(self):
        return {value.name for value in self.graph.output}

    def users(self):
        """The nodes that read each value; a graph's output is read by None as well."""
        users = collections.defaultdict(list)
        for node in self.graph.node:
            for name in node.input:
                users[name].append(node)
        for name in self.outputs():
            users[name].append(None)
        return users

    def producers(self):
        return {name: node for node in self.graph.node for name in node.output if name}

    def computed(self):
        """The values that depend on the graph's inputs."""
        known = {value.name for value in self.graph.input} - {t.name for t in self.graph.initializer}
        for node in self.graph.node:
            if not known.isdisjoint(node.input):
                known.update(node.output)
        return known

    def constants(self):
        """The arrays of initializers and Constant nodes."""
        found = {tensor.name: numpy_helper.to_array(tensor) for tensor in self.graph.initializer}
        for node in self.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        return found

    #===-- Changes -----------------------------------------------------------===#

    def fresh(self, hint="v"):
        self.count += 1
        return f"{hint}__{self.count}"

    def constant(self, value, dtype=np.float32):
        """An initializer; its name."""
        name = self.fresh("c")
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, operator, inputs, output=None, **attributes):
        """A node that is in no list yet; with no output, one of a new name."""
        output = output or self.fresh()
        return helper.make_node(operator, inputs, [output], name=self.fresh("/" + operator), **attributes)

    def rewrite(self, visit):
        """Puts the nodes of the list that visit(node) returns in the place of each node, unless it is None."""
        nodes = []
        for node in self.graph.node:
            made = visit(node)
            nodes += [node] if made is None else made
        self.set_nodes(nodes)

    def set_nodes(self, nodes):
        nodes = list(nodes)
        kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del self.graph.node[:]
        self.graph.node.extend(kept)

    def chance(self, share):
        return self.rng.random() < share
