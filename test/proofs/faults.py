#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether a proof fails where the IR is wrong: faults.py

In the kernels of a few products each vector instruction is swapped for another in turn: of every
such kernel, proofs.py must find an output that is not what it should be, with numbers for which it
is not. In loops of long rows, the same for steps.py, and for chunks of which counters overflow; and
for adders.py in the first of its loops.
"""
import argparse
import re
import sys

import adders
import ir
import loops
import proofs
from forms import Unproved
from prove import product_of
from products import compile_ir
from strategies import read_strategies

SWAPPED = {"xor": "and", "and": "or", "or": "and", "add": "sub", "sub": "add", "shl": "lshr", "lshr": "shl"}
# A strategy, a dot, an element and how many there are in a row.
KERNELS = [("neon", "and_count", "u1", 70), ("avx2", "xor_count", "s2", 70), ("avx512", "xor_count", "s1", 70),
           ("avx2", "byte_table", "u1", 33)]
LOOPS = ("avx2", "xor_count", "s1", 2100)
ADDERS = ("cortex-m", "xor_count", "s2", 1060)


def mutants(text):
    """(line, text) of IR with one instruction swapped."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        match = re.match(rf"(  %\w+ = )({'|'.join(SWAPPED)})( <.*)", line)
        if match:
            changed = match[1] + SWAPPED[match[2]] + match[3]
            yield line.strip(), "\n".join([*lines[:at], changed, *lines[at + 1:]])


def loop_mutants(text):
    """The same, in blocks that end an iteration of a loop; and chunks of other sizes."""
    functions = ir.Module(text).functions.values()
    inside = {line for f in functions for block in f.headers.values() for line in f.blocks[block]}
    for line, mutant in mutants(text):
        if line in inside:
            yield line, mutant
    lines = text.splitlines()
    numbers = set(re.findall(r"(%\w+) = phi i64", text))
    for at, line in enumerate(lines):
        chunk = re.match(r"(  %\w+ = add i64 (%\w+), )(\d+)$", line)
        if chunk and chunk[2] in numbers and int(chunk[3]) > 4:
            yield line.strip(), "\n".join([*lines[:at], f"{chunk[1]}{int(chunk[3]) + 48}", *lines[at + 1:]])


def adder_mutants(text):
    """The same of the first loop of adders.py; and what it begins with, and how it goes on."""
    function, header = next((f, header) for f in ir.Module(text).functions.values() for header in f.headers
                            if adders.is_adder(f.parts(header)[0]))
    inside = {*function.parts(header)[0], *function.blocks[function.headers[header]]}
    lines = text.splitlines()
    for at, line in enumerate(lines):
        for pattern, changed in ((r"( = phi i32 .*\[ )0(, .*)", "1"), (r"( = add i32 %\w+, )16($)", "14"),
                                 (r"( = )(?:xor)( i32 .*)", "and"), (r"( = )(?:and)( i32 .*)", "or")):
            mutant = re.sub(pattern, rf"\g<1>{changed}\g<2>", line)
            if mutant != line and line.strip() in inside:
                yield line.strip(), "\n".join([*lines[:at], mutant, *lines[at + 1:]])


def prove_adders(product, text):
    adders.prove(product, ADDERS[1], text)


def prove_outputs(product, text):
    module = ir.Module(text)
    proofs.prove_kernel(product, module, proofs.Claims(module.tables))


def judge(proof, product, text):
    """What a proof says of a faulty kernel; None where it finds nothing."""
    try:
        proof(product, text)
    except (Unproved, ir.Unknown) as error:
        return str(error)
    return None


def main():
    sys.setrecursionlimit(1000000)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=1, help="leave out all faults but each of so many")
    parser.add_argument("--verbose", action="store_true", help="what is found in each")
    options = parser.parse_args()
    strategies = {strategy.name: strategy for strategy in read_strategies()}
    total = examples = 0
    missed = []
    work = [(*kernel, prove_outputs, mutants) for kernel in KERNELS]
    work += [(*LOOPS, loops.prove, loop_mutants), (*ADDERS, prove_adders, adder_mutants)]
    for name, kind, element, elements, proof, change in work:
        product = product_of(strategies[name], kind, element, elements)
        right = compile_ir(product.text())
        if judge(proof, product, right) is not None:
            missed.append(f"{name} {kind} {element}: fails without a fault")
        for line, text in list(change(right))[::options.each]:
            total += 1
            found = judge(proof, product, text)
            if found is None:
                missed.append(f"{name} {kind} {element}: {line[:120]}")
            elif ", and should be " in found:
                examples += 1
            if options.verbose:
                print(f"{line[:80]}: {found}")
    for line in missed:
        print(f"MISSED {line}")
    print(f"{total} faults in kernels, {examples} shown by a counterexample, {len(missed)} not found")
    return 1 if missed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
