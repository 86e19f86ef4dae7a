#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws models of the BiPFT and BiT families and checks what the compiler makes of them.

    generate.py --count 200 --seed 1        models 1 to 200
    generate.py --seed 17 --work DIR        one model; its files stay in DIR
    generate.py --seed 17 --set seq=5 --set dynamic=false
    generate.py --seed 17 --shrink          the simplest options that still fail

Each model is compiled and run for this machine; its outputs must be within 1e-5 of ONNX Runtime's
(of their size, where that is above 1), unless decisions within 1e-6 of their threshold, taken the
other way, explain the difference: those are shown and counted. The bytes must be those of the
reference lowering, and for some models those of the other strategies. The compiler must claim of
each layer exactly what the generator knows it to be.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from draw import draw, feeds, legal
import claims
import flips
import harness
from binary_bert import BinaryBert, Options
from harness import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-5


class Model:
    """One drawn model, its files below `work`, and what was found out about it."""

    def __init__(self, options, optimise, work):
        self.o = options
        self.optimise = optimise and not options.custom
        self.work = os.path.join(work, str(options.seed))
        self.notes = []

    def path(self, *names):
        return os.path.join(self.work, *names)

    def write(self):
        """The model, once more without custom nodes where it has them, and its inputs."""
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.model = self.path("model.onnx")
        self.plain = self.path("plain.onnx") if self.o.custom else self.model
        for path, custom in ((self.plain, False), (self.model, self.o.custom)):
            emitter = BinaryBert(dataclasses.replace(self.o, custom=custom))
            with open(path, "wb") as file:
                file.write(emitter.model("generate").SerializeToString())
        self.layers = emitter.layers
        self.feeds = [feeds(self.o, self.o.seed, self.o.batch, self.o.seq)]
        if self.o.dynamic:  # a smaller batch through the same object
            self.feeds.append(feeds(self.o, self.o.seed + 1, 1, max(1, self.o.seq // 3)))
        for i, values in enumerate(self.feeds):
            os.makedirs(self.path(f"run{i}"))
            for name, value in values.items():
                np.save(self.path(f"run{i}", f"{name}.npy"), value)

    def job(self):
        """What ONNX Runtime shall do."""
        job = {"model": self.plain, "runs": [
            {"inputs": {name: self.path(f"run{i}", f"{name}.npy") for name in values},
             "outputs": self.path(f"run{i}", "ort")} for i, values in enumerate(self.feeds)]}
        if self.optimise:
            job["optimised"] = self.path("optimised.onnx")
            self.model = job["optimised"]
        return job

    def run(self, tools, name, *flags):
        """The outputs of each run of the model as compiled with the flags."""
        work = self.path(name)
        os.makedirs(work, exist_ok=True)
        program = os.path.join(work, "model.o")
        harness.run_command([tools.bnn_opt, self.model, "-o", program, "--prefix=model", *flags])
        return [harness.run_with_bnn_run(tools.bnn_run, program, values,
                                         os.path.join(work, f"run{i}"))
                for i, values in enumerate(self.feeds)]

    def compare(self, actual):
        for i, outputs in enumerate(actual):
            folder = self.path(f"run{i}", "ort")
            expected = {file[:-len(".npy")]: np.load(os.path.join(folder, file))
                        for file in os.listdir(folder)}
            if sorted(expected) != sorted(outputs):
                raise Failure(f"outputs {sorted(outputs)}, ONNX Runtime has {sorted(expected)}")
            if flips.close(outputs, expected, TOLERANCE):
                continue
            ours = flips.find(self.plain, self.feeds[i], outputs, TOLERANCE)
            theirs = flips.find(self.plain, self.feeds[i], expected, TOLERANCE)
            if ours is None or theirs is None:
                worst = max((float(flips.difference(outputs[n], v).max()), n)
                            for n, v in expected.items() if v.shape == outputs[n].shape)
                who = "ours" if ours is None else "ONNX Runtime's"
                raise Failure(f"run {i}: output {worst[1]} differs from ONNX Runtime's by "
                              f"{worst[0]:.2e}, and no close decision explains {who}")
            for side, found in (("ours", ours), ("ONNX Runtime's", theirs)):
                for margin, value, index in found:
                    self.notes.append(f"flip: run {i}, {side}: value {value}[{index}] is "
                                      f"{margin:.1e} from its threshold")

    def check(self, tools):
        # The optimiser takes most of the time, and must not change a byte: one model in four.
        level = tools.level or ("-O1" if self.o.seed % 4 == 0 else "-O0")
        actual = self.run(tools, "native", level, "--report=json",
                          f"--report-file={self.path('report.json')}")
        self.compare(actual)
        others = {"reference": ["--reference", "-O0"]}
        strategies = ["portable", "avx2"]
        if self.o.seed % 5 < len(strategies):
            name = strategies[self.o.seed % 5]
            others[name] = [f"--strategy={name}", level]
        for name, flags in others.items():
            for i, outputs in enumerate(self.run(tools, name, *flags)):
                for output, value in outputs.items():
                    if value.tobytes() != actual[i][output].tobytes():
                        wrong = np.flatnonzero(value.ravel().view(np.uint32) !=
                                               actual[i][output].ravel().view(np.uint32))
                        raise Failure(f"run {i}: {output} has other bytes with {name}: "
                                      f"{wrong.size} of {value.size} values")
        claims.check(self.path("report.json"), self.layers, self.optimise)


def write_all(models):
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for model, written in zip(models, pool.map(written_model, models, chunksize=4)):
            model.__dict__.update(written.__dict__)


def written_model(model):
    model.write()
    return model


def run_ort(tools, models, work):
    """The models that ONNX Runtime refused, with its reason."""
    jobs = [model.job() for model in models]
    path = os.path.join(work, "jobs.json")
    with open(path, "w") as file:
        json.dump(jobs, file)
    output = harness.run_command(["node", os.path.join(HERE, "ort_batch.js"), path],
                                 env=dict(os.environ, NODE_PATH=os.path.abspath(tools.npm)))
    lines = [json.loads(line) for line in output.splitlines()]
    return {model.o.seed: line["error"] for model, line in zip(models, lines) if line["error"]}


def check(tools, models, work, report):
    """Checks all models; calls report(model, error or None) for each. The number that failed."""
    write_all(models)
    refused = run_ort(tools, models, work)

    def one(model):
        if model.o.seed in refused:
            return f"ONNX Runtime: {refused[model.o.seed]}"
        try:
            model.check(tools)
        except Failure as failure:
            return str(failure)
        return None

    failures = 0
    with concurrent.futures.ThreadPoolExecutor(tools.jobs) as pool:
        for model, error in zip(models, pool.map(one, models)):
            failures += error is not None
            report(model, error)
    return failures


def describe(options):
    """The options that are not the default."""
    default = Options()
    return " ".join(f"{field.name}={getattr(options, field.name)}"
                    for field in dataclasses.fields(Options)
                    if getattr(options, field.name) != getattr(default, field.name))


def override(options, settings):
    for setting in settings:
        name, _, text = setting.partition("=")
        kinds = {field.name: type(field.default) for field in dataclasses.fields(Options)}
        if name not in kinds:
            raise SystemExit(f"generate.py: no option {name}; there are {', '.join(kinds)}")
        kind = kinds[name]
        if kind is bool:
            value = text.lower() in ("1", "true", "yes")
        elif kind is tuple:
            value = tuple(part for part in text.split(",") if part)
        else:
            value = kind(text)
        setattr(options, name, value)
    return legal(options)


# In the order in which they are tried; each is kept if the model still fails.
SIMPLER = [dict(layers=1), dict(near_miss="", near_layer=""), dict(half_binary="", half_layers=()),
           dict(lora=0), dict(hidden_states=False), dict(attentions=""), dict(head="token"),
           dict(head="nsp"), dict(dynamic=False), dict(batch=1), dict(seq=1), dict(seq=2),
           dict(seq=5), dict(custom=False), dict(merge=False), dict(folded=True),
           dict(exact=False), dict(no_residual=True), dict(rank=1), dict(score_mul=False),
           dict(int32=False), dict(opset=17), dict(inputs=("input_ids",)), dict(family="bit1"),
           dict(head_size=0), dict(hidden=8, heads=1), dict(hidden=32, heads=1), dict(heads=1),
           dict(ffn=8), dict(classes=1), dict(vocab=8)]


def shrink(tools, model, work):
    """Prints ever simpler options that fail."""
    def error_of(options, optimise):
        errors = []
        check(tools, [Model(options, optimise, work)], work,
              lambda model, error: errors.append(error))
        return errors[0]

    options, optimise = model.o, model.optimise
    error = error_of(options, optimise)
    if error is None:
        print(f"seed {options.seed} passes")
        return 0
    if optimise and (simpler := error_of(options, False)):
        optimise, error = False, simpler
    for change in SIMPLER:
        candidate = legal(dataclasses.replace(options, **change))
        if candidate == options or candidate.head_size == 0 and candidate.hidden % candidate.heads:
            continue
        if simpler := error_of(candidate, optimise):
            options, error = candidate, simpler
            print(f"still fails: {describe(options)}", flush=True)
    error_of(options, optimise)
    print(f"simplest: {describe(options)}{' after the optimiser' if optimise else ''}\n{error}\n"
          f"its files: {work}/{options.seed}")
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="the first model (default 1)")
    parser.add_argument("--count", type=int, default=1, help="models (default 1)")
    parser.add_argument("--expect-models", type=int, help="fail unless so many passed or failed")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE",
                        help="in place of what is drawn")
    parser.add_argument("--shrink", action="store_true", help="look for the simplest failing model")
    parser.add_argument("--list", action="store_true", help="print the options only")
    parser.add_argument("--bnn-opt", default="bnn-opt")
    parser.add_argument("--bnn-run", default="bnn-run")
    parser.add_argument("--level", help="of the optimiser (default -O0, and -O1 for one in four)")
    parser.add_argument("--npm", default=os.path.join(HERE, "../../build/npm/node_modules"),
                        help="the folder with onnxruntime-node")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--work", help="keep all files here")
    tools = parser.parse_args()

    work = tools.work or tempfile.mkdtemp()
    os.makedirs(work, exist_ok=True)
    models = []
    for seed in range(tools.seed, tools.seed + tools.count):
        options, optimise = draw(seed)
        models.append(Model(override(options, tools.set), optimise, work))
    if tools.list:
        for model in models:
            print(describe(model.o) + (" after the optimiser" if model.optimise else ""))
        return 0
    if tools.shrink:
        return shrink(tools, models[0], work)

    flipped = []
    settings = "".join(f" --set {setting}" for setting in tools.set)

    def report(model, error):
        if error:
            print(f"FAIL {describe(model.o)}{' after the optimiser' if model.optimise else ''}\n"
                  f"     {error}\n     again: {sys.argv[0]} --seed {model.o.seed}{settings}",
                  flush=True)
        elif model.notes:
            flipped.append(model)
            print("\n".join(f"seed {model.o.seed}: {note}" for note in model.notes), flush=True)

    failures = check(tools, models, work, report)
    print(f"{len(models)} models, {failures} failed, {len(flipped)} with decisions too close to call")
    if not tools.work:
        shutil.rmtree(work)
    if tools.expect_models not in (None, len(models)):
        print(f"expected {tools.expect_models} models")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
