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

// Whether a row's elements lie side by side.
bool hasDenseRows(Value buffer) {
  SmallVector<int64_t> strides;
  int64_t offset;
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && type.getElementType().isF32() && type.getRank() >= 2 &&
         succeeded(getStridesAndOffset(type, strides, offset)) &&
         strides.back() == 1;
}

// Whether `map` reads loops x and y last, and before them other loops, each
// once, or the first element.
bool readsLast(AffineMap map, unsigned x, unsigned y) {
  ArrayRef<AffineExpr> results = map.getResults();
  if (results.size() < 2 || map.getNumSymbols() ||
      map.getDimPosition(results.size() - 2) != x ||
      map.getDimPosition(results.size() - 1) != y)
    return false;
  return llvm::all_of(results.drop_back(2), [&](AffineExpr expr) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return (constant && constant.getValue() == 0) ||
           (dim && dim.getPosition() != x && dim.getPosition() != y);
  });
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

// The loops of one product: those of batches, then m, k and n.
class Product {
public:
  Product(KernelBuilder &b, linalg::GenericOp op, int64_t tileRows)
      : b(b), loops(op.getNumLoops()), maps(op.getIndexingMapsArray()),
        tileRows(tileRows), left(op.getInputs()[0]), right(op.getInputs()[1]),
        out(op.getOutputs()[0]) {}

  static bool matches(linalg::GenericOp op);
  void emit();

private:
  KernelBuilder &b;
  unsigned loops;
  SmallVector<AffineMap> maps; // Of the factors and the output.
  int64_t tileRows;
  Value left, right, out;
  SmallVector<Value> batch; // The indices of the batches' loops.

  SmallVector<Value> at(unsigned operand, Value x, Value y) const;
  void emitBatches(unsigned loop);
  void emitColumns();
  void emitTile(Value row, int64_t rows, Value column, Value mask);
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
         llvm::all_of(maps,
                      [](AffineMap map) {
                        return llvm::all_of(map.getResults().take_back(2),
                                            llvm::IsaPred<AffineDimExpr>);
                      }) &&
         readsLast(maps[0], m, k) && readsLast(maps[1], k, n) &&
         readsLast(maps[2], m, n) && hasDenseRows(op.getInputs()[1]) &&
         hasDenseRows(op.getOutputs()[0]);
}

// Where an operand has element x, y of the matrices of the current batch.
SmallVector<Value> Product::at(unsigned operand, Value x, Value y) const {
  SmallVector<Value> indices;
  for (AffineExpr expr : maps[operand].getResults().drop_back(2)) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    indices.push_back(dim ? batch[dim.getPosition()] : b.index(0));
  }
  indices.append({x, y});
  return indices;
}

// The sums of `rows` rows for 16 columns, or those of the mask (null: all).
void Product::emitTile(Value row, int64_t rows, Value column, Value mask) {
  VectorType type = b.vectorOf(b.getF32Type());
  Value none;
  if (mask)
    none = b.splatF32(0);
  auto load = [&](Value buffer, ValueRange indices) -> Value {
    if (mask)
      return b.create<vector::MaskedLoadOp>(type, buffer, indices, mask, none);
    return b.create<vector::LoadOp>(type, buffer, indices);
  };
  SmallVector<Value> sums;
  for (int64_t i = 0; i < rows; ++i)
    sums.push_back(load(out, at(2, b.offset(row, i), column)));
  const int64_t last = cast<MemRefType>(left.getType()).getRank() - 1;
  sums = b.loop(
      b.index(0), b.dim(left, last), 1, sums, [&](Value k, ValueRange sums) {
        Value weights = load(right, at(1, k, column));
        SmallVector<Value> next;
        for (int64_t i = 0; i < rows; ++i) {
          Value x = b.load(left, at(0, b.offset(row, i), k));
          next.push_back(b.create<math::FmaOp>(b.splat(x), weights, sums[i]));
        }
        return next;
      });
  for (int64_t i = 0; i < rows; ++i) {
    SmallVector<Value> indices = at(2, b.offset(row, i), column);
    if (mask)
      b.create<vector::MaskedStoreOp>(out, indices, mask, sums[i]);
    else
      b.create<vector::StoreOp>(sums[i], out, indices);
  }
}

void Product::emitColumns() {
  const int64_t rank = cast<MemRefType>(out.getType()).getRank();
  Value rows = b.dim(out, rank - 2), columns = b.dim(out, rank - 1);
  auto panel = [&](Value column, Value mask) {
    b.tileRows(b.index(0), rows, tileRows, [&](Value row, int64_t count) {
      emitTile(row, count, column, mask);
    });
  };
  Value rest = b.create<arith::RemUIOp>(columns, b.index(kLanes));
  Value whole = b.create<arith::SubIOp>(columns, rest);
  b.loop(b.index(0), whole, kLanes,
         [&](Value column) { panel(column, Value()); });
  const int64_t size = cast<MemRefType>(out.getType()).getShape().back();
  if (!ShapedType::isDynamic(size) && size % kLanes == 0)
    return;
  Value isLeft =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, rest, b.index(0));
  auto branch = b.create<scf::IfOp>(isLeft, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  panel(whole, b.create<vector::CreateMaskOp>(b.vectorOf(b.getI1Type()), rest));
}

// The loops of the batches from `loop` on, as long as the output's dimensions
// that they run along.
void Product::emitBatches(unsigned loop) {
  if (loop + 3 == loops)
    return emitColumns();
  Value size = b.index(1);
  for (auto [axis, expr] : llvm::enumerate(maps[2].getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr);
        dim && dim.getPosition() == loop)
      size = b.dim(out, int64_t(axis));
  b.loop(b.index(0), size, 1, [&](Value index) {
    batch.push_back(index);
    emitBatches(loop + 1);
    batch.pop_back();
  });
}

void Product::emit() { emitBatches(0); }

namespace {

struct TileProducts : impl::TileProductsBase<TileProducts> {
  using TileProductsBase::TileProductsBase;

  void runOnOperation() override {
    TargetAttr target = getTarget(getOperation());
    const int64_t rows = rowsOfTile(target);
    getOperation().walk([&](linalg::GenericOp op) {
      if (!Product::matches(op))
        return;
      LLVM_DEBUG(llvm::dbgs() << "tiles " << op << '\n');
      OpBuilder builder(op);
      KernelBuilder b(op.getLoc(), builder);
      Product(b, op, rows).emit();
      op.erase();
      ++tiled;
    });
  }

  // What keeps both units busy that add and multiply, and fits into registers:
  // a sum is one of 512 bits, two of 256 or four of 128.
  int64_t rowsOfTile(TargetAttr target) {
    const bool isWide = target && target.does(Instructions::TernaryLogic);
    return isWide ? 8 : getDot(&getContext(), target, DotKind::Fma).getRows();
  }
};

} // namespace
} // namespace mlir::bnn
