# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is left when a compile ends early.

    recovery.py MODEL WORK
    recovery.py MODEL WORK CC     a fault of its own, with a library that CC compiles

- Killed, at times drawn at random, over outputs that are there: each is what it was or what the
  compile makes of it, whole.
- In a folder that cannot be written: code 2, one error with the path, nothing new.
- Ended by a signal at such times: nothing half written, and it does end.
- With a fault of its own: nothing half written, and a word on what to report.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import time

KILLS = 24
SIGNALS = 6


def read(path):
    with open(path, "rb") as file:
        return file.read()


def compile_(model, output):
    return ["bnn-opt", model, "--prefix=model", "--mcpu=x86-64-v3", "-o", output]


def expect(condition, what):
    if not condition:
        raise SystemExit("recovery: " + what)


def check_kills(model, work):
    output, header = os.path.join(work, "out.o"), os.path.join(work, "out.h")
    began = time.monotonic()
    subprocess.run(compile_(model, output), check=True, capture_output=True)
    duration = time.monotonic() - began
    whole = [read(output), read(header)]
    old = [b"an old object\n", b"an old header\n"]
    generator = random.Random(5)
    seen = [0, 0]
    for _ in range(KILLS):
        for path, text in zip((output, header), old):
            with open(path, "wb") as file:
                file.write(text)
        process = subprocess.Popen(compile_(model, output), stderr=subprocess.DEVNULL)
        time.sleep(duration * generator.uniform(0, 1.3))
        process.kill()
        process.wait()
        found = [read(output), read(header)]
        for is_, was, becomes in zip(found, old, whole):
            expect(is_ in (was, becomes), f"half an output of {len(is_)} bytes after a kill")
        seen[found == whole] += 1
    expect(seen[0], f"of {KILLS} kills none came before the end")
    print(f"{KILLS} kills: {seen[0]} before and {seen[1]} after the outputs, none half written")
    return duration, whole


def check_folder(model, work):
    """Root may write anywhere, so nobody tries."""
    folder = os.path.join(work, "closed")
    os.makedirs(folder)
    readable = os.path.join(work, "in.onnx")
    shutil.copy(model, readable)
    os.chmod(readable, 0o644)
    os.chmod(folder, 0o555)
    user = 65534 if os.geteuid() == 0 else None
    result = subprocess.run(compile_(readable, os.path.join(folder, "out.o")), capture_output=True, text=True,
                            user=user, group=user)
    expect(result.returncode == 2, f"code {result.returncode} in a folder that cannot be written")
    expect(result.stderr.count("error:") == 1 and "out.o" in result.stderr and "Permission denied" in result.stderr,
           "no error with the path, but: " + result.stderr)
    expect(not os.listdir(folder), "something was left there")
    print("a folder that cannot be written: code 2 and the path")


def check_signals(model, work, duration, whole):
    """A signal may come before the tool listens, after its end, or within malloc, where LLVM's handler
    waits for itself: each ends the process all the same, and leaves no half output."""
    output = os.path.join(work, "signal.o")
    generator = random.Random(6)
    for _ in range(SIGNALS):
        if os.path.exists(output):
            os.remove(output)
        process = subprocess.Popen(compile_(model, output), stderr=subprocess.DEVNULL)
        time.sleep(duration * generator.uniform(0.2, 0.9))
        process.send_signal(signal.SIGSEGV)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise SystemExit("recovery: a signal did not end the process")
        expect(not os.path.exists(output) or read(output) == whole, "a signal left half an output")
    print(f"{SIGNALS} signals: each an end, and no half an output")


def check_crashes(model, work, compiler):
    """At places that are known: before the outputs are placed, before the first and before the second."""
    paths = [os.path.join(work, name) for name in ("out.o", "out.h")]
    subprocess.run(compile_(model, paths[0]), check=True, capture_output=True)
    whole = [read(path) for path in paths]
    library = os.path.join(work, "crash.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "crash.c")
    subprocess.run([compiler, "-shared", "-fPIC", source, "-o", library, "-ldl"], check=True)
    outputs = [os.path.join(work, name) for name in ("crash.o", "crash.h")]
    for call, number in (("umask", 1), ("rename", 1), ("rename", 2)):
        for path in outputs:
            if os.path.exists(path):
                os.remove(path)
        environment = dict(os.environ, LD_PRELOAD=library, CRASH_CALL=call, CRASH_NUMBER=str(number))
        result = subprocess.run(compile_(model, outputs[0]), capture_output=True, text=True, env=environment)
        expect(result.returncode == -signal.SIGSEGV, f"{call} {number}: no crash, but code {result.returncode}")
        for part in ("internal error: a crash", "fault of bnn-mlir 0.", "report it with the command",
                     "--mlir-pass-pipeline-crash-reproducer", "Program arguments: bnn-opt"):
            expect(part in result.stderr, f"no '{part}' in what a crash says: {result.stderr}")
        found = [path for path in outputs if os.path.exists(path)]
        expect(len(found) == number - 1, f"{call} {number}: {len(found)} outputs are placed")
        for path in found:
            expect(read(path) in whole, f"{call} {number}: half an output")
    print("3 crashes: what to report, and no half an output")


def main():
    model, work, *compiler = sys.argv[1:]
    os.makedirs(work)
    if compiler:
        check_crashes(model, work, compiler[0])
        return
    duration, whole = check_kills(model, work)
    check_folder(model, work)
    check_signals(model, work, duration, whole[0])


main()
