//===- CountDot.cpp - Dots that count bits --------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerKernels/Dots/CountDot.h"
#include "passes/LowerKernels/Dots/ByteTable.h"
#include "passes/LowerKernels/Dots/ParityChain.h"

using namespace mlir;
using namespace mlir::bnn;

Value bnn::countRow(KernelBuilder &b, Value rows, Value row, int64_t words) {
  return b.loop(b.index(0), b.index(words), 1, b.i32(0),
                [&](Value k, ValueRange sum) -> SmallVector<Value> {
                  Value count = b.popcount(b.load(rows, {row, k}));
                  return {b.add(sum[0], count)};
                })[0];
}

CountDot::CountDot(KernelBuilder &b, const Product &p, CountedBits which,
                   DotAttr dot)
    : Dot(b, p, std::max<int64_t>(1, dot.getRows() / p.element.getWidth()),
          dot.getPanels()),
      popcount(b, p, which, dot), dot(dot) {}

std::unique_ptr<BlockDot> CountDot::createBlock(DotAttr block,
                                                TargetAttr target) {
  if (block.getKind() == DotKind::ParityChain)
    return std::make_unique<ParityChain>(b, p, *this, block);
  return std::make_unique<ByteTable>(b, p, *this, block, target);
}

SmallVector<Value> CountDot::accumulate(const Tile &tile) {
  return accumulate(tile, [&] {
    return countBits(planesOf(tile.row), tile.rows * getPlanes(), tile.panel,
                     tile.panels, /*masked=*/false);
  });
}

SmallVector<Value> CountDot::accumulate(const Tile &tile, Counts counts,
                                        bool /*isShort*/) {
  return fromCounts(tile, counts(), /*masked=*/false);
}

Value CountDot::planesOf(Value rows) const {
  return getPlanes() == 1 ? rows : b.mul(rows, b.index(getPlanes()));
}

SmallVector<Value> CountDot::countBits(Value plane, int64_t planes, Value panel,
                                       int64_t panels, bool masked) const {
  SmallVector<Value> result(planes * panels);
  for (int64_t i = 0; i < planes; i += dot.getRows())
    for (int64_t j = 0; j < panels; j += dot.getPanels()) {
      Tile part = {plane ? b.offset(plane, i) : Value(), b.offset(panel, j),
                   std::min(dot.getRows(), planes - i),
                   std::min(dot.getPanels(), panels - j)};
      SmallVector<Value> counts = popcount.count(part, masked);
      for (int64_t k = 0; k < part.rows * part.panels; ++k)
        result[(i + k / part.panels) * panels + j + k % part.panels] =
            counts[k];
    }
  return result;
}
