//===- Correction.h - What is added to some sums of a product ---*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "passes/LowerKernels/Kernels.h"

namespace mlir::bnn {

/// The correction of a `bnn.matmul`, which a few blocks of 16 outputs have.
class Correction {
public:
  /// `buffer` is i32 [.., 16 * blocks], or null: nothing is added. The units of
  /// outputs start at multiples of 16 if `isAligned`.
  Correction(KernelBuilder &b, mlir::Value buffer,
             llvm::ArrayRef<int64_t> blocks, bool isAligned);
  /// Looks up the panels of a unit.
  void beginUnit(const UnitOfOutputs &unit);
  /// The sums of `row` in panel `panel` of the unit, corrected.
  mlir::Value add(mlir::Value sums, mlir::Value row, int64_t panel);

private:
  KernelBuilder &b;
  mlir::Value buffer;
  llvm::ArrayRef<int64_t> blocks;
  bool isAligned;
  struct Panel {
    mlir::Value isCorrected, column; // or null, where units are not aligned
    mlir::Value channel;             // of its first output
    int64_t valid;
  };
  llvm::SmallVector<Panel> panels;

  mlir::Value addLanes(mlir::Value sums, mlir::Value row, const Panel &panel);
};

} // namespace mlir::bnn
