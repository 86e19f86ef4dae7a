//===- Windows.h - What convolutions and pooling see ------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Import/Composer.h"

namespace mlir::bnn {
/// The windows along one axis of an image: `count` of them, each of `kernel`
/// elements.
struct WindowAxis {
  int64_t size, kernel, stride, dilation, before, after, count = 0;

  /// Where element `i` of window `w` is, from the first of the image on.
  int64_t at(int64_t w, int64_t i) const {
    return w * stride + i * dilation - before;
  }
};

/// The windows of a node's attributes on an image [N, C, sizes], which are
/// known; nothing after an error. `kernel`: the sizes of a window.
std::optional<llvm::SmallVector<WindowAxis>>
readWindows(Composer &c, mlir::Value x, llvm::ArrayRef<int64_t> kernel);

/// x [N, C, sizes] as [N, C, count, kernel, ...]: a count and a kernel for each
/// axis. Outside the image is `fill`, a scalar.
mlir::Value unfold(Composer &c, mlir::Value x,
                   llvm::ArrayRef<WindowAxis> windows, mlir::Value fill);

/// The attributes that all operators with windows have.
std::vector<onnx::AttributeSpec> windowAttributes();
} // namespace mlir::bnn
