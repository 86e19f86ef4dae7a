//===- ByteTable.h - Bits counted by table ----------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNTarget.h"
#include "passes/LowerKernels/Dots/CountDot.h"

namespace mlir::bnn {

/// Counts bits by table: for four bits of an input row, a table of 16 entries
/// has the number of counted bits for each four bits of a weight, and one byte
/// shuffle looks up those of 32 or 64 outputs. An entry serves two rows, one in
/// each half of its byte; three entries add up before the halves part.
///
/// This is worth its preparations, one for each block of rows and one for each
/// four panels of a block, from some rows on.
class ByteTable : public BlockDot {
public:
  /// Panels of a tile.
  static constexpr int64_t kPanels = kTablePanels;
  /// What a block has at most.
  static constexpr int64_t kBlockRows = 128;

  /// Counts for `plain`. The rows of `dot`'s tile are planes.
  ByteTable(KernelBuilder &b, const Product &p, CountDot &plain, DotAttr dot,
            TargetAttr target);

  void begin() override;
  int64_t blockRows() const override;
  mlir::Value isWorth(mlir::Value rows) override;
  void prepareRows(mlir::Value first, mlir::Value count) override;
  void preparePanels(mlir::Value panel) override;
  llvm::SmallVector<mlir::Value> accumulate(const Tile &tile) override;

private:
  CountDot &plain;
  int64_t bytes;  // of a shuffle
  int64_t pairs;  // of planes, in a tile of counts
  int64_t digits; // hexadecimal, of a row: a multiple of three
  mlir::Value table, offsets, weights;

  using Values = llvm::SmallVector<mlir::Value>;
  mlir::VectorType bytesType() const;
  mlir::VectorType halvesType() const;
  mlir::Value halves(int64_t value) const;
  mlir::Value lookUp(mlir::Value entries, mlir::Value digits);
  Values sumThree(mlir::Value pair, mlir::Value digit);
  Values addDigits(mlir::Value firstPair, mlir::Value from, mlir::Value to);
  void addHalves(llvm::ArrayRef<mlir::Value> counts, Values &sums);
  mlir::Value panelOf(llvm::ArrayRef<mlir::Value> vectors, int64_t panel);
  Values count(mlir::Value plane);
};

} // namespace mlir::bnn
