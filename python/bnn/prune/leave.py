# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What bits leave when the numbers that they are the signs of are switched off."""
import numpy as np

#: What stands between a number and its bits: shifts and scales that are constants, and rounding.
_THROUGH = ("Add", "Cast", "Clip", "Div", "Identity", "Mul", "Round", "Sign", "Sub")


def _is_constant(name, graph):
    """Whether a tensor is a constant, or an Expand of one."""
    node = graph.producers.get(name)
    if node is not None and node.op_type == "Expand":
        name = node.input[0]
    return name not in graph.computed


def signs(sink, work):
    """What the inputs of a sink are where what makes them gives 0: the signs of their shifts, times
    their scale; f64 [inputs]. `work` is the sink's `Work`."""
    name = sink.operand
    while (node := work.graph.producers.get(name)) is not None and node.op_type in _THROUGH:
        computed = [one for one in node.input if one and not _is_constant(one, work.graph)]
        if len(computed) != 1:
            break
        [name] = computed
    zeros = np.zeros(work.shapes[name], np.float32)
    found = work.constants.where(sink.operand, {name: zeros})
    return found.reshape(-1, found.shape[-1]).astype(np.float64).mean(axis=0)
