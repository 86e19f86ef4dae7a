//===- Reshape.cpp - Other shapes of the same elements --------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "passes/OnnxToLinalg/Lowering.h"
#include "passes/Support/CollapsibleShape.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace mlir::bnn::onnx {

Value Lowering::collapse(Value tensor, const Groups &groups) {
  RankedTensorType type = typeOf(tensor);
  tensor =
      cast(tensor, type.clone(getCollapsibleShape(type.getShape(), groups)));
  return b.create<tensor::CollapseShapeOp>(loc, tensor, groups);
}

Value Lowering::expand(Value tensor, ArrayRef<OpFoldResult> dims,
                       const Groups &groups) {
  RankedTensorType result = typeFor(dims, typeOf(tensor).getElementType());
  // Where a result axis is dynamic, the axis that it is split from has to be.
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : groups) {
    int64_t size = 1;
    for (int64_t axis : group) {
      if (result.isDynamicDim(axis)) {
        size = ShapedType::kDynamic;
        break;
      }
      size *= result.getDimSize(axis);
    }
    shape.push_back(size);
  }
  tensor = cast(tensor, RankedTensorType::get(shape, result.getElementType()));
  Dims folded;
  for (OpFoldResult dim : dims) {
    std::optional<int64_t> constant = getConstantIntValue(dim);
    folded.push_back(constant ? index(*constant) : dim);
  }
  return b.create<tensor::ExpandShapeOp>(loc, result, tensor, groups, folded);
}

/// Which axes of the longer shape make one of the shorter shape, where `unit`
/// axes of the longer have length 1 and are not in the shorter.
static Groups unitGroups(int64_t rank, ArrayRef<int64_t> unit) {
  Groups groups;
  ReassociationIndices pending;
  for (int64_t axis = 0; axis < rank; ++axis) {
    pending.push_back(axis);
    if (llvm::is_contained(unit, axis))
      continue;
    groups.push_back(pending);
    pending.clear();
  }
  // Unit axes at the end belong to the last other axis; without one there is
  // no group, and the shorter shape has rank 0.
  if (!groups.empty())
    groups.back().append(pending.begin(), pending.end());
  return groups;
}

Value Lowering::insertUnitAxes(Value tensor, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return tensor;
  int64_t rank = rankOf(tensor) + int64_t(axes.size());
  Dims result;
  int64_t from = 0;
  for (int64_t axis = 0; axis < rank; ++axis)
    result.push_back(llvm::is_contained(axes, axis) ? index(1)
                                                    : dim(tensor, from++));
  return expand(tensor, result, unitGroups(rank, axes));
}

Value Lowering::dropUnitAxes(Value tensor, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return tensor;
  SmallVector<int64_t> shape(typeOf(tensor).getShape());
  for (int64_t axis : axes)
    shape[axis] = 1;
  tensor = cast(tensor,
                RankedTensorType::get(shape, typeOf(tensor).getElementType()));
  return collapse(tensor, unitGroups(rankOf(tensor), axes));
}

/// The lengths of some axes, as far as they are known.
using Lengths = SmallVector<std::optional<SymbolicDim>>;

static std::optional<SymbolicDim>
productOf(ArrayRef<std::optional<SymbolicDim>> factors) {
  std::optional<SymbolicDim> result = SymbolicDim(1);
  for (const std::optional<SymbolicDim> &factor : factors)
    result = factor && result ? result->times(*factor) : std::nullopt;
  return result;
}

/// The shortest runs of axes, on both sides, of the same number of elements,
/// and then the rest.
static std::pair<Groups, Groups> matchRuns(const Lengths &source,
                                           const Lengths &target) {
  const auto sourceRank = int64_t(source.size()),
             resultRank = int64_t(target.size());
  Groups from, to;
  int64_t i = 0, j = 0;
  while (i < sourceRank && j < resultRank) {
    int64_t takeFrom = sourceRank - i, takeTo = resultRank - j;
    bool found = false;
    for (int64_t total = 2; total < sourceRank - i + resultRank - j && !found;
         ++total)
      for (int64_t n = 1; n < total && !found; ++n) {
        if (i + n > sourceRank || j + total - n > resultRank)
          continue;
        auto x = productOf(ArrayRef(source).slice(i, n));
        auto y = productOf(ArrayRef(target).slice(j, total - n));
        if (x && y && *x == *y) {
          takeFrom = n;
          takeTo = total - n;
          found = true;
        }
      }
    from.emplace_back(llvm::to_vector<2>(llvm::seq(i, i + takeFrom)));
    to.emplace_back(llvm::to_vector<2>(llvm::seq(j, j + takeTo)));
    i += takeFrom;
    j += takeTo;
  }
  for (; i < sourceRank; ++i)
    from.back().push_back(i);
  for (; j < resultRank; ++j)
    to.back().push_back(j);
  return {from, to};
}

/// Whether axes are known to have other numbers of elements than others: then
/// both have none, or a check fails before.
static bool contradict(const Lengths &source, const ReassociationIndices &from,
                       const Lengths &target, const ReassociationIndices &to) {
  auto knownSize = [](const Lengths &all, const ReassociationIndices &group) {
    std::optional<int64_t> size = 1;
    for (int64_t axis : group) {
      std::optional<int64_t> factor;
      if (all[axis])
        factor = all[axis]->getConstant();
      size = size && factor ? std::optional(*size * *factor) : std::nullopt;
    }
    return size;
  };
  std::optional<int64_t> before = knownSize(source, from),
                         after = knownSize(target, to);
  return before && after && *before != *after;
}

Value Lowering::reshapeWhole(Value tensor, ArrayRef<OpFoldResult> dims) {
  SmallVector<Value> sizes;
  for (OpFoldResult dim : dims)
    sizes.push_back(asValue(dim));
  Value shape;
  if (sizes.empty())
    shape =
        b.create<tensor::EmptyOp>(loc, ArrayRef<int64_t>(0), b.getIndexType());
  else
    shape = b.create<tensor::FromElementsOp>(loc, sizes);
  return b.create<tensor::ReshapeOp>(
      loc, typeFor(dims, typeOf(tensor).getElementType()), tensor, shape);
}

Value Lowering::reshape(Value tensor, ArrayRef<OpFoldResult> dims,
                        Value result) {
  int64_t sourceRank = rankOf(tensor), resultRank = int64_t(dims.size());
  // Of no elements there is nothing to keep.
  if (llvm::any_of(dims, [](auto dim) { return isConstantIntValue(dim, 0); }))
    return empty(dims, typeOf(tensor).getElementType());
  Lengths source, target;
  for (int64_t i = 0; i < sourceRank; ++i)
    source.push_back(symbolic(tensor, i));
  for (int64_t i = 0; i < resultRank; ++i) {
    std::optional<int64_t> constant = getConstantIntValue(dims[i]);
    target.push_back(constant ? std::optional(SymbolicDim(*constant))
                              : symbolic(result, i));
  }
  if (source == target && llvm::all_of(source, [](auto &d) { return !!d; }))
    return castToDims(tensor, dims);

  // Without axes on one side there is one element, and only axes of length 1;
  // where others are known a check fails before.
  auto isAnother = [](std::optional<SymbolicDim> size) {
    return size && size->getConstant() && !size->is(1);
  };
  if ((resultRank == 0 && llvm::any_of(source, isAnother)) ||
      (sourceRank == 0 && llvm::any_of(target, isAnother)))
    return reshapeWhole(tensor, dims);
  if (resultRank == 0)
    return dropUnitAxes(tensor,
                        llvm::to_vector(llvm::seq<int64_t>(0, sourceRank)));
  if (sourceRank == 0)
    return expand(tensor, Dims(resultRank, index(1)), {});

  auto [from, to] = matchRuns(source, target);
  // Bufferisation computes a split axis's parts from the axis, which works for
  // one unknown part.
  auto isUnknown = [&](int64_t axis) {
    return !getConstantIntValue(dims[axis]);
  };
  for (auto [fromGroup, toGroup] : llvm::zip_equal(from, to))
    if (contradict(source, fromGroup, target, toGroup) ||
        llvm::count_if(toGroup, isUnknown) > 1)
      return reshapeWhole(tensor, dims);

  auto isTrivial = [](const Groups &groups) {
    return llvm::all_of(groups, [](const auto &g) { return g.size() == 1; });
  };
  Value value = isTrivial(from) ? tensor : collapse(tensor, from);
  return isTrivial(to) ? castToDims(value, dims) : expand(value, dims, to);
}

FailureOr<SmallVector<int64_t>>
normalizeAxes(Operation *op, ArrayRef<int64_t> axes, int64_t rank) {
  llvm::SmallBitVector isListed(rank);
  for (int64_t axis : axes) {
    axis = axis < 0 ? axis + rank : axis;
    if (axis < 0 || axis >= rank || isListed[axis])
      return op->emitError() << op->getName()
                             << " has an axis twice, or one that a tensor of "
                                "rank "
                             << rank << " has not";
    isListed.set(axis);
  }
  return llvm::to_vector_of<int64_t>(isListed.set_bits());
}

} // namespace mlir::bnn::onnx
