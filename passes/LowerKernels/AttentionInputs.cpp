//===- AttentionInputs.cpp - What attention reads of one sentence ---------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys, masks and low-rank terms are turned, so that a vector holds the same of
// 16 tokens, and values so that a word holds the same channel of 32 tokens.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/LowerKernels/AttentionKernel.h"

using namespace mlir;
using namespace mlir::bnn;

// Calls `body(block, token, lane)` for each token of a sentence.
void Attention::forTokens(llvm::function_ref<void(Value, Value, Value)> body) {
  b.loop(zero, tokens, 1, [&](Value token) {
    Value lanes = b.index(kLanes);
    body(b.create<arith::DivUIOp>(token, lanes), token,
         b.create<arith::RemUIOp>(token, lanes));
  });
}

// The keys of one sentence, packed rows [B, S, words], or their masks of zeros:
// a vector has the same word of 16 of them.
void Attention::keysByToken(Value source, Value sentence, bool ofZeros) {
  forTokens([&](Value block, Value token, Value lane) {
    b.loop(zero, b.index(planes * heads * headWords), 1, [&](Value word) {
      Value row = b.offset(b.mul(word, b.index(keyParts)), ofZeros);
      b.store(b.load(source, {sentence, token, word}), keys,
              {block, row, lane});
    });
  });
}

// Packed rows [B, S, words] of one sentence, transposed as bits: bit t of
// into[head * groups + g][channel] is channel `channel` of token 32 g + t. The
// planes follow each other, as if each were more heads.
void Attention::byChannel(Value source, Value sentence, Value into) {
  Value iota = b.iota();
  b.loop(zero, b.index(planes * heads), 1, [&](Value head) {
    b.loop(zero, groups, 1, [&](Value group) {
      Value row = b.add(b.mul(head, groups), group);
      Value first = b.mul(group, b.index(kWordBits));
      Value end = b.create<arith::MinUIOp>(b.offset(first, kWordBits), tokens);
      for (int64_t block = 0; block < channelBlocks; ++block) {
        Value word = b.offset(b.mul(head, b.index(headWords)),
                              block * kLanes / kWordBits);
        Value shift = b.add(iota, b.splatI32(block * kLanes % kWordBits));
        Value columns =
            b.loop(first, end, 1, b.splatI32(0),
                   [&](Value token, ValueRange acc) -> SmallVector<Value> {
                     Value row =
                         b.splat(b.load(source, {sentence, token, word}));
                     Value bit = b.create<arith::AndIOp>(
                         b.create<arith::ShRUIOp>(row, shift), b.splatI32(1));
                     Value at = b.create<arith::IndexCastOp>(
                         b.getI32Type(), b.create<arith::SubIOp>(token, first));
                     Value placed = b.create<arith::ShLIOp>(bit, b.splat(at));
                     return {b.create<arith::OrIOp>(acc[0], placed)};
                   })[0];
        b.storeLanes(columns, into, {row, b.index(block * kLanes)});
      }
    });
  });
}

// [B, S, R] f32 of one sentence: 16 tokens of each r from row `row` of `into`
// on.
void Attention::byToken(Value source, Value sentence, Value into, int64_t row) {
  forTokens([&](Value block, Value token, Value lane) {
    b.loop(zero, b.dim(source, 2), 1, [&](Value r) {
      b.store(b.load(source, {sentence, token, r}), into,
              {block, b.offset(r, row), lane});
    });
  });
}

// Lays out all operands of a sentence but its queries.
void Attention::layOut(Value sentence) {
  keysByToken(buffers.getKey(), sentence, /*ofZeros=*/false);
  if (buffers.getKeyZeros())
    keysByToken(buffers.getKeyZeros(), sentence, /*ofZeros=*/true);
  byChannel(buffers.getValue(), sentence, values);
  if (valueZeros)
    byChannel(buffers.getValueZeros(), sentence, valueZeros);
  layOutValues();
  if (right)
    byToken(buffers.getRight(), sentence, right, 0);
  if (buffers.getResidual())
    byToken(buffers.getResidual(), sentence, numbers, residualRow);
  maskSentences.clear();
  for (auto [i, mask] : llvm::enumerate(buffers.getMasks())) {
    Value row = sentence;
    if (auto period = op.periodOf(i))
      row = b.create<arith::RemUIOp>(sentence, b.index(*period));
    maskSentences.push_back(row);
    if (cast<MemRefType>(mask.getType()).getRank() == 2)
      forTokens([&](Value block, Value token, Value lane) {
        b.store(b.load(mask, {row, token}), numbers,
                {block, b.index(maskRow + i), lane});
      });
  }
}
