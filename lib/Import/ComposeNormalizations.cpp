//===- ComposeNormalizations.cpp - Statistics of rows as others -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"
#include <cmath>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using onnx::AttributeSpec;
namespace {

Composer::Integers axesFrom(int64_t first, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(first, std::max(first, rank)));
}

/// A list with one number a channel, of which there are `channels`, for a
/// tensor of this rank whose axis 1 has them.
Value perChannel(Composer &c, Value list, int64_t rank,
                 const Extent &channels) {
  if (c.rankOf(list) != 1)
    c.fail("it has no list of one number a channel");
  list = c.withExtent(list, 0, channels);
  return rank > 2 ? c.unsqueeze(list, axesFrom(1, rank - 1)) : list;
}

/// What is left of x without its mean. The mean of equal numbers is, rounded,
/// not that number: what is left over goes in a second step.
Value deviations(Composer &c, Value x, ArrayRef<int64_t> axes) {
  Value d = c.sub(x, c.reduce<onnx::ReduceMeanOp>(x, axes));
  return c.sub(d, c.reduce<onnx::ReduceMeanOp>(d, axes));
}

/// The mean of squares.
Value power(Composer &c, Value x, ArrayRef<int64_t> axes) {
  return c.reduce<onnx::ReduceMeanOp>(c.mul(x, x), axes);
}

Value normalize(Composer &c, Value x, ArrayRef<int64_t> axes) {
  Value d = deviations(c, x, axes), variance = power(c, d, axes);
  return c.div(d,
               c.sqrt(c.add(variance, c.like(x, c.number("epsilon", 1e-5)))));
}

void composeBatch(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x);
  if (c.integer("training_mode") || !c.integer("spatial", 1))
    return c.fail(
        "it is not in inference (training_mode is 1), or not spatial; "
        "export the model in evaluation mode (model.eval())");
  if (rank < 2)
    return c.fail("it needs an input of rank 2 or more");
  Extent channels = c.extent(x, 1);
  auto list = [&](Value numbers) {
    return perChannel(c, numbers, rank, channels);
  };
  // Each by itself: what is combined first would broadcast.
  Value variance = c.add(list(c.in(4)), c.like(x, c.number("epsilon", 1e-5)));
  Value scale = c.div(list(c.in(1)), c.sqrt(variance));
  Value centred = c.sub(x, list(c.in(3)));
  c.setOutput(0, c.add(c.mul(centred, scale), list(c.in(2))));
}

void composeInstance(Composer &c) {
  int64_t rank = c.rankOf(c.in(0));
  if (rank < 3)
    return c.fail("it needs an input of rank 3 or more");
  Value y = normalize(c, c.in(0), axesFrom(2, rank));
  Extent channels = c.extent(c.in(0), 1);
  c.setOutput(0, c.add(c.mul(y, perChannel(c, c.in(1), rank, channels)),
                       perChannel(c, c.in(2), rank, channels)));
}

void composeGroup(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x), groups = c.integer("num_groups");
  if (rank < 2)
    return c.fail("it needs an input of rank 2 or more");
  int64_t channels = c.knownSizeOf(x, 1);
  if (groups < 1 || channels % groups)
    return c.fail("its " + Twine(channels) + " channels are not " +
                  Twine(groups) + " groups");
  SmallVector<Extent> full{c.extent(x, 0), channels};
  Extent inGroup = channels / groups;
  for (int64_t axis = 2; axis < rank; ++axis) {
    full.push_back(c.extent(x, axis));
    inGroup = c.product(inGroup, full.back());
  }
  Value y = normalize(c, c.reshape(x, {full[0], groups, inGroup}), {2});
  // Before opset 21 each group has a scale, since then each channel.
  bool ofGroups = c.getOpset() < 21;
  if (!ofGroups)
    y = c.reshape(y, full);
  int64_t lists = ofGroups ? 3 : rank, count = ofGroups ? groups : channels;
  y = c.add(c.mul(y, perChannel(c, c.in(1), lists, count)),
            perChannel(c, c.in(2), lists, count));
  c.setOutput(0, ofGroups ? c.reshape(y, full) : y);
}

void composeMeanVariance(Composer &c) {
  Value x = c.in(0);
  Composer::Integers axes = c.integers("axes");
  if (!c.hasAttribute("axes"))
    axes = {0, 2, 3};
  Value d = deviations(c, x, axes);
  Value deviation = c.sqrt(power(c, d, axes));
  c.setOutput(0, c.div(d, c.add(deviation, c.like(x, 1e-9))));
}

void composeRootMeanSquare(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x), axis = c.wrapAxis(c.integer("axis", -1), rank);
  Value square = power(c, x, axesFrom(axis, rank));
  Value root = c.sqrt(c.add(square, c.like(x, c.number("epsilon", 1e-5))));
  c.setOutput(0, c.withShapeOf(c.mul(c.div(x, root), c.in(1)), x));
}

void composeLp(Composer &c) {
  Value x = c.in(0);
  int64_t axis = c.integer("axis", -1), p = c.integer("p", 2);
  if (p != 1 && p != 2)
    return c.fail("its p is " + Twine(p) + ", not 1 or 2");
  Value norm = p == 1 ? c.reduce<onnx::ReduceL1Op>(x, {axis})
                      : c.reduce<onnx::ReduceL2Op>(x, {axis});
  // Of a row of zeros it is zeros.
  Value isZero = c.compare<onnx::EqualOp>(norm, c.like(x, 0));
  c.setOutput(0, c.div(x, c.select(isZero, c.like(x, 1), norm)));
}

/// Each channel sees `size` of its neighbours, itself included: a table says
/// which, of channels with zeros around them.
void composeLocalResponse(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x), size = c.integer("size");
  if (rank < 2 || size < 1 || size > 4096)
    return c.fail(
        "it needs an input of rank 2 or more and a size of 1 to 4096");
  int64_t channels = c.knownSizeOf(x, 1), before = (size - 1) / 2;
  if (!c.canMakeTable(channels, size))
    return;
  SmallVector<Extent> front, back;
  for (int64_t axis = 0; axis < rank; ++axis)
    front.push_back(axis == 1 ? Extent(before) : c.extent(x, axis));
  back = front;
  back[1] = size - 1 - before;
  Value zeros = c.filled(front, c.elementOf(x), 0);
  Value padded =
      c.concat({zeros, c.mul(x, x), c.filled(back, c.elementOf(x), 0)}, 1);
  Composer::Integers table;
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int64_t i = 0; i < size; ++i)
      table.push_back(channel + i);
  Value windows =
      c.gather(padded, c.table(ArrayRef<int64_t>(table), {channels, size}), 1);
  Value sum = c.reduceSum(windows, {2}, /*keep=*/false);
  Value scaled = c.mul(sum, c.like(x, c.number("alpha", 1e-4) / double(size)));
  Value base = c.add(scaled, c.like(x, c.number("bias", 1)));
  Value power = c.binary<onnx::PowOp>(base, c.like(x, c.number("beta", 0.75)));
  c.setOutput(0, c.div(x, power));
}

//===-- The logarithm of a sum of exponentials
//------------------------------===//

/// exp(x) of f64, where |x| < 700: 2^k of a table times a series.
Value exponential(Composer &c, Value x) {
  Value k32 = c.unary<onnx::RoundOp>(
      c.castTo(c.mul(x, c.like(x, M_LOG2E)), c.f32Type()));
  Value k = c.castTo(k32, c.f64Type());
  Value rest = c.sub(x, c.mul(k, c.like(x, 6.93147180369123816490e-01)));
  rest = c.sub(rest, c.mul(k, c.like(x, 1.90821492927058770002e-10)));
  Value sum = c.like(x, 1.0 / 6227020800.0);
  double factorial = 479001600;
  for (int n = 12; n >= 0; --n) {
    sum = c.add(c.mul(sum, rest), c.like(x, 1 / factorial));
    factorial /= n ? n : 1;
  }
  // 2^k by squaring is exact: of 2^-k for k below 0.
  Value two = c.like(x, 2), scale = c.like(x, 1);
  Value left = c.unary<onnx::AbsOp>(k32);
  for (int bit = 9; bit >= 0; --bit) {
    Value has = c.compare<onnx::GreaterOrEqualOp>(left, c.like(left, 1 << bit));
    scale = c.mul(scale, scale);
    scale = c.select(has, c.mul(scale, two), scale);
    left = c.select(has, c.sub(left, c.like(left, 1 << bit)), left);
  }
  Value isBelow = c.compare<onnx::LessOp>(k32, c.like(k32, 0));
  return c.select(isBelow, c.div(sum, scale), c.mul(sum, scale));
}

/// The logarithm of a number of f64 that is 1 or more: of f32, and Halley's
/// step from there.
Value logarithm(Composer &c, Value x) {
  Value y =
      c.castTo(c.unary<onnx::LogOp>(c.castTo(x, c.f32Type())), c.f64Type());
  Value e = exponential(c, y);
  Value step = c.div(c.sub(x, e), c.add(x, e));
  return c.add(y, c.add(step, step));
}

void composeLogSumExp(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x);
  Composer::Integers axes = c.integers("axes");
  if (c.has(1))
    axes = c.knownIntegers(c.in(1), "axes");
  if (axes.empty() && !c.integer("noop_with_empty_axes"))
    axes = axesFrom(0, rank);
  for (int64_t &axis : axes)
    axis = c.wrapAxis(axis, rank);
  bool isDouble = c.elementOf(x).isF64();
  Value largest = c.reduce<onnx::ReduceMaxOp>(x, axes);
  Value isInfinite =
      c.make<onnx::IsInfOp>(c.boolType(), largest, c.i64Attr(1), c.i64Attr(1));
  Value base = c.select(isInfinite, c.like(x, 0), largest);
  Value from = c.sub(x, base), sum;
  if (isDouble) {
    // What is too far below counts for nothing.
    Value isFar = c.compare<onnx::LessOp>(from, c.like(x, -690));
    Value e = exponential(c, c.select(isFar, c.like(x, 0), from));
    sum = c.reduceSum(c.select(isFar, c.like(x, 0), e), axes);
  } else {
    sum = c.reduceSum(c.unary<onnx::ExpOp>(from), axes);
  }
  Value log = isDouble ? logarithm(c, sum) : c.unary<onnx::LogOp>(sum);
  // Of an infinite maximum, and of no elements, it is the maximum.
  Value y = c.select(isInfinite, largest, c.add(log, base));
  if (!c.integer("keepdims", 1) && !axes.empty())
    y = c.squeeze(y, axes);
  c.setOutput(0, y);
}

void composeHardmax(Composer &c) {
  Value x = c.in(0), rows = x;
  int64_t rank = c.rankOf(x);
  bool isFlat = c.getOpset() < 13;
  int64_t axis = c.integer("axis", isFlat ? 1 : -1);
  if (isFlat) {
    rows = c.make<onnx::FlattenOp>(c.elementOf(x), x, c.i64Attr(axis));
    axis = 1;
  } else {
    axis = c.wrapAxis(axis, rank);
  }
  int64_t rowRank = isFlat ? 2 : rank;
  Value best = c.make<onnx::ArgMaxOp>(c.i64Type(), rows, c.i64Attr(axis),
                                      c.i64Attr(1), c.i64Attr(0));
  Value places = c.iota(c.extent(rows, axis), axis, rowRank);
  Value y = c.castTo(c.compare<onnx::EqualOp>(places, best), c.elementOf(x));
  if (isFlat) {
    SmallVector<Extent> full;
    for (int64_t i = 0; i < rank; ++i)
      full.push_back(c.extent(x, i));
    y = c.reshape(y, full);
  }
  c.setOutput(0, y);
}
} // namespace

Value composeSoftmax(Composer &c, Value x, int64_t axis, bool isLog) {
  Type element = c.elementOf(x);
  if (!element.isF64())
    return isLog ? c.make<onnx::LogSoftmaxOp>(element, x, c.i64Attr(axis))
                 : c.make<onnx::SoftmaxOp>(element, x, c.i64Attr(axis));
  Value d = c.sub(x, c.reduce<onnx::ReduceMaxOp>(x, {axis}));
  Value e = c.unary<onnx::ExpOp>(d), sum = c.reduceSum(e, {axis});
  return isLog ? c.sub(d, c.unary<onnx::LogOp>(sum)) : c.div(e, sum);
}

Value composeSoftmaxFrom(Composer &c, Value x, int64_t axis, bool isLog) {
  Value rows = c.make<onnx::FlattenOp>(c.elementOf(x), x, c.i64Attr(axis));
  Value y = composeSoftmax(c, rows, -1, isLog);
  SmallVector<Extent> extents;
  for (int64_t i = 0, rank = c.rankOf(x); i < rank; ++i)
    extents.push_back(c.extent(x, i));
  return c.reshape(y, extents);
}

void composeLayerNorm(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x), axis = c.wrapAxis(c.integer("axis", -1), rank);
  auto axes = llvm::to_vector(llvm::seq<int64_t>(axis, rank));
  Value mean = c.reduce<onnx::ReduceMeanOp>(x, axes), d = c.sub(x, mean);
  Value variance = c.reduce<onnx::ReduceMeanOp>(c.mul(d, d), axes);
  Value root =
      c.sqrt(c.add(variance, c.like(x, float(c.number("epsilon", 1e-5)))));
  Value y = c.mul(c.div(d, root), c.in(1));
  c.setOutput(0, c.has(2) ? c.add(y, c.in(2)) : y);
  if (c.isRead(1))
    c.setOutput(1, c.castTo(mean, c.f32Type()));
  if (c.isRead(2))
    c.setOutput(2, c.castTo(c.unary<onnx::ReciprocalOp>(root), c.f32Type()));
}

void addNormalizations(std::vector<Composition> &all) {
  auto add = [&](onnx::OperatorSpec spec, void (*compose)(Composer &),
                 std::vector<AttributeSpec> attributes) -> auto & {
    spec.nodeAttributes = std::move(attributes);
    all.push_back({std::move(spec), compose});
    return all.back().spec;
  };
  unsigned f32 = onnx::kF32, floats = f32 | onnx::kF64;
  AttributeSpec epsilon{AttributeSpec::Float, "epsilon"},
      axis{AttributeSpec::Int, "axis"}, stash{AttributeSpec::Int, "stash_type"};
  auto &batch = add(specOf("BatchNormalization", 7, 5, 5, floats), composeBatch,
                    {epsilon,
                     {AttributeSpec::Float, "momentum"},
                     {AttributeSpec::Int, "training_mode"}});
  batch.maxOutputs = 3;
  batch.restriction = "in inference, of one output";
  add(specOf("InstanceNormalization", 7, 3, 3, floats), composeInstance,
      {epsilon});
  add(specOf("GroupNormalization", 18, 3, 3, floats), composeGroup,
      {epsilon,
       {AttributeSpec::Int, "num_groups", /*required=*/true},
       {AttributeSpec::Int, "stash_type", false, 21}});
  add(specOf("MeanVarianceNormalization", 9, 1, 1, floats), composeMeanVariance,
      {{AttributeSpec::Ints, "axes"}});
  add(specOf("RMSNormalization", 23, 2, 2, floats), composeRootMeanSquare,
      {axis, epsilon, stash});
  add(specOf("LpNormalization", 7, 1, 1, floats), composeLp,
      {axis, {AttributeSpec::Int, "p"}});
  add(specOf("LRN", 7, 1, 1, f32), composeLocalResponse,
      {{AttributeSpec::Float, "alpha"},
       {AttributeSpec::Float, "beta"},
       {AttributeSpec::Float, "bias"},
       {AttributeSpec::Int, "size", /*required=*/true}});
  add(specOf("Hardmax", 7, 1, 1, floats), composeHardmax, {axis});
  auto &sum = add(specOf("ReduceLogSumExp", 7, 1, 1, floats), composeLogSumExp,
                  {{AttributeSpec::Ints, "axes"},
                   {AttributeSpec::Int, "keepdims"},
                   {AttributeSpec::Int, "noop_with_empty_axes", false, 18}});
  sum.inputAttribute = "axes";
  sum.inputSince = 18;
  sum.knownInputs = {1};
}
} // namespace mlir::bnn
