//===- Simplify.cpp - What shapes alone decide ----------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/OpSupport.h"
#include "mlir/IR/Builders.h"
#include "passes/OnnxFold/FoldSteps.h"
#include "passes/Support/EvalTensor.h"
#include <bitset>
#include <cstring>

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

namespace {

/// Operations that broadcast their operands elementwise.
bool isElementwise(Operation *op) {
  return op->hasTrait<OpTrait::ResultsBroadcastableShape>();
}

void replace(Operation *op, Value value) {
  op->getResult(0).replaceAllUsesWith(value);
}

/// Shape arithmetic whose result is known.
bool foldKnownElements(FoldState &state, Operation *op) {
  if (isa<onnx::ConstantOp>(op) || op->getNumResults() != 1 || op->use_empty())
    return false;
  Value result = op->getResult(0);
  auto type = dyn_cast<RankedTensorType>(result.getType());
  std::optional<ArrayRef<SymbolicDim>> elements =
      state.shapes->elementsOf(result);
  if (!type || !type.hasStaticShape() || !elements ||
      !isa<IntegerType>(type.getElementType()))
    return false;
  SmallVector<int64_t> values;
  for (const SymbolicDim &element : *elements) {
    std::optional<int64_t> constant = element.getConstant();
    // What does not fit wraps at run time: leave it.
    if (!constant || (type.getElementType().isInteger(32) &&
                      *constant != int32_t(*constant)))
      return false;
    values.push_back(*constant);
  }
  replace(op, state.createIntegers(values, type.getElementType(),
                                   type.getShape(), op));
  ++state.valuesFolded;
  return true;
}

/// What the operation itself knows to fold.
bool fold(Operation *op) {
  SmallVector<OpFoldResult> results;
  if (isa<onnx::ConstantOp>(op) || op->use_empty() || failed(op->fold(results)))
    return false;
  if (!results.empty()) // Else it was folded in place.
    replace(op, cast<Value>(results.front()));
  return true;
}

/// Operations that give their input a shape which it has already, or had before
/// others gave it another.
bool dropReshape(FoldState &state, Operation *op) {
  if (!isa<ReshapeOp, SqueezeOp, UnsqueezeOp, FlattenOp, ExpandOp>(op) ||
      op->use_empty())
    return false;
  Value source = op->getOperand(0);
  while (!state.shapes->haveSameShape(source, op->getResult(0))) {
    Operation *before = source.getDefiningOp();
    if (isa<ExpandOp>(op) ||
        !isa_and_nonnull<ReshapeOp, SqueezeOp, UnsqueezeOp, FlattenOp>(before))
      return false;
    source = before->getOperand(0);
  }
  if (isa<ExpandOp>(op))
    ++state.expandsRemoved;
  replace(op, source);
  return true;
}

/// Whether the result of the elementwise operation or matrix product `op` keeps
/// its shape when operand `index` has the given one.
bool keepsShape(FoldState &state, Operation *op, unsigned index,
                ArrayRef<SymbolicDim> shape) {
  std::optional<ArrayRef<SymbolicDim>> wanted =
      state.shapes->shapeOf(op->getResult(0));
  if (!wanted)
    return false;
  SmallVector<SymbolicDim> result;
  bool matrix = isa<MatMulOp>(op);
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    ArrayRef<SymbolicDim> own = shape;
    if (i != index) {
      std::optional<ArrayRef<SymbolicDim>> known =
          state.shapes->shapeOf(op->getOperand(i));
      if (!known)
        return false;
      own = *known;
    }
    if (matrix) {
      if (own.size() < 2)
        return false;
      own = own.drop_back(2);
    }
    std::optional<SmallVector<SymbolicDim>> wider =
        state.shapes->broadcast(result, own);
    if (!wider)
      return false;
    result = *wider;
  }
  if (matrix)
    result.append(wanted->end() - 2, wanted->end());
  return ArrayRef<SymbolicDim>(result) == *wanted;
}

/// An operand that is expanded to a shape which broadcasting gives it anyway.
bool dropExpand(FoldState &state, OpOperand &operand) {
  Operation *op = operand.getOwner();
  auto expand = operand.get().getDefiningOp<ExpandOp>();
  if (!expand)
    return false;
  std::optional<ArrayRef<SymbolicDim>> inner =
      state.shapes->shapeOf(expand.getInput());
  std::optional<ArrayRef<SymbolicDim>> outer = state.shapes->shapeOf(expand);
  if (!inner || !outer)
    return false;
  // The matrices themselves are not broadcast.
  if (isa<MatMulOp>(op) &&
      (inner->size() < 2 || inner->take_back(2) != outer->take_back(2)))
    return false;
  if (!keepsShape(state, op, operand.getOperandNumber(), *inner))
    return false;
  operand.set(expand.getInput());
  ++state.expandsRemoved;
  return true;
}

/// Rows looked up once for every repetition of the indices.
bool dropExpandOfIndices(FoldState &state, OpOperand &operand) {
  Operation *op = operand.getOwner();
  auto gather = operand.get().getDefiningOp<GatherOp>();
  if (!gather || isa<MatMulOp>(op))
    return false;
  auto expand = gather.getIndices().getDefiningOp<ExpandOp>();
  if (!expand || !gather->hasOneUse())
    return false;
  std::optional<ArrayRef<SymbolicDim>> narrow =
      state.shapes->shapeOf(expand.getInput());
  std::optional<ArrayRef<SymbolicDim>> wide = state.shapes->shapeOf(expand);
  std::optional<ArrayRef<SymbolicDim>> full = state.shapes->shapeOf(gather);
  auto data = dyn_cast<RankedTensorType>(gather.getData().getType());
  if (!narrow || !wide || !full || !data || narrow->size() != wide->size())
    return false;
  int64_t axis = gather.getAxis();
  if (axis < 0)
    axis += data.getRank();
  SmallVector<SymbolicDim> shape(full->begin(), full->end());
  std::copy(narrow->begin(), narrow->end(), shape.begin() + axis);
  if (!keepsShape(state, op, operand.getOperandNumber(), shape))
    return false;
  gather.getIndicesMutable().set(expand.getInput());
  Value result = gather;
  result.setType(UnrankedTensorType::get(data.getElementType()));
  (void)state.shapes->visit(gather);
  result.setType(state.shapes->refinedType(result));
  ++state.expandsRemoved;
  return true;
}

bool dropExpands(FoldState &state, Operation *op) {
  if (!isElementwise(op) && !isa<MatMulOp>(op))
    return false;
  bool changed = false;
  for (OpOperand &operand : op->getOpOperands())
    changed |=
        dropExpand(state, operand) || dropExpandOfIndices(state, operand);
  return changed;
}

/// Constants that repeat themselves along leading axes, although their reader
/// would repeat them: keeps one copy, and no leading axes of length 1. Of a
/// product the matrices are not repeated.
bool shrinkConstants(FoldState &state, Operation *op) {
  if (!isElementwise(op) && !isa<MatMulOp>(op))
    return false;
  const size_t least = isa<MatMulOp>(op) ? 2 : 1;
  bool changed = false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || !type.hasStaticShape() || size_t(type.getRank()) <= least ||
        type.getNumElements() == 0)
      continue;
    std::optional<ConstantView> view = ConstantView::get(operand.get());
    if (!view)
      continue;
    SmallVector<int64_t> shape(type.getShape());
    int64_t width = getElementBytes(type.getElementType());
    int64_t bytes = type.getNumElements() * width;
    const char *data = view->getBytes().data();
    for (size_t axis = 0; axis + least < shape.size(); ++axis) {
      int64_t slice = bytes / shape[axis];
      if (shape[axis] != 1 && !view->isSplat() &&
          std::memcmp(data, data + slice, bytes - slice) != 0)
        break;
      bytes = slice;
      shape[axis] = 1;
    }
    // Take what the reader can do without, the outermost first.
    SmallVector<int64_t> kept(type.getShape());
    for (size_t axis = 0; axis + least < shape.size() && shape[axis] == 1;
         ++axis) {
      SmallVector<int64_t> next(type.getShape());
      std::copy_n(shape.begin(), axis + 1, next.begin());
      if (!keepsShape(state, op, operand.getOperandNumber(),
                      SmallVector<SymbolicDim>(next.begin(), next.end())))
        break;
      kept = next;
    }
    while (kept.size() > least && kept.front() == 1 &&
           keepsShape(state, op, operand.getOperandNumber(),
                      SmallVector<SymbolicDim>(kept.begin() + 1, kept.end())))
      kept.erase(kept.begin());
    if (ArrayRef<int64_t>(kept) == type.getShape())
      continue;
    EvalTensorPtr whole = EvalTensor::get(*view);
    EvalTensorPtr part = EvalTensor::allocate(type.getElementType(), kept);
    std::memcpy(part->ownBytes(), whole->bytes(), part->numBytes());
    operand.set(
        state.createConstant(part->toAttribute(), operand.get().getLoc(), op));
    ++state.valuesFolded;
    changed = true;
  }
  return changed;
}

/// A Reshape whose shape is known up to symbols that the input has at the same
/// place, and one more, which is what is left.
bool makeShapeConstant(FoldState &state, ReshapeOp reshape) {
  if (reshape.getShape().getDefiningOp<onnx::ConstantOp>() ||
      reshape.use_empty())
    return false;
  std::optional<ArrayRef<SymbolicDim>> elements =
      state.shapes->elementsOf(reshape.getShape());
  std::optional<ArrayRef<SymbolicDim>> input =
      state.shapes->shapeOf(reshape.getData());
  if (!elements || !input)
    return false;
  SmallVector<int64_t> values;
  SmallVector<SymbolicDim> sizes(*elements);
  for (auto [i, size] : llvm::enumerate(sizes))
    if (size.is(0) && !reshape.getAllowzero() && i < input->size())
      size = (*input)[i];
  bool keepsCount =
      state.shapes->product(sizes) == state.shapes->product(*input);
  bool inferred = false, empty = false;
  for (auto [i, element] : llvm::enumerate(*elements)) {
    std::optional<int64_t> constant = element.getConstant();
    if (constant && *constant >= 0) {
      empty |= *constant == 0;
      values.push_back(*constant);
    } else if (!constant && i < input->size() && (*input)[i] == element) {
      values.push_back(0);
    } else if (!inferred && (constant == -1 || keepsCount)) {
      inferred = true;
      values.push_back(-1);
    } else {
      return false;
    }
  }
  // A 0 that means 0, or -1 beside an axis of no length, would be misread.
  if (empty && (reshape.getAllowzero() || inferred))
    return false;
  if (inferred &&
      llvm::any_of(*input, [](const SymbolicDim &dim) { return dim.is(0); }))
    return false;
  reshape.getShapeMutable().set(state.createIntegers(
      values, IntegerType::get(state.func.getContext(), 64),
      {int64_t(values.size())}, reshape));
  reshape.setAllowzero(0);
  ++state.valuesFolded;
  return true;
}

/// Whether a table of bytes has more values than what may become bits: two, or
/// these and zero.
bool hasManyValues(const ConstantView &table) {
  // No DenseSet: two of the values of a byte would be its own.
  std::bitset<256> values;
  if (!table.isSplat())
    for (char byte : table.getBytes())
      values.set(static_cast<unsigned char>(byte));
  return values.count() > 3;
}

bool hasOneScale(DequantizeLinearOp widen) {
  return isOneElement(widen.getXScale()) &&
         (isa<NoneType>(widen.getXZeroPoint().getType()) ||
          isOneElement(widen.getXZeroPoint()));
}

int64_t countedAxis(DequantizeLinearOp widen, int64_t rank) {
  const int64_t axis = widen.getAxis();
  return axis < 0 ? axis + rank : axis;
}

/// Rows of a table of bytes are looked up before they become f32, so that the
/// table stays one of bytes: scales of the whole table or of its columns.
bool gatherBytes(FoldState &state, GatherOp gather) {
  auto widen = gather.getData().getDefiningOp<DequantizeLinearOp>();
  auto type = dyn_cast<RankedTensorType>(gather.getType());
  if (!widen || !type || ConstantView::get(gather.getIndices()) ||
      !isTableOfBytes(widen))
    return false;
  std::optional<ConstantView> table = ConstantView::get(widen.getX());
  if (!table)
    return false;
  const int64_t rank = table->getType().getRank();
  OpBuilder builder(gather->getContext());
  builder.setInsertionPointAfter(gather);
  Value rows = gather;
  auto wide = builder.create<DequantizeLinearOp>(
      gather.getLoc(), type, rows, widen.getXScale(), widen.getXZeroPoint(),
      hasOneScale(widen) ? int64_t(widen.getAxis())
                         : countedAxis(widen, rank) + type.getRank() - rank);
  rows.replaceAllUsesExcept(wide, wide);
  gather.getDataMutable().set(widen.getX());
  rows.setType(type.clone(table->getElementType()));
  (void)state.shapes->visit(wide);
  return true;
}

bool simplifyOne(FoldState &state, Operation *op) {
  if (foldKnownElements(state, op) || fold(op) || dropReshape(state, op))
    return true;
  if (auto gather = dyn_cast<GatherOp>(op); gather && !gather.use_empty())
    if (gatherBytes(state, gather))
      return true;
  bool changed = dropExpands(state, op);
  changed |= shrinkConstants(state, op);
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    changed |= makeShapeConstant(state, reshape);
  return changed;
}

} // namespace

bool bnn::isTableOfBytes(Operation *op) {
  auto widen = dyn_cast<DequantizeLinearOp>(op);
  auto type = widen ? dyn_cast<RankedTensorType>(widen.getX().getType())
                    : RankedTensorType();
  if (!type || !type.getElementType().isInteger(8) || type.getRank() < 1)
    return false;
  // Scales of rows are those of other rows afterwards.
  if (!hasOneScale(widen) && countedAxis(widen, type.getRank()) == 0)
    return false;
  bool isOfRunTime = false;
  for (OpOperand &use : widen->getUses()) {
    auto reader = dyn_cast<GatherOp>(use.getOwner());
    if (!reader || reader.getAxis() != 0 || use.getOperandNumber() != 0)
      return false;
    isOfRunTime |= !ConstantView::get(reader.getIndices());
  }
  std::optional<ConstantView> table = ConstantView::get(widen.getX());
  return isOfRunTime && (!table || hasManyValues(*table));
}

bool bnn::simplify(FoldState &state) {
  bool changed = false;
  for (Operation &op : llvm::make_early_inc_range(state.body()))
    if (isa_and_nonnull<ONNXDialect>(op.getDialect()))
      changed |= simplifyOne(state, &op);
  return changed;
}
