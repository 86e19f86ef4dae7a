//===- ByteSquares.h - Products of bytes by squares of sums -----*- C++ -*-===//
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

/// A dot whose registers hold the sums of two rows by two outputs. One
/// instruction adds the products of eight bytes of each, 32 in place of the 16
/// of a dot that has a row at a time.
///
/// This is worth its preparations, one for each block of rows and one for each
/// panel of a block, from some rows on.
class ByteSquares : public BlockDot {
public:
  /// What a block has at most: a multiple of a tile's rows.
  static constexpr int64_t kBlockRows = 128;

  ByteSquares(KernelBuilder &b, const Product &p);

  void begin() override;
  int64_t blockRows() const override { return kBlockRows; }
  mlir::Value isWorth(mlir::Value rows) override;
  void prepareRows(mlir::Value first, mlir::Value count) override;
  void preparePanels(mlir::Value panel) override;
  llvm::SmallVector<mlir::Value> accumulate(const Tile &tile) override;

private:
  using Values = llvm::SmallVector<mlir::Value>;

  int64_t steps; // of a row, eight bytes each
  mlir::Value rows, weights;

  void storeWords(mlir::Value step, mlir::Value first, mlir::Value second);
  void storeRest(mlir::Value row, mlir::Value tile);
  void addStep(mlir::Value tile, mlir::Value step,
               llvm::MutableArrayRef<mlir::Value> sums);
  mlir::Value rowOf(mlir::ValueRange squares, int64_t row);
};

} // namespace mlir::bnn
