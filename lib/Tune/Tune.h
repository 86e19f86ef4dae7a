//===- Tune.h - Measure register tiles on this machine ----------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "lib/Driver/Driver.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace mlir::bnn {

/// A product of M x K bits by N x K bits.
struct ProductShape {
  int64_t m, n, k;
};

/// The times of one tile.
struct TileTimes {
  KernelTile tile;
  std::vector<double> seconds; ///< The least for each shape.
  /// The geometric mean, over the shapes, of its time over the best tile's: 1
  /// is the best everywhere.
  double loss = 0;
};

/// Compiles the product of each shape with each tile for this machine, as
/// `options` says (its CPU, attributes and strategy), and times the products
/// alone, without what packs their inputs, in `rounds` interleaved rounds.
/// Returns the tiles, the one with the least loss first. Fails when a product
/// does not compile, which reports why, or does not run.
llvm::Expected<std::vector<TileTimes>>
measureTiles(const CompileOptions &options, llvm::ArrayRef<ProductShape> shapes,
             llvm::ArrayRef<KernelTile> tiles, unsigned rounds);

} // namespace mlir::bnn
