//===- FoldBudget.h - What evaluating constants may cost --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file of a hundred bytes can ask for terabytes of constants, or for years of
// arithmetic. What an honest model folds is of the size of its weights.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::bnn {

/// Bytes and operations that one folding may use.
class FoldBudget {
public:
  /// 64 MiB and twice the bytes of the function's constants, 1e9 operations
  /// and 64 for each of these bytes; both `factor` times.
  FoldBudget(func::FuncOp func, int64_t factor);

  /// Whether `bytes` more fit into memory beside what is held.
  bool hasMemory(int64_t bytes);
  void hold(int64_t bytes) { held += bytes; }
  void release(int64_t bytes) { held -= bytes; }
  /// Takes so many operations, if they are there.
  bool takeOperations(int64_t count);

  int64_t getBytes() const { return bytes; }
  /// Whether something was refused since the last call.
  bool wasExceeded() { return std::exchange(exceeded, false); }

private:
  int64_t bytes, operations;
  int64_t held = 0;
  bool exceeded = false;
};

} // namespace mlir::bnn
