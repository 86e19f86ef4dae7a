# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Normalises rows of equal numbers.

    equal_rows.py WORK [OPTION...]

OPTIONs are bnn-run's. The bias must come out exactly: epsilon is far below the square of what
the mean of a row loses when it is rounded.
"""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COLUMNS = 100
VALUES = [0, 1e6, *np.random.default_rng(1).standard_normal(62)]


def model(path, parameters, constant):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [len(VALUES), COLUMNS])]
    if not constant:
        inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, [COLUMNS]) for name in parameters]
    tensors = [numpy_helper.from_array(value, name) for name, value in parameters.items()] if constant else []
    node = helper.make_node("LayerNormalization", ["x", "scale", "bias"], ["y"], axis=-1, epsilon=1e-12)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [len(VALUES), COLUMNS])
    graph = helper.make_graph([node], "rows", inputs, [y], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def main():
    work, *options = sys.argv[1:]
    rng = np.random.default_rng(0)
    parameters = {name: rng.standard_normal(COLUMNS).astype(np.float32) for name in ("scale", "bias")}
    x = np.repeat(np.array(VALUES, np.float32)[:, None], COLUMNS, 1)
    for name, value in {"x": x, **parameters}.items():
        np.save(os.path.join(work, name + ".npy"), value)
    for constant in (True, False):
        path = os.path.join(work, "rows.onnx")
        model(path, parameters, constant)
        names = ["x"] if constant else ["x", *parameters]
        inputs = [f"--input={name}={os.path.join(work, name)}.npy" for name in names]
        subprocess.run(["bnn-run", path, *inputs, "--output-dir=" + work, *options], check=True)
        y = np.load(os.path.join(work, "y.npy"))
        wrong = np.abs(y - parameters["bias"]).max(-1)
        if wrong.any():
            raise SystemExit(f"constant={constant}: {np.count_nonzero(wrong)} rows are off, by up to {wrong.max()}")


main()
