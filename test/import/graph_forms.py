# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes models whose graphs are no plain lists of nodes, with inputs and right outputs.

    graph_forms.py NAME FOLDER

makes FOLDER/NAME.onnx and, for a model that can run, FOLDER/x.npy and FOLDER/NAME/y.npy: each of those
computes y = f(x) for the function that its maker returns.
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper

from protos import FLOAT, array, info, node


def reference(operator, inputs, outputs, name, attribute, of, kind):
    """A node of a function whose attribute is one of the call's."""
    result = node(operator, inputs, outputs, name=name)
    added = result.attribute.add()
    added.name, added.ref_attr_name, added.type = attribute, of, kind
    return result


def model(nodes, initializers=(), functions=(), shape=(2, 3), outputs=None, ir=8, opset=17):
    graph = helper.make_graph(nodes, "forms", [info("x", shape)],
                              outputs or [info("y", shape)], list(initializers))
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir, functions=list(functions))


def function(name, inputs, outputs, nodes, attributes=(), opset=17, domain="own"):
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    return helper.make_function(domain, name, inputs, outputs, nodes, imports, list(attributes))


def graph(nodes, outputs, initializers=()):
    return helper.make_graph(nodes, "branch", [], [info(o, None) for o in outputs],
                             list(initializers))


# Nodes that nobody reads.

def dead():
    """Five nodes on a side path, one of them of a kind that does not exist."""
    side = [node("NoSuchOperator", ["x"], ["a"]), node("Loop", ["a"], ["b"], body=graph([], ["x"])),
            node("Conv", ["b", "odd"], ["c"]), node("Relu", ["c"], ["d"]),
            node("Quant", ["d"], ["e"], domain="com.elsewhere")]
    odd = helper.make_tensor("odd", TensorProto.COMPLEX64, [1], [1j])
    return model(side + [node("Neg", ["x"], ["y"])], [odd]), lambda x: -x


# Functions.

def calls(**options):
    """Functions in functions, an attribute that is given, one that is left out, an input that is left
    out, an output that nobody wants, a result that is an input, a name that the caller has too."""
    scaled = function(
        "Scaled", ["a", "low"], ["r", "unread", "a"],
        [reference("Constant", [], ["k"], "", "value_float", "scale", helper.AttributeProto.FLOAT),
         node("Mul", ["a", "k"], ["t"]), node("Clip", ["t", "low"], ["r"]),
         node("NoSuchOperator", ["t"], ["unread"])], ["scale"])
    twice = function(
        "Twice", ["x"], ["y"],
        [node("Scaled", ["x", ""], ["t"], domain="own", scale=3.0, name="first"),
         node("Constant", [], ["zero"], value_float=0.0),
         node("Scaled", ["t", "zero"], ["u", "", "same"], domain="own", scale=0.5, name="second"),
         node("Add", ["u", "same"], ["v"]),
         reference("LeakyRelu", ["v"], ["y"], "leaky", "alpha", "alpha",
                   helper.AttributeProto.FLOAT)], ["alpha"])
    made = model([node("Twice", ["x"], ["t"], domain="own", name="block"),
                  node("Twice", ["t"], ["y"], domain="own", name="block", alpha=0.25)],
                 functions=[twice, scaled], **options)

    def once(x, alpha):
        t = 3 * x
        v = np.maximum(t * np.float32(0.5), 0) + t
        return np.where(v < 0, np.float32(alpha) * v, v)
    return made, lambda x: once(once(x, 0.01), 0.25)


def with_default():
    """A function whose attribute has a default, in a field that older protobuf schemas lack."""
    bytes_of = function("Shift", ["a"], ["r"], [
        reference("Constant", [], ["k"], "", "value_float", "by", helper.AttributeProto.FLOAT),
        node("Add", ["a", "k"], ["r"])]).SerializeToString()
    default = helper.make_attribute("by", 2.0).SerializeToString()
    bytes_of += b"\x5a" + bytes([len(default)]) + default
    made = model([node("Shift", ["x"], ["t"], domain="own"),
                  node("Shift", ["t"], ["y"], domain="own", by=0.5)]).SerializeToString()
    return made + b"\xca\x01" + varint(len(bytes_of)) + bytes_of, lambda x: x + 2 + np.float32(0.5)


def varint(number):
    return (bytes([number & 127 | 128]) + varint(number >> 7)) if number > 127 else bytes([number])


def overrides():
    """A function in place of an operator of ONNX's own."""
    return model([node("Relu", ["x"], ["y"])],
                 functions=[function("Relu", ["x"], ["y"], [node("Neg", ["x"], ["y"])],
                                     domain="")]), lambda x: -x


def recursion():
    f = function("F", ["a"], ["r"], [node("G", ["a"], ["r"], domain="own")])
    branch = graph([node("F", ["a"], ["t"], domain="own")], ["t"])
    g = function("G", ["a"], ["r"],
                 [node("Constant", [], ["c"], value=array("", True, np.bool_)),
                  node("If", ["c"], ["r"], then_branch=branch, else_branch=branch)])
    return model([node("F", ["x"], ["y"], domain="own")], functions=[f, g])


def doubling(depth=40, leaf=True):
    """2^40 nodes, or 2^40 calls of nothing."""
    functions = [function("F0", ["a"], ["r"], [node("Neg", ["a"], ["r"])] if leaf else [])]
    for i in range(1, depth):
        functions.append(function(f"F{i}", ["a"], ["r"],
                                  [node(f"F{i-1}", ["a"], ["t"], domain="own"),
                                   node(f"F{i-1}", ["t"], ["r"], domain="own")]))
    return model([node(f"F{depth-1}", ["x"], ["y"], domain="own")], functions=functions)


def deep(depth=5000):
    functions = [function("F0", ["a"], ["r"], [node("Neg", ["a"], ["r"])])]
    for i in range(1, depth):
        functions.append(function(f"F{i}", ["a"], ["r"], [node(f"F{i-1}", ["a"], ["r"], domain="own")]))
    return model([node(f"F{depth-1}", ["x"], ["y"], domain="own")], functions=functions)


def arity():
    return model([node("F", ["x", "x"], ["y"], domain="own", name="call")],
                 functions=[function("F", ["a"], ["r"], [node("Neg", ["a"], ["r"])])])


def other_opset(opset):
    """A function of the opset before the model's: what is the same in both is taken."""
    return model([node("F", ["x"], ["y"], domain="own")], opset=opset, functions=[
        function("F", ["a"], ["r"], [node("LeakyRelu", ["a"], ["r"], alpha=0.5)], opset=opset - 1)])


def defined_twice():
    """Two functions of one name."""
    return model([node("F", ["x"], ["y"], domain="own")], functions=[
        function("F", ["a"], ["r"], [node(operator, ["a"], ["r"])]) for operator in ("Neg", "Abs")])


def broken_default():
    """A function whose attribute has a default that is none: a field that ends too early."""
    bytes_of = function("F", ["a"], ["r"], [node("Neg", ["a"], ["r"])]).SerializeToString() + b"\x5a\x02\x0a\x09"
    made = model([node("F", ["x"], ["y"], domain="own")]).SerializeToString()
    return made + b"\xca\x01" + varint(len(bytes_of)) + bytes_of


# An If.

def constant_if():
    """A condition that is computed from constants; a branch with an initializer, with a value from
    around it and with a name that the other branch and the graph around have too."""
    then = graph([node("NoSuchOperator", ["x"], ["t"])], ["t"])
    otherwise = graph([node("Mul", ["h", "w"], ["t"]), node("Add", ["t", "x"], ["s"])],
                      ["s", "h", "w", "s"], [array("w", [1, 2, 3])])
    nodes = [node("Greater", ["one", "two"], ["c"]), node("Not", ["c"], ["n"]), node("Not", ["n"], ["nn"]),
             node("Neg", ["x"], ["h"]), node("Abs", ["x"], ["t"]),
             node("If", ["nn"], ["p", "q", "r", "s2"], then_branch=then, else_branch=otherwise, name="if"),
             node("Sum", ["p", "q", "r", "s2", "t"], ["y"])]
    return (model(nodes, [array("one", 1), array("two", 2)]),
            lambda x: 2 * (-x * np.float32([1, 2, 3]) + x) - x + np.float32([1, 2, 3]) + abs(x))


def squeeze(dims):
    """What torch writes for squeeze(1), where an axis has one element: branches of different ranks."""
    nodes = [node("Shape", ["x"], ["s"]), node("Gather", ["s", "i"], ["d"]),
             node("Equal", ["d", "i"], ["c"]),
             node("If", ["c"], ["z"], then_branch=graph([node("Squeeze", ["x", "axes"], ["a"])], ["a"]),
                  else_branch=graph([node("Identity", ["x"], ["b"])], ["b"])),
             node("Neg", ["z"], ["y"])]
    return (model(nodes, [array("i", 1, np.int64), array("axes", [1], np.int64)], shape=dims,
                  outputs=[info("y", None)]), lambda x: -x.reshape(x.shape[0], x.shape[2]))


def nested_if(depth=20):
    """An If in an If in a function, and conditions that depend on what other Ifs give."""
    inner = node("If", ["flag"], ["t"], name="inner",
                 then_branch=graph([node("Neg", ["v"], ["u"])], ["u"]),
                 else_branch=graph([node("Abs", ["v"], ["u"])], ["u"]))
    outer = node("If", ["flag"], ["r"], name="outer",
                 then_branch=graph([node("Relu", ["a"], ["v"]), inner], ["t"]),
                 else_branch=graph([], ["a"]))
    f = function("F", ["a", "flag"], ["r"], [outer])
    chain, last = [node("F", ["x", "yes"], ["t0"], domain="own", name="call")], "t0"
    for i in range(1, depth):
        chain += [node("Shape", [last], [f"n{i}"]), node("Gather", [f"n{i}", "zero"], [f"d{i}"]),
                  node("Equal", [f"d{i}", "two"], [f"c{i}"])]
        chain.append(node("If", [f"c{i}"], [f"t{i}"],
                          then_branch=graph([node("Add", [last, "one"], ["u"])], ["u"]),
                          else_branch=graph([node("NoSuchOperator", [last], ["u"])], ["u"])))
        last = f"t{i}"
    chain.append(node("Identity", [last], ["y"]))
    return (model(chain, [array("yes", True, np.bool_), array("one", 1), array("two", 2, np.int64),
                          array("zero", 0, np.int64)], functions=[f]),
            lambda x: -np.maximum(x, 0) + np.float32(depth - 1))


def open_if():
    """A condition that only run time knows."""
    branch = graph([node("Neg", ["x"], ["z"])], ["z"])
    nodes = [node("ReduceSum", ["x"], ["s"], keepdims=0), node("Greater", ["s", "one"], ["c"]),
             node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)]
    return model(nodes, [array("one", 1)])


def loop(operator):
    return lambda: model([node(operator, ["x"], ["y"], body=graph([node("Neg", ["x"], ["z"])], ["z"]))])


# Other forms.

def old_initializers():
    """Initializers that are no inputs, in the third version of the format."""
    return model([node("Add", ["x", "w"], ["y"])], [array("w", [1, 2, 3])], ir=3, opset=11), \
        lambda x: x + np.float32([1, 2, 3])


def listed_twice():
    return model([node("Neg", ["x"], ["y"])], outputs=[info("y", [2, 3]), info("y", [2, 3])]), \
        lambda x: -x


def left_out():
    """Optional inputs that are empty or missing."""
    return model([node("Clip", ["x", "", "high"], ["a"]), node("Clip", ["a", "", ""], ["b"]),
                  node("Clip", ["b"], ["y"])], [array("high", 0.5)]), lambda x: np.minimum(x, np.float32(0.5))


# Weights of 16 bits.

HALVES = [[0.1, -65504, 6e-8], [float("inf"), -0.0, 1 / 3]]


def halves():
    """Weights in 16 bits, in every way that a file can hold them, moved and then cast."""
    sixteen = np.float16(HALVES)
    typed = helper.make_tensor("t", TensorProto.FLOAT16, [2, 3], [0] * 6)
    del typed.int32_data[:]
    typed.ClearField("raw_data")
    typed.int32_data.extend(int(v) for v in sixteen.view(np.uint16).ravel())
    brain = helper.make_tensor("b", TensorProto.BFLOAT16, [3, 2],
                               (np.float32(HALVES).T.copy().view(np.uint32) >> 16).astype(np.uint16).tobytes(),
                               raw=True)
    large = array("l", np.full((400, 3), 0.3), np.float16)
    cast = {"to": FLOAT}
    nodes = [node("Cast", ["t"], ["tf"], **cast), node("Transpose", ["b"], ["bt"], perm=[1, 0]),
             node("Cast", ["bt"], ["bf"], **cast), node("Gather", ["l", "i"], ["lg"]),
             node("Constant", [], ["k"], value=array("", [0.7], np.float16)),
             node("Cast", ["k"], ["kf"], **cast), node("Cast", ["lg"], ["lf"], **cast),
             node("Max", ["tf", "bf"], ["m"]), node("Min", ["m", "kf"], ["n"]), node("Sum", ["x", "n", "lf"], ["y"])]

    def compute(x):
        bfloat = (np.float32(HALVES).view(np.uint32) & 0xffff0000).view(np.float32)
        most = np.minimum(np.maximum(np.float32(sixteen), bfloat), np.float32(np.float16(0.7)))
        return x + most + np.float32(np.float16(0.3))
    return model(nodes, [typed, brain, large, array("i", 399, np.int64)]), compute


def half_sum():
    """Numbers of 16 bits that are added, and rounded."""
    def compute(x):
        w = np.float16([0.1, 2049, 65504])
        with np.errstate(over="ignore"):
            return x + np.float32(w + w)
    return model([node("Add", ["w", "w"], ["s"]), node("Cast", ["s"], ["f"], to=FLOAT),
                  node("Add", ["x", "f"], ["y"])], [array("w", [0.1, 2049, 65504], np.float16)]), compute


def half_mixed():
    """Numbers of 16 and of 32 bits are not added."""
    return model([node("Add", ["x", "w"], ["y"])], [array("w", [1, 2, 3], np.float16)])


def half_not_declared():
    """An output of 16 bits that is declared as one of 32."""
    return model([node("Cast", ["x"], ["y"], to=TensorProto.FLOAT16)])


MODELS = {
    "halves": halves, "half-sum": half_sum, "half-mixed": half_mixed, "half-not-declared": half_not_declared,
    "dead": dead, "calls": calls, "default": with_default, "overrides": overrides,
    "recursion": recursion, "doubling": doubling, "doubling-nothing": lambda: doubling(leaf=False),
    "deep": deep, "arity": arity, "defined-twice": defined_twice, "broken-default": broken_default,
    "opset-same": lambda: (other_opset(12), lambda x: np.where(x < 0, x / 2, x)),
    "opset-differs": lambda: other_opset(16), "constant-if": constant_if,
    "squeeze": lambda: squeeze([2, 1, 3]), "squeeze-open": lambda: squeeze([2, "n", 3]),
    "squeeze-batch": lambda: squeeze(["n", 1, 3]),
    "nested-if": nested_if, "long-if": lambda: nested_if(400), "open-if": open_if,
    "loop": loop("Loop"), "scan": loop("Scan"), "old-initializers": old_initializers,
    "listed-twice": listed_twice, "left-out": left_out,
}


def make(name):
    """The bytes of a model, and what it computes, or None."""
    made = MODELS[name]()
    made, compute = made if isinstance(made, tuple) else (made, None)
    return made if isinstance(made, bytes) else made.SerializeToString(), compute


def small_models():
    """The bytes of those that are small, and stay so."""
    for name in MODELS:
        if "doubling" not in name and len(make(name)[0]) < 4096:
            yield make(name)[0]


def main():
    name, folder = sys.argv[1:]
    data, compute = make(name)
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(data)
    if not compute:
        return
    x = np.random.default_rng(7).standard_normal((2, 1, 3) if "squeeze" in name else (2, 3))
    x = x.astype(np.float32)
    os.makedirs(os.path.join(folder, name), exist_ok=True)
    np.save(os.path.join(folder, name, "x.npy"), x)
    np.save(os.path.join(folder, name, "y.npy"), np.float32(compute(x)))


if __name__ == "__main__":
    main()
