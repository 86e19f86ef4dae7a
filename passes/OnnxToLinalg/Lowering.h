//===- Lowering.h - What the lowerings of operators share -------*- C++ -*-===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialects/ONNX/ConstantView.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/SymbolicShapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace mlir::bnn::onnx {

using Dims = llvm::SmallVector<mlir::OpFoldResult>;
using Groups = llvm::SmallVector<mlir::ReassociationIndices>;
/// Computes one element of a result from one element of each input. It may
/// return null for "these element types have no such operation".
using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                            mlir::ValueRange)>;

/// Builds upstream operations in the place of one onnx operation after another.
class Lowering {
public:
  Lowering(mlir::func::FuncOp func, SymbolicShapes &shapes);

  /// From here on, what is built stands before `op` and has its location.
  void startAt(mlir::Operation *op);

  mlir::OpBuilder b;
  mlir::Location loc;
  SymbolicShapes &shapes;

  /// What bytes were made of.
  struct Quantized {
    mlir::Value x;         // f32
    mlir::Value scale;     // f32, one or a list
    mlir::Value zeroPoint; // of the bytes' type, or of none
    int64_t axis;          // of x, that of a list of scales
  };
  /// Of the bytes that a QuantizeLinear became.
  llvm::DenseMap<mlir::Value, Quantized> quantized;

  //===-- Dimensions
  //--------------------------------------------------------===//

  static mlir::RankedTensorType typeOf(mlir::Value tensor) {
    return mlir::cast<mlir::RankedTensorType>(tensor.getType());
  }
  static int64_t rankOf(mlir::Value tensor) { return typeOf(tensor).getRank(); }

  mlir::OpFoldResult index(int64_t value) { return b.getIndexAttr(value); }
  mlir::Value asValue(mlir::OpFoldResult value);
  /// Index arithmetic that folds constants.
  mlir::OpFoldResult add(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult sub(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult mul(mlir::OpFoldResult x, mlir::OpFoldResult y);
  /// x / y for sizes.
  mlir::OpFoldResult divide(mlir::OpFoldResult x, mlir::OpFoldResult y);
  /// x / y rounded up, y > 0; not above 0 where x is not.
  mlir::OpFoldResult divideUp(mlir::OpFoldResult x, int64_t y);
  mlir::OpFoldResult min(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult max(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult product(llvm::ArrayRef<mlir::OpFoldResult> values);

  /// Dimension `axis` of a tensor: a constant, a computation on dimensions of
  /// the function's arguments, or else a tensor.dim.
  mlir::OpFoldResult dim(mlir::Value tensor, int64_t axis);
  Dims dims(mlir::Value tensor);
  /// Dimension `axis` of a result that does not exist yet, or null.
  mlir::OpFoldResult knownDim(mlir::Value result, int64_t axis);
  /// Element `i` of an integer tensor of rank 0 or 1, as an index.
  mlir::OpFoldResult element(mlir::Value list, int64_t i);
  /// What numpy's rules make of two lengths of an axis, one of which may be 1
  /// at run time only.
  mlir::OpFoldResult broadcastDim(mlir::OpFoldResult x, mlir::OpFoldResult y);
  /// The shape of `result`, which broadcasting `inputs` gives.
  Dims broadcastDims(mlir::Value result, mlir::ValueRange inputs);

  //===-- Tensors
  //-----------------------------------------------------------===//

  mlir::Value constant(mlir::TypedAttr value) {
    return b.create<mlir::arith::ConstantOp>(loc, value);
  }
  mlir::Value empty(llvm::ArrayRef<mlir::OpFoldResult> dims,
                    mlir::Type element);
  mlir::Value filled(llvm::ArrayRef<mlir::OpFoldResult> dims,
                     mlir::TypedAttr value);
  /// The tensor with this type, which says more or less about the same shape.
  mlir::Value cast(mlir::Value tensor, mlir::Type type);
  /// The tensor's type as these dimensions have it.
  mlir::Value castToDims(mlir::Value tensor,
                         llvm::ArrayRef<mlir::OpFoldResult> dims);

  /// The type without a sign, which arithmetic wants; bytes that count from 0
  /// (ui8) keep theirs in tensors.
  static mlir::Type signlessType(mlir::Type element);
  /// An elementwise operation on `inputs`, broadcast to the shape of `result`,
  /// the value that it computes, whatever their shapes turn out to be at run
  /// time. `body` sees signless integers. Null if `body` gives null.
  mlir::Value broadcast(mlir::Value result, mlir::Type element,
                        mlir::ValueRange inputs, Body body);
  /// `input` such that each of its axes has length 1 in its type, or has the
  /// length of the axis of `dims` that `axes` names; `result` is the value
  /// whose shape `dims` is. Axes beyond those in `axes` stay as they are. A
  /// copy where an axis may be 1 at run time.
  mlir::Value align(mlir::Value input, mlir::Value result,
                    llvm::ArrayRef<mlir::OpFoldResult> dims,
                    llvm::ArrayRef<int64_t> axes);
  /// The same, where the last axes of `input` are those of `result`.
  mlir::Value align(mlir::Value input, mlir::Value result,
                    llvm::ArrayRef<mlir::OpFoldResult> dims);
  /// A tensor of shape `dims` whose elements `body` computes from elements of
  /// the inputs, each broadcast by numpy's rules. Constants of one element go
  /// into the body. Null if `body` gives null.
  mlir::Value elementwise(llvm::ArrayRef<mlir::OpFoldResult> dims,
                          mlir::Type element, mlir::ValueRange inputs,
                          Body body);
  /// The same with the maps from the result's axes to the inputs' given.
  mlir::Value elementwise(llvm::ArrayRef<mlir::OpFoldResult> dims,
                          mlir::Type element, mlir::ValueRange inputs,
                          llvm::ArrayRef<mlir::AffineMap> maps, Body body);
  /// How numpy's rules address an input of this type from a result of this one.
  mlir::AffineMap broadcastMap(mlir::RankedTensorType input,
                               mlir::RankedTensorType result);

  //===-- Other shapes of the same elements
  //---------------------------------===//

  /// The tensor with adjacent axes merged.
  mlir::Value collapse(mlir::Value tensor, const Groups &groups);
  /// The tensor with axes split, to the dimensions `dims`.
  mlir::Value expand(mlir::Value tensor,
                     llvm::ArrayRef<mlir::OpFoldResult> dims,
                     const Groups &groups);
  /// The tensor with axes of length 1 put in, which are `axes` of the result.
  mlir::Value insertUnitAxes(mlir::Value tensor, llvm::ArrayRef<int64_t> axes);
  /// The tensor without `axes`, which have length 1.
  mlir::Value dropUnitAxes(mlir::Value tensor, llvm::ArrayRef<int64_t> axes);
  /// A reshape to which its shape is an operand: nothing is said of how axes
  /// become others.
  mlir::Value reshapeWhole(mlir::Value tensor,
                           llvm::ArrayRef<mlir::OpFoldResult> dims);
  /// Any reshape. `result` is the value being lowered, whose dimensions may be
  /// known symbolically.
  mlir::Value reshape(mlir::Value tensor,
                      llvm::ArrayRef<mlir::OpFoldResult> dims,
                      mlir::Value result);

private:
  mlir::OpFoldResult materialize(const SymbolicDim &dim);
  std::optional<SymbolicDim> symbolic(mlir::Value tensor, int64_t axis);

  /// The dimensions of the function's arguments that are not constant.
  struct ArgumentDim {
    SymbolicDim dim;
    mlir::Value argument;
    int64_t axis;
  };
  llvm::SmallVector<ArgumentDim> argumentDims;
};

/// An axis, from 0 on, that may count from the end. (An I64Attr reads as
/// unsigned.)
inline int64_t axisOf(uint64_t axis, int64_t rank) {
  return int64_t(axis) < 0 ? int64_t(axis) + rank : int64_t(axis);
}

/// Whether two sizes are computed in the same way, and so are equal.
bool isSameSize(mlir::OpFoldResult x, mlir::OpFoldResult y);

/// The type of a tensor of this shape.
mlir::RankedTensorType typeFor(llvm::ArrayRef<mlir::OpFoldResult> dims,
                               mlir::Type element);

/// Axes, from 0 on and sorted, of a list of `op` that may count from the end.
/// Failure: an error was emitted, since one is listed twice or is none of the
/// tensor. Shape inference says so before, of elements that it knows.
mlir::FailureOr<llvm::SmallVector<int64_t>>
normalizeAxes(mlir::Operation *op, llvm::ArrayRef<int64_t> axes, int64_t rank);

/// The values that replace the results of an operation. Nothing: the operation
/// is not one of the family. Failure: an error was emitted.
using Lowered = std::optional<mlir::FailureOr<llvm::SmallVector<mlir::Value>>>;

/// The operators that compute each element by itself.
Lowered lowerElementwise(Lowering &l, mlir::Operation *op);
Lowered lowerPow(Lowering &l, mlir::Operation *op);
Lowered lowerQuantization(Lowering &l, mlir::Operation *op);
/// MatMul and Gemm.
Lowered lowerProducts(Lowering &l, mlir::Operation *op);
/// Reductions and what is made of them: softmax, layer normalisation.
Lowered lowerReductions(Lowering &l, mlir::Operation *op);
/// Operators whose elements depend on all others of a row: CumSum, TopK,
/// ScatterElements. Each element runs through the row.
Lowered lowerRows(Lowering &l, mlir::Operation *op);
/// Operators that make shapes, and give elements other shapes.
Lowered lowerShapes(Lowering &l, mlir::Operation *op);
/// Operators that move elements.
Lowered lowerMovement(Lowering &l, mlir::Operation *op);

} // namespace mlir::bnn::onnx
