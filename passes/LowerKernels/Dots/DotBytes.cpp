//===- DotBytes.cpp - Bytes by signed bytes -------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A word of a panel has four bytes of each output, and four bytes of a row are
// in all of its lanes, as ByteSteps adds them up. Where it turns the bytes of
// rows, the accumulators start from 128 times the sums of the weights.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/ByteSquares.h"
#include "passes/Support/ByteSteps.h"

using namespace mlir;
using namespace mlir::bnn;

static constexpr int64_t kFour = ByteSteps::kFour;

namespace {
class DotBytes : public Dot {
public:
  DotBytes(KernelBuilder &b, const Product &p, DotAttr dot, TargetAttr target)
      : Dot(b, p, ByteSteps::tileRows(dot.getRows(), target), dot.getPanels()),
        adder(b, p.element.getIsSigned(), p.small, target) {}

  int64_t unitOutputs() const override { return tilePanels() * kLanes; }
  void beginPanels(Value panel, int64_t panels) override;
  std::unique_ptr<BlockDot> createBlock(DotAttr, TargetAttr) override {
    return std::make_unique<ByteSquares>(b, p);
  }
  SmallVector<Value> accumulate(const Tile &tile) override;

private:
  using Values = SmallVector<Value>;

  ByteSteps adder;
  Values starts; // of the panels that began, where bytes are turned

  Values loadFour(Value row, Value word) const;
  void addSteps(const Tile &tile, Value word, int64_t count,
                ArrayRef<Values> rows, MutableArrayRef<Value> sums) const;
  void loadAndAdd(const Tile &tile, Value word, int64_t count,
                  MutableArrayRef<Value> sums) const;
  Value load(Value row, Value word) const;
  Value loadTail(Value row) const;
  Values loadWeights(Value panel, int64_t panels, Value word) const;
};
} // namespace

// The four bytes of a row that go with `word`.
Value DotBytes::load(Value row, Value word) const {
  auto bytes = VectorType::get(kWordBytes, b.getI8Type());
  Value four = b.create<vector::LoadOp>(
      bytes, p.input, ValueRange{row, b.mul(word, b.index(kWordBytes))});
  four = b.create<vector::BitCastOp>(VectorType::get(1, b.getI32Type()), four);
  return b.create<vector::ExtractOp>(four, ArrayRef<int64_t>{0});
}

// The bytes that are left behind the last whole word, and zeros.
Value DotBytes::loadTail(Value row) const {
  const int64_t first = p.elements / kWordBytes * kWordBytes;
  Value word = b.i32(0);
  for (int64_t k = first; k < p.elements; ++k) {
    Value byte = b.create<arith::ExtUIOp>(b.getI32Type(),
                                          b.load(p.input, {row, b.index(k)}));
    byte = b.create<arith::ShLIOp>(byte, b.i32(8 * (k - first)));
    word = b.create<arith::OrIOp>(word, byte);
  }
  return word;
}

SmallVector<Value> DotBytes::loadWeights(Value panel, int64_t panels,
                                         Value word) const {
  Values weights;
  for (int64_t j = 0; j < panels; ++j)
    weights.push_back(
        b.loadLanes(p.weight, {b.offset(panel, j), word, b.index(0)}));
  return weights;
}

// Where bytes are turned, 128 times the sums of the weights.
void DotBytes::beginPanels(Value panel, int64_t panels) {
  if (!adder.isTurned())
    return;
  Values none(panels, adder.noSum());
  Value ones = b.splatI32(0x01010101);
  starts = b.loop(
      b.index(0), b.index(p.words), 1, none, [&](Value word, ValueRange sums) {
        Values next(sums);
        adder.addWords(ones, loadWeights(panel, panels, word), next);
        return next;
      });
  adder.foldSums(starts);
  for (Value &start : starts) {
    start = b.create<arith::ShLIOp>(start, b.splatI32(7));
    // A signed byte was made larger.
    if (p.element.getIsSigned())
      start = b.create<arith::SubIOp>(b.splatI32(0), start);
  }
}

// Four words of a row, each in 16 lanes: an instruction may take its factor
// from one lane of a register that has all four.
SmallVector<Value> DotBytes::loadFour(Value row, Value word) const {
  auto bytes = VectorType::get(kFour * kWordBytes, b.getI8Type());
  Value four = b.create<vector::LoadOp>(
      bytes, p.input, ValueRange{row, b.mul(word, b.index(kWordBytes))});
  four = adder.turned(b.create<vector::BitCastOp>(
      VectorType::get(kFour, b.getI32Type()), four));
  Values words;
  for (int64_t lane = 0; lane < kFour; ++lane)
    words.push_back(b.create<vector::ShuffleOp>(
        four, four, SmallVector<int64_t>(kLanes, lane)));
  return words;
}

// Adds the products of `count` words from `word` on; each row's are in `rows`.
// Chains of sums take turns.
void DotBytes::addSteps(const Tile &tile, Value word, int64_t count,
                        ArrayRef<Values> rows,
                        MutableArrayRef<Value> sums) const {
  const size_t size = tile.rows * tile.panels, chains = sums.size() / size;
  for (int64_t i = 0; i < count; ++i) {
    Values ofWord;
    for (const Values &row : rows)
      ofWord.push_back(row[i]);
    adder.addWords(ofWord,
                   loadWeights(tile.panel, tile.panels, b.offset(word, i)),
                   sums.slice(i % chains * size, size));
  }
}

// The same, with the rows' words loaded.
void DotBytes::loadAndAdd(const Tile &tile, Value word, int64_t count,
                          MutableArrayRef<Value> sums) const {
  SmallVector<Values> rows(tile.rows);
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value row = b.offset(tile.row, i);
    if (count == kFour && adder.takesLanes()) {
      rows[i] = loadFour(row, word);
      continue;
    }
    for (int64_t k = 0; k < count; ++k)
      rows[i].push_back(
          adder.spread(adder.turned(load(row, b.offset(word, k)))));
  }
  addSteps(tile, word, count, rows, sums);
}

SmallVector<Value> DotBytes::accumulate(const Tile &tile) {
  // Few sums would wait for each other: several chains of them take turns.
  const int64_t size = tile.rows * tile.panels, whole = p.elements / kWordBytes,
                chains = adder.chainsOf(size),
                unrolled =
                    adder.takesLanes() ? std::max(chains, kFour) : chains,
                steps = whole / unrolled * unrolled;
  Values sums(size * chains, adder.noSum());
  if (adder.isTurned() && !adder.hasSeveralSums())
    for (int64_t i = 0; i < size; ++i)
      sums[i] = starts[i % tile.panels];
  if (steps)
    sums = b.loop(b.index(0), b.index(steps), unrolled, sums,
                  [&](Value word, ValueRange sums) {
                    Values next(sums);
                    loadAndAdd(tile, word, unrolled, next);
                    return next;
                  });
  for (int64_t chain = 1; chain < chains; ++chain)
    for (int64_t i = 0; i < size; ++i)
      sums[i] = b.add(sums[i], sums[chain * size + i]);
  sums.truncate(size);
  for (int64_t word = steps; word < whole; ++word)
    loadAndAdd(tile, b.index(word), /*count=*/1, sums);
  if (p.elements % kWordBytes) {
    SmallVector<Values> rows;
    for (int64_t i = 0; i < tile.rows; ++i)
      rows.push_back(
          {adder.spread(adder.turned(loadTail(b.offset(tile.row, i))))});
    addSteps(tile, b.index(whole), /*count=*/1, rows, sums);
  }
  adder.foldSums(sums);
  if (adder.isTurned() && adder.hasSeveralSums())
    for (int64_t i = 0; i < size; ++i)
      sums[i] = b.add(sums[i], starts[i % tile.panels]);
  return sums;
}

static std::unique_ptr<Dot> create(KernelBuilder &b, const Product &p,
                                   DotAttr dot, TargetAttr target) {
  return std::make_unique<DotBytes>(b, p, dot, target);
}

const DotKernel bnn::kDotBytes = {create, /*getParams=*/nullptr};
