# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tools do with outputs that cannot be: in each other's place or an input's, and such
that cannot be written.

    outputs.py MODEL EXTERNAL FOLDER

MODEL is an ONNX file, EXTERNAL one with weights.bin beside it. Each run must end with code 2 and
say why, and leave the folder as it was: no file more, less or different.
"""
import os
import resource
import shutil
import subprocess
import sys

import numpy as np

IR = """func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }\n"""


def contents(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.islink(path):
            found[name] = os.readlink(path)
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                found[name] = file.read()
    return found


def make_folder(model, external, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "sub"))
    os.chdir(folder)
    shutil.copy(model, "in.onnx")
    shutil.copy(external, "e.onnx")
    shutil.copy(os.path.join(os.path.dirname(external), "weights.bin"), ".")
    os.link("in.onnx", "hard.o")
    os.symlink("in.onnx", "soft.o")
    os.symlink("new.h", "dangling.txt")
    os.symlink(".", "here")
    with open("in.mlir", "w") as file:
        file.write(IR)
    # The output of e.onnx has this name.
    np.save("y.npy", np.zeros((2, 4), np.float32))
    with open("table.txt", "w") as file:
        file.write("avx2 2 2\n")


INPUT, SAME = "would replace", "would go to the same place"
IN = ["bnn-opt", "in.onnx"]
RUN = ["bnn-run", "e.onnx", "--input=x=y.npy"]
PLACES = [
    (IN + ["-o", "in.onnx"], INPUT), (IN + ["-o", "./in.onnx"], INPUT),
    (IN + ["-o", "sub/../in.onnx"], INPUT), (IN + ["-o", "here/in.onnx"], INPUT),
    (IN + ["-o", "hard.o"], INPUT), (IN + ["-o", "soft.o"], INPUT),
    (IN + ["-o", os.path.join("{folder}", "in.onnx")], INPUT),
    (IN + ["--emit=asm", "-o", "in.onnx"], INPUT),
    (IN + ["--compile-to=fold", "-o", "in.onnx"], INPUT),
    (IN + ["-o", "a.o", "--report-file=in.onnx"], INPUT),
    (IN + ["--strategy-table=table.txt", "-o", "table.txt"], INPUT),
    (["bnn-opt", "e.onnx", "-o", "weights.bin"], INPUT),
    (["bnn-opt", "e.onnx", "--compile-to=import", "-o", "./weights.bin"], INPUT),
    (["bnn-opt", "in.mlir", "-o", "here/in.mlir"], INPUT),
    (RUN + ["--output-dir=here"], INPUT),
    (IN + ["-o", "a.h"], SAME), (IN + ["-o", "a.o", "--report-file=a.o"], SAME),
    (IN + ["-o", "a.o", "--report-file=./a.h"], SAME),
    (IN + ["-o", "a.o", "--report-file=here/a.h"], SAME),
    (IN + ["-o", "new.o", "--report=text", "--report-file=dangling.txt"], SAME),
    (IN + ["--emit=asm", "--report=text"], SAME),
]

FULL = "No space left on device"
# Arguments, where the standard output goes, and what is said.
WRITES = [
    (IN + ["-o", "a.o", "--report-file=/dev/full"], None, "'/dev/full': " + FULL),
    (IN + ["-o", "a.o", "--report=text"], "/dev/full", FULL),
    (IN + ["-o", "a.o", "--report=json"], "pipe", "Broken pipe"),
    (IN + ["--emit=asm"], "/dev/full", "'<standard output>': " + FULL),
    (IN + ["--emit=asm"], "pipe", "'<standard output>': Broken pipe"),
    (IN + ["--compile-to=import"], "/dev/full", FULL),
    (IN + ["--emit=asm", "-o", "/dev/full"], None, "'/dev/full': " + FULL),
    (["bnn-opt", "in.mlir"], "/dev/full", FULL), (["bnn-opt", "in.mlir"], "pipe", "Broken pipe"),
    (["bnn-opt", "in.mlir", "-o", "/dev/full"], None, "'/dev/full': " + FULL),
    (["bnn-opt", "--help"], "/dev/full", FULL), (["bnn-opt", "--list-operators"], "pipe", "Broken"),
    (["bnn-opt", "--print-targets"], "/dev/full", FULL),
    (RUN, "/dev/full", FULL), (RUN + ["--output-dir=sub"], "pipe", "Broken pipe"),
    (["bnn-run", "--help"], "/dev/full", FULL), (["bnn-tune", "--help"], "pipe", "Broken pipe"),
    (["bnn-tune", "--rounds=1", "--shape=1x64x64", "--tile=1x1", "-o", "t.txt"], "/dev/full", FULL),
    (["bnn-tune", "--rounds=1", "--shape=1x64x64", "--tile=1x1", "-o", "/dev/full"], None, FULL),
]
# Files may have so many bytes.
LIMITS = [(IN + ["-o", "a.o"], 100), (IN + ["-o", "a.o", "--report-file=a.html"], 8192)]


def check(arguments, message, folder, stdout=subprocess.PIPE, **options):
    before = contents(folder)
    run = subprocess.run([a.format(folder=folder) for a in arguments], stdout=stdout,
                         stderr=subprocess.PIPE, text=True, timeout=100, **options)
    after = contents(folder)
    good = run.returncode == 2 and message in run.stderr and before == after
    if not good:
        print(f"{' '.join(arguments)}: code {run.returncode}, wanted is 2 and {message!r}\n"
              f"{run.stderr}{sorted(before)}\n{sorted(after)}")
    return good


def check_write(arguments, target, message, folder):
    if target == "pipe":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(target or "/dev/null", os.O_WRONLY)
    try:
        return check(arguments, message, folder, stdout=writer, restore_signals=True)
    finally:
        os.close(writer)


def main():
    model, external, folder = map(os.path.abspath, sys.argv[1:])
    make_folder(model, external, folder)
    good = [check(arguments, message, folder) for arguments, message in PLACES]
    good += [check_write(arguments, target, message, folder)
             for arguments, target, message in WRITES]
    good += [check(arguments, "File too large", folder, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (limit, limit))) for arguments, limit in LIMITS]
    # A terminal's stream that is gone is no reason to fail, and these are no one place.
    with open("/dev/full", "w") as full:
        subprocess.run(["bnn-opt", "in.onnx", "-o", "good.o"], stderr=full, check=True)
    subprocess.run(["bnn-opt", "in.mlir", "-o", "good.mlir"], check=True)
    with open("good.mlir") as file:
        good.append("func.func @main" in file.read())
    print(f"{sum(good)} of {len(good)} as they should be")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
