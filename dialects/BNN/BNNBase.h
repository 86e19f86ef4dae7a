//===- BNNBase.h - The bnn dialect, its types and attributes ----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"

#include "dialects/BNN/BNNEnums.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/BNN/BNNTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/BNN/BNNAttributes.h.inc"
// The dialect's helpers for its attributes need their classes.
#include "dialects/BNN/BNNDialect.h.inc"

namespace mlir::bnn {

/// Partial results of the canonical reduction, and outputs in a panel.
constexpr int64_t kLanes = 16;
/// Bits in a packed word.
constexpr int64_t kWordBits = 32;
constexpr int64_t kWordBytes = kWordBits / 8;
/// Bytes to which buffers, constants and the workspace are aligned: the widest
/// register and the cache line of the targets.
constexpr int64_t kBufferAlignment = 64;

} // namespace mlir::bnn
