# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs LLVM IR, as text, on expressions (vectors.py) in place of numbers.

Loops run as often as their constants say; memory has an expression in each cell. An instruction
that is not known here is an error. Floats are bit vectors, and their operations functions of which
nothing is known but that they are functions.
"""
import re

import vectors as v

TYPE = r"(?:<\d+ x \w+>|\w+)"
WIDTHS = {"ptr": 64, "float": 32, "double": 64}


class Unknown(Exception):
    """IR that this file does not know."""


class Undecided(Exception):
    """A branch on `condition`, which is no constant."""

    def __init__(self, condition):
        super().__init__(repr(condition))
        self.condition = condition


class Pointer:
    """A place in a region of memory: a number of bytes."""

    def __init__(self, region, offset):
        self.region, self.offset = region, offset


class Region:
    """Memory: cells of one width each, at byte offsets. `initial(offset, width)` is what a cell
    holds that was not written, `anywhere(offset, lane, width)` what lies in lane `lane` from a
    place on that is an expression (without `initial`: from any)."""

    def __init__(self, name, initial=None, anywhere=None):
        self.name, self.cells, self.initial, self.anywhere = name, {}, initial, anywhere
        self.stored = []  # at places that are expressions: (offset, lane, value)

    def load(self, offset, lane, width):
        if self.stored:
            raise Unknown(f"a load from {self.name} after a store somewhere in it")
        if self.anywhere and (offset.op != "const" or not self.initial):
            return self.anywhere(offset, lane, width)
        if offset.op != "const":
            raise Unknown(f"a load from {self.name} at {offset!r}")
        at = offset.args[0] + lane * (width // 8)
        if at in self.cells:
            cell = self.cells[at]
            if cell.width != width:
                raise Unknown(f"{width} bits at {at} of {self.name}, which hold {cell.width}")
            return cell
        if not self.initial:
            raise Unknown(f"{self.name} is read at {at} and not written")
        return self.initial(at, width)

    def store(self, offset, lane, value):
        if offset.op == "const":
            self.cells[offset.args[0] + lane * (value.width // 8)] = value
        else:
            self.stored.append((offset, lane, value))


def parse_type(text):
    """(lanes or None, bits of one)."""
    match = re.fullmatch(r"<(\d+) x (\w+)>", text)
    element = match[2] if match else text
    width = WIDTHS.get(element) or int(re.fullmatch(r"i(\d+)", element)[1])
    return (int(match[1]) if match else None), width


def split_arguments(text):
    """The arguments of a list, at the commas that are in no bracket."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "(<[") - (char in ")>]")
        if char == "," and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
    return parts + [text[start:].strip()] if text.strip() else []


def literal(text, type_):
    """A constant operand, or None."""
    lanes, width = parse_type(type_)
    if text == "zeroinitializer":
        return [v.const(0, width)] * lanes
    if text in ("undef", "poison"):
        nothing = v.make("undef", width)
        return [nothing] * lanes if lanes else nothing
    if text in ("true", "false"):
        return v.const(text == "true", 1)
    if text.startswith("<"):
        return [literal(part.split(" ", 1)[1], part.split(" ", 1)[0]) for part in split_arguments(text[1:-1])]
    if re.fullmatch(r"-?\d+", text):
        return v.const(int(text), width)
    if re.fullmatch(r"-?\d\.\d+e[+-]\d+|0x[0-9A-F]+", text):
        return v.make("float", width, text)
    if text.startswith("ptrtoint"):  # a size
        size = re.search(r"getelementptr \((\w+), ptr null, i32 (\d+)\)", text)
        return v.const(parse_type(size[1])[1] // 8 * int(size[2]), width)
    return None


class Function:
    """The blocks of a function: {label: [line]}, in order."""

    def __init__(self, name, parameters, lines):
        self.name = name
        self.parameters = [part.split(" ")[-1] for part in split_arguments(parameters)]
        # Its first block has the number after those of the parameters.
        self.blocks, label = {}, f"%{len(self.parameters)}"
        for line in lines:
            line = line.split(";")[0].strip()
            block = re.fullmatch(r"(\w+):", line)
            if block:
                label = "%" + block[1]
            elif line:
                self.blocks.setdefault(label, []).append(line)
        order = list(self.blocks)
        self.headers = {}  # label of a loop's header: that of the block that branches back to it
        for at, label in enumerate(order):
            for target in re.findall(r"label (%\w+)", self.blocks[label][-1]):
                if target in self.blocks and order.index(target) <= at:
                    self.headers[target] = label


    def parts(self, label):
        """The phis of a block, its other instructions, and the last one."""
        lines = self.blocks[label]
        phis = [line for line in lines if " = phi " in line]
        return phis, lines[len(phis):-1], lines[-1]


class Module:
    """The functions and constant tables of LLVM IR."""

    def __init__(self, text):
        self.functions, self.tables = {}, {}
        for match in re.finditer(r"^define [^@]*@(\w+)\((.*?)\)[^()\n]*\{\n(.*?)^\}", text, re.M | re.S):
            self.functions[match[1]] = Function(match[1], match[2], match[3].splitlines())
        for match in re.finditer(r'^@(\w+) = private constant \[\d+ x i8\] c"(.*?)"', text, re.M):
            raw = re.sub(rb"\\([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), match[2].encode())
            self.tables[match[1]] = list(raw)


BINARY = re.compile(rf"(\w+) (?:(?:nuw|nsw|exact|disjoint|contract) )*({TYPE}) (.+)")
FLOATS = {"fadd", "fsub", "fmul", "fdiv"}
CASTS = {"zext", "sext", "trunc", "bitcast", "sitofp", "uitofp", "fptosi", "fptoui", "fpext", "fptrunc"}


class Machine:
    """Runs functions of a module. Conditions are `assumed` to hold or not. `loops.enter(machine, function,
    header, environment)` is called where a loop is entered. Where one iteration is run alone,
    `loops.skip(...)` stands for the loops in it, and `loops.scratch(name)` makes new memory."""

    def __init__(self, module, assumed=None, loops=None):
        self.module, self.assumed, self.loops = module, assumed or {}, loops
        self.regions = {name: Region(name, anywhere=self.entry_of(name)) for name in module.tables}
        self.allocated = 0

    @staticmethod
    def entry_of(name):
        return lambda offset, lane, width: v.make("entry", width, name, offset, lane)

    def call(self, name, arguments):
        function = self.module.functions[name]
        environment = dict(zip(function.parameters, arguments))
        return self.run(function, environment, next(iter(function.blocks)), None)

    def run(self, function, environment, label, before, until=None):
        """Runs from a block on; returns at `until`, with the block that it is entered from."""
        while True:
            if self.loops and label in function.headers and before != function.headers[label]:
                if until:
                    before, label = label, self.loops.skip(self, function, label, environment, before)
                    continue
                leave = self.loops.enter(self, function, label, environment)
                if leave:
                    before, label = label, leave
                    continue
            phis, lines, last = function.parts(label)
            environment.update(self.enter(phis, environment, before))
            for line in lines:
                self.step(line, environment)
            if last.startswith("ret"):
                return None
            before, label = label, self.branch(last, environment)
            if label == until:
                return before

    def enter(self, phis, environment, before):
        """The values of phis where their block is entered from `before`."""
        values = {}
        for line in phis:
            name, type_, rest = re.match(rf"(%\w+) = phi ({TYPE}) (.*)", line).groups()
            sources = {source: value for value, source in re.findall(r"\[ (.+?), (%\w+) \]", rest)}
            values[name] = self.operand(sources[before], type_, environment)
        return values

    def branch(self, line, environment):
        match = re.fullmatch(r"br label (%\w+)(?:, !.*)?", line)
        if match:
            return match[1]
        match = re.fullmatch(r"br i1 (\S+), label (%\w+), label (%\w+)(?:, !.*)?", line)
        if not match:
            raise Unknown(line)
        condition = self.operand(match[1], "i1", environment)
        if condition in self.assumed:
            return match[2] if self.assumed[condition] else match[3]
        if condition.op != "const":
            raise Undecided(condition)
        return match[2] if condition.args[0] else match[3]

    def operand(self, text, type_, environment):
        if text.startswith("%"):
            return environment[text]
        if text.startswith("@"):
            return Pointer(self.regions[text[1:]], v.const(0, 64))
        value = literal(text, type_)
        if value is None:
            raise Unknown(f"{type_} {text}")
        return value

    def typed(self, text, environment):
        """An operand with its type before it: (value, type)."""
        match = re.fullmatch(rf"({TYPE}) (?:noundef )?(.*)", text)
        return self.operand(match[2], match[1], environment), match[1]

    def step(self, line, environment):
        match = re.match(r"(?:(%\w+) = )?(.*)", line)
        result, text = match[1], match[2]
        op = text.split(" ", 1)[0]
        handler = getattr(self, "do_" + op, None)
        if handler:
            value = handler(text[len(op):].strip(), environment)
        elif op in v.FOLD or op in FLOATS:
            value = self.binary(text, environment)
        elif op in CASTS:
            value = self.cast(op, text, environment)
        else:
            raise Unknown(line)
        if result:
            environment[result] = value

    def binary(self, text, environment):
        match = BINARY.fullmatch(text)
        left, right = (self.operand(part, match[2], environment) for part in split_arguments(match[3]))
        op = match[1]
        if op in FLOATS:
            return lanewise(lambda a, b: v.make(op, a.width, a, b), left, right)
        return lanewise(lambda a, b: v.binary(op, a, b), left, right)

    def cast(self, op, text, environment):
        match = re.fullmatch(rf"{op} (?:nneg )?(.*) to ({TYPE})", text)
        value, source = self.typed(match[1], environment)
        width = parse_type(match[2])[1]
        if op == "bitcast":
            return bitcast(value, match[2])
        if op == "zext":
            return lanewise(lambda a: v.zext(a, width), value)
        if op == "trunc":
            return lanewise(lambda a: v.extract(a, 0, width), value)
        if op == "sext" and parse_type(source)[1] == 1:
            return lanewise(lambda a: v.select(a, v.const(-1, width), v.const(0, width)), value)
        if op == "sext":
            def signed(a):  # by the sum of unsigned numbers that it is
                half = 1 << (a.width - 1)
                up = v.zext(v.binary("add", a, v.const(half, a.width)), width)
                return v.binary("sub", up, v.const(half, width))
            return lanewise(signed, value)
        return lanewise(lambda a: v.make(op, width, a), value)

    def do_icmp(self, text, environment):
        match = re.fullmatch(rf"(\w+) ({TYPE}) (.*)", text)
        left, right = (self.operand(part, match[2], environment) for part in split_arguments(match[3]))
        return lanewise(lambda a, b: v.compare(match[1], a, b), left, right)

    def do_fcmp(self, text, environment):
        match = re.fullmatch(rf"(\w+) ({TYPE}) (.*)", text)
        left, right = (self.operand(part, match[2], environment) for part in split_arguments(match[3]))
        return lanewise(lambda a, b: v.make("fcmp", 1, a, b, match[1]), left, right)

    def do_select(self, text, environment):
        (condition, _), (a, _), (b, _) = (self.typed(part, environment) for part in split_arguments(text))
        if isinstance(a, list) and not isinstance(condition, list):
            condition = [condition] * len(a)
        return lanewise(v.select, condition, a, b)

    def do_getelementptr(self, text, environment):
        element, base, index = split_arguments(re.sub(r"^inbounds ", "", text))
        pointer, _ = self.typed(base, environment)
        at, _ = self.typed(index, environment)
        size = v.const(parse_type(element)[1] // 8, 64)
        return Pointer(pointer.region, v.binary("add", pointer.offset, v.binary("mul", at, size)))

    def do_load(self, text, environment):
        type_, base = split_arguments(text)[:2]
        pointer, _ = self.typed(base, environment)
        lanes, width = parse_type(type_)
        cells = [pointer.region.load(pointer.offset, lane, width) for lane in range(lanes or 1)]
        return cells if lanes else cells[0]

    def do_store(self, text, environment):
        (value, _), (pointer, _) = (self.typed(part, environment) for part in split_arguments(text)[:2])
        for lane, cell in enumerate(value if isinstance(value, list) else [value]):
            pointer.region.store(pointer.offset, lane, cell)

    def do_insertelement(self, text, environment):
        (vector, _), (value, _), (at, _) = (self.typed(part, environment) for part in split_arguments(text))
        vector = list(vector)
        vector[at.args[0]] = value
        return vector

    def do_extractelement(self, text, environment):
        (vector, _), (at, _) = (self.typed(part, environment) for part in split_arguments(text))
        return vector[at.args[0]]

    def do_shufflevector(self, text, environment):
        (a, _), (b, _), (mask, _) = (self.typed(part, environment) for part in split_arguments(text))
        both = a + b
        return [both[at.args[0]] for at in mask]

    def do_call(self, text, environment):
        match = re.fullmatch(r"(\S+|<.*?>) @([\w.]+)\((.*)\)(?: #\d+)?", text)
        name, arguments = match[2], [self.typed(part, environment)[0] for part in split_arguments(match[3])]
        if name == "malloc":
            self.allocated += 1
            name = f"scratch{self.allocated}"
            return Pointer(self.loops.scratch(name) if self.loops else Region(name), v.const(0, 64))
        if name == "free":
            return None
        if name in self.module.functions:
            return self.call(name, arguments)
        if name.startswith("llvm.masked."):
            return masked(name.split(".")[2], arguments)
        return intrinsic(name, arguments)


def lanewise(function, *operands):
    if isinstance(operands[0], list):
        return [function(*lanes) for lanes in zip(*operands)]
    return function(*operands)


def bitcast(value, type_):
    lanes, width = parse_type(type_)
    parts = value if isinstance(value, list) else [value]
    count = lanes or 1
    if len(parts) >= count:
        each = len(parts) // count
        cast = [v.concat(parts[i * each:(i + 1) * each]) for i in range(count)]
    else:
        each = count // len(parts)
        cast = [v.extract(part, i * width, width) for part in parts for i in range(each)]
    return cast if lanes else cast[0]


def shuffle_bytes(entries, digits):
    """pshufb: a byte of the 16 of its part. These must be a row of a table."""
    for at in range(0, len(entries), 16):
        row = entries[at:at + 16]
        if any(e.op != "entry" or e.args[:2] != row[0].args[:2] or e.args[2] != i for i, e in enumerate(row)):
            raise Unknown(f"a shuffle of what is no row of a table: {row}")
    return [v.make("lookup", 8, *entry.args[:2], digit) for entry, digit in zip(entries, digits)]


def masked(kind, arguments):
    """A load or store of the lanes that a mask has."""
    pointer, mask = (arguments[0], arguments[2]) if kind == "load" else (arguments[1], arguments[3])
    if any(bit.op != "const" for bit in mask):
        raise Unknown(f"a masked {kind} by {mask}")
    live = [lane for lane, bit in enumerate(mask) if bit.args[0]]
    if kind == "store":
        for lane in live:
            pointer.region.store(pointer.offset, lane, arguments[0][lane])
        return None
    result = list(arguments[3])
    for lane in live:
        result[lane] = pointer.region.load(pointer.offset, lane, result[lane].width)
    return result


def intrinsic(name, arguments):
    base = re.sub(r"\.v?\d*[if]\d+$", "", name.removeprefix("llvm."))
    if base == "ctpop":
        return lanewise(v.popcount, *arguments)
    if base in ("umin", "umax"):
        return lanewise(lambda a, b: v.binary(base, a, b), *arguments)
    if base == "vector.reduce.or":
        total = arguments[0][0]
        for lane in arguments[0][1:]:
            total = v.binary("or", total, lane)
        return total
    if name == "llvm.x86.avx512.pternlog.d.512":
        table = arguments[3].args[0]
        return lanewise(lambda a, b, c: v.ternary(table, a, b, c), *arguments[:3])
    if name.startswith("llvm.aarch64.neon.uaddlp."):
        width = 2 * arguments[0][0].width
        wide = [v.zext(lane, width) for lane in arguments[0]]
        return [v.binary("add", low, high) for low, high in zip(wide[::2], wide[1::2])]
    if name.startswith("llvm.aarch64.neon.addp."):
        lanes = [*arguments[0], *arguments[1]]
        return [v.binary("add", low, high) for low, high in zip(lanes[::2], lanes[1::2])]
    if name in ("llvm.x86.avx2.pshuf.b", "llvm.x86.avx512.pshuf.b.512"):
        return shuffle_bytes(*arguments)
    if base == "fma":
        return lanewise(lambda *lanes: v.make("fma", lanes[0].width, *lanes), *arguments)
    raise Unknown(f"call @{name}")
