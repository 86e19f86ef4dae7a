# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers for the variables of two vectors that make them differ."""
import random

import vectors as v

TRIES = 300


def evaluate(root, values, tables):
    """The number that a vector is for numbers of its variables."""
    done, stack = {}, [root]
    while stack:
        node = stack[-1]
        left = [operand for operand in node.operands if operand not in done]
        if left:
            stack += left
            continue
        stack.pop()
        done[node] = apply(node, [done[operand] for operand in node.operands], values, tables)
    return done[root]


def bits(number, width):
    return [number >> i & 1 for i in range(width)]


def apply(node, numbers, values, tables):
    """What the operation of `node` makes of the numbers of its operands."""
    op, args, mask = node.op, node.args, (1 << node.width) - 1
    if op == "const":
        return args[0]
    if op == "var":
        return values[node]
    if op in v.FOLD:
        return v.FOLD[op](*numbers) & mask
    if op == "zext":
        return numbers[0]
    if op == "extract":
        return numbers[0] >> args[1] & mask
    if op == "concat":
        at = total = 0
        for part, number in zip(args, numbers):
            total, at = total | number << at, at + part.width
        return total
    if op == "ctpop":
        return bin(numbers[0]).count("1")
    if op == "ternary":
        a, b, c = (bits(number, node.width) for number in numbers)
        return sum((args[3] >> (4 * x + 2 * y + z) & 1) << i for i, (x, y, z) in enumerate(zip(a, b, c)))
    if op == "lookup":
        place, digit = numbers
        table = tables[args[0]]
        at = place + (digit & 15)
        return 0 if digit & 128 or at >= len(table) else table[at]
    raise ValueError(f"no number for {op}")


def find(x, y, hints, tables):
    """Text of a counterexample to x == y, or that none was found. `hints` are sets of (variable,
    bits) that alone may do."""
    names = sorted(set(v.variables(x) + v.variables(y)), key=repr)
    rng = random.Random(1)
    tries = [{name: dict(hint).get(name, 0) for name in names} for hint in hints]
    tries += [{name: (1 << name.width) - 1 for name in names}]
    tries += [{name: rng.getrandbits(name.width) for name in names} for _ in range(TRIES)]
    for values in tries:
        try:
            pair = evaluate(x, values, tables), evaluate(y, values, tables)
        except ValueError as error:
            return str(error)
        if pair[0] != pair[1]:
            some = {name: value for name, value in values.items() if value}
            listed = ", ".join(f"{name} = {value:#x}" for name, value in list(some.items())[:8])
            more = f" and {len(some) - 8} more" if len(some) > 8 else ""
            got, right = (v.as_signed(value, x.width) for value in pair)
            return f"with {listed or 'all variables 0'}{more} it is {got}, and should be {right}"
    return "no counterexample among those tried"
