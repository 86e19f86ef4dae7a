//===- CPUDispatch.cpp - One object with code for several CPUs ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/CPUDispatch.h"

#include "lib/Target/CPUChooser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Linker/Linker.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/IPO/ConstantMerge.h"

using namespace llvm;

namespace mlir::bnn {

// This file is about LLVM IR: its values and types, not MLIR's.
using llvm::FunctionType;
using llvm::ModuleAnalysisManager;
using llvm::Type;
using llvm::Value;

Expected<std::vector<std::string>> splitCPUs(StringRef list) {
  std::vector<std::string> names;
  SmallVector<StringRef> parts;
  list.split(parts, ',');
  for (StringRef part : parts) {
    StringRef name = part.trim();
    if (name.empty() && parts.size() > 1)
      return createStringError("'" + list +
                               "' has an empty name: --mcpu takes one CPU or a "
                               "list, as in x86-64-v3,icelake-server");
    if (is_contained(names, name))
      return createStringError("the CPU '" + name + "' is there twice in '" +
                               list + "'");
    names.push_back(name.str());
  }
  return names;
}

namespace {
/// When a program finds out which variant it runs.
enum class Binding {
  None,       ///< Never: there can be one variant only.
  WhenLoaded, ///< Its loader asks the resolvers of indirect functions.
  WhenCalled, ///< At the first call, which remembers the answer.
};
} // namespace

/// musl has no indirect functions: a program with them starts, and crashes. On
/// AArch64 a resolver needs to be told what the CPU has.
static Binding bindingFor(const Triple &triple) {
  if (!triple.isOSBinFormatELF())
    return Binding::None;
  if (triple.getArch() == Triple::x86_64)
    return triple.isMusl() ? Binding::WhenCalled : Binding::WhenLoaded;
  if (triple.getArch() != Triple::aarch64 || !triple.isOSLinux() ||
      triple.getEnvironment() == Triple::GNUILP32)
    return Binding::None;
  const bool isTold = triple.isAndroid() ? !triple.isAndroidVersionLT(30)
                                         : triple.isGNUEnvironment();
  return isTold ? Binding::WhenLoaded : Binding::WhenCalled;
}

Error checkSeveralCPUs(StringRef name) {
  if (bindingFor(Triple(name)) != Binding::None)
    return Error::success();
  return createStringError("an object for several CPUs needs x86-64 and ELF, "
                           "or AArch64 and Linux, which " +
                           name + " is not: name one CPU with --mcpu");
}

/// The public functions of a joined module, each with one of every variant.
namespace {
class Binder {
public:
  Binder(Module &module, CPUChooser &chooser)
      : module(module), chooser(chooser), b(module.getContext()) {}

  /// An indirect function, which the loader binds to one of `variants`.
  void bindWhenLoaded(StringRef name, ArrayRef<Function *> variants);
  /// A function that calls one of `variants`.
  void bindWhenCalled(StringRef name, ArrayRef<Function *> variants);

private:
  Function *numberToCall();

  Module &module;
  CPUChooser &chooser;
  IRBuilder<> b;
  Function *number = nullptr;
};
} // namespace

void Binder::bindWhenLoaded(StringRef name, ArrayRef<Function *> variants) {
  Function *resolver = chooser.createFunction(name + ".resolver", b.getPtrTy(),
                                              chooser.resolverParameters(), b);
  Value *chosen = chooser.numberWhenLoaded(resolver, b);
  Value *address = variants.front();
  for (auto [i, variant] : enumerate(variants))
    address =
        b.CreateSelect(b.CreateICmpEQ(chosen, b.getInt32(i)), variant, address);
  b.CreateRet(address);
  GlobalIFunc::create(variants.front()->getFunctionType(), /*AddressSpace=*/0,
                      GlobalValue::ExternalLinkage, name, resolver, &module);
}

/// i32 f(): the number of the variant to call. Threads that ask at the same
/// time find the same, so their stores need no order.
Function *Binder::numberToCall() {
  Type *i32 = b.getInt32Ty();
  Function *function = chooser.createFunction("cpu_to_call", i32, {}, b);
  // One more than the number: zero is not known yet.
  auto *known = new GlobalVariable(module, i32, /*isConstant=*/false,
                                   GlobalValue::InternalLinkage, b.getInt32(0),
                                   kRememberedCPU);
  known->setSection((".bss." + kRememberedCPU).str());
  known->setAlignment(Align(4));
  auto *ask = BasicBlock::Create(b.getContext(), "ask", function);
  auto *end = BasicBlock::Create(b.getContext(), "end", function);
  BasicBlock *before = b.GetInsertBlock();
  LoadInst *loaded = b.CreateAlignedLoad(i32, known, Align(4));
  loaded->setAtomic(AtomicOrdering::Monotonic);
  b.CreateCondBr(b.CreateICmpNE(loaded, b.getInt32(0)), end, ask);
  b.SetInsertPoint(ask);
  Value *found = b.CreateAdd(chooser.numberWhenCalled(b), b.getInt32(1));
  b.CreateAlignedStore(found, known, Align(4))
      ->setAtomic(AtomicOrdering::Monotonic);
  b.CreateBr(end);
  b.SetInsertPoint(end);
  PHINode *result = b.CreatePHI(i32, 2);
  result->addIncoming(loaded, before);
  result->addIncoming(found, ask);
  b.CreateRet(b.CreateSub(result, b.getInt32(1)));
  return function;
}

void Binder::bindWhenCalled(StringRef name, ArrayRef<Function *> variants) {
  if (!number)
    number = numberToCall();
  Function *front = variants.front();
  FunctionType *type = front->getFunctionType();
  Function *function =
      chooser.createFunction(name, type->getReturnType(), type->params(), b);
  function->setLinkage(GlobalValue::ExternalLinkage);
  SmallVector<Value *> arguments;
  for (Argument &argument : function->args())
    arguments.push_back(&argument);
  auto *first = BasicBlock::Create(b.getContext(), "variant", function);
  SwitchInst *choice = b.CreateSwitch(b.CreateCall(number), first);
  for (auto [i, variant] : enumerate(variants)) {
    BasicBlock *block = first;
    if (i) {
      block = BasicBlock::Create(b.getContext(), "variant", function);
      choice->addCase(b.getInt32(i), block);
    }
    b.SetInsertPoint(block);
    CallInst *call = b.CreateCall(variant, arguments);
    call->setTailCall();
    if (call->getType()->isVoidTy())
      b.CreateRetVoid();
    else
      b.CreateRet(call);
  }
}

Expected<std::unique_ptr<Module>>
joinVariants(std::vector<CPUVariant> variants) {
  std::vector<std::string> names;
  auto nameFor = [](StringRef name, const CPUVariant &variant) {
    return (name + "." + variant.spec.cpu).str();
  };
  std::vector<TargetSpec> specs;
  for (CPUVariant &variant : variants) {
    specs.push_back(variant.spec);
    for (Function &function : *variant.module) {
      if (function.isDeclaration())
        continue;
      // A function whose order is kept says already what it is for.
      if (!function.hasFnAttribute("target-cpu")) {
        function.addFnAttr("target-cpu", variant.spec.cpu);
        function.addFnAttr("target-features", variant.spec.features);
      }
      if (function.hasLocalLinkage())
        continue;
      if (&variant == &variants.front())
        names.push_back(function.getName().str());
      // Public until all are joined: the linker drops local functions that
      // nobody calls yet.
      function.setName(nameFor(function.getName(), variant));
    }
    // Nobody compares the addresses of weights.
    for (GlobalVariable &global : variant.module->globals())
      if (global.hasLocalLinkage() && global.isConstant())
        global.setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  }
  std::unique_ptr<Module> joined = std::move(variants.front().module);
  Linker linker(*joined);
  for (CPUVariant &variant : drop_begin(variants))
    if (linker.linkInModule(std::move(variant.module)))
      return createStringError("the code for '" + variant.spec.cpu +
                               "' cannot be joined with that for '" +
                               variants.front().spec.cpu + "'");
  ModuleAnalysisManager analyses;
  ConstantMergePass().run(*joined, analyses);

  auto chooser = CPUChooser::create(*joined, specs);
  if (!chooser)
    return chooser.takeError();
  Binder binder(*joined, **chooser);
  const Binding binding = bindingFor(Triple(specs.front().triple));
  for (const std::string &name : names) {
    SmallVector<Function *> functions;
    for (const CPUVariant &variant : variants) {
      Function *function = joined->getFunction(nameFor(name, variant));
      if (!function)
        return createStringError("the code for '" + variant.spec.cpu +
                                 "' has no function '" + name + "'");
      function->setLinkage(GlobalValue::InternalLinkage);
      functions.push_back(function);
    }
    if (binding == Binding::WhenCalled)
      binder.bindWhenCalled(name, functions);
    else
      binder.bindWhenLoaded(name, functions);
  }
  return joined;
}

} // namespace mlir::bnn
