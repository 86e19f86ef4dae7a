//===- LowerReference.cpp - The meaning of the bnn dialect ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerReference/LowerReference.h"
#include "dialects/BNN/BNN.h"
#include "dialects/BNN/BNNTarget.h"
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Support/BufferConversion.h"
#include "passes/Support/LoopBuilder.h"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_LOWERREFERENCE
#include "passes/LowerReference/LowerReference.h.inc"

namespace {

// The body of an epilogue on one element.
SmallVector<Value> inlineBody(LoopBuilder &b, Block &block,
                              ValueRange arguments) {
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &op : block.without_terminator())
    b.insert(op.clone(mapping));
  SmallVector<Value> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(mapping.lookupOrDefault(value));
  return results;
}

// An element, of the type that `logical` has, as the number it stands for.
Value number(LoopBuilder &b, Value logical, Value buffer, ValueRange at) {
  auto bits = cast<BitsType>(getElementTypeOrSelf(logical));
  // A few bits do not reach the sign of the byte that holds them.
  if (bits.isByte() && !bits.getIsSigned())
    return b.create<arith::ExtUIOp>(b.getI32Type(), b.load(buffer, at));
  return b.create<arith::ExtSIOp>(b.getI32Type(), b.load(buffer, at));
}

// The same, or 0 where the mask says so.
Value numberOrZero(LoopBuilder &b, Value logical, Value buffer, Value zeros,
                   ValueRange at) {
  Value value = number(b, logical, buffer, at);
  if (!zeros)
    return value;
  Value isZero = b.create<arith::CmpIOp>(
      arith::CmpIPredicate::ne,
      b.create<arith::ExtSIOp>(b.getI32Type(), b.load(zeros, at)), b.i32(0));
  return b.create<arith::SelectOp>(isZero, b.i32(0), value);
}

// Stores an i1 as a bit of the type of `logical`, an i32 as an integer of a few
// bits, and anything else as it is.
void storeElement(LoopBuilder &b, Value value, Value logical, Value buffer,
                  ValueRange at) {
  if (auto bits = dyn_cast<BitsType>(getElementTypeOrSelf(logical))) {
    Type i8 = b.getI8Type();
    if (bits.getWidth() > 1) {
      // The low bits count.
      Value shift = b.i32(32 - bits.getWidth());
      value = b.create<arith::ShLIOp>(value, shift);
      value = bits.getIsSigned() ? Value(b.create<arith::ShRSIOp>(value, shift))
                                 : b.create<arith::ShRUIOp>(value, shift);
      value = b.create<arith::TruncIOp>(i8, value);
    } else {
      Value plus = b.create<arith::ConstantIntOp>(1, 8);
      Value other =
          b.create<arith::ConstantIntOp>(bits.getIsSigned() ? -1 : 0, 8);
      value = b.create<arith::SelectOp>(value, plus, other);
    }
  }
  b.store(value, buffer, at);
}

// round(v / step), half to even, in the range of `type`, as an i32; NaN is 0.
Value quantised(LoopBuilder &b, Value v, Value step, BitsType type) {
  Value rounded = b.create<math::RoundEvenOp>(b.create<arith::DivFOp>(v, step));
  Value isNaN =
      b.create<arith::CmpFOp>(arith::CmpFPredicate::UNO, rounded, rounded);
  Value number = b.create<arith::SelectOp>(isNaN, b.f32(0), rounded);
  number = b.select(arith::CmpFPredicate::OGT, number, b.f32(type.getLeast()));
  number = b.select(arith::CmpFPredicate::OLT, number, b.f32(type.getMost()));
  return b.create<arith::FPToSIOp>(b.getI32Type(), number);
}

// round(v / step), half to even, plus the zero point (null: 0), in the range of
// `type`, as an i32; NaN is the least.
Value quantisedByte(LoopBuilder &b, Value v, Value step, Value zeroPoint,
                    BitsType type) {
  Value number = b.create<math::RoundEvenOp>(b.create<arith::DivFOp>(v, step));
  if (zeroPoint) {
    Value least = b.i32(type.getLeast()), most = b.i32(type.getMost());
    zeroPoint = b.create<arith::MaxSIOp>(zeroPoint, least);
    zeroPoint = b.create<arith::MinSIOp>(zeroPoint, most);
    number = b.create<arith::AddFOp>(
        number, b.create<arith::SIToFPOp>(b.getF32Type(), zeroPoint));
  }
  // Above 2^24 the sum may be rounded, and is out of range all the same.
  number = b.select(arith::CmpFPredicate::OGT, number, b.f32(type.getLeast()));
  number = b.select(arith::CmpFPredicate::OLT, number, b.f32(type.getMost()));
  return b.create<arith::FPToSIOp>(b.getI32Type(), number);
}

// sum over i in [0, count) of f(i), in the order of i, from `init`.
Value sequence(LoopBuilder &b, Value count, Value init,
               llvm::function_ref<Value(Value, Value)> next) {
  return b.loop(b.index(0), count, 1, init,
                [&](Value i, ValueRange acc) -> SmallVector<Value> {
                  return {next(i, acc[0])};
                })[0];
}

// Reduces f(0), f(1), ... in the canonical order of bnn.reduce.
Value canonical(LoopBuilder &b, ReduceKind kind, Value count, Value partials,
                llvm::function_ref<Value(Value)> f) {
  Value lanes = b.index(kLanes), zero = b.index(0);
  b.loop(zero, lanes, 1, [&](Value l) {
    b.store(b.f32(LoopBuilder::neutral(kind)), partials, l);
  });
  b.loop(zero, count, 1, [&](Value k) {
    Value l = b.create<arith::RemUIOp>(k, lanes);
    b.store(b.combine(kind, b.load(partials, l), f(k)), partials, l);
  });
  for (int64_t width = kLanes / 2; width >= 1; width /= 2)
    b.loop(zero, b.index(width), 1, [&](Value l) {
      Value high = b.load(partials, b.offset(l, width));
      b.store(b.combine(kind, b.load(partials, l), high), partials, l);
    });
  return b.load(partials, zero);
}

Value allocPartials(LoopBuilder &b) {
  return b.create<memref::AllocOp>(MemRefType::get({kLanes}, b.getF32Type()));
}

// Elements of an op's parameters at row `m`, output `n`.
SmallVector<Value> paramElements(LoopBuilder &b, ValueRange params, Value m,
                                 Value n) {
  SmallVector<Value> result;
  for (Value param : params) {
    auto type = dyn_cast<MemRefType>(param.getType());
    if (!type)
      result.push_back(param);
    else if (type.getRank() == 1)
      result.push_back(b.load(param, n));
    else
      result.push_back(b.load(param, {m, n}));
  }
  return result;
}

SmallVector<Value> paramRows(LoopBuilder &b, ValueRange params) {
  SmallVector<Value> result;
  for (Value param : params) {
    auto type = dyn_cast<MemRefType>(param.getType());
    result.push_back(type && type.getRank() > 1 ? b.rows2d(param) : param);
  }
  return result;
}

SmallVector<Value> allRows(LoopBuilder &b, ValueRange buffers) {
  SmallVector<Value> result;
  for (Value buffer : buffers)
    result.push_back(b.rows2d(buffer));
  return result;
}

void lower(LoopBuilder &b, BinarizeOp op, BinarizeOp::Adaptor in) {
  Value x = b.rows2d(in.getInput());
  Value level = b.f32(op.getLevel());
  SmallVector<Value> outs = allRows(b, in.getOuts());
  b.loop(b.index(0), b.dim(x, 0), 1, [&](Value m) {
    b.loop(b.index(0), b.dim(x, 1), 1, [&](Value k) {
      Value v = b.load(x, {m, k});
      if (in.getShift())
        v = b.create<arith::AddFOp>(v, b.load(in.getShift(), k));
      storeElement(b, b.create<arith::CmpFOp>(op.getPredicate(), v, level),
                   op.getOuts()[0], outs[0], {m, k});
      if (outs.size() == 2)
        storeElement(b, b.isNeither(v, level), op.getOuts()[1], outs[1],
                     {m, k});
    });
  });
}

void lower(LoopBuilder &b, QuantizeOp op, QuantizeOp::Adaptor in) {
  Value x = b.rows2d(in.getInput()), out = b.rows2d(in.getOuts()[0]);
  auto type = cast<BitsType>(getElementTypeOrSelf(op.getOuts()[0]));
  b.loop(b.index(0), b.dim(x, 0), 1, [&](Value m) {
    b.loop(b.index(0), b.dim(x, 1), 1, [&](Value k) {
      Value v = b.load(x, {m, k});
      if (in.getShift())
        v = b.create<arith::AddFOp>(v, b.load(in.getShift(), k));
      if (in.getMinimum())
        v = b.create<arith::SubFOp>(v, in.getMinimum());
      Value q = type.isByte()
                    ? quantisedByte(b, v, in.getStep(), in.getZeroPoint(), type)
                    : quantised(b, v, in.getStep(), type);
      storeElement(b, q, op.getOuts()[0], out, {m, k});
    });
  });
}

// What an accumulator becomes by input[m, k] and weight[n, k], in f32.
Value accumulateFloats(LoopBuilder &b, MatmulOp op, Value sum, Value x, Value w,
                       Value m, Value n, Value k) {
  Value value = b.load(x, {m, k});
  if (hasOutputsSideBySide(op.getDotKind())) {
    Value weight;
    if (getElementTypeOrSelf(op.getWeight()).isF32())
      weight = b.load(w, {k, n});
    else
      weight = b.create<arith::SIToFPOp>(b.getF32Type(),
                                         number(b, op.getWeight(), w, {k, n}));
    return b.create<math::FmaOp>(value, weight, sum);
  }
  Value isPlus =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::sgt,
                              number(b, op.getWeight(), w, {n, k}), b.i32(0));
  Value other = b.create<arith::NegFOp>(value);
  return b.create<arith::AddFOp>(
      sum, b.create<arith::SelectOp>(isPlus, value, other));
}

// What the correction adds to the sum of output n of row m.
Value corrected(LoopBuilder &b, MatmulOp op, Value sum, Value correction,
                Value m, Value n) {
  Value lanes = b.index(kLanes);
  auto [isOne, column] = b.correctedColumn(b.create<arith::DivUIOp>(n, lanes),
                                           op.getCorrectedBlocks());
  Value at = b.add(column, b.create<arith::RemUIOp>(n, lanes));
  return b.add(sum, b.create<arith::SelectOp>(
                        isOne, b.load(correction, {m, at}), b.i32(0)));
}

void lower(LoopBuilder &b, MatmulOp op, MatmulOp::Adaptor in) {
  Value x = b.rows2d(in.getInput()), w = in.getWeight();
  Value correction =
      in.getCorrection() ? b.rows2d(in.getCorrection()) : Value();
  Value zeros = in.getZeros() ? b.rows2d(in.getZeros()) : Value();
  SmallVector<Value> outs = allRows(b, in.getOuts());
  SmallVector<Value> params = paramRows(b, in.getParams());
  const bool isExact = op.getLeadingTypes()[0].isInteger(32);
  b.loop(b.index(0), b.dim(x, 0), 1, [&](Value m) {
    b.loop(b.index(0), b.dim(outs[0], 1), 1, [&](Value n) {
      Value none = isExact ? b.i32(0) : b.f32(0);
      Value acc =
          sequence(b, b.dim(x, 1), none, [&](Value k, Value sum) -> Value {
            if (!isExact)
              return accumulateFloats(b, op, sum, x, w, m, n, k);
            Value left = numberOrZero(b, op.getInput(), x, zeros, {m, k});
            SmallVector<Value> at = {n, k};
            if (hasOutputsSideBySide(op.getDotKind()))
              std::swap(at[0], at[1]);
            return b.add(sum, b.mul(left, number(b, op.getWeight(), w, at)));
          });
      if (correction)
        acc = corrected(b, op, acc, correction, m, n);
      SmallVector<Value> arguments = {acc};
      arguments.append(paramElements(b, params, m, n));
      auto values = inlineBody(b, op.getEpilogue().front(), arguments);
      for (auto [value, logical, out] : llvm::zip(values, op.getOuts(), outs))
        storeElement(b, value, logical, out, {m, n});
    });
  });
}

Value keyTokens(LoopBuilder &b, AttentionOp op, AttentionOp::Adaptor in) {
  return b.dim(op.getCross() ? in.getKey() : in.getQuery(), 1);
}

// How many tokens of the key token i of the query sees.
Value seenTokens(LoopBuilder &b, AttentionOp op, AttentionOp::Adaptor in,
                 Value i) {
  Value tokens = keyTokens(b, op, in);
  if (!op.getCausal())
    return tokens;
  return b.create<arith::MinUIOp>(b.offset(i, 1), tokens);
}

// The outputs of a head, `size` channels from `first` on, for query i of
// sentence s, with quantised probabilities: exps[j] / sum.
void quantisedContext(LoopBuilder &b, AttentionOp op, AttentionOp::Adaptor in,
                      Value s, Value i, Value first, Value size, Value exps,
                      Value sum, ArrayRef<Value> params, ArrayRef<Value> outs) {
  auto type = cast<BitsType>(*op.getProbability());
  Value tokens = keyTokens(b, op, in), seen = seenTokens(b, op, in, i);
  Value m = b.add(b.mul(s, b.dim(in.getQuery(), 1)), i);
  b.loop(b.index(0), size, 1, [&](Value c) {
    Value n = b.add(first, c), zero = b.i32(0);
    auto value = [&](Value j) {
      return number(b, op.getValue(), in.getValue(), {s, j, n});
    };
    SmallVector<Value> arguments =
        b.loop(b.index(0), seen, 1, {zero, zero},
               [&](Value j, ValueRange sums) -> SmallVector<Value> {
                 Value p = b.create<arith::DivFOp>(b.load(exps, j), sum);
                 p = b.create<arith::SubFOp>(p, in.getMinimum());
                 p = quantised(b, p, in.getStep(), type);
                 Value v = value(j);
                 return {b.add(sums[0], b.mul(p, v)), b.add(sums[1], v)};
               });
    // The second sum is of all values.
    arguments[1] = b.loop(seen, tokens, 1, arguments[1],
                          [&](Value j, ValueRange sums) -> SmallVector<Value> {
                            return {b.add(sums[0], value(j))};
                          })[0];
    arguments.append(paramElements(b, params, m, n));
    auto values = inlineBody(b, op.getEpilogue().front(), arguments);
    for (auto [value, logical, out] : llvm::zip(values, op.getOuts(), outs))
      storeElement(b, value, logical, out, {m, n});
  });
}

// A score after the masks from `first` to `end`: for query i of sentence s and
// key j in head h.
Value masked(LoopBuilder &b, AttentionOp op, AttentionOp::Adaptor in,
             Value score, size_t first, size_t end, ArrayRef<Value> bhij) {
  for (size_t i = first; i < end; ++i) {
    Value mask = in.getMasks()[i];
    auto type = cast<MemRefType>(mask.getType());
    SmallVector<Value> at = {bhij[0], bhij[3]};
    if (type.getRank() == 4)
      at.assign(bhij.begin(), bhij.end());
    for (int64_t d = 0; d + 1 < type.getRank(); ++d)
      if (type.getRank() == 4 && type.getDimSize(d) == 1)
        at[d] = b.index(0);
    if (auto period = op.periodOf(i))
      at[0] = b.create<arith::RemUIOp>(at[0], b.index(*period));
    Value value = b.load(mask, at);
    score = b.applyMask(op.kindOf(i), score, value);
  }
  return score;
}

// The score of query i against key j, in head h, whose channels are `size` from
// `first` on.
Value score(LoopBuilder &b, AttentionOp op, AttentionOp::Adaptor in, Value s,
            Value h, Value i, Value j, Value first, Value size) {
  Value zero = b.index(0);
  Value dot = sequence(b, size, b.i32(0), [&](Value c, Value sum) -> Value {
    Value at = b.add(first, c);
    Value q = numberOrZero(b, op.getQuery(), in.getQuery(), in.getQueryZeros(),
                           {s, i, at});
    Value k =
        numberOrZero(b, op.getKey(), in.getKey(), in.getKeyZeros(), {s, j, at});
    return b.add(sum, b.mul(q, k));
  });
  Value value = b.create<arith::SIToFPOp>(b.getF32Type(), dot);
  if (!in.getLeft()) {
    value = b.create<arith::MulFOp>(value, in.getScale());
  } else {
    Value bracket =
        b.create<arith::MulFOp>(b.load(in.getLeft(), {s, i, zero}),
                                b.load(in.getRight(), {s, j, zero}));
    bracket = b.loop(b.index(1), b.dim(in.getLeft(), 2), 1, bracket,
                     [&](Value r, ValueRange acc) -> SmallVector<Value> {
                       return {b.create<math::FmaOp>(
                           b.load(in.getLeft(), {s, i, r}),
                           b.load(in.getRight(), {s, j, r}), acc[0])};
                     })[0];
    value = b.create<math::FmaOp>(value, in.getScale(), bracket);
  }
  size_t early = op.getEarlyMasks();
  value = masked(b, op, in, value, 0, early, {s, h, i, j});
  value =
      b.create<arith::DivFOp>(value, b.f32(op.getDivisor().convertToFloat()));
  return masked(b, op, in, value, early, op.getMasks().size(), {s, h, i, j});
}

// The outputs of a head, as above, with probabilities of one bit: of the keys
// whose element of `numbers` is above `cut`.
void bitContext(LoopBuilder &b, AttentionOp op, AttentionOp::Adaptor in,
                Value s, Value i, Value first, Value size, Value numbers,
                Value cut, Value partials, ArrayRef<Value> params,
                ArrayRef<Value> outs) {
  Value tokens = seenTokens(b, op, in, i);
  auto chosen = [&](Value j) -> Value {
    return b.create<arith::CmpFOp>(op.getInclusive()
                                       ? arith::CmpFPredicate::OGE
                                       : arith::CmpFPredicate::OGT,
                                   b.load(numbers, j), cut);
  };
  Value selected = b.f32(0);
  if (in.getResidual())
    selected =
        canonical(b, ReduceKind::Add, tokens, partials, [&](Value j) -> Value {
          return b.create<arith::SelectOp>(
              chosen(j), b.load(in.getResidual(), {s, j, b.index(0)}),
              b.f32(0));
        });
  b.loop(b.index(0), size, 1, [&](Value c) {
    Value n = b.add(first, c);
    Value acc = sequence(b, tokens, b.i32(0), [&](Value j, Value sum) -> Value {
      Value v = numberOrZero(b, op.getValue(), in.getValue(),
                             in.getValueZeros(), {s, j, n});
      return b.add(sum, b.create<arith::SelectOp>(chosen(j), v, b.i32(0)));
    });
    Value m = b.add(b.mul(s, b.dim(in.getQuery(), 1)), i);
    SmallVector<Value> arguments = {acc, selected};
    arguments.append(paramElements(b, params, m, n));
    auto values = inlineBody(b, op.getEpilogue().front(), arguments);
    for (auto [value, logical, out] : llvm::zip(values, op.getOuts(), outs))
      storeElement(b, value, logical, out, {m, n});
  });
}

void lower(LoopBuilder &b, AttentionOp op, AttentionOp::Adaptor in) {
  Value zero = b.index(0);
  Value channels = b.dim(in.getQuery(), 2);
  int64_t heads = op.getHeads();
  Value size = b.create<arith::DivUIOp>(channels, b.index(heads));
  auto row = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
  Value scores = b.create<memref::AllocOp>(row, keyTokens(b, op, in));
  Value partials = allocPartials(b);
  SmallVector<Value> outs = allRows(b, in.getOuts());
  SmallVector<Value> params = paramRows(b, in.getParams());
  auto head = [&](Value s, Value i, Value h) {
    Value first = b.mul(h, size), tokens = seenTokens(b, op, in, i);
    b.loop(zero, tokens, 1, [&](Value j) {
      b.store(score(b, op, in, s, h, i, j, first, size), scores, j);
    });
    if (op.getThreshold()) {
      bitContext(b, op, in, s, i, first, size, scores,
                 b.f32(op.getThreshold()->convertToFloat()), partials, params,
                 outs);
      return;
    }
    Value most = canonical(b, ReduceKind::Max, tokens, partials,
                           [&](Value j) { return b.load(scores, j); });
    b.loop(zero, tokens, 1, [&](Value j) {
      Value e = b.create<math::ExpOp>(
          b.create<arith::SubFOp>(b.load(scores, j), most));
      b.store(e, scores, j);
    });
    Value sum = canonical(b, ReduceKind::Add, tokens, partials,
                          [&](Value j) { return b.load(scores, j); });
    if (op.getProbability())
      quantisedContext(b, op, in, s, i, first, size, scores, sum, params, outs);
    else
      bitContext(b, op, in, s, i, first, size, scores,
                 b.create<arith::MulFOp>(in.getCutoff(), sum), partials, params,
                 outs);
  };
  b.loop(zero, b.dim(in.getQuery(), 0), 1, [&](Value s) {
    b.loop(zero, b.dim(in.getQuery(), 1), 1, [&](Value i) {
      b.loop(zero, b.index(heads), 1, [&](Value h) { head(s, i, h); });
    });
  });
}

void lower(LoopBuilder &b, EmbeddingOp op, EmbeddingOp::Adaptor in) {
  int64_t rows = cast<ShapedType>(op.getWeight().getType()).getDimSize(0);
  Value ids = b.flat(in.getIds()), out = b.rows2d(in.getOuts()[0]);
  b.loop(b.index(0), b.dim(ids, 0), 1, [&](Value token) {
    Value id = b.tableRow(b.load(ids, token), rows);
    Value scale = b.load(in.getScale(), id);
    Value minus = b.create<arith::NegFOp>(scale);
    b.loop(b.index(0), b.dim(in.getWeight(), 1), 1, [&](Value k) {
      Value positive = b.create<arith::CmpIOp>(
          arith::CmpIPredicate::sgt,
          number(b, op.getWeight(), in.getWeight(), {id, k}), b.i32(0));
      b.store(b.create<arith::SelectOp>(positive, scale, minus), out,
              {token, k});
    });
  });
}

void lower(LoopBuilder &b, bnn::ReduceOp op, bnn::ReduceOp::Adaptor in) {
  Value x = b.rows2d(in.getInput()), out = b.flat(in.getOuts()[0]);
  Value partials = allocPartials(b);
  b.loop(b.index(0), b.dim(x, 0), 1, [&](Value m) {
    Value value = canonical(b, op.getKind(), b.dim(x, 1), partials,
                            [&](Value k) { return b.load(x, {m, k}); });
    b.store(value, out, m);
  });
}

void lower(LoopBuilder &b, LayerNormOp op, LayerNormOp::Adaptor in) {
  Value x = b.rows2d(in.getInput());
  SmallVector<Value> outs = allRows(b, in.getOuts());
  SmallVector<Value> params = paramRows(b, in.getParams());
  Value partials = allocPartials(b);
  Value columns = b.dim(x, 1);
  Value count =
      b.f32(cast<ShapedType>(op.getInput().getType()).getShape().back());
  b.loop(b.index(0), b.dim(x, 0), 1, [&](Value m) {
    Value sum = canonical(b, ReduceKind::Add, columns, partials,
                          [&](Value k) { return b.load(x, {m, k}); });
    Value mean = b.create<arith::DivFOp>(sum, count);
    auto deviation = [&](Value k) -> Value {
      return b.create<arith::SubFOp>(b.load(x, {m, k}), mean);
    };
    Value squares =
        canonical(b, ReduceKind::Add, columns, partials, [&](Value k) -> Value {
          Value d = deviation(k);
          return b.create<arith::MulFOp>(d, d);
        });
    Value rest = canonical(b, ReduceKind::Add, columns, partials, deviation);
    Value center =
        b.create<arith::AddFOp>(mean, b.create<arith::DivFOp>(rest, count));
    Value r =
        b.reciprocalDeviation(squares, count, op.getEpsilon().convertToFloat());
    b.loop(b.index(0), columns, 1, [&](Value k) {
      Value d = b.create<arith::SubFOp>(b.load(x, {m, k}), center);
      Value y = b.create<math::FmaOp>(b.create<arith::MulFOp>(d, r),
                                      b.load(in.getScale(), k),
                                      b.load(in.getBias(), k));
      SmallVector<Value> values = {y};
      if (!op.getEpilogue().empty()) {
        values.append(paramElements(b, params, m, k));
        values = inlineBody(b, op.getEpilogue().front(), values);
      }
      for (auto [value, logical, out] : llvm::zip(values, op.getOuts(), outs))
        storeElement(b, value, logical, out, {m, k});
    });
  });
}

// One i8 per logical bit.
Type bytesOf(MemRefType type) {
  if (getLayout(type))
    return {};
  return MemRefType::get(type.getShape(),
                         IntegerType::get(type.getContext(), 8),
                         type.getLayout());
}

// The numbers that a constant's bits stand for.
ElementsAttr numbers(ConstantOp op, MemRefType storage) {
  auto bits = dyn_cast<DenseElementsAttr>(op.getBits());
  if (!bits)
    return {};
  auto type = cast<BitsType>(getElementTypeOrSelf(op.getType()));
  if (type.isByte())
    return bits;
  SmallVector<int8_t> values;
  values.reserve(bits.getNumElements());
  for (bool bit : bits.getValues<bool>())
    values.push_back(bit ? 1 : type.getIsSigned() ? -1 : 0);
  return DenseElementsAttr::get(
      RankedTensorType::get(storage.getShape(), storage.getElementType()),
      ArrayRef<int8_t>(values));
}

struct LowerReference : impl::LowerReferenceBase<LowerReference> {
  using LowerReferenceBase::LowerReferenceBase;

  void runOnOperation() override {
    BitsTypeConverter types(bytesOf);
    RewritePatternSet patterns(&getContext());
    addLoopPatterns<LoopBuilder>(
        patterns, types,
        [](LoopBuilder &b, auto op, auto in) { lower(b, op, in); });
    if (failed(convertBuffers(getOperation(), types, std::move(patterns),
                              numbers)))
      signalPassFailure();
  }
};

} // namespace
} // namespace mlir::bnn
