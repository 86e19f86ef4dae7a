//===- Lookup.h - Elements of a table of 256 bytes --------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Support/KernelBuilder.h"

namespace mlir::bnn {

/// The entries of a table.
constexpr int64_t kTableEntries = 256;

/// What looking 16 lanes up takes on `target` (null: any), in operations on as
/// many f32.
int64_t lookupCost(TargetAttr target);

/// Emits lookups in `table`, a buffer of 256 bytes.
class Lookup {
public:
  /// Loads what `target` has a table in, where `b` stands.
  Lookup(KernelBuilder &b, mlir::Value table, TargetAttr target);
  /// The elements, as i32, for 16 lanes of i32 below 256, where `b` stands.
  mlir::Value at(KernelBuilder &b, mlir::Value lanes) const;

private:
  enum class Way { Halves64, Bytes64, OneByOne };

  Way way;
  mlir::Value table;
  llvm::SmallVector<mlir::Value> parts; ///< In registers.

  static Way wayOf(TargetAttr target);
  friend int64_t lookupCost(TargetAttr target);
  mlir::Value byPairs(KernelBuilder &b, mlir::Value lanes) const;
  mlir::Value byQuads(KernelBuilder &b, mlir::Value lanes) const;
  mlir::Value oneByOne(KernelBuilder &b, mlir::Value lanes) const;
};

} // namespace mlir::bnn
