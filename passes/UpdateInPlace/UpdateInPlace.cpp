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
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_UPDATEINPLACE
#include "passes/UpdateInPlace/UpdateInPlace.h.inc"

namespace {

// Whether `value` is computed by an op that leaves it in a buffer of its own,
// and `op` is its last reader.
bool isLastUse(Value value, Operation *op) {
  Operation *def = value.getDefiningOp();
  if (!isa_and_nonnull<DestinationStyleOpInterface>(def))
    return false;
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    return user == op ||
           (user->getBlock() == op->getBlock() && user->isBeforeInBlock(op));
  });
}

struct UpdateInPlace : impl::UpdateInPlaceBase<UpdateInPlace> {
  using UpdateInPlaceBase::UpdateInPlaceBase;

  void runOnOperation() override {
    getOperation().walk([&](KernelOpInterface op) { reuse(op); });
  }

  void reuse(KernelOpInterface op) {
    auto dst = cast<DestinationStyleOpInterface>(*op);
    OpOperand &out = *dst.getDpsInitOperand(0);
    if (!out.get().getDefiningOp<tensor::EmptyOp>())
      return;
    for (OpOperand *candidate : op.getOperandsReadInPlace())
      if (candidate->get().getType() == out.get().getType() &&
          isLastUse(candidate->get(), op)) {
        out.set(candidate->get());
        ++updated;
        return;
      }
  }
};

} // namespace
} // namespace mlir::bnn
