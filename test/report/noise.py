#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks what the report says of weights at 8 bits, for families of weights: noise.py WORK

Rounding to 8 bits with one scale leaves 52.9 dB - 20 log10(peak / rms), to 0.2 dB, whatever the
weights' distribution; NumPy computes the rest. Advice is given where one scale for each output
repairs what one for all costs, and where it does not.
"""
import json
import math
import os
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

SIZE = 256
REPAIRS, OUTLIERS = "one for each output repairs it", "outliers inside rows"


def families():
    rng = np.random.default_rng(3)
    normal = rng.standard_normal((SIZE, SIZE))
    spread = normal * np.exp(rng.standard_normal((1, SIZE)))
    return {"uniform": (rng.uniform(-1, 1, (SIZE, SIZE)), ""), "normal": (normal, ""),
            "laplace": (rng.laplace(size=(SIZE, SIZE)), None), "t3": (rng.standard_t(3, (SIZE, SIZE)), OUTLIERS),
            "outputs": (spread, REPAIRS), "zeros": (np.zeros((SIZE, SIZE)), None)}


def kurtosis(weights):
    d = weights.astype(np.float64) - weights.mean()
    return (d ** 4).mean() / (d ** 2).mean() ** 2


def sqnr(weights, axis=None):
    w = weights.astype(np.float64)
    step = np.abs(w).max(axis=axis, keepdims=axis is not None) / 127
    return 10 * math.log10((w ** 2).sum() / ((w - np.rint(w / step) * step) ** 2).sum())


def main():
    work = sys.argv[1]
    os.makedirs(work, exist_ok=True)
    kinds = {name: (weights.astype(np.float32), advice) for name, (weights, advice) in families().items()}
    nodes = [helper.make_node("MatMul", ["x", name], [f"{name}_y"], name=name) for name in kinds]
    graph = helper.make_graph(
        nodes, "noise", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, SIZE])],
        [helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, [2, SIZE]) for name in kinds],
        [numpy_helper.from_array(weights, name) for name, (weights, _) in kinds.items()])
    path = os.path.join(work, "noise.onnx")
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    command = ["bnn-opt", path, f"--report-file={work}/noise.json", "-o", f"{work}/noise.o"]
    subprocess.run(command, check=True, capture_output=True)
    with open(f"{work}/noise.json") as file:
        layers = {layer["name"]: layer for layer in json.load(file)["layers"]}
    assert "noise" not in layers["zeros"], layers["zeros"]
    for name, (weights, advice) in kinds.items():
        if name == "zeros":
            continue
        noise = layers[name]["noise"]
        rms = math.sqrt((weights.astype(np.float64) ** 2).mean())
        expected = {"kurtosis": kurtosis(weights), "peak_over_rms": np.abs(weights).max() / rms,
                    "row_kurtosis": sorted(kurtosis(column) for column in weights.T)[SIZE // 2],
                    "sqnr_per_tensor": sqnr(weights), "sqnr_per_channel": sqnr(weights, 0)}
        for field, value in expected.items():
            assert abs(noise[field] - value) < 1e-4 * abs(value), (name, field, noise[field], value)
        assert abs(52.9 - 20 * math.log10(noise["peak_over_rms"]) - noise["sqnr_per_tensor"]) < 0.2, (name, noise)
        assert sum(noise["histogram"]) == SIZE * SIZE and len(noise["histogram"]) == 32, name
        assert advice is None or (advice in noise["advice"] and bool(advice) == bool(noise["advice"])), (name, noise)
    text = subprocess.run(["bnn-opt", path, "--report=text", "-o", f"{work}/noise.o"], check=True,
                          capture_output=True, text=True).stdout
    assert "weights at 8 bits" in text and REPAIRS in text and OUTLIERS in text, text
    print(f"{len(kinds)} families of weights")


if __name__ == "__main__":
    main()
