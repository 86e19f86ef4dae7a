#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What test/docs/first-pass.test does to a tree in which tools/new-pass has run.

    first_pass.py write PAGE TREE    writes the files that the page's walk-through shows
    first_pass.py check TREE --cxx=... --include=...
                                     compiles the pass and runs its test with it

The pass becomes a plugin of bnn-opt: linking the compiler again would take a minute.
"""
import os
import re
import subprocess
import sys

NAME, FLAG = "CountComplement", "bnn-count-complement"

HEADER = f"""#pragma once
#include "mlir/Pass/Pass.h"
#include <memory>
namespace mlir::bnn {{
#define GEN_PASS_DECL
#include "passes/{NAME}/{NAME}.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/{NAME}/{NAME}.h.inc"
}} // namespace mlir::bnn
"""

PLUGIN = f"""
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "passes/{NAME}/{NAME}.cpp"
extern "C" mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {{
  return {{MLIR_PLUGIN_API_VERSION, "{NAME}", "1", [] {{ mlir::bnn::register{NAME}Passes(); }}}};
}}
"""


def write(page, tree):
    with open(page) as file:
        text = file.read()
    # A file's text may hold fences itself: only one at the start of a line ends it.
    blocks = re.findall(r"^<!-- first-pass: (\S+) -->\n```\w+\n(.*?)^```$", text,
                        re.MULTILINE | re.DOTALL)
    if len(blocks) != 3:
        raise SystemExit(f"expected 3 files in {page}, found {len(blocks)}")
    for path, content in blocks:
        if not os.path.exists(os.path.join(tree, path)):
            raise SystemExit(f"tools/new-pass did not write {path}")
        with open(os.path.join(tree, path), "w") as file:
            file.write(content)


def check(tree, cxx, includes):
    with open(os.path.join(tree, "passes", NAME, NAME + ".h"), "w") as file:
        file.write(HEADER)
    with open(os.path.join(tree, "plugin.cpp"), "w") as file:
        file.write(PLUGIN)
    includes = [f"-I{folder}" for folder in [tree, *includes]]
    folder = os.path.join(tree, "passes", NAME)
    subprocess.run(["mlir-tblgen", "-gen-pass-decls", f"-name={NAME}", f"{folder}/{NAME}.td",
                    *includes, "-o", f"{folder}/{NAME}.h.inc"], check=True)
    plugin = os.path.join(tree, "plugin.so")
    subprocess.run([cxx, "-std=c++17", "-fno-rtti", "-fPIC", "-shared", *includes,
                    os.path.join(tree, "plugin.cpp"), "-o", plugin], check=True)
    test = os.path.join(tree, "test", "passes", f"{FLAG}.mlir")
    with open(test) as file:
        lines = re.findall(r"^// RUN: (.*)$", file.read(), re.MULTILINE)
    if not lines:
        raise SystemExit(f"{test} has no RUN line")
    for line in lines:
        if f"--{FLAG}" not in line:
            raise SystemExit(f"{test} does not run --{FLAG}: {line}")
        line = line.replace("%s", test).replace(
            f"--{FLAG}", f"--load-pass-plugin={plugin} "
            f"--pass-pipeline='builtin.module(func.func({FLAG}))'")
        subprocess.run(["bash", "-o", "pipefail", "-c", line], check=True)


def main():
    command, *rest = sys.argv[1:]
    if command == "write":
        write(*rest)
    else:
        options = dict(argument.split("=", 1) for argument in rest[1:])
        check(rest[0], options["--cxx"], options["--include"].split(":"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
