//===- AndCount.cpp - {0, 1} by {-1, +1} ----------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sum is the +1 less the -1 among the weights where the input is 1: with
// count the ones that both have, 2 count - ones of the input.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerKernels/Dots/AttentionDots.h"
#include "passes/LowerKernels/Dots/CountDot.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {
class AndCount : public CountDot {
public:
  using CountDot::CountDot;

private:
  SmallVector<Value> fromCounts(const Tile &tile, ArrayRef<Value> counts,
                                bool masked) override {
    SmallVector<Value> sums;
    for (int64_t i = 0; i < tile.rows; ++i) {
      Value ones =
          b.splat(countRow(b, p.input, b.offset(tile.row, i), p.words));
      for (int64_t j = 0; j < tile.panels; ++j) {
        Value count = counts[i * tile.panels + j];
        sums.push_back(b.create<arith::SubIOp>(b.add(count, count), ones));
      }
    }
    return sums;
  }
};

// All panels of a word and all queries at a time: a word of a query is loaded
// once for the panels, and one of a panel once for the queries. The masks of
// zeros have counts of their own, or one with the values, which count twice.
class AndContext : public ContextDot {
public:
  AndContext(KernelBuilder &b, bool oneCount) : b(b), oneCount(oneCount) {}

  void begin(const ContextWords &words) override {
    if (oneCount && words.valueZeros) {
      beginOneCount(words);
      return;
    }
    const int64_t size = words.queries * words.panels;
    SmallVector<llvm::function_ref<Value(int64_t, int64_t, Value)>> sources = {
        words.value};
    if (words.valueZeros)
      sources.push_back(words.valueZeros);
    SmallVector<Value> init(sources.size() * size, b.splatI32(0));
    SmallVector<Value> counts = b.loop(
        b.index(0), words.groups, 1, init, [&](Value group, ValueRange acc) {
          SmallVector<Value> next(acc), bits;
          for (int64_t i = 0; i < words.queries; ++i)
            bits.push_back(words.probability(i, 0, group));
          for (auto [s, source] : llvm::enumerate(sources))
            for (int64_t j = 0; j < words.panels; ++j) {
              Value v = source(0, j, group);
              for (int64_t i = 0; i < words.queries; ++i) {
                Value &count = next[s * size + i * words.panels + j];
                Value common = countedBits(b, CountedBits::Common, v, bits[i]);
                count = b.add(count, b.popcount(common));
              }
            }
          return next;
        });
    sums.clear();
    for (int64_t i = 0; i < size; ++i) {
      Value ones = b.splat(words.ones[i / words.panels]);
      Value twice = b.add(counts[i], counts[i]);
      Value sum = b.create<arith::SubIOp>(twice, ones);
      // A zero was counted as -1.
      sums.push_back(words.valueZeros ? b.add(sum, counts[size + i]) : sum);
    }
  }

  Value sum(const ContextWords &words, int64_t query, int64_t panel) override {
    return sums[query * words.panels + panel];
  }

private:
  KernelBuilder &b;
  bool oneCount;
  SmallVector<Value> sums; // [query][panel]

  Value addTwice(Value count, Value word) {
    Value ones = b.popcount(word);
    return b.add(count, b.add(ones, ones));
  }

  void beginOneCount(const ContextWords &words) {
    SmallVector<Value> init(words.queries * words.panels, b.splatI32(0));
    SmallVector<Value> counts = b.loop(
        b.index(0), words.groups, 1, init, [&](Value group, ValueRange acc) {
          SmallVector<Value> next(acc), bits;
          for (int64_t i = 0; i < words.queries; ++i)
            bits.push_back(words.probability(i, 0, group));
          for (int64_t j = 0; j < words.panels; ++j) {
            Value v = words.value(0, j, group);
            for (int64_t i = 0; i < words.queries; ++i)
              next[i * words.panels + j] =
                  addTwice(next[i * words.panels + j],
                           countedBits(b, CountedBits::Common, v, bits[i]));
            v = words.valueZeros(0, j, group);
            for (int64_t i = 0; i < words.queries; ++i) {
              Value &count = next[i * words.panels + j];
              Value common = countedBits(b, CountedBits::Common, v, bits[i]);
              count = b.add(count, b.popcount(common));
            }
          }
          return next;
        });
    sums.clear();
    for (auto [i, count] : llvm::enumerate(counts))
      sums.push_back(b.create<arith::SubIOp>(
          count, b.splat(words.ones[i / words.panels])));
  }
};
} // namespace

std::unique_ptr<ContextDot> bnn::createAndContext(KernelBuilder &b,
                                                  bool oneCount) {
  return std::make_unique<AndContext>(b, oneCount);
}

static std::unique_ptr<Dot> create(KernelBuilder &b, const Product &p,
                                   DotAttr dot, TargetAttr) {
  return std::make_unique<AndCount>(b, p, CountedBits::Common, dot);
}

const DotKernel bnn::kAndCount = {create, Popcount::getParams};
