# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shapes of a model's tensors, and the values of those that its graph computes of constants.
What they are, the compiler says: nothing is evaluated a second way."""
import math
import warnings

import numpy as np
import onnx
from onnx import numpy_helper

from bnn import compiler, session
from bnn.graphs.graph import Additions, names as graph_names

# Numbers of a constant in f32 from which on it takes no part in shapes.
_LARGE = 4096
# Bytes of initialisers that constants are computed of at a time.
_PART = 1 << 26


def _session(model, **options):
    with warnings.catch_warnings():
        # Whoever compiles the result hears them.
        warnings.simplefilter("ignore")
        return session.Session(compiler.compile(model, opt_level=0, reference=True, **options))


def _add_output(model, name):
    # Without a type: the compiler knows it.
    model.graph.output.add(name=name).type.tensor_type.elem_type = 0


def fix_inputs(model, sizes):
    """Gives the inputs of a model the shapes `sizes`, {input: shape}."""
    for value in model.graph.input:
        if value.name in sizes:
            for dim, size in zip(value.type.tensor_type.shape.dim, sizes[value.name]):
                dim.Clear()
                dim.dim_value = size
    for value in model.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            dim.Clear()


def _without_weights(model):
    """A copy of a model in which nodes make zeros in place of large constants in f32, which is
    soon compiled: no shape depends on those."""
    graph = model.graph
    part = onnx.ModelProto(ir_version=model.ir_version)
    part.opset_import.extend(model.opset_import)
    part.functions.extend(model.functions)
    part.graph.name = graph.name
    large = {tensor.name for tensor in graph.initializer
             if tensor.data_type == onnx.TensorProto.FLOAT and math.prod(tensor.dims) > _LARGE}
    part.graph.input.extend(value for value in graph.input if value.name not in large)
    part.graph.output.extend(graph.output)
    part.graph.initializer.extend(one for one in graph.initializer if one.name not in large)
    part.graph.sparse_initializer.extend(graph.sparse_initializer)
    additions = Additions(part.graph)
    additions.taken.update(graph_names(graph))
    for tensor in graph.initializer:
        if tensor.name in large:
            part.graph.node.append(onnx.helper.make_node("ConstantOfShape", [
                additions.initializer(f"{tensor.name}_shape", np.array(tensor.dims, np.int64))],
                [tensor.name]))
    part.graph.node.extend(graph.node)
    return part


def shapes(model, sizes):
    """{tensor: shape} of the main graph where its inputs have the shapes `sizes`."""
    found = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    nodes = list(model.graph.node)
    model = _without_weights(model)
    fix_inputs(model, sizes)
    found.update((name, tuple(shape)) for name, shape in sizes.items())
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except onnx.shape_inference.InferenceError:
        inferred = model  # An operator is newer than onnx.
    for value in (*inferred.graph.value_info, *inferred.graph.output):
        dims = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(d.HasField("dim_value") for d in dims):
            found[value.name] = tuple(d.dim_value for d in dims)
    # onnx does not follow every size that is computed.
    outputs = {value.name for value in model.graph.output}
    unknown = [name for node in nodes for name in node.output
               if name and name not in found and name not in outputs]
    if not unknown and outputs <= set(found):
        return found
    for name in unknown:
        _add_output(model, name)
    found.update((info.name, info.max_shape) for info in _session(model).outputs())
    return found


class Constants:
    """The values of tensors that no input has a part in. `graph` is a `Graph` of `model`."""

    def __init__(self, model, graph):
        self.model, self.graph = model, graph
        self._values = {}

    def value(self, name):
        """The array of a constant; None where it depends on an input."""
        if name in self.graph.computed:
            return None
        if name not in self._values:
            array = self.graph.constant(name)
            self._values.update({name: array} if array is not None else self._evaluate([name]))
        return self._values[name]

    def prepare(self, names):
        """Evaluates many at once."""
        unknown = [name for name in dict.fromkeys(names) if name not in self.graph.computed
                   and name not in self._values and self.graph.constant(name) is None]
        if unknown:
            self._values.update(self._evaluate(unknown))

    def _evaluate(self, names):
        """{name: array}, of some at a time: all at once may be several times the model."""
        found, some, size = {}, [], 0
        for name in names:
            some.append(name)
            size += sum(self.graph.initializers[one].ByteSize() for one in self._needed(name)
                        if one in self.graph.initializers)
            if size > _PART:
                found.update(self._evaluate_some(some))
                some, size = [], 0
        if some:
            found.update(self._evaluate_some(some))
        return found

    def where(self, name, given):
        """The array of a tensor that is computed of nothing but constants and of what is `given`,
        {tensor: array}."""
        return self._evaluate_some([name], given)[name]

    def _needed(self, *names, given=()):
        """The names of all that tensors are computed of, and theirs, but for what is given."""
        wanted, left = set(), list(names)
        while left:
            name = left.pop()
            if name not in wanted and name not in given:
                wanted.add(name)
                node = self.graph.producers.get(name)
                left += [] if node is None else [one for one in node.input if one]
        return wanted

    def _evaluate_some(self, names, given=()):
        """{name: array} by a model of nothing but what these are computed of."""
        wanted = self._needed(*names, given=given)
        nodes = {self.graph.producers[name].output[0] for name in wanted
                 if name in self.graph.producers}
        part = onnx.ModelProto(ir_version=self.model.ir_version)
        part.opset_import.extend(self.model.opset_import)
        part.functions.extend(self.model.functions)
        part.graph.name = "constants"
        part.graph.node.extend(node for node in self.graph.graph.node if node.output[0] in nodes)
        part.graph.initializer.extend(tensor for name, tensor in self.graph.initializers.items()
                                      if name in wanted)
        part.graph.initializer.extend(numpy_helper.from_array(given[name], name)
                                      for name in given)
        for name in names:
            _add_output(part, name)
        return _session(part).run({})
