#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes one binary attention as ONNX, of 12 heads of 64 channels, to be timed alone.

Ids are looked up in a binary table; query, key and value are signs of that, each with its shift.
--kind=full has a softmax over all tokens, causal hides later ones, bibert compares the scores
with 0 (BiBERT, arXiv 2203.06390).
"""
import argparse
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

HEADS, SIZE, VOCABULARY, LONGEST = 12, 64, 30522, 512
CHANNELS = HEADS * SIZE


def build(kind):
    rng = np.random.default_rng(1)
    nodes, constants = [], []

    def constant(name, value, dtype=np.float32):
        constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def add(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs.split(), [output], name=output, **attributes))
        return output
    constant("table", np.where(rng.random((VOCABULARY, CHANNELS)) < 0.5, 1, -1))
    constant("split", [0, 0, HEADS, SIZE], np.int64)
    constant("joined", [0, 0, CHANNELS], np.int64)
    for name, value in (("root", 8), ("alpha", 0.01), ("zero", 0), ("one", 1), ("fill", -np.inf)):
        constant(name, value)
    add("Gather", "table input_ids", "x")
    for name, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        constant(name + "_shift", rng.standard_normal(CHANNELS))
        add("Add", f"x {name}_shift", name)
        add("Reshape", f"{name} split", name + "_heads")
        add("Transpose", name + "_heads", name + "_turned", perm=order)
        add("Sign", name + "_turned", name + "_signs")
    add("MatMul", "q_signs k_signs", "scores")
    scores = add("Div", "scores root", "scaled")
    if kind == "causal":
        constant("later", np.triu(np.ones((LONGEST, LONGEST), bool), 1), bool)
        scores = add("Where", f"later fill {scores}", "masked")
    if kind == "bibert":
        add("GreaterOrEqual", f"{scores} zero", "high")
        add("Cast", "high", "probabilities", to=TensorProto.FLOAT)
    else:
        add("Softmax", scores, "softmax", axis=-1)
        add("Div", "softmax alpha", "divided")
        add("Round", "divided", "rounded")
        add("Clip", "rounded zero one", "bits")
        add("Mul", "bits alpha", "probabilities")
    add("MatMul", "probabilities v_signs", "context")
    add("Transpose", "context", "back", perm=[0, 2, 1, 3])
    add("Reshape", "back joined", "y")
    graph = helper.make_graph(
        nodes, "attention", [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, LONGEST])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, LONGEST, CHANNELS])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["full", "causal", "bibert"], default="full")
    parser.add_argument("-o", dest="output", required=True, metavar="FILE")
    options = parser.parse_args()
    with open(options.output, "wb") as file:
        file.write(build(options.kind).SerializeToString())
    return 0


if __name__ == "__main__":
    sys.exit(main())
