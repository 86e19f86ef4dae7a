//===- ShapeInference.cpp - What shape rules have in common ---------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/ShapeInference.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace mlir::bnn::onnx {
LogicalResult ShapeInference::inferShapes() {
  if (auto shaped = dyn_cast<ShapeOpInterface>(op))
    return shaped.inferShapes(*this);
  if (auto placed = dyn_cast<DestinationStyleOpInterface>(op))
    inferPlaced(placed);
  return success();
}

void ShapeInference::inferPlaced(DestinationStyleOpInterface placed) {
  for (auto [result, fact] : llvm::zip_equal(op->getResults(), found)) {
    auto place = placed.getTiedOpOperand(cast<OpResult>(result))
                     ->get()
                     .getDefiningOp<tensor::EmptyOp>();
    if (!place)
      continue;
    fact.shape.emplace();
    for (OpFoldResult size : place.getMixedSizes()) {
      std::optional<int64_t> constant = getConstantIntValue(size);
      tensor::DimOp dim;
      if (!constant)
        dim = cast<Value>(size).getDefiningOp<tensor::DimOp>();
      std::optional<int64_t> axis = dim ? dim.getConstantIndex() : std::nullopt;
      std::optional<Dims> source = dim ? dimsOf(dim.getSource()) : std::nullopt;
      if (constant)
        fact.shape->push_back(*constant);
      else if (axis && source && *axis >= 0 && *axis < int64_t(source->size()))
        fact.shape->push_back((*source)[*axis]);
      else
        fact.shape->push_back(fresh());
    }
  }
}

void ShapeInference::inferElements() {
  auto counting = dyn_cast<ElementsOpInterface>(op);
  const std::optional<Dims> &shape = found.front().shape;
  if (!counting || !shape || shape->size() > 1)
    return;
  numElements = 1;
  if (!shape->empty()) {
    std::optional<int64_t> constant = shape->front().getConstant();
    if (!constant || *constant < 0 || *constant > kMaxShapeElements)
      return;
    numElements = *constant;
  }
  counting.inferElements(*this);
}

std::optional<ShapeInference::Dims> ShapeInference::dimsOf(Value value) const {
  if (auto dims = all.shapeOf(value))
    return Dims(dims->begin(), dims->end());
  return std::nullopt;
}

std::optional<SmallVector<int64_t>>
ShapeInference::constantElements(Value value) const {
  std::optional<ArrayRef<SymbolicDim>> elements = elementsOf(value);
  if (!elements)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const SymbolicDim &element : *elements) {
    std::optional<int64_t> constant = element.getConstant();
    if (!constant)
      return std::nullopt;
    result.push_back(*constant);
  }
  return result;
}

std::optional<int64_t> ShapeInference::lengthOf(Value list) const {
  std::optional<Dims> dims = dimsOf(list);
  if (!dims || dims->size() != 1)
    return std::nullopt;
  std::optional<int64_t> length = dims->front().getConstant();
  return length && *length <= kMaxShapeElements ? length : std::nullopt;
}

std::optional<ShapeInference::Dims> ShapeInference::sizesOf(Value list) const {
  std::optional<int64_t> length = lengthOf(list);
  if (!length)
    return std::nullopt;
  Dims sizes;
  for (int64_t i = 0; i < *length; ++i)
    sizes.push_back(all.elementOf(list, i));
  return sizes;
}

ShapeInference::Dims ShapeInference::setUnknownShape(int64_t rank) {
  Dims dims;
  for (int64_t i = 0; i < rank; ++i)
    dims.push_back(fresh());
  setShape(dims);
  return dims;
}

void ShapeInference::setElements(ArrayRef<SymbolicDim> elements) {
  if (int64_t(elements.size()) == numElements)
    found.front().elements.emplace(elements.begin(), elements.end());
}

void ShapeInference::zipElements(function_ref<std::optional<SymbolicDim>(
                                     const SymbolicDim &, const SymbolicDim &)>
                                     combine) {
  auto a = elementsOf(op->getOperand(0)), b = elementsOf(op->getOperand(1));
  if (!a || !b)
    return;
  Dims result;
  for (int64_t i = 0; i < numElements; ++i) {
    std::optional<SymbolicDim> value = combine(at(*a, i), at(*b, i));
    if (!value)
      return;
    result.push_back(*value);
  }
  setElements(result);
}

std::optional<int64_t> ShapeInference::wrapAxis(int64_t axis, size_t rank) {
  if (axis < 0)
    axis += rank;
  if (axis < 0 || axis >= int64_t(rank))
    return std::nullopt;
  return axis;
}

LogicalResult ShapeInference::flagAxes(ArrayRef<int64_t> axes, size_t rank,
                                       SmallVector<bool> &flags) {
  flags.assign(rank, false);
  for (int64_t axis : axes) {
    std::optional<int64_t> position = wrapAxis(axis, rank);
    if (!position)
      return emitBadAxis(axis, rank);
    if (flags[*position])
      return emitOpError("axis ") << axis << " is listed twice";
    flags[*position] = true;
  }
  return success();
}

LogicalResult ShapeInference::inferBroadcast(ValueRange values) {
  Dims result;
  for (Value value : values) {
    std::optional<Dims> dims = dimsOf(value);
    if (!dims)
      return success();
    std::optional<Dims> wider = requireBroadcast(result, *dims);
    if (!wider)
      return emitOpError("cannot broadcast ")
             << str(result) << " and " << str(*dims);
    result = *wider;
  }
  setShape(result);
  return success();
}

LogicalResult ShapeInference::inferUnidirectional(Value data,
                                                  ValueRange others) {
  std::optional<Dims> shape = dimsOf(data);
  setShape(shape);
  if (!shape)
    return success();
  for (Value other : others) {
    std::optional<Dims> dims = dimsOf(other);
    if (!dims)
      continue;
    if (!requireBroadcastTo(*dims, *shape))
      return emitOpError("cannot broadcast ")
             << str(*dims) << " to " << str(*shape);
  }
  return success();
}

LogicalResult
ShapeInference::inferReduced(Value data, std::optional<ArrayRef<int64_t>> axes,
                             bool keepDims) {
  std::optional<Dims> dims = dimsOf(data);
  if (!dims)
    return success();
  SmallVector<bool> flags(dims->size(), true);
  if (axes && failed(flagAxes(*axes, dims->size(), flags)))
    return failure();
  Dims shape;
  for (auto [dim, reduced] : llvm::zip_equal(*dims, flags))
    if (!reduced)
      shape.push_back(dim);
    else if (keepDims)
      shape.push_back(1);
  setShape(shape);
  return success();
}

bool ShapeInference::requireSizes(ArrayRef<SymbolicDim> sizes) {
  return llvm::all_of(
      sizes, [&](const SymbolicDim &size) { return requireAtMost(0, size); });
}

bool ShapeInference::requireBroadcastTo(ArrayRef<SymbolicDim> from,
                                        ArrayRef<SymbolicDim> to) {
  if (from.size() > to.size())
    return false;
  for (auto [a, b] : llvm::zip_equal(from, to.take_back(from.size())))
    if (!require({Requirement::BroadcastTo, a, b}))
      return false;
  return true;
}

std::optional<ShapeInference::Dims>
ShapeInference::requireBroadcast(ArrayRef<SymbolicDim> a,
                                 ArrayRef<SymbolicDim> b) {
  size_t common = std::min(a.size(), b.size());
  for (auto [x, y] : llvm::zip_equal(a.take_back(common), b.take_back(common)))
    if (!require({Requirement::Broadcast, x, y}))
      return std::nullopt;
  return all.broadcast(a, b);
}

/// How long an axis must be to have all of these elements, and the one of them
/// that says so.
static std::pair<SymbolicDim, int64_t> lengthFor(const ConstantView &indices) {
  int64_t length = 0, decisive = 0;
  for (int64_t i = 0, e = indices.isSplat() ? 1 : indices.getNumElements();
       i < e; ++i) {
    int64_t index = indices.getInteger(i);
    // -1 is there if 0 is; ~INT64_MIN does not overflow.
    int64_t last = index < 0 ? ~index : index;
    if (last < length)
      continue;
    length = last == INT64_MAX ? last : last + 1;
    decisive = index;
  }
  return {length, decisive};
}

LogicalResult ShapeInference::requireIndices(Value indices,
                                             const SymbolicDim &size) {
  std::optional<ConstantView> view = ConstantView::get(indices);
  if (!view) {
    (void)require({Requirement::InRange, {}, size, indices});
    return success();
  }
  if (view->getNumElements() == 0)
    return success();
  auto [length, index] = lengthFor(*view);
  if (!requireAtMost(length, size))
    return emitOpError("reads index ")
           << index << " of an axis of length " << str(size);
  return success();
}

InFlightDiagnostic ShapeInference::emitBadAxis(int64_t axis,
                                               size_t rank) const {
  return emitOpError("axis ") << axis << " is out of range for rank " << rank;
}

std::string ShapeInference::str(ArrayRef<SymbolicDim> dims) const {
  std::string text = "[";
  for (const SymbolicDim &dim : dims)
    text += (text.size() > 1 ? ", " : "") + str(dim);
  return text + "]";
}
} // namespace mlir::bnn::onnx
