//===- ScoreMask.cpp - Masks of attention's scores ------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/ScoreMask.h"
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/ONNXTraits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Raise/Triangle.h"
#include <limits>

using namespace mlir;
using namespace mlir::bnn;

//===----------------------------------------------------------------------===//
// Numbers that are 0 or 1
//===----------------------------------------------------------------------===//

static bool isZeroOrOne(Value value, int depth) {
  if (auto view = onnx::ConstantView::get(value)) {
    const bool isFloat = isa<FloatType>(view->getElementType());
    for (int64_t i = 0; i < view->getNumElements(); ++i) {
      double element =
          isFloat ? view->getFloat(i) : double(view->getInteger(i));
      if (element != 0 && element != 1)
        return false;
    }
    return true;
  }
  if (getElementTypeOrSelf(value.getType()).isInteger(1))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return false;
  auto areAll = [&](ValueRange operands) {
    return llvm::all_of(operands, [&](Value operand) {
      return isZeroOrOne(operand, depth - 1);
    });
  };
  if (isa<onnx::MulOp, onnx::MaxOp, onnx::MinOp>(op))
    return areAll(op->getOperands());
  if (isa<onnx::SubOp>(op))
    return onnx::getConstantScalar(op->getOperand(0)) == 1.0 &&
           areAll(op->getOperand(1));
  if (isa<onnx::WhereOp>(op))
    return areAll(op->getOperands().drop_front());
  if (isa<onnx::CastOp, onnx::ReshapeOp, onnx::UnsqueezeOp, onnx::SqueezeOp,
          onnx::ExpandOp, onnx::SliceOp, onnx::TransposeOp, onnx::IdentityOp,
          onnx::FlattenOp, onnx::SplitOp, onnx::GatherOp>(op))
    return areAll(op->getOperand(0));
  return false;
}

bool bnn::isZeroOrOne(Value value) {
  constexpr int kMostOperators = 12;
  return getElementTypeOrSelf(value.getType()).isF32() &&
         ::isZeroOrOne(value, kMostOperators);
}

//===----------------------------------------------------------------------===//
// Undoing Expand
//===----------------------------------------------------------------------===//

// Whether `part` has, from the last dimension on, sizes of 1 or those of
// `whole`.
bool MaskForms::isBroadcastOf(Value part, Value whole) {
  auto type = dyn_cast<RankedTensorType>(part.getType());
  auto sizes = shapes.shapeOf(part), all = shapes.shapeOf(whole);
  if (!type || !sizes || !all || sizes->size() > all->size())
    return false;
  for (size_t i = 1; i <= sizes->size(); ++i)
    if (type.getDimSize(type.getRank() - i) != 1 &&
        !isSameSize(shapes, (*sizes)[sizes->size() - i],
                    (*all)[all->size() - i]))
      return false;
  return true;
}

Value MaskForms::stripExpand(onnx::ExpandOp op) {
  return isBroadcastOf(op.getInput(), op.getOutput()) ? strip(op.getInput())
                                                      : op.getOutput();
}

Value MaskForms::stripUnsqueeze(onnx::UnsqueezeOp op) {
  Value result = op.getExpanded(), in = strip(op.getData());
  auto type = dyn_cast<RankedTensorType>(result.getType());
  auto inType = dyn_cast<RankedTensorType>(in.getType());
  auto axes = onnx::getConstantIntegers(op.getAxes());
  if (in == op.getData() || !type || !inType || !axes)
    return result;
  SmallVector<bool> inserted(type.getRank(), false);
  for (int64_t axis : *axes)
    inserted[axis < 0 ? axis + type.getRank() : axis] = true;
  // The sizes that are left, from the last one on. Sizes of 1 before the first
  // of them need not be there.
  SmallVector<int64_t> sizes, at;
  int64_t left = inType.getRank();
  for (int64_t i = type.getRank(); i-- > 0 && left > 0;) {
    if (inserted[i])
      at.insert(at.begin(), i);
    sizes.insert(sizes.begin(), inserted[i] ? 1 : inType.getDimSize(--left));
  }
  if (at.empty())
    return in;
  for (int64_t &axis : at)
    axis -= type.getRank() - int64_t(sizes.size());
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(op);
  auto listType =
      RankedTensorType::get({int64_t(at.size())}, rewriter.getI64Type());
  Value list = rewriter.create<onnx::ConstantOp>(
      op.getLoc(), listType, DenseIntElementsAttr::get(listType, at));
  return rewriter.create<onnx::UnsqueezeOp>(
      op.getLoc(), RankedTensorType::get(sizes, inType.getElementType()), in,
      list);
}

// An operator that computes each element from those of its operands at the same
// place, on stripped operands.
Value MaskForms::stripElementwise(Operation *op) {
  Value result = op->getResult(0);
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (!type)
    return result;
  SmallVector<Value> operands;
  bool isNew = false;
  for (Value operand : op->getOperands()) {
    if (!isBroadcastOf(operand, result))
      return result;
    operands.push_back(strip(operand));
    isNew |= operands.back() != operand;
  }
  if (!isNew)
    return result;
  // A size of 1 in all operands is one of the result.
  SmallVector<int64_t> sizes;
  for (int64_t i = 1; i <= type.getRank(); ++i) {
    int64_t size = 0;
    for (Value operand : operands) {
      auto of = cast<RankedTensorType>(operand.getType());
      if (i <= of.getRank())
        size = of.getDimSize(of.getRank() - i) == 1 ? std::max<int64_t>(size, 1)
                                                    : ShapedType::kDynamic;
      if (size == ShapedType::kDynamic)
        break;
    }
    if (size == 0)
      break; // None has so many.
    sizes.insert(sizes.begin(),
                 size == 1 ? 1 : type.getDimSize(type.getRank() - i));
  }
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(op);
  Operation *clone = rewriter.clone(*op);
  clone->setOperands(operands);
  clone->getResult(0).setType(
      RankedTensorType::get(sizes, type.getElementType()));
  return clone->getResult(0);
}

Value MaskForms::stripNew(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1 || onnx::ConstantView::get(value))
    return value;
  if (auto expand = dyn_cast<onnx::ExpandOp>(op))
    return stripExpand(expand);
  if (auto unsqueeze = dyn_cast<onnx::UnsqueezeOp>(op))
    return stripUnsqueeze(unsqueeze);
  if (auto filled = dyn_cast<onnx::ConstantOfShapeOp>(op)) {
    // One number, whatever the shape.
    auto element = filled.getValue().getElementType();
    auto view = onnx::ConstantView::get(filled.getValue());
    if (!view || view->getNumElements() != 1)
      return value;
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfter(op);
    auto type = RankedTensorType::get({}, element);
    return rewriter.create<onnx::ConstantOp>(
        op->getLoc(), type,
        DenseElementsAttr::get(type,
                               filled.getValue().getValues<Attribute>()[0]));
  }
  const bool isElementwise =
      op->hasTrait<onnx::BroadcastShape>() ||
      isa<onnx::CastOp, onnx::NotOp, onnx::NegOp, onnx::AbsOp, onnx::IsNaNOp,
          onnx::IsInfOp, onnx::IdentityOp>(op);
  return isElementwise ? stripElementwise(op) : value;
}

// A value that is broadcast to what `value` is broadcast to, of fewer elements
// where an Expand repeated some.
Value MaskForms::strip(Value value) {
  auto found = stripped.find(value);
  if (found != stripped.end())
    return found->second;
  Value result = stripNew(value);
  if (result != value && result.getDefiningOp() &&
      failed(shapes.visit(result.getDefiningOp())))
    result = value;
  stripped[value] = result;
  return result;
}

//===----------------------------------------------------------------------===//
// Operands of bnn.attention
//===----------------------------------------------------------------------===//

// What one element of the mask becomes: a number, or the fill, with NaN where
// there is none.
static Value convert(OpBuilder &b, Location loc, const ScoreMask &mask,
                     Value element) {
  if (mask.isDivisor)
    return b.create<arith::DivFOp>(
        loc, b.create<arith::ConstantOp>(loc, b.getF32FloatAttr(1)), element);
  if (!mask.isFill())
    return mask.isNegated ? b.create<arith::NegFOp>(loc, element) : element;
  Value fill = b.create<arith::ConstantOp>(loc, b.getF32FloatAttr(mask.fill));
  Value keep = b.create<arith::ConstantOp>(
      loc, b.getF32FloatAttr(std::numeric_limits<float>::quiet_NaN()));
  if (mask.isInverted)
    std::swap(fill, keep);
  return b.create<arith::SelectOp>(loc, element, fill, keep);
}

// Whether the mask can be had by another shape of its elements alone.
static bool isAsItIs(const ScoreMask &mask) {
  return !mask.isFill() && !mask.isNegated && !mask.isDivisor;
}

// The mask's numbers, as what is added to scores or as what is filled, read at
// `at` of the source for each element of `empty`.
static Value convertAll(OpBuilder &b, Location loc, const ScoreMask &mask,
                        Value source, Value empty, ArrayRef<AffineExpr> at) {
  auto rank =
      static_cast<unsigned>(cast<ShapedType>(empty.getType()).getRank());
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, at, b.getContext()),
                                 b.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    b.create<linalg::YieldOp>(loc, convert(b, loc, mask, args[0]));
  };
  return b
      .create<linalg::GenericOp>(loc, empty.getType(), source, empty, maps,
                                 loops, body)
      .getResult(0);
}

// Whether a mask has a row for each window of an image, and not for each
// sentence of the batch.
static bool isOfWindows(RankedTensorType source, Value key) {
  auto rows = cast<RankedTensorType>(key.getType());
  return source.getRank() == 4 && !source.isDynamicDim(0) &&
         source.getDimSize(0) != 1 &&
         source.getDimSize(0) != rows.getDimSize(0);
}

// [B, T]: `source` has a dimension of 1 for the queries and heads.
static Value createRow(OpBuilder &b, Location loc, const ScoreMask &mask,
                       Value source, Value key) {
  auto type = cast<RankedTensorType>(source.getType());
  auto rows = cast<RankedTensorType>(key.getType());
  const int64_t rank = type.getRank();
  const bool hasBatch =
      rank == 4 && (type.getDimSize(0) != 1 || rows.getDimSize(0) == 1);
  const bool hasKeys =
      rank && (type.getDimSize(rank - 1) != 1 || rows.getDimSize(1) == 1);
  if (hasBatch && hasKeys && isAsItIs(mask))
    return b.create<tensor::CollapseShapeOp>(
        loc, source, ArrayRef<ReassociationIndices>{{0, 1, 2}, {3}});
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, key);
  sizes.pop_back();
  if (isOfWindows(type, key))
    sizes.front() = b.getIndexAttr(type.getDimSize(0));
  Value empty = b.create<tensor::EmptyOp>(loc, sizes, b.getF32Type());
  SmallVector<AffineExpr> at(rank, b.getAffineConstantExpr(0));
  if (hasBatch)
    at.front() = b.getAffineDimExpr(0);
  if (hasKeys)
    at.back() = b.getAffineDimExpr(1);
  return convertAll(b, loc, mask, source, empty, at);
}

// [B or 1, heads or 1, S or 1, T].
static Value createRows(OpBuilder &b, Location loc, const ScoreMask &mask,
                        Value source, Value key) {
  auto type = cast<RankedTensorType>(source.getType());
  const int64_t rank = type.getRank();
  SmallVector<OpFoldResult> from = tensor::getMixedSizes(b, loc, source);
  SmallVector<OpFoldResult> sizes(4, b.getIndexAttr(1));
  llvm::copy(from, sizes.end() - rank);
  const bool hasKeys = rank && type.getDimSize(rank - 1) != 1;
  if (!hasKeys)
    sizes.back() = tensor::getMixedSizes(b, loc, key)[1];
  if (hasKeys && rank == 4 && isAsItIs(mask))
    return source;
  Value empty = b.create<tensor::EmptyOp>(loc, sizes, b.getF32Type());
  SmallVector<AffineExpr> at;
  for (int64_t i = 0; i < rank; ++i)
    at.push_back(type.getDimSize(i) == 1 ? b.getAffineConstantExpr(0)
                                         : b.getAffineDimExpr(4 - rank + i));
  return convertAll(b, loc, mask, source, empty, at);
}

// The mask of scores [images, windows, heads, S, T], of as many dimensions or
// fewer, as one of [images * windows, heads, S, T], or [windows, ..] where all
// images have one, and the number of windows is known.
Value MaskForms::joinWindows(OpBuilder &b, Location loc, Value source,
                             Value key) {
  auto type = cast<RankedTensorType>(source.getType());
  const int64_t rank = type.getRank();
  if (rank < 4)
    return source;
  const bool isOfImages = rank == 5 && type.getDimSize(0) != 1,
             isOfWindows = type.getDimSize(rank - 4) != 1;
  if (rank == 5 && (isOfWindows || !isOfImages)) {
    source = b.create<tensor::CollapseShapeOp>(
        loc, source, ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}, {4}});
    type = cast<RankedTensorType>(source.getType());
  }
  if (isOfImages == isOfWindows || (isOfWindows && !type.isDynamicDim(0)))
    return source;
  // Each sentence gets its row.
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, source);
  if (isOfImages)
    sizes.erase(sizes.begin() + 1);
  Value sentences = b.create<tensor::DimOp>(loc, key, 0),
        rows = b.create<tensor::DimOp>(loc, source, 0);
  sizes[0] = tensor::getMixedSizes(b, loc, key)[0];
  // There are as many windows as rows, or as many images: where there is none
  // nothing is divided.
  Value windows = rows;
  if (isOfImages)
    windows = b.create<arith::DivUIOp>(
        loc, sentences,
        b.create<arith::MaxUIOp>(loc, rows,
                                 b.create<arith::ConstantIndexOp>(loc, 1)));
  Value empty = b.create<tensor::EmptyOp>(loc, sizes, type.getElementType());
  SmallVector<utils::IteratorType> loops(4, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange) {
    SmallVector<Value> at;
    for (int64_t i = 0; i < 4; ++i)
      at.push_back(b.create<linalg::IndexOp>(loc, i));
    if (isOfWindows) {
      at[0] = b.create<arith::RemUIOp>(loc, at[0], windows);
    } else {
      at[0] = b.create<arith::DivUIOp>(loc, at[0], windows);
      at.insert(at.begin() + 1, b.create<arith::ConstantIndexOp>(loc, 0));
    }
    b.create<linalg::YieldOp>(
        loc, b.create<tensor::ExtractOp>(loc, source, at).getResult());
  };
  return b
      .create<linalg::GenericOp>(loc, empty.getType(), ValueRange(), empty,
                                 b.getMultiDimIdentityMap(4), loops, body)
      .getResult(0);
}

Value MaskForms::create(OpBuilder &b, Location loc, const ScoreMask &mask,
                        Value key) {
  if (auto value = onnx::getConstantScalar(mask.tensor);
      value && ((*value == 0 && mask.kind == MaskKind::Add) ||
                (*value == 1 && mask.kind == MaskKind::Multiply)))
    return Value(); // A sum with 0 has the same exponential.
  Value source = strip(mask.tensor);
  if (mask.windows)
    source = joinWindows(b, loc, source, key);
  auto type = cast<RankedTensorType>(source.getType());
  ArrayRef<int64_t> shape = type.getShape();
  // From the last dimension on: heads and queries.
  auto isOne = [&](size_t fromLast) {
    return shape.size() <= fromLast || shape[shape.size() - 1 - fromLast] == 1;
  };
  return isOne(1) && isOne(2) ? createRow(b, loc, mask, source, key)
                              : createRows(b, loc, mask, source, key);
}
