#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The form of every source file: style.py ROOT

C and C++ are as clang-format-19 writes them, and every file begins with the project's header: the
banner in C, C++ and TableGen, two comment lines in CMake, Python and shell scripts, the same as a
C comment in the public headers, whose users may have a C89 style of their own.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

FOLDERS = ("dialects", "docs", "include", "lib", "passes", "python", "runtime", "test", "tools")
LICENSE = "Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions."
SPDX = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
RULE = "//===" + "-" * 70 + "===//"
BANNER = (".c", ".cpp", ".def", ".h", ".inc", ".td")
SHORT = (".cmake", ".py", "CMakeLists.txt")


# Stands for a project of a user's, with a licence of its own.
FOREIGN = "test/install/standalone"


def sources(root):
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [name for name in folders if not name.startswith((".", "build", "__"))]
            yield from (os.path.relpath(os.path.join(path, name), root) for name in names)
    yield "CMakeLists.txt"


def is_script(path):
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def check_banner(path, lines):
    """What is wrong with a banner, or nothing."""
    ending = "-*- C++ -*-===//" if path.endswith(".h") else "-===//"
    first = lines[0]
    if not re.fullmatch(rf"//===- {re.escape(os.path.basename(path))} - \S.* -*{re.escape(ending)}", first):
        return f"does not begin with '//===- {os.path.basename(path)} - what it is for ---{ending}'"
    if len(first) != 80:
        return f"has {len(first)} columns in its first line, not 80"
    if lines[1:5] != ["//", f"// {LICENSE}", "// See LICENSE for license information.", f"// {SPDX}"]:
        return "does not have the lines about the licence after the first"
    if RULE not in lines or any(not line.startswith("//") for line in lines[:lines.index(RULE)]):
        return "does not end its header with a line '//===---===//'"
    return ""


def check_header(root, path):
    if path.startswith(FOREIGN):
        return ""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        lines = file.read(4000).splitlines()
    if path.startswith("include/bnn/") and path.endswith(".h"):
        good = lines[:2] == [f"/* {LICENSE}", f" * {SPDX} */"]
        return "" if good else "does not begin with the lines about the licence, as a C comment"
    if path.endswith(BANNER):
        return check_banner(path, lines)
    if path.endswith(SHORT) or is_script(os.path.join(root, path)):
        start = 1 if lines and lines[0].startswith("#!") else 0
        good = lines[start:start + 2] == [f"# {LICENSE}", f"# {SPDX}"]
        return "" if good else "does not begin with the two lines about the licence"
    return ""


def main():
    root = sys.argv[1]
    files = sorted(sources(root))
    wrong = [f"{path} {problem}" for path in files for problem in [check_header(root, path)] if problem]
    code = [os.path.join(root, path) for path in files if path.endswith((".c", ".cpp", ".h"))]
    parts = [code[first::8] for first in range(8)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda part: subprocess.run(
            ["clang-format-19", "--dry-run", "-Werror", *part], capture_output=True, text=True), parts)
        wrong += [result.stderr for result in results if result.returncode]
    print("\n".join(wrong))
    print(f"{len(files)} files, {len(code)} of C and C++, {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
