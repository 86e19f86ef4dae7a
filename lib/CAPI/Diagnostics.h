//===- Diagnostics.h - MLIR's diagnostics as C structs ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "bnn/compiler.h"
#include "mlir/IR/Diagnostics.h"

#include <deque>
#include <string>

namespace mlir::bnn {

/// Diagnostics that outlive the context that they come from.
class DiagnosticList {
public:
  /// Adds a diagnostic, and after it its notes.
  void add(mlir::Diagnostic &diagnostic);

  /// Null past the end.
  const bnn_diagnostic *get(size_t index) const {
    return index < entries.size() ? &entries[index].view : nullptr;
  }

private:
  struct Entry {
    std::string message, file, node;
    bnn_diagnostic view;
  };
  // The views point into the entries, which must not move.
  std::deque<Entry> entries;
};

} // namespace mlir::bnn
