//===- Registration.h - Dialects and interfaces that are used ---*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace mlir::bnn {

/// Registers what a compilation uses: the project's dialects, the upstream
/// dialects that its phases go through, their interfaces' external models, and
/// the translation to LLVM IR.
void registerCompilerDialects(mlir::DialectRegistry &registry);

/// For tools that take any IR: the same, and all of upstream.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers the project's passes and pipelines and all upstream passes.
void registerAllPasses();

} // namespace mlir::bnn
