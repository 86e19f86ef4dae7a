#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Proves long rows of the dots with `carry_save`.

    adders.py --elements=1060

Their loops over words add up sixteen words, bit by bit, before they count any: they carry four digits
of a sum at each place of a word, and the number of sixteens. An iteration is bitwise but for the count
of its last carry, so that what it does at one place it does at all: all 2^20 bits that the sixteen
words and the four digits can have there are tried. That is the step of the induction. Its base, and
the end of a row, are equations as those of prove.py: the kernel runs on variables, and what such a
loop carries out of it is any four digits and any number whose sum is that of the words in it.

Products with masks of zeros have the loops of other dots where there is a zero, which loops.py shows.
"""
import argparse
import dataclasses
import itertools
import re
import sys

import numpy as np

import ir
import proofs
import vectors as v
from forms import Unproved
from products import compile_ir
from prove import cases, product_of
from strategies import read_dots, read_strategies

WORDS, DIGITS = 16, 4  # of an iteration
PHIS = ["i32"] * (2 + DIGITS)  # a counter of words, the digits, and sixteens
BITWISE = {"xor": np.bitwise_xor, "and": np.bitwise_and, "or": np.bitwise_or}


def every_bit(number, count):
    """Bit `number` of all numbers of `count` bits, eight to a byte."""
    return np.packbits(np.arange(1 << count) >> number & 1)


def total(bits, factors):
    """The sums of some bits times factors, of each of which every_bit() has one."""
    return sum(np.unpackbits(bit).astype(np.int16) * factor for bit, factor in zip(bits, factors))


def is_adder(phis):
    """Whether a loop with these phis adds up words bit by bit."""
    return [line.split(" = phi ")[1].split(" ")[0] for line in phis] == PHIS


class Adders:
    """Sees the loops of a kernel, and proves and skips those that add up words bit by bit."""

    def __init__(self, product, kind):
        self.product, self.kind = product, kind
        self.proved = set()  # iterations, with their variables numbered
        self.steps = 0       # iterations that were looked at
        #: {(row or None, output): what a loop is shown to count, less what it carries out for that}: 0.
        self.zeros = {}

    @staticmethod
    def scratch(name):
        return ir.Region(name)

    def enter(self, machine, function, header, environment):
        """Proves all iterations of such a loop. The block after it; None for another loop."""
        phis, lines, last = function.parts(header)
        if not is_adder(phis):
            return None
        names = [line.split(" = ")[0] for line in phis]
        [before] = set(re.findall(r", (%\w+) \]", phis[0])) - {function.headers[header]}
        values = machine.enter(phis, environment, before)
        of, count = self.begin([values[name] for name in names]), 0
        while True:
            carried = [values[names[1]] if self.product.parity else v.var("digit0", 32)]
            carried += [v.var(f"digit{i}", 32) for i in range(1, DIGITS)] + [v.var("sixteens", 32)]
            environment.update(zip(names, [values[names[0]], *carried]))
            for line in lines:
                machine.step(line, environment)
            label = machine.branch(last, environment)
            if last.endswith(f"label {label}"):
                break
            until = machine.run(function, environment, label, header, until=header)
            values = machine.enter(phis, environment, until)
            count += WORDS
            if not v.is_const(values[names[0]], count):
                raise Unproved(f"{values[names[0]]!r} words are counted where {count} are added up")
            if of:
                self.prove(of, count, carried, [values[name] for name in names[1:]])
        # Any numbers, but for a parity.
        left = [v.var(f"{of}.{node.args[0]}", 32) for node in carried[1:]]
        left = [carried[0] if self.product.parity else v.var(f"{of}.digit0", 32), *left]
        environment.update(zip(names[1:], left))
        if of:
            self.zeros[of] = self.difference(of, count, left)
        return label

    def begin(self, values):
        """The (row or None, output) whose words a loop counts; None past the last output. Nothing but
        the first word is counted in front of it."""
        count, first, *zeros = values
        found = {node.args[0][0]: int(node.args[0][1:].split(".")[0]) for node in v.variables(first)}
        if "w" not in found:
            return None
        of = found.get("x"), found["w"]
        if first not in self.counted(of, 0) or not all(v.is_const(value, 0) for value in (count, *zeros)):
            raise Unproved(f"the loop of {of} does not begin with its first word alone")
        return of

    def counted(self, of, k, meant=False):
        """What is stored of word `k`, or is `meant`: the bits that are counted, or with parity their
        running one."""
        row, output = of
        weight, x = self.product.weight(), self.product.input()
        w = weight.meant(output, k) if meant else weight.word(output, k)
        if row is None:
            return [w]
        x = x.meant(row, k) if meant else x.word(row, k)
        op = "xor" if self.kind == "xor_count" else "and"
        return [v.binary(op, x, w), v.binary(op, w, x)]

    def difference(self, of, count, left):
        """The ones of the words of a loop, less their sum by what it leaves."""
        total = v.const(0, 32)
        for k in range(count + 1):
            total = v.binary("add", total, v.popcount(self.counted(of, k, meant=True)[0]))
        *digits, sixteens = left
        for i, digit in enumerate(digits):
            total = v.binary("sub", total, v.binary("mul", v.popcount(digit), v.const(1 << i, 32)))
        return v.binary("sub", total, v.binary("mul", sixteens, v.const(WORDS, 32)))

    def prove(self, of, count, before, after):
        """One iteration, which ends with word `count`."""
        self.steps += 1
        *digits, sixteens = after
        if sixteens.op != "add" or sixteens.args[0] is not before[-1] or sixteens.args[1].op != "ctpop":
            raise Unproved(f"sixteens that are {sixteens!r}"[:300])
        digits.append(sixteens.args[1].args[0])
        if self.product.parity and (before[0] not in self.counted(of, count - WORDS)
                                    or digits[0] not in self.counted(of, count)):
            raise Unproved(f"the parity of {of} is not that of its word {count}")
        words = [self.counted(of, k) for k in range(count - WORDS + 1, count + 1)]
        # Which word is which belongs to what is proved.
        key = proofs.shape([*digits, *before[:-1], *itertools.chain(*words)])
        if key in self.proved:
            return
        given = [every_bit(i, DIGITS + WORDS) for i in range(DIGITS + WORDS)]
        known = dict(zip(before[:-1], given))
        known.update((node, bits) for nodes, bits in zip(words, given[DIGITS:]) for node in nodes)
        state, added = given[:DIGITS], given[DIGITS:]
        if self.product.parity:
            # Words of even numbers hold the parity of all up to them.
            running = [state[0], *added]
            added = [word if i % 2 else word ^ running[i - 1] ^ running[i - 2]
                     for i, word in enumerate(running)][1:]
        factors = [1 << i for i in range(DIGITS + 1)]
        expected = total(state, factors) + total(added, [1] * WORDS)
        wrong = np.flatnonzero(total(self.evaluate(digits, known), factors) != expected)
        if wrong.size:
            raise Unproved(f"the words of {of} up to {count}: digits and words {wrong[0]:#x} have another sum")
        self.proved.add(key)

    @staticmethod
    def evaluate(roots, known):
        """The bits of expressions of what is `known`, {node: bits}."""
        done, stack = dict(known), list(roots)
        while stack:
            node = stack[-1]
            if node in done:
                stack.pop()
            elif node.op == "const" and node.args[0] in (0, (1 << node.width) - 1):
                done[node] = np.full_like(next(iter(known.values())), 255 if node.args[0] else 0)
            elif node.op not in BITWISE:
                raise Unproved(f"no bitwise operation on words and digits: {node!r}"[:300])
            elif left := [operand for operand in node.operands if operand not in done]:
                stack += left
            else:
                done[node] = BITWISE[node.op](*(done[operand] for operand in node.operands))
        return [done[root] for root in roots]

    def value(self, row, output):
        """The accumulator of a row and an output, in terms of what loops carry out."""
        product = self.product
        total = product.value(row, output, lambda name: True)

        def replace(factor, of):
            nonlocal total
            total = v.binary("sub", total, v.binary("mul", self.zeros[of], v.const(factor, 32)))
        for plane in range(product.planes):
            of, weight = (row * product.planes + plane, output), 1 << plane
            if product.element == "s1":
                replace(-2, of)
                continue
            if product.element[0] == "s" and plane == product.planes - 1:
                weight = -weight
            if self.kind == "xor_count":  # 2 (x and w) - x is w - (x xor w)
                replace(weight, (None, output))
                replace(-weight, of)
            else:
                replace(2 * weight, of)
        return total


def prove(product, kind, text):
    """All outputs of a product without zeros: what was seen of loops, and the number of equations."""
    module = ir.Module(text)
    claims = proofs.Claims(module.tables)
    adders = Adders(product, kind)
    machine = ir.Machine(module, loops=adders)
    result = ir.Region("y")
    arguments = []
    for region, rank in ((ir.Region("x", product.input_at), 2), (ir.Region("w", product.weight_at), 3), (result, 2)):
        arguments += proofs.descriptor(region, rank)
    machine.call("kernel", arguments)
    if len(result.cells) != product.rows * product.outputs:
        raise Unproved(f"{len(result.cells)} outputs are stored")
    for row in range(product.rows):
        for output in range(product.outputs):
            claims.equal(result.cells[4 * (row * product.outputs + output)], adders.value(row, output),
                         f"row {row}, output {output}")
    return adders, claims.count


def long_product(strategy, kind, element, elements):
    return dataclasses.replace(product_of(strategy, kind, element, elements), zeros=False)


def main():
    sys.setrecursionlimit(1000000)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, required=True, help="of a row")
    parser.add_argument("--expect", type=int, help="how many dots there must be")
    options = parser.parse_args()
    dots = steps = equations = 0
    failures = []
    for strategy, kind, element in cases(read_strategies(), read_dots()):
        if "carry_save" not in strategy.dots.get(kind, ""):
            continue
        dots += 1
        product = long_product(strategy, kind, element, options.elements)
        try:
            adders, count = prove(product, kind, compile_ir(product.text()))
        except Unproved as error:
            failures.append(f"{strategy.name} {kind} {product}: {error}"[:1000])
            continue
        if not adders.proved:
            failures.append(f"{strategy.name} {kind} {product}: no loop")
        steps, equations = steps + adders.steps, equations + count
    if options.expect not in (None, dots):
        failures.append(f"expected {options.expect} dots")
    for failure in failures:
        print(f"FAIL {failure}")
    print(f"{dots} dots of long rows: {steps} iterations of sixteen words proved for all bits, {equations} equations, "
          f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
