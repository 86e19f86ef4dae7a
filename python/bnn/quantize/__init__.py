# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Post-training quantisation: an f32 model in, a model of 8-bit integers out, as an ordinary ONNX
file with QuantizeLinear and DequantizeLinear (`python -m bnn.quantize --help`). Needs onnx."""
from bnn.graphs.errors import as_error, require_onnx
from bnn.quantize.errors import QuantizeError
from bnn.quantize.rules import METHODS

__all__ = ["METHODS", "QuantizeError", "quantize"]


def quantize(model, calibration, *, method="minmax", percentile=99.99, per_channel=True,
             attention=False, keep_float=(), batch=8, output=None, progress=None):
    """Quantises the linear layers of a model and returns it as an onnx.ModelProto, which
    `bnn.compile` and ONNX Runtime take.

    model: the path of an ONNX file in f32, or its bytes, or an onnx.ModelProto.
    calibration: what the model is run on: {input: array}, or the path of an .npz of such arrays;
        or a list of those, of texts of different lengths, say. The first axis counts samples. Where
        all arrays have an axis more than the inputs, each sample is a call of the model.
    method: how the ranges of activations, u8 with a zero point, come from their values: "minmax",
        all of them; "percentile", without the (100 - percentile) / 2 % at either end (zeros not
        counted); "mse", the least squared error. With "mse" the weights' scales too have the least
        error; otherwise the largest magnitude is 127.
    per_channel: whether each output of a linear layer has a scale of its own, or all have one.
    attention: whether products of two activations are quantised as well.
    keep_float: patterns (*, ?, [abc]) of the names of nodes that stay in f32, as the compiler's
        report names them.
    batch: how many samples a call of the model takes, where that is open. Not a bit of the result
        depends on it.
    output: where to write the result as well: all of it, or on failure nothing.
    progress: is called with (calls done, calls to do) after each call of the model.

    What is of few bits already stays as it is, and so do biases. Raises a `QuantizeError` where
    model, data and options do not fit, a `CompileError` where the compiler refuses the model, and
    an OSError where a file cannot be read or written.
    """
    if method not in METHODS:
        raise QuantizeError(f"the method '{method}' is none of {', '.join(METHODS)}")
    if not 50 < percentile <= 100:
        raise QuantizeError(f"the percentile {percentile:g} is not above 50 and at most 100")
    if batch < 1:
        raise QuantizeError(f"a batch of {batch} holds no sample")
    given = list(calibration) if isinstance(calibration, (list, tuple)) else [calibration]
    if not given:
        raise QuantizeError("there is no calibration data")
    require_onnx("quantising")
    # They need onnx, which the rest of the package does without.
    from bnn.graphs import calibration as data, files
    from bnn.quantize import products, work
    with as_error(QuantizeError):
        if output is not None:
            files.check_output(output, [model, *given])
        arrays = [data.load(one) for one in given]
        proto, layers = files.load(model, output, products.check_unquantised)
        task = work.Work(proto, layers, arrays, batch)
        task.choose(attention, (keep_float,) if isinstance(keep_float, str) else keep_float)
        result = task.run(method, percentile, per_channel, progress)
    if output is not None:
        files.write(output, result)
    return result
