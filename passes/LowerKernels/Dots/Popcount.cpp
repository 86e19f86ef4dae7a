//===- Popcount.cpp - The bits that words differ in or share --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inner loops over words: a few rows times a few panels, whose population
// counts add up in registers.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/Popcount.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

Value bnn::countedBits(KernelBuilder &b, CountedBits which, Value x, Value w) {
  if (which == CountedBits::Differing)
    return b.create<arith::XOrIOp>(x, w);
  return b.create<arith::AndIOp>(x, w);
}

// The CPU counts the bits of bytes faster than those of words.
static constexpr StringLiteral kCountBytes = "count_bytes";

// The CPU has no vectors: an output at a time.
static constexpr StringLiteral kCarrySave = "carry_save";

ArrayRef<StringLiteral> Popcount::getParams() {
  static constexpr StringLiteral params[] = {kCountBytes, kMaskOneRow,
                                             kCarrySave};
  return params;
}

Popcount::Popcount(KernelBuilder &b, const Product &p, CountedBits which,
                   DotAttr dot)
    : b(b), p(p), which(which), dot(dot) {
  if (dot.hasParam(kCarrySave) && !p.running)
    oneOutput.emplace(b, p, which);
}

void Popcount::begin() {
  if (oneOutput)
    oneOutput->begin();
}

// Word `k` of each panel of a tile.
SmallVector<Value> Popcount::loadWeights(const Tile &tile, Value k) const {
  SmallVector<Value> weights;
  for (int64_t j = 0; j < tile.panels; ++j)
    weights.push_back(
        b.loadLanes(p.weight, {b.offset(tile.panel, j), k, b.index(0)}));
  return weights;
}

// Word `k` of row `i` of a tile in all lanes.
static Value loadRow(KernelBuilder &b, Value rows, const Tile &tile, int64_t i,
                     Value k) {
  return tile.row ? b.splat(b.load(rows, {b.offset(tile.row, i), k}))
                  : b.splatI32(0);
}

// The majority of x, y and x ^ y ^ parity.
Value Popcount::majority(Value x, Value y, Value parity) const {
  if (b.does(Instructions::TernaryLogic)) {
    // The truth table of x == y ? x : !parity, bit 4 x + 2 y + parity.
    constexpr int64_t table = 0xD4;
    Value immediate =
        b.create<LLVM::ConstantOp>(b.getI32Type(), b.getI32IntegerAttr(table));
    return b
        .create<LLVM::CallIntrinsicOp>(
            x.getType(), b.getStringAttr("llvm.x86.avx512.pternlog.d.512"),
            ValueRange{x, y, parity, immediate}, LLVM::FastmathFlags::none)
        .getResult(0);
  }
  Value differ = b.create<arith::XOrIOp>(x, y);
  Value other = b.create<arith::XOrIOp>(b.bitNot(parity), x);
  return b.create<arith::XOrIOp>(x, b.create<arith::AndIOp>(differ, other));
}

// Adds the popcount of `bits` to `count`: one count a lane, or one a byte.
static Value addCount(KernelBuilder &b, Value count, Value bits) {
  if (bits.getType() != count.getType())
    bits = b.create<vector::BitCastOp>(cast<VectorType>(count.getType()), bits);
  return b.add(count, b.popcount(bits));
}

// Adds the counts of word `k` to those of a tile, [row][panel].
void Popcount::addWord(const Tile &tile, Value k, bool masked,
                       State counts) const {
  addWord(tile, k, loadWeights(tile, k), masked, counts);
}

void Popcount::addWord(const Tile &tile, Value k, ArrayRef<Value> weights,
                       bool masked, State counts) const {
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value x = loadRow(b, p.input, tile, i, k), keep;
    if (masked)
      keep = b.bitNot(loadRow(b, p.zeros, tile, i, k));
    for (int64_t j = 0; j < tile.panels; ++j) {
      Value bits = countedBits(b, which, x, weights[j]);
      if (masked)
        bits = b.create<arith::AndIOp>(bits, keep);
      Value &count = counts[i * tile.panels + j];
      count = addCount(b, count, bits);
    }
  }
}

// Adds the carries of words k and k + 1, of which the second holds the parity
// of all words up to it, to `counts`; `parity` is that of the word before, and
// becomes this one. With zeros, where words themselves have to be looked at:
// adds their counts. One row at a time: the registers hold the accumulators and
// the weights, and little else.
void Popcount::addPair(const Tile &tile, Value k, bool masked, State counts,
                       State parity) const {
  Value next = b.offset(k, 1);
  SmallVector<Value> weights = loadWeights(tile, k),
                     weightParity = loadWeights(tile, next);
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value x = loadRow(b, p.input, tile, i, k),
          xParity = loadRow(b, p.input, tile, i, next), keep, keepNext;
    if (masked) {
      keep = b.bitNot(loadRow(b, p.zeros, tile, i, k));
      keepNext = b.bitNot(loadRow(b, p.zeros, tile, i, next));
    }
    for (int64_t j = 0; j < tile.panels; ++j) {
      Value &count = counts[i * tile.panels + j];
      Value &before = parity[i * tile.panels + j];
      Value first = countedBits(b, which, x, weights[j]);
      Value sum = countedBits(b, which, xParity, weightParity[j]);
      if (masked) {
        Value second = b.create<arith::XOrIOp>(
            sum, b.create<arith::XOrIOp>(first, before));
        count = addCount(b, count, b.create<arith::AndIOp>(first, keep));
        count = addCount(b, count, b.create<arith::AndIOp>(second, keepNext));
      } else {
        Value carry = majority(first, before, sum);
        count = addCount(b, count, carry);
      }
      before = sum;
    }
  }
}

// What `intrinsic` makes of `count` registers of 128 bits of `lanes` at a time,
// and of the next ones: half as many lanes, of `element`.
static Value pairwise(KernelBuilder &b, Value lanes, const Twine &intrinsic,
                      int64_t count, Type element) {
  auto all = cast<VectorType>(lanes.getType());
  const int64_t size = 128 / all.getElementTypeBitWidth();
  auto part = VectorType::get(count * size / 2, element);
  auto type = VectorType::get(all.getNumElements() / 2, element);
  Value result = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  for (int64_t from = 0; from < all.getNumElements(); from += count * size) {
    SmallVector<Value> sources;
    for (int64_t i = 0; i < count; ++i)
      sources.push_back(b.create<vector::ExtractStridedSliceOp>(
          lanes, from + i * size, size, 1));
    Value sums =
        b.create<LLVM::CallIntrinsicOp>(part, b.getStringAttr(intrinsic),
                                        sources, LLVM::FastmathFlags::none)
            .getResult(0);
    result = b.create<vector::InsertStridedSliceOp>(sums, result, from / 2, 1);
  }
  return result;
}

Value bnn::addPairs(KernelBuilder &b, Value lanes) {
  const unsigned bits = getElementTypeOrSelf(lanes).getIntOrFloatBitWidth();
  auto name = llvm::formatv("llvm.aarch64.neon.uaddlp.v{0}i{1}.v{2}i{3}",
                            64 / bits, 2 * bits, 128 / bits, bits);
  return pairwise(b, lanes, name.str(), 1, b.getIntegerType(2 * bits));
}

Value bnn::addNeighbours(KernelBuilder &b, Value lanes) {
  Type element = getElementTypeOrSelf(lanes);
  const unsigned bits = element.getIntOrFloatBitWidth();
  auto name =
      llvm::formatv("llvm.aarch64.neon.addp.v{0}i{1}", 128 / bits, bits);
  return pairwise(b, lanes, name.str(), 2, element);
}

// Of pairs, then of pairs of these.
Value bnn::addBytes(KernelBuilder &b, Value sums) {
  if (b.does(Instructions::AddPairs))
    return addPairs(b, addPairs(b, sums));
  const int64_t all = cast<VectorType>(sums.getType()).getNumElements() * 8;
  for (int64_t bits : {16, 32}) {
    auto type = VectorType::get(all / bits, b.getIntegerType(bits));
    auto lanes = [&](int64_t value) -> Value {
      return b.create<arith::ConstantOp>(DenseElementsAttr::get(
          type, b.getIntegerAttr(type.getElementType(), value)));
    };
    sums = b.create<vector::BitCastOp>(type, sums);
    Value low = b.create<arith::AndIOp>(sums, lanes((1 << bits / 2) - 1));
    sums = b.add(low, b.create<arith::ShRUIOp>(sums, lanes(bits / 2)));
  }
  return sums;
}

// Runs `steps` iterations of a loop over words that adds to `size` vectors of
// counts, from 0, and carries `state` along. `body` gets the number of the
// iteration, the counts and the state, which it changes. Where counts are
// bytes, they are widened before they can overflow: an iteration adds at most
// `words` times 8 to one. Returns the counts, and the state in `state`.
SmallVector<Value>
Popcount::sumCounts(int64_t steps, int64_t words, size_t size, Values &state,
                    llvm::function_ref<void(Value, State, State)> body) const {
  SmallVector<Value> zeros(size, b.splatI32(0));
  Value none = b.index(0);
  auto step = [&](Value number, ValueRange carried) {
    SmallVector<Value> next(carried);
    MutableArrayRef<Value> all(next);
    body(number, all.take_front(size), all.drop_front(size));
    return next;
  };
  auto joined = [](ValueRange counts, ValueRange state) {
    SmallVector<Value> all(counts);
    all.append(state.begin(), state.end());
    return all;
  };
  SmallVector<Value> result;
  if (DotAttr own = dot; !own.hasParam(kCountBytes)) {
    result = b.loop(none, b.index(steps), 1, joined(zeros, state), step);
  } else {
    const int64_t chunks = llvm::divideCeil(steps, 255 / (8 * words));
    const int64_t chunk = chunks ? llvm::divideCeil(steps, chunks) : 1;
    auto byteType = VectorType::get(kLanes * 4, b.getI8Type());
    SmallVector<Value> init(
        size, b.create<arith::ConstantOp>(b.getZeroAttr(byteType)));
    result = b.loop(none, b.index(steps), chunk, joined(zeros, state),
                    [&](Value first, ValueRange total) {
                      Value end = b.offset(first, chunk);
                      if (steps % chunk)
                        end = b.create<arith::MinUIOp>(end, b.index(steps));
                      SmallVector<Value> next =
                          b.loop(first, end, 1,
                                 joined(init, total.drop_front(size)), step);
                      for (size_t i = 0; i < size; ++i)
                        next[i] = b.add(total[i], addBytes(b, next[i]));
                      return next;
                    });
  }
  state.assign(result.begin() + size, result.end());
  result.truncate(size);
  return result;
}

// The counts of all words of a tile, [row][panel], where every other word holds
// the parity of all up to it: a chain of carry-save adders has these for sums.
// popcount of all words = popcount of the last sum + 2 popcount of all carries.
SmallVector<Value> Popcount::countWithParity(const Tile &tile,
                                             bool masked) const {
  const size_t size = tile.rows * tile.panels;
  const int64_t pairs = (p.words - 1) / 2;
  // The first word is its own parity.
  SmallVector<Value> parity(size);
  SmallVector<Value> weights = loadWeights(tile, b.index(0));
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value x = loadRow(b, p.input, tile, i, b.index(0));
    for (int64_t j = 0; j < tile.panels; ++j)
      parity[i * tile.panels + j] = countedBits(b, which, x, weights[j]);
  }
  SmallVector<Value> counts =
      sumCounts(pairs, masked ? 2 : 1, size, parity,
                [&](Value number, State counts, State parity) {
                  Value k = b.offset(b.mul(number, b.index(2)), 1);
                  addPair(tile, k, masked, counts, parity);
                });
  if (masked)
    addWord(tile, b.index(0), masked, counts);
  else
    for (auto [count, sum] : llvm::zip_equal(counts, parity))
      count = b.add(b.popcount(sum), b.add(count, count));
  if (p.words > 2 * pairs + 1)
    addWord(tile, b.index(p.words - 1), masked, counts);
  return counts;
}

// Adds the counts of word `k`, which is `place` modulo the period of
// complements, where weights are running parities: two of them, of which one
// may be a complement, differ in the word that is meant. `before` has the last
// word of each panel, and becomes this one.
void Popcount::addDifference(const Tile &tile, Value k, int64_t place,
                             bool masked, State counts, State before) const {
  SmallVector<Value> weights = loadWeights(tile, k);
  for (auto [weight, last] : llvm::zip_equal(weights, before)) {
    Value stored = weight;
    weight = b.create<arith::XOrIOp>(stored, last);
    if (isComplement(place) || isComplement(place - 1))
      weight = b.bitNot(weight);
    last = stored;
  }
  addWord(tile, k, weights, masked, counts);
}

// The counts of all words of a tile, [row][panel], where each word of the
// weights is the parity of all up to it.
SmallVector<Value> Popcount::countRunning(const Tile &tile, bool masked) const {
  constexpr int64_t kStep = kComplementPeriod;
  SmallVector<Value> before(tile.panels, b.splatI32(0));
  SmallVector<Value> counts =
      sumCounts(p.words / kStep, kStep, tile.rows * tile.panels, before,
                [&](Value number, State counts, State before) {
                  Value k = b.mul(number, b.index(kStep));
                  for (int64_t place = 0; place < kStep; ++place)
                    addDifference(tile, b.offset(k, place), place, masked,
                                  counts, before);
                });
  for (int64_t k = p.words / kStep * kStep; k < p.words; ++k)
    addDifference(tile, b.index(k), k % kStep, masked, counts, before);
  return counts;
}

// The counts of all words of a tile, [row][panel], by words as they are.
SmallVector<Value> Popcount::countPlain(const Tile &tile, bool masked) const {
  SmallVector<Value> none;
  return sumCounts(
      p.words, 1, tile.rows * tile.panels, none,
      [&](Value k, State counts, State) { addWord(tile, k, masked, counts); });
}

// What `count` counts of each row of a tile, one after the other.
static SmallVector<Value>
countRowByRow(KernelBuilder &b, const Tile &tile,
              llvm::function_ref<SmallVector<Value>(const Tile &)> count) {
  SmallVector<Value> counts;
  for (int64_t i = 0; i < tile.rows; ++i) {
    Tile part = tile;
    part.row = tile.row ? b.offset(tile.row, i) : Value();
    part.rows = 1;
    counts.append(count(part));
  }
  return counts;
}

SmallVector<Value> Popcount::count(const Tile &tile, bool masked) const {
  // Exact zeros are rare.
  if (oneOutput && !masked)
    return oneOutput->count(tile);
  if (p.parity)
    return countWithParity(tile, masked);
  // The words before and their differences leave registers for one row.
  if (p.running)
    return countRowByRow(
        b, tile, [&](const Tile &row) { return countRunning(row, masked); });
  DotAttr own = dot;
  if (masked && own.hasParam(kMaskOneRow))
    return countRowByRow(
        b, tile, [&](const Tile &row) { return countPlain(row, masked); });
  return countPlain(tile, masked);
}
