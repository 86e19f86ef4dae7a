#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a model with several tiles: tiles.py MODEL INPUT_FOLDER WORK

The IR with each tile is read back as it was written, and the outputs are the bytes of the reference
lowering. Prints how many tiles were tried.
"""
import glob
import os
import subprocess
import sys

# Within one bound, 1 to 16 rows by 1 to 4 panels; odd ones, and its corners.
TILES = [(1, 1), (1, 4), (2, 3), (3, 3), (4, 4), (5, 2), (16, 1), (16, 4)]
# One that counts rows by table as well, and one that never does; neither is bound to its CPU.
STRATEGIES = ["avx2", "avx512-vpopcntdq"]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: status {result.returncode}\n{result.stdout}{result.stderr}")


def main():
    model, inputs, work = sys.argv[1:]
    os.makedirs(work, exist_ok=True)
    fed = [f"--input={os.path.splitext(os.path.basename(path))[0]}={path}"
           for path in sorted(glob.glob(os.path.join(inputs, "*.npy")))]
    reference = os.path.join(work, "reference")
    run("bnn-run", model, "--mcpu=x86-64-v3", "--reference", *fed, f"--output-dir={reference}")
    tried = 0
    for strategy in STRATEGIES:
        for rows, panels in TILES:
            table, ir = (os.path.join(work, name) for name in ("table.txt", "packed.mlir"))
            with open(table, "w") as file:
                file.write(f"{strategy} {rows} {panels}\n")
            target = ["--mcpu=x86-64-v3", f"--strategy={strategy}", f"--strategy-table={table}"]
            run("bnn-opt", model, "--mtriple=x86_64-linux-gnu", *target, "--compile-to=pack", "-o", ir)
            run("bnn-opt", ir, "-o", os.devnull)
            run("bnn-run", model, *target, *fed, f"--expect={reference}")
            tried += 1
    print(f"{tried} tiles, the same outputs")


if __name__ == "__main__":
    main()
