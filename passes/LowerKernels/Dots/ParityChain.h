//===- ParityChain.h - Carries of three parities ----------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Dots/CountDot.h"

namespace mlir::bnn {

/// Counts the bits in which rows differ from weights with running parities, two
/// words at a time: two exclusive ors, a bit select, a count and an addition.
/// The rows of a block become running parities in memory, each word four times.
class ParityChain : public BlockDot {
public:
  /// `plain` counts where rows have zeros, and makes sums of counts.
  ParityChain(KernelBuilder &b, const Product &p, CountDot &plain, DotAttr dot);

  void begin() override;
  bool takesAll() const override { return true; }
  int64_t blockRows() const override;
  void prepareRows(mlir::Value first, mlir::Value count) override;
  llvm::SmallVector<mlir::Value> accumulate(const Tile &tile) override;

private:
  using Values = llvm::SmallVector<mlir::Value>;

  CountDot &plain;
  int64_t planesOfTile;
  mlir::Value parities; // [plane of the block][word][copy] i32
  bool isShort;         // whether counts are of 16 bits
  mlir::Value counts;   // [plane of the tile][output of the unit] i32 or i16

  /// Rows of half a panel: `planes` from `plane` on, of the block, by the
  /// outputs from `lane` on. Their counts lie in `counts` from `row` and
  /// `output` on.
  struct Half {
    mlir::Value plane, panel;
    int64_t planes;
    mlir::Value lane;
    int64_t row;
    mlir::Value output;
  };
  mlir::Value loadCounts(const Half &half, int64_t plane) const;
  void storeCounts(const Half &half, int64_t plane, mlir::Value values) const;
  mlir::VectorType wordsType() const;
  mlir::VectorType countsType() const;
  mlir::Value splatWords(int64_t value) const;
  mlir::Value addCounts(mlir::Value sums) const;
  mlir::Value countWords(mlir::Value words) const;
  mlir::Value complement(mlir::Value words) const;
  mlir::Value prepareWords(mlir::Value source, mlir::Value plane, mlir::Value k,
                           int64_t count, mlir::Value before) const;
  Values differing(const Half &half, mlir::Value k) const;
  mlir::Value carry(mlir::Value sum, mlir::Value next,
                    mlir::Value before) const;
  /// Steps of four words: `count` (i32) of them, from `from` to `to`.
  struct Quads {
    mlir::Value from, to, count;
  };
  Values sumCarries(const Half &half, const Quads &quads, bool isFirst,
                    Values &before) const;
  void addRest(const Half &half, int64_t k, Values &totals,
               Values &before) const;
  void finishHalf(const Half &half, int64_t quads, Values totals,
                  Values before) const;
  void countRows(mlir::Value plane, int64_t row, mlir::Value panel,
                 int64_t panels, int64_t planes) const;
  Values count(mlir::Value plane, mlir::Value panel, int64_t panels,
               int64_t planes) const;
};

} // namespace mlir::bnn
