//===- OrderARM.cpp - The order of NEON code on 32-bit ARM ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For most CPUs of 32-bit ARM LLVM chooses an order before it knows the
// registers, to hide latencies, and sixteen vectors do not suffice for it: the
// hot loops of products and attention spilled. The machine scheduler counts
// registers (use-misched), but with the models of Cortex-A8 and A9 it spills as
// well; with that of Cortex-R52, which is in order and issues two instructions
// like Cortex-A7, it does not. A layer of BiPFT-B at 128 tokens has 0.95 times
// the cycles in products and 0.6 times in attention by the model of Cortex-A9,
// 0.89 and 0.53 by that of R52, 0.88 and 0.74 by that of Cortex-A57.
//
// That is of vectors. LayerNorm, whose floats are scalars here, takes 1.5 times
// as long by the model of R52 with the machine scheduler: it goes without,
// where a CPU has it by default, too.
//
// The model goes by the name of a function's CPU, and what instructions there
// are by its features: all those of the target's CPU, and none of R52's own.
//
//===----------------------------------------------------------------------===//
#include "lib/Target/OrderARM.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include <memory>

using namespace llvm;

static constexpr StringLiteral kModel = "cortex-r52";

// The features of `own`, said for a CPU that has those of `model`. Taking a
// feature away takes those that imply it, which `own` does not have either;
// what is added last stays.
static std::string featuresBeside(const MCSubtargetInfo &own,
                                  const MCSubtargetInfo &model) {
  SubtargetFeatures less, more;
  for (const SubtargetFeatureKV &feature : own.getAllProcessorFeatures()) {
    if (own.hasFeature(feature.Value))
      more.AddFeature(feature.Key);
    else if (model.hasFeature(feature.Value))
      less.AddFeature(feature.Key, /*Enable=*/false);
  }
  return less.getString() + "," + more.getString();
}

// Whether a function counts the bits of vectors.
static bool countsBits(const Function &function) {
  return any_of(instructions(function), [](const Instruction &i) {
    auto *call = dyn_cast<IntrinsicInst>(&i);
    return call && call->getIntrinsicID() == Intrinsic::ctpop &&
           call->getType()->isVectorTy();
  });
}

void mlir::bnn::orderARM(Module &module, const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  const MCSubtargetInfo &own = *machine.getMCSubtargetInfo();
  if (!(triple.isARM() || triple.isThumb()) || !own.checkFeatures("+neon"))
    return;
  std::unique_ptr<MCSubtargetInfo> model(
      machine.getTarget().createMCSubtargetInfo(triple.str(), kModel, ""));
  const std::string counting = featuresBeside(own, *model) + ",+use-misched";
  const std::string other =
      (machine.getTargetFeatureString() + ",-use-misched").str();
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    const bool counts = countsBits(function);
    function.addFnAttr("target-features", counts ? counting : other);
    if (counts)
      function.addFnAttr("target-cpu", kModel);
  }
}
