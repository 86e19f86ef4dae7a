//===- RowKernels.cpp - Kernels that go row by row ------------------------===//
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/LowerKernels/KernelBuilder.h"

using namespace mlir;
using namespace mlir::bnn;

// Packs each element of the rows of `input`, with `shift` (or null) added:
// `element` gives the outputs' vectors of one vector of inputs.
static void packRows(KernelBuilder &b, Value logical, Value input, Value shift,
                     OutputRows &outputs,
                     llvm::function_ref<SmallVector<Value>(Value)> element) {
  auto type = cast<ShapedType>(logical.getType());
  auto rows = cast<RowsAttr>(getLayout(type));
  int64_t columns = type.getShape().back();
  Value source = b.rows2d(input);
  SmallVector<Value> shifts;
  if (shift)
    shifts.push_back(shift);
  EpilogueParams params(b, shifts);
  b.loop(b.index(0), b.dim(source, 0), 1, [&](Value row) {
    forUnits(b, columns, rows.getGroup(), [&](const UnitOfOutputs &unit) {
      auto [panel, channel, word, valid] = unit;
      params.loadChannels(b, channel, valid);
      SmallVector<SmallVector<Value>> panels;
      for (int64_t j = 0; j < panelsOf(valid); ++j) {
        int64_t lanes = std::min(kLanes, valid - j * kLanes);
        Value v =
            b.loadLanes(source, {row, b.offset(channel, j * kLanes)}, lanes);
        for (Value shift : params.vectors(b, row, j))
          v = b.create<arith::AddFOp>(v, shift);
        panels.push_back(element(v));
      }
      outputs.store(b, row, unit, panels);
    });
  });
  outputs.finish(b);
}

void bnn::emitBinarize(KernelBuilder &b, BinarizeOp op,
                       BinarizeOp::Adaptor buffers) {
  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  Value level = b.splatF32(op.getLevel());
  packRows(b, op.getOuts()[0], buffers.getInput(), buffers.getShift(), outputs,
           [&](Value v) {
             SmallVector<Value> values = {b.isAbove(v, level)};
             if (op.getOuts().size() == 2)
               values.push_back(b.isNeither(v, level));
             return values;
           });
}

void bnn::emitQuantize(KernelBuilder &b, QuantizeOp op,
                       QuantizeOp::Adaptor buffers) {
  auto type = cast<BitsType>(getElementTypeOrSelf(op.getOuts()[0]));
  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  Value step = b.splat(buffers.getStep()), minimum;
  if (buffers.getMinimum())
    minimum = b.splat(buffers.getMinimum());
  packRows(b, op.getOuts()[0], buffers.getInput(), buffers.getShift(), outputs,
           [&](Value v) -> SmallVector<Value> {
             if (minimum)
               v = b.create<arith::SubFOp>(v, minimum);
             return {b.quantizedBits(v, step, type)};
           });
}

void bnn::emitEmbedding(KernelBuilder &b, EmbeddingOp op,
                        EmbeddingOp::Adaptor buffers) {
  ArrayRef<int64_t> shape =
      cast<ShapedType>(op.getWeight().getType()).getShape();
  Value ids = b.flat(buffers.getIds());
  Value out = b.rows2d(buffers.getOuts()[0]);
  Value table = buffers.getWeight();
  Value iota = b.iota();
  b.loop(b.index(0), b.dim(ids, 0), 1, [&](Value token) {
    Value id = b.tableRow(b.load(ids, token), shape[0]);
    Value scale = b.load(buffers.getScale(), id);
    Value positive = b.splat(scale);
    Value minus = b.create<arith::NegFOp>(positive);
    forUnits(b, shape[1], shape[1], [&](const UnitOfOutputs &unit) {
      auto [panel, channel, word, valid] = unit;
      Value bits = b.splat(b.load(table, {id, word}));
      for (int64_t j = 0; j < panelsOf(valid); ++j) {
        Value lane = b.add(iota, b.splatI32(j * kLanes));
        Value bit = b.create<arith::AndIOp>(
            b.create<arith::ShRUIOp>(bits, lane), b.splatI32(1));
        Value isOne = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, bit,
                                              b.splatI32(0));
        Value v = b.create<arith::SelectOp>(isOne, positive, minus);
        b.storeLanes(v, out, {token, b.offset(channel, j * kLanes)},
                     std::min(kLanes, valid - j * kLanes));
      }
    });
  });
}

void bnn::emitLowRank(KernelBuilder &b, LowRankOp op,
                      LowRankOp::Adaptor buffers) {
  int64_t columns =
      cast<ShapedType>(op.getWeight().getType()).getShape().back();
  Value input = b.rows2d(buffers.getInput());
  Value out = b.rows2d(buffers.getOuts()[0]);
  Value weight = buffers.getWeight();
  // The outputs of one vector, `valid` of them.
  auto outputs = [&](Value column, int64_t valid) {
    // Half a vector is often enough, and takes half the registers.
    const int64_t lanes = valid > kLanes / 2 ? kLanes : kLanes / 2;
    // Rows in flight hide the latency of the chain of fma; more than 8 vectors
    // of 8 lanes would not fit into 16 registers with the rest.
    const int64_t tileRows = 4 * kLanes / lanes;
    VectorType type = VectorType::get(lanes, b.getF32Type());
    Value mask;
    if (valid < lanes)
      mask = b.create<vector::ConstantMaskOp>(
          VectorType::get(lanes, b.getI1Type()), b.getI64ArrayAttr(valid));
    auto splat = [&](Value value) -> Value {
      return b.create<vector::BroadcastOp>(type, value);
    };
    Value none = splat(b.f32(0));
    auto load = [&](Value buffer, ValueRange at) -> Value {
      if (mask)
        return b.create<vector::MaskedLoadOp>(type, buffer, at, mask, none);
      return b.create<vector::LoadOp>(type, buffer, at);
    };
    Value bias = load(buffers.getBias(), column);
    b.tileRows(
        b.index(0), b.dim(input, 0), tileRows, [&](Value row, int64_t count) {
          SmallVector<Value> init(count, none);
          SmallVector<Value> sums =
              b.loop(b.index(0), b.dim(input, 1), 1, init,
                     [&](Value k, ValueRange acc) {
                       Value w = load(weight, {k, column});
                       SmallVector<Value> next;
                       for (int64_t i = 0; i < count; ++i) {
                         Value x = splat(b.load(input, {b.offset(row, i), k}));
                         next.push_back(b.create<math::FmaOp>(x, w, acc[i]));
                       }
                       return next;
                     });
          for (int64_t i = 0; i < count; ++i) {
            Value y = b.create<arith::AddFOp>(sums[i], bias);
            SmallVector<Value> at = {b.offset(row, i), column};
            if (mask)
              b.create<vector::MaskedStoreOp>(out, at, mask, y);
            else
              b.create<vector::StoreOp>(y, out, at);
          }
        });
  };
  const int64_t whole = columns / kLanes * kLanes;
  if (whole)
    b.loop(b.index(0), b.index(whole), kLanes,
           [&](Value column) { outputs(column, kLanes); });
  if (columns > whole)
    outputs(b.index(whole), columns - whole);
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

void bnn::emitLayerNorm(KernelBuilder &b, LayerNormOp op,
                        LayerNormOp::Adaptor buffers) {
  // Rows in flight hide the latency of the chains of additions.
  constexpr int64_t kTileRows = 4;
  const int64_t columns =
      cast<ShapedType>(op.getInput().getType()).getShape().back();
  const int64_t whole = columns / kLanes * kLanes, tail = columns % kLanes;
  Value input = b.rows2d(buffers.getInput());
  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  EpilogueParams params(b, buffers.getParams());
  Region &epilogue = op.getEpilogue();
  Value out = b.rows2d(buffers.getOuts()[0]); // without an epilogue
  Value count = b.f32(columns);
  // Calls `body(k, valid, carried)` for each vector of a row.
  auto forVectors =
      [&](ValueRange init,
          llvm::function_ref<SmallVector<Value>(Value, int64_t, ValueRange)>
              body) {
        SmallVector<Value> carried = b.loop(
            b.index(0), b.index(whole), kLanes, init,
            [&](Value k, ValueRange acc) { return body(k, kLanes, acc); });
        return tail ? body(b.index(whole), tail, carried) : carried;
      };
  // Lanes past the end add +0.0, which changes no partial sum.
  auto sum = [&](Value acc, Value term, int64_t valid) -> Value {
    if (valid < kLanes) {
      Value live = b.keepLanes(
          b.splat(b.create<arith::ConstantOp>(b.getBoolAttr(true))), valid);
      term = b.create<arith::SelectOp>(live, term, b.splatF32(0));
    }
    return b.create<arith::AddFOp>(acc, term);
  };
  b.tileRows(
      b.index(0), b.dim(input, 0), kTileRows, [&](Value first, int64_t rows) {
        auto rowAt = [&](int64_t i) { return b.offset(first, i); };
        // The sum over each row of `term(i, vector)`.
        auto sums = [&](llvm::function_ref<Value(int64_t, Value)> term) {
          SmallVector<Value> init(rows, b.splatF32(0));
          SmallVector<Value> partials =
              forVectors(init, [&](Value k, int64_t valid, ValueRange acc) {
                SmallVector<Value> next;
                for (int64_t i = 0; i < rows; ++i) {
                  Value x = b.loadLanes(input, {rowAt(i), k}, valid);
                  next.push_back(sum(acc[i], term(i, x), valid));
                }
                return next;
              });
          for (Value &partial : partials)
            partial = b.fold(partial, ReduceKind::Add);
          return partials;
        };
        SmallVector<Value> means = sums([](int64_t, Value x) { return x; });
        for (Value &mean : means)
          mean = b.splat(b.create<arith::DivFOp>(mean, count));
        SmallVector<Value> scales = sums([&](int64_t i, Value x) -> Value {
          Value d = b.create<arith::SubFOp>(x, means[i]);
          return b.create<arith::MulFOp>(d, d);
        });
        for (Value &scale : scales)
          scale = b.splat(b.reciprocalDeviation(
              scale, count, op.getEpsilon().convertToFloat()));
        auto normalised = [&](int64_t i, Value k, int64_t valid) -> Value {
          Value gamma = b.loadLanes(buffers.getScale(), k, valid);
          Value beta = b.loadLanes(buffers.getBias(), k, valid);
          Value d = b.create<arith::SubFOp>(
              b.loadLanes(input, {rowAt(i), k}, valid), means[i]);
          return b.create<math::FmaOp>(b.create<arith::MulFOp>(d, scales[i]),
                                       gamma, beta);
        };
        if (epilogue.empty()) {
          forVectors({}, [&](Value k, int64_t valid, ValueRange) {
            for (int64_t i = 0; i < rows; ++i)
              b.storeLanes(normalised(i, k, valid), out, {rowAt(i), k}, valid);
            return SmallVector<Value>();
          });
          return;
        }
        // The outputs of a row keep the registers busy.
        for (int64_t i = 0; i < rows; ++i)
          forUnits(b, columns, columns, [&](const UnitOfOutputs &unit) {
            params.loadChannels(b, unit.channel, unit.valid);
            SmallVector<SmallVector<Value>> arguments;
            for (int64_t j = 0; j < panelsOf(unit.valid); ++j) {
              int64_t lanes = std::min(kLanes, unit.valid - j * kLanes);
              Value k = b.offset(unit.channel, j * kLanes);
              arguments.push_back({normalised(i, k, lanes)});
              arguments[j].append(params.vectors(b, rowAt(i), j));
            }
            outputs.storeOneByOne(b, rowAt(i), unit, epilogue.front(),
                                  arguments);
          });
      });
  outputs.finish(b);
}
