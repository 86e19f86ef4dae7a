//===- VectorizeElementwise.cpp - Elementwise ops in vectors --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/VectorizeElementwise/VectorizeElementwise.h"
#include "dialects/BNN/BNNModel.h"
#include "dialects/BNN/BNNTarget.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "passes/Support/KernelBuilder.h"
#include "llvm/Support/Debug.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "bnn-vectorize-elementwise"

using namespace mlir;

namespace mlir::bnn {
#define GEN_PASS_DEF_VECTORIZEELEMENTWISE
#include "passes/VectorizeElementwise/VectorizeElementwise.h.inc"

namespace {

// Of fewer lanes a vector saves nothing.
constexpr int64_t kLeastLanes = 4;
// A body of no more operations leaves registers for vectors twice as long, and
// a CPU that waits for each result has more to do in between. Where it has a
// few registers only, or wide ones, that saves nothing.
constexpr int64_t kShortBody = 4;

// The loops of one op, whose innermost runs along the rows of the outputs.
class Elementwise {
public:
  /// `lanes` are those of a vector; twice as many where `takesMore` and the
  /// body is short.
  Elementwise(KernelBuilder &b, linalg::GenericOp op, int64_t lanes,
              bool takesMore)
      : b(b), op(op), body(*op.getBlock()), maps(op.getIndexingMapsArray()),
        lanes(lanes), takesMore(takesMore), loops(op.getNumLoops()) {}

  /// Whether the op can be vectorized; finds out which values are the same
  /// along a row.
  bool matches();
  void emit() { emitLoops(0); }

private:
  KernelBuilder &b;
  linalg::GenericOp op;
  Block &body;
  SmallVector<AffineMap> maps;
  int64_t lanes;
  const bool takesMore;
  SmallVector<Value> loops;          // The index of each, null in a row.
  llvm::SmallDenseSet<Value> varied; // Values of the body, along a row.
  IRMapping ofRow;                   // The others, in scalars.

  AffineMap outMap() { return maps[op.getNumDpsInputs()]; }
  /// The loop along the rows.
  unsigned inner() {
    return outMap().getDimPosition(outMap().getNumResults() - 1);
  }
  Value lengthOf(unsigned loop);
  bool matchesOperand(OpOperand &operand);
  bool matchesOp(Operation &inside);
  bool isLoadAlongRow(memref::LoadOp load);
  bool isShort();
  SmallVector<Value> at(AffineMap map, Value place);
  void emitLoops(unsigned axis);
  void emitRow();
  void emitStep(Value place, int64_t count);
};

} // namespace

// Elements that lie one after the other, and each in bytes of its own.
static bool hasPlainElements(Type type) {
  return type.isF32() || type.isInteger(32) || type.isInteger(8);
}

static bool isDense(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && type.getRank() && hasPlainElements(type.getElementType()) &&
         isLastMemrefDimUnitStride(type);
}

// Whether an operand is read or written along rows as they lie, or is the same
// for all of a row.
bool Elementwise::matchesOperand(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  Value argument = op.getMatchingBlockArgument(&operand);
  if (!isa<MemRefType>(operand.get().getType()))
    return !isa<ShapedType>(operand.get().getType());
  bool alongRow = false;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      if (constant.getValue() != 0)
        return false;
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return false;
    if (dim.getPosition() != inner())
      continue;
    if (alongRow || i + 1 != map.getNumResults())
      return false;
    alongRow = true;
  }
  if (alongRow) {
    varied.insert(argument);
    return isDense(operand.get());
  }
  return true;
}

// Whether `load` reads what lies side by side for the elements of a row.
bool Elementwise::isLoadAlongRow(memref::LoadOp load) {
  if (load.getIndices().empty() || !isDense(load.getMemRef()) ||
      varied.contains(load.getMemRef()))
    return false;
  auto last = load.getIndices().back().getDefiningOp<linalg::IndexOp>();
  return last && last.getDim() == inner() &&
         llvm::none_of(load.getIndices().drop_back(),
                       [&](Value index) { return varied.contains(index); });
}

bool Elementwise::matchesOp(Operation &inside) {
  if (auto index = dyn_cast<linalg::IndexOp>(inside)) {
    // Of a row's elements there is no vector: only loads along it may ask.
    if (index.getDim() != inner())
      return true;
    varied.insert(index.getResult());
    return llvm::all_of(index->getUsers(), [&](Operation *user) {
      auto load = dyn_cast<memref::LoadOp>(user);
      return load && llvm::is_contained(load.getIndices().take_back(1),
                                        index.getResult());
    });
  }
  const bool isVaried = llvm::any_of(
      inside.getOperands(), [&](Value v) { return varied.contains(v); });
  if (auto load = dyn_cast<memref::LoadOp>(inside)) {
    if (isVaried) {
      varied.insert(load.getResult());
      return isLoadAlongRow(load);
    }
    return true;
  }
  // What may trap is not computed where nobody asked for it. MLIR holds the
  // last three to be pure, and CPUs do not.
  if (inside.getNumRegions() || !isPure(&inside) ||
      isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
          arith::FloorDivSIOp>(inside))
    return false;
  if (!isVaried)
    return true;
  // A byte with another sign in its type is the same byte.
  if (!OpTrait::hasElementwiseMappableTraits(&inside) &&
      !(isa<UnrealizedConversionCastOp>(inside) &&
        inside.getOperand(0).getType().isInteger(8)))
    return false;
  for (Value result : inside.getResults()) {
    if (!hasPlainElements(result.getType()) && !result.getType().isInteger(1))
      return false;
    varied.insert(result);
  }
  return true;
}

bool Elementwise::matches() {
  if (!op.hasPureBufferSemantics() || op.getNumLoops() == 0 ||
      op.getNumParallelLoops() != op.getNumLoops() || op.getNumDpsInits() == 0)
    return false;
  for (int64_t i = 0; i < op.getNumDpsInits(); ++i)
    if (maps[op.getNumDpsInputs() + i] != outMap())
      return false;
  if (!outMap().isPermutation())
    return false;
  for (OpOperand &operand : op->getOpOperands())
    if (!matchesOperand(operand))
      return false;
  for (Operation &inside : body.without_terminator())
    if (!matchesOp(inside))
      return false;
  // Copies are LLVM's.
  if (body.without_terminator().empty())
    return false;
  if (takesMore && isShort())
    lanes *= 2;
  auto type = cast<MemRefType>(op.getDpsInits()[0].getType());
  const int64_t size = type.getShape().back();
  if (!ShapedType::isDynamic(size))
    lanes = std::min<int64_t>(lanes, llvm::bit_floor(uint64_t(size)));
  return lanes >= kLeastLanes;
}

// Whether few operations are computed in vectors, and no functions, which are
// many operations each.
bool Elementwise::isShort() {
  int64_t count = 0;
  for (Operation &inside : body.without_terminator()) {
    if (inside.getNumResults() == 0 || !varied.contains(inside.getResult(0)) ||
        isa<linalg::IndexOp, memref::LoadOp>(inside))
      continue;
    if (isa_and_nonnull<math::MathDialect>(inside.getDialect()))
      return false;
    ++count;
  }
  return count <= kShortBody;
}

Value Elementwise::lengthOf(unsigned loop) {
  return b.dim(op.getDpsInits()[0],
               *outMap().getResultPosition(b.getAffineDimExpr(loop)));
}

// The indices that `map` has, at `place` of a row.
SmallVector<Value> Elementwise::at(AffineMap map, Value place) {
  SmallVector<Value> indices;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    indices.push_back(!dim ? b.index(0)
                      : dim.getPosition() == inner()
                          ? place
                          : loops[dim.getPosition()]);
  }
  return indices;
}

// `count` elements of a row from `place` on; of one there is no vector.
void Elementwise::emitStep(Value place, int64_t count) {
  IRMapping here = ofRow;
  auto typeOf = [&](Type element) -> Type {
    return count == 1 ? element : VectorType::get(count, element);
  };
  auto load = [&](Value buffer, ValueRange indices) -> Value {
    if (count == 1)
      return b.load(buffer, indices);
    auto type = cast<MemRefType>(buffer.getType());
    return b.create<vector::LoadOp>(
        VectorType::get(count, type.getElementType()), buffer, indices);
  };
  auto spread = [&](Value value) -> Value {
    if (count == 1 || isa<VectorType>(value.getType()))
      return value;
    return b.create<vector::BroadcastOp>(typeOf(value.getType()), value);
  };
  for (OpOperand &operand : op->getOpOperands()) {
    Value argument = op.getMatchingBlockArgument(&operand);
    if (varied.contains(argument) && !argument.use_empty())
      here.map(argument, load(operand.get(),
                              at(op.getMatchingIndexingMap(&operand), place)));
  }
  for (Operation &inside : body.without_terminator()) {
    if (inside.getNumResults() == 0 || !varied.contains(inside.getResult(0)))
      continue;
    if (isa<linalg::IndexOp>(inside)) {
      here.map(inside.getResult(0), place);
      continue;
    }
    if (auto given = dyn_cast<memref::LoadOp>(inside)) {
      SmallVector<Value> indices;
      for (Value index : given.getIndices())
        indices.push_back(here.lookupOrDefault(index));
      here.map(given.getResult(),
               load(here.lookupOrDefault(given.getMemRef()), indices));
      continue;
    }
    IRMapping lanesOf;
    for (Value operand : inside.getOperands())
      lanesOf.map(operand, spread(here.lookupOrDefault(operand)));
    Operation *clone = b.insert(inside.clone(lanesOf));
    for (auto [result, made] :
         llvm::zip_equal(inside.getResults(), clone->getResults())) {
      made.setType(typeOf(made.getType()));
      here.map(result, made);
    }
  }
  for (auto [out, yielded] :
       llvm::zip_equal(op.getDpsInits(), body.getTerminator()->getOperands())) {
    Value value = spread(here.lookupOrDefault(yielded));
    SmallVector<Value> indices = at(outMap(), place);
    if (count == 1)
      b.store(value, out, indices);
    else
      b.create<vector::StoreOp>(value, out, indices);
  }
}

void Elementwise::emitRow() {
  // What is the same for all of the row comes first.
  for (OpOperand &operand : op->getOpOperands()) {
    Value argument = op.getMatchingBlockArgument(&operand);
    if (varied.contains(argument) || argument.use_empty())
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    ofRow.map(argument, isa<MemRefType>(operand.get().getType())
                            ? b.load(operand.get(), at(map, Value()))
                            : operand.get());
  }
  for (Operation &inside : body.without_terminator()) {
    if (llvm::any_of(inside.getResults(),
                     [&](Value v) { return varied.contains(v); }))
      continue;
    if (auto index = dyn_cast<linalg::IndexOp>(inside))
      ofRow.map(index.getResult(), loops[index.getDim()]);
    else
      b.clone(inside, ofRow);
  }
  Value first = b.index(0), end = lengthOf(inner());
  for (int64_t count = lanes; count >= kLeastLanes; count /= 2) {
    Value next = b.roundDown(end, count);
    b.loop(first, next, count, [&](Value place) { emitStep(place, count); });
    first = next;
  }
  b.loop(first, end, 1, [&](Value place) { emitStep(place, 1); });
}

// The loops along the axes of the outputs from `axis` on.
void Elementwise::emitLoops(unsigned axis) {
  const unsigned loop = outMap().getDimPosition(axis);
  if (loop == inner())
    return emitRow();
  b.loop(b.index(0), lengthOf(loop), 1, [&](Value index) {
    loops[loop] = index;
    emitLoops(axis + 1);
  });
}

namespace {

struct VectorizeElementwise
    : impl::VectorizeElementwiseBase<VectorizeElementwise> {
  using VectorizeElementwiseBase::VectorizeElementwiseBase;

  void runOnOperation() override {
    TargetAttr target = getTarget(getOperation());
    const int64_t lanes = getVectorLanes(target);
    if (!lanes)
      return;
    const bool takesMore = target && target.does(Instructions::AddPairs);
    getOperation().walk([&](linalg::GenericOp op) {
      OpBuilder builder(op);
      KernelBuilder b(op.getLoc(), builder);
      Elementwise elementwise(b, op, lanes, takesMore);
      if (!elementwise.matches())
        return;
      LLVM_DEBUG(llvm::dbgs() << "vectorizes " << op << '\n');
      elementwise.emit();
      op.erase();
      ++vectorized;
    });
  }
};

} // namespace
} // namespace mlir::bnn
