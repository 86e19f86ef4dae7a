#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the model that docs/Phases.md follows: two_linears.py FILE.onnx

A feed-forward block in small: binary linear, GELU, binary linear; 4 inputs, 3 inner values.
"""
import os
import sys

from onnx import TensorProto, helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "models"))
from binary_bert import BinaryBert, Options  # noqa: E402


def main():
    block = BinaryBert(Options())
    y = block.g.gelu("/inner", block.binary_linear("/inner/dense", "inner.dense", "x", 4, 3, 60.0))
    y = block.binary_linear("/output/dense", "output.dense", y, 3, 2, 0.5)
    block.g.nodes.append(helper.make_node("Identity", [y], ["y"], name="/output/Identity"))
    graph = helper.make_graph(
        block.g.nodes, "two_linears",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        block.g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    with open(sys.argv[1], "wb") as file:
        file.write(model.SerializeToString())
    return 0


if __name__ == "__main__":
    sys.exit(main())
