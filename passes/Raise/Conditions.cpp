//===- Conditions.cpp - Transposes of conditions --------------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX Runtime's optimiser moves the transpose of a sign that is a comparison
// and a choice between the two: there it moves bytes. For a sign to be found
// it has to come after.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Raise/Matchers.h"

using namespace mlir;
using namespace mlir::bnn;

// Whether `op` makes an element of a condition, and of that alone.
static bool readsConditionAlone(Operation *op, Value condition) {
  if (isa<onnx::CastOp, onnx::NotOp>(op))
    return true;
  auto where = dyn_cast<onnx::WhereOp>(op);
  auto type = dyn_cast<RankedTensorType>(condition.getType());
  return where && type && where.getCondition() == condition &&
         onnx::getConstantScalar(where.getX()) &&
         onnx::getConstantScalar(where.getY()) &&
         cast<RankedTensorType>(where.getType()).getRank() == type.getRank();
}

// What `reader` makes of the condition before it is transposed, transposed.
static onnx::TransposeOp moveBehind(RaiseRewriter &rewriter,
                                    onnx::TransposeOp transpose,
                                    Operation *reader,
                                    onnx::SymbolicShapes &shapes) {
  Value data = transpose.getData(), result = reader->getResult(0);
  auto type = dyn_cast<RankedTensorType>(data.getType());
  if (!type)
    return {};
  IRMapping mapping;
  mapping.map(transpose.getTransposed(), data);
  Operation *early = rewriter.clone(*reader, mapping);
  early->getResult(0).setType(RankedTensorType::get(
      type.getShape(), getElementTypeOrSelf(result.getType())));
  auto late = rewriter.create<onnx::TransposeOp>(
      transpose.getLoc(), result.getType(), early->getResult(0),
      transpose.getPermAttr());
  if (failed(shapes.visit(early)) || failed(shapes.visit(late)))
    return {};
  rewriter.replaceOp(reader, late);
  return late;
}

int64_t bnn::moveTransposes(RaiseRewriter &rewriter,
                            onnx::TransposeOp transpose,
                            onnx::SymbolicShapes &shapes) {
  int64_t moved = 0;
  SmallVector<onnx::TransposeOp> transposes = {transpose};
  while (!transposes.empty()) {
    onnx::TransposeOp op = transposes.pop_back_val();
    Value condition = op.getTransposed();
    if (!getElementTypeOrSelf(condition.getType()).isInteger(1))
      continue;
    for (Operation *reader : llvm::to_vector(condition.getUsers())) {
      if (!readsConditionAlone(reader, condition))
        continue;
      rewriter.setInsertionPoint(reader);
      if (onnx::TransposeOp late = moveBehind(rewriter, op, reader, shapes)) {
        transposes.push_back(late);
        ++moved;
      }
    }
  }
  return moved;
}
