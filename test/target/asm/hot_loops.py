#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles kernels to assembly and checks their hot loops.

For each KERNEL of kernels.py, the module is compiled with bnn-opt for --mtriple and --mcpu. No
innermost loop of any function may hold a call. A loop is hot when it holds an instruction that
--hot matches; a hot loop may not touch the stack: no spill, no reload. --stack KERNEL=N allows a
kernel's hot loops N such instructions. The hot loops are printed, the one with the most hot
instructions first, one a line:

  product: matmul: 16 hot of 85, 0 on the stack

With --assembly FILE that file is checked in place of the kernels.

Exits with 1 when a kernel has no hot loop, or when one of its loops breaks a rule.
"""
import argparse
import os
import re
import subprocess
import sys

import kernels
from loops import functions, innermost_loops, is_call

HERE = os.path.dirname(os.path.abspath(__file__))
# A memory operand on the stack. %rbp and x29 are ordinary registers unless they point to the frame.
STACK = r"\(%rsp|\[sp\b"
FRAMES = {"movq %rsp, %rbp": r"|\(%rbp\)", "mov x29, sp": r"|\[x29\b"}


def compile_kernel(name, options):
    """The assembly of a kernel; it stays in the work folder."""
    os.makedirs(options.work, exist_ok=True)
    path = os.path.join(options.work, name)
    with open(path + ".mlir", "w") as file:
        file.write(kernels.module(name))
    command = ["bnn-opt", path + ".mlir", "--emit=asm", f"--mtriple={options.mtriple}",
               f"--mcpu={options.mcpu}", "-o", path + ".s"]
    command += [f"--{flag}={value}" for flag, value in
                (("mattr", options.mattr), ("strategy", options.strategy)) if value]
    subprocess.run(command, check=True)
    with open(path + ".s") as file:
        return file.read()


def stack_operand(lines):
    """What matches an operand on the stack of a function."""
    return re.compile(STACK + "".join(pattern for setup, pattern in FRAMES.items()
                                      if any(line.startswith(setup) for line in lines)))


def touches_stack(lines, stack):
    """The instructions of a loop that load from the stack or store to it. ARM's vectors have no operand for that:
    their address goes through a register."""
    touches, addresses = [], set()
    for line in lines:
        if stack.search(line) or any(re.search(rf"(\[{address}\b|^v(st|ld)m\w* {address}\b)", line)
                                     for address in addresses):
            touches.append(line)
        written = re.match(r"(\w+)\S* (\w+),", line)
        if written and not re.match(r"v?st|cmp|tst", line):
            addresses.discard(written.group(2))
        address = re.match(r"add\S* (\w+), sp, #|mov (\w+), sp$", line)
        if address:
            addresses.add(address.group(1) or address.group(2))
    return touches


def check(kernel, text, options, most_on_stack):
    """Prints the hot loops of a kernel and returns what is wrong."""
    wrong, found = [], []
    hot = re.compile(rf"(?:{options.hot})\b")
    for function, lines in functions(text).items():
        stack = stack_operand(lines)
        for loop in innermost_loops(function, lines):
            calls = [line for line in loop.lines if is_call(line)]
            if calls:
                wrong.append(f"{kernel}: {function}: a loop calls: {calls[0]}")
            marks = sum(bool(hot.match(line)) for line in loop.lines)
            if not marks:
                continue
            touches = touches_stack(loop.lines, stack)
            found.append((marks, len(loop.lines), len(touches), function))
            if len(touches) > most_on_stack:
                wrong.append(f"{kernel}: {function}: a hot loop of {len(loop.lines)} instructions "
                             f"touches the stack {len(touches)} times, {most_on_stack} allowed: "
                             + "; ".join(touches[:3]))
    for marks, size, touches, function in sorted(found, reverse=True):
        print(f"{kernel}: {function}: {marks} hot of {size}, {touches} on the stack")
    if not found:
        wrong.append(f"{kernel}: no innermost loop has {options.hot}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="*", metavar="KERNEL")
    parser.add_argument("--assembly", metavar="FILE")
    parser.add_argument("--mtriple")
    parser.add_argument("--mcpu")
    parser.add_argument("--mattr")
    parser.add_argument("--strategy")
    parser.add_argument("--hot", required=True, metavar="REGEX")
    parser.add_argument("--stack", action="append", default=[], metavar="KERNEL=N")
    parser.add_argument("--work")
    options = parser.parse_args()
    allowed = dict(text.split("=") for text in options.stack)
    wrong = []
    if options.assembly:
        with open(options.assembly) as file:
            wrong += check("file", file.read(), options, int(allowed.get("file", 0)))
    for kernel in options.kernels:
        text = compile_kernel(kernel, options)
        wrong += check(kernel, text, options, int(allowed.get(kernel, 0)))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
