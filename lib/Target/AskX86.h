//===- AskX86.h - The instruction CPUID -------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"

namespace mlir::bnn {

/// The four registers that CPUID fills in, A, B, C and D, for a leaf and a
/// subleaf: {i32, i32, i32, i32}.
inline llvm::Value *cpuid(llvm::IRBuilder<> &b, uint32_t leaf,
                          uint32_t subleaf) {
  llvm::Type *i32 = b.getInt32Ty();
  auto *registers = llvm::StructType::get(i32, i32, i32, i32);
  auto *type =
      llvm::FunctionType::get(registers, {i32, i32}, /*isVarArg=*/false);
  auto *instruction = llvm::InlineAsm::get(
      type, "cpuid",
      "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}",
      /*hasSideEffects=*/true);
  return b.CreateCall(instruction, {b.getInt32(leaf), b.getInt32(subleaf)});
}

} // namespace mlir::bnn
