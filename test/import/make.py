# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes one of the small models that the tests of the importer read.

    make.py NAME FILE

Good models and bad ones; each function below is one of them.
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from protos import FLOAT, INT64, array, info, node


def model(nodes, inputs, outputs, initializers=(), opset=17, domains=()):
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, list(initializers))
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def linear(**options):
    """y = x W + b with a symbolic batch; foreign opsets that nobody uses."""
    return model(
        [node("MatMul", ["x", "W"], ["p"]), node("Add", ["p", "b"], ["y"])],
        [info("x", ["batch", 4])], [info("y", ["batch", 3])],
        [array("W", np.arange(12).reshape(4, 3)), array("b", [1, 2, 3])],
        domains=["com.microsoft", "ai.onnx.ml"], **options)


def unnamed():
    """Dimensions without names."""
    return model([node("Relu", ["x"], ["y"])], [info("x", [None, 4, None])],
                 [info("y", None)])


def two_inputs():
    """Two inputs that share a symbol."""
    return model([node("Add", ["x", "z"], ["y"])],
                 [info("x", ["n", "m"]), info("z", ["n", "m"])],
                 [info("y", ["n", "m"])])


def batch_lists():
    """A normalisation whose lists have lengths of their own, which must be that of the channels."""
    return model([node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])],
                 [info("x", ["n", "c"]), *(info(name, [name + "_length"]) for name in "sbmv")], [info("y", None)])


def conv_bias():
    """A convolution whose bias has a length of its own, which must be that of the channels."""
    return model([node("Conv", ["x", "w", "b"], ["y"], kernel_shape=[1, 1])],
                 [info("x", ["n", 2, 3, 3]), info("b", ["length"])], [info("y", None)],
                 [array("w", np.ones((3, 2, 1, 1)))])


def doubled(name, other):
    """y, of 2*n elements, is declared to have `name`; an input that nobody reads has `other`."""
    return model([node("Concat", ["x", "x"], ["y"], axis=0), node("Relu", ["z"], ["w"])],
                 [info("x", ["n"]), info("z", [other])], [info("y", [name]), info("w", [other])])


def swapped():
    """Two outputs, each declared to have the dimension of the other one's input."""
    return model([node("Relu", ["x"], ["y"]), node("Relu", ["z"], ["w"])],
                 [info("x", ["n"]), info("z", ["m"])], [info("y", ["m"]), info("w", ["n"])])


def opset11():
    """The spellings before opset 13."""
    return model(
        [node("Unsqueeze", ["x"], ["u"], axes=[0]),
         node("Squeeze", ["u"], ["s"], axes=[0]),
         node("ReduceSum", ["s"], ["r"], axes=[1], keepdims=1),
         node("Split", ["s"], ["s1", "s2"], axis=1, split=[1, 3]),
         node("Softmax", ["s"], ["m"], axis=1),
         node("Clip", ["m", "", "one"], ["c"]),
         node("Dropout", ["c"], ["d"], ratio=0.5),
         node("Concat", ["d", "r", "s1", "s2"], ["y"], axis=1)],
        [info("x", [2, 4])], [info("y", [2, 9])], [array("one", 1)], opset=11)


def opset11_softmax():
    """A softmax that covers two axes, as it did before opset 13."""
    return model([node("Softmax", ["x"], ["y"], axis=1)], [info("x", [2, 3, 4])],
                 [info("y", [2, 3, 4])], opset=11)


def opset(version):
    return lambda: model([node("Relu", ["x"], ["y"])], [info("x", [2])],
                         [info("y", [2])], opset=version)


def opset9():
    """Bounds as attributes."""
    return model(
        [node("Slice", ["x"], ["s"], starts=[0], ends=[2], axes=[1]),
         node("Clip", ["s"], ["y"], max=6.0)],
        [info("x", [2, 4])], [info("y", [2, 2])], opset=9)


def opset18():
    """Axes as inputs, pieces that are counted, and an IR version of its time."""
    made = model(
        [node("ReduceMean", ["x", "axes"], ["r"], keepdims=1),
         node("ReduceMax", ["x"], ["all"], keepdims=0),
         node("ReduceL1", ["x"], ["same"], noop_with_empty_axes=1),
         node("Split", ["x"], ["s1", "s2"], axis=1, num_outputs=2),
         node("Concat", ["s1", "s2", "r", "same"], ["c"], axis=1),
         node("Add", ["c", "all"], ["y"])],
        [info("x", [2, 5])], [info("y", [2, 11])], [array("axes", [1], np.int64)], opset=18)
    made.ir_version = 13
    return made


def refused18(bad, version=18):
    return model([bad], [info("x", [2, 4])], [info("y", None)], [array("axes", [1], np.float32)],
                 opset=version)


COMPOSED = {
    "conv-open": lambda: composed(node("Conv", ["x", "w"], ["y"]), ["n", 2, "h", 5],
                                  [array("w", np.zeros((3, 2, 3, 3)))]),
    "conv-channels": lambda: composed(node("Conv", ["x", "w"], ["y"]), ["n", 4, 5, 5],
                                      [array("w", np.zeros((3, 2, 3, 3)))]),
    "conv-kernel": lambda: composed(node("Conv", ["x", "w"], ["y"]), ["n", 2, 2, 5],
                                    [array("w", np.zeros((3, 2, 3, 3)))]),
    "einsum-label": lambda: composed(node("Einsum", ["x"], ["y"], equation="ij->k"), [2, 3]),
    "einsum-rank": lambda: composed(node("Einsum", ["x"], ["y"], equation="ijk->k"), [2, 3]),
    "shift": lambda: composed(node("BitShift", ["x", "x"], ["y"], direction="UP"), [2],
                              element=TensorProto.UINT8),
    "gelu": lambda: composed(node("Gelu", ["x"], ["y"], approximate="some"), [2]),
    "sine-type": lambda: composed(node("Sin", ["x"], ["y"]), [2], element=TensorProto.DOUBLE),
    "pads": lambda: composed(node("Pad", ["x", "w"], ["y"]), [2, 3], [array("w", [1], np.int64)]),
    "compress": lambda: composed(node("Compress", ["x", "x"], ["y"]), [2],
                                 element=TensorProto.BOOL),
    "one-hot": lambda: composed(node("OneHot", ["x", "w", "v"], ["y"]), [2],
                                [array("w", [0], np.int64), array("v", [0, 1])], TensorProto.INT64),
    "heads": lambda: composed(node("Attention", ["x", "x", "x"], ["y"], q_num_heads=3,
                                   kv_num_heads=3), [1, 2, 8]),
    "scatter": lambda: composed(node("ScatterND", ["x", "w", "x"], ["y"], reduction="some"), [2],
                                [array("w", [[0], [1]], np.int64)]),
    "huge-window": lambda: composed(node("MaxPool", ["x"], ["y"], kernel_shape=[2 ** 19],
                                         pads=[2 ** 19 - 1, 0]), [1, 1, 2 ** 19]),
    "bias-of-one": lambda: composed(node("Conv", ["x", "w", "b"], ["y"]), [1, 1, 2, 2],
                                    [array("w", [[[[1]]], [[[2]]]]), array("b", [1])]),
    "bias-matrix": lambda: composed(node("Conv", ["x", "w", "b"], ["y"]), [1, 1, 2, 2],
                                    [array("w", [[[[1]]], [[[2]]]]), array("b", [[1, 1]])]),
    "running-mean": lambda: composed(node("BatchNormalization", ["x", "w", "w", "w", "w"], ["z", "y"]),
                                     [2, 3], [array("w", [1, 1, 1])]),
}


def composed(made, shape, constants=(), element=FLOAT):
    return model([made], [info("x", shape, element)], [info("y", None)], list(constants), opset=23)


def contrib(operator, inputs, shape, constants=(), element=FLOAT, **attributes):
    """One of ONNX Runtime's own operators."""
    return model([node(operator, inputs, ["y"], domain="com.microsoft", **attributes)],
                 [info("x", shape, element)], [info("y", None)], list(constants),
                 domains=["com.microsoft"])


def attention(shape=(2, 3, 4), columns=12, inputs=("x", "w"), constants=(), **attributes):
    return contrib("Attention", inputs, list(shape), [array("w", np.zeros((4, columns))), *constants],
                   **{"num_heads": 2, **attributes})


def byte_array(name, shape=()):
    return array(name, np.zeros(shape), np.int8)


CONTRIB = {
    "contrib-form": lambda: contrib("QuickGelu", ["x"], [2], beta=1.0),
    "contrib-left-out": lambda: contrib("QLinearAdd", ["x", "s", "", "x", "", "", "s"], [2],
                                        [array("s", 1.0)], TensorProto.INT8),
    "contrib-gemm": lambda: contrib("QGemm", ["x", "s", "z", "x", "s", "z"], [2, 2, 2],
                                    [array("s", 1.0), byte_array("z")], TensorProto.INT8),
    "contrib-concat": lambda: contrib("QLinearConcat", ["s", "z", "x", "s"], [2],
                                      [array("s", 1.0), byte_array("z")], TensorProto.INT8, axis=0),
    "contrib-batch": lambda: contrib("FusedMatMul", ["x", "x"], [2, 2, 2], transBatchA=1),
    "contrib-activation": lambda: contrib("FusedGemm", ["x", "x"], [2, 2], activation="Softplus"),
    "contrib-segments": lambda: contrib(
        "EmbedLayerNormalization", ["x", "x", "w", "w", "", "g", "g"], [2, 3],
        [array("w", np.zeros((4, 4))), array("g", np.zeros(4))], TensorProto.INT32),
    "contrib-scale": lambda: contrib(
        "EmbedLayerNormalization", ["i", "", "x", "w"], [4, 4],
        [array("w", np.zeros((4, 4))), array("i", np.zeros((1, 2)), np.int32)]),
    "contrib-mask": lambda: attention(inputs=["x", "w", "", "m"],
                                      constants=[array("m", np.ones((2, 1, 3, 3)), np.int32)]),
    "contrib-width": lambda: attention(columns=10),
    "contrib-rank": lambda: attention(shape=(3, 4)),
    "contrib-past": lambda: attention(inputs=["x", "w", "", "", "p"],
                                      constants=[array("p", np.zeros((2, 2, 2, 1, 2)))]),
    "contrib-rotary": lambda: attention(do_rotary=1),
    "contrib-sizes": lambda: attention(qkv_hidden_sizes=[4, 4, 4]),
}


def versioned(version):
    made = opset(17)()
    made.ir_version = version
    return made


def unsorted():
    """Nodes in the wrong order."""
    return model([node("Add", ["p", "x"], ["y"]), node("Neg", ["x"], ["p"])],
                 [info("x", [2])], [info("y", [2])])


def constants():
    """Every way to write a constant, one of them also a graph input."""
    typed = helper.make_tensor("typed", FLOAT, [2], [0.5, 0.25])
    flags = helper.make_tensor("flags", TensorProto.BOOL, [2], [True, False])
    ints = helper.make_tensor("ints", TensorProto.INT32, [2], [7, -7])
    return model(
        [node("Constant", [], ["k"], value=array("", [3], np.int64)),
         node("Constant", [], ["f"], value_float=1.5),
         node("Constant", [], ["fs"], value_floats=[1.5, 2.5]),
         node("Constant", [], ["i"], value_int=4),
         node("Constant", [], ["is"], value_ints=[5, 6]),
         node("Identity", ["typed"], ["typed_out"]),
         node("Identity", ["flags"], ["flags_out"]),
         node("Identity", ["ints"], ["ints_out"])],
        [info("typed", [2])],
        [info("k", [1], INT64), info("f", []), info("fs", [2]),
         info("i", [], INT64), info("is", [2], INT64), info("typed_out", [2]),
         info("flags_out", [2], TensorProto.BOOL),
         info("ints_out", [2], TensorProto.INT32)],
        [typed, flags, ints])


def large():
    """A weight that stays in the file, at whatever address it has there."""
    weight = np.zeros(1000, np.float32)
    weight[999] = 42
    return model([node("Gather", ["w", "i"], ["y"])], [], [info("y", [])],
                 [array("w", weight), array("i", 999, np.int64)])


def hidden(name="x", dim="n", result="y", result_dim=None, layer="the_y"):
    """A linear layer with odd names."""
    return model([node("MatMul", [name, "W"], [result], name=layer)], [info(name, [dim, 4])],
                 [info(result, [result_dim or dim, 3])], [array("W", np.arange(12).reshape(4, 3))])


# NUL; a line end; C1's CSI; an override and an isolate of bidirectional text.
HIDDEN = "a\0b\n\x9bc\u202ed\u2066e"


def hidden_operator():
    """Odd names of what is not supported."""
    return model([node(HIDDEN, ["x"], ["y"], name=HIDDEN)], [info("x", [2])], [info("y", [2])])


def unsupported():
    """Three kinds of operators that have no counterpart."""
    return model(
        [node("GRU", ["x"], ["a"], hidden_size=2),
         node("LongformerAttention", ["a"], ["b"], domain="com.microsoft", name=""),
         node("PythonOp", ["b"], ["y"], domain="prim", name="binarize")],
        [info("x", [2, 2])], [info("y", [2, 2])],
        domains=["com.microsoft", "prim"])


def custom():
    """What custom symbolics write: a binary linear layer, its input quantised twice."""
    return model(
        [node("BwnWeight", ["W"], ["w"], domain="bnn"),
         node("Quantize", ["x", "a", "m"], ["q"], domain="bnn", bits=2, signed=0),
         node("Binarize", ["q", "a"], ["s"], domain="bnn"),
         node("MatMul", ["s", "w"], ["y"])],
        [info("x", ["batch", 4])], [info("y", ["batch", 2])],
        [array("W", [[1, -3], [2, -2], [-2, 1], [3, 1]]), array("a", 0.5), array("m", -1)],
        domains=["bnn"])


def custom_alone(operator, inputs, opset=17, **attributes):
    return model([node(operator, inputs, ["y"], domain="bnn", **attributes)],
                 [info("x", [2, 2])], [info("y", [2, 2])], [array("a", 0.5)], opset=opset, domains=["bnn"])


def optimised(**attributes):
    """What ONNX Runtime's optimiser writes in a model of an opset that has neither."""
    return model([node("LayerNormalization", ["x", "s"], ["n"], **attributes),
                  node("LayerNormalization", ["n", "s", "s"], ["m"]),
                  node("Gelu", ["m"], ["y"], domain="com.microsoft")],
                 [info("x", ["n", 3, 4])], [info("y", ["n", 3, 4])], [array("s", [1, 2, 3, 4])],
                 opset=12, domains=["com.microsoft"])


def subgraph():
    """An operator that holds a graph."""
    branch = helper.make_graph([node("Neg", ["x"], ["z"])], "branch", [],
                               [info("z", [2])])
    return model([node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)],
                 [info("x", [2]), info("c", [], TensorProto.BOOL)],
                 [info("y", [2])])


def inner_dimensions():
    """A matrix product of shapes that do not fit."""
    return model([node("MatMul", ["x", "W"], ["y"])], [info("x", ["n", 5])],
                 [info("y", ["n", 3])], [array("W", np.zeros((4, 3)))])


def wrong_rank():
    """A transpose of the wrong rank."""
    return model([node("Transpose", ["x"], ["y"], perm=[1, 0])],
                 [info("x", ["n", 5, 2])], [info("y", [5, "n"])])


def output_rank():
    """A graph output that is declared with another rank."""
    return model([node("Neg", ["x"], ["y"])], [info("x", [2, 2])],
                 [info("y", [2])])


def cycle():
    return model([node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"])],
                 [info("x", [2])], [info("b", [2])])


def undefined():
    return model([node("Add", ["x", "nowhere"], ["y"])], [info("x", [2])],
                 [info("y", [2])])


def twice():
    return model([node("Neg", ["x"], ["y"]),
                  node("Abs", ["x"], ["y"], name="second")],
                 [info("x", [2])], [info("y", [2])])


def unsigned16():
    return model([node("Neg", ["x"], ["y"])],
                 [info("x", [2], TensorProto.UINT16)],
                 [info("y", [2], TensorProto.UINT16)])


def side_outputs():
    """The statistics of a layer normalisation and a dropout's mask are read."""
    return model(
        [node("LayerNormalization", ["x", "s"], ["n", "", "inverse"]),
         node("Mul", ["n", "inverse"], ["y"]), node("Dropout", ["y"], ["z", "mask"])],
        [info("x", [2, 4])], [info("z", [2, 4]), info("mask", [2, 4], TensorProto.BOOL)],
        [array("s", np.ones(4))])


def training():
    """A dropout that drops."""
    return model([node("Dropout", ["x", "r", "t"], ["y"])], [info("x", [2])],
                 [info("y", [2])],
                 [array("r", 0.5), array("t", True, np.bool_)])


def bad_weight(dims, size):
    """An initializer whose dimensions and data disagree."""
    result = linear()
    weight = result.graph.initializer[0]
    del weight.dims[:]
    weight.dims.extend(dims)
    weight.raw_data = bytes(size)
    return result


def external(location, size=48, length=None, offset=0):
    """`linear` with its weight in a file of `size` bytes."""
    def make(path):
        result = linear()
        weight = result.graph.initializer[0]
        data = weight.raw_data
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        entries = {"location": location, "offset": offset}
        if length is not None:
            entries["length"] = length
        for key, value in entries.items():
            entry = weight.external_data.add()
            entry.key, entry.value = key, str(value)
        if size:
            with open(os.path.join(os.path.dirname(path), "weights.bin"), "wb") as file:
                file.write((bytes(offset) + data)[:size])
        return result
    return make


def external_entry(key, value):
    """`external` with one more entry that says where the data lies."""
    def make(path):
        result = external("weights.bin")(path)
        entry = result.graph.initializer[0].external_data.add()
        entry.key, entry.value = key, value
        if key != "location":
            first = result.graph.initializer[0].external_data
            kept = [(one.key, one.value) for one in first if one.key != key or one is first[-1]]
            del first[:]
            for name, text in kept:
                one = first.add()
                one.key, one.value = name, text
        return result
    return make


def in_segments():
    result = linear()
    result.graph.initializer[0].segment.begin = 0
    return result


def booleans(raw):
    """A constant of booleans, one of which is 2."""
    flags = TensorProto(data_type=TensorProto.BOOL, dims=[2], name="flags")
    if raw:
        flags.raw_data = b"\1\2"
    else:
        flags.int32_data.extend([1, 2])
    return model([node("Not", ["flags"], ["y"])], [], [info("y", [2], TensorProto.BOOL)], [flags])


def out_of_range(element, value):
    """A constant whose typed field, of 32 bits, holds more than its type does."""
    constant = TensorProto(data_type=element, dims=[1], name="narrow", int32_data=[value])
    return model([node("Identity", ["narrow"], ["y"])], [], [info("y", [1], element)], [constant])


def complex_weight():
    return model([node("Identity", ["W"], ["y"])], [], [info("y", [1])],
                 [helper.make_tensor("W", TensorProto.COMPLEX64, [1], [1j])])


def large_raw(change):
    """`large` after `change` of its weight, whose data lies in the file."""
    def make():
        result = large()
        change(result.graph.initializer[0])
        return result
    return make


def set_location(data_location, **entries):
    def change(tensor):
        for key, value in entries.items():
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        tensor.data_location = data_location
    return change


def typed(tensor):
    """Typed data beside a claim that the data is external."""
    values = numpy_helper.to_array(tensor)
    tensor.ClearField("raw_data")
    tensor.float_data.extend(values)
    set_location(TensorProto.EXTERNAL, location="weights.bin")(tensor)


def varint(number):
    return (bytes([number & 127 | 128]) + varint(number >> 7)) if number > 127 else bytes([number])


def repeated_location():
    """data_location EXTERNAL, then DEFAULT, then a number that is no location: protobuf takes
    the last that is one."""
    result = large()
    weight = result.graph.initializer[0].SerializeToString() + b"\x70\x01\x70\x00\x70\x05"
    del result.graph.initializer[0]
    # A second graph, which protobuf merges into the first.
    graph = b"\x2a" + varint(len(weight)) + weight
    return result.SerializeToString() + b"\x3a" + varint(len(graph)) + graph


# Bytes that are no model.
BYTES = {
    "empty": lambda: b"",
    "garbage": lambda: bytes((i * 37 + 11) % 256 for i in range(5000)),
    "text": lambda: b"this is not a model\n",
    "truncated": lambda: linear().SerializeToString()[:150],
    "no-graph": lambda: b"\x08\x08",
    "repeated-location": repeated_location,
}

MODELS = {
    "linear": linear,
    "unnamed": unnamed,
    "batch-lists": batch_lists,
    "segments": in_segments,
    "booleans": lambda: booleans(raw=False),
    "booleans-raw": lambda: booleans(raw=True),
    "wide-byte": lambda: out_of_range(TensorProto.INT8, 128),
    "negative-byte": lambda: out_of_range(TensorProto.UINT8, -1),
    "wide-half": lambda: out_of_range(TensorProto.BFLOAT16, 65536),
    "complex-weight": complex_weight,
    "conv-bias": conv_bias,
    "two-inputs": two_inputs,
    "doubled-lie": lambda: doubled("k", "k"),
    "doubled-rows": lambda: doubled("rows", "k"),
    "doubled-none": lambda: doubled(None, "k"),
    "doubled-text": lambda: doubled("2*n", "2*n"),
    "swapped": swapped,
    "opset11": opset11,
    "opset11-softmax": opset11_softmax,
    "opset6": opset(6),
    "opset28": opset(28),
    "opset9": opset9,
    "opset18": opset18,
    "opset18-attribute": lambda: refused18(node("ReduceMean", ["x"], ["y"], axes=[1])),
    "opset18-type": lambda: refused18(node("Softmax", ["x"], ["y"], axis=1.5)),
    "opset18-inputs": lambda: refused18(node("Relu", ["x", "x"], ["y"])),
    "opset18-outputs": lambda: refused18(node("Relu", ["x"], ["y", "z"])),
    "opset18-pieces": lambda: refused18(node("Split", ["x"], ["y", "z"], num_outputs=3)),
    "opset23-blocks": lambda: refused18(node("QuantizeLinear", ["x", "axes"], ["y"], block_size=8), 23),
    "ir99": lambda: versioned(99),
    "unsorted": unsorted,
    "constants": constants,
    "large": large,
    "large-default": large_raw(set_location(TensorProto.DEFAULT)),
    "large-stale": large_raw(set_location(TensorProto.DEFAULT, location="gone.bin", length="1")),
    "large-both": large_raw(set_location(TensorProto.EXTERNAL, location="gone.bin")),
    "typed-both": large_raw(typed),
    "unsupported": unsupported,
    "hidden-input": lambda: hidden(name="n\0a"),
    "hidden-dim": lambda: hidden(dim="a\x9b31m"),
    "hidden-output": lambda: hidden(result="\u202ey"),
    "hidden-output-dim": lambda: hidden(result_dim="n\u2028"),
    "hidden-layer": lambda: hidden(layer=HIDDEN),
    "hidden-operator": hidden_operator,
    "foreign-names": lambda: hidden(name="\u5317\u4eac", dim="gr\u00f6\u00dfe"),
    "subgraph": subgraph,
    "inner-dimensions": inner_dimensions,
    "wrong-rank": wrong_rank,
    "output-rank": output_rank,
    "cycle": cycle,
    "undefined": undefined,
    "twice": twice,
    "unsigned16": unsigned16,
    "side-outputs": side_outputs,
    "training": training,
    "custom": custom,
    "custom-inputs": lambda: custom_alone("Binarize", ["x"]),
    "custom-bits": lambda: custom_alone("Quantize", ["x", "a"], bits=9),
    "optimised": lambda: optimised(axis=-2, epsilon=0.25),
    "optimised-axis": lambda: optimised(axis=2),
    "custom-axis": lambda: custom_alone("BwnWeight", ["x"], opset=18, axis=1),
    "custom-unknown": lambda: custom_alone("TernaryWeight", ["x"]),
    "overflow": lambda: bad_weight([2 ** 40, 2 ** 40], 48),
    "negative": lambda: bad_weight([-4, -3], 48),
    **COMPOSED,
    **CONTRIB,
    "short-data": lambda: bad_weight([4, 3], 44),
}

EXTERNAL = {
    "external": external("weights.bin", size=64, length=48, offset=16),
    "external-missing": external("missing.bin", size=0),
    "external-short": external("weights.bin", size=40),
    "external-escape": external("../weights.bin"),
    "external-absolute": external("/etc/passwd"),
    "external-twice": external_entry("location", "weights.bin"),
    "external-text": external_entry("offset", "ten"),
    "external-length": external_entry("length", "-1"),
    "external-folder": external("folder", size=0),
    "external-offset": external("weights.bin", offset=2 ** 62, size=0),
}


def main():
    name, path = sys.argv[1:]
    if name in BYTES:
        with open(path, "wb") as file:
            file.write(BYTES[name]())
        return
    result = EXTERNAL[name](path) if name in EXTERNAL else MODELS[name]()
    # Not onnx.save, which would want to see the external data.
    with open(path, "wb") as file:
        file.write(result.SerializeToString())


if __name__ == "__main__":
    main()
