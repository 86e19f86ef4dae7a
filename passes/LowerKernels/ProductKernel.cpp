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
#include "passes/LowerKernels/Correction.h"
#include "passes/LowerKernels/Dots/ByteTiles.h"

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
  int64_t outGroup;
  Product p;
  OutputRows outputs;
  EpilogueParams params;
  Correction correction;
  Value rows; // M
  ProductDots dots;

  void beginUnit(const UnitOfOutputs &unit);
  void emitTile(const UnitOfOutputs &unit, Dot &dot, const Tile &tile);
  void emitPlain(const UnitOfOutputs &unit, Value first, Value end);
  void emitBlockUnit(const UnitOfOutputs &unit, Value first, Value ready,
                     Value end, Value isWorth);
  void emitTileOfBlock(const UnitOfOutputs &unit, Value first, Value row,
                       int64_t count);
  void emitBlocks();
  void emitTileRows(const UnitOfOutputs &unit);
  void emitTiles();
  void emitUnits();
};

} // namespace

static Product productOf(KernelBuilder &b, MatmulOp op,
                         MatmulOp::Adaptor buffers) {
  Product p;
  p.element = dyn_cast<BitsType>(getElementTypeOrSelf(op.getInput()));
  p.input = getLayout(op.getInput().getType())
                ? b.parts2d(buffers.getInput(), p.element.getWidth())
                : b.rows2d(buffers.getInput());
  p.weight = buffers.getWeight();
  p.zeros = buffers.getZeros() ? b.rows2d(buffers.getZeros()) : Value();
  p.elements = op.getElementsPerRow();
  p.outputs = op.getOutputsPerRow();
  p.scope = op;
  auto layout =
      dyn_cast_or_null<PanelsAttr>(getLayout(op.getWeight().getType()));
  if (p.element && layout) {
    p.words = panelWords(cast<ShapedType>(op.getWeight().getType()), layout);
    p.parity = layout.getParity();
    p.running = layout.getRunning();
    p.small = layout.getSmall();
  }
  return p;
}

// The outputs of a group: each group of bits starts a word.
static int64_t outGroupOf(MatmulOp op) {
  if (Attribute layout = getLayout(op.getWeight().getType()))
    return cast<PanelsAttr>(layout).getOutGroup();
  auto rows = dyn_cast_or_null<RowsAttr>(getLayout(op.getOuts()[0].getType()));
  return rows ? rows.getGroup() : op.getOutputsPerRow();
}

ProductKernel::ProductKernel(KernelBuilder &b, MatmulOp op,
                             MatmulOp::Adaptor buffers, TargetAttr target)
    : b(b), op(op), outGroup(outGroupOf(op)), p(productOf(b, op, buffers)),
      outputs(b, op.getOuts(), buffers.getOuts()),
      params(b, buffers.getParams()),
      correction(b, buffers.getCorrection(), op.getCorrectedBlocks(),
                 outGroup == p.outputs || outGroup % kLanes == 0),
      rows(b.dim(b.rows2d(buffers.getInput()), 0)),
      dots(createDots(b, p, op, target)) {}

// Calls `body` for each panel of outputs that are numbers.
static void forPanels(KernelBuilder &b, int64_t outputs,
                      llvm::function_ref<void(const UnitOfOutputs &)> body) {
  auto panel = [&](Value index, int64_t valid) {
    body({index, b.mul(index, b.index(kLanes)), /*word=*/Value(), valid});
  };
  const int64_t whole = outputs / kLanes;
  if (whole)
    b.loop(b.index(0), b.index(whole), 1,
           [&](Value index) { panel(index, kLanes); });
  if (outputs % kLanes)
    panel(b.index(whole), outputs % kLanes);
}

// Loads and computes what depends on the outputs of a unit only.
void ProductKernel::beginUnit(const UnitOfOutputs &unit) {
  params.loadChannels(b, unit.channel, unit.valid);
  correction.beginUnit(unit);
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
      SmallVector<Value> arguments = {
          correction.add(accumulators[i * tile.panels + j], at, j)};
      arguments.append(params.vectors(b, at, j));
      values.push_back(b.vectorize(op.getEpilogue().front(), arguments));
    }
    outputs.store(b, at, unit, values);
  }
}

// All outputs of a unit for `rows` rows from `row` on.
static Tile tileOf(const UnitOfOutputs &unit, Value row, int64_t rows) {
  return {row,          unit.panel, rows, panelsOf(unit.valid),
          unit.channel, unit.valid, {}};
}

// The outputs of a unit for all rows from `first` to `end`.
void ProductKernel::emitPlain(const UnitOfOutputs &unit, Value first,
                              Value end) {
  b.tileRows(first, end, dots.plain->tileRows(), [&](Value row, int64_t count) {
    emitTile(unit, *dots.plain, tileOf(unit, row, count));
  });
}

// Those of `count` prepared rows; `row` is counted from the block's `first`.
void ProductKernel::emitTileOfBlock(const UnitOfOutputs &unit, Value first,
                                    Value row, int64_t count) {
  Tile tile = tileOf(unit, b.add(first, row), count);
  tile.blockRow = row;
  emitTile(unit, *dots.block, tile);
}

// The outputs of a unit for the rows of a block from `first` to `end`, of which
// `ready` are prepared, if that was worth it.
void ProductKernel::emitBlockUnit(const UnitOfOutputs &unit, Value first,
                                  Value ready, Value end, Value isWorth) {
  beginUnit(unit);
  const int64_t tileRows = dots.block->tileRows();
  if (dots.block->takesAll())
    return b.tileRows(b.index(0), ready, tileRows,
                      [&](Value row, int64_t count) {
                        emitTileOfBlock(unit, first, row, count);
                      });
  if (unit.valid < dots.block->tilePanels() * kLanes)
    return emitPlain(unit, first, end);
  auto prepare = b.create<scf::IfOp>(isWorth, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(prepare.thenBlock());
    dots.block->preparePanels(unit.panel);
  }
  b.loop(b.index(0), ready, tileRows,
         [&](Value row) { emitTileOfBlock(unit, first, row, tileRows); });
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
    Value isWorth, ready = left;
    if (!dot.takesAll()) {
      isWorth = dot.isWorth(left);
      Value tile = b.index(dot.tileRows());
      Value whole = b.mul(b.create<arith::DivUIOp>(left, tile), tile);
      ready = b.create<arith::SelectOp>(isWorth, whole, b.index(0));
    }
    dot.prepareRows(first, ready);
    auto body = [&](const UnitOfOutputs &unit) {
      emitBlockUnit(unit, first, ready, end, isWorth);
    };
    const int64_t size = dot.tilePanels() * kLanes;
    if (size < kWordBits)
      forPanels(b, p.outputs, body);
    else
      forUnits(b, p.outputs, outGroup, body, size);
  });
}

// The outputs of a unit for all rows, by registers that are tiles.
void ProductKernel::emitTileRows(const UnitOfOutputs &unit) {
  if (!dots.tiles->takes(unit.valid)) {
    dots.plain->beginPanels(unit.panel, panelsOf(unit.valid));
    return emitPlain(unit, b.index(0), rows);
  }
  b.loop(b.index(0), rows, ByteTiles::kRows, [&](Value first) {
    Tile tile = tileOf(unit, first, ByteTiles::kRows);
    dots.tiles->addUp(tile, rows);
    Value end = b.create<arith::MinUIOp>(b.offset(first, tile.rows), rows);
    b.loop(first, end, 1, [&](Value row) {
      Tile one = tileOf(unit, row, 1);
      one.blockRow = b.create<arith::SubIOp>(row, first);
      emitTile(unit, *dots.tiles, one);
    });
  });
}

// All outputs, where the process may use tiles and there are rows enough; else
// as if there were none.
void ProductKernel::emitTiles() {
  auto choice =
      b.create<scf::IfOp>(dots.tiles->isWorth(rows), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  dots.tiles->begin();
  forUnits(b, p.outputs, outGroup, [&](const UnitOfOutputs &unit) {
    params.loadChannels(b, unit.channel, unit.valid);
    correction.beginUnit(unit);
    emitTileRows(unit);
  });
  dots.tiles->end();
  b.setInsertionPointToStart(choice.elseBlock());
  emitUnits();
}

// All outputs, unit by unit.
void ProductKernel::emitUnits() {
  auto body = [&](const UnitOfOutputs &unit) {
    beginUnit(unit);
    emitPlain(unit, b.index(0), rows);
  };
  const int64_t size = dots.plain->unitOutputs();
  if (size >= kWordBits || outputs.hasBits() || outGroup != p.outputs)
    forUnits(b, p.outputs, outGroup, body, std::max(size, kWordBits));
  else
    forPanels(b, p.outputs, body);
}

void ProductKernel::emit() {
  dots.plain->begin();
  if (dots.tiles)
    emitTiles();
  else if (dots.block)
    emitBlocks();
  else
    emitUnits();
  outputs.finish(b);
}

void bnn::emitKernel(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
                     TargetAttr target) {
  ProductKernel(b, op, buffers, target).emit();
}
