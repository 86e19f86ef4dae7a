//===- Layout.h - Where a logical bit lies in memory ------------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/BNN/BNN.h"

namespace mlir::bnn {

/// The layout of a tensor (its encoding) or of a buffer (its memory space);
/// null for logical bits.
mlir::Attribute getLayout(mlir::Type type);

/// Whether words of such bits may be parity words on `target` (null: any).
/// Products of signed bits, and of planes, read them: they look for differing
/// bits, and exclusive or is linear in them.
bool canHaveParity(mlir::Type element, TargetAttr target);

/// Rows of activations of `type`, each cut into `groups`.
RowsAttr getRowsLayout(mlir::ShapedType type, int64_t groups, bool parity);

/// Words that hold `elements` bits cut into groups of `group`, each of which
/// starts a new word.
int64_t packedWords(int64_t elements, int64_t group);

/// Words of an output of a weight matrix in panels: of bits, or of bytes.
int64_t panelWords(mlir::ShapedType type, PanelsAttr panels);

/// The bit of a packed row that holds element `k`, counted over whole words.
int64_t packedPosition(int64_t k, int64_t group);

/// The shape, in i32 words, of what stores `type` (a tensor or buffer of bits
/// with a layout). A dynamic dimension stays dynamic.
llvm::SmallVector<int64_t> getStorageShape(mlir::ShapedType type);

/// Whether the bytes of a weight matrix are `small` (`#bnn.panels`).
bool haveSmallPairs(mlir::DenseElementsAttr bytes);

/// Whether word `w` of running parities (`#bnn.panels`) is stored as their
/// complement: every fourth one.
constexpr int64_t kComplementPeriod = 4;
constexpr bool isComplement(int64_t w) { return w % kComplementPeriod == 1; }

/// Packs logical bits (i1, or i8 for bytes, in the shape of `type`) into words
/// for the layout of `type`. The result has the storage shape.
mlir::DenseElementsAttr packBits(mlir::DenseElementsAttr logical,
                                 mlir::ShapedType type);

} // namespace mlir::bnn
