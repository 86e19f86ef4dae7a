#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ERNIE in each size that was published, as Paddle2ONNX writes it: the weights are random, and each
model is checked as those of int8.py.

    ernie.py                               the smallest
    ernie.py --size 3.0-base --size 1.0    these
    ernie.py --size all                    all; the largest needs 16 GB and some minutes

Sizes are those of the model cards of PaddleNLP: ERNIE 1.0 and tiny (Chinese), 2.0 (English), 3.0.

Of each size a model of one layer is compared rounding by rounding, as int8.py does it. Of all layers
there are too many: one that is too close to call moves a byte, that moves others, and float32 and
float64 end at different logits. There the compiled model must not be further from NumPy's float64
than FACTOR times what ONNX Runtime and NumPy's float32 are.
"""
import dataclasses
import sys

import numpy as np
import onnx

import command
from int8 import Failure, Model, Options, check_all, legal  # which finds the next
import reference

FACTOR = 4

BASE = {"layers": 12, "hidden": 768, "heads": 12, "ffn": 3072}
LARGE = {"layers": 24, "hidden": 1024, "heads": 16, "ffn": 4096}
ENGLISH = {"vocab": 30522, "positions": 512, "types": 4, "gelu": True}
THIRD = {"vocab": 40000, "positions": 2048, "types": 4, "tasks": 3, "gelu": True}
SIZES = {
    "3.0-nano": {**THIRD, "layers": 4, "hidden": 312, "heads": 12, "ffn": 1248},
    "3.0-micro": {**THIRD, "layers": 4, "hidden": 384, "heads": 12, "ffn": 1536},
    "3.0-mini": {**THIRD, "layers": 6, "hidden": 384, "heads": 12, "ffn": 1536},
    "3.0-medium": {**THIRD, **BASE, "layers": 6},
    "3.0-base": {**THIRD, **BASE},
    "tiny": {"layers": 3, "hidden": 1024, "heads": 16, "ffn": 4096, "vocab": 50006, "positions": 600,
             "types": 2, "gelu": False},
    "1.0": {**BASE, "vocab": 18000, "positions": 513, "types": 2, "gelu": False},
    "2.0-base": {**ENGLISH, **BASE},
    "2.0-large": {**ENGLISH, **LARGE},
}


class DeepModel(Model):
    """One whose outputs are compared as those of other evaluations are with each other."""

    def compare(self, actual):
        model = onnx.load(self.model)
        expected, narrow = (reference.Evaluator(model, kind).run_all(self.feeds)["logits"]
                            for kind in (np.float64, np.float32))

        def off(logits):
            return float(np.abs(logits - expected).max())
        others = max(off(np.load(self.path("ort", "logits.npy"))), off(narrow), 1e-6)
        if not off(actual) <= FACTOR * others:
            raise Failure(f"{off(actual):.1e} from float64, where others are at most {others:.1e}")
        print(f"     {off(actual):.1e} from float64, others at most {others:.1e}", flush=True)


def main():
    parser = command.make_parser(__doc__)
    parser.add_argument("--size", action="append", choices=["all", *SIZES],
                        help="which (default 3.0-nano); may be given again")
    parser.add_argument("--bnn-opt", default="bnn-opt")
    parser.add_argument("--bnn-run", default="bnn-run")
    tools = parser.parse_args()
    sizes = tools.size or ["3.0-nano"]
    if "all" in sizes:
        sizes = list(SIZES)
    work = command.make_work(tools)
    failures = count = 0
    # One after the other: they are large.
    for size in sizes:
        for seed in range(tools.seed, tools.seed + tools.count):
            deep = legal(Options(writer="paddle", seed=seed, products=False, classes=2, **SIZES[size]))
            models = [Model(dataclasses.replace(deep, layers=1), 2, 12, work), DeepModel(deep, 2, 12, work)]
            for model in models:
                print(f"ERNIE {size}, layers: {model.o.layers}", flush=True)
                failures += check_all(tools, [model], work,
                                      lambda model: f"{sys.argv[0]} --size {size} --seed {model.seed}")
                count += 1
    return command.finish(tools, work, count, failures)


if __name__ == "__main__":
    sys.exit(main())
