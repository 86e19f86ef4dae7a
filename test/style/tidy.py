#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""clang-tidy on what changed.

    tidy.py ROOT BUILD [--most N] [--checks CHECKS] [FILE...]

looks at FILEs or, without any, at the C and C++ sources that the working tree and the last commit
changed: at the N that changed last, and says how many there were. A file takes from ten seconds
to a minute, so the test asks for few files and quick checks, and not about the headers that they
include; `tools/dev tidy` asks for all.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys


def git(root, *arguments):
    result = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, *arguments],
                            capture_output=True, text=True)
    return result.stdout.splitlines() if result.returncode == 0 else []


def changed(root):
    """Paths that exist, the last changed first."""
    paths = set(git(root, "diff", "--name-only", "HEAD")) | set(git(root, "diff", "--name-only", "HEAD~1", "HEAD"))
    paths = [os.path.join(root, path) for path in paths if path.endswith((".c", ".cpp"))]
    return sorted(filter(os.path.exists, paths), key=os.path.getmtime, reverse=True)


def compiled(build):
    with open(os.path.join(build, "compile_commands.json")) as file:
        return {os.path.normpath(os.path.join(entry["directory"], entry["file"]))
                for entry in json.load(file)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("build")
    parser.add_argument("--most", type=int, default=sys.maxsize)
    parser.add_argument("--checks", default="", help="in place of those of .clang-tidy")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    root = os.path.abspath(options.root)
    files = [os.path.abspath(path) for path in options.files] or changed(root)
    # What no build of ours compiles has no flags.
    files = [path for path in files if path in compiled(options.build)]
    chosen = files[:options.most]
    command = ["clang-tidy-19", "-p", options.build, "--quiet", "--warnings-as-errors=*"]
    if options.checks:
        command += [f"--checks={options.checks}", "--header-filter=^$"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: subprocess.run([*command, path], capture_output=True, text=True), chosen))
    wrong = [result for result in results if result.returncode]
    for result in wrong:
        print(result.stdout, result.stderr)
    print(f"{len(chosen)} of {len(files)} changed files, {len(wrong)} with complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
