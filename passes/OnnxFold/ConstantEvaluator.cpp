#include "passes/OnnxFold/ConstantEvaluator.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <cstdlib>
#include <numeric>

// The same value on every host: no fused multiply-add that nobody wrote.
#pragma STDC FP_CONTRACT OFF

using namespace mlir;
using namespace bnn::onnx;

namespace bnn {
/// Results above this are left to run time: a model that asks for them is
/// broken or hostile.
static constexpr int64_t kMaxResultBytes = int64_t(1) << 30;
/// Below this, data lives in the attribute itself.
static constexpr int64_t kResourceBytes = 1024;

//===----------------------------------------------------------------------===//
// EvalTensor
//===----------------------------------------------------------------------===//

EvalTensorPtr EvalTensor::allocate(Type element, ArrayRef<int64_t> shape) {
  auto tensor = std::make_shared<EvalTensor>();
  tensor->element = element;
  tensor->shape.assign(shape.begin(), shape.end());
  size_t bytes = (std::max<int64_t>(tensor->numBytes(), 1) + 63) / 64 * 64;
  tensor->owned = std::shared_ptr<char>(
      static_cast<char *>(std::aligned_alloc(64, bytes)), std::free);
  if (!tensor->owned)
    llvm::report_bad_alloc_error("constant evaluation");
  tensor->data = tensor->owned.get();
  return tensor;
}

EvalTensorPtr EvalTensor::get(const ConstantView &view) {
  ShapedType type = view.getType();
  ArrayRef<char> bytes = view.getBytes();
  bool aligned = reinterpret_cast<uintptr_t>(bytes.data()) %
                     getElementBytes(view.getElementType()) ==
                 0;
  if (!view.isSplat() && aligned && !view.getElementType().isInteger(1)) {
    auto tensor = std::make_shared<EvalTensor>();
    tensor->element = type.getElementType();
    tensor->shape.assign(type.getShape().begin(), type.getShape().end());
    tensor->data = bytes.data();
    return tensor;
  }
  EvalTensorPtr tensor = allocate(type.getElementType(), type.getShape());
  char *out = tensor->ownBytes();
  if (!view.isSplat()) {
    std::memcpy(out, bytes.data(), bytes.size());
  } else {
    for (int64_t i = 0, e = tensor->numElements(); i < e; ++i)
      std::memcpy(out + i * bytes.size(), bytes.data(), bytes.size());
  }
  return tensor;
}

int64_t EvalTensor::numElements() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

int64_t EvalTensor::integerAt(int64_t index) const {
  switch (getElementBytes(element)) {
  case 1:
    return as<uint8_t>()[index];
  case 4:
    return as<int32_t>()[index];
  default:
    return as<int64_t>()[index];
  }
}

ElementsAttr EvalTensor::toAttribute() {
  auto type = RankedTensorType::get(shape, element);
  if (element.isInteger(1)) {
    SmallVector<bool> bits(numElements());
    for (int64_t i = 0, e = numElements(); i < e; ++i)
      bits[i] = as<uint8_t>()[i];
    return DenseElementsAttr::get(type, bits);
  }
  int64_t bytes = numBytes(), width = getElementBytes(element);
  ArrayRef<char> raw(data, bytes);
  if (bytes < kResourceBytes)
    return DenseElementsAttr::getFromRawBuffer(type, raw);
  // One value everywhere needs no storage.
  if (std::memcmp(data, data + width, bytes - width) == 0)
    return DenseElementsAttr::getFromRawBuffer(type, raw.take_front(width));
  if (!owned) {
    std::shared_ptr<EvalTensor> copy = allocate(element, shape);
    std::memcpy(copy->ownBytes(), data, bytes);
    owned = copy->owned;
    data = owned.get();
  }
  auto attribute = DenseResourceElementsAttr::get(
      type, "folded",
      UnmanagedAsmResourceBlob::allocateWithAlign(
          ArrayRef<char>(owned.get(), bytes), 64,
          [keep = owned](void *, size_t, size_t) mutable { keep.reset(); }));
  owned.reset();
  return attribute;
}

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

namespace {
/// Calls `f` with a value of the C++ type of `element`'s elements.
template <typename F> bool dispatch(Type element, F f) {
  if (element.isF32())
    return f(float());
  if (element.isF64())
    return f(double());
  if (element.isInteger(64))
    return f(int64_t());
  if (element.isInteger(32))
    return f(int32_t());
  return false;
}

template <typename F> bool dispatchFloat(Type element, F f) {
  if (element.isF32())
    return f(float());
  if (element.isF64())
    return f(double());
  return false;
}

/// Whether the memory of `tensor` may hold a result of `bytes` bytes: it is the
/// tensor's own and nobody else reads it.
bool reusable(const EvalTensorPtr &tensor, int64_t bytes) {
  return tensor && tensor.use_count() == 1 && tensor->ownBytes() &&
         tensor->numBytes() == bytes;
}

/// Memory for a result: that of an operand of the same shape, where possible,
/// since every operand element is read before the element at its place is
/// written.
EvalTensorPtr resultFor(Type element, ArrayRef<int64_t> shape,
                        ArrayRef<EvalTensorPtr *> operands) {
  for (EvalTensorPtr *operand : operands)
    if (*operand && ArrayRef<int64_t>((*operand)->shape) == shape &&
        getElementBytes((*operand)->element) == getElementBytes(element) &&
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

/// Half to even, whatever the rounding mode of the thread.
template <typename T> T roundHalfEven(T x) {
  T floor = std::floor(x), fraction = x - floor;
  if (fraction < T(0.5) || std::isnan(x) || std::isinf(x))
    return fraction == T(0) || std::isnan(x) || std::isinf(x)
               ? x
               : std::copysign(floor, x);
  if (fraction > T(0.5))
    return std::copysign(floor + 1, x);
  T even = std::fmod(floor, T(2)) == 0 ? floor : floor + 1;
  return std::copysign(even, x);
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

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

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

/// A reduction; `flags` marks the axes that go.
enum class Reduction { Sum, Mean, L1, Max, Min };

template <typename T>
void reduceInto(const EvalTensor &x, ArrayRef<bool> flags, Reduction kind,
                T *out, int64_t outSize) {
  const T *in = x.as<T>();
  int64_t total = x.numElements();
  int64_t count = outSize ? total / outSize : 0;
  // A float has no overflow at -min.
  auto magnitude = [](T v) { return v < 0 ? T(0 - v) : v; };
  auto finish = [&](SumOf<T> sum) {
    if (kind == Reduction::Mean) {
      if constexpr (std::is_integral_v<T>)
        return T(count ? int64_t(sum) / count : 0);
      else
        return T(sum / double(count));
    }
    return T(sum);
  };
  // Reduced axes at the end: whole rows.
  bool trailing = true;
  for (size_t i = 0; i + 1 < flags.size(); ++i)
    trailing &= !(flags[i] && !flags[i + 1] && x.shape[i + 1] != 1);
  bool isSum = kind != Reduction::Max && kind != Reduction::Min;
  if (trailing && isSum) {
    for (int64_t row = 0; row < outSize; ++row)
      out[row] =
          finish(kind == Reduction::L1
                     ? sumOf(in + row * count, count, magnitude)
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
  std::vector<SumOf<T>> sums(isSum ? outSize : 0, 0);
  std::vector<bool> seen(isSum ? 0 : outSize, false);
  SmallVector<int64_t> index(flags.size(), 0);
  int64_t at = 0;
  for (int64_t i = 0; i < total; ++i) {
    if (isSum)
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

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

/// out[i][j] = in[j][i], in blocks that stay in the cache.
template <typename T>
void transposeMatrix(const T *in, T *out, int64_t rows, int64_t columns) {
  constexpr int64_t kBlock = 32;
  for (int64_t r = 0; r < rows; r += kBlock)
    for (int64_t c = 0; c < columns; c += kBlock) {
      int64_t rowEnd = std::min(r + kBlock, rows);
      int64_t columnEnd = std::min(c + kBlock, columns);
      for (int64_t j = c; j < columnEnd; ++j)
        for (int64_t i = r; i < rowEnd; ++i)
          out[j * rows + i] = in[i * columns + j];
    }
}

/// Copies the elements at (start + index * stride) of `in`, for every index of
/// `sizes`, to consecutive places.
template <typename T>
void gatherStrided(const T *in, T *out, ArrayRef<int64_t> sizes,
                   ArrayRef<int64_t> strides) {
  if (llvm::is_contained(sizes, 0))
    return;
  if (sizes.empty()) {
    *out = *in;
    return;
  }
  SmallVector<int64_t> index(sizes.size(), 0);
  int64_t inner = sizes.back(), step = strides.back(), at = 0;
  int64_t rows = 1;
  for (int64_t size : sizes.drop_back())
    rows *= size;
  for (int64_t row = 0; row < rows; ++row) {
    if (step == 1)
      std::memcpy(out, in + at, inner * sizeof(T));
    else
      for (int64_t i = 0; i < inner; ++i)
        out[i] = in[at + i * step];
    out += inner;
    for (int64_t axis = int64_t(sizes.size()) - 2; axis >= 0; --axis) {
      at += strides[axis];
      if (++index[axis] < sizes[axis])
        break;
      at -= strides[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
}

/// Calls f with an unsigned integer of the element's width.
template <typename F> void dispatchWidth(Type element, F f) {
  switch (getElementBytes(element)) {
  case 1:
    return f(uint8_t());
  case 4:
    return f(uint32_t());
  default:
    return f(uint64_t());
  }
}

SmallVector<int64_t> contiguousStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t axis = int64_t(shape.size()) - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

EvalTensorPtr transpose(const EvalTensor &x, ArrayRef<int64_t> perm) {
  // Axes that stay together move as one.
  SmallVector<int64_t> shape;
  for (int64_t axis : perm)
    shape.push_back(x.shape[axis]);
  EvalTensorPtr y = EvalTensor::allocate(x.element, shape);
  dispatchWidth(x.element, [&](auto zero) {
    using T = decltype(zero);
    if (perm.size() == 2 && perm[0] == 1) {
      transposeMatrix(x.as<T>(), y->mutableAs<T>(), x.shape[0], x.shape[1]);
      return;
    }
    SmallVector<int64_t> own = contiguousStrides(x.shape), strides;
    for (int64_t axis : perm)
      strides.push_back(own[axis]);
    gatherStrided(x.as<T>(), y->mutableAs<T>(), shape, strides);
  });
  return y;
}

/// The same elements in another shape.
EvalTensorPtr reshaped(EvalTensorPtr &x, ArrayRef<int64_t> shape) {
  if (x.use_count() == 1) {
    x->shape.assign(shape.begin(), shape.end());
    return x;
  }
  EvalTensorPtr y = EvalTensor::allocate(x->element, shape);
  std::memcpy(y->ownBytes(), x->bytes(), x->numBytes());
  return y;
}

EvalTensorPtr expanded(const EvalTensor &x, ArrayRef<int64_t> shape) {
  EvalTensorPtr y = EvalTensor::allocate(x.element, shape);
  Broadcast walk(shape, {&x});
  dispatchWidth(x.element, [&](auto zero) {
    using T = decltype(zero);
    int64_t size = walk.sizes.back(), step = walk.strides.back()[0];
    walk.forEachRow([&](int64_t at, ArrayRef<int64_t> offsets) {
      const T *in = x.as<T>() + offsets[0];
      T *out = y->mutableAs<T>() + at;
      if (step == 0)
        std::fill(out, out + size, *in);
      else
        std::memcpy(out, in, size * sizeof(T));
    });
  });
  return y;
}

bool evaluateGather(const EvalTensor &data, const EvalTensor &indices,
                    int64_t axis, EvalTensor &y) {
  if (axis < 0)
    axis += data.shape.size();
  int64_t outer = 1, inner = getElementBytes(data.element);
  for (int64_t i = 0; i < int64_t(data.shape.size()); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : data.shape[i];
  int64_t size = data.shape[axis], count = indices.numElements();
  char *out = y.ownBytes();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i) {
      int64_t index = indices.integerAt(i);
      if (index < 0)
        index += size;
      if (index < 0 || index >= size)
        return false;
      std::memcpy(out, data.bytes() + (o * size + index) * inner, inner);
      out += inner;
    }
  return true;
}

bool evaluateSlice(ArrayRef<EvalTensorPtr> operands, EvalTensor &y) {
  const EvalTensor &data = *operands[0];
  SmallVector<int64_t> strides = contiguousStrides(data.shape);
  int64_t start = 0;
  for (int64_t i = 0, e = operands[1]->numElements(); i < e; ++i) {
    int64_t axis = operands[3] ? operands[3]->integerAt(i) : i;
    int64_t step = operands[4] ? operands[4]->integerAt(i) : 1;
    if (axis < 0)
      axis += data.shape.size();
    if (axis < 0 || axis >= int64_t(data.shape.size()) || step == 0)
      return false;
    int64_t count;
    int64_t first = sliceBounds(data.shape[axis], operands[1]->integerAt(i),
                                operands[2]->integerAt(i), step, count);
    if (count != y.shape[axis])
      return false;
    if (count == 0)
      return true;
    start += first * strides[axis];
    strides[axis] *= step;
  }
  dispatchWidth(data.element, [&](auto zero) {
    using T = decltype(zero);
    gatherStrided(data.as<T>() + start, y.mutableAs<T>(), y.shape, strides);
  });
  return true;
}

/// y = a * b for one pair of matrices given by element strides; sums in double.
template <typename T>
void multiply(const T *a, int64_t aRow, int64_t aColumn, const T *b,
              int64_t bRow, int64_t bColumn, T *y, int64_t m, int64_t n,
              int64_t k) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      SumOf<T> sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += SumOf<T>(a[i * aRow + l * aColumn]) *
               SumOf<T>(b[l * bRow + j * bColumn]);
      y[i * n + j] = T(sum);
    }
}

EvalTensorPtr evaluateMatMul(const EvalTensor &a, const EvalTensor &b,
                             ArrayRef<int64_t> shape, Type element) {
  int64_t k = a.shape.back();
  int64_t m = a.shape.size() == 1 ? 1 : a.shape[a.shape.size() - 2];
  int64_t n = b.shape.size() == 1 ? 1 : b.shape.back();
  EvalTensorPtr y = EvalTensor::allocate(element, shape);
  if (y->numElements() == 0)
    return y;
  if (k && y->numElements() > (int64_t(1) << 33) / k)
    return nullptr;
  // Walk the batches: every matrix counts as one element.
  auto batchOf = [](const EvalTensor &x) {
    EvalTensor batch;
    if (x.shape.size() > 2)
      batch.shape.assign(x.shape.begin(), x.shape.end() - 2);
    return batch;
  };
  EvalTensor batchA = batchOf(a), batchB = batchOf(b);
  SmallVector<int64_t> batchShape(shape.begin(), shape.end());
  batchShape.truncate(shape.size() - (a.shape.size() > 1) -
                      (b.shape.size() > 1));
  bool done = dispatch(element, [&](auto zero) {
    using T = decltype(zero);
    Broadcast walk(batchShape, {&batchA, &batchB});
    int64_t size = walk.sizes.back();
    ArrayRef<int64_t> steps = walk.strides.back();
    walk.forEachRow([&](int64_t at, ArrayRef<int64_t> offsets) {
      for (int64_t i = 0; i < size; ++i)
        multiply(a.as<T>() + (offsets[0] + i * steps[0]) * m * k, k, 1,
                 b.as<T>() + (offsets[1] + i * steps[1]) * k * n, n, 1,
                 y->mutableAs<T>() + (at + i) * m * n, m, n, k);
    });
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

/// Float to integer, only where the integer exists.
template <typename From, typename To>
bool convertAll(const From *in, To *out, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      constexpr double limit = sizeof(To) == 8 ? 0x1p63 : 0x1p31;
      double value = std::trunc(double(in[i]));
      if (!(value >= -limit && value < limit))
        return false;
    }
    out[i] = To(in[i]);
  }
  return true;
}

EvalTensorPtr evaluateCast(EvalTensorPtr &x, Type to) {
  if (x->element == to)
    return x;
  EvalTensorPtr y = EvalTensor::allocate(to, x->shape);
  int64_t size = y->numElements();
  auto from = [&](auto zero) {
    using From = decltype(zero);
    const From *in = x->as<From>();
    if (to.isInteger(1)) {
      for (int64_t i = 0; i < size; ++i)
        y->mutableAs<uint8_t>()[i] = in[i] != From(0);
      return true;
    }
    return dispatch(to, [&](auto target) {
      return convertAll(in, y->mutableAs<decltype(target)>(), size);
    });
  };
  bool done =
      x->element.isInteger(1) ? from(uint8_t()) : dispatch(x->element, from);
  return done ? y : nullptr;
}

/// The static shape of a result whose bytes are reasonable, or nothing.
std::optional<SmallVector<int64_t>> staticShape(Value result) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  unsigned width = type ? getElementBytes(type.getElementType()) : 0;
  if (!width || !type.hasStaticShape())
    return std::nullopt;
  int64_t bytes = width;
  for (int64_t size : type.getShape())
    if (size && (__builtin_mul_overflow(bytes, size, &bytes) ||
                 bytes > kMaxResultBytes))
      return std::nullopt;
  return SmallVector<int64_t>(type.getShape());
}
} // namespace

//===----------------------------------------------------------------------===//
// One operation
//===----------------------------------------------------------------------===//

bool canEvaluate(Operation *op) {
  return isa_and_nonnull<ONNXDialect>(op->getDialect()) &&
         !isa<ConstantOp, NoValueOp>(op);
}

std::optional<SmallVector<EvalTensorPtr>>
evaluate(Operation *op, SmallVector<EvalTensorPtr> in) {
  SmallVector<SmallVector<int64_t>> shapes;
  for (Value result : op->getResults()) {
    if (isa<RangeOp>(op))
      break;
    std::optional<SmallVector<int64_t>> shape = staticShape(result);
    if (!shape)
      return std::nullopt;
    shapes.push_back(*shape);
  }
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  Type from = in.empty() || !in[0] ? Type() : in[0]->element;
  SmallVector<int64_t> shape =
      shapes.empty() ? SmallVector<int64_t>{} : shapes[0];
  EvalTensorPtr y;

  auto floatMap = [&](auto f) {
    dispatchFloat(element, [&](auto zero) {
      using T = decltype(zero);
      y = map<T, T>(in[0], element, [&](T v) { return T(f(v)); });
      return true;
    });
  };
  auto arithmetic = [&](auto f) {
    dispatch(element, [&](auto zero) {
      using T = decltype(zero);
      y = zip<T, T>(in[0], in[1], element, shape, f);
      return true;
    });
  };
  auto compare = [&](auto f) {
    auto go = [&](auto zero) {
      using T = decltype(zero);
      y = zip<T, uint8_t>(in[0], in[1], element, shape,
                          [&](T a, T b) { return uint8_t(f(a, b)); });
      return true;
    };
    if (from.isInteger(1))
      go(uint8_t());
    else
      dispatch(from, go);
  };
  auto fold = [&](auto f) {
    dispatch(element, [&](auto zero) {
      using T = decltype(zero);
      y = in[0];
      for (size_t i = 1; i < in.size(); ++i) {
        // The common shape so far; the last one is the result's.
        SmallVector<int64_t> wide;
        size_t rank = std::max(y->shape.size(), in[i]->shape.size());
        for (size_t axis = 0; axis < rank; ++axis) {
          auto sizeOf = [&](const EvalTensor &x) {
            return axis + x.shape.size() < rank
                       ? int64_t(1)
                       : x.shape[axis + x.shape.size() - rank];
          };
          int64_t a = sizeOf(*y), b = sizeOf(*in[i]);
          wide.push_back(a == 1 ? b : a);
        }
        EvalTensorPtr next = zip<T, T>(y, in[i], element, wide, f);
        y = next;
      }
      return true;
    });
  };
  auto reduceAxes = [&](std::optional<ArrayRef<int64_t>> axes, Reduction kind) {
    SmallVector<bool> flags(in[0]->shape.size(), !axes);
    if (axes)
      for (int64_t axis : *axes)
        flags[axis < 0 ? axis + flags.size() : axis] = true;
    y = EvalTensor::allocate(element, shape);
    if (in[0]->numElements() == 0 && y->numElements() != 0 &&
        kind != Reduction::Sum && kind != Reduction::L1) {
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

  llvm::TypeSwitch<Operation *>(op)
      .Case<AddOp>([&](Operation *) { arithmetic(AddF()); })
      .Case<SubOp>([&](Operation *) { arithmetic(SubF()); })
      .Case<MulOp>([&](Operation *) { arithmetic(MulF()); })
      .Case<DivOp>([&](Operation *) {
        if (!isa<FloatType>(element))
          for (int64_t i = 0, e = in[1]->numElements(); i < e; ++i)
            // -1 overflows for the smallest integer.
            if (in[1]->integerAt(i) == 0 || in[1]->integerAt(i) == -1)
              return;
        arithmetic([](auto a, auto b) { return a / b; });
      })
      .Case<PowOp>([&](Operation *) {
        if (!isa<FloatType>(element)) {
          // In double, as long as that is exact.
          Type wide = Float64Type::get(op->getContext());
          EvalTensorPtr a = evaluateCast(in[0], wide);
          EvalTensorPtr b = evaluateCast(in[1], wide);
          if (!a || !b)
            return;
          EvalTensorPtr power =
              zip<double, double>(a, b, wide, shape, [](double x, double e) {
                return std::pow(x, e);
              });
          for (int64_t i = 0, e = power->numElements(); i < e; ++i)
            if (!(std::fabs(power->as<double>()[i]) < 0x1p53))
              return;
          y = evaluateCast(power, element);
          return;
        }
        if (!(in[1] = evaluateCast(in[1], element)))
          return;
        arithmetic([](auto a, auto b) {
          // Squares are what exporters write; they are exactly rounded.
          if (b == 2)
            return a * a;
          return decltype(a)(std::pow(double(a), double(b)));
        });
      })
      .Case<MaxOp>([&](Operation *) { fold(MaxF()); })
      .Case<MinOp>([&](Operation *) { fold(MinF()); })
      .Case<AndOp>([&](Operation *) { compare(std::logical_and<>()); })
      .Case<OrOp>([&](Operation *) { compare(std::logical_or<>()); })
      .Case<EqualOp>([&](Operation *) { compare(std::equal_to<>()); })
      .Case<GreaterOp>([&](Operation *) { compare(std::greater<>()); })
      .Case<GreaterOrEqualOp>(
          [&](Operation *) { compare(std::greater_equal<>()); })
      .Case<LessOp>([&](Operation *) { compare(std::less<>()); })
      .Case<LessOrEqualOp>([&](Operation *) { compare(std::less_equal<>()); })
      .Case<NotOp>([&](Operation *) {
        y = map<uint8_t, uint8_t>(in[0], element,
                                  [](uint8_t v) { return uint8_t(!v); });
      })
      .Case<NegOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) {
            return std::is_integral_v<T> ? SubF()(T(0), v) : T(-v);
          });
          return true;
        });
      })
      .Case<AbsOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) {
            if constexpr (std::is_integral_v<T>)
              return v < 0 ? SubF()(T(0), v) : v;
            else
              return std::fabs(v);
          });
          return true;
        });
      })
      .Case<SignOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) {
            return v != v ? v : T(int(v > 0) - int(v < 0));
          });
          return true;
        });
      })
      .Case<ReluOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) { return v < 0 ? T(0) : v; });
          return true;
        });
      })
      .Case<SqrtOp>(
          [&](Operation *) { floatMap([](auto v) { return std::sqrt(v); }); })
      .Case<ReciprocalOp>([&](Operation *) {
        floatMap([](auto v) { return decltype(v)(1) / v; });
      })
      .Case<ExpOp>(
          [&](Operation *) { floatMap([](double v) { return std::exp(v); }); })
      .Case<LogOp>(
          [&](Operation *) { floatMap([](double v) { return std::log(v); }); })
      .Case<ErfOp>(
          [&](Operation *) { floatMap([](double v) { return std::erf(v); }); })
      .Case<TanhOp>(
          [&](Operation *) { floatMap([](double v) { return std::tanh(v); }); })
      .Case<SigmoidOp>([&](Operation *) {
        floatMap([](double v) { return 1 / (1 + std::exp(-v)); });
      })
      .Case<RoundOp>([&](Operation *) {
        floatMap([](auto v) { return roundHalfEven(v); });
      })
      .Case<FloorOp>(
          [&](Operation *) { floatMap([](auto v) { return std::floor(v); }); })
      .Case<CeilOp>(
          [&](Operation *) { floatMap([](auto v) { return std::ceil(v); }); })
      .Case<ClipOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          bool hasMin = bool(in[1]), hasMax = bool(in[2]);
          T min = hasMin ? in[1]->as<T>()[0] : T(0);
          T max = hasMax ? in[2]->as<T>()[0] : T(0);
          y = map<T, T>(in[0], element, [=](T v) {
            if (hasMin && v < min)
              v = min;
            if (hasMax && max < v)
              v = max;
            return v;
          });
          return true;
        });
      })
      .Case<WhereOp>([&](Operation *) {
        y = EvalTensor::allocate(element, shape);
        Broadcast walk(shape, {in[0].get(), in[1].get(), in[2].get()});
        ArrayRef<int64_t> steps = walk.strides.back();
        dispatchWidth(element, [&](auto zero) {
          using T = decltype(zero);
          walk.forEachRow([&](int64_t at, ArrayRef<int64_t> offsets) {
            const uint8_t *condition = in[0]->as<uint8_t>() + offsets[0];
            const T *x = in[1]->as<T>() + offsets[1];
            const T *z = in[2]->as<T>() + offsets[2];
            T *out = y->mutableAs<T>() + at;
            for (int64_t i = 0; i < walk.sizes.back(); ++i)
              out[i] =
                  condition[i * steps[0]] ? x[i * steps[1]] : z[i * steps[2]];
          });
        });
      })
      .Case<CastOp>([&](Operation *) { y = evaluateCast(in[0], element); })
      .Case<IdentityOp, DropoutOp>([&](Operation *) { y = in[0]; })
      .Case<SqueezeOp, UnsqueezeOp, ReshapeOp, FlattenOp>([&](Operation *) {
        int64_t count = 1;
        for (int64_t size : shape)
          count *= size;
        if (count == in[0]->numElements())
          y = reshaped(in[0], shape);
      })
      .Case<ShapeOp>([&](ShapeOp shapeOp) {
        int64_t rank = in[0]->shape.size();
        int64_t start = shapeOp.getStart();
        start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
        y = EvalTensor::allocate(element, shape);
        if (start + shape[0] > rank)
          y = nullptr;
        else
          std::copy_n(in[0]->shape.begin() + start, shape[0],
                      y->mutableAs<int64_t>());
      })
      .Case<SizeOp>([&](Operation *) {
        y = EvalTensor::allocate(element, shape);
        *y->mutableAs<int64_t>() = in[0]->numElements();
      })
      .Case<ConstantOfShapeOp>([&](ConstantOfShapeOp fill) {
        if (auto view = ConstantView::get(fill.getValue()))
          y = expanded(*EvalTensor::get(*view), shape);
      })
      .Case<RangeOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          T start = *in[0]->as<T>(), limit = *in[1]->as<T>(),
            delta = *in[2]->as<T>();
          double steps =
              std::ceil((double(limit) - double(start)) / double(delta));
          if (delta == 0 || !(steps < double(1 << 24)))
            return false;
          int64_t count = std::max(steps, 0.0);
          y = EvalTensor::allocate(element, {count});
          for (int64_t i = 0; i < count; ++i)
            y->mutableAs<T>()[i] = AddF()(start, MulF()(T(i), delta));
          return true;
        });
      })
      .Case<GatherOp>([&](GatherOp gather) {
        y = EvalTensor::allocate(element, shape);
        if (!evaluateGather(*in[0], *in[1], gather.getAxis(), *y))
          y = nullptr;
      })
      .Case<ConcatOp>([&](ConcatOp concat) {
        y = EvalTensor::allocate(element, shape);
        int64_t axis = concat.getAxis();
        if (axis < 0)
          axis += shape.size();
        int64_t outer = 1;
        for (int64_t size : ArrayRef<int64_t>(shape).take_front(axis))
          outer *= size;
        char *out = y->ownBytes();
        for (int64_t o = 0; o < outer; ++o)
          for (const EvalTensorPtr &part : in) {
            int64_t bytes = part->numBytes() / outer;
            std::memcpy(out, part->bytes() + o * bytes, bytes);
            out += bytes;
          }
      })
      .Case<SliceOp>([&](Operation *) {
        y = EvalTensor::allocate(element, shape);
        if (!evaluateSlice(in, *y))
          y = nullptr;
      })
      .Case<TransposeOp>([&](TransposeOp transposeOp) {
        SmallVector<int64_t> perm;
        if (transposeOp.getPermAttr())
          perm.assign(transposeOp.getPermAttr().asArrayRef().begin(),
                      transposeOp.getPermAttr().asArrayRef().end());
        else
          for (int64_t i = in[0]->shape.size(); i-- > 0;)
            perm.push_back(i);
        y = transpose(*in[0], perm);
      })
      .Case<ExpandOp>([&](Operation *) { y = expanded(*in[0], shape); })
      .Case<TileOp>([&](Operation *) {
        // Each axis becomes two: which copy, and where in it.
        SmallVector<int64_t> sizes, strides,
            own = contiguousStrides(in[0]->shape);
        for (size_t i = 0; i < shape.size(); ++i) {
          int64_t size = in[0]->shape[i];
          sizes.append({size ? shape[i] / size : 0, size});
          strides.append({0, own[i]});
        }
        y = EvalTensor::allocate(element, shape);
        dispatchWidth(element, [&](auto zero) {
          using T = decltype(zero);
          gatherStrided(in[0]->as<T>(), y->mutableAs<T>(), sizes, strides);
        });
      })
      .Case<MatMulOp>([&](Operation *) {
        y = evaluateMatMul(*in[0], *in[1], shape, element);
      })
      .Case<GemmOp>([&](GemmOp gemm) {
        dispatchFloat(element, [&](auto zero) {
          using T = decltype(zero);
          int64_t m = shape[0], n = shape[1];
          int64_t k = in[0]->shape[gemm.getTransA() ? 0 : 1];
          if (k && m * n > (int64_t(1) << 33) / k)
            return false;
          y = EvalTensor::allocate(element, shape);
          T *out = y->mutableAs<T>();
          multiply(in[0]->as<T>(), gemm.getTransA() ? 1 : k,
                   gemm.getTransA() ? m : 1, in[1]->as<T>(),
                   gemm.getTransB() ? 1 : n, gemm.getTransB() ? k : 1, out, m,
                   n, k);
          T alpha = gemm.getAlpha().convertToFloat();
          T beta = gemm.getBeta().convertToFloat();
          EvalTensorPtr c = in[2] ? expanded(*in[2], shape) : nullptr;
          for (int64_t i = 0; i < m * n; ++i) {
            out[i] = alpha * out[i];
            if (c)
              out[i] = out[i] + beta * c->as<T>()[i];
          }
          return true;
        });
      })
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
      .Default([](Operation *) {});

  if (auto split = dyn_cast<SplitOp>(op)) {
    int64_t axis = split.getAxis();
    if (axis < 0)
      axis += in[0]->shape.size();
    SmallVector<EvalTensorPtr> results;
    SmallVector<int64_t> strides = contiguousStrides(in[0]->shape);
    int64_t start = 0;
    for (ArrayRef<int64_t> own : shapes) {
      EvalTensorPtr part = EvalTensor::allocate(element, own);
      if (start + own[axis] > in[0]->shape[axis])
        return std::nullopt;
      dispatchWidth(element, [&](auto zero) {
        using T = decltype(zero);
        gatherStrided(in[0]->as<T>() + start * strides[axis],
                      part->mutableAs<T>(), own, strides);
      });
      start += own[axis];
      results.push_back(part);
    }
    return results;
  }
  if (!y)
    return std::nullopt;
  return SmallVector<EvalTensorPtr>{y};
}
} // namespace bnn
