//===- MatrixProduct.cpp - Products of batches of matrices ----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "passes/TileProducts/MatrixProduct.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bnn;

MatrixProduct::~MatrixProduct() = default;

// Whether `map` reads loops x and y, and beside them others, each once, or the
// first element.
static bool readsOnce(AffineMap map, unsigned x, unsigned y) {
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

bool bnn::endsWith(AffineMap map, unsigned loop) {
  auto dim = dyn_cast_or_null<AffineDimExpr>(
      map.getNumResults() ? map.getResults().back() : AffineExpr());
  return dim && dim.getPosition() == loop;
}

bool MatrixProduct::hasLoops(linalg::GenericOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || op.getNumLoops() < 3 ||
      op.hasIndexSemantics())
    return false;
  const unsigned m = op.getNumLoops() - 3, k = m + 1, n = m + 2;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    if ((iterator == utils::IteratorType::reduction) != (loop == k))
      return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  return readsOnce(maps[0], m, k) && readsOnce(maps[1], k, n) &&
         readsOnce(maps[2], m, n) && endsWith(maps[2], n);
}

Value MatrixProduct::sizeOf(unsigned loop, unsigned operand) {
  Value buffer = std::array{left, right, out}[operand];
  for (auto [axis, expr] : llvm::enumerate(maps[operand].getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr);
        dim && dim.getPosition() == loop)
      return b.dim(buffer, int64_t(axis));
  return b.index(1);
}

Value MatrixProduct::sizeOf(Loop loop, unsigned operand) {
  return sizeOf(batches + unsigned(loop), operand);
}

SmallVector<Value> MatrixProduct::at(unsigned operand, Value m, Value k,
                                     Value n) const {
  SmallVector<Value> loops(batch), indices;
  loops.append({m, k, n});
  for (AffineExpr expr : maps[operand].getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    indices.push_back(dim ? loops[dim.getPosition()] : b.index(0));
  }
  return indices;
}

Value MatrixProduct::load(Value buffer, ValueRange indices, Value mask) {
  VectorType type =
      b.vectorOf(cast<MemRefType>(buffer.getType()).getElementType());
  if (!mask)
    return b.create<vector::LoadOp>(type, buffer, indices);
  Value none = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  return b.create<vector::MaskedLoadOp>(type, buffer, indices, mask, none);
}

void MatrixProduct::store(Value value, Value buffer, ValueRange indices,
                          Value mask) {
  if (mask)
    b.create<vector::MaskedStoreOp>(buffer, indices, mask, value);
  else
    b.create<vector::StoreOp>(value, buffer, indices);
}

void MatrixProduct::forColumns(
    int64_t most, llvm::function_ref<void(Value, int64_t, Value)> body) {
  Value columns = sizeOf(N, 2), first = b.index(0);
  for (int64_t panels = most; panels >= 1; panels /= 2) {
    Value end = b.roundDown(columns, panels * kLanes);
    b.loop(first, end, panels * kLanes,
           [&](Value column) { body(column, panels, Value()); });
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
  body(first, 1,
       b.create<vector::CreateMaskOp>(b.vectorOf(b.getI1Type()), rest));
}

// The loops of the batches that there is none of yet, as long as the output's
// dimensions that they run along.
void MatrixProduct::emitBatches() {
  const unsigned loop = unsigned(batch.size());
  if (loop == batches)
    return emitMatrix();
  b.loop(b.index(0), sizeOf(loop, 2), 1, [&](Value index) {
    batch.push_back(index);
    emitBatches();
    batch.pop_back();
  });
}

void MatrixProduct::emit() {
  begin();
  emitBatches();
}
