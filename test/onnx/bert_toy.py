# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A whole float BERT at several shapes, against ONNX Runtime.

    bert_toy.py MODEL WORK

Compiles MODEL once, with dynamic shapes, and compares each run within 1e-5.
"""
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ORT = os.path.join(os.path.dirname(HERE), "e2e", "ort_run.js")
SHAPES = [(1, 1), (1, 7), (2, 16), (3, 31), (8, 64), (1, 128)]
VOCABULARY = 99


def main():
    model, work = sys.argv[1:]
    os.makedirs(work, exist_ok=True)
    compiled = os.path.join(work, "bert.o")
    subprocess.run(["bnn-opt", model, "-O2", "-o", compiled], check=True)
    worst = 0.0
    for batch, length in SHAPES:
        rng = np.random.default_rng(batch * 1000 + length)
        mask = np.ones((batch, length), np.int64)
        for row in range(batch):
            mask[row, max(1, length - row * 3):] = 0
        feeds = {"input_ids": rng.integers(0, VOCABULARY, (batch, length)),
                 "token_type_ids": rng.integers(0, 2, (batch, length)), "input_mask": mask}
        arguments = []
        for name, array in feeds.items():
            path = os.path.join(work, name + ".npy")
            np.save(path, array)
            arguments.append(f"{name}={path}")
        inputs = [part for argument in arguments for part in ("--input", argument)]
        got, want = (os.path.join(work, side) for side in ("got", "want"))
        subprocess.run(["bnn-run", compiled, *inputs, "--output-dir", got], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(["node", ORT, model, *arguments, want], check=True)
        for output in ("prediction_scores", "seq_relationship_score"):
            x, y = (np.load(os.path.join(side, output + ".npy")) for side in (got, want))
            assert x.shape == y.shape, f"{output}: {x.shape}, not {y.shape}"
            worst = max(worst, float(np.abs(x - y).max()))
        print(f"batch {batch}, {length} tokens: equal within {worst:.1e}")
        if not worst <= 1e-5:
            print("FAILED")
            return 1
    print(f"{len(SHAPES)} shapes agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
