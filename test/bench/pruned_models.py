#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prunes models of every family and compares: pruned_models.py ROOT MODEL.onnx...

Of each model, on random inputs: what the masked model says, what the pruned file says when it is
compiled, and what ONNX Runtime says of it (the npm package onnxruntime-node; NODE_PATH names its
folder); and whether the compiler says the same of the whole model and the record. Prints a line a
model, and fails where they differ. By hand: python/tests/test_prune.py has small models of the same
families.
"""
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np

OPTIONS = {"group": None, "seed": 0, "batch": 8, "logits": None, "mask": None,
           "leave": "mean"}
SAMPLES, TOKENS, MOST_ID = 8, 16, 30


def inputs(graph):
    """Arrays for a graph's inputs: ids, masks with some padding, zeros for types."""
    rng = np.random.default_rng(1)
    found = {}
    for value in graph.inputs:
        kind = value.type.tensor_type
        sizes = [dim.dim_value for dim in kind.shape.dim]
        shape = [size or (TOKENS if i else SAMPLES) for i, size in enumerate(sizes)]
        if sizes[0]:
            shape[0] = SAMPLES - SAMPLES % sizes[0]
        if kind.elem_type == 1:
            found[value.name] = rng.standard_normal(shape).astype(np.float32)
            continue
        array = np.zeros(shape, np.int32 if kind.elem_type == 6 else np.int64)
        if "mask" in value.name:
            array[:] = 1
            array[1::2, shape[1] * 2 // 3:] = 0
        elif "ids" in value.name and "type" not in value.name:
            array[:] = rng.integers(1, MOST_ID, shape)
        found[value.name] = array
    return found


def referee(root, model, feeds, output):
    """What ONNX Runtime says, node by node."""
    import onnx
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f"{folder}/m.onnx")
        for name, array in feeds.items():
            np.save(f"{folder}/{name}.npy", array)
        subprocess.run(["node", root / "test/e2e/ort_run.js", "--level=disabled",
                        f"{folder}/m.onnx", *(f"{name}={folder}/{name}.npy" for name in feeds),
                        f"{folder}/out"], check=True)
        return np.load(f"{folder}/out/{output}.npy")


def of_whole(path, found, feeds):
    """What is said by what the compiler makes of the whole model and a record."""
    import bnn
    from bnn.prune import record
    with tempfile.TemporaryDirectory() as folder:
        record.write(f"{folder}/record.json", found)
        return bnn.Session(bnn.compile(path, prune=f"{folder}/record.json", opt_level=0)).run(feeds)


def difference(root, path):
    """A line about one model, and whether all agree."""
    from bnn.graphs import files
    from bnn.graphs.calibration import Data, Probe
    from bnn.graphs.graph import Graph
    from bnn.prune import record, work
    from bnn.prune.scoring import Scoring
    proto, layers = files.load(path)
    arrays = [inputs(Graph(proto))]
    task = work.Work(proto, layers, work.sizes_of_data(proto, arrays, SAMPLES))
    scoring = Scoring(task, arrays, OPTIONS, None, lambda _: None)
    removed, biases = scoring.run(0.6, None, 1)
    result = task.cut(removed, biases)
    [name] = scoring.results
    masked = next(scoring.chain.run(scoring.masks.feeds(removed)))[name]
    pruned = next(Probe(result, (), arrays, SAMPLES, opt_level=0).run())[name]
    whole = next(Probe(proto, (), arrays, SAMPLES, opt_level=0).run())[name]
    feeds = next(Data(arrays[0], Graph(result).inputs, SAMPLES).feeds())
    other = referee(root, result, feeds, name)
    found = {**scoring.record, "files": record.digests_of_files(path, proto),
             "edits": task.edits}
    inside = of_whole(path, found, feeds)[name]
    is_same = np.array_equal(inside, pruned, equal_nan=True)
    scale = np.abs(whole).max()
    errors = [np.abs(one - pruned).max() / scale for one in (masked, other, whole)]
    cut = ", ".join(f"{len(removed.get(layer.name, ()))}/{layer.count}" for layer in task.layers)
    macs = scoring.record["macs"]
    return (f"{path.name}: {macs['after'] / macs['before']:.3f} of the multiplications, "
            f"{result.ByteSize() / proto.ByteSize():.3f} of the bytes; from the masked model "
            f"{errors[0]:.1e}, from ONNX Runtime {errors[1]:.1e}, from the whole model "
            f"{errors[2]:.1e}; the compiler's own cut {'is the same' if is_same else 'DIFFERS'}; "
            f"gone: {cut}", max(errors[:2]) < 1e-4 and is_same)


def main():
    root = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(root / "python"))
    warnings.simplefilter("ignore")
    is_good = True
    for path in map(pathlib.Path, sys.argv[2:]):
        line, agrees = difference(root, path)
        is_good = is_good and agrees
        print(line if agrees else f"WRONG {line}", flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
