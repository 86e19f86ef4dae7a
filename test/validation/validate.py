#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Translation validation: executes random programs before and after each pass and phase.

    validate.py --programs=1000 --seed=1 --work=DIR       the passes take turns
    validate.py --programs=50 --pass=bnn-fuse --work=DIR  one of them
    validate.py --check-one=FILE --pass=bnn-fuse --calls=FILE.calls --work=DIR

subjects.py says what is compared with what. A failure leaves a folder in DIR/failures: the IR in front
of the pass and behind it, the calls, what is wrong, and reduce.sh, which has bnn-reduce shrink the IR
with --check-one: it ends with 1 where the pass still changes what the program computes, or crashes.
"""
import argparse
import collections
import os
import pickle
import re
import sys

import comparison
import execution
import onnx_programs
import programs
import subjects
from subjects import CLOSE, REFEREE, REFINES, SAME_TEXT

BATCH = 50
CALLS = 4
SHOWN = 5  # failures of each pass
EMPTY = "module {\n}\n"
# The compiler's answer to a model whose output is not proved to be as long as an input.
UNPROVED = "so a caller could not know its size"


class Checked:
    """One program on its way through one subject."""

    def __init__(self, program):
        self.program = program
        self.before = self.after = None  # the IR that both ways begin with, and what the pass made
        self.lowered = None              # both in the LLVM dialect
        self.fault = ""
        self.note = ""                   # why it was not executed
        self.runs = 0


def stage(tools, items, texts, passes, fault):
    """What the passes make of each program; those of which they make nothing get a fault, or where
    that is None, a note."""
    results = tools.run_passes(texts, passes)
    for item, (text, error) in zip(items, results):
        if text is None:
            if fault and UNPROVED not in error:
                item.fault = f"{fault}: {error}"
            else:
                item.note = f"no reference: {error}"
    return [text for text, _ in results]


def rewrite(tools, subject, items, mutate):
    """Leads programs to the pass and through it."""
    sources = [item.program.text for item in items]
    texts = stage(tools, items, sources, subject.prefix, "the passes in front of it fail")
    items = [item for item, text in zip(items, texts) if text is not None]
    for item, text in zip(items, [text for text in texts if text is not None]):
        item.before = text
    texts = [item.before for item in items]
    if subject.approach:
        texts = stage(tools, items, texts, subject.approach, "the passes in front of it fail")
    items, texts = [item for item, text in zip(items, texts) if text], [text for text in texts if text]
    results = stage(tools, items, texts, subject.passes, "the pass fails")
    for item, near, text in zip(items, texts, results):
        if text and subject.relation == SAME_TEXT and subject.make_after:
            text = subject.make_after(text)
        item.after = text and mutate(text)
        if text == near and item.after == text and not subject.approach:
            item.note = "unchanged"
        elif text and subject.relation == SAME_TEXT:
            item.fault = "the pass changes the program"


def lower(tools, subject, items):
    """Lowers what the pass changed, both ways."""
    items = [item for item in items if not item.fault and not item.note]
    befores = [item.before for item in items]
    if subject.make_before is True:
        befores = [item.program.entry_text for item in items]
    elif subject.bare[0]:
        befores = [execution.without_attributes(text) for text in befores]
    elif subject.make_before:
        befores = [subject.make_before(text) for text in befores]
    if subject.relation == REFEREE:
        befores = [EMPTY] * len(items)
    else:
        befores = stage(tools, items, befores, subject.before, None if subject.source == "onnx" else "no reference")
    items = [(item, before) for item, before in zip(items, befores) if before]
    make_after = subject.make_after or (lambda text: text)
    afters = stage(tools, [item for item, _ in items], [make_after(item.after) for item, _ in items], subject.after,
                   "what the pass made is not lowered")
    for (item, before), after in zip(items, afters):
        if after:
            item.lowered = before, after


def workspace_of(text):
    size = re.search(r"bnn\.workspace_size = (\d+)", text)
    return int(size[1]) if size else 0


def run_both(tools, subject, items):
    """Executes the lowered ones and compares."""
    items = [item for item in items if item.lowered]
    if not items:
        return
    library = tools.link([text for item in items for text in reversed(item.lowered)])
    executions = [None] * (2 * len(items))
    for i, item in enumerate(items):
        executions[2 * i] = execution.Execution(item.program.calls)
    afters = execution.execute(library, executions)[::2]
    executions = [None] * (2 * len(items))
    for i, (item, outcomes) in enumerate(zip(items, afters)):
        if isinstance(outcomes, str):
            item.fault = f"after the pass the {outcomes}"
            continue
        calls = [None if subject.relation == REFINES and outcome.status else call
                 for call, outcome in zip(item.program.calls, outcomes)]
        if subject.relation != REFEREE:
            executions[2 * i + 1] = execution.Execution(calls, subject.bare[0], workspace_of(item.before), outcomes)
    befores = execution.execute(library, executions)[1::2]
    for item, before, after in zip(items, befores, afters):
        if isinstance(before, str):
            item.fault = f"before the pass the {before}"
        elif not item.fault:
            item.fault = comparison.difference(item.program, before, after, subject.relation == CLOSE)
            item.runs = sum(outcome.status == 0 for outcome in after)
    if subject.relation == REFEREE or subject.statuses_of_referee:
        sound = [(item, after) for item, after in zip(items, afters) if not item.fault]
        faults = comparison.ask_referee(tools, [item.program for item, _ in sound], [after for _, after in sound],
                                        subject.relation == REFEREE)
        for (item, _), fault in zip(sound, faults):
            item.fault = fault


def validate(tools, subject, drawn, mutate=lambda text: text):
    items = [Checked(program) for program in drawn]
    rewrite(tools, subject, items, mutate)
    lower(tools, subject, items)
    run_both(tools, subject, items)
    return items


REDUCE = """\
#!/bin/sh
# bnn-reduce before.mlir -reduction-tree='traversal-mode=0 test=THIS FILE'
exec {python} {validate} --check-one="$1" --pass={name} --calls={folder}/calls --work={folder}/reduce
"""


def keep_failure(options, subject, item, show):
    folder = os.path.join(os.path.abspath(options.work), "failures", f"{subject.name}-{item.program.number}")
    os.makedirs(folder, exist_ok=True)
    again = f"validate.py --pass={subject.name} --seed={options.seed} --first={item.program.number} --programs=1"
    for name, text in (("source.mlir", item.program.text), ("before.mlir", item.before), ("after.mlir", item.after),
                       ("fault.txt", f"{again}\n{item.fault}\n")):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text or "")
    with open(os.path.join(folder, "calls"), "wb") as file:
        pickle.dump(item.program.calls, file)
    script = os.path.join(folder, "reduce.sh")
    with open(script, "w") as file:
        file.write(REDUCE.format(python=sys.executable, validate=os.path.abspath(__file__), name=subject.name,
                                 folder=folder))
    os.chmod(script, 0o755)
    if show:
        print(f"FAIL {subject.name}, program {item.program.number}: {item.fault[:600]}\n     {folder}", flush=True)


def check_one(options, tools, table):
    """1 where the pass makes something else of a file's program: what bnn-reduce calls interesting."""
    subject = table[options.subject]
    with open(options.check_one) as file:
        text = file.read()
    with open(options.calls, "rb") as file:
        calls = pickle.load(file)
    program = programs.Drawn(0, text, calls)
    subject.prefix, subject.make_before = [], None if subject.make_before is True else subject.make_before
    item, = validate(tools, subject, [program])
    interesting = item.fault and not item.fault.startswith("no reference")
    print(item.fault or item.note or "equal")
    return 1 if interesting else 0


def draw(options, tools, subject, numbers):
    if subject.source == "onnx":
        return onnx_programs.draw_all(tools, options.seed, numbers, CALLS)
    return [programs.drawn(programs.SOURCES[subject.source](options.seed, number), number, CALLS)
            for number in numbers]


def take_turns(options, table):
    """The numbers of each subject's programs. A phase, whose passes have their turns, has one in six
    of theirs."""
    numbers = range(options.first, options.first + options.programs)
    if options.subject:
        return {options.subject: numbers}
    passes = [name for name in table if not name.startswith("bnn-phase-") for _ in range(table[name].turns)]
    phases = [name for name in table if name.startswith("bnn-phase-")]
    turns = passes * 3 + phases[::2] + passes * 3 + phases[1::2]
    return {name: [number for number in numbers if turns[number % len(turns)] == name] for name in table}


def run_subject(options, tools, subject, numbers):
    counts = collections.Counter()
    for start in range(0, len(numbers), BATCH):
        chosen = draw(options, tools, subject, numbers[start:start + BATCH])
        for item in validate(tools, subject, chosen):
            counts["programs"] += 1
            counts["failed"] += bool(item.fault)
            counts[item.note.partition(":")[0] or "executed"] += not item.fault
            counts["calls"] += item.runs
            if item.fault:
                keep_failure(options, subject, item, counts["failed"] <= SHOWN)
            elif item.note.startswith("no reference") and options.verbose:
                print(f"     {subject.name}, program {item.program.number}: {item.note}")
    return counts


def add_tools(parser):
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cpu", default="x86-64-v3")
    parser.add_argument("--node", default="node")
    parser.add_argument("--npm", default="build/npm/node_modules", help="where ONNX Runtime is")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", required=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first program")
    parser.add_argument("--pass", dest="subject", help="one pass or phase; default: all take turns")
    parser.add_argument("--check-one", help="a file of IR in front of the pass")
    parser.add_argument("--calls", help="the calls of that file")
    add_tools(parser)
    parser.add_argument("--least-calls", type=int, default=0, help="how many calls must succeed on both sides")
    parser.add_argument("--least-executed", type=int, default=0, help="how many programs each must change")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    tools = execution.Tools(options)
    table = subjects.make_subjects(tools.bnn_opt)
    if options.check_one:
        return check_one(options, tools, table)
    missing = subjects.registered(tools.bnn_opt) - set(table)
    if missing:
        print(f"subjects.py does not say how to validate {', '.join(sorted(missing))}")
        return 1
    total, idle = collections.Counter(), []
    for name, numbers in take_turns(options, table).items():
        counts = run_subject(options, tools, table[name], numbers)
        print(f"{name}: {', '.join(f'{count} {what}' for what, count in counts.items() if count)}", flush=True)
        total += counts
        if table[name].relation != SAME_TEXT and counts["executed"] < options.least_executed:
            idle.append(name)
    if idle:
        print(f"fewer than {options.least_executed} programs executed: {', '.join(idle)}")
    phases = sum(name.startswith("bnn-phase-") for name in table)
    print(f"{total['programs']} programs validated, {len(table) - phases} passes and {phases} phases, "
          f"{total['calls']} calls compared, {total['failed']} failed")
    return 1 if total["failed"] or idle or total["calls"] < options.least_calls else 0


if __name__ == "__main__":
    sys.exit(main())
