// What the evaluation of single operations shares.
#pragma once
#include "passes/OnnxFold/ConstantEvaluator.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <cstring>

// The same value on every host: no fused multiply-add that nobody wrote.
#pragma STDC FP_CONTRACT OFF

namespace mlir::bnn {
/// Calls `f` with a value of the C++ type of `element`'s elements; not on
/// booleans.
template <typename F> bool dispatch(mlir::Type element, F f) {
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

template <typename F> bool dispatchFloat(mlir::Type element, F f) {
  if (element.isF32())
    return f(float());
  if (element.isF64())
    return f(double());
  return false;
}

/// Calls f with an unsigned integer of the element's width.
template <typename F> void dispatchWidth(mlir::Type element, F f) {
  switch (onnx::getElementBytes(element)) {
  case 1:
    return f(uint8_t());
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
inline EvalTensorPtr resultFor(mlir::Type element,
                               llvm::ArrayRef<int64_t> shape,
                               llvm::ArrayRef<EvalTensorPtr *> operands) {
  for (EvalTensorPtr *operand : operands)
    if (*operand && llvm::ArrayRef<int64_t>((*operand)->shape) == shape &&
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
EvalTensorPtr map(EvalTensorPtr &x, mlir::Type element, F f) {
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
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<llvm::SmallVector<int64_t>> strides; // [axis][operand]

  Broadcast(llvm::ArrayRef<int64_t> shape,
            llvm::ArrayRef<const EvalTensor *> operands) {
    llvm::SmallVector<llvm::SmallVector<int64_t>> all;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      llvm::SmallVector<int64_t> own;
      for (const EvalTensor *operand : operands) {
        int64_t position = int64_t(axis) - int64_t(shape.size()) +
                           int64_t(operand->shape.size());
        int64_t stride = 0;
        if (position >= 0 && operand->shape[position] != 1) {
          stride = 1;
          for (int64_t size :
               llvm::ArrayRef<int64_t>(operand->shape).drop_front(position + 1))
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
    for (int64_t size : llvm::ArrayRef<int64_t>(sizes).drop_back())
      rows *= size;
    if (rowSize == 0)
      return;
    size_t operands = strides.back().size();
    llvm::SmallVector<int64_t> index(sizes.size() - 1, 0), offsets(operands, 0);
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
EvalTensorPtr zip(EvalTensorPtr &a, EvalTensorPtr &b, mlir::Type element,
                  llvm::ArrayRef<int64_t> shape, F f) {
  EvalTensorPtr y = resultFor(element, shape, {&a, &b});
  const T *left = a->as<T>(), *right = b->as<T>();
  R *result = y->mutableAs<R>();
  Broadcast walk(shape, {a.get(), b.get()});
  int64_t size = walk.sizes.back();
  int64_t sa = walk.strides.back()[0], sb = walk.strides.back()[1];
  walk.forEachRow([&](int64_t at, llvm::ArrayRef<int64_t> offsets) {
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

/// Wrapping integer arithmetic, plain float arithmetic.
struct AddF {
  template <typename T> T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(std::make_unsigned_t<T>(a) + std::make_unsigned_t<T>(b));
    else
      return a + b;
  }
};
struct SubF {
  template <typename T> T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(std::make_unsigned_t<T>(a) - std::make_unsigned_t<T>(b));
    else
      return a - b;
  }
};
struct MulF {
  template <typename T> T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(std::make_unsigned_t<T>(a) * std::make_unsigned_t<T>(b));
    else
      return a * b;
  }
};
/// NaN wins, as in numpy.
struct MaxF {
  template <typename T> T operator()(T a, T b) const {
    return a != a ? a : b != b ? b : a < b ? b : a;
  }
};
struct MinF {
  template <typename T> T operator()(T a, T b) const {
    return a != a ? a : b != b ? b : b < a ? b : a;
  }
};

template <typename T>
using SumOf = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;

/// Sum of f(x[i]) with eight partial sums: one order on every host.
template <typename T, typename F>
SumOf<T> sumOf(const T *x, int64_t size, F f) {
  SumOf<T> lanes[8] = {};
  int64_t i = 0;
  for (; i + 8 <= size; i += 8)
    for (int lane = 0; lane < 8; ++lane)
      lanes[lane] += SumOf<T>(f(x[i + lane]));
  for (int lane = 0; i < size; ++i, ++lane)
    lanes[lane] += SumOf<T>(f(x[i]));
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/// The element strides of a row-major tensor.
llvm::SmallVector<int64_t> contiguousStrides(llvm::ArrayRef<int64_t> shape);
/// The tensor broadcast to `shape`.
EvalTensorPtr expanded(const EvalTensor &x, llvm::ArrayRef<int64_t> shape);
/// The tensor in another element type; null where a float has no integer.
EvalTensorPtr evaluateCast(EvalTensorPtr &x, mlir::Type to);

/// The pieces of a split; nothing where they are not in the input.
std::optional<llvm::SmallVector<EvalTensorPtr>>
evaluateSplit(onnx::SplitOp split, llvm::ArrayRef<EvalTensorPtr> in,
              llvm::ArrayRef<llvm::SmallVector<int64_t>> shapes);

/// The evaluation of one operation. Each group says whether the operation is of
/// it, and leaves `y` null where there is no defined value.
struct Evaluator {
  mlir::Operation *op;
  llvm::SmallVector<EvalTensorPtr> &in;
  /// Of the first result.
  mlir::Type element;
  llvm::SmallVector<int64_t> shape;
  /// Of the first operand, if there is one.
  mlir::Type from;
  EvalTensorPtr y;

  bool arithmetic();
  bool functions();
  bool movement();
  bool products();
  bool reductions();

  /// y = f(x), on floats.
  template <typename F> void floatMap(F f) {
    dispatchFloat(element, [&](auto zero) {
      using T = decltype(zero);
      y = map<T, T>(in[0], element, [&](T v) { return T(f(v)); });
      return true;
    });
  }
  /// y = f(a, b), on numbers.
  template <typename F> void binary(F f) {
    dispatch(element, [&](auto zero) {
      using T = decltype(zero);
      y = zip<T, T>(in[0], in[1], element, shape, f);
      return true;
    });
  }
};
} // namespace mlir::bnn
