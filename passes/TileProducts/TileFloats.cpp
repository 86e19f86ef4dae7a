//===- TileFloats.cpp - Sums of f32 products in registers -----------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/TileProducts/MatrixProduct.h"

using namespace mlir;
using namespace mlir::bnn;

namespace {
class FloatProduct : public MatrixProduct {
public:
  using MatrixProduct::MatrixProduct;
  static bool matches(linalg::GenericOp op);

private:
  void emitMatrix() override;
  void emitTile(Value row, int64_t rows, Value column, int64_t panels,
                Value mask);
};
} // namespace

static bool isFusedMultiplyAdd(linalg::GenericOp op) {
  Block &body = *op.getBlock();
  if (!llvm::hasSingleElement(body.without_terminator()))
    return false;
  auto fma = dyn_cast<math::FmaOp>(body.front());
  return fma && body.getTerminator()->getOperand(0) == fma &&
         fma.getA() == body.getArgument(0) &&
         fma.getB() == body.getArgument(1) && fma.getC() == body.getArgument(2);
}

bool FloatProduct::matches(linalg::GenericOp op) {
  if (!hasLoops(op) || !isFusedMultiplyAdd(op))
    return false;
  auto leftType = dyn_cast<MemRefType>(op.getInputs()[0].getType());
  return leftType && leftType.getElementType().isF32() &&
         endsWith(op.getIndexingMapsArray()[1], op.getNumLoops() - 1) &&
         hasDenseRows(op.getInputs()[1]) && hasDenseRows(op.getOutputs()[0]);
}

// The sums of `rows` rows for `panels` of 16 columns, or for the columns of the
// mask in one (null: all).
void FloatProduct::emitTile(Value row, int64_t rows, Value column,
                            int64_t panels, Value mask) {
  auto columnOf = [&](int64_t panel) {
    return b.offset(column, panel * kLanes);
  };
  auto outAt = [&](int64_t i, int64_t panel) {
    return at(2, b.offset(row, i), Value(), columnOf(panel));
  };
  SmallVector<Value> sums;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panels; ++j)
      sums.push_back(load(out, outAt(i, j), mask));
  sums =
      b.loop(b.index(0), sizeOf(K, 0), 1, sums, [&](Value k, ValueRange sums) {
        SmallVector<Value> weights, next;
        for (int64_t j = 0; j < panels; ++j)
          weights.push_back(load(right, at(1, Value(), k, columnOf(j)), mask));
        for (int64_t i = 0; i < rows; ++i) {
          Value x = b.splat(b.load(left, at(0, b.offset(row, i), k, Value())));
          for (int64_t j = 0; j < panels; ++j)
            next.push_back(
                b.create<math::FmaOp>(x, weights[j], sums[i * panels + j]));
        }
        return next;
      });
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < panels; ++j)
      store(sums[i * panels + j], out, outAt(i, j), mask);
}

void FloatProduct::emitMatrix() {
  Value rows = sizeOf(M, 2);
  forColumns(tile.panels, [&](Value column, int64_t panels, Value mask) {
    b.tileRows(b.index(0), rows, tile.rows, [&](Value row, int64_t count) {
      emitTile(row, count, column, panels, mask);
    });
  });
}

// What keeps both units busy that add and multiply, and fits into registers: a
// sum is one of 512 bits, two of 256 or four of 128. Of 32 registers, 16 sums
// want ten loads for sixteen operations, where eight would want nine for eight.
static ProductTile tileOf(MLIRContext *context, TargetAttr target) {
  if (target && target.does(Instructions::TernaryLogic))
    return {8, 2};
  return {getDot(context, target, DotKind::Fma).getRows(), 1};
}

LogicalResult bnn::tileFloats(OpBuilder &builder, linalg::GenericOp op,
                              TargetAttr target) {
  if (!FloatProduct::matches(op))
    return failure();
  KernelBuilder b(op.getLoc(), builder);
  FloatProduct(b, op, tileOf(op.getContext(), target)).emit();
  return success();
}
