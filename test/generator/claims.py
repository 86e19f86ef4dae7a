# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares what the compiler says that it made of each layer with what the generator knows."""
import collections
import json

from harness import Failure


# Of what is binary: a drawn weight may be 0, and a model of 16 bits does not round its scores. Of
# what has 8 bits, that it is not binary.
REMARKS = ("weights are 0", "scores are not rounded to 16 bits",
           "weights and inputs are integers of 8 bits", "its factors are integers of 8 bits",
           "its table is of integers of 8 bits")


def check(report_path, layers, renamed):
    """Raises Failure where the report differs from `layers`: by the nodes' names, or by the number
    of each kind where an optimiser has `renamed` them."""
    with open(report_path) as file:
        report = json.load(file)
    found = {(layer["name"], layer["kind"], layer["became"]): layer for layer in report["layers"]}
    known = {tuple(layer) for layer in layers}
    if renamed:
        found_kinds = collections.Counter((kind, became) for _, kind, became in found)
        known_kinds = collections.Counter((kind, became) for _, kind, became in known)
        if found_kinds != known_kinds:
            raise Failure(f"the report has {dict(found_kinds)}, known are {dict(known_kinds)}")
        return
    for name, kind, became in sorted(known - set(found)):
        said = [f"{layer['became']} ({layer['reason']})" for layer in found.values()
                if layer["name"] == name]
        raise Failure(f"{kind} {name} is {became}; the report says {', '.join(said) or 'nothing'}")
    for name, kind, became in sorted(set(found) - known):
        raise Failure(f"the report has a {kind} {name}, {became}, that there is not")
    for layer in found.values():
        # A drawn weight may be 0.
        reason = layer["reason"] if not any(part in layer["reason"] for part in REMARKS) else ""
        if (layer["became"] == "float") != bool(reason) and "f32" not in layer["became"]:
            raise Failure(f"{layer['name']} is {layer['became']}, the reason is {layer['reason']!r}")
