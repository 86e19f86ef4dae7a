# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model of f32 as `model.half()`, or `model.bfloat16()`, would be exported.

    half_model.py IN.onnx OUT.onnx f16|bf16

Weights, constants, inputs and outputs have 16 bits; what is cast to FLOAT is cast to the format.
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from halves import FORMATS


def to_half(model, name):
    """Changes `model` itself."""
    form = next(form for form in FORMATS if form.name == name)

    def convert(tensor):
        if tensor.data_type != TensorProto.FLOAT:
            return
        # The least number of f32, in masks, becomes that of the format.
        value = np.clip(numpy_helper.to_array(tensor).astype(np.float64), -form.largest, form.largest)
        bits = form.bits(form.round(value)).astype("<u2")
        tensor.CopyFrom(helper.make_tensor(tensor.name, form.element, value.shape, bits.tobytes(), raw=True))

    for tensor in model.graph.initializer:
        convert(tensor)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                convert(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = form.element
    for info in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        if info.type.tensor_type.elem_type == TensorProto.FLOAT:
            info.type.tensor_type.elem_type = form.element


def main():
    source, target, name = sys.argv[1:]
    model = onnx.load(source)
    to_half(model, name)
    onnx.save(model, target)


if __name__ == "__main__":
    main()
