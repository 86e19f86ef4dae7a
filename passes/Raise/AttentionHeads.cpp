//===- AttentionHeads.cpp - Query, key and value, and their heads ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a factor of attention's products back to the bits, and to the tensor
// [batch, tokens, channels] that was split into heads. On the way there may be
// scales: what does not differ within a sum is a factor of it.
//
//===----------------------------------------------------------------------===//

#include "dialects/ONNX/HalfFloats.h"
#include "passes/Raise/AttentionMatcher.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bnn;

SmallVector<int64_t> bnn::permutationOf(onnx::TransposeOp op) {
  if (auto perm = op.getPerm())
    return SmallVector<int64_t>(*perm);
  int64_t rank = cast<ShapedType>(op.getType()).getRank();
  SmallVector<int64_t> reversed;
  for (int64_t i = rank; i-- > 0;)
    reversed.push_back(i);
  return reversed;
}

//===----------------------------------------------------------------------===//
// Operators on the way
//===----------------------------------------------------------------------===//

// Goes back over transpositions. Axis i of what it began with is axis axes[i]
// of the result; `axes` is empty where that is not known.
static Value untransposed(Value value, SmallVector<int64_t> &axes) {
  while (auto transpose = value.getDefiningOp<onnx::TransposeOp>()) {
    SmallVector<int64_t> perm = permutationOf(transpose);
    if (perm.size() != axes.size())
      axes.clear();
    if (axes.empty())
      break;
    for (int64_t &axis : axes)
      axis = perm[axis];
    value = transpose.getData();
  }
  return value;
}

Value AttentionMatcher::visited(Operation *op) {
  return failed(shapes.visit(op)) ? Value() : op->getResult(0);
}

// The type of a tensor of four dimensions with its axes in another order.
static RankedTensorType transposedType(RankedTensorType type,
                                       ArrayRef<int64_t> perm) {
  SmallVector<int64_t> sizes;
  for (int64_t axis : perm)
    sizes.push_back(type.getDimSize(axis));
  return RankedTensorType::get(sizes, type.getElementType());
}

Value AttentionMatcher::createTranspose(Value value, ArrayRef<int64_t> perm) {
  if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  return visited(rewriter.create<onnx::TransposeOp>(
      value.getLoc(), transposedType(type, perm), value,
      rewriter.getDenseI64ArrayAttr(perm)));
}

static Value createIntegers(OpBuilder &b, Location loc,
                            ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, b.getI64Type());
  return b.create<onnx::ConstantOp>(loc, type,
                                    DenseIntElementsAttr::get(type, values));
}

// [..] as [1, .., 1, ..] of four dimensions; `atEnd` has one more of them last.
Value AttentionMatcher::createFourDimensions(Value value, bool atEnd) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> axes, sizes(type.getShape());
  for (int64_t i = 0; i < 4 - type.getRank() - int64_t(atEnd); ++i)
    axes.push_back(i);
  sizes.insert(sizes.begin(), axes.size(), 1);
  if (atEnd) {
    axes.push_back(3);
    sizes.push_back(1);
  }
  if (axes.empty())
    return value;
  Location loc = value.getLoc();
  Value list = createIntegers(rewriter, loc, axes);
  if (!visited(list.getDefiningOp()))
    return Value();
  return visited(rewriter.create<onnx::UnsqueezeOp>(
      loc, RankedTensorType::get(sizes, type.getElementType()), value, list));
}

// A constant of at most four dimensions with its axes in another order.
static Value createTransposed(OpBuilder &b, Location loc,
                              const onnx::ConstantView &view,
                              ArrayRef<int64_t> perm) {
  SmallVector<int64_t> sizes(4 - view.getType().getRank(), 1);
  llvm::append_range(sizes, view.getType().getShape());
  int64_t strides[4] = {0, 0, 0, 1};
  for (int i = 3; i-- > 0;)
    strides[i] = strides[i + 1] * sizes[i + 1];
  auto type =
      transposedType(RankedTensorType::get(sizes, b.getF32Type()), perm);
  SmallVector<float> values;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    int64_t left = i, from = 0;
    for (int64_t d = 4; d-- > 0; left /= type.getDimSize(d))
      from += left % type.getDimSize(d) * strides[perm[d]];
    values.push_back(view.at<float>(from));
  }
  return b.create<onnx::ConstantOp>(
      loc, type, DenseElementsAttr::get(type, ArrayRef<float>(values)));
}

// A factor with four dimensions, in the order of `axes`.
Value AttentionMatcher::createFactor(Value value, ArrayRef<int64_t> axes) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() > 4 || !type.getElementType().isF32() ||
      axes.size() != 4)
    return Value();
  if (auto view = onnx::ConstantView::get(value))
    return visited(createTransposed(rewriter, value.getLoc(), *view, axes)
                       .getDefiningOp());
  Value whole = createFourDimensions(value, /*atEnd=*/false);
  return whole ? createTranspose(whole, axes) : Value();
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

std::optional<ScaledValue> bnn::matchScaled(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<onnx::MulOp, onnx::DivOp>(op))
    return std::nullopt;
  const bool isDivisor = isa<onnx::DivOp>(op);
  std::optional<ScaledValue> found;
  for (bool swap : {false, true}) {
    Value of = op->getOperand(swap), by = op->getOperand(!swap);
    if ((swap && isDivisor) || of.getType() != value.getType() ||
        onnx::ConstantView::get(of))
      continue;
    // A constant is the scale, else what is broadcast.
    if (onnx::ConstantView::get(by))
      return ScaledValue{of, by, isDivisor, op};
    if (by.getType() != value.getType())
      found = ScaledValue{of, by, isDivisor, op};
  }
  return found;
}

// Reshape(bits * scale) of [batch, tokens, channels] as Reshape(bits) * scale.
std::optional<Value> AttentionMatcher::stepBelowSplit(onnx::ReshapeOp reshape,
                                                      ArrayRef<int64_t> axes,
                                                      Heads &heads) {
  auto split = dyn_cast<RankedTensorType>(reshape.getType());
  auto whole = dyn_cast<RankedTensorType>(reshape.getData().getType());
  auto scaled = matchScaled(reshape.getData());
  if (!scaled || !split || !whole || split.getRank() != 4 ||
      whole.getRank() != 3 || split.isDynamicDim(2) || split.isDynamicDim(3))
    return std::nullopt;
  const int64_t count = split.getDimSize(2), size = split.getDimSize(3);
  auto type = dyn_cast<RankedTensorType>(scaled->by.getType());
  Value factor;
  if (auto row = matchRowVector(scaled->by, count * size)) {
    // [heads, 1] where all channels of a head have one scale.
    bool isOfHeads = true;
    for (int64_t c = 0; c < count * size; ++c)
      isOfHeads &= (*row)[c] == (*row)[c / size * size];
    SmallVector<float> perHead;
    for (int64_t h = 0; h < count; ++h)
      perHead.push_back((*row)[h * size]);
    auto rowType = RankedTensorType::get({count, isOfHeads ? 1 : size},
                                         rewriter.getF32Type());
    factor = rewriter.create<onnx::ConstantOp>(
        reshape.getLoc(), rowType,
        DenseElementsAttr::get(rowType,
                               ArrayRef<float>(isOfHeads ? perHead : *row)));
    if (!visited(factor.getDefiningOp()))
      return std::nullopt;
  } else if (type && type.getRank() > 0 && type.getRank() <= 3 &&
             type.getShape().back() == 1) {
    factor = createFourDimensions(scaled->by, /*atEnd=*/true);
  }
  if (factor)
    factor = createFactor(factor, axes);
  auto clone = cast<onnx::ReshapeOp>(rewriter.clone(*reshape));
  clone.getDataMutable().assign(scaled->of);
  if (!factor || !visited(clone))
    return std::nullopt;
  heads.factors.push_back({factor, scaled->isDivisor, scaled->op});
  return clone.getReshaped();
}

// What `value` was before one scale; its axes are those of the operand by
// `axes`.
std::optional<Value> AttentionMatcher::stepOverScale(Value value,
                                                     SmallVector<int64_t> &axes,
                                                     double &scalar,
                                                     Heads &heads) {
  value = untransposed(value, axes);
  if (axes.empty())
    return std::nullopt;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfterValue(value);
  if (auto reshape = value.getDefiningOp<onnx::ReshapeOp>())
    return stepBelowSplit(reshape, axes, heads);
  auto scaled = matchScaled(value);
  if (!scaled)
    return std::nullopt;
  if (auto constant = onnx::getConstantScalar(scaled->by)) {
    scalar = scaled->isDivisor ? scalar / *constant : scalar * *constant;
    return scaled->of;
  }
  Value factor = createFactor(scaled->by, axes);
  if (!factor)
    return std::nullopt;
  heads.factors.push_back({factor, scaled->isDivisor, scaled->op});
  return scaled->of;
}

// Whether the scales are factors of sums: of each score they are, if they do
// not differ from channel to channel, of the context, if they do not from token
// to token.
bool AttentionMatcher::checkFactors(const Heads &heads) {
  const bool isValue = &heads == &value;
  const int64_t summed = &heads == &query ? 3 : 2;
  for (const HeadFactor &factor : heads.factors) {
    auto type = cast<RankedTensorType>(factor.tensor.getType());
    Value at = factor.op->getResult(0);
    if (type.getDimSize(summed) != 1)
      return refuse(at,
                    "the scale of the " + heads.role + " differs from " +
                        (isValue ? "token to token" : "channel to channel"));
    if (isValue &&
        (!onnx::ConstantView::get(factor.tensor) || type.getDimSize(0) != 1))
      return refuse(at, "the scale of the " + heads.role +
                            " is computed at run time");
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

// [batch, tokens, heads * size] again of what has heads: axis order[i] of what
// was split is axis axes[i] of `source`.
bool AttentionMatcher::rejoin(Value source, ArrayRef<int64_t> axes,
                              ArrayRef<int64_t> order, Heads &heads) {
  auto type = dyn_cast<RankedTensorType>(source.getType());
  if (axes.size() != 4 || !type || type.getRank() != 4 ||
      !type.getElementType().isF32())
    return false;
  SmallVector<int64_t> perm(4);
  for (int64_t i = 0; i < 4; ++i)
    perm[order[i]] = axes[i];
  const int64_t count = type.getDimSize(perm[2]),
                size = type.getDimSize(perm[3]);
  if (ShapedType::isDynamic(count) || ShapedType::isDynamic(size) || !count ||
      !size)
    return false;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfterValue(source);
  Location loc = source.getLoc();
  Value split = createTranspose(source, perm);
  Value shape = createIntegers(rewriter, loc, {0, 0, count * size});
  if (!split || !visited(shape.getDefiningOp()))
    return false;
  Value joined = visited(rewriter.create<onnx::ReshapeOp>(
      loc,
      RankedTensorType::get(
          {type.getDimSize(perm[0]), type.getDimSize(perm[1]), count * size},
          type.getElementType()),
      split, shape));
  if (!joined)
    return false;
  heads.input = joined;
  heads.heads = count;
  heads.size = size;
  if (heads.shift.size() == 1)
    heads.shift.resize(count * size, heads.shift[0]);
  return true;
}

// Whether a tensor was reshaped, and then perhaps transposed.
static bool isReshaped(Value value) {
  while (auto transpose = value.getDefiningOp<onnx::TransposeOp>())
    value = transpose.getData();
  return bool(value.getDefiningOp<onnx::ReshapeOp>());
}

// Undoes Mul by a scalar, Sign, Transpose and Reshape, in whichever order they
// stand, or a quantiser, down to the tensor that was split into heads. `start`
// are the axes of `source`.
bool AttentionMatcher::matchBits(Value source, ArrayRef<int64_t> start,
                                 ArrayRef<int64_t> order, Heads &heads,
                                 bool takesIntegers) {
  SmallVector<int64_t> axes(start);
  auto through = [&](Value value) { return untransposed(value, axes); };
  static_cast<BinaryInput &>(heads) = BinaryInput();
  heads.isUnsigned = false;
  Type format;
  bool areBitsSplit = false; // And not what they are made of.
  std::string whyNot;
  auto quantiser = matchQuantiser(source, through, &whyNot);
  if (quantiser && quantiser->element.getIsSigned()) {
    heads.alpha = heads.step = quantiser->step;
    heads.element = quantiser->element;
    source = quantiser->input;
  } else {
    axes.assign(start.begin(), start.end());
    source = through(source);
    heads.element = BitsType::get(source.getContext(), /*isSigned=*/true, 1);
    // Signs times a number of 16 bits are rounded to themselves.
    auto round = source.getDefiningOp<onnx::RoundToHalfOp>();
    if (round && matchTimesScalar<onnx::MulOp>(round.getX())) {
      format = round.getFormat();
      source = round.getX();
    }
    if (auto scaled = matchTimesScalar<onnx::MulOp>(source)) {
      heads.alpha = scaled->second;
      source = through(scaled->first);
    }
    std::optional<BinaryInput> bits;
    auto sign = source.getDefiningOp<onnx::SignOp>();
    // A sign of a sign, or of what is negated.
    if (sign && !isReshaped(sign.getX()) && (bits = matchSign(source)))
      sign = {};
    if (auto split = source.getDefiningOp<onnx::ReshapeOp>()) {
      bits = matchBinaryInput(split.getData(), nullptr, /*takesShift=*/true,
                              takesIntegers);
      areBitsSplit = bits.has_value();
    } else if (!sign && !bits) {
      bits = matchSign(source, nullptr, takesIntegers);
    }
    // Nothing is there that would take a minimum, and channels are side by
    // side, one shift for each, only before they are split.
    const bool isSigned = bits && bits->element.getIsSigned() &&
                          bits->minimum == 0 &&
                          (areBitsSplit || bits->shift.size() < 2);
    if (!sign && quantiser) {
      heads.isUnsigned = true;
      return refuse(source,
                    "the quantiser of the " + heads.role + " is unsigned");
    }
    if (!sign && !isSigned && !whyNot.empty())
      return refuse(source, "the " + heads.role + " is not binary: " + whyNot);
    if (!sign && !isSigned)
      return refuse(source, "no sign or quantiser before the " + heads.role);
    if (isSigned) {
      bits->alpha *= heads.alpha;
      static_cast<BinaryInput &>(heads) = *bits;
    }
    if (format && onnx::roundToHalf(heads.alpha, format) != heads.alpha)
      return refuse(source, "the scale of the " + heads.role +
                                " is no number of 16 bits");
    if (!areBitsSplit)
      source = through(sign ? sign.getX() : bits->input);
  }
  return matchSplit(source, axes, order, areBitsSplit, heads);
}

// The tensor that was split into heads, or one that is joined again for it.
bool AttentionMatcher::matchSplit(Value source, ArrayRef<int64_t> axes,
                                  ArrayRef<int64_t> order, bool areBitsSplit,
                                  Heads &heads) {
  if (!std::isfinite(heads.alpha))
    return refuse("the scale of the " + heads.role + " is not finite");
  auto reshape = source.getDefiningOp<onnx::ReshapeOp>();
  if (!reshape || axes != order)
    return (!areBitsSplit && rejoin(source, axes, order, heads)) ||
           refuse(source, "the " + heads.role +
                              " is not split into heads by Reshape and "
                              "Transpose");
  if (!areBitsSplit)
    heads.input = reshape.getData();
  return matchSizes(reshape, heads) ||
         (!areBitsSplit && rejoin(source, axes, order, heads));
}

// The sizes of heads that are split as they should be.
bool AttentionMatcher::matchSizes(onnx::ReshapeOp reshape, Heads &heads) {
  auto split = dyn_cast<RankedTensorType>(reshape.getType());
  auto whole = dyn_cast<RankedTensorType>(reshape.getData().getType());
  if (!split || !whole || split.getRank() != 4 || whole.getRank() != 3 ||
      !whole.getElementType().isF32() || split.isDynamicDim(2) ||
      split.isDynamicDim(3) ||
      whole.getDimSize(2) != split.getDimSize(2) * split.getDimSize(3) ||
      !sameDims(reshape.getReshaped(), {0, 1}, reshape.getData(), {0, 1}))
    return refuse(reshape, "the " + heads.role +
                               " is not split into [batch, tokens, heads, "
                               "size]");
  if (heads.shift.size() == 1)
    heads.shift.resize(whole.getDimSize(2), heads.shift[0]);
  heads.heads = split.getDimSize(2);
  heads.size = split.getDimSize(3);
  return true;
}

bool AttentionMatcher::matchHeads(Value source, ArrayRef<int64_t> order,
                                  Heads &heads) {
  if (matchHeads(source, order, heads, /*takesIntegers=*/false))
    return true;
  const std::string first = why;
  if (matchHeads(source, order, heads, /*takesIntegers=*/true))
    return true;
  why = first;
  return false;
}

bool AttentionMatcher::matchHeads(Value source, ArrayRef<int64_t> order,
                                  Heads &heads, bool takesIntegers) {
  constexpr int kMostScales = 6;
  heads.factors.clear();
  SmallVector<int64_t> axes = {0, 1, 2, 3};
  double scalar = 1;
  for (int depth = 0; depth <= kMostScales; ++depth) {
    if (matchBits(source, axes, order, heads, takesIntegers)) {
      heads.alpha = static_cast<float>(heads.alpha * scalar);
      if (!std::isfinite(heads.alpha))
        return refuse("the scale of the " + heads.role + " is not finite");
      return checkFactors(heads);
    }
    // The scale is the quantiser's own.
    if (heads.isUnsigned)
      return false;
    auto before = stepOverScale(source, axes, scalar, heads);
    if (!before)
      break;
    source = *before;
  }
  return false;
}
