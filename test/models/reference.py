#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Evaluates an ONNX graph of the BiPFT and BiT kind with numpy.

A referee that shares no code with the compiler or with ONNX Runtime:

    reference.py MODEL.onnx NAME=FILE.npy ... --output-dir DIR [--double] [--margins]

writes DIR/<output>.npy. --double computes in float64. --margins prints, for each
Sign and Round, how far the closest value of this run was from changing sides:
below about 1e-6 of its spread, float32 implementations may disagree about it.
"""
import argparse
import math
import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

erf = np.vectorize(math.erf, otypes=[np.float64])


def axes_of(node, attributes, inputs, index=1):
    if "axes" in attributes:
        return tuple(attributes["axes"])
    if len(inputs) > index and inputs[index] is not None:
        return tuple(int(axis) for axis in inputs[index])
    return None


class Evaluator:
    """Evaluates `model` in the float type `real`.

    Each decision, a Sign, a comparison or a Round whose Clip follows, is a value on one side of a threshold or
    the other. `report` gets (margin, node's name) of each node's closest one, as a share of the
    spread of its values. `near`, a function of the distances in that measure, makes `decisions` a
    list of (margin, output, flat index) where it is true. `flips`, a set of (output, flat index),
    takes those decisions the other way.
    """

    def __init__(self, model, real, report=None, near=None, flips=()):
        self.real = real
        self.report = report
        self.near = near
        self.flips = flips
        self.decisions = []
        self.rounded = {}  # what a Round read, by its output
        self.depends_on_input = False
        self.graph = model.graph
        self.opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))

    def tensor(self, array):
        return array.astype(self.real) if array.dtype.kind == "f" else array

    def run(self, feeds):
        values = self.run_all(feeds)
        return {o.name: values[o.name] for o in self.graph.output}

    def run_all(self, feeds):
        """Every value by name."""
        values = {t.name: self.tensor(numpy_helper.to_array(t)) for t in self.graph.initializer}
        values.update(feeds)
        dynamic = set(feeds)
        for node in self.graph.node:
            # The margins of weights are the same in every run: leave them out.
            self.depends_on_input = not dynamic.isdisjoint(node.input)
            if self.depends_on_input:
                dynamic.update(node.output)
            inputs = [values[name] if name else None for name in node.input]
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            results = self.evaluate(node, attributes, inputs)
            for name, result in zip(node.output, results if isinstance(results, list) else [results]):
                values[name] = np.asarray(result)
        return values

    def evaluate(self, node, attributes, inputs):
        method = getattr(self, "op_" + node.op_type, None)
        if method is None:
            raise SystemExit(f"reference.py: no rule for {node.op_type} (node {node.name})")
        result = method(node, attributes, *inputs)
        floats = [i for i in inputs if i is not None and i.dtype.kind == "f"]
        if floats and not isinstance(result, list) and np.asarray(result).dtype.kind == "f":
            result = np.asarray(result).astype(self.real)
        return result

    def decide(self, node, distance, values, result, other):
        """Notes how close a decision is, and takes it the other way where `flips` says so."""
        if not self.depends_on_input or not distance.size:
            return result
        spread = float(np.std(values)) or 1.0
        if self.report is not None and np.isfinite(distance).any():
            self.report.append((float(np.nanmin(distance)) / spread, node.name))
        output = node.output[0]
        if self.near is not None:
            margins = (distance / spread).ravel()
            self.decisions += [(float(margins[i]), output, int(i))
                               for i in np.flatnonzero(self.near(margins))]
        flips = [index for name, index in self.flips if name == output]
        if flips:
            # Not in the order of memory of a transposed input: that would ravel a copy.
            result = np.array(result, order="C")
            result.reshape(-1)[flips] = np.broadcast_to(other, result.shape).ravel()[flips]
        return result

    def op_Constant(self, node, a):
        return self.tensor(numpy_helper.to_array(a["value"]))

    def op_ConstantOfShape(self, node, a, shape):
        value = numpy_helper.to_array(a["value"]) if "value" in a else np.zeros(1, np.float32)
        return np.full(tuple(shape), self.tensor(value)[0])

    def op_Identity(self, node, a, x): return x
    def op_Add(self, node, a, x, y): return x + y
    def op_Sub(self, node, a, x, y): return x - y
    def op_Mul(self, node, a, x, y): return x * y
    def op_Div(self, node, a, x, y): return x / y if x.dtype.kind == "f" else x // y
    def op_Pow(self, node, a, x, y): return x ** y
    def op_Sqrt(self, node, a, x): return np.sqrt(x)
    def op_Tanh(self, node, a, x): return np.tanh(x)
    def op_Erf(self, node, a, x): return erf(x)
    def op_Relu(self, node, a, x): return np.maximum(x, 0)
    def op_Not(self, node, a, x): return ~x
    def op_Equal(self, node, a, x, y): return x == y
    def op_Less(self, node, a, x, y): return self.compare(node, x, y, x < y)
    def op_LessOrEqual(self, node, a, x, y): return self.compare(node, x, y, x <= y)
    def op_Greater(self, node, a, x, y): return self.compare(node, x, y, x > y)
    def op_GreaterOrEqual(self, node, a, x, y): return self.compare(node, x, y, x >= y)
    def op_Where(self, node, a, c, x, y): return np.where(c, x, y)
    def op_MatMul(self, node, a, x, y): return np.matmul(x, y)
    def op_Transpose(self, node, a, x): return np.transpose(x, a.get("perm"))
    def op_Concat(self, node, a, *x): return np.concatenate(x, axis=a["axis"])
    def op_Shape(self, node, a, x): return np.array(x.shape, dtype=np.int64)
    def op_Trilu(self, node, a, x, k=0): return np.triu(x, int(k)) if a.get("upper", 1) else np.tril(x, int(k))
    def op_Range(self, node, a, start, end, step): return np.arange(start, end, step)
    def op_Gather(self, node, a, x, i): return np.take(x, i, axis=a.get("axis", 0))

    def compare(self, node, x, y, result):
        if np.asarray(x).dtype.kind != "f":
            return result
        # As for Sign, equality is far from every other decision.
        return self.decide(node, np.where(x == y, np.inf, np.abs(x - y)), x, result, ~result)

    def op_Sign(self, node, a, x):
        # 0 is a decision of its own: it is far from every other.
        distance = np.where(x == 0, np.inf, np.abs(x))
        return self.decide(node, distance, x, np.sign(x), -np.sign(x))

    def op_Round(self, node, a, x):
        self.rounded[node.output[0]] = x
        return np.rint(x)

    def op_Clip(self, node, a, x, low=None, high=None):
        result = x
        if low is not None:
            result = np.maximum(result, low)
        if high is not None:
            result = np.minimum(result, high)
        before = self.rounded.get(node.input[0])
        if before is None or low is None or high is None:
            return result
        # The thresholds lie halfway between the integers from low to high.
        threshold = np.clip(np.floor(before) + 0.5, low + 0.5, high - 0.5)
        other = np.where(before > threshold, threshold - 0.5, threshold + 0.5)
        return self.decide(node, np.abs(before - threshold), before, result, other)

    def op_QuantizeLinear(self, node, a, x, scale, zero=None):
        zero = np.zeros(scale.shape, np.uint8) if zero is None else zero
        limits = np.iinfo(zero.dtype)
        wide = [v.reshape([-1 if i == a.get("axis", 1) % x.ndim else 1 for i in range(x.ndim)])
                if v.size > 1 else v.reshape(()) for v in (scale, zero.astype(np.int64))]
        before = x / wide[0]
        # As Clip after Round: the thresholds lie halfway between the integers of the type.
        low, high = limits.min - wide[1], limits.max - wide[1]
        threshold = np.clip(np.floor(before) + 0.5, low + 0.5, high - 0.5)
        other = np.where(before > threshold, threshold - 0.5, threshold + 0.5)
        whole = self.decide(node, np.abs(before - threshold), before,
                            np.clip(np.rint(before), low, high), other)
        return (whole + wide[1]).astype(zero.dtype)

    def op_DynamicQuantizeLinear(self, node, a, x):
        low, high = min(x.min(), 0), max(x.max(), 0)
        # The scale is a float32 for everyone, so that it is rounded as such.
        scale = np.float32((np.float32(high) - np.float32(low)) / np.float32(255)) or np.float32(1)
        zero = np.uint8(np.rint(np.clip(-np.float32(low) / scale, 0, 255)))
        y = self.op_QuantizeLinear(node, {}, x, np.asarray(scale), np.asarray(zero))
        return [y, self.tensor(np.asarray(scale)), np.asarray(zero)]

    def op_DequantizeLinear(self, node, a, x, scale, zero=None):
        zero = np.zeros(scale.shape, np.int64) if zero is None else zero
        wide = [v.reshape([-1 if i == a.get("axis", 1) % x.ndim else 1 for i in range(x.ndim)])
                if v.size > 1 else v.reshape(()) for v in (scale, zero.astype(np.int64))]
        return (x.astype(np.int64) - wide[1]) * wide[0]

    def op_MatMulInteger(self, node, a, x, y, x_zero=0, y_zero=0):
        return np.matmul(x.astype(np.int32) - np.int32(x_zero), y.astype(np.int32) - np.int32(y_zero))

    def op_CumSum(self, node, a, x, axis): return np.cumsum(x, axis=int(axis))

    def op_Cast(self, node, a, x):
        target = onnx.helper.mapping.TENSOR_TYPE_TO_NP_TYPE[a["to"]]
        return self.tensor(x.astype(target))

    def op_Expand(self, node, a, x, shape):
        return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape)))

    def op_Reshape(self, node, a, x, shape):
        return x.reshape([x.shape[i] if s == 0 else int(s) for i, s in enumerate(shape)])

    def op_Slice(self, node, a, x, starts, ends, axes=None, steps=None):
        axes = range(len(starts)) if axes is None else axes
        steps = [1] * len(starts) if steps is None else steps
        index = [slice(None)] * x.ndim
        for start, end, axis, step in zip(starts, ends, axes, steps):
            index[axis] = slice(int(start), int(end), int(step))
        return x[tuple(index)]

    def op_Split(self, node, a, x, sizes=None):
        sizes = a.get("split") if sizes is None else sizes
        count = len(node.output) if sizes is None else np.cumsum(sizes)[:-1]
        return list(np.split(x, count, axis=a.get("axis", 0)))

    def op_Squeeze(self, node, a, x, *axes):
        return np.squeeze(x, axes_of(node, a, [x, *axes]))

    def op_Unsqueeze(self, node, a, x, *axes):
        return np.expand_dims(x, axes_of(node, a, [x, *axes]))

    def op_ReduceMean(self, node, a, x):
        mean = np.mean(x, axis=axes_of(node, a, [x]), keepdims=bool(a.get("keepdims", 1)),
                       dtype=np.float64)
        return mean.astype(x.dtype)

    def op_ReduceL1(self, node, a, x):
        total = np.sum(np.abs(x), axis=axes_of(node, a, [x]), keepdims=bool(a.get("keepdims", 1)),
                       dtype=np.float64)
        return total.astype(x.dtype)

    def op_LayerNormalization(self, node, a, x, scale, bias=None):
        axis = a.get("axis", -1) % x.ndim
        axes = tuple(range(axis, x.ndim))
        centred = x - x.mean(axis=axes, keepdims=True)
        variance = (centred * centred).mean(axis=axes, keepdims=True)
        y = centred / np.sqrt(variance + self.real(a.get("epsilon", 1e-5))) * scale
        return y if bias is None else y + bias

    def op_Softmax(self, node, a, x):
        axis = a.get("axis", -1 if self.opset >= 13 else 1) % x.ndim
        if self.opset < 13 and axis != x.ndim - 1:
            flat = x.reshape(int(np.prod(x.shape[:axis])), -1)
            return self.softmax(flat, 1).reshape(x.shape)
        return self.softmax(x, axis)

    def softmax(self, x, axis):
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    def op_Gemm(self, node, a, x, y, c=None):
        x = x.T if a.get("transA", 0) else x
        y = y.T if a.get("transB", 0) else y
        result = self.real(a.get("alpha", 1.0)) * (x @ y)
        return result if c is None else result + self.real(a.get("beta", 1.0)) * c


def evaluate(model_path, feeds, double=False, report=None):
    """The outputs of the model by name; appends (margin, node) pairs to `report`."""
    with np.errstate(over="ignore"):
        return Evaluator(onnx.load(model_path), np.float64 if double else np.float32,
                         report).run(feeds)


def evaluate_flipped(model, feeds, flips, limit):
    """The outputs in float64 with some decisions taken the other way, and the decisions within
    `limit` of their threshold."""
    with np.errstate(over="ignore"):
        evaluator = Evaluator(model, np.float64, None, lambda margins: margins < limit, flips)
        return evaluator.run(feeds), evaluator.decisions


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("inputs", nargs="*", metavar="NAME=FILE.npy")
    parser.add_argument("--output-dir", required=True)
    parser.add_argument("--double", action="store_true")
    parser.add_argument("--margins", action="store_true")
    options = parser.parse_args()
    feeds = {name: np.load(path) for name, path in (i.split("=", 1) for i in options.inputs)}
    report = []
    os.makedirs(options.output_dir, exist_ok=True)
    for name, value in evaluate(options.model, feeds, options.double, report).items():
        value = value.astype(np.float32) if value.dtype.kind == "f" else value
        np.save(os.path.join(options.output_dir, f"{name}.npy"), value)
    if options.margins:
        for margin, node in sorted(report)[:10]:
            print(f"{margin:.2e}  {node}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
