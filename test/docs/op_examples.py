#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parses and verifies the examples in the bnn ops' descriptions: op_examples.py BNN_OPS_TD COUNT

Each becomes the body of a function whose arguments are the values that it reads, with the types
that it states. An op without an example fails, and there must be COUNT examples.
"""
import re
import subprocess
import sys
import textwrap


def split(types):
    """Types separated by commas, which `#bnn.rows<...>` has inside as well."""
    return re.findall(r"(?:[^,<]|<(?:[^<>]|<[^<>]*>)*>)+", types)


def arguments(example):
    """The values that an op reads before its region, with their types."""
    head = re.split(r"\{\s*\n", example)[0]
    found = {}
    for names, types in re.findall(r"\(((?:%\w+(?:, )?)+) : ((?:[^()])*)\)", head):
        found.update(zip(re.findall(r"%\w+", names), split(types)))
    for name in re.findall(r"\b(?:scale|cutoff|step|minimum)\((%\w+)\)", head):
        found[name] = "f32"
    for name in re.findall(r"\bzero_point\((%\w+)\)", head):
        found[name] = "i32"
    for name in re.findall(r"\blimit (%\w+)", head):
        found[name] = "index"
    # Without the operands that have names, and without attributes.
    plain = re.sub(r"\([^()]*\)|\{[^{}]*\}", "", head)
    operands, _, types = plain.partition(" : ")
    operands = operands.split("=", 1)[-1] if "=" in operands.split("bnn.")[0] else operands
    types = types.split(" -> ")[0]
    for name, type_ in zip(re.findall(r"%\w+", operands.split("{")[0]), split(types)):
        found.setdefault(name, type_)
    return {name: type_.strip() for name, type_ in found.items()}


def main():
    with open(sys.argv[1]) as file:
        definitions = re.split(r"^(?=def )", file.read(), flags=re.MULTILINE)[1:]
    count = failures = 0
    for definition in definitions:
        match = re.match(r"def \w+ : BNN_\w*Op<\"(\w+)\"", definition)
        if not match or match.group(1) == "yield":
            continue
        examples = re.findall(r"```mlir\n(.*?)```", definition, re.DOTALL)
        if not examples:
            failures += 1
            print(f"FAIL {match.group(1)}: no example")
        for example in map(textwrap.dedent, examples):
            count += 1
            values = arguments(example) if "bnn.constant" not in example else {}
            inputs = ", ".join(f"{name}: {type_}" for name, type_ in values.items())
            text = f"func.func @example({inputs}) {{\n{example}\nreturn\n}}\n"
            result = subprocess.run(["bnn-opt"], input=text, capture_output=True, text=True)
            if result.returncode or f"bnn.{match.group(1)}" not in result.stdout:
                failures += 1
                print(f"FAIL {match.group(1)}:\n{result.stderr}\nof\n{text}")
            else:
                print(f"ok   {match.group(1)}")
    print(f"{count} examples, {failures} failed")
    if count != int(sys.argv[2]):
        print(f"expected {sys.argv[2]} examples")
    return 1 if failures or count != int(sys.argv[2]) else 0


if __name__ == "__main__":
    sys.exit(main())
