# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One model on its way from f32 to 8-bit integers."""
import fnmatch

import numpy as np
from onnx import version_converter

from bnn.graphs.calibration import Data, Probe
from bnn.graphs.graph import Graph, opset
from bnn.quantize import calibration, products, rewrite, rules
from bnn.quantize.errors import QuantizeError


def _raise_opset(proto, arrays, batch):
    """`proto` in an opset whose DequantizeLinear has an axis. onnx's converter is not taken at its
    word: both models have to say the same."""
    before = opset(proto)
    if before >= rewrite.OPSET:
        return proto
    advice = f"export the model with opset {rewrite.OPSET} or later"
    old = f"opset {before} is too old for a scale per output, and"
    try:
        converted = version_converter.convert_version(proto, rewrite.OPSET)
    except Exception as error:  # whatever one of its adapters throws
        reason = (str(error).strip().splitlines() or ["no reason given"])[-1]
        raise QuantizeError(f"{old} onnx cannot convert the model ({reason}): {advice}") from None
    results = [next(Probe(one, (), arrays, batch).run(most=1))
               for one in (proto, converted)]
    for name, expected in results[0].items():
        got = results[1].get(name)
        if got is None or got.shape != expected.shape or not np.allclose(
                got.astype(np.float64), expected.astype(np.float64), rtol=1e-4, atol=1e-5,
                equal_nan=True):
            raise QuantizeError(f"{old} what onnx converts the model to gives another '{name}': "
                                f"{advice}")
    return converted


def _counting(progress, total):
    if progress is None:
        return None
    done = iter(range(1, total + 1))
    return lambda: progress(next(done), total)


class Work:
    """A model, the layers of its report, and the data to calibrate it with."""

    def __init__(self, proto, layers, arrays, batch):
        for one in arrays:  # what is wrong with them is said before anything takes long
            Data(one, Graph(proto).inputs, batch)
        self.few_bits, self.has_binary_attention = products.of_few_bits(layers)
        self.arrays, self.batch = arrays, batch
        self.proto = _raise_opset(proto, arrays, batch)
        self.graph = Graph(self.proto)
        self.chosen = []
        self.weights = {}  # by the name of the tensor

    def choose(self, attention, patterns):
        """Sets which products are to be quantised, by the options."""
        found = products.find(self.graph)
        kept = set()
        for pattern in patterns:
            names = {p.name for p in found if fnmatch.fnmatchcase(p.name, pattern)}
            if not names:
                raise QuantizeError(
                    f"'{pattern}' of what is to stay in float matches no product of the model; "
                    f"they are {', '.join(p.name for p in found) or 'none'}")
            kept |= names
        for product in found:
            if product.name in kept or product.name in self.few_bits:
                continue
            if product.weight:
                array = self.graph.constant(product.weight)
                if array is not None:
                    self.weights[product.weight] = array
                self.chosen.append(product)
            # Those of an attention are not in the report, which has it as one layer.
            elif attention and not self.has_binary_attention:
                self.chosen.append(product)
        self._keep(self._is_matrix, " that are not kept in float" if kept else "")

    def _is_matrix(self, product):
        array = self.weights.get(product.weight)
        # No array: a product of activations, or of a constant that is yet to be computed.
        return array is None or (array.ndim == 2 and array.dtype == np.float32 and array.size)

    def _keep(self, condition, note=""):
        self.chosen = [product for product in self.chosen if condition(product)]
        if not self.chosen:
            raise QuantizeError(f"the model has no products of f32 with a matrix{note} that could "
                                "be quantised")

    def _tensors(self):
        return list(dict.fromkeys(t for p in self.chosen for t in p.activations))

    def run(self, method, percentile, per_channel, progress):
        """The quantised model. Call `choose` before."""
        computed = list(dict.fromkeys(
            p.weight for p in self.chosen if p.weight and p.weight not in self.weights))
        probe = Probe(self.proto, [*self._tensors(), *computed], self.arrays,
                                  self.batch)
        if computed:
            outputs = next(probe.run(most=1))
            self.weights.update({name: outputs[name] for name in computed})
        self._keep(lambda p: self._is_matrix(p) and all(
            probe.types[t] == np.float32 for t in p.activations))
        passes = 1 if method == "minmax" else 2
        ranges = calibration.ranges(probe, self._tensors(), method, percentile,
                                    _counting(progress, passes * probe.calls))
        del probe
        rewriter = rewrite.Rewriter(self.proto)
        for product in self.chosen:
            for tensor in product.activations:
                rewriter.activation(product, tensor, *rules.affine(*ranges[tensor]))
            if product.weight:
                rewriter.weight(product, *self._quantised(product, per_channel, method == "mse"))
        rewriter.finish()
        return self.proto

    def _quantised(self, product, per_channel, least_error):
        array = self.weights[product.weight]
        if not np.isfinite(array).all():
            raise QuantizeError(f"the weight '{product.weight}' of '{product.name}' is not finite; "
                                "keep that product in float")
        return rules.quantize_weight(array.T if product.is_transposed else array,
                                     per_channel=per_channel, least_error=least_error)
