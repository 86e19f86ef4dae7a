#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the output bytes of a target's code with those of the reference lowering.

Each case runs in two programs: one linked with the object that `bnn-opt --reference -O0`
writes, one with the object for the target. The bytes must be the same.
"""
import os
import sys

from harness import (Failure, Program, compile_model, exit_code, load_cases, parser_of_cases,
                     reference_program)

# What makes bnn-opt compile for each target.
TARGETS = {
    "portable": ["--strategy=portable"],
    "x86-64-v3": ["--mtriple=x86_64-linux-gnu", "--mcpu=x86-64-v3"],
    "avx512-vpopcntdq": ["--mtriple=x86_64-linux-gnu", "--mcpu=icelake-server"],
    "aarch64": ["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a76"],
    "armv7": ["--mtriple=armv7-linux-gnueabihf", "--mcpu=cortex-a7"],
}


def describe_difference(name, actual, expected):
    if actual.shape != expected.shape:
        return f"{name}: shape {actual.shape}, the reference has {expected.shape}"
    wrong = [i for i, (a, b) in enumerate(zip(actual.ravel(), expected.ravel()))
             if a.tobytes() != b.tobytes()]
    first = wrong[0]
    return (f"{name}: {len(wrong)} of {actual.size} values differ, first at {first}: "
            f"{actual.ravel()[first]!r}, the reference has {expected.ravel()[first]!r}")


def main():
    parser = parser_of_cases(__doc__)
    parser.add_argument("--target", choices=sorted(TARGETS), required=True)
    parser.add_argument("--bnn-opt", default="bnn-opt")
    parser.add_argument("--flag", action="append", default=[], help="passed to the compiler")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--link-flag", action="append", default=[])
    parser.add_argument("--emulator", action="append", default=[])
    parser.add_argument("--runtime", help="libbnn_runtime.a; its sources when not given")
    parser.add_argument("--work", required=True)
    options = parser.parse_args()

    os.makedirs(options.work, exist_ok=True)
    runs = failures = 0
    programs = {}
    for case in load_cases(options):
        runs += 1
        try:
            model = case.model(options.work)
            work = os.path.join(options.work, case.name.replace("@", "_at_"))
            feeds = case.feeds()
            if model not in programs:
                reference = reference_program(options.bnn_opt, model,
                                              os.path.join(work, "reference"))
                compile_model(options.bnn_opt, model, work,
                              [*TARGETS[options.target], *options.flag])
                programs[model] = reference, Program(work, options.cc, options.link_flag,
                                                     options.runtime, options.emulator)
            expected, actual = (program.run(feeds) for program in programs[model])
            if not expected or actual.keys() != expected.keys():
                raise Failure(f"outputs {sorted(actual)}, the reference has {sorted(expected)}")
            for name, value in expected.items():
                if actual[name].shape != value.shape or actual[name].tobytes() != value.tobytes():
                    raise Failure(describe_difference(name, actual[name], value))
            print(f"ok   {case.name}: {sum(v.nbytes for v in expected.values())} bytes equal")
        except Failure as failure:
            failures += 1
            print(f"FAIL {case.name}: {failure}")
    return exit_code(runs, failures, options.expect_runs)


if __name__ == "__main__":
    sys.exit(main())
