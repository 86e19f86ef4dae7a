//===- CPUChooserX86.cpp - Asks an x86-64 what it has ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/CPUChooser.h"

#include "bnn/types.h"
#include "lib/Target/AskX86.h"

#include <array>

using namespace llvm;

namespace mlir::bnn {

// This file is about LLVM IR: its values and types, not MLIR's.
using llvm::FunctionType;
using llvm::Type;
using llvm::Value;

namespace {
/// Where a CPU says what it has: registers of CPUID's leaves, and what the
/// operating system saves of it.
enum Word { Leaf1C, Leaf7B, Leaf7C, Leaf7D, Leaf7Sub1A, Extended1C, XCR0 };
constexpr unsigned wordCount = XCR0 + 1;

const FeatureBits featureBits[] = {
#define BNN_X86(NAME, LLVM, WORD, BIT, STATE)                                  \
  {BNN_CPU_X86_##NAME, WORD, UINT64_C(1) << (BIT)},                            \
      {BNN_CPU_X86_##NAME, XCR0, STATE},
#include "bnn/cpu_features.def"
};

class X86Chooser : public CPUChooser {
public:
  X86Chooser(Module &module, ArrayRef<FeatureWords> variants)
      : CPUChooser(module, "x86-64") {
    number = createNumber(variants);
  }

  SmallVector<Type *> resolverParameters() override { return {}; }
  Value *numberWhenLoaded(Function *, IRBuilder<> &b) override {
    return b.CreateCall(number);
  }
  Value *numberWhenCalled(IRBuilder<> &b) override {
    return b.CreateCall(number);
  }

private:
  /// i32 f(): the number of the last variant that fits, 0 if none does.
  Function *createNumber(ArrayRef<FeatureWords> variants);

  Function *number;
};
} // namespace

Function *X86Chooser::createNumber(ArrayRef<FeatureWords> variants) {
  enum { A, B, C, D };
  IRBuilder<> b(module.getContext());
  Type *i32 = b.getInt32Ty();
  Function *function = createFunction("chosen_cpu", i32, {}, b);
  auto part = [&](Value *registers, unsigned index) {
    return b.CreateExtractValue(registers, index);
  };
  std::array<Value *, wordCount> has;
  Value *none = b.getInt32(0);
  // A leaf that a CPU has not is answered with another one's data.
  Value *hasLeaf7 =
      b.CreateICmpUGE(part(cpuid(b, 0, 0), A), b.getInt32(7), "hasLeaf7");
  has[Leaf1C] = part(cpuid(b, 1, 0), C);
  Value *seven = cpuid(b, 7, 0);
  has[Leaf7B] = b.CreateSelect(hasLeaf7, part(seven, B), none);
  has[Leaf7C] = b.CreateSelect(hasLeaf7, part(seven, C), none);
  has[Leaf7D] = b.CreateSelect(hasLeaf7, part(seven, D), none);
  Value *hasSub1 = b.CreateAnd(
      hasLeaf7, b.CreateICmpUGE(part(seven, A), b.getInt32(1)), "hasSub1");
  has[Leaf7Sub1A] = b.CreateSelect(hasSub1, part(cpuid(b, 7, 1), A), none);
  has[Extended1C] = part(cpuid(b, 0x80000001u, 0), C);

  // Only where the operating system says so (OSXSAVE) may XGETBV be used.
  BasicBlock *before = b.GetInsertBlock();
  auto *enabled = BasicBlock::Create(b.getContext(), "enabled", function);
  auto *end = BasicBlock::Create(b.getContext(), "end", function);
  Value *osxsave = b.CreateAnd(has[Leaf1C], b.getInt32(1u << 27));
  b.CreateCondBr(b.CreateICmpNE(osxsave, none), enabled, end);
  b.SetInsertPoint(enabled);
  auto *xgetbv = InlineAsm::get(
      FunctionType::get(StructType::get(i32, i32), {i32}, /*isVarArg=*/false),
      "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}",
      /*hasSideEffects=*/true);
  Value *saved = part(b.CreateCall(xgetbv, {none}), A);
  b.CreateBr(end);
  b.SetInsertPoint(end);
  PHINode *xcr0 = b.CreatePHI(i32, 2);
  xcr0->addIncoming(none, before);
  xcr0->addIncoming(saved, enabled);
  has[XCR0] = xcr0;

  b.CreateRet(lastThatFits(b, has, variants));
  return function;
}

Expected<std::unique_ptr<CPUChooser>>
createX86Chooser(Module &module, ArrayRef<TargetSpec> variants) {
  auto needs = requiredWords(variants, featureBits, wordCount);
  if (!needs)
    return needs.takeError();
  return std::make_unique<X86Chooser>(module, *needs);
}

} // namespace mlir::bnn
