#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Multiply-accumulates a cycle of a kernel's inner loops, by llvm-mca's model of a CPU.

Compiles the kernel as hot_loops.py does, takes the innermost loops that hold the most instructions
that --hot matches, or --count of them, lets llvm-mca run --iterations of each, and compares the slowest of them with
--least. A hot instruction counts the bits of one vector of --bits; each bit is one
multiply-accumulate, unless --words says that so many words need fewer counts, as in a carry-save
adder: 3/2. What llvm-mca does not model (caches, the branch predictor) is not in the result. With
--assembly FILE the loops of that file are taken in place of a kernel's.
"""
import argparse
import fractions
import re
import subprocess
import sys

import kernels
from hot_loops import compile_kernel
from loops import functions, innermost_loops


def cycles(lines, options):
    """Cycles of one iteration of a loop."""
    # llvm-mca takes straight code: the jump back stays as an instruction to a label of its own.
    labels = {label for line in lines for label in re.findall(r"\.L\w+", line)}
    text = "".join(f"{line}\n" for line in lines) + "".join(f"{label}:\n" for label in sorted(labels))
    result = subprocess.run(
        ["llvm-mca", f"-mtriple={options.mtriple}", f"-mcpu={options.model}",
         f"-iterations={options.iterations}"], input=text, capture_output=True, text=True)
    total = re.search(r"Total Cycles:\s*(\d+)", result.stdout)
    if result.returncode or not total:
        raise SystemExit(f"llvm-mca: {result.stderr}")
    return int(total.group(1)) / options.iterations


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel", choices=kernels.KERNELS, nargs="?")
    parser.add_argument("--assembly", metavar="FILE")
    parser.add_argument("--mtriple", required=True)
    parser.add_argument("--mcpu", help="what the kernel is compiled for")
    parser.add_argument("--model", required=True, help="the CPU that llvm-mca models")
    parser.add_argument("--mattr")
    parser.add_argument("--strategy")
    parser.add_argument("--hot", required=True, metavar="REGEX")
    parser.add_argument("--count", type=int, help="hot instructions of the loops that are looked at")
    parser.add_argument("--bits", type=int, default=128)
    parser.add_argument("--words", type=fractions.Fraction, default=fractions.Fraction(1))
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--least", type=float, required=True)
    parser.add_argument("--work")
    options = parser.parse_args()
    if not options.assembly and not (options.kernel and options.mcpu and options.work):
        parser.error("name a kernel with --mcpu and --work, or --assembly")
    hot = re.compile(rf"(?:{options.hot})\b")
    if options.assembly:
        with open(options.assembly) as file:
            text = file.read()
    else:
        text = compile_kernel(options.kernel, options)
    name, loops = options.kernel or "file", []
    for function, lines in functions(text).items():
        for loop in innermost_loops(function, lines):
            loops.append((sum(bool(hot.match(line)) for line in loop.lines), loop))
    most = options.count or max(count for count, _ in loops)
    if not most or most not in [count for count, _ in loops]:
        raise SystemExit(f"{name}: no innermost loop has {options.count or ''} {options.hot}")
    slowest = None
    for count, loop in loops:
        if count != most:
            continue
        rate = float(count * options.bits * options.words) / cycles(loop.lines, options)
        print(f"{name}: {loop.function}: {count} hot of {len(loop.lines)}: "
              f"{rate:.1f} multiply-accumulates a cycle on {options.model}")
        slowest = rate if slowest is None else min(slowest, rate)
    if slowest < options.least:
        print(f"{name}: {slowest:.1f} a cycle are below {options.least}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
