#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many texts a pruned model classifies right: pruned_accuracy.py ROOT DATA

Prunes a classifier by bnn.prune with a few of its training texts, without their labels, and counts
what it gets right of the test part; beside that the same units in random order and by the magnitude
of their weights. DATA is what `python -m bnn.train` takes: CLINC150's data_full.json, or WordNet's
data.noun. With --csv every count is kept as soon as it is known, and a run that was interrupted
goes on; pruned_curves.py makes docs/pruning.md's table and plot of that file. Wants the project
built; takes a while.
"""
import argparse
import csv
import pathlib
import sys
import warnings

import numpy as np

WAYS = ["bnn-prune", "refit", "random", "magnitude"]
PARSER = argparse.ArgumentParser(description=__doc__)
PARSER.add_argument("root", metavar="ROOT", type=pathlib.Path, help="the checkout")
PARSER.add_argument("data", metavar="DATA", type=pathlib.Path,
                    help="CLINC150's data_full.json, or WordNet's data.noun")
PARSER.add_argument("--model", type=pathlib.Path, metavar="DIR",
                    help="a folder with model.onnx, vocab.txt and labels.txt (default: the demo's)")
PARSER.add_argument("--sentences", type=int, default=256, metavar="N",
                    help="for calibration (default: 256)")
PARSER.add_argument("--tokens", type=int, default=24, metavar="N",
                    help="of a sentence for calibration at most (default: 24)")
PARSER.add_argument("--sets", type=int, default=1, metavar="N",
                    help="into how many sets of like lengths sentences are sorted, so that less is "
                    "padded (default: 1)")
PARSER.add_argument("--seeds", type=int, default=3, metavar="N",
                    help="how many draws of them (default: 3)")
PARSER.add_argument("--keep", type=float, nargs="+", default=[0.8, 0.6, 0.45], metavar="SHARE",
                    help="budgets (default: 0.8 0.6 0.45)")
PARSER.add_argument("--rounds", type=int, default=8, metavar="N", help="as bnn-prune's")
PARSER.add_argument("--group", type=int, metavar="N", help="as bnn-prune's")
PARSER.add_argument("--trajectory", type=float, metavar="WEIGHT",
                    help="as bnn-prune's (default: bnn-prune's)")
PARSER.add_argument("--heads", type=float, metavar="FACTOR",
                    help="as bnn-prune's (default: bnn-prune's)")
PARSER.add_argument("--equal-layers", action="store_true", help="as bnn-prune's")
PARSER.add_argument("--bytes", action="store_true",
                    help="print the size of the objects too, for one sentence of 24 tokens")
PARSER.add_argument("--leave", choices=("mean", "sign"), default="mean", help="as bnn-prune's")
PARSER.add_argument("--mcpu", metavar="CPU",
                    help="budgets are of the time that is estimated for a CPU")
PARSER.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, metavar="WAY",
                    help="how units are chosen (default: all of them); what bnn-prune chooses is "
                    "fitted in \"refit\"")
PARSER.add_argument("--csv", type=pathlib.Path, metavar="FILE",
                    help="add what is counted to this table; what is in it is not counted again")
PARSER.add_argument("--name", help="the model's name in the table (default: that of its folder)")
FIELDS = ["model", "seed", "way", "share", "right"]
MAX_LENGTH = 64


def encoded(tokenizer, texts, length):
    feeds = tokenizer.encode_batch(texts, length)
    return {name: feeds[name] for name in ("input_ids", "attention_mask")}


def calibration(tokenizer, texts, options):
    """The sentences as bnn.prune takes them: a set of arrays, or several of their own lengths."""
    if options.sets > 1:
        texts = sorted(texts, key=lambda text: encoded(
            tokenizer, [text], options.tokens)["input_ids"].size)
    size = -(-len(texts) // options.sets)
    return [encoded(tokenizer, texts[i:i + size], options.tokens)
            for i in range(0, len(texts), size)]


def accuracy(model, tests):
    """The share of the test texts that a model gets right, in percent."""
    import bnn
    session = bnn.Session(bnn.compile(model, max_dims={"batch": 1, "length": MAX_LENGTH}))
    name = session.outputs()[0].name
    return 100 * np.mean([session.run(feeds)[name][0].argmax() == label for feeds, label in tests])


def size(model, tokens):
    """The bytes of a model's object for one sentence."""
    import bnn
    return len(bnn.compile(model, max_dims={"batch": 1, "length": tokens}).object)


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


class Counts:
    """What was counted, {(seed, way, share): percent} of one model, in a CSV file or in none."""

    def __init__(self, path, model):
        self.path, self.model, self.known = path, model, {}
        if path and path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    if row["model"] == model:
                        key = int(row["seed"]), row["way"], float(row["share"])
                        self.known[key] = float(row["right"])

    def add(self, seed, way, share, right):
        self.known[seed, way, share] = right
        if not self.path:
            return
        is_new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            if is_new:
                rows.writerow(FIELDS)
            rows.writerow([self.model, seed, way, f"{share:g}", f"{right:.2f}"])


def scoring_of(proto, layers, arrays, options, seed):
    """(Work, Scoring) of a model on one draw of the texts."""
    from bnn.prune import work
    from bnn.prune.scoring import Scoring
    task = work.Work(proto, layers, work.sizes_of_data(proto, arrays, 8))
    return task, Scoring(task, arrays, {
        "group": options.group, "seed": seed, "batch": 32, "logits": None, "mask": None,
        "leave": options.leave}, None, lambda _: None)


class Choices:
    """What is cut out of a model by one draw of the texts."""

    def __init__(self, proto, layers, arrays, options, seed, clock):
        self.options, self.seed, self.clock = options, seed, clock
        self.task, self.scoring = scoring_of(proto, layers, arrays, options, seed)
        self.weights = {name: value for name, value in (
            ("trajectory", options.trajectory), ("heads", options.heads)) if value is not None}
        self._scored, self._chosen, self._refit = self.scoring._scores, {}, None

    def choose(self, way, keep):
        """(removed, biases), and the factors where it is fitted."""
        from bnn.prune.refit import Refit
        scoring, is_ours = self.scoring, way in ("bnn-prune", "refit")
        if way == "refit" and keep in self._chosen:
            self._refit = self._refit or Refit(scoring)
            return self._refit.cut(self._chosen[keep][0])
        scores = None if is_ours else other_scores(way, scoring, self.seed)
        scoring._scores = self._scored if is_ours else lambda *_: scores
        found = scoring.run(keep, None, self.options.rounds if is_ours else 1, clock=self.clock,
                            equal_layers=self.options.equal_layers,
                            **(self.weights if is_ours else {"heads": 1.0}))
        # The first round is the same for every budget, and so are the tables of time.
        if is_ours:
            scoring.before, self._chosen[keep] = scoring.record["rounds"], found
        scoring.time_before = scoring.record.get("time", {})
        return self.choose(way, keep) if way == "refit" else found


def main():
    options = PARSER.parse_args()
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(options.root / "python"))
    from bnn.graphs import files
    from bnn.prune import clocks
    from bnn.train import data
    from bnn.wordpiece import Tokenizer
    folder = options.model or options.root / "runtime" / "examples" / "intent"
    tokenizer = Tokenizer.load(folder / "vocab.txt")
    given = data.load(str(options.data))
    if (folder / "labels.txt").read_text().split() != given.labels:
        sys.exit(f"{folder / 'labels.txt'} has other labels than {options.data}")
    tests = [(encoded(tokenizer, [text], MAX_LENGTH), label) for text, label in given.test]
    proto, layers = files.load(folder / "model.onnx")
    counts = Counts(options.csv, options.name or folder.resolve().name)
    if (0, "whole", 1.0) not in counts.known:
        counts.add(0, "whole", 1.0, accuracy(proto, tests))
    print(f"whole: {counts.known[0, 'whole', 1.0]:.2f} of {len(tests)}", flush=True)
    if options.bytes:
        print("bytes:", size(proto, options.tokens), flush=True)
    print("seed", "way", *options.keep, flush=True)
    clock = clocks.maker(options.mcpu, None) if options.mcpu else None
    for seed in range(options.seeds):
        choices = None
        for way in options.ways:
            row, sizes = [], []
            for keep in options.keep:
                if (seed, way, keep) in counts.known and not options.bytes:
                    row.append(f"{counts.known[seed, way, keep]:.2f}")
                    continue
                if choices is None:
                    drawn = np.random.default_rng(seed).permutation(len(given.train))
                    texts = [given.train[i][0] for i in drawn[:options.sentences]]
                    choices = Choices(proto, layers, calibration(tokenizer, texts, options),
                                      options, seed, clock)
                result = choices.task.cut(*choices.choose(way, keep))
                counts.add(seed, way, keep, accuracy(result, tests))
                row.append(f"{counts.known[seed, way, keep]:.2f}")
                sizes.append(size(result, options.tokens) if options.bytes else None)
            print(seed, way, *row, flush=True)
            if options.bytes:
                print(seed, "bytes", *sizes, flush=True)


if __name__ == "__main__":
    main()
