# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What of a model can be cut: the heads of its attentions and the neurons of its FFNs."""
import dataclasses

import numpy as np
import onnx

from bnn.prune.errors import Mixes, Refusal
from bnn.prune.flow import Constant, Flow, consumers, label
from bnn.prune.fused import heads_of, is_attention
from bnn.prune.layout import Layout
from bnn.prune.positions import Positions
from bnn.prune.relations import PRODUCTS
from bnn.prune.ties import Ties

#: Channels of an FFN in one unit, by what the numbers that its second linear reads are.
GROUPS = {"bits": 32, "bytes": 16, "float": 16}
_QUANTISERS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")


@dataclasses.dataclass
class Sink:
    """A product that reads the channels: its weights; `operand`, what it multiplies; the tensor
    whose channels are switched off, and which input of which node reads that; where its bias is,
    (node, index of the input), or None; `state`, what it gives with its bias; and `place`, its number
    in the graph."""
    weights: Constant
    operand: str
    tensor: str
    reader: onnx.NodeProto
    index: int
    bias: tuple
    state: str
    positions: tuple
    place: int

    @property
    def key(self):
        """The name of what the product gives, which only it gives."""
        return self.weights.node.output[0]

    @property
    def sum(self):
        """The name of what it gives with its bias, in front of scales and roundings."""
        return self.key if self.bias is None else self.bias[0].output[0]


@dataclasses.dataclass
class Layer:
    """An attention with its heads, or an FFN with its neurons; or all that share their weights.
    `kind` is "heads" or "neurons", `became` "bits", "bytes" or "float", `place` the number of its
    first sink in the graph, `attentions` how many softmaxes normalise its heads, `units` the channels
    of each unit, once they are made."""
    name: str
    kind: str
    became: str
    place: int
    count: int
    head_size: int
    attentions: int
    flow: Flow
    sinks: list
    units: list = dataclasses.field(default_factory=list)

    def cost(self, length):
        """Multiplications of one channel at `length` tokens: OPTIN's formula (arXiv 2403.17921),
        for a head S (3 d h + h d) + 2 S^2 h, for a neuron 2 S d, with the sizes that the weights
        have, as often as something is multiplied with them."""
        linear = sum(_elements(self.flow.shapes[c.node.input[c.index]]) // self.count
                     for c in (*self.flow.sources, *self.flow.sinks))
        square = 2 * self.head_size * self.attentions
        return length * linear + length * length * square


def name_of(node):
    """A node's name, as the compiler's report has it."""
    return node.name or node.output[0]


def _kind(became):
    """"1x4" is bits of weights by bits of activations."""
    if became == "8x8":
        return "bytes"
    activations = became.rpartition("x")[2]
    return "bits" if activations.isdigit() and int(activations) < 8 else "float"


class Finder:
    """Finds the layers of a model whose channels can be cut. `layers` are those of the compiler's
    report, `constants` its `Constants`. Afterwards `layers` has what was found in the graph's
    order, and `refused` the (name, reason) of what was not."""

    def __init__(self, graph, layers, shapes, opset, constants):
        self.graph, self.shapes, self.opset, self.constants = graph, shapes, opset, constants
        self.readers = consumers(graph)
        self.became = {layer["name"]: layer["became"] for layer in layers}
        self.heads = {layer["name"]: layer["shape"]["heads"] for layer in layers
                      if layer["kind"] == "attention" and layer["shape"].get("heads")}
        self.places = {node.output[0]: i for i, node in enumerate(graph.graph.node)
                       if node.output}
        self.layers, self.refused = [], []
        self._taken = set()
        self.ties = Ties(graph, self.readers, shapes)
        self._positions = Positions(graph, shapes, self.readers, constants.value)
        for node in graph.graph.node:
            if (node.op_type == "Softmax" or is_attention(node)) and \
                    node.output[0] in graph.computed:
                self._try(self._attention, node)
        for node in graph.graph.node:
            if node.op_type in PRODUCTS and node.input[0] in graph.computed and \
                    node.input[1] not in graph.computed:
                self._try(self._ffn, node)
        self.layers.sort(key=lambda layer: layer.place)
        made = {node.output[0] for layer in self.layers
                for node in (c.node for c in (*layer.flow.sources, *layer.flow.sinks))}
        #: {result of the model: the `Sink` of the linear in f32 that gives it, of which nothing is
        #: cut}, with its inputs for channels.
        self.results = dict(filter(None, (self._result(node) for node in graph.graph.node
                                          if node.output and node.output[0] not in made)))
        # Who reads a reason wants to know why a linear has its size still.
        self.refused = [(name_of(node), reason) for node, reason in self.refused
                        if node.output[0] not in made]

    def _try(self, find, node):
        try:
            find(node)
        except Refusal as refusal:
            self.refused.append((node, str(refusal)))

    def _flow(self, tensor, axis, layout):
        flow = Flow(self.graph, self.shapes, self.opset, self.ties, self.constants.value)
        flow.run(tensor, axis, layout)
        return flow

    def _attention(self, node):
        tensor = node.output[0]
        shape = self.shapes[tensor]
        if is_attention(node):
            self._whole_attention(node, shape)
            return
        count = self.heads.get(name_of(node), shape[1] if len(shape) == 4 else 1)
        if len(shape) < 3:
            return
        axis = 1 if len(shape) == 4 else 0
        if (tensor, axis) in self._taken:
            return
        if count < 2 or shape[axis] % count:
            raise Refusal("it has one head" if count < 2 else
                          f"its {count} heads are not on one dimension")
        self._add_heads(node, axis, Layout(shape[axis] // count, count, 1))

    def _whole_attention(self, node, shape):
        """Adds the heads of an attention that is one node."""
        try:
            axis, count = heads_of(node, shape)
        except Mixes as mixes:
            raise Refusal(f"{label(node)} {mixes}") from None
        if (node.output[0], axis) in self._taken:
            return
        if count < 2 or shape[axis] % count:
            raise Refusal("it has one head")
        self._add_heads(node, axis, Layout(1, count, shape[axis] // count))

    def _add_heads(self, node, axis, layout):
        flow = self._flow(node.output[0], axis, layout)
        sizes = {c.layout.inner for c in flow.sinks}
        if len(sizes) > 1:
            raise Refusal("its heads have several sizes")
        self._add("heads", node, flow, layout.count, sizes.pop())

    def _ffn(self, node):
        tensor = node.output[0]
        axis = len(self.shapes[tensor]) - 1
        count = self.shapes[tensor][axis]
        # A low-rank term of an attention has one output, say.
        if (tensor, axis) in self._taken or count < 2:
            return
        flow = self._flow(tensor, axis, Layout(1, count, 1))
        for name, _ in flow.axes:
            inside = self.graph.producers[name]
            if inside.op_type in PRODUCTS and all(
                    one in self.graph.computed for one in inside.input[:2]):
                raise Refusal(f"{label(inside)} multiplies it with another: no FFN")
        width = self.shapes[node.input[0]][-1]
        if any(self.shapes[c.node.output[0]][-1] != width for c in flow.sinks):
            raise Refusal("what reads it does not return to the width of its input: no FFN")
        self._add("neurons", node, flow, count, 1)

    def _result(self, node):
        """(what it is, its `Sink`) of a linear in f32 that gives a result of the model; None of other
        nodes."""
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] in self.graph.computed or \
                _kind(self.became.get(name_of(node), "float")) != "float" or any(
                    attribute.f != 1 if attribute.name == "alpha" else attribute.i
                    for attribute in node.attribute if attribute.name in ("alpha", "transA")):
            return None
        shape = self.shapes[node.input[1]]
        is_turned = any(attribute.i for attribute in node.attribute if attribute.name == "transB")
        if len(shape) != 2:
            return None
        sink = self._sink(Constant(node, 1, int(is_turned), Layout(1, shape[int(is_turned)], 1)))
        if sink.bias is None and len(node.input) > 2 and node.input[2]:
            return None
        outputs = {value.name for value in self.graph.graph.output}
        return (sink.sum, sink) if sink.sum in outputs else None

    def _add(self, kind, node, flow, count, head_size):
        sinks = sorted((self._sink(constant) for constant in flow.sinks),
                       key=lambda sink: sink.place)
        became = {_kind(self.became.get(name_of(sink.weights.node), "float")) for sink in sinks}
        if len(became) > 1:
            raise Refusal("what reads it is of several kinds of numbers")
        named = node if kind == "heads" else sinks[0].weights.node
        # A node's name may be another's too; that of its result is not.
        name = name_of(named)
        if any(layer.name == name for layer in self.layers):
            name = named.output[0]
        self._taken.update(flow.axes)
        nodes = [self.graph.producers[tensor] for tensor, _ in flow.axes]
        attentions = sum(one.op_type == "Softmax" or is_attention(one) for one in nodes)
        self.layers.append(Layer(name, kind, became.pop(), sinks[0].place, count, head_size,
                                 attentions, flow, sinks))

    def _sink(self, weights):
        """What is to be known of a product that reads channels."""
        reader, index = weights.node, 0
        operand = tensor = reader.input[0]
        # A quantiser gives 0 for 0: before it a number can be switched off, behind it a code.
        while (node := self.graph.producers.get(tensor)) is not None and (
                node.op_type in _QUANTISERS or self._keeps_zero(node, reader)):
            reader, index, tensor = node, 0, node.input[0]
        if reader is weights.node:
            reader, index, tensor = self._before_sign(reader, index, tensor)
        else:
            operand = tensor
        bias, state = self._behind(weights.node)
        is_alike = self.shapes[operand][:-1] == self.shapes[state][:-1]
        return Sink(weights, operand, tensor, reader, index, bias, state,
                    self._positions.read(state) if is_alike else None,
                    self.places[weights.node.output[0]])

    def _keeps_zero(self, node, reader):
        """Whether a node is a Clip of the codes that `reader` dequantises, of which the code of 0
        is none that it changes. torch writes those of 7 bits so."""
        if node.op_type != "Clip" or reader.op_type != "DequantizeLinear":
            return False
        if len(reader.input) < 3 or not reader.input[2]:
            return False
        zero = self.constants.value(reader.input[2])
        bounds = [self.constants.value(name) if name else zero for name in node.input[1:3]]
        if zero is None or any(bound is None for bound in bounds):
            return False
        low, high = [*bounds, zero, zero][:2]
        return bool((low <= zero).all() and (zero <= high).all())

    def _before_sign(self, reader, index, tensor):
        """Of bits times a number, what they are the signs of: the sign of 0 is 0, and the product
        is one of bits still."""
        at = reader, index, tensor
        node = self.graph.producers.get(tensor)
        if node is not None and node.op_type == "Mul":
            sides = [i for i in (0, 1) if node.input[i] not in self.graph.computed]
            if len(sides) == 1 and _elements(self.shapes[node.input[sides[0]]]) == 1:
                reader, index, tensor = node, 1 - sides[0], node.input[1 - sides[0]]
                node = self.graph.producers.get(tensor)
        if node is not None and node.op_type == "Sign":
            return node, 0, node.input[0]
        return at

    def _is_parameter(self, name):
        """Whether a tensor is a constant or a number, or an Expand of one, and its constant."""
        node = self.graph.producers.get(name)
        if node is not None and node.op_type == "Expand":
            name = node.input[0]
        constant = name if name not in self.graph.computed else None
        return constant is not None or int(np.prod(self.shapes[name])) == 1, constant

    def _behind(self, node):
        """(where the bias of a product is or None, its result with it)."""
        width = self.shapes[node.output[0]][-1]
        tensor, bias, is_changed = node.output[0], None, False
        if node.op_type == "Gemm" and len(node.input) > 2 and node.input[2]:
            _, constant = self._is_parameter(node.input[2])
            if constant and attribute_is_one(node) and _elements(self.shapes[constant]) == width:
                bias = node, 2
        outputs = {value.name for value in self.graph.graph.output}
        while tensor not in outputs:
            # Who asks for a size does not read the numbers.
            readers = [one for one in self.readers[tensor] if one[0].op_type != "Shape"]
            if len(readers) != 1:
                break
            reader, index = readers[0]
            if reader.op_type in ("Add", "Mul") and index >= 0:
                is_parameter, constant = self._is_parameter(reader.input[1 - index])
                if not is_parameter:
                    break
                if reader.op_type == "Add" and constant and bias is None and not is_changed and \
                        _elements(self.shapes[constant]) == width == self.shapes[constant][-1]:
                    bias = reader, 1 - index
            elif reader.op_type not in ("Cast", "Identity", *_QUANTISERS[:2]) or index:
                break
            # A constant in front of a scale or a rounding is another one behind it.
            is_changed = is_changed or reader.op_type in ("Mul", "QuantizeLinear")
            tensor = reader.output[0]
        return bias, tensor


def _elements(shape):
    return int(np.prod(shape, dtype=np.int64))


def attribute_is_one(gemm):
    """Whether a Gemm takes its third input as it is."""
    return all(a.f == 1 for a in gemm.attribute if a.name == "beta")


def make_units(layer, group, importance):
    """Cuts the channels of a layer into units: heads one by one, neurons `group` at a time, or of
    a layer that is no multiple of that the largest divisor below. Neurons of one unit are alike:
    they are sorted by `importance`, so that where an exporter put them makes no difference."""
    if layer.kind == "heads":
        layer.units = [np.array([i]) for i in range(layer.count)]
        return
    size = next(n for n in range(min(group, layer.count // 2), 0, -1) if layer.count % n == 0)
    order = np.argsort(importance, kind="stable")
    layer.units = [np.sort(part) for part in order.reshape(-1, size)]
