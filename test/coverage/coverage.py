#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which lines the tests have run.

    coverage.py ROOT BUILD [--least=90] [--unreached]

BUILD is an instrumented build whose tests have left profiles in BUILD/profiles. Prints the lines of
each folder that were run, and where an error is emitted that no test provokes; fails where lib,
passes, dialects and runtime together are below --least per cent.
"""
import argparse
import collections
import glob
import json
import os
import re
import subprocess

FOLDERS = ("lib", "passes", "dialects", "runtime")
EMITS = re.compile(r"\bemitError\(|\bemitOpError\(|\bcreateStringError\(|\brefuse\(|\busageError\(")


def export(build, llvm):
    """llvm-cov's export of all programs and libraries of the build."""
    profile = os.path.join(build, "all.profdata")
    raw = glob.glob(os.path.join(build, "profiles", "*.profraw"))
    if not raw:
        raise SystemExit(f"no profiles in {build}/profiles: the tests have not run")
    subprocess.run([f"{llvm}/llvm-profdata", "merge", "-sparse", "--failure-mode=all", *raw, "-o", profile],
                   check=True)
    programs = [path for path in glob.glob(os.path.join(build, "bin", "*")) if os.access(path, os.X_OK)]
    objects = [*glob.glob(os.path.join(build, "lib", "*.so")), *programs]
    listed = [f"-object={path}" for path in objects]
    text = subprocess.run([f"{llvm}/llvm-cov", "export", "-instr-profile=" + profile, *listed[:1], *listed[1:]],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(text)["data"][0]["files"]


def run_lines(segments):
    """What a file's segments say of its lines: how often each was run, for those with code."""
    counts = {}
    for (line, _, count, has_count, _, is_gap), (end, *_) in zip(segments, segments[1:]):
        if has_count and not is_gap:
            for number in range(line, end + 1):
                counts[number] = max(counts.get(number, 0), count)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root")
    parser.add_argument("build")
    parser.add_argument("--least", type=float, default=90)
    parser.add_argument("--llvm", default="/usr/lib/llvm-19/bin")
    parser.add_argument("--unreached", action="store_true", help="list each error that no test provokes")
    options = parser.parse_args()
    root = os.path.realpath(options.root)
    lines, emitted, unreached = collections.defaultdict(lambda: [0, 0]), 0, []
    for file in export(options.build, options.llvm):
        name = os.path.relpath(os.path.realpath(file["filename"]), root)
        if name.split(os.sep)[0] not in FOLDERS:
            continue
        summary = file["summary"]["lines"]
        for key in (name.split(os.sep)[0], "all"):
            lines[key][0] += summary["covered"]
            lines[key][1] += summary["count"]
        counts = run_lines(file["segments"])
        with open(os.path.join(root, name), encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                if EMITS.search(line) and number in counts:
                    emitted += 1
                    if not counts[number]:
                        unreached.append(f"{name}:{number}: {line.strip()}")
    for folder in (*FOLDERS, "all"):
        covered, count = lines[folder]
        print(f"{folder}: {100 * covered / max(count, 1):.1f} % of {count} lines")
    if options.unreached:
        print("\n".join(unreached))
    covered, count = lines["all"]
    share = 100 * covered / max(count, 1)
    print(f"{share:.1f} % of {count} lines of {', '.join(FOLDERS)} run by the tests, "
          f"{emitted - len(unreached)} of {emitted} places that emit errors")
    return share < options.least


if __name__ == "__main__":
    raise SystemExit(main())
