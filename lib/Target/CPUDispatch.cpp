//===- CPUDispatch.cpp - One object with code for several CPUs ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/CPUDispatch.h"

#include "bnn/types.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/Linker/Linker.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/IPO/ConstantMerge.h"

#include <array>

using namespace llvm;

namespace mlir::bnn {

// This file is about LLVM IR: its values and types, not MLIR's.
using llvm::ArrayType;
using llvm::FunctionType;
using llvm::IntegerType;
using llvm::ModuleAnalysisManager;
using llvm::Type;
using llvm::Value;

namespace {
/// Where a CPU says what it has: registers of CPUID's leaves, and what the
/// operating system saves of it.
enum Word { Leaf1C, Leaf7B, Leaf7C, Leaf7D, Leaf7Sub1A, Extended1C, XCR0 };
constexpr unsigned wordCount = XCR0 + 1;
using Words = std::array<uint32_t, wordCount>;

struct FeatureWord {
  uint64_t feature;
  Word word;
  unsigned bit;
  uint32_t state;
};
} // namespace

static const FeatureWord featureWords[] = {
#define BNN_X86(NAME, LLVM, WORD, BIT, STATE)                                  \
  {BNN_CPU_X86_##NAME, WORD, BIT, STATE},
#include "bnn/cpu_features.def"
};

/// The bits that a CPU must have to run code for `spec`.
static Expected<Words> requiredWords(const TargetSpec &spec) {
  Words words = {};
  const uint64_t features = requiredCPUFeatures(spec);
  uint64_t left = features;
  for (const FeatureWord &entry : featureWords)
    if (features & entry.feature) {
      words[entry.word] |= 1u << entry.bit;
      words[XCR0] |= entry.state;
      left &= ~entry.feature;
    }
  if (left)
    return createStringError("the CPU '" + spec.cpu +
                             "' needs features that cannot be asked for at run "
                             "time: name it alone with --mcpu");
  return words;
}

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

Error checkSeveralCPUs(StringRef name) {
  Triple triple(name);
  if (triple.getArch() == Triple::x86_64 && triple.isOSBinFormatELF())
    return Error::success();
  return createStringError("an object for several CPUs needs x86-64 and ELF, "
                           "which " +
                           name + " is not: name one CPU with --mcpu");
}

/// Builds the functions that choose a variant. They run while a program is
/// loaded, on any CPU: they are code for the oldest, without a stack to speak
/// of, and call nothing.
namespace {
class Chooser {
public:
  explicit Chooser(Module &module)
      : module(module), b(module.getContext()), i32(b.getInt32Ty()) {}

  /// i32 f(): the number of the last variant that fits, 0 if none does.
  Function *numberOf(StringRef name, ArrayRef<Words> variants);
  /// ptr f(): the function of `variants` with that number.
  Function *resolver(StringRef name, Function *number,
                     ArrayRef<Function *> variants);

private:
  Function *create(const Twine &name, Type *result);
  Value *leaf(uint32_t number, uint32_t sub);
  Value *part(Value *registers, unsigned index) {
    return b.CreateExtractValue(registers, index);
  }

  Module &module;
  IRBuilder<> b;
  Type *i32;
};
} // namespace

Function *Chooser::create(const Twine &name, Type *result) {
  Function *function =
      Function::Create(FunctionType::get(result, /*isVarArg=*/false),
                       GlobalValue::InternalLinkage, name, module);
  function->addFnAttr("target-cpu", "x86-64");
  function->addFnAttr("target-features", "");
  function->setDoesNotThrow();
  b.SetInsertPoint(BasicBlock::Create(b.getContext(), "", function));
  return function;
}

/// The four registers that CPUID fills in.
Value *Chooser::leaf(uint32_t number, uint32_t sub) {
  auto *registers = StructType::get(i32, i32, i32, i32);
  auto *type = FunctionType::get(registers, {i32, i32}, /*isVarArg=*/false);
  auto *cpuid = InlineAsm::get(
      type, "cpuid",
      "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}",
      /*hasSideEffects=*/true);
  return b.CreateCall(cpuid, {b.getInt32(number), b.getInt32(sub)});
}

Function *Chooser::numberOf(StringRef name, ArrayRef<Words> variants) {
  enum { A, B, C, D };
  Function *function = create(name, i32);
  std::array<Value *, wordCount> has;
  Value *none = b.getInt32(0);
  // A leaf that a CPU has not is answered with another one's data.
  Value *hasLeaf7 =
      b.CreateICmpUGE(part(leaf(0, 0), A), b.getInt32(7), "hasLeaf7");
  has[Leaf1C] = part(leaf(1, 0), C);
  Value *seven = leaf(7, 0);
  has[Leaf7B] = b.CreateSelect(hasLeaf7, part(seven, B), none);
  has[Leaf7C] = b.CreateSelect(hasLeaf7, part(seven, C), none);
  has[Leaf7D] = b.CreateSelect(hasLeaf7, part(seven, D), none);
  Value *hasSub1 = b.CreateAnd(
      hasLeaf7, b.CreateICmpUGE(part(seven, A), b.getInt32(1)), "hasSub1");
  has[Leaf7Sub1A] = b.CreateSelect(hasSub1, part(leaf(7, 1), A), none);
  has[Extended1C] = part(leaf(0x80000001u, 0), C);

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

  Value *number = none;
  for (auto [i, needs] : enumerate(variants)) {
    Value *fits = b.getTrue();
    for (unsigned word = 0; word < wordCount; ++word)
      if (needs[word]) {
        Value *mask = b.getInt32(needs[word]);
        fits = b.CreateAnd(fits,
                           b.CreateICmpEQ(b.CreateAnd(has[word], mask), mask));
      }
    number = b.CreateSelect(fits, b.getInt32(i), number);
  }
  b.CreateRet(number);
  return function;
}

Function *Chooser::resolver(StringRef name, Function *number,
                            ArrayRef<Function *> variants) {
  Function *function = create(name + ".resolver", b.getPtrTy());
  Value *chosen = b.CreateCall(number);
  Value *address = variants.front();
  for (auto [i, variant] : enumerate(variants))
    address =
        b.CreateSelect(b.CreateICmpEQ(chosen, b.getInt32(i)), variant, address);
  b.CreateRet(address);
  return function;
}

Expected<std::unique_ptr<Module>>
joinVariants(std::vector<CPUVariant> variants) {
  std::vector<std::string> names;
  auto nameFor = [](StringRef name, const CPUVariant &variant) {
    return (name + "." + variant.spec.cpu).str();
  };
  std::vector<Words> words;
  for (CPUVariant &variant : variants) {
    auto required = requiredWords(variant.spec);
    if (!required)
      return required.takeError();
    words.push_back(*required);
    for (Function &function : *variant.module) {
      if (function.isDeclaration())
        continue;
      function.addFnAttr("target-cpu", variant.spec.cpu);
      function.addFnAttr("target-features", variant.spec.features);
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

  Chooser chooser(*joined);
  Function *number = chooser.numberOf("chosen_cpu", words);
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
    GlobalIFunc::create(functions.front()->getFunctionType(),
                        /*AddressSpace=*/0, GlobalValue::ExternalLinkage, name,
                        chooser.resolver(name, number, functions),
                        joined.get());
  }
  return joined;
}

} // namespace mlir::bnn
