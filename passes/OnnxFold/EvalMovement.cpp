// Shapes, and elements that move.
#include "dialects/ONNX/SymbolicShapes.h"
#include "passes/OnnxFold/EvalSupport.h"

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
SmallVector<int64_t> contiguousStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t axis = int64_t(shape.size()) - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
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

namespace {
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
} // namespace

bool Evaluator::movement() {
  bool known = true;
  llvm::TypeSwitch<Operation *>(op)
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
      .Case<GatherElementsOp>([&](GatherElementsOp gather) {
        int64_t axis = gather.getAxis();
        if (axis < 0)
          axis += shape.size();
        for (size_t i = 0; i < shape.size(); ++i)
          if (int64_t(i) != axis && shape[i] > in[0]->shape[i])
            return;
        y = EvalTensor::allocate(element, shape);
        SmallVector<int64_t> strides = contiguousStrides(in[0]->shape);
        SmallVector<int64_t> own = contiguousStrides(shape);
        int64_t size = in[0]->shape[axis], width = getElementBytes(element);
        for (int64_t i = 0, e = y->numElements(); i < e; ++i) {
          int64_t at = 0;
          for (size_t d = 0; d < shape.size(); ++d)
            if (int64_t(d) != axis)
              at += i / own[d] % shape[d] * strides[d];
          int64_t index = in[1]->integerAt(i);
          if (index < 0)
            index += size;
          if (index < 0 || index >= size) {
            y = nullptr;
            return;
          }
          std::memcpy(y->ownBytes() + i * width,
                      in[0]->bytes() + (at + index * strides[axis]) * width,
                      width);
        }
      })
      .Case<TriluOp>([&](TriluOp trilu) {
        int64_t k = in[1] ? in[1]->integerAt(0) : 0;
        bool upper = trilu.getUpper();
        int64_t rows = shape[shape.size() - 2], columns = shape.back();
        int64_t width = getElementBytes(element);
        y = EvalTensor::allocate(element, shape);
        for (int64_t i = 0, e = y->numElements(); i < e; ++i) {
          int64_t column = i % columns, row = i / columns % rows;
          bool keep = upper ? column - row >= k : column - row <= k;
          if (keep)
            std::memcpy(y->ownBytes() + i * width, in[0]->bytes() + i * width,
                        width);
          else
            std::memset(y->ownBytes() + i * width, 0, width);
        }
      })
      .Default([&](Operation *) { known = false; });
  return known;
}

std::optional<SmallVector<EvalTensorPtr>>
evaluateSplit(SplitOp split, ArrayRef<EvalTensorPtr> in,
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
} // namespace mlir::bnn
