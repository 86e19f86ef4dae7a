# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of DOUBLE numbers, against NumPy and Python.

    doubles.py WORK [--flag=FLAG --cc=CC --link-flag=FLAG --emulator=PROGRAM]

As halves.py: through bnn-run, or in a C program for a target. Prints a line for each output with
its largest error, in units of 1e-16 of the value. All targets must have the same bytes, which a hash
in the last line shows.
"""
import hashlib
import math
import os
import sys

import numpy as np
from onnx import TensorProto, helper

from halves import parse_options, run_here, run_there

DOUBLE = TensorProto.DOUBLE


def numbers():
    rng = np.random.default_rng(2)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 2.2e-308, 1e-300, 0.5, -0.5, 1.5, 2.5, -2.5,
               2 ** 52 + 1.0, 2 ** 53, -2 ** 60, 709.7, 709.8, -708.3, -744.4, -745.2, 1e308, 1, -1, 6, 2, 20]
    return np.concatenate([special, rng.standard_normal(1500) * 3, np.exp(rng.uniform(-40, 40, 1500)),
                           -np.exp(rng.uniform(-40, 6, 1000)), 1 + rng.uniform(-1, 1, 500) * 1e-4])


def each(function):
    return np.array([function(v) for v in numbers()])


def functions(x):
    """Operators of one input with what they give, and their largest relative error."""
    with np.errstate(all="ignore"):
        return [("Exp", np.exp(x), 1e-15, {}), ("Log", np.log(x), 1e-15, {}), ("Tanh", np.tanh(x), 1e-15, {}),
                ("Erf", each(math.erf), 2e-15, {}), ("Sigmoid", 1 / (1 + np.exp(-x)), 1e-15, {}),
                ("Round", np.rint(x), 0, {}), ("Floor", np.floor(x), 0, {}), ("Ceil", np.ceil(x), 0, {}),
                ("LeakyRelu", np.where(x < 0, np.float32(0.01) * x, x), 0, {}),
                ("Softplus", np.logaddexp(x, 0), 2e-15, {}),
                ("Elu", np.where(x < 0, np.expm1(x), x), 4e-15, {})]


def rows():
    """Operators along rows, on 6 of 33 numbers."""
    s = np.random.default_rng(3).standard_normal((6, 33)) * 4
    e = np.exp(s - s.max(1, keepdims=True))
    centred = s - s.mean(1, keepdims=True)
    normal = centred / np.sqrt((centred ** 2).mean(1, keepdims=True) + np.float32(1e-5).astype(np.float64))
    return s, [("Softmax", e / e.sum(1, keepdims=True), 4e-15, {"axis": 1}),
               ("LogSoftmax", np.log(e / e.sum(1, keepdims=True)), 1e-13, {"axis": -1}),
               ("LayerNormalization", normal * s[0] + s[1], 1e-12, {"axis": -1}),
               ("ReduceL2", np.sqrt((s ** 2).sum(1, keepdims=True)), 2e-15, {"axes": [1]}),
               ("Pow", s ** 3, 1e-15, {})]


def main():
    options = parse_options(__doc__)
    x, (s, along) = numbers(), rows()
    nodes, outputs, expected = [], [], {}
    for kind, operators in (("x", functions(x)), ("s", along)):
        for op, want, tolerance, attributes in operators:
            name, more = op.lower(), {"LayerNormalization": ["gain", "bias"], "Pow": ["three"]}.get(op, [])
            nodes.append(helper.make_node(op, [kind, *more], [name], **attributes))
            outputs.append(helper.make_tensor_value_info(name, DOUBLE, want.shape))
            expected[name] = want, tolerance
    constants = [helper.make_tensor("gain", DOUBLE, [33], s[0]), helper.make_tensor("bias", DOUBLE, [33], s[1]),
                 helper.make_tensor("three", DOUBLE, [], [3.0])]
    inputs = [helper.make_tensor_value_info(name, DOUBLE, value.shape) for name, value in (("x", x), ("s", s))]
    graph = helper.make_graph(nodes, "doubles", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    os.makedirs(options.work, exist_ok=True)
    path = os.path.join(options.work, "model.onnx")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    feeds = {"x": x, "s": s}
    got = run_there(path, feeds, options.work, options) if options.flag else run_here(path, feeds, options.work)
    failures, digest = 0, hashlib.sha256()
    for name, (want, tolerance) in sorted(expected.items()):
        mine = np.frombuffer(got[name]).reshape(want.shape)
        digest.update(np.where(np.isnan(mine), 0, mine).tobytes())
        with np.errstate(all="ignore"):
            error = np.abs(mine - want) / np.maximum(np.abs(want), 1e-290 if name != "layernormalization" else 1)
        error = np.where((mine == want) | (np.isnan(mine) & np.isnan(want)), 0, error)
        zeros = (want == 0) & (mine == 0) & (np.signbit(want) != np.signbit(mine))
        wrong = ~(error <= tolerance) | (zeros if name in ("round", "floor", "ceil", "tanh", "erf") else False)
        failures += wrong.any()
        first = f", first {mine[wrong][0]!r}, not {want[wrong][0]!r}" if wrong.any() else ""
        print(f"{'FAIL' if wrong.any() else 'ok  '} {name}: {error.max() * 1e16:.1f}{first}")
    print(f"{len(expected)} outputs, {failures} failed, {digest.hexdigest()[:16]}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
