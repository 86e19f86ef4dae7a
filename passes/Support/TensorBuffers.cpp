//===- TensorBuffers.cpp - Which tensors will share a buffer --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Support/TensorBuffers.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

bool mlir::bnn::isTensorView(Operation *op) {
  return isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                         tensor::CastOp, tensor::ExtractSliceOp>(op);
}

Value mlir::bnn::getViewedTensor(Value tensor) {
  while (isTensorView(tensor.getDefiningOp()))
    tensor = tensor.getDefiningOp()->getOperand(0);
  return tensor;
}

SmallVector<Operation *> mlir::bnn::getReaders(Value tensor, Block *block) {
  llvm::SetVector<Operation *> readers;
  SmallVector<Value> views = {getViewedTensor(tensor)};
  for (size_t i = 0; i < views.size(); ++i)
    for (Operation *user : views[i].getUsers())
      if (isTensorView(user))
        views.push_back(user->getResult(0));
      else if (Operation *reader = block->findAncestorOpInBlock(*user))
        readers.insert(reader);
  SmallVector<Operation *> ops = readers.takeVector();
  auto isBefore = [](Operation *a, Operation *b) {
    return a->isBeforeInBlock(b);
  };
  if (auto last = llvm::max_element(ops, isBefore); last != ops.end())
    std::swap(*last, ops.back());
  return ops;
}
