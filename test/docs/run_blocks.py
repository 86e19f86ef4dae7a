#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a page's commands: run_blocks.py PAGE SOURCE BUILD WORK COUNT

A block of commands that follows <!-- run --> is run in WORK, where the project's folders and
its build folder appear under their names. COUNT blocks are expected.
"""
import os
import re
import shutil
import subprocess
import sys

page, source, build, work, count = sys.argv[1:]
shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
for name in ("include", "python", "runtime", "test"):
    os.symlink(os.path.join(source, name), os.path.join(work, name))
os.symlink(build, os.path.join(work, "build"))
with open(page) as file:
    blocks = re.findall(r"^<!-- run -->\n```\w*\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
if len(blocks) != int(count):
    raise SystemExit(f"expected {count} blocks of commands in {page}, found {len(blocks)}")
# The pages' python3 is the one that runs this.
os.mkdir(os.path.join(work, "bin"))
os.symlink(sys.executable, os.path.join(work, "bin", "python3"))
path = os.path.join(work, "bin") + os.pathsep + os.environ["PATH"]
# What one block exports, the next one sees.
subprocess.run(["bash", "-euxo", "pipefail", "-c", "\n".join(blocks)], cwd=work, check=True,
               env={**os.environ, "PATH": path})
