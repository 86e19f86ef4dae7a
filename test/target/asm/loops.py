# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the assembly of x86-64, AArch64 and ARM functions, and finds their innermost loops."""
import collections
import re

Loop = collections.namedtuple("Loop", "function lines")

# A branch that does not come back: where it may go, and whether it may fall through.
X86_JUMP = re.compile(r"j(mp|[a-z]+)\s+(\.L\w+)")
ARM_JUMP = re.compile(r"(?:(b)|b\.?(?:eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)(?:\.w)?|"
                      r"cbn?z\s+\w+,|tbn?z\s+\w+, #\w+,|le(?:tp)?\s+lr,)\s+(\.L\w+)$")
RETURN = re.compile(r"(ret\w*|bx\s+lr|pop\s+\{.*pc\}|ud2|brk\s.*|udf\s.*|jmp\w*\s+\*.*|br\s+\w+)$")
# Arm's blo, bls, blt and ble are branches: b and a condition.
CALL = re.compile(r"(call\w*|blx?|blr)\s")


def functions(text):
    """{name: lines}: instructions and local labels, without directives and comments."""
    result, lines = {}, None
    for line in text.splitlines():
        line = re.split(r"\s*(?:#\s|##|//|@ |@$)", line)[0].rstrip()
        label = re.match(r"([.\w$]+):", line)
        if label and not label.group(1).startswith(".L"):
            lines = result.setdefault(label.group(1), [])
        elif label:
            if lines is not None:
                lines.append(label.group(1) + ":")
        elif re.match(r"\s+[a-z]", line) and lines is not None:
            lines.append(" ".join(line.split()))
        elif re.match(r"\s+\.(section|cfi_endproc|size)", line):
            # What follows is data.
            lines = None if ".size" in line or ".section" in line else lines
    return result


def is_call(instruction):
    """Whether an instruction calls a function."""
    return bool(CALL.match(instruction))


def _jump(instruction):
    """(target, may fall through), or None for what is no jump."""
    match = X86_JUMP.match(instruction)
    if match:
        return match.group(2), match.group(1) != "mp"
    match = ARM_JUMP.match(instruction)
    return (match.group(2), not match.group(1)) if match else None


def _blocks(lines):
    """Basic blocks as (lines, successors), the entry first."""
    starts, block_of = [0], {}
    for i, line in enumerate(lines):
        if line.endswith(":") or (i and (_jump(lines[i - 1]) or RETURN.match(lines[i - 1]))):
            if i and i != starts[-1]:
                starts.append(i)
        if line.endswith(":"):
            block_of[line[:-1]] = len(starts) - 1
    blocks = []
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        body = [line for line in lines[start:end] if not line.endswith(":")]
        successors, falls = [], True
        if body and _jump(body[-1]):
            target, falls = _jump(body[-1])
            if target in block_of:
                successors.append(block_of[target])
        elif body and RETURN.match(body[-1]):
            falls = False
        if falls and number + 1 < len(starts):
            successors.append(number + 1)
        blocks.append((body, successors))
    return blocks


def _dominators(blocks):
    """For each block the set of those that every way to it passes."""
    every = set(range(len(blocks)))
    before = collections.defaultdict(set)
    for number, (_, successors) in enumerate(blocks):
        for successor in successors:
            before[successor].add(number)
    result = {number: set(every) for number in every}
    result[0] = {0}
    changed = True
    while changed:
        changed = False
        for number in range(1, len(blocks)):
            if not before[number]:
                continue
            new = {number} | set.intersection(*(result[p] for p in before[number]))
            if new != result[number]:
                result[number], changed = new, True
    return result, before


def innermost_loops(name, lines):
    """The natural loops of a function that hold no other, as Loops in program order."""
    blocks = _blocks(lines)
    dominators, before = _dominators(blocks)
    loops = {}
    for number, (_, successors) in enumerate(blocks):
        for header in successors:
            if header not in dominators[number]:
                continue
            body, work = {header}, [number]
            while work:
                block = work.pop()
                if block not in body:
                    body.add(block)
                    work.extend(before[block])
            loops.setdefault(header, set()).update(body)
    return [Loop(name, [line for block in sorted(body) for line in blocks[block][0]])
            for header, body in sorted(loops.items())
            if not any(other in body for other in loops if other != header)]
