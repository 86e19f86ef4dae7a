//===- TileTransposes.cpp - Transposes in registers -----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/TileTransposes/TileTransposes.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/BNNTarget.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Support/KernelBuilder.h"
#include "llvm/Support/Debug.h"

#define DEBUG_TYPE "bnn-tile-transposes"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_TILETRANSPOSES
#include "passes/TileTransposes/TileTransposes.h.inc"

namespace {

// The loops of one transpose.
class Transpose {
public:
  Transpose(KernelBuilder &b, linalg::LinalgOp op, int64_t lanes)
      : b(b), from(op.getIndexingMapsArray()[0]),
        to(op.getIndexingMapsArray()[1]), input(op->getOperand(0)),
        output(op->getOperand(1)), lanes(lanes), loops(op.getNumLoops()) {}

  static bool matches(linalg::LinalgOp op);
  void emit() { emitLoops(0); }

private:
  KernelBuilder &b;
  AffineMap from, to;
  Value input, output;
  int64_t lanes;
  SmallVector<Value> loops; ///< The index of each, null until there is one.

  /// The loops along the last axes of the output and of the input.
  unsigned row() const { return to.getDimPosition(to.getNumResults() - 1); }
  unsigned column() const {
    return from.getDimPosition(from.getNumResults() - 1);
  }
  Value lengthOf(unsigned loop);
  SmallVector<Value> at(AffineMap map, int64_t rows, int64_t columns);
  void forEach(unsigned loop, Value first, Value end, int64_t step,
               llvm::function_ref<void()> body);
  void emitLoops(unsigned axis);
  void emitMatrix();
  void emitTile();
};

} // namespace

bool Transpose::matches(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInputs() != 1 ||
      op.getNumDpsInits() != 1 || op.getNumLoops() < 2 ||
      op.getNumParallelLoops() != op.getNumLoops())
    return false;
  Block &body = *op.getBlock();
  if (!body.without_terminator().empty() ||
      body.getTerminator()->getOperand(0) != body.getArgument(0))
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  return maps[0].isPermutation() && maps[1].isPermutation() &&
         maps[0].getResults().back() != maps[1].getResults().back() &&
         hasDenseRows(op->getOperand(0)) && hasDenseRows(op->getOperand(1));
}

Value Transpose::lengthOf(unsigned loop) {
  return b.dim(output, *to.getResultPosition(b.getAffineDimExpr(loop)));
}

// The indices that `map` has in the innermost iteration, `rows` and `columns`
// further on.
SmallVector<Value> Transpose::at(AffineMap map, int64_t rows, int64_t columns) {
  SmallVector<Value> indices;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    const unsigned loop = map.getDimPosition(i);
    indices.push_back(b.offset(loops[loop], loop == row()      ? rows
                                            : loop == column() ? columns
                                                               : 0));
  }
  return indices;
}

void Transpose::forEach(unsigned loop, Value first, Value end, int64_t step,
                        llvm::function_ref<void()> body) {
  b.loop(first, end, step, [&](Value index) {
    loops[loop] = index;
    body();
  });
}

// Lane i of vector j is lane j of vector i: halves change places, then quarters
// within them, and so on, from single lanes up.
static void transpose(KernelBuilder &b, MutableArrayRef<Value> vectors) {
  const int64_t lanes = int64_t(vectors.size());
  for (int64_t by = 1; by < lanes; by *= 2) {
    SmallVector<int64_t> even, odd;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const bool isOdd = lane & by;
      even.push_back(isOdd ? lanes + lane - by : lane);
      odd.push_back(isOdd ? lanes + lane : lane + by);
    }
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & by)
        continue;
      Value low = vectors[i], high = vectors[i + by];
      vectors[i] = b.create<vector::ShuffleOp>(low, high, even);
      vectors[i + by] = b.create<vector::ShuffleOp>(low, high, odd);
    }
  }
}

void Transpose::emitTile() {
  auto type = VectorType::get(lanes, b.getF32Type());
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < lanes; ++i)
    vectors.push_back(b.create<vector::LoadOp>(type, input, at(from, i, 0)));
  transpose(b, vectors);
  for (auto [i, vector] : llvm::enumerate(vectors))
    b.create<vector::StoreOp>(vector, output, at(to, 0, int64_t(i)));
}

void Transpose::emitMatrix() {
  Value rows = lengthOf(row()), columns = lengthOf(column());
  Value wholeRows = b.roundDown(rows, lanes),
        wholeColumns = b.roundDown(columns, lanes);
  auto copy = [&] {
    b.store(b.load(input, at(from, 0, 0)), output, at(to, 0, 0));
  };
  forEach(row(), b.index(0), wholeRows, lanes, [&] {
    forEach(column(), b.index(0), wholeColumns, lanes, [&] { emitTile(); });
  });
  forEach(column(), b.index(0), wholeColumns, 1,
          [&] { forEach(row(), wholeRows, rows, 1, copy); });
  forEach(column(), wholeColumns, columns, 1,
          [&] { forEach(row(), b.index(0), rows, 1, copy); });
}

// The loops along the axes of the output from `axis` on that are of neither.
void Transpose::emitLoops(unsigned axis) {
  if (axis == to.getNumResults())
    return emitMatrix();
  const unsigned loop = to.getDimPosition(axis);
  if (loop == row() || loop == column())
    return emitLoops(axis + 1);
  forEach(loop, b.index(0), lengthOf(loop), 1, [&] { emitLoops(axis + 1); });
}

namespace {

struct TileTransposes : impl::TileTransposesBase<TileTransposes> {
  using TileTransposesBase::TileTransposesBase;

  void runOnOperation() override {
    // As many rows and columns of a tile fit into registers.
    const int64_t lanes = getVectorLanes(getTarget(getOperation()));
    if (!lanes)
      return;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!Transpose::matches(op))
        return;
      LLVM_DEBUG(llvm::dbgs() << "tiles " << op << '\n');
      OpBuilder builder(op);
      KernelBuilder b(op.getLoc(), builder);
      Transpose(b, op, lanes).emit();
      op.erase();
      ++tiled;
    });
  }
};

} // namespace
} // namespace mlir::bnn
