#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the compiled object, ONNX Runtime and PyTorch give the same answers?

    agree.py FOLDER --data data_full.json

Runs every test sentence of the data set through the three, one at a time, and compares the
predicted classes and the logits. FOLDER is as `python -m bnn.train` leaves it: model.onnx,
vocab.txt, config.json, and model.pt, without which PyTorch takes the weights of model.onnx.

A disagreement must have a cause: float sums in another order move a value by a rounding or
two, and a value that close to the threshold of its sign changes a bit. For each one, the
signs whose input lies within 1e-5 of its threshold (in PyTorch's evaluation) are turned over,
one at a time and in pairs, until PyTorch gives the other's class.

Exits with 1 where fewer than 99.9 % agree, or where a disagreement is not explained.
"""
import argparse
import contextlib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

# Before numpy and torch load it: for one sentence at a time threads only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
import torch  # noqa: E402

import bnn  # noqa: E402
from bnn import nn, wordpiece  # noqa: E402
from bnn.nn.quantizers import SMALLEST_SCALE, Quantizer  # noqa: E402
from bnn.train import data  # noqa: E402

CLOSE = 1e-5
WANTED = 0.999


def torch_logits(model, row):
    with torch.no_grad():
        return model(torch.tensor([row]))[0].numpy()


def ort_logits(model, rows, npm):
    with tempfile.TemporaryDirectory() as work:
        ids, out = os.path.join(work, "ids.json"), os.path.join(work, "out.json")
        with open(ids, "w", encoding="utf-8") as file:
            json.dump(rows, file)
        modules = os.path.join(npm, "node_modules")
        subprocess.run(["node", str(pathlib.Path(__file__).with_name("ort_logits.js")), model,
                        ids, out], check=True, env=dict(os.environ, NODE_PATH=modules))
        with open(out, encoding="utf-8") as file:
            return [np.array(logits, np.float32) for logits in json.load(file)]


def compiled_logits(model, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = bnn.Session(bnn.compile(model))
    results = []
    for row in rows:
        ids = np.array([row], np.int64)
        results.append(session.run({"input_ids": ids,
                                    "attention_mask": np.ones_like(ids)})["logits"][0])
    return results


def thresholds(x, scale, bits, signed):
    """The distance of each x from the nearest place where its quantised value changes."""
    scale = scale.clamp(min=SMALLEST_SCALE)
    if signed and bits == 1:
        return x.abs()
    if bits == 1:
        return (x - scale / 2).abs()
    ratio = x / scale
    return ((ratio - torch.floor(ratio) - 0.5) * scale).abs()


@contextlib.contextmanager
def watched(model, turned=()):
    """Within it, every quantiser notes its values within CLOSE of a threshold in the list that
    is yielded, as (distance, quantiser's name, element), and moves those in `turned` across."""
    close, originals = [], []
    names = {module: name for name, module in model.named_modules()
             if isinstance(module, Quantizer)}

    def wrap(module):
        forward = module.forward

        def watching(x, scale):
            x = x.contiguous().clone()
            distance = thresholds(x, scale, module.bits, module.signed).reshape(-1)
            flat = x.view(-1)
            for element in torch.nonzero(distance < CLOSE).reshape(-1).tolist():
                close.append((float(distance[element]), names[module], element))
                if (names[module], element) in turned:
                    middle = 0.0 if module.signed else float(scale) / 2
                    other = middle - (float(flat[element]) - middle)
                    flat[element] = other if other != middle else middle + CLOSE
            return forward(x, scale)
        originals.append(module)
        module.forward = watching
    for module in names:
        wrap(module)
    try:
        yield close
    finally:
        for module in originals:
            del module.forward


def explain(model, row, wanted):
    """-> the signs to turn over for `wanted` to be PyTorch's class, or None."""
    with watched(model) as close:
        torch_logits(model, row)
    places = [(name, element) for _, name, element in sorted(close)][:32]
    for size in (1, 2):
        for turned in itertools.combinations(places, size):
            with watched(model, turned):
                if int(torch_logits(model, row).argmax()) == wanted:
                    return [(distance, name) for distance, name, element in close
                            if (name, element) in turned]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--data", required=True)
    parser.add_argument("--npm", default=str(ROOT / "build" / "npm"))
    parser.add_argument("--limit", type=int, help="only so many sentences")
    options = parser.parse_args()
    torch.set_num_threads(1)
    graph = os.path.join(options.folder, "model.onnx")
    trained = os.path.join(options.folder, "model.pt")
    model = nn.load_checkpoint(trained if os.path.exists(trained) else graph)
    tokenizer = wordpiece.Tokenizer.load(os.path.join(options.folder, "vocab.txt"))
    pairs = data.load(options.data).test[:options.limit]
    rows = [tokenizer.encode(text, model.config.max_positions) for text, _ in pairs]
    logits = {"PyTorch": [torch_logits(model, row) for row in rows],
              "ONNX Runtime": ort_logits(graph, rows, options.npm),
              "compiled": compiled_logits(graph, rows)}
    classes = {name: np.array([int(np.argmax(y)) for y in values])
               for name, values in logits.items()}
    labels = np.array([label for _, label in pairs])
    for name, answers in classes.items():
        print(f"{name}: {100 * np.mean(answers == labels):.2f} % of {len(rows)} right")
    failed = False
    for name, other in itertools.combinations(classes, 2):
        differ = np.flatnonzero(classes[name] != classes[other])
        distance = [float(np.abs(a - b).max()) for a, b in zip(logits[name], logits[other])]
        share = 1 - len(differ) / len(rows)
        print(f"{name} and {other}: the same class for {100 * share:.3f} %; logits differ by "
              f"{np.median(distance):.1e} (median), by more than 1e-4 for "
              f"{sum(d > 1e-4 for d in distance)}, by {max(distance):.1e} at most")
        failed |= share < WANTED
        for index in differ:
            wanted = {classes[name][index], classes[other][index]}
            wanted.discard(classes["PyTorch"][index])
            causes = [explain(model, rows[index], goal) for goal in wanted]
            print(f"  {pairs[index][0]!r}: " + "; ".join(
                "not explained" if cause is None else "explained by " + ", ".join(
                    f"a sign {gap:.1e} from its threshold in {where}" for gap, where in cause)
                for cause in causes))
            failed |= any(cause is None for cause in causes)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
