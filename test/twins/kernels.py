#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the kernels with the reference lowering, byte for byte, on random modules.

Each module of modules.py, planes.py, byte_products.py and forms.py is compiled through the reference
lowering for the host's floor and through the optimised one for --cpu, once a --tile ROWSxPANELS (what is
no product does not depend on the tile: the first one only). Both run on the same inputs, in every size; output
bytes must be equal, save that NaN is one value: its sign and payload mean nothing. What the
reference computes is compared with NumPy (model.py) as well: every output, to the last bit where
its op says so. The number of outputs compared must be --expect.
"""
import argparse
import ctypes
import itertools
import os
import re
import subprocess
import sys

import numpy as np

import byte_products
import forms
import modules
import planes

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import Program  # noqa: E402

PHASES = ["fuse", "pack", "bufferize", "tile", "llvm"]
ERROR_INDEX = 4
TRIPLES = {"aarch64": "aarch64-linux-gnu"}
# What a flag of --tile says that the CPU does with bytes in one instruction; "single": nothing, one by one.
BYTE_INSTRUCTIONS = {"dot64": ["dot_64_bytes"], "dot32": ["dot_32_bytes"], "sdot": ["dot_signed_16_bytes"],
                     "pairs32": ["multiply_32_pairs"], "pairs16": ["multiply_16_pairs"], "single": []}


class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("shape", ctypes.c_int64 * 8)]


def run(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stdout[-4000:]}{result.stderr[-4000:]}")
    return result.stdout


def parse_tile(text):
    """The `#bnn.target` of a tile, 2x1 or 2x1,bytes: see --tile."""
    size, *flags = text.split(",")
    rows, panels = size.split("x")
    tile = f"rows = {rows}, panels = {panels}"
    count = ", params = {count_bytes}" if "bytes" in flags else ""
    queries = ", queries = 2" if "queries2" in flags else ""
    parity = "" if "chain" in flags else ", parity = true"
    dots = [f"xor_count, {tile}{parity}{queries}{count}", f"and_count, {tile}{count}"]
    if "chain" in flags:
        dots.append(f"parity_chain, rows = {rows}, panels = 1")
    instructions = (["ternary_logic", "scale_floats"] if "avx512" in flags else
                    ["add_pairs", "shift_insert", "maximum_floats"] if "neon" in flags else [])
    for size, table in (("32", 2), ("64", 4)):
        if "table" + size in flags:
            dots.append(f"byte_table, rows = {table}, panels = 4")
            instructions.append(f"shuffle_{size}_bytes")
    for flag in flags:
        if flag in BYTE_INSTRUCTIONS:
            dots.append(f"dot_bytes, {tile}")
            instructions += BYTE_INSTRUCTIONS[flag]
    listed = ", ".join(f"#bnn.dot<{dot}>" for dot in dots)
    does = f', instructions = "{"|".join(instructions)}"' if instructions else ""
    return f'#bnn.target<strategy = "twin", dots = [{listed}]{does}>'


def compile_object(module, path, target, reference, cpu, triple):
    """Writes path.o."""
    with open(path + ".mlir", "w") as file:
        file.write(module.text(target))
    option = "=reference=true" if reference else ""
    llvm = run(["bnn-opt", path + ".mlir", *(f"--bnn-phase-{phase}{option}" for phase in PHASES)])
    # mlir-translate does not know our dialect's attributes.
    llvm = re.sub(r"^module attributes .*\{$", "module {", llvm, count=1, flags=re.MULTILINE)
    ir = run(["mlir-translate", "--mlir-to-llvmir"], input=llvm)
    machine = [f"-mtriple={triple}"] if triple else []
    # The reference is no kernel: what it computes is the same at any level.
    level = "-O0" if reference else "-O2"
    run(["llc", level, "-filetype=obj", "-relocation-model=pic", "-fp-contract=off", f"-mcpu={cpu}", *machine,
         "-o", path + ".o"], input=ir)


class Library:
    """A compiled module, loaded into this process."""

    def __init__(self, module, path, cc):
        run([cc, "-shared", path + ".o", "-o", path + ".so"])
        self.module = module
        self.library = ctypes.CDLL(path + ".so")
        self.library.model_workspace_size.restype = ctypes.c_size_t
        self.size = self.library.model_workspace_size()

    def run(self, feeds, sizes):
        keep = []

        def tensor(array):
            keep.append(array)
            return Tensor(array.ctypes.data, (ctypes.c_int64 * 8)(*array.shape))
        inputs = [tensor(np.ascontiguousarray(feeds[name])) for name, _, _, _ in self.module.inputs]
        results = {}
        for name, element, dims, _, _ in self.module.outputs:
            # Whatever is not written must not look like a result, nor what is past the end.
            array = np.full(modules.size(dims, sizes), 0x5a, np.uint8 if element == "i8" else
                            modules.ELEMENTS[element])
            results[name] = array
        outputs = [tensor(array) for array in results.values()]
        memory = np.full(self.size + 256, 0xa5, np.uint8)
        at = -memory.ctypes.data % 64
        status = self.library.model_run((Tensor * len(inputs))(*inputs), (Tensor * len(outputs))(*outputs),
                                        ctypes.c_void_p(memory.ctypes.data + at), None)
        if status:
            raise RuntimeError(f"{self.module.name}: model_run returned {status}")
        if (memory[:at] != 0xa5).any() or (memory[at + self.size:] != 0xa5).any():
            raise RuntimeError(f"{self.module.name}: wrote outside its workspace")
        return results


class Emulated:
    """A compiled module for another architecture, linked with a C program."""

    def __init__(self, module, path, cc, emulator):
        self.module = module
        work = path + ".program"
        os.makedirs(work, exist_ok=True)
        os.replace(path + ".o", os.path.join(work, "model.o"))
        with open(os.path.join(work, "model.h"), "w") as file:
            file.write('#include "bnn/types.h"\n'
                       "int32_t model_run(const bnn_tensor *, bnn_tensor *, void *, const bnn_options *);\n"
                       "size_t model_workspace_size(void);\n"
                       "const bnn_model_info *model_describe(uint32_t max_abi);\n")
        self.program = Program(work, cc, ["-static"], None, [emulator])

    def run(self, feeds, sizes):
        results = self.program.run(feeds)
        # It reads all outputs as f32.
        return {name: results[name].view(modules.ELEMENTS[element])
                for name, element, _, _, _ in self.module.outputs}


def plain(array):
    """The bits, with one NaN."""
    if array.dtype != np.float32:
        return array
    return np.where(np.isnan(array), np.int32(0x7fc00000), array.view(np.int32))


def all_sizes(module, few):
    symbols = sorted(module.dim_of)
    values = {"rows": modules.ROWS, "tokens": modules.TOKENS, "batch": [1, 2],
              "keys": modules.TOKENS[::-1]}
    if few:
        values = {"rows": [1, 9], "tokens": [17, 65], "batch": [2], "keys": [33, 1]}
    longest = max(len(values[s]) for s in symbols)
    # Each value of each symbol, side by side.
    return [{s: list(itertools.islice(itertools.cycle(values[s]), i, i + 1))[0] for s in symbols}
            for i in range(longest)]


def make_cases(module, reference, few):
    """(sizes, inputs, what the reference computes) of each size."""
    rng = np.random.default_rng(7)
    cases = []
    for sizes in all_sizes(module, few):
        feeds = {name: np.asarray(generator(rng, modules.size(dims, sizes)), modules.ELEMENTS[element])
                 for name, element, dims, generator in module.inputs}
        cases.append((sizes, feeds, reference.run(feeds, sizes)))
    return cases


def check_reference(module, cases):
    """Returns (outputs checked by NumPy, failures)."""
    checked, failures = 0, []
    for sizes, feeds, expected in cases:
        for name, _, dims, value, check in module.outputs:
            checked += 1
            try:
                check(feeds, expected[name])
            except AssertionError as error:
                failures.append(f"{module.name} {sizes} {name} {value} {dims}: NumPy disagrees with the "
                                f"reference about {error}")
    return checked, failures


def compare(module, cases, kernel, label):
    """Returns (outputs compared, failures)."""
    compared = 0
    failures = []
    for sizes, feeds, expected in cases:
        actual = kernel.run(feeds, sizes)
        for name, _, dims, value, _ in module.outputs:
            compared += 1
            a, b = plain(actual[name]), plain(expected[name])
            if a.shape != b.shape or not np.array_equal(a, b):
                wrong = np.argwhere(a != b)
                at = tuple(wrong[0])
                failures.append(f"{label} {sizes} {name} {value} {dims}: {len(wrong)} of {a.size} values differ, "
                                f"first at {at}: {actual[name][at]!r}, the reference has {expected[name][at]!r}")
    return compared, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu", required=True)
    parser.add_argument("--tile", action="append", required=True,
                        help="ROWSxPANELS[,bytes][,avx512][,neon][,queries2][,table32][,table64][,chain]"
                             "[,dot64|,dot32|,sdot|,pairs32|,pairs16|,single]")
    parser.add_argument("--triple")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--emulator")
    parser.add_argument("--target-cc")
    parser.add_argument("--few", action="store_true", help="two sizes of each module only")
    parser.add_argument("--filter", default="")
    parser.add_argument("--expect", type=int, required=True)
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)

    tiles = [(text, parse_tile(text)) for text in options.tile]
    total = numpy = 0
    failures = []
    work = [(m, tiles) for m in modules.matmul_modules() + planes.matmul_modules() +
            byte_products.matmul_modules()]
    work += [(m, tiles[:1]) for m in modules.other_modules() + planes.other_modules() +
             byte_products.other_modules() + forms.modules()]
    for module, its_tiles in work:
        if options.filter not in module.name:
            continue
        path = os.path.join(options.work, module.name)
        compile_object(module, path, parse_tile("1x1"), True, "x86-64-v3", None)
        # One reference for all tiles.
        cases = make_cases(module, Library(module, path, options.cc), options.few)
        checked, wrong = check_reference(module, cases)
        numpy, failures = numpy + checked, failures + wrong
        for text, tile in its_tiles:
            label = f"{module.name} {options.cpu} {text}"
            path = os.path.join(options.work, label.replace(" ", "-"))
            compile_object(module, path, tile, False, options.cpu, options.triple)
            if options.emulator:
                kernel = Emulated(module, path, options.target_cc, options.emulator)
            else:
                kernel = Library(module, path, options.cc)
            compared, wrong = compare(module, cases, kernel, label)
            print(f"{label}: {compared} outputs, {len(wrong)} wrong", flush=True)
            total, failures = total + compared, failures + wrong
    for failure in failures[:20]:
        print("FAIL " + failure)
    print(f"{total} outputs compared, {numpy} checked by NumPy, {len(failures)} failed")
    if total != options.expect:
        print(f"expected {options.expect}")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
