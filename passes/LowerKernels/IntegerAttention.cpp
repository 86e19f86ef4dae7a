//===- IntegerAttention.cpp - Probabilities of a few bits -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/AttentionKernel.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {
class IntegerAttention : public Attention {
public:
  // The planes of one query fill the registers.
  IntegerAttention(KernelBuilder &b, AttentionOp op,
                   AttentionOp::Adaptor buffers)
      : Attention(b, op, buffers, /*tileQueries=*/1) {
    scoreDot = createPlaneScore(b, planes, headWords);
    contextDot = createPlaneContext(b, planes);
  }

private:
  Value valueSums; // [heads, channelBlocks * 16] i32, or null

  void allocate() override {
    // Only a minimum of the probabilities needs them.
    if (!op.getEpilogue().getArgument(1).use_empty())
      valueSums = scratch({b.index(heads), b.index(channelBlocks * kLanes)},
                          b.getI32Type());
  }

  // The sum of all values of each channel.
  void layOutValues() override {
    if (!valueSums)
      return;
    b.loop(zero, b.index(heads), 1, [&](Value head) {
      for (int64_t block = 0; block < channelBlocks; ++block) {
        Value column = b.index(block * kLanes);
        Value sum =
            b.loop(zero, groups, 1, b.splatI32(0),
                   [&](Value group, ValueRange acc) -> SmallVector<Value> {
                     return {addValues(acc[0], head, group, column)};
                   })[0];
        b.storeLanes(sum, valueSums, {head, column});
      }
    });
  }

  // Adds 32 tokens' values to `sum`. The last plane is the sign.
  Value addValues(Value sum, Value head, Value group, Value column) {
    for (int64_t plane = 0; plane < planes; ++plane) {
      Value row = b.add(firstValues(head, plane), group);
      Value v = b.loadLanes(values, {row, column});
      Value count = b.create<arith::ShLIOp>(b.popcount(v), b.splatI32(plane));
      if (plane == planes - 1)
        sum = b.create<arith::SubIOp>(sum, count);
      else
        sum = b.add(sum, count);
    }
    return sum;
  }

  Value secondArgument(int64_t, Value head, Value column) override {
    return valueSums ? b.loadLanes(valueSums, {head, column}) : b.splatI32(0);
  }

  // What lies past the last token does not matter, the values have no bits
  // there; but a token that is not seen has some. No integer is below 0.
  Value expPastEnd() override {
    if (!op.getCausal())
      return {};
    return b.splatF32(-std::numeric_limits<float>::infinity());
  }

  // Quantises exp / sum.
  void storeProbabilities(const Queries &queries, ValueRange sums) override {
    auto type = cast<BitsType>(*op.getProbability());
    Value divisor = b.splat(sums[0]), step = b.splat(buffers.getStep()),
          minimum = b.splat(buffers.getMinimum());
    b.loop(zero, queries.groups, 1, [&](Value group) {
      SmallVector<Value> halves;
      for (int64_t half = 0; half < kWordBits / kLanes; ++half) {
        Value block = b.offset(b.mul(group, b.index(kWordBits / kLanes)), half);
        Value e = b.loadLanes(numbers, numberLanes(block, 0));
        Value p = b.create<arith::DivFOp>(e, divisor);
        p = b.create<arith::SubFOp>(p, minimum);
        halves.push_back(b.quantizedBits(p, step, type));
      }
      for (int64_t plane = 0; plane < planes; ++plane) {
        Value word =
            b.packMasks(b.hasBit(halves[0], plane), b.hasBit(halves[1], plane));
        b.store(word, bits, {b.index(plane), group});
      }
    });
  }
};
} // namespace

std::unique_ptr<Attention>
bnn::createIntegerAttention(KernelBuilder &b, AttentionOp op,
                            AttentionOp::Adaptor buffers) {
  return std::make_unique<IntegerAttention>(b, op, buffers);
}
