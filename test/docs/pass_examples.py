#!/usr/bin/env python3
"""Runs the examples in the passes' descriptions: pass_examples.py PASSES_FOLDER LEAST

The IR under "Before" goes through the pass. IR under "After" that is complete must be what
comes out, up to `--canonicalize --cse`; of a sketch (with "..." in it, or without a function)
the operations must come out in the order shown, constants aside. A pass without a pair fails,
and so does a folder of fewer than LEAST passes.
"""
import glob
import os
import re
import subprocess
import sys
import textwrap


def examples(description):
    """(before, after) pairs, in either of two notations."""
    blocks = re.findall(r"^ *(\S[^\n]*)\n\s*```mlir\n(.*?)```", description, re.MULTILINE | re.DOTALL)
    pairs, before = [], None
    for title, text in blocks:
        text = textwrap.dedent(text)
        halves = re.split(r"^// (?:Before|After)$\n", text, flags=re.MULTILINE)
        if len(halves) == 3:
            pairs.append((halves[1], halves[2]))
        elif title.startswith("Before"):
            before = text
        elif title.startswith("After") and before is not None:
            pairs.append((before, text))
            before = None
    return pairs


def bnn_opt(text, *flags):
    result = subprocess.run(["bnn-opt", *flags], input=text, capture_output=True, text=True)
    if result.returncode:
        raise ValueError(f"bnn-opt {' '.join(flags)}:\n{result.stderr}\nof\n{text}")
    return result.stdout


def operations(text):
    text = re.sub(r"//.*", "", text)
    names = re.findall(r"(?:^|= )\s*([a-z_]+\.[a-z_.]+)", text, re.MULTILINE)
    return [name for name in names if not name.endswith("constant")]


def check(flag, before, after):
    if "..." in after or "func.func" not in after:
        actual, expected = operations(bnn_opt(before, flag)), operations(after)
        rest = iter(actual)
        missing = [name for name in expected if name not in rest]
        if missing or not expected:
            raise ValueError(f"{missing or 'nothing'} expected in order, got\n{actual}")
        return "sketch"
    actual = bnn_opt(before, flag, "--canonicalize", "--cse")
    expected = bnn_opt(after, "--canonicalize", "--cse")
    if actual != expected:
        raise ValueError(f"expected\n{expected}\ngot\n{actual}")
    return "exact"


def main():
    failures = count = 0
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*", "*.td"))):
        with open(path) as file:
            text = file.read()
        for definition in re.split(r"^(?=def )", text, flags=re.MULTILINE)[1:]:
            match = re.match(r"def (\w+) *: *(?:Interface)?Pass<\"([\w-]+)\"", definition)
            if not match:
                continue
            name, flag = match.groups()
            count += 1
            pairs = examples(definition)
            try:
                if not pairs:
                    raise ValueError("its description has no Before and After")
                kinds = [check(f"--{flag}", *pair) for pair in pairs]
                print(f"ok   {name}: {', '.join(kinds)}")
            except ValueError as error:
                failures += 1
                print(f"FAIL {name}: {error}")
    print(f"{count} passes, {failures} failed")
    return 1 if failures or count < int(sys.argv[2]) else 0


if __name__ == "__main__":
    sys.exit(main())
