//===- KnownValues.h - Values that are known already ------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <memory>
#include <optional>

namespace mlir::bnn {
/// The values of a function's onnx operations, as far as constants and shapes
/// decide them: for who has to know one before the function is whole. Each
/// operation is evaluated once, if a value that is asked for depends on it, and
/// all of them within the budget of one folding.
class KnownValues {
public:
  /// What evaluating needs; to be called while nothing else uses the context.
  static void loadDialects(MLIRContext *context);

  /// Both outlive this.
  KnownValues(func::FuncOp func, onnx::SymbolicShapes &shapes);
  ~KnownValues();

  /// A boolean of one element, or nothing if it is not known.
  std::optional<bool> getBoolean(Value value);

private:
  struct State;
  std::unique_ptr<State> state;
};
} // namespace mlir::bnn
