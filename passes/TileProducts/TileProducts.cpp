//===- TileProducts.cpp - Sums of f32 products in registers ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/TileProducts/TileProducts.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/BNNTarget.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Support/KernelBuilder.h"

#define DEBUG_TYPE "bnn-tile-products"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_TILEPRODUCTS
#include "passes/TileProducts/TileProducts.h.inc"

namespace {

// Whether `map` reads loops x and y, and beside them others, each once, or the
// first element.
bool readsOnce(AffineMap map, unsigned x, unsigned y) {
  if (map.getNumSymbols())
    return false;
  llvm::SmallDenseSet<unsigned> seen;
  for (AffineExpr expr : map.getResults()) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      if (constant.getValue() != 0)
        return false;
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || !seen.insert(dim.getPosition()).second)
      return false;
  }
  return seen.contains(x) && seen.contains(y);
}

// Whether the last axis of what `map` reads is loop `x`.
bool endsWith(AffineMap map, unsigned x) {
  auto dim = dyn_cast_or_null<AffineDimExpr>(
      map.getNumResults() ? map.getResults().back() : AffineExpr());
  return dim && dim.getPosition() == x;
}

bool isFusedMultiplyAdd(linalg::GenericOp op) {
  Block &body = *op.getBlock();
  if (!llvm::hasSingleElement(body.without_terminator()))
    return false;
  auto fma = dyn_cast<math::FmaOp>(body.front());
  return fma && body.getTerminator()->getOperand(0) == fma &&
         fma.getA() == body.getArgument(0) &&
         fma.getB() == body.getArgument(1) && fma.getC() == body.getArgument(2);
}

// The sums that are in registers at once.
struct ProductTile {
  int64_t rows, panels;
};

// The loops of one product: those of batches, then m, k and n.
class Product {
public:
  Product(KernelBuilder &b, linalg::GenericOp op, ProductTile tile)
      : b(b), batches(op.getNumLoops() - 3), maps(op.getIndexingMapsArray()),
        tile(tile), left(op.getInputs()[0]), right(op.getInputs()[1]),
        out(op.getOutputs()[0]) {}

  static bool matches(linalg::GenericOp op);
  void emit();

private:
  KernelBuilder &b;
  unsigned batches;            // Loops; after them m, k and n.
  SmallVector<AffineMap> maps; // Of the factors and the output.
  ProductTile tile;
  Value left, right, out;
  SmallVector<Value> batch; // The indices of the batches' loops.

  Value sizeOf(unsigned loop, unsigned operand, Value buffer);
  SmallVector<Value> at(unsigned operand, Value m, Value k, Value n) const;
  void emitBatches();
  void emitColumns();
  void emitTile(Value row, int64_t rows, Value column, int64_t panels,
                Value mask);
};

} // namespace

bool Product::matches(linalg::GenericOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || op.getNumLoops() < 3 ||
      op.hasIndexSemantics() || !isFusedMultiplyAdd(op))
    return false;
  const unsigned m = op.getNumLoops() - 3, k = m + 1, n = m + 2;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    if ((iterator == utils::IteratorType::reduction) != (loop == k))
      return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto leftType = dyn_cast<MemRefType>(op.getInputs()[0].getType());
  return leftType && leftType.getElementType().isF32() &&
         readsOnce(maps[0], m, k) && readsOnce(maps[1], k, n) &&
         readsOnce(maps[2], m, n) && endsWith(maps[1], n) &&
         endsWith(maps[2], n) && hasDenseRows(op.getInputs()[1]) &&
         hasDenseRows(op.getOutputs()[0]);
}

// How often `loop` runs, which reads a dimension of an operand; once if none.
Value Product::sizeOf(unsigned loop, unsigned operand, Value buffer) {
  for (auto [axis, expr] : llvm::enumerate(maps[operand].getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr);
        dim && dim.getPosition() == loop)
      return b.dim(buffer, int64_t(axis));
  return b.index(1);
}

// Where an operand has its element for m, k and n of the current batch.
SmallVector<Value> Product::at(unsigned operand, Value m, Value k,
                               Value n) const {
  SmallVector<Value> loops(batch), indices;
  loops.append({m, k, n});
  for (AffineExpr expr : maps[operand].getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    indices.push_back(dim ? loops[dim.getPosition()] : b.index(0));
  }
  return indices;
}

// The sums of `rows` rows for `panels` of 16 columns, or for the columns of the
// mask in one (null: all).
void Product::emitTile(Value row, int64_t rows, Value column, int64_t panels,
                       Value mask) {
  VectorType type = b.vectorOf(b.getF32Type());
  Value none;
  if (mask)
    none = b.splatF32(0);
  auto load = [&](Value buffer, ValueRange indices) -> Value {
    if (mask)
      return b.create<vector::MaskedLoadOp>(type, buffer, indices, mask, none);
    return b.create<vector::LoadOp>(type, buffer, indices);
  };
  auto columnOf = [&](int64_t panel) {
    return b.offset(column, panel * kLanes);
  };
  auto outAt = [&](int64_t i, int64_t panel) {
    return at(2, b.offset(row, i), Value(), columnOf(panel));
  };
  SmallVector<Value> sums;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panels; ++j)
      sums.push_back(load(out, outAt(i, j)));
  sums = b.loop(
      b.index(0), sizeOf(batches + 1, 0, left), 1, sums,
      [&](Value k, ValueRange sums) {
        SmallVector<Value> weights, next;
        for (int64_t j = 0; j < panels; ++j)
          weights.push_back(load(right, at(1, Value(), k, columnOf(j))));
        for (int64_t i = 0; i < rows; ++i) {
          Value x = b.splat(b.load(left, at(0, b.offset(row, i), k, Value())));
          for (int64_t j = 0; j < panels; ++j)
            next.push_back(
                b.create<math::FmaOp>(x, weights[j], sums[i * panels + j]));
        }
        return next;
      });
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panels; ++j) {
      Value sum = sums[i * panels + j];
      if (mask)
        b.create<vector::MaskedStoreOp>(out, outAt(i, j), mask, sum);
      else
        b.create<vector::StoreOp>(sum, out, outAt(i, j));
    }
}

void Product::emitColumns() {
  const unsigned n = batches + 2;
  Value rows = sizeOf(batches, 2, out), columns = sizeOf(n, 2, out);
  auto emitPanels = [&](Value column, int64_t panels, Value mask) {
    b.tileRows(b.index(0), rows, tile.rows, [&](Value row, int64_t count) {
      emitTile(row, count, column, panels, mask);
    });
  };
  Value first = b.index(0);
  for (int64_t panels = tile.panels; panels >= 1; panels /= 2) {
    Value end = b.roundDown(columns, panels * kLanes);
    b.loop(first, end, panels * kLanes,
           [&](Value column) { emitPanels(column, panels, Value()); });
    first = end;
  }
  const int64_t size = cast<MemRefType>(out.getType()).getShape().back();
  if (!ShapedType::isDynamic(size) && size % kLanes == 0)
    return;
  Value rest = b.create<arith::RemUIOp>(columns, b.index(kLanes));
  Value isLeft =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, rest, b.index(0));
  auto branch = b.create<scf::IfOp>(isLeft, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  emitPanels(first, 1,
             b.create<vector::CreateMaskOp>(b.vectorOf(b.getI1Type()), rest));
}

// The loops of the batches that there is none of yet, as long as the output's
// dimensions that they run along.
void Product::emitBatches() {
  const unsigned loop = unsigned(batch.size());
  if (loop == batches)
    return emitColumns();
  b.loop(b.index(0), sizeOf(loop, 2, out), 1, [&](Value index) {
    batch.push_back(index);
    emitBatches();
    batch.pop_back();
  });
}

void Product::emit() { emitBatches(); }

namespace {

struct TileProducts : impl::TileProductsBase<TileProducts> {
  using TileProductsBase::TileProductsBase;

  void runOnOperation() override {
    TargetAttr target = getTarget(getOperation());
    const ProductTile tile = tileOf(target);
    getOperation().walk([&](linalg::GenericOp op) {
      if (!Product::matches(op))
        return;
      LLVM_DEBUG(llvm::dbgs() << "tiles " << op << '\n');
      OpBuilder builder(op);
      KernelBuilder b(op.getLoc(), builder);
      Product(b, op, tile).emit();
      op.erase();
      ++tiled;
    });
  }

  // What keeps both units busy that add and multiply, and fits into registers:
  // a sum is one of 512 bits, two of 256 or four of 128. Of 32 registers, 16
  // sums want ten loads for sixteen operations, where eight would want nine for
  // eight.
  ProductTile tileOf(TargetAttr target) {
    if (target && target.does(Instructions::TernaryLogic))
      return {8, 2};
    return {getDot(&getContext(), target, DotKind::Fma).getRows(), 1};
  }
};

} // namespace
} // namespace mlir::bnn
