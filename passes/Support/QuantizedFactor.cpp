//===- QuantizedFactor.cpp - Weights that are bytes -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/QuantizedFactor.h"
#include "dialects/ONNX/ConstantView.h"

using namespace mlir;
using namespace mlir::bnn;

bool bnn::widensBytes(Operation *op) {
  if (!isa<onnx::DequantizeLinearOp, onnx::CastOp>(op) ||
      !getElementTypeOrSelf(op->getOperand(0)).isInteger(8))
    return false;
  Type to = getElementTypeOrSelf(op->getResult(0));
  return isa<onnx::DequantizeLinearOp>(op) ? to.isF32() : to.isInteger(32);
}

// What may stand between such a tensor and the product.
static bool isOnTheWay(Operation *op) {
  return isa<onnx::TransposeOp, onnx::SubOp, onnx::IdentityOp>(op);
}

bool bnn::feedsOnlyProducts(Operation *op,
                            llvm::function_ref<bool(Operation *)> isProduct) {
  return !op->use_empty() && llvm::all_of(op->getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<onnx::MatMulOp, onnx::GemmOp>(user))
      return use.getOperandNumber() == 1 && isProduct(user);
    return isOnTheWay(user) && use.getOperandNumber() == 0 &&
           feedsOnlyProducts(user, isProduct);
  });
}

bool bnn::isConstantFactor(Value value) {
  // A subtraction after a cast, and a transposition, are the most.
  for (int depth = 0; depth < 4; ++depth) {
    if (onnx::ConstantView::get(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (!op || (!isOnTheWay(op) && !widensBytes(op)))
      return false;
    for (Value other : op->getOperands().drop_front())
      if (!isa<NoneType>(other.getType()) && !isConstantFactor(other))
        return false;
    value = op->getOperand(0);
  }
  return false;
}
