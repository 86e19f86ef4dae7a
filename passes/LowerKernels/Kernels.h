//===- Kernels.h - Rows, parameters and outputs of kernels ------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "passes/Support/KernelBuilder.h"

namespace mlir::bnn {

/// An epilogue's parameters, and what loads an element vector of each.
class EpilogueParams {
public:
  EpilogueParams(KernelBuilder &b, mlir::ValueRange buffers);
  /// Loads what depends on the output channel only, for `panels` panels.
  void loadChannels(KernelBuilder &b, mlir::Value channel, int64_t valid);
  /// The vectors of panel `panel` of the unit at `row`.
  llvm::SmallVector<mlir::Value> vectors(KernelBuilder &b, mlir::Value row,
                                         int64_t panel);

private:
  llvm::SmallVector<mlir::Value> buffers;
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> channels;
  mlir::Value channel;
  int64_t valid = 0;
};

/// Neighbouring outputs of a row: the first one's panel, number and word.
struct UnitOfOutputs {
  mlir::Value panel, channel, word;
  int64_t valid; // how many
};

/// Where an op's outputs go: rows of f32 or i32, packed bits, or planes of the
/// low bits of i32 vectors, or their low bytes.
class OutputRows {
public:
  OutputRows(KernelBuilder &b, mlir::ValueRange logical,
             mlir::ValueRange buffers);
  /// Stores a unit of outputs of one row, `word` the first of its words.
  /// `panels` has the yielded vectors of each panel.
  void store(KernelBuilder &b, mlir::Value row, const UnitOfOutputs &unit,
             llvm::ArrayRef<llvm::SmallVector<mlir::Value>> panels);
  /// Stores the outputs that `epilogue` makes of the `arguments` of each panel,
  /// each output before the next one is computed: many at once would not fit
  /// into the registers. What they share is computed over again, for common
  /// subexpression elimination to find.
  void storeOneByOne(KernelBuilder &b, mlir::Value row,
                     const UnitOfOutputs &unit, mlir::Block &epilogue,
                     llvm::ArrayRef<llvm::SmallVector<mlir::Value>> arguments);

  /// Whether any of the outputs is bits, which are stored by words.
  bool hasBits() const;

  /// Emits what completes the outputs after all rows are stored: parity words.
  void finish(KernelBuilder &b);

private:
  struct Output {
    mlir::Value buffer;
    int64_t planes; // 0 for numbers and bytes
    int64_t words;  // of a plane of a row
    bool hasParity;
  };
  void store(KernelBuilder &b, const Output &output, mlir::Value row,
             const UnitOfOutputs &unit, llvm::ArrayRef<mlir::Value> panels);
  llvm::SmallVector<Output> outputs;
};

/// Calls `body` for all units of a row of `channels` cut into groups of
/// `group`: units of `size` outputs, a multiple of 32, then of 32, and at the
/// end of a group one of the outputs that are left.
void forUnits(KernelBuilder &b, int64_t channels, int64_t group,
              llvm::function_ref<void(const UnitOfOutputs &)> body,
              int64_t size = kWordBits);

/// Panels of 16 outputs that hold `valid` outputs.
inline int64_t panelsOf(int64_t valid) { return (valid + kLanes - 1) / kLanes; }

/// Emits the loops of one op for a target (null: any). `buffers` are its
/// operands with packed bits as words, in the op's order.
void emitKernel(KernelBuilder &b, BinarizeOp op, BinarizeOp::Adaptor buffers,
                TargetAttr target);
void emitKernel(KernelBuilder &b, QuantizeOp op, QuantizeOp::Adaptor buffers,
                TargetAttr target);
void emitKernel(KernelBuilder &b, EmbeddingOp op, EmbeddingOp::Adaptor buffers,
                TargetAttr target);
void emitKernel(KernelBuilder &b, LayerNormOp op, LayerNormOp::Adaptor buffers,
                TargetAttr target);
void emitKernel(KernelBuilder &b, ReduceOp op, ReduceOp::Adaptor buffers,
                TargetAttr target);
void emitKernel(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
                TargetAttr target);
void emitKernel(KernelBuilder &b, AttentionOp op, AttentionOp::Adaptor buffers,
                TargetAttr target);

} // namespace mlir::bnn
