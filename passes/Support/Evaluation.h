//===- Evaluation.h - What the ways to evaluate share -----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/ONNX/ONNXDialect.h"
#include "passes/Support/EvalTensor.h"
#include "passes/Support/FoldBudget.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <cstring>

namespace mlir::bnn {
/// Calls `f` with a value of the C++ type of `element`'s elements; not on
/// booleans.
template <typename F> bool dispatch(Type element, F f) {
  if (element.isF32())
    return f(float());
  if (element.isF64())
    return f(double());
  if (element.isInteger(64))
    return f(int64_t());
  if (element.isInteger(32))
    return f(int32_t());
  if (element.isSignlessInteger(8))
    return f(int8_t());
  if (element.isUnsignedInteger(8))
    return f(uint8_t());
  return false;
}

template <typename F> bool dispatchFloat(Type element, F f) {
  if (element.isF32())
    return f(float());
  if (element.isF64())
    return f(double());
  return false;
}

/// The float, or the one NaN that is computed: processors do not agree on the
/// sign and payload of theirs.
template <typename T> T withOneNaN(T value) {
  return value == value ? value : std::numeric_limits<T>::quiet_NaN();
}

/// Calls f with an unsigned integer of the element's width.
template <typename F> void dispatchWidth(Type element, F f) {
  switch (onnx::getElementBytes(element)) {
  case 1:
    return f(uint8_t());
  case 2:
    return f(uint16_t());
  case 4:
    return f(uint32_t());
  default:
    return f(uint64_t());
  }
}

/// Whether the memory of `tensor` may hold a result of `bytes` bytes: it is the
/// tensor's own and nobody else reads it.
inline bool reusable(const EvalTensorPtr &tensor, int64_t bytes) {
  return tensor && tensor.use_count() == 1 && tensor->ownBytes() &&
         tensor->numBytes() == bytes;
}

/// Memory for a result: that of an operand of the same shape, where possible,
/// since every operand element is read before the element at its place is
/// written.
inline EvalTensorPtr resultFor(Type element, ArrayRef<int64_t> shape,
                               ArrayRef<EvalTensorPtr *> operands) {
  for (EvalTensorPtr *operand : operands)
    if (*operand && ArrayRef<int64_t>((*operand)->shape) == shape &&
        onnx::getElementBytes((*operand)->element) ==
            onnx::getElementBytes(element) &&
        reusable(*operand, (*operand)->numBytes())) {
      EvalTensorPtr result = *operand;
      result->element = element;
      return result;
    }
  return EvalTensor::allocate(element, shape);
}

template <typename T, typename R, typename F>
EvalTensorPtr map(EvalTensorPtr &x, Type element, F f) {
  EvalTensorPtr y = resultFor(element, x->shape, {&x});
  const T *in = x->as<T>();
  R *out = y->mutableAs<R>();
  for (int64_t i = 0, e = y->numElements(); i < e; ++i)
    out[i] = f(in[i]);
  return y;
}

/// The strides with which operands are read when they are broadcast to a
/// common shape; neighbouring axes that can be walked as one are merged.
struct Broadcast {
  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> strides; // [axis][operand]

  Broadcast(ArrayRef<int64_t> shape, ArrayRef<const EvalTensor *> operands) {
    SmallVector<SmallVector<int64_t>> all;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      SmallVector<int64_t> own;
      for (const EvalTensor *operand : operands) {
        int64_t position = int64_t(axis) - int64_t(shape.size()) +
                           int64_t(operand->shape.size());
        int64_t stride = 0;
        if (position >= 0 && operand->shape[position] != 1) {
          stride = 1;
          for (int64_t size :
               ArrayRef<int64_t>(operand->shape).drop_front(position + 1))
            stride *= size;
        }
        own.push_back(stride);
      }
      if (shape[axis] == 1)
        continue;
      bool merge = !sizes.empty();
      for (size_t i = 0; merge && i < operands.size(); ++i)
        merge = strides.back()[i] == own[i] * shape[axis];
      if (merge) {
        sizes.back() *= shape[axis];
        strides.back() = own;
      } else {
        sizes.push_back(shape[axis]);
        strides.push_back(own);
      }
    }
    if (sizes.empty()) {
      sizes.push_back(1);
      strides.emplace_back(operands.size(), 0);
    }
  }

  /// Calls f(output offset, operand offsets) for every innermost row.
  template <typename F> void forEachRow(F f) {
    int64_t rows = 1, rowSize = sizes.back();
    for (int64_t size : ArrayRef<int64_t>(sizes).drop_back())
      rows *= size;
    if (rowSize == 0)
      return;
    size_t operands = strides.back().size();
    SmallVector<int64_t> index(sizes.size() - 1, 0), offsets(operands, 0);
    for (int64_t row = 0; row < rows; ++row) {
      f(row * rowSize, offsets);
      for (int64_t axis = int64_t(index.size()) - 1; axis >= 0; --axis) {
        for (size_t i = 0; i < operands; ++i)
          offsets[i] += strides[axis][i];
        if (++index[axis] < sizes[axis])
          break;
        for (size_t i = 0; i < operands; ++i)
          offsets[i] -= strides[axis][i] * sizes[axis];
        index[axis] = 0;
      }
    }
  }
};

template <typename T, typename R, typename F>
EvalTensorPtr zip(EvalTensorPtr &a, EvalTensorPtr &b, Type element,
                  ArrayRef<int64_t> shape, F f) {
  EvalTensorPtr y = resultFor(element, shape, {&a, &b});
  const T *left = a->as<T>(), *right = b->as<T>();
  R *result = y->mutableAs<R>();
  Broadcast walk(shape, {a.get(), b.get()});
  int64_t size = walk.sizes.back();
  int64_t sa = walk.strides.back()[0], sb = walk.strides.back()[1];
  walk.forEachRow([&](int64_t at, ArrayRef<int64_t> offsets) {
    const T *x = left + offsets[0], *z = right + offsets[1];
    R *out = result + at;
    if (sa == 1 && sb == 1) {
      for (int64_t i = 0; i < size; ++i)
        out[i] = f(x[i], z[i]);
    } else if (sa == 1 && sb == 0) {
      T scalar = *z;
      for (int64_t i = 0; i < size; ++i)
        out[i] = f(x[i], scalar);
    } else if (sa == 0 && sb == 1) {
      T scalar = *x;
      for (int64_t i = 0; i < size; ++i)
        out[i] = f(scalar, z[i]);
    } else {
      for (int64_t i = 0; i < size; ++i)
        out[i] = f(x[i * sa], z[i * sb]);
    }
  });
  return y;
}

/// The element strides of a row-major tensor.
SmallVector<int64_t> contiguousStrides(ArrayRef<int64_t> shape);

/// One operation of one result, and what is known of it.
struct Evaluation {
  Operation *op;
  /// The operands; null for onnx.NoValue.
  SmallVector<EvalTensorPtr> in;
  /// Of the result.
  Type element;
  SmallVector<int64_t> shape;
  /// What evaluating may still cost.
  FoldBudget &budget;

  /// An uninitialised result.
  EvalTensorPtr allocate() const {
    return EvalTensor::allocate(element, shape);
  }
};

/// Operations whose results are elements of their operands, in other places, or
/// say something about shapes. Nothing: the operation is not of the kind. Null:
/// it is, but has no defined value.
std::optional<EvalTensorPtr> evaluateMovement(Evaluation &e);
/// The pieces of a split; nothing where they are not in the input.
std::optional<SmallVector<EvalTensorPtr>>
evaluateSplit(onnx::SplitOp split, ArrayRef<EvalTensorPtr> in,
              ArrayRef<SmallVector<int64_t>> shapes);
/// Arithmetic that has the same value wherever it is done; null for other
/// operations, and where it has not.
EvalTensorPtr evaluateExactly(Evaluation &e);
/// The statistics of weights, in double; null for other operations.
EvalTensorPtr evaluateStatistic(const Evaluation &e);

} // namespace mlir::bnn
