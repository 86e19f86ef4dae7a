# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shapes of a model's tensors, and the values of those that its graph computes of constants.
What they are, the compiler says: nothing is evaluated a second way."""
import warnings

import numpy as np
import onnx

from bnn import compiler, session
from bnn.graphs.graph import copied


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


def shapes(model, sizes):
    """{tensor: shape} of the main graph where its inputs have the shapes `sizes`."""
    model = copied(model)
    fix_inputs(model, sizes)
    del model.graph.value_info[:]
    found = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
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
    unknown = [name for node in model.graph.node for name in node.output
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
        """{name: array} by a model of nothing but what these are computed of."""
        wanted, left = set(), list(names)
        nodes = []
        while left:
            name = left.pop()
            if name in wanted:
                continue
            wanted.add(name)
            node = self.graph.producers.get(name)
            if node is not None:
                nodes.append(node.output[0])
                left += [one for one in node.input if one]
        part = onnx.ModelProto(ir_version=self.model.ir_version)
        part.opset_import.extend(self.model.opset_import)
        part.functions.extend(self.model.functions)
        part.graph.name = "constants"
        part.graph.node.extend(node for node in self.graph.graph.node if node.output[0] in nodes)
        part.graph.initializer.extend(tensor for name, tensor in self.graph.initializers.items()
                                      if name in wanted)
        for name in names:
            _add_output(part, name)
        return {name: np.array(array) for name, array in _session(part).run({}).items()}
