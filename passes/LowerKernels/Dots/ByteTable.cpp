//===- ByteTable.cpp - Bits counted by table ------------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A row is a sequence of hexadecimal digits, four bits each. `weights` holds
// the digits of four panels, one a byte: [digit][lane][panel], so that a count,
// once it is a 32-bit lane of four bytes, is those of one lane in four panels.
// `offsets` holds, for two rows at a time, where in `table` the entries for
// their digits lie: [pair][digit]. A row is a plane of the input here.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/ByteTable.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

static constexpr int64_t kDigitBits = 4, kDigitValues = 16, kWordDigits = 8,
                         kTableBytes =
                             kDigitValues * kDigitValues * kDigitValues;
// What a step adds up: three entries of at most 4 fit half a byte.
static constexpr int64_t kStepDigits = 3;

// The entries for all digits of two rows and a weight, [second][first][weight]:
// the count of the first row in the lower half, of the second in the upper one.
static Value countTable(KernelBuilder &b, Operation *scope, CountedBits which) {
  const bool differing = which == CountedBits::Differing;
  auto module = scope->getParentOfType<ModuleOp>();
  StringRef name = differing ? "differing_bits" : "common_bits";
  auto type = MemRefType::get(kTableBytes, b.getI8Type());
  if (!module.lookupSymbol(name)) {
    SmallVector<uint8_t> entries;
    auto count = [&](int64_t x, int64_t w) {
      return llvm::popcount(uint64_t(differing ? x ^ w : x & w));
    };
    for (int64_t second = 0; second < kDigitValues; ++second)
      for (int64_t first = 0; first < kDigitValues; ++first)
        for (int64_t w = 0; w < kDigitValues; ++w)
          entries.push_back(count(first, w) | count(second, w) << kDigitBits);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    auto values = DenseElementsAttr::get(
        RankedTensorType::get(kTableBytes, b.getI8Type()),
        ArrayRef<uint8_t>(entries));
    b.create<memref::GlobalOp>(name, b.getStringAttr("private"), type, values,
                               /*constant=*/true, b.getI64IntegerAttr(64));
  }
  return b.create<memref::GetGlobalOp>(type, name);
}

ByteTable::ByteTable(KernelBuilder &b, const Product &p, CountDot &plain,
                     DotAttr dot, TargetAttr target)
    : BlockDot(b, p, std::max<int64_t>(1, dot.getRows() / plain.getPlanes()),
               kPanels),
      plain(plain), bytes(getShuffledBytes(target)), pairs(dot.getRows() / 2),
      digits(llvm::alignTo(p.words * kWordDigits, kStepDigits)) {}

void ByteTable::begin() {
  table = countTable(b, p.scope, plain.getCounted());
  offsets = b.create<memref::AllocOp>(
      MemRefType::get({kBlockRows / 2, digits}, b.getI16Type()));
  weights = b.create<memref::AllocOp>(
      MemRefType::get({digits, kLanes * kPanels}, b.getI8Type()));
  // What is past the words counts nothing: 0 in rows and weights.
  for (int64_t d = p.words * kWordDigits; d < digits; ++d) {
    Value none = b.create<arith::ConstantOp>(
        b.getZeroAttr(VectorType::get(kLanes * kPanels, b.getI8Type())));
    b.create<vector::StoreOp>(none, weights,
                              ValueRange{b.index(d), b.index(0)});
    Value first = b.create<arith::ConstantOp>(b.getI16IntegerAttr(0));
    b.loop(b.index(0), b.index(kBlockRows / 2), 1,
           [&](Value pair) { b.store(first, offsets, {pair, b.index(d)}); });
  }
}

int64_t ByteTable::blockRows() const { return kBlockRows / plain.getPlanes(); }

Value ByteTable::isWorth(Value rows) {
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::uge,
                                 plain.planesOf(rows),
                                 b.index(kTableLeastRows));
}

SmallVector<Value> ByteTable::accumulate(const Tile &tile) {
  return plain.accumulate(tile, [&] {
    SmallVector<Value> counts;
    for (int64_t i = 0; i < tileRows() * plain.getPlanes(); i += 2 * pairs)
      counts.append(count(b.offset(plain.planesOf(tile.blockRow), i)));
    return counts;
  });
}

VectorType ByteTable::bytesType() const {
  return VectorType::get(bytes, b.getI8Type());
}

VectorType ByteTable::halvesType() const {
  return VectorType::get(bytes / 2, b.getI16Type());
}

// Calls `body(k, words)` for each word of a row; `load(k)` reads a stored one.
// Parity words become the words that they stand for.
static void forWords(KernelBuilder &b, const Product &p,
                     llvm::function_ref<SmallVector<Value>(Value)> load,
                     llvm::function_ref<void(Value, ValueRange)> body) {
  auto plain = [&](Value k) { body(k, load(k)); };
  if (!p.parity) {
    b.loop(b.index(0), b.index(p.words), 1, plain);
    return;
  }
  SmallVector<Value> first = load(b.index(0));
  body(b.index(0), first);
  const int64_t end = (p.words - 1) / 2 * 2 + 1;
  b.loop(b.index(1), b.index(end), 2, first, [&](Value k, ValueRange before) {
    Value next = b.offset(k, 1);
    SmallVector<Value> words = load(k), parity = load(next), second;
    for (auto [word, sum, last] : llvm::zip_equal(words, parity, before))
      second.push_back(
          b.create<arith::XOrIOp>(sum, b.create<arith::XOrIOp>(word, last)));
    body(k, words);
    body(next, second);
    return parity;
  });
  if (end < p.words)
    plain(b.index(end));
}

void ByteTable::prepareRows(Value firstRow, Value rows) {
  Value first = plain.planesOf(firstRow), count = plain.planesOf(rows);
  // A word's digits, one a lane.
  auto type = VectorType::get(kWordDigits, b.getI32Type());
  auto lanes = [&](int64_t value) -> Value {
    return b.create<arith::ConstantOp>(
        DenseElementsAttr::get(type, b.getI32IntegerAttr(value)));
  };
  SmallVector<int32_t> places;
  for (int64_t d = 0; d < kWordDigits; ++d)
    places.push_back(d * kDigitBits);
  Value shifts =
      b.create<arith::ConstantOp>(DenseIntElementsAttr::get(type, places));
  b.loop(b.index(0), count, 2, [&](Value row) {
    Value pair = b.create<arith::DivUIOp>(row, b.index(2));
    Value at = b.add(first, row);
    auto load = [&](Value k) -> SmallVector<Value> {
      return {b.load(p.input, {at, k}), b.load(p.input, {b.offset(at, 1), k})};
    };
    forWords(b, p, load, [&](Value k, ValueRange words) {
      SmallVector<Value> parts;
      for (auto [i, word] : llvm::enumerate(words)) {
        Value spread = b.create<arith::ShRUIOp>(
            b.create<vector::BroadcastOp>(type, word), shifts);
        Value digit = b.create<arith::AndIOp>(spread, lanes(kDigitValues - 1));
        parts.push_back(
            b.create<arith::ShLIOp>(digit, lanes(kDigitBits * int64_t(i + 1))));
      }
      Value offset = b.create<arith::OrIOp>(parts[0], parts[1]);
      offset = b.create<arith::TruncIOp>(
          VectorType::get(kWordDigits, b.getI16Type()), offset);
      b.create<vector::StoreOp>(
          offset, offsets, ValueRange{pair, b.mul(k, b.index(kWordDigits))});
    });
  });
}

// Byte b of result r is byte r of word b, in each lane.
static SmallVector<Value> transposeBytes(KernelBuilder &b, ValueRange words) {
  auto keep = [&](Value v, int64_t mask) -> Value {
    return b.create<arith::AndIOp>(v, b.splatI32(int32_t(mask)));
  };
  auto left = [&](Value v, int64_t by) -> Value {
    return b.create<arith::ShLIOp>(v, b.splatI32(by));
  };
  auto right = [&](Value v, int64_t by) -> Value {
    return b.create<arith::ShRUIOp>(v, b.splatI32(by));
  };
  auto either = [&](Value v, Value w) -> Value {
    return b.create<arith::OrIOp>(v, w);
  };
  SmallVector<Value> low, high;
  for (int64_t i : {0, 1}) {
    low.push_back(either(keep(words[i], 0xFFFF), left(words[i + 2], 16)));
    high.push_back(either(right(words[i], 16), keep(words[i + 2], 0xFFFF0000)));
  }
  SmallVector<Value> result;
  for (ArrayRef<Value> half : {ArrayRef<Value>(low), ArrayRef<Value>(high)}) {
    result.push_back(
        either(keep(half[0], 0x00FF00FF), left(keep(half[1], 0x00FF00FF), 8)));
    result.push_back(
        either(keep(right(half[0], 8), 0x00FF00FF), keep(half[1], 0xFF00FF00)));
  }
  return result;
}

void ByteTable::preparePanels(Value panel) {
  auto load = [&](Value k) {
    SmallVector<Value> words;
    for (int64_t j = 0; j < kPanels; ++j)
      words.push_back(
          b.loadLanes(p.weight, {b.offset(panel, j), k, b.index(0)}));
    return words;
  };
  auto type = VectorType::get(kLanes * kPanels, b.getI8Type());
  forWords(b, p, load, [&](Value k, ValueRange words) {
    Value digit = b.mul(k, b.index(kWordDigits));
    int64_t at = 0;
    for (Value column : transposeBytes(b, words)) {
      Value high = b.create<arith::ShRUIOp>(column, b.splatI32(kDigitBits));
      for (Value half : {column, high}) {
        half = b.create<arith::AndIOp>(half, b.splatI32(0x0F0F0F0F));
        b.create<vector::StoreOp>(
            b.create<vector::BitCastOp>(type, half), weights,
            ValueRange{b.offset(digit, at++), b.index(0)});
      }
    }
  });
}

// The entries for one digit of each output.
Value ByteTable::lookUp(Value entries, Value digits) {
  StringRef name =
      bytes == 64 ? "llvm.x86.avx512.pshuf.b.512" : "llvm.x86.avx2.pshuf.b";
  return b
      .create<LLVM::CallIntrinsicOp>(bytesType(), b.getStringAttr(name),
                                     ValueRange{entries, digits},
                                     LLVM::FastmathFlags::none)
      .getResult(0);
}

// The sums of the entries for three digits from `step` on, of all outputs.
SmallVector<Value> ByteTable::sumThree(Value pair, Value digit) {
  auto entryType = VectorType::get(kDigitValues, b.getI8Type());
  SmallVector<int64_t> repeat;
  for (int64_t i = 0; i < bytes; ++i)
    repeat.push_back(i % kDigitValues);
  SmallVector<Value> sums(kLanes * kPanels / bytes);
  for (int64_t d = 0; d < kStepDigits; ++d) {
    Value at = b.offset(digit, d);
    Value place = b.create<arith::IndexCastUIOp>(b.getIndexType(),
                                                 b.load(offsets, {pair, at}));
    Value entries =
        b.create<vector::LoadOp>(entryType, table, ValueRange{place});
    entries = b.create<vector::ShuffleOp>(entries, entries, repeat);
    for (auto [v, sum] : llvm::enumerate(sums)) {
      Value weight = b.create<vector::LoadOp>(
          bytesType(), weights, ValueRange{at, b.index(v * bytes)});
      Value found = lookUp(entries, weight);
      sum = sum ? b.add(sum, found) : found;
    }
  }
  return sums;
}

Value ByteTable::halves(int64_t value) const {
  return b.create<arith::ConstantOp>(
      DenseElementsAttr::get(halvesType(), b.getI16IntegerAttr(value)));
}

// The sums over the digits from `from` to `to`, few enough for a byte, for the
// pairs from `firstPair` on: [pair][vector] of lower halves in bytes, then of
// upper ones in 16 bits. Lower halves are cut out. Upper ones are shifted down
// where they are: that adds 16 times the lower half of the odd byte, which is
// known.
SmallVector<Value> ByteTable::addDigits(Value firstPair, Value from, Value to) {
  const int64_t vectors = kLanes * kPanels / bytes, size = pairs * vectors;
  Value noBytes = b.create<arith::ConstantOp>(b.getZeroAttr(bytesType()));
  Value noHalves = b.create<arith::ConstantOp>(b.getZeroAttr(halvesType()));
  Value lowDigits = b.create<arith::ConstantOp>(
      DenseElementsAttr::get(bytesType(), b.getI8IntegerAttr(0x0F)));
  SmallVector<Value> init(size, noBytes);
  init.append(size, noHalves);
  return b.loop(from, to, kStepDigits, init, [&](Value digit, ValueRange acc) {
    SmallVector<Value> next(acc);
    for (int64_t i = 0; i < pairs; ++i) {
      SmallVector<Value> found = sumThree(b.offset(firstPair, i), digit);
      for (int64_t v = 0; v < vectors; ++v) {
        Value &low = next[i * vectors + v];
        Value &high = next[size + i * vectors + v];
        low = b.add(low, b.create<arith::AndIOp>(found[v], lowDigits));
        Value pair = b.create<vector::BitCastOp>(halvesType(), found[v]);
        high = b.add(high, b.create<arith::ShRUIOp>(pair, halves(kDigitBits)));
      }
    }
    return next;
  });
}

// Adds what addDigits() returned to `sums`, [pair][vector] of four: counts of
// the even and of the odd bytes, for the first row and for the second.
void ByteTable::addHalves(ArrayRef<Value> counts, Values &sums) {
  auto keep = [&](Value v, int64_t mask) -> Value {
    return b.create<arith::AndIOp>(v, halves(mask));
  };
  auto right = [&](Value v, int64_t by) -> Value {
    return b.create<arith::ShRUIOp>(v, halves(by));
  };
  const size_t size = counts.size() / 2;
  for (size_t i = 0; i < size; ++i) {
    Value low = b.create<vector::BitCastOp>(halvesType(), counts[i]);
    Value high = b.create<arith::SubIOp>(counts[size + i],
                                         keep(right(low, kDigitBits), 0xFF0));
    size_t at = 4 * i;
    for (Value v : {low, high}) {
      sums[at] = b.add(sums[at], keep(v, 0xFF));
      sums[at + 1] = b.add(sums[at + 1], right(v, 8));
      at += 2;
    }
  }
}

// The counts of one panel, 16 lanes of i32, from those of its even or odd
// bytes. Byte r of a lane of 32 bits is panel r.
Value ByteTable::panelOf(ArrayRef<Value> vectors, int64_t panel) {
  auto laneType = VectorType::get(bytes / 4, b.getI32Type());
  auto lanes = [&](int64_t value) -> Value {
    return b.create<arith::ConstantOp>(
        DenseElementsAttr::get(laneType, b.getI32IntegerAttr(value)));
  };
  SmallVector<Value> parts;
  for (Value vector : vectors) {
    Value part = b.create<vector::BitCastOp>(laneType, vector);
    part = panel < 2 ? Value(b.create<arith::AndIOp>(part, lanes(0xFFFF)))
                     : Value(b.create<arith::ShRUIOp>(part, lanes(16)));
    parts.push_back(part);
  }
  if (parts.size() == 1)
    return parts[0];
  SmallVector<int64_t> both = llvm::to_vector(llvm::seq<int64_t>(kLanes));
  return b.create<vector::ShuffleOp>(parts[0], parts[1], both);
}

// The counts of a tile of the prepared panels; `plane` is its first row, from
// the first that is prepared. [row][panel] of 16 lanes of i32.
SmallVector<Value> ByteTable::count(Value plane) {
  const int64_t vectors = kLanes * kPanels / bytes,
                steps = digits / kStepDigits;
  // A step adds at most 12 to a count, which is a byte for a while.
  constexpr int64_t kMostSteps = 255 / (kStepDigits * kDigitBits);
  const int64_t chunks = llvm::divideCeil(steps, kMostSteps),
                chunk = llvm::divideCeil(steps, chunks) * kStepDigits;
  Value noHalves = b.create<arith::ConstantOp>(b.getZeroAttr(halvesType()));
  Value firstPair = b.create<arith::DivUIOp>(plane, b.index(2));
  SmallVector<Value> sums(pairs * vectors * 4, noHalves);
  sums = b.loop(b.index(0), b.index(digits), chunk, sums,
                [&](Value from, ValueRange before) {
                  Value to = b.offset(from, chunk);
                  if (digits % chunk)
                    to = b.create<arith::MinUIOp>(to, b.index(digits));
                  SmallVector<Value> next(before);
                  addHalves(addDigits(firstPair, from, to), next);
                  return next;
                });
  SmallVector<Value> result;
  for (int64_t i = 0; i < pairs; ++i)
    for (int64_t second : {0, 1})
      for (int64_t panel = 0; panel < kPanels; ++panel) {
        SmallVector<Value> counts;
        for (int64_t v = 0; v < vectors; ++v)
          counts.push_back(
              sums[(i * vectors + v) * 4 + second * 2 + panel % 2]);
        result.push_back(panelOf(counts, panel));
      }
  return result;
}
