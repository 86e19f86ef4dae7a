# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What values the tensors of a model have, which a Probe of it gives."""
import numpy as np

from bnn.quantize import rules
from bnn.quantize.errors import QuantizeError


def ranges(probe, tensors, method, percentile, progress=None):
    """{tensor: (low, high)} of the tensors over all the data: numbers that do not depend on how
    many samples a call takes."""
    found = {}
    for outputs in probe.run(progress):
        for tensor in tensors:
            low, high = float(outputs[tensor].min()), float(outputs[tensor].max())
            if not np.isfinite(low) or not np.isfinite(high):
                what = "NaN" if np.isnan(low) or np.isnan(high) else "infinity"
                raise QuantizeError(f"the tensor '{tensor}' holds {what} on the calibration data; "
                                    "look for the sample, or keep its products in float")
            before = found.get(tensor, (0.0, 0.0))
            found[tensor] = min(low, before[0]), max(high, before[1])
    if method == "minmax":
        return found
    # A range first, and then what is in it: nothing is kept but counts.
    wide = [tensor for tensor in tensors if found[tensor][0] < found[tensor][1]]
    counts = {tensor: np.zeros(rules.BINS, np.int64) for tensor in wide}
    for outputs in probe.run(progress):
        for tensor in wide:
            counts[tensor] += rules.histogram(outputs[tensor], *found[tensor])
    for tensor in wide:
        found[tensor] = (rules.least_error_range(counts[tensor], *found[tensor])
                         if method == "mse" else
                         rules.percentile_range(counts[tensor], *found[tensor], percentile))
    return found
