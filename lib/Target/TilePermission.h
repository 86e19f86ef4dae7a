//===- TilePermission.h - Asks Linux for AMX's registers --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/IR/Module.h"

namespace mlir::bnn {

/// The variable in which an object keeps what Linux said when it asked for the
/// registers of tiles: 0 before, then 1 for no and 2 for yes.
inline constexpr llvm::StringLiteral kRememberedTiles = "remembered_tiles";

/// Defines the function kMayUseTiles of a module that declares it, which is for
/// x86-64 and Linux.
void defineMayUseTiles(llvm::Module &module);

} // namespace mlir::bnn
