#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles drawn models in each spelling, and compares the objects byte for byte.

    respell.py --count 8 --seed 1 --work DIR    models 1 to 8, each in every spelling
    respell.py --seed 3 --only scales --work DIR

A spelling is one rule of spell.py alone, a spelling of the sign or the mask, or another opset. Where it
changes the object it is a row of EXPLAINED, with the reason; the object must be as large then, but for
two parts in a hundred. Anything else is a failure, and so is a row that explains nothing.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import sys

from draw import draw
import harness
import spell
from binary_bert import MASKS, BinaryBert

EXPLAINED = {
    "swapped": "what is not binary keeps its operands in the file's order",
    "scales": "numbers that are not binary are divided where the file divides, and not multiplied",
    "constants": "constants lie in the order in which the file has them",
    "order": "operations are done, and the workspace laid out, in the file's order",
    "masks": "the mask's few numbers are computed as the file says",
}
LARGER = 1.02


def spellings(options, seed):
    """(name, name of the plain model, options, spelling) of each way to write one model; a plain model
    is one of its own ways."""
    def way(name, base, changed=options, **settings):
        return name, base, changed, spell.legal(spell.Spelling(seed, **settings), changed)

    for sign in spell.SIGNS:
        if sign == "plus" and options.opset < 12:
            continue
        yield way(sign, sign, sign=sign)
        yield way(f"signs of {sign}", sign, sign=sign, signs=True)
    yield way("16 bits", "16 bits", halves=True)
    for name in [*spell.RULES, *spell.COMPILER_ONLY]:
        halves = name == "halves"
        yield way(name, "16 bits" if halves else "zero", rules=(name,), halves=halves)
    for opset in (18, spell.opsets.NEWEST):
        yield way(f"opset {opset}", "zero", later_opset=opset)
    for mask, meaning in MASKS.items():
        other = dataclasses.replace(options, mask=mask)
        if meaning != mask and (mask != "trilu" or options.opset >= 14):
            if meaning == MASKS[options.mask]:
                yield way(mask, meaning, other)
    plain = dataclasses.replace(options, mask=MASKS[options.mask])
    yield way(plain.mask, plain.mask, plain)


def compiled(way, folder):
    """The object's bytes, or an error."""
    name, _, options, spelling = way
    folder = os.path.join(folder, name.replace(" ", "_"))
    os.makedirs(folder, exist_ok=True)
    model, _ = spell.spelt(BinaryBert(options).model("generate"), spelling)
    path, program = os.path.join(folder, "model.onnx"), os.path.join(folder, "model.o")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    try:
        harness.run_command(["bnn-opt", path, "-o", program, "--prefix=model", "-O0", "--strategy=portable"])
    except harness.Failure as failure:
        return str(failure)
    with open(program, "rb") as file:
        return file.read()


def compare(ways, objects, told):
    """The failures among one model's objects; adds the rows of EXPLAINED that were needed to `told`."""
    for name, base, _, _ in ways:
        got, plain = objects[name], objects[base]
        if isinstance(got, str):
            yield f"{name}: {got}"
        elif isinstance(plain, bytes) and got != plain:
            row = "masks" if name in MASKS else name
            told.add(row)
            if row not in EXPLAINED or len(got) > LARGER * len(plain):
                yield f"{name}: its object has {len(got)} bytes and is not that of '{base}', of {len(plain)} bytes"


def base_model(seed):
    """The options of a small model that has all kinds of layers; each mask has its turn."""
    options, _ = draw(seed)
    options.mask = ("added", "filled", "causal")[seed % 3]
    options.opset = max(options.opset, 14 if options.mask == "causal" else 12)
    options.seq, options.positions = 5, 8
    options.dynamic, options.int32 = seed % 4 != 0, seed % 2 == 1
    options.custom, options.layers, options.hidden_states, options.attentions = False, 1, False, ""
    options.near_miss, options.near_layer = "", ""
    return options


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--only", help="spellings with this in their name")
    parser.add_argument("--work", required=True)
    tools = parser.parse_args()
    failures, objects_made, told = 0, 0, set()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for seed in range(tools.seed, tools.seed + tools.count):
            ways = list(spellings(base_model(seed), seed))
            if tools.only:
                bases = {base for name, base, _, _ in ways if tools.only in name}
                ways = [way for way in ways if tools.only in way[0] or way[0] in bases]
            folder = os.path.join(tools.work, str(seed))
            objects = dict(zip([way[0] for way in ways], pool.map(lambda way: compiled(way, folder), ways)))
            objects_made += len(objects)
            for failure in compare(ways, objects, told):
                failures += 1
                print(f"FAILED model {seed}, {failure}", flush=True)
    if not tools.only:
        for name in sorted(set(EXPLAINED) - told):
            failures += 1
            print(f"FAILED '{name}' is explained, and changes no object")
    print(f"{objects_made} objects of {tools.count} models, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
