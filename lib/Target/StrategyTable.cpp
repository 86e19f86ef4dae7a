//===- StrategyTable.cpp - Tiles that were measured -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lib/Target/StrategyTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace mlir::bnn {

Expected<StringMap<KernelTile>> readStrategyTable(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  StringMap<KernelTile> table;
  for (line_iterator line(**buffer); !line.is_at_end(); ++line) {
    StringRef text = line->split('#').first.trim();
    if (text.empty())
      continue;
    SmallVector<StringRef> words;
    text.split(words, ' ', -1, /*KeepEmpty=*/false);
    auto fail = [&](const Twine &what) {
      return createStringError(path + ":" + Twine(line.line_number()) + ": " +
                               what);
    };
    KernelTile tile;
    if (words.size() != 3 || words[1].getAsInteger(10, tile.rows) ||
        words[2].getAsInteger(10, tile.panels))
      return fail("'" + text + "' is not of the form STRATEGY ROWS PANELS");
    if (none_of(kernelStrategies(), [&](const KernelStrategy &strategy) {
          return strategy.name == words[0];
        }))
      return fail("no strategy '" + words[0] +
                  "': bnn-opt --print-targets lists them");
    if (!isTile(tile.rows, tile.panels))
      return fail("a tile has " + kTileBounds);
    table[words[0]] = tile;
  }
  return table;
}

} // namespace mlir::bnn
