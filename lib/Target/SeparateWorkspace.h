//===- SeparateWorkspace.h - Memory of the model alone ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Target/Target.h"
#include "llvm/IR/Module.h"

namespace mlir::bnn {

/// Tells LLVM that the workspace, the last buffer of the model's function
/// `<prefix>_main`, is no memory of inputs and outputs. Not for x86.
void separateWorkspace(llvm::Module &module, const TargetSpec &spec,
                       llvm::StringRef prefix);

} // namespace mlir::bnn
