#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the fuzz targets from seeds that it makes.

    fuzz.py --bin=build-sanitize/bin --seconds=120    all targets, that long in all
    fuzz.py --bin=DIR --seconds=3600 --targets=passes --corpus=DIR    one target; what it finds stays
    fuzz.py --bin=DIR --runs=200    that many inputs a target, in whatever time
    fuzz.py --bin=DIR --replay=test/fuzz/regressions    the inputs that are there, FOLDER/<target>/*

A target that crashes, takes too long or too much memory is a fault: its input is made smaller and
kept, and the command that repeats it is printed.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from seeds import MOST_BYTES, TARGETS, write_seeds

# Of the time, the share of each target.
SHARES = {"model": 26, "passes": 26, "import": 10, "compile-ir": 12, "external-data": 10, "npy": 3,
          "tensor-proto": 3, "pruning-record": 2, "strategy-table": 2, "wordpiece": 6}
# One input may take this many seconds and MiB: a budget that is the compiler's own, and what the
# sanitizers need.
SECONDS, MEBIBYTES = 25, 2048
# LLVM's packages are not instrumented: MLIR's globals live until the end, what allocators and
# containers say of their memory is known on one side of the border only.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=0:detect_container_overflow=0:allow_user_poisoning=0:"
                    "quarantine_size_mb=16:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


@dataclasses.dataclass
class Result:
    """What came of one target."""
    target: str
    seeds: int = 0
    executions: int = 0
    fault: str = ""
    is_ours: bool = True  # else it is one of MLIR's own


class Fuzzer:
    """The targets, and where their files lie."""

    def __init__(self, options, work):
        self.options = options
        self.work = work
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else work
        self.scratch = tempfile.mkdtemp(prefix="bnn-fuzz-", dir=memory)
        self.environment = {**os.environ, **SANITIZERS, "TMPDIR": self.scratch}

    def program(self, target):
        return os.path.join(self.options.bin, "fuzz-" + target)

    def run(self, target, arguments, paths):
        """The output of a target, and whether it found a fault."""
        command = [self.program(target), f"-timeout={SECONDS}", f"-rss_limit_mb={MEBIBYTES}",
                   *arguments, *paths]
        done = subprocess.run(command, env=self.environment, capture_output=True, cwd=self.work)
        return done.stderr.decode(errors="replace"), done.returncode != 0

    def fuzz(self, target):
        options, result = self.options, Result(target)
        folders = [os.path.join(self.work, kind, target) for kind in ("seeds", "work", "corpus")]
        seeds, work, corpus = folders
        if options.corpus:
            corpus = os.path.join(os.path.abspath(options.corpus), target)
        for folder in (seeds, work, corpus):
            os.makedirs(folder, exist_ok=True)
        begun = time.monotonic()
        result.seeds = write_seeds(target, options.seeds, options, seeds, work)
        seconds = options.seconds * options.jobs * SHARES[target] / sum(
            SHARES[name] for name in options.targets)
        left = max(1, int(seconds - (time.monotonic() - begun)))
        limits = [f"-runs={options.runs}"] if options.runs else [f"-max_total_time={left}"]
        os.makedirs(options.keep, exist_ok=True)
        text, failed = self.run(target, [
            *limits, f"-seed={options.seed}", f"-max_len={MOST_BYTES}", "-len_control=0",
            "-reload=0", "-print_final_stats=1", f"-artifact_prefix={options.keep}/{target}-",
        ], [corpus, seeds])
        counted = re.findall(r"number_of_executed_units: (\d+)|^#(\d+)\t", text, re.MULTILINE)
        result.executions = max([int(a or b) for a, b in counted], default=0)
        if failed:
            result.fault = self.explain(target, text)
            result.is_ours = is_ours(text)
        return result

    def explain(self, target, text):
        """What is wrong, and how to see it again."""
        found = re.search(r"Test unit written to (\S+)", text)
        what = re.search(r"FAILED: .*|.*(?:ERROR|runtime error|Assertion).*", text)
        what = what.group() if what else text[-2000:]
        if not found:
            return what
        path = found.group(1)
        small = path + ".min"
        if "timeout" not in os.path.basename(path):
            self.run(target, ["-minimize_crash=1", "-runs=1000", "-max_total_time=30",
                              f"-exact_artifact_path={small}"], [path])
        path = small if os.path.exists(small) else path
        settings = " ".join(f"{name}={value}" for name, value in SANITIZERS.items())
        again = f"{settings} {self.program(target)} {path}"
        return f"{what}\n  repeat: {again}"

    def replay(self, target, paths):
        result = Result(target, executions=len(paths))
        for path in paths:
            text, failed = self.run(target, [f"-artifact_prefix={self.work}/"], [path])
            if failed:
                result.fault += f"{path}: {text[-3000:]}\n"
        return result


def is_ours(text):
    """Whether something of the project's is on the stack above the target, or above MLIR's reader.
    A text that MLIR itself does not survive is shown, and is no fault."""
    frames = re.findall(r"^ *#\d+ 0x\w+ (.*)", text, re.MULTILINE)
    for frame in frames:
        if "mlir::bnn" in frame or "libBNN" in frame or "runOnOperation() /" in frame:
            return True
        if "mlir::parseAsmSourceFile" in frame or "LLVMFuzzerTestOneInput" in frame:
            break
    return not any("libMLIR" in frame for frame in frames)


def run_targets(fuzzer, options):
    if options.replay:
        jobs = {target: sorted(glob.glob(os.path.join(options.replay, target, "*")))
                for target in options.targets}
        call = fuzzer.replay
    else:
        jobs = {target: None for target in options.targets}
        call = lambda target, _: fuzzer.fuzz(target)  # noqa: E731
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        # The longest first.
        order = sorted(jobs, key=lambda target: -SHARES[target])
        yield from pool.map(lambda target: call(target, jobs[target]), order)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--targets", type=lambda text: text.split(","), default=list(TARGETS))
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=200, help="at most, for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--corpus", help="where inputs that reach new code stay")
    parser.add_argument("--keep", default="fuzz-faults", help="where inputs of faults stay")
    parser.add_argument("--replay", help="a folder of inputs, FOLDER/<target>/*")
    options = parser.parse_args()
    options.bin, options.keep = os.path.abspath(options.bin), os.path.abspath(options.keep)
    begun = time.monotonic()
    totals, faults = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as work:
        fuzzer = Fuzzer(options, work)
        try:
            for result in run_targets(fuzzer, options):
                totals["seeds"] += result.seeds
                totals["executions"] += result.executions
                faults += bool(result.fault) and result.is_ours
                totals["upstream"] += not result.is_ours
                kind = "FAULT" if result.is_ours else "ended by MLIR"
                print(f"{result.target}: {result.executions} executions from {result.seeds} seeds"
                      f"{f', {kind}: {result.fault}' if result.fault else ''}", flush=True)
        finally:
            shutil.rmtree(fuzzer.scratch, ignore_errors=True)
    print(f"{len(options.targets)} targets executed {totals['executions']} inputs from "
          f"{totals['seeds']} seeds in {time.monotonic() - begun:.0f} s, {faults} with faults"
          f", {totals['upstream']} ended by faults of MLIR's own")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
