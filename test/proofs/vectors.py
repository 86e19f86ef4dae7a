# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bit vectors as expressions of variables: what one lane of an instruction computes.

Equal expressions are one object. Constants fold, and parts of parts are looked through; whatever
is proved about an expression is in forms.py.
"""


class Vector:
    """An operation on bit vectors, `width` bits wide. `operands` are those of `args` that are
    vectors, and `tag` is the rest of it; variables have no name there."""
    __slots__ = ("op", "width", "args", "operands", "tag")
    made = {}

    def __init__(self, op, width, args):
        self.op, self.width, self.args = op, width, args
        self.operands = tuple(arg for arg in args if isinstance(arg, Vector))
        rest = tuple(arg for arg in args if not isinstance(arg, Vector))
        self.tag = (op, width) if op == "var" else (op, width, rest)

    def __repr__(self):
        if self.op in ("const", "var"):
            return str(self.args[0])
        return f"{self.op}{self.width}({', '.join(map(repr, self.args))})"


def make(op, width, *args):
    """The one vector of an operation."""
    key = (op, width, args)
    found = Vector.made.get(key)
    if found is None:
        found = Vector.made[key] = Vector(op, width, args)
    return found


def const(value, width):
    return make("const", width, value & ((1 << width) - 1))


def var(name, width):
    return make("var", width, name)


def is_const(x, value=None):
    return x.op == "const" and (value is None or x.args[0] == value & ((1 << x.width) - 1))


FOLD = {
    "xor": lambda a, b: a ^ b, "and": lambda a, b: a & b, "or": lambda a, b: a | b,
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "shl": lambda a, b: a << b, "lshr": lambda a, b: a >> b,
    "udiv": lambda a, b: a // b, "urem": lambda a, b: a % b, "umin": min, "umax": max,
}
# The right operand that changes nothing.
NEUTRAL = {"xor": 0, "and": -1, "or": 0, "add": 0, "sub": 0, "mul": 1, "shl": 0, "lshr": 0, "udiv": 1}
COMMUTES = {"xor", "and", "or", "add", "mul", "umin", "umax"}


def binary(op, a, b):
    """An operation of FOLD."""
    if a.op == b.op == "const":
        return const(FOLD[op](a.args[0], b.args[0]), a.width)
    if op in COMMUTES and a.op == "const":
        a, b = b, a
    if op in NEUTRAL and is_const(b, NEUTRAL[op]):
        return a
    if op in ("and", "mul") and is_const(b, 0):
        return b
    if op == "xor" and a is b:
        return const(0, a.width)
    return make(op, a.width, a, b)


def zext(x, width):
    if x.op == "const":
        return const(x.args[0], width)
    return x if width == x.width else make("zext", width, x)


def extract(x, low, width):
    """Bits `low` to `low + width` of x."""
    if low == 0 and width == x.width:
        return x
    if x.op == "const":
        return const(x.args[0] >> low, width)
    if x.op == "extract":
        return extract(x.args[0], x.args[1] + low, width)
    if x.op == "zext":
        inner = x.args[0]
        if low + width <= inner.width:
            return extract(inner, low, width)
        if low >= inner.width:
            return const(0, width)
    if x.op == "concat":
        at = 0
        for part in x.args:
            if at <= low and low + width <= at + part.width:
                return extract(part, low - at, width)
            at += part.width
    return make("extract", width, x, low)


def concat(parts):
    """One vector of several, the lowest first."""
    merged = []
    for part in parts:
        last = merged[-1] if merged else None
        if last is not None and last.op == part.op == "const":
            merged[-1] = const(last.args[0] | part.args[0] << last.width, last.width + part.width)
        elif last is not None and last.op == part.op == "extract" and last.args[0] is part.args[0] \
                and last.args[1] + last.width == part.args[1]:
            merged[-1] = extract(last.args[0], last.args[1], last.width + part.width)
        else:
            merged.append(part)
    return merged[0] if len(merged) == 1 else make("concat", sum(part.width for part in merged), *merged)


def ternary(table, a, b, c):
    """Bit by bit, the bit of the truth table at 4 a + 2 b + c."""
    return make("ternary", a.width, a, b, c, table)


def popcount(x):
    if x.op == "const":
        return const(bin(x.args[0]).count("1"), x.width)
    return make("ctpop", x.width, x)


SIGNED = {"slt": lambda a, b: a < b, "sle": lambda a, b: a <= b, "sgt": lambda a, b: a > b, "sge": lambda a, b: a >= b}
UNSIGNED = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "ult": lambda a, b: a < b,
            "ule": lambda a, b: a <= b, "ugt": lambda a, b: a > b, "uge": lambda a, b: a >= b}


def as_signed(value, width):
    return value - (1 << width) if value >> (width - 1) else value


def compare(predicate, a, b):
    if a.op == b.op == "const":
        x, y = a.args[0], b.args[0]
        if predicate in SIGNED:
            return const(SIGNED[predicate](as_signed(x, a.width), as_signed(y, a.width)), 1)
        return const(UNSIGNED[predicate](x, y), 1)
    return make("icmp", 1, a, b, predicate)


def select(condition, a, b):
    if condition.op == "const":
        return a if condition.args[0] else b
    return a if a is b else make("select", a.width, condition, a, b)


def variables(x):
    """The variables of an expression."""
    seen, found, stack = set(), [], [x]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.op == "var":
            found.append(node)
        stack += node.operands
    return found
