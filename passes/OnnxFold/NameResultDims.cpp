//===- NameResultDims.cpp - Names for the dimensions of results -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/BNNModel.h"
#include "passes/OnnxFold/FoldSteps.h"
#include "passes/Support/ResultDims.h"

using namespace mlir;
using namespace mlir::bnn;

/// The name that the model gave a dimension, or "".
static StringRef declaredName(Attribute dim) {
  if (auto name = dyn_cast<StringAttr>(dim))
    return name;
  auto computed = dyn_cast<ComputedDimAttr>(dim);
  return computed ? computed.getDeclared() : StringRef();
}

void bnn::nameResultDims(FoldState &state) {
  Operation *terminator = state.body().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto noted = state.func.getResultAttrOfType<ArrayAttr>(i, onnx::kDimsAttr);
    std::optional<ArrayRef<onnx::SymbolicDim>> dims =
        state.shapes->shapeOf(value);
    if (!noted || !dims)
      continue;
    auto declared = [&](unsigned axis) {
      return noted.size() == dims->size() ? declaredName(noted[axis])
                                          : StringRef();
    };
    state.func.setResultAttr(
        i, onnx::kDimsAttr, describeResultDims(*state.shapes, value, declared));
  }
}
