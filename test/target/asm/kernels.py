# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules with one kernel of a BiPFT-B layer each, for `bnn-opt --emit=asm`.

The weights are random and the number of rows is not known at compile time, so that nothing folds.
"""
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "twins"))
import byte_products  # noqa: E402
import modules  # noqa: E402

K, N = 768, 64
ROWS = ("rows", K)
TOKENS = ("batch", "tokens")

KERNELS = {
    "product": lambda m: modules.matmul_accumulator(m, K, N, ROWS, False, False),
    "product-zeros": lambda m: modules.matmul_accumulator(m, K, N, ROWS, True, False),
    "product-unsigned": lambda m: modules.matmul_above(m, K, N, ROWS),
    "product-bytes": lambda m: byte_products.product(m, K, N, ROWS, 0),
    "product-signed-bytes": lambda m: byte_products.product(m, K, N, ROWS, 1),
    "product-bits": lambda m: modules.matmul_bits(m, K, N, ROWS, "gelu"),
    "binarize": lambda m: modules.matmul_accumulator(m, K, N, ROWS, True, True),
    "attention": lambda m: modules.attention(
        m, 12, 64, ["low_rank", "value_residual", "mask"], "bits"),
    "attention-zeros": lambda m: modules.attention(
        m, 12, 64, ["query_zeros", "key_zeros", "value_zeros", "low_rank", "value_residual",
                    "mask"], "bits"),
    "layer-norm": lambda m: modules.layer_norm(m, K, (*TOKENS, K), False),
    "layer-norm-bits": lambda m: modules.layer_norm_bits(m, K, (*TOKENS, K), modules.three_ways),
    "reduce": lambda m: modules.reduce(m, "add", K, ROWS),
    "embedding": lambda m: modules.embedding(m, 50, K, "i64", TOKENS),
    "low-rank": lambda m: modules.low_rank(m, K, 7, (*TOKENS, K)),
}


def module(name):
    """The text of the module of a kernel."""
    result = modules.Module(name, np.random.default_rng(1))
    KERNELS[name](result)
    return result.text('#bnn.target<strategy = "replaced">')
