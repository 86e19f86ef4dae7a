//===- Windows.cpp - What convolutions and pooling see --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Windows.h"

using namespace llvm;
using namespace mlir;

namespace mlir::bnn {
/// A bound of kernels, strides and pads: products of three stay below 2^63.
static constexpr int64_t kMaxExtent = 1 << 20;

/// How many windows there are, and what `after` is with `auto_pad`.
static bool place(WindowAxis &axis, StringRef autoPad, bool ceil) {
  int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  if (autoPad.starts_with("SAME")) {
    axis.count = (axis.size + axis.stride - 1) / axis.stride;
    int64_t pads = std::max<int64_t>(0, (axis.count - 1) * axis.stride + reach -
                                            axis.size);
    axis.before = autoPad == "SAME_LOWER" ? pads - pads / 2 : pads / 2;
    axis.after = pads - axis.before;
    return axis.size > 0;
  }
  int64_t room = axis.size + axis.before + axis.after - reach;
  if (room < 0)
    return false;
  axis.count = (room + (ceil ? axis.stride - 1 : 0)) / axis.stride + 1;
  // A window that begins behind the image sees nothing.
  if (ceil && (axis.count - 1) * axis.stride >= axis.size + axis.before)
    --axis.count;
  return axis.count > 0;
}

std::optional<SmallVector<WindowAxis>> readWindows(Composer &c, Value x,
                                                   ArrayRef<int64_t> kernel) {
  size_t axes = kernel.size();
  auto list = [&](StringRef name, size_t size, int64_t otherwise) {
    Composer::Integers values = c.integers(name);
    if (!c.hasAttribute(name))
      values.assign(size, otherwise);
    bool isIn = llvm::all_of(values, [&](int64_t value) {
      return value >= otherwise && value < kMaxExtent;
    });
    if (values.size() != size || !isIn) {
      c.fail("its " + name + " do not fit " + Twine(axes) + " axes of windows");
      values.assign(size, otherwise);
    }
    return values;
  };
  auto strides = list("strides", axes, 1),
       dilations = list("dilations", axes, 1), pads = list("pads", 2 * axes, 0);
  StringRef autoPad = c.text("auto_pad", "NOTSET");
  if (!is_contained({"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}, autoPad))
    c.fail("its auto_pad is '" + autoPad + "'");
  if (c.rankOf(x) != int64_t(axes) + 2 || axes == 0)
    c.fail("it needs an input of rank " + Twine(axes + 2) + ", got rank " +
           Twine(c.rankOf(x)));
  SmallVector<WindowAxis> windows;
  for (size_t i = 0; i < axes && !c.hasFailed(); ++i) {
    WindowAxis axis{c.knownSizeOf(x, int64_t(i) + 2),
                    kernel[i],
                    strides[i],
                    dilations[i],
                    pads[i],
                    pads[i + axes]};
    if (autoPad == "VALID")
      axis.before = axis.after = 0;
    if (axis.kernel < 1 || axis.kernel >= kMaxExtent ||
        axis.size >= kMaxExtent * 1024 ||
        !place(axis, autoPad, c.integer("ceil_mode") != 0))
      c.fail("a window of " + Twine(axis.kernel) + " does not fit an axis of " +
             Twine(axis.size));
    windows.push_back(axis);
  }
  if (c.hasFailed())
    return std::nullopt;
  return windows;
}

Value unfold(Composer &c, Value x, ArrayRef<WindowAxis> windows, Value fill) {
  for (auto [i, axis] : llvm::enumerate(windows)) {
    int64_t position = 2 + 2 * int64_t(i);
    int64_t reach = axis.at(axis.count - 1, axis.kernel - 1) + 1;
    int64_t after = std::max<int64_t>(0, reach - axis.size);
    // Windows beside each other are the image itself.
    if (!axis.before && !after && axis.dilation == 1 &&
        axis.stride == axis.kernel && reach == axis.size) {
      SmallVector<Extent> extents;
      for (int64_t j = 0; j < c.rankOf(x); ++j)
        if (j == position)
          extents.append({axis.count, axis.kernel});
        else
          extents.push_back(c.extent(x, j));
      x = c.reshape(x, extents);
      continue;
    }
    if (axis.before || after)
      x = c.pad(x, position, axis.before, after, fill);
    if (!c.canMakeTable(axis.count, axis.kernel))
      return x;
    Composer::Integers table;
    for (int64_t w = 0; w < axis.count; ++w)
      for (int64_t k = 0; k < axis.kernel; ++k)
        table.push_back(axis.at(w, k) + axis.before);
    x = c.gather(x,
                 c.table(ArrayRef<int64_t>(table), {axis.count, axis.kernel}),
                 position);
  }
  return x;
}

std::vector<onnx::AttributeSpec> windowAttributes() {
  using onnx::AttributeSpec;
  return {{AttributeSpec::String, "auto_pad"},
          {AttributeSpec::Ints, "dilations"},
          {AttributeSpec::Ints, "kernel_shape"},
          {AttributeSpec::Ints, "pads"},
          {AttributeSpec::Ints, "strides"}};
}
} // namespace mlir::bnn
