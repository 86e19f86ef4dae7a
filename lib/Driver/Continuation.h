//===- Continuation.h - Where a compilation goes on -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Driver/Driver.h"

namespace mlir::bnn {

/// Where the compilation of a module begins, and for what. IR that a phase has
/// left says so in `bnn.phase`; other modules begin at the beginning.
struct Continuation {
  /// The options, completed with what the module says of itself.
  CompileOptions options;
  Phase done = Phase::Import;
  /// The target that the module is for already, with its strategy; nothing
  /// where the options choose.
  std::optional<TargetSpec> target = std::nullopt;
};

/// Fails where an option would have to act in a phase that is behind.
llvm::Expected<Continuation> continueFrom(ModuleOp module,
                                          const CompileOptions &options);

} // namespace mlir::bnn
