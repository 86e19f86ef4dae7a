//===- AttentionKernel.cpp - The loops of attention -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For each sentence the keys and values are first laid out by token, so that a
// vector holds the same word of 16 keys, and a word holds the same channel of
// 32 values. Then a few queries at a time go over all heads: 16 scores a
// vector, exp, the canonical sum, one bit a probability, and popcounts against
// the values. Only the rows of scores of these queries exist at a time.
//
// From a row's scores to its bits is one long chain, with a maximum and a sum
// across lanes: several queries in flight hide its latency.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/AttentionKernel.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/BNNTarget.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bnn;

Attention::Attention(KernelBuilder &b, AttentionOp op,
                     AttentionOp::Adaptor buffers, int64_t tileQueries)
    : b(b), op(op), buffers(buffers), tileQueries(tileQueries),
      outputs(b, op.getOuts(), buffers.getOuts()),
      params(b, buffers.getParams()) {
  planes = cast<BitsType>(getElementTypeOrSelf(op.getQuery())).getWidth();
  channels = cast<ShapedType>(op.getQuery().getType()).getShape().back();
  heads = op.getHeads();
  headSize = channels / heads;
  headWords = packedWords(headSize, headSize);
  channelBlocks = headWords * (kWordBits / kLanes);
}

Attention::~Attention() = default;

// Uninitialised scratch for the whole op.
Value Attention::scratch(ArrayRef<Value> sizes, Type element) {
  SmallVector<int64_t> shape(sizes.size(), ShapedType::kDynamic);
  return b.create<memref::AllocOp>(MemRefType::get(shape, element), sizes);
}

// Where row `row` of scratch by vectors has the 16 tokens of vector `block`.
SmallVector<Value> Attention::lanesOf(Value block, Value row) {
  return {block, row, zero};
}

// The word `word` of the keys of vector `block`, or their mask of zeros.
Value Attention::keyLanes(Value block, Value word, bool ofZeros) {
  Value row = b.offset(b.mul(word, b.index(keyParts)), ofZeros);
  return b.loadLanes(keys, lanesOf(block, row));
}

// A row of `numbers`.
SmallVector<Value> Attention::numberLanes(Value block, int64_t row) {
  return lanesOf(block, b.index(row));
}

// Whether every lane of every vector is a token.
bool Attention::isFull() {
  auto type = cast<MemRefType>(buffers.getQuery().getType());
  return !type.isDynamicDim(1) && type.getDimSize(1) % kWordBits == 0;
}

// Calls `body(block, live, carried)` for each vector of 16 tokens. `live` has
// the lanes that are tokens; null where all are.
SmallVector<Value> Attention::forVectors(
    ValueRange init,
    llvm::function_ref<SmallVector<Value>(Value, Value, ValueRange)> body) {
  Value whole = b.create<arith::DivUIOp>(tokens, b.index(kLanes));
  SmallVector<Value> carried =
      b.loop(zero, whole, 1, init, [&](Value block, ValueRange carried) {
        return body(block, Value(), carried);
      });
  if (isFull())
    return carried;
  return b.loop(
      whole, blocks, 1, carried, [&](Value block, ValueRange carried) {
        Value left =
            b.create<arith::SubIOp>(tokens, b.mul(block, b.index(kLanes)));
        Value live =
            b.create<vector::CreateMaskOp>(b.vectorOf(b.getI1Type()), left);
        return body(block, live, carried);
      });
}

// `value` in the lanes of `live`, all if it is null, and `other` elsewhere.
static Value selectLive(KernelBuilder &b, Value live, Value value,
                        Value other) {
  return live ? b.create<arith::SelectOp>(live, value, other) : value;
}

// bracket[i][j] = sum over r of left[query i, r] * right[r, j].
void Attention::emitBracket(const Queries &queries) {
  Value rank = b.dim(buffers.getRight(), 2);
  forVectors({}, [&](Value block, Value, ValueRange) -> SmallVector<Value> {
    auto left = [&](int64_t i, Value r) {
      return b.splat(
          b.load(buffers.getLeft(), {queries.sentence, queries.at(b, i), r}));
    };
    SmallVector<Value> sums;
    Value lanes = b.loadLanes(right, lanesOf(block, zero));
    for (int64_t i = 0; i < queries.count; ++i)
      sums.push_back(b.create<arith::MulFOp>(left(i, zero), lanes));
    sums = b.loop(b.index(1), rank, 1, sums, [&](Value r, ValueRange acc) {
      Value lanes = b.loadLanes(right, lanesOf(block, r));
      SmallVector<Value> next;
      for (int64_t i = 0; i < queries.count; ++i)
        next.push_back(b.create<math::FmaOp>(left(i, r), lanes, acc[i]));
      return next;
    });
    for (int64_t i = 0; i < queries.count; ++i)
      b.storeLanes(sums[i], numbers, numberLanes(block, bracketRow + i));
    return {};
  });
}

// The score of query `query` and 16 keys from their dot product.
Value Attention::finishScore(Value dot, Value block, int64_t query, Value scale,
                             Value divisor) {
  Value s = dot;
  if (buffers.getRight())
    s = b.create<math::FmaOp>(
        s, scale, b.loadLanes(numbers, numberLanes(block, bracketRow + query)));
  else
    s = b.create<arith::MulFOp>(s, scale);
  s = b.create<arith::DivFOp>(s, divisor);
  if (buffers.getMask())
    s = b.create<arith::AddFOp>(
        s, b.loadLanes(numbers, numberLanes(block, maskRow)));
  return s;
}

// Computes scores[i][j] of one head.
void Attention::emitScores(const Queries &queries, Value head, bool masked) {
  Value firstWord = b.mul(head, b.index(headWords));
  Value scale = b.splat(buffers.getScale());
  Value divisor = b.splatF32(op.getDivisor().convertToFloat());
  // Word `w` of a head, plane by plane.
  auto wordOf = [&](int64_t w) {
    return b.offset(firstWord,
                    w / headWords * heads * headWords + w % headWords);
  };
  SmallVector<SmallVector<Value>> words(queries.count), zeros(queries.count);
  for (int64_t i = 0; i < queries.count; ++i)
    for (int64_t w = 0; w < planes * headWords; ++w) {
      SmallVector<Value> at = {queries.sentence, queries.at(b, i), wordOf(w)};
      words[i].push_back(b.splat(b.load(buffers.getQuery(), at)));
      if (masked)
        zeros[i].push_back(buffers.getQueryZeros()
                               ? b.splat(b.load(buffers.getQueryZeros(), at))
                               : b.splatI32(0));
    }
  forVectors({}, [&](Value block, Value, ValueRange) -> SmallVector<Value> {
    auto key = [&](int64_t w) { return keyLanes(block, wordOf(w), false); };
    auto keyZeros = [&](int64_t w) { return keyLanes(block, wordOf(w), true); };
    for (int64_t i = 0; i < queries.count; ++i) {
      ScoreWords of = {words[i], zeros[i], key, {}};
      if (buffers.getKeyZeros())
        of.keyZeros = keyZeros;
      Value s = finishScore(scoreDot->score(of), block, i, scale, divisor);
      b.storeLanes(s, numbers, numberLanes(block, i));
    }
    return {};
  });
}

// The most of each query's scores. Not in the loop that computes them: with
// zeros, 16 registers are full there.
SmallVector<Value> Attention::maxima(const Queries &queries) {
  SmallVector<Value> none(queries.count,
                          b.splatF32(-std::numeric_limits<float>::infinity()));
  SmallVector<Value> most =
      forVectors(none, [&](Value block, Value live, ValueRange acc) {
        SmallVector<Value> next;
        for (int64_t i = 0; i < queries.count; ++i) {
          Value s = b.loadLanes(numbers, numberLanes(block, i));
          Value more = b.combine(ReduceKind::Max, acc[i], s);
          next.push_back(selectLive(b, live, more, acc[i]));
        }
        return next;
      });
  for (Value &lanes : most)
    lanes = b.fold(lanes, ReduceKind::Max);
  return most;
}

// Replaces the scores by exp(score - most) and returns the sum of each query.
SmallVector<Value> Attention::expSums(ValueRange most) {
  SmallVector<Value> shifts;
  for (Value value : most)
    shifts.push_back(b.splat(value));
  Value pastEnd = expPastEnd();
  SmallVector<Value> zeros(shifts.size(), b.splatF32(0));
  SmallVector<Value> sums = forVectors(zeros, [&](Value block, Value live,
                                                  ValueRange acc) {
    SmallVector<Value> next;
    for (auto [i, shift] : llvm::enumerate(shifts)) {
      SmallVector<Value> at = numberLanes(block, i);
      Value difference =
          b.create<arith::SubFOp>(b.loadLanes(numbers, at), shift);
      // A NaN among the scores may leave a smaller maximum; then the sum is
      // NaN, whatever the terms.
      auto exp = b.create<math::ExpOp>(difference);
      exp->setAttr(kNotPositiveAttr, b.getUnitAttr());
      Value e = exp;
      b.storeLanes(pastEnd ? selectLive(b, live, e, pastEnd) : e, numbers, at);
      e = selectLive(b, live, e, b.splatF32(0));
      next.push_back(b.create<arith::AddFOp>(acc[i], e));
    }
    return next;
  });
  for (Value &sum : sums)
    sum = b.fold(sum, ReduceKind::Add);
  return sums;
}

Value Attention::firstValues(Value head, int64_t plane) {
  return b.mul(b.offset(head, plane * heads), groups);
}

// Stores the outputs of one head of each query.
void Attention::emitContext(const Queries &queries, Value head) {
  SmallVector<Value> first; // words of values, of each plane
  for (int64_t plane = 0; plane < planes; ++plane)
    first.push_back(firstValues(head, plane));
  Value row = b.add(b.mul(queries.sentence, tokens), queries.first);
  for (int64_t w = 0; w < headWords; ++w) {
    const int64_t valid = std::min(kWordBits, headSize - w * kWordBits);
    auto column = [&](int64_t panel) {
      return b.index(w * kWordBits + panel * kLanes);
    };
    Value word = b.offset(b.mul(head, b.index(headWords)), w);
    const UnitOfOutputs unit = {
        b.mul(word, b.index(kWordBits / kLanes)),
        b.offset(b.mul(head, b.index(headSize)), w * kWordBits), word, valid};
    params.loadChannels(b, unit.channel, valid);
    // Planes are those of one query.
    auto probability = [&](int64_t query, int64_t plane, Value group) {
      return b.splat(b.load(bits, {b.index(query + plane), group}));
    };
    auto load = [&](Value source, int64_t plane, int64_t panel, Value group) {
      return b.loadLanes(source, {b.add(first[plane], group), column(panel)});
    };
    auto value = [&](int64_t plane, int64_t panel, Value group) {
      return load(values, plane, panel, group);
    };
    auto zeros = [&](int64_t plane, int64_t panel, Value group) {
      return load(valueZeros, plane, panel, group);
    };
    ContextWords words = {
        queries.count, panelsOf(valid), groups, probability, value, {}, ones()};
    if (valueZeros)
      words.valueZeros = zeros;
    contextDot->begin(words);
    for (int64_t i = 0; i < queries.count; ++i) {
      SmallVector<SmallVector<Value>> outs;
      for (int64_t j = 0; j < words.panels; ++j) {
        SmallVector<Value> arguments = {contextDot->sum(words, i, j)};
        arguments.push_back(secondArgument(i, head, column(j)));
        arguments.append(params.vectors(b, b.offset(row, i), j));
        outs.push_back(b.vectorize(op.getEpilogue().front(), arguments));
      }
      outputs.store(b, b.offset(row, i), unit, outs);
    }
  }
}

// Whether any query or key of the batch is exactly 0 somewhere.
Value Attention::hasZeros() {
  Value any = b.create<arith::ConstantOp>(b.getBoolAttr(false));
  for (Value zeros : {buffers.getQueryZeros(), buffers.getKeyZeros()})
    if (zeros)
      any = b.create<arith::OrIOp>(any, b.anyBit(zeros));
  return any;
}

// Allocates what one sentence needs.
void Attention::allocateScratch() {
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  Value lanes = b.index(kLanes);
  Value valueRows = b.mul(b.index(planes * heads), groups);
  Value valueColumns = b.index(channelBlocks * kLanes);
  keyParts = buffers.getKeyZeros() ? 2 : 1;
  Value keyRows = b.index(planes * heads * headWords * keyParts);
  keys = scratch({blocks, keyRows, lanes}, i32);
  values = scratch({valueRows, valueColumns}, i32);
  if (buffers.getValueZeros())
    valueZeros = scratch({valueRows, valueColumns}, i32);
  if (buffers.getRight())
    right = scratch({blocks, b.dim(buffers.getRight(), 2), lanes}, f32);
  int64_t rows = tileQueries; // The scores are first.
  if (buffers.getRight()) {
    bracketRow = rows;
    rows += tileQueries;
  }
  if (buffers.getMask())
    maskRow = rows++;
  if (buffers.getResidual())
    residualRow = rows++;
  numbers = scratch({blocks, b.index(rows), lanes}, f32);
  bits = scratch({b.index(std::max(planes, tileQueries)), groups}, i32);
  allocate();
}

void Attention::emit() {
  zero = b.index(0);
  Value sentences = b.dim(buffers.getQuery(), 0);
  tokens = b.dim(buffers.getQuery(), 1);
  groups = b.create<arith::DivUIOp>(b.offset(tokens, kWordBits - 1),
                                    b.index(kWordBits));
  blocks = b.mul(groups, b.index(kWordBits / kLanes));
  allocateScratch();

  Value masked;
  if (buffers.getQueryZeros() || buffers.getKeyZeros())
    masked = hasZeros();

  b.loop(zero, sentences, 1, [&](Value sentence) {
    layOut(sentence);
    b.tileRows(zero, tokens, tileQueries, [&](Value first, int64_t count) {
      Queries queries = {sentence, first, count};
      if (right)
        emitBracket(queries);
      b.loop(zero, b.index(heads), 1,
             [&](Value head) { emitHead(queries, head, masked); });
    });
  });
  outputs.finish(b);
}

// All of one head for a few queries. `masked`: whether a query or a key has a
// zero; null if none can have one.
void Attention::emitHead(const Queries &queries, Value head, Value masked) {
  if (masked) {
    auto branch = b.create<scf::IfOp>(masked, /*withElseRegion=*/true);
    for (bool which : {true, false}) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(which ? branch.thenBlock()
                                       : branch.elseBlock());
      emitScores(queries, head, which);
    }
  } else {
    emitScores(queries, head, false);
  }
  storeProbabilities(expSums(maxima(queries)));
  emitContext(queries, head);
}

void bnn::emitKernel(KernelBuilder &b, AttentionOp op,
                     AttentionOp::Adaptor buffers, TargetAttr target) {
  if (op.getProbability()) {
    createIntegerAttention(b, op, buffers)->emit();
    return;
  }
  DotAttr dot = getDot(b.getContext(), target, DotKind::XorCount);
  createBitAttention(b, op, buffers, dot.getQueries())->emit();
}
