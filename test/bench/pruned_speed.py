#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much faster a pruned model is: pruned_speed.py ROOT MODEL.onnx

Cuts a random choice of heads and neurons out of a text encoder, so that some share of the
multiplications is left, and runs it and the whole model in turn: one sample, one thread. Prints the
ratio of their times, and that of their objects' sizes: how good a choice is makes no difference to
these. Wants the project built and a quiet machine.
"""
import argparse
import pathlib
import sys
import time
import warnings

import numpy as np

PARSER = argparse.ArgumentParser(description=__doc__)
PARSER.add_argument("root", metavar="ROOT", type=pathlib.Path, help="the checkout")
PARSER.add_argument("model", metavar="MODEL", type=pathlib.Path,
                    help="its inputs have open batches and lengths")
PARSER.add_argument("--keep", type=float, default=0.6, metavar="SHARE",
                    help="of the multiplications (default: 0.6)")
PARSER.add_argument("--length", type=int, default=128, metavar="N", help="tokens (default: 128)")
PARSER.add_argument("--rounds", type=int, default=40, metavar="N",
                    help="how often both run in turn (default: 40)")
MOST_ID, CALLS = 100, 3


def inputs(graph, length):
    """One sample, without padding."""
    rng = np.random.default_rng(1)
    found = {}
    for value in graph.inputs:
        kind = np.int32 if value.type.tensor_type.elem_type == 6 else np.int64
        is_ids = "ids" in value.name and "type" not in value.name
        found[value.name] = rng.integers(5, MOST_ID, (1, length)).astype(kind) if is_ids else \
            np.full((1, length), "mask" in value.name, kind)
    return found


def seconds(session, feeds):
    """The least of some calls."""
    times = []
    for _ in range(CALLS):
        started = time.thread_time()
        session.run(feeds)
        times.append(time.thread_time() - started)
    return min(times)


def main():
    options = PARSER.parse_args()
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(options.root / "python"))
    import bnn
    from bnn.graphs import files
    from bnn.graphs.graph import Graph
    from bnn.prune import work
    from bnn.prune.scoring import Scoring
    proto, layers = files.load(options.model)
    feeds = inputs(Graph(proto), options.length)
    task = work.Work(proto, layers, work.sizes_of_data(proto, [feeds], 1))
    scoring = Scoring(task, [feeds], {"group": None, "seed": 0, "batch": 1, "logits": None,
                                      "mask": None, "leave": "mean"}, None, lambda _: None)
    rng = np.random.default_rng(0)
    scoring._scores = lambda *_: {unit: (rng.random(), 0.0) for unit in range(len(scoring.units))}
    result = task.cut(*scoring.run(options.keep, None, 1))
    macs = scoring.record["macs"]
    shapes = {name: array.shape for name, array in feeds.items()}
    artifacts = [bnn.compile(one, input_shapes=shapes) for one in (proto, result)]
    sessions = [bnn.Session(artifact) for artifact in artifacts]
    for session in sessions:
        session.run(feeds)
    rounds = np.array([[seconds(session, feeds) for session in sessions]
                       for _ in range(options.rounds)])
    whole, pruned = 1e3 * np.median(rounds, axis=0)
    ratios = rounds[:, 0] / rounds[:, 1]
    sizes = [len(artifact.object) for artifact in artifacts]
    print(f"{artifacts[0].mcpu}, {options.length} tokens: {macs['after'] / macs['before']:.3f} of "
          f"the multiplications; {whole:.2f} and {pruned:.2f} ms, {np.median(ratios):.3f}x, 10 % "
          f"of rounds below {np.percentile(ratios, 10):.3f}x; objects of {sizes[0]} and "
          f"{sizes[1]} bytes, {sizes[1] / sizes[0]:.3f}")


if __name__ == "__main__":
    main()
