//===- StrategyTable.h - Tiles that were measured ---------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles that were measured, in place of those of lib/Target/Strategy.cpp.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Target/Strategy.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::bnn {

/// Reads a table: a line "STRATEGY ROWS PANELS" for each strategy, and comments
/// from '#' to the end of a line. Fails, naming the file and the line, where a
/// line has another form, names no strategy, or has a tile that is not 1 to 16
/// rows by 1 to 4 panels.
llvm::Expected<llvm::StringMap<KernelTile>>
readStrategyTable(llvm::StringRef path);

} // namespace mlir::bnn
