//===- Fma.cpp - f32 by f32, or by bytes ----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Neighbouring outputs lie side by side in a row of weights. Rows in flight
// hide the latency of the chain of fused multiply-additions. Bytes become f32
// as they are loaded, once for all rows of a tile.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/LowerKernels/Dots/Dot.h"

using namespace mlir;
using namespace mlir::bnn;

// Half a vector is often enough, and takes half the registers.
static constexpr int64_t kHalf = kLanes / 2;

namespace {
class Fma : public Dot {
public:
  // With half vectors, twice the rows fit.
  Fma(KernelBuilder &b, const Product &p, DotAttr dot)
      : Dot(b, p,
            p.outputs > kHalf ? dot.getRows()
                              : std::min<int64_t>(16, 2 * dot.getRows()),
            dot.getPanels()) {}

  SmallVector<Value> accumulate(const Tile &tile) override {
    SmallVector<Value> result(tile.rows * tile.panels);
    for (int64_t j = 0; j < tile.panels; ++j) {
      const int64_t valid = std::min(kLanes, tile.valid - j * kLanes);
      SmallVector<Value> sums =
          sumColumns(tile, b.offset(tile.channel, j * kLanes), valid);
      for (auto [i, sum] : llvm::enumerate(sums))
        result[i * tile.panels + j] = widen(sum);
    }
    return result;
  }

private:
  // The sums of each row for `valid` outputs from `column` on, a vector or half
  // a one.
  SmallVector<Value> sumColumns(const Tile &tile, Value column, int64_t valid) {
    const int64_t lanes = valid > kHalf ? kLanes : kHalf;
    VectorType type = VectorType::get(lanes, b.getF32Type());
    Value none = b.create<vector::BroadcastOp>(type, b.f32(0));
    SmallVector<Value> init(tile.rows, none);
    return b.loop(b.index(0), b.dim(p.input, 1), 1, init,
                  [&](Value k, ValueRange acc) {
                    Value w = loadWeights(k, column, valid, lanes);
                    SmallVector<Value> next;
                    for (int64_t i = 0; i < tile.rows; ++i) {
                      Value x = b.create<vector::BroadcastOp>(
                          type, b.load(p.input, {b.offset(tile.row, i), k}));
                      next.push_back(b.create<math::FmaOp>(x, w, acc[i]));
                    }
                    return next;
                  });
  }

  // The weights of input k for `valid` outputs from `column` on, in f32.
  Value loadWeights(Value k, Value column, int64_t valid, int64_t lanes) {
    Type element = getElementTypeOrSelf(p.weight);
    VectorType type = VectorType::get(lanes, element);
    SmallVector<Value> at = {k, column};
    Value loaded;
    if (valid < lanes) {
      Value mask = b.create<vector::ConstantMaskOp>(
          VectorType::get(lanes, b.getI1Type()), b.getI64ArrayAttr(valid));
      Value none = b.create<arith::ConstantOp>(type, b.getZeroAttr(type));
      loaded = b.create<vector::MaskedLoadOp>(type, p.weight, at, mask, none);
    } else {
      loaded = b.create<vector::LoadOp>(type, p.weight, at);
    }
    if (element.isF32())
      return loaded;
    loaded = b.create<arith::ExtSIOp>(type.clone(b.getI32Type()), loaded);
    return b.create<arith::SIToFPOp>(type.clone(b.getF32Type()), loaded);
  }

  // 16 lanes, whatever is in the upper ones of half a vector.
  Value widen(Value sum) {
    if (cast<VectorType>(sum.getType()).getDimSize(0) == kLanes)
      return sum;
    SmallVector<int64_t> lanes;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      lanes.push_back(lane % kHalf);
    return b.create<vector::ShuffleOp>(sum, sum, lanes);
  }
};
} // namespace

static std::unique_ptr<Dot> create(KernelBuilder &b, const Product &p,
                                   DotAttr dot, TargetAttr) {
  return std::make_unique<Fma>(b, p, dot);
}

const DotKernel bnn::kFma = {create, /*getParams=*/nullptr};
const DotKernel bnn::kFmaBytes = {create, /*getParams=*/nullptr};
