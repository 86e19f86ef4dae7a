//===- UpdateInPlace.cpp - Write where an operand is read -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/UpdateInPlace/UpdateInPlace.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Support/TensorBuffers.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_UPDATEINPLACE
#include "passes/UpdateInPlace/UpdateInPlace.h.inc"

namespace {

// Whether `value` is computed by an op that leaves it in a buffer of its own,
// and `op` is its last reader.
bool isLastUse(Value value, Operation *op) {
  Operation *def = getViewedTensor(value).getDefiningOp();
  return isa_and_nonnull<DestinationStyleOpInterface>(def) &&
         def->getBlock() == op->getBlock() &&
         getReaders(value, op->getBlock()).back() == op;
}

// Whether `op` reads all of `value` as it writes `out`: of a tensor the element
// that it writes next, and nothing else of it afterwards.
bool readsElementwise(linalg::LinalgOp op, Value value, OpOperand &out) {
  auto isWhereWritten = [&](OpOperand *operand) {
    return operand->get() != value ||
           op.getMatchingIndexingMap(operand).isIdentity();
  };
  bool readInside = llvm::any_of(value.getUsers(), [&](Operation *user) {
    return user != op.getOperation() && op->isProperAncestor(user);
  });
  return !readInside && op.getNumParallelLoops() == op.getNumLoops() &&
         op.getMatchingIndexingMap(&out).isIdentity() &&
         !op.payloadUsesValueFromOperand(&out) &&
         llvm::all_of(op.getDpsInputOperands(), isWhereWritten);
}

struct UpdateInPlace : impl::UpdateInPlaceBase<UpdateInPlace> {
  using UpdateInPlaceBase::UpdateInPlaceBase;

  void runOnOperation() override {
    getOperation().walk([&](DestinationStyleOpInterface op) { reuse(op); });
  }

  void reuse(DestinationStyleOpInterface op) {
    if (op.getNumDpsInits() == 0)
      return;
    OpOperand &out = *op.getDpsInitOperand(0);
    if (!out.get().getDefiningOp<tensor::EmptyOp>())
      return;
    for (OpOperand *candidate : operandsReadInPlace(op, out))
      if (candidate->get().getType() == out.get().getType() &&
          isLastUse(candidate->get(), op)) {
        out.set(candidate->get());
        ++updated;
        return;
      }
  }

  static SmallVector<OpOperand *>
  operandsReadInPlace(DestinationStyleOpInterface op, OpOperand &out) {
    if (auto kernel = dyn_cast<KernelOpInterface>(*op))
      return kernel.getOperandsReadInPlace();
    SmallVector<OpOperand *> operands;
    if (auto generic = dyn_cast<linalg::LinalgOp>(*op))
      for (OpOperand *operand : generic.getDpsInputOperands())
        if (readsElementwise(generic, operand->get(), out))
          operands.push_back(operand);
    return operands;
  }
};

} // namespace
} // namespace mlir::bnn
