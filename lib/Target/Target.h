//===- Target.h - What to compile for, checked ------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNNTarget.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace mlir::bnn {

/// A target as LLVM names it.
struct TargetSpec {
  /// Normalised, for example "x86_64-pc-linux-gnu".
  std::string triple;
  /// A CPU that LLVM knows for that triple, for example "icelake-server".
  std::string cpu;
  /// "+a,-b": changes to the features that the CPU implies. May be empty.
  std::string features;
};

/// Makes every target that LLVM was built with available. May be called more
/// than once.
void initializeTargets();

/// Completes and checks what the user asked for with --mtriple, --mcpu and
/// --mattr, each of which may be empty.
///
/// No triple means this machine's. No CPU means this machine's CPU with the
/// features that its operating system enables, if there is no triple either;
/// otherwise the oldest CPU supported: "x86-64-v3" on x86-64, LLVM's "generic"
/// elsewhere. "native" names this machine's CPU.
///
/// Fails, naming the remedy, when LLVM lacks the target, when it does not know
/// the CPU or a feature, when an x86 is older than x86-64-v3, and when the
/// target has no fused multiply-add instruction: results must be the same
/// bytes everywhere.
llvm::Expected<TargetSpec> resolveTarget(llvm::StringRef triple,
                                         llvm::StringRef cpu,
                                         llvm::StringRef attributes);

/// Whether LLVM has a CPU of that name for the triple.
bool knowsCPU(const std::string &triple, llvm::StringRef cpu);

/// What a checked target can do.
std::unique_ptr<llvm::MCSubtargetInfo>
createSubtargetInfo(const TargetSpec &spec);

/// A code generator for a checked target: position-independent code, small
/// code model, one section a function, and no contraction of floating-point
/// operations that the IR does not spell out.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(
    const TargetSpec &spec,
    llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Aggressive);

/// What the target does in one instruction on vectors, beyond what all do.
Instructions vectorInstructions(const TargetSpec &spec);

/// The BNN_CPU_* bits of bnn/types.h that code for this target may need.
uint64_t requiredCPUFeatures(const TargetSpec &spec);

} // namespace mlir::bnn
