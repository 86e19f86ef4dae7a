# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the variants of a model, links them with guard.c, and makes the calls."""
import os
import platform
import re
import shutil
import subprocess

import numpy as np

from judge import OK, Fault, Result

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# What makes bnn-opt compile each variant.
VARIANTS = {
    "native": [],
    "reference": ["--reference", "-O0"],
    "portable": ["--strategy=portable"],
    "x86-64-v3": ["--mtriple=x86_64-linux-gnu", "--mcpu=x86-64-v3"],
    "avx512-vpopcntdq": ["--mtriple=x86_64-linux-gnu", "--mcpu=icelake-server"],
    "aarch64": ["--mtriple=aarch64-linux-gnu", "--mcpu=cortex-a76"],
}
ALWAYS = ("native", "reference")


def runnable_variants(options):
    """Those that this machine runs, itself or by an emulator."""
    flags = set()
    if platform.machine() == "x86_64" and os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            flags = set(re.findall(r"\w+", file.read()))
    has = {"x86-64-v3": {"avx2", "fma", "bmi2"} <= flags,
           "avx512-vpopcntdq": "avx512_vpopcntdq" in flags,
           "aarch64": all(map(shutil.which, (options.aarch64_cc, options.qemu_aarch64)))}
    return [name for name in VARIANTS if has.get(name, True)]


def is_clean_refusal(result):
    """Whether the compiler said what is wrong with the model, and not that it failed itself: an op
    that does not verify, a pass that gives up, a crash."""
    return (result.returncode == 1 and "error:" in result.stderr and
            not re.search(r"error: (null|'(?!func\.func)[\w.]+' op|failed to legalize)|internal|"
                          r"PLEASE|Assertion|Stack dump|UNREACHABLE", result.stderr))


def compile_variant(options, subject, variant, prefix):
    """The object's path, or None and why there is none."""
    path = os.path.join(os.path.dirname(subject.model), f"{variant}.o")
    command = [options.bnn_opt, subject.model, "-o", path, f"--prefix={prefix}", *VARIANTS[variant],
               *(f"--max-dim={name}:{most}" for name, most in subject.caller.maxima.items()
                 if any(name in entry.shape for entry in subject.caller.inputs))]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return None, Fault("compiler hangs", variant, subject.again, subject.model)
    if result.returncode == 0:
        return path, None
    error = next((line for line in result.stderr.splitlines() if "error:" in line),
                 result.stderr[-400:])
    if is_clean_refusal(result):
        return None, error
    return None, Fault("compiler fails", f"exit code {result.returncode}: {error}", subject.again,
                       subject.model)


def compile_subject(options, subject, index, extra):
    """Fills in the variants; returns objects by variant, and faults."""
    objects, faults = {}, []
    for variant in (*ALWAYS, *extra):
        path, problem = compile_variant(options, subject, variant, f"m{index}_{variant}".replace(
            "-", "_"))
        if path:
            objects[variant] = path
        elif isinstance(problem, Fault):
            faults.append(problem)
        elif variant == "native":
            subject.refusal = problem
        else:
            faults.append(Fault("compiler refuses a variant", f"{variant}: {problem}",
                                subject.again, subject.model))
        if "native" not in objects:
            break
    subject.variants = list(objects)
    return objects, faults


def link(options, work, name, symbols, objects, cross):
    """A program with guard.c and the objects."""
    table = os.path.join(work, f"{name}.c")
    with open(table, "w") as file:
        file.write('#include "bnn/types.h"\n')
        for symbol in symbols:
            file.write(f"const bnn_model_info *{symbol}_describe(uint32_t);\n")
        file.write("const bnn_model_info *(*const guard_models[])(uint32_t) = {" +
                   ", ".join(f"{symbol}_describe" for symbol in symbols) + "};\n"
                   f"const uint32_t guard_num_models = {len(symbols)};\n")
    program = os.path.join(work, name)
    runtime = [os.path.join(ROOT, "runtime", file)
               for file in sorted(os.listdir(os.path.join(ROOT, "runtime"))) if file.endswith(".c")]
    subprocess.run([options.aarch64_cc if cross else options.cc, "-std=gnu11", "-O1",
                    f"-I{os.path.join(ROOT, 'include')}", os.path.join(HERE, "guard.c"), table,
                    *objects, *runtime, *(["-static"] if cross else []), "-o", program], check=True)
    return program


def encode_call(index, subject, call):
    parts = [np.array([index, len(subject.caller.inputs)], np.uint32).tobytes()]
    for entry in subject.caller.inputs:
        shape = (list(call.shapes[entry.name]) + [0] * 8)[:8]
        data = call.arrays[entry.name].tobytes()
        parts += [np.array(shape, np.int64).tobytes(), np.uint64(len(data)).tobytes(), data,
                  bytes(-len(data) % 8)]
    return b"".join(parts)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        taken = self.data[self.at:self.at + size]
        self.at += size + -size % 8
        return taken

    def results(self):
        found = []
        while self.at < len(self.data):
            status, length = np.frombuffer(self.take(8), np.int32)
            fault = self.take(int(length)).decode()
            outputs = []
            for _ in range(int(np.frombuffer(self.take(8), np.uint64)[0])):
                shape = np.frombuffer(self.take(64), np.int64)
                size = int(np.frombuffer(self.take(8), np.uint64)[0])
                outputs.append((shape, self.take(size)))
            found.append(Result(int(status), fault, outputs))
        return found


def call_all(command, work, records):
    """The results of all records; a program that dies is started again after that record."""
    found = []
    calls, results = os.path.join(work, "calls.bin"), os.path.join(work, "results.bin")
    while len(found) < len(records):
        with open(calls, "wb") as file:
            file.writelines(records[len(found):])
        done = subprocess.run([*command, calls, results], capture_output=True, text=True)
        with open(results, "rb") as file:
            found += Reader(file.read()).results()
        if len(found) < len(records):
            found.append(Result(OK, f"program dies: exit code {done.returncode}, "
                                    f"{done.stderr.strip()[-300:]}", []))
    return found
