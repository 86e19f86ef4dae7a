#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares docs/Phases.md with what the compiler prints: phases.py PAGE MODEL.onnx

Each line shown must be a line printed after the phase, in the order shown. Names of values do
not count, and "..." stands for anything within a line.
"""
import re
import subprocess
import sys

PHASES = ["import", "fold", "raise", "fuse", "pack", "bufferize", "tile", "llvm"]


def normal(line):
    """Without the names of values and without differences in spacing."""
    return re.sub(r"\s+", " ", re.sub(r"%[\w$.-]+", "%", line)).strip()


def pattern(line):
    return re.compile(".*".join(re.escape(part.strip()) for part in normal(line).split("...")))


def main():
    page, model = sys.argv[1:]
    with open(page) as file:
        blocks = re.findall(r"^<!-- phase: (\w+) -->\n```mlir\n(.*?)^```$", file.read(),
                            re.MULTILINE | re.DOTALL)
    if [phase for phase, _ in blocks] != PHASES:
        raise SystemExit(f"{page} shows {[phase for phase, _ in blocks]}, not {PHASES}")
    for phase, block in blocks:
        printed = subprocess.run(
            ["bnn-opt", model, f"--compile-to={phase}", "--mtriple=x86_64-linux-gnu",
             "--mcpu=icelake-server"], check=True, capture_output=True, text=True).stdout
        lines = iter([normal(line) for line in printed.splitlines()])
        for shown in block.splitlines():
            if shown.strip() == "...":
                continue
            expected = pattern(shown)
            if not any(expected.fullmatch(line) for line in lines):
                raise SystemExit(f"after {phase}, not found in this place:\n{shown}\nprinted:\n{printed}")
        print(f"ok {phase}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
