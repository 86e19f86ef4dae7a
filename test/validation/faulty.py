#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether validation sees a pass that rewrites wrongly: faulty.py --work=DIR

Each fault is planted in the text of what a pass made. Some of the programs that it is planted in must
be found.
"""
import argparse
import os
import re
import sys

import execution
import subjects
import validate

# The pass, what is replaced in all that it made, and by what.
FAULTS = [
    ("onnx-fold", r"onnx\.Add ", "onnx.Sub "),
    ("onnx-insert-checks", r"arith\.cmpi eq,", "arith.cmpi ne,"),
    ("onnx-to-linalg", r"arith\.addf", "arith.subf"),
    ("bnn-raise", r"arith\.mulf", "arith.addf"),
    ("bnn-require-binary", r"onnx\.Add ", "onnx.Sub "),
    ("bnn-fuse", r"cmpf ogt", "cmpf olt"),
    ("bnn-fold-thresholds", r"cmpi ult", "cmpi ule"),
    ("bnn-fuse-elementwise", r"arith\.addf", "arith.mulf"),
    ("bnn-lower-kernels", r"arith\.xori (.*vector)", r"arith.andi \1"),
    ("bnn-plan-workspace", r"arith\.constant \d{3,} : index", "arith.constant 64 : index"),
    ("bnn-lower-checks", r"arith\.constant 2 : i32", "arith.constant 4 : i32"),
    ("bnn-expand-math", r"arith\.constant (dense<)?5\.000000e-01", r"arith.constant \g<1>7.500000e-01"),
]
# As many at a time, until a fault is in enough of them, or few have anything to plant it in.
PROGRAMS = 12
ENOUGH = 4
MOST = 48
# A planted text that is no IR is nobody's fault.
NOT_FOUND = ("what the pass made is not lowered", "the passes in front", "no reference")


def plant(options, tools, table, fault):
    """How many programs the fault is in, and what was found of it."""
    name, pattern, replacement = fault
    planted = []

    def mutate(text):
        changed = re.sub(pattern, replacement, text)
        planted.append(changed != text)
        return changed
    found = []
    for first in range(0, MOST, PROGRAMS):
        drawn = validate.draw(options, tools, table[name], range(first, first + PROGRAMS))
        items = validate.validate(tools, table[name], drawn, mutate)
        found += [item.fault for item in items if item.fault and not item.fault.startswith(NOT_FOUND)]
        if found and sum(planted) >= ENOUGH:
            break
    return sum(planted), found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    validate.add_tools(parser)
    options = parser.parse_args()
    tools = execution.Tools(options)
    table = subjects.make_subjects(tools.bnn_opt)
    missed = 0
    for fault in FAULTS:
        planted, found = plant(options, tools, table, fault)
        missed += not found
        print(f"{'ok  ' if found else 'FAIL'} {fault[0]}: planted in {planted}, found in {len(found)}: "
              f"{found[0][:150] if found else 'nothing'}", flush=True)
    print(f"{len(FAULTS)} faults planted, {missed} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
