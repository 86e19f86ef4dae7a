//===- FoldTransposes.h - Sums that read transposed tensors -----*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/PatternMatch.h"

namespace mlir::bnn {

/// Patterns by which a `linalg.generic` with a reduction, such as a product of
/// the heads of attention, reads what `linalg.transpose` is made of, and
/// writes what one makes of it, where the last axis stays the last: what lies
/// side by side is read side by side.
void populateFoldTransposes(RewritePatternSet &patterns);

} // namespace mlir::bnn
