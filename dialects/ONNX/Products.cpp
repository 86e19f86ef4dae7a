//===- Products.cpp - Matrix products -------------------------------------===//
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
using Dims = ShapeInference::Dims;

//===----------------------------------------------------------------------===//
// MatMulOp
//===----------------------------------------------------------------------===//

LogicalResult MatMulOp::verify() {
  auto a = dyn_cast<RankedTensorType>(getA().getType());
  auto b = dyn_cast<RankedTensorType>(getB().getType());
  if ((a && a.getRank() == 0) || (b && b.getRank() == 0))
    return emitOpError("operands must not be scalars");
  if (!a || !b)
    return success();
  int64_t inner = a.getShape().back();
  int64_t other =
      b.getRank() == 1 ? b.getDimSize(0) : b.getDimSize(b.getRank() - 2);
  if (!ShapedType::isDynamic(inner) && !ShapedType::isDynamic(other) &&
      inner != other)
    return emitOpError("inner dimensions differ: ")
           << inner << " and " << other;
  return success();
}

LogicalResult MatMulOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> a = shapes.dimsOf(getA()), b = shapes.dimsOf(getB());
  if (!a || !b)
    return success();
  if (a->empty() || b->empty())
    return emitOpError("operands must not be scalars");
  bool vectorA = a->size() == 1, vectorB = b->size() == 1;
  if (vectorA)
    a->insert(a->begin(), SymbolicDim(1));
  if (vectorB)
    b->push_back(1);
  std::optional<Dims> shape = shapes.requireBroadcast(
      ArrayRef(*a).drop_back(2), ArrayRef(*b).drop_back(2));
  if (!shape || !shapes.requireEqual(a->back(), (*b)[b->size() - 2]))
    return emitOpError("cannot multiply matrices of shapes ")
           << shapes.str(*a) << " and " << shapes.str(*b);
  if (!vectorA)
    shape->push_back((*a)[a->size() - 2]);
  if (!vectorB)
    shape->push_back(b->back());
  shapes.setShape(shape);
  return success();
}

//===----------------------------------------------------------------------===//
// GemmOp
//===----------------------------------------------------------------------===//

LogicalResult GemmOp::verify() {
  for (Value operand : {Value(getA()), Value(getB())}) {
    std::optional<int64_t> rank = rankOf(operand);
    if (rank && *rank != 2)
      return emitOpError("A and B must have rank 2, got ") << operand.getType();
    if (failed(verifySameElement(*this, operand, getY(), "operand and Y")))
      return failure();
  }
  std::optional<int64_t> rank = rankOf(getC());
  if (rank && *rank > 2)
    return emitOpError("C must have rank 2 or less, got ") << getC().getType();
  if (failed(verifySameElement(*this, getC(), getY(), "C and Y")) ||
      failed(verifyFlag(*this, getTransA(), "transA")) ||
      failed(verifyFlag(*this, getTransB(), "transB")))
    return failure();
  return success();
}

LogicalResult GemmOp::inferShapes(ShapeInference &shapes) {
  std::optional<Dims> a = shapes.dimsOf(getA()), b = shapes.dimsOf(getB());
  if (!a || !b)
    return success();
  if (a->size() != 2 || b->size() != 2)
    return emitOpError("A and B must have rank 2");
  if (getTransA())
    std::swap((*a)[0], (*a)[1]);
  if (getTransB())
    std::swap((*b)[0], (*b)[1]);
  Dims shape{(*a)[0], (*b)[1]};
  std::optional<Dims> c = shapes.dimsOf(getC());
  if (!shapes.requireEqual((*a)[1], (*b)[0]) ||
      (c && !shapes.requireBroadcastTo(*c, shape)))
    return emitOpError("operand shapes do not fit: ")
           << shapes.str(*a) << " by " << shapes.str(*b);
  shapes.setShape(shape);
  return success();
}
} // namespace mlir::bnn::onnx
