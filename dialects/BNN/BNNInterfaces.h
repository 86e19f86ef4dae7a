//===- BNNInterfaces.h - What passes ask the bnn ops ------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNBase.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>

namespace mlir::bnn {

/// Builds the body of an epilogue, with the `bnn.yield` that ends it, from the
/// arguments of its block.
using EpilogueBuilder =
    llvm::function_ref<void(OpBuilder &, Location, ValueRange)>;

/// The types of the tensors among `outs`: an op's results.
llvm::SmallVector<Type> getTensorTypes(ValueRange outs);

/// Gives `region` the block of an epilogue: its arguments are of the types
/// `leading` and an element of each of `params`.
void buildEpilogue(OpBuilder &builder, Location loc, Region &region,
                   TypeRange leading, ValueRange params,
                   EpilogueBuilder epilogue);

/// What the exact i32 that an epilogue starts from can be, both ends included.
struct AccumulatorRange {
  int64_t least, most;
};

/// A number of multiply-accumulates: `factor` times the size of each of these
/// dimensions of a tensor or buffer.
struct MultiplyAccumulates {
  int64_t factor = 0;
  llvm::SmallVector<std::pair<Value, int64_t>> dimensions;

  /// Multiplies by all dimensions of `value`.
  void addAllDimensions(Value value);
};

/// Bits that an op reads and the optional operand that says which of them are
/// read as 0.
struct MaskedBits {
  Value bits;
  MutableOperandRange zeros;
};

namespace detail {
LogicalResult verifyEpilogue(Operation *op);
LogicalResult verifyMasks(Operation *op);
/// Whether `zeros` can be the mask of zeros of `bits`; if not, an error of
/// `op`.
LogicalResult verifyMask(Operation *op, Value bits, Value zeros);
Attribute getOperandLayout(OpOperand &operand, int64_t groups,
                           TargetAttr target);
/// The effects of an op that reads its other operands and writes its inits,
/// where they are buffers.
void getDestinationEffects(
    DestinationStyleOpInterface op,
    llvm::SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects);
} // namespace detail

} // namespace mlir::bnn

#include "dialects/BNN/BNNInterfaces.h.inc"
