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

// Whether every lane of every vector is a token that all queries see.
bool Attention::isFull() {
  auto type = cast<MemRefType>(
      (op.getCross() ? buffers.getKey() : buffers.getQuery()).getType());
  return !op.getCausal() && !type.isDynamicDim(1) &&
         type.getDimSize(1) % kWordBits == 0;
}

// How many tokens of the key a query sees.
Value Attention::seenBy(const Queries &queries, int64_t query) {
  if (!op.getCausal())
    return tokens;
  return b.create<arith::MinUIOp>(b.offset(queries.first, query + 1), tokens);
}

Attention::Queries Attention::queriesAt(Value sentence, Value first,
                                        int64_t count) {
  Queries queries = {sentence, first, count, groups, {}};
  Value last = seenBy(queries, count - 1);
  if (op.getCausal())
    queries.groups = b.create<arith::DivUIOp>(b.offset(last, kWordBits - 1),
                                              b.index(kWordBits));
  queries.blocks =
      b.create<arith::DivUIOp>(b.offset(last, kLanes - 1), b.index(kLanes));
  return queries;
}

// A word of probabilities may end in a vector of tokens that no query sees:
// what stands there in place of exp(score), which becomes no bit.
void Attention::fillPastEnd(const Queries &queries) {
  if (isFull())
    return;
  Value none = expPastEnd();
  if (!none)
    none = b.splatF32(0);
  b.loop(queries.blocks, b.mul(queries.groups, b.index(kWordBits / kLanes)), 1,
         [&](Value block) {
           for (int64_t i = 0; i < queries.count; ++i)
             b.storeLanes(none, numbers, numberLanes(block, i));
         });
}

// The lanes of vector `block` that each query sees.
SmallVector<Value> Attention::liveLanes(const Queries &queries, Value block) {
  SmallVector<Value> live;
  for (int64_t i = 0; i < queries.count; ++i) {
    if (i > 0 && !op.getCausal()) {
      live.push_back(live[0]);
      continue;
    }
    Value left = b.create<arith::SubIOp>(seenBy(queries, i),
                                         b.mul(block, b.index(kLanes)));
    live.push_back(
        b.create<vector::CreateMaskOp>(b.vectorOf(b.getI1Type()), left));
  }
  return live;
}

// Calls `body(block, live, carried)` for each vector of 16 tokens that a query
// sees. `live` has the lanes that each query sees; it is empty where all see
// all.
SmallVector<Value> Attention::forVectors(
    const Queries &queries, ValueRange init,
    llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>, ValueRange)>
        body) {
  Value whole = b.create<arith::DivUIOp>(seenBy(queries, 0), b.index(kLanes));
  SmallVector<Value> carried =
      b.loop(zero, whole, 1, init, [&](Value block, ValueRange carried) {
        return body(block, {}, carried);
      });
  if (isFull())
    return carried;
  return b.loop(whole, queries.blocks, 1, carried,
                [&](Value block, ValueRange carried) {
                  return body(block, liveLanes(queries, block), carried);
                });
}

// `value` in the lanes that query `i` sees, and `other` elsewhere.
static Value selectLive(KernelBuilder &b, ArrayRef<Value> live, size_t i,
                        Value value, Value other) {
  return live.empty() ? value
                      : b.create<arith::SelectOp>(live[i], value, other);
}

// bracket[i][j] = sum over r of left[query i, r] * right[r, j].
void Attention::emitBracket(const Queries &queries) {
  Value rank = b.dim(buffers.getRight(), 2);
  forVectors(
      queries, {},
      [&](Value block, ArrayRef<Value>, ValueRange) -> SmallVector<Value> {
        auto left = [&](int64_t i, Value r) {
          return b.splat(b.load(buffers.getLeft(),
                                {queries.sentence, queries.at(b, i), r}));
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

// 16 numbers of a mask.
Value Attention::maskLanes(size_t mask, const Place &place) {
  Value buffer = buffers.getMasks()[mask];
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 2)
    return b.loadLanes(numbers, numberLanes(place.block, maskRow + mask));
  SmallVector<Value> at = {maskSentences[mask], place.head,
                           place.queries.at(b, place.query)};
  for (auto [i, index] : llvm::enumerate(at))
    if (type.getDimSize(i) == 1)
      index = zero;
  at.push_back(b.mul(place.block, b.index(kLanes)));
  if (!place.live)
    return b.loadLanes(buffer, at);
  return b.create<vector::MaskedLoadOp>(b.vectorOf(b.getF32Type()), buffer, at,
                                        place.live, b.splatF32(0));
}

// A score after the masks from `first` to `end`.
Value Attention::applyMasks(Value score, size_t first, size_t end,
                            const Place &place) {
  for (size_t mask = first; mask < end; ++mask)
    score = b.applyMask(op.kindOf(mask), score, maskLanes(mask, place));
  return score;
}

// The score of a query and 16 keys from their dot product.
Value Attention::finishScore(Value dot, const Place &place, Value scale,
                             Value divisor) {
  Value s = dot;
  if (buffers.getRight())
    s = b.create<math::FmaOp>(
        s, scale,
        b.loadLanes(numbers,
                    numberLanes(place.block, bracketRow + place.query)));
  else
    s = b.create<arith::MulFOp>(s, scale);
  const size_t early = op.getEarlyMasks();
  s = applyMasks(s, 0, early, place);
  s = b.create<arith::DivFOp>(s, divisor);
  s = applyMasks(s, early, op.getMasks().size(), place);
  if (op.getThreshold() && place.live)
    s = b.create<arith::SelectOp>(place.live, s, expPastEnd());
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
  const bool apart = masked && scoreDot->fillsRegisters();
  auto finish = [&](Value dot, int64_t i, Value block, ArrayRef<Value> live) {
    const Place place = {queries, i, head, block,
                         live.empty() ? Value() : live[i]};
    return finishScore(dot, place, scale, divisor);
  };
  forVectors(
      queries, {},
      [&](Value block, ArrayRef<Value> live, ValueRange) -> SmallVector<Value> {
        auto key = [&](int64_t w) { return keyLanes(block, wordOf(w), false); };
        auto keyZeros = [&](int64_t w) {
          return keyLanes(block, wordOf(w), true);
        };
        for (int64_t i = 0; i < queries.count; ++i) {
          ScoreWords of = {words[i], zeros[i], key, {}};
          if (buffers.getKeyZeros())
            of.keyZeros = keyZeros;
          Value s = scoreDot->score(of);
          if (!apart)
            s = finish(s, i, block, live);
          b.storeLanes(s, numbers, numberLanes(block, i));
        }
        return {};
      });
  if (!apart)
    return;
  forVectors(
      queries, {},
      [&](Value block, ArrayRef<Value> live, ValueRange) -> SmallVector<Value> {
        for (int64_t i = 0; i < queries.count; ++i) {
          SmallVector<Value> at = numberLanes(block, i);
          b.storeLanes(finish(b.loadLanes(numbers, at), i, block, live),
                       numbers, at);
        }
        return {};
      });
}

// The most of each query's scores. Not in the loop that computes them: with
// zeros, 16 registers are full there.
SmallVector<Value> Attention::maxima(const Queries &queries) {
  SmallVector<Value> none(queries.count,
                          b.splatF32(-std::numeric_limits<float>::infinity()));
  SmallVector<Value> most = forVectors(
      queries, none, [&](Value block, ArrayRef<Value> live, ValueRange acc) {
        SmallVector<Value> next;
        for (int64_t i = 0; i < queries.count; ++i) {
          Value s = b.loadLanes(numbers, numberLanes(block, i));
          Value more = b.does(Instructions::MaximumFloats)
                           ? Value(b.create<arith::MaximumFOp>(acc[i], s))
                           : b.combine(ReduceKind::Max, acc[i], s);
          next.push_back(selectLive(b, live, i, more, acc[i]));
        }
        return next;
      });
  // Which of two zeros is the larger makes no difference to what is left of a
  // score, and with a NaN among them the sum of exponentials is NaN.
  for (Value &lanes : most)
    lanes = b.does(Instructions::MaximumFloats)
                ? Value(b.create<vector::ReductionOp>(
                      vector::CombiningKind::MAXIMUMF, lanes))
                : b.fold(lanes, ReduceKind::Max);
  return most;
}

// Replaces the scores by exp(score - most) and returns the sum of each query.
SmallVector<Value> Attention::expSums(const Queries &queries, ValueRange most) {
  SmallVector<Value> shifts;
  for (Value value : most)
    shifts.push_back(b.splat(value));
  Value pastEnd = expPastEnd();
  SmallVector<Value> zeros(shifts.size(), b.splatF32(0));
  SmallVector<Value> sums = forVectors(
      queries, zeros, [&](Value block, ArrayRef<Value> live, ValueRange acc) {
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
          b.storeLanes(pastEnd ? selectLive(b, live, i, e, pastEnd) : e,
                       numbers, at);
          e = selectLive(b, live, i, e, b.splatF32(0));
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
  Value row = b.add(b.mul(queries.sentence, queryTokens), queries.first);
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
    ContextWords words = {queries.count, panelsOf(valid), queries.groups,
                          probability,   value,           {},
                          ones()};
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

// Whether a mask has one row a sentence.
static bool isRow(Value mask) {
  return cast<MemRefType>(mask.getType()).getRank() == 2;
}

// Allocates what one sentence needs.
void Attention::allocateScratch() {
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  Value lanes = b.index(kLanes);
  Value valueRows = b.mul(b.index(planes * heads), groups);
  Value valueColumns = b.index(channelBlocks * kLanes);
  keyParts = buffers.getKeyZeros() ? 2 : 1;
  // IR written by hand may have sizes that wrap: no caller has such rows.
  Value keyRows =
      b.index(static_cast<int64_t>(uint64_t(planes) * uint64_t(heads) *
                                   uint64_t(headWords) * uint64_t(keyParts)));
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
  // Those of more rows are read where they are.
  maskRow = rows;
  if (llvm::any_of(buffers.getMasks(), isRow))
    rows += buffers.getMasks().size();
  if (buffers.getResidual())
    residualRow = rows++;
  numbers = scratch({blocks, b.index(rows), lanes}, f32);
  bits = scratch({b.index(std::max(planes, tileQueries)), groups}, i32);
  allocate();
}

void Attention::emit() {
  zero = b.index(0);
  Value sentences = b.dim(buffers.getQuery(), 0);
  queryTokens = b.dim(buffers.getQuery(), 1);
  tokens = op.getCross() ? b.dim(buffers.getKey(), 1) : queryTokens;
  groups = b.create<arith::DivUIOp>(b.offset(tokens, kWordBits - 1),
                                    b.index(kWordBits));
  blocks = b.mul(groups, b.index(kWordBits / kLanes));
  allocateScratch();

  Value masked;
  if (buffers.getQueryZeros() || buffers.getKeyZeros())
    masked = hasZeros();

  // Without a causal mask all queries see the same tokens.
  if (!op.getCausal())
    fillPastEnd(queriesAt(zero, zero, tileQueries));
  b.loop(zero, sentences, 1, [&](Value sentence) {
    layOut(sentence);
    b.tileRows(zero, queryTokens, tileQueries, [&](Value first, int64_t count) {
      Queries queries = queriesAt(sentence, first, count);
      if (op.getCausal())
        fillPastEnd(queries);
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
  if (op.getThreshold())
    storeProbabilities(queries, {});
  else
    storeProbabilities(queries, expSums(queries, maxima(queries)));
  emitContext(queries, head);
}

void bnn::emitKernel(KernelBuilder &b, AttentionOp op,
                     AttentionOp::Adaptor buffers, TargetAttr target) {
  if (op.getProbability()) {
    createIntegerAttention(b, op, buffers)->emit();
    return;
  }
  DotAttr dot = getDot(b.getContext(), target, DotKind::XorCount);
  createBitAttention(b, op, buffers, dot)->emit();
}
