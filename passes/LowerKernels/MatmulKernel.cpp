//===- MatmulKernel.cpp - The binary matrix product -----------------------===//
#include "dialects/BNN/Layout.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/LowerKernels/KernelBuilder.h"

using namespace mlir;
using namespace bnn;

namespace {

// The packed operands of a product and its shape.
struct Product {
  Value lhs;   // [M, words] i32
  Value rhs;   // [panels, words, lanes] i32
  Value zeros; // [M, words] i32, or null
  int64_t K;   // logical elements of a row
  int64_t words;
  bool isSigned; // of lhs
};

} // namespace

// Sums a popcount over all words of a row: a scalar i32.
static Value countRow(KernelBuilder &b, Value rows, Value row, int64_t words) {
  return b.loop(b.index(0), b.index(words), 1, b.i32(0),
                [&](Value k, ValueRange sum) -> SmallVector<Value> {
                  Value count = b.popcount(b.load(rows, {row, k}));
                  return {b.add(sum[0], count)};
                })[0];
}

// The products of `rows` rows by the panels from `panel` on: acc[row][panel].
static SmallVector<Value> accumulate(KernelBuilder &b, const Product &p,
                                     Value row, int64_t rows, Value panel,
                                     int64_t panels, bool masked) {
  SmallVector<Value> init(rows * panels, b.splatI32(0));
  SmallVector<Value> counts = b.loop(
      b.index(0), b.index(p.words), 1, init,
      [&](Value k, ValueRange acc) -> SmallVector<Value> {
        SmallVector<Value> weights;
        for (int64_t j = 0; j < panels; ++j)
          weights.push_back(
              b.loadLanes(p.rhs, {b.offset(panel, j), k, b.index(0)}));
        SmallVector<Value> next;
        for (int64_t i = 0; i < rows; ++i) {
          Value x = b.splat(b.load(p.lhs, {b.offset(row, i), k}));
          Value keep;
          if (masked)
            keep = b.splat(b.bitNot(b.load(p.zeros, {b.offset(row, i), k})));
          for (int64_t j = 0; j < panels; ++j) {
            Value bits = p.isSigned
                             ? Value(b.create<arith::XOrIOp>(x, weights[j]))
                             : Value(b.create<arith::AndIOp>(x, weights[j]));
            if (masked)
              bits = b.create<arith::AndIOp>(bits, keep);
            next.push_back(b.add(acc[i * panels + j], b.popcount(bits)));
          }
        }
        return next;
      });

  // Signed: the agreeing elements less the differing ones, K - 2 count.
  // Unsigned: those of +1 less those of -1 among the ones of x, 2 count - ones.
  SmallVector<Value> dots;
  for (int64_t i = 0; i < rows; ++i) {
    Value base = b.i32(p.K);
    if (!p.isSigned)
      base = countRow(b, p.lhs, b.offset(row, i), p.words);
    else if (masked)
      base = b.create<arith::SubIOp>(
          base, countRow(b, p.zeros, b.offset(row, i), p.words));
    base = b.splat(base);
    for (int64_t j = 0; j < panels; ++j) {
      Value count = counts[i * panels + j];
      Value twice = b.add(count, count);
      dots.push_back(p.isSigned ? b.create<arith::SubIOp>(base, twice)
                                : b.create<arith::SubIOp>(twice, base));
    }
  }
  return dots;
}

// Whether one of `rows` rows has a zero.
static Value anyZero(KernelBuilder &b, const Product &p, Value row,
                     int64_t rows) {
  SmallVector<Value> any = {b.i32(0)};
  for (int64_t i = 0; i < rows; ++i)
    any = b.loop(b.index(0), b.index(p.words), 1, any,
                 [&](Value k, ValueRange seen) -> SmallVector<Value> {
                   Value word = b.load(p.zeros, {b.offset(row, i), k});
                   return {b.create<arith::OrIOp>(seen[0], word)};
                 });
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, any[0], b.i32(0));
}

// All products of a unit of `panels` panels, in chunks of `tilePanels`:
// acc[row * panels + panel].
static SmallVector<Value> unitProducts(KernelBuilder &b, const Product &p,
                                       Value row, int64_t rows, Value panel,
                                       int64_t panels, int64_t tilePanels,
                                       bool masked) {
  SmallVector<Value> dots(rows * panels);
  for (int64_t first = 0; first < panels; first += tilePanels) {
    int64_t count = std::min(tilePanels, panels - first);
    SmallVector<Value> chunk =
        accumulate(b, p, row, rows, b.offset(panel, first), count, masked);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < count; ++j)
        dots[i * panels + first + j] = chunk[i * count + j];
  }
  return dots;
}

void bnn::emitMatmul(KernelBuilder &b, MatmulOp op, MatmulOp::Adaptor buffers,
                     int64_t tileRows, int64_t tilePanels) {
  auto lhsType = cast<ShapedType>(op.getLhs().getType());
  auto rhsType = cast<ShapedType>(op.getRhs().getType());
  auto layout = cast<PanelsAttr>(getLayout(rhsType));
  Product p;
  p.lhs = b.rows2d(buffers.getLhs());
  p.rhs = buffers.getRhs();
  p.zeros = buffers.getZeros() ? b.rows2d(buffers.getZeros()) : Value();
  p.K = lhsType.getShape().back();
  p.words = packedWords(p.K, layout.getGroup());
  p.isSigned = cast<BitsType>(lhsType.getElementType()).getIsSigned();

  OutputRows outputs(b, op.getOuts(), buffers.getOuts());
  EpilogueParams params(b, buffers.getParams());
  Value rows = b.dim(p.lhs, 0);
  forUnits(
      b, rhsType.getShape()[0], layout.getOutGroup(),
      [&](Value panel, Value channel, Value word, int64_t valid) {
        const int64_t panels = panelsOf(valid);
        params.loadChannels(b, channel, valid);
        b.tileRows(rows, tileRows, [&](Value row, int64_t count) {
          SmallVector<Value> dots;
          auto products = [&](bool masked) {
            return unitProducts(b, p, row, count, panel, panels, tilePanels,
                                masked);
          };
          if (p.zeros) {
            SmallVector<Type> types(count * panels, b.vectorOf(b.getI32Type()));
            auto branch = b.create<scf::IfOp>(types, anyZero(b, p, row, count),
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
              values.push_back(
                  b.vectorize(op.getEpilogue().front(), arguments));
            }
            outputs.store(b, at, channel, word, valid, values);
          }
        });
      });
}
