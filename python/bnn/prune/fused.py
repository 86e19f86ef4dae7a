# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How channels go through attention that is one node, ONNX's own or one of ONNX Runtime's
(com.microsoft), and through the products that its optimiser and its quantiser write."""
from bnn.graphs.graph import attribute
from bnn.prune.errors import Mixes
from bnn.prune.layout import Layout
from bnn.prune.relations import PRODUCTS, RULES, gemm, matmul

DOMAIN = "com.microsoft"
#: The attributes that say how many heads the queries have, and keys and values.
_COUNTS = {(DOMAIN, "Attention"): ("num_heads",), (DOMAIN, "QAttention"): ("num_heads",),
           ("", "Attention"): ("q_num_heads", "kv_num_heads")}


def domain_of(node):
    """The domain of a node's operator; ONNX's own has two names."""
    return "" if node.domain == "ai.onnx" else node.domain


def is_attention(node):
    """Whether a node is a whole attention."""
    return (domain_of(node), node.op_type) in _COUNTS


def weights_port(node):
    """Which input of a product, or of an attention with a product of its own, weights are; None of
    other nodes."""
    if domain_of(node) == DOMAIN and is_attention(node):
        return 1
    return PRODUCTS.get(node.op_type, (0, None))[1]


def counts_of(node):
    """The attributes of an attention that say how many heads it has; of ONNX's own none where its
    inputs have them as a dimension."""
    return [name for name in _COUNTS[domain_of(node), node.op_type]
            if attribute(node, name, 0)]


def heads_of(node, shape):
    """(axis, how many heads) of the result, of some shape, of an attention."""
    counts = {attribute(node, name, 0) for name in counts_of(node)}
    if len(counts) > 1:
        raise Mixes("has fewer heads of keys than of queries")
    return (len(shape) - 1, counts.pop()) if counts else (1, shape[1])


def _columns(flow, node, ports, layout):
    """Of ports where an operand may have a number for each column those that have."""
    return [(p, 0, layout) for p in ports if p < len(node.input) and node.input[p]
            and flow.shape(node, p) not in ((), (1,))]


def _packed(columns):
    """The rule of an attention that multiplies with the weights of queries, keys and values, side
    by side, itself. `columns` are the ports that have something for each of their columns."""
    def rule(flow, node, port, axis, layout):
        if any(node.output[1:]) or attribute(node, "qkv_hidden_sizes", None):
            raise Mixes("has a past, or heads of several sizes")
        _, count = heads_of(node, flow.shape(node, ~0))
        inner = flow.shape(node, ~0)[-1] // count
        one, three = Layout(1, count, inner), Layout(3, count, inner)
        if (port, axis, layout) not in ((~0, 2, one), (1, 1, three)):
            raise Mixes("is an attention of which they are no heads")
        flow.has_target(node, 2, one)
        return [(~0, 2, one), (1, 1, three), *_columns(flow, node, columns, three)]
    return rule


def attention(flow, node, port, axis, layout):
    """The rule of ONNX's Attention, of queries, keys and values."""
    if any(node.output[1:]) or any(node.input[4:]):
        raise Mixes("has a past, or gives its scores")
    place, count = heads_of(node, flow.shape(node, ~0))
    found = {p: Layout(1, count, flow.shape(node, p)[place] // count) for p in (0, 1, 2, ~0)}
    if any(of.size != flow.shape(node, p)[place] or not of.inner for p, of in found.items()) or \
            place == 1 and {of.inner for of in found.values()} != {1}:
        raise Mixes("has fewer heads of keys than of queries")
    if axis != place or found.get(port) != layout:
        raise Mixes("is an attention of which they are no heads")
    related = [(p, place, of) for p, of in found.items()]
    mask = flow.shape(node, 3) if len(node.input) > 3 and node.input[3] else ()
    if len(mask) > 2 and mask[-3] != 1:
        related.append((3, len(mask) - 3, Layout(1, count, 1)))
    if counts_of(node):
        flow.has_target(node, place, layout)
    return related


def _byte_product(columns):
    """The rule of a product of bytes with weights that have something for each column at the ports
    `columns`."""
    def rule(flow, node, port, axis, layout):
        found = matmul(flow, node, port, axis, layout)
        last = (~0, flow.rank(node, ~0) - 1, layout)
        if (port, axis, layout) == last or last in found:
            found += _columns(flow, node, columns, layout)
        return found
    return rule


def _fused_matmul(flow, node, port, axis, layout):
    if attribute(node, "transBatchA", 0) or attribute(node, "transBatchB", 0):
        raise Mixes("turns its batches")
    turned = [p for p, name in ((0, "transA"), (1, "transB")) if attribute(node, name, 0)]

    def turn(p, a):
        rank = flow.rank(node, p)
        return 2 * rank - 3 - a if p in turned and a >= rank - 2 else a
    return [(p, turn(p, a), of) for p, a, of in matmul(flow, node, port, turn(port, axis), layout)]


def _normalises(flow, node, port, axis, layout):
    raise Mixes("normalises over it")


_CONTRIB = {"Attention": _packed((2,)), "QAttention": _packed((2, 4, 7)),
            "FusedMatMul": _fused_matmul, "FusedGemm": gemm,
            "DynamicQuantizeMatMul": _byte_product((2, 3, 4)),
            "MatMulIntegerToFloat": _byte_product((3, 5, 6)),
            "SkipLayerNormalization": _normalises, "EmbedLayerNormalization": _normalises,
            **{name: RULES[name] for name in ("Gelu", "FastGelu", "QuickGelu", "BiasGelu",
                                              "QuantizeLinear", "DequantizeLinear")}}


def rule_of(node):
    """How channels go through a node, a function as `relations` describes it; None where nobody
    knows."""
    domain = domain_of(node)
    if domain:
        return _CONTRIB.get(node.op_type) if domain == DOMAIN else None
    return attention if node.op_type == "Attention" else RULES.get(node.op_type)
