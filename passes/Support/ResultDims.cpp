//===- ResultDims.cpp - What the dimensions of an output are --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/ResultDims.h"
#include "dialects/BNN/BNNModel.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

ArrayAttr
bnn::describeResultDims(const onnx::SymbolicShapes &shapes, Value value,
                        llvm::function_ref<StringRef(unsigned)> declared) {
  MLIRContext *context = value.getContext();
  Builder b(context);
  SmallVector<Attribute> dims;
  for (auto [axis, dim] : llvm::enumerate(*shapes.shapeOf(value))) {
    if (std::optional<int64_t> constant = dim.getConstant())
      dims.push_back(b.getI64IntegerAttr(*constant));
    else if (std::optional<StringRef> name = shapes.argumentName(dim))
      dims.push_back(b.getStringAttr(*name));
    else
      dims.push_back(ComputedDimAttr::get(context, shapes.str(dim),
                                          declared(unsigned(axis))));
  }
  return b.getArrayAttr(dims);
}
