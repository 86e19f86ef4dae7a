//===- PlaneCount.cpp - Integers of a few bits by {-1, +1} ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// With b the bits of a plane, which has the weight c, and D = popcount(b xor
// w): sum over k of w * b = positives - D, where positives is the number of
// weights that are +1. So the sum over all planes is positives * sum c - sum c
// D.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerKernels/Dots/CountDot.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {
class PlaneCount : public CountDot {
public:
  using CountDot::CountDot;

  void beginPanels(Value panel, int64_t panels) override {
    // The bits in which weights differ from zeros.
    positives = countBits(Value(), 1, panel, panels, /*masked=*/false);
  }

private:
  SmallVector<Value> positives; // of each panel that began

  SmallVector<Value> fromCounts(const Tile &tile, ArrayRef<Value> counts,
                                bool masked) override {
    const int64_t planes = getPlanes();
    // Of all weights: 1 + 2 + 4 + ..., and minus the last one if it is the
    // sign.
    Value total = b.splatI32(p.element.getLeast() + p.element.getMost());
    SmallVector<Value> sums;
    for (int64_t i = 0; i < tile.rows; ++i)
      for (int64_t j = 0; j < tile.panels; ++j) {
        Value sum = b.mul(positives[j], total);
        for (int64_t plane = 0; plane < planes; ++plane) {
          Value count = b.create<arith::ShLIOp>(
              counts[(i * planes + plane) * tile.panels + j],
              b.splatI32(plane));
          if (p.element.getIsSigned() && plane == planes - 1)
            sum = b.add(sum, count);
          else
            sum = b.create<arith::SubIOp>(sum, count);
        }
        sums.push_back(sum);
      }
    return sums;
  }
};
} // namespace

std::unique_ptr<Dot> bnn::createPlaneCount(KernelBuilder &b, const Product &p,
                                           DotAttr dot) {
  return std::make_unique<PlaneCount>(b, p, CountedBits::Differing, dot);
}
