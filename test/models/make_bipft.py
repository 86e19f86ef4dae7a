#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a BiPFT classifier as ONNX, in the structure that torch's exporter leaves.

The weights are random (seeded), the graph is not: weight binarisation is left
unfolded, biases are expanded to the shape of what they are added to, scales go
through ConstantOfShape/Mul/Equal/Where, and so on. A model of BiPFT-B's size:

    make_bipft.py --layers 12 --hidden 768 --heads 12 --ffn 3072 --vocab 30522 \\
                  --positions 512 --dynamic -o bipft_b.onnx
"""
import argparse
import dataclasses
import sys

from binary_bert import MASKS, BinaryBert, Options


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default, help_text in (
            ("layers", 2, "encoder layers"), ("hidden", 64, "hidden size"),
            ("heads", 2, "attention heads"), ("ffn", 128, "size of the feed-forward layer"),
            ("vocab", 120, "rows of the word embedding; row 0 is the padding row"),
            ("positions", 64, "longest sequence"), ("classes", 2, "logits"),
            ("rank", 1, "rank of the residual terms of the scores"),
            ("seed", 1, "of the random weights"), ("opset", 17, "11 to 17"),
            ("batch", 2, "batch size of a static model"),
            ("seq", 16, "sequence length of a static model")):
        parser.add_argument(f"--{name}", type=int, default=default,
                            help=f"{help_text} (default {default})")
    parser.add_argument("--dynamic", action="store_true", help="leave batch and length open")
    parser.add_argument("--int32", action="store_true", help="32-bit ids")
    parser.add_argument("--zero-bias", action="store_true",
                        help="all biases and shifts zero, as in a model before training")
    parser.add_argument("--mask", default="added", choices=list(MASKS),
                        help="how tokens are hidden (default added)")
    parser.add_argument("--no-residual", action="store_true",
                        help="attention without the low-rank residual terms")
    parser.add_argument("-o", dest="output", required=True, metavar="FILE")
    options = parser.parse_args()
    if not 11 <= options.opset <= 17:
        parser.error("--opset: 11 to 17")
    if options.hidden % options.heads:
        parser.error("--hidden must be a multiple of --heads")
    if not options.dynamic and options.seq > options.positions:
        parser.error("--seq is longer than --positions")
    with open(options.output, "wb") as file:
        known = {field.name for field in dataclasses.fields(Options)}
        chosen = {name: value for name, value in vars(options).items() if name in known}
        file.write(BinaryBert(Options(**chosen)).model().SerializeToString())
    return 0


if __name__ == "__main__":
    sys.exit(main())
