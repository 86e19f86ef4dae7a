# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of docs/testing.md.

    testing.py PAGE --logs=build/log    writes it, from what the last runs of tools/dev said
    testing.py PAGE --check=test        whether each row names a test that is there

A row whose command has not run since keeps the figure that it has.
"""
import argparse
import glob
import json
import os
import re

BEGIN, END = "<!-- table: tools/dev test --update-docs -->\n", "<!-- end of table -->\n"
HEAD = "| what | how | figure |\n| --- | --- | --- |\n"
ISAS = ["reference", "portable", "avx2", "avx512", "avx512-vpopcntdq", "amx", "neon", "i8mm",
        "neon-without-dotprod", "avx2-small", "avx512-small", "armv7-neon", "cortex-m", "mve"]
FUZZED = r"(\d+) targets executed (\d+) inputs from (\d+) seeds in (\d+) s, (\d+) with faults"


def of_test(name, pattern, form):
    """A figure that a test of the suite prints: the groups of its last match."""
    def read(logs):
        for test in logs["lit.json"].get("tests", []):
            if test["name"].endswith(":: " + name) and test["code"] == "PASS":
                found = re.findall(pattern, test["output"])
                if found:
                    return form.format(*(found[-1] if isinstance(found[-1], tuple) else found[-1:]))
        return None
    return read


def of_log(name, pattern, form):
    """The same of a file in build/log."""
    def read(logs):
        found = re.findall(pattern, logs.get(name, ""))
        return form.format(*(found[-1] if isinstance(found[-1], tuple) else found[-1:])) if found else None
    return read


def of_matrix(logs):
    """The cases of each instruction set that this machine can run."""
    cases = {isa: of_test(f"twins/matrix-{isa}.test", r"(\d+) cases of \d+ ops against NumPy, 0 failed", "{}")(logs)
             for isa in ISAS}
    return ", ".join(f"{isa} {count}" for isa, count in cases.items() if count) or None


# What is shown, where (a file of test/, or a command), and its figure.
ROWS = [
    ("calls between guard pages", "guard/graphs.test",
     of_test("guard/graphs.test", r"(\d+) pairs of a graph and shapes, (\d+) calls", "{1} calls, {0} pairs of a graph and shapes")),
    ("accesses shown to be in bounds", "guard/bounds.test",
     of_test("guard/bounds.test", r"(\d+) models: (\d+) of (\d+) accesses", "{1} of {2} in {0} models, the others listed")),
    ("inputs of fuzzers", "fuzz/targets.test", of_test("fuzz/targets.test", FUZZED, "{1} in {0} targets, {4} with faults")),
    ("the same, with sanitizers, guided", "tools/dev test --sanitize",
     of_log("sanitize-fuzz.txt", FUZZED, "{1} in {0} targets and {3} s, {4} with faults")),
    ("rewrites validated", "validation/validation.test",
     of_test("validation/validation.test", r"(\d+) programs validated, (\d+) passes and (\d+) phases, (\d+) calls compared, (\d+) failed",
             "{0} programs before and after {1} passes and {2} phases, {3} calls, {4} failed")),
    ("dots proved for all inputs", "proofs/prove.test",
     of_test("proofs/prove.test", r"(\d+) dots: (\d+) products proved for all inputs, (\d+) paths, (\d+) equations",
             "{0} dots, {3} equations")),
    ("steps of their loops", "proofs/loops.test",
     of_test("proofs/loops.test", r"(\d+) dots: (\d+) steps of loops", "{1} steps")),
    ("steps of dots that add up words before they count", "proofs/adders.test",
     of_test("proofs/adders.test", r"(\d+) dots of long rows: (\d+) iterations .*, (\d+) equations",
             "{1} steps of {0} dots, {2} equations")),
    ("kernels x instruction sets x cases", "twins/matrix-*.test", of_matrix),
    ("faults planted and found", "twins/faults.test",
     of_test("twins/faults.test", r"(\d+) faults planted, (\d+) found", "{1} of {0} in kernels")),
    ("compiles with the same bytes", "determinism/determinism.test",
     of_test("determinism/determinism.test", r"(\d{2,}) compiles, the same bytes", "{}")),
    ("compiles killed", "recovery/recovery.test",
     of_test("recovery/recovery.test", r"(\d+) kills: (\d+) before", "{}, no output half written")),
    ("threads under the thread sanitizer", "soak/soak.test",
     of_test("soak/soak.test", r"(\d+) runs of (\d+) threads", "{1} threads, {0} runs")),
    ("tests with the address and undefined-behaviour sanitizers", "tools/dev test --sanitize",
     of_log("sanitize.txt", r"(\d+) passed, (\d+) failed", "{0} passed, {1} failed")),
    ("lines run", "tools/dev coverage",
     of_log("coverage.txt", r"([\d.]+) % of (\d+) lines of .*, (\d+) of (\d+) places", "{0} % of {1}; {2} of {3} places that emit errors")),
]


def read_logs(folder):
    logs = {"lit.json": {}}
    for name in ("lit.json", "sanitize-fuzz.txt", "sanitize.txt", "coverage.txt"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                logs[name] = json.load(file) if name.endswith(".json") else file.read()
    return logs


def parse(page):
    """The text around the table, and its rows: what to figure."""
    before, rest = page.split(BEGIN)
    table, after = rest.split(END)
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines() if line.startswith("| ")]
    return before, after, {row[0]: row for row in rows[2:]}


def check(page, tests):
    rows = parse(page)[2]
    wrong = [f"the table has no row '{what}'" for what, _, _ in ROWS if what not in rows]
    wrong += [f"the table has a row too many: '{what}'" for what in rows if what not in [row[0] for row in ROWS]]
    for what, how, _ in ROWS:
        if not how.startswith("tools/dev") and not glob.glob(os.path.join(tests, how)):
            wrong.append(f"'{what}': there is no {how}")
        if what in rows and not re.search(r"\d", rows[what][2]):
            wrong.append(f"'{what}' has no figure")
    print("\n".join(wrong) or f"{len(ROWS)} rows")
    return bool(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page")
    parser.add_argument("--logs")
    parser.add_argument("--check")
    options = parser.parse_args()
    with open(options.page, encoding="utf-8") as file:
        page = file.read()
    if options.check:
        return check(page, options.check)
    before, after, old = parse(page)
    logs = read_logs(options.logs)
    table = HEAD
    for what, how, figure in ROWS:
        text = figure(logs) or (old[what][2] if what in old else "")
        table += f"| {what} | `{how}` | {text} |\n"
    with open(options.page, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + table + END + after)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
