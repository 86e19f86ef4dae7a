//===- CarrySave.h - Counts of one output, in words -------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/LowerKernels/Dots/Dot.h"

namespace mlir::bnn {

enum class CountedBits;

/// Counts the bits of a product one output at a time, for a CPU without vectors
/// and with few registers.
class CarrySave {
public:
  CarrySave(KernelBuilder &b, const Product &p, CountedBits which)
      : b(b), p(p), which(which) {}

  /// Emits where counts wait; before anything is counted.
  void begin();

  /// The counts of all words of a tile whose rows are planes (without a `row`:
  /// rows of zeros): [row][panel] of 16 lanes of i32. Zeros count as bits.
  llvm::SmallVector<mlir::Value> count(const Tile &tile) const;

private:
  /// The ones at each bit's place, as binary numbers: bit k of all places in
  /// `digits[k]`. A digit that is null is 0 everywhere.
  struct Sums {
    llvm::SmallVector<mlir::Value> digits;
    /// A digit that waits for another one of its kind; null: none.
    llvm::SmallVector<mlir::Value> waiting;
  };
  /// The words of a plane (null: zeros) and of the weights of an output.
  struct Output {
    mlir::Value input, weight;
  };

  Output outputOf(mlir::Value plane, mlir::Value panel, mlir::Value lane) const;
  mlir::Value word(const Output &of, mlir::Value k) const;
  void addPair(const Output &of, mlir::Value k, Sums &sums) const;
  void add(Sums &sums, size_t digit, mlir::Value bits) const;
  void settle(Sums &sums) const;
  mlir::Value countOutput(const Output &of) const;
  mlir::Value total(const Sums &sums) const;
  mlir::Value totalOfFive(llvm::ArrayRef<mlir::Value> digits) const;
  mlir::Value everyOther(mlir::Value x, int64_t bits, int64_t mask) const;

  KernelBuilder &b;
  const Product &p;
  CountedBits which;
  mlir::Value counts; // [lanes] of i32
};

} // namespace mlir::bnn
