//===- ComposeArrangements.cpp - Elements in other places -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where an element goes is known at compile time, or follows from the numbers
// 0, 1, ... of an axis.
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ConstantView.h"
#include "lib/Import/Composer.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using onnx::AttributeSpec;
namespace {

//===-- Pad
//----------------------------------------------------------------===//

/// What is put before and after an axis; below 0, what is cut off.
struct Margins {
  int64_t before = 0, after = 0;
};

/// More than this no model has.
constexpr int64_t kMaxMargin = int64_t(1) << 31;

/// Where element `i` of a padded axis of `size` elements comes from.
int64_t sourceOf(int64_t i, int64_t size, StringRef mode) {
  if (mode == "edge")
    return std::clamp<int64_t>(i, 0, size - 1);
  if (mode == "wrap")
    return ((i % size) + size) % size;
  // reflect: the edges are not repeated.
  if (size == 1)
    return 0;
  int64_t period = 2 * (size - 1), at = ((i % period) + period) % period;
  return at < size ? at : period - at;
}

Value padByTable(Composer &c, Value x, int64_t axis, Margins m,
                 StringRef mode) {
  int64_t size = c.knownSizeOf(x, axis);
  if (size < 1) {
    c.fail("it has no element to pad an axis with");
    return x;
  }
  if (!c.canMakeTable(size + std::max<int64_t>(m.before, 0) +
                      std::max<int64_t>(m.after, 0)))
    return x;
  Composer::Integers from;
  for (int64_t i = -std::max<int64_t>(m.before, 0),
               end = size + std::max<int64_t>(m.after, 0);
       i < end; ++i)
    from.push_back(sourceOf(i, size, mode));
  return c.gather(x, c.list(from), axis);
}

void composePad(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x);
  StringRef mode = c.text("mode", "constant");
  Composer::Integers pads = c.knownIntegers(c.in(1), "pads"),
                     axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (c.has(3))
    axes = c.knownIntegers(c.in(3), "axes");
  if (!is_contained({"constant", "edge", "reflect", "wrap"}, mode))
    return c.fail("its mode is '" + mode + "'");
  if (pads.size() != 2 * axes.size())
    return c.fail("it has " + Twine(pads.size()) + " pads for " +
                  Twine(axes.size()) + " axes");
  Value fill = c.has(2) ? c.in(2) : c.like(x, 0);
  // Given as a list of one element, too.
  if (c.rankOf(fill) == 1)
    fill = c.squeeze(fill, {0});
  for (auto [i, listed] : llvm::enumerate(axes)) {
    int64_t axis = c.wrapAxis(listed, rank);
    Margins m{pads[i], pads[i + axes.size()]};
    if (std::max(std::abs(m.before), std::abs(m.after)) > kMaxMargin)
      return c.fail("a pad is too large");
    if (m.before > 0 || m.after > 0)
      x = mode == "constant" ? c.pad(x, axis, m.before, m.after, fill)
                             : padByTable(c, x, axis, m, mode);
    if (m.before < 0 || m.after < 0)
      x = c.slice(x, axis, std::max<int64_t>(-m.before, 0),
                  m.after < 0 ? m.after : INT64_MAX);
  }
  c.setOutput(0, x);
}

/// Axes to the lengths that are asked for, from the middle.
void composeCenterCropPad(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x);
  Composer::Integers sizes = c.knownIntegers(c.in(1), "sizes"),
                     axes = c.integers("axes");
  if (!c.hasAttribute("axes"))
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (sizes.size() != axes.size())
    return c.fail("it has " + Twine(sizes.size()) + " sizes for " +
                  Twine(axes.size()) + " axes");
  for (auto [size, listed] : llvm::zip_equal(sizes, axes)) {
    int64_t axis = c.wrapAxis(listed, rank), own = c.knownSizeOf(x, axis);
    if (size < 0 || size > kMaxMargin)
      return c.fail("a size of " + Twine(size) + " is not supported");
    int64_t more = size - own;
    if (more < 0)
      x = c.slice(x, axis, -more / 2, -more / 2 + size);
    else if (more > 0)
      x = c.pad(x, axis, more / 2, more - more / 2, c.like(x, 0));
  }
  c.setOutput(0, x);
}

//===-- Blocks of depth and space
//-------------------------------------------===//

/// The dimensions N, C, H, W of an image and its block size.
struct Blocks {
  Extent batch, height, width;
  int64_t channels, size;
};

std::optional<Blocks> readBlocks(Composer &c) {
  Value x = c.in(0);
  int64_t size = c.integer("blocksize");
  if (c.rankOf(x) != 4 || size < 1 || size > 65536) {
    c.fail("it needs an input of rank 4 and a block size of 1 to 65536");
    return std::nullopt;
  }
  return Blocks{c.extent(x, 0), c.extent(x, 2), c.extent(x, 3),
                c.knownSizeOf(x, 1), size};
}

void composeDepthToSpace(Composer &c) {
  std::optional<Blocks> b = readBlocks(c);
  StringRef mode = c.text("mode", "DCR");
  if (!b)
    return;
  int64_t area = b->size * b->size;
  if (b->channels % area || (mode != "DCR" && mode != "CRD"))
    return c.fail("its " + Twine(b->channels) + " channels are not blocks of " +
                  Twine(area) + ", or its mode is neither DCR nor CRD");
  Extent depth = b->channels / area, s = b->size;
  Value parts, x = c.in(0);
  if (mode == "DCR")
    parts =
        c.transpose(c.reshape(x, {b->batch, s, s, depth, b->height, b->width}),
                    {0, 3, 4, 1, 5, 2});
  else
    parts =
        c.transpose(c.reshape(x, {b->batch, depth, s, s, b->height, b->width}),
                    {0, 1, 4, 2, 5, 3});
  c.setOutput(0, c.reshape(parts, {b->batch, depth, c.product(b->height, s),
                                   c.product(b->width, s)}));
}

void composeSpaceToDepth(Composer &c) {
  std::optional<Blocks> b = readBlocks(c);
  if (!b)
    return;
  Value x = c.in(0);
  int64_t height = c.knownSizeOf(x, 2), width = c.knownSizeOf(x, 3);
  if (height % b->size || width % b->size)
    return c.fail("an image of " + Twine(height) + " by " + Twine(width) +
                  " is not made of blocks of " + Twine(b->size));
  int64_t rows = height / b->size, columns = width / b->size;
  Value parts = c.transpose(
      c.reshape(x, {b->batch, b->channels, rows, b->size, columns, b->size}),
      {0, 3, 5, 1, 2, 4});
  Extent depth = c.product(b->channels, b->size * b->size);
  c.setOutput(0, c.reshape(parts, {b->batch, depth, rows, columns}));
}

//===-- By the numbers of an axis
//-------------------------------------------===//

void composeOneHot(Composer &c) {
  Composer::Integers known;
  // The depth is an integer, or a whole number in a float.
  if (auto view = onnx::ConstantView::get(c.in(1));
      view && view->getNumElements() == 1)
    known.push_back(isa<FloatType>(view->getElementType())
                        ? int64_t(view->getFloat(0))
                        : view->getInteger(0));
  if (known.empty() || known[0] < 1 || known[0] > kMaxMargin)
    return c.fail("its depth is not known at compile time, or not positive");
  int64_t depth = known[0], rank = c.rankOf(c.in(0)) + 1;
  int64_t axis = c.wrapAxis(c.integer("axis", -1), rank);
  Value indices = c.castTo(c.in(0), c.i64Type());
  Value wrapped = c.add(indices, c.like(indices, double(depth)));
  Value isNegative = c.compare<onnx::LessOp>(indices, c.like(indices, 0));
  indices = c.unsqueeze(c.select(isNegative, wrapped, indices), {axis});
  Value isHot = c.compare<onnx::EqualOp>(c.iota(depth, axis, rank), indices);
  Value values = c.withExtent(c.in(2), 0, 2);
  Value off = c.squeeze(c.slice(values, 0, 0, 1), {0}),
        on = c.squeeze(c.slice(values, 0, 1, 2), {0});
  c.setOutput(0, c.select(isHot, on, off));
}

void composeEyeLike(Composer &c) {
  Value x = c.in(0);
  if (c.rankOf(x) != 2)
    return c.fail("it needs a matrix");
  Type element = c.elementOf(x);
  if (c.hasAttribute("dtype"))
    element = c.typeOf(c.integer("dtype"));
  if (!element)
    return c.fail("its dtype " + nameOfDataType(int32_t(c.integer("dtype"))) +
                  " is not supported");
  Value rows = c.iota(c.extent(x, 0), 0, 2);
  Value columns = c.iota(c.extent(x, 1), 1, 2);
  Value shifted = c.add(rows, c.like(rows, double(c.integer("k"))));
  c.setOutput(0, c.castTo(c.compare<onnx::EqualOp>(columns, shifted), element));
}

void composeCompress(Composer &c) {
  auto view = onnx::ConstantView::get(c.in(1));
  if (!view || !view->getElementType().isInteger(1))
    return c.fail("its condition is not known at compile time, so that the "
                  "length of its output is not; compute a mask and use Where");
  Value x = c.in(0);
  int64_t axis = 0;
  if (c.hasAttribute("axis")) {
    axis = c.wrapAxis(c.integer("axis"), c.rankOf(x));
  } else {
    Extent all = 1;
    for (int64_t i = 0; i < c.rankOf(x); ++i)
      all = c.product(all, c.extent(x, i));
    x = c.reshape(x, {all});
  }
  Composer::Integers kept;
  for (int64_t i = 0; i < view->getNumElements(); ++i)
    if (view->getInteger(i))
      kept.push_back(i);
  c.setOutput(0, c.gather(x, c.list(kept), axis));
}

/// The first elements of each row in turned order, the others as they are. The
/// lengths are data, the places follow from them.
void composeReverseSequence(Composer &c) {
  Value x = c.in(0);
  int64_t rank = c.rankOf(x), time = c.integer("time_axis", 0),
          batch = c.integer("batch_axis", 1);
  if (rank < 2 || time + batch != 1 || time * batch != 0)
    return c.fail("its axes are not 0 and 1, one of time and one of the batch");
  Value place = c.iota(c.extent(x, time), time, 2);
  Value length =
      c.unsqueeze(c.withExtent(c.in(1), 0, c.extent(x, batch)), {time});
  Value turned = c.sub(c.sub(length, c.like(length, 1)), place);
  Value isTurned = c.compare<onnx::LessOp>(place, length);
  Value from = c.select(isTurned, turned, place);
  SmallVector<Extent> extents;
  SmallVector<int64_t> others;
  for (int64_t i = 0; i < rank; ++i) {
    extents.push_back(c.extent(x, i));
    if (i > 1)
      others.push_back(i);
  }
  if (!others.empty())
    from = c.unsqueeze(from, others);
  c.setOutput(0, c.make<onnx::GatherElementsOp>(c.elementOf(x), x,
                                                c.expand(from, extents),
                                                c.i64Attr(time)));
}

//===-- Along an axis
//-------------------------------------------------------===//

template <typename Op> void composeCumulative(Composer &c) {
  Composer::Integers axis = c.knownIntegers(c.in(1), "axes");
  if (axis.size() != 1)
    return c.fail("its axis is not known at compile time");
  c.setOutput(0, c.make<Op>(c.elementOf(c.in(0)), c.in(0), c.i64Attr(axis[0]),
                            c.i64Attr(c.integer("exclusive")),
                            c.i64Attr(c.integer("reverse"))));
}

void composeTopK(Composer &c) {
  Composer::Integers k = c.knownIntegers(c.in(1), "K");
  Value x = c.in(0);
  if (k.size() != 1)
    return c.fail("its K is not one number");
  int64_t axis = c.wrapAxis(c.integer("axis", -1), c.rankOf(x));
  Value indices = c.make<onnx::TopKIndicesOp>(
      c.i64Type(), x, c.i64Attr(k[0]), c.i64Attr(axis),
      c.i64Attr(c.integer("largest", 1)));
  c.setOutput(1, indices);
  if (c.isRead(0))
    c.setOutput(0, c.make<onnx::GatherElementsOp>(c.elementOf(x), x, indices,
                                                  c.i64Attr(axis)));
}
} // namespace

static onnx::OperatorSpec known(onnx::OperatorSpec spec,
                                std::vector<unsigned> inputs) {
  spec.knownInputs = std::move(inputs);
  return spec;
}

void addArrangements(std::vector<Composition> &all) {
  auto add = [&](onnx::OperatorSpec spec, void (*compose)(Composer &),
                 std::vector<AttributeSpec> attributes) -> auto & {
    spec.nodeAttributes = std::move(attributes);
    all.push_back({std::move(spec), compose});
    return all.back().spec;
  };
  using Kind = AttributeSpec;
  unsigned any = onnx::kAnything;
  unsigned sums = onnx::kF32 | onnx::kF64 | onnx::kI32 | onnx::kI64;
  AttributeSpec axis{Kind::Int, "axis"};
  auto &pad = add(known(moving(specOf("Pad", 7, 2, 3, any)), {1, 3}),
                  composePad, {{Kind::String, "mode"}});
  pad.formerAttributes = {"pads", "value"};
  pad.formerUntil = 11;
  pad.inputAttribute = "axes";
  pad.inputSince = 18;
  add(known(moving(specOf("CenterCropPad", 18, 2, 2, any)), {1}),
      composeCenterCropPad, {{Kind::Ints, "axes"}});
  add(moving(specOf("DepthToSpace", 7, 1, 1, any)), composeDepthToSpace,
      {{Kind::Int, "blocksize", true}, {Kind::String, "mode", false, 11}});
  add(moving(specOf("SpaceToDepth", 7, 1, 1, any)), composeSpaceToDepth,
      {{Kind::Int, "blocksize", true}});
  onnx::OperatorSpec oneHot =
      known(moving(specOf("OneHot", 9, 3, 3, any)), {1});
  oneHot.element = onnx::ResultElement::Third;
  add(oneHot, composeOneHot, {axis});
  add(moving(specOf("EyeLike", 9, 1, 1, any)), composeEyeLike,
      {{Kind::Int, "dtype"}, {Kind::Int, "k"}});
  add(known(moving(specOf("Compress", 9, 2, 2, any)), {1}), composeCompress,
      {axis});
  add(moving(specOf("ReverseSequence", 10, 2, 2, any)), composeReverseSequence,
      {{Kind::Int, "time_axis"}, {Kind::Int, "batch_axis"}});
  std::vector<AttributeSpec> flags{{Kind::Int, "exclusive"},
                                   {Kind::Int, "reverse"}};
  add(known(specOf("CumSum", 11, 2, 2, sums), {1}),
      composeCumulative<onnx::CumSumOp>, flags);
  add(known(specOf("CumProd", 26, 2, 2, sums), {1}),
      composeCumulative<onnx::CumProdOp>, flags);
  auto &top =
      add(known(moving(specOf("TopK", 7, 2, 2, onnx::kNumbers)), {1}),
          composeTopK, {axis, {Kind::Int, "largest"}, {Kind::Int, "sorted"}});
  top.maxOutputs = 2;
  top.formerAttributes = {"k"};
  top.formerUntil = 10;
}
} // namespace mlir::bnn
