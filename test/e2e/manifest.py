#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a manifest's cases and compares the logits with those recorded there.

--mode=run goes through bnn-run, --mode=link through a C program that is linked with the
object that bnn-opt writes.
"""
import os
import sys

import numpy as np

from harness import (Failure, Program, compile_model, exit_code, load_cases, only_output,
                     parser_of_cases, run_with_bnn_run)


def main():
    parser = parser_of_cases(__doc__)
    parser.add_argument("--mode", choices=["run", "link"], required=True)
    parser.add_argument("--tolerance", type=float, default=2e-6, help="absolute, of each logit")
    parser.add_argument("--bnn-opt", default="bnn-opt")
    parser.add_argument("--bnn-run", default="bnn-run")
    parser.add_argument("--flag", action="append", default=[], help="passed to the compiler")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--runtime", help="libbnn_runtime.a; its sources when not given")
    parser.add_argument("--work", required=True, help="folder for what the run writes")
    options = parser.parse_args()

    os.makedirs(options.work, exist_ok=True)
    runs = failures = 0
    programs = {}
    for case in load_cases(options):
        if case.expected is None:
            continue
        runs += 1
        try:
            model = case.model(options.work)
            work = os.path.join(options.work, case.name.replace("@", "_at_"))
            if options.mode == "run":
                outputs = run_with_bnn_run(options.bnn_run, model, case.feeds(), work,
                                           options.flag)
            else:
                # Cases of one dynamic model share a program: its size is open.
                if model not in programs:
                    compile_model(options.bnn_opt, model, work, options.flag)
                    programs[model] = Program(work, options.cc, runtime=options.runtime)
                outputs = programs[model].run(case.feeds())
            actual = only_output(outputs)
            if actual.shape != case.expected.shape:
                raise Failure(f"shape {actual.shape}, expected {case.expected.shape}")
            difference = float(np.max(np.abs(actual.astype(np.float64) - case.expected)))
            # Written so that a NaN fails.
            passed = difference <= options.tolerance
            failures += not passed
            print(f"{'ok  ' if passed else 'FAIL'} {case.name}: largest difference {difference:.2e}")
        except Failure as failure:
            failures += 1
            print(f"FAIL {case.name}: {failure}")
    return exit_code(runs, failures, options.expect_logits)


if __name__ == "__main__":
    sys.exit(main())
