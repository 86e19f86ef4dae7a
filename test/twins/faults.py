#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plants a fault in a kernel's IR, one after the other, and sees the matrix find each.

Without its fault the same kernel must pass.
"""
import argparse
import os
import re
import sys

import numpy as np

import cases
from kernels import Library
from matrix import ISAS, compile_object, run_rows


def replace(old, new):
    def edit(text):
        changed = re.sub(old, new, text)
        assert changed != text, f"nothing to replace: {old}"
        return changed
    return edit


# What is wrong with the reference lowering may be wrong with the kernels too: no twin sees it.
FAULTS = [
    ("a byte counts 32 pairs of words, one too many", "avx2", cases.xor_count, 2049, 17,
     replace(r"(%c0 to %c32 step) %c16( .*\n.* arith.addi %\w+,) %c16 ", r"\1 %c32\2 %c32 ")),
    ("an entry of a table is one too high", "avx2", cases.xor_count, 64, 65, replace('"0x0011', '"0x0012')),
    ("a sum of f32 is rounded twice", "avx2", cases.fma, 33, 17,
     replace(r"%(\w+) = math.fma (%\w+), (%\w+), (%\w+) : (.*)",
             r"%product\1 = arith.mulf \2, \3 : \5\n%\1 = arith.addf %product\1, \4 : \5")),
    ("a lane past the end counts", "avx2", cases.reduction("max"), 17, 1,
     replace(r"select (%\w+), (%\w+), (%\w+)( : .*\n.* = vector.extract)", r"select \1, \2, \2\4")),
    ("bytes of weights are taken as unsigned", "avx2", cases.DOTS_OF_BYTES[0], 33, 17,
     replace(r"arith.shrsi( .* : vector<32xi16>)", r"arith.shrui\1")),
    ("a byte of the last ones is left out", "portable", cases.DOTS_OF_BYTES[1], 43, 17,
     replace(r"arith.shli (%\w+), %c16_i32", r"arith.shli \1, %c8_i32")),
    ("the reference brings bytes into a range that ends too soon", "reference", cases.DOTS_OF_BYTES[0], 33, 3,
     replace("2.550000e\\+02", "2.540000e+02")),
    ("the reference takes 0 for +1", "reference", cases.xor_count, 33, 3, replace("cmpf ogt", "cmpf oge")),
    ("the reference adds up in another order", "reference", cases.reduction("add"), 65, 1,
     replace(r"arith.remui (%\w+), %c16", r"arith.divui \1, %c8")),
]


def failures_of(fault, path, cc, planted):
    _, isa, kind, k, n, edit = fault
    module = cases.Matrix("fault", np.random.default_rng(1), "few", cases.FEW_ROWS, cases.FEW_POOL)
    cases.fill(module, [(kind, k, n)])
    compile_object(module.text(None), path, ISAS[isa], edit if planted else None)
    return run_rows(module, Library(module, path, cc))[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    missed = 0
    for number, fault in enumerate(FAULTS):
        path = os.path.join(options.work, f"fault{number}")
        right = failures_of(fault, path, options.cc, planted=False)
        wrong = failures_of(fault, path + ".planted", options.cc, planted=True)
        found = wrong and not right
        missed += not found
        print(f"{'found' if found else 'MISSED'}: {fault[0]}: {wrong[0] if wrong else 'nothing'}")
        for failure in right:
            print(f"  without the fault: {failure}")
    print(f"{len(FAULTS)} faults planted, {len(FAULTS) - missed} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
