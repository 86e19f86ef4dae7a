#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Refuses a model and does what the refusal says: require_binary.py MODEL.onnx WORK"""
import json
import os
import re
import shlex
import subprocess
import sys

model, work = sys.argv[1:]
target = ["--mtriple=x86_64-linux-gnu", "--mcpu=x86-64-v3"]


def bnn_opt(*flags):
    return subprocess.run(["bnn-opt", model, *target, *flags], capture_output=True, text=True)


output = os.path.join(work, "refused.o")
refused = bnn_opt("--require-binary", "-o", output)
print(refused.stderr)
assert refused.returncode == 1, refused.returncode
assert not os.listdir(work), os.listdir(work)
named = re.findall(r"error: node '(.*?)' ", refused.stderr)
layers = json.loads(bnn_opt("--report=json").stdout)["layers"]
expected = [layer["name"] for layer in layers if layer["kind"] != "embedding" and layer["became"] == "float"]
assert named == expected, (named, expected)
print(f"refused {len(named)} layers with exit code 1, wrote nothing")

# IR after a later phase is refused as the object is.
assert bnn_opt("--require-binary", "--emit=packed", "-o", output).returncode == 1
assert not os.listdir(work), os.listdir(work)

patterns = shlex.split(re.search(r"remark: .*?: (--allow-float.*)", refused.stderr).group(1))
accepted = bnn_opt("--require-binary", *patterns, "-o", os.path.join(work, "accepted.o"))
assert accepted.returncode == 0 and not accepted.stderr, accepted.stderr
assert bnn_opt("-o", os.path.join(work, "plain.o")).returncode == 0
with open(os.path.join(work, "accepted.o"), "rb") as a, open(os.path.join(work, "plain.o"), "rb") as b:
    assert a.read() == b.read()
print("accepted with the patterns of the remark")

# One pattern fewer, and what it accepted is refused.
fewer = bnn_opt("--require-binary", *patterns[1:], "-o", output)
assert fewer.returncode == 1 and "error: node" in fewer.stderr, fewer.stderr
extra = bnn_opt("--require-binary", *patterns, "--allow-float=no such layer", "-o", output)
assert extra.returncode == 0 and "--allow-float=no such layer matches no linear layer, attention or product" in extra.stderr, extra.stderr
