# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints tables of estimates that are made up, for estimates.test."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(sys.argv[1], "test", "bench"))
import estimates  # noqa: E402


def estimate(cycles):
    loop = {"function": "matmul_3", "iterations": 1000, "cycles": cycles, "limit": 10,
            "opcodes": {"CNTv16i8": 1}}
    return {"cycles": 2 * cycles * 1000, "loops": [loop],
            "operations": [{"kind": "matmul", "binary_macs": 1000000}]}


print(estimates.loop_table({cpu: estimate(20 if cpu == "cortex-a55" else 10)
                            for cpu in estimates.LOOP_CORES}))
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "docs.md")
    begin = "<!-- table: tools/dev bench --estimates --update-docs: loops -->\n"
    with open(path, "w") as file:
        file.write(f"before\n{begin}old\n<!-- end of table -->\nbetween\n<!-- end of table -->\nafter\n")
    estimates.update_docs(path, {"loops": "new\n"})
    with open(path) as file:
        print(file.read())
llvm = os.environ.get("BNN_LLVM_BIN", "/usr/lib/llvm-19/bin")
print("sdot:", *(estimates.sdot_rate(llvm, cpu) for cpu in ("cortex-a53", "cortex-a55", "neoverse-n1")))
