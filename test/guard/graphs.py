# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs whose dimensions may be open: how one is built.

A dimension is a number, the name of an open one (a symbol), or an Expr of those. While a graph is
drawn, it collects which dimensions must be equal for the graph to be right: with these most calls
that are meant to be right are. Whether a call is right is not decided here.
"""
import dataclasses

import numpy as np
from onnx import TensorProto, helper, numpy_helper

DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "i64": np.int64, "i32": np.int32, "i8": np.int8,
          "u8": np.uint8, "bool": np.bool_}
ONNX_TYPES = {"f32": TensorProto.FLOAT, "f64": TensorProto.DOUBLE, "f16": TensorProto.FLOAT16,
              "i64": TensorProto.INT64, "i32": TensorProto.INT32, "i8": TensorProto.INT8, "u8": TensorProto.UINT8,
              "bool": TensorProto.BOOL}
NAMES = {number: name for name, number in ONNX_TYPES.items()}


class Expr:
    """A dimension that is computed from others; `of` maps the sizes of symbols to its size."""

    def __init__(self, of):
        self.of = of


def size_of(dim, sizes):
    if isinstance(dim, Expr):
        return dim.of(sizes)
    return sizes[dim] if isinstance(dim, str) else dim


def broadcast_dim(a, b):
    """The dimension that two that are broadcast lead to."""
    if a == b or b == 1:
        return a
    if a == 1 or isinstance(b, int):
        return b
    if isinstance(a, int):
        return a
    return Expr(lambda sizes: size_of(b, sizes) if size_of(a, sizes) == 1 else size_of(a, sizes))


def broadcast(*shapes):
    rank = max(map(len, shapes))
    result = [1] * rank
    for shape in shapes:
        padded = [1] * (rank - len(shape)) + list(shape)
        result = [broadcast_dim(a, b) for a, b in zip(result, padded)]
    return tuple(result)


@dataclasses.dataclass(frozen=True)
class Value:
    """A value of a graph. An exact one has no rounding that another order of sums could change,
    so that what is not continuous may depend on it; a bounded one is small enough for any cast."""
    name: str
    dtype: str
    shape: tuple
    exact: bool = True
    bounded: bool = True


@dataclasses.dataclass
class Input:
    """An input of a graph, and which data it is called with: "any", "positive", "small" (from 0
    to 2) or, for indices, the dimension that they are to stay within."""
    name: str
    dtype: str
    shape: tuple
    data: object = "any"


def random_array(rng, dtype, shape, data):
    """Numbers whose sums and products are exact in a float, as long as they are few."""
    kind = np.dtype(DTYPES[dtype]).kind
    if isinstance(data, tuple):  # indices
        limit = max(1, data[1])
        return rng.integers(-limit if kind == "i" else 0, limit, shape).astype(DTYPES[dtype])
    if kind == "b":
        return rng.integers(0, 2, shape).astype(np.bool_)
    if kind == "f":
        low, high = (1, 13) if data == "positive" else (0, 3) if data == "small" else (-8, 9)
        return (rng.integers(low, high, shape) / 4).astype(DTYPES[dtype])
    low, high = {"positive": (1, 5), "small": (0, 3)}.get(data, (0 if kind == "u" else -3, 5))
    return rng.integers(low, high, shape).astype(DTYPES[dtype])


class Graph:
    """A graph while it is drawn."""

    def __init__(self, rng, opset):
        self.rng = rng
        self.opset = opset
        self.is_open = rng.random() < 0.9  # else all dimensions are numbers
        self.inputs, self.nodes, self.initializers = [], [], []
        self.maxima = {}
        self.equal = []
        self.rules = []
        self.pool = []
        self.used = set()
        self.count = 0

    def chance(self, probability):
        return self.rng.random() < probability

    def fresh(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    # Dimensions.

    def new_symbol(self):
        name = self.fresh("n")
        if self.maxima and self.chance(0.04):  # a legal name that looks like an expression
            name = f"{self.rng.choice((2, 3))}*{self.rng.choice(list(self.maxima))}"
            if name in self.maxima:
                return name
        self.maxima[name] = self.rng.choice((2, 3, 4, 6, 6, 9, 9, 17))
        return name

    def symbol(self):
        if not self.is_open:
            return self.rng.choice((1, 2, 3, 5))
        if self.maxima and self.chance(0.6):
            return self.rng.choice(list(self.maxima))
        return self.new_symbol()

    def dim(self):
        if self.chance(0.6):
            return self.symbol()
        return self.rng.choice((1, 2, 3, 4, 5, 7, 8, 16))

    def shape(self, low=0, high=3):
        """A shape of a rank from low to high, the middle more often."""
        rank = round(self.rng.triangular(low, high, min(high, max(low, 2))))
        return tuple(self.dim() for _ in range(rank))

    def must_equal(self, a, b):
        self.equal.append((a, b))
        for symbol, other in ((a, b), (b, a)):
            if isinstance(symbol, str) and isinstance(other, int):
                self.maxima[symbol] = max(self.maxima[symbol], other)
            elif isinstance(symbol, str) and isinstance(other, str):
                self.maxima[symbol] = max(self.maxima[symbol], self.maxima[other])

    def similar(self, dim):
        """One that is the same, or one that may turn out to be."""
        if not self.is_open and isinstance(dim, int):
            return dim
        which = self.rng.random()
        if which < 0.45 and not isinstance(dim, Expr):
            return dim
        if which < 0.8 or isinstance(dim, Expr):
            other = self.symbol()
        else:
            other = dim if isinstance(dim, int) else self.rng.choice((1, 2, 3, 5))
        if other != dim:
            self.must_equal(other, dim)
        return other

    def compatible(self, dim):
        """One that can be broadcast to `dim`, or may turn out to be."""
        which = self.rng.random()
        if which < 0.65:
            return self.similar(dim)
        if which < 0.85:
            return 1
        symbol = self.symbol()
        if symbol != 1:
            self.must_equal(symbol, 1)
        return symbol if self.is_open else 1

    def compatible_shape(self, shape):
        """A shape that can be broadcast to `shape`."""
        rank = self.rng.randint(0, len(shape)) if self.chance(0.3) else len(shape)
        return tuple(self.compatible(dim) for dim in shape[len(shape) - rank:])

    # Values.

    def constant(self, array, name=None):
        name = name or self.fresh("c")
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        dtype = next(key for key, value in DTYPES.items() if np.asarray(array).dtype == value)
        return Value(name, dtype, np.asarray(array).shape)

    def ints(self, *numbers):
        return self.constant(np.array(numbers, np.int64).reshape(len(numbers)))

    def scalar(self, number, dtype):
        return self.constant(np.array(number, DTYPES[dtype]))

    def input(self, dtype, shape, data="any"):
        # Computed dimensions are no caller's: a symbol that must equal one stands for it.
        dims = []
        for dim in shape:
            if isinstance(dim, Expr):
                symbol = self.new_symbol()
                self.maxima[symbol] = 40
                self.must_equal(symbol, dim)
                dim = symbol
            dims.append(dim)
        entry = Input(self.fresh("x"), dtype, tuple(dims), data)
        self.inputs.append(entry)
        return Value(entry.name, dtype, entry.shape)

    def source(self, dtype, shape, data="any"):
        """A new input or, where the shape is known, perhaps a constant."""
        if all(isinstance(dim, int) for dim in shape) and self.chance(0.5):
            values = random_array(np.random.default_rng(self.rng.getrandbits(32)), dtype, shape,
                                  data if isinstance(data, str) else ("index", data))
            return self.constant(values)
        return self.input(dtype, shape, data)

    def value(self, dtype, low=0, high=3, exact=False, bounded=False):
        """A value that is there, or a new one."""
        fits = [v for v in self.pool if v.dtype == dtype and low <= len(v.shape) <= high and
                (v.exact or not exact) and (v.bounded or not bounded)]
        if fits and self.chance(0.75):
            return fits[-1] if self.chance(0.6) else self.rng.choice(fits)
        shape = self.shape(low, high)
        # A graph of constants only would be folded.
        return self.input(dtype, shape) if self.chance(0.9) else self.source(dtype, shape)

    def node(self, op, inputs, dtype, shape, exact=None, bounded=False, **attributes):
        """Adds a node with one result."""
        operands = [v for v in inputs if v is not None]
        if exact is None:
            exact = all(v.exact for v in operands)
        result = Value(self.fresh("v"), dtype, tuple(shape), exact, bounded)
        self.add(op, inputs, [result], **attributes)
        return result

    def add(self, op, inputs, results, **attributes):
        names = [v.name if v is not None else "" for v in inputs]
        while names and not names[-1]:
            names.pop()
        self.nodes.append(helper.make_node(op, names, [v.name for v in results],
                                           name=self.fresh("node_"), **attributes))
        self.used.update(names)
        self.pool.extend(results)

    # The model.

    def is_callers(self, dim):
        return isinstance(dim, int) or any(dim in entry.shape for entry in self.inputs)

    def finish(self):
        """Values that nothing uses become outputs; what a caller could not know the size of is
        summed up first."""
        outputs = []
        for value in [v for v in self.pool if v.name not in self.used]:
            open_axes = [axis for axis, dim in enumerate(value.shape) if not self.is_callers(dim)]
            if open_axes and self.chance(0.95):
                value = self.sum_up(value, open_axes)
            outputs.append(value)
        return outputs

    def sum_up(self, value, axes):
        if value.dtype in ("bool", "i8", "u8"):
            value = self.node("Cast", [value], "i32", value.shape, to=ONNX_TYPES["i32"])
        shape = [dim for axis, dim in enumerate(value.shape) if axis not in axes]
        if self.opset < 13:
            return self.node("ReduceSum", [value], value.dtype, shape, axes=axes, keepdims=0)
        return self.node("ReduceSum", [value, self.ints(*axes)], value.dtype, shape, keepdims=0)

    def declared(self, value):
        """The shape that an output is declared with: none, the right one, or one with a wrong
        name, which files have as well."""
        if self.chance(0.3):
            return None
        dims = [dim if isinstance(dim, int) or self.is_callers(dim) else None
                for dim in value.shape]
        names = [dim for entry in self.inputs for dim in entry.shape if isinstance(dim, str)]
        wrong = [axis for axis, dim in enumerate(dims) if not isinstance(dim, int)]
        if names and wrong and self.chance(0.15):
            dims[self.rng.choice(wrong)] = self.rng.choice(names + ["batch", "2*" + names[0]])
        return dims

    def model(self):
        outputs = self.finish()
        infos = [helper.make_tensor_value_info(v.name, ONNX_TYPES[v.dtype], self.declared(v))
                 for v in outputs]
        graph = helper.make_graph(
            self.nodes, "guard",
            [helper.make_tensor_value_info(entry.name, ONNX_TYPES[entry.dtype], entry.shape)
             for entry in self.inputs], infos, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        return model


def inputs_of(model):
    """The inputs of a model that was not drawn here: integers are taken for indices of a table."""
    known = {tensor.name for tensor in model.graph.initializer}
    result = []
    for info in model.graph.input:
        if info.name in known:
            continue
        tensor = info.type.tensor_type
        dtype = NAMES[tensor.elem_type]
        shape = tuple(dim.dim_value if dim.HasField("dim_value") else
                      dim.dim_param or f"{info.name}_d{axis}"
                      for axis, dim in enumerate(tensor.shape.dim))
        result.append(Input(info.name, dtype, shape, 2 if dtype in ("i64", "i32") else "any"))
    return result
