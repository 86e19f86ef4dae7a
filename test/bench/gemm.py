# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generates and compiles one binary product with the kernels of a compiled model."""
import os
import re
import subprocess

import numpy as np

LANES = 16


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{' '.join(command[:2])}: status {result.returncode}\n{result.stderr}")
    return result.stdout


def layout_of_models(bnn_opt, model, cpu):
    """The module's `bnn.target` and whether words have parity, as a model compiled for `cpu` has
    them: the product is to be the one that models run."""
    text = run([bnn_opt, model, f"--mcpu={cpu}", "--emit=packed",
                "--mlir-elide-elementsattrs-if-larger=4", "-o", "-"])
    target = re.search(r"#bnn\.target<(?:[^<>]|<[^<>]*>)*>", text).group(0)
    return target, bool(re.search(r"#bnn\.rows<[^>]*parity = true", text))


def store_parity(words):
    """words[n, w] in the layout's order: every other one is the exclusive or of all up to it."""
    sums = np.bitwise_xor.accumulate(words, axis=1)
    return np.where(np.arange(words.shape[1]) % 2 == 0, sums, words)


def module(rows, outputs, inputs, weights, target, parity):
    """MLIR for i32 [rows, outputs] = bits [rows, inputs] * weights^T, on buffers."""
    order = ", parity = true" if parity else ""
    words = store_parity(weights) if parity else weights
    panels = words.reshape(outputs // LANES, LANES, inputs // 32).transpose(0, 2, 1)
    packed = np.ascontiguousarray(panels).tobytes().hex().upper()
    shape = "x".join(map(str, panels.shape))
    lhs = f"memref<{rows}x{inputs}x!bnn.s1, #bnn.rows<word = 32, group = {inputs}{order}>>"
    rhs = (f"memref<{outputs}x{inputs}x!bnn.s1, #bnn.panels<lanes = {LANES}, word = 32, "
           f"group = {inputs}, out_group = {outputs}{order}>>")
    out = f"memref<{rows}x{outputs}xi32>"
    return f"""
module attributes {{bnn.target = {target}}} {{
  func.func @gemm(%x: {lhs}, %y: {out}) attributes {{llvm.emit_c_interface}} {{
    %w = bnn.constant dense<"0x{packed}"> : tensor<{shape}xi32> -> {rhs}
    bnn.matmul %x, %w outs(%y : {out}) : {lhs}, {rhs} {{
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }}
    return
  }}
}}
"""


def build(tools, cpu, shape, folder):
    """Writes weights.bin ([N][K/32] words) and gemm.so into `folder`.

    tools has the paths bnn_opt, llvm (a folder) and source, and tiny, a model that tells the
    layout; shape is (M, N, K), N a multiple of 32 and K of 32."""
    rows, outputs, inputs = shape
    os.makedirs(folder, exist_ok=True)
    weights = np.random.default_rng(1).integers(0, 1 << 32, (outputs, inputs // 32),
                                                dtype=np.uint32)
    weights.tofile(f"{folder}/weights.bin")
    target, parity = layout_of_models(tools.bnn_opt, tools.tiny, cpu)
    with open(f"{folder}/gemm.mlir", "w") as file:
        file.write(module(rows, outputs, inputs, weights, target, parity))
    # Scratch memory is the caller's in a model: no allocation is timed here either.
    run([tools.bnn_opt, f"{folder}/gemm.mlir", "--bnn-phase-tile=entry=false",
         f"--promote-buffers-to-stack=max-alloc-size-in-bytes={1 << 20}",
         "--bnn-phase-llvm=entry=false", "-o", f"{folder}/llvm.mlir"])
    # mlir-translate does not know our dialect, and nothing reads this any more.
    with open(f"{folder}/llvm.mlir", "r+") as file:
        text = re.sub(r"\Amodule attributes \{.*\} \{$", "module {", file.read(), count=1,
                      flags=re.MULTILINE)
        file.seek(0)
        file.truncate()
        file.write(text)
    run([f"{tools.llvm}/mlir-translate", "--mlir-to-llvmir", f"{folder}/llvm.mlir",
         "-o", f"{folder}/gemm.ll"])
    run([f"{tools.llvm}/opt", "-O3", f"-mcpu={cpu}", "-mtriple=x86_64-linux-gnu",
         f"{folder}/gemm.ll", "-o", f"{folder}/gemm.bc"])
    run([f"{tools.llvm}/llc", "-O3", f"-mcpu={cpu}", "-mtriple=x86_64-linux-gnu",
         "--relocation-model=pic", "--filetype=obj", f"{folder}/gemm.bc",
         "-o", f"{folder}/gemm.o"])
    run([f"{tools.llvm}/clang", "-O3", f"-march={cpu}", "-std=c11", "-shared", "-fPIC",
         f"-DM={rows}", f"-DN={outputs}", f"-DK={inputs}", f"-DPARITY={int(parity)}",
         f"{tools.source}/gemm_entry.c", f"{folder}/gemm.o", "-o", f"{folder}/gemm.so"])
    return f"{folder}/gemm.so", f"{folder}/weights.bin"
