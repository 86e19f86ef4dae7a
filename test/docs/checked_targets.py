# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of targets in docs/testing.md: for each triple and CPU, how the tests check it.

    checked_targets.py PAGE --tests=test            writes it
    checked_targets.py PAGE --tests=test --check    whether it is what would be written

Nothing is listed by hand: the commands of test/target, the targets of test/e2e and the instruction
sets of test/twins are read, and what becomes of an object is followed from its compilation to its
link and its run.
"""
import argparse
import ast
import collections
import glob
import os
import re
import shlex
import sys

BEGIN, END = "<!-- table: targets -->\n", "<!-- end of targets -->\n"
# From the strongest to the weakest: a CPU stands in the first that fits, and where it is modelled.
RUN, EMULATED, LINKED, OBJECT, CODE, MODELLED = HOWS = (
    "run", "run under QEMU", "linked", "object looked at", "hot loops looked at", "modelled by llvm-mca")
HOST = "x86_64-linux-gnu"
COMPILERS = {"%cc": HOST, "%aarch64_cc": "aarch64-linux-gnu", "%arm_cc": "arm-linux-gnueabihf"}
LOOKERS = ("llvm-nm", "llvm-readobj", "llvm-readelf", "llvm-size", "llvm-objdump", "FileCheck")


class Table:
    """{triple: {how: CPUs}}."""

    def __init__(self):
        self.rows = collections.defaultdict(lambda: collections.defaultdict(set))

    def add(self, targets, how):
        for triple, cpu in targets:
            self.rows[triple][how].add(cpu)

    def text(self):
        lines = ["| target | " + " | ".join(HOWS) + " |", "| --- " * (len(HOWS) + 1) + "|"]
        for triple, row in sorted(self.rows.items()):
            seen, cells = set(), []
            for how in HOWS:
                cpus = row[how] if how == MODELLED else row[how] - seen
                seen |= row[how]
                cells.append(", ".join(f"`{cpu}`" for cpu in sorted(cpus)))
            lines.append(f"| `{triple}` | " + " | ".join(cells) + " |")
        return "".join(re.sub(r" +\|", " |", line) + "\n" for line in lines)


def target_of(words):
    """(triple, CPU) of flags; the defaults are bnn-opt's."""
    given = dict(re.findall(r"--(mtriple|mcpu)=(\S+)", " ".join(words)))
    triple = given.get("mtriple", HOST)
    default = ("x86-64-v3" if triple.startswith("x86_64") else "generic") if "mtriple" in given else "this machine's"
    return triple, given.get("mcpu", default)


def commands(path):
    """The commands of a test's RUN lines, a pipe's as one each, their words."""
    with open(path, encoding="utf-8") as file:
        lines = re.findall(r"^(?:#|//) RUN: (.*)$", file.read(), re.M)
    for line in "\n".join(lines).replace("\\\n", "").splitlines():
        line = re.sub(r"^%if \S+ %\{(.*)%\}$", r"\1", line.strip())
        for part in re.split(r"\s\|\s|&&", line):
            try:
                yield shlex.split(part)
            except ValueError:
                yield part.split()


def place(word):
    return os.path.normpath(word)


def follow(path, table):
    """What the commands of a test do with the objects that they make."""
    made, linked = {}, {}
    for words in commands(path):
        if not words or words[0] == "not":
            continue
        text = " ".join(words)
        tool, output = words[0], words[words.index("-o") + 1] if "-o" in words[:-1] else None
        if "hot_loops.py" in text and "--mtriple" in text:
            table.add([target_of(words)], CODE)
        elif "throughput.py" in text:
            triple, model = re.search(r"--mtriple=(\S+)", text)[1], re.search(r"--model=(\S+)", text)[1]
            if "--assembly" not in text:
                table.add([(triple, model)], MODELLED)
        elif "cortex-m/build" in text and "--run" in words:
            table.add([(cortex_m_triple(path), re.search(r"--mcpu=(\S+)", text)[1])], EMULATED)
        elif tool == "bnn-opt" and output and "--emit=llvm" not in words:
            made[place(output)] = {target_of(words)}
        elif tool in COMPILERS and output:
            linked[place(output)] = set().union(*[made.get(place(word), linked.get(place(word), set()))
                                                  for word in words[1:] if place(word) != place(output)])
            table.add(linked[place(output)], LINKED)
        elif tool.startswith("%qemu"):
            for word in words[1:]:
                table.add(linked.get(place(word), ()), EMULATED)
        elif tool in LOOKERS:
            for word in re.sub("--input-file=", "", text).split():
                table.add(made.get(place(word), ()), OBJECT)
        elif place(tool) in linked:
            table.add(linked[place(tool)], RUN)


def cortex_m_triple(path):
    root = os.path.join(path[:path.rindex("test" + os.sep)], "runtime", "examples", "cortex-m", "build")
    with open(root, encoding="utf-8") as file:
        return re.search(r'^TRIPLE = "(.*)"', file.read(), re.M)[1]


def read_table(path, name):
    """A dictionary that a module assigns, without what the module imports."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    values = {node.targets[0].id: node.value for node in tree.body
              if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
    known = {"LIBRARY": ""}
    return eval(compile(ast.Expression(values[name]), path, "eval"), known)  # pylint: disable=eval-used


def collect(tests):
    targets = read_table(os.path.join(tests, "e2e", "targets.py"), "TARGETS")
    ways = read_table(os.path.join(tests, "e2e", "ways.py"), "WAYS")
    isas = read_table(os.path.join(tests, "twins", "matrix.py"), "ISAS")
    table = Table()
    for path in sorted(glob.glob(os.path.join(tests, "target", "**", "*.test"), recursive=True)):
        follow(os.path.abspath(path), table)
    for way, (script, _) in ways.items():
        if way in targets:
            table.add([target_of(targets[way])], EMULATED if "--emulator" in script else RUN)
    for path in glob.glob(os.path.join(tests, "twins", "matrix-*.test")):
        for words in commands(path):
            isa = re.search(r"--isa=(\S+)", " ".join(words))
            if isa:
                table.add([target_of(isas[isa[1]])], EMULATED if "--emulator" in " ".join(words) else RUN)
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page")
    parser.add_argument("--tests", required=True)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with open(options.page, encoding="utf-8") as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    old, after = rest.split(END)
    table = collect(options.tests)
    if not options.check:
        with open(options.page, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + table.text() + END + after)
        return 0
    if old != table.text():
        print(f"the table of targets is not what the tests do: {sys.argv[0]} writes it\n{table.text()}")
        return 1
    print(f"{len(table.rows)} targets")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
