#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints the module of a product of ROWS x 3072 bits with 192 outputs; ROWS may be a name."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "twins"))
import modules  # noqa: E402

rows = sys.argv[1]
module = modules.Module("product", np.random.default_rng(1))
modules.matmul_accumulator(module, 3072, 192, (int(rows) if rows.isdigit() else rows, 3072), False,
                           False)
print(module.text('#bnn.target<strategy = "replaced">'))
