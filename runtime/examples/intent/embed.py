#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text files as a C header: embed.py vocab.txt labels.txt > intent_text.h

vocab.txt becomes `vocabulary`, the file's bytes as one string; labels.txt, a line an intent,
becomes `labels`, an array of strings.
"""
import sys


def c_string(text):
    return '"' + "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\?'
                         else f"\\{byte:03o}" for byte in text.encode()) + '"'


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read().removesuffix("\n").split("\n")


def main():
    vocabulary, labels = map(lines, sys.argv[1:])
    print("/* Made by embed.py. */")
    print("static const char vocabulary[] =")
    print("\n".join("    " + c_string(token + "\n") for token in vocabulary) + ";")
    print("static const char *const labels[] = {")
    print("\n".join(f"    {c_string(label)}," for label in labels) + "\n};")


if __name__ == "__main__":
    main()
