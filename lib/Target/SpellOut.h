//===- SpellOut.h - Write out what a target cannot do -----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a target's code generator would compute by a call, inexactly or through
// the stack.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace mlir::bnn {

/// Replaces, right before code generation, what the target cannot do by itself:
///
/// - on targets of 32 bits, conversions between floats and integers of 64 bits
///   and divisions of the latter (of 32 bits too, on an ARM that cannot
///   divide), which would be calls of a compiler's library;
/// - on 32-bit ARM and Apple's systems, long memory intrinsics, which would be
///   calls of other functions than memset, memcpy and memmove;
/// - on 32-bit ARM, tables for unwinding, which would name a function that
///   reads them;
/// - on 32-bit ARM, arithmetic on vectors of floats: NEON flushes subnormals
///   to zero there, VFP does not;
/// - on AArch64, integers of the bits of more than 16 lanes, whose parts would
///   go through the stack.
///
/// Other modules are left as they are.
void spellOut(llvm::Module &module, const llvm::TargetMachine &machine);

} // namespace mlir::bnn
