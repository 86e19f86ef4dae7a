# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a model again and again, and compares bytes.

    determinism.py MODEL WORK [--count=50]

The object and the header of every compile must be those of the first one. What differs from one
compile to the next: the addresses that the kernel gives (it randomises them by itself, and a
larger environment moves the stack), the folder, how the paths are spelt, the locale, the time
zone, the number of threads, the user (where root runs this), and, for the second half, another
compile at the same time in the same folder.
"""
import argparse
import hashlib
import itertools
import os
import shutil
import subprocess

LOCALES = ["C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8"]
ZONES = ["UTC", "Asia/Tokyo", "America/St_Johns"]
THREADS = [[], ["--mlir-disable-threading"]]
# nobody and root.
USERS = [None, 65534]


class Compile:
    """One compile, in a folder of its own."""

    def __init__(self, model, work, number, folder=None):
        self.folder = folder or os.path.join(work, "deep/" * (number % 5) + f"folder {number}")
        self.output = f"model{number}.o"
        os.makedirs(self.folder, exist_ok=True)
        user = USERS[number % 2] if os.geteuid() == 0 else None
        source = os.path.join(self.folder, f"in{number}.onnx")
        shutil.copy(model, source)
        os.chmod(self.folder, 0o777)
        spelling = [source, os.path.basename(source), "./" + os.path.basename(source)][number % 3]
        environment = {**os.environ, "LC_ALL": LOCALES[number % 4], "TZ": ZONES[number % 3],
                       "HOME": self.folder, "PADDING": "x" * (number * 997 % 5000)}
        self.process = subprocess.Popen(
            ["bnn-opt", spelling, "--prefix=model", "--mcpu=x86-64-v3", *THREADS[number // 2 % 2], "-o", self.output],
            cwd=self.folder, env=environment, user=user, group=user, stderr=subprocess.PIPE, text=True)

    def digests(self):
        _, said = self.process.communicate()
        if self.process.returncode:
            raise SystemExit(f"{self.folder}: bnn-opt failed: {said}")
        found = []
        for name in (self.output, self.output.replace(".o", ".h")):
            with open(os.path.join(self.folder, name), "rb") as file:
                found.append(hashlib.sha256(file.read()).hexdigest())
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("work")
    parser.add_argument("--count", type=int, default=50)
    options = parser.parse_args()
    # A folder that every user may enter.
    os.umask(0o022)
    results = []
    numbers = itertools.count()
    while len(results) < options.count:
        running = [Compile(options.model, options.work, next(numbers))]
        if len(results) >= options.count // 2 and len(results) + 1 < options.count:
            running.append(Compile(options.model, options.work, next(numbers),
                                   running[0].folder))
        results += [compile_.digests() for compile_ in running]
    for number, found in enumerate(results):
        if found != results[0]:
            raise SystemExit(f"compile {number} has other bytes than the first: {found}, {results[0]}")
    print(f"{len(results)} compiles, the same bytes")


main()
