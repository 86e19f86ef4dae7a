//===- ComposeConvolutions.cpp - Convolutions as products of windows ------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A convolution is a product of matrices: a row for each window, with all its
// elements, by a column for each channel of the output. Where windows lie
// beside each other, as patches of a vision transformer do, the rows are the
// image itself in another order.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Bytes.h"
#include "lib/Import/Windows.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
using onnx::AttributeSpec;
namespace {

/// What a convolution is of: x [N, C, sizes] by w [M, C / groups, kernel].
struct Convolution {
  Value x, w;
  int64_t groups;
  SmallVector<WindowAxis> windows;
};

/// [N, M, counts] as products of f32 or of i32.
Value multiply(Composer &c, const Convolution &conv) {
  Value x = conv.x, w = conv.w;
  int64_t channels = c.knownSizeOf(x, 1), outputs = c.knownSizeOf(w, 0);
  int64_t inGroup = channels / conv.groups;
  if (channels % conv.groups || outputs % conv.groups ||
      c.knownSizeOf(w, 1) != inGroup) {
    c.fail("weights of " + Twine(outputs) + " by " +
           Twine(c.knownSizeOf(w, 1)) + " channels do not fit an image of " +
           Twine(channels) + " channels in " + Twine(conv.groups) + " groups");
    return x;
  }
  Value unfolded = unfold(c, x, conv.windows, c.like(x, 0));
  Composer::Integers perm{0};
  int64_t axes = int64_t(conv.windows.size());
  Extent count = 1, depth = inGroup;
  for (int64_t i = 0; i < axes; ++i) {
    perm.push_back(2 + 2 * i);
    count = c.product(count, conv.windows[i].count);
    depth = c.product(depth, conv.windows[i].kernel);
  }
  perm.push_back(1);
  for (int64_t i = 0; i < axes; ++i)
    perm.push_back(3 + 2 * i);
  Extent batch = c.extent(x, 0);
  int64_t perGroup = outputs / conv.groups;
  Value rows = c.transpose(unfolded, perm), y;
  if (conv.groups == 1) {
    Value columns = c.transpose(c.reshape(w, {outputs, depth}), {1, 0});
    y = c.matmul(c.reshape(rows, {batch, count, depth}), columns);
    y = c.transpose(y, {0, 2, 1});
  } else {
    rows = c.transpose(c.reshape(rows, {batch, count, conv.groups, depth}),
                       {0, 2, 1, 3});
    Value columns =
        c.transpose(c.reshape(w, {conv.groups, perGroup, depth}), {0, 2, 1});
    y = c.transpose(c.matmul(rows, columns), {0, 1, 3, 2});
  }
  SmallVector<Extent> full{batch, outputs};
  for (const WindowAxis &axis : conv.windows)
    full.push_back(axis.count);
  return c.reshape(y, full);
}

/// A list with one element a channel of the output, for an image of `axes`
/// axes.
Value perChannel(Composer &c, Value list, size_t axes) {
  SmallVector<int64_t> others =
      llvm::to_vector(llvm::seq<int64_t>(1, int64_t(axes) + 1));
  return c.rankOf(list) == 1 ? c.unsqueeze(list, others) : list;
}

/// y + bias, one number for each channel of `y`: a list of one number would be
/// broadcast.
Value addBias(Composer &c, Value y, Value bias, size_t axes) {
  if (c.rankOf(bias) != 1) {
    c.fail("its bias has rank " + Twine(c.rankOf(bias)) + ", not 1");
    return y;
  }
  bias = c.withExtent(bias, 0, c.extent(y, 1));
  return c.add(y, perChannel(c, bias, axes));
}

std::optional<Convolution> readConvolution(Composer &c, Value x, Value w) {
  Convolution conv{x, w, c.integer("group", 1), {}};
  Composer::Integers kernel;
  for (int64_t i = 2, rank = c.rankOf(w); i < rank; ++i)
    kernel.push_back(c.knownSizeOf(w, i));
  if (c.hasAttribute("kernel_shape") && c.integers("kernel_shape") != kernel)
    c.fail("its kernel_shape is not that of its weights");
  if (conv.groups < 1)
    c.fail("it has " + Twine(conv.groups) + " groups");
  auto windows = readWindows(c, x, kernel);
  if (!windows)
    return std::nullopt;
  conv.windows = *windows;
  return conv;
}

/// Conv of the first three inputs, or null.
Value convolve(Composer &c) {
  std::optional<Convolution> conv = readConvolution(c, c.in(0), c.in(1));
  if (!conv)
    return {};
  Value y = multiply(c, *conv);
  if (c.has(2))
    y = c.withShapeOf(addBias(c, y, c.in(2), conv->windows.size()), y);
  return y;
}

void composeConv(Composer &c) {
  if (Value y = convolve(c))
    c.setOutput(0, y);
}

/// ONNX Runtime's: Conv, a sum, and an activation.
void composeFusedConv(Composer &c) {
  Value y = convolve(c);
  if (!y)
    return;
  if (c.has(3))
    y = c.withShapeOf(c.add(y, c.in(3)), y);
  c.setOutput(0, composeActivation(c, y, c.floats("activation_params")));
}

/// The zero point of weights: one, or one a channel of the output.
Value weightZero(Composer &c, Value zero, Value w) {
  if (c.rankOf(zero) != 1)
    return zero;
  return c.unsqueeze(zero, llvm::to_vector(llvm::seq<int64_t>(1, c.rankOf(w))));
}

void composeConvInteger(Composer &c) {
  Value w = c.in(1);
  Value x = widenBytes(c, c.in(0), c.has(2) ? c.in(2) : Value());
  w = widenBytes(c, w, c.has(3) ? weightZero(c, c.in(3), w) : Value());
  if (std::optional<Convolution> conv = readConvolution(c, x, w))
    c.setOutput(0, multiply(c, *conv));
}

void composeQLinearConv(Composer &c) {
  Value w = widenBytes(c, c.in(3), weightZero(c, c.in(5), c.in(3)));
  std::optional<Convolution> conv =
      readConvolution(c, widenBytes(c, c.in(0), c.in(2)), w);
  if (!conv)
    return;
  size_t axes = conv->windows.size();
  Value y = multiply(c, *conv);
  if (c.has(8))
    y = addBias(c, y, c.in(8), axes);
  Value factor = c.div(c.mul(c.in(1), c.in(4)), c.in(6));
  Value scaled = c.mul(c.castTo(y, c.f32Type()), perChannel(c, factor, axes));
  c.setOutput(0, roundToBytes(c, scaled, c.in(7), c.elementOf(c.in(7))));
}

//===-- ConvTranspose
//-------------------------------------------------------===//

/// The pads of a transposed convolution, from what is asked for.
struct Spread {
  int64_t before, after, extra;
};

std::optional<SmallVector<Spread>> readSpread(Composer &c,
                                              ArrayRef<int64_t> kernel,
                                              ArrayRef<int64_t> strides,
                                              ArrayRef<int64_t> dilations) {
  size_t axes = kernel.size();
  Composer::Integers pads = c.integers("pads"),
                     extra = c.integers("output_padding"),
                     shape = c.integers("output_shape");
  StringRef autoPad = c.text("auto_pad", "NOTSET");
  if (pads.empty())
    pads.assign(2 * axes, 0);
  if (extra.empty())
    extra.assign(axes, 0);
  if (pads.size() != 2 * axes || extra.size() != axes ||
      (!shape.empty() && shape.size() != axes)) {
    c.fail("its attributes do not fit " + Twine(axes) + " axes");
    return std::nullopt;
  }
  SmallVector<Spread> spreads;
  for (size_t i = 0; i < axes; ++i) {
    int64_t size = c.knownSizeOf(c.in(0), int64_t(i) + 2);
    int64_t full = strides[i] * (size - 1) + (kernel[i] - 1) * dilations[i] + 1;
    Spread spread{pads[i], pads[i + axes], extra[i]};
    bool isSame = autoPad.starts_with("SAME");
    if (!shape.empty() || isSame) {
      int64_t wanted = shape.empty() ? size * strides[i] : shape[i];
      int64_t total = full + extra[i] - wanted, half = total / 2;
      bool atEnd = autoPad == "SAME_UPPER" || !isSame;
      spread.before = atEnd ? half : total - half;
      spread.after = total - spread.before;
    }
    if (std::abs(spread.before) > 1 << 20 || std::abs(spread.after) > 1 << 20 ||
        spread.extra < 0 || spread.extra > 1 << 20 ||
        full + spread.extra - spread.before - spread.after < 1) {
      c.fail("its pads leave nothing of an axis");
      return std::nullopt;
    }
    spreads.push_back(spread);
  }
  return spreads;
}

/// `stride` - 1 zeros between the elements of an axis of `size`.
Value spreadAxis(Composer &c, Value x, int64_t axis, int64_t size,
                 int64_t stride) {
  if (stride == 1)
    return x;
  SmallVector<Extent> extents;
  for (int64_t i = 0, rank = c.rankOf(x); i < rank; ++i)
    extents.push_back(i == axis ? Extent(size * stride) : c.extent(x, i));
  Value apart =
      c.pad(c.unsqueeze(x, {axis + 1}), axis + 1, 0, stride - 1, c.like(x, 0));
  return c.slice(c.reshape(apart, extents), axis, 0,
                 size * stride - (stride - 1));
}

/// Pads, and cuts off where a number is below 0.
Value fit(Composer &c, Value x, int64_t axis, int64_t before, int64_t after) {
  if (before > 0 || after > 0)
    x = c.pad(x, axis, before, after, c.like(x, 0));
  if (before < 0 || after < 0)
    x = c.slice(x, axis, std::max<int64_t>(-before, 0),
                after < 0 ? after : INT64_MAX);
  return x;
}

/// A convolution of the image with zeros between its elements by the weights
/// [C, M / groups, kernel], turned around.
void composeConvTranspose(Composer &c) {
  Value x = c.in(0), w = c.in(1);
  int64_t rank = c.rankOf(w), groups = c.integer("group", 1);
  size_t axes = size_t(std::max<int64_t>(rank - 2, 0));
  Composer::Integers kernel, strides = c.integers("strides"),
                             dilations = c.integers("dilations");
  for (int64_t i = 2; i < rank; ++i)
    kernel.push_back(c.knownSizeOf(w, i));
  if (strides.empty())
    strides.assign(axes, 1);
  if (dilations.empty())
    dilations.assign(axes, 1);
  auto isIn = [](int64_t value) { return value >= 1 && value <= 1 << 20; };
  int64_t channels = c.knownSizeOf(x, 1);
  if (c.rankOf(x) != rank || axes == 0 || strides.size() != axes ||
      dilations.size() != axes || !llvm::all_of(strides, isIn) ||
      !llvm::all_of(dilations, isIn) || !llvm::all_of(kernel, isIn) ||
      groups < 1 || channels % groups || c.knownSizeOf(w, 0) != channels)
    return c.fail("its weights and attributes do not fit an image of " +
                  Twine(channels) + " channels");
  auto spreads = readSpread(c, kernel, strides, dilations);
  if (!spreads || c.hasFailed())
    return;
  SmallVector<WindowAxis> windows;
  SmallVector<Extent> split{groups, channels / groups}, merged;
  int64_t perGroup = c.knownSizeOf(w, 1);
  for (int64_t i = 1; i < rank; ++i)
    split.push_back(c.knownSizeOf(w, i));
  for (size_t i = 0; i < axes; ++i) {
    int64_t axis = int64_t(i) + 2, size = c.knownSizeOf(x, axis);
    int64_t reach = (kernel[i] - 1) * dilations[i];
    x = spreadAxis(c, x, axis, size, strides[i]);
    x = fit(c, x, axis, reach - (*spreads)[i].before,
            reach - (*spreads)[i].after + (*spreads)[i].extra);
    w = c.slice(w, axis, -1, INT64_MIN, -1);
    int64_t length = c.knownSizeOf(x, axis);
    windows.push_back(
        {length, kernel[i], 1, dilations[i], 0, 0, length - reach});
  }
  // [groups, C, M, kernel] to [groups * M, C, kernel].
  Composer::Integers perm{0, 2, 1};
  for (int64_t i = 3; i <= rank; ++i)
    perm.push_back(i);
  merged = {c.product(groups, perGroup), channels / groups};
  for (int64_t size : kernel)
    merged.push_back(size);
  w = c.reshape(c.transpose(c.reshape(w, split), perm), merged);
  Value y = multiply(c, {x, w, groups, windows});
  if (c.has(2))
    y = c.withShapeOf(addBias(c, y, c.in(2), axes), y);
  c.setOutput(0, y);
}
} // namespace

void addConvolutions(std::vector<Composition> &all) {
  auto add = [&](onnx::OperatorSpec spec, void (*compose)(Composer &),
                 ArrayRef<AttributeSpec> more) {
    spec.nodeAttributes = windowAttributes();
    spec.nodeAttributes.push_back({AttributeSpec::Int, "group"});
    spec.nodeAttributes.insert(spec.nodeAttributes.end(), more.begin(),
                               more.end());
    spec.restriction = "axes of the image of constant length";
    all.push_back({std::move(spec), compose});
  };
  unsigned bytes = onnx::kI8 | onnx::kU8;
  add(specOf("Conv", 7, 2, 3, onnx::kF32 | onnx::kF64), composeConv, {});
  add(contribSpecOf("FusedConv", 2, 4, onnx::kF32), composeFusedConv,
      {{AttributeSpec::String, "activation"},
       {AttributeSpec::Floats, "activation_params"}});
  add(specOf("ConvInteger", 10, 2, 4, bytes), composeConvInteger, {});
  add(specOf("QLinearConv", 10, 8, 9, bytes), composeQLinearConv, {});
  add(specOf("ConvTranspose", 7, 2, 3, onnx::kF32 | onnx::kF64),
      composeConvTranspose,
      {{AttributeSpec::Ints, "output_padding"},
       {AttributeSpec::Ints, "output_shape"}});
}
} // namespace mlir::bnn
