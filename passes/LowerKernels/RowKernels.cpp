//===- RowKernels.cpp - Kernels that go row by row ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/LowerKernels/Kernels.h"

using namespace mlir;
using namespace mlir::bnn;

// Packs each element of the rows of `input`, with `shift` (or null) added:
// `element` gives the outputs' vectors of one vector of inputs.
static void packRows(KernelBuilder &b, Value logical, Value input, Value shift,
                     OutputRows &outputs,
                     llvm::function_ref<SmallVector<Value>(Value)> element) {
  auto type = cast<ShapedType>(logical.getType());
  // Bytes are in no layout.
  auto rows = cast_or_null<RowsAttr>(getLayout(type));
  int64_t columns = type.getShape().back();
  Value source = b.rows2d(input);
  SmallVector<Value> shifts;
  if (shift)
    shifts.push_back(shift);
  EpilogueParams params(b, shifts);
  b.loop(b.index(0), b.dim(source, 0), 1, [&](Value row) {
    forUnits(b, columns, rows ? rows.getGroup() : columns,
             [&](const UnitOfOutputs &unit) {
               auto [panel, channel, word, valid] = unit;
               params.loadChannels(b, channel, valid);
               SmallVector<SmallVector<Value>> panels;
               for (int64_t j = 0; j < panelsOf(valid); ++j) {
                 int64_t lanes = std::min(kLanes, valid - j * kLanes);
                 Value v = b.loadLanes(
                     source, {row, b.offset(channel, j * kLanes)}, lanes);
                 for (Value shift : params.vectors(b, row, j))
                   v = b.create<arith::AddFOp>(v, shift);
                 panels.push_back(element(v));
               }
               outputs.store(b, row, unit, panels);
             });
  });
  outputs.finish(b);
}

void bnn::emitKernel(KernelBuilder &b, BinarizeOp op,
                     BinarizeOp::Adaptor buffers, TargetAttr) {
  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  Value level = b.splatF32(op.getLevel());
  packRows(b, op.getOuts()[0], buffers.getInput(), buffers.getShift(), outputs,
           [&](Value v) {
             SmallVector<Value> values = {
                 b.create<arith::CmpFOp>(op.getPredicate(), v, level)};
             if (op.getOuts().size() == 2)
               values.push_back(b.isNeither(v, level));
             return values;
           });
}

void bnn::emitKernel(KernelBuilder &b, QuantizeOp op,
                     QuantizeOp::Adaptor buffers, TargetAttr) {
  auto type = cast<BitsType>(getElementTypeOrSelf(op.getOuts()[0]));
  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  Value step = b.splat(buffers.getStep()), minimum, zeroPoint;
  if (buffers.getMinimum())
    minimum = b.splat(buffers.getMinimum());
  if (buffers.getZeroPoint())
    zeroPoint = b.splat(buffers.getZeroPoint());
  packRows(b, op.getOuts()[0], buffers.getInput(), buffers.getShift(), outputs,
           [&](Value v) -> SmallVector<Value> {
             if (minimum)
               v = b.create<arith::SubFOp>(v, minimum);
             if (type.isByte())
               return {b.quantizedByte(v, step, zeroPoint, type)};
             return {b.quantizedBits(v, step, type)};
           });
}

void bnn::emitKernel(KernelBuilder &b, EmbeddingOp op,
                     EmbeddingOp::Adaptor buffers, TargetAttr) {
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

void bnn::emitKernel(KernelBuilder &b, bnn::ReduceOp op,
                     bnn::ReduceOp::Adaptor buffers, TargetAttr) {
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
