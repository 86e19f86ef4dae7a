//===- NameResultDims.cpp - Names for the dimensions of results -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir/IR/Builders.h"
#include "passes/OnnxFold/FoldState.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

void bnn::nameResultDims(FoldState &state) {
  func::FuncOp func = state.func;
  Builder builder(func.getContext());
  auto isInputDim = [&](const SymbolicDim &dim) {
    return llvm::any_of(func.getArguments(), [&](Value argument) {
      auto all = state.shapes->shapeOf(argument);
      return all && llvm::is_contained(*all, dim);
    });
  };
  Operation *terminator = state.body().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto noted = func.getResultAttrOfType<ArrayAttr>(i, onnx::kDimsAttr);
    std::optional<ArrayRef<SymbolicDim>> dims = state.shapes->shapeOf(value);
    if (!noted || !dims)
      continue;
    SmallVector<Attribute> names;
    for (auto [axis, dim] : llvm::enumerate(*dims)) {
      // A name that the model gives stays, unless it is an input's after all.
      if (std::optional<int64_t> constant = dim.getConstant())
        names.push_back(builder.getI64IntegerAttr(*constant));
      else if (noted.size() == dims->size() && !isInputDim(dim))
        names.push_back(noted[axis]);
      else
        names.push_back(builder.getStringAttr(state.shapes->str(dim)));
    }
    func.setResultAttr(i, onnx::kDimsAttr, builder.getArrayAttr(names));
  }
}
