# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is proved of a kernel, from its LLVM IR."""
import ir
import vectors as v
from counterexample import find
from forms import Decider, Unproved


class Claims:
    """Equations that were proved. Two that differ by the names of variables only are one."""

    def __init__(self, tables):
        self.decider, self.proved, self.count = Decider(tables), set(), 0
        self.seen = set()

    def equal(self, x, y, where):
        self.count += 1
        if (x, y) in self.seen:
            return
        self.seen.add((x, y))
        key = shape([x, y])
        if key in self.proved:
            return
        try:
            self.decider.equal(x, y)
        except Unproved as error:
            example = find(x, y, [error.product], self.decider.tables)
            raise Unproved(f"{where}: {example} ({error})"[:1000]) from None
        self.proved.add(key)

    def same(self, x, y, where):
        """The same bits."""
        self.equal(v.popcount(v.binary("xor", x, y)), v.const(0, x.width), where)


def shape(roots):
    """Expressions with their variables numbered as they come."""
    numbers, key, stack = {}, [], list(reversed(roots))
    while stack:
        node = stack[-1]
        if node in numbers:
            stack.pop()
            continue
        left = [operand for operand in node.operands if operand not in numbers]
        if left:
            stack += reversed(left)
            continue
        stack.pop()
        numbers[node] = len(numbers)
        key.append((node.tag, *[numbers[operand] for operand in node.operands]))
    return tuple(key), tuple(numbers[root] for root in roots)


def descriptor(region, rank):
    """What a buffer is as arguments: where it lies, and sizes and strides, which are static."""
    where = ir.Pointer(region, v.const(0, 64))
    return [where, where, v.const(0, 64)] + [v.make("undef", 64)] * (2 * rank)


def execute(product, module, is_zero, assumed, loops=None):
    """The cells of the output buffer."""
    machine = ir.Machine(module, assumed, loops)
    zeros = ir.Region("z", lambda at, width: v.const(0, width) if all(
        is_zero(name) for name in v.variables(product.mask_at(at, width))) else product.mask_at(at, width))
    inputs, weights, result = ir.Region("x", product.input_at), ir.Region("w", product.weight_at), ir.Region("y")
    if loops:
        for region in (zeros, inputs, weights):
            region.anywhere = loops.words(region.name)
    arguments = descriptor(inputs, 2)
    if product.zeros:
        arguments += descriptor(zeros, 2)
    arguments += descriptor(weights, 3) + descriptor(result, 2)
    machine.call("kernel", arguments)
    return result.cells


def prove_kernel(product, module, claims, loops=None):
    """All outputs of a product, for all inputs, weights and masks: returns the number of paths.
    `loops` sees the loops on the way."""
    paths, left = 0, [(frozenset(), {})]
    while left:
        absent, assumed = left.pop()
        try:
            cells = execute(product, module, absent.__contains__, assumed, loops)
        except ir.Undecided as branch:
            # A mask that has a bit somewhere, whichever; or none, so that its words are 0.
            words = condition_words(branch.condition)
            left += [(absent, assumed | {branch.condition: True}), (absent | words, assumed)]
            continue
        paths += 1
        if len(cells) != product.rows * product.outputs:
            raise Unproved(f"{len(cells)} outputs are stored")
        for row in range(product.rows):
            for output in range(product.outputs):
                claims.equal(cells[4 * (row * product.outputs + output)],
                             product.value(row, output, absent.__contains__), f"row {row}, output {output}")
    return paths


def prove_loops(product, module, loops):
    """A step of each loop, whichever branches lead there."""
    left = [{}]
    while left:
        assumed = left.pop()
        try:
            execute(product, module, lambda name: False, assumed, loops)
        except ir.Undecided as branch:
            left += [assumed | {branch.condition: holds} for holds in (True, False)]


def condition_words(condition):
    """The variables that are 0 where `condition` is false: whether an or of words is not 0."""
    word, zero, predicate = condition.args
    if predicate != "ne" or not v.is_const(zero, 0):
        raise ir.Unknown(f"a branch on {condition!r}")
    stack = [word]
    while stack:
        node = stack.pop()
        if node.op == "or":
            stack += node.args
        elif node.op not in ("var", "zext"):
            raise ir.Unknown(f"a branch on {node!r}")
    return frozenset(v.variables(word))
