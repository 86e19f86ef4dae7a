# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""pyproject.toml says what the package is. Here the installed copy is told which checkout it came
from, so that it finds the compiler that was built there."""
import os
import pathlib

from setuptools import setup
from setuptools.command.build_py import build_py

BUILD = pathlib.Path(__file__).resolve().parents[1] / "build"


class BuildPy(build_py):
    def run(self):
        super().run()
        if not self.editable_mode:
            with open(os.path.join(self.build_lib, "bnn", "_checkout.py"), "w") as file:
                file.write(f"BUILD = {str(BUILD)!r}\n")


setup(cmdclass={"build_py": BuildPy})
