#!/usr/bin/env python3
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
    def __init__(self, model, real, report=None):
        self.real = real
        self.report = report
        self.depends_on_input = False
        self.graph = model.graph
        self.opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))

    def tensor(self, array):
        return array.astype(self.real) if array.dtype.kind == "f" else array

    def run(self, feeds):
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
        return {o.name: values[o.name] for o in self.graph.output}

    def evaluate(self, node, attributes, inputs):
        method = getattr(self, "op_" + node.op_type, None)
        if method is None:
            raise SystemExit(f"reference.py: no rule for {node.op_type} (node {node.name})")
        result = method(node, attributes, *inputs)
        floats = [i for i in inputs if i is not None and i.dtype.kind == "f"]
        if floats and not isinstance(result, list) and np.asarray(result).dtype.kind == "f":
            result = np.asarray(result).astype(self.real)
        return result

    def note(self, node, distance, values):
        if self.report is not None and self.depends_on_input and distance.size:
            spread = float(np.std(values)) or 1.0
            self.report.append((float(distance.min()) / spread, node.name))

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
    def op_Equal(self, node, a, x, y): return x == y
    def op_Greater(self, node, a, x, y): return x > y
    def op_Where(self, node, a, c, x, y): return np.where(c, x, y)
    def op_MatMul(self, node, a, x, y): return np.matmul(x, y)
    def op_Transpose(self, node, a, x): return np.transpose(x, a.get("perm"))
    def op_Concat(self, node, a, *x): return np.concatenate(x, axis=a["axis"])
    def op_Shape(self, node, a, x): return np.array(x.shape, dtype=np.int64)
    def op_Range(self, node, a, start, end, step): return np.arange(start, end, step)
    def op_Gather(self, node, a, x, i): return np.take(x, i, axis=a.get("axis", 0))

    def op_Sign(self, node, a, x):
        self.note(node, np.abs(x[x != 0]), x)
        return np.sign(x)

    def op_Round(self, node, a, x):
        # Only the step from 0 to 1 matters where a Clip to [0, 1] follows.
        self.note(node, np.abs(x - 0.5), x)
        return np.rint(x)

    def op_Clip(self, node, a, x, low=None, high=None):
        if low is not None:
            x = np.maximum(x, low)
        return x if high is None else np.minimum(x, high)

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
