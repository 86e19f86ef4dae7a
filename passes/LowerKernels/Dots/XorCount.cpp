//===- XorCount.cpp - {-1, +1} by {-1, +1} --------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sum is the elements that agree less those that differ: with count the
// bits that differ, K - 2 count. What the mask of zeros has counts for neither.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/LowerKernels/Dots/AttentionDots.h"
#include "passes/LowerKernels/Dots/CountDot.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {
class XorCount : public CountDot {
public:
  using CountDot::accumulate;
  using CountDot::CountDot;

  void begin() override {
    CountDot::begin();
    // Almost always no row has a zero: then tiles are not looked at.
    if (p.zeros)
      anyZero = b.anyBit(p.zeros);
  }

  bool takesShortCounts() const override { return true; }

  SmallVector<Value> accumulate(const Tile &tile, Counts counts,
                                bool isShort) override {
    if (!p.zeros)
      return withType(CountDot::accumulate(tile, counts), b.getI32Type());
    // Half as many registers are carried out of the branches.
    Type element = isShort ? b.getI16Type() : b.getI32Type();
    SmallVector<Type> types(tile.rows * tile.panels, b.vectorOf(element));
    auto branch = b.create<scf::IfOp>(types, hasZero(tile.row, tile.rows),
                                      /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(branch.thenBlock());
    SmallVector<Value> masked =
        countBits(tile.row, tile.rows, tile.panel, tile.panels,
                  /*masked=*/true);
    b.create<scf::YieldOp>(
        fromCounts(tile, withType(masked, element), /*masked=*/true));
    b.setInsertionPointToEnd(branch.elseBlock());
    b.create<scf::YieldOp>(CountDot::accumulate(tile, counts));
    b.setInsertionPointAfter(branch);
    return withType(branch.getResults(), b.getI32Type());
  }

private:
  Value anyZero; // null where no row can have one

  // Sums in lanes of another type, which holds them.
  SmallVector<Value> withType(ValueRange sums, Type element) {
    SmallVector<Value> result;
    for (Value sum : sums) {
      const unsigned from =
          getElementTypeOrSelf(sum.getType()).getIntOrFloatBitWidth();
      if (from < element.getIntOrFloatBitWidth())
        sum = b.create<arith::ExtSIOp>(b.vectorOf(element), sum);
      else if (from > element.getIntOrFloatBitWidth())
        sum = b.create<arith::TruncIOp>(b.vectorOf(element), sum);
      result.push_back(sum);
    }
    return result;
  }

  // Whether one of the rows has a zero.
  Value hasZero(Value row, int64_t rows) {
    auto check = b.create<scf::IfOp>(b.getI1Type(), anyZero, /*withElse=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(check.thenBlock());
    SmallVector<Value> words = {b.i32(0)};
    for (int64_t i = 0; i < rows; ++i)
      words = b.loop(b.index(0), b.index(p.words), 1, words,
                     [&](Value k, ValueRange seen) -> SmallVector<Value> {
                       Value word = b.load(p.zeros, {b.offset(row, i), k});
                       return {b.create<arith::OrIOp>(seen[0], word)};
                     });
    b.create<scf::YieldOp>(ValueRange(b.isNonZero(words[0])));
    b.setInsertionPointToStart(check.elseBlock());
    b.create<scf::YieldOp>(
        ValueRange(b.create<arith::ConstantOp>(b.getBoolAttr(false))));
    return check.getResult(0);
  }

  SmallVector<Value> fromCounts(const Tile &tile, ArrayRef<Value> counts,
                                bool masked) override {
    Type element = getElementTypeOrSelf(counts[0].getType());
    SmallVector<Value> sums;
    for (int64_t i = 0; i < tile.rows; ++i) {
      Value row = b.offset(tile.row, i);
      Value elements =
          b.create<arith::ConstantOp>(b.getIntegerAttr(element, p.elements));
      if (masked) {
        Value zeros = countRow(b, p.zeros, row, p.words);
        if (zeros.getType() != element)
          zeros = b.create<arith::TruncIOp>(element, zeros);
        elements = b.create<arith::SubIOp>(elements, zeros);
      }
      elements = b.splat(elements);
      for (int64_t j = 0; j < tile.panels; ++j) {
        Value count = counts[i * tile.panels + j];
        sums.push_back(b.create<arith::SubIOp>(elements, b.add(count, count)));
      }
    }
    return sums;
  }
};

class XorScore : public ScoreDot {
public:
  XorScore(KernelBuilder &b, int64_t channels, bool oneCount)
      : b(b), channels(channels), oneCount(oneCount) {}

  Value score(const ScoreWords &of) override {
    const bool masked = !of.queryZeros.empty();
    if (!masked && b.does(Instructions::AddPairs) && channels <= INT8_MAX)
      return scoreOfBytes(of);
    if (masked && oneCount)
      return scoreOfOneCount(of);
    Value count = b.splatI32(0), elements = b.splatI32(channels);
    for (auto [w, query] : llvm::enumerate(of.query)) {
      Value differ;
      if (masked) {
        Value zeros;
        std::tie(differ, zeros) = differing(of, w);
        elements = b.create<arith::SubIOp>(elements, b.popcount(zeros));
      } else {
        differ = countedBits(b, CountedBits::Differing, query, of.key(w));
      }
      count = b.add(count, b.popcount(differ));
    }
    // In floats that takes one operation less, and is exact up to 2^24.
    if (!masked && channels <= 1 << 24)
      return b.create<math::FmaOp>(toFloat(count), b.splatF32(-2),
                                   b.splatF32(channels));
    return toFloat(b.create<arith::SubIOp>(elements, b.add(count, count)));
  }

  bool fillsRegisters() const override { return oneCount; }

private:
  KernelBuilder &b;
  int64_t channels;
  bool oneCount;

  // The bits that word `w` differs in without zeros, and the mask of these.
  std::pair<Value, Value> differing(const ScoreWords &of, int64_t w) {
    Value differ =
        countedBits(b, CountedBits::Differing, of.query[w], of.key(w));
    Value zeros = of.queryZeros[w];
    if (of.keyZeros)
      zeros = b.create<arith::OrIOp>(zeros, of.keyZeros(w));
    return {b.create<arith::AndIOp>(differ, b.bitNot(zeros)), zeros};
  }

  // What the channels lose: two where the signs differ, one where either is 0.
  Value scoreOfOneCount(const ScoreWords &of) {
    Value lost = b.splatI32(0);
    for (int64_t w = 0, e = of.query.size(); w < e; ++w) {
      auto [differ, zeros] = differing(of, w);
      Value count = b.popcount(differ);
      lost = b.add(b.add(lost, b.add(count, count)), b.popcount(zeros));
    }
    return toFloat(b.create<arith::SubIOp>(b.splatI32(channels), lost));
  }

  // The same in bytes, which hold it: they are widened last.
  Value scoreOfBytes(const ScoreWords &of) {
    auto bytes = VectorType::get(kLanes * 4, b.getI8Type());
    Value counts;
    for (auto [w, query] : llvm::enumerate(of.query)) {
      Value differ = countedBits(b, CountedBits::Differing, query, of.key(w));
      Value bits = b.popcount(b.create<vector::BitCastOp>(bytes, differ));
      counts = counts ? b.add(counts, bits) : bits;
    }
    Value count = addNeighbours(b, addNeighbours(b, counts));
    Value elements = b.splat(
        b.create<arith::ConstantOp>(b.getIntegerAttr(b.getI8Type(), channels)));
    Value dot = b.create<arith::SubIOp>(elements, b.add(count, count));
    return toFloat(b.create<arith::ExtSIOp>(b.vectorOf(b.getI32Type()), dot));
  }

  Value toFloat(Value v) {
    return b.create<arith::SIToFPOp>(b.vectorOf(b.getF32Type()), v);
  }
};
} // namespace

std::unique_ptr<ScoreDot> bnn::createXorScore(KernelBuilder &b,
                                              int64_t channels, bool oneCount) {
  return std::make_unique<XorScore>(b, channels, oneCount);
}

static std::unique_ptr<Dot> create(KernelBuilder &b, const Product &p,
                                   DotAttr dot, TargetAttr) {
  if (p.element.getWidth() > 1)
    return createPlaneCount(b, p, dot);
  return std::make_unique<XorCount>(b, p, CountedBits::Differing, dot);
}

const DotKernel bnn::kXorCount = {create, Popcount::getParams};
