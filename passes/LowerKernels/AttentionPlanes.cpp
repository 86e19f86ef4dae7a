//===- AttentionPlanes.cpp - Attention over integers of a few bits --------===//
//
// A product of integers is the sum over all pairs of their planes of the
// population count of what both have, times the weights of both planes: powers
// of two, with a minus for a sign plane. The counts of one power are summed
// first, so that each power is weighed once.
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/Layout.h"
#include "passes/LowerKernels/AttentionKernel.h"

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

// The products of a query, whose words are given plane by plane, with the 16
// keys of a vector.
Value Attention::planeScores(ArrayRef<Value> words, Value firstWord,
                             Value block) {
  SmallVector<Value> powers(2 * planes - 1, b.splatI32(0));
  for (int64_t w = 0; w < headWords; ++w) {
    SmallVector<Value> left, right;
    for (int64_t plane = 0; plane < planes; ++plane) {
      left.push_back(words[plane * headWords + w]);
      Value row = b.offset(firstWord, plane * heads * headWords + w);
      right.push_back(keyLanes(block, row, /*ofZeros=*/false));
    }
    addProducts(b, left, /*leftIsSigned=*/true, right, powers);
  }
  return weigh(b, powers);
}

// Quantises the probabilities score / sum into `bits`. What lies past the last
// token does not matter: the values have no bits there.
void Attention::probabilityPlanes(Value sum) {
  auto type = cast<BitsType>(*op.getProbability());
  Value divisor = b.splat(sum), step = b.splat(buffers.getStep()),
        minimum = b.splat(buffers.getMinimum());
  b.loop(zero, groups, 1, [&](Value group) {
    SmallVector<Value> halves;
    for (int64_t half = 0; half < kWordBits / kLanes; ++half) {
      Value block = b.offset(b.mul(group, b.index(kWordBits / kLanes)), half);
      Value e = b.loadLanes(numbers, numberLanes(block, 0));
      Value p = b.create<arith::DivFOp>(e, divisor);
      p = b.create<arith::SubFOp>(p, minimum);
      halves.push_back(b.quantizedBits(p, step, type));
    }
    for (int64_t plane = 0; plane < planes; ++plane) {
      Value word =
          b.packMasks(b.hasBit(halves[0], plane), b.hasBit(halves[1], plane));
      b.store(word, bits, {b.index(plane), group});
    }
  });
}

// The sum over all tokens of probability times value, for the 16 channels of a
// head from `column` on.
Value Attention::planeContext(Value head, Value column) {
  SmallVector<Value> init(2 * planes - 1, b.splatI32(0));
  SmallVector<Value> powers =
      b.loop(zero, groups, 1, init, [&](Value group, ValueRange sums) {
        SmallVector<Value> next(sums.begin(), sums.end());
        SmallVector<Value> left, right;
        for (int64_t plane = 0; plane < planes; ++plane) {
          left.push_back(b.splat(b.load(bits, {b.index(plane), group})));
          Value row = b.mul(b.offset(head, plane * heads), groups);
          right.push_back(b.loadLanes(values, {b.add(row, group), column}));
        }
        addProducts(b, left, /*leftIsSigned=*/false, right, next);
        return next;
      });
  return weigh(b, powers);
}

// The sum of all values of each channel of a sentence.
void Attention::emitValueSums() {
  b.loop(zero, b.index(heads), 1, [&](Value head) {
    for (int64_t block = 0; block < channelBlocks; ++block) {
      Value column = b.index(block * kLanes);
      SmallVector<Value> sums =
          b.loop(zero, groups, 1, b.splatI32(0),
                 [&](Value group, ValueRange sum) -> SmallVector<Value> {
                   Value total = sum[0];
                   for (int64_t plane = 0; plane < planes; ++plane) {
                     Value row = b.mul(b.offset(head, plane * heads), groups);
                     Value v = b.loadLanes(values, {b.add(row, group), column});
                     Value count = b.create<arith::ShLIOp>(b.popcount(v),
                                                           b.splatI32(plane));
                     if (plane == planes - 1)
                       total = b.create<arith::SubIOp>(total, count);
                     else
                       total = b.add(total, count);
                   }
                   return {total};
                 });
      b.storeLanes(sums[0], valueSums, {head, column});
    }
  });
}
