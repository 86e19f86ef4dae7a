//===- ProductKernel.cpp - The loops around a dot -------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A product goes over units of outputs, and over tiles of rows in each; a dot
// adds a tile up, and the epilogue makes the outputs of its accumulators.
//
//===----------------------------------------------------------------------===//
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/LowerKernels/Dots/Dot.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {

// The loops of one product.
class ProductKernel {
public:
  ProductKernel(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
                TargetAttr target);
  void emit();

private:
  KernelBuilder &b;
  MatmulOp op;
  int64_t outputsOf; // N
  int64_t outGroup;
  Product p;
  OutputRows outputs;
  EpilogueParams params;
  Value rows; // M
  ProductDots dots;

  void beginUnit(const UnitOfOutputs &unit);
  void emitTile(const UnitOfOutputs &unit, Dot &dot, const Tile &tile);
  void emitPlain(const UnitOfOutputs &unit, Value first, Value end);
  void emitBlockUnit(const UnitOfOutputs &unit, Value first, Value ready,
                     Value end, Value isWorth);
  void emitBlocks();
};

} // namespace

static Product productOf(KernelBuilder &b, MatmulOp op,
                         MatmulOp::Adaptor buffers) {
  auto input = cast<ShapedType>(op.getInput().getType());
  auto layout = cast<PanelsAttr>(getLayout(op.getWeight().getType()));
  Product p;
  p.element = cast<BitsType>(input.getElementType());
  p.input = b.parts2d(buffers.getInput(), p.element.getWidth());
  p.weight = buffers.getWeight();
  p.zeros = buffers.getZeros() ? b.rows2d(buffers.getZeros()) : Value();
  p.elements = input.getShape().back();
  p.words = packedWords(p.elements, layout.getGroup());
  p.parity = layout.getParity();
  p.scope = op;
  return p;
}

ProductKernel::ProductKernel(KernelBuilder &b, MatmulOp op,
                             MatmulOp::Adaptor buffers, TargetAttr target)
    : b(b), op(op),
      outputsOf(cast<ShapedType>(op.getWeight().getType()).getDimSize(0)),
      outGroup(
          cast<PanelsAttr>(getLayout(op.getWeight().getType())).getOutGroup()),
      p(productOf(b, op, buffers)), outputs(b, op.getOuts(), buffers.getOuts()),
      params(b, buffers.getParams()),
      rows(b.dim(b.rows2d(buffers.getInput()), 0)),
      dots(createDots(b, p, op, target)) {}

// Loads and computes what depends on the outputs of a unit only.
void ProductKernel::beginUnit(const UnitOfOutputs &unit) {
  params.loadChannels(b, unit.channel, unit.valid);
  dots.plain->beginPanels(unit.panel, panelsOf(unit.valid));
}

// Computes and stores the outputs of a tile.
void ProductKernel::emitTile(const UnitOfOutputs &unit, Dot &dot,
                             const Tile &tile) {
  SmallVector<Value> accumulators = dot.accumulate(tile);
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value at = b.offset(tile.row, i);
    SmallVector<SmallVector<Value>> values;
    for (int64_t j = 0; j < tile.panels; ++j) {
      SmallVector<Value> arguments = {accumulators[i * tile.panels + j]};
      arguments.append(params.vectors(b, at, j));
      values.push_back(b.vectorize(op.getEpilogue().front(), arguments));
    }
    outputs.store(b, at, unit, values);
  }
}

// The outputs of a unit for all rows from `first` to `end`.
void ProductKernel::emitPlain(const UnitOfOutputs &unit, Value first,
                              Value end) {
  b.tileRows(first, end, dots.plain->tileRows(), [&](Value row, int64_t count) {
    emitTile(unit, *dots.plain, {row, unit.panel, count, panelsOf(unit.valid)});
  });
}

// The outputs of a unit for the rows of a block from `first` to `end`, of which
// `ready` are prepared, if that was worth it.
void ProductKernel::emitBlockUnit(const UnitOfOutputs &unit, Value first,
                                  Value ready, Value end, Value isWorth) {
  beginUnit(unit);
  if (unit.valid < dots.block->tilePanels() * kLanes)
    return emitPlain(unit, first, end);
  auto prepare = b.create<scf::IfOp>(isWorth, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(prepare.thenBlock());
    dots.block->preparePanels(unit.panel);
  }
  const int64_t tileRows = dots.block->tileRows();
  b.loop(b.index(0), ready, tileRows, [&](Value row) {
    emitTile(
        unit, *dots.block,
        {b.add(first, row), unit.panel, tileRows, panelsOf(unit.valid), row});
  });
  emitPlain(unit, b.add(first, ready), end);
}

// All outputs, a block of rows at a time.
void ProductKernel::emitBlocks() {
  BlockDot &dot = *dots.block;
  dot.begin();
  b.loop(b.index(0), rows, dot.blockRows(), [&](Value first) {
    Value end =
        b.create<arith::MinUIOp>(b.offset(first, dot.blockRows()), rows);
    Value left = b.create<arith::SubIOp>(end, first);
    Value isWorth = dot.isWorth(left);
    Value tile = b.index(dot.tileRows());
    Value whole = b.mul(b.create<arith::DivUIOp>(left, tile), tile);
    Value ready = b.create<arith::SelectOp>(isWorth, whole, b.index(0));
    dot.prepareRows(first, ready);
    forUnits(
        b, outputsOf, outGroup,
        [&](const UnitOfOutputs &unit) {
          emitBlockUnit(unit, first, ready, end, isWorth);
        },
        dot.tilePanels() * kLanes);
  });
}

void ProductKernel::emit() {
  dots.plain->begin();
  if (dots.block) {
    emitBlocks();
  } else {
    forUnits(
        b, outputsOf, outGroup,
        [&](const UnitOfOutputs &unit) {
          beginUnit(unit);
          emitPlain(unit, b.index(0), rows);
        },
        llvm::alignTo(dots.plain->tilePanels() * kLanes, kWordBits));
  }
  outputs.finish(b);
}

void bnn::emitMatmul(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
                     TargetAttr target) {
  ProductKernel(b, op, buffers, target).emit();
}
