//===- CodeTrace.h - Which machine code a model runs ------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Estimate/BlockTrace.h"
#include "lib/Estimate/EmittedCode.h"

namespace mlir::bnn {

/// The blocks of machine code that a run of a function takes, in order, as
/// indices of `code.blocks`. Blocks of machine code say which blocks of LLVM IR
/// they come from; some are merged, some are split, some are there twice, and
/// some are gone. Fails where the two cannot be brought together, naming the
/// function.
llvm::Expected<std::vector<uint32_t>> followRun(const FunctionRun &run,
                                                const EmittedFunction &code);

} // namespace mlir::bnn
