#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What 8 bits cost a classifier, quantised after training or while it learns, with and without a
kurtosis penalty: the table of docs/training.md.

    int8_training.py --data data_full.json --output DIR [--seeds 0,1,2]

For each seed it trains what RUNS says, by `python -m bnn.train` (runs that are finished in DIR
are not trained again), quantises the teachers with bnn.quantize, compiles what comes out, and
counts which of the test sentences the compiled models get right. Writes DIR/table.json, and the
same as a table to standard output. Half an hour of one core for three seeds.
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import sys
import warnings

# Before numpy and torch load it: the models are small, and threads only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

import bnn  # noqa: E402
from bnn import nn, wordpiece  # noqa: E402
from bnn.train import __main__ as train  # noqa: E402
from bnn.train import batches, data  # noqa: E402

COMMON = "--layers 1 --hidden 64 --heads 4 --ffn 256 --batch-size 128 --bag-epochs 0"
TEACHER = "--bits= --dropout 0.1 --teacher-epochs 8 --teacher-learning-rate 3e-3"
BYTES = "--bits 8 --epochs 2 --learning-rate 3e-4 --student-drop 0.1 --teacher {f32}"
TENSOR = f"{BYTES} --weight-scales tensor"
BIT = "--bits 1 --epochs 4 --learning-rate 2e-3 --student-drop 0.1 --teacher {f32}"
FLAT = "--kurtosis 1.8 --kurtosis-weight 1"
# The penalty can make outliers as well, which pre-trained models are known for.
PEAKED = "--kurtosis 100 --kurtosis-weight 3e-4"
RUNS = {"f32": TEACHER, "f32-kure": f"{TEACHER} {FLAT}",
        "qat-channel": BYTES, "qat-channel-kure": f"{BYTES} {FLAT}",
        "qat-tensor": TENSOR, "qat-tensor-kure": f"{TENSOR} {FLAT}",
        "f32-peaked": f"{TEACHER} {PEAKED}",
        "qat-peaked": TENSOR.replace("{f32}", "{peaked}"),
        "qat-peaked-kure": TENSOR.replace("{f32}", "{peaked}") + f" {FLAT}",
        "1bit": BIT, "1bit-kure": f"{BIT} {FLAT}",
        "1bit-kure-0.1": f"{BIT} --kurtosis 1.8 --kurtosis-weight 0.1"}
MAX_LENGTH, BATCH = 64, 64
NOISE = "kurtosis", "peak_over_rms", "sqnr_per_tensor", "sqnr_per_channel"


def command(name, options, folder, seed):
    """The arguments of one run; `{f32}` and `{peaked}` are the folders of teachers."""
    options = options.format(f32=folder.parent / f"f32-{seed}",
                             peaked=folder.parent / f"f32-peaked-{seed}")
    return ["--output", str(folder), "--seed", str(seed), *COMMON.split(), *options.split()]


def run_all(path, output, seeds):
    for seed in seeds:
        for name, options in RUNS.items():
            folder = output / f"{name}-{seed}"
            if (folder / "result.json").exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            print(f"{name}-{seed}", file=sys.stderr, flush=True)
            with open(folder / "log.txt", "a", encoding="utf-8") as log, \
                    contextlib.redirect_stdout(log):
                code = train.main(["--data", path, *command(name, options, folder, seed)])
            if code:
                raise SystemExit(code)


def open_graph(model, path):
    nn.export_onnx(model, str(path), opset=13)
    return str(path)


def right(model, test):
    """The percentage of `test` that the compiled `model`, a path or a proto, is right for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is not binary
        artifact = bnn.compile(model, max_dims={"batch": BATCH, "length": MAX_LENGTH},
                               opt_level=1)
    session = bnn.Session(artifact)
    hits = 0
    for indices in batches.in_order(test, BATCH):
        ids, mask, labels = batches.collate(test, indices)
        logits = session.run({"input_ids": ids.numpy(), "attention_mask": mask.numpy()})["logits"]
        hits += int((logits.argmax(-1) == labels.numpy()).sum())
    return 100 * hits / len(test)


def noise(path):
    """Of the f32 weights of the linears but the head, averages over the layers: kurtosis, the
    greatest magnitude over the root of the mean square, and in dB the signal over the noise of
    rounding to 8 bits, by the compiler's report."""
    layers = [layer["noise"] for layer in bnn.report(path, opt_level=0)["layers"]
              if layer["kind"] == "linear" and "classifier" not in layer["name"]]
    return {key: statistics.mean(layer[key] for layer in layers)
            for key in NOISE}


def twin(model):
    """The f32 model of the latent weights."""
    precise = nn.build(model.config.precise()).eval()
    state = precise.state_dict()
    state.update({key: value for key, value in model.state_dict().items() if key in state})
    precise.load_state_dict(state)
    return precise


def calibration(part):
    """Eight batches of training sentences."""
    chosen = batches.shuffled(part, BATCH, 0)[:8]
    return [dict(zip(("input_ids", "attention_mask"), (x.numpy() for x in
                                                      batches.collate(part, indices)[:2])))
            for indices in chosen]


def measure(path, output, seed):
    """{row of the table: figures} of one seed's runs."""
    dataset = data.load(path)
    tokenizer = wordpiece.Tokenizer.load(output / f"f32-{seed}" / "vocab.txt")
    train_part, test = (batches.Encoded(part, tokenizer, MAX_LENGTH)
                        for part in (dataset.train, dataset.test))
    rows = {}
    for name in RUNS:
        folder = output / f"{name}-{seed}"
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        model = nn.load_checkpoint(str(folder))
        file = output / "model.onnx"
        latent = noise(open_graph(twin(model), file))
        if name.startswith("1bit"):
            rows[name] = {"right": 100 * result["stages"][-1]["test"], **latent}
            continue
        rows[name] = {"right": right(open_graph(model, file), test), **latent}
        if name.startswith("f32"):
            for per_channel, scales in ((True, "channel"), (False, "tensor")):
                quantised = bnn.quantize(str(file), calibration(train_part),
                                         per_channel=per_channel, keep_float="*classifier*")
                rows[name.replace("f32", f"ptq-{scales}")] = {"right": right(quantised, test),
                                                              **latent}
    file.unlink()
    return rows


def table(rows):
    """Lines of Markdown: {seed: {row: figures}}."""
    seeds = list(rows)
    yield ("| model | " + " | ".join(f"seed {seed}" for seed in seeds)
           + " | mean, deviation | kurtosis | peak/rms | SQNR per tensor | per channel |")
    yield "| --- " * (len(seeds) + 6) + "|"
    for name in rows[seeds[0]]:
        found = [rows[seed][name]["right"] for seed in seeds]
        spread = np.std(found, ddof=1) if len(found) > 1 else 0.0
        mean = {key: statistics.mean(rows[seed][name][key] for seed in seeds) for key in NOISE}
        yield (f"| {name} | " + " | ".join(f"{value:.2f} %" for value in found)
               + f" | {statistics.mean(found):.2f} %, {spread:.2f} | {mean['kurtosis']:.2f} | "
               f"{mean['peak_over_rms']:.2f} | {mean['sqnr_per_tensor']:.1f} dB | "
               f"{mean['sqnr_per_channel']:.1f} dB |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", required=True, help="CLINC150's data_full.json")
    parser.add_argument("--output", required=True, type=pathlib.Path, help="where runs go")
    parser.add_argument("--seeds", default="0,1,2", help="separated by commas")
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    torch.set_num_threads(1)
    run_all(options.data, options.output, seeds)
    rows = {seed: measure(options.data, options.output, seed) for seed in seeds}
    with open(options.output / "table.json", "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
        file.write("\n")
    print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
