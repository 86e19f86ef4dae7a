# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a model to an ONNX file that bnn-opt compiles and ONNX Runtime runs."""
import warnings

import torch

from .linear import freeze
from .quantizers import Quantizer

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS = {"classification": ("logits",),
           "question-answering": ("start_logits", "end_logits"),
           "pretraining": ("prediction_logits", "seq_relationship_logits")}


class _Inputs(torch.nn.Module):
    """A model of some of the inputs: exporters do not take keyword arguments."""

    def __init__(self, model, inputs):
        super().__init__()
        self.m = model
        self.inputs = inputs

    def forward(self, *tensors):
        return self.m(**dict(zip(self.inputs, tensors)))


def export_onnx(model, path, *, batch=None, length=None, opset=17, inputs=INPUTS[:2],
                id_type=torch.int64, compact=False):
    """Writes `model` to the file `path` as ONNX.

    batch, length  fixed sizes of the inputs [batch, length]; None leaves one open
    opset          11 to 17, as torch 1.13 writes them
    inputs         which of input_ids, attention_mask, token_type_ids the graph takes; a mask
                   left out is all ones, types left out are zeros
    id_type        torch.int64 or torch.int32
    compact        store each binary weight as signs (BOOL) and a scale, a quarter of the size;
                   otherwise the latent f32 weights are stored, with the operations that
                   binarise them

    The outputs are `logits` [batch, labels], or `start_logits` and `end_logits`
    [batch, length], or `prediction_logits` and `seq_relationship_logits`.

    Raises ValueError for inputs or sizes that the model cannot have, before anything is
    written. The model is left as it was.
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
    for name, module in model.named_modules():
        if isinstance(module, Quantizer) and not module.is_calibrated():
            raise ValueError(f"{name}: its minimum is not known, and a graph needs one: call "
                             "calibrate(model, input_ids, what=('minima',)) with typical ids")
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
    exported.eval()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes that tracing makes constants of: meant so
            torch.onnx.export(_Inputs(exported, inputs), sample, path, opset_version=opset,
                              input_names=list(inputs), output_names=list(outputs),
                              dynamic_axes={name: axes for name, axes in dynamic.items() if axes},
                              # folding would make f32 weights of the signs again
                              do_constant_folding=not compact)
    finally:
        model.train(training)
