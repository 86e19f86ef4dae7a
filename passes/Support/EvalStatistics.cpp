//===- EvalStatistics.cpp - Statistics of weights -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ReduceMean and ReduceL1 of constant floats are summed in double and rounded
// once, unlike those that run. The mean of a weight decides the signs of its
// binarisation, and the mean of its magnitudes is the scale: both should be the
// numbers that were meant, whatever the order of a sum in f32 makes of them.
// Nothing else is evaluated in a precision that the operation does not have.
//
//===----------------------------------------------------------------------===//
#include "passes/Support/Evaluation.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

namespace {

/// A sum of floats, or of their magnitudes, over the axes that `isReduced`
/// marks.
template <bool ofMagnitudes> struct Statistic {
  const EvalTensor &x;
  ArrayRef<bool> isReduced;

  template <typename T> static double term(T value) {
    return ofMagnitudes ? std::fabs(double(value)) : double(value);
  }

  /// Whether the reduced axes are the last ones, so that each result is of one
  /// run of elements.
  bool isOfRows() const {
    for (size_t i = 0; i + 1 < isReduced.size(); ++i)
      if (isReduced[i] && !isReduced[i + 1] && x.shape[i + 1] != 1)
        return false;
    return true;
  }

  /// With eight partial sums: one order on every host.
  template <typename T> double sumOfRow(const T *row, int64_t size) const {
    double lanes[8] = {};
    int64_t i = 0;
    for (; i + 8 <= size; i += 8)
      for (int lane = 0; lane < 8; ++lane)
        lanes[lane] += term(row[i + lane]);
    for (int lane = 0; i < size; ++i, ++lane)
      lanes[lane] += term(row[i]);
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
           ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  }

  template <typename T> void addRows(MutableArrayRef<double> sums) const {
    int64_t size = x.numElements() / int64_t(sums.size());
    for (auto [row, sum] : llvm::enumerate(sums))
      sum = sumOfRow(x.as<T>() + int64_t(row) * size, size);
  }

  /// Walks the input once, with the output position beside it.
  template <typename T> void addInOrder(MutableArrayRef<double> sums) const {
    const int64_t rank = int64_t(isReduced.size());
    SmallVector<int64_t> strides(rank, 0), index(rank, 0);
    int64_t stride = 1;
    for (int64_t axis = rank - 1; axis >= 0; --axis)
      if (!isReduced[axis]) {
        strides[axis] = stride;
        stride *= x.shape[axis];
      }
    int64_t at = 0;
    for (int64_t i = 0, e = x.numElements(); i < e; ++i) {
      sums[at] += term(x.as<T>()[i]);
      for (int64_t axis = rank - 1; axis >= 0; --axis) {
        at += strides[axis];
        if (++index[axis] < x.shape[axis])
          break;
        at -= strides[axis] * x.shape[axis];
        index[axis] = 0;
      }
    }
  }
};

template <typename Op> EvalTensorPtr evaluateSum(Op op, const Evaluation &e) {
  constexpr bool isMean = std::is_same_v<Op, ReduceMeanOp>;
  const EvalTensor &x = *e.in[0];
  std::optional<ArrayRef<int64_t>> axes = op.getAxes();
  SmallVector<bool> isReduced(x.shape.size(), !axes);
  if (axes)
    for (int64_t axis : *axes)
      isReduced[axis < 0 ? axis + int64_t(isReduced.size()) : axis] = true;
  EvalTensorPtr y = e.allocate();
  // Of no elements there are no statistics.
  if (x.numElements() == 0 || y->numElements() == 0)
    return nullptr;
  std::vector<double> sums(y->numElements(), 0);
  Statistic</*ofMagnitudes=*/!isMean> statistic{x, isReduced};
  double count = isMean ? double(x.numElements() / y->numElements()) : 1.0;
  bool isFloat = dispatchFloat(e.element, [&](auto zero) {
    using T = decltype(zero);
    if (statistic.isOfRows())
      statistic.template addRows<T>(sums);
    else
      statistic.template addInOrder<T>(sums);
    for (auto [i, sum] : llvm::enumerate(sums))
      y->mutableAs<T>()[i] = withOneNaN(T(sum / count));
    return true;
  });
  return isFloat ? y : nullptr;
}

} // namespace

EvalTensorPtr bnn::evaluateStatistic(const Evaluation &e) {
  return llvm::TypeSwitch<Operation *, EvalTensorPtr>(e.op)
      .Case<ReduceMeanOp, ReduceL1Op>(
          [&](auto op) { return evaluateSum(op, e); })
      .Default([](Operation *) { return EvalTensorPtr(); });
}
