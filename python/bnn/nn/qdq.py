# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trained 8-bit linears in an exported graph: QuantizeLinear and DequantizeLinear, as bnn.quantize
writes them, with the scales that training left."""
import numpy as np

from bnn.graphs.graph import Graph
from bnn.quantize import products, rewrite, rules

from .bytes import byte_linears


def _module(product):
    """The name of the module that a product was traced from: /m/bert/pooler/dense/MatMul is of
    bert.pooler.dense."""
    return product.name.rpartition("/")[0].replace("/", ".").removeprefix(".m.")


def quantise(proto, model, activations):
    """Puts the quantisers of `model` into `proto`, what bytes.plain of it was exported to, in
    place. activations: "u8" or "s8", the bytes of the inputs, which stand for the same numbers."""
    linears = byte_linears(model)
    found = {_module(product): product for product in products.find(Graph(proto))
             if product.weight and _module(product) in linears}
    lost = sorted(set(linears) - set(found))
    if lost:
        raise RuntimeError(f"torch's exporter left no product of {lost[0]}: its nodes have other "
                           "names than torch 1.13's, by which the quantisers find their place")
    rewriter = rewrite.Rewriter(proto)
    for name, module in linears.items():
        scale, zero = module.quantizer.parameters_of_export()
        if activations == "s8":
            zero = np.int8(int(zero) - 128)
        product = found[name]
        for tensor in product.activations:
            rewriter.activation(product, tensor, scale, zero)
        rewriter.weight(product, *rules.quantize_weight(
            module.weight.detach().cpu().numpy().T,
            per_channel=module.weight_scales == "channel", least_error=False))
    rewriter.finish()
