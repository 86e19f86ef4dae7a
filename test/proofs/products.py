# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of packed bits: their modules, what lies in their buffers, and what they are."""
import dataclasses
import re
import subprocess

import vectors as v

WORD, LANES = 32, 16


def run(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stderr[-4000:]}")
    return result.stdout


def compile_ir(text):
    """The LLVM IR of a module of bnn ops on buffers."""
    phases = [f"--bnn-phase-{phase}=entry=false" for phase in ("tile", "llvm")]
    llvm = run(["bnn-opt", "-", *phases], input=text)
    # mlir-translate does not know our dialect's attributes.
    llvm = re.sub(r"^module attributes .*\{$", "module {", llvm, count=1, flags=re.MULTILINE)
    return run(["mlir-translate", "--mlir-to-llvmir"], input=llvm)


class Bits:
    """Rows of bits in words as `#bnn.rows` lays them out: variables, but for the bits past the last
    element, which are 0. With parity the words of even numbers hold that of all up to them; running,
    as in `#bnn.panels`, each does, or the complement of that."""

    def __init__(self, name, elements, parity, running=False):
        self.name, self.parity, self.running = name, parity, running
        self.words, self.tail = -(-elements // WORD), elements % WORD

    def word(self, row, k):
        """What is stored."""
        if k < self.words - 1 or not self.tail:
            return v.var(f"{self.name}{row}.{k}", WORD)
        last = v.zext(v.var(f"{self.name}{row}.{k}", self.tail), WORD)
        if self.running:
            return v.binary("xor", last, self.before(row, k))
        if self.parity and k and not k % 2:
            return v.binary("xor", last, v.binary("xor", self.word(row, k - 1), self.word(row, k - 2)))
        return last

    def before(self, row, k):
        """What a running word k is, where the word that is meant is 0."""
        last = self.word(row, k - 1) if k else v.const(0, WORD)
        return v.binary("xor", last, v.const(-1 if k % 4 in (1, 2) else 0, WORD))

    def meant(self, row, k):
        """The word that is meant."""
        if self.running:
            if k == self.words - 1 and self.tail:
                return v.zext(v.var(f"{self.name}{row}.{k}", self.tail), WORD)
            return v.binary("xor", self.word(row, k), self.before(row, k))
        if not self.parity or not k or k % 2:
            return self.word(row, k)
        if k == self.words - 1 and self.tail:
            return v.zext(v.var(f"{self.name}{row}.{k}", self.tail), WORD)
        return v.binary("xor", self.word(row, k), v.binary("xor", self.word(row, k - 1), self.word(row, k - 2)))


@dataclasses.dataclass(frozen=True)
class Product:
    """A product of `rows` x `elements` elements of a type by `outputs` rows of weights."""
    element: str
    rows: int
    elements: int
    outputs: int
    dots: tuple          # of its target, as they are written in #bnn.dot
    instructions: tuple  # of its target
    zeros: bool = False
    parity: bool = False
    running: bool = False

    def __str__(self):
        zeros = " with zeros" if self.zeros else ""
        return f"{self.rows}x{self.elements}x{self.element}{zeros} by {self.outputs} outputs"

    @property
    def planes(self):
        return int(self.element[1])

    @property
    def words(self):
        return -(-self.elements // WORD)

    @property
    def panels(self):
        return -(-self.outputs // WORD) * (WORD // LANES)

    def target(self):
        dots = ", ".join(f"#bnn.dot<{dot}>" for dot in self.dots)
        does = f', instructions = "{"|".join(self.instructions)}"' if self.instructions else ""
        return f'#bnn.target<strategy = "proof", dots = [{dots}]{does}>'

    def text(self):
        k, parity = self.elements, ", parity = true" if self.parity else ""
        running = ", running = true" if self.running else ""
        rows = f"#bnn.rows<word = 32, group = {k}{parity}>"
        panels = f"#bnn.panels<lanes = 16, word = 32, group = {k}, out_group = {self.outputs}{parity}{running}>"
        x = f"memref<{self.rows}x{k}x!bnn.{self.element}, {rows}>"
        z = f"memref<{self.rows}x{k}x!bnn.u1, #bnn.rows<word = 32, group = {k}>>"
        w = f"memref<{self.outputs}x{k}x!bnn.s1, {panels}>"
        y = f"memref<{self.rows}x{self.outputs}xi32>"
        mask, parameter = (f" zeros(%z : {z})", f"%z: {z}, ") if self.zeros else ("", "")
        return f"""module attributes {{bnn.target = {self.target()}}} {{
  func.func @kernel(%x: {x}, {parameter}%w: {w}, %y: {y}) {{
    bnn.matmul %x, %w{mask} outs(%y : {y}) : {x}, {w} {{
    ^bb0(%acc: i32):
      bnn.yield %acc : i32
    }}
    return
  }}
}}
"""

    def input(self):
        return Bits("x", self.elements, self.parity)

    def weight(self):
        return Bits("w", self.elements, self.parity, self.running)

    def mask(self):
        return Bits("z", self.elements, False)

    # Each of these has the row and word, or output and word, of an offset in bytes.
    def input_at(self, offset, width):
        row, k = divmod(offset // 4, self.words)
        return self.input().word(row, k)

    def mask_at(self, offset, width):
        row, k = divmod(offset // 4, self.words)
        return self.mask().word(row, k)

    def weight_at(self, offset, width):
        panel, rest = divmod(offset // 4, self.words * LANES)
        k, lane = divmod(rest, LANES)
        output = panel * LANES + lane
        return self.weight().word(output, k) if output < self.outputs else v.const(0, WORD)

    def value(self, row, output, is_zero):
        """The accumulator of a row and an output, from what the elements stand for. `is_zero(name)`:
        whether a variable of the mask is known to be 0."""
        def times(factor, x):
            return v.binary("mul", x, v.const(factor, WORD))

        total = v.const(self.elements if self.element == "s1" else 0, WORD)
        for k in range(self.words):
            w = self.weight().meant(output, k)
            for plane in range(self.planes):
                x = self.input().meant(row * self.planes + plane, k)
                if self.element == "s1":  # -1 and +1: 1 less twice what differs
                    differ = v.binary("xor", x, w)
                    zeros = self.mask().word(row, k) if self.zeros else v.const(0, WORD)
                    if all(is_zero(name) for name in v.variables(zeros)):
                        zeros = v.const(0, WORD)
                    else:
                        differ = v.binary("and", differ, v.binary("xor", zeros, v.const(-1, WORD)))
                    total = v.binary("sub", total, v.popcount(zeros))
                    total = v.binary("sub", total, times(2, v.popcount(differ)))
                else:  # a bit of its weight times -1 or +1
                    weight = 1 << plane
                    if self.element[0] == "s" and plane == self.planes - 1:
                        weight = -weight
                    total = v.binary("add", total, times(2 * weight, v.popcount(v.binary("and", x, w))))
                    total = v.binary("sub", total, times(weight, v.popcount(x)))
        return total
