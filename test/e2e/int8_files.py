#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares models of 8-bit integers with what ONNX Runtime made of them, node by node.

    int8_files.py --models DIR --target native --expect-runs 16 --work DIR

DIR has NAME.onnx and NAME.io.npz: `in:*`, and `out_disabled:*`, which ONNX Runtime computed with
its optimisations off. Each model is compiled for the target and by the reference lowering, whose
bytes must be the same. The reference's are compared with ONNX Runtime's; the report must say 8x8
of as many layers as the model has products of bytes.

With --optimised each model is first saved by ONNX Runtime's optimiser at level extended, whose own
operators it has then. They mean what the model meant: the numbers are compared with the same ones.
"""
import argparse
import glob
import json
import os
import subprocess
import sys

import numpy as np

from harness import HERE, Failure, Program, exit_code, run_command, run_with_bnn_run
from targets import describe_difference

# What makes bnn-opt compile for each target, and the flag that the CPU must have to run it.
TARGETS = {
    "native": ([], None),
    "portable": (["--strategy=portable"], None),
    "x86-64-v3": (["--mcpu=x86-64-v3"], "avx2"),
    "skylake-avx512": (["--mcpu=skylake-avx512"], "avx512bw"),
    "alderlake": (["--mcpu=alderlake"], "avx_vnni"),
    "aarch64": (["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a76"], None),
    "aarch64-i8mm": (["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a76", "--mattr=+i8mm"], None),
    "aarch64-without-dotprod": (["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a72"], None),
}

# How many layers are products of bytes, by the start of the model's name: linear ones, and attention
# with pairs around its products. In ONNX Runtime's own tests the weights are an input. The two layers of torch_* have no quantiser before the classifier.
LAYERS = {"CCT_FP32": 0, "bert2_dynamic": 14, "bert2_f32": 0, "bert2_qdq": 16, "ort_": 0,
          "tatva_model_nano_f32": 0, "tatva_model_nano_quant": 7, "torch1131_qat": 7}
# One operator or product, whose scales and sums have one result each: the same bits. Whole models
# have float sums, whose order is free.
EXACT = "ort_"
TOLERANCE = 1e-6


def has_flag(flag):
    with open("/proc/cpuinfo") as file:
        return flag in file.read().split()


class Model:
    """One model, its inputs and outputs; files go below `work`."""

    def __init__(self, path, work):
        self.path = path
        self.name = os.path.basename(path)[:-len(".onnx")]
        self.work = os.path.join(work, self.name)
        arrays = np.load(path[:-len(".onnx")] + ".io.npz")
        self.feeds = {name[len("in:"):]: arrays[name] for name in arrays.files
                      if name.startswith("in:")}
        self.expected = {name[len("out_disabled:"):]: arrays[name] for name in arrays.files
                         if name.startswith("out_disabled:")}

    def compile(self, name, flags):
        """The path of the object; every size is that of the inputs."""
        folder = os.path.join(self.work, name)
        os.makedirs(folder, exist_ok=True)
        shapes = [f"--input-shape={feed}:{'x'.join(map(str, value.shape))}"
                  for feed, value in self.feeds.items()]
        path = os.path.join(folder, "model.o")
        run_command(["bnn-opt", self.path, "-o", path, "--prefix=model", *shapes, *flags])
        return path

    def run(self, name, flags):
        return run_with_bnn_run("bnn-run", self.compile(name, flags), self.feeds,
                                os.path.join(self.work, name))

    def run_emulated(self, name, flags, options):
        self.compile(name, flags)
        program = Program(os.path.join(self.work, name), options.cc, ["-static"],
                          emulator=[options.emulator])
        return program.run(self.feeds, {key: value.dtype for key, value in self.expected.items()})

    def compare(self, actual):
        """Raises Failure unless the outputs are ONNX Runtime's; the largest difference, as a share
        of the largest value."""
        if actual.keys() != self.expected.keys():
            raise Failure(f"outputs {sorted(actual)}, ONNX Runtime has {sorted(self.expected)}")
        largest = 0.0
        for name, value in self.expected.items():
            if (actual[name].dtype, actual[name].shape) != (value.dtype, value.shape):
                raise Failure(f"{name} is {actual[name].dtype} of {actual[name].shape}, "
                              f"in ONNX Runtime {value.dtype} of {value.shape}")
            difference = np.abs(actual[name].astype(np.float64) - value)
            share = float(difference.max() / max(np.abs(value.astype(np.float64)).max(), 1e-30))
            # Written so that a NaN fails.
            if not share <= (0 if self.name.startswith(EXACT) else TOLERANCE):
                raise Failure(f"{name} differs from ONNX Runtime's by {difference.max():.2e}, "
                              f"{share:.2e} of its largest value")
            largest = max(largest, share)
        return largest

    def check_layers(self, report):
        with open(report) as file:
            layers = json.load(file)["layers"]
        found = [layer["name"] for layer in layers
                 if layer["became"] == "8x8" and layer["kind"] != "embedding"]
        known = [count for start, count in LAYERS.items() if self.name.startswith(start)]
        if known != [len(found)]:
            raise Failure(f"the report says 8x8 of {len(found)} layers, known are {known}: {found}")

    def check(self, options):
        report = os.path.join(self.work, "report.json")
        os.makedirs(self.work, exist_ok=True)
        expected = self.run("reference", ["--reference", "-O0", "--report=json",
                                          f"--report-file={report}"])
        self.check_layers(report)
        share = self.compare(expected)
        flags = [*TARGETS[options.target][0], options.level]
        if options.emulator:
            actual = self.run_emulated(options.target, flags, options)
        else:
            actual = self.run(options.target, flags)
        for name, value in expected.items():
            if actual[name].shape != value.shape or actual[name].tobytes() != value.tobytes():
                raise Failure(describe_difference(name, actual[name], value))
        return share


def optimise(models, work):
    """Has ONNX Runtime save each as its optimiser leaves it."""
    os.makedirs(work, exist_ok=True)
    command = ["node", os.path.join(HERE, "ort_optimise.js"), "extended"]
    for model in models:
        command += [model.path, os.path.join(work, f"{model.name}.optimised.onnx")]
        model.path = command[-1]
    # It has more to say on standard error than that it failed.
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True, help="the folder of the models")
    parser.add_argument("--target", choices=sorted(TARGETS), required=True)
    parser.add_argument("--level", default="-O0", help="of the optimiser (default -O0)")
    parser.add_argument("--expect-runs", type=int, required=True, help="how many models there are")
    parser.add_argument("--optimised", action="store_true", help="after ONNX Runtime's optimiser")
    parser.add_argument("--only", default="", help="only models that start with this")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--emulator", help="what runs a program of the target")
    parser.add_argument("--work", required=True, help="folder for what the run writes")
    options = parser.parse_args()

    flag = TARGETS[options.target][1]
    if flag and not has_flag(flag):
        print(f"{options.target}: not run, this CPU has no {flag}")
        return 0
    models = [Model(path, options.work)
              for path in sorted(glob.glob(os.path.join(options.models, "*.onnx")))]
    models = [model for model in models if model.name.startswith(options.only)]
    if options.optimised:
        optimise(models, options.work)
    runs = failures = 0
    for model in models:
        runs += 1
        try:
            print(f"ok   {model.name}: largest difference {model.check(options):.2e}", flush=True)
        except Failure as failure:
            failures += 1
            print(f"FAIL {model.name}: {failure}", flush=True)
    return exit_code(runs, failures, options.expect_runs)


if __name__ == "__main__":
    sys.exit(main())
