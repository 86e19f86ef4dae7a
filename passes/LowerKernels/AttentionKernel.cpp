//===- AttentionKernel.cpp - Attention over bits --------------------------===//
//
// For each sentence the keys and values are first laid out by token, so that a
// vector holds the same word of 16 keys, and a word holds the same channel of
// 32 values. Then one query at a time goes over all heads: 16 scores a vector,
// exp, the canonical sum, one bit a probability, and popcounts against the
// values. Only one row of scores exists at a time.
//
//===----------------------------------------------------------------------===//
#include "passes/LowerKernels/AttentionKernel.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bnn;

Attention::Attention(KernelBuilder &b, AttentionOp op,
                     AttentionOp::Adaptor buffers)
    : b(b), op(op), buffers(buffers) {
  planes = cast<BitsType>(getElementTypeOrSelf(op.getQuery())).getWidth();
  channels = cast<ShapedType>(op.getQuery().getType()).getShape().back();
  heads = op.getHeads();
  headSize = channels / heads;
  headWords = packedWords(headSize, headSize);
  channelBlocks = headWords * (kWordBits / kLanes);
}

// Uninitialised scratch for the whole op.
Value Attention::scratch(Value rows, Value columns, Type element) {
  SmallVector<int64_t> shape = {ShapedType::kDynamic, ShapedType::kDynamic};
  return b.create<memref::AllocOp>(MemRefType::get(shape, element),
                                   ValueRange{rows, columns});
}

// Whether every lane of every vector is a token.
bool Attention::isFull() {
  auto type = cast<MemRefType>(buffers.getQuery().getType());
  return !type.isDynamicDim(1) && type.getDimSize(1) % kWordBits == 0;
}

// The lanes of vector `block` that are tokens.
Value Attention::live(Value block) {
  Value left = b.create<arith::SubIOp>(tokens, b.mul(block, b.index(kLanes)));
  return b.create<vector::CreateMaskOp>(b.vectorOf(b.getI1Type()), left);
}

// `value` in the lanes of vector `block` that are tokens, `other` elsewhere.
Value Attention::selectLive(Value block, Value value, Value other) {
  if (isFull())
    return value;
  return b.create<arith::SelectOp>(live(block), value, other);
}

// Packed rows [B, S, words] of one sentence, turned: into[word][token].
Value Attention::byToken(Value source, Value sentence, Value into) {
  b.loop(zero, tokens, 1, [&](Value token) {
    b.loop(zero, b.dim(into, 0), 1, [&](Value word) {
      b.store(b.load(source, {sentence, token, word}), into, {word, token});
    });
  });
  return into;
}

// Packed rows [B, S, words] of one sentence, transposed as bits: bit t of
// into[head * groups + g][channel] is channel `channel` of token 32 g + t. The
// planes follow each other, as if each were more heads.
Value Attention::byChannel(Value source, Value sentence, Value into) {
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
  return into;
}

// [B, S, R] or [B, S] f32 of one sentence, turned: into[r][token].
Value Attention::columns(Value source, Value sentence, Value into) {
  bool isMatrix = cast<MemRefType>(source.getType()).getRank() == 3;
  b.loop(zero, tokens, 1, [&](Value token) {
    b.loop(zero, b.dim(into, 0), 1, [&](Value r) {
      SmallVector<Value> at = {sentence, token};
      if (isMatrix)
        at.push_back(r);
      b.store(b.load(source, at), into, {r, token});
    });
  });
  return into;
}

// bracket[j] = sum over r of left[query, r] * right[r, j].
void Attention::emitBracket(Value sentence, Value query) {
  Value rank = b.dim(right, 0);
  b.loop(zero, blocks, 1, [&](Value block) {
    Value at = b.mul(block, b.index(kLanes));
    auto terms = [&](Value r) -> std::pair<Value, Value> {
      return {b.splat(b.load(buffers.getLeft(), {sentence, query, r})),
              b.loadLanes(right, {r, at})};
    };
    auto [l, rr] = terms(zero);
    Value sum = b.create<arith::MulFOp>(l, rr);
    sum = b.loop(b.index(1), rank, 1, sum,
                 [&](Value r, ValueRange acc) -> SmallVector<Value> {
                   auto [l, rr] = terms(r);
                   return {b.create<math::FmaOp>(l, rr, acc[0])};
                 })[0];
    b.storeLanes(sum, bracket, {zero, at});
  });
}

// scores[j] of one head; -inf past the last token.
void Attention::emitScores(Value sentence, Value query, Value head,
                           bool masked) {
  Value firstWord = b.mul(head, b.index(headWords));
  Value scale = b.splat(buffers.getScale());
  Value divisor = b.splatF32(op.getDivisor().convertToFloat());
  SmallVector<Value> words, keep;
  for (int64_t w = 0; w < planes * headWords; ++w) {
    int64_t offset = w / headWords * heads * headWords + w % headWords;
    SmallVector<Value> at = {sentence, query, b.offset(firstWord, offset)};
    words.push_back(b.splat(b.load(buffers.getQuery(), at)));
    if (masked)
      keep.push_back(buffers.getQueryZeros()
                         ? b.splat(b.load(buffers.getQueryZeros(), at))
                         : b.splatI32(0));
  }
  b.loop(zero, blocks, 1, [&](Value block) {
    Value at = b.mul(block, b.index(kLanes));
    Value count = b.splatI32(0), base = b.splatI32(headSize);
    for (int64_t w = 0; w < headWords && planes == 1; ++w) {
      SmallVector<Value> key = {b.offset(firstWord, w), at};
      Value differ = b.create<arith::XOrIOp>(words[w], b.loadLanes(keys, key));
      if (masked) {
        Value zeros = keep[w];
        if (keyZeros)
          zeros = b.create<arith::OrIOp>(zeros, b.loadLanes(keyZeros, key));
        differ = b.create<arith::AndIOp>(differ, b.bitNot(zeros));
        base = b.create<arith::SubIOp>(base, b.popcount(zeros));
      }
      count = b.add(count, b.popcount(differ));
    }
    Value dot = planes == 1 ? b.create<arith::SubIOp>(base, b.add(count, count))
                            : planeScores(words, firstWord, at);
    Value s = b.create<arith::SIToFPOp>(b.vectorOf(b.getF32Type()), dot);
    s = bracket ? Value(b.create<math::FmaOp>(s, scale,
                                              b.loadLanes(bracket, {zero, at})))
                : Value(b.create<arith::MulFOp>(s, scale));
    s = b.create<arith::DivFOp>(s, divisor);
    if (mask)
      s = b.create<arith::AddFOp>(s, b.loadLanes(mask, {zero, at}));
    b.storeLanes(s, scores, {zero, at});
  });
  // Outside of the loop: only vectors of the last group may be short.
  if (isFull())
    return;
  Value none = b.splatF32(-std::numeric_limits<float>::infinity());
  for (int64_t i = 1; i <= kWordBits / kLanes; ++i) {
    Value block = b.offset(blocks, -i);
    SmallVector<Value> at = {zero, b.mul(block, b.index(kLanes))};
    b.storeLanes(selectLive(block, b.loadLanes(scores, at), none), scores, at);
  }
}

Value Attention::maximum() {
  Value none = b.splatF32(-std::numeric_limits<float>::infinity());
  Value most =
      b.loop(zero, blocks, 1, none,
             [&](Value block, ValueRange acc) -> SmallVector<Value> {
               Value at = b.mul(block, b.index(kLanes));
               Value s = b.loadLanes(scores, {zero, at});
               // Lanes past the end hold -inf, which would replace a
               // NaN that the definition keeps.
               return {selectLive(block, b.combine(ReduceKind::Max, acc[0], s),
                                  acc[0])};
             })[0];
  return b.fold(most, ReduceKind::Max);
}

// Replaces the scores by exp(score - most) and returns their sum. Past the end
// of a row that becomes bits there is -inf: no bit, whatever the cut.
Value Attention::expSum(Value most) {
  Value lanes = b.splat(most);
  Value none = b.splatF32(-std::numeric_limits<float>::infinity());
  Value sum = b.loop(zero, blocks, 1, b.splatF32(0),
                     [&](Value block, ValueRange acc) -> SmallVector<Value> {
                       Value at = b.mul(block, b.index(kLanes));
                       Value e = b.create<math::ExpOp>(b.create<arith::SubFOp>(
                           b.loadLanes(scores, {zero, at}), lanes));
                       Value kept =
                           planes == 1 ? selectLive(block, e, none) : e;
                       b.storeLanes(kept, scores, {zero, at});
                       e = selectLive(block, e, b.splatF32(0));
                       return {b.create<arith::AddFOp>(acc[0], e)};
                     })[0];
  return b.fold(sum, ReduceKind::Add);
}

// The probabilities above `cut`, as bits; how many there are, and the sum of
// their value residuals.
void Attention::probabilityBits(Value cut, Value &ones, Value &selected) {
  Value lanes = b.splat(cut);
  SmallVector<Value> init = {b.i32(0)};
  if (residual)
    init.push_back(b.splatF32(0));
  SmallVector<Value> sums =
      b.loop(zero, groups, 1, init, [&](Value group, ValueRange acc) {
        SmallVector<Value> masks;
        SmallVector<Value> next(acc.begin(), acc.end());
        for (int64_t half = 0; half < kWordBits / kLanes; ++half) {
          Value block =
              b.offset(b.mul(group, b.index(kWordBits / kLanes)), half);
          Value at = b.mul(block, b.index(kLanes));
          Value e = b.loadLanes(scores, {zero, at});
          Value above =
              b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, e, lanes);
          masks.push_back(above);
          if (residual) {
            Value term = b.create<arith::SelectOp>(
                above, b.loadLanes(residual, {zero, at}), b.splatF32(0));
            next[1] = b.create<arith::AddFOp>(next[1], term);
          }
        }
        Value word = b.packMasks(masks[0], masks[1]);
        b.store(word, bits, {zero, group});
        next[0] = b.add(next[0], b.popcount(word));
        return next;
      });
  ones = sums[0];
  selected = residual ? b.fold(sums[1], ReduceKind::Add) : b.f32(0);
}

// The output of one head of one token.
void Attention::emitContext(Value sentence, Value query, Value head, Value ones,
                            Value selected, OutputRows &outputs,
                            EpilogueParams &params) {
  const Value sources[] = {values, valueZeros};
  Value onesLanes = ones ? b.splat(ones) : Value();
  Value firstRow = b.mul(head, groups);
  Value row = b.add(b.mul(sentence, tokens), query);
  for (int64_t w = 0; w < headWords; ++w) {
    int64_t valid = std::min(kWordBits, headSize - w * kWordBits);
    Value channel = b.offset(b.mul(head, b.index(headSize)), w * kWordBits);
    Value word = b.offset(b.mul(head, b.index(headWords)), w);
    params.loadChannels(b, channel, valid);
    SmallVector<SmallVector<Value>> panels;
    for (int64_t j = 0; j < panelsOf(valid); ++j) {
      Value column = b.index(w * kWordBits + j * kLanes);
      SmallVector<Value> arguments;
      if (planes > 1) {
        arguments = {planeContext(head, column),
                     valueSums ? b.loadLanes(valueSums, {head, column})
                               : b.splatI32(0)};
        arguments.append(params.vectors(b, row, j));
        panels.push_back(b.vectorize(op.getEpilogue().front(), arguments));
        continue;
      }
      SmallVector<Value> init(valueZeros ? 2 : 1, b.splatI32(0));
      SmallVector<Value> counts =
          b.loop(zero, groups, 1, init, [&](Value group, ValueRange acc) {
            Value p = b.splat(b.load(bits, {zero, group}));
            SmallVector<Value> next;
            for (auto [source, count] : llvm::zip(sources, acc)) {
              Value v = b.loadLanes(source, {b.add(firstRow, group), column});
              next.push_back(
                  b.add(count, b.popcount(b.create<arith::AndIOp>(v, p))));
            }
            return next;
          });
      // +1 for each chosen one, -1 for each other chosen token; a zero was
      // counted as -1.
      Value dot =
          b.create<arith::SubIOp>(b.add(counts[0], counts[0]), onesLanes);
      if (valueZeros)
        dot = b.add(dot, counts[1]);
      arguments = {dot, b.splat(selected)};
      arguments.append(params.vectors(b, row, j));
      panels.push_back(b.vectorize(op.getEpilogue().front(), arguments));
    }
    outputs.store(b, row, channel, word, valid, panels);
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
  Value padded = b.mul(groups, b.index(kWordBits));

  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  Value one = b.index(1);
  Value keyRows = b.index(planes * heads * headWords);
  Value valueRows = b.mul(b.index(planes * heads), groups);
  Value valueColumns = b.index(channelBlocks * kLanes);
  keys = scratch(keyRows, padded, i32);
  if (buffers.getKeyZeros())
    keyZeros = scratch(keyRows, padded, i32);
  values = scratch(valueRows, valueColumns, i32);
  if (buffers.getValueZeros())
    valueZeros = scratch(valueRows, valueColumns, i32);
  if (buffers.getRight()) {
    right = scratch(b.dim(buffers.getRight(), 2), padded, f32);
    bracket = scratch(one, padded, f32);
  }
  if (buffers.getResidual())
    residual = scratch(one, padded, f32);
  if (buffers.getMask())
    mask = scratch(one, padded, f32);
  scores = scratch(one, padded, f32);
  bits = scratch(b.index(planes), groups, i32);
  // Only a minimum of the probabilities needs them.
  if (planes > 1 && !op.getEpilogue().getArgument(1).use_empty())
    valueSums = scratch(b.index(heads), valueColumns, i32);

  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  EpilogueParams params(b, buffers.getParams());
  Value masked;
  if (buffers.getQueryZeros() || buffers.getKeyZeros())
    masked = hasZeros();

  b.loop(zero, sentences, 1, [&](Value sentence) {
    byToken(buffers.getKey(), sentence, keys);
    if (keyZeros)
      byToken(buffers.getKeyZeros(), sentence, keyZeros);
    byChannel(buffers.getValue(), sentence, values);
    if (valueZeros)
      byChannel(buffers.getValueZeros(), sentence, valueZeros);
    if (valueSums)
      emitValueSums();
    if (right)
      columns(buffers.getRight(), sentence, right);
    if (residual)
      columns(buffers.getResidual(), sentence, residual);
    if (mask)
      columns(buffers.getMask(), sentence, mask);
    b.loop(zero, tokens, 1, [&](Value query) {
      if (bracket)
        emitBracket(sentence, query);
      b.loop(zero, b.index(heads), 1, [&](Value head) {
        if (masked) {
          auto branch = b.create<scf::IfOp>(masked, /*withElseRegion=*/true);
          for (bool which : {true, false}) {
            OpBuilder::InsertionGuard guard(b);
            b.setInsertionPointToStart(which ? branch.thenBlock()
                                             : branch.elseBlock());
            emitScores(sentence, query, head, which);
          }
        } else {
          emitScores(sentence, query, head, false);
        }
        Value sum = expSum(maximum());
        Value ones, selected;
        if (planes > 1)
          probabilityPlanes(sum);
        else
          probabilityBits(b.create<arith::MulFOp>(buffers.getCutoff(), sum),
                          ones, selected);
        emitContext(sentence, query, head, ones, selected, outputs, params);
      });
    });
  });
  outputs.finish(b);
}

void bnn::emitAttention(KernelBuilder &b, AttentionOp op,
                        AttentionOp::Adaptor buffers) {
  Attention(b, op, buffers).emit();
}
