#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many intents a pruned model gets right: pruned_accuracy.py ROOT data_full.json

Prunes a classifier of CLINC150 by bnn.prune with a few of its training sentences, without their
labels, and counts what it gets right of the test sentences; beside that the same units in random
order and by the magnitude of their weights. Prints the table of docs/pruning.md. Wants the project
built; takes a while.
"""
import argparse
import json
import pathlib
import sys
import warnings

import numpy as np

WAYS = ["bnn-prune", "random", "magnitude"]
PARSER = argparse.ArgumentParser(description=__doc__)
PARSER.add_argument("root", metavar="ROOT", type=pathlib.Path, help="the checkout")
PARSER.add_argument("data", metavar="DATA", type=pathlib.Path, help="CLINC150's data_full.json")
PARSER.add_argument("--model", type=pathlib.Path, metavar="DIR",
                    help="a folder with model.onnx, vocab.txt and labels.txt (default: the demo's)")
PARSER.add_argument("--sentences", type=int, default=256, metavar="N",
                    help="for calibration (default: 256)")
PARSER.add_argument("--seeds", type=int, default=3, metavar="N",
                    help="how many draws of them (default: 3)")
PARSER.add_argument("--keep", type=float, nargs="+", default=[0.8, 0.6, 0.45], metavar="SHARE",
                    help="budgets (default: 0.8 0.6 0.45)")
PARSER.add_argument("--rounds", type=int, default=8, metavar="N", help="as bnn-prune's")
PARSER.add_argument("--group", type=int, metavar="N", help="as bnn-prune's")
PARSER.add_argument("--equal-layers", action="store_true", help="as bnn-prune's")
PARSER.add_argument("--bytes", action="store_true",
                    help="print the size of the objects too, for one sentence of 24 tokens")
PARSER.add_argument("--leave", choices=("mean", "sign"), default="mean", help="as bnn-prune's")
PARSER.add_argument("--mcpu", metavar="CPU",
                    help="budgets are of the time that is estimated for a CPU")
PARSER.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, metavar="WAY",
                    help="how units are chosen (default: bnn-prune random magnitude)")
LENGTH = 24


def encoded(tokenizer, texts, length):
    feeds = tokenizer.encode_batch(texts, length)
    return {name: feeds[name] for name in ("input_ids", "attention_mask")}


def accuracy(model, tests):
    """The share of the test sentences that a model gets right, in percent."""
    import bnn
    session = bnn.Session(bnn.compile(model, max_dims={"batch": 1, "length": 64}))
    name = session.outputs()[0].name
    return 100 * np.mean([session.run(feeds)[name][0].argmax() == label for feeds, label in tests])


def size(model):
    """The bytes of a model's object for one sentence."""
    import bnn
    return len(bnn.compile(model, max_dims={"batch": 1, "length": LENGTH}).object)


def other_scores(way, scoring, seed):
    """{unit: (score, 0)} by chance or by the magnitude of the weights that read it."""
    from bnn.prune.masked import weights_of
    rng = np.random.default_rng(seed)
    found = {}
    for i, (_, layer, channels) in enumerate(scoring.units):
        found[i] = rng.random() if way == "random" else np.mean(
            [np.abs(weights_of(sink, scoring.work.constants)[sink.weights.layout.places(channels)])
             .mean() for sink in layer.sinks])
    return {unit: (score, 0.0) for unit, score in found.items()}


def main():
    options = PARSER.parse_args()
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(options.root / "python"))
    from bnn.graphs import files
    from bnn.prune import clocks, work
    from bnn.prune.scoring import Scoring
    from bnn.wordpiece import Tokenizer
    folder = options.model or options.root / "runtime" / "examples" / "intent"
    tokenizer = Tokenizer.load(folder / "vocab.txt")
    labels = (folder / "labels.txt").read_text().split()
    data = json.loads(options.data.read_text(encoding="utf-8"))
    tests = [(encoded(tokenizer, [text], 64), labels.index(label))
             for text, label in data["test"]]
    proto, layers = files.load(folder / "model.onnx")
    print(f"whole: {accuracy(proto, tests):.2f} of {len(tests)}", flush=True)
    if options.bytes:
        print("bytes:", size(proto), flush=True)
    print("seed", "way", *options.keep, flush=True)
    clock = clocks.maker(options.mcpu, None) if options.mcpu else None
    for seed in range(options.seeds):
        drawn = np.random.default_rng(seed).permutation(len(data["train"]))[:options.sentences]
        arrays = [encoded(tokenizer, [data["train"][i][0] for i in drawn], LENGTH)]
        task = work.Work(proto, layers, work.sizes_of_data(proto, arrays, 8))
        scoring = Scoring(task, arrays, {
            "group": options.group, "seed": seed, "batch": 32, "logits": None, "mask": None,
            "leave": options.leave},
            None, lambda _: None)
        for way in options.ways:
            row, sizes = [], []
            for keep in options.keep:
                if way != "bnn-prune":
                    scores = other_scores(way, scoring, seed)
                    scoring._scores = lambda *_: scores
                rounds = options.rounds if way == "bnn-prune" else 1
                removed, biases = scoring.run(
                    keep, None, rounds, clock=clock, equal_layers=options.equal_layers)
                # The first round is the same for every budget, and so are the tables of time.
                if way == "bnn-prune":
                    scoring.before = scoring.record["rounds"]
                scoring.time_before = scoring.record.get("time", {})
                result = task.cut(removed, biases)
                row.append(f"{accuracy(result, tests):.2f}")
                sizes.append(size(result) if options.bytes else None)
            print(seed, way, *row, flush=True)
            if options.bytes:
                print(seed, "bytes", *sizes, flush=True)


if __name__ == "__main__":
    main()
