//===- TilePermission.cpp - Asks Linux for AMX's registers ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linux gives a process the 8 KiB of tiles on request only
// (Documentation/arch/x86/xstate.rst), and kills one that uses them without.
//
//===----------------------------------------------------------------------===//

#include "lib/Target/TilePermission.h"

#include "dialects/BNN/BNNTarget.h"
#include "lib/Target/AskX86.h"

using namespace llvm;

namespace mlir::bnn {

// This file is about LLVM IR: its values and types, not MLIR's.
using llvm::FunctionType;
using llvm::Type;
using llvm::Value;

/// What arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) returns: 0 where
/// the process may use tiles, which their CPU and system then have.
static Value *requestTiles(IRBuilder<> &b) {
  enum { ArchPrctl = 158, ReqXcompPerm = 0x1023, XTileData = 18 };
  Type *i64 = b.getInt64Ty();
  auto *syscall = InlineAsm::get(
      FunctionType::get(i64, {i64, i64, i64}, /*isVarArg=*/false), "syscall",
      "={ax},{ax},{di},{si},~{rcx},~{r11},~{memory},~{dirflag},"
      "~{fpsr},~{flags}",
      /*hasSideEffects=*/true);
  return b.CreateCall(syscall, {b.getInt64(ArchPrctl), b.getInt64(ReqXcompPerm),
                                b.getInt64(XTileData)});
}

void defineMayUseTiles(Module &module) {
  Function *function = module.getFunction(kMayUseTiles);
  if (!function || !function->isDeclaration())
    return;
  function->setLinkage(GlobalValue::InternalLinkage);
  function->addFnAttr(llvm::Attribute::NoInline);
  function->setDoesNotThrow();
  IRBuilder<> b(module.getContext());
  auto block = [&](StringRef name) {
    return BasicBlock::Create(b.getContext(), name, function);
  };
  BasicBlock *before = block(""), *ask = block("ask"),
             *request = block("request"), *keep = block("keep"),
             *end = block("end");
  // Threads that ask at the same time hear the same, so their stores need no
  // order.
  auto *known = new GlobalVariable(module, b.getInt8Ty(), /*isConstant=*/false,
                                   GlobalValue::InternalLinkage, b.getInt8(0),
                                   kRememberedTiles);
  known->setSection((".bss." + kRememberedTiles).str());
  b.SetInsertPoint(before);
  LoadInst *loaded = b.CreateAlignedLoad(b.getInt8Ty(), known, Align(1));
  loaded->setAtomic(AtomicOrdering::Monotonic);
  b.CreateCondBr(b.CreateICmpNE(loaded, b.getInt8(0)), end, ask);

  // A host may hide the instructions from a guest, and leave the registers.
  b.SetInsertPoint(ask);
  constexpr uint32_t kTileAndInt8 = 3u << 24;
  Value *seven = b.CreateExtractValue(cpuid(b, 7, 0), 3);
  Value *has = b.CreateICmpEQ(b.CreateAnd(seven, kTileAndInt8),
                              b.getInt32(kTileAndInt8));
  b.CreateCondBr(has, request, keep);
  b.SetInsertPoint(request);
  Value *granted = b.CreateICmpEQ(requestTiles(b), b.getInt64(0));
  b.CreateBr(keep);
  b.SetInsertPoint(keep);
  PHINode *may = b.CreatePHI(b.getInt1Ty(), 2);
  may->addIncoming(b.getFalse(), ask);
  may->addIncoming(granted, request);
  Value *found = b.CreateAdd(b.CreateZExt(may, b.getInt8Ty()), b.getInt8(1));
  b.CreateAlignedStore(found, known, Align(1))
      ->setAtomic(AtomicOrdering::Monotonic);
  b.CreateBr(end);
  b.SetInsertPoint(end);
  PHINode *result = b.CreatePHI(b.getInt8Ty(), 2);
  result->addIncoming(loaded, before);
  result->addIncoming(found, keep);
  b.CreateRet(b.CreateICmpEQ(result, b.getInt8(2)));
}

} // namespace mlir::bnn
