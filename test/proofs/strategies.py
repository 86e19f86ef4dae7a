# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The dots of every strategy, from `bnn-opt --print-targets`, and what they multiply, from Dots.def."""
import dataclasses
import os
import re

from products import run

DOTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "dialects", "BNN", "Dots.def")
# What an architecture, or a CPU with a feature, does in one instruction: vectorInstructions() of lib/Target.
INSTRUCTIONS = {"aarch64": ["add_pairs", "shift_insert", "maximum_floats"], "avx2": ["shuffle_32_bytes"],
                "avx512f": ["ternary_logic", "scale_floats", "shuffle_32_bytes"],
                "avx512bw": ["shuffle_64_bytes"]}


@dataclasses.dataclass(frozen=True)
class Strategy:
    name: str
    dots: dict  # of each kind that it lists, as it is written in #bnn.dot
    instructions: tuple

    def has_parity(self):
        return "parity = true" in self.dots.get("xor_count", "")


def read_strategies():
    """Those that bnn-opt lists, each with its dots."""
    found = []
    for line in run(["bnn-opt", "--print-targets"]).splitlines():
        if line.startswith("This machine"):
            break
        name = re.fullmatch(r"  (\S+) +(\S+)", line)
        needs = re.match(r"    needs (.*)", line)
        dot = re.fullmatch(r"    (\w+) +(\d+) x (\d+) outputs(.*)", line)
        if name:
            architecture = name[2]
            found.append(Strategy(name[1], {}, ()))
        elif needs:
            has = [architecture, *needs[1].replace("+", "").split(",")]
            does = {i for feature in has for i in INSTRUCTIONS.get(feature, ())}
            found[-1] = dataclasses.replace(found[-1], instructions=tuple(sorted(does)))
        elif dot:
            found[-1].dots[dot[1]] = f"{dot[1]}, rows = {dot[2]}, panels = {int(dot[3]) // 16}{dot[4]}"
    return found


def read_dots():
    """{kind: elements of its inputs} of Dots.def, as #bnn.dot names kinds."""
    with open(DOTS) as file:
        rows = re.findall(r'^BNN_DOT\((\w+), +"([^"]*)"', file.read(), re.M)
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower(): elements.split() for kind, elements in rows}
