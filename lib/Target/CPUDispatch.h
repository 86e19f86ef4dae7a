//===- CPUDispatch.h - One object with code for several CPUs ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Target/ObjectWriter.h"
#include "lib/Target/Target.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::bnn {

/// The names in --mcpu's list, "a,b,c"; one empty name for an empty list.
/// Fails on an empty name among others, and on one that is there twice.
llvm::Expected<std::vector<std::string>> splitCPUs(llvm::StringRef list);

/// Fails where code for several CPUs cannot be put into one object: it is for
/// x86-64 with ELF and AArch64 with Linux, where a program can find out which
/// CPU it runs on.
llvm::Error checkSeveralCPUs(llvm::StringRef triple);

/// The optimised code of a model for one CPU.
struct CPUVariant {
  std::unique_ptr<llvm::Module> module;
  TargetSpec spec;
};

/// Joins variants of one model, made in one LLVMContext for one triple, into a
/// module. Its public functions run the last variant whose features the CPU and
/// the operating system have, or the first. Where a loader binds indirect
/// functions (ELF's STT_GNU_IFUNC) and says what the CPU has, that is settled
/// when the program is loaded; elsewhere (musl, Android before API level 30) at
/// the first call, and kRememberedCPU keeps it. What is constant in all
/// variants, as packed weights are, is there once.
llvm::Expected<std::unique_ptr<llvm::Module>>
joinVariants(std::vector<CPUVariant> variants);

} // namespace mlir::bnn
