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
#include "llvm/ADT/STLExtras.h"

#include <array>

using namespace llvm;

namespace mlir::bnn {

// This file is about LLVM IR: its values and types, not MLIR's.
using llvm::FunctionType;
using llvm::Type;
using llvm::Value;

namespace {
enum Word { Hwcap, Hwcap2 };
constexpr unsigned wordCount = Hwcap2 + 1;
using Words = std::array<uint64_t, wordCount>;

struct FeatureWord {
  uint64_t feature;
  Word word;
  unsigned bit;
};

const FeatureWord featureWords[] = {
#define BNN_AARCH64(NAME, LLVM, WORD, BIT, REGISTER, FIELD, LEAST, MACRO)      \
  {BNN_CPU_ARM_##NAME, WORD, BIT},
#include "bnn/cpu_features.def"
};

class AArch64Chooser : public CPUChooser {
public:
  AArch64Chooser(Module &module, ArrayRef<Words> variants)
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
  Function *createNumber(ArrayRef<Words> variants);

  Function *number;
};
} // namespace

Function *AArch64Chooser::createNumber(ArrayRef<Words> variants) {
  IRBuilder<> b(module.getContext());
  Type *i64 = b.getInt64Ty();
  Function *function =
      createFunction("chosen_cpu", b.getInt32Ty(), {i64, i64}, b);
  Value *result = b.getInt32(0);
  for (auto [i, needs] : enumerate(variants)) {
    Value *fits = b.getTrue();
    for (unsigned word = 0; word < wordCount; ++word)
      if (needs[word]) {
        Value *mask = b.getInt64(needs[word]);
        Value *has = b.CreateAnd(function->getArg(word), mask);
        fits = b.CreateAnd(fits, b.CreateICmpEQ(has, mask));
      }
    result = b.CreateSelect(fits, b.getInt32(i), result);
  }
  b.CreateRet(result);
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
  SmallVector<Words> needs;
  for (const TargetSpec &spec : variants) {
    Words words = {};
    uint64_t known = 0;
    const uint64_t features = requiredCPUFeatures(spec);
    for (const FeatureWord &entry : featureWords)
      if (features & entry.feature) {
        words[entry.word] |= UINT64_C(1) << entry.bit;
        known |= entry.feature;
      }
    if (Error error = checkKnownFeatures(spec, known))
      return std::move(error);
    needs.push_back(words);
  }
  return std::make_unique<AArch64Chooser>(module, needs);
}

} // namespace mlir::bnn
