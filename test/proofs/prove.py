#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Proves what each dot of each strategy adds up, from the LLVM IR that is emitted for it.

    prove.py --elements=1,70,128
    prove.py --strategy=avx2 --dot=byte_table --elements=1000

For all inputs, all weights and all masks of zeros: the IR of a product runs on variables instead of
numbers (ir.py), and each of its outputs is shown to be the sum that the product stands for
(forms.py). Rows of any length are for loops.py and adders.py. The dots are those of `bnn-opt --print-targets`,
for each element that Dots.def has.
"""
import argparse
import sys

import ir
import proofs
from forms import Unproved
from products import Product, compile_ir
from strategies import read_dots, read_strategies

# The kinds of dots that byte_table counts for.
TABLE = "byte_table"
COUNTED = ("xor_count", "and_count")
# Counts for xor_count where weights are running parities.
CHAIN = "parity_chain"
# Those that add up floats, in the order of the elements: kernels.py and matrix.py of test/twins compare
# these.
FLOATS = ("signed_sum", "fma", "fma_bytes")
# Those that multiply variables, of which forms.py has no sums: matrix.py of test/twins compares their
# extremes, and what an instruction adds up is the manual's to say.
BYTES = ("dot_bytes",)
# The same by registers that are matrices, or have squares of sums: matrix.py again.
TILES = ("byte_tiles", "byte_squares")


def cases(strategies, dots):
    """(strategy, kind, element) of all dots that count bits."""
    listed = {kind for strategy in strategies for kind in strategy.dots}
    if set(dots) != {*COUNTED, *FLOATS, *BYTES} or not listed <= {*COUNTED, *FLOATS, *BYTES, TABLE, CHAIN, *TILES}:
        raise SystemExit(f"no proof for a dot among {', '.join(sorted({*dots, *listed}))}")
    for strategy in strategies:
        for kind in COUNTED:
            for element in dots[kind]:
                yield strategy, kind, element
        if TABLE in strategy.dots:
            for element in (element for kind in COUNTED for element in dots[kind]):
                yield strategy, TABLE, element
        if CHAIN in strategy.dots:
            for element in dots["xor_count"]:
                yield strategy, CHAIN, element


def number_after(text, name, default):
    """The integer of `name = 4` in the text of a dot."""
    parts = text.split(f"{name} = ")
    return int(parts[1].split(",")[0]) if len(parts) > 1 else default


def product_of(strategy, kind, element, elements):
    """A product with a whole tile of the dot, and rows and outputs that are none."""
    dot = strategy.dots.get(kind, "")
    rows, panels = number_after(dot, "rows", 1), number_after(dot, "panels", 1)
    planes = int(element[1])
    if kind == TABLE:  # from six planes on; a plane more is for the plain dot
        count, outputs = max(6, rows + 1) // planes + 1, 64
        chosen = strategy.dots
    else:
        count, outputs = max(1, rows // planes) + 1, 16 * panels + 5
        chosen = {name: text for name, text in strategy.dots.items() if name != TABLE}
    if kind != CHAIN:
        chosen = {name: text for name, text in chosen.items() if name != CHAIN}
    parity = strategy.has_parity() and element != "u1"
    return Product(element, count, elements, outputs, tuple(chosen.values()), strategy.instructions,
                   zeros=element == "s1", parity=parity, running=kind == CHAIN)


def prove(product, totals):
    module = ir.Module(compile_ir(product.text()))
    claims = proofs.Claims(module.tables)
    totals["paths"] += proofs.prove_kernel(product, module, claims)
    totals["equations"] += claims.count
    totals["distinct"] += len(claims.proved)


def main():
    sys.setrecursionlimit(1000000)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", default="1,70,128", help="of a row, of each product")
    parser.add_argument("--strategy", help="one only")
    parser.add_argument("--dot", help="one only")
    parser.add_argument("--expect", type=int, help="how many dots there must be, of all strategies and elements")
    options = parser.parse_args()
    totals = {"dots": 0, "products": 0, "paths": 0, "equations": 0, "distinct": 0}
    done, failures = set(), []
    for strategy, kind, element in cases(read_strategies(), read_dots()):
        if options.strategy not in (None, strategy.name) or options.dot not in (None, kind):
            continue
        totals["dots"] += 1
        for elements in map(int, options.elements.split(",")):
            product = product_of(strategy, kind, element, elements)
            if product in done:
                continue
            done.add(product)
            totals["products"] += 1
            try:
                prove(product, totals)
            except Unproved as error:
                failures.append(f"{strategy.name} {kind} {product}: {error}")
    for failure in failures:
        print(f"FAIL {failure}"[:2000])
    if options.expect not in (None, totals["dots"]):
        failures.append("another number of dots")
        print(f"expected {options.expect} dots")
    print("{dots} dots: {products} products proved for all inputs, {paths} paths, {equations} equations, "
          "{distinct} of them distinct, {failed} failed".format(failed=len(failures), **totals))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
