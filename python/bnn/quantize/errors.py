# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong when a model is quantised."""
from bnn.graphs.errors import ModelError


class QuantizeError(ModelError):
    """A model, its calibration data or the options do not allow it to be quantised."""
