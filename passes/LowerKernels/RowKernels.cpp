//===- RowKernels.cpp - Kernels that go row by row ------------------------===//
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/LowerKernels/KernelBuilder.h"

using namespace mlir;
using namespace bnn;

void bnn::emitBinarize(KernelBuilder &b, BinarizeOp op,
                       BinarizeOp::Adaptor buffers) {
  auto rows = cast<RowsAttr>(getLayout(op.getOuts()[0].getType()));
  int64_t columns = cast<ShapedType>(op.getInput().getType()).getShape().back();
  Value input = b.rows2d(buffers.getInput());
  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  SmallVector<Value> shifts;
  if (buffers.getShift())
    shifts.push_back(buffers.getShift());
  EpilogueParams params(b, shifts);
  Value zero = b.splatF32(0);
  b.loop(b.index(0), b.dim(input, 0), 1, [&](Value row) {
    forUnits(
        b, columns, rows.getGroup(),
        [&](Value, Value channel, Value word, int64_t valid) {
          params.loadChannels(b, channel, valid);
          SmallVector<SmallVector<Value>> panels;
          for (int64_t j = 0; j < panelsOf(valid); ++j) {
            int64_t lanes = std::min(kLanes, valid - j * kLanes);
            Value v =
                b.loadLanes(input, {row, b.offset(channel, j * kLanes)}, lanes);
            for (Value shift : params.vectors(b, row, j))
              v = b.create<arith::AddFOp>(v, shift);
            panels.push_back(
                {b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, v, zero)});
            if (op.getOuts().size() == 2)
              panels.back().push_back(
                  b.create<arith::CmpFOp>(arith::CmpFPredicate::UEQ, v, zero));
          }
          outputs.store(b, row, channel, word, valid, panels);
        });
  });
}

void bnn::emitEmbedding(KernelBuilder &b, EmbeddingOp op,
                        EmbeddingOp::Adaptor buffers) {
  ArrayRef<int64_t> shape =
      cast<ShapedType>(op.getTable().getType()).getShape();
  Value ids = b.flat(buffers.getIds());
  Value out = b.rows2d(buffers.getOuts()[0]);
  Value table = buffers.getTable();
  Value iota = b.iota();
  b.loop(b.index(0), b.dim(ids, 0), 1, [&](Value token) {
    Value id = b.tableRow(b.load(ids, token), shape[0]);
    Value scale = b.load(buffers.getScale(), id);
    Value positive = b.splat(scale);
    Value minus = b.create<arith::NegFOp>(positive);
    forUnits(b, shape[1], shape[1],
             [&](Value, Value channel, Value word, int64_t valid) {
               Value bits = b.splat(b.load(table, {id, word}));
               for (int64_t j = 0; j < panelsOf(valid); ++j) {
                 Value lane = b.add(iota, b.splatI32(j * kLanes));
                 Value bit = b.create<arith::AndIOp>(
                     b.create<arith::ShRUIOp>(bits, lane), b.splatI32(1));
                 Value isOne = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne,
                                                       bit, b.splatI32(0));
                 Value v = b.create<arith::SelectOp>(isOne, positive, minus);
                 b.storeLanes(v, out, {token, b.offset(channel, j * kLanes)},
                              std::min(kLanes, valid - j * kLanes));
               }
             });
  });
}

void bnn::emitLowRank(KernelBuilder &b, LowRankOp op,
                      LowRankOp::Adaptor buffers) {
  // Rows in flight hide the latency of the chain of fma.
  constexpr int64_t kTileRows = 4;
  int64_t columns =
      cast<ShapedType>(op.getWeight().getType()).getShape().back();
  Value input = b.rows2d(buffers.getInput());
  Value out = b.rows2d(buffers.getOuts()[0]);
  Value weight = buffers.getWeight();
  for (int64_t first = 0; first < columns; first += kLanes) {
    int64_t valid = std::min(kLanes, columns - first);
    Value column = b.index(first);
    Value bias = b.loadLanes(buffers.getBias(), column, valid);
    b.tileRows(b.dim(input, 0), kTileRows, [&](Value row, int64_t count) {
      SmallVector<Value> init(count, b.splatF32(0));
      SmallVector<Value> sums = b.loop(
          b.index(0), b.dim(input, 1), 1, init, [&](Value k, ValueRange acc) {
            Value w = b.loadLanes(weight, {k, column}, valid);
            SmallVector<Value> next;
            for (int64_t i = 0; i < count; ++i) {
              Value x = b.splat(b.load(input, {b.offset(row, i), k}));
              next.push_back(b.create<math::FmaOp>(x, w, acc[i]));
            }
            return next;
          });
      for (int64_t i = 0; i < count; ++i)
        b.storeLanes(b.create<arith::AddFOp>(sums[i], bias), out,
                     {b.offset(row, i), column}, valid);
    });
  }
}

void bnn::emitReduce(KernelBuilder &b, bnn::ReduceOp op,
                     bnn::ReduceOp::Adaptor buffers) {
  const ReduceKind kind = op.getKind();
  Value input = b.rows2d(buffers.getInput()),
        out = b.flat(buffers.getOuts()[0]);
  Value columns = b.dim(input, 1);
  Value whole = b.mul(b.create<arith::DivUIOp>(columns, b.index(kLanes)),
                      b.index(kLanes));
  Value rest = b.create<arith::SubIOp>(columns, whole);
  b.loop(b.index(0), b.dim(input, 0), 1, [&](Value row) {
    Value partial = b.loop(
        b.index(0), whole, kLanes, b.splatF32(KernelBuilder::neutral(kind)),
        [&](Value k, ValueRange acc) -> SmallVector<Value> {
          return {b.combine(kind, acc[0], b.loadLanes(input, {row, k}))};
        })[0];
    // The elements past the last whole vector, in their lanes.
    VectorType vectorType = b.vectorOf(b.getF32Type());
    Value mask =
        b.create<vector::CreateMaskOp>(b.vectorOf(b.getI1Type()), rest);
    Value tail = b.create<vector::MaskedLoadOp>(
        vectorType, input, ValueRange{row, whole}, mask, b.splatF32(0));
    partial = b.create<arith::SelectOp>(mask, b.combine(kind, partial, tail),
                                        partial);
    b.store(b.fold(partial, kind), out, row);
  });
}
