//===- OrderARM.h - The order of NEON code on 32-bit ARM --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace mlir::bnn {

/// Has LLVM schedule code for 32-bit ARM with NEON by a model that knows how
/// many registers there are. Instructions stay those of the target's CPU.
void orderARM(llvm::Module &module, const llvm::TargetMachine &machine);

} // namespace mlir::bnn
