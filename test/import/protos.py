# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The parts of an ONNX model, with the names and defaults that the importer's tests expect."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def array(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def info(name, shape, element=FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def node(operator, inputs, outputs, **attributes):
    name = attributes.pop("name", "the_" + outputs[0])
    return helper.make_node(operator, inputs, outputs, name=name, **attributes)
