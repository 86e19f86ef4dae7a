//===- CPUChooser.cpp - Code that asks a machine what it has --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/CPUChooser.h"

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

Error checkKnownFeatures(const TargetSpec &spec, uint64_t known) {
  if (!(requiredCPUFeatures(spec) & ~known))
    return Error::success();
  return createStringError("the CPU '" + spec.cpu +
                           "' needs features that cannot be asked for at run "
                           "time: name it alone with --mcpu");
}

} // namespace mlir::bnn
