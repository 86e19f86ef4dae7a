//===- CPUChooser.cpp - Code that asks a machine what it has --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/CPUChooser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace mlir::bnn {

CPUChooser::~CPUChooser() = default;

Expected<std::unique_ptr<CPUChooser>>
CPUChooser::create(Module &module, ArrayRef<TargetSpec> variants) {
  return Triple(variants.front().triple).isAArch64()
             ? createAArch64Chooser(module, variants)
             : createX86Chooser(module, variants);
}

Function *CPUChooser::createFunction(const Twine &name, llvm::Type *result,
                                     ArrayRef<llvm::Type *> parameters,
                                     IRBuilder<> &b) {
  Function *function = Function::Create(
      llvm::FunctionType::get(result, parameters, /*isVarArg=*/false),
      GlobalValue::InternalLinkage, name, module);
  function->addFnAttr("target-cpu", oldestCPU);
  function->addFnAttr("target-features", "");
  function->setDoesNotThrow();
  b.SetInsertPoint(BasicBlock::Create(b.getContext(), "", function));
  return function;
}

llvm::Value *CPUChooser::lastThatFits(IRBuilder<> &b,
                                      ArrayRef<llvm::Value *> has,
                                      ArrayRef<FeatureWords> variants) {
  llvm::Value *number = b.getInt32(0);
  for (auto [i, needs] : enumerate(variants)) {
    llvm::Value *fits = b.getTrue();
    for (auto [word, bits] : zip_equal(has, needs))
      if (bits) {
        llvm::Value *mask = ConstantInt::get(word->getType(), bits);
        fits = b.CreateAnd(fits, b.CreateICmpEQ(b.CreateAnd(word, mask), mask));
      }
    number = b.CreateSelect(fits, b.getInt32(i), number);
  }
  return number;
}

Expected<SmallVector<FeatureWords>> requiredWords(ArrayRef<TargetSpec> variants,
                                                  ArrayRef<FeatureBits> table,
                                                  unsigned count) {
  SmallVector<FeatureWords> required;
  for (const TargetSpec &spec : variants) {
    FeatureWords words(count);
    const uint64_t features = requiredCPUFeatures(spec);
    uint64_t unknown = features;
    for (const FeatureBits &entry : table)
      if (features & entry.feature) {
        words[entry.word] |= entry.bits;
        unknown &= ~entry.feature;
      }
    if (unknown)
      return createStringError("the CPU '" + spec.cpu +
                               "' needs features that cannot be asked for at "
                               "run time: name it alone with --mcpu");
    required.push_back(std::move(words));
  }
  return required;
}

} // namespace mlir::bnn
