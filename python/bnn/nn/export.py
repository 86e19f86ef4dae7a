# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a model to an ONNX file that bnn-opt compiles and ONNX Runtime runs."""
import io
import pathlib
import warnings

import torch

from bnn import compiler

from .bytes import ByteLinear, plain
from .linear import freeze
from .quantizers import Calibrated

OPSETS = range(11, 22)
OF_TORCH = 17  # the last opset that torch 1.13 writes
OF_BYTES = 13  # the first one with a scale for each output
BYTES = ("u8", "s8")

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS = {"classification": ("logits",),
           "question-answering": ("start_logits", "end_logits"),
           "pretraining": ("prediction_logits", "seq_relationship_logits")}


def _check_form(opset, activations, has_bytes):
    """-> whether the file is to be rewritten, which needs onnx."""
    if opset not in OPSETS:
        raise ValueError(f"opset: {opset} is not from {OPSETS[0]} to {OPSETS[-1]}")
    if activations not in BYTES:
        raise ValueError(f"activations: {activations!r} is none of {BYTES}")
    if has_bytes and opset < OF_BYTES:
        raise ValueError(f"opset: {opset} has no scale for each output: linears of 8 bits need "
                         f"{OF_BYTES} or later")
    if activations != "u8" and not has_bytes:
        raise ValueError(f"activations: {activations!r}: the model has no linears of 8 bits")
    if not has_bytes and opset <= OF_TORCH:
        return False
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{'linears of 8 bits' if has_bytes else f'opset {opset}'}: exporting "
                          "needs the package onnx (Debian: python3-onnx)") from error
    return True


def _rewrite(content, model, opset, activations):
    """What torch wrote, with the quantisers of 8-bit linears and in the opset that is wanted."""
    import onnx
    from . import qdq
    from .opset import raise_opset
    proto = onnx.load_model_from_string(content)
    qdq.quantise(proto, model, activations)
    if opset > OF_TORCH:
        raise_opset(proto, opset)
    return proto.SerializeToString(deterministic=True)


class _Inputs(torch.nn.Module):
    """A model of some of the inputs: exporters do not take keyword arguments."""

    def __init__(self, model, inputs):
        super().__init__()
        self.m = model
        self.inputs = inputs

    def forward(self, *tensors):
        return self.m(**dict(zip(self.inputs, tensors)))


def export_onnx(model, path, *, batch=None, length=None, opset=17, inputs=INPUTS[:2],
                id_type=torch.int64, compact=False, activations="u8"):
    """Writes `model` to the file `path` as ONNX.

    batch, length  fixed sizes of the inputs [batch, length]; None leaves one open
    opset          11 to 17, as torch 1.13 writes them, or 18 to 21, which needs onnx
    inputs         which of input_ids, attention_mask, token_type_ids the graph takes; a mask
                   left out is all ones, types left out are zeros
    id_type        torch.int64 or torch.int32
    compact        store each binary weight as signs (BOOL) and a scale, a quarter of the size;
                   otherwise the latent f32 weights are stored, with the operations that
                   binarise them
    activations    the bytes of the inputs of 8-bit linears, "u8" or "s8": the same numbers

    A linear of 8 bits becomes a product of two DequantizeLinear: of its weights, stored as int8
    with a scale or one for each output, and of its input behind a QuantizeLinear, which linears
    of one tensor and equal scales share. That needs onnx, and opset 13 or later.

    The outputs are `logits` [batch, labels], or `start_logits` and `end_logits`
    [batch, length], or `prediction_logits` and `seq_relationship_logits`.

    Raises ValueError for inputs or sizes that the model cannot have, ImportError where onnx is
    needed and not installed, before anything is written; the file is replaced as a whole. The
    model is left as it was.
    """
    config = model.config
    inputs = tuple(inputs)
    unknown = [name for name in inputs if name not in INPUTS]
    if unknown or "input_ids" not in inputs:
        raise ValueError(f"inputs: {inputs!r}: wanted are input_ids, and perhaps "
                         "attention_mask and token_type_ids")
    if length is not None and not 0 < length <= config.max_positions:
        raise ValueError(f"length: {length}: the model has {config.max_positions} positions")
    if batch is not None and batch < 1:
        raise ValueError(f"batch: {batch} is not positive")
    if id_type not in (torch.int32, torch.int64):
        raise ValueError(f"id_type: {id_type}: wanted is torch.int32 or torch.int64")
    has_bytes = any(isinstance(module, ByteLinear) for module in model.modules())
    is_rewritten = _check_form(opset, activations, has_bytes)
    for name, module in model.named_modules():
        if isinstance(module, Calibrated) and not module.is_calibrated():
            raise ValueError(f"{name}: its {module.NEEDED} is not known, and a graph needs one: "
                             "call calibrate(model, input_ids, what=('minima',)) with typical ids")
    shape = batch or 2, length or min(8, config.max_positions)
    sample = tuple(torch.zeros(shape, dtype=id_type) if name == "token_type_ids"
                   else torch.ones(shape, dtype=id_type) for name in inputs)
    outputs = OUTPUTS[config.head]
    open_axes = {axis: name for axis, name, size in ((0, "batch", batch), (1, "length", length))
                 if size is None}
    dynamic = {name: dict(open_axes) for name in inputs}
    per_token = {"start_logits", "end_logits", "prediction_logits"}
    for name in outputs:
        dynamic[name] = {axis: value for axis, value in open_axes.items()
                         if axis == 0 or name in per_token}
    training = model.training
    exported = freeze(model) if compact else model
    exported = plain(exported) if has_bytes else exported
    exported.eval()
    file = io.BytesIO()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes that tracing makes constants of: meant so
            torch.onnx.export(_Inputs(exported, inputs), sample, file,
                              opset_version=min(opset, OF_TORCH),
                              input_names=list(inputs), output_names=list(outputs),
                              dynamic_axes={name: axes for name, axes in dynamic.items() if axes},
                              # folding would make f32 weights of the signs again
                              do_constant_folding=not compact)
    finally:
        model.train(training)
    content = file.getvalue()
    if is_rewritten:
        content = _rewrite(content, model, opset, activations)
    compiler._replace_files({pathlib.Path(path): content})
