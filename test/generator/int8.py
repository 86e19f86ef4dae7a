#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws models of 8-bit integers, as the tools write them that quantise models, and checks what the
compiler makes of them.

    int8.py --count 40 --seed 1            models 1 to 40
    int8.py --seed 17 --work DIR           one model; its files stay in DIR
    int8.py --seed 17 --set writer=torch --set layers=1

Each model is compiled and run for this machine; its outputs must be ONNX Runtime's (with its
optimisations off) within 1e-5 of their size, unless roundings within 1e-6 of their threshold, taken
the other way, explain the difference: those are counted. The bytes must be those of the reference
lowering, and for some models those of another strategy. The report must say 8x8 of each product of
bytes, and float of each other layer.
"""
import concurrent.futures
import dataclasses
import json
import os
import random
import shutil
import sys

import numpy as np

TEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TEST, "models"), os.path.join(TEST, "e2e")]
import claims
import command
import flips
import harness
from harness import Failure
from quantised_bert import FLOAT_FORMS, WRITERS, Options, QuantisedBert, legal

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-5
# (hidden, heads): multiples of 4 bytes and of no tile, one channel a head, and odd ones.
SHAPES = [(8, 2), (12, 3), (16, 1), (20, 4), (21, 3), (33, 3), (7, 7), (34, 2), (64, 2)]
FLAGS = {"portable": ["--strategy=portable"], "avx2": ["--strategy=avx2"],
         "skylake": ["--mcpu=skylake-avx512"], "alderlake": ["--mcpu=alderlake"]}
# The flag of /proc/cpuinfo without which this machine cannot run it.
NEEDS = {"avx2": "avx2", "skylake": "avx512bw", "alderlake": "avx_vnni"}
# Of ONNX Runtime's optimisations: node by node.
LEVEL = "disabled"


def draw(seed):
    """The options of model `seed`, its batch and length; the same on every machine."""
    r = random.Random(seed)
    o = Options(seed=seed, layers=1)
    o.writer = r.choice([*WRITERS, "ort", "ort"])
    o.hidden, o.heads = r.choice(SHAPES)
    o.ffn = r.choice([8, 16, 31, 65])
    o.classes = r.choice([1, 2, 3, 17])
    o.opset = r.choice([13, 13, 15, 17])
    o.gelu = r.random() < 0.5
    o.per_channel = r.random() < 0.5
    o.signed = r.random() < 0.4
    o.weights = r.choice(["s8", "s8", "u8", "u8a"])
    o.reduce_range = r.random() < 0.5
    o.dedicated = r.random() < 0.3
    o.products = r.random() < 0.6
    o.everything = r.random() < 0.3
    o.exact = r.random() < 0.3
    if r.random() < 0.3:
        o.float_layer = "0/" + r.choice(["query", "value", "output", "intermediate", "ffn_output"])
        o.float_form = r.choice(FLOAT_FORMS)
    o.tasks = 3 * (seed % 2)
    batch, seq = r.choice([1, 1, 2, 3]), r.choice([1, 2, 5, 9])
    o.outputs = r.random() < 0.4
    return legal(o), batch, seq


class Model:
    """One drawn model, its files below `work`, and what was found out about it."""

    def __init__(self, options, batch, seq, work):
        self.o = options
        self.seed = options.seed
        self.batch, self.seq = batch, seq
        self.work = os.path.join(work, str(options.seed))
        self.notes = []

    def told(self):
        settings = [f"{field.name}={getattr(self.o, field.name)}" for field in dataclasses.fields(self.o)
                    if getattr(self.o, field.name) != field.default]
        return " ".join([*settings, f"batch={self.batch}", f"seq={self.seq}"])

    def path(self, *names):
        return os.path.join(self.work, *names)

    def write(self):
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        emitter = QuantisedBert(self.o)
        self.model = self.path("model.onnx")
        with open(self.model, "wb") as file:
            file.write(emitter.model().SerializeToString())
        self.layers = emitter.layers
        values = harness.tokens(self.o.seed, self.batch, self.seq, self.o.vocab)
        self.feeds = {name: values[name] for name in emitter.inputs()}
        for name, value in self.feeds.items():
            np.save(self.path(f"{name}.npy"), value)

    def job(self):
        """What ONNX Runtime shall do."""
        inputs = {name: self.path(f"{name}.npy") for name in self.feeds}
        return {"model": self.model, "level": LEVEL,
                "runs": [{"inputs": inputs, "outputs": self.path("ort")}]}

    def run(self, tools, name, *flags):
        work = self.path(name)
        os.makedirs(work, exist_ok=True)
        program = os.path.join(work, "model.o")
        harness.run_command([tools.bnn_opt, self.model, "-o", program, "--prefix=model", *flags])
        return harness.run_with_bnn_run(tools.bnn_run, program, self.feeds, work)["logits"]

    def compare(self, actual):
        expected = np.load(self.path("ort", "logits.npy"))
        if flips.close({"logits": actual}, {"logits": expected}, TOLERANCE):
            return
        for side, logits in (("ours", actual), ("ONNX Runtime's", expected)):
            found = flips.find(self.model, self.feeds, {"logits": logits}, TOLERANCE)
            if found is None:
                raise Failure(f"the outputs differ from ONNX Runtime's by "
                              f"{np.abs(actual - expected).max():.2e}, and no close rounding explains {side}")
            for margin, value, index in found:
                self.notes.append(f"flip: {side}: value {value}[{index}] is {margin:.1e} from its threshold")

    def check(self, tools):
        actual = self.run(tools, "native", "-O0", "--report=json",
                          f"--report-file={self.path('report.json')}")
        others = {"reference": ["--reference", "-O0"]}
        name = sorted(FLAGS)[self.o.seed % len(FLAGS)]
        if name not in NEEDS or NEEDS[name] in tools.cpu:
            others[name] = [*FLAGS[name], "-O0"]
        for name, flags in others.items():
            value = self.run(tools, name, *flags)
            if value.tobytes() != actual.tobytes():
                raise Failure(f"other bytes with {name}: {int((value != actual).sum())} of {value.size} values")
        claims.check(self.path("report.json"), self.layers, False)
        self.compare(actual)


def written(model):
    model.write()
    return model


def run_ort(tools, models, work):
    """The models that ONNX Runtime refused, with its reason."""
    path = os.path.join(work, "jobs.json")
    with open(path, "w") as file:
        json.dump([model.job() for model in models], file)
    output = harness.run_command(["node", os.path.join(HERE, "ort_batch.js"), path],
                                 env=dict(os.environ, NODE_PATH=os.path.abspath(tools.npm)))
    lines = [json.loads(line) for line in output.splitlines()]
    return {model.seed: line["error"] for model, line in zip(models, lines) if line["error"]}


def override(model, settings):
    for setting in settings:
        name, _, text = setting.partition("=")
        target = model if name in ("batch", "seq") else model.o
        if not hasattr(target, name):
            raise SystemExit(f"int8.py: no option {name}")
        kind = type(getattr(target, name))
        setattr(target, name, text.lower() in ("1", "true", "yes") if kind is bool else kind(text))
    legal(model.o)
    return model


def check_all(tools, models, work, repeat):
    """Writes and checks the models; how many failed. `repeat` is the command that has one again."""
    with open("/proc/cpuinfo") as file:
        tools.cpu = set(file.read().split())
    with concurrent.futures.ProcessPoolExecutor(tools.jobs) as pool:
        models = list(pool.map(written, models, chunksize=4))
    refused = run_ort(tools, models, work)

    def one(model):
        if model.seed in refused:
            return f"ONNX Runtime: {refused[model.seed]}"
        try:
            model.check(tools)
        except Failure as failure:
            return str(failure)
        return None

    failures = flipped = 0
    with concurrent.futures.ThreadPoolExecutor(tools.jobs) as pool:
        for model, error in zip(models, pool.map(one, models)):
            failures += error is not None
            if error:
                print(f"FAIL {model.told()}\n     {error}\n     again: {repeat(model)}", flush=True)
            elif model.notes:
                flipped += 1
                print("\n".join(f"seed {model.seed}: {note}" for note in model.notes), flush=True)
    print(f"{len(models)} models, {failures} failed, {flipped} with roundings too close to call")
    return failures


def main():
    parser = command.make_parser(__doc__)
    command.add_model_options(parser)
    tools = parser.parse_args()
    work = command.make_work(tools)
    models = [override(Model(*draw(seed), work), tools.set)
              for seed in range(tools.seed, tools.seed + tools.count)]
    if tools.list:
        print("\n".join(model.told() for model in models))
        return 0
    settings = "".join(f" --set {setting}" for setting in tools.set)
    failures = check_all(tools, models, work,
                         lambda model: f"{sys.argv[0]} --seed {model.seed}{settings}")
    return command.finish(tools, work, len(models), failures)


if __name__ == "__main__":
    sys.exit(main())
