# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Decides whether two vectors of counts are equal for all values of their variables.

A sum of counts is an integer linear form: of population counts of ranges of bits, each with what
it is at most. What cuts a vector into parts (masks, shifts, casts of vectors) cuts the form, where
its bounds show that nothing of one part reaches into another: so that no counter overflows is
part of every proof. The population count of a bitwise expression is then a polynomial: with
x ^ y = x + y - 2xy, x & y = xy and x | y = x + y - xy, each bit of it is a sum of products of
variables, no variable twice in a product. Two functions of bits are equal for all inputs if and
only if these polynomials are the same: that is exhaustion, without the time that it takes.
"""
from vectors import binary, const, extract, is_const, popcount


class Unproved(Exception):
    """A vector that is not shown to be what it must be; where that is about a product of variables,
    these: (variable, bits) of each."""

    def __init__(self, what, product=()):
        super().__init__(what)
        self.product = product


class Mixed(Exception):
    """A range of bits that is no range of one operand."""


class Form:
    """constant + sum of coefficient * term, modulo 2^width of its vector."""
    __slots__ = ("terms", "constant")

    def __init__(self, terms=None, constant=0):
        self.terms, self.constant = terms or {}, constant

    def plus(self, other, factor=1):
        terms = dict(self.terms)
        for term, value in other.terms.items():
            terms[term] = terms.get(term, 0) + factor * value
            if not terms[term]:
                del terms[term]
        return Form(terms, self.constant + factor * other.constant)

    def times(self, factor):
        return Form().plus(self, factor)

    def bounds(self):
        low = high = self.constant
        for term, value in self.terms.items():
            if value < 0:
                low += value * most(term)
            else:
                high += value * most(term)
        return low, high

    def fits(self, width):
        low, high = self.bounds()
        return low >= 0 and high < 1 << width

    def split(self, at):
        """(lower, upper) with self = lower + 2^at upper and lower below 2^at, or None."""
        size = 1 << at
        lower = Form({t: v % size for t, v in self.terms.items() if v % size}, self.constant % size)
        upper = Form({t: v // size for t, v in self.terms.items() if v // size}, self.constant // size)
        return (lower, upper) if lower.fits(at) else None


# A term is the count of bits of a range, ("count", vector, low, width), or the number that a range
# is, ("bits", vector, low, width).
def most(term):
    kind, _, _, width = term
    return width if kind == "count" else (1 << width) - 1


def through(x, low, width):
    """The vector and the place in it of a range of bits, as far as it is moved only; or a constant."""
    while True:
        op = x.op
        if op == "extract":
            x, low = x.args[0], low + x.args[1]
        elif op == "zext":
            inner = x.args[0]
            if low >= inner.width:
                return const(0, width), 0
            if low + width > inner.width:
                return x, low
            x = inner
        elif op == "concat":
            at = 0
            for part in x.args:
                if at <= low and low + width <= at + part.width:
                    x, low = part, low - at
                    break
                at += part.width
            else:
                return x, low
        elif op in ("shl", "lshr") and x.args[1].op == "const":
            by = x.args[1].args[0] * (-1 if op == "shl" else 1)
            if low + by + width <= 0 or low + by >= x.width:
                return const(0, width), 0
            if low + by < 0 or low + by + width > x.width:
                return x, low
            x, low = x.args[0], low + by
        elif op in ("and", "or"):
            sides = [through(side, low, width) for side in x.args]
            neutral = 0 if op == "or" else -1
            for (one, _), other in zip(sides, reversed(sides)):
                if is_const(one, neutral):
                    return other
                if is_const(one, ~neutral):
                    return one, 0
            return x, low
        elif op == "const":
            return extract(x, low, width), 0
        else:
            return x, low


class Decider:
    """Forms and polynomials, remembered. `tables` has what tables of bytes hold."""

    def __init__(self, tables):
        self.tables, self.forms, self.meanings = tables, {}, {}

    #===--------------------------------------------------------------------===#
    # Linear forms
    #===--------------------------------------------------------------------===#

    def form(self, x):
        """A form that x is equal to, modulo 2^width."""
        found = self.forms.get(x)
        if found is None:
            found = self.forms[x] = self.find_form(x)
        return found

    def find_form(self, x):
        op, args = x.op, x.args
        if op == "const":
            return Form(constant=args[0])
        if op in ("add", "sub"):
            return self.form(args[0]).plus(self.form(args[1]), 1 if op == "add" else -1)
        if op == "mul" and args[1].op == "const":
            value = args[1].args[0]
            return self.form(args[0]).times(value - (1 << x.width) if value >> (x.width - 1) else value)
        if op == "shl" and args[1].op == "const":
            return self.form(args[0]).times(1 << args[1].args[0])
        if op == "ctpop":
            return Form({("count", args[0], 0, x.width): 1})
        if op == "lookup":
            return self.look_up(x)
        if op == "zext":
            return self.exact(args[0])
        if op == "concat":
            total, at = Form(), 0
            for part in args:
                total, at = total.plus(self.exact(part), 1 << at), at + part.width
            return total
        if op == "extract":
            return self.field(args[0], args[1], x.width)
        if op == "lshr" and args[1].op == "const":
            return self.field(args[0], args[1].args[0], x.width - args[1].args[0])
        if op == "and" and args[1].op == "const":
            return self.masked(args[0], args[1].args[0], x.width)
        return Form({("bits", x, 0, x.width): 1})

    def masked(self, x, mask, width):
        """x & mask, by each of the mask's runs of ones."""
        total, low = Form(), 0
        while mask >> low:
            low += ((mask >> low) & -(mask >> low)).bit_length() - 1
            size = ((mask >> low) + 1 & -((mask >> low) + 1)).bit_length() - 1
            total = total.plus(self.kept(x, low, size, width))
            low += size
        return total

    def kept(self, x, low, size, width):
        """x with nothing but its bits `low` to `low + size`."""
        shift = 0
        if x.op == "lshr" and x.args[1].op == "const":
            x, shift = x.args[0], x.args[1].args[0]
            size = min(size, width - shift - low)
        return self.field(x, low + shift, size).times(1 << low) if size > 0 else Form()

    def exact(self, x):
        """A form that is x, not only modulo 2^width."""
        form = self.form(x)
        return form if form.fits(x.width) else Form({("bits", x, 0, x.width): 1})

    def field(self, x, low, width):
        """The number in bits `low` to `low + width` of x."""
        form = self.form(x)
        above = form.split(low)
        if above:
            if above[1].fits(width):
                return above[1]
            inside = above[1].split(width)
            if inside:
                return inside[0]
        return Form({("bits" if width > 1 else "count", x, low, width): 1})

    def look_up(self, x):
        """An entry of a table for one digit of two rows and a weight: two counts."""
        name, place, weight = x.args
        first, second, digit = (through(*at, 4) for at in ((place, 4), (place, 8), (weight, 0)))
        unused = [through(place, at, 4) for at in (0, *range(12, place.width, 4))] + [through(weight, 4, 4)]
        if not all(is_const(part, 0) for part, _ in unused):
            raise Unproved(f"the place in {name} is not two digits of 4 bits: {place!r}, {weight!r}")
        op = self.meaning(name)
        low, high = (self.form(popcount(binary(op, extract(*row, 4), extract(*digit, 4)))) for row in (first, second))
        return low.plus(high, 16)

    def meaning(self, name):
        """By which operation a table's entries count: by exhaustion."""
        if name not in self.meanings:
            self.meanings[name] = find_meaning(name, self.tables[name])
        return self.meanings[name]

    #===--------------------------------------------------------------------===#
    # Polynomials
    #===--------------------------------------------------------------------===#

    def equal(self, x, y):
        """Raises Unproved unless x and y are equal for all values of their variables."""
        difference = self.form(x).plus(self.form(y), -1)
        modulus, constant, groups = 1 << x.width, difference.constant, {}
        for term, factor in difference.terms.items():
            for (product, width), value in self.products(term).items():
                names = frozenset(name for name, _ in product)
                if names:
                    groups.setdefault(names, []).append((product, width, value * factor))
                else:
                    constant += value * factor * width
        if constant % modulus:
            raise Unproved(f"a constant is off by {constant}")
        for products in sorted(groups.values(), key=lambda group: len(group[0][0])):
            for (product, width), value in refine(products).items():
                if value % modulus:
                    bits = [(leaf[1], 1 << low) for leaf, low in product]
                    raise Unproved(f"{value} for {show(product, width)}", bits)

    def products(self, term):
        """{(product, width): factor}: a count as counts of products of ranges."""
        kind, x, low, width = term
        if kind == "bits":
            x, low = through(x, low, width)
            if is_const(x):
                raise Unproved(f"a constant was not folded: {x!r}")
            return {(frozenset([((kind, x), low)]), width): 1}
        try:
            return {(product, width): value for product, value in self.bit(x, low, width, {}).items()}
        except Mixed:
            half = width // 2
            total = self.products((kind, x, low, half))
            for key, value in self.products((kind, x, low + half, width - half)).items():
                total[key] = total.get(key, 0) + value
            return total

    def bit(self, x, low, width, seen):
        """What each bit of a range of x is: {product of ranges: factor}."""
        key = (x, low)
        if key not in seen:
            seen[key] = self.find_bit(x, low, width, seen)
        return seen[key]

    def find_bit(self, x, low, width, seen):
        x, low = through(x, low, width)
        if x.op == "const":
            if is_const(x, 0):
                return {}
            if is_const(x, -1):
                return {frozenset(): 1}
            raise Mixed
        if x.op in ("xor", "and", "or"):
            a, b = (self.bit(side, low, width, seen) for side in x.args)
            both = multiply(a, b)
            if x.op == "and":
                return both
            return combine(combine(a, b, 1), both, -2 if x.op == "xor" else -1)
        if x.op == "ternary":
            return self.truth_table([self.bit(side, low, width, seen) for side in x.args[:3]], x.args[3])
        if x.op in ("concat", "zext", "shl", "lshr") and width > 1:
            raise Mixed
        return {frozenset([(("count", x), low)]): 1}

    @staticmethod
    def truth_table(sides, table):
        one, total = {frozenset(): 1}, {}
        for row in range(8):
            if table >> row & 1:
                product = one
                for place, side in zip((4, 2, 1), sides):
                    product = multiply(product, side if row & place else combine(one, side, -1))
                total = combine(total, product, 1)
        return total


def combine(a, b, factor):
    total = dict(a)
    for product, value in b.items():
        total[product] = total.get(product, 0) + factor * value
        if not total[product]:
            del total[product]
    return total


def multiply(a, b):
    total = {}
    for p, x in a.items():
        for q, y in b.items():
            total[p | q] = total.get(p | q, 0) + x * y
    return {product: value for product, value in total.items() if value}


def refine(products):
    """The sum of products of one set of variables, all of the narrowest width among them."""
    least = min(width for _, width, _ in products)
    total = {}
    for product, width, value in products:
        isCount = all(kind == "count" for (kind, _), _ in product)
        for at in range(0, width, least if isCount else width):
            moved = frozenset((leaf, low + at) for leaf, low in product)
            key = moved, least if isCount else width
            total[key] = total.get(key, 0) + value
    return total


def show(product, width):
    parts = sorted(f"{leaf[1]!r}[{low}:{low + width}]" for leaf, low in product)
    return f"the bits that are 1 in {' and '.join(parts)}"


def find_meaning(name, table):
    for op, count in (("xor", lambda x, w: x ^ w), ("and", lambda x, w: x & w)):
        wrong = [i for i, entry in enumerate(table) if entry != sum(
            bin(count(i >> 4 * row & 15, i & 15)).count("1") << 4 * (row - 1) for row in (1, 2))]
        if not wrong:
            return op
        if len(wrong) < len(table) // 8:
            raise Unproved(f"entry {wrong[0]} of {name} is {table[wrong[0]]}")
    raise Unproved(f"{name} counts neither what differs nor what is common")
