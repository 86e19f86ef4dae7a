#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a page's models with the report: becomes_binary.py PAGE WORK COUNT

Each ```onnx block is a graph in ONNX's textual syntax. The quote after it has a line for each
layer that the report must list, in order: > `name`: `became`[, reason]. COUNT blocks are expected.
"""
import json
import os
import re
import subprocess
import sys

import onnx
import onnx.parser


def claims(quote):
    for line in quote.splitlines():
        match = re.fullmatch(r"> `(.*?)`: `(.*?)`(?:, (.*))?", line)
        if not match:
            raise SystemExit(f"no claim about a layer: {line}")
        yield match.group(1), match.group(2), match.group(3) or ""


def report(text, work):
    model = onnx.parser.parse_model('<ir_version: 8, opset_import: ["" : 13]>\n' + text)
    path = os.path.join(work, model.graph.name + ".onnx")
    onnx.save(model, path)
    result = subprocess.run(["bnn-opt", path, "--report=json"], check=True, stdout=subprocess.PIPE)
    return [(layer["name"], layer["became"], layer["reason"])
            for layer in json.loads(result.stdout)["layers"]]


def main():
    page, work, count = sys.argv[1:]
    os.makedirs(work, exist_ok=True)
    with open(page) as file:
        blocks = re.findall(r"^```onnx\n(.*?)^```\n((?:>[^\n]*\n)*)", file.read(), re.MULTILINE | re.DOTALL)
    if len(blocks) != int(count):
        raise SystemExit(f"expected {count} models in {page}, found {len(blocks)}")
    wrong = 0
    for text, quote in blocks:
        expected, actual = list(claims(quote)), report(text, work)
        if not expected or expected != actual:
            print(f"{text}claimed:  {expected}\nreported: {actual}")
            wrong += 1
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
