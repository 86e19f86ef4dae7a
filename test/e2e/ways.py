# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ways in which each family of models is run: a lit test for each family and way.

A file NAME.family is a test script with %way in it. It becomes the tests NAME.family/WAY, each
of which is run, skipped and counted by itself.
"""
import os

import lit.formats
import lit.Test

LIBRARY = "--runtime=%build_lib/libbnn_runtime.a --cc=%cc"

# By name: the script that runs it with its options, and lit's feature that it needs, if any.
WAYS = {
    # Against the manifest's logits: through bnn-run, and through a C program that is linked with
    # the object.
    "run": ("manifest.py --mode=run", None),
    "link": (f"manifest.py --mode=link {LIBRARY}", None),
    # The same bytes as the reference lowering.
    "portable": (f"targets.py --target=portable {LIBRARY}", None),
    "x86-64-v3": (f"targets.py --target=x86-64-v3 {LIBRARY}", "x86-64-v3"),
    "avx512-vpopcntdq": (f"targets.py --target=avx512-vpopcntdq {LIBRARY}", "avx512vpopcntdq"),
    "aarch64": ("targets.py --target=aarch64 --cc=%aarch64_cc --link-flag=-static "
                "--emulator=%qemu_aarch64", "qemu-aarch64"),
    "armv7": ("targets.py --target=armv7 --cc=%arm_cc --link-flag=-static "
              "--emulator=%qemu_arm", "qemu-arm"),
}


class FamilyTest(lit.Test.Test):
    """One way of a family."""

    def __init__(self, suite, path, config, way):
        super().__init__(suite, path + (way,), config)
        self.family = suite.getSourcePath(path)
        self.way, feature = WAYS[way]
        if feature:
            self.requires.append(feature)

    def getSourcePath(self):
        return self.family


class FamilyFormat(lit.formats.ShTest):
    """lit's shell tests, and a test for each way of each family."""

    def getTestsForPath(self, suite, path, lit_config, config):
        if os.path.splitext(path[-1])[1] != ".family":
            yield from super().getTestsForPath(suite, path, lit_config, config)
            return
        for way in WAYS:
            yield FamilyTest(suite, path, config, way)

    def execute(self, test, lit_config):
        substitutions = [("%way", test.way)] if isinstance(test, FamilyTest) else []
        return lit.TestRunner.executeShTest(test, lit_config, self.execute_external, substitutions)
