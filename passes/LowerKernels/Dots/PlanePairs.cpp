//===- PlanePairs.cpp - Integers of a few bits by such integers -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A product of integers is the sum over all pairs of their planes of the
// population count of what both have, times the weights of both planes: powers
// of two, with a minus for a sign plane. The counts of one power are summed
// first, so that each power is weighed once.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/AttentionDots.h"

using namespace mlir;
using namespace mlir::bnn;

// Adds the counts of a word of each plane of `left` and `right` to the sums of
// their powers. The last plane of `right`, and of `left` if it is signed, has a
// negative weight.
static void addProducts(KernelBuilder &b, ArrayRef<Value> left,
                        bool leftIsSigned, ArrayRef<Value> right,
                        MutableArrayRef<Value> powers) {
  for (auto [i, l] : llvm::enumerate(left))
    for (auto [j, r] : llvm::enumerate(right)) {
      Value count = b.popcount(b.create<arith::AndIOp>(l, r));
      bool isNegative =
          (leftIsSigned && i + 1 == left.size()) != (j + 1 == right.size());
      Value &sum = powers[i + j];
      sum = isNegative ? Value(b.create<arith::SubIOp>(sum, count))
                       : b.add(sum, count);
    }
}

// The sum of powers[p] * 2^p.
static Value weigh(KernelBuilder &b, ArrayRef<Value> powers) {
  Value sum = powers.back();
  for (Value power : llvm::reverse(powers.drop_back()))
    sum = b.add(b.add(sum, sum), power);
  return sum;
}

namespace {
class PlaneScore : public ScoreDot {
public:
  PlaneScore(KernelBuilder &b, int64_t planes, int64_t words)
      : b(b), planes(planes), words(words) {}

  Value score(const ScoreWords &of) override {
    SmallVector<Value> powers(2 * planes - 1, b.splatI32(0));
    for (int64_t w = 0; w < words; ++w) {
      SmallVector<Value> left, right;
      for (int64_t plane = 0; plane < planes; ++plane) {
        left.push_back(of.query[plane * words + w]);
        right.push_back(of.key(plane * words + w));
      }
      addProducts(b, left, /*leftIsSigned=*/true, right, powers);
    }
    return b.create<arith::SIToFPOp>(b.vectorOf(b.getF32Type()),
                                     weigh(b, powers));
  }

private:
  KernelBuilder &b;
  int64_t planes, words;
};

class PlaneContext : public ContextDot {
public:
  PlaneContext(KernelBuilder &b, int64_t planes) : b(b), planes(planes) {}

  // The powers of one panel are as many as the registers hold.
  void begin(const ContextWords &) override {}

  Value sum(const ContextWords &words, int64_t query, int64_t panel) override {
    SmallVector<Value> init(2 * planes - 1, b.splatI32(0));
    SmallVector<Value> powers = b.loop(
        b.index(0), words.groups, 1, init, [&](Value group, ValueRange sums) {
          SmallVector<Value> next(sums), left, right;
          for (int64_t plane = 0; plane < planes; ++plane) {
            left.push_back(words.probability(query, plane, group));
            right.push_back(words.value(plane, panel, group));
          }
          addProducts(b, left, /*leftIsSigned=*/false, right, next);
          return next;
        });
    return weigh(b, powers);
  }

private:
  KernelBuilder &b;
  int64_t planes;
};
} // namespace

ScoreDot::~ScoreDot() = default;
ContextDot::~ContextDot() = default;

std::unique_ptr<ScoreDot> bnn::createPlaneScore(KernelBuilder &b,
                                                int64_t planes, int64_t words) {
  return std::make_unique<PlaneScore>(b, planes, words);
}

std::unique_ptr<ContextDot> bnn::createPlaneContext(KernelBuilder &b,
                                                    int64_t planes) {
  return std::make_unique<PlaneContext>(b, planes);
}
