# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Says of what calls gave whether that is right."""
import base64
import dataclasses

import numpy as np
import onnx

import graphs

OK = 0
STATUSES = ("BNN_OK", "BNN_ERROR_NULL", "BNN_ERROR_SHAPE", "BNN_ERROR_CAPACITY",
            "BNN_ERROR_INDEX", "BNN_ERROR_WORKSPACE", "BNN_ERROR_ABI", "BNN_ERROR_CPU")

# What ONNX allows and ONNX Runtime does not: a last piece of Split that is empty.
STRICTER = ("Invalid num_outputs value",)


@dataclasses.dataclass
class Fault:
    kind: str
    text: str
    again: str
    model: str


@dataclasses.dataclass
class Result:
    """Of one call of one variant."""
    status: int
    fault: str
    outputs: list


def describe_call(call):
    shapes = ", ".join(f"{name}{list(shape)}" for name, shape in call.shapes.items())
    return f"{shapes} ({call.note})"


def same_bytes(dtype, a, b):
    if a == b:
        return True
    if np.dtype(dtype).kind != "f" or len(a) != len(b):
        return False
    a, b = np.frombuffer(a, dtype), np.frombuffer(b, dtype)
    # Which NaN an operation makes is the CPU's choice.
    different = a.view(f"u{a.itemsize}") != b.view(f"u{a.itemsize}")
    return bool(np.all(np.isnan(a[different]) & np.isnan(b[different])))


def difference(dtype, ours, shape, answer):
    """How ours is not the referee's; empty where it is, up to rounding."""
    expected = np.frombuffer(base64.b64decode(answer["data"]), dtype)
    dims = [int(size) for size in answer["dims"]]
    if list(shape[:len(dims)]) != dims or any(shape[len(dims):]):
        return f"shape {list(shape)}, not {dims}"
    actual = np.frombuffer(ours, dtype)
    if np.dtype(dtype).kind != "f":
        wrong = np.flatnonzero(actual != expected)
    else:
        with np.errstate(all="ignore"):
            finite = np.abs(expected[np.isfinite(expected)])
            size = max(1.0, float(finite.max())) if finite.size else 1.0
            # ONNX Runtime does not round between two operators on f16.
            near = 4e-3 if np.dtype(dtype).itemsize == 2 else 1e-4
            wrong = np.flatnonzero(~np.isclose(actual, expected, near, near * size, True))
    if wrong.size:
        first = wrong[0]
        return f"{wrong.size} of {actual.size} values, first {actual[first]} not {expected[first]}"
    return ""


def is_declared(info, answer):
    """Whether the referee's answer has the rank that it should: ONNX Runtime 1.30 keeps the axes
    of an empty tensor that it reduces."""
    return len(answer["dims"]) == len(info.type.tensor_type.shape.dim)


def judge(subject, infos, call, results, answer):
    """The kinds of faults of one call, each with what to say."""
    for variant, result in results.items():
        if result.fault:
            kind, _, text = result.fault.partition(":")
            yield kind, f"{variant}:{text}"
    sound = {variant: result for variant, result in results.items() if not result.fault}
    if "native" not in sound:
        return
    native = sound["native"]
    dtypes = [graphs.DTYPES[graphs.NAMES[info.type.tensor_type.elem_type]] for info in infos]
    for variant, result in sound.items():
        if result.status != native.status:
            yield "variants disagree", (f"{variant} returns {STATUSES[result.status]}, native "
                                        f"{STATUSES[native.status]}")
        elif not all(same_bytes(dtype, a[1], b[1])
                     for dtype, a, b in zip(dtypes, result.outputs, native.outputs)):
            yield "variants disagree", f"{variant} has other bytes than native"
    if subject.caller.must_fail(call):
        if native.status == OK:
            yield "wrong call accepted", "a size that the interface forbids"
    elif answer is None or any(part in answer.get("error", "") for part in STRICTER):
        return
    elif "error" in answer:
        if native.status == OK:
            yield "wrong call accepted", f"ONNX Runtime: {answer['error'][:300]}"
    elif native.status != OK:
        yield "right call refused", STATUSES[native.status]
    elif subject.compare_numbers:
        for info, dtype, (shape, data) in zip(infos, dtypes, native.outputs):
            expected = answer["outputs"][info.name]
            if not is_declared(info, expected):
                continue
            if text := difference(dtype, data, shape, expected):
                yield "wrong numbers", f"output {info.name}: {text}"


def judge_subject(subject, results, answers, counts):
    infos = onnx.load(subject.model).graph.output
    counts["open" if subject.caller.maxima else "static"] += 1
    for i, (call, found, answer) in enumerate(zip(subject.calls, results, answers)):
        counts["pairs"] += 1
        counts["asked"] += answer is not None
        if "native" in found and not found["native"].fault:
            counts[STATUSES[found["native"].status]] += 1
        for kind, text in judge(subject, infos, call, found, answer):
            yield Fault(kind, f"call {i}: {describe_call(call)}: {text}", subject.again,
                        subject.model)
