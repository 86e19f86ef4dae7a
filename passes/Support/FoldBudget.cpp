//===- FoldBudget.cpp - What evaluating constants may cost ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/FoldBudget.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

// The bytes that an attribute has, and not those that its type asks for: a
// splat of any shape is one element.
static int64_t storedBytes(ElementsAttr value) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.getRawData().size();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData().size();
  return 0;
}

FoldBudget::FoldBudget(func::FuncOp func, int64_t factor) {
  int64_t constants = 0;
  func.walk([&](onnx::ConstantOp op) {
    constants =
        llvm::SaturatingAdd<uint64_t>(constants, storedBytes(op.getValue()));
  });
  auto times = [](uint64_t x, uint64_t y) {
    return std::min<uint64_t>(llvm::SaturatingMultiply(x, y), INT64_MAX / 2);
  };
  bytes = times(factor, (int64_t(64) << 20) + times(2, constants));
  operations = times(factor, 1'000'000'000 + times(64, constants));
}

bool FoldBudget::hasMemory(int64_t more) {
  const bool fits = more <= bytes - held;
  exceeded |= !fits;
  return fits;
}

bool FoldBudget::takeOperations(int64_t count) {
  const bool fits = count <= operations;
  exceeded |= !fits;
  if (fits)
    operations -= count;
  return fits;
}
