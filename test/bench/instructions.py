# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of instructions: `tools/dev bench --instructions`.

Whole runs of models on AArch64, counted under qemu-user by a plugin: those of two runs less those of one. Beside them
those that `bnn-opt --estimate` follows.
"""
import json
import os
import re
import subprocess
import sys

import gemm

HERE = os.path.dirname(os.path.abspath(__file__))
TRIPLE = "aarch64-linux-gnu"
CPUS = ("cortex-a55", "cortex-a76", "neoverse-v1")
LENGTHS = (128,)
DEMO_TOKENS = 16


class Counter:
    def __init__(self, bnn_opt, llvm, folder):
        self.bnn_opt, self.folder = bnn_opt, folder
        self.plugin = os.path.join(folder, "count_instructions.so")
        gemm.run([f"{llvm}/clang", "-O2", "-shared", "-fPIC", f"{HERE}/count_instructions.c", "-o", self.plugin])

    def executed(self, program, runs):
        """The instructions of a program that runs its model so often."""
        result = subprocess.run(["qemu-aarch64", "-cpu", "max", "-plugin", self.plugin, program, str(runs)],
                                capture_output=True, text=True)
        found = re.search(r"^instructions: (\d+)$", result.stderr, re.M)
        if result.returncode or not found:
            raise SystemExit(f"qemu-aarch64: status {result.returncode}\n{result.stderr}")
        return int(found[1])

    def count(self, model, tokens, cpu):
        """(instructions of a run, those of its estimate, multiply-accumulates of bits)."""
        target = [model, f"--input-shape=input_ids:1x{tokens}", f"--mtriple={TRIPLE}"]
        path = os.path.join(self.folder, "model")
        gemm.run([self.bnn_opt, *target, f"--mcpu={cpu}", "--prefix=model", "-o", f"{path}.o"])
        gemm.run(["aarch64-linux-gnu-gcc", "-std=c11", "-O2", "-static", f"-I{self.folder}",
                  "-Wall", "-Wextra", "-Werror", f"{HERE}/repeat_model.c", f"{path}.o", "-o", path])
        counted = self.executed(path, 2) - self.executed(path, 1)
        estimate, = json.loads(gemm.run([self.bnn_opt, *target, f"--estimate={cpu}", "--estimate-format=json",
                                         "-o", "-"]))
        operations = estimate["operations"]
        return counted, *(sum(op[what] for op in operations) for what in ("instructions", "binary_macs"))


def table(counter, models):
    """`models`: (name, file, tokens)."""
    lines = ["| model | tokens | core | instructions, millions | followed by the estimate | MAC/instruction |",
             "| --- " * 6 + "|"]
    for name, model, tokens in models:
        for cpu in CPUS:
            counted, followed, macs = counter.count(model, tokens, cpu)
            lines.append(f"| {name} | {tokens} | {cpu} | {counted / 1e6:.4g} | "
                         f"{100 * (followed / counted - 1):+.1f} % | {macs / counted:.0f} |")
    return "\n".join(lines) + "\n"


def main(bench, root, update, update_docs):
    folder = bench.path("instructions")
    os.makedirs(folder, exist_ok=True)
    counter = Counter(bench.tools.bnn_opt, bench.tools.llvm, folder)
    models = [("BiPFT-B", bench.onnx("bipft"), tokens) for tokens in LENGTHS]
    models.append(("the demo", os.path.join(root, "runtime/examples/intent/model.onnx"), DEMO_TOKENS))
    text = table(counter, models)
    sys.stdout.write(text)
    if update:
        update_docs(os.path.join(root, "docs", "performance.md"), {"counts": text}, "--instructions")
    return 0
