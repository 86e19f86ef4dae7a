//===- Elementwise.cpp - Operators on the elements at one place -----------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/HalfFloats.h"
#include "dialects/ONNX/OpSupport.h"
#include "dialects/ONNX/ShapeInference.h"

using namespace mlir;

namespace mlir::bnn::onnx {

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult ModOp::verify() {
  if (failed(verifyFlag(*this, getFmod(), "fmod")))
    return failure();
  if (!getFmod() && isa<FloatType>(getElementTypeOrSelf(getA().getType())))
    return emitOpError("of floats needs fmod = 1");
  return success();
}

LogicalResult PowOp::verify() {
  return verifySameElement(*this, getX(), getZ(), "X and Z");
}

LogicalResult ClipOp::verify() {
  for (Value bound : {Value(getMin()), Value(getMax())})
    if (failed(
            verifySameElement(*this, getInput(), bound, "input and bound")) ||
        failed(verifyScalar(*this, bound, "a bound")))
      return failure();
  return verifySameElement(*this, getInput(), getOutput(), "input and output");
}

LogicalResult MaxOp::verify() {
  return getData().empty() ? emitOpError("needs an input") : success();
}
LogicalResult MinOp::verify() {
  return getData().empty() ? emitOpError("needs an input") : success();
}

LogicalResult IsInfOp::verify() {
  if (failed(verifyFlag(*this, getDetectNegative(), "detect_negative")) ||
      failed(verifyFlag(*this, getDetectPositive(), "detect_positive")))
    return failure();
  return verifyFloat(*this, getX());
}

LogicalResult WhereOp::verify() {
  if (failed(verifySameElement(*this, getX(), getY(), "X and Y")))
    return failure();
  return verifySameElement(*this, getX(), getOutput(), "X and output");
}

LogicalResult DropoutOp::verify() {
  if (failed(verifyScalar(*this, getRatio(), "ratio")) ||
      failed(verifyScalar(*this, getTrainingMode(), "training_mode")))
    return failure();
  return verifySameElement(*this, getData(), getOutput(), "data and output");
}

//===----------------------------------------------------------------------===//
// Folds
//===----------------------------------------------------------------------===//

OpFoldResult IdentityOp::fold(FoldAdaptor) { return foldToOperand(*this); }
OpFoldResult DropoutOp::fold(FoldAdaptor) { return foldToOperand(*this); }
OpFoldResult CastOp::fold(FoldAdaptor) { return foldToOperand(*this); }
OpFoldResult RoundToHalfOp::fold(FoldAdaptor) {
  return holdsHalves(getX(), getFormat()) ? foldToOperand(*this)
                                          : OpFoldResult();
}
OpFoldResult MaxOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}
OpFoldResult MinOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}
OpFoldResult SumOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}
OpFoldResult MeanOp::fold(FoldAdaptor) {
  return getNumOperands() == 1 ? foldToOperand(*this) : OpFoldResult();
}
OpFoldResult ClipOp::fold(FoldAdaptor) {
  bool isBound =
      !isa<NoneType>(getMin().getType()) || !isa<NoneType>(getMax().getType());
  return isBound ? OpFoldResult() : foldToOperand(*this);
}

//===----------------------------------------------------------------------===//
// Shapes, and elements of shape arithmetic
//===----------------------------------------------------------------------===//

LogicalResult PReluOp::inferShapes(ShapeInference &shapes) {
  return shapes.inferUnidirectional(getX(), getSlope());
}

void AddOp::inferElements(ShapeInference &shapes) {
  shapes.zipElements(
      [](const SymbolicDim &a, const SymbolicDim &b) { return a.plus(b); });
}

void SubOp::inferElements(ShapeInference &shapes) {
  shapes.zipElements(
      [](const SymbolicDim &a, const SymbolicDim &b) { return a.minus(b); });
}

void MulOp::inferElements(ShapeInference &shapes) {
  shapes.zipElements(
      [](const SymbolicDim &a, const SymbolicDim &b) { return a.times(b); });
}

void DivOp::inferElements(ShapeInference &shapes) {
  shapes.zipElements([&](const SymbolicDim &a,
                         const SymbolicDim &b) -> std::optional<SymbolicDim> {
    // Rounding towards zero is rounding down only where nothing is negative.
    if (!a.isNonNegative() || !b.isNonNegative() || b.is(0))
      return std::nullopt;
    return shapes.divide(a, b);
  });
}

void MinOp::inferElements(ShapeInference &shapes) {
  ShapeInference::Dims result;
  for (auto [n, value] : llvm::enumerate(getData())) {
    auto elements = shapes.elementsOf(value);
    if (!elements)
      return;
    for (int64_t i = 0; i < shapes.getNumElements(); ++i) {
      const SymbolicDim &element = shapes.at(*elements, i);
      if (!element.isNonNegative())
        return;
      if (n == 0)
        result.push_back(element);
      else
        result[i] = shapes.minimum(result[i], element);
    }
  }
  shapes.setElements(result);
}

void EqualOp::inferElements(ShapeInference &shapes) {
  shapes.zipElements([](const SymbolicDim &a,
                        const SymbolicDim &b) -> std::optional<SymbolicDim> {
    if (a == b)
      return SymbolicDim(1);
    if (a.getConstant() && b.getConstant())
      return SymbolicDim(0);
    // A dimension is never -1.
    if ((a.isNonNegative() && b.getConstant().value_or(0) < 0) ||
        (b.isNonNegative() && a.getConstant().value_or(0) < 0))
      return SymbolicDim(0);
    return std::nullopt;
  });
}

template <typename Predicate>
static void compareElements(ShapeInference &shapes, Predicate predicate) {
  shapes.zipElements([&](const SymbolicDim &a,
                         const SymbolicDim &b) -> std::optional<SymbolicDim> {
    if (a.getConstant() && b.getConstant())
      return SymbolicDim(predicate(*a.getConstant(), *b.getConstant()));
    return std::nullopt;
  });
}

void GreaterOp::inferElements(ShapeInference &shapes) {
  compareElements(shapes, std::greater<int64_t>());
}
void GreaterOrEqualOp::inferElements(ShapeInference &shapes) {
  compareElements(shapes, std::greater_equal<int64_t>());
}
void LessOp::inferElements(ShapeInference &shapes) {
  compareElements(shapes, std::less<int64_t>());
}
void LessOrEqualOp::inferElements(ShapeInference &shapes) {
  compareElements(shapes, std::less_equal<int64_t>());
}

void WhereOp::inferElements(ShapeInference &shapes) {
  auto condition = shapes.constantElements(getCondition());
  auto x = shapes.elementsOf(getX()), y = shapes.elementsOf(getY());
  if (!condition || !x || !y)
    return;
  ShapeInference::Dims result;
  for (int64_t i = 0; i < shapes.getNumElements(); ++i)
    result.push_back((*condition)[condition->size() == 1 ? 0 : i]
                         ? shapes.at(*x, i)
                         : shapes.at(*y, i));
  shapes.setElements(result);
}

void CastOp::inferElements(ShapeInference &shapes) {
  // A byte might not hold what is cast to it.
  Type to = getElementTypeOrSelf(getType());
  if (!to.isInteger(1) && !to.isInteger(8))
    detail::keepElements(*this, shapes);
}
} // namespace mlir::bnn::onnx
