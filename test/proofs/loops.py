#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Proves a step of each loop of the kernels that count bits, and that no counter overflows.

    loops.py --elements=2100

prove.py shows what products of rows of some length are. Here, of each loop over words or digits,
one iteration is shown to add what it should to any state before it, at places that depend on the
iteration (steps.py): that is the step to rows of all lengths. Counters of bytes are added to wider
ones once in a while; from a step follows the most that it adds, and the number of steps between
two widenings is a constant of the IR.

A dot with `carry_save` has no such step: sixteen words are added up before any is counted, which
adders.py shows.
"""
import argparse
import sys

import ir
import proofs
from forms import Unproved
from prove import cases, product_of
from products import compile_ir
from steps import Steps
from strategies import read_dots, read_strategies


def prove(product, text):
    """Of all loops of a product's IR: what was proved, and the most that a counter of bytes reaches."""
    module = ir.Module(text)
    loops = Steps(product, proofs.Claims(module.tables), module, leaves=True)
    proofs.prove_loops(product, module, loops)
    return loops, loops.prove_chunks()


def main():
    sys.setrecursionlimit(1000000)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", required=True, help="of a row")
    parser.add_argument("--strategy", help="one only")
    parser.add_argument("--dot", help="one only")
    parser.add_argument("--expect", type=int, help="how many dots there must be, of all strategies and elements")
    options = parser.parse_args()
    done, failures, dots, steps, chunks, most = set(), [], 0, 0, 0, 0
    for strategy, kind, element in cases(read_strategies(), read_dots()):
        if options.strategy not in (None, strategy.name) or options.dot not in (None, kind):
            continue
        if "carry_save" in strategy.dots.get(kind, ""):
            continue
        dots += 1
        for elements in map(int, options.elements.split(",")):
            product = product_of(strategy, kind, element, elements)
            if product in done:
                continue
            done.add(product)
            try:
                loops, reached = prove(product, compile_ir(product.text()))
            except Unproved as error:
                failures.append(f"{strategy.name} {kind} {product}: {error}"[:1000])
                continue
            most = max(most, reached)
            steps, chunks = steps + loops.proved, chunks + len(loops.chunks)
    if options.expect not in (None, dots):
        failures.append(f"expected {options.expect} dots")
    for failure in failures:
        print(f"FAIL {failure}")
    print(f"{dots} dots: {steps} steps of loops of {len(done)} products proved for all states, {chunks} loops around "
          f"counters of bytes, which reach {most} at most, {len(failures)} failed")
    return 1 if failures or most > 255 or not chunks else 0


if __name__ == "__main__":
    sys.exit(main())
