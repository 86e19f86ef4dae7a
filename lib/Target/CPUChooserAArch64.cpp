//===- CPUChooserAArch64.cpp - Asks Linux what an AArch64 has -------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program may not read the registers that say it: the kernel gives each
// process two words. Loaders of glibc and of Android from API level 30 on pass
// them to resolvers, since these may not call a library that is not there yet.
//
//===----------------------------------------------------------------------===//

#include "lib/Target/CPUChooser.h"

#include "bnn/types.h"

using namespace llvm;

namespace mlir::bnn {

// This file is about LLVM IR: its values and types, not MLIR's.
using llvm::FunctionType;
using llvm::Type;
using llvm::Value;

namespace {
enum Word { Hwcap, Hwcap2 };
constexpr unsigned wordCount = Hwcap2 + 1;

const FeatureBits featureBits[] = {
#define BNN_AARCH64(NAME, LLVM, WORD, BIT, REGISTER, FIELD, LEAST, MACRO)      \
  {BNN_CPU_ARM_##NAME, WORD, UINT64_C(1) << (BIT)},
#include "bnn/cpu_features.def"
};

class AArch64Chooser : public CPUChooser {
public:
  AArch64Chooser(Module &module, ArrayRef<FeatureWords> variants)
      : CPUChooser(module, "generic") {
    number = createNumber(variants);
  }

  SmallVector<Type *> resolverParameters() override {
    LLVMContext &context = module.getContext();
    return {Type::getInt64Ty(context), PointerType::getUnqual(context)};
  }
  Value *numberWhenLoaded(Function *resolver, IRBuilder<> &b) override;
  Value *numberWhenCalled(IRBuilder<> &b) override;

private:
  /// i32 f(i64 Hwcap, i64 Hwcap2): the number of the last variant that fits, 0
  /// if none does.
  Function *createNumber(ArrayRef<FeatureWords> variants);

  Function *number;
};
} // namespace

Function *AArch64Chooser::createNumber(ArrayRef<FeatureWords> variants) {
  IRBuilder<> b(module.getContext());
  Type *i64 = b.getInt64Ty();
  Function *function =
      createFunction("chosen_cpu", b.getInt32Ty(), {i64, i64}, b);
  Value *has[] = {function->getArg(Hwcap), function->getArg(Hwcap2)};
  b.CreateRet(lastThatFits(b, has, variants));
  return function;
}

/// The second argument, {size, Hwcap, Hwcap2, ...}, is there where bit 62 of
/// the first says so; an old glibc passes Hwcap alone.
Value *AArch64Chooser::numberWhenLoaded(Function *resolver, IRBuilder<> &b) {
  Type *i64 = b.getInt64Ty();
  Value *none = b.getInt64(0);
  BasicBlock *before = b.GetInsertBlock();
  auto *more = BasicBlock::Create(b.getContext(), "more", resolver);
  auto *end = BasicBlock::Create(b.getContext(), "end", resolver);
  Value *hwcap = resolver->getArg(0);
  Value *hasMore = b.CreateAnd(hwcap, b.getInt64(UINT64_C(1) << 62));
  b.CreateCondBr(b.CreateICmpNE(hasMore, none), more, end);
  b.SetInsertPoint(more);
  Value *second =
      b.CreateLoad(i64, b.CreateConstGEP1_64(i64, resolver->getArg(1), 2));
  b.CreateBr(end);
  b.SetInsertPoint(end);
  PHINode *hwcap2 = b.CreatePHI(i64, 2);
  hwcap2->addIncoming(none, before);
  hwcap2->addIncoming(second, more);
  return b.CreateCall(number, {hwcap, hwcap2});
}

/// By getauxval(), which every C library of Linux has. No weak reference: that
/// would not bring it in from a static library, and the choice would be the
/// slowest without a word.
Value *AArch64Chooser::numberWhenCalled(IRBuilder<> &b) {
  enum { AT_HWCAP = 16, AT_HWCAP2 = 26 };
  Type *i64 = b.getInt64Ty();
  FunctionCallee getauxval = module.getOrInsertFunction(
      "getauxval", FunctionType::get(i64, {i64}, /*isVarArg=*/false));
  Value *hwcap = b.CreateCall(getauxval, {b.getInt64(AT_HWCAP)});
  Value *hwcap2 = b.CreateCall(getauxval, {b.getInt64(AT_HWCAP2)});
  return b.CreateCall(number, {hwcap, hwcap2});
}

Expected<std::unique_ptr<CPUChooser>>
createAArch64Chooser(Module &module, ArrayRef<TargetSpec> variants) {
  auto needs = requiredWords(variants, featureBits, wordCount);
  if (!needs)
    return needs.takeError();
  return std::make_unique<AArch64Chooser>(module, *needs);
}

} // namespace mlir::bnn
