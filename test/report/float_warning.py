#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is said of models that are only partly binary: float_warning.py WORK"""
import json
import os
import re
import subprocess
import sys

import onnx
import onnx.parser

WORK = sys.argv[1]
TARGET = ["--mtriple=x86_64-linux-gnu", "--mcpu=x86-64-v3"]


def bnn_opt(path, *flags):
    return subprocess.run(["bnn-opt", path, *TARGET, *flags], capture_output=True, text=True)


def model(name, inner, product):
    """A binary linear of `inner` outputs, then a product with the other input or what `product` says."""
    weights = ", ".join("0.5" if i % 3 else "-0.5" for i in range(8 * inner))
    text = f'''<ir_version: 8, opset_import: ["" : 17]>
{name} (float[4, 8] x, float[{inner}, 5] other) => (float y)
<float[8, {inner}] w = {{{weights}}}, float one = {{1.0}}>
{{
  signs = Sign(x)
  dense = MatMul(signs, w)
  {product}
}}'''
    proto = onnx.parser.parse_model(text)
    del proto.graph.output[0].type.tensor_type.shape.dim[:]
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    path = os.path.join(WORK, name + ".onnx")
    onnx.save(proto, path)
    return path


def warnings(path, *flags):
    result = bnn_opt(path, "-o", path + ".o", *flags)
    assert result.returncode == 0, result.stderr
    return re.findall(r"warning: (.*)", result.stderr)


# 4 x 8 x 64 products of bits, 4 x 64 x 5 of floats: more than a tenth.
half = model("half", 64, "y = MatMul(dense, other)")
said = warnings(half)
assert said == ["38.5% of the operations are not binary; 'y' (MatMul) has most of them, 38.5%: both factors are "
                "computed at run time, and it is no part of attention; --report lists all layers, -Wno-float "
                "silences this"], said
with open(half + ".o", "rb") as file:
    loud = file.read()
assert not warnings(half, "-Wno-float")
with open(half + ".o", "rb") as file:
    assert file.read() == loud

layers = json.loads(bnn_opt(half, "--report=json").stdout)
product = layers["layers"][1]
assert (product["kind"], product["became"]) == ("product", "float"), product
assert product["shape"] == {"in": 64, "out": 5, "rows": 4}, product
assert product["float_ops"] == 4 * 64 * 5, product
assert layers["totals"]["products"] == {"binary": 0, "mixed": 0, "all": 1}, layers["totals"]
assert "1 of 1 linear" in layers["summary"] and "0 of 1 product" in layers["summary"], layers["summary"]

# The product counts.
refused = bnn_opt(half, "--require-binary", "-o", half + ".o")
assert refused.returncode == 1 and "error: node 'y' (MatMul, opset 17) is not binary" in refused.stderr, refused.stderr
assert not warnings(half, "--require-binary", "--allow-float=y", "-Wno-float")

# All of it is binary; or none, which is no surprise.
assert not warnings(model("binary", 64, "y = Add(dense, one)"))
text = open(half, "rb").read()
proto = onnx.load_model_from_string(text)
del proto.graph.node[0]
proto.graph.node[0].input[1] = "other"
del proto.graph.node[1:]
proto.graph.node[0].input[0] = "x"
proto.graph.node[0].output[0] = "y"
proto.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 8
plain = os.path.join(WORK, "plain.onnx")
onnx.save(proto, plain)
assert not warnings(plain)
print("one warning where it helps, and none elsewhere")
