//===- KeepOrder.cpp - Code whose order is chosen -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop whose registers are counted is written in the order that it should
// run in, with loads among the arithmetic. LLVM's models of large cores move
// all loads of an iteration to its front, and the registers do not suffice; its
// model of Cortex-A53 keeps the order. By llvm-mca the loop of ParityChain
// makes 102 multiply-accumulates a cycle on Neoverse N1 then, and 93 to 102
// where LLVM tunes for the CPU; 37 and 25 on Cortex-A55. Loads of pairs of
// registers come when both are needed, which costs another 13 on Cortex-A76,
// and an unrolled loop needs more of them at a time.
//
//===----------------------------------------------------------------------===//
#include "lib/Target/KeepOrder.h"
#include "dialects/BNN/BNNTarget.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

void mlir::bnn::keepOrder(Module &module, const TargetSpec &spec) {
  const bool isAArch64 = Triple(spec.triple).isAArch64();
  for (Function &function : module) {
    if (!function.hasFnAttribute(kKeepOrder))
      continue;
    function.removeFnAttr(kKeepOrder);
    if (!isAArch64)
      continue;
    DominatorTree dominators(function);
    LoopInfo loops(dominators);
    for (Loop *loop : loops.getLoopsInPreorder())
      loop->setLoopAlreadyUnrolled();
    function.addFnAttr("target-cpu", spec.cpu);
    function.addFnAttr("tune-cpu", "cortex-a53");
    function.addFnAttr("target-features",
                       spec.features + (spec.features.empty() ? "" : ",") +
                           "+slow-paired-128");
  }
}
