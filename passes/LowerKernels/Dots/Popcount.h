//===- Popcount.h - The bits that words differ in or share ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Dots/CarrySave.h"
#include <optional>

namespace mlir::bnn {

/// The param of CPUs with too few registers for the masks of zeros of more
/// rows.
inline constexpr llvm::StringLiteral kMaskOneRow = "mask_one_row";

/// Which bits of two words count.
enum class CountedBits {
  Differing, ///< exclusive or
  Common,    ///< and
};

/// These bits of two words.
mlir::Value countedBits(KernelBuilder &b, CountedBits which, mlir::Value x,
                        mlir::Value w);

/// The sums of the four bytes of each lane of 32 bits.
mlir::Value addBytes(KernelBuilder &b, mlir::Value sums);
/// Sums of two neighbouring lanes each, which the lanes hold: half as many. For
/// targets that add pairs, and two registers or more.
mlir::Value addNeighbours(KernelBuilder &b, mlir::Value lanes);
/// Sums of two neighbouring lanes each, twice as wide. For targets that add
/// pairs.
mlir::Value addPairs(KernelBuilder &b, mlir::Value lanes);

/// Counts the bits of a register tile of words.
class Popcount {
public:
  /// `dot` has how the target counts.
  Popcount(KernelBuilder &b, const Product &p, CountedBits which, DotAttr dot);

  /// The params that it knows.
  static llvm::ArrayRef<llvm::StringLiteral> getParams();

  /// Emits what all tiles share.
  void begin();

  /// The counts of all words of a tile whose rows are planes (without a `row`:
  /// rows of zeros): [row][panel] of 16 lanes of i32. `masked`: what the mask
  /// of zeros has is left out.
  llvm::SmallVector<mlir::Value> count(const Tile &tile, bool masked) const;

  /// Which bits are counted.
  CountedBits getWhich() const { return which; }

private:
  KernelBuilder &b;
  const Product &p;
  CountedBits which;
  DotAttr dot;
  std::optional<CarrySave> oneOutput; // where outputs are counted one by one

  using Values = llvm::SmallVector<mlir::Value>;
  using State = llvm::MutableArrayRef<mlir::Value>;
  Values loadWeights(const Tile &tile, mlir::Value k) const;
  mlir::Value majority(mlir::Value x, mlir::Value y, mlir::Value parity) const;
  void addWord(const Tile &tile, mlir::Value k, bool masked,
               State counts) const;
  void addWord(const Tile &tile, mlir::Value k,
               llvm::ArrayRef<mlir::Value> weights, bool masked,
               State counts) const;
  void addDifference(const Tile &tile, mlir::Value k, int64_t place,
                     bool masked, State counts, State before) const;
  void addPair(const Tile &tile, mlir::Value k, bool masked, State counts,
               State parity) const;
  Values
  sumCounts(int64_t steps, int64_t words, size_t size, Values &state,
            llvm::function_ref<void(mlir::Value, State, State)> body) const;
  Values countPlain(const Tile &tile, bool masked) const;
  Values countWithParity(const Tile &tile, bool masked) const;
  Values countRunning(const Tile &tile, bool masked) const;
};

} // namespace mlir::bnn
