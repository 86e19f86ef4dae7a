#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls compiled models between guard pages, with right shapes and wrong ones.

    guard.py --pairs=5000 --seed=1           that many pairs of a graph and shapes
    guard.py --seed=1 --first=17 --graphs=1 --work=DIR     one graph; its files stay in DIR
    guard.py --model=FILE.onnx --calls=50    a model that is there

Graphs are drawn over all operators (operators.py), compiled by the default pipeline, as reference
lowering and for one more target each, and called by guard.c, which sees every access to a byte
that the call was not given, and every byte that is written by a call that fails or not written by
one that succeeds. All variants must agree in status and bytes. With --npm ONNX Runtime says which
shapes and indices are right: those must give BNN_OK and its numbers, all others an error. What the
compiler refuses with an error is counted.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from compiled import (ALWAYS, VARIANTS, call_all, compile_subject, encode_call, link,
                      runnable_variants)
from judge import STATUSES, judge_subject
from referee import ask_referee
from subject import drawn_subject, file_subject

GRAPHS_A_BATCH = 20


@dataclasses.dataclass
class Outcome:
    """What a batch adds to the totals."""
    counts: collections.Counter
    operators: collections.Counter
    variants: collections.Counter
    refusals: collections.Counter
    faults: list


def run_batch(options, subjects, work):
    counts, operators, variants, refusals = (collections.Counter() for _ in range(4))
    faults = []
    programs = {False: ([], [], []), True: ([], [], [])}  # symbols, objects, owners
    extras = [name for name in options.variants if name not in ALWAYS]
    for index, subject in enumerate(subjects):
        extra = extras if options.every_variant else extras[index % max(1, len(extras)):][:1]
        objects, found = compile_subject(options, subject, index, extra)
        faults += found
        counts["graphs"] += 1
        if subject.refusal:
            counts["refused"] += 1
            refusals[re.sub(r"'[^']*'|\d+|\S*\.onnx", "_", subject.refusal)[-150:]] += 1
        for variant, path in objects.items():
            symbols, paths, owners = programs[variant == "aarch64"]
            symbols.append(f"m{index}_{variant}".replace("-", "_"))
            paths.append(path)
            owners.append((subject, variant))
    compiled = [subject for subject in subjects if subject.variants]
    answers = {}
    if options.npm and compiled:
        answers = dict(zip((s.name for s in compiled), ask_referee(options, work, compiled)))
    results = {subject.name: [{} for _ in subject.calls] for subject in compiled}
    for cross, (symbols, paths, owners) in programs.items():
        if not symbols:
            continue
        program = link(options, work, "guard_cross" if cross else "guard", symbols, paths, cross)
        records = [(subject, variant, i, encode_call(index, subject, call))
                   for index, (subject, variant) in enumerate(owners)
                   for i, call in enumerate(subject.calls)]
        command = [options.qemu_aarch64, program] if cross else [program]
        for (subject, variant, i, _), result in zip(
                records, call_all(command, work, [record[3] for record in records])):
            results[subject.name][i][variant] = result
        counts["calls"] += 2 * len(records)
        variants.update(variant for _, variant, _, _ in records)
    for subject in compiled:
        operators.update(subject.operators)
        faults += judge_subject(subject, results[subject.name],
                                answers.get(subject.name, [None] * len(subject.calls)), counts)
    for fault in faults:
        fault.model = keep(options, fault.model)
    if not options.work:
        shutil.rmtree(work)
    return Outcome(counts, operators, variants, refusals, faults)


def keep(options, path):
    """Copies the model of a fault to where it stays."""
    os.makedirs(options.keep, exist_ok=True)
    kept = os.path.join(options.keep, os.path.basename(os.path.dirname(path)) + ".onnx")
    shutil.copy(path, kept)
    return kept


def batch_of_drawn(options, first, count, work):
    os.makedirs(work)
    subjects = [drawn_subject(options, number, work) for number in range(first, first + count)]
    return run_batch(options, subjects, work)


def batch_of_file(options, path, work):
    os.makedirs(work)
    return run_batch(options, [file_subject(options, path, work)], work)


def add(total, outcome):
    total.counts.update(outcome.counts)
    total.operators.update(outcome.operators)
    total.variants.update(outcome.variants)
    total.refusals.update(outcome.refusals)
    total.faults += outcome.faults


def run_drawn(options, pool, work, total):
    """Batches until there are enough pairs."""
    first = options.first
    last = first + options.graphs if options.graphs else None
    pending = set()
    while True:
        while len(pending) < options.jobs and (first < last if last else True):
            count = min(GRAPHS_A_BATCH, last - first) if last else GRAPHS_A_BATCH
            pending.add(pool.submit(batch_of_drawn, options, first, count,
                                    os.path.join(work, f"batch{first}")))
            first += count
        if not pending:
            return
        done, pending = concurrent.futures.wait(
            pending, return_when=concurrent.futures.FIRST_COMPLETED)
        for future in done:
            add(total, future.result())
        if not last and total.counts["pairs"] >= options.pairs:
            for future in pending:
                add(total, future.result())
            return


def show(options, total, seconds):
    shown = collections.Counter()
    for fault in total.faults:
        shown[fault.kind] += 1
        if shown[fault.kind] <= options.show:
            print(f"FAIL {fault.kind}: {fault.text}\n     model: {fault.model}\n"
                  f"     again: {fault.again}")
    c = total.counts
    if options.refusals:
        for text, count in total.refusals.most_common():
            print(f"refused {count}: {text}")
    print(f"{c['graphs']} graphs: {c['open']} open, {c['static']} static, {c['refused']} refused "
          f"by the compiler; {len(total.operators)} operators")
    print(f"{c['pairs']} pairs of a graph and shapes, {c['calls']} calls; ONNX Runtime judged "
          f"{c['asked']}; " + ", ".join(f"{name} {c[name]}" for name in STATUSES if c[name]))
    print("pairs by variant: " + ", ".join(f"{name} {count}"
                                           for name, count in sorted(total.variants.items())))
    for kind, count in sorted(shown.items()):
        print(f"{kind}: {count}")
    print(f"{len(total.faults)} faults in {seconds:.0f} s")


def missing_operators(options, total):
    listed = subprocess.run([options.bnn_opt, "--list-operators"], capture_output=True, text=True,
                            check=True).stdout
    names = {line.split()[0] for line in listed.splitlines() if line and not line.startswith(" ")}
    # Those of other domains are made of ONNX's own.
    return sorted({name for name in names if "." not in name} - set(total.operators))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5000, help="until there are so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first graph")
    parser.add_argument("--graphs", type=int, help="so many graphs, whatever the pairs")
    parser.add_argument("--model", action="append", default=[], help="this one; may be repeated")
    parser.add_argument("--compare-numbers", action="store_true",
                        help="of --model too: none of its decisions is close to its threshold")
    parser.add_argument("--calls", type=int, default=50, help="of each graph (default 50)")
    parser.add_argument("--variants", help="beside native and reference (default: those that this "
                        "machine runs), one of them in turn for each graph")
    parser.add_argument("--every-variant", action="store_true",
                        help="all of them for each graph")
    parser.add_argument("--expect-operators", action="store_true",
                        help="fail unless every operator of the compiler was called")
    parser.add_argument("--show", type=int, default=3, help="faults of each kind (default 3)")
    parser.add_argument("--refusals", action="store_true", help="say what was refused and why")
    parser.add_argument("--bnn-opt", default="bnn-opt")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--aarch64-cc", default="aarch64-linux-gnu-gcc")
    parser.add_argument("--qemu-aarch64", default="qemu-aarch64")
    parser.add_argument("--node", default="node")
    parser.add_argument("--npm", help="the folder with onnxruntime-node")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--work", help="keep all files here")
    parser.add_argument("--keep", default="guard-faults", help="where models of faults are left")
    options = parser.parse_args()
    if options.variants is None:
        options.variants = runnable_variants(options)
    else:
        options.variants = [name for name in options.variants.split(",") if name]
        if unknown := set(options.variants) - set(VARIANTS):
            parser.error(f"no variant {unknown.pop()}; there are {', '.join(VARIANTS)}")
    if options.npm and not os.path.isdir(os.path.join(options.npm, "onnxruntime-node")):
        options.npm = None  # what it would judge is left out, and counted as such

    started = time.monotonic()
    work = options.work or tempfile.mkdtemp()
    os.makedirs(work, exist_ok=True)
    total = Outcome(*(collections.Counter() for _ in range(4)), [])
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        if options.model:
            futures = [pool.submit(batch_of_file, options, path, os.path.join(work, f"model{i}"))
                       for i, path in enumerate(options.model)]
            for future in futures:
                add(total, future.result())
        else:
            run_drawn(options, pool, work, total)
    if not options.work:
        shutil.rmtree(work)
    show(options, total, time.monotonic() - started)
    missing = missing_operators(options, total) if options.expect_operators else []
    if missing:
        print(f"never called: {' '.join(missing)}")
    return 1 if total.faults or missing or not total.counts["pairs"] else 0


if __name__ == "__main__":
    sys.exit(main())
