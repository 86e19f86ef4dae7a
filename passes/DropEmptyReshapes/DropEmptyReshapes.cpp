//===- DropEmptyReshapes.cpp - Reshapes of nothing ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/DropEmptyReshapes/DropEmptyReshapes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_DROPEMPTYRESHAPES
#include "passes/DropEmptyReshapes/DropEmptyReshapes.h.inc"

namespace {

bool isEmpty(Value tensor) {
  while (true) {
    auto type = dyn_cast<RankedTensorType>(tensor.getType());
    if (type && llvm::is_contained(type.getShape(), 0))
      return true;
    auto cast = tensor.getDefiningOp<tensor::CastOp>();
    if (!cast)
      return false;
    tensor = cast.getSource();
  }
}

// A part of an axis of length 0 cannot be computed from the others.
FailureOr<SmallVector<OpFoldResult>> dimsOf(OpBuilder &b, Operation *op) {
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return getMixedValues(expand.getStaticOutputShape(),
                          expand.getOutputShape(), b);
  ReifiedRankedShapedTypeDims dims;
  if (failed(reifyResultShapes(b, op, dims)))
    return failure();
  return dims[0];
}

struct DropEmptyReshapes : impl::DropEmptyReshapesBase<DropEmptyReshapes> {
  using DropEmptyReshapesBase::DropEmptyReshapesBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> reshapes;
    getOperation().walk([&](Operation *op) {
      if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op) &&
          (isEmpty(op->getOperand(0)) || isEmpty(op->getResult(0))))
        reshapes.push_back(op);
    });
    for (Operation *op : reshapes) {
      rewriter.setInsertionPoint(op);
      auto dims = dimsOf(rewriter, op);
      if (failed(dims))
        continue;
      auto type = cast<RankedTensorType>(op->getResult(0).getType());
      Value empty = rewriter.create<tensor::EmptyOp>(
          op->getLoc(), *dims, type.getElementType(), type.getEncoding());
      if (empty.getType() != type)
        empty = rewriter.create<tensor::CastOp>(op->getLoc(), type, empty);
      rewriter.replaceOp(op, empty);
      ++dropped;
    }
  }
};

} // namespace
} // namespace mlir::bnn
