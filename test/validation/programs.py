# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs of `bnn` ops, `linalg` and checks, their calls, and the status of each call.

A program is a function @main of a few components: modules of the twins, which NumPy knows the
integers of, and chains, in which each op reads what others computed. Some have checks that hold for
some calls only.
"""
import dataclasses
import os
import re
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "twins")]
import modules  # noqa: E402
import planes  # noqa: E402
from kernels import parse_tile  # noqa: E402
from modules import FUNCTIONS, IDENTITY, MAXIMA, Module, scalar, shape_type  # noqa: E402

OK, ERROR_SHAPE, ERROR_CAPACITY, ERROR_INDEX = 0, 2, 3, 4
TILES = ["1x1", "2x1", "1x2,bytes", "4x1,queries2", "1x1,bytes,table32"]
SIZES = [1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 40]
SYMBOL_SIZES = {"rows": [1, 2, 3, 5, 8, 9], "batch": [1, 2], "tokens": [1, 2, 5, 16, 17]}
HEADS = [(1, 1), (2, 3), (3, 5), (2, 16), (1, 17)]
# The functions that bnn-expand-math writes out, and a domain in which C's have the same value.
MATH = {"exp": (-80, 80), "log": (1e-6, 1e6), "erf": (-5, 5), "tanh": (-9, 9),
        "rsqrt": (1e-6, 1e6), "roundeven": (-99, 99), "round": (-99, 99), "floor": (-99, 99),
        "ceil": (-99, 99), "trunc": (-99, 99), "sqrt": (0, 1e6), "absf": (-9, 9)}


class Program(Module):
    """A module with checks. Each is (status, whether it holds, of feeds and sizes)."""

    def __init__(self, seed, number):
        super().__init__(f"program {number}", np.random.default_rng([seed, number]))
        self.conditions = []
        self.checks = []  # and (status, lines): both in the order of the program
        self.target = parse_tile(str(self.rng.choice(TILES)))

    def pick(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, probability):
        return self.rng.random() < probability

    def expected_status(self, feeds, sizes):
        for symbol in self.dim_of:
            if not 1 <= sizes[symbol] <= MAXIMA[symbol]:
                return ERROR_CAPACITY
        # All shapes are checked before all indices.
        for status, holds in sorted(self.conditions, key=lambda condition: condition[0]):
            if not holds(feeds, sizes):
                return status
        return OK

    def calls(self, count):
        """(sizes, feeds) of each call; one in six has a size that the model does not take."""
        rng = np.random.default_rng(int(self.rng.integers(1 << 32)))
        for _ in range(count):
            sizes = {symbol: int(rng.choice(SYMBOL_SIZES[symbol])) for symbol in sorted(self.dim_of)}
            if sizes and rng.random() < 1 / 6:
                symbol = sorted(sizes)[rng.integers(len(sizes))]
                sizes[symbol] = int(rng.choice([0, MAXIMA[symbol] + 1]))
            feeds = {}
            for name, element, dims, generator in self.inputs:
                shape = modules.size(dims, sizes)
                values = np.zeros(shape) if 0 in shape else generator(rng, shape)
                feeds[name] = np.asarray(values, modules.ELEMENTS[element])
            yield sizes, feeds

    def entry_text(self):
        """The same program with its buffers and its status written here and not by bnn-prepare-entry."""
        text = self.text(self.target)
        head, rest = text.split("  func.func @main(", 1)
        body = rest.split(" {\n", 1)[1].rsplit("    return ", 1)[0]

        def argument(kind, name, element, dims):
            listed = ", ".join(f'"{d}"' if isinstance(d, str) else str(d) for d in dims)
            return (f'%{name}_buffer: {shape_type(dims, element, "memref")} '
                    f'{{bnn.argument = #bnn.argument<{kind}, "{name}", [{listed}]>}}')

        arguments = [argument("input", name, element, dims) for name, element, dims, _ in self.inputs]
        arguments += [argument("output", name, element, dims) for name, element, dims, _, _ in self.outputs]
        arguments.append("%workspace: memref<?xi8> {bnn.argument = #bnn.argument<workspace>}")
        checks = {line for _, lines in self.checks for line in lines}
        body = "".join(line + "\n" for line in body.splitlines() if line not in checks)
        dims, body = body.split(self.lines[0], 1)
        # Shapes are checked before indices, and both before all work.
        for status, lines in sorted(self.checks, key=lambda check: check[0]):
            dims += "\n".join(re.sub(r"bnn.check_shape (%\w+) : i1", rf"bnn.return_unless \1, {status}", line)
                              for line in lines) + "\n"
            if status == ERROR_INDEX:
                dims += f"    bnn.return_unless {lines[-1].split()[0]}, {status}\n"
        body = dims + self.lines[0] + body
        before = [f"    %{name} = bufferization.to_tensor %{name}_buffer restrict : "
                  f"{shape_type(dims, element, 'memref')}" for name, element, dims, _ in self.inputs]
        after = [f"    bufferization.materialize_in_destination {value} in restrict writable %{name}_buffer : "
                 f"({shape_type(dims, element)}, {shape_type(dims, element, 'memref')}) -> ()"
                 for name, element, dims, value, _ in self.outputs]
        return "\n".join([f"{head}  func.func @entry({', '.join(arguments)}) -> i32 {{", *before, body.rstrip("\n"),
                          *after, "    %done = arith.constant 0 : i32", "    return %done : i32", "  }", "}", ""])


#===------------------------------------------------------------------------===#
# Chains
#===------------------------------------------------------------------------===#

def rows_of(m, columns):
    """Dimensions of a matrix or of a batch of them."""
    return m.pick([("rows", columns), (2, "rows", columns), ("batch", "tokens", columns), (3, columns)])


def vector(m, n):
    return m.constant(m.pick([m.rng.standard_normal(n), m.rng.integers(-4, 5, n) / 4]).astype(np.float32))


def generic(m, x, dims, lines, others=()):
    """An elementwise op: lines on %a, and on %b0, ... of others (value, whether a vector), make %fn."""
    rank = len(dims)
    names = [f"d{i}" for i in range(rank)]
    full = f"affine_map<({', '.join(names)}) -> ({', '.join(names)})>"
    last = f"affine_map<({', '.join(names)}) -> ({names[-1]})>"
    type_ = shape_type(dims, "f32")
    types = [f"tensor<{dims[-1]}xf32>" if of_vector else type_ for _, of_vector in others]
    maps = [full, *(last if of_vector else full for _, of_vector in others), full]
    iterators = ", ".join(['"parallel"'] * rank)
    y = m.fresh("g")
    m.emit(f"{y} = linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{iterators}]}} "
           f"ins({', '.join([x, *(value for value, _ in others)])} : {', '.join([type_, *types])}) "
           f"outs({m.empty(dims, 'f32')} : {type_}) {{")
    m.emit(f"^bb0(%a: f32, {''.join(f'%b{i}: f32, ' for i in range(len(others)))}%o: f32):")
    for line in lines:
        m.emit("  " + line)
    m.emit(f"  linalg.yield %fn : f32\n    }} -> {type_}")
    return y


def elementwise(m, x, dims, pool):
    """A function, an operation with a vector, or one with another value of this shape."""
    same = [value for value, others in pool if others == dims]
    which = m.rng.integers(3 if same else 2)
    if which == 0:
        return generic(m, x, dims, FUNCTIONS[m.pick(list(FUNCTIONS))])
    operation = m.pick(["addf", "mulf", "subf", "maximumf"])
    operands = m.pick(["%a, %b0", "%b0, %a"])
    other = (vector(m, dims[-1]), True) if which == 1 else (m.pick(same), False)
    return generic(m, x, dims, [f"%fn = arith.{operation} {operands} : f32"], [other])


def encode(m, x, dims):
    """Bits or integers of a value: the value, the mask of zeros or None, and the element."""
    which = m.rng.integers(5)
    shift = vector(m, dims[-1]) if m.chance(0.5) else None
    if which < 2:
        bits, zeros = modules.binarize(m, x, dims, shift, bool(which))
        return bits, zeros, "!bnn.s1"
    if which == 2:
        return modules.binarize_above(m, x, dims, float(m.pick([0.25, 0.0, -0.5]))), None, "!bnn.u1"
    element = m.pick(["s2", "u2", "s4", "u4"])
    minimum = m.pick([None, -0.17]) if element[0] == "u" else None
    values = m.rng.choice([0.0, 0.1, -0.25], dims[-1]).astype(np.float32) if m.chance(0.5) else None
    step = float(m.pick([0.5, 0.1, 0.3]))
    return planes.quantize(m, x, dims, element, step, minimum, values), None, "!bnn." + element


def epilogue(m, n, dims, pool):
    """Parameters and the lines that make %y, f32, of %acc."""
    kind = f"tensor<{n}xf32>"
    params = [(vector(m, n), kind), (vector(m, n), kind)]
    lines = ["%f = arith.sitofp %acc : i32 to f32", "%a = math.fma %f, %p0, %p1 : f32"]
    if m.chance(0.3):
        params[0] = (m.value(f"arith.constant {scalar(m.rng.standard_normal())} : f32", "s"), "f32")
    result = "%a"
    if m.chance(0.5):
        lines += FUNCTIONS[m.pick(list(FUNCTIONS))]
        result = "%fn"
    same = [value for value, others in pool if others == dims]
    if same and m.chance(0.6):
        params.append((m.pick(same), shape_type(dims, "f32")))
        lines.append(f"%full = arith.addf {result}, %p2 : f32")
        result = "%full"
    return params, lines, result


def rounding(x, y, steps):
    """Lines that make %y of %x: the integer from `steps`, (least, most), that is next to it."""
    least, most = steps
    return [f"%{y}_least = arith.constant {scalar(least)} : f32", f"%{y}_most = arith.constant {scalar(most)} : f32",
            f"%{y}_term = arith.constant 0x4B400000 : f32",
            f"%{y}_0 = arith.cmpf ogt, %{x}, %{y}_least : f32",
            f"%{y}_1 = arith.select %{y}_0, %{x}, %{y}_least : f32",
            f"%{y}_2 = arith.cmpf olt, %{y}_1, %{y}_most : f32",
            f"%{y}_3 = arith.select %{y}_2, %{y}_1, %{y}_most : f32",
            f"%{y}_sum = arith.addf %{y}_3, %{y}_term : f32", f"%{y} = arith.subf %{y}_sum, %{y}_term : f32"]


def stepped_linear(m, x, dims, pool):
    """A product that ends in a function between two roundings, of bytes mostly; steps are constants or
    parameters, as those of ops that share a kernel."""
    bits, zeros, element = encode(m, x, dims)
    n = m.pick(SIZES)
    out = (*dims[:-1], n)
    ranges = [(-128, 127), (0, 255), (-255, 0), (-7, 8), (-300, 300)]
    params = [(vector(m, n), f"tensor<{n}xf32>"),
              (m.value(f"arith.constant {scalar(m.pick([0.0625, 0.1, 0.3]))} : f32", "s"), "f32")]
    step = m.pick(["%p1", "%c"])
    lines = ["%f = arith.sitofp %acc : i32 to f32", f"%c = arith.constant {scalar(m.pick([0.05, 0.25]))} : f32",
             "%b = arith.addf %f, %p0 : f32", f"%steps = arith.divf %b, {step} : f32",
             *rounding("steps", "n", m.pick(ranges)),
             f"%a = arith.mulf %n, {step} : f32", *FUNCTIONS[m.pick(["gelu", "gelu", "tanh", "wave"])],
             f"%more = arith.divf %fn, {m.pick(['%p1', '%c'])} : f32", *rounding("more", "k", m.pick(ranges)),
             "%y = arith.mulf %k, %c : f32"]
    y, = modules.matmul(m, bits, dims, modules.random_bits(m.rng, (n, dims[-1])), zeros, params, ["f32"],
                        [*lines, "bnn.yield %y : f32"], element)
    return y, out


def linear(m, x, dims, pool, n=None):
    """encode -> matmul, and a value of f32."""
    bits, zeros, element = encode(m, x, dims)
    n = n or (dims[-1] if m.chance(0.4) else m.pick(SIZES))
    out = (*dims[:-1], n)
    params, lines, result = epilogue(m, n, out, pool)
    correction = modules.correct(m, bits, dims, zeros, n, element)[0] if m.chance(0.2) else None
    y, = modules.matmul(m, bits, dims, modules.random_bits(m.rng, (n, dims[-1])), zeros, params, ["f32"],
                        [*lines, f"bnn.yield {result} : f32"], element, correction)
    return y, out


def bit_linear(m, x, dims, pool):
    """Two products, the first of which ends in bits, and perhaps in a mask of zeros."""
    bits, zeros, element = encode(m, x, dims)
    n = m.pick(SIZES)
    between = (*dims[:-1], n)
    params, lines, result = epilogue(m, n, between, pool)
    masked = m.chance(0.5)
    lines = [*lines, "%none = arith.constant 0.0 : f32", f"%bit = arith.cmpf ogt, {result}, %none : f32",
             f"%exact = arith.cmpf ueq, {result}, %none : f32",
             "bnn.yield %bit, %exact : i1, i1" if masked else "bnn.yield %bit : i1"]
    y = modules.matmul(m, bits, dims, modules.random_bits(m.rng, (n, dims[-1])), zeros, params,
                       ["!bnn.s1", "!bnn.u1"] if masked else ["!bnn.s1"], lines, element)
    out = (*dims[:-1], m.pick(SIZES))
    params, lines, result = epilogue(m, out[-1], out, pool)
    z, = modules.matmul(m, y[0], between, modules.random_bits(m.rng, (out[-1], n)), y[1] if masked else None,
                        params, ["f32"], [*lines, f"bnn.yield {result} : f32"])
    return z, out


def normalise(m, x, dims, pool):
    n = dims[-1]
    return modules.normalise(m, x, *(m.rng.standard_normal(n).astype(np.float32) for _ in range(2)), dims), dims


def float_linear(m, x, dims, pool):
    """By constants of f32, or by bits."""
    n, k = m.pick(SIZES), dims[-1]
    out = (*dims[:-1], n)
    if m.chance(0.5):
        weight, kind = m.constant(m.rng.standard_normal((k, n)).astype(np.float32)), f"tensor<{k}x{n}xf32>"
    else:
        weight, kind = m.bits(modules.random_bits(m.rng, (n, k))), f"tensor<{n}x{k}x!bnn.s1>"
    type_ = shape_type(out, "f32")
    y = m.value(f"bnn.matmul {x}, {weight} params({vector(m, n)} : tensor<{n}xf32>) "
                f"outs({m.empty(out, 'f32')} : {type_}) : {shape_type(dims, 'f32')}, {kind} -> {type_} {{")
    m.emit("^bb0(%acc: f32, %p0: f32):")
    m.emit("  %y = arith.addf %acc, %p0 : f32\n      bnn.yield %y : f32\n    }")
    return y, out


def attention(m, x, dims, pool):
    """Query, key and value from products of one value; its end is a value or the bits of a product."""
    heads, width = m.pick(HEADS)
    inner = ("batch", "tokens", heads * width)
    bits, zeros, terms = {}, {}, {}
    for part in ("query", "key", "value"):
        y, _ = linear(m, x, dims, pool, inner[-1])
        bits[part], zeros[part] = modules.binarize(m, y, inner, None, m.chance(0.5))
    if m.chance(0.5):
        rank = m.pick([1, 2, 3])
        terms["low_rank"] = (*(linear(m, x, dims, [], rank)[0] for _ in range(2)), rank)
    if m.chance(0.5):
        terms["value_residual"] = linear(m, x, dims, [], 1)[0]
    if m.chance(0.5):
        terms["mask"] = "%" + m.input("f32", ("batch", "tokens"), lambda rng, shape: np.where(
            rng.random(shape) < 0.3, np.float32(-10000), np.float32(0)))
    ending = m.pick(["float", "bits"])
    name, *_ = modules.attend(m, heads, width, bits, zeros, terms, (0.3, m.pick([0.02, 0.1])), ending)
    if ending == "float":
        return name, inner
    out = (*inner[:-1], m.pick(SIZES))
    params, lines, result = epilogue(m, out[-1], out, pool)
    y, = modules.matmul(m, f"{name}#0", inner, modules.random_bits(m.rng, (out[-1], inner[-1])), f"{name}#1", params,
                        ["f32"], [*lines, f"bnn.yield {result} : f32"])
    return y, out


def chain(m, steps, length):
    columns = m.pick(SIZES)
    dims = ("batch", "tokens", columns) if attention in steps else rows_of(m, columns)
    x = "%" + m.input("f32", dims, m.pick([modules.hard, modules.mild]))
    if m.chance(0.5):
        x = modules.negate(m, x, dims)
    pool = [(x, dims)]
    if dims[:2] == ("batch", "tokens"):
        steps = [*steps, attention, attention]
    for _ in range(length):
        step = m.pick(steps)
        if step is attention:
            steps = [other for other in steps if other is not attention]
        x, dims = (elementwise(m, x, dims, pool), dims) if step == "elementwise" else step(m, x, dims, pool)
        pool.append((x, dims))
    if m.chance(0.2):
        type_ = shape_type(dims[:-1], "f32")
        kind = m.pick(["add", "max", "min"])
        sums = m.value(f"bnn.reduce {kind} {x} outs({m.empty(dims[:-1], 'f32')} : {type_}) : "
                       f"{shape_type(dims, 'f32')} -> {type_}")
        m.output(sums, "f32", dims[:-1], None)
    m.output(x, "f32", dims, None)
    if m.chance(0.3) and len(pool) > 2:
        m.output(pool[-2][0], "f32", pool[-2][1], None)


#===------------------------------------------------------------------------===#
# Components of the twins, and checks
#===------------------------------------------------------------------------===#

def twin(m):
    """A module of the twins."""
    k, n = m.pick(SIZES), m.pick(SIZES)
    dims = rows_of(m, k)
    i = int(m.rng.integers(12))
    half = bool(i % 2)
    m.pick([
        lambda: modules.matmul_accumulator(m, k, n, dims, half, i % 3 == 0),
        lambda: modules.matmul_float(m, k, n, dims, half),
        lambda: modules.matmul_chain(m, k, n, dims, half),
        lambda: modules.matmul_bits(m, k, n, dims, m.pick(list(FUNCTIONS))),
        lambda: modules.matmul_unsigned(m, k, n, dims),
        lambda: modules.matmul_above(m, k, n, dims),
        lambda: modules.matmul_relu_above(m, k, n, dims),
        lambda: modules.low_rank(m, k, n, dims, m.pick(["bits", "number"])),
        lambda: modules.signed_sum(m, k, n, dims, m.pick(["bits", "number"])),
        lambda: modules.reduce(m, m.pick(["add", "max", "min"]), k, dims),
        lambda: modules.layer_norm(m, k, dims, half),
        lambda: modules.layer_norm_bits(m, k, dims, m.pick([modules.four_ways, planes.two_ways])),
        lambda: modules.attention(m, *m.pick(HEADS), [term for term in (
            "query_zeros", "key_zeros", "value_zeros", "low_rank", "value_residual", "mask") if m.chance(0.4)],
            m.pick(["sum", "float", "bits"])),
        lambda: planes.attention(m, *m.pick(HEADS), m.pick([2, 4]),
                                 [term for term in ("low_rank", "mask") if m.chance(0.5)], m.pick([0.0, 0.004, -0.02]),
                                 m.pick(["sum", "float", "bits"])),
        lambda: planes.product(m, k, n, dims, i),
        lambda: planes.chain(m, k, n, dims, i),
        lambda: checked_embedding(m, m.pick([1, 2, 50]), k, m.pick(["i64", "i32"]),
                                  m.pick([("rows",), ("batch", "tokens")])),
    ])()


def checked_embedding(m, vocabulary, columns, element, dims):
    modules.embedding(m, vocabulary, columns, element, dims)
    if m.chance(0.7):
        name, element, dims, some = m.inputs[-1]
        if m.chance(0.7):  # indices that are mostly right
            def near(rng, shape):
                if rng.random() < 0.3:
                    return some(rng, shape)
                return rng.integers(-vocabulary, vocabulary, shape)
            m.inputs[-1] = (name, element, dims, near)
        start = len(m.lines)
        limit = m.value(f"arith.constant {vocabulary} : index", "limit")
        m.value(f"bnn.check_indices %{name} limit {limit} : {shape_type(dims, element)}", "ok")
        m.checks.append((ERROR_INDEX, m.lines[start:]))
        m.conditions.append((ERROR_INDEX, lambda feeds, sizes: bool(
            ((feeds[name] >= -vocabulary) & (feeds[name] < vocabulary)).all())))


def shape_check(m):
    """A condition on dimensions of the inputs."""
    symbols = sorted(m.dim_of)
    if not symbols:
        return
    symbol, limit = m.pick(symbols), m.pick([2, 6, 9, 17])
    start = len(m.lines)
    if len(symbols) > 1 and m.chance(0.3):
        a, b = symbols[:2]
        m.value(f"arith.cmpi uge, %dim_{a}, %dim_{b} : index", "fits")
        condition = lambda feeds, sizes: sizes[a] >= sizes[b]
    else:
        c = m.value(f"arith.constant {limit} : index", "limit")
        m.value(f"arith.cmpi ult, %dim_{symbol}, {c} : index", "fits")
        condition = lambda feeds, sizes: sizes[symbol] < limit
    m.emit(f"bnn.check_shape %fits{m.count} : i1")
    m.checks.append((ERROR_SHAPE, m.lines[start:]))
    m.conditions.append((ERROR_SHAPE, condition))


# What chains are made of, by the kind of programs: those that are fused have more of what can be.
STEPS = {"bnn": [linear, linear, bit_linear, normalise, float_linear, "elementwise", "elementwise"],
         "fused": [linear, linear, linear, bit_linear, "elementwise", "elementwise", normalise],
         "stepped": [stepped_linear],
         "scratch": [attention, *[linear] * 6]}


def draw(seed, number, kind, checks):
    """`checks` is the probability that the program has one of its own."""
    m = Program(seed, number)
    if m.chance(0.7 if kind == "bnn" else 0.9):
        lengths = {"bnn": [1, 2, 3], "fused": [2, 3, 4], "stepped": [1, 2], "scratch": [1]}
        chain(m, STEPS[kind], m.pick(lengths[kind]))
    else:
        for _ in range(m.pick([1, 2])):
            twin(m)
    if m.chance(checks):
        shape_check(m)
    return m


def draw_functions(seed, number):
    """Functions of `math` alone, on scalars and, in an epilogue, on vectors."""
    m = Program(seed, number)
    for _ in range(m.rng.integers(1, 4)):
        function = m.pick(list(MATH))
        low, high = MATH[function]

        def some(rng, shape, low=low, high=high):
            return rng.uniform(low, high, shape).astype(np.float32)
        dims = rows_of(m, m.pick(SIZES))
        x = "%" + m.input("f32", dims, some)
        m.output(generic(m, x, dims, [f"%fn = math.{function} %a : f32"]), "f32", dims, None)
    dims, n = ("rows", m.pick(SIZES)), m.pick(SIZES)
    x = "%" + m.input("f32", dims, modules.mild)
    bits, zeros = modules.binarize(m, x, dims)
    y, = modules.matmul(m, bits, dims, modules.random_bits(m.rng, (n, dims[-1])), zeros, [], ["f32"],
                        ["%f = arith.sitofp %acc : i32 to f32", "%s = arith.constant 0.125 : f32",
                         "%a = arith.mulf %f, %s : f32",
                         f"%y = math.{m.pick(['exp', 'erf', 'tanh', 'roundeven', 'floor'])} %a : f32",
                         "bnn.yield %y : f32"])
    m.output(y, "f32", (dims[0], n), None)
    return m


#===------------------------------------------------------------------------===#
# What is validated
#===------------------------------------------------------------------------===#

@dataclasses.dataclass
class Drawn:
    """A program with its calls, lists of (array, the shape that the program is told). What is None
    is not known: the same program with its own entry, the status of each call, and what NumPy says
    of the outputs of one. `subject` is a graph, as test/guard has them; nothing rounds in an `exact`
    one."""
    number: int
    text: str
    calls: list
    entry_text: str = None
    statuses: list = None
    check: object = None
    subject: object = None
    exact: bool = False


def drawn(module, number, count):
    calls = list(module.calls(count))

    def check(call, outputs):
        for (_, _, _, _, numpy), output in zip(module.outputs, outputs):
            if numpy:
                numpy(calls[call][1], output)
    arrays = [[(np.ascontiguousarray(feeds[name]), feeds[name].shape) for name, *_ in module.inputs]
              for _, feeds in calls]
    return Drawn(number, module.text(module.target), arrays, module.entry_text(),
                 [module.expected_status(feeds, sizes) for sizes, feeds in calls], check)


SOURCES = {"bnn": lambda seed, number: draw(seed, number, "bnn", 0.2),
           "fused": lambda seed, number: draw(seed, number, "fused", 0.1),
           "stepped": lambda seed, number: draw(seed, number, "stepped", 0.1),
           "scratch": lambda seed, number: draw(seed, number, "scratch", 0.1),
           "checked": lambda seed, number: draw(seed, number, "bnn", 1),
           "functions": draw_functions}
