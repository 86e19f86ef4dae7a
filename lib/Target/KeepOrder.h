//===- KeepOrder.h - Code whose order is chosen -----------------*- C++ -*-===//
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

/// Lets LLVM keep the order of instructions as they are written in functions
/// with the attribute "bnn-keep-order", which it takes away.
void keepOrder(llvm::Module &module, const TargetSpec &spec);

} // namespace mlir::bnn
