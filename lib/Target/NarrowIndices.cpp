//===- NarrowIndices.cpp - Indices of 32 bits -----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/NarrowIndices.h"

#include "llvm/Analysis/LazyValueInfo.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/ConstantRange.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace {
/// A counter: a phi of a loop's header, and what it is in the next iteration.
struct Counter {
  PHINode *phi;
  BinaryOperator *next;
  BasicBlock *before, *latch;
};

class Narrowing {
public:
  Narrowing(Function &function, FunctionAnalysisManager &analyses)
      : function(function), loops(analyses.getResult<LoopAnalysis>(function)),
        evolution(analyses.getResult<ScalarEvolutionAnalysis>(function)),
        values(analyses.getResult<LazyValueAnalysis>(function)) {}

  bool run() {
    for (Loop *loop : loops.getLoopsInPreorder())
      collect(*loop);
    for (Instruction &i : instructions(function))
      if (isNarrowOperation(i))
        operations.push_back(&i);
    // What is known is of the function as it was.
    for (Instruction *i : operations)
      narrowOperands(*i);
    for (const Counter &counter : counters)
      narrow(counter);
    return !counters.empty() || !operations.empty();
  }

private:
  Function &function;
  LoopInfo &loops;
  ScalarEvolution &evolution;
  LazyValueInfo &values;
  SmallVector<Counter> counters;
  SmallVector<Instruction *> operations;

  /// Whether a value never reaches 2^31, where `at` is executed.
  bool isSmall(Value *value, Instruction *at) {
    const APInt end(64, 1u << 31);
    return evolution.getUnsignedRangeMax(evolution.getSCEV(value)).ult(end) ||
           values.getConstantRange(value, at, /*UndefAllowed=*/false)
               .getUnsignedMax()
               .ult(end);
  }

  /// Whether `loop` is left where `next` is a small number. It counts up to
  /// that and cannot miss it: what it is after it wrapped is poison, on which a
  /// branch would be undefined.
  bool endsAtSmall(BinaryOperator &next, BasicBlock &latch, Loop &loop) {
    auto *branch = dyn_cast<BranchInst>(latch.getTerminator());
    if (!next.hasNoUnsignedWrap() || !branch || !branch->isConditional() ||
        loop.getExitingBlock() != &latch)
      return false;
    auto *compare = dyn_cast<ICmpInst>(branch->getCondition());
    if (!compare || compare->getOperand(0) != &next)
      return false;
    const bool leaves = !loop.contains(branch->getSuccessor(
        compare->getPredicate() == ICmpInst::ICMP_EQ ? 0 : 1));
    return compare->isEquality() && leaves &&
           isSmall(compare->getOperand(1), compare);
  }

  /// The counters of `loop` that can be narrow.
  void collect(Loop &loop) {
    BasicBlock *before = loop.getLoopPredecessor(),
               *latch = loop.getLoopLatch();
    if (!before || !latch)
      return;
    for (PHINode &phi : loop.getHeader()->phis()) {
      if (!phi.getType()->isIntegerTy(64))
        continue;
      auto *next =
          dyn_cast<BinaryOperator>(phi.getIncomingValueForBlock(latch));
      if (!next || next->getOpcode() != Instruction::Add ||
          next->getOperand(0) != &phi || !isa<ConstantInt>(next->getOperand(1)))
        continue;
      Instruction *first = phi.getParent()->getFirstNonPHI();
      if (endsAtSmall(*next, *latch, loop) ||
          (isSmall(&phi, first) && isSmall(next, next)))
        counters.push_back({&phi, next, before, latch});
    }
  }

  /// Whether `i` is the same on the lower halves of its operands.
  bool isNarrowOperation(Instruction &i) {
    switch (i.getOpcode()) {
    case Instruction::ICmp:
    case Instruction::UDiv:
    case Instruction::URem:
    case Instruction::SDiv:
    case Instruction::SRem:
      break;
    default:
      if (!isa<MinMaxIntrinsic>(i))
        return false;
    }
    return i.getOperand(0)->getType()->isIntegerTy(64) &&
           isSmall(i.getOperand(0), &i) && isSmall(i.getOperand(1), &i);
  }

  /// The lower half of a value, right where it comes from.
  static Value *lowerHalf(Value *value, Function &function) {
    auto *i = dyn_cast<Instruction>(value);
    IRBuilder<> b(function.getContext());
    if (!i)
      b.SetInsertPoint(&*function.getEntryBlock().getFirstInsertionPt());
    else if (auto after = i->getInsertionPointAfterDef())
      b.SetInsertPoint(i->getParent(), *after);
    return b.CreateTrunc(value, b.getInt32Ty());
  }

  void narrowOperands(Instruction &i) {
    Value *left = lowerHalf(i.getOperand(0), function),
          *right = lowerHalf(i.getOperand(1), function);
    IRBuilder<> b(&i);
    Value *result;
    if (auto *compare = dyn_cast<ICmpInst>(&i))
      result = b.CreateICmp(compare->getPredicate(), left, right);
    else if (auto *extremum = dyn_cast<MinMaxIntrinsic>(&i))
      result = b.CreateBinaryIntrinsic(extremum->getIntrinsicID(), left, right);
    else
      result =
          b.CreateBinOp(Instruction::BinaryOps(i.getOpcode()), left, right);
    i.replaceAllUsesWith(b.CreateZExt(result, i.getType()));
    i.eraseFromParent();
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
};
} // namespace

PreservedAnalyses
mlir::bnn::NarrowIndices::run(Function &function,
                              FunctionAnalysisManager &analyses) {
  return Narrowing(function, analyses).run() ? PreservedAnalyses::none()
                                             : PreservedAnalyses::all();
}
