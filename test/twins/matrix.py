#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the kernels of an instruction set and compares every output with NumPy.

The modules of cases.py are compiled as a user compiles (`bnn-opt --emit=obj --mcpu=...`), for the
strategy that --isa names or through the reference lowering, and run, under an emulator where it is
another architecture. --refuse-tiles runs them where the system refuses the registers of AMX.
Outputs must be equal to the last bit, save that NaN is one value and that of attention those are
compared that exp does not decide by its last digits. A case is an output in a run with some number
of rows. --every runs each kernel with each length, which takes five to ten minutes.
"""
import argparse
import ctypes
import os
import re
import sys

import numpy as np

import activation_products
import cases
import model
import modules
from kernels import Emulated, Library, plain, run
from harness import Failure  # kernels.py says where it is

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The strategy, and what makes bnn-opt choose it.
ISAS = {
    "reference": ["--reference", "--mcpu=x86-64-v3"],
    "portable": ["--strategy=portable", "--mcpu=x86-64-v3"],
    "avx2": ["--mcpu=x86-64-v3"],
    "avx512": ["--mcpu=skylake-avx512"],
    "avx512-vpopcntdq": ["--mcpu=icelake-server"],
    "neon": ["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a76"],
    "armv7-neon": ["--mtriple=armv7-linux-gnueabihf", "--mcpu=cortex-a7"],
    "mve": ["--strategy=mve", "--mcpu=x86-64-v3"],
    # As near to a microcontroller as runs on Linux.
    "cortex-m": ["--mtriple=thumbv7-linux-gnueabihf", "--mcpu=cortex-a7", "--mattr=-neon", "--strategy=cortex-m"],
    # The products of bytes alone: all else is as on the CPU without, or with.
    "amx": ["--mcpu=sapphirerapids"],
    "i8mm": ["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a76", "--mattr=+i8mm"],
    "neon-without-dotprod": ["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a72"],
    "avx2-small": ["--mcpu=x86-64-v3"],
    "avx512-small": ["--mcpu=skylake-avx512"],
}
# Those that are another's strategy, with an instruction more or less, or other weights.
OTHERS = {"amx": "avx512-vpopcntdq", "i8mm": "neon", "neon-without-dotprod": "neon", "avx2-small": "avx2",
          "avx512-small": "avx512"}
MODULES = {"amx": cases.tile_modules, "i8mm": cases.square_modules, "neon-without-dotprod": cases.byte_modules,
           "avx2-small": cases.small_modules, "avx512-small": cases.small_modules}
# How a run's end is told, by a library and by a program.
STATUSES = {f"returned {cases.STATUS_SHAPE}": cases.STATUS_SHAPE, "an input's shape is not": cases.STATUS_SHAPE,
            f"returned {cases.STATUS_INDEX}": cases.STATUS_INDEX, "an index, such as": cases.STATUS_INDEX}
WITH_TABLE = ["avx2", "avx512"]
# Whose products of two activations of bytes are none of another's.
TAKES_ACTIVATIONS = set(ISAS) - set(OTHERS) | {"neon-without-dotprod"}


def assert_complete():
    """Every strategy has a row above, and every op a model."""
    listed = set(re.findall(r"^  (\S+) +\S+$", run(["bnn-opt", "--print-targets"]), re.MULTILINE))
    assert listed == set(ISAS) - {"reference", *OTHERS}, f"the strategies are {sorted(listed)}"
    with open(os.path.join(ROOT, "dialects", "BNN", "BNNOps.td")) as file:
        ops = model.ops_of_dialect(file.read())
    assert ops == set(model.MODELS), f"the ops are {sorted(ops)}"


def assert_strategy(isa, path):
    """The flags of `isa` choose the strategy of that name."""
    with open(path + ".mlir", "w") as file:
        file.write(cases.checks_module().text(None))
    if isa != "reference":
        fused = run(["bnn-opt", path + ".mlir", *ISAS[isa], "--compile-to=fuse"])
        assert f'#bnn.target<strategy = "{OTHERS.get(isa, isa)}"' in fused, f"the strategy is not {isa}"


ARCH_PRCTL, ARCH_GET_XCOMP_PERM, XTILEDATA = 158, 0x1022, 18


def has_tiles():
    """Whether this process was given the registers of AMX."""
    permitted = ctypes.c_uint64()
    if ctypes.CDLL(None).syscall(ARCH_PRCTL, ARCH_GET_XCOMP_PERM, ctypes.byref(permitted)):
        return False
    return bool(permitted.value >> XTILEDATA & 1)


def refuse_tiles(options):
    """Has the system refuse them to this process and what it starts."""
    path = os.path.join(options.work, "no_amx.so")
    run([options.cc, "-shared", "-fPIC", os.path.join(ROOT, "test", "bench", "no_amx.c"), "-o", path])
    ctypes.CDLL(path)


def compile_object(text, path, flags, edit=None):
    """Writes path.o; `edit` changes the IR after the phase tile."""
    with open(path + ".mlir", "w") as file:
        file.write(text)
    command = ["bnn-opt", path + ".mlir", *flags]
    if edit:
        with open(path + ".tile.mlir", "w") as file:
            file.write(edit(run([*command, "--compile-to=tile"])))
        command = ["bnn-opt", path + ".tile.mlir"]
    run([*command, "--emit=obj", "-o", path + ".o"])


def different(actual, expected):
    a, b = plain(actual), plain(expected)
    if a.shape != b.shape:
        return f"shape {a.shape}"
    wrong = np.argwhere(a != b)
    if not len(wrong):
        return None
    at = tuple(wrong[0])
    return f"{len(wrong)} of {a.size} values differ, first at {at}: {actual[at]!r}, NumPy has {expected[at]!r}"


def run_rows(module, program):
    """Returns (cases, failures) of a module of rows."""
    count, failures = 0, []
    for number, rows in enumerate(module.rows):
        # Windows of few rows begin at different patterns.
        start = number * 5 % (module.pool_size - rows + 1)
        results = program.run(module.feeds(start, rows), {module.symbol: rows})
        for kind, (name, _, _, _, expected) in zip(module.kinds, module.outputs):
            count += 1
            wrong = different(results[name], expected[start:start + rows])
            if wrong:
                failures.append(f"{kind} M={rows}: {wrong}")
    return count, failures


def run_attention(module, program):
    """The same of a module of attention."""
    count, failures = 0, []
    rng = np.random.default_rng(7)
    for number, tokens in enumerate(cases.ROWS):
        sizes = {"batch": 1 + number % 2, "tokens": tokens}
        feeds = {name: np.asarray(generator(rng, modules.size(dims, sizes)), modules.ELEMENTS[element])
                 for name, element, dims, generator in module.inputs}
        results = program.run(feeds, sizes)
        for name, _, dims, _, check in module.outputs:
            count += 1
            try:
                check(feeds, results[name])
            except AssertionError as error:
                failures.append(f"attention {dims} {sizes}: {error}")
    return count, failures


def run_checks(module, program):
    """The same of the module of checks."""
    count, failures = 0, []
    name, _, _, _, expected = module.outputs[0]
    for ids, status in cases.check_runs():
        count += 1
        try:
            wrong = different(program.run({"in0": ids}, {"few": len(ids)})[name], expected(ids))
            returned = 0
        except (RuntimeError, Failure) as error:
            wrong, returned = None, next((code for text, code in STATUSES.items() if text in str(error)), str(error))
        if returned != status:
            wrong = f"returned {returned}"
        if wrong:
            failures.append(f"checks of {ids}: {wrong}")
    return count, failures


def load(module, path, options):
    if options.emulator:
        return Emulated(module, path, options.target_cc, options.emulator)
    return Library(module, path, options.cc)


def run_isa(options):
    number = list(ISAS).index(options.isa)
    count, failures = 0, []
    if options.isa in OTHERS:
        work = [(module, run_rows) for module in MODULES[options.isa](number)]
    else:
        work = [(module, run_rows) for module in cases.row_modules(number, options.every, options.isa in WITH_TABLE)]
        work += [(cases.attention_module(number, options.every), run_attention), (cases.checks_module(), run_checks)]
    if options.isa in TAKES_ACTIVATIONS:
        work.append((activation_products.module(number, max(cases.ROWS)), run_attention))
    for module, execute in work:
        if options.filter not in module.name:
            continue
        path = os.path.join(options.work, module.name)
        compile_object(module.text(None), path, ISAS[options.isa])
        done, wrong = execute(module, load(module, path, options))
        print(f"{module.name}: {len(module.outputs)} outputs, {done} cases, {len(wrong)} wrong", flush=True)
        count, failures = count + done, failures + wrong
    return count, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isa", choices=ISAS, required=True)
    parser.add_argument("--every", action="store_true", help="each kind of kernel with each length")
    parser.add_argument("--filter", default="")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--emulator")
    parser.add_argument("--target-cc")
    parser.add_argument("--expect", type=int, help="the number of cases")
    parser.add_argument("--refuse-tiles", action="store_true", help="run amx where the system does")
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    if options.refuse_tiles and options.isa != "amx":
        parser.error("--refuse-tiles is for --isa=amx")
    os.makedirs(options.work, exist_ok=True)
    if options.refuse_tiles:
        refuse_tiles(options)
    assert_complete()
    assert_strategy(options.isa, os.path.join(options.work, "strategy"))
    assert not has_tiles(), "this process has tiles before it ran anything"
    count, failures = run_isa(options)
    assert has_tiles() == (options.isa == "amx" and not options.refuse_tiles), "who has tiles is not who asked"
    for failure in failures[:20]:
        print("FAIL " + failure)
    print(f"{options.isa}: {count} cases of {len(model.MODELS)} ops against NumPy, {len(failures)} failed")
    if options.expect not in (None, count):
        print(f"expected {options.expect}")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
