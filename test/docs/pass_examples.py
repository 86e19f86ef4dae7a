#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the examples in the passes' descriptions: pass_examples.py PASSES_FOLDER

The IR under "Before:" goes through the pass, and must come out as the IR under "After:", up to
`--canonicalize --cse`. Where that is too long to show, lines that are "..." stand for any number of
lines, and each line between them must come out, whole, in the place shown; names of values and
spaces do not count, and "..." within a line stands for anything. Each pass that CMakeLists.txt
lists has an example.
"""
import glob
import os
import re
import subprocess
import sys
import textwrap


def examples(description):
    blocks = re.findall(r"^ *(Before|After)[^\n]*:\n\s*```mlir\n(.*?)^ *```$", description,
                        re.MULTILINE | re.DOTALL)
    kinds = [kind for kind, _ in blocks]
    if not kinds or kinds != ["Before", "After"] * (len(kinds) // 2):
        raise ValueError(f"expected pairs of Before and After, found {kinds}")
    texts = [textwrap.dedent(text) for _, text in blocks]
    return list(zip(texts[::2], texts[1::2]))


def bnn_opt(text, *flags):
    result = subprocess.run(["bnn-opt", *flags], input=text, capture_output=True, text=True)
    if result.returncode:
        raise ValueError(f"bnn-opt {' '.join(flags)}:\n{result.stderr}\nof\n{text}")
    return result.stdout


def normal(line):
    """Without the names of values and without differences in spacing."""
    return re.sub(r"\s+", " ", re.sub(r"%[\w$.#-]+", "%", line)).strip()


def check_abridged(actual, expected):
    """Each run of lines between two that are "..." must stand in `actual`, in order."""
    lines = [normal(line) for line in actual.splitlines()]
    start = 0
    for run in re.split(r"^\s*\.\.\.\s*$\n?", expected, flags=re.MULTILINE):
        patterns = [re.compile(".*".join(map(re.escape, normal(line).split("..."))))
                    for line in run.splitlines()]
        while start + len(patterns) <= len(lines) and not all(
                pattern.fullmatch(line) for pattern, line in zip(patterns, lines[start:])):
            start += 1
        if start + len(patterns) > len(lines):
            raise ValueError(f"not found in this place:\n{run}\nin\n{actual}")
        start += len(patterns)


def check(flag, before, after):
    actual = bnn_opt(before, flag, "--canonicalize", "--cse")
    if re.search(r"^\s*\.\.\.\s*$", after, re.MULTILINE):
        check_abridged(actual, after)
        return "abridged"
    expected = bnn_opt(after, "--canonicalize", "--cse")
    if actual != expected:
        raise ValueError(f"expected\n{expected}\ngot\n{actual}")
    return "whole"


def listed(folder):
    with open(os.path.join(folder, "CMakeLists.txt")) as file:
        return re.search(r"^set\(BNN_PASSES\n(.*?)^\)", file.read(),
                         re.MULTILINE | re.DOTALL).group(1).split()


def main():
    folder = sys.argv[1]
    failures, found = 0, []
    for path in sorted(glob.glob(os.path.join(folder, "*", "*.td"))):
        with open(path) as file:
            text = file.read()
        for definition in re.split(r"^(?=def )", text, flags=re.MULTILINE)[1:]:
            match = re.match(r"def (\w+) *: *(?:Interface)?Pass<\"([\w-]+)\"", definition)
            if not match:
                continue
            name, flag = match.groups()
            found.append(name)
            try:
                kinds = [check(f"--{flag}", *pair) for pair in examples(definition)]
                print(f"ok   {name}: {', '.join(kinds)}")
            except ValueError as error:
                failures += 1
                print(f"FAIL {name}: {error}")
    print(f"{len(found)} passes, {failures} failed")
    if sorted(found) != sorted(listed(folder)):
        print(f"{folder}/CMakeLists.txt lists {sorted(listed(folder))}")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
