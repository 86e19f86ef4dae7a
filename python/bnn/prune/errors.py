# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong when a model is pruned."""
from bnn.graphs.errors import ModelError


class PruneError(ModelError):
    """A model, its calibration data, a record or the options do not allow it to be pruned."""


class Refusal(Exception):
    """Why something of a model cannot be cut. It stays, and the reason is listed."""


class Mixes(Refusal):
    """What a node does that its channels cannot be cut; the node is still to be named."""
