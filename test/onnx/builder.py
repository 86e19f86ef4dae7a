# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nodes in the making: each operator is a method, and numbers are constants."""
import numpy as np
from onnx import helper, numpy_helper


class Graph:
    def __init__(self):
        self.nodes, self.constants = [], []
        self.scope = ""  # of the names of values

    def value(self, operand):
        if isinstance(operand, str):
            return operand
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(operand, getattr(operand, "dtype", np.float32)), name))
        return name

    def __getattr__(self, operator):
        def add(*operands, results=1, **attributes):
            names = [f"{self.scope}_{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(results)]
            self.nodes.append(helper.make_node(operator, [self.value(x) for x in operands], names, **attributes))
            return names[0] if results == 1 else names
        return add
