//===- ByteSteps.h - Sums of products of bytes in lanes ---------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Support/KernelBuilder.h"

namespace mlir::bnn {

/// What a CPU does in one instruction with bytes: of x86's VNNI, or of Arm's
/// dotprod.
struct ByteInstruction;

/// Products of bytes by signed bytes, added up in lanes of i32. A word of a
/// row, which has four bytes, is in all 16 lanes of a vector, and a word of a
/// panel has four bytes of each of 16 outputs: each lane adds four products.
///
/// An instruction that does so wants the row's bytes unsigned (x86's VNNI) or
/// signed (Arm's dotprod). Where they are not, their highest bits are turned
/// (`turned()`), which adds or takes 128: whoever calls takes 128 times the
/// sums of the weights back.
///
/// Without such an instruction x86 multiplies pairs of 16 bits, which bytes are
/// widened to. Where weights are small it multiplies pairs of bytes, in half
/// the time: what would be cut off at 16 bits does not occur.
///
/// NEON without dotprod multiplies signed bytes to numbers of 16 bits, and adds
/// pairs of those to lanes of 32 bits: an output has two sums, which become one
/// at the end. No product of signed bytes is too large for 16 bits.
class ByteSteps {
public:
  /// Words of a row in a register of 128 bits.
  static constexpr int64_t kFour = 4;

  /// `isSigned`: the bytes of rows; `isSmall`: those of panels are, as
  /// `#bnn.panels` has it. A null target has no instructions of its own.
  ByteSteps(KernelBuilder &b, bool isSigned, bool isSmall, TargetAttr target);

  /// Rows of a tile of which the registers hold the sums, where a target's dot
  /// has `rows`.
  static int64_t tileRows(int64_t rows, TargetAttr target);

  bool isTurned() const { return turnsBytes; }
  /// Whether an instruction takes its factor from one lane of a vector.
  bool takesLanes() const;
  /// Chains of `sums` sums of panels that keep the units busy.
  int64_t chainsOf(int64_t sums) const;

  /// Words of a row, as the instruction wants them.
  mlir::Value turned(mlir::Value words) const;
  /// A word in 16 lanes.
  mlir::Value spread(mlir::Value word) const;
  /// The sums of a panel before anything is added.
  mlir::Value noSum() const;
  /// Adds the products of a word of each row, in all lanes, with one of each
  /// panel: [row][panel].
  void addWords(llvm::ArrayRef<mlir::Value> rows,
                llvm::ArrayRef<mlir::Value> weights,
                llvm::MutableArrayRef<mlir::Value> sums) const;
  /// One sum an output, in 16 lanes.
  void foldSums(llvm::MutableArrayRef<mlir::Value> sums) const;
  /// Whether a sum is several until it is folded.
  bool hasSeveralSums() const { return hasProducts; }

private:
  KernelBuilder &b;
  bool isSigned;
  const ByteInstruction *step, *pairs, *small; // null: none
  bool hasProducts, turnsBytes;

  mlir::Value part(mlir::Value vector, int64_t at, int64_t count) const;
  mlir::Value call(const ByteInstruction &step,
                   llvm::ArrayRef<mlir::Value> operands) const;
  void addProducts(llvm::ArrayRef<mlir::Value> rows, mlir::Value weight,
                   size_t panel, size_t panels,
                   llvm::MutableArrayRef<mlir::Value> sums) const;
  mlir::Value smallPairs(mlir::Value row, mlir::Value weight) const;
  mlir::Value extend(mlir::Value words, bool isSigned, bool odd) const;
  mlir::Value byteOf(mlir::Value words, bool isSigned, int64_t byte) const;
};

} // namespace mlir::bnn
