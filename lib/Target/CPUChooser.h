//===- CPUChooser.h - Code that asks a machine what it has ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Target/Target.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace mlir::bnn {

/// What a CPU must have: bits of each word in which a machine says what it has.
using FeatureWords = llvm::SmallVector<uint64_t>;

/// Bits of one word that one feature, BNN_CPU_*, asks for.
struct FeatureBits {
  uint64_t feature;
  unsigned word;
  uint64_t bits;
};

/// What each of `variants` must have of `count` words, by the table of all
/// features that can be asked for at run time. Fails where one needs another.
llvm::Expected<llvm::SmallVector<FeatureWords>>
requiredWords(llvm::ArrayRef<TargetSpec> variants,
              llvm::ArrayRef<FeatureBits> table, unsigned count);

/// Writes functions that find out which of several variants a machine can run.
/// They are code for the oldest CPU, and call nothing unless they are asked to:
/// the resolver of an indirect function runs while a program is loaded.
class CPUChooser {
public:
  virtual ~CPUChooser();

  /// For variants of one triple, which checkSeveralCPUs() has taken. Fails
  /// where a CPU needs what cannot be asked for at run time.
  static llvm::Expected<std::unique_ptr<CPUChooser>>
  create(llvm::Module &module, llvm::ArrayRef<TargetSpec> variants);

  /// An empty internal function with a builder at its only block's end.
  llvm::Function *createFunction(const llvm::Twine &name, llvm::Type *result,
                                 llvm::ArrayRef<llvm::Type *> parameters,
                                 llvm::IRBuilder<> &b);

  /// What a loader passes to a resolver.
  virtual llvm::SmallVector<llvm::Type *> resolverParameters() = 0;
  /// In a resolver: the i32 number of the last variant that fits, or 0.
  virtual llvm::Value *numberWhenLoaded(llvm::Function *resolver,
                                        llvm::IRBuilder<> &b) = 0;
  /// Elsewhere, on any thread: the same.
  virtual llvm::Value *numberWhenCalled(llvm::IRBuilder<> &b) = 0;

protected:
  CPUChooser(llvm::Module &module, llvm::StringRef oldestCPU)
      : module(module), oldestCPU(oldestCPU) {}

  /// The i32 number of the last of `variants` whose bits the words `has` have,
  /// or 0.
  static llvm::Value *lastThatFits(llvm::IRBuilder<> &b,
                                   llvm::ArrayRef<llvm::Value *> has,
                                   llvm::ArrayRef<FeatureWords> variants);

  llvm::Module &module;

private:
  llvm::StringRef oldestCPU;
};

/// On x86-64, by CPUID.
llvm::Expected<std::unique_ptr<CPUChooser>>
createX86Chooser(llvm::Module &module, llvm::ArrayRef<TargetSpec> variants);

/// On AArch64, by what Linux says to a process: Hwcap and Hwcap2.
llvm::Expected<std::unique_ptr<CPUChooser>>
createAArch64Chooser(llvm::Module &module, llvm::ArrayRef<TargetSpec> variants);

} // namespace mlir::bnn
