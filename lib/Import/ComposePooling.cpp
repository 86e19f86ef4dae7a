//===- ComposePooling.cpp - Pooling as reductions of windows --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Windows.h"
#include <cmath>

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using onnx::AttributeSpec;
namespace {

using Axes = SmallVector<WindowAxis>;

/// The axes of an unfolded image that have the elements of a window.
Composer::Integers kernelAxes(size_t windows) {
  Composer::Integers axes;
  for (size_t i = 0; i < windows; ++i)
    axes.push_back(3 + 2 * int64_t(i));
  return axes;
}

std::optional<Axes> readPool(Composer &c) {
  return readWindows(c, c.in(0), c.integers("kernel_shape"));
}

/// Calls `visit` with the index of each axis' window or element, the last axis
/// the fastest.
void forEach(ArrayRef<WindowAxis> axes, bool windows,
             function_ref<void(ArrayRef<int64_t>)> visit) {
  SmallVector<int64_t> at(axes.size(), 0);
  while (true) {
    visit(at);
    size_t i = axes.size();
    while (i--) {
      if (++at[i] < (windows ? axes[i].count : axes[i].kernel))
        break;
      at[i] = 0;
    }
    if (i == size_t(-1))
      return;
  }
}

/// The number of all windows, or of the elements of one.
int64_t countOf(Composer &c, ArrayRef<WindowAxis> axes, bool windows) {
  Extent all = 1;
  for (const WindowAxis &axis : axes)
    all = c.product(all, windows ? axis.count : axis.kernel);
  return all.size;
}

//===-- MaxPool
//------------------------------------------------------------===//

double lowest(Type element) {
  if (isa<FloatType>(element))
    return -INFINITY;
  return element.isUnsignedInteger() ? 0 : -128;
}

/// Where the largest element of each window is, in an image of one axis, those
/// of the batch and of the channels before it.
Value placesOf(Composer &c, Value unfolded, ArrayRef<WindowAxis> axes) {
  int64_t count = countOf(c, axes, true), kernel = countOf(c, axes, false);
  bool columns = c.integer("storage_order") == 1;
  Extent image = 1;
  SmallVector<int64_t> strides(axes.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    size_t own = columns ? i : axes.size() - 1 - i;
    strides[own] = image.size;
    image = c.product(image, axes[own].size);
  }
  if (!c.canMakeTable(count, kernel))
    return unfolded;
  Composer::Integers table, perm{0, 1}, none;
  forEach(axes, true, [&](ArrayRef<int64_t> window) {
    forEach(axes, false, [&](ArrayRef<int64_t> element) {
      int64_t place = 0;
      for (auto [i, axis] : llvm::enumerate(axes))
        place += strides[i] * axis.at(window[i], element[i]);
      table.push_back(place);
    });
  });
  for (size_t i = 0; i < axes.size(); ++i)
    perm.push_back(2 + 2 * int64_t(i));
  perm.append(kernelAxes(axes.size()));
  Extent batch = c.extent(unfolded, 0), channels = c.extent(unfolded, 1);
  Value rows =
      c.reshape(c.transpose(unfolded, perm), {batch, channels, count, kernel});
  Value best = c.make<onnx::ArgMaxOp>(c.i64Type(), rows, c.i64Attr(3),
                                      c.i64Attr(0), c.i64Attr(0));
  Value first = c.mul(c.iota(count, 2, 3), c.scalar(c.i64Type(), kernel));
  Value place = c.gather(c.list(table), c.add(first, best), 0);
  Value channel = c.iota(channels, 1, 3);
  Value before = c.mul(c.iota(batch, 0, 3), c.asList(channels));
  Value offset =
      c.mul(c.add(before, channel), c.scalar(c.i64Type(), double(image.size)));
  SmallVector<Extent> full{batch, channels};
  for (const WindowAxis &axis : axes)
    full.push_back(axis.count);
  return c.reshape(c.add(offset, place), full);
}

void composeMaxPool(Composer &c) {
  std::optional<Axes> axes = readPool(c);
  if (!axes)
    return;
  Value x = c.in(0);
  Value unfolded = unfold(c, x, *axes, c.like(x, lowest(c.elementOf(x))));
  c.setOutput(0, c.reduce<onnx::ReduceMaxOp>(unfolded, kernelAxes(axes->size()),
                                             /*keep=*/false));
  if (c.isRead(1))
    c.setOutput(1, placesOf(c, unfolded, *axes));
}

//===-- Sums of windows
//----------------------------------------------------===//

/// How many elements of each window count.
Value countsOf(Composer &c, ArrayRef<WindowAxis> axes, bool includePads) {
  std::vector<float> counts;
  Composer::Integers shape;
  if (!c.canMakeTable(countOf(c, axes, true)))
    return c.in(0);
  for (const WindowAxis &axis : axes)
    shape.push_back(axis.count);
  forEach(axes, true, [&](ArrayRef<int64_t> window) {
    double all = 1;
    for (auto [i, axis] : llvm::enumerate(axes)) {
      int64_t low = includePads ? -axis.before : 0;
      int64_t high = axis.size + (includePads ? axis.after : 0), inside = 0;
      for (int64_t k = 0; k < axis.kernel; ++k)
        inside += axis.at(window[i], k) >= low && axis.at(window[i], k) < high;
      all *= double(inside);
    }
    counts.push_back(float(all));
  });
  return c.table(ArrayRef<float>(counts), shape);
}

void composeAveragePool(Composer &c) {
  std::optional<Axes> axes = readPool(c);
  if (!axes)
    return;
  Value x = c.in(0);
  Value sum = c.reduceSum(unfold(c, x, *axes, c.like(x, 0)),
                          kernelAxes(axes->size()), /*keep=*/false);
  Value counts = countsOf(c, *axes, c.integer("count_include_pad") != 0);
  c.setOutput(0, c.div(sum, c.castTo(counts, c.elementOf(x))));
}

/// The p-norm along axes.
Value norm(Composer &c, Value x, ArrayRef<int64_t> axes, bool keep) {
  int64_t p = c.integer("p", 2);
  if (p == 1)
    return c.reduce<onnx::ReduceL1Op>(x, axes, keep);
  if (p == 2)
    return c.reduce<onnx::ReduceL2Op>(x, axes, keep);
  if (p < 1)
    c.fail("its p is " + Twine(p) + ", which is below 1");
  Value power =
      c.binary<onnx::PowOp>(c.unary<onnx::AbsOp>(x), c.like(x, double(p)));
  return c.binary<onnx::PowOp>(c.reduceSum(power, axes, keep),
                               c.like(x, 1.0 / double(p)));
}

void composeLpPool(Composer &c) {
  std::optional<Axes> axes = readPool(c);
  if (!axes)
    return;
  Value x = c.in(0);
  c.setOutput(0, norm(c, unfold(c, x, *axes, c.like(x, 0)),
                      kernelAxes(axes->size()), /*keep=*/false));
}

//===-- Of the whole image
//-------------------------------------------------===//

Composer::Integers imageAxes(Composer &c) {
  int64_t rank = c.rankOf(c.in(0));
  if (rank < 3)
    c.fail("it needs an input of rank 3 or more");
  return llvm::to_vector(llvm::seq<int64_t>(2, std::max<int64_t>(rank, 3)));
}

void composeGlobalAverage(Composer &c) {
  c.setOutput(0, c.reduce<onnx::ReduceMeanOp>(c.in(0), imageAxes(c)));
}
void composeGlobalMax(Composer &c) {
  c.setOutput(0, c.reduce<onnx::ReduceMaxOp>(c.in(0), imageAxes(c)));
}
void composeGlobalLp(Composer &c) {
  c.setOutput(0, norm(c, c.in(0), imageAxes(c), /*keep=*/true));
}
} // namespace

void addPooling(std::vector<Composition> &all) {
  auto add = [&](onnx::OperatorSpec spec, void (*compose)(Composer &),
                 ArrayRef<AttributeSpec> more,
                 bool isWindowed = true) -> auto & {
    if (isWindowed)
      spec.nodeAttributes = windowAttributes();
    spec.nodeAttributes.insert(spec.nodeAttributes.end(), more.begin(),
                               more.end());
    all.push_back({std::move(spec), compose});
    return all.back().spec;
  };
  unsigned floats = onnx::kF32 | onnx::kF64;
  AttributeSpec ceil{AttributeSpec::Int, "ceil_mode"},
      p{AttributeSpec::Int, "p"};
  const char *known = "axes of the image of constant length";
  auto &max =
      add(moving(specOf("MaxPool", 7, 1, 1, floats | onnx::kI8 | onnx::kU8)),
          composeMaxPool, {ceil, {AttributeSpec::Int, "storage_order"}});
  max.maxOutputs = 2;
  max.restriction = known;
  add(specOf("AveragePool", 7, 1, 1, floats), composeAveragePool,
      {ceil, {AttributeSpec::Int, "count_include_pad"}})
      .restriction = known;
  add(specOf("LpPool", 7, 1, 1, floats), composeLpPool, {ceil, p}).restriction =
      known;
  add(specOf("GlobalAveragePool", 7, 1, 1, floats), composeGlobalAverage, {},
      false);
  add(moving(specOf("GlobalMaxPool", 7, 1, 1, floats)), composeGlobalMax, {},
      false);
  add(specOf("GlobalLpPool", 7, 1, 1, floats), composeGlobalLp, {p}, false);
}
} // namespace mlir::bnn
