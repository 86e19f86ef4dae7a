//===- ByteTiles.h - Products of bytes by tiles -----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNTarget.h"
#include "passes/LowerKernels/Dots/Dot.h"

namespace mlir::bnn {

/// A dot whose sums stay in registers that are matrices, of which the system
/// gives a process the use on request. They are for products of many rows as a
/// whole: between begin() and end(), for pairs of panels, addUp() adds up some
/// rows, which a plain loop then takes one by one.
class ByteTiles : public Dot {
public:
  /// The rows that addUp() adds up.
  static constexpr int64_t kRows = 2 * kByteTileRows;

  /// For a product that MatmulOp::getDot() finds them worth it.
  ByteTiles(KernelBuilder &b, const Product &p);

  /// Whether the process may use them, and for `rows` rows: to ask before
  /// begin().
  mlir::Value isWorth(mlir::Value rows);
  /// Whether they add up a unit of so many outputs.
  bool takes(int64_t outputs) const;
  void begin() override;
  void end();
  /// Adds up the rows from `tile.row` on, as far as there are `rows`, for all
  /// panels of the tile.
  void addUp(const Tile &tile, mlir::Value rows);
  /// Those of one row that were added up; the tile's `blockRow` is counted from
  /// the first of them.
  llvm::SmallVector<mlir::Value> accumulate(const Tile &tile) override;

private:
  int64_t step; // bytes of a row that a tile has
  mlir::Value sums;
  mlir::Value input, stride, weight; // addresses, and bytes from row to row
  mlir::Value rowEnd;                // the elements of a row

  using Values = llvm::SmallVector<mlir::Value>;
  void emit(llvm::StringRef instruction, mlir::ValueRange operands);
  mlir::Value tileNumber(int64_t number);
  mlir::Value pointer(mlir::Value address);
  void prefetch(const Tile &tile, mlir::Value panel, mlir::Value k);
  void addTiles(const Tile &tile, llvm::ArrayRef<mlir::Value> rows);
};

} // namespace mlir::bnn
