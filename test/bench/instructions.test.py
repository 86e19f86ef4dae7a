# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the instructions of a model with those that its estimate follows, for instructions.test."""
import os
import sys

sys.path.insert(0, os.path.join(sys.argv[1], "test", "bench"))
import instructions  # noqa: E402

llvm = os.environ.get("BNN_LLVM_BIN", "/usr/lib/llvm-19/bin")
counter = instructions.Counter("bnn-opt", llvm, sys.argv[2])
counted, followed, _ = counter.count(sys.argv[3], 16, "cortex-a55")
print(f"{counted} counted, {100 * abs(followed / counted - 1):.1f} % off")
