//===- Movement.cpp - Parts of tensors, and elements that move ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/OnnxToLinalg/Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mlir::bnn::onnx {
namespace {

using Values = FailureOr<SmallVector<Value>>;

Values one(Value value) { return SmallVector<Value>{value}; }

Value extractPart(Lowering &l, Value data, ArrayRef<OpFoldResult> offsets,
                  ArrayRef<OpFoldResult> sizes,
                  ArrayRef<OpFoldResult> strides) {
  return l.b.create<tensor::ExtractSliceOp>(l.loc, data, offsets, sizes,
                                            strides);
}

/// A bound of a slice: negative ones count from the end, all are clamped.
OpFoldResult sliceBound(Lowering &l, OpFoldResult bound, OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(bound)) {
    // The bounds that stand for an end of the axis need no arithmetic.
    if (*constant >= std::numeric_limits<int32_t>::max())
      return size;
    if (*constant <= std::numeric_limits<int32_t>::min())
      return l.index(0);
    if (*constant == 0)
      return bound;
    if (*constant < 0)
      return l.max(l.add(size, bound), l.index(0));
    return l.min(bound, size);
  }
  Value b = l.asValue(bound), zero = l.asValue(l.index(0));
  Value fromEnd = l.asValue(l.add(bound, size));
  Value isNegative =
      l.b.create<arith::CmpIOp>(l.loc, arith::CmpIPredicate::slt, b, zero);
  OpFoldResult wrapped =
      l.b.create<arith::SelectOp>(l.loc, isNegative, fromEnd, b).getResult();
  return l.max(l.min(wrapped, size), l.index(0));
}

/// A bound of a slice that runs backwards: negative ones count from the end,
/// all are clamped to the last element, and to `least`: to the first element
/// where it starts, to -1, which is beyond that, where it ends.
OpFoldResult sliceBoundBackwards(Lowering &l, OpFoldResult bound,
                                 OpFoldResult size, int64_t least) {
  OpFoldResult last = l.sub(size, l.index(1));
  // An axis without elements has no first one: its last is before it.
  auto clampBelow = [&](OpFoldResult x) {
    x = l.max(x, l.index(least));
    return least < 0 ? x : l.min(x, last);
  };
  if (std::optional<int64_t> constant = getConstantIntValue(bound)) {
    if (*constant >= 0)
      return l.min(bound, last);
    if (*constant <= std::numeric_limits<int32_t>::min())
      return clampBelow(l.index(least));
    return clampBelow(l.add(size, bound));
  }
  Value b = l.asValue(bound), zero = l.asValue(l.index(0));
  Value fromEnd = l.asValue(l.add(bound, size));
  Value isNegative =
      l.b.create<arith::CmpIOp>(l.loc, arith::CmpIPredicate::slt, b, zero);
  OpFoldResult wrapped =
      l.b.create<arith::SelectOp>(l.loc, isNegative, fromEnd, b).getResult();
  return clampBelow(l.min(wrapped, last));
}

Values lowerSlice(Lowering &l, SliceOp op) {
  Value data = op.getData();
  int64_t rank = Lowering::rankOf(data);
  int64_t count = Lowering::typeOf(op.getStarts()).getDimSize(0);
  if (ShapedType::isDynamic(count))
    return op.emitError("onnx.Slice has a computed number of axes; export the "
                        "model with constant axes");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  SmallVector<int64_t> steps(count, 1);
  if (!isa<NoneType>(op.getAxes().getType())) {
    auto listed = getConstantIntegers(op.getAxes());
    if (!listed || int64_t(listed->size()) != count)
      return op.emitError("onnx.Slice has computed axes; export the model with "
                          "constant axes");
    axes = *listed;
  }
  if (failed(normalizeAxes(op, axes, rank)))
    return failure();
  if (!isa<NoneType>(op.getSteps().getType())) {
    auto listed = getConstantIntegers(op.getSteps());
    if (!listed || int64_t(listed->size()) != count ||
        llvm::any_of(*listed, [](int64_t step) {
          return step == 0 || step == INT64_MIN;
        }))
      return op.emitError("onnx.Slice is supported with constant steps other "
                          "than 0 only");
    steps = *listed;
  }
  Dims offsets(rank, l.index(0)), sizes = l.dims(data),
                                  strides(rank, l.index(1));
  bool backwards = false;
  for (int64_t i = 0; i < count; ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    OpFoldResult size = sizes[axis];
    if (steps[i] < 0) {
      backwards = true;
      OpFoldResult first =
          sliceBoundBackwards(l, l.element(op.getStarts(), i), size, 0);
      OpFoldResult last =
          sliceBoundBackwards(l, l.element(op.getEnds(), i), size, -1);
      offsets[axis] = first;
      strides[axis] = l.index(steps[i]);
      OpFoldResult known = l.knownDim(op.getOutput(), axis);
      sizes[axis] =
          known ? known
                : l.max(l.divideUp(l.sub(first, last), -steps[i]), l.index(0));
      continue;
    }
    OpFoldResult start = sliceBound(l, l.element(op.getStarts(), i), size);
    OpFoldResult end = sliceBound(l, l.element(op.getEnds(), i), size);
    offsets[axis] = start;
    strides[axis] = l.index(steps[i]);
    OpFoldResult known = l.knownDim(op.getOutput(), axis);
    sizes[axis] =
        known ? known
              : l.max(l.divideUp(l.sub(end, start), steps[i]), l.index(0));
  }
  if (!backwards)
    return one(extractPart(l, data, offsets, sizes, strides));
  // There are no views that run backwards.
  SmallVector<std::pair<Value, Value>> lines;
  for (auto [offset, stride] : llvm::zip_equal(offsets, strides))
    lines.emplace_back(l.asValue(offset), l.asValue(stride));
  return one(l.elementwise(
      sizes, Lowering::typeOf(data).getElementType(), {}, {},
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        SmallVector<Value> at;
        for (auto [axis, line] : llvm::enumerate(lines)) {
          Value i = b.create<linalg::IndexOp>(loc, axis);
          Value moved = b.create<arith::MulIOp>(loc, i, line.second);
          at.push_back(b.create<arith::AddIOp>(loc, line.first, moved));
        }
        return b.create<tensor::ExtractOp>(loc, data, at);
      }));
}

Values lowerSplit(Lowering &l, SplitOp op) {
  Value input = op.getInput();
  int64_t rank = Lowering::rankOf(input);
  int64_t axis = axisOf(op.getAxis(), rank);
  Dims dims = l.dims(input);
  int64_t pieces = op.getNumResults();
  Dims lengths;
  if (isa<NoneType>(op.getSplit().getType())) {
    lengths.assign(pieces, l.divide(dims[axis], l.index(pieces)));
  } else {
    for (int64_t i = 0; i < pieces; ++i)
      lengths.push_back(l.element(op.getSplit(), i));
  }
  Dims offsets(rank, l.index(0)), strides(rank, l.index(1));
  SmallVector<Value> results;
  for (OpFoldResult length : lengths) {
    Dims sizes = dims;
    sizes[axis] = length;
    results.push_back(extractPart(l, input, offsets, sizes, strides));
    offsets[axis] = l.add(offsets[axis], length);
  }
  return results;
}

/// Inputs that are put into one buffer, one after the other.
struct Parts {
  SmallVector<Value> inputs;
  Dims lengths; // along the axis

  OpFoldResult getLength(Lowering &l) const {
    OpFoldResult total = l.index(0);
    for (OpFoldResult length : lengths)
      total = l.add(total, length);
    return total;
  }
};

/// The parts along `axis` of a tensor whose other dimensions are `dims`.
Value concatenate(Lowering &l, const Parts &parts, int64_t axis, Dims dims,
                  Type element) {
  const int64_t rank = dims.size();
  Dims offsets(rank, l.index(0)), strides(rank, l.index(1));
  dims[axis] = parts.getLength(l);
  Value result = l.empty(dims, element);
  for (auto [input, length] : llvm::zip_equal(parts.inputs, parts.lengths)) {
    Dims sizes = dims;
    sizes[axis] = length;
    Value part = l.castToDims(input, sizes);
    result = l.b.create<tensor::InsertSliceOp>(l.loc, part, result, offsets,
                                               sizes, strides);
    offsets[axis] = l.add(offsets[axis], length);
  }
  return result;
}

/// The parts in groups of `size`, each of them one part.
Parts group(Lowering &l, const Parts &parts, size_t size, int64_t axis,
            const Dims &dims, Type element) {
  Parts groups;
  for (size_t first = 0; first < parts.inputs.size(); first += size) {
    size_t count = std::min(size, parts.inputs.size() - first);
    Parts own;
    own.inputs.assign(parts.inputs.begin() + first,
                      parts.inputs.begin() + first + count);
    own.lengths.assign(parts.lengths.begin() + first,
                       parts.lengths.begin() + first + count);
    groups.inputs.push_back(
        count == 1 ? own.inputs[0] : concatenate(l, own, axis, dims, element));
    groups.lengths.push_back(own.getLength(l));
  }
  return groups;
}

Values lowerConcat(Lowering &l, ConcatOp op) {
  int64_t rank = Lowering::rankOf(op.getConcatResult());
  int64_t axis = axisOf(op.getAxis(), rank);
  Dims dims = l.dims(op.getInputs().front());
  Parts parts;
  for (Value input : op.getInputs()) {
    parts.inputs.push_back(input);
    parts.lengths.push_back(l.dim(input, axis));
    // One input may know what another does not.
    for (int64_t other = 0; other < rank; ++other)
      if (!Lowering::typeOf(input).isDynamicDim(other))
        dims[other] = l.index(Lowering::typeOf(input).getDimSize(other));
  }
  // Bufferisation walks back along each chain of insertions, from every one of
  // them: a long chain costs the square of its length.
  static constexpr size_t kLongestChain = 32;
  Type element = Lowering::typeOf(op.getConcatResult()).getElementType();
  while (parts.inputs.size() > kLongestChain)
    parts = group(l, parts, kLongestChain, axis, dims, element);
  return one(concatenate(l, parts, axis, dims, element));
}

/// An index, counted from the end if it is negative, and clamped into the axis.
Value clampIndex(OpBuilder &b, Location loc, Value index, Value length,
                 Value last, Value zero) {
  Value i = b.create<arith::IndexCastOp>(loc, b.getIndexType(), index);
  Value isNegative =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, i, zero);
  Value fromEnd = b.create<arith::AddIOp>(loc, i, length);
  i = b.create<arith::SelectOp>(loc, isNegative, fromEnd, i);
  // Whatever the input says, nothing outside the table is read.
  i = b.create<arith::MinSIOp>(loc, i, last);
  return b.create<arith::MaxSIOp>(loc, i, zero);
}

Values lowerGather(Lowering &l, GatherOp op) {
  Value data = op.getData(), indices = op.getIndices();
  int64_t rank = Lowering::rankOf(data), picks = Lowering::rankOf(indices);
  int64_t axis = axisOf(op.getAxis(), rank);
  Dims dataDims = l.dims(data);
  auto constants = getConstantIntegers(indices);

  // One constant index is a slice.
  if (constants && picks == 0) {
    int64_t i = constants->front();
    Dims offsets(rank, l.index(0)), sizes = dataDims, strides(rank, l.index(1));
    offsets[axis] = i < 0 ? l.add(dataDims[axis], l.index(i)) : l.index(i);
    sizes[axis] = l.index(1);
    return one(
        l.dropUnitAxes(extractPart(l, data, offsets, sizes, strides), {axis}));
  }

  ArrayRef<OpFoldResult> all(dataDims);
  Dims dims(all.take_front(axis));
  llvm::append_range(dims, l.dims(indices));
  llvm::append_range(dims, all.drop_front(axis + 1));
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < picks; ++i)
    exprs.push_back(l.b.getAffineDimExpr(unsigned(axis + i)));
  AffineMap map =
      AffineMap::get(unsigned(dims.size()), 0, exprs, l.b.getContext());
  Value length = l.asValue(dataDims[axis]);
  Value zero = l.asValue(l.index(0));
  Value last = l.asValue(l.sub(dataDims[axis], l.index(1)));
  return one(l.elementwise(
      dims, Lowering::typeOf(data).getElementType(), indices, map,
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value i = clampIndex(b, loc, v[0], length, last, zero);
        SmallVector<Value> at;
        for (int64_t d = 0; d < axis; ++d)
          at.push_back(b.create<linalg::IndexOp>(loc, d));
        at.push_back(i);
        for (int64_t d = axis + 1; d < rank; ++d)
          at.push_back(b.create<linalg::IndexOp>(loc, d - 1 + picks));
        return b.create<tensor::ExtractOp>(loc, data, at);
      }));
}

Values lowerGatherElements(Lowering &l, GatherElementsOp op) {
  Value data = op.getData(), indices = op.getIndices();
  int64_t rank = Lowering::rankOf(data), axis = axisOf(op.getAxis(), rank);
  Dims dataDims = l.dims(data), dims = l.dims(indices);
  SmallVector<Value> last;
  for (int64_t d = 0; d < rank; ++d)
    last.push_back(l.asValue(l.sub(dataDims[d], l.index(1))));
  Value length = l.asValue(dataDims[axis]), zero = l.asValue(l.index(0));
  return one(l.elementwise(
      dims, Lowering::typeOf(data).getElementType(), indices,
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        SmallVector<Value> at;
        for (int64_t d = 0; d < rank; ++d) {
          Value i = b.create<linalg::IndexOp>(loc, d);
          at.push_back(d == axis
                           ? clampIndex(b, loc, v[0], length, last[d], zero)
                           : b.create<arith::MinSIOp>(loc, i, last[d]));
        }
        return b.create<tensor::ExtractOp>(loc, data, at);
      }));
}

Values lowerTrilu(Lowering &l, TriluOp op) {
  Value input = op.getInput();
  int64_t rank = Lowering::rankOf(input);
  Type element = Lowering::typeOf(input).getElementType();
  bool upper = op.getUpper();
  OpFoldResult diagonal =
      isa<NoneType>(op.getK().getType()) ? l.index(0) : l.element(op.getK(), 0);
  Value k = l.asValue(diagonal);
  Value zero = l.constant(l.b.getZeroAttr(Lowering::signlessType(element)));
  return one(l.elementwise(
      l.dims(input), element, input,
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value row = b.create<linalg::IndexOp>(loc, rank - 2);
        Value column = b.create<linalg::IndexOp>(loc, rank - 1);
        Value distance = b.create<arith::SubIOp>(loc, column, row);
        Value keep = b.create<arith::CmpIOp>(
            loc, upper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle,
            distance, k);
        return b.create<arith::SelectOp>(loc, keep, v[0], zero);
      }));
}

Values lowerTranspose(Lowering &l, TransposeOp op) {
  Value data = op.getData();
  int64_t rank = Lowering::rankOf(data);
  SmallVector<int64_t> perm;
  if (op.getPerm())
    perm.assign(op.getPerm()->begin(), op.getPerm()->end());
  else
    for (int64_t axis = rank - 1; axis >= 0; --axis)
      perm.push_back(axis);
  Dims dims;
  for (int64_t axis : perm)
    dims.push_back(l.dim(data, axis));
  Value out = l.empty(dims, Lowering::typeOf(data).getElementType());
  return one(
      l.b.create<linalg::TransposeOp>(l.loc, data, out, perm)->getResult(0));
}

Values lowerTile(Lowering &l, TileOp op) {
  Value input = op.getInput();
  Dims own = l.dims(input), dims;
  for (auto [axis, dim] : llvm::enumerate(own)) {
    OpFoldResult known = l.knownDim(op.getOutput(), int64_t(axis));
    dims.push_back(known ? known
                         : l.mul(dim, l.element(op.getRepeats(), axis)));
  }
  SmallVector<Value> lengths;
  for (OpFoldResult dim : own)
    lengths.push_back(l.asValue(dim));
  return one(
      l.elementwise(dims, Lowering::typeOf(input).getElementType(), {}, {},
                    [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                      SmallVector<Value> at;
                      for (auto [axis, length] : llvm::enumerate(lengths))
                        at.push_back(b.create<arith::RemUIOp>(
                            loc, b.create<linalg::IndexOp>(loc, axis), length));
                      return b.create<tensor::ExtractOp>(loc, input, at);
                    }));
}

} // namespace

Lowered lowerMovement(Lowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, Lowered>(op)
      .Case([&](SliceOp o) { return lowerSlice(l, o); })
      .Case([&](SplitOp o) { return lowerSplit(l, o); })
      .Case([&](ConcatOp o) { return lowerConcat(l, o); })
      .Case([&](GatherOp o) { return lowerGather(l, o); })
      .Case([&](GatherElementsOp o) { return lowerGatherElements(l, o); })
      .Case([&](TransposeOp o) { return lowerTranspose(l, o); })
      .Case([&](TriluOp o) { return lowerTrilu(l, o); })
      .Case([&](TileOp o) { return lowerTile(l, o); })
      .Case([&](IdentityOp o) { return one(o.getX()); })
      .Case([&](DropoutOp o) { return one(o.getData()); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace mlir::bnn::onnx
