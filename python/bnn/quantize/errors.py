# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong when a model is quantised."""


class QuantizeError(ValueError):
    """A model, its calibration data or the options do not allow it to be quantised."""
