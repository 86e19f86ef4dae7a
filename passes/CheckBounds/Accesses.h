//===- Accesses.h - Which elements an operation touches ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/OpDefinition.h"

namespace mlir::bnn {

/// From `begin`, `extent` indices of an axis of a buffer, `stride` apart.
struct AxisAccess {
  int64_t axis;
  OpFoldResult begin, extent;
  int64_t stride = 1;
};

/// What an operation touches of one buffer, axis by axis. Null: it is not known
/// what it touches.
struct Access {
  Value buffer;
  SmallVector<AxisAccess> axes;
  bool isKnown = true;
};

/// The accesses of an operation that reads or writes buffers, or makes a view
/// of a part of one; calls, views of the workspace, and a buffer's elements in
/// another shape are none.
SmallVector<Access> accessesOf(Operation *op);

/// Axes of a view that has the elements of axes of a buffer.
struct Reshaping {
  Value view;
  SmallVector<int64_t> viewAxes;
  Value buffer;
  SmallVector<int64_t> bufferAxes;
};

/// What an operation says to be elements of a buffer in another shape.
SmallVector<Reshaping> reshapingsOf(Operation *op);

} // namespace mlir::bnn
