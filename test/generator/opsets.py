# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model of one opset in a later one, for the operators that drawn models have."""
import numpy as np

# The opset in which the attribute axes, or split, became an input.
AXES = {"Squeeze": 13, "Unsqueeze": 13, "ReduceSum": 13, "ReduceMean": 18, "ReduceL1": 18}
# The newest opset that the ONNX Runtime of the tests has.
REFEREE = 26
NEWEST = 27


def convert(editor, opset):
    """The model in `opset`, which is not before its own."""
    old = editor.opset

    def visit(node):
        if node.domain:
            return None
        since = AXES.get(node.op_type, 0)
        if old < since <= opset:
            as_input(editor, node, "axes")
        if node.op_type == "Split":
            if old < 13 <= opset:
                as_input(editor, node, "split")
            if old < 18 <= opset and len(node.input) < 2:
                node.attribute.append(editor.node("Split", [], num_outputs=len(node.output)).attribute[0])
        return None
    editor.rewrite(visit)
    for imported in editor.model.opset_import:
        if imported.domain == "":
            imported.version = opset


def as_input(editor, node, name):
    """An attribute of integers becomes the second input."""
    for index, attribute in enumerate(node.attribute):
        if attribute.name == name:
            node.input.append(editor.constant(list(attribute.ints), np.int64))
            del node.attribute[index]
            return
