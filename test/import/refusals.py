# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the importer refuses, and what it says of it.

    refusals.py FOLDER [NAME...]

Each model below is one that libonnx may take and that means nothing, or nothing that is supported;
bnn-opt must fail with the text beside it.
"""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

from graph_forms import function, graph
from graph_forms import model as with_functions
from make import composed, contrib, model
from protos import FLOAT, INT64, array, info, node

BOOL = TensorProto.BOOL
REFUSALS = []


def refused(text, made):
    """`made`, a model, is refused with this text."""
    REFUSALS.append((text, made))


def operator(text, name, shape, constants=(), inputs=None, element=FLOAT, **attributes):
    """One operator of x, of this shape, and of constants."""
    constants = [array(f"c{i}", *value) if isinstance(value, tuple) else array(f"c{i}", value)
                 for i, value in enumerate(constants)]
    inputs = inputs or ["x", *(constant.name for constant in constants)]
    refused(text, composed(node(name, inputs, ["y"], **attributes), shape, constants, element))


def integers(*values):
    return list(values), np.int64


def changed(made, change):
    change(made)
    return made


def one_node(made, shape=(2, 3), initializers=(), **options):
    return model([made], [info("x", shape)], [info("y", None)], initializers, **options)


def composed_operators():
    """Operators that are written as others."""
    ones = np.ones
    operator("it has no element to pad an axis with", "Pad", [0], [integers(1, 1)], mode="edge")
    operator("its mode is 'some'", "Pad", [2], [integers(1, 1)], mode="some")
    operator("a pad is too large", "Pad", [2], [integers(2 ** 40, 1)])
    operator("it needs an input of rank 4 and a block size of 1 to 65536", "SpaceToDepth", [2, 4, 4], blocksize=2)
    operator("an image of 3 by 4 is not made of blocks of 2", "SpaceToDepth", [1, 1, 3, 4], blocksize=2)
    operator("its 3 channels are not blocks of 4, or its mode is neither DCR nor CRD", "DepthToSpace", [1, 3, 2, 2],
             blocksize=2)
    operator("it needs a matrix", "EyeLike", [2])
    operator("a dimension is too large", "DepthToSpace", [1, 4, 2 ** 62, 0], blocksize=2)
    operator("its axes are not 0 and 1, one of time and one of the batch", "ReverseSequence", [2, 2, 2],
             [integers(1, 1)], time_axis=2)
    operator("its K is not one number", "TopK", [4], [integers(1, 2)])
    operator("its kernel_shape is not that of its weights", "Conv", [1, 2, 5, 5], [ones((3, 2, 3, 3))],
             kernel_shape=[2, 2])
    operator("it has 0 groups", "Conv", [1, 2, 5, 5], [ones((3, 2, 3, 3))], group=0)
    operator("its attributes do not fit 2 axes", "ConvTranspose", [1, 2, 5, 5], [ones((2, 3, 3, 3))], pads=[1, 1])
    operator("its pads leave nothing of an axis", "ConvTranspose", [1, 2, 1, 1], [ones((2, 3, 3, 3))],
             pads=[2, 2, 2, 2])
    operator("its weights and attributes do not fit an image of 4 channels", "ConvTranspose", [1, 4, 5, 5],
             [ones((2, 3, 3, 3))])
    operator("its auto_pad is 'some'", "MaxPool", [1, 1, 4], kernel_shape=[2], auto_pad="some")
    operator("it needs an input of rank 4, got rank 3", "MaxPool", [1, 1, 4], kernel_shape=[2, 2])
    operator("its equation has '1'", "Einsum", [2], equation="1->")
    operator("its equation has 2 terms for 1 inputs", "Einsum", [2], equation="i,i->")
    operator("two axes of one label differ in length", "Einsum", [2, 3], equation="ii->i")
    operator("its indices are a scalar", "GatherND", [2], [(0, np.int64)])
    operator("it has 3 indices after 0 axes of a batch, for data of rank 2", "GatherND", [2, 2],
             [([[0, 0, 0]], np.int64)])
    operator("its updates are of rank 2, not 1", "ScatterND", [2], [([[0]], np.int64), [[1.0]]])
    operator("it needs an input of rank 3 or more", "InstanceNormalization", [2, 3], [ones(3), ones(3)])
    operator("its 3 channels are not 2 groups", "GroupNormalization", [1, 3, 4], [ones(3), ones(3)], num_groups=2)
    operator("its p is 3, not 1 or 2", "LpNormalization", [2, 3], p=3)
    operator("it needs an input of rank 2 or more and a size of 1 to 4096", "LRN", [1, 3, 4], size=5000)
    operator("its p is 0, which is below 1", "GlobalLpPool", [1, 1, 4], p=0)
    operator("it needs an input of rank 3 or more", "GlobalAveragePool", [1, 2])
    refused("its ids and positions are no matrices", contrib(
        "EmbedLayerNormalization", ["i", "", "x", "p", "", "w", "w"], [4, 4],
        [array("i", [[0, 1]], np.int32), array("p", np.ones(4)), array("w", np.ones(4))]))


def attention_operators():
    four = [1, 2, 3, 4]
    heads = np.ones((1, 3, 3, 4))
    operator("it needs three inputs of rank 3, or of rank 4", "Attention", [2, 3], inputs=["x", "x", "x"])
    operator("it has only one of past_key and past_value", "Attention", four, [np.ones(four)],
             inputs=["x", "x", "x", "", "c0"])
    operator("it has past keys and nonpad_kv_seqlen", "Attention", four, [np.ones(four), integers(3)],
             inputs=["x", "x", "x", "", "c0", "c0", "c1"])
    operator("an input has no axis 2", "Attention", four, [np.ones((1, 2))], inputs=["x", "x", "x", "", "c0", "c0"])
    operator("2 heads of queries do not share 3 of keys", "Attention", four, [heads], inputs=["x", "c0", "c0"])
    operator("its mask is a scalar", "Attention", four, [1.0], inputs=["x", "x", "x", "c0"])
    operator("its qk_matmul_output_mode is 4", "Attention", four, inputs=["x", "x", "x"], qk_matmul_output_mode=4)
    operator("its scale is negative", "Attention", four, inputs=["x", "x", "x"], scale=-1.0)
    operator("it needs an input of rank 3 or 4", "RotaryEmbedding", [2, 4], [np.ones((1, 3, 2))],
             inputs=["x", "c0", "c0"])
    operator("its cosines and sines are not of rank 3", "RotaryEmbedding", four, [np.ones((3, 2))],
             inputs=["x", "c0", "c0"])


def graphs():
    """What is wrong with a graph and not with an operator."""
    neg = node("Neg", ["x"], ["y"])
    refused("the model imports the opset domain '' twice",
            changed(one_node(neg), lambda made: made.opset_import.append(helper.make_opsetid("ai.onnx", 17))))
    refused("the model imports no opset of ONNX's own domain",
            changed(one_node(neg, domains=["own"]), lambda made: made.opset_import.pop(0)))
    refused("an initializer has no name", one_node(neg, initializers=[array("", 1)]))
    refused("initializer 'w' is defined twice", one_node(neg, initializers=[array("w", 1), array("w", 2)]))
    refused("input 'x' has no name or is defined twice",
            changed(one_node(neg), lambda made: made.graph.input.append(info("x", [2, 3]))))
    refused("input 'x' has rank 65", one_node(neg, [1] * 65))
    refused("input 'x' has a dimension of -4", one_node(neg, [2, -4]))
    refused("the graph has no output", changed(one_node(neg), lambda made: made.graph.output.pop()))
    refused("output 'z' is not produced by the graph, or by an optional output that is not supported",
            changed(one_node(neg), lambda made: made.graph.output.append(info("z", [2, 3]))))
    refused("is too large: ", model(
        [node("Expand", ["x", "s"], ["t"]), node("ReduceSum", ["t"], ["y"], keepdims=0)], [info("x", [1, 1])],
        [info("y", None)], [array("s", [2 ** 31, 2 ** 31], np.int64)]))

    def again(made):
        attribute = made.graph.node[0].attribute
        attribute.append(attribute[0])
    refused("the model is not valid ONNX: Attribute 'axis' appeared multiple times",
            changed(one_node(node("Softmax", ["x"], ["y"], axis=1)), again))
    # libonnx knows no operators of others.
    refused("it has the attribute 'alpha' twice", changed(contrib("QuickGelu", ["x"], [2], alpha=1.0), again))
    refused("needs one attribute", model([node("Constant", [], ["k"]), node("Add", ["x", "k"], ["y"])],
                                         [info("x", [2])], [info("y", None)]))
    refused("a constant by attribute 'value_string' is not supported", model(
        [node("Constant", [], ["k"], value_string="text"), node("Cast", ["k"], ["y"], to=FLOAT)], [], [info("y", None)]))
    refused("a cast to element type UINT16 is not supported",
            one_node(node("Cast", ["x"], ["y"], to=TensorProto.UINT16)))

    def of_a_call(made):
        attribute = made.graph.node[0].attribute[0]
        attribute.ClearField("f")
        attribute.ref_attr_name = "alpha"
    refused("attribute 'alpha' refers to a function's attribute", changed(one_node(
        node("LeakyRelu", ["x"], ["y"], alpha=0.5)), of_a_call))
    refused("its output number 1 has no name", one_node(node("Split", ["x"], ["y", "", "z"]), [3]))
    refused("its outputs after the first need an input of known rank", model(
        [node("Reshape", ["x", "s"], ["t"]), node("LayerNormalization", ["t", "w"], ["y", "mean"])],
        [info("x", [4]), info("s", [None], INT64)], [info("y", None), info("mean", None)], [array("w", [1.0])]))
    refused("needs floats, got ", model([node("Clip", ["x"], ["y"], max=6.0)], [info("x", [2], INT64)],
                                        [info("y", None)], opset=9))


def bodies():
    """Functions and branches."""
    refused("it has 1 outputs, and the node 2", with_functions(
        [node("F", ["x"], ["y", "z"], domain="own")],
        functions=[function("F", ["a"], ["r"], [node("Neg", ["a"], ["r"])])]))
    refused("reads 'nowhere', which nothing defines", with_functions(
        [node("F", ["x"], ["y"], domain="own")],
        functions=[function("F", ["a"], ["r"], [node("Neg", ["nowhere"], ["r"])])]))
    condition, branch = array("c", True, np.bool_), graph([node("Neg", ["x"], ["z"])], ["z"])
    refused("then_branch: it is missing", with_functions([node("If", ["c"], ["y"], else_branch=branch)], [condition]))
    inputs = helper.make_graph([node("Neg", ["i"], ["z"])], "branch", [info("i", [2, 3])], [info("z", None)])
    refused("then_branch: it has inputs or sparse initializers",
            with_functions([node("If", ["c"], ["y"], then_branch=inputs, else_branch=branch)], [condition]))


def main():
    work, wanted = sys.argv[1], sys.argv[2:]
    os.makedirs(work, exist_ok=True)
    for make in (composed_operators, attention_operators, graphs, bodies):
        make()
    failures = 0
    for i, (text, made) in enumerate(REFUSALS):
        if wanted and str(i) not in wanted:
            continue
        path = os.path.join(work, f"{i}.onnx")
        onnx.save(made, path)
        result = subprocess.run(["bnn-opt", path, "--compile-to=import"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)
        if result.returncode != 1 or text not in result.stderr:
            failures += 1
            print(f"FAILED {i}: '{text}' is not in {result.returncode}, {result.stderr.strip()}")
    print(f"{len(REFUSALS)} refusals, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
