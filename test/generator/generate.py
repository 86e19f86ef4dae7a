#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws models of the BiPFT and BiT families, spelt as exporters spell them, and checks what the
compiler makes of them.

    generate.py --count 200 --seed 1        models 1 to 200
    generate.py --seed 17 --work DIR        one model; its files stay in DIR
    generate.py --seed 17 --set seq=5 --set dynamic=false --set rules=functions,names
    generate.py --seed 17 --set rules= --set opset=17      as it was before it was spelt
    generate.py --seed 17 --shrink          the simplest options that still fail

Each model is compiled and run for this machine; its outputs must be within 1e-5 of ONNX Runtime's
(of their size, where that is above 1), unless decisions within 1e-6 of their threshold, taken the
other way, explain the difference: those are shown and counted. The bytes must be those of the
reference lowering, and for some models those of the other strategies. Models whose numbers have 16
bits have no other judge: ONNX Runtime computes them in 32. The compiler must claim of
each layer exactly what the generator knows it to be. ONNX Runtime gets the model as it is spelt, but
for what it does not take (spell.py), which it gets in the nearest form that it does.
"""
import concurrent.futures
import dataclasses
import json
import os
import shutil
import sys

import numpy as np

from draw import draw, feeds, legal
import claims
import command
import flips
import harness
import spell
from binary_bert import BinaryBert
from harness import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-5


class Model:
    """One drawn model, its files below `work`, and what was found out about it."""

    def __init__(self, options, optimise, spelling, work):
        self.o = options
        self.optimise = optimise and not options.custom
        self.spelling = spelling
        self.work = os.path.join(work, str(options.seed))
        self.notes = []

    def told(self):
        return describe(self.o, self.spelling) + (" after the optimiser" if self.optimise else "")

    def path(self, *names):
        return os.path.join(self.work, *names)

    def write(self):
        """The model as it is spelt, for the compiler and the referee, and plain; and its inputs."""
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        emitter = BinaryBert(self.o)
        drawn = emitter.model("generate")
        model, referee = spell.spelt(drawn, self.spelling)
        if self.o.custom:  # ONNX Runtime does not know the nodes
            drawn = BinaryBert(dataclasses.replace(self.o, custom=False)).model("generate")
            referee = drawn
        self.model, self.referee, self.plain = (
            self.path(name + ".onnx") for name in ("model", "referee", "plain"))
        for path, proto in ((self.model, model), (self.referee, referee),
                            (self.plain, spell.plain(drawn, self.spelling))):
            with open(path, "wb") as file:
                file.write(proto.SerializeToString())
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
        job = {"model": self.referee, "runs": [
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

    def compare(self, actual, tools):
        for i, outputs in enumerate(actual):
            try:
                self.compare_run(i, outputs, self.path(f"run{i}", "ort"))
            except Failure as failure:
                if not self.spelling.rules:
                    raise
                # Other spellings take other roads through ONNX Runtime's kernels, and more
                # roundings than a search can explain: the plain model must give the same.
                try:
                    self.compare_run(i, outputs, self.plain_run(i, tools))
                except Failure:
                    raise failure from None
                self.notes.append(f"flip: run {i}, as ONNX Runtime has it in the plain model only: {failure}")

    def plain_run(self, i, tools):
        """The folder of what ONNX Runtime makes of the plain model."""
        folder = self.path(f"run{i}", "plain")
        values = [f"{name}={self.path(f'run{i}', name + '.npy')}" for name in self.feeds[i]]
        harness.run_command(["node", os.path.join(HERE, "../e2e/ort_run.js"), self.plain, *values, folder],
                            env=dict(os.environ, NODE_PATH=os.path.abspath(tools.npm)))
        return folder

    def compare_run(self, i, outputs, folder):
        expected = {file[:-len(".npy")]: np.load(os.path.join(folder, file))
                    for file in os.listdir(folder)}
        if sorted(expected) != sorted(outputs):
            raise Failure(f"outputs {sorted(outputs)}, ONNX Runtime has {sorted(expected)}")
        if flips.close(outputs, expected, TOLERANCE):
            return
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
        # The optimiser takes six times as long as all else, and must not change a byte: of few models.
        level = tools.level or ("-O1" if self.o.seed % 32 == 0 else "-O0")
        # So is what passes leave: it takes a third of the time.
        verify = [] if self.o.seed % 4 == 0 else ["--verify-each=0"]
        actual = self.run(tools, "native", level, *verify, "--report=json",
                          f"--report-file={self.path('report.json')}")
        if self.spelling.body == "f32":
            self.compare(actual, tools)
        others = {"reference": ["--reference", "-O0", "--verify-each=0"]}
        strategies = ["portable", "avx2"]
        if self.o.seed % 9 < len(strategies):
            name = strategies[self.o.seed % 9]
            others[name] = [f"--strategy={name}", level, *verify]
        for name, flags in others.items():
            for i, outputs in enumerate(self.run(tools, name, *flags)):
                for output, value in outputs.items():
                    if value.tobytes() != actual[i][output].tobytes():
                        word = f"u{value.dtype.itemsize}"
                        wrong = np.flatnonzero(value.ravel().view(word) != actual[i][output].ravel().view(word))
                        raise Failure(f"run {i}: {output} has other bytes with {name}: "
                                      f"{wrong.size} of {value.size} values")
        claims.check(self.path("report.json"), self.layers,
                     self.optimise or self.spelling.renames())


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


def describe(*settings):
    """The options, and what is spelt, that are not the default."""
    return " ".join(f"{field.name}={getattr(values, field.name)}" for values in settings
                    for field in dataclasses.fields(values)
                    if getattr(values, field.name) != field.default)


def override(options, spelling, settings):
    kinds = {field.name: (values, type(field.default)) for values in (spelling, options)
             for field in dataclasses.fields(values)}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in kinds:
            raise SystemExit(f"generate.py: no option {name}; there are {', '.join(kinds)}")
        values, kind = kinds[name]
        if kind is bool:
            value = text.lower() in ("1", "true", "yes")
        elif kind is tuple:
            value = tuple(part for part in text.split(",") if part)
        else:
            value = kind(text)
        setattr(values, name, value)
    return legal(options), spell.legal(spelling, options)


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
    def error_of(options, optimise, spelling):
        errors = []
        check(tools, [Model(options, optimise, spelling, work)], work,
              lambda model, error: errors.append(error))
        return errors[0]

    def told(options, optimise, spelling):
        return describe(options, spelling) + (" after the optimiser" if optimise else "")

    best = model.o, model.optimise, model.spelling
    error = error_of(*best)
    if error is None:
        print(f"seed {model.o.seed} passes")
        return 0
    candidates = [lambda options, _, spelling: (options, False, spelling)]
    candidates += [lambda options, optimise, spelling, change=change: (
        options, optimise, dataclasses.replace(spelling, **change(spelling)))
        for change in spell.SIMPLER]
    candidates += [lambda options, optimise, spelling, change=change: (
        legal(dataclasses.replace(options, **change)), optimise, spelling) for change in SIMPLER]
    for change in candidates:
        options, optimise, spelling = change(*best)
        candidate = options, optimise, spell.legal(spelling, options)
        if candidate == best or options.head_size == 0 and options.hidden % options.heads:
            continue
        if simpler := error_of(*candidate):
            best, error = candidate, simpler
            print(f"still fails: {told(*best)}", flush=True)
    error_of(*best)
    print(f"simplest: {told(*best)}\n{error}\nits files: {work}/{model.o.seed}")
    return 1


def main():
    parser = command.make_parser(__doc__)
    command.add_model_options(parser)
    parser.add_argument("--shrink", action="store_true", help="look for the simplest failing model")
    parser.add_argument("--level", help="of the optimiser (default -O0, and -O1 for one in 32)")
    tools = parser.parse_args()

    work = command.make_work(tools)
    models = []
    for seed in range(tools.seed, tools.seed + tools.count):
        options, optimise = draw(seed)
        spelling = spell.draw(seed, options, optimise)
        options, spelling = override(options, spelling, tools.set)
        models.append(Model(options, optimise, spelling, work))
    if tools.list:
        for model in models:
            print(model.told())
        return 0
    if tools.shrink:
        return shrink(tools, models[0], work)

    flipped = []
    settings = "".join(f" --set {setting}" for setting in tools.set)

    def report(model, error):
        if error:
            print(f"FAIL {model.told()}\n"
                  f"     {error}\n     again: {sys.argv[0]} --seed {model.o.seed}{settings}",
                  flush=True)
        elif model.notes:
            flipped.append(model)
            print("\n".join(f"seed {model.o.seed}: {note}" for note in model.notes), flush=True)

    failures = check(tools, models, work, report)
    halves = sum(model.spelling.body != "f32" for model in models)
    print(f"{len(models)} models, {halves} of them in 16 bits, {failures} failed, "
          f"{len(flipped)} with decisions too close to call")
    return command.finish(tools, work, len(models), failures)


if __name__ == "__main__":
    sys.exit(main())
