#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether guard.c sees what each model of faulty.c does wrong: faulty.py --cc=cc --work=DIR"""
import argparse
import os
import sys
import types

import numpy as np

from calls import Call, Caller
from compiled import HERE, call_all, encode_call, link
from graphs import Input

# What the text must begin with; of "right", nothing at all.
EXPECTED = {
    "right": "",
    "reads_past_input": "access out of bounds: input 'x' of 12 bytes, at byte 12",
    "reads_before_input": "access out of bounds: input 'x' of 12 bytes, at byte -4",
    "reads_far_past_input": "access out of bounds: input 'x' of 12 bytes, at byte 400012",
    "writes_input": "write to input: input 'x' of 12 bytes, at byte 0",
    "writes_past_output": "access out of bounds: output 'y' of 12 bytes, at byte 12",
    "writes_before_output": "write out of bounds: output 'y' of 12 bytes, at byte -",
    "writes_past_workspace": "access out of bounds: workspace '' of 64 bytes, at byte 64",
    "writes_then_fails": "write after a failed check: output 'y' at byte 0",
    "leaves_a_byte": "not written: output 'y' of 12 bytes, at byte 0",
    "reads_workspace": "two results: output 'y' of 12 bytes, at byte",
    "says_another_shape": "wrong shape: of output 'y'",
    "traps": "signal: ",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--work", required=True)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    program = link(options, options.work, "faulty", list(EXPECTED),
                   [os.path.join(HERE, "faulty.c")], False)
    subject = types.SimpleNamespace(caller=Caller([Input("x", "f32", ("n",))], {"n": 100}))
    call = Call({"x": [3]}, {"x": np.arange(3, dtype=np.float32)}, "")
    records = [encode_call(index, subject, call) for index in range(len(EXPECTED))]
    failures = 0
    for (name, expected), result in zip(EXPECTED.items(),
                                        call_all([program], options.work, records)):
        right = result.fault.startswith(expected) if expected else not result.fault
        failures += not right
        print(f"{'ok  ' if right else 'FAIL'} {name}: {result.fault or 'nothing'}")
    print(f"{len(EXPECTED)} models, {failures} not seen")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
