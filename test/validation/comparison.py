# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether a program computes after a pass what it computed before."""
import os
import sys

import numpy as np
import onnx

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guard")]
from judge import Result, judge  # noqa: E402
from referee import ask_referee as ask  # noqa: E402

# Of the size of the largest element, for floats whose order of operations differs.
TOLERANCE = 1e-4


def plain(array):
    """The bits, with one NaN."""
    if array.dtype.kind != "f":
        return array
    return np.where(np.isnan(array), np.array(np.nan, array.dtype), array).view(f"i{array.itemsize}")


def wrong_elements(before, after, close):
    """`close` is None for equal bytes, else a tolerance."""
    if close is not None and before.dtype.kind == "f":
        with np.errstate(all="ignore"):
            finite = np.abs(before[np.isfinite(before)])
            size = max(1.0, float(finite.max())) if finite.size else 1.0
            return ~np.isclose(after, before, close, close * size, True)
    return plain(before) != plain(after)


def difference_of_call(before, after, close):
    for number, (b, a) in enumerate(zip(before.outputs, after.outputs)):
        if b.shape != a.shape:
            return f"output {number} has the shape {list(a.shape)}, before {list(b.shape)}"
        wrong = np.argwhere(wrong_elements(b, a, close))
        if len(wrong):
            at = tuple(wrong[0])
            return (f"output {number}: {len(wrong)} of {a.size} values differ, first at {at}: {a[at]!r}, "
                    f"before {b[at]!r}")
    return ""


def difference(program, before, after, close):
    """Empty where all calls agree with each other, with the statuses that the generator expects, and
    with NumPy, where it has a say. Of a program with rounding one call may be at a threshold."""
    differences = []
    close = (0 if program.exact else TOLERANCE) if close else None
    for number, (b, a) in enumerate(zip(before, after)):
        expected = program.statuses[number] if program.statuses else None
        if expected is not None and a.status != expected:
            return f"call {number}: status {a.status}, expected {expected}"
        if b.status is None:
            continue
        if b.status != a.status:
            return f"call {number}: status {a.status}, before {b.status}"
        if text := difference_of_call(b, a, close):
            differences.append(f"call {number}: {text}")
        if a.status == 0 and program.check:
            try:
                program.check(number, a.outputs)
            except AssertionError as error:
                return f"call {number}: NumPy disagrees about {error}"
    return differences[0] if len(differences) > bool(close) else ""


def ask_referee(tools, programs, outcomes, compare_numbers):
    """For each graph what is not as ONNX Runtime has it, or nothing. One call that rounds may be at a
    threshold."""
    answers = ask(tools, tools.work, [program.subject for program in programs]) if programs else []
    for program, found, answered in zip(programs, outcomes, answers):
        infos = onnx.load(program.subject.model).graph.output
        program.subject.compare_numbers = compare_numbers
        faults = []
        for number, (call, outcome, answer) in enumerate(zip(program.subject.calls, found, answered)):
            padded = [((list(array.shape) + [0] * 8)[:8], array.tobytes()) for array in outcome.outputs]
            result = Result(outcome.status, "", padded)
            faults += [(kind, f"call {number}: {kind}: {text}")
                       for kind, text in judge(program.subject, infos, call, {"native": result}, answer)]
        rounding = all(kind == "wrong numbers" for kind, _ in faults) and len(faults) == 1 and not program.exact
        yield faults[0][1] if faults and not rounding else ""
