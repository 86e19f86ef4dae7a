//===- MatmulKernel.cpp - The binary matrix product -----------------------===//
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/LowerKernels/Product.h"

using namespace mlir;
using namespace mlir::bnn;

// Sums a popcount over all words of a row: a scalar i32.
static Value countRow(KernelBuilder &b, Value rows, Value row, int64_t words) {
  return b.loop(b.index(0), b.index(words), 1, b.i32(0),
                [&](Value k, ValueRange sum) -> SmallVector<Value> {
                  Value count = b.popcount(b.load(rows, {row, k}));
                  return {b.add(sum[0], count)};
                })[0];
}

// The products of a tile of bits, acc[row][panel], from its counts.
static SmallVector<Value> productsOf(KernelBuilder &b, const Product &p,
                                     const Tile &tile, ArrayRef<Value> counts,
                                     bool masked) {
  // Signed: the agreeing elements less the differing ones, K - 2 count.
  // Unsigned: those of +1 less those of -1 among the ones of x, 2 count - ones.
  SmallVector<Value> dots;
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value row = b.offset(tile.row, i);
    Value base = b.i32(p.K);
    if (!p.exclusive)
      base = countRow(b, p.input, row, p.words);
    else if (masked)
      base = b.create<arith::SubIOp>(base, countRow(b, p.zeros, row, p.words));
    base = b.splat(base);
    for (int64_t j = 0; j < tile.panels; ++j) {
      Value count = counts[i * tile.panels + j];
      Value twice = b.add(count, count);
      dots.push_back(p.exclusive ? b.create<arith::SubIOp>(base, twice)
                                 : b.create<arith::SubIOp>(twice, base));
    }
  }
  return dots;
}

// The products of a tile of integers, acc[row][panel], from the counts of its
// planes, [row][plane][panel]. With b the bits of a plane, which has the weight
// c, and D = popcount(b xor w): sum over k of w * b = positives - D, where
// `positives`[panel] is the number of weights that are +1. So acc = positives *
// sum c - sum c D.
static SmallVector<Value> planeProductsOf(KernelBuilder &b, const Product &p,
                                          int64_t rows, int64_t panels,
                                          ArrayRef<Value> counts,
                                          ArrayRef<Value> positives) {
  const int64_t planes = p.element.getWidth();
  const bool isSigned = p.element.getIsSigned();
  // Of all weights: 1 + 2 + 4 + ..., and minus the last one if it is the sign.
  Value total = b.splatI32(p.element.getLeast() + p.element.getMost());
  SmallVector<Value> dots;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panels; ++j) {
      Value dot = b.mul(positives[j], total);
      for (int64_t plane = 0; plane < planes; ++plane) {
        Value count = b.create<arith::ShLIOp>(
            counts[(i * planes + plane) * panels + j], b.splatI32(plane));
        if (isSigned && plane == planes - 1)
          dot = b.add(dot, count);
        else
          dot = b.create<arith::SubIOp>(dot, count);
      }
      dots.push_back(dot);
    }
  return dots;
}

// Whether one of a tile's rows has a zero; `any` is false if no row has one.
static Value tileHasZero(KernelBuilder &b, const Product &p, Value any,
                         Value row, int64_t rows) {
  auto check = b.create<scf::IfOp>(b.getI1Type(), any, /*withElse=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(check.thenBlock());
  SmallVector<Value> words = {b.i32(0)};
  for (int64_t i = 0; i < rows; ++i)
    words = b.loop(b.index(0), b.index(p.words), 1, words,
                   [&](Value k, ValueRange seen) -> SmallVector<Value> {
                     Value word = b.load(p.zeros, {b.offset(row, i), k});
                     return {b.create<arith::OrIOp>(seen[0], word)};
                   });
  b.create<scf::YieldOp>(ValueRange(b.isNonZero(words[0])));
  b.setInsertionPointToStart(check.elseBlock());
  b.create<scf::YieldOp>(
      ValueRange(b.create<arith::ConstantOp>(b.getBoolAttr(false))));
  return check.getResult(0);
}

namespace {

// The loops of one product.
class Matmul {
public:
  Matmul(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
         TargetAttr target);
  void emit();

private:
  KernelBuilder &b;
  MatmulOp op;
  int64_t outputsOf; // N
  int64_t outGroup;
  int64_t tileRows, tilePanels;
  TargetAttr target; // or null
  int64_t planes;    // rows of p.input that are one row
  Product p;
  OutputRows outputs;
  EpilogueParams params;
  Value rows;
  Value anyZero;                // null where no row can have one
  SmallVector<Value> positives; // of each panel of the unit, for planes

  using Counts = llvm::function_ref<SmallVector<Value>()>;
  Value inPlanes(Value count);
  void beginUnit(const UnitOfOutputs &unit);
  SmallVector<Value> countRows(Value row, int64_t count, Value panel,
                               int64_t panels, bool masked);
  void emitTile(const UnitOfOutputs &unit, Value row, int64_t count,
                Counts counts = {});
  void emitPlain(const UnitOfOutputs &unit, Value first, Value end);
  void emitLookup(LookupKernel &kernel);
};

} // namespace

Matmul::Matmul(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
               TargetAttr target)
    : b(b), op(op), target(target), outputs(b, op.getOuts(), buffers.getOuts()),
      params(b, buffers.getParams()) {
  tileRows = target ? target.getRows() : 1;
  tilePanels = target ? target.getPanels() : 1;
  auto inputType = cast<ShapedType>(op.getInput().getType());
  auto weightType = cast<ShapedType>(op.getWeight().getType());
  auto layout = cast<PanelsAttr>(getLayout(weightType));
  outputsOf = weightType.getShape()[0];
  outGroup = layout.getOutGroup();
  p.element = cast<BitsType>(inputType.getElementType());
  planes = p.element.getWidth();
  p.input = b.parts2d(buffers.getInput(), planes);
  p.weight = buffers.getWeight();
  p.zeros = buffers.getZeros() ? b.rows2d(buffers.getZeros()) : Value();
  p.K = inputType.getShape().back();
  p.words = packedWords(p.K, layout.getGroup());
  p.exclusive = p.element.getIsSigned() || planes > 1;
  p.parity = layout.getParity();
  p.ternaryLogic = target && target.getAvx512();
  p.byteCounts = target && target.getByteCounts();
  rows = b.dim(b.rows2d(buffers.getInput()), 0);
}

// The rows of p.input that are `count` rows.
Value Matmul::inPlanes(Value count) {
  return planes == 1 ? count : b.mul(count, b.index(planes));
}

// Loads and computes what depends on the outputs of a unit only.
void Matmul::beginUnit(const UnitOfOutputs &unit) {
  params.loadChannels(b, unit.channel, unit.valid);
  if (planes > 1)
    positives = countRows(Value(), 1, unit.panel, panelsOf(unit.valid),
                          /*masked=*/false);
}

// The counts of `count` rows of p.input from `row` on, [row][panel], a register
// tile at a time.
SmallVector<Value> Matmul::countRows(Value row, int64_t count, Value panel,
                                     int64_t panels, bool masked) {
  SmallVector<Value> result(count * panels);
  for (int64_t i = 0; i < count; i += tileRows)
    for (int64_t j = 0; j < panels; j += tilePanels) {
      Tile tile = {row ? b.offset(row, i) : Value(), b.offset(panel, j),
                   std::min(tileRows, count - i),
                   std::min(tilePanels, panels - j)};
      SmallVector<Value> counts = countBits(b, p, tile, masked);
      for (int64_t k = 0; k < tile.rows * tile.panels; ++k)
        result[(i + k / tile.panels) * panels + j + k % tile.panels] =
            counts[k];
    }
  return result;
}

// Computes and stores the outputs of `count` rows from `row` on. `counts` gives
// the counts [row][plane][panel] where no row has a zero; null: tile by tile.
void Matmul::emitTile(const UnitOfOutputs &unit, Value row, int64_t count,
                      Counts counts) {
  const int64_t panels = panelsOf(unit.valid);
  auto products = [&](bool masked) {
    SmallVector<Value> found = !masked && counts
                                   ? counts()
                                   : countRows(inPlanes(row), count * planes,
                                               unit.panel, panels, masked);
    if (planes > 1)
      return planeProductsOf(b, p, count, panels, found, positives);
    return productsOf(b, p, {row, unit.panel, count, panels}, found, masked);
  };
  SmallVector<Value> dots;
  if (p.zeros) {
    SmallVector<Type> types(count * panels, b.vectorOf(b.getI32Type()));
    auto branch =
        b.create<scf::IfOp>(types, tileHasZero(b, p, anyZero, row, count),
                            /*withElseRegion=*/true);
    for (bool masked : {true, false}) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(masked ? branch.thenBlock()
                                      : branch.elseBlock());
      SmallVector<Value> values = products(masked);
      b.create<scf::YieldOp>(values);
    }
    dots.assign(branch.getResults().begin(), branch.getResults().end());
  } else {
    dots = products(false);
  }
  for (int64_t i = 0; i < count; ++i) {
    Value at = b.offset(row, i);
    SmallVector<SmallVector<Value>> values;
    for (int64_t j = 0; j < panels; ++j) {
      SmallVector<Value> arguments = {dots[i * panels + j]};
      arguments.append(params.vectors(b, at, j));
      values.push_back(b.vectorize(op.getEpilogue().front(), arguments));
    }
    outputs.store(b, at, unit, values);
  }
}

// The outputs of a unit for all rows from `first` to `end`.
void Matmul::emitPlain(const UnitOfOutputs &unit, Value first, Value end) {
  b.tileRows(first, end, std::max<int64_t>(1, tileRows / planes),
             [&](Value row, int64_t count) { emitTile(unit, row, count); });
}

// All outputs, by table where that is possible: a block of rows at a time.
void Matmul::emitLookup(LookupKernel &kernel) {
  constexpr int64_t outputsOfTile = MatmulOp::kTablePanels * kLanes;
  // The kernel's rows are planes.
  const int64_t blockRows = LookupKernel::kBlockRows / planes;
  const int64_t rowsOfTile = std::max<int64_t>(1, kernel.tileRows() / planes);
  b.loop(b.index(0), rows, blockRows, [&](Value first) {
    Value end = b.create<arith::MinUIOp>(b.offset(first, blockRows), rows);
    Value left = b.create<arith::SubIOp>(end, first);
    Value isWorth =
        b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, inPlanes(left),
                                b.index(MatmulOp::kTableLeastRows));
    Value tile = b.index(rowsOfTile);
    Value whole = b.mul(b.create<arith::DivUIOp>(left, tile), tile);
    Value ready = b.create<arith::SelectOp>(isWorth, whole, b.index(0));
    kernel.prepareRows(inPlanes(first), inPlanes(ready));
    forUnits(
        b, outputsOf, outGroup,
        [&](const UnitOfOutputs &unit) {
          beginUnit(unit);
          if (unit.valid < outputsOfTile)
            return emitPlain(unit, first, end);
          auto prepare = b.create<scf::IfOp>(isWorth, /*withElseRegion=*/false);
          {
            OpBuilder::InsertionGuard guard(b);
            b.setInsertionPointToStart(prepare.thenBlock());
            kernel.preparePanels(unit.panel);
          }
          b.loop(b.index(0), ready, rowsOfTile, [&](Value row) {
            emitTile(unit, b.add(first, row), rowsOfTile, [&] {
              SmallVector<Value> counts;
              for (int64_t i = 0; i < rowsOfTile * planes;
                   i += kernel.tileRows())
                counts.append(kernel.count(b.offset(inPlanes(row), i)));
              return counts;
            });
          });
          emitPlain(unit, b.add(first, ready), end);
        },
        outputsOfTile);
  });
}

void Matmul::emit() {
  // Almost always no row has a zero: then tiles are not looked at.
  if (p.zeros)
    anyZero = b.anyBit(p.zeros);
  if (op.countsByTable(target)) {
    LookupKernel kernel(b, p, target.getShuffleBytes());
    emitLookup(kernel);
  } else {
    forUnits(b, outputsOf, outGroup, [&](const UnitOfOutputs &unit) {
      beginUnit(unit);
      emitPlain(unit, b.index(0), rows);
    });
  }
  outputs.finish(b);
}

void bnn::emitMatmul(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
                     TargetAttr target) {
  Matmul(b, op, buffers, target).emit();
}
