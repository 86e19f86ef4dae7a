//===- MappedFiles.h - Files that constants share memory with ---*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/ONNX/ConstantMemory.h"
#include <memory>

namespace mlir::bnn {
/// The address ranges that constants share with files mapped by the importer.
/// A pass that has read such a constant for the last time gives its pages back
/// to the system; heap memory must never be treated that way, hence the
/// register.
class MappedFiles : public onnx::ConstantMemoryInterface {
public:
  explicit MappedFiles(Dialect *dialect);
  /// Those of the context's `onnx` dialect.
  static MappedFiles &of(MLIRContext *context);

  /// Notes that `bytes` is a read-only private mapping of a file, until the
  /// result is destroyed, which may be after the context.
  std::shared_ptr<void> add(ArrayRef<char> bytes);

  /// Drops the whole pages inside `bytes` from memory if they belong to a
  /// registered file; they are read from the file again when touched.
  void release(ArrayRef<char> bytes) const override;

private:
  struct Ranges;
  std::shared_ptr<Ranges> ranges;
};
} // namespace mlir::bnn
