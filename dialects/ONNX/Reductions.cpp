//===- Reductions.cpp - Reductions and normalisations over axes -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/OpSupport.h"
#include "dialects/ONNX/ShapeInference.h"

using namespace mlir;

namespace mlir::bnn::onnx {

//===----------------------------------------------------------------------===//
// Reductions: those whose axes are an attribute have the trait ReducedShape
//===----------------------------------------------------------------------===//

LogicalResult ReduceSumOp::verify() {
  if (failed(verifyFlag(*this, getKeepdims(), "keepdims")) ||
      failed(
          verifyFlag(*this, getNoopWithEmptyAxes(), "noop_with_empty_axes")) ||
      failed(verifyAxisList(*this, getAxes(), "axes")))
    return failure();
  return verifySameElement(*this, getData(), getReduced(), "data and result");
}

LogicalResult ReduceSumOp::inferShapes(ShapeInference &shapes) {
  std::optional<SmallVector<int64_t>> axes;
  if (!isa<NoneType>(getAxes().getType())) {
    axes = shapes.constantElements(getAxes());
    if (!axes) {
      std::optional<ShapeInference::Dims> dims = shapes.dimsOf(getData());
      if (getKeepdims() && dims)
        shapes.setUnknownShape(dims->size());
      return success();
    }
  }
  if (axes && !axes->empty())
    return shapes.inferReduced(getData(), ArrayRef<int64_t>(*axes),
                               getKeepdims());
  if (!getNoopWithEmptyAxes())
    return shapes.inferReduced(getData(), std::nullopt, getKeepdims());
  shapes.setShape(shapes.dimsOf(getData()));
  return success();
}

template <typename Pick> static LogicalResult verifyPick(Pick op) {
  if (failed(verifyFlag(op, op.getKeepdims(), "keepdims")) ||
      failed(verifyFlag(op, op.getSelectLastIndex(), "select_last_index")))
    return failure();
  return verifyAxis(op, op.getAxis(), op.getData());
}
LogicalResult ArgMaxOp::verify() { return verifyPick(*this); }
LogicalResult ArgMinOp::verify() { return verifyPick(*this); }

template <typename Pick>
static LogicalResult inferPicked(Pick op, ShapeInference &shapes) {
  int64_t axis = op.getAxis();
  return shapes.inferReduced(op.getData(), ArrayRef<int64_t>(axis),
                             op.getKeepdims());
}
LogicalResult ArgMaxOp::inferShapes(ShapeInference &shapes) {
  return inferPicked(*this, shapes);
}
LogicalResult ArgMinOp::inferShapes(ShapeInference &shapes) {
  return inferPicked(*this, shapes);
}

//===----------------------------------------------------------------------===//
// Along an axis, step by step
//===----------------------------------------------------------------------===//

template <typename Op> static LogicalResult verifyCumulative(Op op) {
  if (failed(verifyFlag(op, op.getExclusive(), "exclusive")) ||
      failed(verifyFlag(op, op.getReverse(), "reverse")))
    return failure();
  return verifyAxis(op, op.getAxis(), op.getX());
}
LogicalResult CumSumOp::verify() { return verifyCumulative(*this); }
LogicalResult CumProdOp::verify() { return verifyCumulative(*this); }

LogicalResult TopKIndicesOp::verify() {
  if (failed(verifyFlag(*this, getLargest(), "largest")))
    return failure();
  if (int64_t(getK()) < 0)
    return emitOpError("k is negative");
  return verifyAxis(*this, getAxis(), getX());
}

LogicalResult TopKIndicesOp::inferShapes(ShapeInference &shapes) {
  std::optional<ShapeInference::Dims> dims = shapes.dimsOf(getX());
  if (!dims)
    return success();
  std::optional<int64_t> axis = shapes.wrapAxis(getAxis(), dims->size());
  if (!axis)
    return shapes.emitBadAxis(getAxis(), dims->size());
  SymbolicDim k = int64_t(getK());
  if (!shapes.requireAtMost(k, (*dims)[*axis]))
    return emitOpError("takes ")
           << getK() << " of an axis of " << shapes.str((*dims)[*axis]);
  (*dims)[*axis] = k;
  shapes.setShape(dims);
  return success();
}

//===----------------------------------------------------------------------===//
// Normalisations
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::verify() {
  if (failed(verifyFloat(*this, getInput())))
    return failure();
  return verifyAxis(*this, getAxis(), getInput());
}
LogicalResult LogSoftmaxOp::verify() {
  if (failed(verifyFloat(*this, getInput())))
    return failure();
  return verifyAxis(*this, getAxis(), getInput());
}

LogicalResult LayerNormalizationOp::verify() {
  if (failed(verifyFloat(*this, getX())) ||
      failed(verifySameElement(*this, getX(), getY(), "X and Y")) ||
      failed(verifySameElement(*this, getX(), getScale(), "X and Scale")) ||
      failed(verifySameElement(*this, getX(), getB(), "X and B")))
    return failure();
  return verifyAxis(*this, getAxis(), getX());
}

LogicalResult LayerNormalizationOp::inferShapes(ShapeInference &shapes) {
  return shapes.inferUnidirectional(getX(), {getScale(), getB()});
}
} // namespace mlir::bnn::onnx
