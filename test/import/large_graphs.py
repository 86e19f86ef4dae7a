#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs that are long, wide or empty, and do nothing else: large_graphs.py FOLDER writes KIND.onnx each.

What takes time that grows with the square of a graph does not finish with these.
"""
import os
import sys

from onnx import TensorProto, helper, save

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def write(folder, kind, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, kind, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    save(model, os.path.join(folder, f"{kind}.onnx"))


def floats(name, dims):
    return helper.make_tensor_value_info(name, FLOAT, dims)


def chain(start, count):
    """Elementwise operators, one after the other: the nodes, and the last one's result."""
    names = [start] + [f"{start}_{i}" for i in range(count)]
    return [helper.make_node("Neg" if i % 2 else "Abs", [a], [b])
            for i, (a, b) in enumerate(zip(names, names[1:]))], names[-1]


def main(folder):
    x = floats("x", [4, 8])

    nodes, last = chain("x", 3000)
    write(folder, "deep", nodes, [x], [floats(last, [4, 8])])

    nodes, last = chain("c", 20000)
    constant = helper.make_tensor("c", FLOAT, [4, 8], [1.0] * 32)
    write(folder, "constants", nodes + [helper.make_node("Add", ["x", last], ["y"])], [x],
          [floats("y", [4, 8])], [constant])

    # One value, many times, and many values.
    write(folder, "concat", [helper.make_node("Concat", ["x"] * 600, ["y"], axis=0)], [x],
          [floats("y", [2400, 8])])
    parts = [helper.make_node("Abs", ["x"], [f"p{i}"]) for i in range(200)]
    write(folder, "sum", parts + [helper.make_node("Sum", [f"p{i}" for i in range(200)], ["y"])],
          [x], [floats("y", [4, 8])])

    # (n0 + ... + n29)^8, n0^(2^40) and a broadcast of 200 lengths.
    inputs = [floats(f"i{i}", [f"n{i}"]) for i in range(200)]
    nodes = [helper.make_node("Shape", [f"i{i}"], [f"s{i}"]) for i in range(30)]
    total = "s0"
    for i in range(1, 30):
        nodes.append(helper.make_node("Add", [total, f"s{i}"], [f"t{i}"]))
        total = f"t{i}"
    for i in range(3):
        nodes.append(helper.make_node("Mul", [total, total], [f"q{i}"]))
        total = f"q{i}"
    power = "s0"
    for i in range(40):
        nodes.append(helper.make_node("Mul", [power, power], [f"w{i}"]))
        power = f"w{i}"
    length = "i0"
    for i in range(1, 200):
        nodes.append(helper.make_node("Add", [length, f"i{i}"], [f"b{i}"]))
        length = f"b{i}"
    write(folder, "symbols", nodes, inputs,
          [helper.make_tensor_value_info(total, INT64, [1]),
           helper.make_tensor_value_info(power, INT64, [1])])

    # A length of 0 beside one that run time knows.
    nodes = [helper.make_node("GatherElements", ["x", "i"], ["y"], axis=1),
             helper.make_node("Identity", ["e"], ["z"]),
             helper.make_node("ReduceSum", ["e", "axes"], ["s"], keepdims=0)]
    write(folder, "empty", nodes,
          [floats("x", ["n", 3]), helper.make_tensor_value_info("i", INT64, ["n", 0]),
           floats("e", ["n", 0, 4])],
          [floats("y", ["n", 0]), floats("z", ["n", 0, 4]), floats("s", ["n", 0])],
          [helper.make_tensor("axes", INT64, [1], [2])])


if __name__ == "__main__":
    main(sys.argv[1])
