#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a model in two goes: go_on.py MODEL FOLDER FLAGS...

The IR that each phase leaves goes on to an object and a header, which must be those of one go, byte
for byte. Only what is not decided yet when the IR is written is said again: everything after the
import, the optimisation level always.
"""
import filecmp
import os
import subprocess
import sys

PHASES = ("import", "fold", "raise", "fuse", "pack", "bufferize", "tile", "llvm")
model, folder, *flags = sys.argv[1:]
os.makedirs(folder, exist_ok=True)


def bnn_opt(source, *arguments):
    subprocess.run(["bnn-opt", source, *arguments], check=True)


bnn_opt(model, *flags, "-O1", "-o", f"{folder}/model.o")
for phase in PHASES:
    bnn_opt(model, *flags, f"--compile-to={phase}", "-o", f"{folder}/{phase}.mlir")
    bnn_opt(f"{folder}/{phase}.mlir", "--emit=obj", "-O1", *(flags if phase == "import" else ()),
            "-o", f"{folder}/{phase}.o")
    for suffix in ("o", "h"):
        if not filecmp.cmp(f"{folder}/model.{suffix}", f"{folder}/{phase}.{suffix}", shallow=False):
            sys.exit(f"from phase {phase} comes another .{suffix}")
print(len(PHASES), "phases go on")
