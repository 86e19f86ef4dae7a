//===- AccessBounds.h - What is known of an access's indices ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include <optional>

namespace mlir::bnn {

/// The dimension `dim` of a buffer, or an index where it is no dimension.
using Size = std::pair<Value, std::optional<int64_t>>;

/// What the checks at the start of the entry function establish of a dimension
/// of one of its arguments: that it equals an earlier one, and its maximum.
struct EntryFact {
  Size size;
  std::optional<Size> equal;
  std::optional<int64_t> most;
};

/// Where the code in question runs: the calls that lead to it from the entry
/// function, the innermost first, and what is known there.
struct CallContext {
  ArrayRef<func::CallOp> calls;
  ArrayRef<EntryFact> facts;

  /// What the caller gives for an argument; null for those of the entry.
  Value operandFor(BlockArgument argument) const;
};

/// The constraints of one access: MLIR's value bounds, and beyond them what
/// remainders, masks of bits, divisions, steps of loops and views say.
///
/// A stop condition sees each value before its op is asked for bounds; this
/// class uses that to add its own.
class AccessBounds : public ValueBoundsConstraintSet {
public:
  AccessBounds(MLIRContext *context, CallContext where);

  /// Takes it as given that the condition, an i1, is what `holds` says. What is
  /// not linear in indices is left out.
  void assume(Value condition, bool holds);

  /// Takes as given what the branches around `op` and around the calls that
  /// lead to it say, and the checks before them.
  void assumeSurroundings(Operation *op);

  /// Expressions of this set's columns.
  AffineExpr expr(Value value) { return getExpr(value); }
  AffineExpr expr(OpFoldResult value) { return getExpr(value); }
  AffineExpr dim(Value buffer, int64_t dim) { return getExpr(buffer, dim); }
  AffineExpr constant(int64_t value) { return getExpr(value); }
  /// The number of elements that the dimensions make.
  AffineExpr elements(Value buffer, ArrayRef<int64_t> dims);

  /// Whether less <= more follows.
  bool proves(AffineExpr less, AffineExpr more);

private:
  /// Adds bounds of a value; true where its op needs not be asked for more.
  bool addOwnBounds(Value value, std::optional<int64_t> dim);
  bool addIndexBounds(Value value);
  void addBoundsOfDivision(Value value);
  bool isShownNonNegative(Value value) const;
  void addBoundsOfCounter(Value counter);
  void addBoundsOfClamp(Value outer);
  void addBoundsOfRowMajor(Value index, Value start, Value column);
  bool addBoundsOfDim(Value buffer, int64_t dim);
  void addBoundsOfArgument(BlockArgument argument, std::optional<int64_t> dim);
  void assumeComparison(Operation *comparison, bool holds);
  /// The size that `size` is known to be another name of.
  Size rootOf(Size size) const;
  /// A column for the product of sizes, the same for the same factors.
  AffineExpr product(ArrayRef<Size> factors);

  CallContext where;
  SmallVector<std::pair<SmallVector<Size>, int64_t>> products;
};

} // namespace mlir::bnn
