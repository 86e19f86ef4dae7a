//===- HostJIT.cpp - Compiled code, run by the compiler -------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/Support/HostJIT.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "passes/ExpandMath/ExpandMath.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::bnn;

HostJIT::HostJIT() = default;
HostJIT::~HostJIT() = default;

static void addLowering(OpPassManager &passes) {
  passes.addPass(createExpandMath());
  passes.addPass(createConvertSCFToCFPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertIndexToLLVMPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  passes.addPass(createConvertFuncToLLVMPass(functions));
  passes.addPass(createReconcileUnrealizedCastsPass());
}

void HostJIT::getDependentDialects(DialectRegistry &registry) {
  OpPassManager passes(ModuleOp::getOperationName());
  addLowering(passes);
  passes.getDependentDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

llvm::Error HostJIT::start() {
  if (jit)
    return llvm::Error::success();
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return host.takeError();
  host->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  host->getOptions().AllowFPOpFusion = llvm::FPOpFusion::Strict;
  auto created = llvm::orc::LLJITBuilder()
                     .setJITTargetMachineBuilder(std::move(*host))
                     .create();
  if (!created)
    return created.takeError();
  jit = std::move(*created);
  return llvm::Error::success();
}

// void NAME_packed(ptr addresses): calls `callee` with the addresses there.
static std::string addPackedCall(llvm::Function &callee) {
  llvm::IRBuilder<> b(callee.getContext());
  llvm::Type *ptr = b.getPtrTy();
  auto *wrapper = llvm::Function::Create(
      llvm::FunctionType::get(b.getVoidTy(), {ptr}, /*isVarArg=*/false),
      llvm::GlobalValue::ExternalLinkage, callee.getName() + "_packed",
      callee.getParent());
  b.SetInsertPoint(
      llvm::BasicBlock::Create(callee.getContext(), "entry", wrapper));
  SmallVector<llvm::Value *> arguments;
  for (unsigned i = 0, e = callee.arg_size(); i < e; ++i)
    arguments.push_back(b.CreateLoad(
        ptr, b.CreateConstInBoundsGEP1_32(ptr, wrapper->getArg(0), i)));
  b.CreateCall(&callee, arguments);
  b.CreateRetVoid();
  return wrapper->getName().str();
}

llvm::Expected<void *> HostJIT::compile(ModuleOp module, StringRef name,
                                        bool isPacked) {
  if (llvm::Error error = start())
    return std::move(error);
  PassManager passes(module.getContext());
  addLowering(passes);
  if (failed(passes.run(module)))
    return llvm::createStringError("it does not lower to LLVM IR");
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto llvmModule = translateModuleToLLVMIR(module, *llvmContext);
  if (!llvmModule)
    return llvm::createStringError("it does not translate to LLVM IR");
  std::string symbol = name.str();
  if (isPacked)
    symbol = addPackedCall(*llvmModule->getFunction(name));
  llvmModule->setDataLayout(jit->getDataLayout());
  llvmModule->setTargetTriple(jit->getTargetTriple().str());
  if (llvm::Error error = jit->addIRModule(llvm::orc::ThreadSafeModule(
          std::move(llvmModule), std::move(llvmContext))))
    return std::move(error);
  auto address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}

llvm::Expected<void *> HostJIT::compile(ModuleOp module, StringRef name) {
  return compile(module, name, /*isPacked=*/false);
}

llvm::Expected<HostJIT::Packed> HostJIT::compilePacked(ModuleOp module,
                                                       StringRef name) {
  auto address = compile(module, name, /*isPacked=*/true);
  if (!address)
    return address.takeError();
  return reinterpret_cast<Packed>(*address);
}
