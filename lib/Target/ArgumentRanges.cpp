//===- ArgumentRanges.cpp - The integers that functions get ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/ArgumentRanges.h"

#include "llvm/ADT/SCCIterator.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/Analysis/LazyValueInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/ConstantRange.h"
#include "llvm/IR/Module.h"

using namespace llvm;

/// The calls of a function, if nothing else can call it.
static std::optional<SmallVector<CallBase *>> callsOf(Function &function) {
  if (function.isDeclaration() || !function.hasLocalLinkage() ||
      function.isVarArg())
    return std::nullopt;
  SmallVector<CallBase *> calls;
  for (Use &use : function.uses()) {
    auto *call = dyn_cast<CallBase>(use.getUser());
    // A recursive one would ask for what is looked for.
    if (!call || !call->isCallee(&use) || call->getFunction() == &function ||
        call->getFunctionType() != function.getFunctionType())
      return std::nullopt;
    calls.push_back(call);
  }
  return calls;
}

/// The range of a value that a call is given: of conditions on the way one
/// analysis knows, of other arguments and of arithmetic on them the other.
static ConstantRange rangeOf(Value *value, CallBase &call,
                             FunctionAnalysisManager &manager) {
  Function &caller = *call.getFunction();
  auto &values = manager.getResult<LazyValueAnalysis>(caller);
  auto &evolution = manager.getResult<ScalarEvolutionAnalysis>(caller);
  return values.getConstantRange(value, &call, /*UndefAllowed=*/false)
      .intersectWith(evolution.getUnsignedRange(evolution.getSCEV(value)),
                     ConstantRange::Unsigned);
}

PreservedAnalyses
mlir::bnn::ArgumentRanges::run(Module &module,
                               llvm::ModuleAnalysisManager &analyses) {
  auto &manager = analyses.getResult<FunctionAnalysisManagerModuleProxy>(module)
                      .getManager();
  // Callers come after what they call; of a cycle none is looked at.
  CallGraph graph(module);
  SmallVector<Function *> functions;
  for (auto component = scc_begin(&graph); !component.isAtEnd(); ++component)
    if (component->size() == 1 && component->front()->getFunction())
      functions.push_back(component->front()->getFunction());
  bool changed = false;
  for (Function *function : reverse(functions)) {
    auto calls = callsOf(*function);
    if (!calls || calls->empty())
      continue;
    for (Argument &argument : function->args()) {
      if (!argument.getType()->isIntegerTy())
        continue;
      auto range =
          ConstantRange::getEmpty(argument.getType()->getIntegerBitWidth());
      for (CallBase *call : *calls)
        range = range.unionWith(
            rangeOf(call->getArgOperand(argument.getArgNo()), *call, manager),
            ConstantRange::Unsigned);
      if (range.isFullSet() || range.isEmptySet() || argument.getRange())
        continue;
      argument.addAttr(llvm::Attribute::get(module.getContext(),
                                            llvm::Attribute::Range, range));
      changed = true;
    }
  }
  return changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
