//===- ShapeInference.h - What an op says of its results --------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace mlir::bnn::onnx {
/// Shape arithmetic works on a few dimensions; longer lists are data.
constexpr int64_t kMaxShapeElements = 64;

/// What the transfer function of one operation reads and writes: the shapes and
/// elements of its operands, those of its results, and the arithmetic between
/// them.
class ShapeInference {
public:
  using Dims = SmallVector<SymbolicDim>;
  using Fact = SymbolicShapes::Fact;

  /// `found` has an entry for each result, at least one.
  ShapeInference(SymbolicShapes &all, Operation *op,
                 SmallVectorImpl<Fact> &found)
      : all(all), op(op), found(found) {}

  /// Has the operation tell its results' shapes. Fails, with an error at the
  /// operation, when shapes contradict each other.
  LogicalResult inferShapes();
  /// Has the operation tell its result's elements, if it is a scalar or a short
  /// list of known length.
  void inferElements();

  /// The dimensions of a value; nothing if its rank is unknown or it is none.
  std::optional<Dims> dimsOf(Value value) const;
  /// The elements of a scalar or list.
  std::optional<ArrayRef<SymbolicDim>> elementsOf(Value value) const {
    return all.elementsOf(value);
  }
  /// The same, if all are constant.
  std::optional<SmallVector<int64_t>> constantElements(Value value) const;
  /// The elements of a list of sizes whose length is known; what is not known
  /// of them is a symbol of its own.
  std::optional<Dims> sizesOf(Value list) const;
  /// The length of a list, if it is constant and that of a shape.
  std::optional<int64_t> lengthOf(Value list) const;

  /// Says what the shape of a result is.
  void setShape(const Dims &dims, unsigned result = 0) {
    found[result].shape = dims;
  }
  void setShape(const std::optional<Dims> &dims) { found[0].shape = dims; }
  /// The same, of unknown dimensions, which it returns.
  Dims setUnknownShape(int64_t rank);
  unsigned getNumResults() const { return found.size(); }

  /// How many elements inferElements() wants.
  int64_t getNumElements() const { return numElements; }
  /// Says what the elements of the result are; ignored unless there are
  /// getNumElements().
  void setElements(ArrayRef<SymbolicDim> elements);
  /// Element `i` of an operand that is broadcast to the result.
  static const SymbolicDim &at(ArrayRef<SymbolicDim> elements, int64_t i) {
    return elements[elements.size() == 1 ? 0 : i];
  }
  /// Says that the elements are a function of those of two operands, which are
  /// broadcast; nothing where it gives nothing.
  void zipElements(function_ref<std::optional<SymbolicDim>(const SymbolicDim &,
                                                           const SymbolicDim &)>
                       combine);

  // What operators have in common.
  static std::optional<int64_t> wrapAxis(int64_t axis, size_t rank);
  /// Flags for a list of axes that ONNX wants in range and without repetition.
  LogicalResult flagAxes(ArrayRef<int64_t> axes, size_t rank,
                         SmallVector<bool> &flags);
  LogicalResult inferBroadcast(ValueRange values);
  /// The result has the shape of `data`, to which `others` must broadcast.
  LogicalResult inferUnidirectional(Value data, ValueRange others);
  LogicalResult inferReduced(Value data, std::optional<ArrayRef<int64_t>> axes,
                             bool keepDims);

  // What the operation needs of dimensions. False: it is known not to hold, and
  // the operation reports an error. What is not known either way is left to a
  // check at run time.
  [[nodiscard]] bool requireEqual(const SymbolicDim &a, const SymbolicDim &b) {
    return require({Requirement::Equal, a, b});
  }
  [[nodiscard]] bool requireAtMost(const SymbolicDim &a, const SymbolicDim &b) {
    return require({Requirement::AtMost, a, b});
  }
  /// `a` is a multiple of `b`, which is not 0.
  [[nodiscard]] bool requireMultiple(const SymbolicDim &a,
                                     const SymbolicDim &b) {
    return require({Requirement::Multiple, a, b});
  }
  /// None is negative. For lists: dimensions are not.
  [[nodiscard]] bool requireSizes(ArrayRef<SymbolicDim> sizes);
  /// By numpy's rules, `from` takes the shape `to` and no other.
  [[nodiscard]] bool requireBroadcastTo(ArrayRef<SymbolicDim> from,
                                        ArrayRef<SymbolicDim> to);
  /// The shape that two shapes which fit each other by numpy's rules are
  /// broadcast to; nothing if they are known not to.
  std::optional<Dims> requireBroadcast(ArrayRef<SymbolicDim> a,
                                       ArrayRef<SymbolicDim> b);
  /// Every element of `indices` is one of an axis of length `size`; those below
  /// 0 count from the end. Fails with an error where one certainly is not.
  LogicalResult requireIndices(Value indices, const SymbolicDim &size);

  // Arithmetic; what cannot be expressed is a symbol of its own.
  SymbolicDim fresh() { return all.fresh(); }
  SymbolicDim add(const SymbolicDim &a, const SymbolicDim &b) {
    return all.add(a, b);
  }
  SymbolicDim subtract(const SymbolicDim &a, const SymbolicDim &b) {
    return all.subtract(a, b);
  }
  SymbolicDim multiply(const SymbolicDim &a, const SymbolicDim &b) {
    return all.multiply(a, b);
  }
  SymbolicDim divide(const SymbolicDim &a, const SymbolicDim &b) {
    return all.divide(a, b);
  }
  SymbolicDim minimum(const SymbolicDim &a, const SymbolicDim &b) {
    return all.minimum(a, b);
  }
  SymbolicDim product(ArrayRef<SymbolicDim> dims) { return all.product(dims); }

  // Errors, at the operation.
  InFlightDiagnostic emitOpError(const Twine &message) const {
    return op->emitOpError(message);
  }
  InFlightDiagnostic emitBadAxis(int64_t axis, size_t rank) const;
  std::string str(const SymbolicDim &dim) const { return all.str(dim); }
  std::string str(ArrayRef<SymbolicDim> dims) const;

private:
  bool require(const Requirement &requirement) {
    return all.require(op, requirement);
  }
  /// Operations of other dialects that write into a place of known size.
  void inferPlaced(DestinationStyleOpInterface placed);

  SymbolicShapes &all;
  Operation *op;
  SmallVectorImpl<Fact> &found;
  int64_t numElements = 0;
};
} // namespace mlir::bnn::onnx
