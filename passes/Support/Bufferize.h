//===- Bufferize.h - From tensors to buffers --------------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::bnn {

/// Adds one-shot bufferisation as the compiler does it: buffers are aligned to
/// 64 bytes, the packed layout of a tensor is the memory space of its buffer,
/// and a copy becomes loops, since there is no runtime function to call.
void addBufferization(OpPassManager &passes);

/// Adds MLIR's canonicalizer for IR on buffers, without the pattern that leaves
/// invalid IR where a buffer has no elements.
void addBufferCanonicalizer(OpPassManager &passes);

} // namespace mlir::bnn
