#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the estimates of a JSON file.

--profile FILE: what bnn-run --profile printed has the same operations in the same order.

--hot REGEX --macs N: an instruction whose name matches makes N multiply-accumulates of bits. Those
that all iterations of all loops make are as many as the model has, but for the first and last words
of rows, which are outside of the loops: a share of at least --least, and at most --most where the
count of the last word, a parity, is within one. That holds only if every loop
has the right trips.
"""
import argparse
import json
import math
import re
import sys


def check_sums(estimate):
    """Totals are those of the parts, and no loop is far beyond its limit."""
    operations = estimate["operations"]
    assert estimate["measured"] is False
    assert abs(sum(op["cycles"] for op in operations) - estimate["cycles"]) < 1
    assert abs(estimate["cycles"] / estimate["clock_hz"] * 1e3 - estimate["ms"]) < 1e-6
    for op in operations:
        memory = op["memory_bytes"] / estimate["bandwidth_bytes_per_s"] * estimate["clock_hz"]
        assert abs(math.hypot(op["code_cycles"], memory) - op["cycles"]) < 1
        assert op["instructions"] > 0 and op["code_cycles"] > 0, op
        # Of constant indices nothing is read.
        assert op["memory_bytes"] > 0 or op["kind"] == "check_indices", op
    for loop in estimate["loops"]:
        assert loop["iterations"] >= loop["entries"] > 0
        assert sum(loop["opcodes"].values()) == loop["instructions"]
        # A CPU may do without moves that its ports are counted for.
        assert loop["cycles"] > 0.9 * loop["limit"], loop


def check_profile(estimate, path):
    with open(path) as file:
        text = file.read().split("node\n", 1)[1].split("\n\n", 1)[0]
    profiled = [(line[36:].split(maxsplit=1) + [""])[:2] for line in text.splitlines()]
    estimated = [[op["kind"], op["node"]] for op in estimate["operations"]]
    assert profiled == estimated, (profiled, estimated)


def check_macs(estimate, options):
    hot = re.compile(options.hot)
    made = sum(loop["iterations"] * options.macs
               * sum(count for name, count in loop["opcodes"].items() if hot.fullmatch(name))
               for loop in estimate["loops"] if loop["function"].startswith("matmul"))
    wanted = sum(op["binary_macs"] for op in estimate["operations"] if op["kind"] == "matmul")
    print(f"{estimate['cpu']}: {made / wanted:.3f} of the multiply-accumulates are in loops")
    if not options.least <= made / wanted <= options.most:
        sys.exit("that is not in the range")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("estimates")
    parser.add_argument("--profile")
    parser.add_argument("--hot")
    parser.add_argument("--macs", type=int)
    parser.add_argument("--least", type=float)
    parser.add_argument("--most", type=float, default=1)
    options = parser.parse_args()
    with open(options.estimates) as file:
        estimates = json.load(file)
    for estimate in estimates:
        check_sums(estimate)
        if options.profile:
            check_profile(estimate, options.profile)
        if options.hot:
            check_macs(estimate, options)
        print(f"{estimate['cpu']}: {len(estimate['operations'])} operations, "
              f"{len(estimate['loops'])} loops")


if __name__ == "__main__":
    main()
