//===- CountDot.h - Dots that count bits ------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Dots/Popcount.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::bnn {

/// A dot whose accumulators follow from the bits that input and weight differ
/// in, or have in common.
class CountDot : public Dot {
public:
  using Counts = llvm::function_ref<llvm::SmallVector<mlir::Value>()>;

  /// The rows of `dot`'s tile are planes.
  CountDot(KernelBuilder &b, const Product &p, CountedBits which, DotAttr dot);

  int64_t unitOutputs() const override {
    return llvm::alignTo(tilePanels() * kLanes, kWordBits);
  }
  void begin() override { popcount.begin(); }
  std::unique_ptr<BlockDot> createBlock(DotAttr dot,
                                        TargetAttr target) override;
  llvm::SmallVector<mlir::Value> accumulate(const Tile &tile) override;
  /// The same from the counts [plane of row][panel] that `counts` emits, in
  /// lanes of i16 if `isShort`.
  virtual llvm::SmallVector<mlir::Value>
  accumulate(const Tile &tile, Counts counts, bool isShort = false);
  /// Whether counts of a row that i16 holds may be `isShort`.
  virtual bool takesShortCounts() const { return false; }

  /// Planes of a row: each has counts of its own.
  int64_t getPlanes() const { return p.element.getWidth(); }
  /// The planes of `rows` rows.
  mlir::Value planesOf(mlir::Value rows) const;
  /// Which bits are counted.
  CountedBits getCounted() const { return popcount.getWhich(); }

protected:
  /// The counts of `planes` planes from `plane` on (null: of planes of zeros),
  /// [plane][panel], a register tile at a time.
  llvm::SmallVector<mlir::Value> countBits(mlir::Value plane, int64_t planes,
                                           mlir::Value panel, int64_t panels,
                                           bool masked) const;
  /// The accumulators of a tile, [row][panel], from its counts. `masked`: what
  /// the mask of zeros has was left out.
  virtual llvm::SmallVector<mlir::Value>
  fromCounts(const Tile &tile, llvm::ArrayRef<mlir::Value> counts,
             bool masked) = 0;

  Popcount popcount;

private:
  DotAttr dot;
};

/// The popcount of all words of a row: a scalar i32.
mlir::Value countRow(KernelBuilder &b, mlir::Value rows, mlir::Value row,
                     int64_t words);

/// The dot of integers of a few bits by weights of one bit.
std::unique_ptr<Dot> createPlaneCount(KernelBuilder &b, const Product &p,
                                      DotAttr dot);

} // namespace mlir::bnn
