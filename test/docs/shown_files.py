#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the files that a page shows: shown_files.py PAGE SOURCE COUNT

A block that follows <!-- file: PATH --> is the text of that file. COUNT are expected.
"""
import os
import re
import sys

page, source, count = sys.argv[1:]
with open(page) as file:
    blocks = re.findall(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", file.read(),
                        re.MULTILINE | re.DOTALL)
if len(blocks) != int(count):
    raise SystemExit(f"expected {count} files in {page}, found {len(blocks)}")
for path, text in blocks:
    with open(os.path.join(source, path)) as file:
        if file.read() != text:
            raise SystemExit(f"{page} shows another {path}")
