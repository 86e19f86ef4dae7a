//===- Movement.cpp - Operators that move elements and compute none -------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/OpSupport.h"
#include "dialects/ONNX/ShapeInference.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace mlir::bnn::onnx {
using Dims = ShapeInference::Dims;

//===----------------------------------------------------------------------===//
// GatherOp
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  if (failed(
          verifySameElement(*this, getData(), getOutput(), "data and output")))
    return failure();
  return verifyAxis(*this, getAxis(), getData());
}

LogicalResult GatherOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> data = shapes.dimsOf(getData());
  std::optional<Dims> indices = shapes.dimsOf(getIndices());
  if (!data || !indices)
    return success();
  std::optional<int64_t> axis = shapes.wrapAxis(getAxis(), data->size());
  if (!axis)
    return shapes.emitBadAxis(getAxis(), data->size());
  if (failed(shapes.requireIndices(getIndices(), (*data)[*axis])))
    return failure();
  Dims shape(data->begin(), data->begin() + *axis);
  shape.append(*indices);
  shape.append(data->begin() + *axis + 1, data->end());
  shapes.setShape(shape);
  return success();
}

void GatherOp::inferElements(ShapeInference &shapes) {
  auto data = shapes.elementsOf(getData());
  auto indices = shapes.constantElements(getIndices());
  auto shape = shapes.dimsOf(getData());
  if (!data || !indices || !shape || shape->size() != 1)
    return;
  Dims result;
  for (int64_t index : *indices) {
    if (index < 0)
      index += data->size();
    if (index < 0 || index >= int64_t(data->size()))
      return;
    result.push_back((*data)[index]);
  }
  shapes.setElements(result);
}

//===----------------------------------------------------------------------===//
// GatherElementsOp
//===----------------------------------------------------------------------===//

LogicalResult GatherElementsOp::verify() {
  std::optional<int64_t> data = rankOf(getData()),
                         indices = rankOf(getIndices());
  if (data && indices && *data != *indices)
    return emitOpError("data and indices differ in rank");
  if (failed(
          verifySameElement(*this, getData(), getOutput(), "data and output")))
    return failure();
  return verifyAxis(*this, getAxis(), getData());
}

LogicalResult GatherElementsOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> data = shapes.dimsOf(getData());
  std::optional<Dims> indices = shapes.dimsOf(getIndices());
  shapes.setShape(indices);
  if (!data || !indices)
    return success();
  if (data->size() != indices->size())
    return emitOpError("data and indices differ in rank");
  std::optional<int64_t> axis = shapes.wrapAxis(getAxis(), data->size());
  if (!axis)
    return shapes.emitBadAxis(getAxis(), data->size());
  for (auto [i, have, want] : llvm::enumerate(*data, *indices))
    if (int64_t(i) != *axis && !shapes.requireAtMost(want, have))
      return emitOpError("has more indices than data along axis ") << i;
  return shapes.requireIndices(getIndices(), (*data)[*axis]);
}

//===----------------------------------------------------------------------===//
// ScatterElementsOp
//===----------------------------------------------------------------------===//

LogicalResult ScatterElementsOp::verify() {
  if (int64_t(getReduction()) < 0 || int64_t(getReduction()) > 4)
    return emitOpError("reduction must be 0 to 4");
  if (failed(
          verifySameElement(*this, getData(), getOutput(), "data and output")))
    return failure();
  if (failed(verifySameElement(*this, getData(), getUpdates(),
                               "data and updates")))
    return failure();
  return verifyAxis(*this, getAxis(), getData());
}

LogicalResult ScatterElementsOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> data = shapes.dimsOf(getData()),
                      indices = shapes.dimsOf(getIndices()),
                      updates = shapes.dimsOf(getUpdates());
  shapes.setShape(data);
  if (!data || !indices || !updates)
    return success();
  if (data->size() != indices->size() || data->size() != updates->size())
    return emitOpError("data, indices and updates differ in rank");
  std::optional<int64_t> axis = shapes.wrapAxis(getAxis(), data->size());
  if (!axis)
    return shapes.emitBadAxis(getAxis(), data->size());
  for (size_t i = 0; i < data->size(); ++i)
    if (!shapes.requireEqual((*indices)[i], (*updates)[i]) ||
        (int64_t(i) != *axis &&
         !shapes.requireEqual((*indices)[i], (*data)[i])))
      return emitOpError("has indices of shape ")
             << shapes.str(*indices) << " and updates of "
             << shapes.str(*updates) << " for data of " << shapes.str(*data);
  return success();
}

//===----------------------------------------------------------------------===//
// ConcatOp
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError("needs an input");
  std::optional<int64_t> rank;
  for (Value input : getInputs()) {
    std::optional<int64_t> own = rankOf(input);
    if (own && rank && *own != *rank)
      return emitOpError("inputs differ in rank");
    if (own)
      rank = own;
    if (failed(verifyAxis(*this, getAxis(), input)))
      return failure();
  }
  return success();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}

LogicalResult ConcatOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> shape;
  for (Value input : getInputs()) {
    std::optional<Dims> dims = shapes.dimsOf(input);
    if (!dims)
      return success();
    std::optional<int64_t> axis = shapes.wrapAxis(getAxis(), dims->size());
    if (!axis)
      return shapes.emitBadAxis(getAxis(), dims->size());
    if (!shape) {
      shape = dims;
      continue;
    }
    if (shape->size() != dims->size())
      return emitOpError("inputs differ in rank");
    for (auto [i, sum, dim] : llvm::enumerate(*shape, *dims)) {
      if (int64_t(i) == *axis) {
        sum = shapes.add(sum, dim);
        continue;
      }
      if (!shapes.requireEqual(sum, dim))
        return emitOpError("cannot join ")
               << shapes.str(*shape) << " and " << shapes.str(*dims);
      if (dim.getConstant())
        sum = dim;
    }
  }
  shapes.setShape(shape);
  return success();
}

void ConcatOp::inferElements(ShapeInference &shapes) {
  Dims result;
  for (Value input : getInputs()) {
    auto elements = shapes.elementsOf(input);
    if (!elements)
      return;
    result.append(elements->begin(), elements->end());
  }
  shapes.setElements(result);
}

//===----------------------------------------------------------------------===//
// SliceOp
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  for (Value list : {Value(getStarts()), Value(getEnds()), Value(getAxes()),
                     Value(getSteps())})
    if (failed(verifyAxisList(*this, list, "a bound", /*i32Too=*/true)))
      return failure();
  return verifySameElement(*this, getData(), getOutput(), "data and output");
}

namespace {
/// What a Slice is asked for, as far as it is known.
struct SliceBounds {
  std::optional<SmallVector<int64_t>> starts, axes, steps;
  std::optional<ArrayRef<SymbolicDim>> ends;

  SliceBounds(SliceOp op, const ShapeInference &shapes)
      : starts(shapes.constantElements(op.getStarts())),
        axes(shapes.constantElements(op.getAxes())),
        steps(shapes.constantElements(op.getSteps())),
        ends(shapes.elementsOf(op.getEnds())) {
    // The defaults of ONNX.
    if (starts && isa<NoneType>(op.getAxes().getType()))
      axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
    if (starts && isa<NoneType>(op.getSteps().getType()))
      steps.emplace(starts->size(), 1);
  }

  bool areKnown() const { return starts && ends && axes && steps; }
  bool differInLength() const {
    return starts->size() != ends->size() || axes->size() != ends->size() ||
           steps->size() != ends->size();
  }
};
} // namespace

/// The length of the axis `dim` cut by the bounds number `i`, which are known;
/// the step is not 0.
static SymbolicDim sliceAxis(const SliceBounds &bounds, size_t i,
                             const SymbolicDim &dim, ShapeInference &shapes) {
  int64_t start = (*bounds.starts)[i], step = (*bounds.steps)[i];
  const SymbolicDim &symbolicEnd = (*bounds.ends)[i];
  std::optional<int64_t> size = dim.getConstant(),
                         end = symbolicEnd.getConstant();
  if (size && end) {
    int64_t count = 0;
    sliceBounds(*size, start, *end, step, count);
    return count;
  }
  if (step != 1 || start != 0)
    return shapes.fresh();
  if (end && *end >= INT32_MAX)
    return dim; // The whole axis.
  return symbolicEnd.isNonNegative() ? shapes.minimum(dim, symbolicEnd)
                                     : shapes.fresh();
}

LogicalResult SliceOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getData());
  if (!dims)
    return success();
  SliceBounds bounds(*this, shapes);
  SmallVector<bool> flags;
  if (bounds.axes && failed(shapes.flagAxes(*bounds.axes, dims->size(), flags)))
    return failure();
  if (!bounds.areKnown()) {
    for (size_t i = 0; i < dims->size(); ++i)
      if (!bounds.axes || flags[i])
        (*dims)[i] = shapes.fresh();
    shapes.setShape(dims);
    return success();
  }
  if (bounds.differInLength())
    return emitOpError("starts, ends, axes and steps differ in length");
  for (auto [i, axis] : llvm::enumerate(*bounds.axes)) {
    if ((*bounds.steps)[i] == 0)
      return emitOpError("a step is 0");
    SymbolicDim &dim = (*dims)[*shapes.wrapAxis(axis, dims->size())];
    dim = sliceAxis(bounds, i, dim, shapes);
  }
  shapes.setShape(dims);
  return success();
}

void SliceOp::inferElements(ShapeInference &shapes) {
  auto data = shapes.elementsOf(getData());
  SliceBounds bounds(*this, shapes);
  if (!data || !bounds.starts || !bounds.ends || !bounds.steps ||
      bounds.starts->size() != 1 || bounds.ends->size() != 1 ||
      bounds.steps->size() != 1)
    return;
  int64_t step = bounds.steps->front();
  std::optional<int64_t> end = bounds.ends->front().getConstant();
  if (step == 0 || !end)
    return;
  int64_t count = 0;
  int64_t start =
      sliceBounds(data->size(), bounds.starts->front(), *end, step, count);
  Dims result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back((*data)[start + i * step]);
  shapes.setElements(result);
}

//===----------------------------------------------------------------------===//
// SplitOp
//===----------------------------------------------------------------------===//

LogicalResult SplitOp::verify() {
  if (getOutputs().empty())
    return emitOpError("needs an output");
  for (Value output : getOutputs())
    if (failed(
            verifySameElement(*this, getInput(), output, "input and output")))
      return failure();
  if (failed(verifyIntegerList(*this, getSplit(), "split")))
    return failure();
  return verifyAxis(*this, getAxis(), getInput());
}

LogicalResult SplitOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getInput());
  if (!dims)
    return success();
  std::optional<int64_t> axis = shapes.wrapAxis(getAxis(), dims->size());
  if (!axis)
    return shapes.emitBadAxis(getAxis(), dims->size());
  std::optional<Dims> sizes = shapes.sizesOf(getSplit());
  if (sizes && sizes->size() != getNumResults())
    return emitOpError("split lists ")
           << sizes->size() << " pieces for " << getNumResults() << " outputs";
  SymbolicDim whole = (*dims)[*axis], total, count(getNumResults());
  bool isEqual = isa<NoneType>(getSplit().getType());
  if (isEqual && !shapes.requireMultiple(whole, count))
    return emitOpError("cannot cut an axis of ")
           << shapes.str(whole) << " into " << getNumResults()
           << " equal pieces";
  for (unsigned i = 0; i < getNumResults(); ++i) {
    SymbolicDim &piece = (*dims)[*axis];
    piece = sizes     ? (*sizes)[i]
            : isEqual ? shapes.divide(whole, count)
                      : shapes.fresh();
    total = shapes.add(total, piece);
    shapes.setShape(*dims, i);
  }
  if (sizes && !shapes.requireSizes(*sizes))
    return emitOpError("a piece has a negative size");
  if (!isEqual && !shapes.requireEqual(total, whole))
    return emitOpError("the pieces make ")
           << shapes.str(total) << " but the axis has " << shapes.str(whole);
  return success();
}

//===----------------------------------------------------------------------===//
// TriluOp
//===----------------------------------------------------------------------===//

LogicalResult TriluOp::verify() {
  std::optional<int64_t> rank = rankOf(getInput());
  if (rank && *rank < 2)
    return emitOpError("needs an input of rank 2 or more, got ")
           << getInput().getType();
  std::optional<int64_t> diagonal = rankOf(getK());
  if (diagonal && *diagonal > 1)
    return emitOpError("k must have one element, got ") << getK().getType();
  if (failed(verifyFlag(*this, getUpper(), "upper")))
    return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult TriluOp::inferShapes(ShapeInference &shapes) {
  shapes.setShape(shapes.dimsOf(getInput()));
  std::optional<Dims> diagonals = shapes.dimsOf(getK());
  if (diagonals && !shapes.requireEqual(shapes.product(*diagonals), 1))
    return emitOpError("k must have one element, got ") << getK().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// SqueezeOp
//===----------------------------------------------------------------------===//

// Each of the axes is one that only `longer` has.
static LogicalResult verifyAxisCount(Operation *op, Value axes, Value longer,
                                     Value shorter) {
  auto list = dyn_cast<RankedTensorType>(axes.getType());
  std::optional<int64_t> most = rankOf(longer), least = rankOf(shorter);
  if (!list || list.getRank() != 1 || list.isDynamicDim(0) || !most || !least ||
      *most - *least == list.getDimSize(0))
    return success();
  return op->emitOpError("lists ")
         << list.getDimSize(0) << " axes between ranks " << *most << " and "
         << *least;
}

LogicalResult SqueezeOp::verify() {
  if (failed(verifyAxisList(*this, getAxes(), "axes")) ||
      failed(verifyAxisCount(*this, getAxes(), getData(), getSqueezed())))
    return failure();
  return verifySameElement(*this, getData(), getSqueezed(), "data and result");
}

LogicalResult SqueezeOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getData());
  if (!dims)
    return success();
  SmallVector<bool> flags(dims->size(), false);
  if (isa<NoneType>(getAxes().getType())) {
    for (auto [dim, flag] : llvm::zip_equal(*dims, flags)) {
      // Whether a symbol is 1 decides the rank: not known.
      if (!dim.getConstant())
        return success();
      flag = dim.is(1);
    }
  } else {
    auto axes = shapes.constantElements(getAxes());
    if (!axes)
      return success();
    if (failed(shapes.flagAxes(*axes, dims->size(), flags)))
      return failure();
  }
  Dims shape;
  for (auto [i, dim] : llvm::enumerate(*dims)) {
    if (!flags[i])
      shape.push_back(dim);
    else if (!shapes.requireEqual(dim, 1))
      return emitOpError("axis ")
             << i << " of " << shapes.str(*dims) << " is not 1";
  }
  shapes.setShape(shape);
  return success();
}

//===----------------------------------------------------------------------===//
// UnsqueezeOp
//===----------------------------------------------------------------------===//

LogicalResult UnsqueezeOp::verify() {
  if (failed(verifyAxisList(*this, getAxes(), "axes")) ||
      failed(verifyAxisCount(*this, getAxes(), getExpanded(), getData())))
    return failure();
  return verifySameElement(*this, getData(), getExpanded(), "data and result");
}

LogicalResult UnsqueezeOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getData());
  auto axes = shapes.constantElements(getAxes());
  if (!dims || !axes)
    return success();
  SmallVector<bool> flags;
  if (failed(shapes.flagAxes(*axes, dims->size() + axes->size(), flags)))
    return failure();
  Dims shape;
  size_t next = 0;
  for (bool isNew : flags)
    shape.push_back(isNew ? SymbolicDim(1) : (*dims)[next++]);
  shapes.setShape(shape);
  return success();
}

//===----------------------------------------------------------------------===//
// ReshapeOp
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  if (failed(verifyAxisList(*this, getShape(), "the shape")) ||
      failed(verifyFlag(*this, getAllowzero(), "allowzero")))
    return failure();
  return verifySameElement(*this, getData(), getReshaped(), "data and result");
}

/// Puts in what 0 stands for in the shape that `op` asks for, and 1 for the -1,
/// whose position is returned in `inferred`. `dims` are the input's, if known.
static LogicalResult resolveShape(ReshapeOp op, const std::optional<Dims> &dims,
                                  ShapeInference &shapes, Dims &shape,
                                  std::optional<size_t> &inferred) {
  Dims wanted = shape;
  for (auto [i, dim] : llvm::enumerate(shape)) {
    std::optional<int64_t> constant = dim.getConstant();
    if (constant == 0 && !op.getAllowzero()) {
      if (dims && i >= dims->size())
        return op.emitOpError("shape ") << shapes.str(wanted) << " copies axis "
                                        << i << " of " << shapes.str(*dims);
      dim = dims ? (*dims)[i] : shapes.fresh();
    } else if (constant == -1) {
      if (inferred)
        return op.emitOpError("shape ")
               << shapes.str(wanted) << " has -1 twice";
      inferred = i;
      dim = 1;
    } else if (constant && *constant < 0) {
      return op.emitOpError("shape ")
             << shapes.str(wanted) << " has a negative dimension";
    }
  }
  return success();
}

LogicalResult ReshapeOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getData());
  auto elements = shapes.elementsOf(getShape());
  if (!elements) {
    // What 0 and -1 stand for is known at run time only; the result tells.
    std::optional<int64_t> rank = shapes.lengthOf(getShape());
    if (!rank)
      return success();
    Dims shape = shapes.setUnknownShape(*rank);
    if (!shapes.requireSizes(shape) ||
        (dims &&
         !shapes.requireEqual(shapes.product(*dims), shapes.product(shape))))
      return emitOpError("cannot reshape ") << shapes.str(*dims);
    return success();
  }
  Dims shape(*elements);
  std::optional<size_t> inferred;
  if (failed(resolveShape(*this, dims, shapes, shape, inferred)))
    return failure();
  if (!dims) {
    if (inferred)
      shape[*inferred] = shapes.fresh();
    shapes.setShape(shape);
    return success();
  }
  SymbolicDim total = shapes.product(*dims), rest = shapes.product(shape);
  if (!shapes.requireSizes(shape) ||
      !(inferred ? shapes.requireMultiple(total, rest)
                 : shapes.requireEqual(total, rest)))
    return emitOpError("cannot reshape ")
           << shapes.str(*dims) << " to " << shapes.str(*elements);
  if (inferred)
    shape[*inferred] = shapes.divide(total, rest);
  shapes.setShape(shape);
  return success();
}

//===----------------------------------------------------------------------===//
// FlattenOp
//===----------------------------------------------------------------------===//

LogicalResult FlattenOp::verify() {
  if (failed(verifySameElement(*this, getInput(), getOutput(),
                               "input and output")))
    return failure();
  return verifyAxis(*this, getAxis(), getInput(), /*endAllowed=*/true);
}

LogicalResult FlattenOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getInput());
  if (!dims)
    return success();
  int64_t axis = getAxis();
  if (axis < 0)
    axis += dims->size();
  if (axis < 0 || axis > int64_t(dims->size()))
    return shapes.emitBadAxis(getAxis(), dims->size());
  shapes.setShape(Dims{shapes.product(ArrayRef(*dims).take_front(axis)),
                       shapes.product(ArrayRef(*dims).drop_front(axis))});
  return success();
}

//===----------------------------------------------------------------------===//
// ExpandOp
//===----------------------------------------------------------------------===//

LogicalResult ExpandOp::verify() {
  if (failed(verifyAxisList(*this, getShape(), "the shape")))
    return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult ExpandOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getInput());
  if (!dims)
    return success();
  std::optional<Dims> sizes = shapes.sizesOf(getShape());
  if (!sizes)
    return success();
  if (!shapes.requireSizes(*sizes))
    return emitOpError("shape ")
           << shapes.str(*sizes) << " has a negative dimension";
  std::optional<Dims> shape = shapes.requireBroadcast(*dims, *sizes);
  if (!shape)
    return emitOpError("cannot broadcast ")
           << shapes.str(*dims) << " and " << shapes.str(*sizes);
  shapes.setShape(shape);
  return success();
}

void ExpandOp::inferElements(ShapeInference &shapes) {
  auto elements = shapes.elementsOf(getInput());
  if (!elements)
    return;
  shapes.setElements(elements->size() == 1
                         ? Dims(shapes.getNumElements(), elements->front())
                         : Dims(*elements));
}

//===----------------------------------------------------------------------===//
// TransposeOp
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() {
  if (!getPerm())
    return success();
  ArrayRef<int64_t> perm = *getPerm();
  std::optional<int64_t> rank = rankOf(getData());
  if (rank && *rank != int64_t(perm.size()))
    return emitOpError("perm has ")
           << perm.size() << " axes but the input has rank " << *rank;
  SmallVector<bool> seen(perm.size(), false);
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= int64_t(perm.size()) || seen[axis])
      return emitOpError("perm is not a permutation");
    seen[axis] = true;
  }
  return success();
}

/// Drops a permutation that moves nothing, writes out the reversed order that a
/// missing one stands for, and makes one of two.
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  Builder builder(getContext());
  if (!getPerm()) {
    std::optional<int64_t> rank = rankOf(getData());
    if (!rank)
      return {};
    setPermAttr(builder.getDenseI64ArrayAttr(
        llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, *rank)))));
    return getResult();
  }
  ArrayRef<int64_t> perm = *getPerm();
  if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
    return foldToOperand(*this);
  auto inner = getData().getDefiningOp<TransposeOp>();
  // Of unranked tensors the two may differ in rank, which is an error of
  // shapes.
  if (!inner || !inner.getPerm() || inner.getPerm()->size() != perm.size())
    return {};
  SmallVector<int64_t> both;
  for (int64_t axis : perm)
    both.push_back((*inner.getPerm())[axis]);
  setOperand(inner.getData());
  setPermAttr(builder.getDenseI64ArrayAttr(both));
  return getResult();
}

LogicalResult TransposeOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getData());
  std::optional<ArrayRef<int64_t>> perm = getPerm();
  if (!dims) {
    if (perm)
      shapes.setUnknownShape(perm->size());
    return success();
  }
  if (!perm) {
    shapes.setShape(Dims(dims->rbegin(), dims->rend()));
    return success();
  }
  if (perm->size() != dims->size())
    return emitOpError("perm has ")
           << perm->size() << " axes but the input has rank " << dims->size();
  Dims shape;
  for (int64_t axis : *perm)
    shape.push_back((*dims)[axis]);
  shapes.setShape(shape);
  return success();
}

//===----------------------------------------------------------------------===//
// TileOp
//===----------------------------------------------------------------------===//

LogicalResult TileOp::verify() {
  if (failed(verifyAxisList(*this, getRepeats(), "repeats")))
    return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult TileOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> dims = shapes.dimsOf(getInput());
  std::optional<Dims> repeats = shapes.sizesOf(getRepeats());
  if (!dims)
    return success();
  if (!repeats) {
    shapes.setUnknownShape(dims->size());
    return success();
  }
  if (repeats->size() != dims->size())
    return emitOpError("repeats has ")
           << repeats->size() << " elements for rank " << dims->size();
  if (!shapes.requireSizes(*repeats))
    return emitOpError("repeats is negative");
  for (auto [dim, times] : llvm::zip_equal(*dims, *repeats)) {
    std::optional<int64_t> size = dim.getConstant(),
                           count = times.getConstant();
    if (size && count && !dim.times(times))
      return emitOpError("repeats a dimension of ")
             << *size << " elements " << *count << " times, which is too large";
    dim = shapes.multiply(dim, times);
  }
  shapes.setShape(dims);
  return success();
}
} // namespace mlir::bnn::onnx
