//===- BNN.h - The bnn dialect ----------------------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNNBase.h"
#include "dialects/BNN/BNNInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::bnn {
/// What a bnn.attention is built of: its operands, null where there is none,
/// and its attributes.
struct AttentionParts {
  mlir::Value query{}, key{}, value{}, queryZeros{}, keyZeros{}, valueZeros{};
  mlir::Value left{}, right{}, residual{};
  mlir::Value scale{}, cutoff{}, step{}, minimum{};
  llvm::SmallVector<mlir::Value> masks{}, params{}, outs{};
  mlir::TypeAttr probability{};
  mlir::FloatAttr threshold{};
  bool inclusive = false, causal = false, cross = false;
  llvm::SmallVector<MaskKind> maskKinds{}; ///< Of each mask.
  int64_t earlyMasks = 0, heads = 1;
  float divisor = 1;
};
} // namespace mlir::bnn

#define GET_OP_CLASSES
#include "dialects/BNN/BNNOps.h.inc"

namespace mlir::bnn {

/// Lets one-shot bufferisation handle the dialect's ops.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace mlir::bnn
