#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fills in the logits of a manifest (default: manifest.json) with those of ONNX Runtime.

    tools/dev setup && /usr/bin/python3 test/models/record.py build/npm/node_modules [MANIFEST]

Prints, for each case, how far numpy's evaluation is from them and the smallest margin of a
sign. A margin under 1e-5 of the values' spread is refused: there another order of float
additions may flip a bit, and the case would test luck. Choose another seed then.

A case marked `integers` rounds thousands of numbers to 8 bits, and some are as close as that. There
ONNX Runtime runs the graph node by node, and numpy must agree in float32 and in float64.

--check changes nothing, and fails where the recorded logits are not those of today.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]
import reference
from harness import Case


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    check = len(arguments) < len(sys.argv) - 1
    if len(arguments) not in (1, 2):
        raise SystemExit(__doc__)
    path = arguments[1] if len(arguments) == 2 else os.path.join(HERE, "manifest.json")
    with open(path) as file:
        entries = json.load(file)
    environment = dict(os.environ, NODE_PATH=os.path.abspath(arguments[0]))
    level = {True: ["--level=disabled"], False: []}  # by whether a case has integers
    script = os.path.join(os.path.dirname(HERE), "e2e", "ort_run.js")
    for entry in entries:
        if entry.get("exact_zeros"):
            continue
        case = Case(entry, HERE)
        with tempfile.TemporaryDirectory() as work:
            feeds, inputs = case.feeds(), []
            for name, value in feeds.items():
                np.save(os.path.join(work, name), value)
                inputs.append(f"{name}={work}/{name}.npy")
            model = case.model(work)
            integers = bool(entry.get("integers"))
            subprocess.run(["node", script, *level[integers], model, *inputs, f"{work}/out"],
                           check=True, env=environment)
            logits = np.load(f"{work}/out/logits.npy")
            report = []
            other = reference.evaluate(model, feeds, report=report)["logits"]
            double = reference.evaluate(model, feeds, double=True)["logits"] if integers else other
        margin, node = min(report)
        print(f"{case.name}: numpy differs by {np.abs(other - logits).max():.1e}, "
              f"smallest margin {margin:.1e} at {node}")
        if integers and max(np.abs(x - logits).max() for x in (other, double)) > 1e-6:
            raise SystemExit(f"{case.name}: a rounding is too close to call, choose another seed")
        if margin < 1e-5 and not integers:
            raise SystemExit(f"{case.name}: too close to call, choose another seed")
        if check and not np.max(np.abs(logits - case.expected)) <= 1e-6:
            raise SystemExit(f"{case.name}: recorded {case.expected.tolist()}, now {logits.tolist()}")
        entry["logits"] = [float(value) for value in logits.ravel()]
        entry["logits_shape"] = list(logits.shape)
    if check:
        return 0
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(" " + json.dumps(entry) for entry in entries) + "\n]\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
