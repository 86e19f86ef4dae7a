//===- CarrySave.cpp - Counts of one output, in words ---------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A population count of a word is eleven instructions where there is none for
// it, an adder of three words five. So the words of an output are added up as
// 32 binary numbers, one for each bit's place, of which a word has one digit;
// then the digits of all are counted at once. With stored parities the sum of
// an adder is one exclusive or, and only its carry is computed.
//
// One output of one row at a time: three digits, as many carries that wait for
// another, two pointers and little else fit into 13 registers.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/Dots/CarrySave.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/LowerKernels/Dots/Popcount.h"

using namespace mlir;
using namespace mlir::bnn;

// Pairs of words of a step of the loop over many, whose carries make one
// sixteen; fewer than two steps are written out.
static constexpr int64_t kStepPairs = 8;
static constexpr size_t kStepDigits = 4;
// Digits whose sums over eight places fit into a byte.
static constexpr size_t kByteDigits = 5;

void CarrySave::begin() {
  if (!counts)
    counts =
        b.create<memref::AllocOp>(MemRefType::get({kLanes}, b.getI32Type()));
}

// A loop with a counter of 32 bits: where registers have as many, an index
// would take two.
static SmallVector<Value>
countedLoop(KernelBuilder &b, int64_t end, int64_t step, ValueRange init,
            llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = b.create<scf::ForOp>(
      b.i32(0), b.i32(end), b.i32(step), init,
      [&](OpBuilder &, Location, Value counter, ValueRange carried) {
        // `body` builds through `b`; the callback's own is not used.
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(counter.getParentBlock());
        Value number =
            b.create<arith::IndexCastUIOp>(b.getIndexType(), counter);
        b.create<scf::YieldOp>(body(number, carried));
      });
  return loop.getResults();
}

// The words of one dimension of a buffer: an address of their own, from which
// the constant places of words are counted.
static Value wordsOf(KernelBuilder &b, Value buffer,
                     ArrayRef<OpFoldResult> offsets, unsigned dimension) {
  auto type = cast<MemRefType>(buffer.getType());
  const int64_t words = type.getDimSize(dimension);
  SmallVector<OpFoldResult> sizes(type.getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> steps(type.getRank(), b.getIndexAttr(1));
  sizes[dimension] = b.getIndexAttr(words);
  Type result = memref::SubViewOp::inferRankReducedResultType(
      {words}, type, offsets, sizes, steps);
  return b.create<memref::SubViewOp>(cast<MemRefType>(result), buffer, offsets,
                                     sizes, steps);
}

CarrySave::Output CarrySave::outputOf(Value plane, Value panel,
                                      Value lane) const {
  OpFoldResult zero = b.getIndexAttr(0);
  return {plane ? wordsOf(b, p.input, {plane, zero}, 1) : Value(),
          wordsOf(b, p.weight, {panel, zero, lane}, 1)};
}

// The bits that count of word `k`.
Value CarrySave::word(const Output &of, Value k) const {
  Value x = of.input ? b.load(of.input, {k}) : b.i32(0);
  return countedBits(b, which, x, b.load(of.weight, {k}));
}

// Adds two words from `k` on to the first digit, and their carry to the second.
void CarrySave::addPair(const Output &of, Value k, Sums &sums) const {
  Value before = sums.digits[0];
  Value first = word(of, k), second = word(of, b.offset(k, 1));
  Value differ = b.create<arith::XOrIOp>(first, before), other;
  if (p.parity) {
    // Where the first two differ the third is the complement of the sum.
    sums.digits[0] = second;
    other = b.create<arith::XOrIOp>(b.bitNot(second), first);
  } else {
    sums.digits[0] = b.create<arith::XOrIOp>(differ, second);
    other = b.create<arith::XOrIOp>(second, first);
  }
  other = b.create<arith::AndIOp>(differ, other);
  add(sums, 1, b.create<arith::XOrIOp>(first, other));
}

// Adds bits of the value of a digit, two at a time, and their carries.
void CarrySave::add(Sums &sums, size_t digit, Value bits) const {
  if (sums.digits.size() <= digit) {
    sums.digits.resize(digit + 1);
    sums.waiting.resize(digit + 1);
  }
  Value other = std::exchange(sums.waiting[digit], Value());
  if (!other) {
    sums.waiting[digit] = bits;
    return;
  }
  Value &sum = sums.digits[digit];
  Value differ = b.create<arith::XOrIOp>(bits, other), carry;
  if (sum) {
    Value rest = b.create<arith::XOrIOp>(other, sum);
    carry =
        b.create<arith::XOrIOp>(other, b.create<arith::AndIOp>(differ, rest));
    sum = b.create<arith::XOrIOp>(differ, sum);
  } else {
    carry = b.create<arith::AndIOp>(bits, other);
    sum = differ;
  }
  add(sums, digit + 1, carry);
}

// Adds what still waits.
void CarrySave::settle(Sums &sums) const {
  for (size_t digit = 1; digit < sums.waiting.size(); ++digit) {
    Value bits = std::exchange(sums.waiting[digit], Value());
    if (!bits)
      continue;
    Value sum = sums.digits[digit];
    sums.digits[digit] = sum ? Value(b.create<arith::XOrIOp>(sum, bits)) : bits;
    if (sum)
      add(sums, digit + 1, b.create<arith::AndIOp>(sum, bits));
  }
}

// (x & mask) + (x >> bits & mask), where mask has every other field of `bits`.
Value CarrySave::everyOther(Value x, int64_t bits, int64_t mask) const {
  Value high = b.create<arith::ShRUIOp>(x, b.i32(bits));
  return b.add(b.create<arith::AndIOp>(x, b.i32(mask)),
               b.create<arith::AndIOp>(high, b.i32(mask)));
}

// The sum of the numbers with these digits: fields of two bits, then of four
// for two digits at once, then of eight for all.
Value CarrySave::totalOfFive(ArrayRef<Value> digits) const {
  Value bytes;
  auto shifted = [&](Value x, int64_t bits) {
    return bits ? Value(b.create<arith::ShLIOp>(x, b.i32(bits))) : x;
  };
  for (size_t i = 0; i < digits.size(); i += 2) {
    Value nibbles;
    for (size_t j = i; j < std::min(i + 2, digits.size()); ++j) {
      if (!digits[j])
        continue;
      Value pairs = everyOther(digits[j], 1, 0x55555555);
      pairs = shifted(everyOther(pairs, 2, 0x33333333), j - i);
      nibbles = nibbles ? b.add(nibbles, pairs) : pairs;
    }
    if (!nibbles)
      continue;
    Value sums = shifted(everyOther(nibbles, 4, 0x0F0F0F0F), i);
    bytes = bytes ? b.add(bytes, sums) : sums;
  }
  if (!bytes)
    return b.i32(0);
  Value halves = everyOther(bytes, 8, 0x00FF00FF);
  halves = b.add(halves, b.create<arith::ShRUIOp>(halves, b.i32(16)));
  return b.create<arith::AndIOp>(halves, b.i32(0xFFFF));
}

Value CarrySave::total(const Sums &sums) const {
  ArrayRef<Value> digits = sums.digits;
  Value result = totalOfFive(digits.take_front(kByteDigits));
  for (size_t i = kByteDigits; i < digits.size(); ++i)
    if (digits[i])
      result = b.add(result,
                     b.create<arith::ShLIOp>(b.popcount(digits[i]), b.i32(i)));
  return result;
}

// The first word is its own parity; pairs follow, and a last one that is none.
Value CarrySave::countOutput(const Output &of) const {
  const int64_t pairs = (p.words - 1) / 2;
  Sums sums;
  sums.digits = {word(of, b.index(0))};
  sums.waiting = {Value()};
  int64_t done = 0;
  Value sixteens;
  if (const int64_t steps = pairs / kStepPairs; steps > 1) {
    done = steps * kStepPairs;
    SmallVector<Value> init(sums.digits);
    init.append(kStepDigits, b.i32(0));
    SmallVector<Value> last =
        countedLoop(b, 2 * done, 2 * kStepPairs, init,
                    [&](Value k, ValueRange carried) -> SmallVector<Value> {
                      Sums step;
                      llvm::append_range(step.digits, carried.drop_back());
                      step.waiting.resize(kStepDigits);
                      for (int64_t i = 0; i < kStepPairs; ++i)
                        addPair(of, b.offset(k, 2 * i + 1), step);
                      Value sixteen = step.waiting[kStepDigits];
                      SmallVector<Value> next(step.digits);
                      next[kStepDigits] =
                          b.add(carried.back(), b.popcount(sixteen));
                      return next;
                    });
    sums.digits.assign(last.begin(), last.end() - 1);
    sums.waiting.resize(kStepDigits);
    sixteens = last.back();
  }
  for (int64_t i = done; i < pairs; ++i)
    addPair(of, b.index(2 * i + 1), sums);
  if (p.words > 2 * pairs + 1) {
    Value last = word(of, b.index(p.words - 1)), before = sums.digits[0];
    sums.digits[0] = b.create<arith::XOrIOp>(before, last);
    add(sums, 1, b.create<arith::AndIOp>(before, last));
  }
  settle(sums);
  Value result = total(sums);
  if (sixteens)
    result = b.add(result, b.create<arith::ShLIOp>(sixteens, b.i32(4)));
  return result;
}

SmallVector<Value> CarrySave::count(const Tile &tile) const {
  SmallVector<Value> result;
  for (int64_t i = 0; i < tile.rows; ++i)
    for (int64_t j = 0; j < tile.panels; ++j) {
      Value plane = tile.row ? b.offset(tile.row, i) : Value();
      Value panel = b.offset(tile.panel, j);
      countedLoop(
          b, kLanes, 1, {}, [&](Value lane, ValueRange) -> SmallVector<Value> {
            b.store(countOutput(outputOf(plane, panel, lane)), counts, {lane});
            return {};
          });
      result.push_back(b.loadLanes(counts, {b.index(0)}));
    }
  return result;
}
