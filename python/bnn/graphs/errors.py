# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong when a model is rewritten, whatever it is that is done to it."""
import contextlib


class ModelError(ValueError):
    """A model, its calibration data or the options do not allow what is asked."""


def require_onnx(what):
    """Raises an ImportError that says what needs onnx, unless it is there."""
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{what} needs the package onnx (Debian: python3-onnx)") from error


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
