//===- FoldState.cpp - What the parts of the folding share ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/FoldState.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

Value FoldState::createConstant(ElementsAttr value, Location loc,
                                Operation *before) {
  OpBuilder builder(before);
  auto constant =
      builder.create<onnx::ConstantOp>(loc, value.getShapedType(), value);
  (void)shapes->visit(constant);
  return constant;
}

Value FoldState::createIntegers(ArrayRef<int64_t> values, Type element,
                                ArrayRef<int64_t> shape, Operation *before) {
  SmallVector<llvm::APInt> words;
  for (int64_t value : values)
    words.emplace_back(element.getIntOrFloatBitWidth(), value,
                       /*isSigned=*/true);
  auto type = RankedTensorType::get(shape, element);
  return createConstant(DenseElementsAttr::get(type, words), before->getLoc(),
                        before);
}
