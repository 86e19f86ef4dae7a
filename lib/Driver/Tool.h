//===- Tool.h - What the main function of a tool begins with ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/InitLLVM.h"

namespace mlir::bnn {

/// To be the first thing in a main function. Afterwards a crash says what to
/// report and ends the process, --version says which bnn-mlir this is, and
/// output that could not be written is an error with code 2
/// (reportFailedWrites).
class Tool {
public:
  Tool(int &argc, char **&argv);

private:
  /// Limits the time that what LLVM says of a crash may take.
  struct CrashLimit {
    CrashLimit();
  };
  CrashLimit crashLimit; // before `init`: handlers run in their order
  llvm::InitLLVM init;
};

/// Emits an error: what happened is a fault of the compiler, whatever the model
/// is. `what` is a clause, as in "a pass failed without saying why".
void emitInternalError(ModuleOp module, const llvm::Twine &what);

} // namespace mlir::bnn
