//===- ParityChain.cpp - Carries of three parities ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// With d_k the words that differ and s_k = d_0 ^ ... ^ d_k, the adder of
// s_(k-1), d_k and d_(k+1) has the sum s_(k+1) and the carry
// s_k ? ~s_(k+1) : s_(k-1). So
//
//   popcount of all d = popcount of the last s + 2 popcount of all carries,
//
// and s_k is one exclusive or, of running parities of the row and the weights.
// Weights hold the complement of every fourth word, from word 1 on: of the two
// pairs of words of a step the first has its carry, and the second the
// complement of its carry, whose count is subtracted. It would be 8 a byte more
// if all were added, which is what the sums begin with.
//
// The tile has half a panel, two registers of 128 bits: for each of its vectors
// it needs a sum of carries, three parities and little else.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/ParityChain.h"
#include "dialects/BNN/BNNTarget.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

// Words of a register, and of half a panel.
static constexpr int64_t kCopies = 4, kHalf = kLanes / 2;
// Words of a step of the loop; the most of its steps that bytes can count: each
// adds at most 16 to one.
static constexpr int64_t kStepWords = kComplementPeriod, kMostSteps = 15;
// Of a block of rows: they stay in the first cache beside the weights.
static constexpr int64_t kBlockBytes = 24 << 10;

ParityChain::ParityChain(KernelBuilder &b, const Product &p, CountDot &plain,
                         DotAttr dot)
    : BlockDot(b, p, std::max<int64_t>(1, dot.getRows() / plain.getPlanes()),
               kWordBits / kLanes),
      plain(plain), planesOfTile(dot.getRows()),
      isShort(b.does(Instructions::AddPairs) && plain.takesShortCounts() &&
              p.words * kWordBits <= INT16_MAX) {}

int64_t ParityChain::blockRows() const {
  const int64_t bytes = p.words * kCopies * 4 * plain.getPlanes();
  const int64_t most =
      std::max<int64_t>(kBlockBytes / bytes / tileRows(), 1) * tileRows();
  const int64_t planes = cast<MemRefType>(p.input.getType()).getDimSize(0);
  return ShapedType::isDynamic(planes)
             ? most
             : std::clamp<int64_t>(planes / plain.getPlanes(), 1, most);
}

// LLVM would not find an order that the registers suffice for.
static void keepOrder(Operation *scope) {
  auto function = scope->getParentOfType<func::FuncOp>();
  if (!function)
    return;
  constexpr StringLiteral name = "passthrough";
  SmallVector<Attribute> all;
  if (auto given = function->getAttrOfType<ArrayAttr>(name))
    llvm::append_range(all, given);
  auto keep = StringAttr::get(scope->getContext(), kKeepOrder);
  if (!llvm::is_contained(all, keep))
    all.push_back(keep);
  function->setAttr(name, ArrayAttr::get(scope->getContext(), all));
}

void ParityChain::begin() {
  plain.begin();
  keepOrder(p.scope);
  parities = b.create<memref::AllocOp>(MemRefType::get(
      {blockRows() * plain.getPlanes(), p.words, kCopies}, b.getI32Type()));
  counts = b.create<memref::AllocOp>(
      MemRefType::get({tileRows() * plain.getPlanes(), tilePanels() * kLanes},
                      countsType().getElementType()));
}

// Stores the running parities of `count` words from `k` on; `before` is that of
// the words in front of them. Each step is of all words, so that CPUs that
// issue in order need not wait for a load.
Value ParityChain::prepareWords(Value source, Value plane, Value k,
                                int64_t count, Value before) const {
  auto type = VectorType::get(kCopies, b.getI32Type());
  Values words;
  for (int64_t i = 0; i < count; ++i)
    words.push_back(b.load(p.input, {source, b.offset(k, i)}));
  for (Value &word : words)
    word = before = b.create<arith::XOrIOp>(before, word);
  for (Value &word : words)
    word = b.create<vector::BroadcastOp>(type, word);
  for (auto [i, copies] : llvm::enumerate(words))
    b.create<vector::StoreOp>(
        copies, parities,
        ValueRange{plane, b.offset(k, int64_t(i)), b.index(0)});
  return before;
}

void ParityChain::prepareRows(Value first, Value count) {
  Value from = plain.planesOf(first);
  const int64_t quads = p.words / kStepWords, whole = quads * kStepWords;
  b.loop(b.index(0), plain.planesOf(count), 1, [&](Value plane) {
    Value source = b.add(from, plane);
    Value parity =
        b.loop(b.index(0), b.index(quads), 1, b.i32(0),
               [&](Value quad, ValueRange before) -> SmallVector<Value> {
                 Value k = b.mul(quad, b.index(kStepWords));
                 return {prepareWords(source, plane, k, kStepWords, before[0])};
               })[0];
    prepareWords(source, plane, b.index(whole), p.words - whole, parity);
  });
}

SmallVector<Value> ParityChain::accumulate(const Tile &tile) {
  return plain.accumulate(
      tile,
      [&] {
        return count(plain.planesOf(tile.blockRow), tile.panel, tile.panels,
                     tile.rows * plain.getPlanes());
      },
      isShort);
}

VectorType ParityChain::wordsType() const {
  return VectorType::get(kHalf, b.getI32Type());
}

VectorType ParityChain::countsType() const {
  return VectorType::get(kHalf, b.getIntegerType(isShort ? 16 : kWordBits));
}

Value ParityChain::splatWords(int64_t value) const {
  return b.create<arith::ConstantOp>(
      DenseElementsAttr::get(wordsType(), b.getI32IntegerAttr(value)));
}

Value ParityChain::complement(Value words) const {
  return b.create<arith::XOrIOp>(words, splatWords(-1));
}

// The counts of words, of those of their bytes.
Value ParityChain::addCounts(Value sums) const {
  return isShort ? addNeighbours(b, addPairs(b, sums)) : addBytes(b, sums);
}

Value ParityChain::countWords(Value words) const {
  if (!isShort)
    return b.popcount(words);
  auto bytes = VectorType::get(kHalf * 4, b.getI8Type());
  Value counts = b.popcount(b.create<vector::BitCastOp>(bytes, words));
  return addPairs(b, addNeighbours(b, counts));
}

// s_k of each plane, or its complement.
SmallVector<Value> ParityChain::differing(const Half &half, Value k) const {
  auto copies = VectorType::get(kCopies, b.getI32Type());
  SmallVector<int64_t> twice;
  for (int64_t lane = 0; lane < kHalf; ++lane)
    twice.push_back(lane % kCopies);
  Value weight = b.create<vector::LoadOp>(wordsType(), p.weight,
                                          ValueRange{half.panel, k, half.lane});
  SmallVector<Value> result;
  for (int64_t i = 0; i < half.planes; ++i) {
    Value x = b.create<vector::LoadOp>(
        copies, parities, ValueRange{b.offset(half.plane, i), k, b.index(0)});
    x = b.create<vector::ShuffleOp>(x, x, twice);
    result.push_back(b.create<arith::XOrIOp>(x, weight));
  }
  return result;
}

// A bit select in the form that LLVM knows: sum ? next : before.
Value ParityChain::carry(Value sum, Value next, Value before) const {
  Value taken = b.create<arith::AndIOp>(sum, next);
  Value left = b.create<arith::AndIOp>(complement(sum), before);
  return b.create<arith::OrIOp>(taken, left);
}

Value ParityChain::loadCounts(const Half &half, int64_t plane) const {
  return b.create<vector::LoadOp>(
      countsType(), counts, ValueRange{b.index(half.row + plane), half.output});
}

void ParityChain::storeCounts(const Half &half, int64_t plane,
                              Value values) const {
  b.create<vector::StoreOp>(values, counts,
                            ValueRange{b.index(half.row + plane), half.output});
}

// The counts of the carries of four words each from `from` to `to`, which are
// so many that bytes hold them: [plane] of 8 lanes. The parity before them is
// in `before`, and then that after them. `isFirst`: no word is before them. The
// first step then starts the sums, with less to do than one that goes on.
SmallVector<Value> ParityChain::sumCarries(const Half &half, const Quads &quads,
                                           bool isFirst, Values &before) const {
  const size_t size = half.planes;
  auto byteType = VectorType::get(kHalf * 4, b.getI8Type());
  auto step = [&](Value quad, ValueRange carried) {
    SmallVector<Value> next(carried);
    MutableArrayRef<Value> sums(next), last = sums.drop_front(size);
    Value k = b.mul(quad, b.index(kStepWords));
    for (bool isSecond : {false, true}) {
      Values first = differing(half, b.offset(k, isSecond ? 2 : 0));
      Values second = differing(half, b.offset(k, isSecond ? 3 : 1));
      for (size_t i = 0; i < size; ++i) {
        Value bits = b.create<vector::BitCastOp>(
            byteType, carry(first[i], second[i], last[i]));
        bits = b.popcount(bits);
        sums[i] = isSecond ? Value(b.create<arith::SubIOp>(sums[i], bits))
                           : b.add(sums[i], bits);
        last[i] = second[i];
      }
    }
    return next;
  };
  Value most = b.create<arith::TruncIOp>(
      b.getI8Type(), Value(b.create<arith::ShLIOp>(quads.count, b.i32(3))));
  Values all(size, b.create<vector::BroadcastOp>(byteType, most));
  all.append(before);
  Value from = quads.from;
  if (isFirst) {
    all = step(from, all);
    from = b.offset(from, 1);
  }
  all = b.loop(from, quads.to, 1, all, step);
  before.assign(all.begin() + size, all.end());
  all.truncate(size);
  for (Value &sums : all)
    sums = addCounts(sums);
  return all;
}

// Adds the carries of the last words, from `k` on, fewer than four, to
// `totals`; then `before` has the parity of all words, or its complement.
void ParityChain::addRest(const Half &half, int64_t k, Values &totals,
                          Values &before) const {
  if (k + 1 < p.words) {
    Values first = differing(half, b.index(k));
    Values second = differing(half, b.index(k + 1));
    for (auto [i, total] : llvm::enumerate(totals))
      total = b.add(total, countWords(carry(first[i], second[i], before[i])));
    before = std::move(second);
    k += 2;
  }
  if (k == p.words)
    return;
  // The adder of two words: the carry is where both are 1.
  Values last = differing(half, b.index(k));
  for (auto [i, total] : llvm::enumerate(totals)) {
    Value sum = isComplement(k - 1) ? complement(before[i]) : before[i];
    Value both = b.create<arith::AndIOp>(sum, complement(last[i]));
    total = b.add(total, countWords(both));
  }
  before = std::move(last);
}

// Stores the counts of half a panel, of whose carries `totals` has those up to
// the parity `before`, which is after `quads` times four words.
void ParityChain::finishHalf(const Half &half, int64_t quads, Values totals,
                             Values before) const {
  addRest(half, quads * kStepWords, totals, before);
  for (auto [i, total] : llvm::enumerate(totals)) {
    Value sum = before[i];
    Value last = isComplement(p.words - 1) ? complement(sum) : sum;
    storeCounts(half, i, b.add(countWords(last), b.add(total, total)));
  }
}

// Stores the counts of `planes` planes from `plane` on, from `row` on.
void ParityChain::countRows(Value plane, int64_t row, Value panel,
                            int64_t panels, int64_t planes) const {
  auto forHalves = [&](llvm::function_ref<void(const Half &)> body) {
    b.loop(b.index(0), b.index(panels * kLanes), kHalf, [&](Value output) {
      Value lanes = b.index(kLanes);
      body({b.offset(plane, row),
            b.add(panel, b.create<arith::DivUIOp>(output, lanes)), planes,
            b.create<arith::RemUIOp>(output, lanes), row, output});
    });
  };
  const int64_t quads = p.words / kStepWords;
  const int64_t chunks = llvm::divideCeil(quads, kMostSteps);
  const int64_t length = chunks ? llvm::divideCeil(quads, chunks) : 0;
  const Values zeros(planes, splatWords(0));
  const Values none(planes,
                    b.create<arith::ConstantOp>(b.getZeroAttr(countsType())));
  const Quads first = {b.index(0), b.index(length), b.i32(length)};
  auto countFirst = [&](const Half &half, Values &before) {
    return length ? sumCarries(half, first, /*isFirst=*/true, before) : none;
  };
  if (chunks <= 1)
    return forHalves([&](const Half &half) {
      Values before = zeros;
      Values totals = countFirst(half, before);
      finishHalf(half, quads, totals, before);
    });
  // Sums that wait for the next chunk would take registers from its loop, and
  // parities can be had again.
  auto parities = [&](const Half &half, Value quad) {
    return differing(half, b.offset(b.mul(quad, b.index(kStepWords)), -1));
  };
  forHalves([&](const Half &half) {
    Values before = zeros;
    for (auto [i, sums] : llvm::enumerate(countFirst(half, before)))
      storeCounts(half, i, sums);
  });
  b.loop(b.index(length), b.index(quads), length, [&](Value from) {
    Quads next = {from, b.offset(from, length), b.i32(length)};
    if (quads % length) {
      next.to = b.create<arith::MinUIOp>(next.to, b.index(quads));
      next.count = b.create<arith::IndexCastUIOp>(
          b.getI32Type(), Value(b.create<arith::SubIOp>(next.to, from)));
    }
    forHalves([&](const Half &half) {
      Values before = parities(half, from);
      for (auto [i, sums] :
           llvm::enumerate(sumCarries(half, next, /*isFirst=*/false, before)))
        storeCounts(half, i, b.add(loadCounts(half, i), sums));
    });
  });
  forHalves([&](const Half &half) {
    Values totals;
    for (int64_t i = 0; i < planes; ++i)
      totals.push_back(loadCounts(half, i));
    finishHalf(half, quads, totals, parities(half, b.index(quads)));
  });
}

// The counts of `planes` planes from `plane` on, of the block, [plane][panel].
// They wait in memory: the loop over words has all registers.
SmallVector<Value> ParityChain::count(Value plane, Value panel, int64_t panels,
                                      int64_t planes) const {
  for (int64_t i = 0, next; i < planes; i = next) {
    // Two and two rather than three and one.
    const int64_t left = planes - i;
    const int64_t rows = left == planesOfTile + 1
                             ? llvm::divideCeil(left, 2)
                             : std::min(left, planesOfTile);
    next = i + rows;
    countRows(plane, i, panel, panels, rows);
  }
  SmallVector<Value> result;
  for (int64_t i = 0; i < planes; ++i)
    for (int64_t j = 0; j < panels; ++j)
      result.push_back(b.loadLanes(counts, {b.index(i), b.index(j * kLanes)}));
  return result;
}
