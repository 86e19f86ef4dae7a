//===- BitAttention.cpp - Probabilities of one bit ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/AttentionKernel.h"
#include "passes/LowerKernels/Dots/Popcount.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {
class BitAttention : public Attention {
public:
  BitAttention(KernelBuilder &b, AttentionOp op, AttentionOp::Adaptor buffers,
               DotAttr dot)
      : Attention(b, op, buffers, dot.getQueries()) {
    const bool oneCount = dot.hasParam(kMaskOneRow);
    scoreDot = createXorScore(b, headSize, oneCount);
    contextDot = createAndContext(b, oneCount);
  }

private:
  // Of each query: the probabilities that are 1, and the sum of their tokens'
  // value residuals.
  SmallVector<Value> chosen, residuals;

  ArrayRef<Value> ones() override { return chosen; }

  // No bit, whatever the cut or the threshold.
  Value expPastEnd() override {
    return b.splatF32(std::numeric_limits<float>::quiet_NaN());
  }

  Value secondArgument(int64_t query, Value, Value) override {
    return b.splat(residuals[query]);
  }

  // Those above the cutoff's part of the sum, or scores above the threshold.
  void storeProbabilities(const Queries &queries, ValueRange sums) override {
    SmallVector<Value> cuts, init;
    for (Value sum : sums)
      cuts.push_back(b.create<arith::MulFOp>(buffers.getCutoff(), sum));
    if (op.getThreshold())
      cuts.assign(queries.count, b.f32(op.getThreshold()->convertToFloat()));
    const bool hasResidual = bool(buffers.getResidual());
    for (Value &cut : cuts) {
      cut = b.splat(cut);
      init.push_back(b.i32(0));
      if (hasResidual)
        init.push_back(b.splatF32(0));
    }
    const size_t stride = init.size() / cuts.size();
    SmallVector<Value> found =
        b.loop(zero, queries.groups, 1, init, [&](Value group, ValueRange acc) {
          SmallVector<Value> next(acc);
          for (auto [i, cut] : llvm::enumerate(cuts)) {
            Value word = storeWord(
                i, cut, group, hasResidual ? &next[i * stride + 1] : nullptr);
            next[i * stride] = b.add(next[i * stride], b.popcount(word));
          }
          return next;
        });
    chosen.clear();
    residuals.clear();
    for (size_t i = 0; i < cuts.size(); ++i) {
      chosen.push_back(found[i * stride]);
      residuals.push_back(hasResidual
                              ? b.fold(found[i * stride + 1], ReduceKind::Add)
                              : b.f32(0));
    }
  }

  // The bits of 32 tokens of query `query`. Adds the residuals of those chosen
  // to `residual`, if there is one.
  Value storeWord(size_t query, Value cut, Value group, Value *residual) {
    constexpr int64_t halves = kWordBits / kLanes;
    SmallVector<Value> masks;
    for (int64_t half = 0; half < halves; ++half) {
      Value block = b.offset(b.mul(group, b.index(halves)), half);
      Value above = b.create<arith::CmpFOp>(
          op.getInclusive() ? arith::CmpFPredicate::OGE
                            : arith::CmpFPredicate::OGT,
          b.loadLanes(numbers, numberLanes(block, query)), cut);
      masks.push_back(above);
      if (residual) {
        // The definition adds 0 for what is not chosen. That changes no sum:
        // none is -0.
        Value own = b.loadLanes(numbers, numberLanes(block, residualRow));
        if (b.does(Instructions::ShiftInsert)) {
          // Masks that are vectors: a sum waits for its addition only.
          own = b.create<arith::SelectOp>(above, own, b.splatF32(0));
          *residual = b.create<arith::AddFOp>(*residual, own);
        } else {
          Value more = b.create<arith::AddFOp>(*residual, own);
          *residual = b.create<arith::SelectOp>(above, more, *residual);
        }
      }
    }
    Value word = b.packMasks(masks[0], masks[1]);
    b.store(word, bits, {b.index(query), group});
    return word;
  }
};
} // namespace

std::unique_ptr<Attention> bnn::createBitAttention(KernelBuilder &b,
                                                   AttentionOp op,
                                                   AttentionOp::Adaptor buffers,
                                                   DotAttr dot) {
  return std::make_unique<BitAttention>(b, op, buffers, dot);
}
