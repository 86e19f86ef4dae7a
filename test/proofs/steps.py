# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What one iteration of each loop over words or digits adds, whatever was added before: for rows of
any length.

Where a loop is entered, one iteration is run alone: its induction variable and all that it carries
are variables, and so is what lies at places that depend on them. The equations are the step of the
induction over the words of a row; its base and its end are in the proof of a whole kernel.
"""
import collections
import re

import ir
import vectors as v
from forms import Unproved
from products import LANES, WORD

IV = v.var("i", 64)
WORD_BYTES, DIGITS = WORD // 8, WORD // 4
# What parity_chain has of a word: so many bytes in memory, and lanes of half a panel.
COPIES_BYTES, HALF = 16, LANES // 2


class Step:
    """One iteration: what it carries as variables (`phis`), and what these become (`next`)."""

    def __init__(self, where):
        self.where, self.phis, self.next, self.types = where, [], [], []
        self.reads, self.inner, self.by, self.stores, self.lane = {}, None, None, [], 0


class Inner:
    """A loop in an iteration, skipped: it leaves anything in `phis`."""

    def __init__(self, header, first, init, phis, end):
        self.header, self.first, self.init, self.phis, self.end = header, first, init, phis, end


class Steps:
    """Sees the loops of a kernel, and proves a step of each that it has not seen. If it `leaves` loops,
    those in which there is no other are not run then: what follows them sees any numbers."""

    def __init__(self, product, claims, module, leaves=False):
        self.product, self.claims, self.module, self.leaves = product, claims, module, leaves
        self.seen, self.outer = set(), set()
        self.proved, self.most, self.chunks, self.step = 0, {}, [], None

    #===--------------------------------------------------------------------===#
    # Memory
    #===--------------------------------------------------------------------===#

    def affine(self, offset):
        """(a, b) of an offset in bytes that is a i + b."""
        form = self.claims.decider.form(offset)
        rest = {term: factor for term, factor in form.terms.items() if term[1] is not IV}
        if rest:
            raise ir.Unknown(f"a place that is not linear: {offset!r}")
        return form.terms.get(("bits", IV, 0, 64), 0), form.constant

    def words(self, name):
        """What a buffer of words holds at a place that depends on the iteration."""
        def load(offset, lane, width):
            a, b = self.affine(offset)
            row = WORD_BYTES * (LANES if name == "w" else 1)  # bytes from a word to the next
            place, k = divmod(b // row, self.product.words)
            if a % row or b % WORD_BYTES or width != 32:
                raise ir.Unknown(f"a load of no word of {name} at {offset!r}")
            self.step.reads.setdefault(name, set()).add((place, (a // row, k)))
            if name == "w":
                self.step.lane = b % row // WORD_BYTES
                return self.weight(place, lane + self.step.lane, (a // row, k))
            return self.word(name, place, (a // row, k + lane))
        return load

    def word(self, name, row, k):
        return v.var(f"{name}{row}[{k[0]}i+{k[1]}]", 32)

    def weight(self, panel, lane, k):
        return self.word("w", panel * LANES + lane, k)

    def scratch(self, name):
        """The digits of rows and weights that byte_table prepares: 4 bits of a byte, and 8 of 16."""
        def load(offset, lane, width):
            a, b = self.affine(offset)
            self.step.reads.setdefault(width, set()).add((b, a))
            at = b + lane * (width // 8)
            nothing = v.const(0, 4)
            if width == 8:
                return v.concat([v.var(f"weight[{a}i+{at}]", 4), nothing])
            digits = [v.var(f"digit{row}[{a}i+{at}]", 4) for row in (0, 1)]
            return v.concat([nothing, *digits, nothing])

        def unwritten(offset, width):
            raise ir.Unknown(f"{name} is read at {offset} and not written")

        def parities(offset, lane, width):
            """Those of rows that parity_chain prepares, each of them several times."""
            a, b = self.affine(offset)
            row, k = divmod(b // COPIES_BYTES, self.product.words)
            if a % COPIES_BYTES or b % COPIES_BYTES or width != 32 or lane >= COPIES_BYTES // WORD_BYTES:
                raise ir.Unknown(f"a load of no parity of {name} at {offset!r}")
            k = a // COPIES_BYTES, k
            self.step.reads.setdefault("x", set()).add((row, k))
            return self.word("x", row, k)
        if self.product.running:
            return ir.Region(name, lambda offset, width: v.var(f"{name}[{offset}]", width), parities)
        return ir.Region(name, unwritten, load)

    #===--------------------------------------------------------------------===#
    # Loops
    #===--------------------------------------------------------------------===#

    def enter(self, machine, function, header, environment):
        """Proves a step of a loop. The block after it, if it is not to be run."""
        key = function.name, header
        if key in self.seen and not self.leaves:
            return None
        phis, _, last = function.parts(header)
        types = [re.match(r"%\w+ = phi (<.*?>|\w+)", line)[1] for line in phis]
        back = function.headers[header]
        # Of parity_chain copies of words: it stores counts of 16 bits as well, at the end.
        prepared = r"store <4 x i32>" if self.product.running else r"store <\d+ x i(8|16)>"
        prepares = f"label {back}, " in last and any(re.match(prepared, line) for line in function.blocks[back])
        if not prepares and all(type_ == "i64" for type_ in types):
            return None
        if key not in self.seen:
            self.seen.add(key)
            self.step = self.run(machine, function, header, dict(environment))
            self.prove(header)
            self.proved += 1
            if self.step.inner:
                self.outer.add(key)
        if not self.leaves or key in self.outer:
            return None
        for line, type_ in zip(phis, types):
            environment[line.split(" = ")[0]] = self.fresh(f"left{header[1:]}", type_)
        return re.fullmatch(r"br i1 \S+, label %\w+, label (%\w+)", last)[1]

    def fresh(self, name, type_):
        lanes, width = ir.parse_type(type_)
        if lanes:
            return [v.var(f"{name}.{lane}", width) for lane in range(lanes)]
        return v.var(name, width)

    def run(self, machine, function, header, environment):
        step = self.step = Step(f"the loop at {header} of {function.name}")
        phis, lines, last = function.parts(header)
        names = [line.split(" = ")[0] for line in phis]
        for name, line in zip(names, phis):
            type_ = re.match(r"%\w+ = phi (<.*?>|\w+)", line)[1]
            environment[name] = IV if type_ == "i64" else self.fresh(f"carried{name[1:]}", type_)
            step.types.append(type_)
        step.phis = [environment[name] for name in names]
        for line in lines:
            machine.step(line, environment)
        body = re.fullmatch(r"br i1 \S+, label (%\w+), label %\w+", last)[1]
        back = machine.run(function, environment, body, header, until=header)
        values = machine.enter(phis, environment, back)
        step.next = [values[name] for name in names]
        for pointer in environment.values():
            if isinstance(pointer, ir.Pointer) and pointer.region.stored:
                step.stores += pointer.region.stored
                pointer.region.stored = []
        at = step.types.index("i64")
        form = self.claims.decider.form(v.binary("sub", step.next[at], IV))
        step.by = form.constant if not form.terms else None
        for values in (step.types, step.phis, step.next):
            del values[at]
        return step

    def skip(self, machine, function, header, environment, before):
        """A loop in an iteration: any numbers are carried out of it."""
        phis, lines, last = function.parts(header)
        init = machine.enter(phis, environment, before)
        values, first = [], None
        for line in phis:
            name, type_ = re.match(r"(%\w+) = phi (<.*?>|\w+)", line).groups()
            value = self.fresh(f"inner{name[1:]}", type_)
            if type_ == "i64":
                first, index = init.pop(name), value
            else:
                values.append((name, value))
            environment[name] = value
        for (_, low), (name, high) in zip(values, values[len(values) // 2:]):
            if isinstance(high, list) and high[0].width == 16:
                environment[name] = upper_halves(low, high)
        for line in lines:
            machine.step(line, environment)
        condition, leave = re.fullmatch(r"br i1 (\S+), label %\w+, label (%\w+)", last).groups()
        left, end, _ = environment[condition].args
        if left is not index or self.step.inner:
            raise ir.Unknown(f"the loop at {header} in another")
        self.step.inner = Inner(header, first, list(init.values()), [value for _, value in values], end)
        return leave

    #===--------------------------------------------------------------------===#
    # What a step must be
    #===--------------------------------------------------------------------===#

    def prove(self, header):
        step = self.step
        if step.inner:
            self.prove_chunk()
        elif step.stores and self.product.running:
            self.prove_running()
        elif step.stores:
            self.prove_preparation()
        elif 8 in step.reads:
            self.prove_lookups(header)
        elif len(step.types) == 1 and "w" not in step.reads:
            self.prove_row()
        elif "w" in step.reads and any(x[0].width == 8 for x in step.phis) and len(step.phis[-1]) == HALF:
            self.prove_chain(header)
        elif "w" in step.reads:
            self.prove_words(header)
        else:
            raise Unproved(f"{step.where} is of no known kind")

    def follow(self, per, places):
        """The next iteration begins where one ends: `places`, each `per` i and a constant."""
        places = sorted(places)
        if places != list(range(places[0], places[0] + len(places))) or per * self.step.by != len(places):
            raise Unproved(f"{self.step.where}: places {places} an iteration, then {per} times {self.step.by} on")

    def prove_row(self):
        """Of a row alone: the count of its bits, or whether it has any."""
        (name, places), = self.step.reads.items()
        (row, k), = places
        before, after = self.step.phis[0], self.step.next[0]
        self.follow(k[0], range(len(after) if isinstance(after, list) else 1))
        if isinstance(after, list):  # many words at a time
            for lane, (old, new) in enumerate(zip(before, after)):
                self.claims.same(new, v.binary("or", old, self.word(name, row, (k[0], k[1] + lane))), self.step.where)
            return
        word = self.word(name, row, k)
        if after.op == "or":
            self.claims.same(after, v.binary("or", before, word), self.step.where)
        else:
            self.claims.equal(after, v.binary("add", before, v.popcount(word)), self.step.where)

    def prove_words(self, header):
        """Of a tile of rows and panels: the count of one word, or of two with parity."""
        step, product = self.step, self.product
        rows = sorted({row for row, _ in step.reads.get("x", ())})
        panels = sorted({panel for panel, _ in step.reads["w"]})
        places = sorted({k for _, k in step.reads["w"]})
        tile = [(row, panel) for row in rows or [None] for panel in panels]
        self.follow(places[0][0], [k for _, k in places])
        if product.running:
            self.prove_differences(header, tile, panels, places)
            return
        if len(step.phis) != len(tile) * (2 if product.parity else 1) or len(places) != 1 + product.parity:
            raise Unproved(f"{step.where} carries {len(step.phis)} vectors for {len(tile)}, and reads words {places}")
        for at, (row, panel) in enumerate(tile):
            for lane in range(LANES):
                bits = [v.binary("and" if product.element == "u1" else "xor", self.input(row, k),
                                 self.weight(panel, lane, k)) for k in places]
                keep = [self.kept(row, k) for k in places]
                if product.parity:
                    before, after = step.phis[len(tile) + at][lane], step.next[len(tile) + at][lane]
                    self.claims.same(after, bits[1], step.where)
                    bits = [bits[0], v.binary("xor", bits[1], v.binary("xor", bits[0], before)), before, after]
                self.prove_count(header, step.phis[at], step.next[at], lane, bits, keep)

    def prove_running(self):
        """Words of a row become the parities of all words up to each, in each of its copies."""
        step = self.step
        places = sorted(step.reads["x"])
        self.follow(places[0][1][0], [k[1] for _, k in places])
        parities, parity = {}, step.phis[0]
        for row, k in places:
            parities[k] = parity = v.binary("xor", parity, self.word("x", row, k))
        self.claims.same(step.next[0], parity, step.where)
        stored = collections.Counter()
        for offset, _, cell in step.stores:
            a, b = self.affine(offset)
            k = (a // COPIES_BYTES, b // COPIES_BYTES)
            if k not in parities:
                raise Unproved(f"{step.where} stores at {offset!r}")
            self.claims.same(cell, parities[k], step.where)
            stored[k] += 1
        if any(stored[k] != COPIES_BYTES // WORD_BYTES for k in parities):
            raise Unproved(f"{step.where} stores {dict(stored)} words")

    def prove_chain(self, header):
        """Of rows and half a panel: the carries of four words, of which the second two are subtracted
        as the complements that they are. What is added and 8 a byte is the count of the carries."""
        step = self.step
        rows = sorted({row for row, _ in step.reads["x"]})
        places = sorted({k for _, k in step.reads["w"]})
        (panel,) = {panel for panel, _ in step.reads["w"]}
        self.follow(places[0][0], [k for _, k in places])
        if len(places) != 4 or places[0][1] % 4 or len(step.phis) != 2 * len(rows):
            raise Unproved(f"{step.where} carries {len(step.phis)} vectors for {len(rows)}, and reads words {places}")
        ones = v.const(-1, WORD)
        for at, row in enumerate(rows):
            for lane in range(HALF):
                sums = [v.binary("xor", self.word("x", row, k), self.half_weight(panel, lane, k)) for k in places]
                sums[1] = v.binary("xor", sums[1], ones)  # a complement is stored
                before, after = step.phis[len(rows) + at][lane], step.next[len(rows) + at][lane]
                self.claims.same(after, sums[3], step.where)
                self.prove_carries(header, step.phis[at], step.next[at], lane, [before, *sums])

    def half_weight(self, panel, lane, k):
        return self.weight(panel, lane + self.step.lane, k)

    def prove_carries(self, header, before, after, lane, sums):
        """One lane: with s the sums, 2 (added + 8) + popcount(s4) = popcount(s0) + all that differs."""
        for part in range(4):
            def count(x):
                return v.zext(v.popcount(v.extract(x, part * 8, 8)), 32)
            at = lane * 4 + part
            more = v.binary("add", v.binary("sub", after[at], before[at]), v.const(8, 8))
            low, high = self.claims.decider.form(more).bounds()
            self.most[header] = max(self.most.get(header, 0), high if low >= 0 else 1 << 32)
            more = v.zext(more, 32)
            total = count(sums[0])
            for last, this in zip(sums, sums[1:]):
                total = v.binary("add", total, count(v.binary("xor", last, this)))
            self.claims.equal(v.binary("add", v.binary("add", more, more), count(sums[4])), total, self.step.where)

    def prove_differences(self, header, tile, panels, places):
        """Of a tile of rows and panels, the weights running: the counts of four words."""
        step = self.step
        if len(places) != 4 or places[0][1] % 4 or len(step.phis) != len(tile) + len(panels):
            raise Unproved(f"{step.where} carries {len(step.phis)} vectors for {len(tile)}, and reads words {places}")
        flips = [v.const(-1 if place in (1, 2) else 0, WORD) for place in range(4)]
        for lane in range(LANES):
            meant = {}
            for at, panel in enumerate(panels):
                last = step.phis[len(tile) + at][lane]
                for place, k in enumerate(places):
                    stored = self.weight(panel, lane, k)
                    meant[panel, place] = v.binary("xor", v.binary("xor", stored, last), flips[place])
                    last = stored
                self.claims.same(step.next[len(tile) + at][lane], last, step.where)
            for at, (row, panel) in enumerate(tile):
                bits = [v.binary("xor", self.input(row, k), meant[panel, place]) for place, k in enumerate(places)]
                keep = [self.kept(row, k) for k in places]
                if keep[0] is not None:
                    bits = [v.binary("and", word, kept) for word, kept in zip(bits, keep)]
                self.prove_sum(header, step.phis[at], step.next[at], lane, bits)

    def prove_sum(self, header, before, after, lane, bits):
        """One lane of counts: the bits of several words."""
        for part in range(4):
            total = v.const(0, 32)
            for word in bits:
                total = v.binary("add", total, v.zext(v.popcount(v.extract(word, part * 8, 8)), 32))
            at = lane * 4 + part
            more = v.binary("sub", after[at], before[at])
            low, high = self.claims.decider.form(more).bounds()
            self.most[header] = max(self.most.get(header, 0), high if low == 0 else 1 << 32)
            self.claims.equal(v.zext(more, 32), total, self.step.where)

    def input(self, row, k):
        return v.const(0, 32) if row is None else self.word("x", row, k)

    def kept(self, row, k):
        """The elements that count: null where no mask is read."""
        if "z" not in self.step.reads:
            return None
        return v.binary("xor", self.word("z", row, k), v.const(-1, 32))

    def prove_count(self, header, before, after, lane, bits, keep):
        """One lane of counts of a tile: `bits` are the words, and the parity before and after."""
        parts = len(before) // LANES
        width = 32 // parts
        for part in range(parts):
            def count(x):
                return v.zext(v.popcount(v.extract(x, part * width, width)), 32)
            at = lane * parts + part
            more = v.binary("sub", after[at], before[at])
            low, high = self.claims.decider.form(more).bounds()
            self.most[header] = max(self.most.get(header, 0), high if low == 0 else 1 << 32)
            if width < 32:
                more = v.zext(more, 32)
            if keep[0] is not None:
                total = v.const(0, 32)
                for word, kept in zip(bits, keep):
                    total = v.binary("add", total, count(v.binary("and", word, kept)))
            elif len(bits) > 1:
                first, second, parity, following = map(count, bits)
                more = v.binary("add", v.binary("add", more, more), following)
                total = v.binary("add", v.binary("add", first, second), parity)
            else:
                total = count(bits[0])
            self.claims.equal(more, total, self.step.where)

    def prove_lookups(self, header):
        """Of pairs of rows and all panels: the counts of three digits, of the first row in bytes, of
        the second in 16 bits, with 16 times those of the first row in odd bytes."""
        step = self.step
        (table,) = self.module.tables
        op = self.claims.decider.meaning(table)
        places = sorted(step.reads[16])
        pairs, size = [places[at:at + 3] for at in range(0, len(places), 3)], len(step.phis) // 2
        vectors = size // len(pairs)
        for pair in pairs:
            self.follow(pair[0][1] // 2, [at // 2 for at, _ in pair])

        def count(row, pair, byte):
            total = v.const(0, 32)
            for digit, (at, a) in enumerate(pairs[pair]):
                weight = v.var(f"weight[{64 * a // 2}i+{64 * digit + byte}]", 4)
                digits = v.var(f"digit{row}[{a}i+{at}]", 4)
                total = v.binary("add", total, v.zext(v.popcount(v.binary(op, digits, weight)), 32))
            return total

        for at in range(size):
            pair, first = at // vectors, at % vectors * len(step.phis[at])
            for byte, (before, after) in enumerate(zip(step.phis[at], step.next[at])):
                more = v.binary("sub", after, before)
                low, high = self.claims.decider.form(more).bounds()
                self.most[header] = max(self.most.get(header, 0), high if low == 0 else 1 << 32)
                self.claims.equal(v.zext(more, 32), count(0, pair, first + byte), step.where)
            for half, (before, after) in enumerate(zip(step.phis[size + at], step.next[size + at])):
                even = first + 2 * half
                total = count(1, pair, even)
                for factor, part in ((16, count(0, pair, even + 1)), (256, count(1, pair, even + 1))):
                    total = v.binary("add", total, v.binary("mul", part, v.const(factor, 32)))
                self.claims.equal(v.binary("sub", after, before), v.extract(total, 0, 16), step.where)

    def prove_chunk(self):
        """Of a chunk of words or digits: what its counters have is added to wider ones, and they
        begin with 0, or with 8 a step, which a step of parity_chain adds less than the carries. They
        do not overflow: what a chunk adds is for the end (prove_chunks)."""
        step, inner = self.step, self.step.inner
        wide = inner.phis[:len(inner.phis) // 2] if 16 in {x[0].width for x in inner.phis} else None
        counters = wide or [x for x in inner.phis if x[0].width == 8]
        carried = inner.phis[len(counters):] if not wide else []
        zero = [x for at in range(len(counters) * (2 if wide else 1)) for x in inner.init[at]]
        first = 8 * step.by if self.product.running and len(inner.phis[-1]) == HALF else 0
        if not all(v.is_const(x, first) for x in zero) or inner.first is not IV:
            raise Unproved(f"{step.where}: the counters of a chunk do not begin with {first}")
        for at, vector in enumerate(carried):
            if inner.init[len(counters) + at] != step.phis[len(counters) + at] \
                    or step.next[len(counters) + at] != vector:
                raise Unproved(f"{step.where}: the parity is lost")
        sums = [sum_of(total) for counter, upper in zip(counters, inner.phis[len(counters):] if wide else counters)
                for total in (by_half(counter, upper) if wide else [by_word(counter)])]
        for before, after, more in zip(step.phis, step.next, sums):
            for old, new, part in zip(before, after, more):
                self.claims.equal(v.zext(v.binary("sub", new, old), 32), part, step.where)
        if self.product.words * WORD >= 1 << step.phis[0][0].width:
            raise Unproved(f"{step.where}: the counts of a row reach more than {step.phis[0][0].width} bits hold")
        self.chunks.append((step.where, inner.header, step.by, inner.end, 3 if wide else 1))

    def prove_preparation(self):
        """Digits of words: of two rows, as places in the table, or of weights."""
        step, parity = self.step, {}
        for before, after in zip(step.phis, step.next):
            parity.update(zip(after, before) if isinstance(after, list) else [(after, before)])
        words = {k for name in ("x", "w") for _, k in step.reads.get(name, ())}
        self.follow(min(a for a, _ in words), {k for _, k in words})
        for offset, lane, cell in step.stores:
            a, b = self.affine(offset)
            if cell.width == 16:
                place, digit = b // 2, lane
                ranges = [(4, self.prepared(parity, "x", 0, a // 16, place // DIGITS)),
                          (8, self.prepared(parity, "x", 1, a // 16, place // DIGITS))]
            else:
                place, byte = divmod(b, 64)
                digit, byte = place % DIGITS, byte + lane
                row = byte % 4 * LANES + byte // 4
                ranges = [(0, self.prepared(parity, "w", row, a // 512, place // DIGITS))]
            used = 0
            for low, word in ranges:
                used |= 15 << low
                self.claims.same(v.extract(cell, low, 4), v.extract(word, 4 * digit, 4), step.where)
            rest = v.binary("and", cell, v.const(~used, cell.width))
            self.claims.same(rest, v.const(0, cell.width), step.where)

    def prepared(self, parity, name, row, a, k):
        """The word that is meant; the second one of an iteration is stored as parity."""
        stored = self.word(name, row, (a, k))
        if stored not in parity:
            return stored
        return v.binary("xor", stored, v.binary("xor", self.word(name, row, (a, k - 1)), parity[stored]))

    def prove_chunks(self):
        """No counter of a chunk overflows. What they reach at most."""
        reached = 0
        for where, header, by, end, each in self.chunks:
            most = self.most[header] * (by // each)
            if most > 255:
                raise Unproved(f"{where}: {by // each} iterations add up to {self.most[header]} each")
            limit = v.binary("add", IV, v.const(by, 64))
            if end is not limit and not (end.op == "umin" and end.args[0] is limit and end.args[1].op == "const"):
                raise Unproved(f"{where}: a chunk ends at {end!r}")
            reached = max(reached, most)
        return reached


def upper_halves(low, high):
    """Any numbers that the upper counters of byte_table can be."""
    result = []
    for at, half in enumerate(high):
        parts = [v.zext(v.extract(half, 0, 8), 16), v.zext(low[2 * at + 1], 16), v.zext(v.extract(half, 8, 8), 16)]
        total = parts[0]
        for factor, part in zip((16, 256), parts[1:]):
            total = v.binary("add", total, v.binary("mul", part, v.const(factor, 16)))
        result.append(total)
    return result


def by_half(low, high):
    """The four sums of 16 bits of addHalves."""
    pairs = range(len(high))
    return [[[low[2 * i]] for i in pairs], [[low[2 * i + 1]] for i in pairs],
            [[v.extract(high[i], 0, 8)] for i in pairs], [[v.extract(high[i], 8, 8)] for i in pairs]]


def by_word(counters):
    """The four bytes of each lane."""
    return [counters[4 * i:4 * i + 4] for i in range(len(counters) // 4)]


def sum_of(lanes):
    totals = []
    for parts in lanes:
        total = v.const(0, 32)
        for part in parts:
            total = v.binary("add", total, v.zext(part, 32))
        totals.append(total)
    return totals
