//===- fuzz-strategy-table.cpp - Any bytes as a table of tiles ------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/StrategyTable.h"
#include "test/fuzz/Fuzz.h"

using namespace mlir::bnn;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto table = readStrategyTable(
      fuzz::writeScratch("table.txt", fuzz::textOf(data, size)));
  if (!table) {
    llvm::consumeError(table.takeError());
    return 0;
  }
  for (const auto &[name, tile] : *table)
    if (tile.rows < 1 || tile.rows > 16 || tile.panels < 1 || tile.panels > 4)
      fuzz::fail("a tile out of bounds for " + name);
  return 0;
}
