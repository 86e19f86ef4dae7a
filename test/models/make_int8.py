#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an encoder of 8-bit integers as ONNX, in the form of a tool that quantises models:

    make_int8.py --writer ort --per-channel --signed -o model.onnx
"""
import argparse
import dataclasses
import sys

from quantised_bert import WRITERS, Options, QuantisedBert, legal


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in dataclasses.fields(Options):
        name = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            parser.add_argument(name, type=type(field.default), default=field.default,
                                choices=WRITERS if field.name == "writer" else None)
    parser.add_argument("-o", dest="output", required=True, metavar="FILE")
    chosen = vars(parser.parse_args())
    output = chosen.pop("output")
    with open(output, "wb") as file:
        file.write(QuantisedBert(legal(Options(**chosen))).model().SerializeToString())
    return 0


if __name__ == "__main__":
    sys.exit(main())
