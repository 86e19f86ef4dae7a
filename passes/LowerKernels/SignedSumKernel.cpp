//===- SignedSumKernel.cpp - Real inputs by binary weights ----------------===//
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/LowerKernels/KernelBuilder.h"

using namespace mlir;
using namespace mlir::bnn;

// Rows in flight hide the latency of the chain of additions.
static constexpr int64_t kTileRows = 8;

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

void bnn::emitSignedSum(KernelBuilder &b, SignedSumOp op,
                        SignedSumOp::Adaptor buffers) {
  ArrayRef<int64_t> shape =
      cast<ShapedType>(op.getWeight().getType()).getShape();
  const int64_t outputs = shape[0], inputs = shape[1];
  const int64_t words = inputs / kWordBits, tail = inputs % kWordBits;
  Value input = b.rows2d(buffers.getInput());
  Value out = b.rows2d(buffers.getOuts()[0]);
  // The outputs of one panel, `valid` of them.
  auto panel = [&](Value index, int64_t valid) {
    Value channel = b.mul(index, b.index(kLanes));
    Value scale = b.loadLanes(buffers.getScale(), channel, valid);
    Value bias = b.loadLanes(buffers.getBias(), channel, valid);
    auto weights = [&](Value word) {
      return b.loadLanes(buffers.getWeight(), {index, word, b.index(0)});
    };
    b.tileRows(
        b.index(0), b.dim(input, 0), kTileRows, [&](Value row, int64_t count) {
          SmallVector<Value> sums(count, b.splatF32(0));
          if (words)
            sums = b.loop(b.index(0), b.index(words), 1, sums,
                          [&](Value word, ValueRange acc) {
                            Value first = b.mul(word, b.index(kWordBits));
                            return addWord(b, input, row, first, weights(word),
                                           kWordBits, acc);
                          });
          if (tail)
            sums = addWord(b, input, row, b.index(words * kWordBits),
                           weights(b.index(words)), tail, sums);
          for (int64_t i = 0; i < count; ++i)
            b.storeLanes(b.create<math::FmaOp>(sums[i], scale, bias), out,
                         {b.offset(row, i), channel}, valid);
        });
  };
  const int64_t whole = outputs / kLanes;
  if (whole)
    b.loop(b.index(0), b.index(whole), 1,
           [&](Value index) { panel(index, kLanes); });
  if (outputs % kLanes)
    panel(b.index(whole), outputs % kLanes);
}
