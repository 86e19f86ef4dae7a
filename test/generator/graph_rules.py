# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Spellings of a graph: each rule writes the same operators in another form of file.

A rule gets an Editor and changes its model. What it leaves computes the same, bit for bit.
"""
import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


#===------------------------------------------------------------------------===#
# Nodes that do nothing
#===------------------------------------------------------------------------===#

def leftovers(editor):
    """Nodes that exporters and optimisers leave, which give what they get."""
    constants, computed = editor.constants(), editor.computed()

    def around(name, result):
        """The nodes that make `result` of `name`, which is equal to it."""
        kind, shape = editor.types.get(name), editor.shapes.get(name)
        choices = [lambda: [editor.node("Identity", [name], result)],
                   lambda: [editor.node("Cast", [name], result, to=kind)],
                   lambda: [editor.node("Concat", [name], result, axis=0)] if shape else None]
        if kind == FLOAT:
            choices += [lambda: [editor.node("Dropout", [name], result)],
                        lambda: [editor.node("Dropout", [name, "", ""], result)] if editor.opset >= 12 else None,
                        lambda: [editor.node("Max", [name], result)],
                        lambda: [editor.node("Sum", [name], result)],
                        lambda: [editor.node("Clip", [name, "", ""], result)]]
        if shape is not None:
            zeros = np.zeros(len(shape), np.int64)
            choices.append(lambda: [editor.node("Reshape", [name, editor.constant(zeros, np.int64)], result)]
                           if len(zeros) else None)
            choices.append(lambda: pair(name, result, len(shape)))
            choices.append(lambda: turned(name, result, len(shape)))
        made = choices[editor.rng.randrange(len(choices))]()
        return made or [editor.node("Identity", [name], result)]

    def pair(name, result, rank):
        axis, middle = editor.rng.randrange(rank + 1), editor.fresh()
        if editor.opset < 13:
            return [editor.node("Unsqueeze", [name], middle, axes=[axis]),
                    editor.node("Squeeze", [middle], result, axes=[axis])]
        axes = editor.constant([axis], np.int64)
        return [editor.node("Unsqueeze", [name, axes], middle), editor.node("Squeeze", [middle, axes], result)]

    def turned(name, result, rank):
        if not rank:
            return None
        order = list(range(rank))
        editor.rng.shuffle(order)
        middle = editor.fresh()
        return [editor.node("Transpose", [name], middle, perm=order),
                editor.node("Transpose", [middle], result, perm=[order.index(i) for i in range(rank)])]

    def visit(node):
        name = node.output[0]
        if len(node.output) != 1 or name in constants or name not in computed or editor.types.get(name) is None or \
                not editor.chance(0.25):
            return None
        inner = editor.fresh()
        editor.types[inner], editor.shapes[inner] = editor.types[name], editor.shapes.get(name)
        node.output[0] = inner
        return [node, *around(inner, name)]
    editor.rewrite(visit)


def dead(editor):
    """Nodes and initializers that nobody reads."""
    floats = [name for name in editor.computed() if editor.types.get(name) == FLOAT] or ["dead_weight"]
    editor.graph.initializer.append(numpy_helper.from_array(np.ones((3, 2), np.float32), "dead_weight"))
    nodes = list(editor.graph.node)
    made = [editor.node("Erf", [sorted(floats)[editor.rng.randrange(len(floats))]])]
    made.append(editor.node("Neg", [made[0].output[0]]))
    editor.set_nodes(nodes + made)


def unknown(editor):
    """Operators that do not exist, on a path that leads nowhere."""
    source = editor.graph.input[0].name
    nodes = [editor.node("NoSuchOperator", [source], "dead_a"), *editor.graph.node,
             editor.node("Quant", ["dead_a", source], "dead_b", domain="com.elsewhere")]
    editor.set_nodes(nodes)
    if not any(o.domain == "com.elsewhere" for o in editor.model.opset_import):
        editor.model.opset_import.append(helper.make_opsetid("com.elsewhere", 1))


def twice(editor):
    """An output that is listed twice."""
    outputs = editor.graph.output
    outputs.append(outputs[editor.rng.randrange(len(outputs))])


#===------------------------------------------------------------------------===#
# Constants
#===------------------------------------------------------------------------===#

def constants(editor):
    """Initializers as nodes and nodes as initializers, in the attributes that there are for it."""
    nodes, kept = [], []
    for tensor in editor.graph.initializer:
        if tensor.data_type == FLOAT and not tensor.dims and editor.opset >= 12 and editor.chance(0.5):
            nodes.append(editor.node("Constant", [], tensor.name, value_float=float(numpy_helper.to_array(tensor))))
        elif editor.chance(0.3):
            nodes.append(editor.node("Constant", [], tensor.name, value=tensor))
        else:
            kept.append(onnx.TensorProto.FromString(tensor.SerializeToString()))

    def visit(node):
        if node.op_type != "Constant" or node.attribute[0].name != "value":
            return None
        array = numpy_helper.to_array(node.attribute[0].t)
        way = editor.rng.randrange(3)
        if way == 1 and array.dtype == np.int64 and array.ndim < 2 and editor.opset >= 12 and array.size:
            whole = {"value_ints": array.tolist()} if array.ndim else {"value_int": int(array)}
            return [editor.node("Constant", [], node.output[0], **whole)]
        if way == 2 and array.size and array.ndim and (array == array.flat[0]).all():
            fill = numpy_helper.from_array(array.ravel()[:1])
            shape = editor.fresh("c")
            kept.append(numpy_helper.from_array(np.array(array.shape, np.int64), shape))
            return [editor.node("ConstantOfShape", [shape], node.output[0], value=fill)]
        kept.append(numpy_helper.from_array(array, node.output[0]))
        return []
    editor.rewrite(visit)
    editor.set_nodes(nodes + list(editor.graph.node))
    del editor.graph.initializer[:]
    editor.graph.initializer.extend(kept)


def listed(editor):
    """Initializers that are inputs as well, as all were in the third version of the format."""
    for tensor in editor.graph.initializer:
        editor.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))


def rounded(model):
    """Weights that 16 bits can hold, in the model that `halves` shall store so."""
    for tensor in model.graph.initializer:
        if tensor.data_type == FLOAT and len(tensor.dims) > 1:
            array = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def halves(editor):
    """Weights that are stored in 16 bits, with a Cast behind them."""
    casts = []
    for tensor in editor.graph.initializer:
        if tensor.data_type != FLOAT or not tensor.dims:
            continue
        array = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if (half.astype(np.float32).view(np.uint32) == array.view(np.uint32)).all() and editor.chance(0.8):
            inner = editor.fresh("half")
            casts.append(editor.node("Cast", [inner], tensor.name, to=FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(half, inner))
    editor.set_nodes(casts + list(editor.graph.node))


#===------------------------------------------------------------------------===#
# Functions and branches
#===------------------------------------------------------------------------===#

def read_by(node):
    """What a node reads, and its branches from around them."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            made = {name for inner in attribute.g.node for name in inner.output}
            names += [name for inner in attribute.g.node for name in read_by(inner) if name not in made]
    return names


def reads_and_writes(nodes, outside, outputs):
    """What a range of nodes reads from around it, and what is read of it."""
    made = {name for node in nodes for name in node.output if name}
    reads = list(dict.fromkeys(name for node in nodes for name in read_by(node) if name not in made))
    used = {name for node in outside for name in read_by(node)} | outputs
    return reads, [name for node in nodes for name in node.output if name in used]


def some_range(editor, nodes, outputs):
    """(first, last) of some nodes in a row that give something; None where there are none."""
    for _ in range(20):
        first = editor.rng.randrange(len(nodes))
        last = min(len(nodes), first + editor.rng.randrange(1, 25))
        reads, writes = reads_and_writes(nodes[first:last], nodes[:first] + nodes[last:], outputs)
        if reads and writes:
            return first, last, reads, writes
    return None


def outlined(editor, nodes, outputs, name):
    """The nodes with some of them in a function, which is added to the model."""
    chosen = some_range(editor, nodes, outputs)
    if not chosen:
        return nodes
    first, last, reads, writes = chosen
    body = nodes[first:last]
    if editor.chance(0.5):
        body = outlined(editor, body, set(writes), name + "_inner")
    settings = {}
    for node in body:
        for attribute in node.attribute:
            if not settings and attribute.name in ("axis", "keepdims", "to", "perm") and editor.chance(0.5):
                settings["given"] = onnx.helper.get_attribute_value(attribute)
                kind, key = attribute.type, attribute.name
                attribute.Clear()
                attribute.name, attribute.ref_attr_name, attribute.type = key, "given", kind
    imports = [helper.make_opsetid("", editor.opset), helper.make_opsetid("own", 1)]
    editor.model.functions.append(helper.make_function("own", name, reads, writes, body, imports, list(settings)))
    call = helper.make_node(name, reads, writes, name=editor.fresh("/call"), domain="own", **settings)
    return [*nodes[:first], call, *nodes[last:]]


def functions(editor):
    """Nodes in a row become model-local functions, in each other and with an attribute."""
    nodes = list(editor.graph.node)
    for index in range(editor.rng.randrange(1, 5)):
        nodes = outlined(editor, nodes, editor.outputs(), f"Function{index}")
    editor.set_nodes(nodes)
    editor.model.opset_import.append(helper.make_opsetid("own", 1))


def branches(editor):
    """Nodes in a row become a branch of an If whose condition is constant."""
    nodes = list(editor.graph.node)
    for _ in range(editor.rng.randrange(1, 4)):
        chosen = some_range(editor, nodes, editor.outputs())
        if not chosen:
            continue
        first, last, _, writes = chosen
        if any(node.op_type == "If" or node.domain for node in nodes[first:last]) or \
                any(editor.types.get(name) is None for name in writes):
            continue
        nodes[first:last] = branch(editor, nodes[first:last], writes)
    editor.set_nodes(nodes)


def branch(editor, body, writes):
    """A condition that has to be folded, and the If that takes these nodes."""
    renamed = {name: editor.fresh("b") for node in body for name in node.output if name}
    taken = []
    for node in body:
        copy = onnx.NodeProto.FromString(node.SerializeToString())
        copy.input[:] = [renamed.get(name, name) for name in node.input]
        copy.output[:] = [renamed.get(name, name) for name in node.output]
        taken.append(copy)
    results = [helper.make_tensor_value_info(renamed[name], editor.types[name], None) for name in writes]
    other, others = [], []
    for name in writes:
        made = editor.fresh("o")
        kind = helper.mapping.TENSOR_TYPE_TO_NP_TYPE[editor.types[name]]
        other.append(editor.node("Constant", [], made, value=numpy_helper.from_array(np.zeros(1, kind))))
        others.append(helper.make_tensor_value_info(made, editor.types[name], None))
    graphs = [helper.make_graph(taken, "taken", [], results), helper.make_graph(other, "other", [], others)]
    condition = editor.node("Less", [editor.constant(1.0), editor.constant(2.0)])
    if inverse := editor.chance(0.5):
        condition = editor.node("Greater", [editor.constant(1.0), editor.constant(2.0)])
    choice = helper.make_node("If", [condition.output[0]], writes, name=editor.fresh("/if"),
                              then_branch=graphs[inverse], else_branch=graphs[not inverse])
    return [condition, choice]


#===------------------------------------------------------------------------===#
# Inputs that are left out, names and order
#===------------------------------------------------------------------------===#

def left_out(editor):
    """Optional inputs that are empty at the end of a list."""
    most_inputs = {"Clip": 3, "Slice": 5, "Gemm": 3, "LayerNormalization": 3, "Dropout": 3 if editor.opset >= 12 else 1}
    for node in editor.graph.node:
        most = most_inputs.get(node.op_type, 0)
        while node.input and len(node.input) < most:
            node.input.append("")


def order(editor):
    """The nodes in another order in which each comes after those that it reads."""
    nodes = list(editor.graph.node)
    made = {name for node in nodes for name in node.output}
    taken, known = [], set()
    while nodes:
        ready = [i for i, node in enumerate(nodes) if all(name in known or name not in made for name in read_by(node))]
        node = nodes.pop(ready[editor.rng.randrange(len(ready))])
        known.update(node.output)
        taken.append(node)
    editor.set_nodes(taken)


def names(editor):
    """Other names for all that is no input or output of the model, or none."""
    kept = {value.name for value in [*editor.graph.input, *editor.graph.output]} | {""}
    renamed = {}

    def new(name):
        if name not in kept:
            renamed.setdefault(name, f"n{len(renamed) * 7 % 10007}_{len(renamed)}")
        return renamed.get(name, name)

    def rename(nodes):
        for node in nodes:
            node.input[:] = [new(name) for name in node.input]
            node.output[:] = [new(name) for name in node.output]
            node.name = "" if editor.chance(0.3) else editor.fresh("node")
            for attribute in node.attribute:
                if attribute.type == AttributeProto.GRAPH:
                    rename(attribute.g.node)
                    for value in attribute.g.output:
                        value.name = new(value.name)
    rename(editor.graph.node)
    for tensor in editor.graph.initializer:
        tensor.name = new(tensor.name)
