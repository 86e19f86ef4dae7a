# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the end-to-end tests share: cases, the compiler, and programs linked with a model."""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GENERATORS = os.path.join(ROOT, "test", "models")


class Failure(Exception):
    """A check that did not hold; its text is all that the reader needs."""


def run_command(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        raise Failure(f"exit code {result.returncode}: {' '.join(command)}\n"
                      f"{result.stdout}{result.stderr}")
    return result.stdout


def tokens(seed, batch, seq, vocab, dtype="int64"):
    """A batch of sentences: [CLS]=2 first, [SEP]=3 last, rows of falling length padded with 0."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(4, vocab, (batch, seq))
    mask = np.ones((batch, seq), dtype)
    types = np.zeros((batch, seq), dtype)
    for row in range(batch):
        length = max(1, seq - row * seq // (batch + 1))
        ids[row, 0] = 2
        if length > 1:
            ids[row, length - 1] = 3
        ids[row, length:] = 0
        mask[row, length:] = 0
        types[row, (length + 1) // 2:length] = 1
    return {"input_ids": ids.astype(dtype), "attention_mask": mask, "token_type_ids": types}


class Case:
    """One model with one set of inputs, as a manifest tells it."""

    def __init__(self, entry, folder):
        self.name = entry["case"]
        self.entry = entry
        self.folder = folder
        self.expected = None
        if "logits" in entry:
            self.expected = np.array(entry["logits"], np.float32).reshape(entry["logits_shape"])

    def model(self, work):
        """The model's path; a model that is described by its generator's options is made first."""
        if "generate" not in self.entry:
            return os.path.join(self.folder, self.entry["model"])
        path = os.path.join(work, self.entry["model"])
        if not os.path.exists(path):
            generator = os.path.join(GENERATORS, self.entry.get("generator", "make_bipft.py"))
            run_command([sys.executable, generator, *self.entry["generate"], "-o", path + ".part"])
            os.rename(path + ".part", path)
        return path

    def feeds(self):
        if "tokens" in self.entry:
            feeds = tokens(**self.entry["tokens"])
            return {name: feeds[name] for name in self.entry.get("names", feeds)}
        feeds = {}
        for name, tensor in self.entry["inputs"].items():
            path = os.path.join(self.folder, tensor["file"])
            if path.endswith(".npy"):
                feeds[name] = np.load(path)
            else:
                feeds[name] = np.fromfile(path, tensor["dtype"]).reshape(tensor["shape"])
        return feeds


def parser_of_cases(description):
    """What selects a manifest's cases on the command line, and says how many there must be: a
    manifest that lost its cases is a failure, not a pass."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--manifest", required=True)
    parser.add_argument("--case-prefix", default="", help="only cases that start with this")
    parser.add_argument("--expect-runs", type=int, required=True, help="how many cases there are")
    parser.add_argument("--expect-logits", type=int, required=True, help="how many have logits")
    return parser


def load_cases(options):
    with open(options.manifest) as file:
        entries = json.load(file)
    folder = os.path.dirname(os.path.abspath(options.manifest))
    cases = [Case(entry, folder) for entry in entries
             if entry["case"].startswith(options.case_prefix)]
    counts = len(cases), sum(case.expected is not None for case in cases)
    if counts != (options.expect_runs, options.expect_logits):
        raise SystemExit(f"{options.manifest}: expected {options.expect_runs} cases and "
                         f"{options.expect_logits} with logits, found {counts[0]} and {counts[1]}")
    return cases


def run_with_bnn_run(bnn_run, model, feeds, work, flags=()):
    """The outputs, by name, of `bnn-run MODEL --input NAME=FILE ... --output-dir DIR`."""
    os.makedirs(work, exist_ok=True)
    command = [bnn_run, model, *flags]
    for name, value in feeds.items():
        path = os.path.join(work, f"{name}.npy")
        np.save(path, value)
        command += ["--input", f"{name}={path}"]
    results = os.path.join(work, "out")
    shutil.rmtree(results, ignore_errors=True)
    run_command(command + ["--output-dir", results])
    return {os.path.basename(path)[:-len(".npy")]: np.load(path)
            for path in sorted(glob.glob(os.path.join(results, "*.npy")))}


def compile_model(bnn_opt, model, work, flags):
    """Leaves work/model.o and work/model.h."""
    os.makedirs(work, exist_ok=True)
    run_command([bnn_opt, model, "-o", os.path.join(work, "model.o"), "--prefix=model", *flags])


class Program:
    """run_model.c linked with work/model.o by a C compiler; run by an emulator if one is given."""

    def __init__(self, work, cc, link_flags=(), runtime=None, emulator=()):
        self.work = work
        self.emulator = list(emulator)
        self.path = os.path.join(work, "run_model")
        # Without a library for the target, the runtime's sources take its place.
        runtime = [runtime] if runtime else glob.glob(os.path.join(ROOT, "runtime", "*.c"))
        run_command([cc, "-std=c11", "-O1", "-Wall", "-Werror", f"-I{work}",
                     f"-I{os.path.join(ROOT, 'include')}", os.path.join(HERE, "run_model.c"),
                     os.path.join(work, "model.o"), *runtime, *link_flags, "-o", self.path])

    def run(self, feeds, kinds={}):
        """The outputs by name; `kinds` has the types of those that are not float32."""
        command = [*self.emulator, self.path]
        for name, value in feeds.items():
            path = os.path.join(self.work, f"{name}.bin")
            np.ascontiguousarray(value).tofile(path)
            command.append(f"{name}={'x'.join(map(str, value.shape))}:{path}")
        results = {}
        # One line an output: its name, its shape, the file with its bytes.
        for line in run_command(command + [f"--output-dir={self.work}"]).splitlines():
            name, shape, path = line.split(" ", 2)
            shape = [int(size) for size in shape.split("x")] if shape != "scalar" else []
            results[name] = np.fromfile(path, kinds.get(name, np.float32)).reshape(shape)
        return results


def reference_program(bnn_opt, model, work):
    """The reference lowering for this machine: plain loops, which no optimiser has touched."""
    compile_model(bnn_opt, model, work, ["--reference", "-O0"])
    return Program(work, "cc")


def only_output(outputs):
    if len(outputs) != 1:
        raise Failure(f"one output expected, got {sorted(outputs)}")
    return next(iter(outputs.values()))


def exit_code(runs, failures, expected):
    """Prints the counts; 1 if something failed or another number of cases ran than expected."""
    print(f"{runs} runs, {failures} failed")
    if runs != expected:
        print(f"expected {expected} runs")
        return 1
    return 1 if failures else 0
