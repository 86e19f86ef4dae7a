//===- LayerNormKernel.cpp - Normalisation of rows ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/LowerKernels/Kernels.h"

using namespace mlir;
using namespace mlir::bnn;

// Rows in flight hide the latency of the chains of additions. Of the second
// loop, with two sums a row, more would not fit the registers of AVX2 and NEON.
// Without vectors of f32 a row has chains enough, and registers for no more.
static constexpr int64_t kTileRows = 4, kRowsOfTwoSums = 2;

namespace {

// The loops of one normalisation.
class LayerNorm {
public:
  LayerNorm(KernelBuilder &b, LayerNormOp op, LayerNormOp::Adaptor buffers,
            TargetAttr target)
      : b(b), op(op), buffers(buffers),
        tileRows(getVectorLanes(target) ? kTileRows : 1),
        columns(cast<ShapedType>(op.getInput().getType()).getShape().back()),
        input(b.rows2d(buffers.getInput())),
        outputs(b, op.getOuts(), buffers.getOuts()),
        params(b, buffers.getParams()), out(b.rows2d(buffers.getOuts()[0])),
        count(b.f32(columns)) {}

  void emit() {
    b.tileRows(b.index(0), b.dim(input, 0), tileRows,
               [&](Value row, int64_t count) {
                 first = row;
                 rows = count;
                 emitTile();
               });
    outputs.finish(b);
  }

private:
  KernelBuilder &b;
  LayerNormOp op;
  LayerNormOp::Adaptor buffers;
  const int64_t tileRows;
  const int64_t columns;
  Value input;
  OutputRows outputs;
  EpilogueParams params;
  Value out; // without an epilogue
  Value count;
  // Of a tile: the first row, how many, and what each is normalised by.
  Value first;
  int64_t rows = 0;
  SmallVector<Value> means, scales;

  Value rowAt(int64_t i) { return b.offset(first, i); }
  void forVectors(
      SmallVector<Value> &carried,
      llvm::function_ref<SmallVector<Value>(Value, int64_t, ValueRange)> body);
  using Terms = llvm::function_ref<SmallVector<Value>(int64_t, Value)>;
  SmallVector<Value> sums(int64_t from, int64_t count, int64_t each,
                          Terms terms);
  Value normalised(int64_t i, Value k, int64_t valid);
  void emitTile();
  void emitOutputs(int64_t i);
};

} // namespace

// Calls `body(k, valid, carried)` for each vector of a row.
void LayerNorm::forVectors(
    SmallVector<Value> &carried,
    llvm::function_ref<SmallVector<Value>(Value, int64_t, ValueRange)> body) {
  const int64_t whole = columns / kLanes * kLanes, tail = columns % kLanes;
  carried =
      b.loop(b.index(0), b.index(whole), kLanes, carried,
             [&](Value k, ValueRange acc) { return body(k, kLanes, acc); });
  if (tail)
    carried = body(b.index(whole), tail, carried);
}

// The sums over each of `count` rows of `terms(i, vector)`, which has `each` of
// them: those of row `from` of the tile, those of the next one, ...
SmallVector<Value> LayerNorm::sums(int64_t from, int64_t count, int64_t each,
                                   Terms terms) {
  // Lanes past the end add +0.0, which changes no partial sum.
  auto add = [&](Value acc, Value value, int64_t valid) -> Value {
    if (valid < kLanes) {
      Value live = b.keepLanes(
          b.splat(b.create<arith::ConstantOp>(b.getBoolAttr(true))), valid);
      value = b.create<arith::SelectOp>(live, value, b.splatF32(0));
    }
    return b.create<arith::AddFOp>(acc, value);
  };
  SmallVector<Value> partials(count * each, b.splatF32(0));
  forVectors(partials, [&](Value k, int64_t valid, ValueRange acc) {
    SmallVector<Value> next;
    for (int64_t i = from; i < from + count; ++i) {
      Value x = b.loadLanes(input, {rowAt(i), k}, valid);
      for (Value term : terms(i, x))
        next.push_back(add(acc[next.size()], term, valid));
    }
    return next;
  });
  for (Value &partial : partials)
    partial = b.fold(partial, ReduceKind::Add);
  return partials;
}

// The vector of row `i` from `k` on.
Value LayerNorm::normalised(int64_t i, Value k, int64_t valid) {
  Value gamma = b.loadLanes(buffers.getScale(), k, valid);
  Value beta = b.loadLanes(buffers.getBias(), k, valid);
  Value d = b.create<arith::SubFOp>(b.loadLanes(input, {rowAt(i), k}, valid),
                                    means[i]);
  return b.create<math::FmaOp>(b.create<arith::MulFOp>(d, scales[i]), gamma,
                               beta);
}

void LayerNorm::emitTile() {
  means = sums(0, rows, 1,
               [](int64_t, Value x) -> SmallVector<Value> { return {x}; });
  for (Value &mean : means)
    mean = b.splat(b.create<arith::DivFOp>(mean, count));
  SmallVector<Value> deviations;
  for (int64_t i = 0; i < rows; i += kRowsOfTwoSums)
    deviations.append(sums(i, std::min(kRowsOfTwoSums, rows - i), 2,
                           [&](int64_t i, Value x) -> SmallVector<Value> {
                             Value d = b.create<arith::SubFOp>(x, means[i]);
                             return {d, b.create<arith::MulFOp>(d, d)};
                           }));
  scales.clear();
  for (int64_t i = 0; i < rows; ++i) {
    Value correction = b.create<arith::DivFOp>(deviations[2 * i], count);
    means[i] = b.create<arith::AddFOp>(means[i], b.splat(correction));
    scales.push_back(b.splat(b.reciprocalDeviation(
        deviations[2 * i + 1], count, op.getEpsilon().convertToFloat())));
  }
  if (!op.getEpilogue().empty()) {
    // The outputs of a row keep the registers busy.
    for (int64_t i = 0; i < rows; ++i)
      emitOutputs(i);
    return;
  }
  SmallVector<Value> nothing;
  forVectors(nothing, [&](Value k, int64_t valid, ValueRange) {
    for (int64_t i = 0; i < rows; ++i)
      b.storeLanes(normalised(i, k, valid), out, {rowAt(i), k}, valid);
    return SmallVector<Value>();
  });
}

// What the epilogue makes of row `i`.
void LayerNorm::emitOutputs(int64_t i) {
  forUnits(b, columns, columns, [&](const UnitOfOutputs &unit) {
    params.loadChannels(b, unit.channel, unit.valid);
    SmallVector<SmallVector<Value>> arguments;
    for (int64_t j = 0; j < panelsOf(unit.valid); ++j) {
      int64_t lanes = std::min(kLanes, unit.valid - j * kLanes);
      Value k = b.offset(unit.channel, j * kLanes);
      arguments.push_back({normalised(i, k, lanes)});
      arguments[j].append(params.vectors(b, rowAt(i), j));
    }
    outputs.storeOneByOne(b, rowAt(i), unit, op.getEpilogue().front(),
                          arguments);
  });
}

void bnn::emitKernel(KernelBuilder &b, LayerNormOp op,
                     LayerNormOp::Adaptor buffers, TargetAttr target) {
  LayerNorm(b, op, buffers, target).emit();
}
