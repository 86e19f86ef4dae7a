# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of other projects that lie beside their inputs and outputs, against ONNX Runtime.

    stored_models.py WORK MODEL.onnx...

MODEL.io.npz has the inputs (`in:NAME`) and what ONNX Runtime makes of them without its optimiser
(`out_disabled:NAME`). Each model is compiled and run on those, and on two drawn inputs of the same
shapes that ONNX Runtime runs on here: all outputs must be within 1e-5.
"""
import os
import sys

import numpy as np
import onnx

from models import call, check, load, save


def stored(path):
    """The inputs and the outputs that lie beside the model."""
    with np.load(path.replace(".onnx", ".io.npz")) as values:
        return [{name.partition(":")[2]: values[name] for name in values.files if name.startswith(kind)}
                for kind in ("in:", "out_disabled:")]


def drawn(feeds, seed):
    rng = np.random.default_rng(seed)
    return {name: (rng.standard_normal(x.shape).astype(x.dtype) if x.dtype.kind == "f" else rng.permuted(x))
            for name, x in feeds.items()}


def check_stored(name, compiled, feeds, expected, work):
    arguments = [part for argument in save(work, feeds) for part in ("--input", argument)]
    result = call("bnn-run", compiled, *arguments, "--output-dir", work)
    if result.returncode:
        return f"{name}: {result.stderr.strip()}"
    for output, got in load(work, expected).items():
        if got.shape != expected[output].shape or not (np.abs(got - expected[output]) <= 1e-5).all():
            return f"{name}: {output} is not what is stored"
    return None


def main():
    work, *paths = sys.argv[1:]
    failures = []
    for path in paths:
        name = os.path.basename(path)[:-len(".onnx")]
        folder = os.path.join(work, name)
        os.makedirs(folder, exist_ok=True)
        compiled = os.path.join(folder, "model.o")
        result = call("bnn-opt", path, "-O1", "-o", compiled)
        if result.returncode:
            failures.append(f"{name}: {result.stderr.strip()}")
            continue
        feeds, expected = stored(path)
        failures.append(check_stored(name, compiled, feeds, expected, folder))
        outputs = [output.name for output in onnx.load(path).graph.output]
        failures += [check(name, path, compiled, drawn(feeds, seed), outputs, folder, seed) for seed in (1, 2)]
    failures = list(filter(None, failures))
    for failure in failures:
        print("FAILED", failure)
    print(f"{len(paths)} models, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
