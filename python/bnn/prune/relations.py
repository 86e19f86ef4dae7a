# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How channels go through a node, from any of its tensors to all others.

A tensor of a node has a port: 0 and on for inputs, ~0 (-1) and on down for outputs. A rule takes
(flow, node, port, axis, layout), which says that channels lie on that axis of that tensor, and
gives a list of (port, axis, layout) for those where they lie then as well. It raises a Mixes
where the node mixes channels, or may.
"""
from bnn.graphs.graph import attribute
from bnn.prune.errors import Mixes
from bnn.prune.layout import Layout, reshaped

ELEMENTWISE = frozenset("""Abs Add And Cast Ceil Celu Clip Cos Div Elu Equal Erf Exp Floor Gelu
    Greater GreaterOrEqual HardSigmoid HardSwish Identity LeakyRelu Less LessOrEqual Log Max Mean
    Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus
    Softsign Sqrt Sub Sum Tanh ThresholdedRelu Where Xor FastGelu QuickGelu BiasGelu""".split())
#: Which inputs of a product are multiplied: of one with weights the second has them.
PRODUCTS = dict.fromkeys(("MatMul", "MatMulInteger", "Gemm", "FusedMatMul", "FusedGemm",
                          "DynamicQuantizeMatMul", "MatMulIntegerToFloat"), (0, 1))


def _ports(node):
    return [*(i for i, name in enumerate(node.input) if name),
            *(~i for i, name in enumerate(node.output) if name)]


def _elementwise(flow, node, port, axis, layout):
    from_end = flow.rank(node, port) - axis
    found = []
    for other in _ports(node):
        shape = flow.shape(node, other)
        place = len(shape) - from_end
        if other != port and place >= 0 and shape[place] != 1:
            found.append((other, place, layout))
    return found


def _quantise(flow, node, port, axis, layout):
    rank = flow.rank(node, port)
    found = [(0, axis, layout), (~0, axis, layout)]
    if attribute(node, "axis", 1) % max(rank, 1) == axis:
        # A scale and a zero point for each index of the axis.
        found += [(i, 0, layout) for i in (1, 2) if i < len(node.input) and node.input[i]
                  and flow.shape(node, i) not in ((), (1,))]
    return found


def _through(flow, node, port, axis, layout):
    """The first input and the first output have the same elements at the same places."""
    return [(0, axis, layout), (~0, axis, layout)]


def matmul(flow, node, port, axis, layout):
    """The rule of a product of matrices."""
    ranks = {p: flow.rank(node, p) for p in (0, 1, ~0)}
    if min(ranks[0], ranks[1]) < 2:
        raise Mixes("multiplies a vector")
    if port not in ranks:
        raise Mixes("has a zero point for each of them")
    from_end = ranks[port] - axis
    if (port, from_end) in ((0, 1), (1, 2)):
        # Where the sum goes over them, one side has to be weights.
        other = 1 - port
        if flow.is_computed(node.input[0]) and flow.is_computed(node.input[1]):
            raise Mixes("is a product of two activations that sums over it")
        return [(other, ranks[other] - (3 - from_end), layout)]
    if from_end == 1:
        found = [(p, ranks[p] - 1, layout) for p in (1, ~0)]
        if node.op_type == "MatMulInteger" and len(node.input) > 3 and node.input[3] and \
                flow.shape(node, 3) not in ((), (1,)):
            found.append((3, 0, layout))
        return found
    if from_end == 2:
        return [(p, ranks[p] - 2, layout) for p in (0, ~0)]
    return [(p, ranks[p] - from_end, layout) for p in (0, 1, ~0)
            if ranks[p] >= from_end and flow.shape(node, p)[ranks[p] - from_end] != 1]


def gemm(flow, node, port, axis, layout):
    """The rule of a Gemm, with or without a function behind it."""
    if attribute(node, "transA", 0):
        raise Mixes("transposes its input")
    turned = bool(attribute(node, "transB", 0))
    outputs, inputs = (0, 1) if turned else (1, 0)
    if (port, axis) in ((0, 1), (1, inputs)):
        if flow.is_computed(node.input[0]) and flow.is_computed(node.input[1]):
            raise Mixes("is a product of two activations that sums over it")
        return [(1, inputs, layout)] if port == 0 else [(0, 1, layout)]
    if (port, axis) in ((0, 0), (~0, 0)):
        raise Mixes("has them as its rows")
    found = [(1, outputs, layout), (~0, 1, layout)]
    if len(node.input) > 2 and node.input[2]:
        shape = flow.shape(node, 2)
        if shape and shape[-1] != 1:
            found.append((2, len(shape) - 1, layout))
    return found


def _transpose(flow, node, port, axis, layout):
    rank = flow.rank(node, port)
    order = list(attribute(node, "perm", range(rank)[::-1]))
    return [(~0, order.index(axis), layout)] if port == 0 else [(0, order[axis], layout)]


def _reshape(flow, node, port, axis, layout):
    other = ~0 if port == 0 else 0
    place, moved = reshaped(flow.shape(node, port), flow.shape(node, other), axis, layout)
    if node.op_type == "Reshape":
        flow.has_target(node, *((place, moved) if port == 0 else (axis, layout)))
    return [(other, place, moved)]


def _expand(flow, node, port, axis, layout):
    rank, inner = flow.rank(node, ~0), flow.rank(node, 0)
    place = axis if port == ~0 else axis + rank - inner
    source = flow.producer(node.input[1])
    if source is not None and source.op_type == "Shape" and not source.attribute:
        # As large as another tensor: that one is cut in the same way.
        of = source.input[0]
        flow.reach(of, len(flow.shapes[of]) - (rank - place), layout)
    else:
        flow.has_target(node, place, layout)
    found = [(~0, place, layout)]
    if place >= rank - inner and flow.shape(node, 0)[place - rank + inner] != 1:
        found.append((0, place - rank + inner, layout))
    return found


def _softmax(flow, node, port, axis, layout):
    rank = flow.rank(node, port)
    default = -1 if flow.opset >= 13 else 1
    over = attribute(node, "axis", default) % rank
    if over == axis or (flow.opset < 13 and over < axis):
        raise Mixes("normalises over it")
    return _through(flow, node, port, axis, layout)


def _layer_norm(flow, node, port, axis, layout):
    if axis >= attribute(node, "axis", -1) % flow.rank(node, 0):
        raise Mixes("normalises over it")
    if port not in (0, ~0):
        raise Mixes("has them in its parameters")
    return _through(flow, node, port, axis, layout)


def _reduce(flow, node, port, axis, layout):
    rank = flow.rank(node, 0)
    axes = attribute(node, "axes", None)
    if axes is None and len(node.input) > 1 and node.input[1]:
        axes = flow.constant(node.input[1])
        if axes is None:
            raise Mixes("reduces over dimensions that are computed")
    axes = {int(a) % rank for a in (range(rank) if axes is None else axes)}
    kept = [a for a in range(rank) if a not in axes]
    keeps = attribute(node, "keepdims", 1)
    if port == 0:
        if axis in axes:
            raise Mixes("reduces over it")
        return [(~0, axis if keeps else kept.index(axis), layout)]
    return [(0, axis if keeps else kept[axis], layout)]


def _concat(flow, node, port, axis, layout):
    if attribute(node, "axis", 0) % flow.rank(node, port) == axis:
        raise Mixes("joins it with others")
    return [(p, axis, layout) for p in _ports(node)]


def _split(flow, node, port, axis, layout):
    outputs = [~i for i, name in enumerate(node.output) if name]
    if attribute(node, "axis", 0) % flow.rank(node, 0) != axis:
        return [(p, axis, layout) for p in (0, *outputs)]
    sizes = {flow.shape(node, p)[axis] for p in outputs}
    parts = len(node.output)
    whole = layout if port == 0 else Layout(layout.outer * parts, layout.count, layout.inner)
    if len(sizes) > 1 or whole.outer % parts or whole.size != flow.shape(node, 0)[axis]:
        raise Mixes("splits it into parts of different kinds")
    part = Layout(whole.outer // parts, whole.count, whole.inner)
    flow.has_target(node, axis, part)
    return [(0, axis, whole), *((p, axis, part) for p in outputs)]


def _gather(flow, node, port, axis, layout):
    over = attribute(node, "axis", 0) % flow.rank(node, 0)
    inner = flow.rank(node, 1)
    if port == 0:
        if axis == over:
            raise Mixes("picks some of them")
        return [(~0, axis if axis < over else axis + inner - 1, layout)]
    if port != ~0 or over <= axis < over + inner:
        raise Mixes("picks some of them")
    return [(0, axis if axis < over else axis - inner + 1, layout)]


def _slice(flow, node, port, axis, layout):
    axes, starts = attribute(node, "axes", None), attribute(node, "starts", None)
    if starts is None:
        starts = flow.constant(node.input[1])
        axes = flow.constant(node.input[3]) if len(node.input) > 3 and node.input[3] else None
        if starts is None or (axes is None and len(node.input) > 3 and node.input[3]):
            raise Mixes("cuts at places that are computed")
    rank = flow.rank(node, 0)
    over = {int(a) % rank for a in (range(len(starts)) if axes is None else axes)}
    if axis in over and flow.shape(node, 0)[axis] != flow.shape(node, ~0)[axis]:
        raise Mixes("picks some of them")
    return _through(flow, node, port, axis, layout)


def _shape(flow, node, port, axis, layout):
    """What is computed of a size is another size when that is cut."""
    return []


RULES = {"MatMul": matmul, "MatMulInteger": matmul, "Gemm": gemm, "Transpose": _transpose,
         "Reshape": _reshape, "Flatten": _reshape, "Squeeze": _reshape, "Unsqueeze": _reshape,
         "Expand": _expand, "Softmax": _softmax, "LogSoftmax": _softmax,
         "LayerNormalization": _layer_norm, "Concat": _concat, "Split": _split,
         "Gather": _gather, "Slice": _slice, "Shape": _shape, "Dropout": _through,
         "DynamicQuantizeLinear": _through, "QuantizeLinear": _quantise,
         "DequantizeLinear": _quantise, **dict.fromkeys(ELEMENTWISE, _elementwise),
         **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd",
                          "ReduceL1", "ReduceL2", "ReduceSumSquare"), _reduce)}
