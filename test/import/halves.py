# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A graph on numbers of 16 bits.

    halves.py FILE
"""
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

F16, BF16 = TensorProto.FLOAT16, TensorProto.BFLOAT16


def info(name, element):
    return helper.make_tensor_value_info(name, element, ["n", 4])


NODES = [
    ("Cast", "x", "float", {"to": TensorProto.FLOAT}),  # Nothing is left of it,
    ("Cast", "float", "again", {"to": F16}),  # nor of this.
    ("Add", "again w", "sum", {}),  # Rounded.
    ("Transpose", "sum", "turned", {"perm": [1, 0]}),  # Not rounded.
    ("Sign", "turned", "signs", {}),  # Nor this.
    ("Cast", "i", "whole", {"to": F16}),  # By way of f32.
    ("Cast", "b", "bits", {"to": F16}),  # Exact.
    ("Cast", "d", "double", {"to": F16}),  # Rounded once.
    ("Cast", "sum", "brain", {"to": BF16}),  # From one to the other.
    ("Gelu", "sum", "gelu", {}),  # What is written as others is rounded once.
    ("Greater", "sum again", "above", {}),
    ("LayerNormalization", "sum v", "normal mean", {}),  # The mean is f32.
]
OUTPUTS = [("signs", F16), ("whole", F16), ("bits", F16), ("double", F16), ("brain", BF16),
           ("gelu", F16), ("above", TensorProto.BOOL), ("normal", F16), ("mean", TensorProto.FLOAT),
           ("float", TensorProto.FLOAT)]


def main():
    nodes = [helper.make_node(op, inputs.split(), outputs.split(), name="the_" + outputs.split()[0], **attributes)
             for op, inputs, outputs, attributes in NODES]
    weights = [numpy_helper.from_array(np.float16([0.1, 1, 2, 65504]), "w"),
               numpy_helper.from_array(np.full(4, 0.5, np.float16), "v")]
    inputs = [info("x", F16), info("i", TensorProto.INT64), info("b", TensorProto.BOOL),
              info("d", TensorProto.DOUBLE)]
    outputs = [helper.make_tensor_value_info(name, element, None) for name, element in OUTPUTS]
    graph = helper.make_graph(nodes, "halves", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    with open(sys.argv[1], "wb") as file:
        file.write(model.SerializeToString())


if __name__ == "__main__":
    main()
