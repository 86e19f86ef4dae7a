# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs in later opsets than torch writes: 18 to 21, of the operators that our models have."""
IR_VERSIONS = {18: 8, 19: 9, 20: 9, 21: 10}

# What 18 to 21 changed of these is which types they take, or an attribute whose default is what
# was before (ONNX's Changelog.md).
SAME = frozenset("""
    Add Cast Clip Concat Constant ConstantOfShape DequantizeLinear Div Equal Erf Expand Gather Gemm
    Greater Identity LayerNormalization MatMul Mul Neg Pow QuantizeLinear Range Relu Reshape Round
    Shape Sign Softmax Split Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where""".split())


def _is_same(node):
    # The axes of a reduction are an input since 18; the means of whole tensors have none.
    is_whole = not any(attribute.name == "axes" for attribute in node.attribute)
    return node.op_type in SAME or (node.op_type == "ReduceMean" and is_whole)


def raise_opset(proto, opset):
    """`proto`, of opset 17, in opset 18 to 21, in place. Raises ValueError where it holds an
    operator that is not known to stay the same."""
    for node in proto.graph.node:
        if not _is_same(node):
            raise ValueError(f"opset: {opset}: node '{node.name}' is a {node.op_type}, which is "
                             "written in opset 17 at most")
    for entry in proto.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = opset
    proto.ir_version = IR_VERSIONS[opset]
