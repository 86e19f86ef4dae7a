// Reductions and what is made of them.
#include "passes/OnnxFold/EvalSupport.h"

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
namespace {
/// A reduction; `flags` marks the axes that go.
enum class Reduction { Sum, Mean, L1, L2, SumSquare, LogSum, Prod, Max, Min };

template <typename T>
void reduceInto(const EvalTensor &x, ArrayRef<bool> flags, Reduction kind,
                T *out, int64_t outSize) {
  const T *in = x.as<T>();
  int64_t total = x.numElements();
  int64_t count = outSize ? total / outSize : 0;
  // A float has no overflow at -min.
  auto magnitude = [](T v) { return v < 0 ? T(0 - v) : v; };
  auto square = [](T v) { return SumOf<T>(v) * SumOf<T>(v); };
  bool squares = kind == Reduction::SumSquare || kind == Reduction::L2;
  bool isProduct = kind == Reduction::Prod;
  auto finish = [&](SumOf<T> sum) {
    if (kind == Reduction::Mean) {
      if constexpr (std::is_integral_v<T>)
        return T(count ? int64_t(sum) / count : 0);
      else
        return T(sum / double(count));
    }
    if (kind == Reduction::L2)
      return T(std::sqrt(double(sum)));
    if (kind == Reduction::LogSum)
      return T(std::log(double(sum)));
    return T(sum);
  };
  // Reduced axes at the end: whole rows.
  bool trailing = true;
  for (size_t i = 0; i + 1 < flags.size(); ++i)
    trailing &= !(flags[i] && !flags[i + 1] && x.shape[i + 1] != 1);
  bool isSum = kind != Reduction::Max && kind != Reduction::Min;
  if (trailing && isSum && !isProduct) {
    for (int64_t row = 0; row < outSize; ++row)
      out[row] = finish(
          kind == Reduction::L1 ? sumOf(in + row * count, count, magnitude)
          : squares             ? sumOf(in + row * count, count, square)
                    : sumOf(in + row * count, count, [](T v) { return v; }));
    return;
  }
  // Otherwise walk the input once, with the output position beside it.
  SmallVector<int64_t> strides(flags.size(), 0);
  int64_t stride = 1;
  for (int64_t axis = int64_t(flags.size()) - 1; axis >= 0; --axis)
    if (!flags[axis]) {
      strides[axis] = stride;
      stride *= x.shape[axis];
    }
  std::vector<SumOf<T>> sums(isSum ? outSize : 0, isProduct ? 1 : 0);
  std::vector<bool> seen(isSum ? 0 : outSize, false);
  SmallVector<int64_t> index(flags.size(), 0);
  int64_t at = 0;
  for (int64_t i = 0; i < total; ++i) {
    if (isProduct)
      sums[at] *= SumOf<T>(in[i]);
    else if (squares)
      sums[at] += square(in[i]);
    else if (isSum)
      sums[at] += SumOf<T>(kind == Reduction::L1 ? magnitude(in[i]) : in[i]);
    else if (!seen[at])
      out[at] = in[i], seen[at] = true;
    else
      out[at] = kind == Reduction::Max ? MaxF()(out[at], in[i])
                                       : MinF()(out[at], in[i]);
    for (int64_t axis = int64_t(flags.size()) - 1; axis >= 0; --axis) {
      at += strides[axis];
      if (++index[axis] < x.shape[axis])
        break;
      at -= strides[axis] * x.shape[axis];
      index[axis] = 0;
    }
  }
  for (int64_t i = 0; i < int64_t(sums.size()); ++i)
    out[i] = finish(sums[i]);
}

/// The index of the largest or smallest element along `axis`.
EvalTensorPtr evaluatePick(const EvalTensor &x, ArrayRef<int64_t> shape,
                           Type element, int64_t axis, bool last,
                           bool largest) {
  if (axis < 0)
    axis += x.shape.size();
  int64_t inner = 1, size = x.shape[axis];
  for (int64_t dim : ArrayRef<int64_t>(x.shape).drop_front(axis + 1))
    inner *= dim;
  EvalTensorPtr y = EvalTensor::allocate(element, shape);
  if (size == 0 && y->numElements())
    return nullptr;
  bool done = dispatch(x.element, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0, e = y->numElements(); i < e; ++i) {
      const T *in = x.as<T>() + i / inner * size * inner + i % inner;
      int64_t best = 0;
      for (int64_t k = 1; k < size; ++k) {
        T v = in[k * inner], b = in[best * inner];
        if ((largest ? v > b : v < b) || (last && v == b))
          best = k;
      }
      y->mutableAs<int64_t>()[i] = best;
    }
    return true;
  });
  return done ? y : nullptr;
}

EvalTensorPtr evaluateSoftmax(const EvalTensor &x, int64_t axis, bool log) {
  EvalTensorPtr y = EvalTensor::allocate(x.element, x.shape);
  if (axis < 0)
    axis += x.shape.size();
  int64_t outer = 1, inner = 1, size = x.shape[axis];
  for (int64_t i = 0; i < int64_t(x.shape.size()); ++i)
    if (i != axis)
      (i < axis ? outer : inner) *= x.shape[i];
  bool done = dispatchFloat(x.element, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        const T *in = x.as<T>() + o * size * inner + i;
        T *out = y->mutableAs<T>() + o * size * inner + i;
        double max = -INFINITY, sum = 0;
        for (int64_t k = 0; k < size; ++k)
          max = MaxF()(max, double(in[k * inner]));
        for (int64_t k = 0; k < size; ++k)
          sum += std::exp(double(in[k * inner]) - max);
        for (int64_t k = 0; k < size; ++k) {
          double shifted = double(in[k * inner]) - max;
          out[k * inner] =
              T(log ? shifted - std::log(sum) : std::exp(shifted) / sum);
        }
      }
    return true;
  });
  return done ? y : nullptr;
}

EvalTensorPtr evaluateLayerNorm(LayerNormalizationOp op,
                                ArrayRef<EvalTensorPtr> operands) {
  const EvalTensor &x = *operands[0];
  int64_t axis = op.getAxis();
  if (axis < 0)
    axis += x.shape.size();
  int64_t size = 1;
  for (int64_t dim : ArrayRef<int64_t>(x.shape).drop_front(axis))
    size *= dim;
  ArrayRef<int64_t> tail = ArrayRef<int64_t>(x.shape).drop_front(axis);
  for (const EvalTensorPtr &operand : operands.drop_front())
    if (operand && operand->numElements() != 1 &&
        ArrayRef<int64_t>(operand->shape) != tail)
      return nullptr;
  EvalTensorPtr y = EvalTensor::allocate(x.element, x.shape);
  double epsilon = op.getEpsilon().convertToFloat();
  bool done = dispatchFloat(x.element, [&](auto zero) {
    using T = decltype(zero);
    auto at = [&](const EvalTensor &operand, int64_t i) {
      return double(operand.as<T>()[operand.numElements() == 1 ? 0 : i]);
    };
    for (int64_t row = 0; size && row < x.numElements() / size; ++row) {
      const T *in = x.as<T>() + row * size;
      T *out = y->mutableAs<T>() + row * size;
      double mean = sumOf(in, size, [](T v) { return double(v); }) / size;
      double variance =
          sumOf(in, size,
                [&](T v) { return (double(v) - mean) * (double(v) - mean); }) /
          size;
      double scale = 1 / std::sqrt(variance + epsilon);
      for (int64_t i = 0; i < size; ++i)
        out[i] = T((double(in[i]) - mean) * scale * at(*operands[1], i) +
                   (operands[2] ? at(*operands[2], i) : 0.0));
    }
    return true;
  });
  return done ? y : nullptr;
}
} // namespace

bool Evaluator::reductions() {
  auto reduceAxes = [&](std::optional<ArrayRef<int64_t>> axes, Reduction kind) {
    SmallVector<bool> flags(in[0]->shape.size(), !axes);
    if (axes)
      for (int64_t axis : *axes)
        flags[axis < 0 ? axis + flags.size() : axis] = true;
    y = EvalTensor::allocate(element, shape);
    if (in[0]->numElements() == 0 && y->numElements() != 0 &&
        (kind == Reduction::Mean || kind == Reduction::Max ||
         kind == Reduction::Min)) {
      y = nullptr;
      return;
    }
    if (!dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          reduceInto<T>(*in[0], flags, kind, y->mutableAs<T>(),
                        y->numElements());
          return true;
        }))
      y = nullptr;
  };
  bool known = true;
  llvm::TypeSwitch<Operation *>(op)
      .Case<SoftmaxOp>([&](SoftmaxOp softmax) {
        y = evaluateSoftmax(*in[0], softmax.getAxis(), /*log=*/false);
      })
      .Case<LogSoftmaxOp>([&](LogSoftmaxOp softmax) {
        y = evaluateSoftmax(*in[0], softmax.getAxis(), /*log=*/true);
      })
      .Case<LayerNormalizationOp>(
          [&](LayerNormalizationOp norm) { y = evaluateLayerNorm(norm, in); })
      .Case<ReduceMeanOp>([&](ReduceMeanOp reduce) {
        reduceAxes(reduce.getAxes(), Reduction::Mean);
      })
      .Case<ReduceL1Op>([&](ReduceL1Op reduce) {
        reduceAxes(reduce.getAxes(), Reduction::L1);
      })
      .Case<ReduceMaxOp>([&](ReduceMaxOp reduce) {
        reduceAxes(reduce.getAxes(), Reduction::Max);
      })
      .Case<ReduceMinOp>([&](ReduceMinOp reduce) {
        reduceAxes(reduce.getAxes(), Reduction::Min);
      })
      .Case<ReduceL2Op>([&](ReduceL2Op reduce) {
        if (isa<FloatType>(element))
          reduceAxes(reduce.getAxes(), Reduction::L2);
      })
      .Case<ReduceLogSumOp>([&](ReduceLogSumOp reduce) {
        if (isa<FloatType>(element))
          reduceAxes(reduce.getAxes(), Reduction::LogSum);
      })
      .Case<ReduceSumSquareOp>([&](ReduceSumSquareOp reduce) {
        reduceAxes(reduce.getAxes(), Reduction::SumSquare);
      })
      .Case<ReduceProdOp>([&](ReduceProdOp reduce) {
        reduceAxes(reduce.getAxes(), Reduction::Prod);
      })
      .Case<ArgMaxOp>([&](ArgMaxOp pick) {
        y = evaluatePick(*in[0], shape, element, pick.getAxis(),
                         pick.getSelectLastIndex(), /*largest=*/true);
      })
      .Case<ArgMinOp>([&](ArgMinOp pick) {
        y = evaluatePick(*in[0], shape, element, pick.getAxis(),
                         pick.getSelectLastIndex(), /*largest=*/false);
      })
      .Case<ReduceSumOp>([&](ReduceSumOp sum) {
        SmallVector<int64_t> axes;
        if (in[1])
          for (int64_t i = 0, e = in[1]->numElements(); i < e; ++i)
            axes.push_back(in[1]->integerAt(i));
        if (!axes.empty())
          reduceAxes(ArrayRef<int64_t>(axes), Reduction::Sum);
        else if (sum.getNoopWithEmptyAxes())
          y = in[0];
        else
          reduceAxes(std::nullopt, Reduction::Sum);
      })
      .Default([&](Operation *) { known = false; });
  return known;
}
} // namespace mlir::bnn
