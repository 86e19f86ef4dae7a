//===- ConstantMemory.h - Whose memory constants borrow ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/DialectInterface.h"
#include "mlir/IR/MLIRContext.h"

namespace mlir::bnn::onnx {
/// Attached to the dialect by whoever gives constants memory that is not
/// theirs: a file that is mapped.
class ConstantMemoryInterface
    : public DialectInterface::Base<ConstantMemoryInterface> {
public:
  explicit ConstantMemoryInterface(Dialect *dialect) : Base(dialect) {}

  /// Nobody reads these bytes of a constant soon: gives their memory back to
  /// the system if it is the owner's and can be had again. Bytes of others are
  /// left alone. May be called by several threads.
  virtual void release(ArrayRef<char> bytes) const = 0;
};

/// Tells the owner of constants' memory, if there is one, that nobody reads
/// these bytes soon.
void releaseElements(MLIRContext *context, ArrayRef<char> bytes);
} // namespace mlir::bnn::onnx
