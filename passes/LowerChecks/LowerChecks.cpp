//===- LowerChecks.cpp - The checks of a run as branches ------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerChecks/LowerChecks.h"
#include "dialects/BNN/BNN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_LOWERCHECKS
#include "passes/LowerChecks/LowerChecks.h.inc"

namespace {

/// A block at the end of the function that returns its argument.
Block *addFailure(func::FuncOp func) {
  Type status = func.getResultTypes().front();
  Block *block = func.addBlock();
  Value argument = block->addArgument(status, func.getLoc());
  OpBuilder::atBlockEnd(block).create<func::ReturnOp>(func.getLoc(), argument);
  return block;
}

struct LowerChecks : impl::LowerChecksBase<LowerChecks> {
  using LowerChecksBase::LowerChecksBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    SmallVector<CheckOpInterface> checks(func.getOps<CheckOpInterface>());
    if (checks.empty())
      return;
    Block *failure = addFailure(func);
    for (CheckOpInterface check : checks) {
      Location loc = check.getLoc();
      Block *block = check->getBlock();
      Block *next = block->splitBlock(check);
      auto b = OpBuilder::atBlockEnd(block);
      Value status = b.create<arith::ConstantIntOp>(loc, check.getStatus(), 32);
      b.create<cf::CondBranchOp>(loc, check.getOk(), next, ValueRange(),
                                 failure, ValueRange(status));
      check->erase();
      ++branches;
    }
  }
};

} // namespace
} // namespace mlir::bnn
