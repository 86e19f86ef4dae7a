//===- FoldState.h - What the parts of the folding share --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "passes/Support/FoldBudget.h"

namespace mlir::bnn {

/// The function that is being folded, what is known of its shapes, and what was
/// done to it.
struct FoldState {
  func::FuncOp func;
  FoldBudget budget;
  std::unique_ptr<onnx::SymbolicShapes> shapes = nullptr;
  uint64_t valuesFolded = 0, bytesEvaluated = 0, expandsRemoved = 0;

  Block &body() { return func.getBody().front(); }
  /// A constant that stands before an operation, and whose shape is known.
  Value createConstant(ElementsAttr value, Location loc, Operation *before);
  Value createIntegers(ArrayRef<int64_t> values, Type element,
                       ArrayRef<int64_t> shape, Operation *before);
};

} // namespace mlir::bnn
