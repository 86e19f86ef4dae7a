# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong when a model is rewritten, whatever it is that is done to it."""
import contextlib


class ModelError(ValueError):
    """A model, its calibration data or the options do not allow what is asked."""


@contextlib.contextmanager
def as_error(kind):
    """Lets a ModelError of what is in the block come out as a `kind`, which is one of its
    subclasses: that of the function that was called."""
    try:
        yield
    except kind:
        raise
    except ModelError as error:
        raise kind(str(error)) from None
