#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the ids of the bnn dialect's rules: rule_ids.py DIALECT_FOLDER INVALID_MLIR

A rule of a verifier, `[M3]`, stands in three places: once in the list under "Rules:" of a
description (*.td), once before its check (a comment that is the id alone, *.cpp), and before each
test that breaks it (the line above its expected-error). The three sets have to be equal. An error in
a verifier without an id fails, and so does an expected-error, unless its error is ODS's own, about an
operand's type.
"""
import collections
import pathlib
import re
import sys

ID = r"\[([A-Z]+\d+)\]"
COMMENT = re.compile(rf"\s*// {ID}")
ERROR = re.compile(r"emitOpError\(|emitError\(\)|emitError\(loc,")
# Reads what has been verified, for those who need all of it; its errors are not rules of the IR.
READER = "ModelInterface.cpp"
# Lines from an id to the error of its check.
REACH = 6

mistakes = []


def stated(folder):
    """The ids in the lists of the descriptions."""
    found = collections.Counter()
    for path in folder.glob("*.td"):
        for rules in re.findall(r"^ *Rules[^\n]*:\n((?: +(?:- |  )\S[^\n]*\n)+)", path.read_text(), re.M):
            items = re.findall(r"^ +- (.*)$", rules, re.M)
            for item in items:
                match = re.match(ID, item)
                if match:
                    found[match[1]] += 1
                else:
                    mistakes.append(f"{path}: a rule without an id: {item}")
    return found


def checked(folder):
    """The ids before checks."""
    found = collections.Counter()
    for path in sorted(set(folder.glob("*.cpp")) - {folder / READER}):
        lines = path.read_text().splitlines()
        at = [number for number, line in enumerate(lines) if COMMENT.fullmatch(line)]
        for number in at:
            found[COMMENT.fullmatch(lines[number])[1]] += 1
        for number, line in enumerate(lines):
            if ERROR.search(line) and not shared(lines, number) and \
                    not any(number - REACH <= start < number for start in at):
                mistakes.append(f"{path}:{number + 1}: an error without the id of its rule")
    return found


def shared(lines, number):
    """Whether a line lies in a function that rules of several ops call, each with its own id."""
    for line in reversed(lines[:number]):
        if line.startswith("}"):
            return False
        if re.match(r"static LogicalResult verify(OutputCount|OutputShape|Shift)\(", line):
            return True
    return False


def broken(path):
    """The ids before expected errors."""
    found = collections.Counter()
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        match = COMMENT.fullmatch(line)
        if match:
            found[match[1]] += 1
            if "// expected-error" not in lines[number + 1]:
                mistakes.append(f"{path}:{number + 1}: an id without an expected error below it")
        elif "// expected-error" in line and not COMMENT.fullmatch(lines[number - 1]) and \
                " must be " not in line and "{{must be " not in line:
            mistakes.append(f"{path}:{number + 1}: an expected error without the id of its rule")
    return found


def main():
    folder, invalid = map(pathlib.Path, sys.argv[1:])
    sets = {"the descriptions": stated(folder), "the checks": checked(folder),
            f"{invalid.name}": broken(invalid)}
    for name, ids in sets.items():
        for other, others in sets.items():
            for rule in sorted(set(ids) - set(others)):
                mistakes.append(f"[{rule}] stands in {name} and not in {other}")
    for name in ("the descriptions", "the checks"):
        for rule, count in sets[name].items():
            if count > 1:
                mistakes.append(f"[{rule}] stands {count} times in {name}")
    if mistakes or not sets["the checks"]:
        sys.exit("\n".join(mistakes or ["no rules"]))
    print(f"{len(sets['the checks'])} rules")


if __name__ == "__main__":
    main()
