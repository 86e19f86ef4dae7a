#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shows without a run that compiled models stay within their buffers.

    bounds.py --graphs=85 --seed=1           drawn graphs, as guard.py draws them
    bounds.py --model=FILE.onnx              a model that is there

Each is compiled as far as the phase tile, by the default pipeline and as reference lowering;
bnn-check-bounds then shows of each access that no shape that the checks let pass takes it out of
its buffer. What it cannot show is listed; more of it than --most is a failure.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

import onnx

from subject import draw_graph

WAYS = {"native": [], "reference": ["--reference", "-O0"]}


def check(options, name, path, maxima):
    """Counts (accesses, those shown) and what was not shown, in all ways."""
    total = shown = 0
    rest = []
    for way, flags in WAYS.items():
        result = subprocess.run(
            [options.bnn_opt, path, *flags, "--after=tile", "--bnn-check-bounds", "--prefix=model",
             "-o", f"{path}.{way}.o", *(f"--max-dim={dim}:{most}" for dim, most in maxima.items())],
            capture_output=True, text=True)
        counts = re.search(r"remark: (\d+) of (\d+) accesses are shown", result.stderr)
        if not counts:
            if result.returncode != 1 or "error:" not in result.stderr:
                rest.append(f"{name}, {way}: exit code {result.returncode}")
            continue  # refused
        shown += int(counts[1])
        total += int(counts[2])
        rest += [f"{name}, {way}: {why}: {op}" for why, op in re.findall(
            r"cannot be shown to stay within its buffer: (.*)\n.*see current operation: (.*)",
            result.stderr)]
    return total, shown, rest


def drawn(options, number):
    g = draw_graph(options.seed, number)
    path = os.path.join(options.work, f"{number}.onnx")
    onnx.save(g.model(), path)
    maxima = {name: most for name, most in g.maxima.items() if g.is_callers(name)}
    return check(options, f"graph {number}", path, maxima)


def from_file(options, path):
    copy = os.path.join(options.work, os.path.basename(path))
    shutil.copy(path, copy)
    return check(options, os.path.basename(path), copy, {})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first graph")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", action="append", default=[], help="may be repeated")
    parser.add_argument("--most", type=int, default=0, help="so many may not be shown (default 0)")
    parser.add_argument("--bnn-opt", default="bnn-opt")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--work", help="keep all files here")
    options = parser.parse_args()
    is_kept = options.work is not None
    options.work = options.work or tempfile.mkdtemp()
    os.makedirs(options.work, exist_ok=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda n: drawn(options, n),
                                range(options.first, options.first + options.graphs)))
        results += pool.map(lambda path: from_file(options, path), options.model)
    if not is_kept:
        shutil.rmtree(options.work)
    rest = collections.Counter(line for result in results for line in result[2])
    for line, count in rest.items():
        print(f"not shown{f' ({count} times)' if count > 1 else ''}: {line}")
    total, shown = (sum(result[i] for result in results) for i in (0, 1))
    print(f"{len(results)} models: {shown} of {total} accesses are shown to stay within their "
          f"buffers, {sum(rest.values())} are not")
    return 1 if sum(rest.values()) > options.most or not shown else 0


if __name__ == "__main__":
    sys.exit(main())
