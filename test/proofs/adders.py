#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Proves long rows of the dots with `carry_save`.

    adders.py --elements=2100

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


def is_adder(phis):
    """Whether a loop with these phis adds up words bit by bit."""
    return [line.split(" = phi ")[1].split(" ")[0] for line in phis] == PHIS


class Adders:
    """Sees the loops of a kernel, and proves and skips those that add up words bit by bit."""

    def __init__(self, product, kind):
        self.product, self.kind = product, kind
        self.proved = set()  # iterations, with their variables numbered
        self.steps = 0       # iterations that were looked at
        #: {(row or None, output): the sum of the first words, and how many they are}.
        self.sums = {}

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
        first = values[names[1]]
        while True:
            count = values[names[0]].args[0]
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
            self.prove(first, count, carried, [values[name] for name in names[1:]])
        of = self.which(first)
        carried = [*carried[:1], *(v.var(f"{of}.{count}.{node.args[0]}", 32) for node in carried[1:])]
        if not self.product.parity:
            carried[0] = v.var(f"{of}.{count}.digit0", 32)
        environment.update(zip(names[1:], carried))
        total = v.binary("mul", carried[-1], v.const(WORDS, 32))
        for i, digit in enumerate(carried[:-1]):
            total = v.binary("add", total, v.binary("mul", v.popcount(digit), v.const(1 << i, 32)))
        if of:
            self.sums[of] = total, count + 1
        return label

    def which(self, first):
        """The (row or None, output) whose first word something is; None where there is no weight, past
        the last output."""
        found = {node.args[0][0]: int(node.args[0][1:].split(".")[0]) for node in v.variables(first)}
        return (found.get("x"), found["w"]) if "w" in found else None

    def counted(self, of, k):
        """What is stored of word `k`: the bits that are counted, or with parity their running one."""
        row, output = of
        w = self.product.weight().word(output, k)
        if row is None:
            return [w]
        x = self.product.input().word(row, k)
        op = "xor" if self.kind == "xor_count" else "and"
        return [v.binary(op, x, w), v.binary(op, w, x)]

    def prove(self, first, count, before, after):
        """One iteration, which begins behind word `count`."""
        of = self.which(first)
        if not of:
            return
        self.steps += 1
        *digits, sixteens = after
        if sixteens.op != "add" or sixteens.args[0] is not before[-1] or sixteens.args[1].op != "ctpop":
            raise Unproved(f"sixteens that are {sixteens!r}"[:300])
        digits.append(sixteens.args[1].args[0])
        key = proofs.shape(digits)
        if key in self.proved:
            return
        variables = [*before[:-1]]
        places = {id(node): i for i, node in enumerate(before[:-1])}
        for k in range(count + 1, count + 1 + WORDS):
            places.update({id(node): len(variables) for node in self.counted(of, k)})
            variables.append(k)
        if self.product.parity:
            last = {id(node) for node in self.counted(of, count + WORDS)}
            start = {id(node) for node in self.counted(of, count)}
            if id(digits[0]) not in last or id(before[0]) not in start:
                raise Unproved(f"the parity of {of} is not that of its word {count + WORDS}")
        given = [every_bit(i, len(variables)) for i in range(len(variables))]
        found = self.evaluate(digits, places, given)
        state, words = given[:DIGITS], given[DIGITS:]
        if self.product.parity:
            # Words of even numbers hold the parity of all up to them.
            running = [state[0], *words]
            words = [word if (count + i) % 2 else word ^ running[i - 1] ^ running[i - 2]
                     for i, word in enumerate(running)][1:]
        self.compare(of, count, found, state, words)
        self.proved.add(key)

    @staticmethod
    def compare(of, count, found, state, words):
        def total(bits, factors):
            return sum(np.unpackbits(bit).astype(np.int16) * factor for bit, factor in zip(bits, factors))
        factors = [1 << i for i in range(DIGITS + 1)]
        wrong = np.flatnonzero(total(found, factors) != total(state, factors) + total(words, [1] * WORDS))
        if wrong.size:
            raise Unproved(f"words {count + 1} to {count + WORDS} of {of}: digits and words {wrong[0]:#x} have "
                           "another sum")

    @staticmethod
    def evaluate(roots, places, given):
        """The bits of expressions; `places` says which of those that are `given` a node is."""
        done, stack = {}, list(roots)
        while stack:
            node = stack[-1]
            if id(node) in done:
                stack.pop()
                continue
            if id(node) in places:
                done[id(node)] = given[places[id(node)]]
            elif node.op == "const" and node.args[0] in (0, (1 << node.width) - 1):
                done[id(node)] = np.full_like(given[0], 255 if node.args[0] else 0)
            elif node.op in BITWISE:
                left = [operand for operand in node.operands if id(operand) not in done]
                if left:
                    stack += left
                    continue
                done[id(node)] = BITWISE[node.op](*(done[id(operand)] for operand in node.operands))
            else:
                raise Unproved(f"no bitwise operation on words and digits: {node!r}"[:300])
        return [done[id(root)] for root in roots]

    def value(self, row, output):
        """The accumulator of a row and an output, by the sums that loops carry out."""
        product, planes = self.product, self.product.planes
        total = v.const(product.elements if product.element == "s1" else 0, 32)

        def times(factor, x):
            return v.binary("mul", x, v.const(factor, 32))

        def count(of, meant):
            sum_, words = self.sums[of]
            for k in range(words, product.words):
                sum_ = v.binary("add", sum_, v.popcount(meant(k)))
            return sum_

        for plane in range(planes):
            at = row * planes + plane

            def x(k, at=at):
                return product.input().meant(at, k)

            def w(k):
                return product.weight().meant(output, k)
            if self.kind == "xor_count":
                differ = count((at, output), lambda k, x=x: v.binary("xor", x(k), w(k)))
            if product.element == "s1":
                total = v.binary("sub", total, times(2, differ))
                continue
            weight = 1 << plane
            if product.element[0] == "s" and plane == planes - 1:
                weight = -weight
            if self.kind == "xor_count":  # 2 (x and w) - x is w - (x xor w)
                total = v.binary("add", total, times(weight, count((None, output), w)))
                total = v.binary("sub", total, times(weight, differ))
            else:
                both = count((at, output), lambda k, x=x: v.binary("and", x(k), w(k)))
                total = v.binary("add", total, times(2 * weight, both))
                for k in range(product.words):
                    total = v.binary("sub", total, times(weight, v.popcount(x(k))))
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
