# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles whole models for every ARM system that the tests know, and looks at what their objects ask for.

    arm_models.py --work=DIR [--layers=12] [--draw=N] [--every] MODEL...

The targets are those of the table in docs/testing.md, read off the tests; with --draw so many of them. A MODEL is an
ONNX file, or `bipft-b` for one of BiPFT-B's shape with --layers layers and a small vocabulary: all of its layers share
the same kernels. What does not depend on a target is done once, up to the phase `fuse`. Without --every a target
compiles one of the models, in turn.
"""
import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(TESTS, "docs"))
import checked_targets  # noqa: E402

ALLOWED = {"memcpy", "memmove", "memset"}
# A fused multiply-add, which exact results need.
MATTR = {"cortex-a9": ["--mattr=+vfp4"]}


def arm_targets():
    """(triple, CPU) of every ARM system, in the table's order."""
    rows = checked_targets.collect(TESTS).rows
    return [(triple, cpu) for triple in sorted(rows) if re.match("aarch64|arm|thumb", triple)
            for cpu in sorted(set().union(*rows[triple].values()))]


def allowed(triple, cpu):
    """What an object may leave undefined."""
    names = set(ALLOWED)
    if "windows" in triple:
        names.add("_fltused")  # a marker, for Microsoft's linker
    if "," in cpu:
        names.add("getauxval")  # weak: which of the CPUs this is
    return {"_" + name for name in names} if "apple" in triple else names


def bipft_b(layers, work):
    path = os.path.join(work, f"bipft-b-{layers}.onnx")
    subprocess.run([sys.executable, "-B", os.path.join(TESTS, "models", "make_bipft.py"), f"--layers={layers}",
                    "--hidden=768", "--heads=12", "--ffn=3072", "--vocab=1000", "--positions=512", "--dynamic",
                    "-o", path], check=True)
    return path


def compile_one(model, triple, cpu, path):
    """What is wrong with the object of a model."""
    command = ["bnn-opt", model, "--emit=obj", "--prefix=m", f"--mtriple={triple}", f"--mcpu={cpu}", "-o", path,
               *MATTR.get(cpu, [])]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        return f"status {result.returncode}: {result.stderr.strip()}"
    if not os.path.getsize(path):
        return "an empty object"
    undefined = subprocess.run(["llvm-nm", "--undefined-only", "--just-symbol-name", path], check=True,
                               capture_output=True, text=True).stdout.split()
    os.remove(path)
    extra = sorted(set(undefined) - allowed(triple, cpu))
    return f"asks for {', '.join(extra)}" if extra else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--work", required=True)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--draw", type=int, metavar="N", help="so many of the targets, evenly from the list")
    parser.add_argument("--every", action="store_true", help="each target compiles each model")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    fused = []
    for number, model in enumerate(options.models):
        source = bipft_b(options.layers, options.work) if model == "bipft-b" else model
        path = os.path.join(options.work, f"{number}.mlir")
        subprocess.run(["bnn-opt", source, "--compile-to=fuse", "-o", path], check=True)
        fused.append((os.path.basename(os.path.dirname(model)) or model, path))
    wrong = compiled = 0
    targets = arm_targets()
    if options.draw:
        step = len(targets) // options.draw
        targets = targets[step // 2::step][:options.draw]
    for number, (triple, cpu) in enumerate(targets):
        for name, path in fused if options.every else [fused[number % len(fused)]]:
            problem = compile_one(path, triple, cpu, os.path.join(options.work, "m.o"))
            compiled += 1
            if problem:
                print(f"{name} for {triple}, {cpu}: {problem}")
                wrong += 1
    print(f"{compiled} objects for {len(targets)} targets, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
