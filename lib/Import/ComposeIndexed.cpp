//===- ComposeIndexed.cpp - Elements by indices that are data -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every index goes through a Gather from the numbers of its axis: that counts
// those below 0 from the end, and ends the run where one is out of range.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Composer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using onnx::AttributeSpec;
namespace {

/// The indices of an axis of `count` elements, times `stride`.
Value scaledIndices(Composer &c, const Extent &count, const Extent &stride,
                    Value indices) {
  Value places = c.iota(count, 0, 1);
  if (stride.list || stride.size != 1)
    places = c.mul(places, c.asList(stride));
  return c.gather(places, indices, 0);
}

/// One number for each tuple of indices, which are the last axis of `indices`:
/// the place of what it names, among all that the axes from `first` on of
/// `data` have.
Value flatIndices(Composer &c, Value data, Value indices, int64_t first,
                  int64_t count) {
  Value sum;
  int64_t rank = c.rankOf(indices);
  Extent stride = 1;
  for (int64_t i = count - 1; i >= 0; --i) {
    Value own = c.squeeze(c.slice(indices, rank - 1, i, i + 1), {rank - 1});
    Extent size = c.extent(data, first + i);
    Value scaled = scaledIndices(c, size, stride, own);
    sum = sum ? c.add(sum, scaled) : scaled;
    stride = c.product(stride, size);
  }
  // The axes before are counted.
  for (int64_t i = first - 1; i >= 0; --i) {
    Extent size = c.extent(data, i);
    Value place = c.iota(size, i, rank - 1);
    sum = c.add(sum, c.mul(place, c.asList(stride)));
    stride = c.product(stride, size);
  }
  return sum;
}

Extent productOf(Composer &c, Value value, int64_t first, int64_t last) {
  Extent all = 1;
  for (int64_t i = first; i < last; ++i)
    all = c.product(all, c.extent(value, i));
  return all;
}

/// How many indices a tuple has; an error if that is not known, or too many.
int64_t tupleSize(Composer &c, Value data, Value indices, int64_t batch) {
  int64_t rank = c.rankOf(indices);
  if (rank < 1) {
    c.fail("its indices are a scalar");
    return 1;
  }
  int64_t count = c.knownSizeOf(indices, rank - 1);
  if (batch < 0 || batch >= rank || count < 1 ||
      count + batch > c.rankOf(data)) {
    c.fail("it has " + Twine(count) + " indices after " + Twine(batch) +
           " axes of a batch, for data of rank " + Twine(c.rankOf(data)));
    return 1;
  }
  return count;
}

void composeGatherND(Composer &c) {
  Value data = c.in(0), indices = c.in(1);
  int64_t batch = c.integer("batch_dims"), rank = c.rankOf(data);
  int64_t count = tupleSize(c, data, indices, batch);
  if (c.hasFailed())
    return;
  Value flat = flatIndices(c, data, indices, batch, count);
  SmallVector<Extent> extents{productOf(c, data, 0, batch + count)};
  for (int64_t i = batch + count; i < rank; ++i)
    extents.push_back(c.extent(data, i));
  c.setOutput(0, c.gather(c.reshape(data, extents), flat, 0));
}

/// The number that the operation has for a reduction; an error if there is no
/// such.
int64_t reductionOf(Composer &c) {
  StringRef name = c.text("reduction", "none");
  StringRef names[] = {"none", "add", "mul", "max", "min"};
  const auto *found = llvm::find(names, name);
  if (found == std::end(names))
    c.fail("its reduction is '" + name + "'");
  return found - std::begin(names);
}

Value scatter(Composer &c, Value data, Value indices, Value updates,
              int64_t axis) {
  return c.make<onnx::ScatterElementsOp>(c.elementOf(data), data, indices,
                                         updates, c.i64Attr(axis),
                                         c.i64Attr(reductionOf(c)));
}

void composeScatterND(Composer &c) {
  Value data = c.in(0), indices = c.in(1), updates = c.in(2);
  int64_t rank = c.rankOf(data), picks = c.rankOf(indices) - 1;
  int64_t count = tupleSize(c, data, indices, 0);
  if (c.hasFailed())
    return;
  if (c.rankOf(updates) != picks + rank - count)
    return c.fail("its updates are of rank " + Twine(c.rankOf(updates)) +
                  ", not " + Twine(picks + rank - count));
  for (int64_t i = 0; i < picks + rank - count; ++i)
    updates = c.withExtent(updates, i,
                           i < picks ? c.extent(indices, i)
                                     : c.extent(data, count + i - picks));
  Extent places = productOf(c, data, 0, count),
         width = productOf(c, data, count, rank),
         tuples = productOf(c, indices, 0, picks);
  Value flat = c.reshape(flatIndices(c, data, indices, 0, count), {tuples, 1});
  Value result = scatter(c, c.reshape(data, {places, width}),
                         c.expand(flat, {tuples, width}),
                         c.reshape(updates, {tuples, width}), 0);
  SmallVector<Extent> full;
  for (int64_t i = 0; i < rank; ++i)
    full.push_back(c.extent(data, i));
  c.setOutput(0, c.reshape(result, full));
}

void composeScatterElements(Composer &c) {
  Value data = c.in(0), indices = c.in(1), updates = c.in(2);
  int64_t rank = c.rankOf(data);
  int64_t axis = c.wrapAxis(c.integer("axis"), rank);
  if (c.rankOf(indices) != rank)
    return c.fail("data and indices differ in rank");
  if (c.hasFailed())
    return;
  indices = scaledIndices(c, c.extent(data, axis), 1, indices);
  // What has no index gets one that is no place.
  for (int64_t i = 0; i < rank; ++i) {
    int64_t have = c.sizeOf(indices, i), want = c.sizeOf(data, i);
    if (i == axis || ShapedType::isDynamic(have) ||
        ShapedType::isDynamic(want) || have >= want)
      continue;
    indices = c.pad(indices, i, 0, want - have, c.like(indices, -1));
    updates = c.pad(updates, i, 0, want - have, c.like(updates, 0));
  }
  c.setOutput(0, scatter(c, data, indices, updates, axis));
}
} // namespace

void addIndexed(std::vector<Composition> &all) {
  unsigned any = onnx::kAnything;
  onnx::OperatorSpec gather = moving(specOf("GatherND", 11, 2, 2, any));
  gather.nodeAttributes = {{AttributeSpec::Int, "batch_dims", false, 12}};
  all.push_back({gather, composeGatherND});
  AttributeSpec reduction{AttributeSpec::String, "reduction", false, 16};
  onnx::OperatorSpec tuples = moving(specOf("ScatterND", 11, 3, 3, any));
  tuples.nodeAttributes = {reduction};
  tuples.restriction = "reductions of f32, f64, i32 and i64";
  all.push_back({tuples, composeScatterND});
  onnx::OperatorSpec elements =
      moving(specOf("ScatterElements", 11, 3, 3, any));
  elements.nodeAttributes = {{AttributeSpec::Int, "axis"}, reduction};
  elements.restriction =
      "reductions of f32, f64, i32 and i64; dimensions that are not constant "
      "are those of data, but for the axis";
  all.push_back({elements, composeScatterElements});
}
} // namespace mlir::bnn
