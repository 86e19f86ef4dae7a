# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model in another spelling that computes the same, but for what is exactly 0.

    respell.py MODEL --signs|--functions -o FILE

--signs: activations are binarised by a comparison, so that the sign of 0 is +1.
--functions: opset 21, and what has one scope is a function of the model, as PyTorch's newer exporters
write it.
"""
import argparse

import onnx
from onnx import helper, numpy_helper
import numpy as np


def computed(graph):
    """The values that depend on an input."""
    known = {tensor.name for tensor in graph.initializer}
    found = {value.name for value in graph.input} - known
    for node in graph.node:
        if found & set(node.input):
            found |= set(node.output)
    return found


def compare_signs(model):
    graph = model.graph
    variable = computed(graph)
    for name, value in (("sign/zero", 0.0), ("sign/plus", 1.0), ("sign/minus", -1.0)):
        graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    nodes = []
    for node in graph.node:
        if node.op_type != "Sign" or node.input[0] not in variable:
            nodes.append(node)
            continue
        condition = node.output[0] + "/above"
        nodes.append(helper.make_node("GreaterOrEqual", [node.input[0], "sign/zero"], [condition],
                                      name=node.name + "/above"))
        nodes.append(helper.make_node("Where", [condition, "sign/plus", "sign/minus"], list(node.output), name=node.name))
    del graph.node[:]
    graph.node.extend(nodes)


def axes_as_inputs(graph):
    """Reductions have their axes as an input since opset 18."""
    for node in graph.node:
        if not node.op_type.startswith("Reduce") or node.op_type == "ReduceSum":
            continue
        for attribute in list(node.attribute):
            if attribute.name == "axes":
                name = f"{node.output[0]}/axes"
                graph.initializer.append(numpy_helper.from_array(np.array(attribute.ints, np.int64), name))
                node.input.append(name)
                node.attribute.remove(attribute)


def call_functions(model):
    graph = model.graph
    axes_as_inputs(graph)
    opsets = [helper.make_opsetid("", 21)]
    del model.opset_import[:]
    model.opset_import.extend(opsets + [helper.make_opsetid("local", 1)])
    model.ir_version = 10
    runs = []
    for node in graph.node:
        scope = node.name.rpartition("/")[0]
        if not runs or runs[-1][0] != scope:
            runs.append((scope, []))
        runs[-1][1].append(node)
    readers = {}
    for number, (_, nodes) in enumerate(runs):
        for node in nodes:
            for name in node.input:
                readers.setdefault(name, set()).add(number)
    results = {value.name for value in graph.output}
    calls = []
    for number, (scope, nodes) in enumerate(runs):
        made = {name for node in nodes for name in node.output}
        inputs = sorted({name for node in nodes for name in node.input if name} - made)
        outputs = [name for node in nodes for name in node.output
                   if name in results or readers.get(name, set()) - {number}]
        name = f"Part{number}"
        for node in nodes:
            node.name = node.name.rpartition("/")[2]
        model.functions.append(helper.make_function("local", name, inputs, outputs, nodes, opsets))
        calls.append(helper.make_node(name, inputs, outputs, domain="local", name=scope))
    del graph.node[:]
    graph.node.extend(calls)
    del graph.value_info[:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--signs", action="store_true")
    which.add_argument("--functions", action="store_true")
    parser.add_argument("-o", dest="output", required=True)
    options = parser.parse_args()
    model = onnx.load(options.model)
    (compare_signs if options.signs else call_functions)(model)
    onnx.save(model, options.output)


main()
