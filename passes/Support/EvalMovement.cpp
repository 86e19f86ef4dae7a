//===- EvalMovement.cpp - Shapes, and elements that move ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/SymbolicShapes.h"
#include "passes/Support/Evaluation.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

SmallVector<int64_t> bnn::contiguousStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t axis = int64_t(shape.size()) - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

namespace {

int64_t normalized(int64_t axis, size_t rank) {
  return axis < 0 ? axis + int64_t(rank) : axis;
}

/// The tensor broadcast to `shape`.
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

EvalTensorPtr same(Evaluation &e) { return e.in[0]; }

/// Squeeze, Unsqueeze, Reshape and Flatten.
EvalTensorPtr reshape(Evaluation &e) {
  int64_t count = 1;
  for (int64_t size : e.shape)
    count *= size;
  return count == e.in[0]->numElements() ? reshaped(e.in[0], e.shape) : nullptr;
}

EvalTensorPtr move(ShapeOp op, Evaluation &e) {
  int64_t rank = e.in[0]->shape.size();
  int64_t start = std::clamp<int64_t>(normalized(op.getStart(), rank), 0, rank);
  if (start + e.shape[0] > rank)
    return nullptr;
  EvalTensorPtr y = e.allocate();
  std::copy_n(e.in[0]->shape.begin() + start, e.shape[0],
              y->mutableAs<int64_t>());
  return y;
}

EvalTensorPtr move(SizeOp, Evaluation &e) {
  EvalTensorPtr y = e.allocate();
  *y->mutableAs<int64_t>() = e.in[0]->numElements();
  return y;
}

EvalTensorPtr move(ConstantOfShapeOp op, Evaluation &e) {
  std::optional<ConstantView> view = ConstantView::get(op.getValue());
  return view ? expanded(*EvalTensor::get(*view), e.shape) : nullptr;
}

EvalTensorPtr move(GatherOp op, Evaluation &e) {
  const EvalTensor &data = *e.in[0], &indices = *e.in[1];
  int64_t axis = normalized(op.getAxis(), data.shape.size());
  int64_t outer = 1, inner = getElementBytes(data.element);
  for (int64_t i = 0; i < int64_t(data.shape.size()); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : data.shape[i];
  int64_t size = data.shape[axis], count = indices.numElements();
  EvalTensorPtr y = e.allocate();
  char *out = y->ownBytes();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i) {
      int64_t index = normalized(indices.integerAt(i), size);
      if (index < 0 || index >= size)
        return nullptr;
      std::memcpy(out, data.bytes() + (o * size + index) * inner, inner);
      out += inner;
    }
  return y;
}

EvalTensorPtr move(GatherElementsOp op, Evaluation &e) {
  const EvalTensor &data = *e.in[0];
  int64_t axis = normalized(op.getAxis(), e.shape.size());
  for (size_t i = 0; i < e.shape.size(); ++i)
    if (int64_t(i) != axis && e.shape[i] > data.shape[i])
      return nullptr;
  EvalTensorPtr y = e.allocate();
  SmallVector<int64_t> strides = contiguousStrides(data.shape);
  SmallVector<int64_t> own = contiguousStrides(e.shape);
  int64_t size = data.shape[axis], width = getElementBytes(e.element);
  for (int64_t i = 0, n = y->numElements(); i < n; ++i) {
    int64_t at = 0;
    for (size_t d = 0; d < e.shape.size(); ++d)
      if (int64_t(d) != axis)
        at += i / own[d] % e.shape[d] * strides[d];
    int64_t index = normalized(e.in[1]->integerAt(i), size);
    if (index < 0 || index >= size)
      return nullptr;
    std::memcpy(y->ownBytes() + i * width,
                data.bytes() + (at + index * strides[axis]) * width, width);
  }
  return y;
}

EvalTensorPtr move(ConcatOp op, Evaluation &e) {
  EvalTensorPtr y = e.allocate();
  int64_t axis = normalized(op.getAxis(), e.shape.size());
  int64_t outer = 1;
  for (int64_t size : ArrayRef<int64_t>(e.shape).take_front(axis))
    outer *= size;
  char *out = y->ownBytes();
  for (int64_t o = 0; o < outer; ++o)
    for (const EvalTensorPtr &part : e.in) {
      int64_t bytes = part->numBytes() / outer;
      std::memcpy(out, part->bytes() + o * bytes, bytes);
      out += bytes;
    }
  return y;
}

EvalTensorPtr move(SliceOp, Evaluation &e) {
  const EvalTensor &data = *e.in[0];
  EvalTensorPtr y = e.allocate();
  SmallVector<int64_t> strides = contiguousStrides(data.shape);
  int64_t start = 0;
  for (int64_t i = 0, n = e.in[1]->numElements(); i < n; ++i) {
    int64_t axis =
        normalized(e.in[3] ? e.in[3]->integerAt(i) : i, data.shape.size());
    int64_t step = e.in[4] ? e.in[4]->integerAt(i) : 1;
    if (axis < 0 || axis >= int64_t(data.shape.size()) || step == 0)
      return nullptr;
    int64_t count;
    int64_t first = sliceBounds(data.shape[axis], e.in[1]->integerAt(i),
                                e.in[2]->integerAt(i), step, count);
    if (count != y->shape[axis])
      return nullptr;
    if (count == 0)
      return y;
    start += first * strides[axis];
    strides[axis] *= step;
  }
  dispatchWidth(data.element, [&](auto zero) {
    using T = decltype(zero);
    gatherStrided(data.as<T>() + start, y->mutableAs<T>(), y->shape, strides);
  });
  return y;
}

EvalTensorPtr move(TransposeOp op, Evaluation &e) {
  SmallVector<int64_t> perm;
  if (op.getPerm())
    perm.assign(op.getPerm()->begin(), op.getPerm()->end());
  else
    for (int64_t i = e.in[0]->shape.size(); i-- > 0;)
      perm.push_back(i);
  return transpose(*e.in[0], perm);
}

EvalTensorPtr move(ExpandOp, Evaluation &e) {
  return expanded(*e.in[0], e.shape);
}

EvalTensorPtr move(TileOp, Evaluation &e) {
  // Each axis becomes two: which copy, and where in it.
  SmallVector<int64_t> sizes, strides, own = contiguousStrides(e.in[0]->shape);
  for (size_t i = 0; i < e.shape.size(); ++i) {
    int64_t size = e.in[0]->shape[i];
    sizes.append({size ? e.shape[i] / size : 0, size});
    strides.append({0, own[i]});
  }
  EvalTensorPtr y = e.allocate();
  dispatchWidth(e.element, [&](auto zero) {
    using T = decltype(zero);
    gatherStrided(e.in[0]->as<T>(), y->mutableAs<T>(), sizes, strides);
  });
  return y;
}

EvalTensorPtr move(TriluOp op, Evaluation &e) {
  int64_t k = e.in[1] ? e.in[1]->integerAt(0) : 0;
  bool upper = op.getUpper();
  int64_t rows = e.shape[e.shape.size() - 2], columns = e.shape.back();
  int64_t width = getElementBytes(e.element);
  EvalTensorPtr y = e.allocate();
  for (int64_t i = 0, n = y->numElements(); i < n; ++i) {
    int64_t column = i % columns, row = i / columns % rows;
    bool keep = upper ? column - row >= k : column - row <= k;
    if (keep)
      std::memcpy(y->ownBytes() + i * width, e.in[0]->bytes() + i * width,
                  width);
    else
      std::memset(y->ownBytes() + i * width, 0, width);
  }
  return y;
}

EvalTensorPtr move(WhereOp, Evaluation &e) {
  EvalTensorPtr y = e.allocate();
  Broadcast walk(e.shape, {e.in[0].get(), e.in[1].get(), e.in[2].get()});
  ArrayRef<int64_t> steps = walk.strides.back();
  dispatchWidth(e.element, [&](auto zero) {
    using T = decltype(zero);
    walk.forEachRow([&](int64_t at, ArrayRef<int64_t> offsets) {
      const uint8_t *condition = e.in[0]->as<uint8_t>() + offsets[0];
      const T *x = e.in[1]->as<T>() + offsets[1];
      const T *z = e.in[2]->as<T>() + offsets[2];
      T *out = y->mutableAs<T>() + at;
      for (int64_t i = 0; i < walk.sizes.back(); ++i)
        out[i] = condition[i * steps[0]] ? x[i * steps[1]] : z[i * steps[2]];
    });
  });
  return y;
}

/// start, start + delta, ...; a float is rounded twice, as in the lowering.
EvalTensorPtr move(RangeOp, Evaluation &e) {
  EvalTensorPtr y;
  dispatch(e.element, [&](auto zero) {
    using T = decltype(zero);
    T start = *e.in[0]->as<T>(), limit = *e.in[1]->as<T>(),
      delta = *e.in[2]->as<T>();
    double steps = std::ceil((double(limit) - double(start)) / double(delta));
    if (delta == 0 || !(steps < double(INT64_MAX / 16)))
      return false;
    int64_t count = std::max(steps, 0.0);
    if (!e.budget.hasMemory(count * sizeof(T)) ||
        !e.budget.takeOperations(count))
      return false;
    y = EvalTensor::allocate(e.element, {count});
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_integral_v<T>) {
        using U = std::make_unsigned_t<T>;
        y->mutableAs<T>()[i] = T(U(start) + U(i) * U(delta));
      } else {
        T step = T(i) * delta;
        y->mutableAs<T>()[i] = withOneNaN(start + step);
      }
    }
    return true;
  });
  return y;
}

} // namespace

std::optional<EvalTensorPtr> bnn::evaluateMovement(Evaluation &e) {
  using Result = std::optional<EvalTensorPtr>;
  return llvm::TypeSwitch<Operation *, Result>(e.op)
      .Case<IdentityOp, DropoutOp>([&](auto) { return same(e); })
      .Case<SqueezeOp, UnsqueezeOp, ReshapeOp, FlattenOp>(
          [&](auto) { return reshape(e); })
      .Case<ShapeOp, SizeOp, ConstantOfShapeOp, RangeOp, GatherOp,
            GatherElementsOp, ConcatOp, SliceOp, TransposeOp, ExpandOp, TileOp,
            TriluOp, WhereOp>([&](auto op) { return move(op, e); })
      .Default([](Operation *) -> Result { return std::nullopt; });
}

std::optional<SmallVector<EvalTensorPtr>>
bnn::evaluateSplit(SplitOp split, ArrayRef<EvalTensorPtr> in,
                   ArrayRef<SmallVector<int64_t>> shapes) {
  Type element = in[0]->element;
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
