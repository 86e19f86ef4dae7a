//===- NarrowIndices.cpp - Indices of 32 bits -----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/NarrowIndices.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace {
/// A counter: a phi of a loop's header, and what it is in the next iteration.
struct Counter {
  PHINode *phi;
  BinaryOperator *next;
  BasicBlock *before, *latch;
};
} // namespace

/// Whether a value never reaches 2^31.
static bool isSmall(Value *value, ScalarEvolution &evolution) {
  return evolution.getUnsignedRangeMax(evolution.getSCEV(value)).ult(1u << 31);
}

/// The counters of `loop` that can be narrow.
static void collect(Loop &loop, ScalarEvolution &evolution,
                    SmallVectorImpl<Counter> &counters) {
  BasicBlock *before = loop.getLoopPredecessor(), *latch = loop.getLoopLatch();
  if (!before || !latch)
    return;
  for (PHINode &phi : loop.getHeader()->phis()) {
    if (!phi.getType()->isIntegerTy(64))
      continue;
    auto *next = dyn_cast<BinaryOperator>(phi.getIncomingValueForBlock(latch));
    if (next && next->getOpcode() == Instruction::Add &&
        next->getOperand(0) == &phi && isa<ConstantInt>(next->getOperand(1)) &&
        isSmall(&phi, evolution) && isSmall(next, evolution))
      counters.push_back({&phi, next, before, latch});
  }
}

/// What was wide is an extension of what is narrow; LLVM does the rest.
static void narrow(const Counter &counter) {
  IRBuilder<> b(counter.before->getTerminator());
  Type *wide = counter.phi->getType();
  Value *start = b.CreateTrunc(
      counter.phi->getIncomingValueForBlock(counter.before), b.getInt32Ty());
  b.SetInsertPoint(counter.phi);
  PHINode *phi = b.CreatePHI(b.getInt32Ty(), 2);
  b.SetInsertPoint(counter.next);
  auto *step = cast<ConstantInt>(counter.next->getOperand(1));
  Value *next =
      b.CreateAdd(phi, ConstantExpr::getTrunc(step, b.getInt32Ty()), "",
                  /*HasNUW=*/step->getSExtValue() > 0);
  Value *wideNext = b.CreateZExt(next, wide);
  phi->addIncoming(start, counter.before);
  phi->addIncoming(next, counter.latch);
  BasicBlock *header = counter.phi->getParent();
  b.SetInsertPoint(header, header->getFirstInsertionPt());
  counter.phi->replaceAllUsesWith(b.CreateZExt(phi, wide));
  counter.next->replaceAllUsesWith(wideNext);
  counter.phi->eraseFromParent();
  counter.next->eraseFromParent();
}

PreservedAnalyses
mlir::bnn::NarrowIndices::run(Function &function,
                              FunctionAnalysisManager &analyses) {
  LoopInfo &loops = analyses.getResult<LoopAnalysis>(function);
  auto &evolution = analyses.getResult<ScalarEvolutionAnalysis>(function);
  SmallVector<Counter> counters;
  for (Loop *loop : loops.getLoopsInPreorder())
    collect(*loop, evolution, counters);
  for (const Counter &counter : counters)
    narrow(counter);
  return counters.empty() ? PreservedAnalyses::all()
                          : PreservedAnalyses::none();
}
