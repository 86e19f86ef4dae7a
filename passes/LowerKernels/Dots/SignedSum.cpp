//===- SignedSum.cpp - f32 by {-1, +1} ------------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each input is added or subtracted, in order. Rows in flight hide the latency
// of the chain of additions.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerKernels/Dots/Dot.h"

using namespace mlir;
using namespace mlir::bnn;

// Adds the inputs of the first `valid` bits of a word to `sums`, one a row from
// `row` on; `first` is the first input. A 0 in a weight's lane turns the
// input's sign: its complement, shifted so that it is the sign bit.
static SmallVector<Value> addWord(KernelBuilder &b, Value input, Value row,
                                  Value first, Value word, int64_t valid,
                                  ValueRange sums) {
  Value one = b.splatI32(1), top = b.splatI32(kWordBits - 1);
  SmallVector<Value> carried(sums);
  carried.push_back(b.bitNot(word));
  carried =
      b.loop(b.index(0), b.index(valid), 1, carried,
             [&](Value k, ValueRange acc) -> SmallVector<Value> {
               Value turn = b.create<arith::ShLIOp>(acc.back(), top);
               Value at = b.add(first, k);
               SmallVector<Value> next;
               for (auto [i, sum] : llvm::enumerate(acc.drop_back())) {
                 Value x = b.splat(b.load(input, {b.offset(row, i), at}));
                 x = b.create<arith::BitcastOp>(turn.getType(), x);
                 x = b.create<arith::BitcastOp>(
                     sum.getType(), Value(b.create<arith::XOrIOp>(x, turn)));
                 next.push_back(b.create<arith::AddFOp>(sum, x));
               }
               next.push_back(b.create<arith::ShRUIOp>(acc.back(), one));
               return next;
             });
  carried.pop_back();
  return carried;
}

namespace {
class SignedSum : public Dot {
public:
  SignedSum(KernelBuilder &b, const Product &p, DotAttr dot)
      : Dot(b, p, dot.getRows(), dot.getPanels()) {}

  SmallVector<Value> accumulate(const Tile &tile) override {
    SmallVector<Value> result(tile.rows * tile.panels);
    for (int64_t j = 0; j < tile.panels; ++j)
      for (auto [i, sum] : llvm::enumerate(sumPanel(tile, j)))
        result[i * tile.panels + j] = sum;
    return result;
  }

private:
  // The sums of each row for panel `j` of a tile.
  SmallVector<Value> sumPanel(const Tile &tile, int64_t j) {
    const int64_t words = p.elements / kWordBits, tail = p.elements % kWordBits;
    Value panel = b.offset(tile.panel, j);
    auto weights = [&](Value word) {
      return b.loadLanes(p.weight, {panel, word, b.index(0)});
    };
    SmallVector<Value> sums(tile.rows, b.splatF32(0));
    if (words)
      sums = b.loop(b.index(0), b.index(words), 1, sums,
                    [&](Value word, ValueRange acc) {
                      Value first = b.mul(word, b.index(kWordBits));
                      return addWord(b, p.input, tile.row, first, weights(word),
                                     kWordBits, acc);
                    });
    if (tail)
      sums = addWord(b, p.input, tile.row, b.index(words * kWordBits),
                     weights(b.index(words)), tail, sums);
    return sums;
  }
};
} // namespace

static std::unique_ptr<Dot> create(KernelBuilder &b, const Product &p,
                                   DotAttr dot, TargetAttr) {
  return std::make_unique<SignedSum>(b, p, dot);
}

const DotKernel bnn::kSignedSum = {create, /*getParams=*/nullptr};
