//===- AttentionKernel.cpp - Attention over bits --------------------------===//
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
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bnn;

Attention::Attention(KernelBuilder &b, AttentionOp op,
                     AttentionOp::Adaptor buffers, TargetAttr target)
    : b(b), op(op), buffers(buffers),
      outputs(b, op.getOuts(), buffers.getOuts()),
      params(b, buffers.getParams()) {
  planes = cast<BitsType>(getElementTypeOrSelf(op.getQuery())).getWidth();
  channels = cast<ShapedType>(op.getQuery().getType()).getShape().back();
  heads = op.getHeads();
  headSize = channels / heads;
  headWords = packedWords(headSize, headSize);
  channelBlocks = headWords * (kWordBits / kLanes);
  // The planes of one query fill the registers.
  tileQueries = target && planes == 1 ? target.getQueries() : 1;
}

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

// Computes scores[i][j] of one head.
void Attention::emitScores(const Queries &queries, Value head, bool masked) {
  Value firstWord = b.mul(head, b.index(headWords));
  Value scale = b.splat(buffers.getScale());
  Value divisor = b.splatF32(op.getDivisor().convertToFloat());
  SmallVector<SmallVector<Value>> words(queries.count), keep(queries.count);
  for (int64_t i = 0; i < queries.count; ++i)
    for (int64_t w = 0; w < planes * headWords; ++w) {
      int64_t offset = w / headWords * heads * headWords + w % headWords;
      SmallVector<Value> at = {queries.sentence, queries.at(b, i),
                               b.offset(firstWord, offset)};
      words[i].push_back(b.splat(b.load(buffers.getQuery(), at)));
      if (masked)
        keep[i].push_back(buffers.getQueryZeros()
                              ? b.splat(b.load(buffers.getQueryZeros(), at))
                              : b.splatI32(0));
    }
  // The dot products of query i with the 16 keys of a vector, as f32.
  auto dots = [&](int64_t i, Value block) -> Value {
    auto toFloat = [&](Value v) -> Value {
      return b.create<arith::SIToFPOp>(b.vectorOf(b.getF32Type()), v);
    };
    if (planes > 1)
      return toFloat(planeScores(words[i], firstWord, block));
    Value count = b.splatI32(0), base = b.splatI32(headSize);
    for (int64_t w = 0; w < headWords; ++w) {
      Value word = b.offset(firstWord, w);
      Value differ = b.create<arith::XOrIOp>(
          words[i][w], keyLanes(block, word, /*ofZeros=*/false));
      if (masked) {
        Value zeros = keep[i][w];
        if (buffers.getKeyZeros())
          zeros = b.create<arith::OrIOp>(
              zeros, keyLanes(block, word, /*ofZeros=*/true));
        differ = b.create<arith::AndIOp>(differ, b.bitNot(zeros));
        base = b.create<arith::SubIOp>(base, b.popcount(zeros));
      }
      count = b.add(count, b.popcount(differ));
    }
    // The agreeing channels less the differing ones. In floats that takes one
    // operation less, and is exact up to 2^24.
    if (!masked && headSize <= 1 << 24)
      return b.create<math::FmaOp>(toFloat(count), b.splatF32(-2),
                                   b.splatF32(headSize));
    return toFloat(b.create<arith::SubIOp>(base, b.add(count, count)));
  };
  forVectors({}, [&](Value block, Value, ValueRange) -> SmallVector<Value> {
    for (int64_t i = 0; i < queries.count; ++i) {
      Value s = dots(i, block);
      if (buffers.getRight())
        s = b.create<math::FmaOp>(
            s, scale, b.loadLanes(numbers, numberLanes(block, bracketRow + i)));
      else
        s = b.create<arith::MulFOp>(s, scale);
      s = b.create<arith::DivFOp>(s, divisor);
      if (buffers.getMask())
        s = b.create<arith::AddFOp>(
            s, b.loadLanes(numbers, numberLanes(block, maskRow)));
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
// Past the end of a row that becomes bits there is -inf: no bit, whatever the
// cut.
SmallVector<Value> Attention::expSums(ValueRange most) {
  SmallVector<Value> shifts;
  for (Value value : most)
    shifts.push_back(b.splat(value));
  Value none = b.splatF32(-std::numeric_limits<float>::infinity());
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
      b.storeLanes(planes == 1 ? selectLive(b, live, e, none) : e, numbers, at);
      e = selectLive(b, live, e, b.splatF32(0));
      next.push_back(b.create<arith::AddFOp>(acc[i], e));
    }
    return next;
  });
  for (Value &sum : sums)
    sum = b.fold(sum, ReduceKind::Add);
  return sums;
}

// The probabilities above `cuts`, as bits; how many each query has, and the sum
// of their value residuals.
SmallVector<Attention::Chosen> Attention::probabilityBits(ValueRange cuts) {
  constexpr int64_t halves = kWordBits / kLanes;
  const bool hasResidual = bool(buffers.getResidual());
  SmallVector<Value> lanes, init;
  for (Value cut : cuts) {
    lanes.push_back(b.splat(cut));
    init.push_back(b.i32(0));
    if (hasResidual)
      init.push_back(b.splatF32(0));
  }
  const size_t sums = init.size() / cuts.size();
  SmallVector<Value> found =
      b.loop(zero, groups, 1, init, [&](Value group, ValueRange acc) {
        SmallVector<Value> next(acc.begin(), acc.end());
        for (auto [i, cut] : llvm::enumerate(lanes)) {
          SmallVector<Value> masks;
          for (int64_t half = 0; half < halves; ++half) {
            Value block = b.offset(b.mul(group, b.index(halves)), half);
            Value above = b.create<arith::CmpFOp>(
                arith::CmpFPredicate::OGT,
                b.loadLanes(numbers, numberLanes(block, i)), cut);
            masks.push_back(above);
            if (hasResidual) {
              // The definition adds 0 for what is not chosen. That changes no
              // sum: none is -0.
              Value &sum = next[i * sums + 1];
              Value more = b.create<arith::AddFOp>(
                  sum, b.loadLanes(numbers, numberLanes(block, residualRow)));
              sum = b.create<arith::SelectOp>(above, more, sum);
            }
          }
          Value word = b.packMasks(masks[0], masks[1]);
          b.store(word, bits, {b.index(i), group});
          next[i * sums] = b.add(next[i * sums], b.popcount(word));
        }
        return next;
      });
  SmallVector<Chosen> chosen;
  for (size_t i = 0; i < cuts.size(); ++i)
    chosen.push_back({found[i * sums],
                      hasResidual ? b.fold(found[i * sums + 1], ReduceKind::Add)
                                  : b.f32(0)});
  return chosen;
}

// The sums of the chosen values of each query for the panels of one word of a
// head: +1 for each chosen one, -1 for each other chosen token; [query][panel].
SmallVector<Value> Attention::bitContext(Value firstRow, int64_t firstColumn,
                                         int64_t panels,
                                         ArrayRef<Chosen> chosen) {
  SmallVector<Value> sources = {values};
  if (valueZeros)
    sources.push_back(valueZeros);
  const size_t queries = chosen.size();
  auto index = [&](size_t source, size_t query, int64_t panel) {
    return (source * queries + query) * panels + panel;
  };
  SmallVector<Value> init(sources.size() * queries * panels, b.splatI32(0));
  SmallVector<Value> counts =
      b.loop(zero, groups, 1, init, [&](Value group, ValueRange acc) {
        SmallVector<Value> next(acc.begin(), acc.end()), p;
        for (size_t i = 0; i < queries; ++i)
          p.push_back(b.splat(b.load(bits, {b.index(i), group})));
        for (auto [s, source] : llvm::enumerate(sources))
          for (int64_t j = 0; j < panels; ++j) {
            Value v = b.loadLanes(source, {b.add(firstRow, group),
                                           b.index(firstColumn + j * kLanes)});
            for (size_t i = 0; i < queries; ++i) {
              Value &count = next[index(s, i, j)];
              count =
                  b.add(count, b.popcount(b.create<arith::AndIOp>(v, p[i])));
            }
          }
        return next;
      });
  SmallVector<Value> dots;
  for (auto [i, query] : llvm::enumerate(chosen)) {
    Value ones = b.splat(query.ones);
    for (int64_t j = 0; j < panels; ++j) {
      Value count = counts[index(0, i, j)];
      Value dot = b.create<arith::SubIOp>(b.add(count, count), ones);
      // A zero was counted as -1.
      dots.push_back(valueZeros ? b.add(dot, counts[index(1, i, j)]) : dot);
    }
  }
  return dots;
}

// Stores the outputs of one head of each query.
void Attention::emitContext(const Queries &queries, Value head,
                            ArrayRef<Chosen> chosen) {
  Value firstRow = b.mul(head, groups);
  Value row = b.add(b.mul(queries.sentence, tokens), queries.first);
  for (int64_t w = 0; w < headWords; ++w) {
    const int64_t valid = std::min(kWordBits, headSize - w * kWordBits);
    const int64_t panels = panelsOf(valid), firstColumn = w * kWordBits;
    Value word = b.offset(b.mul(head, b.index(headWords)), w);
    const UnitOfOutputs unit = {
        b.mul(word, b.index(kWordBits / kLanes)),
        b.offset(b.mul(head, b.index(headSize)), firstColumn), word, valid};
    params.loadChannels(b, unit.channel, valid);
    SmallVector<Value> dots;
    if (planes == 1)
      dots = bitContext(firstRow, firstColumn, panels, chosen);
    for (int64_t i = 0; i < queries.count; ++i) {
      SmallVector<SmallVector<Value>> outs;
      for (int64_t j = 0; j < panels; ++j) {
        Value column = b.index(firstColumn + j * kLanes);
        SmallVector<Value> arguments;
        if (planes > 1)
          arguments = {planeContext(head, column),
                       valueSums ? b.loadLanes(valueSums, {head, column})
                                 : b.splatI32(0)};
        else
          arguments = {dots[i * panels + j], b.splat(chosen[i].residual)};
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

void Attention::emit() {
  zero = b.index(0);
  Value sentences = b.dim(buffers.getQuery(), 0);
  tokens = b.dim(buffers.getQuery(), 1);
  groups = b.create<arith::DivUIOp>(b.offset(tokens, kWordBits - 1),
                                    b.index(kWordBits));
  blocks = b.mul(groups, b.index(kWordBits / kLanes));

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
  // Only a minimum of the probabilities needs them.
  if (planes > 1 && !op.getEpilogue().getArgument(1).use_empty())
    valueSums = scratch({b.index(heads), valueColumns}, i32);

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
  SmallVector<Value> sums = expSums(maxima(queries));
  SmallVector<Chosen> chosen;
  if (planes > 1) {
    probabilityPlanes(sums[0]);
  } else {
    for (Value &sum : sums)
      sum = b.create<arith::MulFOp>(buffers.getCutoff(), sum);
    chosen = probabilityBits(sums);
  }
  emitContext(queries, head, chosen);
}

void bnn::emitAttention(KernelBuilder &b, AttentionOp op,
                        AttentionOp::Adaptor buffers, TargetAttr target) {
  Attention(b, op, buffers, target).emit();
}
