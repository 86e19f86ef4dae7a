//===- BNNTarget.h - Which dots there are on a target -----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/BNN/BNNBase.h"

namespace mlir::bnn {

/// Whether a register tile can have so many rows and panels, and how many it
/// can have, in words.
bool isTile(int64_t rows, int64_t panels);
constexpr llvm::StringLiteral kTileBounds = "1 to 16 rows and 1 to 4 panels";

/// Panels of a tile that counts bits by table.
constexpr int64_t kTablePanels = 4;
/// With fewer rows a block of them is not worth its tables.
constexpr int64_t kTableLeastRows = 6;
/// The function that says whether a process may use tiles of bytes, () -> i1:
/// kernels declare it, and who writes the object defines it.
constexpr llvm::StringLiteral kMayUseTiles = "may_use_tiles";
/// Rows, and panels of 16 outputs, of a tile of sums of bytes.
constexpr int64_t kByteTileRows = 16, kByteTilePanels = 2;
/// Rows of a tile of squares of sums of bytes, and the bytes that a step takes
/// of each row. With fewer rows a block of them is not worth its preparations.
constexpr int64_t kByteSquareRows = 4, kByteSquareStep = 8,
                  kByteSquareLeastRows = 8;
/// The words of a row from which on a chain of running parities is worth it.
constexpr int64_t kChainWords = 4;
/// The attribute of LLVM of a function whose instructions are in the order that
/// they should run in.
constexpr llvm::StringLiteral kKeepOrder = "bnn-keep-order";

/// The dot that adds up the product of an input and a weight of these elements;
/// none where there is no such dot.
std::optional<DotKind> getDotKind(mlir::Type input, mlir::Type weight);

/// What the kind adds up to: i32, exact, or f32.
mlir::Type getAccumulatorType(mlir::MLIRContext *context, DotKind kind);

/// Whether the weight is [K, N], so that neighbouring outputs lie side by side,
/// and not [N, K].
bool hasOutputsSideBySide(DotKind kind);

/// The dot of a kind on `target` (null: any): the one that it lists, or the one
/// that is right everywhere.
DotAttr getDot(mlir::MLIRContext *context, TargetAttr target, DotKind kind);

/// The bytes that the target (null: any) looks up in one instruction, or 0.
int64_t getShuffledBytes(TargetAttr target);

/// The numbers of 32 bits of a vector, where numbers are moved or computed one
/// by one: as many as fit into one register or two; 0 where the target (null:
/// any) has no vectors of f32.
int64_t getVectorLanes(TargetAttr target);

/// The bytes of a row that one step of a tile of bytes takes: as many at each
/// step of a row of `elements`, or 0 where tiles do not suit it.
int64_t getTileStep(int64_t elements);

/// The name of a port limit: dots differ by what their inner loop does.
/// `parity`: it reads words with parity.
llvm::StringRef getLimitName(DotKind kind, bool parity);

} // namespace mlir::bnn
