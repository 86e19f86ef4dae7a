//===- ONNXTraits.h - What families of operators have in common -*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/OpDefinition.h"
#include <optional>

namespace mlir::bnn::onnx {
class ShapeInference;

namespace detail {
LogicalResult inferShapeOfFirst(Operation *op, ShapeInference &shapes);
LogicalResult inferBroadcastShape(Operation *op, ShapeInference &shapes);
LogicalResult inferReducedShape(ShapeInference &shapes, Value data,
                                std::optional<ArrayRef<int64_t>> axes,
                                bool keepDims);
LogicalResult verifyReduction(Operation *op, Value data,
                              std::optional<ArrayRef<int64_t>> axes,
                              int64_t keepDims);
void keepElements(Operation *op, ShapeInference &shapes);
} // namespace detail

/// The result has the shape of the first operand.
template <typename ConcreteOp>
struct ShapeOfFirst : OpTrait::TraitBase<ConcreteOp, ShapeOfFirst> {
  LogicalResult inferShapes(ShapeInference &shapes) {
    return detail::inferShapeOfFirst(this->getOperation(), shapes);
  }
};

/// All operands are broadcast, by the rules of numpy.
template <typename ConcreteOp>
struct BroadcastShape : OpTrait::TraitBase<ConcreteOp, BroadcastShape> {
  LogicalResult inferShapes(ShapeInference &shapes) {
    return detail::inferBroadcastShape(this->getOperation(), shapes);
  }
};

/// A reduction of `data` over `axes`, an attribute.
template <typename ConcreteOp>
struct ReducedShape : OpTrait::TraitBase<ConcreteOp, ReducedShape> {
  static LogicalResult verifyTrait(Operation *op) {
    auto reduce = cast<ConcreteOp>(op);
    return detail::verifyReduction(op, reduce.getData(), reduce.getAxes(),
                                   reduce.getKeepdims());
  }
  LogicalResult inferShapes(ShapeInference &shapes) {
    auto reduce = cast<ConcreteOp>(this->getOperation());
    return detail::inferReducedShape(shapes, reduce.getData(), reduce.getAxes(),
                                     reduce.getKeepdims());
  }
};

/// The elements of the result are those of the first operand, in its order.
template <typename ConcreteOp>
struct KeepsElements : OpTrait::TraitBase<ConcreteOp, KeepsElements> {
  void inferElements(ShapeInference &shapes) {
    detail::keepElements(this->getOperation(), shapes);
  }
};

/// Whole numbers that floats hold stay whole.
template <typename ConcreteOp>
struct KeepsWholeFloats : OpTrait::TraitBase<ConcreteOp, KeepsWholeFloats> {};

/// Numbers of 16 bits in floats stay such.
template <typename ConcreteOp>
struct KeepsHalves : OpTrait::TraitBase<ConcreteOp, KeepsHalves> {};
} // namespace mlir::bnn::onnx
